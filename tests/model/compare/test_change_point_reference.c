/* SPDX-License-Identifier: GPL-3.0-or-later
 * Change points of real nightly series and of the test series of others, index for index against
 * Apache Otava's own runs. Read where COLDPROF_REFERENCE points.
 */
#include "model/compare/change_point.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *series_folder(void)
{
    return reference_folder("changepoint");
}

static struct cp_change_points find(const struct csv *row)
{
    char name[128];
    struct cp_view series = csv_text(row, "series");
    (void)snprintf(name, sizeof name, "%.*s.csv", (int)series.n, series.p);
    bool is_nightly = strncmp(name, "nightly_", 8) == 0;
    size_t n = 0;
    double *values = csv_column(series_folder(), name, is_nightly ? "median_init_ms" : "value", &n);
    const struct cp_change_options options = {.window = csv_size(row, "window"),
                                              .max_p = csv_number(row, "max_pvalue"),
                                              .min_magnitude = csv_number(row, "min_magnitude")};
    struct cp_change_points found;
    struct cp_error err = {0};
    if (cp_change_points_find(values, n, &options, &found, &err))
        fail_msg("%s: %s", name, err.text);
    free(values);
    return found;
}

static void points_are_those_of_otava(void **state)
{
    (void)state;
    struct csv csv;
    size_t n_rows = 0;
    size_t n_points = 0;
    csv_open(&csv, series_folder(), "expected_otava.csv");
    while (csv_next(&csv)) {
        char got[1024] = "";
        struct cp_change_points found = find(&csv);
        for (size_t i = 0; i < found.n; i++)
            (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%zu", i ? " " : "",
                           found.points[i].index);
        struct cp_view want = csv_text(&csv, "change_points");
        if (!cp_view_is(want, got))
            fail_msg("%.*s\n  got  %s", (int)csv.row.n, csv.row.p, got);
        n_points += found.n;
        cp_change_points_clear(&found);
        n_rows++;
    }
    csv_close(&csv);
    assert_int_equal(n_rows, 40);
    print_message("%zu of %zu series and settings: %zu points, index for index\n", n_rows, n_rows,
                  n_points);
}

static void near(const struct csv *row, const char *column, double got, double tolerance)
{
    double want = csv_number(row, column);
    if (!(fabs(got - want) <= tolerance * fmax(fabs(want), 1e-300)))
        fail_msg("%.*s: %s is %.12g", (int)row->row.n, row->row.p, column, got);
}

static void their_statistics_too(void **state)
{
    (void)state;
    struct csv csv;
    size_t n_rows = 0;
    csv_open(&csv, series_folder(), "expected_otava_stats.csv");
    while (csv_next(&csv)) {
        struct cp_change_points found = find(&csv);
        size_t index = csv_size(&csv, "index");
        size_t i = 0;
        while (i < found.n && found.points[i].index != index)
            i++;
        if (i == found.n)
            fail_msg("%.*s: not found", (int)csv.row.n, csv.row.p);
        near(&csv, "pvalue", found.points[i].p, 1e-6);
        near(&csv, "mean_before", found.points[i].mean_before, 1e-10);
        near(&csv, "mean_after", found.points[i].mean_after, 1e-10);
        near(&csv, "sd0_before", found.points[i].sd_before, 1e-9);
        near(&csv, "sd0_after", found.points[i].sd_after, 1e-9);
        near(&csv, "qhat", found.points[i].statistic, 1e-9);
        cp_change_points_clear(&found);
        n_rows++;
    }
    csv_close(&csv);
    assert_true(n_rows > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_those_of_otava),
        cmocka_unit_test(their_statistics_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
