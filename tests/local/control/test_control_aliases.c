/* SPDX-License-Identifier: GPL-3.0-or-later
 * Aliases and weighted routing. Texts recorded from AWS (facts/api.md section 1).
 */
#include "tests/test.h"

#include <string.h>

#include "tests/local/control/control_fixture.h"

static int setup(void **state)
{
    (void)fixture_setup(state);
    fixture_publish(*state, 256);
    fixture_publish(*state, 512);
    return 0;
}

static void create(struct fixture *f, const char *body)
{
    assert_int_equal(fixture_do(f, CP_API_CREATE_ALIAS, body), 201);
}

static void an_alias_is_created_and_read_back(void **state)
{
    struct fixture *f = *state;
    create(f, "{\"Name\":\"live\",\"FunctionVersion\":\"1\",\"Description\":\"d\","
              "\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"2\":0.2}}}");
    assert_string_equal(fixture_text(f, "AliasArn"), ARN ":live");
    assert_int_equal(fixture_do_alias(f, CP_API_GET_ALIAS, "live", NULL), 200);
    assert_string_equal(fixture_text(f, "Name"), "live");
    assert_string_equal(fixture_text(f, "FunctionVersion"), "1");
    assert_string_equal(fixture_text(f, "Description"), "d");
    assert_true(fixture_number(f, "RoutingConfig.AdditionalVersionWeights.2") == 0.2);
    assert_int_equal(strlen(fixture_text(f, "RevisionId")), 36);
}

static void a_function_is_read_through_its_alias(void **state)
{
    struct fixture *f = *state;
    create(f, "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}");
    assert_int_equal(fixture_do_qualified(f, CP_API_GET_FUNCTION_CONFIGURATION, "live", NULL), 200);
    assert_string_equal(fixture_text(f, "FunctionArn"), ARN ":live");
    assert_string_equal(fixture_text(f, "Version"), "1");
    assert_int_equal((int)fixture_number(f, "MemorySize"), 256);
}

static const struct {
    const char *name, *body;
    int status;
    const char *error_type, *message;
} bad_aliases[] = {
    {"taken", "{\"Name\":\"live\",\"FunctionVersion\":\"2\"}", 409, "ResourceConflictException",
     "Alias already exists: " ARN ":live"},
    {"unknown version", "{\"Name\":\"x\",\"FunctionVersion\":\"10\"}", 404,
     "ResourceNotFoundException", "Function not found: " ARN ":10"},
    {"unknown second version",
     "{\"Name\":\"x\",\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{"
     "\"10\":0.5}}}",
     404, "ResourceNotFoundException", "Function not found: " ARN ":10"},
    {"three versions",
     "{\"Name\":\"x\",\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{"
     "\"1\":0.5,\"2\":0.1}}}",
     400, "InvalidParameterValueException",
     "Number of items in AdditionalVersionWeights cannot be greater than 1"},
    {"weight above 1",
     "{\"Name\":\"x\",\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{"
     "\"2\":2.0}}}",
     400, "ValidationException",
     "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' "
     "failed to satisfy constraint: Map value must satisfy constraint: [Member must have value "
     "less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must "
     "not be null]"},
    {"weight below 0",
     "{\"Name\":\"x\",\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{"
     "\"2\":-1.0}}}",
     400, "ValidationException",
     "1 validation error detected: Value '{2=-1.0}' at 'routingConfig.additionalVersionWeights' "
     "failed to satisfy constraint: Map value must satisfy constraint: [Member must have value "
     "less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must "
     "not be null]"},
    {"$LATEST as second version",
     "{\"Name\":\"x\",\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{"
     "\"$LATEST\":0.5}}}",
     400, "ValidationException",
     "1 validation error detected: Value '{$LATEST=0.5}' at "
     "'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy "
     "constraint: [Member must have length less than or equal to 1024, Member must have length "
     "greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member "
     "must not be null]"},
    {"the same version twice",
     "{\"Name\":\"x\",\"FunctionVersion\":\"1\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{"
     "\"1\":0.5}}}",
     400, "InvalidParameterValueException",
     "Invalid function version 1. Function version 1 is already included in routing "
     "configuration."},
    {"$LATEST with weights",
     "{\"Name\":\"x\",\"FunctionVersion\":\"$LATEST\",\"RoutingConfig\":{"
     "\"AdditionalVersionWeights\":{\"1\":0.5}}}",
     400, "InvalidParameterValueException",
     "$LATEST is not supported for an alias pointing to more than 1 version"},
    {"a number as name", "{\"Name\":\"12\",\"FunctionVersion\":\"1\"}", 400, "ValidationException",
     "1 validation error detected: Value '12' at 'name' failed to satisfy constraint: Member must "
     "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"},
    {"no name", "{\"FunctionVersion\":\"1\"}", 400, "ValidationException",
     "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must "
     "not be null"},
};

