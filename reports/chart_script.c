/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/chart_script.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/units.h"
#include "reports/axis.h"
#include "reports/figures.h"
#include "reports/format.h"

/* Okabe-Ito colours that keep a contrast of 3:1 on white and on the dark page. */
#define BLUE      "#0072B2" /* warm */
#define VERMILION "#D55E00" /* cold */
#define GREEN     "#009E73" /* recommended */
#define GREY      "#6B7280" /* context */
#define INK       "#1F2937"

/* Geometry of the 720 x 380 card, in its pixels: labels are placed by these numbers. */
#define CARD_WIDTH    720.0
#define CARD_HEIGHT   380.0
#define LEFT_MARGIN   70.0
#define BOTTOM_MARGIN 60.0
#define TOP_MARGIN    16.0
#define CHAR_WIDTH    7.8
#define LINE_HEIGHT   16.0

static const struct {
    const char *name, *title, *sentence;
} charts[CP_CHART_COUNT] = {
    [CP_CHART_FRONTIER] = {"frontier", "Cost against latency",
                           "Each point is a memory size with its concurrency setting: cost to the "
                           "right, latency upwards, whiskers are 95% confidence intervals."},
    [CP_CHART_INIT] = {"init", "Init duration by memory size",
                       "Median and 95th percentile of init duration at each tested memory size, "
                       "with 95% confidence intervals and the fitted law."},
    [CP_CHART_DURATION] = {"duration", "Handler duration by memory size",
                           "Median and 95th percentile of warm handler runs and of the first run "
                           "after init, with 95% confidence intervals."},
    [CP_CHART_ECDF] = {"ecdf", "Distribution of init duration",
                       "Share of cold starts whose init took at most the time on the axis, one "
                       "line per memory size."},
    [CP_CHART_SURVIVAL] = {"survival", "Chance that an idle environment survives",
                           "Share of execution environments still there after an idle interval, "
                           "with 95% confidence band and number of probes."},
};

const char *cp_chart_name(enum cp_chart_id id)
{
    return charts[id].name;
}

const char *cp_chart_title(enum cp_chart_id id)
{
    return charts[id].title;
}

