/* SPDX-License-Identifier: GPL-3.0-or-later
 * One allocation of a whole life fails, each in its turn: nothing crashes or leaks (sanitizers),
 * the answer is an error with a status or a whole document, and the control plane goes on. The
 * linker wraps the allocator of our objects; cJSON has hooks for its own.
 */
#include "tests/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "tests/local/control/control_fixture.h"

static long countdown = -1; /* -1: never fails */

static bool must_fail(void)
{
    return countdown >= 0 && countdown-- == 0;
}

/* names that the linker gives */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

void *__wrap_malloc(size_t n)
{
    return must_fail() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return must_fail() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return must_fail() ? NULL : __real_reallocarray(p, n, size);
}

/* NOLINTEND(bugprone-reserved-identifier) */

static const struct {
    enum cp_api_operation operation;
    const char *qualifier, *alias, *body;
} life[] = {
    {CP_API_CREATE_FUNCTION, "", "",
     "{\"FunctionName\":\"made\",\"Role\":\"arn:aws:iam::123456789012:role/"
     "r\",\"Runtime\":\"provided\","
     "\"Handler\":\"h\",\"Code\":{\"ZipFile\":\"QUJD\"},\"Publish\":true,\"Tags\":{\"a\":\"b\"},"
     "\"VpcConfig\":{\"SubnetIds\":[\"s\"]},\"Layers\":[\"l\"],\"SnapStart\":{\"ApplyOn\":\"None\"}"
     ","
     "\"EphemeralStorage\":{\"Size\":1024},\"Environment\":{\"Variables\":{\"A_\":\"1\"}}}"},
    {CP_API_TAG_RESOURCE, "", "", "{\"Tags\":{\"k\":\"v\"}}"},
    {CP_API_LIST_TAGS, "", "", ""},
    {CP_API_GET_FUNCTION, "", "", ""},
    {CP_API_UPDATE_FUNCTION_CONFIGURATION, "", "",
     "{\"MemorySize\":512,\"Environment\":{\"Variables\":{\"AA\":\"1\"}}}"},
    {CP_API_PUBLISH_VERSION, "", "", "{\"Description\":\"x\"}"},
    {CP_API_CREATE_ALIAS, "", "", "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}"},
    {CP_API_UPDATE_ALIAS, "", "live", "{\"Description\":\"y\"}"},
    {CP_API_PUT_RESERVED, "", "", "{\"ReservedConcurrentExecutions\":5}"},
    {CP_API_PUT_PROVISIONED, "live", "", "{\"ProvisionedConcurrentExecutions\":2}"},
    {CP_API_LIST_VERSIONS, "", "", ""},
    {CP_API_UPDATE_CODE, "", "", "{\"ZipFile\":\"QUJD\",\"Publish\":true}"},
    {CP_API_ADD_PERMISSION, "live", "",
     "{\"StatementId\":\"s\",\"Action\":\"lambda:InvokeFunction\",\"Principal\":\"x\","
     "\"SourceArn\":\"arn:a\"}"},
    {CP_API_GET_POLICY, "live", "", ""},
    {CP_API_REMOVE_PERMISSION, "live", "s", ""},
    {CP_API_CREATE_URL, "live", "", "{\"AuthType\":\"NONE\",\"Cors\":{\"AllowOrigins\":[\"*\"]}}"},
    {CP_API_GET_URL, "live", "", ""},
    {CP_API_LIST_URLS, "", "", ""},
    {CP_API_PUT_EVENT_INVOKE, "live", "", "{\"MaximumRetryAttempts\":1}"},
    {CP_API_UPDATE_EVENT_INVOKE, "live", "", "{\"MaximumEventAgeInSeconds\":60}"},
    {CP_API_LIST_EVENT_INVOKES, "", "", ""},
    {CP_API_CREATE_SOURCE, "", "",
     "{\"FunctionName\":\"hello\",\"EventSourceArn\":\"arn:q\",\"BatchSize\":10}"},
    {CP_API_LIST_SOURCES, "", "", ""},
    {CP_API_LIST_ALIASES, "", "", ""},
    {CP_API_LIST_PROVISIONED, "", "", ""},
    {CP_API_DELETE_FUNCTION, "", "", ""},
};

static void check_answer(const struct cp_api_response *response)
{
    bool is_known_status = response->status == 200 || response->status == 201 ||
                           response->status == 202 || response->status == 204 ||
                           (response->status >= 400 && response->status <= 500);
    assert_true(is_known_status);
    if (response->status < 300)
        assert_false(response->body.failed);
    else
        assert_true(response->error_type[0]);
}

/* false when no allocation is left to fail. */
static bool live_with_failure_at(long nth)
{
    void *state = NULL;
    (void)fixture_setup(&state);
    struct fixture *f = state;
    countdown = nth;
    for (size_t i = 0; i < sizeof life / sizeof life[0]; i++) {
        struct cp_api_request request = {
            .operation = life[i].operation, .function = "hello", .body = cp_view_of(life[i].body)};
        (void)cp_view_copy(cp_view_of(life[i].qualifier), request.qualifier,
                           sizeof request.qualifier);
        (void)cp_view_copy(cp_view_of(life[i].alias), request.alias, sizeof request.alias);
        struct cp_api_response response;
        cp_api_response_init(&response);
        cp_control_handle(f->control, &request, f->now_ms, &response);
        check_answer(&response);
        cp_api_response_clear(&response);
        f->now_ms += FIXTURE_DELAY_MS;
    }
    bool has_failed = countdown < 0;
    countdown = -1;
    assert_int_equal(
        fixture_call(f, (struct cp_api_request){.operation = CP_API_LIST_FUNCTIONS}, NULL), 200);
    (void)fixture_teardown(&state);
    return has_failed;
}

static void each_failed_allocation_is_survived(void **state)
{
    cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};
    long n = 0;
    (void)state;
    cJSON_InitHooks(&hooks);
    while (live_with_failure_at(n))
        n++;
    cJSON_InitHooks(NULL);
    print_message("%ld allocations failed in turn\n", n);
    assert_true(n > 40);
}

static void a_control_plane_that_cannot_be_made_says_so(void **state)
{
    struct cp_control_options options = {
        .region = "eu-west-1", .account_id = "123456789012", .account_concurrency = 1000};
    (void)state;
    for (long nth = 0; nth < 8; nth++) {
        struct cp_control *control = NULL;
        struct cp_error err = {0};
        static struct cp_function_folder folder;
        fixture_folder(&folder, "hello");
        countdown = nth;
        enum cp_code code = cp_control_new(&options, &control, &err);
        if (!code)
            code = cp_control_add_function(control, &folder, 0, &err);
        countdown = -1;
        assert_true(code == CP_OK || code == CP_ENOMEM);
        if (code)
            assert_true(err.text[0]);
        cp_control_free(control);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failed_allocation_is_survived),
        cmocka_unit_test(a_control_plane_that_cannot_be_made_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
