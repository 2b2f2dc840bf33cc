/* SPDX-License-Identifier: GPL-3.0-or-later
 * Warnings about fitted models: one that does not fit, tails that cannot be shared, no model.
 */
#include <math.h>
#include <stdio.h>

#include "reports/warning_rule.h"
#include "reports/words.h"

/* The law that fits worst, init aside: whether init follows memory is asked in W013. */
struct misfit {
    const struct cp_memory_law *law;
    enum cp_series series;
    size_t n;
};

static struct misfit worst_law(const struct cp_figures *f)
{
    struct misfit worst = {.n = 0};
    for (int series = CP_SERIES_COLD_HANDLER; series < CP_SERIES_COUNT; series++) {
        for (size_t which = 0; which < CP_LAW_COUNT; which++) {
            const struct cp_memory_law *law = &f->laws[series][which];
            if (law->status != CP_OK || !law->is_lack_of_fit)
                continue;
            if (worst.n++ == 0 || law->lack_of_fit > worst.law->lack_of_fit) {
                worst.law = law;
                worst.series = (enum cp_series)series;
            }
        }
    }
    return worst;
}

static const char *series_name(const struct cp_figures *f, enum cp_series series,
                               char out[CP_WORDS_MAX])
{
    static const char *const names[CP_SERIES_COUNT] = {
        [CP_SERIES_INIT] = "{init}",
        [CP_SERIES_COLD_HANDLER] = "first handler run",
        [CP_SERIES_COLD] = "cold start",
        [CP_SERIES_WARM] = "warm",
    };
    return cp_words(f, names[series], out);
}

bool cp_warn_lack_of_fit(const struct cp_figures *f, struct cp_warning *w)
{
    char name[CP_WORDS_MAX];
    struct misfit worst = worst_law(f);
    if (worst.n == 0)
        return false;
    cp_warning_say(w, "%s p%g does not follow %s: off by %.3g standard errors%s",
                   series_name(f, worst.series, name), 100 * worst.law->q,
                   worst.law->kind == CP_MEMORY_LAW_CONSTANT ? "one value at every memory size"
                                                             : cp_memory_law_formula(worst.law),
                   worst.law->lack_of_fit, worst.n > 1 ? " (others do not either)" : "");
    return cp_warning_advise(w, "trust the measured points, not the fitted line; coldprof fit "
                                "tells what stands in for it");
}

/* Where a p99 of its own would take more samples, and the sizes do not help each other. */
bool cp_warn_tails_differ(const struct cp_figures *f, struct cp_warning *w)
{
    char sizes[CP_WORDS_MAX];
    char p[CP_FORMAT_MAX];
    static const struct {
        enum cp_series series;
        const char *word;
    } rows[] = {{CP_SERIES_COLD, "cold"}, {CP_SERIES_WARM, "warm"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct cp_tail_pool *pool = &f->pools[rows[i].series][CP_TAIL_P99];
        bool is_short = false;
        for (size_t k = 0; k < f->n_sizes; k++)
            is_short |= f->sizes[k].tails[rows[i].series][CP_TAIL_P99].status == CP_ANSWER_TOO_FEW;
        if (pool->status != CP_OK || !pool->is_heterogeneous || !is_short)
            continue;
        cp_warning_say(w,
                       "the memory sizes' tails of %s starts differ (p = %s): they cannot share a "
                       "p99",
                       rows[i].word, cp_format(CP_UNIT_PLAIN, pool->p_value, p));
        if (cp_figures_is_import(f))
            return cp_warning_advise(w, "a longer log would do: 299 of them at one size");
        (void)snprintf(sizes, sizeof sizes, "%zu", cp_quantile_min_n_upper(0.99, 0.95));
        return cp_warning_advise(w, "sweep with --%s %s, so that each size has its own",
                                 rows[i].word, sizes);
    }
    return false;
}

bool cp_warn_no_law(const struct cp_figures *f, struct cp_warning *w)
{
    enum { LAW_SIZES_MIN = 3 };
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++)
        n += cp_size_is_fitted(&f->sizes[i]) ? 1 : 0;
    if (n == 0 || n >= LAW_SIZES_MIN || cp_figures_is_import(f) || cp_figures_is_wall_clock(f))
        return false;
    cp_warning_say(w, "%zu memory size%s: no law over memory is fitted, and nothing is predicted",
                   n, n == 1 ? "" : "s");
    return cp_warning_advise(w, "sweep three sizes or more, for example --memory 256,512,1024");
}