const char *cp_chart_sentence(enum cp_chart_id id)
{
    return charts[id].sentence;
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

/* A chart being written: the script, and the margins its labels need. */
struct chart {
    const struct cp_figures *f;
    struct cp_buf *out;
    char mark[CP_CHART_MARK_MAX];
    double right_margin; /* px */
};

static void add_value(struct cp_buf *out, double value)
{
    if (isfinite(value))
        cp_buf_addf(out, " %.9g", value);
    else
        cp_buf_adds(out, " NaN");
}

static void open_block(const struct chart *c, const char *name)
{
    cp_buf_addf(c->out, "$%s << %s\n", name, c->mark);
}

static void close_block(const struct chart *c)
{
    cp_buf_addf(c->out, "%s\n", c->mark);
}

static void add_margins(const struct chart *c)
{
    cp_buf_addf(c->out,
                "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
                "set bmargin at screen %.4f\nset tmargin at screen top_at\n",
                LEFT_MARGIN / CARD_WIDTH, 1 - c->right_margin / CARD_WIDTH,
                BOTTOM_MARGIN / CARD_HEIGHT);
}

static void add_axis(const struct chart *c, char name, const struct cp_axis *axis,
                     const char *label)
{
    if (axis->is_log)
        cp_buf_addf(c->out, "set logscale %c\n", name);
    cp_buf_addf(c->out, "set %crange [%.9g:%.9g]\nset %clabel '%s'%s tc rgb '" INK "'\n", name,
                axis->low, axis->high, name, label,
                name == 'x' ? " offset 0,0.3" : " offset y_shift,0");
}

static void add_axis_with_ticks(const struct chart *c, char name, const struct cp_axis *axis,
                                const char *label)
{
    add_axis(c, name, axis, label);
    cp_buf_addf(c->out, "set %ctics ", name);
    cp_axis_ticks(axis, c->out);
    cp_buf_addc(c->out, '\n');
}

/* x at the tested sizes; a label closer than its own width to the last one is left out. */
static void add_memory_axis(const struct chart *c, struct cp_axis *x)
{
    double width = CARD_WIDTH - LEFT_MARGIN - c->right_margin;
    double last = -INFINITY;
    *x = cp_axis_empty(true);
    for (size_t i = 0; i < c->f->n_sizes; i++)
        cp_axis_see(x, c->f->sizes[i].memory_size_mb);
    cp_axis_pad(x, 0.04);
    add_axis(c, 'x', x, "memory size, MB");
    cp_buf_adds(c->out, "set logscale x 2\nset xtics (");
    for (size_t i = 0; i < c->f->n_sizes; i++) {
        int mb = c->f->sizes[i].memory_size_mb;
        double at = cp_axis_position(x, mb) * width;
        char text[CP_FORMAT_MAX];
        bool has_room = at - last > 44;
        cp_buf_addf(c->out, "%s'%s' %d", i ? ", " : "",
                    has_room ? cp_format(CP_UNIT_MB, mb, text) : "", mb);
        last = has_room ? at : last;
    }
    cp_buf_adds(c->out, ")\n");
    if (x->low < CP_MEMORY_PER_VCPU_MB && x->high > CP_MEMORY_PER_VCPU_MB)
        cp_buf_addf(c->out,
                    "set arrow from %d, graph 0 to %d, graph 1 nohead lc rgb '" GREY "' dt 3\n"
                    "set label '1 vCPU' at %d, graph 1 offset 0.4,-0.7 tc rgb '" GREY "'\n",
                    CP_MEMORY_PER_VCPU_MB, CP_MEMORY_PER_VCPU_MB, CP_MEMORY_PER_VCPU_MB);
}

/* --- labels at the right ends of lines, pushed apart where they would touch --- */

struct end_label {
    const char *text, *color;
    double y; /* 0..1 of the graph */
};

static void add_end_labels(const struct chart *c, struct end_label *labels, size_t n)
{
    double gap = LINE_HEIGHT / (CARD_HEIGHT - BOTTOM_MARGIN - TOP_MARGIN);
    for (size_t i = 1; i < n; i++) {
        for (size_t k = i; k > 0 && labels[k].y < labels[k - 1].y; k--) {
            struct end_label swap = labels[k];
            labels[k] = labels[k - 1];
            labels[k - 1] = swap;
        }
    }
    for (size_t i = 1; i < n; i++)
        labels[i].y = fmax(labels[i].y, labels[i - 1].y + gap);
    for (size_t i = 0; i < n; i++)
        cp_buf_addf(c->out, "set label '%s' at graph 1.01, graph %.4f tc rgb '%s'\n",
                    labels[i].text, labels[i].y, labels[i].color);
}

/* --- charts over memory --- */

/* One line of a chart over memory: the same estimate at every size. */
struct memory_series {
    const char *block, *label, *color;
    const char *style; /* dash and point of the line */
    size_t offset;     /* of the estimate in struct cp_size_figures */
    const struct cp_memory_law *law;
};

static const struct cp_estimate *series_at(const struct memory_series *s,
                                           const struct cp_size_figures *size)
{
    return (const struct cp_estimate *)(const void *)((const char *)size + s->offset);
}

static double fitted(const struct memory_series *s, double memory_mb)
{
    return s->law ? cp_memory_law_at(s->law, memory_mb) : NAN;
}

static bool has_fit(const struct memory_series *s)
{
    return s->law && s->law->status == CP_OK && s->law->max_mb > s->law->min_mb;
}

/* Returns the last point, for the label; NAN without any. */
static double add_series_block(const struct chart *c, const struct memory_series *s,
                               struct cp_axis *y)
{
    double last = NAN;
    open_block(c, s->block);
    for (size_t i = 0; i < c->f->n_sizes; i++) {
        struct cp_interval v = cp_interval_of_estimate(series_at(s, &c->f->sizes[i]));
        if (isnan(v.value))
            continue;
        cp_buf_addf(c->out, "%d", c->f->sizes[i].memory_size_mb);
        add_value(c->out, v.value);
        add_value(c->out, v.low);
        add_value(c->out, v.high);
        cp_buf_addc(c->out, '\n');
        cp_axis_see(y, v.low);
        cp_axis_see(y, v.high);
        last = v.value;
    }
    close_block(c);
    return last;
}

static void add_fit_block(const struct chart *c, const struct memory_series *s)
{
    enum { STEPS = 48 };
    cp_buf_addf(c->out, "$%s_fit << %s\n", s->block, c->mark);
    for (int i = 0; i <= STEPS; i++) {
        double mb =
            s->law->min_mb * pow((double)s->law->max_mb / s->law->min_mb, i / (double)STEPS);
        cp_buf_addf(c->out, "%.9g", mb);
        add_value(c->out, fitted(s, mb));
        cp_buf_addc(c->out, '\n');
    }
    close_block(c);
}

static void add_memory_chart(struct chart *c, const struct memory_series *series, size_t n,
                             const char *y_label)
{
    struct cp_axis x;
    struct cp_axis y = cp_axis_empty(true);
    struct end_label labels[8];
    size_t n_labels = 0;
    double last[8];
    for (size_t i = 0; i < n; i++) {
        last[i] = add_series_block(c, &series[i], &y);
        if (has_fit(&series[i]))
            add_fit_block(c, &series[i]);
    }
    cp_axis_pad(&y, 0.08);
    for (size_t i = 0; i < n; i++) {
        if (!isnan(last[i]))
            labels[n_labels++] =
                (struct end_label){series[i].label, series[i].color, cp_axis_position(&y, last[i])};
    }
    add_margins(c);
    add_memory_axis(c, &x);
    add_axis_with_ticks(c, 'y', &y, y_label);
    add_end_labels(c, labels, n_labels);
    const char *separator = "plot ";
    for (size_t i = 0; i < n; i++) {
        if (has_fit(&series[i])) {
            cp_buf_addf(c->out, "%s$%s_fit using 1:2 with lines lw 1 dt 1 lc rgb '" GREY "'",
                        separator, series[i].block);
            separator = ", \\\n  ";
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct memory_series *s = &series[i];
        if (isnan(last[i]))
            continue;
        cp_buf_addf(c->out,
                    "%s$%s using 1:2:3:4 with yerrorbars pt -1 lw 1.2 lc rgb '%s', \\\n"
                    "  $%s using 1:2 with linespoints %s lc rgb '%s'",
                    separator, s->block, s->color, s->block, s->style, s->color);
        separator = ", \\\n  ";
    }
    cp_buf_addc(c->out, '\n');
}

#define SERIES(field) offsetof(struct cp_size_figures, field)

static void add_init_chart(struct chart *c)
{
    const struct memory_series series[] = {
        {"init_p50", "p50", VERMILION, "lw 2 dt 1 pt 7 ps 0.8", SERIES(init_p50),
         &c->f->init_law_p50},
        {"init_p95", "p95", VERMILION, "lw 2 dt 2 pt 9 ps 0.9", SERIES(init_p95),
         &c->f->init_law_p95},
    };
    c->right_margin = 52;
    add_memory_chart(c, series, 2, "init duration, ms");
}

static void add_duration_chart(struct chart *c)
{
    const struct memory_series series[] = {
        {"warm_p50", "warm p50", BLUE, "lw 2 dt 1 pt 7 ps 0.8", SERIES(warm_p50),
         &c->f->warm_law_p50},
        {"warm_p95", "warm p95", BLUE, "lw 2 dt 2 pt 6 ps 0.8", SERIES(warm_p95),
         &c->f->warm_law_p95},
        {"first_p50", "first run p50", VERMILION, "lw 2 dt 1 pt 9 ps 0.9", SERIES(cold_handler_p50),
         &c->f->cold_handler_law_p50},
        {"first_p95", "first run p95", VERMILION, "lw 2 dt 2 pt 8 ps 0.9", SERIES(cold_handler_p95),
         NULL},
    };
    c->right_margin = 112;
    add_memory_chart(c, series, 4, "duration, ms");
}

/* --- distribution --- */

enum { ECDF_LINES_MAX = 8, ECDF_POINTS_MAX = 300 };

/* Which sizes get a line: all up to eight, else eight spread evenly, ends included. */
static size_t ecdf_sizes(const struct cp_figures *f, size_t *picked)
{
    size_t with_data[CP_RUN_SIZES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (f->sizes[i].n_cold > 0)
            with_data[n++] = i;
    }
    size_t shown = n < ECDF_LINES_MAX ? n : ECDF_LINES_MAX;
    for (size_t i = 0; i < shown; i++)
        picked[i] = with_data[shown > 1 ? i * (n - 1) / (shown - 1) : 0];
    return shown;
}

static void add_ecdf_block(const struct chart *c, const struct cp_size_figures *size,
                           struct cp_axis *x)
{
    size_t step = size->n_cold / ECDF_POINTS_MAX + 1;
    cp_buf_addf(c->out, "$ecdf_%d << %s\n", size->memory_size_mb, c->mark);
    add_value(c->out, size->init_ms[0]);
    cp_buf_adds(c->out, " 0\n");
    for (size_t k = 0; k < size->n_cold; k++) {
        if (k % step != 0 && k + 1 != size->n_cold)
            continue;
        add_value(c->out, size->init_ms[k]);
        add_value(c->out, (double)(k + 1) / (double)size->n_cold);
        cp_buf_addc(c->out, '\n');
    }
    close_block(c);
    cp_axis_see(x, size->init_ms[0]);
    cp_axis_see(x, size->init_ms[size->n_cold - 1]);
}

static void add_ecdf_chart(struct chart *c)
{
    static const char *const colors[] = {BLUE, VERMILION, GREEN, INK};
    static const int dashes[] = {1, 2, 4, 5, 3};
    size_t picked[CP_RUN_SIZES_MAX];
    size_t n = ecdf_sizes(c->f, picked);
    struct cp_axis x = cp_axis_empty(true);
    struct cp_axis y = {0, 1, false};
    for (size_t i = 0; i < n; i++)
        add_ecdf_block(c, &c->f->sizes[picked[i]], &x);
    cp_axis_pad(&x, 0.04);
    c->right_margin = 128;
    add_margins(c);
    add_axis_with_ticks(c, 'x', &x, "init duration, ms");
    add_axis_with_ticks(c, 'y', &y, "share of cold starts");
    cp_buf_addf(c->out,
                "set key at screen %.4f, graph 0.98 right top Left reverse samplen 2.5 "
                "spacing 1.25 tc rgb '" INK "'\n",
                1 - 8 / CARD_WIDTH);
    for (size_t i = 0; i < n; i++) {
        char mb[CP_FORMAT_MAX];
        int memory = c->f->sizes[picked[i]].memory_size_mb;
        cp_buf_addf(c->out, "%s$ecdf_%d using 1:2 with steps lw 2 dt %d lc rgb '%s' title '%s MB'",
                    i ? ", \\\n  " : "plot ", memory, dashes[i % 5], colors[i % 4],
                    cp_format(CP_UNIT_MB, memory, mb));
    }
    cp_buf_addc(c->out, '\n');
}

/* --- idle survival --- */

/* Between two probed intervals survival is anything from the later lower to the earlier upper
 * bound: that is the band. */
static void add_survival_blocks(const struct chart *c, struct cp_axis *x)
{
    const struct cp_idle_survival *s = &c->f->survival;
    open_block(c, "band");
    for (size_t i = 0; i + 1 < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        double low = 1 - p[1].high;
        double high = 1 - p->low;
        cp_buf_addf(c->out, "%.9g %.9g %.9g\n", p->idle_interval_ms / CP_MS_PER_S, low, high);
        cp_buf_addf(c->out, "%.9g %.9g %.9g\n", p[1].idle_interval_ms / CP_MS_PER_S, low, high);
    }
    close_block(c);
    open_block(c, "survival");
    for (size_t i = 0; i < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        cp_buf_addf(c->out, "%.9g %.9g %.9g %.9g\n", p->idle_interval_ms / CP_MS_PER_S,
                    1 - p->cold_probability, 1 - p->high, 1 - p->low);
        cp_axis_see(x, p->idle_interval_ms / CP_MS_PER_S);
    }
    close_block(c);
}

static void add_survival_chart(struct chart *c)
{
    const struct cp_idle_survival *s = &c->f->survival;
    struct cp_axis x = cp_axis_empty(true);
    struct cp_axis y = {-0.03, 1.03, false};
    add_survival_blocks(c, &x);
    cp_axis_pad(&x, 0.06);
    c->right_margin = 24;
    add_margins(c);
    add_axis(c, 'x', &x, "idle interval (n = probes)");
    cp_buf_adds(c->out, "set bmargin at screen 0.22\nset xlabel offset 0,-0.6\nset xtics (");
    double width = CARD_WIDTH - LEFT_MARGIN - c->right_margin;
    double last = -INFINITY;
    for (size_t i = 0; i < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        char text[CP_UNITS_TEXT_MAX];
        double seconds = p->idle_interval_ms / CP_MS_PER_S;
        bool has_room = cp_axis_position(&x, seconds) * width - last > 50;
        /* double quotes for the line break; the text is ours: digits and units only */
        if (has_room)
            cp_buf_addf(c->out, "%s\"%s\\nn=%zu\" %.9g", i ? ", " : "",
                        cp_units_format_duration(p->idle_interval_ms, text), p->n, seconds);
        else
            cp_buf_addf(c->out, "%s'' %.9g", i ? ", " : "", seconds);
        last = has_room ? cp_axis_position(&x, seconds) * width : last;
    }
    cp_buf_adds(c->out, ")\n");
    add_axis(c, 'y', &y, "share that survives");
    cp_buf_adds(c->out,
                "set ytics ('0' 0, '0.25' 0.25, '0.5' 0.5, '0.75' 0.75, '1' 1)\n"
                "plot $band using 1:2:3 with filledcurves fc rgb '#CFE3F1' fs solid noborder, \\\n"
                "  $survival using 1:2 with steps lw 2 dt 1 lc rgb '" BLUE "', \\\n"
                "  $survival using 1:2:3:4 with yerrorbars pt 7 ps 0.8 lw 1.2 lc rgb '" BLUE "'\n");
}

/* --- frontier --- */

struct box {
    double x, y, width, height; /* px, y upwards */
};

struct frontier {
    struct chart *c;
    struct cp_axis x, y;
    bool has_month;
    struct box taken[4 * CP_CANDIDATES_MAX];
    size_t n_taken;
};

static struct cp_interval cost_of(const struct frontier *fr, const struct cp_candidate *k)
{
    return fr->has_month ? k->usd_per_month : k->usd_per_million;
}

/* Without traffic the price of keeping environments ready cannot be told per request: on-demand
 * settings only. */
static bool is_drawn(const struct frontier *fr, const struct cp_candidate *k)
{
    double cost = cost_of(fr, k).value;
    return k->is_runnable && isfinite(cost) && isfinite(k->latency_ms.value) &&
           k->latency_ms.value > 0 && (fr->has_month || k->mode == CP_MODE_ON_DEMAND);
}

/* As decided; without traffic, where only some candidates are drawn, among those. */
static bool is_on_frontier(const struct frontier *fr, const struct cp_candidate *k)
{
    const struct cp_decision *d = &fr->c->f->decision;
    if (fr->has_month)
        return k->is_on_frontier;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *other = &d->candidates[i];
        if (is_drawn(fr, other) && cost_of(fr, other).value < cost_of(fr, k).value &&
            other->latency_ms.value < k->latency_ms.value)
            return false;
    }
    return true;
}

/* Costs far beyond what anybody would choose would press the rest into a corner. */
static double cost_limit(const struct frontier *fr)
{
    const struct cp_decision *d = &fr->c->f->decision;
    const int shown[] = {d->chosen, d->current, d->cheapest};
    double most = 0;
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        const struct cp_candidate *k = cp_figures_candidate(fr->c->f, shown[i]);
        if (k && is_drawn(fr, k))
            most = fmax(most, cost_of(fr, k).value);
    }
    return most > 0 ? 3 * most : INFINITY;
}

