/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chart history: one metric night by night with its intervals, where a night like those before it
 * lies, and the lasting changes as numbered lines. Nights that are missing leave a gap.
 */
#include "reports/chart_canvas.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/base/units.h"
#include "reports/format.h"
#include "reports/history.h"

#define BAND "#D8DCE2"
#define PALE "#C4C9D1"

/* What a night is drawn as; one data block each, since gnuplot takes a sign per block. */
enum sign { SIGN_NIGHT, SIGN_SUSPECT, SIGN_REGRESSED, SIGN_TIMEOUT, SIGN_COUNT };

static const struct {
    const char *block, *title, *point;
} signs[SIGN_COUNT] = {
    [SIGN_NIGHT] = {"night", "night", "pt 7"},
    [SIGN_SUSPECT] = {"suspect", "suspect", "pt 6"},
    [SIGN_REGRESSED] = {"regressed", "regressed", "pt 9"},
    [SIGN_TIMEOUT] = {"timeout", "timeout", "pt 2"},
};

static const struct cp_history_view *view_of(const struct cp_canvas *c)
{
    return c->f->history;
}

static double day_of(const struct cp_history_night *row)
{
    return (double)row->night->started_at_ms / CP_MS_PER_DAY;
}

static size_t n_shown(const struct cp_history_view *v)
{
    return v->n_rows - v->first_row;
}

/* A month is joined by a line; a season still has wide signs. */
enum { NIGHTS_WITH_PATH = 32, NIGHTS_SPARSE = 100 };

/* The drawing in its own coordinates. */
struct plot {
    struct cp_canvas *c;
    struct cp_axis x, y;
};

static enum sign sign_of(const struct cp_history_night *row)
{
    if (isinf(row->ms.value))
        return SIGN_TIMEOUT;
    if (row->judged.state == CP_TREND_REGRESSED)
        return SIGN_REGRESSED;
    return row->judged.state == CP_TREND_SUSPECT ? SIGN_SUSPECT : SIGN_NIGHT;
}

/* --- axes --- */

/* From zero, so that a change is seen as large as it is; logarithmic where the largest is more than
 * ten times the smallest. */
static struct cp_axis y_axis(const struct cp_history_view *v)
{
    static const double linear_up_to = 10;
    struct cp_axis y = cp_axis_empty(true);
    for (size_t i = v->first_row; i < v->n_rows; i++) {
        cp_axis_see(&y, v->rows[i].ms.value);
        cp_axis_see(&y, isnan(v->rows[i].ms.low) ? (double)NAN : v->rows[i].ms.high);
    }
    for (size_t i = v->first_row; i < v->n_rows; i++)
        cp_axis_see(&y, v->rows[i].judged.baseline_ms.value);
    if (!(y.low <= y.high)) /* timeouts alone */
        y = (struct cp_axis){1, 1, true};
    y.is_log = y.high > linear_up_to * y.low;
    if (y.is_log) {
        cp_axis_pad(&y, 0.08);
        return y;
    }
    y.low = 0;
    cp_axis_pad(&y, 0.1); /* room for the numbers of changes */
    y.low = 0;
    return y;
}

static struct cp_axis x_axis(const struct cp_history_view *v)
{
    double first = day_of(&v->rows[v->first_row]);
    double last = day_of(&v->rows[v->n_rows - 1]);
    double air = fmax(0.02 * (last - first), 0.25);
    return (struct cp_axis){first - air, last + air, false};
}

static void add_tick(const struct cp_canvas *c, bool is_first, const char *text, double day)
{
    cp_buf_addf(c->out, "%s'%s' %.9g", is_first ? "" : ", ", text, day);
}

static const char *month_name(const char *iso)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int month = (iso[5] - '0') * 10 + iso[6] - '0';
    return names[month >= 1 && month <= 12 ? month - 1 : 0];
}

/* Every so many days: "11 Oct". */
static void add_day_ticks(const struct cp_canvas *c, const struct cp_axis *x, int step)
{
    const int64_t first = (int64_t)ceil(x->low);
    for (int64_t day = first; (double)day <= x->high; day += step) {
        char iso[CP_DATETIME_TEXT_MAX];
        char text[16];
        cp_datetime_format(day * CP_MS_PER_DAY, CP_DATETIME_DAY, iso);
        (void)snprintf(text, sizeof text, "%d %s", (iso[8] - '0') * 10 + iso[9] - '0',
                       month_name(iso));
        add_tick(c, day == first, text, (double)day);
    }
}

