/* SPDX-License-Identifier: GPL-3.0-or-later
 * The readers of foreign credential texts: JSON, XML, command lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/aws/command_words.h"
#include "probes/aws/credential_json.h"
#include "probes/aws/xml.h"
#include "tests/test.h"

#define SECRET "hunter2hunter2"

/* --- JSON --- */

static void credentials_are_read_from_each_dialect(void **state)
{
    (void)state;
    static const struct {
        enum cp_credential_dialect dialect;
        const char *text, *id, *secret, *token;
        int64_t expires_at_ms;
    } cases[] = {
        {CP_CREDENTIAL_PROCESS, "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\"}",
         "A", "S", "", 0},
        {CP_CREDENTIAL_PROCESS,
         "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"SessionToken\":\"T\","
         "\"Expiration\":\"2026-10-08T14:03:11+00:00\"}",
         "A", "S", "T", 1791468191000},
        {CP_CREDENTIAL_METADATA,
         "{\"Code\":\"Success\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\","
         "\"Expiration\":\"2026-10-08T14:03:11Z\"}",
         "A", "S", "T", 1791468191000},
        {CP_CREDENTIAL_SSO,
         "{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"S\","
         "\"sessionToken\":\"T\",\"expiration\":1791468191000}}",
         "A", "S", "T", 1791468191000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_credentials got;
        assert_int_equal(
            cp_credential_json_read(cases[i].dialect, cp_view_of(cases[i].text), &got, NULL),
            CP_OK);
        assert_string_equal(got.access_key_id, cases[i].id);
        assert_string_equal(got.secret_access_key, cases[i].secret);
        assert_string_equal(got.session_token, cases[i].token);
        assert_int_equal(got.expires_at_ms, cases[i].expires_at_ms);
    }
}

static void broken_credentials_are_named_without_their_values(void **state)
{
    (void)state;
    static const struct {
        enum cp_credential_dialect dialect;
        const char *text;
        enum cp_code code;
        const char *message;
    } cases[] = {
        {CP_CREDENTIAL_PROCESS, SECRET, CP_EFORMAT, "the answer is not a JSON object"},
        {CP_CREDENTIAL_PROCESS, "[\"" SECRET "\"]", CP_EFORMAT, "the answer is not a JSON object"},
        {CP_CREDENTIAL_PROCESS, "{\"Version\":2,\"AccessKeyId\":\"" SECRET "\"}", CP_EUNSUPPORTED,
         "'Version' is not 1"},
        {CP_CREDENTIAL_PROCESS, "{\"Version\":1,\"AccessKeyId\":\"" SECRET "\"}", CP_EFORMAT,
         "the answer has no 'SecretAccessKey'"},
        {CP_CREDENTIAL_PROCESS,
         "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET "\\n\"}", CP_EINVAL,
         "'secret access key' holds a character that no key has, at place 15"},
        {CP_CREDENTIAL_PROCESS,
         "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Expiration\":\"" SECRET
         "\"}",
         CP_EFORMAT, "'Expiration' is not a date"},
        {CP_CREDENTIAL_METADATA, "{\"Code\":\"AssumeRoleUnauthorizedAccess\"}", CP_EREMOTE,
         "the answer is the error 'AssumeRoleUnauthorizedAccess'"},
        {CP_CREDENTIAL_METADATA, "{\"Code\":\"no\\u001b code\"}", CP_EREMOTE,
         "the answer is an error"},
        {CP_CREDENTIAL_METADATA, "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET "\"}",
         CP_EFORMAT, "the answer has no 'Token'"},
        {CP_CREDENTIAL_SSO, "{\"accessKeyId\":\"" SECRET "\"}", CP_EFORMAT,
         "the answer has no 'roleCredentials'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const struct cp_credentials nothing;
        struct cp_credentials got;
        struct cp_error err = {CP_OK, ""};
        assert_int_equal(
            cp_credential_json_read(cases[i].dialect, cp_view_of(cases[i].text), &got, &err),
            cases[i].code);
        assert_string_equal(err.text, cases[i].message);
        assert_memory_equal(&got, &nothing, sizeof got);
    }
}

static void deep_json_is_refused_before_it_is_parsed(void **state)
{
    (void)state;
    static char text[CP_CREDENTIAL_JSON_MAX + 2];
    struct cp_credentials got;
    memset(text, '[', sizeof text);
    assert_int_equal(cp_credential_json_read(
                         CP_CREDENTIAL_PROCESS,
                         (struct cp_view){text, CP_CREDENTIAL_JSON_DEPTH_MAX + 1}, &got, NULL),
                     CP_ELIMIT);
    memset(text, ' ', sizeof text);
    assert_int_equal(cp_credential_json_read(CP_CREDENTIAL_PROCESS,
                                             (struct cp_view){text, sizeof text - 1}, &got, NULL),
                     CP_ELIMIT);
}

static void sso_tokens_are_read_in_both_forms_of_date(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"accessToken\":\"" SECRET "\",\"expiresAt\":\"2026-10-08T14:03:11Z\"}",
        "{\"accessToken\":\"" SECRET "\",\"expiresAt\":\"2026-10-08T14:03:11UTC\"}"};
    struct cp_sso_token token;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(cp_sso_token_read(cp_view_of(texts[i]), &token, NULL), CP_OK);
        assert_string_equal(token.access_token, SECRET);
        assert_int_equal(token.expires_at_ms, 1791468191000);
    }
    assert_int_equal(
        cp_sso_token_read(cp_view_of("{\"accessToken\":\"" SECRET "\"}"), &token, NULL),
        CP_EFORMAT);
    assert_string_equal(token.access_token, "");
}