static void see_candidates(struct frontier *fr)
{
    const struct cp_decision *d = &fr->c->f->decision;
    double limit = cost_limit(fr);
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *k = &d->candidates[i];
        if (!is_drawn(fr, k) || cost_of(fr, k).value > limit)
            continue;
        cp_axis_see(&fr->x, cost_of(fr, k).value);
        cp_axis_see(&fr->y, k->latency_ms.value);
        cp_axis_see(&fr->y, k->latency_ms.low);
        cp_axis_see(&fr->y, k->latency_ms.high);
        if (isfinite(cost_of(fr, k).high) && cost_of(fr, k).high <= limit) {
            cp_axis_see(&fr->x, cost_of(fr, k).low);
            cp_axis_see(&fr->x, cost_of(fr, k).high);
        }
    }
    cp_axis_see(&fr->y, fr->c->f->data->run.budget_ms);
    cp_axis_pad(&fr->x, 0.07);
    cp_axis_pad(&fr->y, 0.08);
    fr->x.low = fmax(fr->x.low, 0);
}

static bool is_in_view(const struct frontier *fr, const struct cp_candidate *k)
{
    double cost = cost_of(fr, k).value;
    return is_drawn(fr, k) && cost >= fr->x.low && cost <= fr->x.high;
}

/* Drawn in this order; the line joins all of the frontier, each point is in one other group. */
enum group { GROUP_LINE, GROUP_DOMINATED, GROUP_FRONTIER, GROUP_CURRENT, GROUP_CHOSEN, GROUPS };

