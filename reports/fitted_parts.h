/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the list of fitted models is written with. Private to reports/fitted*.
 */
#ifndef COLDPROF_REPORTS_FITTED_PARTS_H
#define COLDPROF_REPORTS_FITTED_PARTS_H

#include "reports/fitted.h"

__attribute__((format(printf, 3, 4))) void cp_fitted_say(char *out, size_t size, const char *fmt,
                                                         ...);
/* Nothing for a value of NAN, or when there is no more room. */
void cp_fitted_add_check(struct cp_fitted *m, struct cp_fitted_check row);
void cp_fitted_add_value(struct cp_fitted *m, struct cp_fitted_value row);

/* A new model at the end of f->fitted; NULL when the list is full. `id` and `title` may hold
 * {init}, see words.h. */
struct cp_fitted *cp_fitted_add(const struct cp_figures *f, const char *id, const char *title);

/* What is done with a series: behind its id and its name. */
struct cp_fitted_way {
    const char *suffix, *words;
};
struct cp_fitted *cp_fitted_add_of_series(const struct cp_figures *f, enum cp_series series,
                                          const char *quantile, const struct cp_fitted_way *way);
/* Mean of each series over memory. */
void cp_fitted_add_means(const struct cp_figures *f);
/* fitted_idle.c */
void cp_fitted_add_idle(const struct cp_figures *f);

#endif
