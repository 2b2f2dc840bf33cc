/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chart week: requests in flight by hour of the week, as a log tells them, or simulated under the
 * traffic asked about.
 */
#include "reports/chart_canvas.h"

#include <math.h>

enum { HOURS_A_DAY = 24, DAYS = 7 };

/* Monday first; hours without any mark are gaps in the lines. */
static void add_week_block(const struct cp_canvas *c, struct cp_axis *y)
{
    cp_canvas_open_block(c, "week");
    for (size_t hour = 0; hour < CP_TRAFFIC_HOURS; hour++) {
        const struct cp_traffic_hour *h = &c->f->week[hour];
        cp_buf_addf(c->out, "%zu.5", hour);
        cp_canvas_value(c->out, h->in_flight_p50);
        cp_canvas_value(c->out, h->in_flight_p95);
        cp_canvas_value(c->out, h->in_flight_max);
        cp_buf_addc(c->out, '\n');
        cp_axis_see(y, h->in_flight_max);
    }
    cp_canvas_close_block(c);
}

static void add_days(const struct cp_canvas *c)
{
    static const char *const names[DAYS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    cp_buf_adds(c->out, "set xtics scale 0 (");
    for (int day = 0; day < DAYS; day++)
        cp_buf_addf(c->out, "%s'%s' %d", day ? ", " : "", names[day],
                    day * HOURS_A_DAY + HOURS_A_DAY / 2);
    cp_buf_adds(c->out, ")\n");
    for (int day = 1; day < DAYS; day++)
        cp_buf_addf(c->out,
                    "set arrow from %d, graph 0 to %d, graph 1 nohead lw 1 dt 3 lc rgb '#D1D5DB'\n",
                    day * HOURS_A_DAY, day * HOURS_A_DAY);
}

void cp_chart_add_week(struct cp_canvas *c)
{
    struct cp_axis x = {0, CP_TRAFFIC_HOURS, false};
    struct cp_axis y = {0, 0, false};
    add_week_block(c, &y);
    cp_axis_see(&y, 0);
    cp_axis_see(&y, 1);
    cp_axis_pad(&y, 0.04);
    y.low = 0;
    c->right_margin = 96;
    cp_canvas_margins(c);
    cp_canvas_axis(c, 'x', &x, "hour of the week, UTC");
    add_days(c);
    cp_canvas_ticked_axis(c, 'y', &y, "requests in flight");
    cp_buf_addf(
        c->out,
        "set key at screen %.4f, graph 0.98 right top Left reverse samplen 2.5 spacing 1.25 "
        "tc rgb '" CP_INK "'\n",
        1 - 8 / CP_CARD_WIDTH);
    cp_buf_adds(c->out,
                "plot $week using 1:4 with points pt 7 ps 0.35 lc rgb '" CP_GREY
                "' title 'max', \\\n"
                "  $week using 1:3 with lines lw 2 dt 2 lc rgb '" CP_VERMILION "' title 'p95', \\\n"
                "  $week using 1:2 with lines lw 2 dt 1 lc rgb '" CP_BLUE "' title 'p50'\n");
}
