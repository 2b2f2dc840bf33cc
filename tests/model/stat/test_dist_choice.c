/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which law describes a sample: the reference sets, and samples of known laws.
 */
#include "model/stat/dist_choice.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stat/sort.h"
#include "tests/model/stat/csv.h"
#include "tests/model/stat/dist_cases.h"
#include "tests/test.h"

enum { MIXTURE = 1 << CP_DIST_LOGNORMAL_MIXTURE, EMPIRICAL = 1 << CP_DIST_EMPIRICAL };

static const struct cp_goodness_options options = {.reps = 99, .seed = 3, .n_threads = 2};

static void reference_sets_get_a_law_that_describes_them(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *file;
        unsigned allowed; /* bits of the kinds */
    } rows[] = {
        {"tests/data/model/quantiles", "A_lognorm_n200.csv", ~(unsigned)(EMPIRICAL | MIXTURE)},
        {"tests/data/model/quantiles", "B_small_n10.csv", ~(unsigned)MIXTURE},
        {"tests/data/model/quantiles", "D_bimodal_n500.csv", EMPIRICAL | MIXTURE},
        {"tests/data/model/quantiles", "E_const_n25.csv", EMPIRICAL},
        {"tests/data/model/mle", "M_lnorm_n300.csv", 1 << CP_DIST_LOGNORMAL},
        {"tests/data/model/mle", "M_weib_n150.csv", 1 << CP_DIST_GAMMA | 1 << CP_DIST_WEIBULL},
        {"tests/data/model/mle", "M_shift_n400.csv", 1 << CP_DIST_SHIFTED_LOGNORMAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = 0;
        double *x = csv_column(rows[i].folder, rows[i].file, "value", &n);
        cp_sort(x, n);
        struct cp_dist_choice choice;
        cp_dist_choose(x, n, &options, &choice);
        assert_int_equal(choice.status, CP_OK);
        assert_int_equal(choice.fits[choice.chosen].status, CP_OK);
        if (!(rows[i].allowed & 1U << choice.chosen))
            fail_msg("%s: %s, %s", rows[i].file, cp_dist_family(choice.chosen)->name,
                     choice.reason);
        assert_int_equal(choice.reason[0] != 0, choice.chosen == CP_DIST_EMPIRICAL);
        for (size_t k = 1; k < choice.n_order; k++)
            assert_true(choice.fits[choice.order[k - 1]].aicc <= choice.fits[choice.order[k]].aicc);
        free(x);
    }
}

static void a_sample_of_no_family_is_its_own_law(void **state)
{
    (void)state;
    /* three modes; and values rounded so coarsely that no continuous law fits */
    enum { N = 600 };
    const struct cp_dist law = cp_dist_of(CP_DIST_LOGNORMAL, (const double[]){5, 0.05});
    double *three = dist_draws(&law, N, 1);
    double *rounded = dist_draws(&law, N, 1);
    for (size_t i = 0; i < N; i++) {
        three[i] *= (double)(1 + 2 * (i % 3));
        rounded[i] = 10 * round(rounded[i] / 10);
    }
    cp_sort(three, N);
    cp_sort(rounded, N);
    struct cp_dist_choice choice;
    const double *const samples[] = {three, rounded};
    for (size_t i = 0; i < 2; i++) {
        cp_dist_choose(samples[i], N, &options, &choice);
        assert_int_equal(choice.status, CP_OK);
        assert_int_equal(choice.chosen, CP_DIST_EMPIRICAL);
        assert_true(choice.n_order > 0 && choice.goodness.ks_p <= 0.01);
        assert_string_not_equal(choice.reason, "");
    }
    free(three);
    free(rounded);
}

static void a_true_law_is_seldom_replaced_by_the_sample(void **state)
{
    (void)state;
    enum { SAMPLES = 40, N = 100 };
    const struct cp_dist law = cp_dist_of(CP_DIST_LOGNORMAL, (const double[]){4.5, 0.4});
    int empirical = 0;
    int log_normal = 0;
    for (uint64_t s = 0; s < SAMPLES; s++) {
        double *x = dist_draws(&law, N, s);
        struct cp_dist_choice choice;
        cp_dist_choose(x, N, &options, &choice);
        empirical += choice.chosen == CP_DIST_EMPIRICAL;
        log_normal += choice.chosen == CP_DIST_LOGNORMAL;
        free(x);
    }
    assert_in_range(empirical, 0, 3);
    assert_in_range(log_normal, SAMPLES / 2, SAMPLES);
}

static void a_censored_sample_finds_its_law(void **state)
{
    (void)state;
    enum { N = 800, SEEN = 760 };
    const struct cp_dist law =
        cp_dist_of(CP_DIST_LOGNORMAL_MIXTURE, (const double[]){0.7, 4, 0.1, 6, 0.2});
    double *x = dist_draws(&law, N, 6);
    struct cp_goodness_options censored = options;
    censored.censored_at_ms = x[SEEN];
    for (size_t i = SEEN; i < N; i++)
        x[i] = INFINITY;
    struct cp_dist_choice choice;
    cp_dist_choose(x, N, &censored, &choice);
    assert_int_equal(choice.chosen, CP_DIST_LOGNORMAL_MIXTURE);
    assert_int_equal(choice.fits[choice.chosen].n_censored, N - SEEN);
    free(x);
}

static void no_sample_no_law(void **state)
{
    (void)state;
    struct cp_dist_choice choice;
    const double bad[] = {1, NAN};
    const double one[] = {7};
    cp_dist_choose(NULL, 0, NULL, &choice);
    assert_int_equal(choice.status, CP_ENODATA);
    cp_dist_choose(bad, 2, NULL, &choice);
    assert_int_equal(choice.status, CP_EINVAL);
    cp_dist_choose(one, 1, NULL, &choice);
    assert_int_equal(choice.status, CP_OK);
    assert_int_equal(choice.chosen, CP_DIST_EMPIRICAL);
    assert_near(cp_dist_quantile(&choice.fits[choice.chosen].dist, 0.3), 7, 0);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_sets_get_a_law_that_describes_them),
        cmocka_unit_test(a_sample_of_no_family_is_its_own_law),
        cmocka_unit_test(a_true_law_is_seldom_replaced_by_the_sample),
        cmocka_unit_test(a_censored_sample_finds_its_law),
        cmocka_unit_test(no_sample_no_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
