/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/chart_script.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/rng.h"
#include "reports/chart_canvas.h"
#include "reports/figures.h"
#include "reports/format.h"
#include "reports/levels.h"

static const struct {
    const char *name, *title, *sentence;
} charts[CP_CHART_COUNT] = {
    [CP_CHART_FRONTIER] = {"frontier", "Cost against latency",
                           "Each point is a memory size with its concurrency setting: cost to the "
                           "right, latency upwards, whiskers are 95% confidence intervals."},
    [CP_CHART_INIT] = {NULL, "{Init} duration by memory size",
                       "Median and 95th percentile of {init} duration at each tested memory size, "
                       "with 95% confidence intervals and the fitted law."},
    [CP_CHART_DURATION] = {"duration", "Handler duration by memory size",
                           "Median and 95th percentile of warm handler runs and of the first run "
                           "after {init}, with 95% confidence intervals."},
    [CP_CHART_ECDF] = {"ecdf", "Distribution of {init} duration",
                       "Share of cold starts whose {init} took at most the time on the axis, one "
                       "line per memory size."},
    [CP_CHART_SURVIVAL] = {"survival", "Chance that an idle environment survives",
                           "Share of execution environments still there after an idle interval, "
                           "with 95% confidence band and number of probes."},
    [CP_CHART_WEEK] = {"week", "Requests in flight by hour of the week",
                       "Median, 95th percentile and largest number of requests in flight in each "
                       "hour of the week, over all weeks of the log."},
    [CP_CHART_PCSWEEP] = {"pcsweep", "Provisioned concurrency against cost",
                          "Cost of a month by number of provisioned environments, split into on "
                          "demand, provisioned in use and provisioned idle, with 95% confidence "
                          "intervals."},
    [CP_CHART_PCCOLD] = {"pccold", "Provisioned concurrency against cold starts",
                         "Share of requests that start cold by number of provisioned "
                         "environments, with 95% confidence intervals."},
    [CP_CHART_HISTORY] = {"history", "Nightly history",
                          "One quantile night by night with its 95% confidence interval, the band "
                          "where a night like those before it was to be expected, and lasting "
                          "changes as numbered lines."},
};

static const char simulated_week[] =
    "Median, 95th percentile and largest number of requests in flight in each hour of the week, "
    "simulated on demand under the traffic asked about.";

const char *cp_chart_name(const struct cp_figures *f, enum cp_chart_id id)
{
    return id == CP_CHART_INIT ? cp_startup_word(f->fresh_start) : charts[id].name;
}

const char *cp_chart_title(const struct cp_figures *f, enum cp_chart_id id, char out[CP_WORDS_MAX])
{
    return cp_words(f, charts[id].title, out);
}

const char *cp_chart_sentence(const struct cp_figures *f, enum cp_chart_id id,
                              char out[CP_WORDS_MAX])
{
    bool is_simulated = id == CP_CHART_WEEK && f->week_source == CP_WEEK_SIMULATED;
    cp_words(f, is_simulated ? simulated_week : charts[id].sentence, out);
    if (id == CP_CHART_WEEK && !isnan(cp_figures_provisioned_at(f, 0)))
        (void)snprintf(out + strlen(out), CP_WORDS_MAX - strlen(out),
                       " Steps: provisioned concurrency as recommended.");
    return out;
}

void cp_chart_mark(const struct cp_figures *f, char mark[CP_CHART_MARK_MAX])
{
    uint64_t stream = 0;
    for (const char *p = f->data->run.id; *p; p++)
        stream = stream * 131 + (unsigned char)*p;
    struct cp_rng rng;
    cp_rng_init(&rng, f->data->run.seed, stream);
    (void)snprintf(mark, CP_CHART_MARK_MAX, "COLDPROF_END_%016llx",
                   (unsigned long long)cp_rng_next(&rng));
}

