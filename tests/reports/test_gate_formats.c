/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the consumers' own parsers do not judge (tests/peers/test_gates.py asks those): which gates
 * are skipped or left out, and that no name brings a control byte, a line or a command with it.
 */
#include "reports/gate.h"
#include "tests/reports/fixture.h"
#include "tests/reports/gates_fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 1 << 20, NAMES_MAX = 24, MARKDOWN_MAX = 10 * 1024 };

typedef void (*print_fn)(const struct cp_gates *gates, struct cp_buf *out);

static const print_fn formats[] = {cp_gates_junit, cp_gates_gha_benchmark, cp_gates_bmf,
                                   cp_gates_openmetrics};

static const char *print(print_fn format, enum cp_gates_kind kind, const char *function,
                         struct cp_buf *out)
{
    struct gates_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    gates_fixture_make(kind, function, function, f);
    cp_buf_reset(out);
    format(&f->gates, out);
    free(f);
    assert_int_equal(out->failed, CP_OK);
    return cp_buf_str(out);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

static void test_a_metric_that_was_not_judged_is_skipped(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    const char *text = print(cp_gates_junit, CP_GATES_COMPARE, "orders", &out);
    assert_int_equal(count(text, "<testcase "), 9);
    assert_int_equal(count(text, "<failure type=\"regression\""), 3);
    assert_int_equal(count(text, "<skipped type=\"inconclusive\""), 3);
    assert_non_null(strstr(text, " tests=\"9\" failures=\"3\" errors=\"0\" skipped=\"3\""));
    text = print(cp_gates_junit, CP_GATES_NIGHT, "orders", &out);
    assert_int_equal(count(text, "<failure type=\"regressed\""), 2);
    assert_int_equal(count(text, "<skipped type=\"learning\""), 2);
    assert_int_equal(count(text, "<skipped type=\"inconclusive\""), 1);
    assert_non_null(strstr(text, "suspect: 1.05 &lt; 1.15 &amp; 37.5 ms"));
    assert_null(strstr(text, "base_run")); /* a night has none */
    struct gates_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    gates_fixture_make(CP_GATES_NIGHT, "orders", "", f);
    (void)snprintf(f->list[8].because, sizeof f->list[8].because, "learning: night 2 of 8");
    cp_buf_reset(&out);
    cp_gates_junit(&f->gates, &out);
    assert_non_null(strstr(cp_buf_str(&out),
                           "message=\"learning: night 2 of 8\">learning: night 2 of 8</skipped>"));
    free(f);
    cp_buf_clear(&out);
}

/* A median of the timeouts is no number, nor is one that was not measured. */
static void test_trackers_get_finite_values_only(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    const char *text = print(cp_gates_gha_benchmark, CP_GATES_COMPARE, "orders", &out);
    assert_int_equal(count(text, "\"value\""), 7);
    assert_int_equal(count(text, "\"range\""), 6); /* too few for an interval once */
    assert_non_null(strstr(text, "\"[420, timeout]\""));
    text = print(cp_gates_bmf, CP_GATES_COMPARE, "orders", &out);
    assert_int_equal(count(text, "\"value\""), 7);
    assert_int_equal(count(text, "\"lower_value\""), 6);
    assert_int_equal(count(text, "\"upper_value\""), 5); /* and one is above the timeout */
    assert_non_null(strstr(text, "\"value\": 261250000"));
    assert_null(strstr(text, "null"));
    cp_buf_clear(&out);
}

static void test_openmetrics_samples(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    const char *text = print(cp_gates_openmetrics, CP_GATES_NIGHT, "orders", &out);
    assert_non_null(strstr(text,
                           "\ncoldprof_init_seconds{function=\"orders\",place=\"local server\","
                           "region=\"eu-west-1\",architecture=\"arm64\",memory_mb=\"512\","
                           "quantile=\"0.95\"} 0.26125\n"));
    assert_int_equal(count(text, "\ncoldprof_init_seconds{"), 3);
    assert_int_equal(count(text, "\ncoldprof_restore_seconds{"), 1);
    assert_int_equal(count(text, "\ncoldprof_cold_seconds{"), 3);
    assert_int_equal(count(text, "\ncoldprof_warm_seconds{"), 1);  /* one was not measured */
    assert_int_equal(count(text, "quantile=\"0.99\"} +Inf\n"), 4); /* value, ratio, their ends */
    assert_null(strstr(text, "-Inf"));
    assert_int_equal(count(text, "coldprof_gate_verdict{"), 9);
    assert_null(strstr(text, "nan"));
    assert_string_equal(text + out.n - 6, "# EOF\n");
    cp_buf_clear(&out);
}

static void test_without_gates_each_document_is_whole(void **state)
{
    (void)state;
    struct cp_buf out;
    struct gates_fixture *f = calloc(1, sizeof *f);
    cp_buf_init(&out, OUT_MAX);
    assert_non_null(f);
    gates_fixture_make(CP_GATES_COMPARE, "orders", "", f);
    f->gates.n = 0;
    cp_gates_gha_benchmark(&f->gates, &out);
    assert_string_equal(cp_buf_str(&out), "[]\n");
    cp_buf_reset(&out);
    cp_gates_bmf(&f->gates, &out);
    assert_string_equal(cp_buf_str(&out), "{}\n");
    cp_buf_clear(&out);
    free(f);
}

static void test_a_log_without_times_has_none(void **state)
{
    (void)state;
    struct gates_fixture *f = calloc(1, sizeof *f);
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    assert_non_null(f);
    gates_fixture_make(CP_GATES_COMPARE, "orders", "", f);
    f->now.started_at_ms = f->now.ended_at_ms = -1;
    cp_gates_junit(&f->gates, &out);
    assert_null(strstr(cp_buf_str(&out), " timestamp="));
    assert_null(strstr(cp_buf_str(&out), "skipped=\"3\" time="));
    cp_buf_reset(&out);
    cp_gates_openmetrics(&f->gates, &out);
    assert_null(strstr(cp_buf_str(&out), "timestamp_seconds"));
    cp_buf_clear(&out);
    free(f);
}

static void check_harmless(const char *text)
{
    assert_null(strstr(text, "\n::error"));
    assert_null(strstr(text, "\xe2\x80\xae"));
    for (const char *c = text; *c; c++)
        assert_true((unsigned char)*c >= 0x20 || *c == '\n');
}

static void test_names_bring_no_control_bytes_or_commands(void **state)
{
    (void)state;
    static char names[NAMES_MAX][200];
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    size_t n = fixture_hostile_names(names, NAMES_MAX - 2);
    assert_true(n > 0);
    (void)snprintf(names[n++], sizeof names[0], "a\r\n::error::%%0A\x1b[2J<script>x</script>|`]]>");
    (void)snprintf(names[n++], sizeof names[0], "%s",
                   "\xe2\x80\xaegro.evil\\\"\xef\xbf\xbf\xff\xed\xa0\x80");
    for (size_t i = 0; i < n; i++) {
        const char *text = print(cp_gates_junit, CP_GATES_COMPARE, names[i], &out);
        check_harmless(text);
        assert_null(strstr(text, "<script"));
        assert_null(strstr(text, "<img"));
        check_harmless(print(cp_gates_gha_benchmark, CP_GATES_PAIR, names[i], &out));
        check_harmless(print(cp_gates_bmf, CP_GATES_PAIR, names[i], &out));
        check_harmless(print(cp_gates_openmetrics, CP_GATES_NIGHT, names[i], &out));
    }
    cp_buf_clear(&out);
}

/* Otava's reader takes no empty cell: a gap repeats the night before, a timeout its lower end. */
static void test_a_history_for_otava_has_no_gaps(void **state)
{
    (void)state;
    struct cp_history history;
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    gates_fixture_history(30, &history);
    double before = history.nights[3].metrics[1].ms.value;
    double low = history.nights[9].metrics[1].ms.low;
    cp_history_otava_csv(&history, &out);
    assert_non_null(strstr(cp_buf_str(&out), "time,commit,512MB/init-p50,512MB/init-p95\r\n"));
    struct cp_view rest = cp_buf_view(&out);
    struct cp_view row;
    for (size_t i = 0; cp_view_split(&rest, '\n', &row); i++) {
        struct cp_view cell;
        struct cp_view cells = row;
        double ms = 0;
        while (cp_view_split(&cells, ',', &cell))
            continue;
        if (i == 0 || row.n == 0)
            continue;
        assert_true(cp_view_to_double((struct cp_view){cell.p, cell.n - 1}, &ms));
        if (i == 5)
            assert_near(ms, before, 0);
        if (i == 10)
            assert_near(ms, low, 0);
    }
    assert_int_equal(count(cp_buf_str(&out), "\r\n"), 31);
    gates_fixture_history_clear(&history);
    cp_buf_clear(&out);
}

/* What fails first, the largest ratio before the others; what does not fit is counted. */
static void test_markdown_shows_the_worst_first(void **state)
{
    (void)state;
    struct gates_fixture *f = calloc(1, sizeof *f);
    struct cp_buf out;
    assert_non_null(f);
    cp_buf_init(&out, OUT_MAX);
    gates_fixture_make(CP_GATES_COMPARE, "orders", "", f);
    cp_gates_markdown(&f->gates, &out);
    const char *timeout = strstr(cp_buf_str(&out), "\n| **regression** | 512MB/cold-p99 |");
    const char *init = strstr(cp_buf_str(&out), "\n| **regression** | 512MB/init-p95 |");
    const char *inconclusive = strstr(cp_buf_str(&out), "\n| inconclusive |");
    const char *better = strstr(cp_buf_str(&out), "\n| improvement |");
    assert_true(timeout && timeout < init && init < inconclusive && inconclusive < better);
    assert_null(strstr(cp_buf_str(&out), " more, "));
    size_t n = f->gates.n;
    for (; f->gates.n < GATES_FIXTURE_MAX; f->gates.n++) {
        f->list[f->gates.n] = f->list[f->gates.n % n];
        f->gates.n_failed += f->list[f->gates.n].fails;
    }
    cp_buf_reset(&out);
    cp_gates_markdown(&f->gates, &out);
    assert_int_equal(count(cp_buf_str(&out), "\n| **regression** |"), 20);
    char left[60]; /* a reader must not think that those were all */
    (void)snprintf(left, sizeof left, "... and 108 more, %zu of them regressions.",
                   f->gates.n_failed - 20);
    assert_true(f->gates.n_failed > 20);
    assert_non_null(strstr(cp_buf_str(&out), left));
    assert_true(out.n < MARKDOWN_MAX);
    for (size_t i = 5; i < f->gates.n; i++)
        f->list[i].fails = false;
    f->gates.n_failed = 5;
    cp_buf_reset(&out);
    cp_gates_markdown(&f->gates, &out);
    assert_non_null(strstr(cp_buf_str(&out), "... and 108 more, none of them a regression."));
    cp_buf_clear(&out);
    free(f);
}

static void test_limits_are_reported(void **state)
{
    (void)state;
    struct gates_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    gates_fixture_make(CP_GATES_COMPARE, "orders", "", f);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct cp_buf out;
        cp_buf_init(&out, 700);
        formats[i](&f->gates, &out);
        assert_int_equal(out.failed, CP_ELIMIT);
        cp_buf_clear(&out);
    }
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_metric_that_was_not_judged_is_skipped),
        cmocka_unit_test(test_trackers_get_finite_values_only),
        cmocka_unit_test(test_openmetrics_samples),
        cmocka_unit_test(test_without_gates_each_document_is_whole),
        cmocka_unit_test(test_a_log_without_times_has_none),
        cmocka_unit_test(test_names_bring_no_control_bytes_or_commands),
        cmocka_unit_test(test_a_history_for_otava_has_no_gaps),
        cmocka_unit_test(test_markdown_shows_the_worst_first),
        cmocka_unit_test(test_limits_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
