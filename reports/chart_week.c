/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chart week: requests in flight by hour of the week, as a log tells them, or simulated under the
 * traffic asked about; and what the recommended setting keeps ready for them.
 */
#include "reports/chart_canvas.h"

#include <math.h>
#include <stdio.h>

#include "reports/report.h"

enum { HOURS_A_DAY = 24, DAYS = 7 };

static void add_row(const struct cp_canvas *c, const char *at, const struct cp_traffic_hour *h,
                    double most)
{
    cp_buf_adds(c->out, at);
    cp_canvas_value(c->out, h->in_flight_p50);
    cp_canvas_value(c->out, h->in_flight_p95);
    cp_canvas_value(c->out, most);
    cp_buf_addc(c->out, '\n');
}

static bool is_known(const struct cp_canvas *c, size_t hour)
{
    return hour < CP_TRAFFIC_HOURS && !isnan(c->f->week[hour].in_flight_max);
}

/* Monday first. Hours without any mark are gaps in the lines: empty lines, since gnuplot draws over
 * what is only missing. Lines reach the ends of their hours, so a single one is seen, too. */
static void add_week_block(const struct cp_canvas *c, struct cp_axis *y)
{
    char at[24];
    cp_canvas_open_block(c, "week");
    for (size_t hour = 0; hour < CP_TRAFFIC_HOURS; hour++) {
        const struct cp_traffic_hour *h = &c->f->week[hour];
        if (!is_known(c, hour)) {
            cp_buf_addc(c->out, '\n');
            continue;
        }
        (void)snprintf(at, sizeof at, "%zu", hour);
        if (hour == 0 || !is_known(c, hour - 1))
            add_row(c, at, h, NAN);
        (void)snprintf(at, sizeof at, "%zu.5", hour);
        add_row(c, at, h, h->in_flight_max);
        (void)snprintf(at, sizeof at, "%zu", hour + 1);
        if (!is_known(c, hour + 1))
            add_row(c, at, h, NAN);
        cp_axis_see(y, h->in_flight_max);
    }
    cp_canvas_close_block(c);
}

struct level {
    double least, most, last; /* NAN: no line */
};

/* Corners of a step line: a point where it begins, two where it steps, one where it ends. */
static struct level add_level_block(const struct cp_canvas *c, struct cp_axis *y)
{
    double now = cp_figures_provisioned_at(c->f, 0);
    struct level level = {now, now, now};
    if (isnan(now))
        return level;
    cp_canvas_open_block(c, "level");
    cp_buf_addf(c->out, "0 %g\n", now);
    for (size_t hour = 1; hour < CP_TRAFFIC_HOURS; hour++) {
        double next = cp_figures_provisioned_at(c->f, hour);
        if (fabs(next - now) > 0)
            cp_buf_addf(c->out, "%zu %g\n%zu %g\n", hour, now, hour, next);
        level.least = fmin(level.least, next);
        level.most = fmax(level.most, next);
        level.last = now = next;
    }
    cp_buf_addf(c->out, "%d %g\n", CP_TRAFFIC_HOURS, now);
    cp_canvas_close_block(c);
    cp_axis_see(y, level.most);
    return level;
}

/* At the right end of the line, but below the key. */
static void add_level_label(const struct cp_canvas *c, const struct cp_axis *y,
                            const struct level *level)
{
    static const double below_key = 0.68;
    char numbers[48];
    if (isnan(level->most))
        return;
    if (level->most > level->least)
        (void)snprintf(numbers, sizeof numbers, "%g to %g", level->least, level->most);
    else
        (void)snprintf(numbers, sizeof numbers, "%g", level->most);
    double at = fmin(cp_axis_position(y, level->last), below_key);
    struct cp_end_label lines[] = {{numbers, CP_GREEN_TEXT, at},
                                   {"provisioned", CP_GREEN_TEXT, at}};
    cp_canvas_end_labels(c, lines, sizeof lines / sizeof lines[0]);
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
    const struct level level = add_level_block(c, &y);
    cp_axis_see(&y, 0);
    cp_axis_see(&y, 1);
    cp_axis_pad(&y, 0.04);
    y.low = 0;
    c->right_margin = isnan(level.most) ? 96 : 104;
    cp_canvas_margins(c);
    cp_canvas_axis(c, 'x', &x, "hour of the week, UTC");
    add_days(c);
    cp_canvas_ticked_axis(c, 'y', &y, "requests in flight");
    add_level_label(c, &y, &level);
    cp_buf_addf(
        c->out,
        "set key at screen %.4f, graph 0.98 right top Left reverse samplen 2.5 spacing 1.25 "
        "tc rgb '" CP_INK "'\n",
        1 - 8 / CP_CARD_WIDTH);
    cp_buf_adds(c->out, "plot ");
    if (!isnan(level.most))
        cp_buf_adds(c->out, "$level with lines lw 2.5 dt 1 lc rgb '" CP_GREEN "' notitle, \\\n  ");
    cp_buf_adds(c->out,
                "$week using 1:4 with points pt 7 ps 0.35 lc rgb '" CP_GREY "' title 'max', \\\n"
                "  $week using 1:3 with lines lw 2 dt 2 lc rgb '" CP_VERMILION "' title 'p95', \\\n"
                "  $week using 1:2 with lines lw 2 dt 1 lc rgb '" CP_BLUE "' title 'p50'\n");
}
