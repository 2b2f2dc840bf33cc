/* SPDX-License-Identifier: GPL-3.0-or-later
 * Charts over memory size: init and duration.
 */
#include "reports/chart_canvas.h"

#include <math.h>

#include "model/base/units.h"
#include "reports/format.h"
#include "reports/words.h"

/* x at the tested sizes; a label closer than its own width to the last one is left out. */
static void add_memory_axis(const struct cp_canvas *c, struct cp_axis *x)
{
    double width = CP_CARD_WIDTH - CP_LEFT_MARGIN - c->right_margin;
    double last = -INFINITY;
    *x = cp_axis_empty(true);
    for (size_t i = 0; i < c->f->n_sizes; i++)
        cp_axis_see(x, c->f->sizes[i].memory_size_mb);
    cp_axis_pad(x, 0.04);
    cp_canvas_axis(c, 'x', x, "memory size, MB");
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
                    "set arrow from %d, graph 0 to %d, graph 1 nohead lc rgb '" CP_GREY "' dt 3\n"
                    "set label '1 vCPU' at %d, graph 1 offset 0.4,-0.7 tc rgb '" CP_GREY "'\n",
                    CP_MEMORY_PER_VCPU_MB, CP_MEMORY_PER_VCPU_MB, CP_MEMORY_PER_VCPU_MB);
}

/* One line of a chart over memory: the same estimate at every size. */
struct memory_series {
    const char *block, *label, *color;
    const char *style; /* dash and point of the line */
    size_t offset;     /* of the estimate in struct cp_size_figures */
    const struct cp_memory_law *law;
    bool is_pooled; /* a model's: the p99 that warm starts of all sizes share, for those sizes
                       whose own estimate has too few samples */
};

static const struct cp_estimate *series_at(const struct memory_series *s,
                                           const struct cp_size_figures *size)
{
    return (const struct cp_estimate *)(const void *)((const char *)size + s->offset);
}

static struct cp_interval value_at(const struct memory_series *s,
                                   const struct cp_size_figures *size)
{
    const struct cp_estimate *own = series_at(s, size);
    const struct cp_tail *tail = &size->tails[CP_SERIES_WARM][CP_TAIL_P99];
    struct cp_interval none = {NAN, NAN, NAN};
    if (!s->is_pooled)
        return cp_interval_of_estimate(own);
    bool is_shown =
        own->status == CP_ANSWER_TOO_FEW && tail->is_pooled && tail->status == CP_ANSWER_OK;
    return is_shown ? tail->estimate : none;
}

/* A line that the points contradict would only mislead; W016 says so. */
static bool has_fit(const struct memory_series *s)
{
    return s->law && s->law->status == CP_OK && !s->law->is_lack_of_fit &&
           s->law->max_mb > s->law->min_mb;
}

/* Light grey: the 95% interval of a fitted line. */
#define BAND "#E5E7EB"

/* Ends a whisker at the top of the chart: an upper bound at the timeout. */
#define BEYOND 1e9

/* Returns the last point, for the label; NAN without any. */
static double add_series_block(const struct cp_canvas *c, const struct memory_series *s,
                               struct cp_axis *y)
{
    double last = NAN;
    cp_canvas_open_block(c, s->block);
    for (size_t i = 0; i < c->f->n_sizes; i++) {
        struct cp_interval v = value_at(s, &c->f->sizes[i]);
        if (!isfinite(v.value)) /* nothing, or right-censored: the table says which */
            continue;
        cp_buf_addf(c->out, "%d", c->f->sizes[i].memory_size_mb);
        cp_canvas_value(c->out, v.value);
        cp_canvas_value(c->out, v.low);
        cp_canvas_value(c->out, isinf(v.high) ? BEYOND : v.high);
        cp_buf_addc(c->out, '\n');
        cp_axis_see(y, v.low);
        cp_axis_see(y, v.high);
        last = v.value;
    }
    cp_canvas_close_block(c);
    return last;
}

