/* SPDX-License-Identifier: GPL-3.0-or-later
 * What apply prints, but for the fragments themselves: those are read by the programs that they are
 * meant for (tests/peers/test_apply.py).
 */
#include "model/base/rng.h"
#include "reports/apply.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 24, WEEK_MIN = 7 * 24 * 60 };

struct question {
    struct cp_run run;
    struct cp_decision decision;
};

static struct cp_candidate candidate(int memory_mb, enum cp_concurrency_mode mode, int n)
{
    return (struct cp_candidate){.memory_size_mb = memory_mb,
                                 .mode = mode,
                                 .concurrency = n,
                                 .latency_ms = {149, 141, 156},
                                 .usd_per_month = {17.7, 17, 18.4},
                                 .tracking = {0.7, 1, 9},
                                 .architecture = "arm64",
                                 .fresh_start = CP_START_COLD,
                                 .is_runnable = true};
}

/* A decision for the second of its candidates; the caller frees it. */
static struct question *question_of(const char *function, enum cp_verdict verdict)
{
    struct question *q = calloc(1, sizeof *q);
    assert_non_null(q);
    q->run = cp_run_empty();
    (void)snprintf(q->run.id, sizeof q->run.id, "7f3a");
    (void)snprintf(q->run.function, sizeof q->run.function, "%s", function);
    (void)snprintf(q->run.region, sizeof q->run.region, "eu-west-1");
    (void)snprintf(q->run.architecture, sizeof q->run.architecture, "arm64");
    (void)snprintf(q->run.runtime, sizeof q->run.runtime, "nodejs22.x");
    q->run.original_memory_size_mb = 512;
    q->run.traffic_per_s = 5;
    q->decision.verdict = verdict;
    q->decision.chosen = 1;
    q->decision.fallback = -1;
    q->decision.candidates[0] = candidate(512, CP_MODE_ON_DEMAND, 0);
    q->decision.candidates[1] = candidate(1024, CP_MODE_ON_DEMAND, 0);
    q->decision.candidates[2] = candidate(1024, CP_MODE_PROVISIONED, 2);
    q->decision.candidates[3] = candidate(1024, CP_MODE_SCHEDULED, 5);
    q->decision.candidates[4] = candidate(1024, CP_MODE_TRACKING, 9);
    q->decision.candidates[5] = candidate(128, CP_MODE_ON_DEMAND, 0);
    q->decision.candidates[6] = candidate(1024, CP_MODE_PROVISIONED, 3);
    q->decision.candidates[6].size = 3;
    q->decision.candidates[6].architecture = "x86_64";
    q->decision.candidates[7] = candidate(1024, CP_MODE_ON_DEMAND, 0);
    q->decision.candidates[7].size = 4;
    q->decision.candidates[7].fresh_start = CP_START_SNAPSTART;
    q->decision.candidates[5].is_runnable = false;
    (void)snprintf(q->decision.candidates[5].why_not, 160, "out of memory");
    q->decision.candidates[3].by_hour[8] = 5;
    q->decision.n_candidates = 8;
    return q;
}

static struct cp_apply prepare(const struct question *q, const char *alias, const char *name)
{
    struct cp_apply apply;
    struct cp_error err = {0};
    const struct cp_apply_question question = {
        .run = &q->run, .decision = &q->decision, .alias = alias, .candidate = name};
    if (cp_apply_prepare(&question, &apply, &err))
        fail_msg("%s", err.text);
    return apply;
}

static void a_candidate_is_found_by_the_name_that_reports_print(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int index; /* -1: refused */
        const char *says;
    } cases[] = {
        {"1024", 1, ""},
        {"1024/2", 2, ""},
        {"1024/provisioned", 2, ""},
        {"1024/provisioned/2", 2, ""},
        {"1024/scheduled", 3, ""},
        {"1024/5", 3, ""},
        {"1024/tracking", 4, ""},
        {"512/on-demand", 0, ""},
        {"1", 0, ""},
        {"3", 2, ""},
        {"9", -1, "none of the 8 candidates"},
        {"0", -1, "none of the 8 candidates"},
        {"1024/3", 6, ""},
        {"1024/x86_64/3", 6, ""},
        {"1024/3/x86_64", 6, ""},
        {"1024/3/arm64", -1, "none of the 8 candidates"},
        {"1024/x86_64", -1, "none of the 8 candidates"},
        {"1024/arm64", 1, ""},
        {"1024/snapstart", 7, ""},
        {"1024/4", -1, "none of the 8 candidates"},
        {"1024/reserved", -1, "none of the 8 candidates"},
        {"2048", -1, "none of the 8 candidates"},
        {"", -1, "none of the 8 candidates"},
        {"MB", -1, "none of the 8 candidates"},
        {"128", -1, "out of memory"},
    };
    struct question *q = question_of("orders-api:live", CP_VERDICT_CHANGE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cp_candidate *found = NULL;
        struct cp_error err = {0};
        enum cp_code code = cp_apply_find_candidate(&q->decision, cases[i].name, &found, &err);
        assert_int_equal(code, cases[i].index < 0 ? CP_EINVAL : CP_OK);
        if (!code)
            assert_ptr_equal(found, &q->decision.candidates[cases[i].index]);
        else
            assert_non_null(strstr(err.text, cases[i].says));
    }
    free(q);
}

