/* SPDX-License-Identifier: GPL-3.0-or-later
 * Charts pcsweep and pccold: what each number of provisioned environments of the decided memory
 * size costs and leaves cold.
 */
#include "reports/chart_canvas.h"

#include <math.h>
#include <stdio.h>

#include "reports/figures.h"
#include "reports/format.h"
#include "reports/levels.h"

/* Levels may be thinned: bars are as wide as their smallest distance allows. */
static double bar_width(const struct cp_decision *d)
{
    int step = d->levels[1].n - d->levels[0].n;
    for (size_t i = 2; i < d->n_levels; i++) {
        int gap = d->levels[i].n - d->levels[i - 1].n;
        step = gap < step ? gap : step;
    }
    return 0.8 * step;
}

static struct cp_axis numbers_axis(const struct cp_decision *d)
{
    struct cp_axis x = {0, 0, false};
    double half = bar_width(d);
    cp_axis_see(&x, d->levels[0].n - half);
    cp_axis_see(&x, d->levels[d->n_levels - 1].n + half);
    return x;
}

static void add_blocks(const struct cp_canvas *c, struct cp_axis *y)
{
    const struct cp_decision *d = &c->f->decision;
    cp_canvas_open_block(c, "pcsweep");
    for (size_t i = 0; i < d->n_levels; i++) {
        const struct cp_level *level = &d->levels[i];
        const struct cp_level_cost cost = cp_level_cost_of(level);
        cp_buf_addf(c->out, "%d", level->n);
        cp_canvas_value(c->out, cost.on_demand_usd);
        cp_canvas_value(c->out, cost.on_demand_usd + cost.used_usd);
        cp_canvas_value(c->out, cost.on_demand_usd + cost.used_usd + cost.idle_usd);
        cp_canvas_value(c->out, level->usd_per_month.low);
        cp_canvas_value(c->out, level->usd_per_month.high);
        cp_buf_addc(c->out, '\n');
        cp_axis_see(y, cost.on_demand_usd + cost.used_usd + cost.idle_usd);
        cp_axis_see(y, level->usd_per_month.high);
    }
    cp_canvas_close_block(c);
}

/* Above the bar of a level: what it is. */
static void add_word(const struct cp_canvas *c, int index, const char *word, double lines_up)
{
    const struct cp_decision *d = &c->f->decision;
    if (index < 0)
        return;
    const struct cp_level *level = &d->levels[index];
    double top =
        isnan(level->usd_per_month.high) ? level->usd_per_month.value : level->usd_per_month.high;
    cp_buf_addf(c->out, "set label '%s' at %d, %.9g center offset 0, %g tc rgb '" CP_INK "'\n",
                word, level->n, top, lines_up);
}

void cp_chart_add_pcsweep(struct cp_canvas *c)
{
    const struct cp_decision *d = &c->f->decision;
    struct cp_axis x = numbers_axis(d);
    struct cp_axis y = {0, 0, false};
    int least = cp_levels_cheapest(d);
    int chosen = cp_levels_chosen(c->f);
    add_blocks(c, &y);
    cp_axis_see(&y, 0);
    cp_axis_pad(&y, 0.18);
    y.low = 0;
    c->right_margin = 24;
    cp_canvas_margins(c);
    cp_canvas_ticked_axis(c, 'x', &x, "provisioned concurrency");
    cp_canvas_ticked_axis(c, 'y', &y, "USD per month");
    add_word(c, least, least == chosen ? "lowest, chosen" : "lowest", 0.8);
    if (chosen != least)
        add_word(c, chosen, "chosen", 0.8);
    cp_buf_addf(c->out,
                "set key left top Left reverse samplen 2 spacing 1.2 tc rgb '" CP_INK "'\n"
                "set boxwidth %.9g\n",
                bar_width(d));
    cp_buf_adds(c->out,
                "plot $pcsweep using 1:4 with boxes lc rgb '" CP_GREEN
                "' fs pattern 4 border title 'provisioned, idle', \\\n"
                "  $pcsweep using 1:3 with boxes lc rgb '" CP_GREEN
                "' fs solid 1 noborder title 'provisioned, in use', \\\n"
                "  $pcsweep using 1:2 with boxes lc rgb '" CP_BLUE
                "' fs solid 1 noborder title 'on demand', \\\n"
                "  $pcsweep using 1:5:(0):($6-$5) with vectors nohead lw 1.5 lc rgb '" CP_INK
                "' notitle\n");
}

void cp_chart_add_pccold(struct cp_canvas *c)
{
    const struct cp_decision *d = &c->f->decision;
    struct cp_axis x = numbers_axis(d);
    struct cp_axis y = cp_axis_empty(true);
    double q = cp_figures_quantile(c->f);
    char name[CP_FORMAT_MAX];
    for (size_t i = 0; i < d->n_levels; i++) {
        cp_axis_see(&y, 100 * d->levels[i].cold_share.value);
        cp_axis_see(&y, 100 * d->levels[i].cold_share.low);
        cp_axis_see(&y, 100 * d->levels[i].cold_share.high);
    }
    cp_axis_see(&y, 100 * (1 - q));
    cp_axis_pad(&y, 0.08);
    cp_canvas_open_block(c, "pccold");
    for (size_t i = 0; i < d->n_levels; i++) {
        const struct cp_interval share = d->levels[i].cold_share;
        cp_buf_addf(c->out, "%d", d->levels[i].n);
        cp_canvas_value(c->out, share.value > 0 ? 100 * share.value : (double)NAN);
        /* an interval down to none begins at the axis */
        cp_canvas_value(c->out, share.low > 0 ? 100 * share.low : y.low);
        cp_canvas_value(c->out, share.high > 0 ? 100 * share.high : (double)NAN);
        cp_buf_addc(c->out, '\n');
    }
    cp_canvas_close_block(c);
    c->right_margin = 24;
    cp_canvas_margins(c);
    cp_canvas_ticked_axis(c, 'x', &x, "provisioned concurrency");
    cp_canvas_ticked_axis(c, 'y', &y, "cold share, %");
    cp_buf_addf(c->out,
                "set arrow from graph 0, first %.9g to graph 1, first %.9g nohead lw 1.5 dt 2 lc "
                "rgb '" CP_GREY "'\n"
                "set label '%g %%: above it %s is a cold start' at graph 0.99, first %.9g right "
                "offset 0, 0.6 tc rgb '" CP_INK "'\n",
                100 * (1 - q), 100 * (1 - q), 100 * (1 - q), cp_format_quantile_name(q, name),
                100 * (1 - q));
    cp_buf_adds(
        c->out,
        "set ylabel offset 1.5, 0\n"
        "plot $pccold using 1:3:(0):($4-$3) with vectors nohead lw 1.5 lc rgb '" CP_VERMILION
        "' notitle, \\\n"
        "  $pccold using 1:2 with linespoints pt 7 ps 0.5 lw 2 lc rgb '" CP_VERMILION
        "' notitle\n");
}
