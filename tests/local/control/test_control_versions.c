/* SPDX-License-Identifier: GPL-3.0-or-later
 * PublishVersion, ListVersionsByFunction, DeleteFunction of a version. Rules: facts/behaviour.md
 * section 4, facts/reliability.md section 5 (recorded from AWS).
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/local/control/control_fixture.h"

static void latest_revision(struct fixture *f, char out[64])
{
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "RevisionId")), out, 64));
}

static void publishing_freezes_what_latest_is(void **state)
{
    struct fixture *f = *state;
    fixture_publish(f, 256);
    assert_string_equal(fixture_text(f, "Version"), "1");
    assert_string_equal(fixture_text(f, "FunctionArn"), ARN ":1");
    assert_string_equal(fixture_text(f, "State"), "Active");
    fixture_publish(f, 512);
    assert_string_equal(fixture_text(f, "Version"), "2");
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_FUNCTION_CONFIGURATION, "1", NULL), 200);
    assert_int_equal((int)fixture_number(f, "MemorySize"), 256);
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "Successful");
}

static void an_unchanged_publish_returns_the_version_of_before(void **state)
{
    struct fixture *f = *state;
    char version_revision[64];
    char latest[64];
    char latest_after[64];
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{\"Description\":\"first\"}"), 201);
    assert_string_equal(fixture_text(f, "Version"), "1");
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "RevisionId")), version_revision,
                             sizeof version_revision));
    latest_revision(f, latest);
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{\"Description\":\"second\"}"), 201);
    assert_string_equal(fixture_text(f, "Version"), "1");
    assert_string_equal(fixture_text(f, "Description"), "first");
    assert_string_equal(fixture_text(f, "RevisionId"), version_revision);
    latest_revision(f, latest_after);
    assert_string_equal(latest_after, latest);
}

static void a_change_and_its_undoing_is_no_change(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, NULL), 201);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "{\"MemorySize\":1024}"),
                     200);
    f->now_ms += FIXTURE_DELAY_MS;
    fixture_publish(f, 128);
    assert_string_equal(fixture_text(f, "Version"), "1");
}

static void the_description_of_latest_counts_as_a_change(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{\"Description\":\"mine\"}"), 201);
    assert_string_equal(fixture_text(f, "Description"), "mine");
    assert_int_equal(
        fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "{\"Description\":\"new\"}"), 200);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, NULL), 201);
    assert_string_equal(fixture_text(f, "Version"), "2");
    assert_string_equal(fixture_text(f, "Description"), "new");
}

static void the_same_variables_in_another_order_are_no_change(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"Environment\":{\"Variables\":{\"AA\":\"1\",\"BB\":\"2\"}}}"),
                     200);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, NULL), 201);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"Environment\":{\"Variables\":{\"BB\":\"2\",\"AA\":\"1\"}}}"),
                     200);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, NULL), 201);
    assert_string_equal(fixture_text(f, "Version"), "1");
}

static void publishing_changes_the_revision_of_latest(void **state)
{
    struct fixture *f = *state;
    char before[64];
    char after[64];
    latest_revision(f, before);
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, NULL), 201);
    assert_string_not_equal(fixture_text(f, "RevisionId"), before);
    latest_revision(f, after);
    assert_string_not_equal(after, before);
}

static void an_alias_does_not_change_the_revision_of_latest(void **state)
{
    struct fixture *f = *state;
    char before[64];
    char after[64];
    latest_revision(f, before);
    assert_int_equal(
        fixture_do(f, CP_API_CREATE_ALIAS, "{\"Name\":\"lock\",\"FunctionVersion\":\"$LATEST\"}"),
        201);
    latest_revision(f, after);
    assert_string_equal(after, before);
}

static void publish_checks_its_preconditions(void **state)
{
    struct fixture *f = *state;
    (void)fixture_do(f, CP_API_PUBLISH_VERSION, "{\"RevisionId\":\"nope\"}");
    fixture_assert_error(f, 412, "PreconditionFailedException",
                         "The Revision Id provided does not match the latest Revision Id. Call the "
                         "GetFunction/GetAlias API to retrieve the latest Revision Id");
    (void)fixture_do(f, CP_API_PUBLISH_VERSION, "{\"CodeSha256\":\"nope\"}");
    fixture_assert_error(f, 400, "InvalidParameterValueException",
                         "CodeSHA256 (nope) is different from current CodeSHA256 in $LATEST "
                         "(47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=). Please try again with "
                         "the CodeSHA256 in $LATEST.");
    char revision[64];
    char body[256];
    latest_revision(f, revision);
    (void)snprintf(body, sizeof body,
                   "{\"RevisionId\":\"%s\",\"CodeSha256\":"
                   "\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}",
                   revision);
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, body), 201);
}

static void versions_are_listed_from_latest_upwards_in_pages_of_at_most_fifty(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= 60; i++)
        fixture_publish(f, 128 + i);
    struct cp_api_request request = {
        .operation = CP_API_LIST_VERSIONS, .function = "hello", .max_items = 1000};
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_int_equal(fixture_size(f, "Versions"), 50);
    assert_string_equal(fixture_text(f, "Versions.0.Version"), "$LATEST");
    assert_string_equal(fixture_text(f, "Versions.0.FunctionArn"), ARN ":$LATEST");
    assert_string_equal(fixture_text(f, "Versions.49.Version"), "49");
    assert_false(fixture_has(f, "Versions.0.State"));
    assert_false(fixture_has(f, "Versions.0.LastUpdateStatus"));
    (void)cp_view_copy(cp_view_of(fixture_text(f, "NextMarker")), request.marker,
                       sizeof request.marker);
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_int_equal(fixture_size(f, "Versions"), 11);
    assert_string_equal(fixture_text(f, "Versions.0.Version"), "50");
    assert_string_equal(fixture_text(f, "Versions.10.FunctionArn"), ARN ":60");
    assert_false(fixture_has(f, "NextMarker"));
}

static void a_page_of_one_walks_through_all_versions(void **state)
{
    struct fixture *f = *state;
    fixture_publish(f, 256);
    fixture_publish(f, 512);
    static const char *const expected[] = {"$LATEST", "1", "2"};
    struct cp_api_request request = {
        .operation = CP_API_LIST_VERSIONS, .function = "hello", .max_items = 1};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fixture_call(f, request, NULL), 200);
        assert_int_equal(fixture_size(f, "Versions"), 1);
        assert_string_equal(fixture_text(f, "Versions.0.Version"), expected[i]);
        (void)cp_view_copy(cp_view_of(fixture_text(f, "NextMarker")), request.marker,
                           sizeof request.marker);
    }
    assert_string_equal(request.marker, "");
}

static void a_marker_that_was_never_given_is_refused(void **state)
{
    struct fixture *f = *state;
    struct cp_api_request request = {
        .operation = CP_API_LIST_VERSIONS, .function = "hello", .marker = "hello:two"};
    (void)fixture_call(f, request, NULL);
    fixture_assert_error(f, 400, "InvalidParameterValueException", "Invalid Marker");
}

static void all_versions_of_all_functions_are_listed_on_request(void **state)
{
    struct fixture *f = *state;
    fixture_add(f, "alpha");
    fixture_publish(f, 256);
    struct cp_api_request request = {.operation = CP_API_LIST_FUNCTIONS, .function_version = "ALL"};
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_int_equal(fixture_size(f, "Functions"), 3);
    assert_string_equal(fixture_text(f, "Functions.1.FunctionArn"), ARN ":$LATEST");
    assert_string_equal(fixture_text(f, "Functions.2.FunctionArn"), ARN ":1");
}

static void deleting_a_version_leaves_the_others(void **state)
{
    struct fixture *f = *state;
    fixture_publish(f, 256);
    fixture_publish(f, 512);
    size_t n_retired = f->n_retired;
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "1", NULL), 204);
    assert_int_equal(f->n_retired, n_retired + 1);
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_FUNCTION, "1", NULL), 404);
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_FUNCTION, "2", NULL), 200);
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "1", NULL), 204);
    assert_int_equal(f->n_retired, n_retired + 1);
}

static void a_deleted_number_is_never_used_again(void **state)
{
    struct fixture *f = *state;
    fixture_publish(f, 256);
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "1", NULL), 204);
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, NULL), 201);
    assert_string_equal(fixture_text(f, "Version"), "2");
}

static void latest_aliased_versions_and_aliases_are_not_deleted_as_versions(void **state)
{
    struct fixture *f = *state;
    fixture_publish(f, 256);
    fixture_publish(f, 512);
    assert_int_equal(fixture_do(f, CP_API_CREATE_ALIAS,
                                "{\"Name\":\"live\",\"FunctionVersion\":\"1\",\"RoutingConfig\":"
                                "{\"AdditionalVersionWeights\":{\"2\":0.1}}}"),
                     201);
    (void)fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "$LATEST", NULL);
    fixture_assert_error(f, 400, "InvalidParameterValueException",
                         "$LATEST version cannot be deleted without deleting the function.");
    (void)fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "1", NULL);
    assert_int_equal(f->response.status, 409);
    assert_string_equal(f->response.error_type, "ResourceConflictException");
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "2", NULL), 409);
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "live", NULL), 400);
    assert_int_equal(fixture_do_alias(f, CP_API_DELETE_ALIAS, "live", NULL), 204);
    assert_int_equal(fixture_do_qualified(f, CP_API_DELETE_FUNCTION, "1", NULL), 204);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(publishing_freezes_what_latest_is),
        WITH_FIXTURE(an_unchanged_publish_returns_the_version_of_before),
        WITH_FIXTURE(a_change_and_its_undoing_is_no_change),
        WITH_FIXTURE(the_description_of_latest_counts_as_a_change),
        WITH_FIXTURE(the_same_variables_in_another_order_are_no_change),
        WITH_FIXTURE(publishing_changes_the_revision_of_latest),
        WITH_FIXTURE(an_alias_does_not_change_the_revision_of_latest),
        WITH_FIXTURE(publish_checks_its_preconditions),
        WITH_FIXTURE(versions_are_listed_from_latest_upwards_in_pages_of_at_most_fifty),
        WITH_FIXTURE(a_page_of_one_walks_through_all_versions),
        WITH_FIXTURE(a_marker_that_was_never_given_is_refused),
        WITH_FIXTURE(all_versions_of_all_functions_are_listed_on_request),
        WITH_FIXTURE(deleting_a_version_leaves_the_others),
        WITH_FIXTURE(a_deleted_number_is_never_used_again),
        WITH_FIXTURE(latest_aliased_versions_and_aliases_are_not_deleted_as_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
