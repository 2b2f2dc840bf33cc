/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chart survival: how long environments outlive idle time.
 */
#include "reports/chart_canvas.h"

#include <math.h>

#include "model/base/units.h"

/* The fitted law that was chosen; NULL: the isotonic estimate itself. */
static const struct cp_idle_law_fit *chosen_law(const struct cp_idle_survival *s)
{
    return s->laws.choice < CP_IDLE_LAWS ? &s->laws.fits[s->laws.choice] : NULL;
}

static void add_law_block(const struct cp_canvas *c)
{
    enum { STEPS = 160 };
    const struct cp_idle_survival *s = &c->f->survival;
    double from = fmax(s->points[0].idle_interval_ms, 1);
    double to = fmax(s->points[s->n_points - 1].idle_interval_ms, from);
    cp_canvas_open_block(c, "law");
    for (int i = 0; i <= STEPS && chosen_law(s); i++) {
        double ms = from * pow(to / from, i / (double)STEPS);
        cp_buf_addf(c->out, "%.9g", ms / CP_MS_PER_S);
        cp_canvas_value(c->out, 1 - cp_idle_law_cold_probability(chosen_law(s), ms));
        cp_buf_addc(c->out, '\n');
    }
    cp_canvas_close_block(c);
}

/* Between two probed intervals survival is anything from the later lower to the earlier upper
 * bound: that is the band, of bounds by batches. */
static void add_survival_blocks(const struct cp_canvas *c, struct cp_axis *x)
{
    const struct cp_idle_survival *s = &c->f->survival;
    cp_canvas_open_block(c, "band");
    for (size_t i = 0; i + 1 < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        double low = 1 - p[1].band_high;
        double high = 1 - p->band_low;
        cp_buf_addf(c->out, "%.9g %.9g %.9g\n", p->idle_interval_ms / CP_MS_PER_S, low, high);
        cp_buf_addf(c->out, "%.9g %.9g %.9g\n", p[1].idle_interval_ms / CP_MS_PER_S, low, high);
    }
    cp_canvas_close_block(c);
    cp_canvas_open_block(c, "survival");
    for (size_t i = 0; i < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        cp_buf_addf(c->out, "%.9g %.9g %.9g %.9g\n", p->idle_interval_ms / CP_MS_PER_S,
                    1 - p->cold_probability, 1 - p->wilson_high, 1 - p->wilson_low);
        cp_axis_see(x, p->idle_interval_ms / CP_MS_PER_S);
    }
    cp_canvas_close_block(c);
    if (chosen_law(s))
        add_law_block(c);
}

/* Probed intervals as they are; those of a log, which are between others, in whole minutes. */
static double shown_interval(const struct cp_figures *f, double ms)
{
    static const double MS_PER_MINUTE = 60 * CP_MS_PER_S;
    static const double ROUNDED_FROM_MS = 10 * 60 * CP_MS_PER_S;
    bool is_rounded = f->idle.n_points > 0 && ms >= ROUNDED_FROM_MS;
    return is_rounded ? round(ms / MS_PER_MINUTE) * MS_PER_MINUTE : ms;
}

void cp_chart_add_survival(struct cp_canvas *c)
{
    const struct cp_idle_survival *s = &c->f->survival;
    struct cp_axis x = cp_axis_empty(true);
    struct cp_axis y = {-0.03, 1.03, false};
    add_survival_blocks(c, &x);
    cp_axis_pad(&x, 0.06);
    c->right_margin = 24;
    cp_canvas_margins(c);
    cp_canvas_axis(c, 'x', &x, "idle interval (n = probes)");
    cp_buf_adds(c->out, "set bmargin at screen 0.22\nset xlabel offset 0,-0.6\nset xtics (");
    double width = CP_CARD_WIDTH - CP_LEFT_MARGIN - c->right_margin;
    double last = -INFINITY;
    for (size_t i = 0; i < s->n_points; i++) {
        const struct cp_idle_point *p = &s->points[i];
        double shown_ms = shown_interval(c->f, p->idle_interval_ms);
        char text[CP_UNITS_TEXT_MAX];
        double seconds = p->idle_interval_ms / CP_MS_PER_S;
        bool has_room = cp_axis_position(&x, seconds) * width - last > 50;
        /* double quotes for the line break; the text is ours: digits and units only */
        if (has_room)
            cp_buf_addf(c->out, "%s\"%s\\nn=%zu\" %.9g", i ? ", " : "",
                        cp_units_format_duration(shown_ms, text), p->n, seconds);
        else
            cp_buf_addf(c->out, "%s'' %.9g", i ? ", " : "", seconds);
        last = has_room ? cp_axis_position(&x, seconds) * width : last;
    }
    cp_buf_adds(c->out, ")\n");
    cp_canvas_axis(c, 'y', &y, "share that survives");
    cp_buf_adds(c->out,
                "set ytics ('0' 0, '0.25' 0.25, '0.5' 0.5, '0.75' 0.75, '1' 1)\n"
                "plot $band using 1:2:3 with filledcurves fc rgb '#CFE3F1' fs solid noborder, \\\n"
                "  $survival using 1:2 with steps lw 2 dt 1 lc rgb '" CP_BLUE "', \\\n"
                "  $survival using 1:2:3:4 with yerrorbars pt 7 ps 0.8 lw 1.2 lc rgb '" CP_BLUE
                "'");
    if (chosen_law(s))
        cp_buf_adds(c->out, ", \\\n  $law using 1:2 with lines lw 1.5 dt 3 lc rgb '" CP_GREY "'");
    cp_buf_addc(c->out, '\n');
}
