/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/model/stat/quantile_tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/stat/quantile.h"
#include "tests/model/stat/csv.h"
#include "tests/test.h"

/* The sorted set that the current row of an expected table is about; rows come set by set. */
struct set {
    char name[64];
    double *sorted;
    size_t n;
};

static void load_set(struct set *set, const char *folder, const struct csv *csv)
{
    struct cp_view dataset = csv_text(csv, "dataset");
    if (!cp_view_is(dataset, set->name)) {
        char file[80];
        assert_true(cp_view_copy(dataset, set->name, sizeof set->name));
        (void)snprintf(file, sizeof file, "%s.csv", set->name);
        free(set->sorted);
        set->sorted = csv_column(folder, file, "value", &set->n);
        cp_sort(set->sorted, set->n);
    }
    assert_int_equal(set->n, csv_size(csv, "n"));
}

static void assert_close(double actual, double expected, double tolerance, const struct csv *csv)
{
    if (!(fabs(actual - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("%.*s: %.15g is not %.15g", (int)csv->row.n, csv->row.p, actual, expected);
}

size_t check_hyndman_fan(const char *folder)
{
    struct csv csv;
    struct set set = {0};
    size_t rows = 0;
    csv_open(&csv, folder, "expected_hf_types.csv");
    for (; csv_next(&csv); rows++) {
        load_set(&set, folder, &csv);
        int type = (int)csv_size(&csv, "type");
        double q = cp_quantile(set.sorted, set.n, csv_number(&csv, "p"), type);
        assert_close(q, csv_number(&csv, "q"), 1e-12, &csv);
    }
    free(set.sorted);
    csv_close(&csv);
    return rows;
}

size_t check_harrell_davis(const char *folder)
{
    struct csv csv;
    struct set set = {0};
    size_t rows = 0;
    csv_open(&csv, folder, "expected_hd.csv");
    for (; csv_next(&csv); rows++) {
        load_set(&set, folder, &csv);
        double q = cp_quantile_harrell_davis(set.sorted, set.n, csv_number(&csv, "p"));
        assert_close(q, csv_number(&csv, "hd"), 1e-11, &csv);
    }
    free(set.sorted);
    csv_close(&csv);
    return rows;
}

static void check_ranks(const struct csv *csv, double p, double confidence, const struct set *set)
{
    size_t low = 0;
    size_t high = 0;
    size_t upper = 0;
    double coverage = 0;
    bool exists = cp_quantile_ranks(set->n, p, confidence, &low, &high, &coverage);
    bool upper_exists = cp_quantile_rank_upper(set->n, p, confidence, &upper);
    assert_int_equal(low, csv_size(csv, "l"));
    assert_int_equal(high, csv_size(csv, "u"));
    assert_int_equal(upper, csv_size(csv, "one_sided_u"));
    assert_close(coverage, csv_number(csv, "coverage"), 1e-12, csv);
    assert_int_equal(exists, !isnan(csv_number(csv, "hi")) && !isnan(csv_number(csv, "lo")));
    assert_int_equal(upper_exists, !isnan(csv_number(csv, "one_sided_hi")));
}

static enum cp_answer answer_of(const struct csv *csv)
{
    if (!isnan(csv_number(csv, "hi")))
        return CP_ANSWER_OK;
    return isnan(csv_number(csv, "one_sided_hi")) ? CP_ANSWER_TOO_FEW : CP_ANSWER_UPPER_ONLY;
}

size_t check_order_intervals(const char *folder)
{
    struct csv csv;
    struct set set = {0};
    size_t rows = 0;
    csv_open(&csv, folder, "expected_order_ci.csv");
    for (; csv_next(&csv); rows++) {
        load_set(&set, folder, &csv);
        double p = csv_number(&csv, "p");
        double confidence = csv_number(&csv, "conf");
        check_ranks(&csv, p, confidence, &set);
        struct cp_estimate e = cp_quantile_estimate(set.sorted, set.n, p, confidence);
        assert_int_equal(e.status, answer_of(&csv));
        if (e.status == CP_ANSWER_OK) {
            assert_close(e.low, csv_number(&csv, "lo"), 0, &csv);
            assert_close(e.high, csv_number(&csv, "hi"), 0, &csv);
            assert_close(e.coverage, csv_number(&csv, "coverage"), 1e-12, &csv);
        }
        if (e.status != CP_ANSWER_TOO_FEW)
            assert_close(e.upper, csv_number(&csv, "one_sided_hi"), 0, &csv);
    }
    free(set.sorted);
    csv_close(&csv);
    return rows;
}