static void add_fit_block(const struct cp_canvas *c, const struct memory_series *s)
{
    enum { STEPS = 48 };
    cp_buf_addf(c->out, "$%s_fit << %s\n", s->block, c->mark);
    for (int i = 0; i <= STEPS; i++) {
        double mb =
            s->law->min_mb * pow((double)s->law->max_mb / s->law->min_mb, i / (double)STEPS);
        struct cp_interval v = cp_memory_law_predict(s->law, mb);
        cp_buf_addf(c->out, "%.9g", mb);
        cp_canvas_value(c->out, v.value);
        cp_canvas_value(c->out, v.low);
        cp_canvas_value(c->out, v.high);
        cp_buf_addc(c->out, '\n');
    }
    cp_canvas_close_block(c);
}

static void add_memory_chart(struct cp_canvas *c, const struct memory_series *series, size_t n,
                             const char *y_label)
{
    struct cp_axis x;
    struct cp_axis y = cp_axis_empty(true);
    struct cp_end_label labels[8];
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
            labels[n_labels++] = (struct cp_end_label){series[i].label, series[i].color,
                                                       cp_axis_position(&y, last[i])};
    }
    cp_canvas_margins(c);
    add_memory_axis(c, &x);
    cp_canvas_ticked_axis(c, 'y', &y, y_label);
    cp_canvas_end_labels(c, labels, n_labels);
    const char *separator = "plot ";
    static const char *const layers[] = {
        "1:3:4 with filledcurves fc rgb '" BAND "' fs solid noborder",
        "1:2 with lines lw 1 dt 1 lc rgb '" CP_GREY "'",
    };
    for (size_t i = 0; i < n * (sizeof layers / sizeof layers[0]); i++) { /* bands below lines */
        if (!has_fit(&series[i % n]))
            continue;
        cp_buf_addf(c->out, "%s$%s_fit using %s", separator, series[i % n].block, layers[i / n]);
        separator = ", \\\n  ";
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

void cp_chart_add_init(struct cp_canvas *c)
{
    const struct memory_series series[] = {
        {"start_p50", "p50", CP_VERMILION, "lw 2 dt 1 pt 7 ps 0.8", SERIES(init_p50),
         &c->f->laws[CP_SERIES_INIT][CP_LAW_P50]},
        {"start_p95", "p95", CP_VERMILION, "lw 2 dt 2 pt 9 ps 0.9", SERIES(init_p95),
         &c->f->laws[CP_SERIES_INIT][CP_LAW_P95]},
    };
    c->right_margin = 52;
    char label[CP_WORDS_MAX];
    add_memory_chart(c, series, 2, cp_words(c->f, "{init} duration, ms", label));
}

void cp_chart_add_duration(struct cp_canvas *c)
{
    const struct memory_series series[] = {
        {"warm_p50", "warm p50", CP_BLUE, "lw 2 dt 1 pt 7 ps 0.8", SERIES(warm_p50),
         &c->f->laws[CP_SERIES_WARM][CP_LAW_P50]},
        {"warm_p95", "warm p95", CP_BLUE, "lw 2 dt 2 pt 6 ps 0.8", SERIES(warm_p95),
         &c->f->laws[CP_SERIES_WARM][CP_LAW_P95]},
        {"first_p50", "first run p50", CP_VERMILION, "lw 2 dt 1 pt 9 ps 0.9",
         SERIES(cold_handler_p50), &c->f->laws[CP_SERIES_COLD_HANDLER][CP_LAW_P50]},
        {"first_p95", "first run p95", CP_VERMILION, "lw 2 dt 2 pt 8 ps 0.9",
         SERIES(cold_handler_p95), &c->f->laws[CP_SERIES_COLD_HANDLER][CP_LAW_P95]},
        {"warm_p99", "~warm p99", CP_GREY, "lw 1 dt 3 pt 2 ps 0.8", SERIES(warm_p99), NULL, true},
    };
    c->right_margin = 112;
    add_memory_chart(c, series, sizeof series / sizeof series[0], "duration, ms");
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

bool cp_chart_has_init(const struct cp_figures *f)
{
    return has_quantile(f, SERIES(init_p50));
}

bool cp_chart_has_duration(const struct cp_figures *f)
{
    return has_quantile(f, SERIES(warm_p50)) || has_quantile(f, SERIES(cold_handler_p50));
}
