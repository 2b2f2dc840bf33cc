/* SPDX-License-Identifier: GPL-3.0-or-later
 * Engel's food expenditure (Koenker & Bassett 1982) against R's quantreg: data that may be read
 * but not copied.
 */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>

#include "model/stat/quantile_regression.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/reference.h"
#include "tests/test.h"

/* quantreg moves each density by 4e-11 before it divides: the last digits of its nid errors are
 * its own. The data are printed with 10 decimals, which the coefficients feel in the 11th digit. */
static const struct {
    const char *column;
    double tolerance; /* relative */
} facts[] = {
    {"intercept", 5e-11}, {"slope", 5e-11},     {"objective", 1e-12}, {"se_nid_b0", 2e-9},
    {"se_nid_b1", 2e-9},  {"se_iid_b0", 2e-10}, {"se_iid_b1", 2e-10},
};

static void engel_agrees_with_quantreg(void **state)
{
    (void)state;
    struct csv csv;
    size_t n = 0;
    size_t rows = 0;
    const char *folder = reference_folder("quantreg");
    double *income = csv_column(folder, "engel.csv", "income", &n);
    double *food = csv_column(folder, "engel.csv", "foodexp", &n);
    assert_int_equal(n, 235);
    csv_open(&csv, folder, "engel_expected.csv");
    for (; csv_next(&csv); rows++) {
        double q = csv_number(&csv, "tau");
        struct cp_quantile_regression iid;
        struct cp_quantile_regression nid;
        const struct cp_regression_rows data = {
            .n = n, .y = food, .x = {income}, .n_regressors = 1};
        cp_quantile_regression_fit(
            &data,
            &(struct cp_quantile_regression_options){.q = q, .errors = CP_REGRESSION_ERRORS_IID},
            &iid);
        cp_quantile_regression_fit(
            &data,
            &(struct cp_quantile_regression_options){.q = q, .errors = CP_REGRESSION_ERRORS_NID},
            &nid);
        assert_int_equal(iid.status, CP_OK);
        assert_int_equal(nid.status, CP_OK);
        const double values[] = {iid.coefficients[0],    iid.coefficients[1],
                                 iid.check_loss,         nid.standard_errors[0],
                                 nid.standard_errors[1], iid.standard_errors[0],
                                 iid.standard_errors[1]};
        for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
            double expected = csv_number(&csv, facts[i].column);
            if (!(fabs(values[i] / expected - 1) <= facts[i].tolerance))
                fail_msg("tau %g, %s: %.13g, not %.13g", q, facts[i].column, values[i], expected);
        }
    }
    csv_close(&csv);
    free(income);
    free(food);
    assert_int_equal(rows, 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {cmocka_unit_test(engel_agrees_with_quantreg)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