static bool is_in_group(const struct frontier *fr, size_t i, enum group group)
{
    const struct cp_decision *d = &fr->c->f->decision;
    switch (group) {
    case GROUP_CHOSEN:
        return (int)i == cp_figures_recommended(fr->c->f);
    case GROUP_CURRENT:
        return (int)i == d->current;
    case GROUP_LINE:
        return is_on_frontier(fr, &d->candidates[i]);
    case GROUP_FRONTIER:
    case GROUP_DOMINATED:
    case GROUPS:
        break;
    }
    return is_on_frontier(fr, &d->candidates[i]) == (group == GROUP_FRONTIER) &&
           (int)i != d->current && (int)i != cp_figures_recommended(fr->c->f);
}

static int by_cost(const struct frontier *fr, size_t a, size_t b)
{
    const struct cp_candidate *all = fr->c->f->decision.candidates;
    double x = cost_of(fr, &all[a]).value;
    double y = cost_of(fr, &all[b]).value;
    return (x > y) - (x < y);
}

/* Indexes of a group, by cost. */
static size_t collect(const struct frontier *fr, enum group group, size_t *index)
{
    size_t n = 0;
    for (size_t i = 0; i < fr->c->f->decision.n_candidates; i++) {
        if (!is_in_view(fr, &fr->c->f->decision.candidates[i]) || !is_in_group(fr, i, group))
            continue;
        size_t at = n++;
        for (; at > 0 && by_cost(fr, index[at - 1], i) > 0; at--)
            index[at] = index[at - 1];
        index[at] = i;
    }
    return n;
}

