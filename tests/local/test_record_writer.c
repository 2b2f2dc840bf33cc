/* SPDX-License-Identifier: GPL-3.0-or-later
 * Expected texts: facts/report-lines.md sections 1, 2 and 5 (real records, and the billing rule
 * with its published examples).
 */
#include "tests/test.h"

#include <string.h>

#include <math.h>

#include "probes/local/record_writer.h"

#define ID "640df429-4106-4c88-a483-f635bc9b6195"

static const struct cp_record_env text_env = {
    .function_name = "fn",
    .function_arn = "arn:aws:lambda:us-east-1:000000000000:function:fn",
    .version = "$LATEST",
    .runtime = "python3.12",
    .initialization_type = "on-demand",
};

static void billed_is_one_ceiling_over_duration_and_init(void **state)
{
    (void)state;
    static const struct {
        double duration_ms, init_ms;
        int64_t billed_ms;
    } rows[] = {
        {250.06, 100.77, 351}, /* AWS Compute Blog, 29 April 2025 */
        {2.06, 115.85, 118},
        {395.99, 265.72, 662},
        {18711.65, 898.45, 19611},
        {1233.96, 463.512, 1698},
        {3.01, NAN, 4},
        {3.001, NAN, 3},
        {5, NAN, 5},
        {0.001, NAN, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(cp_record_billed_ms(rows[i].duration_ms, rows[i].init_ms),
                         rows[i].billed_ms);
}

/* Two records of the fact sheet: 36.97 ms and 136 ms of restore are billed as 173 ms, 147.156 and
 * 53 as 201: the billed restore is added behind the ceiling and is in Billed Duration already. */
static void restores_have_lambdas_form_and_bill(void **state)
{
    (void)state;
    struct cp_buf b;
    struct cp_record_env env = text_env;
    const struct cp_record_restore restore = {.duration_ms = 300.104, .billed_ms = 136};
    const struct cp_record_restore later = {.duration_ms = 612.5, .billed_ms = 53};
    struct cp_record_report report = {.request_id = ID,
                                      .duration_ms = 36.97,
                                      .init_duration_ms = NAN,
                                      .restore = &restore,
                                      .memory_size_mb = 128,
                                      .max_memory_used_mb = 36};
    const struct cp_record_init done = {.duration_ms = 300.104};
    const struct cp_record_init late = {
        .duration_ms = 10000, .status = "timeout", .error_type = NULL};
    env.initialization_type = "snap-start";
    cp_buf_init(&b, 65536);
    cp_record_restore_start(&b, &env, 0);
    cp_record_restore_report(&b, &env, 0, &done);
    cp_record_restore_report(&b, &env, 0, &late);
    cp_record_end(&b, &env, 0, &report);
    assert_string_equal(cp_buf_str(&b),
                        "RESTORE_START Runtime Version: python3.12\n"
                        "RESTORE_REPORT Restore Duration: 300.10 ms\n"
                        "RESTORE_REPORT Restore Duration: 10000.00 ms\tStatus: timeout\n"
                        "END RequestId: " ID "\n"
                        "REPORT RequestId: " ID "\tDuration: 36.97 ms\tBilled Duration: 173 ms\t"
                        "Memory Size: 128 MB\tMax Memory Used: 36 MB\tRestore Duration: 300.10 ms\t"
                        "Billed Restore Duration: 136 ms\t\n");
    cp_buf_reset(&b);
    env.is_json = true;
    report.duration_ms = 147.156;
    report.restore = &later;
    cp_record_init_report(&b, &env, 0, &done);
    cp_record_end(&b, &env, 0, &report);
    assert_non_null(strstr(cp_buf_str(&b), "\"phase\":\"snap-start\""));
    assert_non_null(strstr(cp_buf_str(&b), "\"billedDurationMs\":201"));
    assert_non_null(strstr(cp_buf_str(&b), "\"restoreDurationMs\":612.500,"
                                           "\"billedRestoreDurationMs\":53"));
    assert_null(strstr(cp_buf_str(&b), "initDurationMs"));
    cp_buf_clear(&b);
}

static void text_records_have_lambdas_form(void **state)
{
    (void)state;
    struct cp_buf b;
    const struct cp_record_report warm = {.request_id = ID,
                                          .duration_ms = 3.01,
                                          .init_duration_ms = NAN,
                                          .memory_size_mb = 128,
                                          .max_memory_used_mb = 36};
    const struct cp_record_report cold_error = {.request_id = ID,
                                                .duration_ms = 2.06,
                                                .init_duration_ms = 115.85,
                                                .memory_size_mb = 128,
                                                .max_memory_used_mb = -1,
                                                .status = "error",
                                                .error_type = "Runtime.ExitError"};
    const struct cp_record_init failed = {206.72, "init", "error", "Runtime.ExitError"};
    const struct cp_record_init late = {9999.79, "init", "timeout", NULL};
    const struct cp_record_init provisioned = {.duration_ms = 9908.09};
    cp_buf_init(&b, 65536);
    cp_record_init_start(&b, &text_env, 0);
    cp_record_init_report(&b, &text_env, 0, &failed);
    cp_record_init_report(&b, &text_env, 0, &late);
    cp_record_init_report(&b, &text_env, 0, &provisioned);
    cp_record_start(&b, &text_env, 0, ID);
    cp_record_end(&b, &text_env, 0, &warm);
    cp_record_end(&b, &text_env, 0, &cold_error);
    assert_string_equal(
        cp_buf_str(&b),
        "INIT_START Runtime Version: python3.12\n"
        "INIT_REPORT Init Duration: 206.72 ms\tPhase: init\tStatus: error\tError Type: "
        "Runtime.ExitError\n"
        "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n"
        "INIT_REPORT Init Duration: 9908.09 ms\n"
        "START RequestId: " ID " Version: $LATEST\n"
        "END RequestId: " ID "\n"
        "REPORT RequestId: " ID "\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 36 MB\t\n"
        "END RequestId: " ID "\n"
        "REPORT RequestId: " ID "\tDuration: 2.06 ms\tBilled Duration: 118 ms\tMemory Size: 128 "
        "MB\tInit Duration: 115.85 ms\tStatus: error\tError Type: Runtime.ExitError\t\n");
    cp_buf_clear(&b);
}

static void handlers_error_is_marked_in_json_only(void **state)
{
    (void)state;
    struct cp_buf b;
    struct cp_record_env json_env = text_env;
    json_env.is_json = true;
    const struct cp_record_report failure = {.request_id = ID,
                                             .duration_ms = 3.5,
                                             .init_duration_ms = NAN,
                                             .memory_size_mb = 128,
                                             .max_memory_used_mb = 36,
                                             .status = "failure"};
    cp_buf_init(&b, 65536);
    cp_record_end(&b, &text_env, 0, &failure);
    assert_null(strstr(cp_buf_str(&b), "Status"));
    cp_buf_reset(&b);
    cp_record_end(&b, &json_env, 1791468191482, &failure);
    assert_string_equal(
        cp_buf_str(&b),
        "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.runtimeDone\",\"record\":{"
        "\"requestId\":\"" ID "\",\"status\":\"failure\",\"metrics\":{\"durationMs\":3.500}}}\n"
        "{\"time\":\"2026-10-08T14:03:11.482Z\",\"type\":\"platform.report\",\"record\":{"
        "\"requestId\":\"" ID "\",\"metrics\":{\"durationMs\":3.500,\"billedDurationMs\":4,"
        "\"memorySizeMB\":128,\"maxMemoryUsedMB\":36},\"status\":\"failure\"}}\n");
    cp_buf_clear(&b);
}

static int count_lines(const struct cp_buf *b)
{
    int n = 0;
    for (size_t i = 0; i < b->n; i++)
        n += b->p[i] == '\n';
    return n;
}

/* Levels: facts/report-lines.md section 2. */
static void json_records_obey_the_system_log_level(void **state)
{
    (void)state;
    static const struct {
        const char *level;
        int n_success, n_error; /* records of start, end, successful init / of a failed end */
    } rows[] = {{"DEBUG", 5, 2}, {"INFO", 3, 2}, {"", 3, 2}, {"WARN", 0, 2}};
    const struct cp_record_report good = {
        .request_id = ID, .init_duration_ms = NAN, .status = "success"};
    const struct cp_record_report bad = {
        .request_id = ID, .init_duration_ms = NAN, .status = "timeout"};
    const struct cp_record_init init = {.duration_ms = 5, .phase = "init"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cp_record_env env = text_env;
        struct cp_buf b;
        env.is_json = true;
        env.level = cp_record_level_of(rows[i].level);
        cp_buf_init(&b, 65536);
        cp_record_init_start(&b, &env, 0);
        cp_record_init_report(&b, &env, 0, &init);
        cp_record_start(&b, &env, 0, ID);
        cp_record_end(&b, &env, 0, &good);
        assert_int_equal(count_lines(&b), rows[i].n_success);
        cp_buf_reset(&b);
        cp_record_end(&b, &env, 0, &bad);
        assert_int_equal(count_lines(&b), rows[i].n_error);
        cp_buf_clear(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(billed_is_one_ceiling_over_duration_and_init),
        cmocka_unit_test(restores_have_lambdas_form_and_bill),
        cmocka_unit_test(text_records_have_lambdas_form),
        cmocka_unit_test(handlers_error_is_marked_in_json_only),
        cmocka_unit_test(json_records_obey_the_system_log_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
