/* SPDX-License-Identifier: GPL-3.0-or-later
 * Counting in AWS gives the digest that the records themselves give. The queries are answered here
 * by computing, for a list of invocations, what their texts say, in doubles as AWS does; that AWS
 * would understand the texts is for tests against services.
 */
#include "profiler/import/insights_import.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "profiler/import/insights_query.h"
#include "tests/import/fake_logs.h"
#include "tests/test.h"

#define FROM_MS INT64_C(1764547200000) /* 2025-12-01 */
#define TO_MS   (FROM_MS + 3 * INT64_C(86400000))

enum { N_INVOCATIONS = 3000, ROW_TEXT = 400 };

struct invocation {
    int64_t end_ms;
    double duration_ms, billed_ms, init_ms; /* init < 0: warm */
    int size_mb, used_mb, status;
    const char *version;
};

static struct invocation invocations[N_INVOCATIONS];
static size_t cap; /* answers with more rows come full */

/* Busy and quiet, from below a ms to many minutes, on the borders of minutes and marks too. */
static void make_invocations(void)
{
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 2);
    for (size_t i = 0; i < N_INVOCATIONS; i++) {
        struct invocation *v = &invocations[i];
        double ms = exp(cp_rng_uniform(&rng) * 13);
        *v = (struct invocation){
            .end_ms = FROM_MS + (int64_t)(cp_rng_uniform(&rng) * (double)(TO_MS - FROM_MS)),
            .duration_ms = floor((i % 7 ? ms : exp2((double)(i % 20))) * 100) / 100,
            .init_ms = i % 10 ? -1 : floor(cp_rng_uniform(&rng) * 90000) / 100,
            .size_mb = i % 3 ? 512 : 128,
            .used_mb = 40 + (int)(i % 90),
            .status = i % 50 == 7    ? 1
                      : i % 50 == 11 ? 2
                      : i % 50 == 13 ? 6
                      : i % 50 == 17 ? 10
                                     : 0,
            .version = i % 4 ? "$LATEST" : "7",
        };
        if (i % 11 == 0)
            v->end_ms -= v->end_ms % 15000;
        v->billed_ms = ceil(v->duration_ms + (v->init_ms > 0 ? v->init_ms : 0));
    }
    invocations[0].end_ms = FROM_MS;
    invocations[1].end_ms = TO_MS - 1;
    invocations[2].end_ms = TO_MS; /* not in the time */
    invocations[3].end_ms = FROM_MS - 1;
}

/* --- answering --- */

/* Rows by the text of their group; the values are sum, least, largest (bins) or sums (minutes). */
struct group {
    char key[ROW_TEXT];
    double n, a, b, c;
};
static struct group groups[N_INVOCATIONS];
static size_t n_groups;

static struct group *group_of(const char *key)
{
    for (size_t i = 0; i < n_groups; i++)
        if (strcmp(groups[i].key, key) == 0)
            return &groups[i];
    groups[n_groups] = (struct group){.b = INFINITY, .c = -INFINITY};
    (void)snprintf(groups[n_groups].key, ROW_TEXT, "%s", key);
    return &groups[n_groups++];
}

static double us(double ms)
{
    return floor(ms * 1000 + 0.5);
}

static void add_to_bin(const struct invocation *v, double value)
{
    char key[ROW_TEXT];
    double e = floor(log(fmax(value, 1)) / 0.6931471805599453);
    double bin = 128 * e + floor(128 * value / exp2(e)) - 127;
    (void)snprintf(key, sizeof key,
                   "cp_version=%s cp_size=%d.0 cp_start=%d cp_status=%d cp_bin=%.0f", v->version,
                   v->size_mb, v->init_ms >= 0, v->status, bin);
    struct group *g = group_of(key);
    g->n++;
    g->a += value;
    g->b = fmin(g->b, value);
    g->c = fmax(g->c, value);
}

