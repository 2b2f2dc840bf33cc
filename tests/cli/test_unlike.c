/* SPDX-License-Identifier: GPL-3.0-or-later
 * Each difference of two runs is refused by its name, and put up with when it is allowed.
 */
#include "profiler/cli/unlike.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

/* Two runs that differ in their code only, until a test changes the second. */
struct two {
    struct cp_run_data base_data, now_data;
    struct cp_figures base, now;
};

#define SET(text, value) (void)snprintf(text, sizeof(text), "%s", value)

static void describe(struct cp_run *run, const char *id)
{
    *run = cp_run_empty();
    SET(run->id, id);
    SET(run->function, "orders:live");
    SET(run->place, "local server");
    run->is_local = true;
    SET(run->region, "eu-west-1");
    SET(run->architecture, "arm64");
    SET(run->runtime, "nodejs22.x");
    SET(run->runtime_version_arn, "arn:aws:lambda:eu-west-1::runtime:aaaa");
    SET(run->payload_sha256, "aaaa");
    SET(run->method, "own function");
    SET(run->mode, "full");
    SET(run->host, "Model 1, 4 cores");
    SET(run->code_sha256, id);
}

static void make_two(struct two *t)
{
    *t =
        (struct two){.base = {.fresh_start = CP_START_COLD}, .now = {.fresh_start = CP_START_COLD}};
    describe(&t->base_data.run, "7f3a");
    describe(&t->now_data.run, "92c1");
    t->base.data = &t->base_data;
    t->now.data = &t->now_data;
}

static enum cp_code check(const struct two *t, const char *allow, char allowed[CP_UNLIKE_TEXT_MAX],
                          struct cp_error *err)
{
    return cp_unlike_check(&t->base, &t->now, allow, allowed, err);
}

static void other_code_and_qualifier_are_no_difference(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    char allowed[CP_UNLIKE_TEXT_MAX];
    make_two(&t);
    SET(t.now_data.run.function, "orders:canary");
    assert_int_equal(check(&t, NULL, allowed, &err), CP_OK);
    assert_string_equal(allowed, "");
}

static void change(struct two *t, size_t row)
{
    struct cp_run *run = &t->now_data.run;
    switch (row) {
    case 0:
        SET(run->function, "orders-2:live");
        break;
    case 1:
        SET(run->place, "AWS account ...1234");
        run->is_local = false;
        break;
    case 2:
        SET(run->region, "us-east-1");
        break;
    case 3:
        SET(run->architecture, "x86_64");
        break;
    case 4:
        SET(run->runtime, "nodejs24.x");
        break;
    case 5:
        SET(run->runtime_version_arn, "arn:aws:lambda:eu-west-1::runtime:bbbb");
        break;
    case 6:
        t->now.fresh_start = CP_START_SNAPSTART;
        break;
    case 7:
        SET(run->payload_sha256, "bbbb");
        break;
    case 8:
        SET(run->method, "import");
        break;
    case 9:
        SET(run->mode, "tail without init");
        break;
    default:
        SET(run->host, "Model 2, 8 cores");
        break;
    }
}

static void each_difference_is_refused_unless_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *said;
    } rows[] = {{"function", "function (orders:live, orders-2:live)"},
                {"place", "place (local server, AWS account ...1234)"},
                {"region", "region (eu-west-1, us-east-1)"},
                {"architecture", "architecture (arm64, x86_64)"},
                {"runtime", "runtime (nodejs22.x, nodejs24.x)"},
                {"runtime-version", "runtime-version"},
                {"initialization", "initialization (init, restore)"},
                {"payload", "payload"},
                {"method", "method (own function, import)"},
                {"mode", "mode (full, tail without init)"},
                {"host", "host"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct two t;
        struct cp_error err;
        char allowed[CP_UNLIKE_TEXT_MAX];
        char want[400];
        make_two(&t);
        change(&t, i);
        assert_int_equal(check(&t, NULL, allowed, &err), CP_EINVAL);
        (void)snprintf(want, sizeof want,
                       "runs '7f3a' and '92c1' are unlike in %s: a change would not be that of the "
                       "code; if it is meant, add --allow %s",
                       rows[i].said, rows[i].name);
        assert_string_equal(err.text, want);
        assert_int_equal(check(&t, rows[i].name, allowed, &err), CP_OK);
        assert_string_equal(allowed, rows[i].said);
        assert_int_equal(check(&t, "all", allowed, &err), CP_OK);
        /* allowing another one does not do */
        assert_int_equal(check(&t, rows[i ? 0 : 1].name, allowed, &err), CP_EINVAL);
    }
}

static void all_that_is_missing_is_said_at_once(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    char allowed[CP_UNLIKE_TEXT_MAX];
    make_two(&t);
    change(&t, 2);
    change(&t, 3);
    change(&t, 4);
    assert_int_equal(check(&t, "architecture", allowed, &err), CP_EINVAL);
    assert_non_null(strstr(err.text, "unlike in region (eu-west-1, us-east-1), runtime ("));
    assert_non_null(strstr(err.text, "add --allow region,runtime"));
    assert_int_equal(check(&t, "runtime,region,architecture", allowed, &err), CP_OK);
}

/* What a run does not know is no difference. */
static void unknown_facts_are_no_difference(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    char allowed[CP_UNLIKE_TEXT_MAX];
    make_two(&t);
    t.now_data.run.runtime[0] = '\0';
    t.base_data.run.runtime_version_arn[0] = '\0';
    t.now_data.run.payload_sha256[0] = '\0';
    t.base_data.run.method[0] = '\0';
    assert_int_equal(check(&t, NULL, allowed, &err), CP_OK);
}

/* Whether two took turns is told apart elsewhere, and hosts of an account are not ours. */
static void order_and_foreign_hosts_are_no_difference(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    char allowed[CP_UNLIKE_TEXT_MAX];
    make_two(&t);
    SET(t.now_data.run.method, "own function" CP_RUN_IN_TURNS);
    assert_int_equal(check(&t, NULL, allowed, &err), CP_OK);
    t.base_data.run.is_local = t.now_data.run.is_local = false;
    SET(t.now_data.run.host, "Model 2, 8 cores");
    assert_int_equal(check(&t, NULL, allowed, &err), CP_OK);
}

static void what_cannot_be_allowed_is_refused(void **state)
{
    (void)state;
    struct two t;
    struct cp_error err;
    char allowed[CP_UNLIKE_TEXT_MAX];
    make_two(&t);
    assert_int_equal(check(&t, "region,moon", allowed, &err), CP_EINVAL);
    assert_non_null(strstr(err.text, "--allow: 'moon' is not one of function, place, region"));
    assert_non_null(strstr(err.text, "host, all"));
    SET(t.base_data.run.mode, "wall clock");
    assert_int_equal(check(&t, "all", allowed, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "run '7f3a' has times of the client only"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_code_and_qualifier_are_no_difference),
        cmocka_unit_test(each_difference_is_refused_unless_allowed),
        cmocka_unit_test(all_that_is_missing_is_said_at_once),
        cmocka_unit_test(unknown_facts_are_no_difference),
        cmocka_unit_test(order_and_foreign_hosts_are_no_difference),
        cmocka_unit_test(what_cannot_be_allowed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
