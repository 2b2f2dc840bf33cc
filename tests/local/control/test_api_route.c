/* SPDX-License-Identifier: GPL-3.0-or-later
 * Method and raw target to operation; paths, dates and methods of facts/api.md section 1.
 */
#include "tests/test.h"

#include <string.h>

#include "probes/local/api_route.h"

struct routed {
    bool is_routed;
    struct cp_api_request request;
    struct cp_api_response response;
};

static struct routed route(const char *method, struct cp_view target)
{
    struct routed r = {0};
    struct cp_raw_request raw = {.method = cp_view_of(method), .target = target};
    cp_api_response_init(&r.response);
    r.is_routed = cp_api_route(&raw, &r.request, &r.response);
    cp_api_response_clear(&r.response);
    return r;
}

static const struct {
    const char *method, *target;
    enum cp_api_operation operation;
} reached[] = {
    {"POST", "/2015-03-31/functions/fn/invocations", CP_API_INVOKE},
    {"POST", "/2015-03-31/functions/fn/invocations?Qualifier=live", CP_API_INVOKE},
    {"POST", "/2021-11-15/functions/fn/response-streaming-invocations?Qualifier=live",
     CP_API_INVOKE_WITH_RESPONSE_STREAM},
    {"GET", "/2015-03-31/functions/fn", CP_API_GET_FUNCTION},
    {"GET", "/2015-03-31/functions/fn/configuration", CP_API_GET_FUNCTION_CONFIGURATION},
    {"PUT", "/2015-03-31/functions/fn/configuration", CP_API_UPDATE_FUNCTION_CONFIGURATION},
    {"POST", "/2015-03-31/functions/fn/versions", CP_API_PUBLISH_VERSION},
    {"GET", "/2015-03-31/functions/fn/versions", CP_API_LIST_VERSIONS},
    {"GET", "/2015-03-31/functions/", CP_API_LIST_FUNCTIONS},
    {"GET", "/2015-03-31/functions", CP_API_LIST_FUNCTIONS},
    {"GET", "/2015-03-31/functions/?MaxItems=50", CP_API_LIST_FUNCTIONS},
    {"DELETE", "/2015-03-31/functions/fn", CP_API_DELETE_FUNCTION},
    {"POST", "/2015-03-31/functions/fn/aliases", CP_API_CREATE_ALIAS},
    {"GET", "/2015-03-31/functions/fn/aliases/live", CP_API_GET_ALIAS},
    {"PUT", "/2015-03-31/functions/fn/aliases/live", CP_API_UPDATE_ALIAS},
    {"DELETE", "/2015-03-31/functions/fn/aliases/live", CP_API_DELETE_ALIAS},
    {"GET", "/2015-03-31/functions/fn/aliases", CP_API_LIST_ALIASES},
    {"PUT", "/2017-10-31/functions/fn/concurrency", CP_API_PUT_RESERVED},
    {"GET", "/2019-09-30/functions/fn/concurrency", CP_API_GET_RESERVED},
    {"DELETE", "/2017-10-31/functions/fn/concurrency", CP_API_DELETE_RESERVED},
    {"PUT", "/2019-09-30/functions/fn/provisioned-concurrency?Qualifier=1", CP_API_PUT_PROVISIONED},
    {"GET", "/2019-09-30/functions/fn/provisioned-concurrency?Qualifier=1", CP_API_GET_PROVISIONED},
    {"DELETE", "/2019-09-30/functions/fn/provisioned-concurrency?Qualifier=1",
     CP_API_DELETE_PROVISIONED},
    {"GET", "/2019-09-30/functions/fn/provisioned-concurrency?List=ALL", CP_API_LIST_PROVISIONED},
    {"GET", "/2016-08-19/account-settings/", CP_API_GET_ACCOUNT_SETTINGS},
    {"GET", "/2016-08-19/account-settings", CP_API_GET_ACCOUNT_SETTINGS},
    {"POST", "/2015-03-31/functions", CP_API_CREATE_FUNCTION},
    {"POST", "/2015-03-31/functions/", CP_API_CREATE_FUNCTION},
    {"GET", "/2017-03-31/tags/fn", CP_API_LIST_TAGS},
    {"POST", "/2017-03-31/tags/fn", CP_API_TAG_RESOURCE},
    {"DELETE", "/2017-03-31/tags/fn?tagKeys=a&tagKeys=b", CP_API_UNTAG_RESOURCE},
    {"PUT", "/2015-03-31/functions/fn/code", CP_API_UPDATE_CODE},
    {"POST", "/2015-03-31/functions/fn/policy", CP_API_ADD_PERMISSION},
    {"GET", "/2015-03-31/functions/fn/policy", CP_API_GET_POLICY},
    {"DELETE", "/2015-03-31/functions/fn/policy/id", CP_API_REMOVE_PERMISSION},
    {"POST", "/2021-10-31/functions/fn/url", CP_API_CREATE_URL},
    {"GET", "/2021-10-31/functions/fn/url", CP_API_GET_URL},
    {"PUT", "/2021-10-31/functions/fn/url", CP_API_UPDATE_URL},
    {"DELETE", "/2021-10-31/functions/fn/url", CP_API_DELETE_URL},
    {"GET", "/2021-10-31/functions/fn/urls", CP_API_LIST_URLS},
    {"PUT", "/2019-09-25/functions/fn/event-invoke-config", CP_API_PUT_EVENT_INVOKE},
    {"POST", "/2019-09-25/functions/fn/event-invoke-config", CP_API_UPDATE_EVENT_INVOKE},
    {"GET", "/2019-09-25/functions/fn/event-invoke-config", CP_API_GET_EVENT_INVOKE},
    {"DELETE", "/2019-09-25/functions/fn/event-invoke-config", CP_API_DELETE_EVENT_INVOKE},
    {"GET", "/2019-09-25/functions/fn/event-invoke-config/list", CP_API_LIST_EVENT_INVOKES},
    {"POST", "/2015-03-31/event-source-mappings/", CP_API_CREATE_SOURCE},
    {"GET", "/2015-03-31/event-source-mappings/", CP_API_LIST_SOURCES},
    {"GET", "/2015-03-31/event-source-mappings/id", CP_API_GET_SOURCE},
    {"PUT", "/2015-03-31/event-source-mappings/id", CP_API_UPDATE_SOURCE},
    {"DELETE", "/2015-03-31/event-source-mappings/id", CP_API_DELETE_SOURCE},
    {"POST", "/", CP_API_GET_CALLER_IDENTITY},
    {"GET", "/coldprof/code/fn/sha?Expires=1&Token=2", CP_API_GET_CODE},
};