/* The first of every so many months: "Oct 2026". */
static void add_month_ticks(const struct cp_canvas *c, const struct cp_axis *x, int step)
{
    char iso[CP_DATETIME_TEXT_MAX];
    cp_datetime_format((int64_t)ceil(x->low) * CP_MS_PER_DAY, CP_DATETIME_DAY, iso);
    int month =
        ((iso[0] - '0') * 1000 + (iso[1] - '0') * 100 + (iso[2] - '0') * 10 + iso[3] - '0') * 12 +
        (iso[5] - '0') * 10 + iso[6] - '0' - 1;
    bool is_first = true;
    for (;; month++) {
        int64_t at_ms = 0;
        char text[48];
        (void)snprintf(text, sizeof text, "%04d-%02d-01T00:00:00Z", month / 12, month % 12 + 1);
        if (!cp_datetime_parse(cp_view_of(text), &at_ms))
            break;
        double day = (double)at_ms / CP_MS_PER_DAY;
        if (day > x->high)
            break;
        if (day < x->low || month % step != 0)
            continue;
        cp_datetime_format(at_ms, CP_DATETIME_DAY, iso);
        (void)snprintf(text, sizeof text, "%s %.4s", month_name(iso), iso);
        add_tick(c, is_first, text, day);
        is_first = false;
    }
}

/* At most this many fit side by side. */
static void add_dates(const struct cp_canvas *c, const struct cp_axis *x)
{
    enum { TICKS = 8, DAYS_MAX = 100, DAYS_A_MONTH = 30 };
    static const int steps_days[] = {1, 2, 7, 14};
    static const int steps_months[] = {1, 2, 3, 6, 12, 24, 60, 120};
    double days = x->high - x->low;
    size_t i = 0;
    cp_buf_adds(c->out, "set xtics (");
    if (days <= DAYS_MAX) {
        while (i + 1 < sizeof steps_days / sizeof steps_days[0] && days / steps_days[i] > TICKS)
            i++;
        add_day_ticks(c, x, steps_days[i]);
    } else {
        while (i + 1 < sizeof steps_months / sizeof steps_months[0] &&
               days / DAYS_A_MONTH / steps_months[i] > TICKS)
            i++;
        add_month_ticks(c, x, steps_months[i]);
    }
    cp_buf_adds(c->out, ")\n");
}

/* --- data: no finer than half a pixel of the card, which keeps a year's picture small --- */

static double snapped(const struct cp_axis *axis, double pixels, double value)
{
    double at = round(cp_axis_position(axis, value) * pixels * 2) / (pixels * 2);
    return axis->is_log ? axis->low * pow(axis->high / axis->low, at)
                        : axis->low + at * (axis->high - axis->low);
}

static double x_at(const struct plot *p, double day)
{
    return snapped(&p->x, CP_CARD_WIDTH - CP_LEFT_MARGIN - p->c->right_margin, day);
}

static double x_of(const struct plot *p, const struct cp_history_night *row)
{
    return x_at(p, day_of(row));
}

static double y_of(const struct plot *p, double ms)
{
    static const double coarse = 0.5; /* whole pixels */
    double height = CP_CARD_HEIGHT - CP_BOTTOM_MARGIN - CP_TOP_MARGIN;
    bool is_dense = n_shown(view_of(p->c)) >= NIGHTS_SPARSE;
    return snapped(&p->y, is_dense ? height * coarse : height, ms);
}

/* An empty line before a night that others are missing before: lines and bands end there. */
static void add_gap(const struct plot *p, size_t row)
{
    const struct cp_history_view *v = view_of(p->c);
    if (row > v->first_row && v->rows[row].n_missed)
        cp_buf_addc(p->c->out, '\n');
}

static void add_point(const struct plot *p, const struct cp_history_night *row, double y)
{
    cp_buf_addf(p->c->out, "%.8g %.6g\n", x_of(p, row), y);
}

/* The day half way to the neighbour, if that is the next night; else half a night from here. */
static double edge_of(const struct cp_history_view *v, size_t row, bool is_right)
{
    const struct cp_history_night *here = &v->rows[row];
    const struct cp_history_night *next = is_right ? here + 1 : here - 1;
    double half = (is_right ? 0.5 : -0.5) * (double)v->interval_ms / CP_MS_PER_DAY;
    if (row == (is_right ? v->n_rows - 1 : v->first_row) || (is_right ? next : here)->n_missed)
        return day_of(here) + half;
    return (day_of(here) + day_of(next)) / 2;
}

/* The band of a night, as wide as the night: edges along the axes, which pictures pack well. */
struct band {
    double left, right, low, high;
};