static void each_candidate_has_a_name_that_finds_it(void **state)
{
    (void)state;
    struct question *q = question_of("orders-api:live", CP_VERDICT_CHANGE);
    q->decision.candidates[8] = candidate(1024, CP_MODE_RESERVED, 5); /* as many as the schedule */
    q->decision.candidates[9] = candidate(1024, CP_MODE_SCHEDULED, 5);
    q->decision.n_candidates = 10;
    for (size_t i = 0; i < q->decision.n_candidates; i++) {
        char name[CP_CANDIDATE_NAME_MAX];
        const struct cp_candidate *c = &q->decision.candidates[i];
        const struct cp_candidate *found = NULL;
        cp_apply_candidate_name(&q->decision, c, name);
        enum cp_code code = cp_apply_find_candidate(&q->decision, name, &found, NULL);
        assert_int_equal(code, c->is_runnable ? CP_OK : CP_EINVAL);
        assert_ptr_equal(found, c);
    }
    free(q);
}

static void names_and_aliases_come_from_the_run(void **state)
{
    (void)state;
    static const struct {
        const char *run, *option, *candidate;
        const char *function, *alias;
        enum cp_apply_alias is;
    } cases[] = {
        {"fn", NULL, "1024", "fn", "", CP_ALIAS_NONE},
        {"fn", NULL, "1024/2", "fn", "live", CP_ALIAS_ASSUMED},
        {"fn", "blue", "1024", "fn", "blue", CP_ALIAS_GIVEN},
        {"fn:green", NULL, "1024", "fn", "green", CP_ALIAS_OF_RUN},
        {"fn:green", "green", "1024", "fn", "green", CP_ALIAS_OF_RUN},
        {"fn:green", "blue", "1024", "fn", "blue", CP_ALIAS_GIVEN},
        {"fn:7", NULL, "1024", "fn", "", CP_ALIAS_NONE},
        {"fn:$LATEST", NULL, "1024/2", "fn", "live", CP_ALIAS_ASSUMED},
        {"123456789012:function:fn:green", NULL, "1024", "fn", "green", CP_ALIAS_OF_RUN},
        {"arn:aws:lambda:eu-west-1:123456789012:function:fn", NULL, "1024", "fn", "",
         CP_ALIAS_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct question *q = question_of(cases[i].run, CP_VERDICT_CHANGE);
        struct cp_apply apply = prepare(q, cases[i].option, cases[i].candidate);
        assert_string_equal(apply.plan.function, cases[i].function);
        assert_string_equal(apply.plan.alias, cases[i].alias);
        assert_int_equal(apply.plan.alias_is, cases[i].is);
        free(q);
    }
}

static void another_variant_changes_the_function_itself(void **state)
{
    (void)state;
    static const struct {
        const char *candidate, *architecture;
        bool is_snap_start;
    } cases[] = {{"1024", "arm64", false},
                 {"1024/3/x86_64", "x86_64", false},
                 {"1024/snapstart", "arm64", true}};
    struct question *q = question_of("fn:live", CP_VERDICT_CHANGE);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_apply apply = prepare(q, NULL, cases[i].candidate);
        assert_string_equal(apply.plan.set.architecture, cases[i].architecture);
        assert_int_equal(apply.plan.set.is_snap_start, cases[i].is_snap_start);
        assert_string_equal(apply.undo.set.architecture, "arm64");
        assert_false(apply.undo.set.is_snap_start);
    }
    free(q);
}

static void what_is_no_alias_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"7", "", "a b", "a;id", "$LATEST", "live\n", "a:b"};
    struct question *q = question_of("fn", CP_VERDICT_CHANGE);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct cp_apply apply;
        struct cp_error err = {0};
        const struct cp_apply_question question = {
            .run = &q->run, .decision = &q->decision, .alias = names[i]};
        assert_int_equal(cp_apply_prepare(&question, &apply, &err), CP_EINVAL);
        assert_non_null(strstr(err.text, "--alias"));
    }
    free(q);
}

