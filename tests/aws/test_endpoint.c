/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/endpoint.h"

#include <string.h>

#include "tests/test.h"

static void endpoints_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *url, *origin, *host, *base_path;
        bool is_loopback;
    } cases[] = {
        {"https://lambda.eu-west-1.amazonaws.com", "https://lambda.eu-west-1.amazonaws.com",
         "lambda.eu-west-1.amazonaws.com", "", false},
        {"https://h.example:443/", "https://h.example", "h.example", "", false},
        {"http://127.0.0.1:4566/a/b/", "http://127.0.0.1:4566", "127.0.0.1:4566", "/a/b", true},
        {"http://127.9.9.9:80", "http://127.9.9.9", "127.9.9.9", "", true},
        {"http://localhost:9001", "http://localhost:9001", "localhost:9001", "", true},
        {"http://[::1]:8080", "http://[::1]:8080", "[::1]:8080", "", true},
        {"https://[::1]", "https://[::1]", "[::1]", "", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_endpoint got;
        struct cp_error err;
        if (cp_endpoint_parse(cases[i].url, false, &got, &err))
            fail_msg("%s", err.text);
        assert_string_equal(got.origin, cases[i].origin);
        assert_string_equal(got.host, cases[i].host);
        assert_string_equal(got.base_path, cases[i].base_path);
        assert_int_equal(got.is_loopback, cases[i].is_loopback);
    }
}

static void bad_endpoints_are_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "lambda.eu-west-1.amazonaws.com",
        "ftp://127.0.0.1",
        "https://",
        "https://user:secret@127.0.0.1",
        "https://h?x=1",
        "https://h/#x",
        "https://h:0",
        "https://h:65536",
        "https://h:",
        "https://h:80x",
        "https://h:-1",
        "https://a b",
        "https://h\r\nX-Evil: 1",
        "https://h/%2e%2e",
        "https://[::1",
        "https://[::1]x",
        "http://lambda.eu-west-1.amazonaws.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1:8080",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct cp_endpoint got;
        struct cp_error err;
        if (cp_endpoint_parse(urls[i], false, &got, &err) != CP_EINVAL)
            fail_msg("'%s' was not refused", urls[i]);
        assert_null(strstr(err.text, "secret"));
    }
}

static void loopback_urls_are_told_by_their_host(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool is_loopback;
    } cases[] = {
        {"http://127.0.0.1:9001", true},
        {"http://127.3.2.1/", true},
        {"http://localhost", true},
        {"http://[::1]:9001/x", true},
        {"https://lambda.us-east-1.amazonaws.com", false},
        {"http://127.0.0.1.example.com", false},
        {"http://127.0.0.1@example.com/", false},
        {"http://localhost.example.com", false},
        {"ftp://127.0.0.1", false},
        {"127.0.0.1:9001", false},
        {"http://", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cp_url_is_loopback(cases[i].url) != cases[i].is_loopback)
            fail_msg("%s", cases[i].url);
}

static void variants_of_aws_hosts_are_known(void **state)
{
    (void)state;
    /* AWS's endpoint rule sets */
    static const struct {
        const char *region;
        struct cp_endpoint_variant variant;
        const char *origin;
    } cases[] = {
        {"us-west-2", {true, false}, "https://lambda-fips.us-west-2.amazonaws.com"},
        {"eu-west-1", {false, true}, "https://lambda.eu-west-1.api.aws"},
        {"us-gov-west-1", {true, true}, "https://lambda-fips.us-gov-west-1.api.aws"},
        {"cn-north-1", {false, true}, "https://lambda.cn-north-1.api.amazonwebservices.com.cn"},
        {"us-iso-east-1", {false, false}, "https://lambda.us-iso-east-1.c2s.ic.gov"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_endpoint got;
        assert_int_equal(
            cp_endpoint_of_variant("lambda", cases[i].region, &cases[i].variant, &got, NULL),
            CP_OK);
        assert_string_equal(got.origin, cases[i].origin);
        assert_true(cp_endpoint_is_aws(&got));
    }
}

static void hosts_below_a_domain_of_aws_are_aws(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool is_aws;
    } cases[] = {
        {"https://vpce-0a1b-2c3d.lambda.eu-west-1.vpce.amazonaws.com", true},
        {"https://LAMBDA.eu-west-1.AMAZONAWS.com:8443/base", true},
        {"https://amazonaws.com", false},
        {"https://lambda.notamazonaws.com", false},
        {"https://lambda.amazonaws.com.example.com", false},
        {"https://example.com/lambda.amazonaws.com", false},
        {"http://127.0.0.1:4566", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_endpoint got;
        assert_int_equal(cp_endpoint_parse(cases[i].url, false, &got, NULL), CP_OK);
        if (cp_endpoint_is_aws(&got) != cases[i].is_aws)
            fail_msg("%s", cases[i].url);
    }
}

static void plain_http_beyond_loopback_needs_permission(void **state)
{
    (void)state;
    struct cp_endpoint got;
    assert_int_equal(cp_endpoint_parse("http://10.0.0.1:8080", true, &got, NULL), CP_OK);
    assert_false(got.is_loopback);
}

static void regions_become_hosts_only_when_they_look_like_one(void **state)
{
    (void)state;
    struct cp_endpoint got;
    assert_int_equal(cp_endpoint_of_region("lambda", "eu-central-1", &got, NULL), CP_OK);
    assert_string_equal(got.origin, "https://lambda.eu-central-1.amazonaws.com");
    assert_int_equal(cp_endpoint_of_region("lambda", "cn-north-1", &got, NULL), CP_OK);
    assert_string_equal(got.origin, "https://lambda.cn-north-1.amazonaws.com.cn");
    static const char *const bad[] = {"",    "EU-central-1", "eu.central",
                                      "a/b", "evil.com#",    "abcdefghijklmnopqrstuvwxyz-1234567"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(cp_endpoint_of_region("lambda", bad[i], &got, NULL), CP_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_taken_apart),
        cmocka_unit_test(bad_endpoints_are_refused),
        cmocka_unit_test(loopback_urls_are_told_by_their_host),
        cmocka_unit_test(variants_of_aws_hosts_are_known),
        cmocka_unit_test(hosts_below_a_domain_of_aws_are_aws),
        cmocka_unit_test(plain_http_beyond_loopback_needs_permission),
        cmocka_unit_test(regions_become_hosts_only_when_they_look_like_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