static struct band band_of(const struct plot *p, size_t row)
{
    const struct cp_history_view *v = view_of(p->c);
    const struct cp_interval *ms = &v->rows[row].judged.baseline_ms;
    return (struct band){x_at(p, fmax(edge_of(v, row, false), p->x.low)),
                         x_at(p, fmin(edge_of(v, row, true), p->x.high)), y_of(p, ms->low),
                         y_of(p, ms->high)};
}

static void add_corners(const struct plot *p, const struct band *band)
{
    const double days[] = {band->left, band->right};
    for (size_t i = 0; i < 2 && band->left < band->right; i++)
        cp_buf_addf(p->c->out, "%.8g %.6g %.6g\n", days[i], band->low, band->high);
}

static bool goes_on(const struct band *band, const struct band *next)
{
    return band->right == next->left && band->low == next->low && band->high == next->high;
}

static void add_expected(const struct plot *p)
{
    const struct cp_history_view *v = view_of(p->c);
    struct band open = {.left = 0};
    cp_canvas_open_block(p->c, "expected");
    for (size_t i = v->first_row; i < v->n_rows; i++) {
        const struct cp_interval *ms = &v->rows[i].judged.baseline_ms;
        if (!isfinite(ms->low) || !isfinite(ms->high))
            continue;
        struct band band = band_of(p, i);
        if (goes_on(&open, &band)) {
            open.right = band.right;
            continue;
        }
        add_corners(p, &open);
        if (open.left < open.right && open.right < band.left)
            cp_buf_addc(p->c->out, '\n');
        open = band;
    }
    add_corners(p, &open);
    cp_canvas_close_block(p->c);
}

static void add_path(const struct plot *p)
{
    const struct cp_history_view *v = view_of(p->c);
    cp_canvas_open_block(p->c, "path");
    for (size_t i = v->first_row; i < v->n_rows; i++) {
        add_gap(p, i);
        if (isfinite(v->rows[i].ms.value))
            add_point(p, &v->rows[i], y_of(p, v->rows[i].ms.value));
    }
    cp_canvas_close_block(p->c);
}

/* The whiskers of all nights; one whose upper end is at the timeout goes to the top. */
static void add_whiskers(const struct plot *p)
{
    const struct cp_history_view *v = view_of(p->c);
    cp_canvas_open_block(p->c, "interval");
    for (size_t i = v->first_row; i < v->n_rows; i++) {
        const struct cp_interval *ms = &v->rows[i].ms;
        if (isnan(ms->low) || isnan(ms->high))
            continue;
        double low = y_of(p, ms->low);
        double high = y_of(p, fmin(ms->high, p->y.high));
        cp_buf_addf(p->c->out, "%.8g %.6g %.6g\n", x_of(p, &v->rows[i]), low, high - low);
    }
    cp_canvas_close_block(p->c);
}

/* A value at the timeout stands just below the top, which would cut its sign. */
static double height_of(const struct plot *p, const struct cp_history_night *row)
{
    static const double top = 0.98;
    double y = row->ms.value;
    if (isinf(y))
        y = p->y.is_log ? p->y.low * pow(p->y.high / p->y.low, top) : p->y.high * top;
    return y_of(p, y);
}

static size_t add_signs(const struct plot *p, enum sign sign)
{
    const struct cp_history_view *v = view_of(p->c);
    size_t n = 0;
    for (size_t i = v->first_row; i < v->n_rows; i++) {
        const struct cp_history_night *row = &v->rows[i];
        if (sign_of(row) != sign || isnan(row->ms.value))
            continue;
        if (n++ == 0)
            cp_canvas_open_block(p->c, signs[sign].block);
        add_point(p, row, height_of(p, row));
    }
    if (n)
        cp_canvas_close_block(p->c);
    return n;
}

/* --- changes --- */

static void add_number(struct cp_buf *out, size_t number)
{
    enum { CIRCLED = 20 };
    if (number <= CIRCLED) /* U+2460 and on, in UTF-8 */
        cp_buf_addf(out, "\xe2\x91%c", (char)(0x9f + (int)number));
    else
        cp_buf_addf(out, "(%zu)", number);
}

/* A line between the last night of the old level and the first of the new one, its number at the
 * top; numbers that would touch stand lower. */
