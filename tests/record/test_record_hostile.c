/* SPDX-License-Identifier: GPL-3.0-or-later
 * The hostile logs of the reference folder, read record by record. MANIFEST.jsonl says how many
 * samples each yields.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "probes/record/record.h"
#include "tests/fuzz/record_invariants.h"
#include "tests/record/sample_lines.h"
#include "tests/test.h"

static const char *reference; /* COLDPROF_REFERENCE */

static struct cp_view read_file(const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/hostile/%s", reference, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open '%s'", path);
    enum { FILE_MAX = 4 << 20 };
    char *bytes = malloc(FILE_MAX);
    assert_non_null(bytes);
    size_t n = fread(bytes, 1, FILE_MAX, file);
    assert_true(n > 0 && n < FILE_MAX);
    (void)fclose(file);
    return (struct cp_view){bytes, n};
}

/* Usable REPORTs of a file, with the counts over all its records. */
static size_t count_samples(struct cp_view rest, struct cp_record_counts *counts)
{
    size_t n_samples = 0;
    while (rest.n) {
        struct cp_record r;
        size_t n = cp_record_parse(rest, &r);
        cp_record_count(counts, (struct cp_view){rest.p, n}, &r);
        n_samples += r.kind == CP_RECORD_REPORT && r.verdict <= CP_RECORD_WARNED;
        rest = (struct cp_view){rest.p + n, rest.n - n};
    }
    return n_samples;
}

static bool is_in_a_later_layer(const char *name)
{
    return strcmp(name, "logs/truncated.gz") == 0 ||    /* compression */
           strcmp(name, "logs/forged-report.log") == 0; /* order of records: the log tail, below */
}

static void hostile_logs_yield_their_samples(void **state)
{
    (void)state;
    size_t n_checked = 0;
    struct cp_view manifest = read_file("MANIFEST.jsonl");
    struct cp_view rest = manifest;
    struct cp_view line;
    while (cp_view_split(&rest, '\n', &line)) {
        cJSON *row = cJSON_ParseWithLength(line.p, line.n);
        const cJSON *file = cJSON_GetObjectItemCaseSensitive(row, "file");
        const cJSON *samples = cJSON_GetObjectItemCaseSensitive(row, "samples");
        if (cJSON_IsString(file) && cJSON_IsNumber(samples) &&
            strncmp(file->valuestring, "logs/", 5) == 0 &&
            !is_in_a_later_layer(file->valuestring)) {
            static struct cp_record_counts counts;
            memset(&counts, 0, sizeof(counts));
            struct cp_view bytes = read_file(file->valuestring);
            size_t n = count_samples(bytes, &counts);
            if (n != (size_t)samples->valueint)
                fail_msg("%s: %zu samples, want %d", file->valuestring, n, samples->valueint);
            record_invariants_hold(bytes);
            free((void *)bytes.p);
            n_checked++;
        }
        cJSON_Delete(row);
    }
    assert_true(n_checked >= 12);
    free((void *)manifest.p);
}

static void hostile_rejections_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t rejected;
        enum cp_record_reason reason;
        size_t n;
    } cases[] = {
        {"logs/nul.log", 2, CP_REASON_CONTROL_BYTE, 2},
        {"logs/number-nan.log", 1, CP_REASON_NOT_A_NUMBER, 1},
        {"logs/number-negative.log", 1, CP_REASON_NEGATIVE, 1},
        {"logs/mem-contradiction.log", 4, CP_REASON_MEMORY_ZERO, 1},
        {"logs/mem-contradiction.log", 4, CP_REASON_MEMORY_CONTRADICTION, 1},
        {"logs/mem-contradiction.log", 4, CP_REASON_OUT_OF_RANGE, 1},
        {"logs/mem-contradiction.log", 4, CP_REASON_NEGATIVE, 1},
        {"logs/json-deep.json", 1, CP_REASON_JSON_DEEP, 1},
        /* metrics, record, type of the wrong type, an array, a number in quotes (accepted) */
        {"logs/json-types.json", 4, CP_REASON_JSON_WRONG_TYPE, 4},
        {"logs/json-types.json", 4, CP_REASON_NUMBER_AS_TEXT, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct cp_record_counts counts;
        memset(&counts, 0, sizeof(counts));
        struct cp_view bytes = read_file(cases[i].name);
        (void)count_samples(bytes, &counts);
        if (counts.rejected != cases[i].rejected || counts.by_reason[cases[i].reason] != cases[i].n)
            fail_msg("%s: %zu rejected, %zu of them %s", cases[i].name, counts.rejected,
                     counts.by_reason[cases[i].reason], cp_record_reason_name(cases[i].reason));
        free((void *)bytes.p);
    }
}

static void a_forged_report_in_a_tail_loses(void **state)
{
    (void)state;
    static struct cp_log_tail tail;
    struct cp_view bytes = read_file("logs/forged-report.log");
    char *base64 = record_base64(bytes);
    assert_int_equal(cp_log_tail_read(cp_view_of(base64),
                                      cp_view_of("3d3f449c-2d86-914f-753f-bbcbe9156ca4"), &tail,
                                      NULL),
                     CP_OK);
    assert_true(tail.has_report);
    assert_true(tail.report.duration_ms > 899.9 && tail.report.duration_ms < 900.1);
    assert_true(tail.report.init_ms > 449.9 && tail.report.init_ms < 450.1);
    assert_int_equal(tail.n_forged, 2);
    free(base64);
    free((void *)bytes.p);
}

int main(void)
{
    reference = getenv("COLDPROF_REFERENCE");
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/hostile/MANIFEST.jsonl", reference ? reference : "");
    FILE *file = reference ? fopen(path, "rb") : NULL;
    if (!file) {
        const char *ci = getenv("CI");
        (void)printf("skipped: no hostile logs at '%s' (COLDPROF_REFERENCE)\n", path);
        return ci && strcmp(ci, "true") == 0;
    }
    (void)fclose(file);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_logs_yield_their_samples),
        cmocka_unit_test(hostile_rejections_are_counted),
        cmocka_unit_test(a_forged_report_in_a_tail_loses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