static void every_operation_is_reached_by_its_method_and_path(void **state)
{
    bool is_seen[CP_API_OPERATION_COUNT] = {false};
    (void)state;
    for (size_t i = 0; i < sizeof reached / sizeof reached[0]; i++) {
        print_message("%s %s\n", reached[i].method, reached[i].target);
        struct routed r = route(reached[i].method, cp_view_of(reached[i].target));
        assert_true(r.is_routed);
        assert_int_equal(r.request.operation, reached[i].operation);
        if (strstr(reached[i].target, "/fn"))
            assert_string_equal(r.request.function, "fn");
        if (strstr(reached[i].target, "aliases/"))
            assert_string_equal(r.request.alias, "live");
        is_seen[reached[i].operation] = true;
    }
    is_seen[CP_API_LOGS] = is_seen[CP_API_METRICS] = true; /* by a header: the test below */
    for (size_t i = 0; i < CP_API_OPERATION_COUNT; i++)
        assert_true(is_seen[i]);
}

static void a_target_tells_the_services_that_share_a_path(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        bool is_routed;
        enum cp_api_operation operation;
        const char *action;
    } cases[] = {
        {"Logs_20140328.FilterLogEvents", true, CP_API_LOGS, "FilterLogEvents"},
        {"GraniteServiceVersion20100801.GetMetricData", true, CP_API_METRICS, "GetMetricData"},
        {"Logs_20140328.", true, CP_API_LOGS, ""},
        {"DynamoDB_20120810.Query", false, CP_API_LOGS, ""},
        {"logs_20140328.FilterLogEvents", false, CP_API_LOGS, ""},
        {"Logs_20140328.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         false, CP_API_LOGS, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].target);
        const struct cp_header header = {CP_VIEW_LIT("X-Amz-Target"), cp_view_of(cases[i].target)};
        const struct cp_raw_request raw = {.method = CP_VIEW_LIT("POST"),
                                           .target = CP_VIEW_LIT("/"),
                                           .headers = &header,
                                           .n_headers = 1};
        struct cp_api_request request;
        struct cp_api_response response;
        cp_api_response_init(&response);
        assert_int_equal(cp_api_route(&raw, &request, &response), cases[i].is_routed);
        if (cases[i].is_routed) {
            assert_int_equal(request.operation, cases[i].operation);
            assert_string_equal(request.action, cases[i].action);
        } else {
            assert_int_equal(response.status, 400);
        }
        cp_api_response_clear(&response);
    }
}

