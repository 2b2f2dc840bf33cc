/* SPDX-License-Identifier: GPL-3.0-or-later
 * UpdateFunctionCode, and what an update of the configuration changes beside memory and time.
 */
#include "tests/test.h"

#include <string.h>

#include "tests/local/control/control_fixture.h"

/* base64 of "archive" (RFC 4648); the fixture's hash of an archive is its bytes */
#define NEW_CODE "\"ZipFile\":\"YXJjaGl2ZQ==\""

static void keep_revision(const struct fixture *f, char out[64])
{
    assert_true(cp_view_copy(cp_view_of(fixture_text(f, "RevisionId")), out, 64));
}

static void new_code_is_used_when_the_update_completes(void **state)
{
    struct fixture *f = *state;
    struct cp_configuration config;
    char first[64];
    char second[64];
    assert_int_equal(fixture_do(f, CP_API_UPDATE_CODE, "{" NEW_CODE "}"), 200);
    assert_string_equal(fixture_text(f, "CodeSha256"), "archive");
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "InProgress");
    keep_revision(f, first);
    assert_true(cp_control_resolve(f->control, "hello", "", 0.5, &config, &f->response));
    assert_string_equal(config.folder->dir, "/functions/hello");
    assert_int_equal(fixture_do(f, CP_API_UPDATE_CODE, "{" NEW_CODE "}"), 409);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    keep_revision(f, second);
    assert_string_not_equal(first, second);
    assert_true(cp_control_resolve(f->control, "hello", "", 0.5, &config, &f->response));
    assert_string_equal(config.folder->dir, "/unpacked/1");
    assert_int_equal(f->n_retired, 1);
}

static void a_version_keeps_the_code_that_it_was_published_with(void **state)
{
    struct fixture *f = *state;
    struct cp_configuration config;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{}"), 201);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_CODE, "{" NEW_CODE ",\"Publish\":true}"), 200);
    assert_string_equal(fixture_text(f, "Version"), "2");
    assert_true(cp_control_resolve(f->control, "hello", "1", 0.5, &config, &f->response));
    assert_string_equal(config.folder->dir, "/functions/hello");
    assert_true(cp_control_resolve(f->control, "hello", "2", 0.5, &config, &f->response));
    assert_string_equal(config.folder->dir, "/unpacked/1");
}

static void a_dry_run_changes_nothing(void **state)
{
    struct fixture *f = *state;
    char before[64];
    char after[64];
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    keep_revision(f, before);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_CODE, "{" NEW_CODE ",\"DryRun\":true}"), 200);
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    keep_revision(f, after);
    assert_string_equal(before, after);
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "Successful");
}

static void code_of_another_revision_is_not_overwritten(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_CODE, "{" NEW_CODE ",\"RevisionId\":\"0-0\"}"),
                     412);
    assert_int_equal(f->n_unpacked, 0);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_CODE, "{\"ZipFile\":\"YnJva2Vu\"}"), 400);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_CODE, "{}"), 400);
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    assert_string_equal(fixture_text(f, "LastUpdateStatus"), "Successful");
}

static void a_new_runtime_brings_its_program(void **state)
{
    struct fixture *f = *state;
    struct cp_configuration config;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"Runtime\":\"nodejs20.x\",\"Handler\":\"index.main\"}"),
                     200);
    assert_string_equal(fixture_text(f, "Runtime"), "nodejs20.x");
    assert_string_equal(fixture_text(f, "Handler"), "index.main");
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_GET_FUNCTION_CONFIGURATION, NULL), 200);
    assert_true(cp_control_resolve(f->control, "hello", "", 0.5, &config, &f->response));
    assert_string_equal(config.folder->program, "/programs/nodejs20.x");
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, "{\"Runtime\":\"cobol\"}"),
                     400);
}

/* Absent is unchanged; and what was changed makes a new version. */
static void a_member_that_is_absent_stays(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"TracingConfig\":{\"Mode\":\"Active\"},"
                                "\"Environment\":{\"Variables\":{\"A1\":\"x\"}}}"),
                     200);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{}"), 201);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION,
                                "{\"EphemeralStorage\":{\"Size\":600}}"),
                     200);
    assert_string_equal(fixture_text(f, "TracingConfig.Mode"), "Active");
    assert_string_equal(fixture_text(f, "Environment.Variables.A1"), "x");
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{}"), 201);
    assert_string_equal(fixture_text(f, "Version"), "2");
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(new_code_is_used_when_the_update_completes),
        IN_FIXTURE(a_version_keeps_the_code_that_it_was_published_with),
        IN_FIXTURE(a_dry_run_changes_nothing),
        IN_FIXTURE(code_of_another_revision_is_not_overwritten),
        IN_FIXTURE(a_new_runtime_brings_its_program),
        IN_FIXTURE(a_member_that_is_absent_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
