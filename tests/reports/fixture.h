/* SPDX-License-Identifier: GPL-3.0-or-later
 * One data set for the tests of this room: a seeded generator of samples, and figures whose model
 * part (laws, decision, prices) is fixed by hand, so that goldens show the renderers only.
 */
#ifndef COLDPROF_TESTS_REPORTS_FIXTURE_H
#define COLDPROF_TESTS_REPORTS_FIXTURE_H

#include "model/base/buf.h"
#include "reports/report.h"

struct fixture_options {
    const char *function; /* NULL: "orders-api:live" */
    size_t n_cold;        /* per size; 0: 120 */
    bool is_local;
};

/* Owner: cp_run_data_clear. */
void fixture_data(const struct fixture_options *options, struct cp_run_data *data);
/* Computed by cp_figures_new, then the model part replaced. Owner: cp_figures_free. */
struct cp_figures *fixture_figures(const struct cp_run_data *data);

/* The same figures computed once per test program and described anew at each call; borrowed, ended
 * by fixture_shared_free (a group teardown). `options->n_cold` must be 0. */
struct cp_figures *fixture_shared(const struct fixture_options *options);
int fixture_shared_free(void **state);

/* Compares with tests/data/reports/<name>; rewrites it when COLDPROF_REWRITE_GOLDENS is set. */
void fixture_check_golden(const char *name, const struct cp_buf *actual);

/* Text of each hostile name in tests/data/reports/names.jsonl, and their number. */
size_t fixture_hostile_names(char names[][200], size_t max);

#endif
