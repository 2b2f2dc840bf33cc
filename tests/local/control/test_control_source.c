/* SPDX-License-Identifier: GPL-3.0-or-later
 * Event source mappings: found by function and by source.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/local/control/control_fixture.h"

static int ask(struct fixture *f, enum cp_api_operation operation, const char *uuid,
               const char *query, const char *body)
{
    struct cp_api_request request = {.operation = operation, .query = cp_view_of(query)};
    assert_true(cp_view_copy(cp_view_of(uuid), request.alias, sizeof request.alias));
    return fixture_call(f, request, body);
}

static void create(struct fixture *f, const char *function, const char *source)
{
    char body[256];
    (void)snprintf(body, sizeof body,
                   "{\"FunctionName\":\"%s\",\"EventSourceArn\":\"%s\",\"BatchSize\":10}", function,
                   source);
    assert_int_equal(ask(f, CP_API_CREATE_SOURCE, "", "", body), 202);
    assert_string_equal(fixture_text(f, "State"), "Creating");
}

static void a_mapping_names_its_function_with_its_qualifier(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{}"), 201);
    create(f, "hello", "arn:aws:sqs:eu-west-1:1:q");
    assert_string_equal(fixture_text(f, "FunctionArn"), ARN);
    create(f, "hello:1", "arn:aws:sqs:eu-west-1:1:q");
    assert_string_equal(fixture_text(f, "FunctionArn"), ARN ":1");
    assert_int_equal(ask(f, CP_API_LIST_SOURCES, "", "FunctionName=hello", NULL), 200);
    assert_int_equal(fixture_size(f, "EventSourceMappings"), 1);
    assert_string_equal(fixture_text(f, "EventSourceMappings.0.State"), "Enabled");
    assert_true(fixture_number(f, "EventSourceMappings.0.BatchSize") == 10);
    assert_int_equal(ask(f, CP_API_LIST_SOURCES, "", "", NULL), 200);
    assert_int_equal(fixture_size(f, "EventSourceMappings"), 2);
    assert_int_equal(ask(f, CP_API_LIST_SOURCES, "",
                         "EventSourceArn=arn%3Aaws%3Asqs%3Aeu-west-1%3A1%3Aother", NULL),
                     200);
    assert_int_equal(fixture_size(f, "EventSourceMappings"), 0);
}

static void a_mapping_is_changed_and_deleted_by_its_uuid(void **state)
{
    struct fixture *f = *state;
    char uuid[64];
    create(f, "hello", "arn:aws:sqs:eu-west-1:1:q");
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "UUID")), uuid, sizeof uuid));
    assert_int_equal(ask(f, CP_API_UPDATE_SOURCE, uuid, "", "{\"Enabled\":false,\"BatchSize\":5}"),
                     202);
    assert_int_equal(ask(f, CP_API_GET_SOURCE, uuid, "", NULL), 200);
    assert_string_equal(fixture_text(f, "State"), "Disabled");
    assert_true(fixture_number(f, "BatchSize") == 5);
    assert_int_equal(ask(f, CP_API_DELETE_SOURCE, uuid, "", NULL), 202);
    assert_string_equal(fixture_text(f, "State"), "Deleting");
    assert_int_equal(ask(f, CP_API_GET_SOURCE, uuid, "", NULL), 404);
}

static void what_cannot_be_mapped_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, CP_API_CREATE_SOURCE, "", "", "{\"FunctionName\":\"none\"}"), 400);
    fixture_assert_error(f, 400, "InvalidParameterValueException", "Function does not exist");
    assert_int_equal(ask(f, CP_API_CREATE_SOURCE, "", "", "{}"), 400);
    create(f, "hello", "arn:q");
    assert_int_equal(ask(f, CP_API_CREATE_SOURCE, "", "",
                         "{\"FunctionName\":\"hello\",\"EventSourceArn\":\"arn:q\"}"),
                     409);
}

static void pages_go_on_where_the_last_one_ended(void **state)
{
    struct fixture *f = *state;
    create(f, "hello", "arn:1");
    create(f, "hello", "arn:2");
    create(f, "hello", "arn:3");
    struct cp_api_request request = {.operation = CP_API_LIST_SOURCES, .max_items = 2};
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_int_equal(fixture_size(f, "EventSourceMappings"), 2);
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "NextMarker")), request.marker,
                             sizeof request.marker));
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_int_equal(fixture_size(f, "EventSourceMappings"), 1);
    assert_string_equal(fixture_text(f, "EventSourceMappings.0.EventSourceArn"), "arn:3");
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(a_mapping_names_its_function_with_its_qualifier),
        IN_FIXTURE(a_mapping_is_changed_and_deleted_by_its_uuid),
        IN_FIXTURE(what_cannot_be_mapped_is_refused),
        IN_FIXTURE(pages_go_on_where_the_last_one_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