static void print(const struct cp_apply *apply, const char *format, struct cp_buf *out)
{
    const struct cp_apply_format *f = cp_apply_format_find(format);
    assert_non_null(f);
    cp_buf_init(out, 1U << 20);
    cp_apply_print(apply, f, out);
    assert_int_equal(out->failed, CP_OK);
}

static void only_a_proven_change_is_printed(void **state)
{
    (void)state;
    static const struct {
        enum cp_verdict verdict;
        const char *candidate;
        enum cp_apply_answer answer;
        bool has_commands;
        const char *says;
    } cases[] = {
        {CP_VERDICT_CHANGE, NULL, CP_APPLY_DECIDED, true, "nothing has been changed"},
        {CP_VERDICT_KEEP, NULL, CP_APPLY_KEEP, false, "The setting now is kept."},
        {CP_VERDICT_INVESTIGATE, NULL, CP_APPLY_UNDECIDED, false, "Nothing is proven"},
        {CP_VERDICT_NOT_ENOUGH_DATA, NULL, CP_APPLY_UNDECIDED, false, "Nothing is proven"},
        {CP_VERDICT_NOT_ENOUGH_DATA, "1024/2", CP_APPLY_CANDIDATE, true, "does not recommend it"},
        {CP_VERDICT_KEEP, "512", CP_APPLY_CANDIDATE, false, "That is the setting now"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct question *q = question_of("orders-api:live", cases[i].verdict);
        struct cp_apply apply = prepare(q, NULL, cases[i].candidate);
        struct cp_buf out;
        assert_int_equal(apply.answer, cases[i].answer);
        print(&apply, "aws-cli", &out);
        assert_int_equal(strstr(cp_buf_str(&out), "\naws lambda ") != NULL, cases[i].has_commands);
        assert_non_null(strstr(cp_buf_str(&out), cases[i].says));
        cp_buf_clear(&out);
        free(q);
    }
}

static void the_header_says_run_effect_and_the_state_before(void **state)
{
    (void)state;
    static const char *const facts[] = {
        "# coldprof apply 7f3a: 1,024 MB on-demand\n",
        "# function:   orders-api, alias live, us-east-1, AWS account ...1234\n",
        "# run:        7f3a of 2026-10-08T14:00:00Z, coldprof 0.1.0\n",
        "# verdict:    CHANGE. Set",
        "# latency:    p95 149 [141, 156] ms of all requests, target 200 ms; now 207\n#",
        "\n#             [197, 218] ms\n",
        "# cost:       USD 17.70 [17.00, 18.41] per month; now 13.35 [12.82, 13.89]\n",
        "# before:     512 MB, arm64; 'live' has provisioned concurrency: 3 requested",
        "# --- undo: the state before run 7f3a ---\n",
    };
    struct cp_run_data data;
    struct cp_buf out;
    struct cp_apply apply;
    fixture_data(&(struct fixture_options){0}, &data);
    struct cp_figures *f = fixture_figures(&data);
    (void)snprintf(data.run.provisioned, sizeof data.run.provisioned,
                   "'live' has provisioned concurrency: 3 requested, 3 available, READY");
    const struct cp_apply_question question = cp_apply_question_of(f);
    assert_int_equal(cp_apply_prepare(&question, &apply, NULL), CP_OK);
    print(&apply, "aws-cli", &out);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (!strstr(cp_buf_str(&out), facts[i]))
            fail_msg("no '%s' in\n%s", facts[i], cp_buf_str(&out));
    }
    assert_int_equal(apply.undo.set.provisioned, 3);
    cp_buf_clear(&out);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

/* What stands in comments cannot end them: each line up to the first empty one begins with the
 * mark, holds no control byte, and has at most 79 columns unless it is one long word. */
static void check_header(const char *text, const char *comment)
{
    struct cp_view rest = cp_view_of(text);
    struct cp_view line;
    size_t n = 0;
    while (cp_view_split(&rest, '\n', &line) && line.n > 0) {
        assert_true(cp_view_has_prefix(line, comment));
        for (size_t i = 0; i < line.n; i++)
            assert_false((unsigned char)line.p[i] < 0x20);
        n++;
    }
    assert_true(n > 5);
}

static void hostile_names_do_not_leave_the_comments(void **state)
{
    (void)state;
    char names[NAMES_MAX][200];
    size_t n = fixture_hostile_names(names, NAMES_MAX - 2);
    (void)snprintf(names[n++], 200, "a\nrm -rf ~ #\r\n*/ }");
    (void)snprintf(names[n++], 200, "a\xe2\x80\xa8import evil");
    for (size_t i = 0; i < n; i++) {
        struct question *q = question_of(names[i], CP_VERDICT_CHANGE);
        (void)snprintf(q->run.region, sizeof q->run.region, "x\ny $(id)");
        struct cp_apply apply = prepare(q, NULL, "1024/2");
        for (size_t k = 0; k < CP_APPLY_FORMATS; k++) {
            struct cp_buf out;
            print(&apply, cp_apply_formats[k].name, &out);
            check_header(cp_buf_str(&out), cp_apply_formats[k].comment);
            cp_buf_clear(&out);
        }
        free(q);
    }
}

static void derived_names_are_plain_and_begin_with_a_letter(void **state)
{
    (void)state;
    static const struct {
        const char *name, *logical, *snake;
    } cases[] = {
        {"orders-api", "OrdersApi", "orders_api"},
        {"live", "Live", "live"},
        {"7f3a", "F7f3a", "f7f3a"},
        {"", "Function", "function"},
        {"--", "Function", "function"},
        {"-a--b_", "AB", "a_b"},
        {"a;$(id)\n\"b", "AIdB", "a_id_b"},
        {"\xc3\xa4"
         "b",
         "B", "b"},
        {"ordersAPI", "OrdersAPI", "ordersapi"},
        {"no", "NoFunction", "no"}, /* no is a value in YAML */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[CP_APPLY_ID_MAX];
        cp_apply_logical_id(cases[i].name, id);
        assert_string_equal(id, cases[i].logical);
        cp_apply_snake_id(cases[i].name, id);
        assert_string_equal(id, cases[i].snake);
    }
    char longest[300];
    char id[CP_APPLY_ID_MAX];
    memset(longest, 'm', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    cp_apply_logical_id(longest, id);
    assert_in_range(strlen(id), 20, 64);
    cp_apply_snake_id(longest, id);
    assert_in_range(strlen(id), 20, 64);
}

/* --- schedules --- */

static void cron_expressions_name_days_and_times(void **state)
{
    (void)state;
    static const struct {
        struct cp_apply_action action;
        const char *cron, *name;
    } cases[] = {
        {{477, 0x1f, 5}, "cron(57 7 ? * MON-FRI *)", "coldprof-MON-FRI-0757-to-5"},
        {{1140, 0x60, 0}, "cron(0 19 ? * SAT,SUN *)", "coldprof-SAT-SUN-1900-to-0"},
        {{0, 0x7f, 2}, "cron(0 0 * * ? *)", "coldprof-daily-0000-to-2"},
        {{1437, 0x4f, 1}, "cron(57 23 ? * MON-THU,SUN *)", "coldprof-MON-THU-SUN-2357-to-1"},
        {{60, 0x15, 1}, "cron(0 1 ? * MON,WED,FRI *)", "coldprof-MON-WED-FRI-0100-to-1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char cron[CP_CRON_MAX];
        char name[CP_ACTION_NAME_MAX];
        assert_string_equal(cp_apply_cron(&cases[i].action, cron), cases[i].cron);
        assert_string_equal(cp_apply_action_name(&cases[i].action, name), cases[i].name);
    }
}

/* 1 to 2 minutes, then 6,000 a minute, and none before all. */
static void environments_are_asked_for_before_they_are_needed(void **state)
{
    (void)state;
    assert_int_equal(cp_apply_lead_min(1), 3);
    assert_int_equal(cp_apply_lead_min(6000), 3);
    assert_int_equal(cp_apply_lead_min(6001), 4);
    assert_int_equal(cp_apply_lead_min(60000), 12);
}

/* Minute by minute what the actions set, twice round, so that the beginning is as the end. */
static void replay(const struct cp_apply_schedule *s, int week[WEEK_MIN])
{
    int now = -1;
    for (int t = 0; t < 2 * WEEK_MIN; t++) {
        int minute = t % WEEK_MIN;
        for (size_t i = 0; i < s->n; i++) {
            const struct cp_apply_action *a = &s->action[i];
            if (a->minute_of_day == minute % 1440 && a->days >> (minute / 1440) & 1U)
                now = a->n;
        }
        week[minute] = now;
    }
}

static void check_week(const uint16_t by_hour[CP_ARRIVALS_HOURS])
{
    static int week[WEEK_MIN];
    static struct cp_apply_schedule s;
    cp_apply_schedule_make(by_hour, &s);
    replay(&s, week);
    for (int minute = 0; minute < WEEK_MIN; minute++) {
        int now = by_hour[minute / 60];
        int next = by_hour[(minute / 60 + 1) % CP_ARRIVALS_HOURS];
        int lead = 2 + (int)ceil(next / 6000.0);
        bool is_early = next > now && minute % 60 >= 60 - lead;
        if (week[minute] != (is_early ? next : now))
            fail_msg("minute %d: %d", minute, week[minute]);
    }
}

static void actions_give_the_schedule_back(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 7, 0);
    for (int k = 0; k < 60; k++) {
        uint16_t by_hour[CP_ARRIVALS_HOURS];
        int most = k % 3 == 0 ? 20000 : 4;
        for (int hour = 0; hour < CP_ARRIVALS_HOURS; hour++) {
            bool is_alike = k % 2 && hour >= 24; /* days alike, too */
            by_hour[hour] =
                is_alike ? by_hour[hour - 24] : (uint16_t)(cp_rng_uniform(&rng) * (most + 1));
        }
        check_week(by_hour);
    }
    static const uint16_t constant[CP_ARRIVALS_HOURS];
    struct cp_apply_schedule none;
    cp_apply_schedule_make(constant, &none);
    assert_int_equal(none.n, 0);
}

static void a_constant_schedule_is_provisioned_without_scaling(void **state)
{
    (void)state;
    struct question *q = question_of("fn:live", CP_VERDICT_CHANGE);
    for (int hour = 0; hour < CP_ARRIVALS_HOURS; hour++)
        q->decision.candidates[3].by_hour[hour] = 4;
    struct cp_apply apply = prepare(q, NULL, "1024/scheduled");
    assert_false(apply.plan.set.is_scaled);
    assert_int_equal(apply.plan.set.provisioned, 4);
    free(q);
}

/* --- the way back --- */

static void undo_is_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *function, *candidate, *line;
        int was_mb;
    } cases[] = {
        {"fn", "1024",
         "aws lambda update-function-configuration --function-name fn --memory-size 512 --region "
         "eu-west-1",
         512},
        {"fn:live", "1024", "coldprof apply 7f3a --undo | sh", 512},
        {"fn", "1024/2", "coldprof apply 7f3a --undo | sh", 512},
        {"fn", "1024", "", -1},
        {"fn", "512", "", 512},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct question *q = question_of(cases[i].function, CP_VERDICT_CHANGE);
        struct cp_buf out;
        q->run.original_memory_size_mb = cases[i].was_mb;
        struct cp_apply apply = prepare(q, NULL, cases[i].candidate);
        cp_buf_init(&out, 4096);
        cp_apply_undo_line(&apply, &out);
        assert_string_equal(cp_buf_str(&out), cases[i].line);
        cp_buf_clear(&out);
        free(q);
    }
}

