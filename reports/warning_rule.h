/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the rules of warnings.c, warnings_fit.c, warnings_import.c and price_words.c are written
 * with. A rule fills the warning and returns true when it applies. Private to these.
 */
#ifndef COLDPROF_REPORTS_WARNING_RULE_H
#define COLDPROF_REPORTS_WARNING_RULE_H

#include "reports/figures.h"
#include "reports/format.h"

/* A count as every format shows it. */
struct cp_count_text {
    char text[CP_FORMAT_MAX];
};
struct cp_count_text cp_count_text(size_t n);

/* Both return true. */
__attribute__((format(printf, 2, 3))) bool cp_warning_say(struct cp_warning *w, const char *fmt,
                                                          ...);
__attribute__((format(printf, 2, 3))) bool cp_warning_advise(struct cp_warning *w, const char *fmt,
                                                             ...);

/* Of runs that were read from logs; false of all others. */
bool cp_warn_assumed(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_sizes_of_log(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_bursts(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_one_size(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_mixed_starts(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_provisioned_starts(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_emulator(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_failure_texts(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_twice(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_eras(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_no_times(const struct cp_figures *f, struct cp_warning *w);

/* About prices (price_words.c). */
bool cp_warn_old_prices(const struct cp_figures *f, struct cp_warning *w);

/* About fitted models (warnings_fit.c). */
bool cp_warn_lack_of_fit(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_tails_differ(const struct cp_figures *f, struct cp_warning *w);
bool cp_warn_no_law(const struct cp_figures *f, struct cp_warning *w);

#endif
