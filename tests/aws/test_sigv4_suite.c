/* SPDX-License-Identifier: GPL-3.0-or-later
 * The AWS signing test suite (awslabs/aws-c-auth, Apache-2.0), read where it lies.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/datetime.h"
#include "tests/aws/sigv4_expect.h"
#include "tests/test.h"

enum { HEADERS_MAX = 16, CASES = 19 };

struct suite_case {
    char dir[512];
    const char *name;
    char *request_text;
    cJSON *context;
    struct cp_credentials keys;
    struct cp_header headers[HEADERS_MAX];
    struct cp_sigv4_request request;
    char date[CP_DATETIME_TEXT_MAX];
    char body_hash[65];
};

static char *read_case_file(const struct suite_case *c, const char *file)
{
    char path[600];
    assert_true(snprintf(path, sizeof path, "%s/%s", c->dir, file) < (int)sizeof path);
    return read_text(path);
}

static const char *context_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void add_header(struct suite_case *c, struct cp_view name, struct cp_view value)
{
    assert_true(c->request.n_headers < HEADERS_MAX);
    c->headers[c->request.n_headers++] = (struct cp_header){name, value};
}

static void read_context(struct suite_case *c)
{
    char *text = read_case_file(c, "context.json");
    c->context = cJSON_Parse(text);
    assert_non_null(c->context);
    free(text);
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(c->context, "credentials");
    struct cp_error err;
    if (cp_credentials_static(cp_view_of(context_text(keys, "access_key_id")),
                              cp_view_of(context_text(keys, "secret_access_key")),
                              cp_view_of(context_text(keys, "token")), &c->keys, &err))
        fail_msg("%s: %s", c->name, err.text);
    c->request.region = context_text(c->context, "region");
    c->request.service = context_text(c->context, "service");
    c->request.normalize_path =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c->context, "normalize"));
    assert_true(
        cp_datetime_parse(cp_view_of(context_text(c->context, "timestamp")), &c->request.at_ms));
}

/* "GET /example space/?a=b HTTP/1.1": the target may hold blanks, so it ends at the last one. */
static void read_request_line(struct suite_case *c, struct cp_view line)
{
    assert_true(cp_view_split(&line, ' ', &c->request.method));
    while (line.n && line.p[line.n - 1] != ' ')
        line.n--;
    assert_true(line.n > 1);
    line.n--;
    assert_true(cp_view_split(&line, '?', &c->request.path));
    c->request.query = line;
}

static void read_request(struct suite_case *c)
{
    c->request_text = read_case_file(c, "request.txt");
    struct cp_view rest = cp_view_of(c->request_text);
    struct cp_view line;
    struct cp_view name;
    assert_true(cp_view_split(&rest, '\n', &line));
    read_request_line(c, line);
    while (cp_view_split(&rest, '\n', &line) && line.n) {
        assert_true(cp_view_split(&line, ':', &name));
        add_header(c, name, line);
    }
    c->request.body = rest;
    c->request.headers = c->headers;
}

/* What the suite expects a signer to add: date, token, and the body's hash. */
static void add_signer_headers(struct suite_case *c)
{
    (void)cp_datetime_format(c->request.at_ms, CP_DATETIME_AMZ, c->date);
    add_header(c, CP_VIEW_LIT("X-Amz-Date"), cp_view_of(c->date));
    bool is_token_late =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c->context, "omit_session_token"));
    if (c->keys.session_token[0] && !is_token_late)
        add_header(c, CP_VIEW_LIT("X-Amz-Security-Token"), cp_view_of(c->keys.session_token));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c->context, "sign_body"))) {
        cp_sha256_hex(c->request.body, c->body_hash);
        add_header(c, CP_VIEW_LIT("x-amz-content-sha256"), cp_view_of(c->body_hash));
    }
}

/* The value of the Authorization line of the signed request, as a C string inside `text`. */
static const char *authorization_of(char *text)
{
    char *at = strstr(text, "\nAuthorization:");
    assert_non_null(at);
    at += strlen("\nAuthorization:");
    char *end = strchr(at, '\n');
    if (end)
        *end = '\0';
    return at;
}

static void check_outputs(const struct suite_case *c)
{
    struct cp_sigv4 got;
    struct cp_error err;
    if (cp_sigv4_sign(&c->request, &c->keys, &got, &err))
        fail_msg("%s: %s", c->name, err.text);
    char *canonical = read_case_file(c, "header-canonical-request.txt");
    char *to_sign = read_case_file(c, "header-string-to-sign.txt");
    char *signature = read_case_file(c, "header-signature.txt");
    char *signed_request = read_case_file(c, "header-signed-request.txt");
    sigv4_expect(&got, &(struct sigv4_expected){c->name, canonical, to_sign, NULL, signature,
                                                authorization_of(signed_request)});
    free(canonical);
    free(to_sign);
    free(signature);
    free(signed_request);
    cp_sigv4_clear(&got);
}

static void check_case(const char *suite, const char *name)
{
    struct suite_case c = {.name = name};
    assert_true(snprintf(c.dir, sizeof c.dir, "%s/%s", suite, name) < (int)sizeof c.dir);
    read_context(&c);
    read_request(&c);
    add_signer_headers(&c);
    check_outputs(&c);
    cJSON_Delete(c.context);
    free(c.request_text);
    cp_credentials_clear(&c.keys);
}

static void aws_suite_is_signed_exactly(void **state)
{
    (void)state;
    const char *reference = getenv("COLDPROF_REFERENCE");
    char suite[400];
    assert_true(snprintf(suite, sizeof suite, "%s/sigv4/aws-suite", reference ? reference : "") <
                (int)sizeof suite);
    DIR *dir = opendir(suite);
    if (!dir) {
        const char *ci = getenv("CI");
        if (ci && strcmp(ci, "true") == 0)
            fail_msg("the reference folder '%s' is missing", suite);
        print_message("skipped: no AWS signing suite at '%s'\n", suite);
        skip();
    }
    int n = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (strncmp(entry->d_name, "get-", 4) != 0 && strncmp(entry->d_name, "post-", 5) != 0)
            continue;
        check_case(suite, entry->d_name);
        n++;
    }
    (void)closedir(dir);
    assert_true(n >= CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aws_suite_is_signed_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