static double bound(double value, double otherwise)
{
    return isfinite(value) ? value : otherwise;
}

static size_t add_group_block(const struct frontier *fr, enum group group, const char *name)
{
    size_t index[CP_CANDIDATES_MAX];
    size_t n = collect(fr, group, index);
    open_block(fr->c, name);
    for (size_t i = 0; i < n; i++) {
        const struct cp_candidate *k = &fr->c->f->decision.candidates[index[i]];
        struct cp_interval x = cost_of(fr, k);
        struct cp_interval y = k->latency_ms;
        cp_buf_addf(fr->c->out, "%.9g %.9g %.9g %.9g %.9g %.9g\n", x.value, y.value,
                    bound(x.low, x.value), bound(x.high, x.value), bound(y.low, y.value),
                    bound(y.high, y.value));
    }
    close_block(fr->c);
    return n;
}

static bool overlaps(const struct box *a, const struct box *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

static bool is_free(const struct frontier *fr, const struct box *box, double width, double height)
{
    if (box->x < 0 || box->y < 0 || box->x + box->width > width + 16 ||
        box->y + box->height > height)
        return false;
    for (size_t i = 0; i < fr->n_taken; i++) {
        if (overlaps(box, &fr->taken[i]))
            return false;
    }
    return true;
}

static void take(struct frontier *fr, struct box box)
{
    if (fr->n_taken < sizeof fr->taken / sizeof fr->taken[0])
        fr->taken[fr->n_taken++] = box;
}

static double plot_width(const struct frontier *fr)
{
    return CARD_WIDTH - LEFT_MARGIN - fr->c->right_margin;
}

static double plot_height(void)
{
    return CARD_HEIGHT - BOTTOM_MARGIN - TOP_MARGIN;
}

static double px_of(const struct frontier *fr, double cost)
{
    return cp_axis_position(&fr->x, cost) * plot_width(fr);
}

static double py_of(const struct frontier *fr, double latency)
{
    return cp_axis_position(&fr->y, latency) * plot_height();
}

/* Room that points, whiskers and the frontier's line already fill. */
static void take_points(struct frontier *fr)
{
    const struct cp_decision *d = &fr->c->f->decision;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *k = &d->candidates[i];
        if (!is_in_view(fr, k))
            continue;
        struct cp_interval cost = cost_of(fr, k);
        double x = px_of(fr, cost.value);
        double y = py_of(fr, k->latency_ms.value);
        take(fr, (struct box){x - 5, y - 5, 10, 10});
        if (!is_on_frontier(fr, k))
            continue;
        double low = py_of(fr, bound(k->latency_ms.low, k->latency_ms.value));
        double left = px_of(fr, bound(cost.low, cost.value));
        take(fr, (struct box){x - 2, low, 4,
                              py_of(fr, bound(k->latency_ms.high, k->latency_ms.value)) - low});
        take(fr, (struct box){left, y - 2, px_of(fr, bound(cost.high, cost.value)) - left, 4});
    }
}