static void add_to_minute(const struct invocation *v, double value)
{
    char key[ROW_TEXT];
    double end = (double)v->end_ms;
    double begin = end - floor((value + 500) / 1000);
    double first = floor(begin / 60000);
    double last = floor(end / 60000);
    (void)snprintf(key, sizeof key,
                   "cp_version=%s cp_first=%.0f cp_last=%.0f cp_mark=%.0f cp_past=%.0f", v->version,
                   first, last, ceil(begin / 15000), ceil(end / 15000));
    struct group *g = group_of(key);
    g->n++;
    g->a += fmin(end, 60000 * first + 60000) - begin;
    g->b = (isinf(g->b) ? 0 : g->b) + fmin(last - first, 1) * (end - 60000 * last);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* The value of cp_v in the query's text. */
static double value_of(const char *text, const struct invocation *v)
{
    double sum = 0;
    sum += has(text, "floor(@duration * 1000 + 0.5)") ? us(v->duration_ms) : 0;
    sum += has(text, "floor(@billedDuration * 1000 + 0.5)") ? us(v->billed_ms) : 0;
    sum += has(text, "floor(@initDuration * 1000 + 0.5)") ? us(v->init_ms) : 0;
    sum += has(text, "floor(@maxMemoryUsed / 1000000 + 0.5)") ? v->used_mb : 0;
    return sum;
}

static void add_field(cJSON *row, const char *name, const char *value)
{
    cJSON *field = cJSON_CreateObject();
    cJSON_AddStringToObject(field, "field", name);
    cJSON_AddStringToObject(field, "value", value);
    cJSON_AddItemToArray(row, field);
}

static void add_number(cJSON *row, const char *name, double value)
{
    char text[40];
    (void)snprintf(text, sizeof text, value > 1e7 ? "%.17E" : "%.1f", value);
    add_field(row, name, text);
}

static void add_row(const struct group *g, bool is_bin, cJSON *results)
{
    cJSON *row = cJSON_CreateArray();
    struct cp_view rest = cp_view_of(g->key);
    struct cp_view pair;
    struct cp_view name;
    while (cp_view_split(&rest, ' ', &pair)) {
        char n[20];
        char v[40];
        (void)cp_view_split(&pair, '=', &name);
        assert_true(cp_view_copy(name, n, sizeof n) && cp_view_copy(pair, v, sizeof v));
        add_field(row, n, v);
    }
    add_number(row, "cp_n", g->n);
    add_number(row, is_bin ? "cp_total" : "cp_lead", g->a);
    add_number(row, is_bin ? "cp_least" : "cp_tail", g->b);
    add_number(row, "cp_most", g->c);
    cJSON_AddItemToArray(results, row);
}

static void time_of_text(const char *text, int64_t *from_ms, int64_t *to_ms)
{
    const char *at = strstr(text, "toMillis(@timestamp) >= ");
    assert_non_null(at);
    assert_int_equal(
        sscanf(at, "toMillis(@timestamp) >= %" SCNd64 " and toMillis(@timestamp) < %" SCNd64,
               from_ms, to_ms),
        2);
}

static void answer(const char *text, int64_t from_s, int64_t to_s, cJSON *results)
{
    int64_t from_ms = 0;
    int64_t to_ms = 0;
    bool is_bin = has(text, "as cp_bin");
    n_groups = 0;
    time_of_text(text, &from_ms, &to_ms);
    assert_true(from_s * 1000 <= from_ms && to_s * 1000 >= to_ms - 1);
    if (has(text, "platform.report"))
        return;
    for (size_t i = 0; i < N_INVOCATIONS; i++) {
        const struct invocation *v = &invocations[i];
        bool is_cold = v->init_ms >= 0;
        if (v->end_ms < from_ms || v->end_ms >= to_ms ||
            (has(text, "filter cp_start = 0") && is_cold) ||
            (has(text, "filter cp_start = 1") && !is_cold) || has(text, "filter cp_start = 2"))
            continue;
        if (is_bin)
            add_to_bin(v, value_of(text, v));
        else if (!has(text, "cp_type"))
            add_to_minute(v, value_of(text, v));
    }
    for (size_t i = 0; i < n_groups; i++)
        add_row(&groups[i], is_bin, results);
    if (n_groups > cap) /* a full answer: nothing of it may be used */
        while (cJSON_GetArraySize(results) < CP_LOGS_QUERY_ROWS_MAX)
            add_row(&groups[0], is_bin, results);
}

/* --- what the records give --- */

static struct cp_digest *digest_of_records(void)
{
    struct cp_digest *digest = cp_digest_new();
    struct cp_error err = {0};
    for (size_t i = 0; i < N_INVOCATIONS; i++) {
        const struct invocation *v = &invocations[i];
        struct cp_digest_scope *scope = NULL;
        const struct cp_digest_name name = {
            CP_VIEW_LIT("checkout"), cp_view_of(v->version), {"", 0}};
        const struct cp_digest_record record = {
            .end_at_ms = v->end_ms,
            .duration_us = llround(v->duration_ms * 1000),
            .billed_us = llround(v->billed_ms * 1000),
            .init_us = v->init_ms >= 0 ? llround(v->init_ms * 1000) : -1,
            .restore_us = -1,
            .billed_restore_us = -1,
            .memory_size_mb = v->size_mb,
            .max_memory_used_mb = v->used_mb,
            .start = v->init_ms >= 0 ? CP_START_COLD : CP_START_WARM,
            .outcome = v->status == 1    ? CP_OUTCOME_TIMEOUT
                       : v->status == 2  ? CP_OUTCOME_ERROR
                       : v->status == 6  ? CP_OUTCOME_OUT_OF_MEMORY
                       : v->status == 10 ? CP_OUTCOME_INIT_FAILED
                                         : CP_OUTCOME_MEASURED,
        };
        if (v->end_ms < FROM_MS || v->end_ms >= TO_MS)
            continue;
        if (cp_digest_scope(digest, &name, &scope, &err) ||
            cp_digest_add(digest, scope, &record, &err))
            fail_msg("%s", err.text);
    }
    return digest;
}

static void same_histogram(const struct cp_histogram *a, const struct cp_histogram *b)
{
    assert_int_equal(a->n, b->n);
    if (a->n == 0)
        return;
    assert_int_equal(a->sum, b->sum);
    assert_int_equal(a->min, b->min);
    assert_int_equal(a->max, b->max);
    for (size_t bin = 0; bin < CP_HISTOGRAM_BINS; bin++)
        assert_int_equal(cp_histogram_count(a, bin), cp_histogram_count(b, bin));
}

static void same_scope(const struct cp_digest_scope *a, const struct cp_digest_scope *b)
{
    struct cp_digest_minute x;
    struct cp_digest_minute y;
    size_t at_x = 0;
    size_t at_y = 0;
    assert_int_equal(cp_digest_n_cells(a), cp_digest_n_cells(b));
    for (size_t i = 0; i < cp_digest_n_cells(a); i++) {
        const struct cp_digest_cell *p = cp_digest_cell_at(a, i);
        const struct cp_digest_cell *q = cp_digest_cell_at(b, i);
        assert_true(p->memory_size_mb == q->memory_size_mb && p->start == q->start &&
                    p->outcome == q->outcome && p->n == q->n);
        for (int metric = 0; metric < CP_METRIC_COUNT; metric++)
            same_histogram(&p->metrics[metric], &q->metrics[metric]);
    }
    while (cp_digest_next_minute(a, &at_x, &x)) {
        assert_true(cp_digest_next_minute(b, &at_y, &y));
        assert_memory_equal(&x, &y, sizeof x);
    }
    assert_false(cp_digest_next_minute(b, &at_y, &y));
}

static const struct cp_log_group GROUP = {.id = "/aws/lambda/checkout",
                                          .name = "/aws/lambda/checkout"};

static struct cp_digest *count_in_aws(size_t rows_at_most, struct cp_cloud_import_result *result)
{
    struct cp_digest *digest = cp_digest_new();
    struct cp_error err = {0};
    cap = rows_at_most;
    fake_logs = (struct fake_logs){.rows = answer};
    struct cp_logs *logs = fake_logs_client();
    const struct cp_cloud_import_options options = {.logs = logs,
                                                    .groups = &GROUP,
                                                    .n_groups = 1,
                                                    .from_ms = FROM_MS,
                                                    .to_ms = TO_MS,
                                                    .is_insights = true};
    if (cp_cloud_import(&options, digest, result, &err))
        fail_msg("%s", err.text);
    cp_logs_free(logs);
    return digest;
}

static void counting_gives_the_bins_and_minutes_of_the_records(void **state)
{
    (void)state;
    struct cp_cloud_import_result result;
    make_invocations();
    struct cp_digest *counted = count_in_aws(CP_LOGS_QUERY_ROWS_MAX, &result);
    struct cp_digest *records = digest_of_records();
    assert_int_equal(cp_digest_n_scopes(counted), 2);
    for (size_t i = 0; i < 2; i++)
        same_scope(cp_digest_scope_at(counted, i), cp_digest_scope_at(records, i));
    /* 5 metrics, warm and cold minutes of a day and of two, error types, one for JSON */
    assert_int_equal(result.queries, 5 + 2 * 2 + 1 + 1);
    assert_int_equal(result.split_queries, 0);
    assert_true(result.scanned_bytes == 11e9);
    cp_digest_free(counted);
    cp_digest_free(records);
}

static void full_answers_are_asked_for_again_in_parts(void **state)
{
    (void)state;
    struct cp_cloud_import_result result;
    make_invocations();
    struct cp_digest *counted = count_in_aws(150, &result);
    struct cp_digest *records = digest_of_records();
    for (size_t i = 0; i < 2; i++)
        same_scope(cp_digest_scope_at(counted, i), cp_digest_scope_at(records, i));
    assert_true(result.split_queries > 5);
    cp_digest_free(counted);
    cp_digest_free(records);
}

/* --- answers that cannot be --- */

static const char *bad_bin[10][2];

static void answer_badly(const char *text, int64_t from_s, int64_t to_s, cJSON *results)
{
    cJSON *row = cJSON_CreateArray();
    (void)text;
    (void)from_s;
    (void)to_s;
    for (size_t i = 0; i < 10 && bad_bin[i][0]; i++)
        add_field(row, bad_bin[i][0], bad_bin[i][1]);
    cJSON_AddItemToArray(results, row);
}

static void a_row_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    static const char *const GOOD[10][2] = {
        {"cp_version", "7"}, {"cp_size", "128"}, {"cp_start", "0"},    {"cp_status", "0"},
        {"cp_bin", "513"},   {"cp_n", "2"},      {"cp_total", "2010"}, {"cp_least", "1000"},
        {"cp_most", "1010"}, {NULL, NULL}};
    static const struct {
        size_t column;
        const char *value;
    } CASES[] = {
        {5, "-1"},  {5, "1.5"},       {5, "nan"},  {5, ""},  {6, "1e300"},
        {8, "900"}, {8, "100000000"}, {7, "1e18"}, {2, "9"}, {3, "99"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct cp_error err = {0};
        struct cp_cloud_import_result result;
        struct cp_digest *digest = cp_digest_new();
        memcpy(bad_bin, GOOD, sizeof bad_bin);
        bad_bin[CASES[i].column][1] = CASES[i].value;
        fake_logs = (struct fake_logs){.rows = answer_badly};
        struct cp_logs *logs = fake_logs_client();
        const struct cp_cloud_import_options options = {.logs = logs,
                                                        .groups = &GROUP,
                                                        .n_groups = 1,
                                                        .from_ms = FROM_MS,
                                                        .to_ms = TO_MS,
                                                        .is_insights = true};
        if (cp_cloud_import(&options, digest, &result, &err) != CP_EFORMAT)
            fail_msg("case %zu: %s", i, err.text);
        cp_logs_free(logs);
        cp_digest_free(digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counting_gives_the_bins_and_minutes_of_the_records),
        cmocka_unit_test(full_answers_are_asked_for_again_in_parts),
        cmocka_unit_test(a_row_that_cannot_be_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