/* A command cut short could do harm: a buffer that is too small fails as a whole. */
static void what_does_not_fit_is_a_failure(void **state)
{
    (void)state;
    struct question *q = question_of("orders-api:live", CP_VERDICT_CHANGE);
    struct cp_apply apply = prepare(q, NULL, "1024/scheduled");
    for (size_t k = 0; k < CP_APPLY_FORMATS; k++) {
        struct cp_buf whole;
        print(&apply, cp_apply_formats[k].name, &whole);
        for (size_t max = 0; max < whole.n; max += 97) {
            struct cp_buf out;
            cp_buf_init(&out, max);
            cp_apply_print(&apply, &cp_apply_formats[k], &out);
            assert_int_equal(out.failed, CP_ELIMIT);
            cp_buf_clear(&out);
        }
        cp_buf_clear(&whole);
    }
    free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_candidate_is_found_by_the_name_that_reports_print),
        cmocka_unit_test(each_candidate_has_a_name_that_finds_it),
        cmocka_unit_test(names_and_aliases_come_from_the_run),
        cmocka_unit_test(another_variant_changes_the_function_itself),
        cmocka_unit_test(what_is_no_alias_is_refused),
        cmocka_unit_test(only_a_proven_change_is_printed),
        cmocka_unit_test(the_header_says_run_effect_and_the_state_before),
        cmocka_unit_test(hostile_names_do_not_leave_the_comments),
        cmocka_unit_test(derived_names_are_plain_and_begin_with_a_letter),
        cmocka_unit_test(cron_expressions_name_days_and_times),
        cmocka_unit_test(environments_are_asked_for_before_they_are_needed),
        cmocka_unit_test(actions_give_the_schedule_back),
        cmocka_unit_test(a_constant_schedule_is_provisioned_without_scaling),
        cmocka_unit_test(undo_is_one_line),
        cmocka_unit_test(what_does_not_fit_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