static void add_changes(const struct cp_canvas *c, const struct cp_axis *x)
{
    enum { ROOM = 20, ROWS = 4 };
    const struct cp_history_view *v = view_of(c);
    double width = CP_CARD_WIDTH - CP_LEFT_MARGIN - c->right_margin;
    double last = -INFINITY;
    int row = 0;
    for (size_t i = v->first_change; i < v->n_changes; i++) {
        const struct cp_history_change *change = &v->changes[i];
        if (change->row <= v->first_row) /* the night before is not shown */
            continue;
        double day = (day_of(&v->rows[change->row - 1]) + day_of(&v->rows[change->row])) / 2;
        double at = cp_axis_position(x, day) * width;
        row = at - last < ROOM ? (row + 1) % ROWS : 0;
        last = at;
        cp_buf_addf(
            c->out,
            "set arrow from %.7g, graph 0 to %.7g, graph 1 nohead lw 1.2 dt 2 lc rgb '" CP_INK
            "'\nset label '",
            day, day);
        add_number(c->out, change->number);
        cp_buf_addf(c->out, "' at %.7g, graph %.3f left offset 0.3,0 tc rgb '" CP_INK "' front\n",
                    day, 0.965 - 0.055 * row);
    }
}

/* --- the plot --- */

static const char *series_color(const struct cp_history_view *v)
{
    static const char *const colors[CP_TIMING_COUNT] = {[CP_TIMING_INIT] = CP_VERMILION,
                                                        [CP_TIMING_RESTORE] = CP_GREEN,
                                                        [CP_TIMING_COLD] = CP_VERMILION,
                                                        [CP_TIMING_WARM] = CP_BLUE};
    return colors[v->metrics[v->shown_metric].metric.timing];
}

static double point_size(size_t n)
{
    return n > 150 ? 0.3 : n > 60 ? 0.45 : 0.7;
}

static void add_plot(const struct plot *p, const size_t n_of[SIGN_COUNT])
{
    const struct cp_history_view *v = view_of(p->c);
    struct cp_buf *out = p->c->out;
    const char *color = series_color(v);
    bool is_sparse = n_shown(v) < NIGHTS_SPARSE;
    double size = point_size(n_shown(v));
    double emphasis = is_sparse ? 1.5 : 1;
    cp_buf_adds(out, "plot $expected using 1:2:3 with filledcurves fc rgb '" BAND
                     "' fs solid noborder title 'expected', \\\n");
    if (n_shown(v) < NIGHTS_WITH_PATH)
        cp_buf_adds(out, "  $path with lines lw 1 lc rgb '" PALE "' notitle, \\\n");
    cp_buf_addf(out, "  $interval using 1:2:(0):3 with vectors nohead lw %s lc rgb '%s' notitle",
                is_sparse ? "1" : "0.5", color);
    for (int i = 0; i < SIGN_COUNT; i++) {
        if (!n_of[i])
            continue;
        bool is_loud = i == SIGN_REGRESSED || i == SIGN_TIMEOUT;
        double larger = fmax(size * emphasis, i == SIGN_TIMEOUT ? 0.8 : 0);
        cp_buf_addf(out, ", \\\n  $%s with points %s ps %.2f lc rgb '%s' title '%s'",
                    signs[i].block, signs[i].point, i == SIGN_NIGHT ? size : larger,
                    is_loud ? CP_INK : color, signs[i].title);
    }
    cp_buf_addc(out, '\n');
}

static void add_axes(const struct plot *p)
{
    const struct cp_history_view *v = view_of(p->c);
    const struct cp_metric_key *metric = &v->metrics[v->shown_metric].metric;
    char label[160];
    char mb[CP_FORMAT_MAX];
    (void)snprintf(label, sizeof label, "%.10s to %.10s, UTC", v->rows[v->first_row].day,
                   v->rows[v->n_rows - 1].day);
    cp_canvas_axis(p->c, 'x', &p->x, label);
    add_dates(p->c, &p->x);
    (void)snprintf(label, sizeof label, "%s p%g at %s, ms", cp_timing_name(metric->timing),
                   metric->q * 100, cp_format_with_unit(CP_UNIT_MB, metric->memory_size_mb, mb));
    cp_canvas_ticked_axis(p->c, 'y', &p->y, label);
}

void cp_chart_add_history(struct cp_canvas *c)
{
    const struct cp_history_view *v = view_of(c);
    const struct plot p = {c, x_axis(v), y_axis(v)};
    size_t n_of[SIGN_COUNT];
    c->right_margin = 128;
    add_expected(&p);
    if (n_shown(v) < NIGHTS_WITH_PATH)
        add_path(&p);
    add_whiskers(&p);
    for (int i = 0; i < SIGN_COUNT; i++)
        n_of[i] = add_signs(&p, (enum sign)i);
    cp_canvas_margins(c);
    add_axes(&p);
    add_changes(c, &p.x);
    cp_buf_addf(
        c->out,
        "set key at screen %.4f, graph 0.98 right top Left reverse samplen 1.5 spacing 1.25 "
        "tc rgb '" CP_INK "'\n",
        1 - 8 / CP_CARD_WIDTH);
    add_plot(&p, n_of);
}
