/* SPDX-License-Identifier: GPL-3.0-or-later
 * The hostile logs of the reference folder as lines. MANIFEST.jsonl says how many samples each
 * yields.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "probes/log/log_sink.h"
#include "tests/fuzz/log_invariants.h"
#include "tests/test.h"

static const char *reference; /* COLDPROF_REFERENCE */

static struct cp_view read_file(const char *name)
{
    enum { FILE_MAX = 4 << 20 };
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/hostile/%s", reference, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open '%s'", path);
    char *bytes = malloc(FILE_MAX);
    assert_non_null(bytes);
    size_t n = fread(bytes, 1, FILE_MAX, file);
    assert_true(n > 0 && n < FILE_MAX);
    (void)fclose(file);
    return (struct cp_view){bytes, n};
}

static uint64_t count_samples(struct cp_digest *digest)
{
    uint64_t n = 0;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++)
        n += cp_digest_scope_n(cp_digest_scope_at(digest, i));
    return n;
}

static struct cp_digest *digest_of(struct cp_view log)
{
    struct cp_error err;
    struct cp_log_sink_options options = {.digest = cp_digest_new()};
    struct cp_log_sink *sink = NULL;
    assert_non_null(options.digest);
    assert_int_equal(cp_log_sink_new(&options, &sink, &err), CP_OK);
    assert_int_equal(cp_log_sink_lines(sink, CP_LINES_PLAIN, log, false, &err), CP_OK);
    cp_log_sink_free(sink);
    return options.digest;
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
        const char *file = cJSON_GetStringValue(cJSON_GetObjectItem(row, "file"));
        const cJSON *samples = cJSON_GetObjectItem(row, "samples");
        if (file && strstr(file, ".log") && cJSON_IsNumber(samples)) {
            struct cp_view log = read_file(file);
            struct cp_digest *digest = digest_of(log);
            if (count_samples(digest) != (uint64_t)samples->valueint)
                fail_msg("'%s': %d samples", file, (int)count_samples(digest));
            log_invariants_hold(log);
            cp_digest_free(digest);
            free((char *)log.p);
            n_checked++;
        }
        cJSON_Delete(row);
    }
    free((char *)manifest.p);
    assert_true(n_checked >= 10);
}

static void the_forged_reports_are_in_no_statistic(void **state)
{
    (void)state;
    struct cp_view log = read_file("logs/forged-report.log");
    struct cp_digest *digest = digest_of(log);
    size_t n = 0;
    const struct cp_digest_raw *raw = cp_digest_raw(digest, &n);
    assert_int_equal(n, 1);
    assert_int_equal(raw[0].record.duration_us, 900000);
    assert_int_equal(raw[0].record.init_us, 450000);
    assert_int_equal(cp_tally_count(cp_digest_counts(digest), "forged"), 2);
    cp_digest_free(digest);
    free((char *)log.p);
}

static void an_unfinished_request_is_counted(void **state)
{
    (void)state;
    struct cp_view log = read_file("logs/orphan-start.log");
    struct cp_digest *digest = digest_of(log);
    const struct cp_digest_scope *scope = cp_digest_scope_at(digest, 0);
    assert_int_equal(cp_digest_note_count(scope, CP_NOTE_START), 2);
    assert_int_equal(cp_tally_count(cp_digest_scope_tally(scope, "end"), ""), 1);
    cp_digest_free(digest);
    free((char *)log.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_logs_yield_their_samples),
        cmocka_unit_test(the_forged_reports_are_in_no_statistic),
        cmocka_unit_test(an_unfinished_request_is_counted),
    };
    reference = getenv("COLDPROF_REFERENCE");
    FILE *manifest = NULL;
    char path[1024];
    if (reference && snprintf(path, sizeof(path), "%s/hostile/MANIFEST.jsonl", reference) > 0)
        manifest = fopen(path, "rb");
    if (!manifest) {
        (void)printf("no reference folder: skipped\n");
        return 0;
    }
    (void)fclose(manifest);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