static void names_and_parameters_are_decoded_once(void **state)
{
    (void)state;
    struct routed r =
        route("POST", cp_view_of("/2015-03-31/functions/arn%3Aaws%3alambda%3Aus-east-1%3A"
                                 "123456789012%3Afunction%3Afn%3A%24LATEST/invocations"));
    assert_true(r.is_routed);
    assert_string_equal(r.request.function,
                        "arn:aws:lambda:us-east-1:123456789012:function:fn:$LATEST");
    r = route("GET", cp_view_of("/2015-03-31/functions/123456789012:fn/versions?Marker=fn%3A12&"
                                "MaxItems=7&Unknown=%zz&Qualifier=%24LATEST"));
    assert_true(r.is_routed);
    assert_string_equal(r.request.function, "123456789012:fn");
    assert_string_equal(r.request.marker, "fn:12");
    assert_string_equal(r.request.qualifier, "$LATEST");
    assert_int_equal(r.request.max_items, 7);
    r = route("GET", cp_view_of("/2015-03-31/functions/?FunctionVersion=ALL&Marker=a%2Bb%3D"));
    assert_string_equal(r.request.function_version, "ALL");
    assert_string_equal(r.request.marker, "a+b=");
    assert_int_equal(r.request.max_items, 0);
}

static const struct {
    const char *name, *method, *target;
    int status;
} refused[] = {
    {"another method", "DELETE", "/2015-03-31/functions/fn/configuration", 405},
    {"an unknown method", "BREW", "/2015-03-31/functions/fn/invocations", 405},
    {"a lower-case method", "get", "/2015-03-31/functions/fn", 405},
    {"the root", "GET", "/", 405},
    {"nothing", "GET", "", 404},
    {"an absolute target", "GET", "http://127.0.0.1/2015-03-31/functions/fn", 404},
    {"the other date of concurrency", "PUT", "/2019-09-30/functions/fn/concurrency", 405},
    {"another date", "GET", "/2015-03-30/functions/fn", 404},
    {"more below a path", "GET", "/2015-03-31/functions/fn/configuration/x", 404},
    {"a slash too many", "GET", "/2015-03-31/functions/fn/configuration/", 404},
    {"an empty name", "GET", "/2015-03-31/functions//configuration", 404},
    {"two slashes", "GET", "//2015-03-31/functions/fn", 404},
    {"an escaped literal", "GET", "/2015-03-31/function%73/fn", 404},
    {"traversal", "GET", "/2015-03-31/functions/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 400},
    {"traversal, upper case", "GET", "/2015-03-31/functions/%2E%2E", 400},
    {"plain dots", "GET", "/2015-03-31/functions/..", 400},
    {"one dot", "GET", "/2015-03-31/functions/.", 400},
    {"traversal by segments", "GET", "/2015-03-31/functions/../functions/fn", 404},
    {"escaped slash", "GET", "/2015-03-31/functions/fn%2fconfiguration", 400},
    {"escaped backslash", "GET", "/2015-03-31/functions/fn%5cx", 400},
    {"NUL", "GET", "/2015-03-31/functions/fn%00", 400},
    {"NUL inside", "GET", "/2015-03-31/functions/fn%00x/configuration", 400},
    {"line feed", "GET", "/2015-03-31/functions/fn%0a", 400},
    {"escaped twice", "GET", "/2015-03-31/functions/fn%253A1", 400},
    {"overlong slash", "GET", "/2015-03-31/functions/fn%c0%af", 400},
    {"cut escape", "GET", "/2015-03-31/functions/fn%2", 400},
    {"no hex", "GET", "/2015-03-31/functions/fn%zz", 400},
    {"bare percent", "GET", "/2015-03-31/functions/fn%", 400},
    {"NUL in the qualifier", "GET", "/2015-03-31/functions/fn?Qualifier=1%00", 400},
    {"line feed in the marker", "GET", "/2015-03-31/functions?Marker=%0d%0a", 400},
    {"two qualifiers", "DELETE", "/2015-03-31/functions/fn?Qualifier=1&Qualifier=", 400},
    {"an empty qualifier", "DELETE", "/2015-03-31/functions/fn?Qualifier=", 400},
    {"a qualifier without value", "DELETE", "/2015-03-31/functions/fn?Qualifier", 400},
    {"MaxItems 0", "GET", "/2015-03-31/functions?MaxItems=0", 400},
    {"MaxItems 10001", "GET", "/2015-03-31/functions?MaxItems=10001", 400},
    {"MaxItems as text", "GET", "/2015-03-31/functions?MaxItems=many", 400},
};

static void everything_else_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        print_message("%s\n", refused[i].name);
        struct routed r = route(refused[i].method, cp_view_of(refused[i].target));
        assert_false(r.is_routed);
        assert_int_equal(r.response.status, refused[i].status);
    }
}