/* --- XML --- */

static void elements_are_found_at_any_depth(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *name, *text; /* NULL: not found */
    } cases[] = {
        {"<a><b>1</b></a>", "b", "1"},
        {"<?xml version=\"1.0\"?>\n<a x='>'><!-- <b>0</b> --><n:b y=\"1\"> 1 </n:b></a>", "b", "1"},
        {"<a><b>&lt;&amp;&#65;&#x42;&gt;&quot;&apos;</b></a>", "b", "<&AB>\"'"},
        {"<a><b/></a>", "b", ""},
        {"<a><b>1</b><b>2</b></a>", "b", "1"},
        {"<a><b><b>1</b></b></a>", "b", NULL}, /* the outer one holds an element */
        {"<a><b>1</a></b>", "b", NULL},
        {"<a><b>1", "b", NULL},
        {"<a></b>", "b", NULL},
        {"<a><b>&unknown;</b></a>", "b", NULL},
        {"<a><b>&#0;</b></a>", "b", NULL},
        {"<a><b>&#300;</b></a>", "b", NULL},
        {"<a><b>123456789</b></a>", "b", NULL}, /* does not fit */
        {"<!DOCTYPE a [<!ENTITY x 'y'>]><a><b>1</b></a>", "b", NULL},
        {"<a><![CDATA[<b>1</b>]]></a>", "b", NULL},
        {"<a><b <c>1</c></b></a>", "b", NULL},
        {"", "b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char got[9] = "?";
        bool is_found = cp_xml_text(cp_view_of(cases[i].xml), cases[i].name, got, sizeof got);
        if (is_found != (cases[i].text != NULL) ||
            strcmp(got, cases[i].text ? cases[i].text : "") != 0)
            fail_msg("%s: '%s'", cases[i].xml, got);
    }
}

static void deep_xml_is_refused(void **state)
{
    (void)state;
    char text[3 * (CP_XML_DEPTH_MAX + 1) + 8] = "";
    struct cp_view inner;
    for (int i = 0; i < CP_XML_DEPTH_MAX; i++)
        (void)snprintf(text + 3 * (size_t)i, 4, "<a>");
    (void)snprintf(text + 3 * (size_t)CP_XML_DEPTH_MAX, 8, "<b/>");
    assert_true(cp_xml_find(cp_view_of(text), "b", &inner));
    (void)snprintf(text + 3 * (size_t)CP_XML_DEPTH_MAX, 8, "<a><b/>");
    assert_false(cp_xml_find(cp_view_of(text), "b", &inner));
}

/* --- command lines --- */

static void commands_are_split_without_a_shell(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        size_t n;
        const char *words[4];
    } cases[] = {
        {"a b", 2, {"a", "b"}},
        {"  a\t b  ", 2, {"a", "b"}},
        {"'a b' \"c d\"", 2, {"a b", "c d"}},
        {"a\\ b \"c\\\"d\\\\e\\f\"", 2, {"a b", "c\"d\\e\\f"}},
        {"'a\\b' x''y \"\"", 3, {"a\\b", "xy", ""}},
        {"$HOME ~ *|`x`", 3, {"$HOME", "~", "*|`x`"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_command_words words;
        assert_int_equal(cp_command_words_split(cases[i].line, &words, NULL), CP_OK);
        assert_int_equal(words.n, cases[i].n);
        assert_null(words.argv[words.n]);
        for (size_t w = 0; w < words.n; w++)
            assert_string_equal(words.argv[w], cases[i].words[w]);
    }
}

static void commands_that_end_early_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {"a 'b", "a \"b", "a\\", "\"a\\", "", " \t"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct cp_command_words words;
        assert_int_equal(cp_command_words_split(lines[i], &words, NULL), CP_EFORMAT);
    }
    static char line[CP_COMMAND_TEXT_MAX + 1];
    struct cp_command_words words;
    memset(line, 'a', CP_COMMAND_TEXT_MAX);
    assert_int_equal(cp_command_words_split(line, &words, NULL), CP_ELIMIT);
    for (size_t i = 0; i + 1 < CP_COMMAND_TEXT_MAX; i += 2)
        line[i] = ' ';
    line[CP_COMMAND_TEXT_MAX - 1] = '\0';
    assert_int_equal(cp_command_words_split(line, &words, NULL), CP_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_are_read_from_each_dialect),
        cmocka_unit_test(broken_credentials_are_named_without_their_values),
        cmocka_unit_test(deep_json_is_refused_before_it_is_parsed),
        cmocka_unit_test(sso_tokens_are_read_in_both_forms_of_date),
        cmocka_unit_test(elements_are_found_at_any_depth),
        cmocka_unit_test(deep_xml_is_refused),
        cmocka_unit_test(commands_are_split_without_a_shell),
        cmocka_unit_test(commands_that_end_early_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