static void take_line(struct frontier *fr)
{
    enum { STEPS = 24 };
    size_t index[CP_CANDIDATES_MAX];
    size_t n = collect(fr, GROUP_LINE, index);
    const struct cp_candidate *all = fr->c->f->decision.candidates;
    for (size_t i = 1; i < n; i++) {
        const struct cp_candidate *a = &all[index[i - 1]];
        const struct cp_candidate *b = &all[index[i]];
        double x = px_of(fr, cost_of(fr, a).value);
        double y = py_of(fr, a->latency_ms.value);
        double dx = px_of(fr, cost_of(fr, b).value) - x;
        double dy = py_of(fr, b->latency_ms.value) - y;
        for (int k = 1; k < STEPS; k++)
            take(fr, (struct box){x + dx * k / STEPS - 2, y + dy * k / STEPS - 2, 4, 4});
    }
}

/* Tries places around the point, near ones first; without room, only a label that matters is set
 * anyway. */
static void place_label(struct frontier *fr, size_t i, const char *suffix, const char *color)
{
    const struct cp_candidate *k = &fr->c->f->decision.candidates[i];
    double px = px_of(fr, cost_of(fr, k).value);
    double py = py_of(fr, k->latency_ms.value);
    char text[96];
    char count[24] = "";
    if (k->mode != CP_MODE_ON_DEMAND)
        (void)snprintf(count, sizeof count, "/%d", k->concurrency);
    (void)snprintf(text, sizeof text, "%d%s%s", k->memory_size_mb, count, suffix);
    double w = CHAR_WIDTH * (double)strlen(text);
    double h = LINE_HEIGHT;
    const double right = px + 10;
    const double left = px - 10 - w;
    const double middle = px - w / 2;
    const struct place {
        struct box box;
        const char *anchor; /* which end of the box the text starts from */
    } places[] = {
        {{right, py + 2, w, h}, "left"},        {{right, py - 2 - h, w, h}, "left"},
        {{left, py - 2 - h, w, h}, "right"},    {{left, py + 2, w, h}, "right"},
        {{right, py - h / 2, w, h}, "left"},    {{middle, py + 9, w, h}, "center"},
        {{middle, py - 9 - h, w, h}, "center"}, {{left, py - h / 2, w, h}, "right"},
        {{right, py + 14, w, h}, "left"},       {{right, py - 14 - h, w, h}, "left"},
        {{left, py - 14 - h, w, h}, "right"},   {{left, py + 14, w, h}, "right"},
        {{right + 12, py + 24, w, h}, "left"},  {{left - 12, py - 24 - h, w, h}, "right"},
    };
    size_t pick = 0;
    size_t n = sizeof places / sizeof places[0];
    while (pick < n && !is_free(fr, &places[pick].box, plot_width(fr), plot_height()))
        pick++;
    if (pick == n && suffix[0] == '\0')
        return;
    const struct place *place = &places[pick < n ? pick : 0];
    double x = place->box.x + w * (place->anchor[0] == 'l' ? 0 : place->anchor[0] == 'r' ? 1 : 0.5);
    take(fr, place->box);
    cp_buf_addf(fr->c->out, "set label '%s' at graph %.4f, graph %.4f %s tc rgb '%s'\n", text,
                x / plot_width(fr), (place->box.y + h / 2) / plot_height(), place->anchor, color);
}