/* A qualifier that does not fit must be refused: without it DeleteFunction deletes everything. */
static void what_does_not_fit_is_refused(void **state)
{
    static const char *const heads[] = {
        "/2015-03-31/functions/fn?Qualifier=", "/2015-03-31/functions/",
        "/2015-03-31/functions?Marker=", "/2015-03-31/functions/fn/aliases/"};
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct cp_buf target;
        cp_buf_init(&target, 4096);
        (void)cp_buf_adds(&target, heads[i]);
        for (int k = 0; k < 400; k++)
            (void)cp_buf_addc(&target, 'a');
        struct routed r = route(i == 2 ? "GET" : "DELETE", cp_buf_view(&target));
        assert_false(r.is_routed);
        assert_int_equal(r.response.status, 400);
        cp_buf_clear(&target);
    }
}

static void the_body_is_handed_on(void **state)
{
    struct cp_api_request out;
    struct cp_api_response response;
    struct cp_raw_request raw = {.method = CP_VIEW_LIT("POST"),
                                 .target = CP_VIEW_LIT("/2015-03-31/functions/fn/versions"),
                                 .body = CP_VIEW_LIT("{\"a\":1}")};
    (void)state;
    cp_api_response_init(&response);
    assert_true(cp_api_route(&raw, &out, &response));
    assert_true(cp_view_is(out.body, "{\"a\":1}"));
    cp_api_response_clear(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_reached_by_its_method_and_path),
        cmocka_unit_test(a_target_tells_the_services_that_share_a_path),
        cmocka_unit_test(names_and_parameters_are_decoded_once),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(the_body_is_handed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
