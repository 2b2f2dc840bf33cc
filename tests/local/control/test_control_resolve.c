/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which configuration a request runs on, and when an old one is retired.
 */
#include "tests/test.h"

#include <string.h>

#include "tests/local/control/control_fixture.h"

static struct cp_configuration resolve(struct fixture *f, const char *function,
                                       const char *qualifier, double uniform)
{
    struct cp_configuration c;
    assert_true(cp_control_resolve(f->control, function, qualifier, uniform, &c, &f->response));
    return c;
}

static void latest_is_what_an_unqualified_request_means(void **state)
{
    struct fixture *f = *state;
    struct cp_configuration c = resolve(f, "hello", "", 0.5);
    assert_true(c.id > 0);
    assert_string_equal(c.version, "$LATEST");
    assert_string_equal(c.function_arn, ARN);
    assert_string_equal(c.folder->dir, "/functions/hello");
    assert_int_equal(c.memory_size_mb, 128);
    assert_int_equal(c.timeout_s, 3);
    assert_int_equal(c.reserved, -1);
    assert_false(c.is_json_log);
    assert_true(resolve(f, ARN, "", 0.5).id == c.id);
    assert_true(resolve(f, ARN ":$LATEST", "", 0.5).id == c.id);
    assert_true(resolve(f, "123456789012:hello", "$LATEST", 0.5).id == c.id);
}

static void requests_run_on_the_old_configuration_until_the_update_completes(void **state)
{
    struct fixture *f = *state;
    int64_t old = resolve(f, "hello", "", 0.5).id;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"MemorySize\":512,\"Environment\":{\"Variables\":{\"AA\":"
                                "\"1\"}}}"),
                     200);
    f->now_ms += FIXTURE_DELAY_MS - 1;
    cp_control_advance(f->control, f->now_ms);
    assert_true(resolve(f, "hello", "", 0.5).id == old);
    assert_int_equal(resolve(f, "hello", "", 0.5).memory_size_mb, 128);
    assert_int_equal(f->n_retired, 0);
    f->now_ms += 1;
    cp_control_advance(f->control, f->now_ms);
    struct cp_configuration c = resolve(f, "hello", "", 0.5);
    assert_true(c.id != old);
    assert_int_equal(c.memory_size_mb, 512);
    assert_int_equal(c.folder->n_env, 1);
    assert_string_equal(c.folder->env[0].value, "1");
    assert_int_equal(f->n_retired, 1);
    assert_true(f->retired[0] == old);
}

static void a_version_never_shares_environments_with_latest_or_another_version(void **state)
{
    struct fixture *f = *state;
    fixture_publish(f, 256);
    fixture_publish(f, 512);
    int64_t latest = resolve(f, "hello", "", 0.5).id;
    struct cp_configuration one = resolve(f, "hello", "1", 0.5);
    struct cp_configuration two = resolve(f, "hello:2", "", 0.5);
    assert_true(one.id != two.id && one.id != latest && two.id != latest);
    assert_string_equal(one.version, "1");
    assert_string_equal(one.function_arn, ARN ":1");
    assert_int_equal(one.memory_size_mb, 256);
    assert_int_equal(two.memory_size_mb, 512);
}

static void publishing_leaves_the_environments_of_latest_alone(void **state)
{
    struct fixture *f = *state;
    int64_t before = resolve(f, "hello", "", 0.5).id;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, NULL), 201);
    assert_true(resolve(f, "hello", "", 0.5).id == before);
    assert_int_equal(f->n_retired, 0);
}

static void a_weighted_alias_divides_requests_by_its_weight(void **state)
{
    struct fixture *f = *state;
    fixture_publish(f, 256);
    fixture_publish(f, 512);
    assert_int_equal(fixture_do(f, CP_API_CREATE_ALIAS,
                                "{\"Name\":\"live\",\"FunctionVersion\":\"1\",\"RoutingConfig\":"
                                "{\"AdditionalVersionWeights\":{\"2\":0.25}}}"),
                     201);
    static const struct {
        double uniform;
        const char *version;
    } cases[] = {{0.001, "2"}, {0.249, "2"}, {0.25, "1"}, {0.5, "1"}, {0.999, "1"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_configuration c = resolve(f, "hello", "live", cases[i].uniform);
        assert_string_equal(c.version, cases[i].version);
    }
    assert_string_equal(resolve(f, ARN ":live", "", 0.9).version, "1");
}

static void what_is_not_there_is_not_found(void **state)
{
    static const struct {
        const char *function, *qualifier;
        int status;
    } cases[] = {
        {"other", "", 404},  {"hello", "3", 404}, {"hello", "live", 404}, {"hello", "$OTHER", 400},
        {"he llo", "", 400}, {"", "", 400},       {"hello:1:2", "", 400}, {"../hello", "", 400},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_configuration c;
        print_message("'%s' '%s'\n", cases[i].function, cases[i].qualifier);
        assert_false(cp_control_resolve(f->control, cases[i].function, cases[i].qualifier, 0.5, &c,
                                        &f->response));
        assert_int_equal(f->response.status, cases[i].status);
    }
}

static void a_qualifier_that_is_too_long_is_never_taken_for_none(void **state)
{
    struct fixture *f = *state;
    struct cp_configuration c;
    char qualifier[400];
    memset(qualifier, 'a', sizeof qualifier - 1);
    qualifier[sizeof qualifier - 1] = '\0';
    assert_false(cp_control_resolve(f->control, "hello", qualifier, 0.5, &c, &f->response));
    qualifier[140] = '\0';
    assert_false(cp_control_resolve(f->control, "hello", qualifier, 0.5, &c, &f->response));
}

static void revision_ids_are_the_same_for_the_same_seed(void **state)
{
    struct fixture *f = *state;
    void *again = NULL;
    (void)fixture_setup(&again);
    struct fixture *g = again;
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    assert_int_equal(fixture_do(g, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    assert_string_equal(fixture_text(f, "RevisionId"), fixture_text(g, "RevisionId"));
    (void)fixture_teardown(&again);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(latest_is_what_an_unqualified_request_means),
        WITH_FIXTURE(requests_run_on_the_old_configuration_until_the_update_completes),
        WITH_FIXTURE(a_version_never_shares_environments_with_latest_or_another_version),
        WITH_FIXTURE(publishing_leaves_the_environments_of_latest_alone),
        WITH_FIXTURE(a_weighted_alias_divides_requests_by_its_weight),
        WITH_FIXTURE(what_is_not_there_is_not_found),
        WITH_FIXTURE(a_qualifier_that_is_too_long_is_never_taken_for_none),
        WITH_FIXTURE(revision_ids_are_the_same_for_the_same_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