/* More of them would only cover what matters; all are in the table. */
enum { DOMINATED_LABELS_MAX = 8 };

static void place_labels(struct frontier *fr)
{
    static const struct {
        enum group group;
        const char *suffix, *color;
    } order[] = {
        {GROUP_CHOSEN, " recommended", "#00785A"},
        {GROUP_CURRENT, " current", INK},
        {GROUP_FRONTIER, "", BLUE},
        {GROUP_DOMINATED, "", GREY},
    };
    const struct cp_decision *d = &fr->c->f->decision;
    bool is_same = d->current >= 0 && cp_figures_recommended(fr->c->f) == d->current;
    take_points(fr);
    take_line(fr);
    size_t in_view[CP_CANDIDATES_MAX];
    bool is_crowded = collect(fr, GROUP_DOMINATED, in_view) > DOMINATED_LABELS_MAX;
    for (size_t g = 0; g < sizeof order / sizeof order[0]; g++) {
        size_t index[CP_CANDIDATES_MAX];
        size_t n =
            order[g].group == GROUP_CURRENT && is_same ? 0 : collect(fr, order[g].group, index);
        bool says_both = order[g].group == GROUP_CHOSEN && is_same;
        if (order[g].group == GROUP_DOMINATED && is_crowded)
            break;
        for (size_t i = 0; i < n; i++)
            place_label(fr, index[i], says_both ? " current, recommended" : order[g].suffix,
                        order[g].color);
    }
}

/* The target line with its value; the text sits above the line at its right end. */
static void add_target(struct frontier *fr)
{
    const struct cp_run *run = &fr->c->f->data->run;
    char value[CP_FORMAT_MAX];
    char name[CP_FORMAT_MAX];
    if (isnan(run->budget_ms))
        return;
    double y = py_of(fr, run->budget_ms);
    cp_format(CP_UNIT_MS, run->budget_ms, value);
    cp_format_quantile_name(run->budget_q, name);
    cp_buf_addf(fr->c->out,
                "set arrow from graph 0, first %.9g to graph 1, first %.9g nohead dt 2 lw 1.5 "
                "lc rgb '" INK "'\nset label 'target %s: %s ms' at graph 0.99, graph %.4f right "
                "tc rgb '" INK "'\n",
                run->budget_ms, run->budget_ms, name, value, (y + 10) / plot_height());
    take(fr, (struct box){plot_width(fr) - 160, y, 160, LINE_HEIGHT + 4});
    take(fr, (struct box){0, y - 2, plot_width(fr), 4});
}

/* How a group is drawn: whiskers thin and below, a white disc under hollow shapes. */
struct group_look {
    const char *name, *whiskers, *points;
};

static void add_frontier_plot(const struct frontier *fr, const size_t n[GROUPS])
{
    static const struct group_look looks[GROUPS] = {
        [GROUP_LINE] = {"line", NULL, "with lines lw 1.2 dt 1 lc rgb '" BLUE "'"},
        [GROUP_DOMINATED] = {"dominated", NULL, "with points pt 2 ps 0.6 lw 1 lc rgb '#9CA3AF'"},
        [GROUP_FRONTIER] = {"frontier", BLUE, "with points pt 7 ps 0.9 lc rgb '" BLUE "'"},
        [GROUP_CURRENT] = {"current", INK, "with points pt 4 ps 1.4 lw 2.2 lc rgb '" INK "'"},
        [GROUP_CHOSEN] = {"chosen", GREEN, "with points pt 13 ps 1.5 lc rgb '" GREEN "'"},
    };
    const char *separator = "plot ";
    for (int g = 0; g < GROUPS; g++) {
        if (n[g] == 0)
            continue;
        cp_buf_adds(fr->c->out, separator);
        separator = ", \\\n  ";
        if (looks[g].whiskers)
            cp_buf_addf(fr->c->out,
                        "$%s using 1:2:3:4:5:6 with xyerrorbars pt -1 lw 1 lc rgb '%s', \\\n  ",
                        looks[g].name, looks[g].whiskers);
        cp_buf_addf(fr->c->out, "$%s using 1:2 %s", looks[g].name, looks[g].points);
    }
    cp_buf_addc(fr->c->out, '\n');
}

