/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/aws_invariants.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/aws/command_words.h"
#include "probes/aws/credential_json.h"
#include "probes/aws/endpoint.h"
#include "probes/aws/function_name.h"
#include "probes/aws/ini.h"
#include "probes/aws/price_list.h"
#include "probes/aws/role_chain.h"
#include "probes/aws/xml.h"

static void must_hold(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static bool is_inside(struct cp_view part, struct cp_view whole)
{
    return part.n == 0 || ((uintptr_t)part.p >= (uintptr_t)whole.p &&
                           (uintptr_t)part.p + part.n <= (uintptr_t)whole.p + whole.n);
}

/* --- shared files --- */

static void must_be_found(const struct cp_ini *ini)
{
    for (size_t i = 0; i < ini->n; i++) {
        const struct cp_ini_section *s = &ini->sections[i];
        struct cp_role_chain chain;
        struct cp_error err = {CP_OK, ""};
        must_hold(cp_ini_section(ini, s->kind, s->name) == s, "a section is found by its name");
        for (size_t p = 0; p < s->n; p++)
            must_hold(cp_ini_get(s, s->properties[p].name) == s->properties[p].value,
                      "a property is found by its name");
        if (s->kind == CP_INI_PROFILE && cp_role_chain_plan(ini, s->name, &chain, &err))
            must_hold(err.text[0] != '\0', "a refused profile says why");
    }
}

void aws_ini_invariants_hold(struct cp_view bytes)
{
    struct cp_ini ini = {0};
    struct cp_error err = {CP_OK, ""};
    enum cp_code code = cp_ini_add(&ini, CP_INI_CONFIG, "config", bytes, &err);
    if (!code)
        code = cp_ini_add(&ini, CP_INI_CREDENTIALS, "credentials", bytes, &err);
    if (code)
        must_hold(strstr(err.text, " line ") != NULL, "a refusal names the line");
    else
        must_be_found(&ini);
    cp_ini_clear(&ini);
}

/* --- credentials --- */

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

void credential_json_invariants_hold(struct cp_view bytes)
{
    static const struct cp_credentials nothing;
    struct cp_sso_token token;
    struct cp_error err = {CP_OK, ""};
    for (int d = CP_CREDENTIAL_PROCESS; d <= CP_CREDENTIAL_SSO; d++) {
        struct cp_credentials got;
        if (cp_credential_json_read((enum cp_credential_dialect)d, bytes, &got, &err)) {
            must_hold(memcmp(&got, &nothing, sizeof got) == 0, "nothing is kept of a refusal");
            continue;
        }
        must_hold(got.access_key_id[0] && got.secret_access_key[0], "a pair is whole");
        must_hold(is_printable(got.access_key_id) && is_printable(got.secret_access_key) &&
                      is_printable(got.session_token),
                  "keys are printable");
    }
    if (!cp_sso_token_read(bytes, &token, &err))
        must_hold(token.access_token[0] != '\0', "a token is not empty");
}

void sts_xml_invariants_hold(struct cp_view bytes)
{
    struct cp_view inner;
    char text[64];
    if (cp_xml_find(bytes, "Credentials", &inner)) {
        must_hold(is_inside(inner, bytes), "an element lies inside the input");
        (void)cp_xml_text(inner, "AccessKeyId", text, sizeof text);
        must_hold(memchr(text, '\0', sizeof text) != NULL, "a text ends");
    }
}

/* --- names --- */

void aws_name_invariants_hold(struct cp_view bytes)
{
    char *text = malloc(bytes.n + 1);
    struct cp_command_words words;
    struct cp_view region;
    struct cp_view account;
    must_hold(text != NULL, "memory");
    (void)cp_view_copy(bytes, text, bytes.n + 1);
    bool is_good = cp_function_name_check(text, NULL) == CP_OK;
    if (cp_function_place(text, &region, &account)) {
        must_hold(cp_region_is_valid(region) && account.n == 12, "an ARN's place is valid");
        must_hold(is_inside(region, cp_view_of(text)), "a Region lies inside the ARN");
    } else {
        must_hold(!is_good || strncmp(text, "arn:", 4) != 0, "a good ARN has a place");
    }
    if (!cp_command_words_split(text, &words, NULL))
        must_hold(words.n > 0 && !words.argv[words.n], "words end with NULL");
    free(text);
}

/* --- prices --- */

void price_list_invariants_hold(struct cp_view bytes)
{
    struct cp_price_set set;
    struct cp_error err = {CP_OK, ""};
    if (cp_price_list_read(bytes, "us-east-1", &set, &err)) {
        must_hold(strstr(err.text, "us-east-1") != NULL, "a refusal names the Region");
        return;
    }
    must_hold(set.n > 0 && set.date[0] != '\0', "a list that is read has books and a date");
    for (size_t i = 0; i < set.n; i++)
        must_hold(!cp_price_book_check(&set.books[i], &err), "a book that is read makes sense");
}