bool cp_chart_has_data(const struct cp_figures *f, enum cp_chart_id id)
{
    switch (id) {
    case CP_CHART_FRONTIER:
        return cp_chart_has_frontier(f);
    case CP_CHART_INIT:
        return cp_chart_has_init(f);
    case CP_CHART_DURATION:
        return cp_chart_has_duration(f);
    case CP_CHART_ECDF:
        return cp_figures_n_cold(f) > 0;
    case CP_CHART_SURVIVAL:
        return f->survival.status == CP_OK && f->survival.n_points > 1;
    case CP_CHART_WEEK:
        return cp_figures_has_week(f);
    case CP_CHART_PCSWEEP:
    case CP_CHART_PCCOLD:
        return cp_figures_has_levels(f);
    case CP_CHART_HISTORY:
        return cp_figures_has_history(f);
    case CP_CHART_COUNT:
        break;
    }
    return false;
}

void cp_chart_script(const struct cp_figures *f, enum cp_chart_id id, struct cp_buf *out)
{
    static void (*const add[CP_CHART_COUNT])(struct cp_canvas *) = {
        [CP_CHART_FRONTIER] = cp_chart_add_frontier, [CP_CHART_INIT] = cp_chart_add_init,
        [CP_CHART_DURATION] = cp_chart_add_duration, [CP_CHART_ECDF] = cp_chart_add_ecdf,
        [CP_CHART_SURVIVAL] = cp_chart_add_survival, [CP_CHART_WEEK] = cp_chart_add_week,
        [CP_CHART_PCSWEEP] = cp_chart_add_pcsweep,   [CP_CHART_PCCOLD] = cp_chart_add_pccold,
        [CP_CHART_HISTORY] = cp_chart_add_history,
    };
    struct cp_canvas c = {.f = f, .out = out};
    cp_chart_mark(f, c.mark);
    cp_buf_adds(out, "unset key\n"
                     "set border 3 lc rgb '#9CA3AF'\n"
                     "set tics nomirror out scale 0.6 tc rgb '" CP_INK "'\n"
                     "set grid ytics lc rgb '#E5E7EB' lw 1 dt 1\n"
                     "set datafile missing NaN\n"
                     "set errorbars small\n");
    add[id](&c);
}

/* SVG for the page, where a caption stands beside it; PNG for slides, with its own title. */
static void add_picture(const struct cp_figures *f, enum cp_chart_id id, const char *kind,
                        const char *mark, struct cp_buf *out)
{
    bool is_svg = strcmp(kind, "svg") == 0;
    cp_buf_addf(out, "reset\nset encoding utf8\nprint '%s %s %s'\n", mark, kind,
                cp_chart_name(f, id));
    if (is_svg) {
        cp_buf_addf(out,
                    "set terminal svg size 720,380 dynamic noenhanced font 'sans-serif,13' "
                    "background '#ffffff' name '%s'\ntop_at = %.4f\ny_shift = 0.8\n",
                    cp_chart_name(f, id), 1 - CP_TOP_MARGIN / CP_CARD_HEIGHT);
    } else {
        struct cp_buf title;
        cp_buf_init(&title, 4096);
        cp_words_add(f, charts[id].title, &title);
        cp_buf_addf(&title, ": %.60s", f->data->run.function);
        cp_buf_adds(out, "set terminal pngcairo size 1440,760 noenhanced font 'sans-serif,19' "
                         "background '#ffffff' linewidth 2 pointscale 2\ntop_at = 0.91\ny_shift = "
                         "0\nset title ");
        cp_text_gnuplot(out, cp_buf_str(&title));
        cp_buf_adds(out, " noenhanced tc rgb '" CP_INK "'\n");
        cp_buf_clear(&title);
    }
    cp_chart_script(f, id, out);
    cp_buf_adds(out, "set output\n");
}

void cp_charts_script(const struct cp_figures *f, struct cp_buf *out)
{
    char mark[CP_CHART_MARK_MAX];
    cp_chart_mark(f, mark);
    cp_buf_adds(out, "set print '-'\n");
    for (int id = 0; id < CP_CHART_COUNT; id++) {
        if (!cp_chart_has_data(f, (enum cp_chart_id)id))
            continue;
        add_picture(f, (enum cp_chart_id)id, "svg", mark, out);
        add_picture(f, (enum cp_chart_id)id, "png", mark, out);
    }
    cp_buf_addf(out, "print '%s end'\n", mark);
}