static void add_frontier_chart(struct chart *c)
{
    static const char *const blocks[GROUPS] = {"line", "dominated", "frontier", "current",
                                               "chosen"};
    struct frontier fr = {.c = c,
                          .x = cp_axis_empty(false),
                          .y = cp_axis_empty(true),
                          .has_month = cp_figures_has_traffic(c->f)};
    size_t n[GROUPS];
    char name[CP_FORMAT_MAX];
    char label[CP_FORMAT_MAX];
    see_candidates(&fr);
    c->right_margin = 24;
    for (int g = 0; g < GROUPS; g++)
        n[g] = add_group_block(&fr, (enum group)g, blocks[g]);
    add_margins(c);
    cp_format_quantile_name(cp_figures_quantile(c->f), name);
    (void)snprintf(label, sizeof label, "%.20s latency, ms", name);
    add_axis_with_ticks(c, 'x', &fr.x, fr.has_month ? "USD per month" : "USD per million requests");
    add_axis_with_ticks(c, 'y', &fr.y, label);
    add_target(&fr);
    place_labels(&fr);
    add_frontier_plot(&fr, n);
}

static bool has_frontier(const struct cp_figures *f)
{
    struct chart c = {.f = f};
    struct frontier fr = {.c = &c, .has_month = cp_figures_has_traffic(f)};
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        if (is_drawn(&fr, &f->decision.candidates[i]))
            return true;
    }
    return false;
}

static bool has_quantile(const struct cp_figures *f, size_t offset)
{
    const struct memory_series s = {.offset = offset};
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (series_at(&s, &f->sizes[i])->status == CP_ANSWER_OK)
            return true;
    }
    return false;
}

bool cp_chart_has_data(const struct cp_figures *f, enum cp_chart_id id)
{
    switch (id) {
    case CP_CHART_FRONTIER:
        return has_frontier(f);
    case CP_CHART_INIT:
        return has_quantile(f, SERIES(init_p50));
    case CP_CHART_DURATION:
        return has_quantile(f, SERIES(warm_p50)) || has_quantile(f, SERIES(cold_handler_p50));
    case CP_CHART_ECDF:
        return cp_figures_n_cold(f) > 0;
    case CP_CHART_SURVIVAL:
        return f->survival.status == CP_OK && f->survival.n_points > 1;
    case CP_CHART_COUNT:
        break;
    }
    return false;
}

void cp_chart_script(const struct cp_figures *f, enum cp_chart_id id, struct cp_buf *out)
{
    static void (*const add[CP_CHART_COUNT])(struct chart *) = {
        [CP_CHART_FRONTIER] = add_frontier_chart, [CP_CHART_INIT] = add_init_chart,
        [CP_CHART_DURATION] = add_duration_chart, [CP_CHART_ECDF] = add_ecdf_chart,
        [CP_CHART_SURVIVAL] = add_survival_chart,
    };
    struct chart c = {.f = f, .out = out};
    cp_chart_mark(f, c.mark);
    cp_buf_adds(out, "unset key\n"
                     "set border 3 lc rgb '#9CA3AF'\n"
                     "set tics nomirror out scale 0.6 tc rgb '" INK "'\n"
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
    cp_buf_addf(out, "reset\nset encoding utf8\nprint '%s %s %s'\n", mark, kind, charts[id].name);
    if (is_svg) {
        cp_buf_addf(out,
                    "set terminal svg size 720,380 dynamic noenhanced font 'sans-serif,13' "
                    "background '#ffffff' name '%s'\ntop_at = %.4f\ny_shift = 0.8\n",
                    charts[id].name, 1 - TOP_MARGIN / CARD_HEIGHT);
    } else {
        struct cp_buf title;
        cp_buf_init(&title, 4096);
        cp_buf_addf(&title, "%s: %.60s", charts[id].title, f->data->run.function);
        cp_buf_adds(out, "set terminal pngcairo size 1440,760 noenhanced font 'sans-serif,19' "
                         "background '#ffffff' linewidth 2 pointscale 2\ntop_at = 0.91\ny_shift = "
                         "0\nset title ");
        cp_text_gnuplot(out, cp_buf_str(&title));
        cp_buf_adds(out, " noenhanced tc rgb '" INK "'\n");
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