static void a_bad_alias_is_refused_with_awss_words(void **state)
{
    struct fixture *f = *state;
    create(f, "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}");
    for (size_t i = 0; i < sizeof bad_aliases / sizeof bad_aliases[0]; i++) {
        print_message("%s\n", bad_aliases[i].name);
        (void)fixture_do(f, CP_API_CREATE_ALIAS, bad_aliases[i].body);
        fixture_assert_error(f, bad_aliases[i].status, bad_aliases[i].error_type,
                             bad_aliases[i].message);
    }
    assert_int_equal(fixture_do(f, CP_API_LIST_ALIASES, NULL), 200);
    assert_int_equal(fixture_size(f, "Aliases"), 1);
}

static void an_update_changes_only_what_it_names(void **state)
{
    struct fixture *f = *state;
    char revision[64];
    create(f, "{\"Name\":\"live\",\"FunctionVersion\":\"1\",\"Description\":\"d\","
              "\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"2\":0.2}}}");
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "RevisionId")), revision, sizeof revision));
    assert_int_equal(fixture_do_alias(f, CP_API_UPDATE_ALIAS, "live", "{\"Description\":\"e\"}"),
                     200);
    assert_string_equal(fixture_text(f, "Description"), "e");
    assert_string_equal(fixture_text(f, "FunctionVersion"), "1");
    assert_true(fixture_has(f, "RoutingConfig"));
    assert_string_not_equal(fixture_text(f, "RevisionId"), revision);
    assert_int_equal(fixture_do_alias(f, CP_API_UPDATE_ALIAS, "live",
                                      "{\"RoutingConfig\":{\"AdditionalVersionWeights\":{}}}"),
                     200);
    assert_false(fixture_has(f, "RoutingConfig"));
    assert_int_equal(
        fixture_do_alias(f, CP_API_UPDATE_ALIAS, "live", "{\"FunctionVersion\":\"2\"}"), 200);
    assert_string_equal(fixture_text(f, "FunctionVersion"), "2");
}

static void an_update_checks_the_revision_and_the_name(void **state)
{
    struct fixture *f = *state;
    create(f, "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}");
    assert_int_equal(fixture_do_alias(f, CP_API_UPDATE_ALIAS, "live", "{\"RevisionId\":\"nope\"}"),
                     412);
    (void)fixture_do_alias(f, CP_API_UPDATE_ALIAS, "gone", "{}");
    fixture_assert_error(f, 404, "ResourceNotFoundException",
                         "Cannot find alias arn: " ARN ":gone");
    assert_int_equal(fixture_do_alias(f, CP_API_GET_ALIAS, "gone", NULL), 404);
}

static void deleting_an_alias_that_is_not_there_succeeds(void **state)
{
    struct fixture *f = *state;
    create(f, "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}");
    assert_int_equal(fixture_do_alias(f, CP_API_DELETE_ALIAS, "live", NULL), 204);
    assert_int_equal(fixture_do_alias(f, CP_API_DELETE_ALIAS, "live", NULL), 204);
    assert_int_equal(fixture_do_alias(f, CP_API_GET_ALIAS, "live", NULL), 404);
}

static void aliases_are_listed_by_name_by_version_and_in_pages(void **state)
{
    struct fixture *f = *state;
    create(f, "{\"Name\":\"charlie\",\"FunctionVersion\":\"1\"}");
    create(f, "{\"Name\":\"alpha\",\"FunctionVersion\":\"2\"}");
    create(f, "{\"Name\":\"bravo\",\"FunctionVersion\":\"1\"}");
    struct cp_api_request request = {
        .operation = CP_API_LIST_ALIASES, .function = "hello", .max_items = 2};
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_int_equal(fixture_size(f, "Aliases"), 2);
    assert_string_equal(fixture_text(f, "Aliases.0.Name"), "alpha");
    assert_string_equal(fixture_text(f, "Aliases.1.Name"), "bravo");
    (void)cp_view_copy(cp_view_of(fixture_text(f, "NextMarker")), request.marker,
                       sizeof request.marker);
    assert_int_equal(fixture_call(f, request, NULL), 200);
    assert_int_equal(fixture_size(f, "Aliases"), 1);
    assert_string_equal(fixture_text(f, "Aliases.0.Name"), "charlie");
    assert_false(fixture_has(f, "NextMarker"));
    struct cp_api_request by_version = {
        .operation = CP_API_LIST_ALIASES, .function = "hello", .function_version = "1"};
    assert_int_equal(fixture_call(f, by_version, NULL), 200);
    assert_int_equal(fixture_size(f, "Aliases"), 2);
}

#define WITH_VERSIONS(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VERSIONS(an_alias_is_created_and_read_back),
        WITH_VERSIONS(a_function_is_read_through_its_alias),
        WITH_VERSIONS(a_bad_alias_is_refused_with_awss_words),
        WITH_VERSIONS(an_update_changes_only_what_it_names),
        WITH_VERSIONS(an_update_checks_the_revision_and_the_name),
        WITH_VERSIONS(deleting_an_alias_that_is_not_there_succeeds),
        WITH_VERSIONS(aliases_are_listed_by_name_by_version_and_in_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
