/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chart frontier: cost against latency, with labels placed where they cover nothing.
 */
#include "reports/chart_canvas.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/figures.h"
#include "reports/format.h"

struct box {
    double x, y, width, height; /* px, y upwards */
};

enum { LABEL_MAX = 120 };

struct frontier {
    struct cp_canvas *c;
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
    if (k->is_modelled || fr->has_month)
        return !k->is_modelled && k->is_on_frontier;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct cp_candidate *other = &d->candidates[i];
        if (is_drawn(fr, other) && !other->is_modelled &&
            cost_of(fr, other).value < cost_of(fr, k).value &&
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

/* Variants of a function (architecture, start from a snapshot) have signs of their own, the first
 * candidate's the plain ones. */
enum { VARIANTS = 4 };

static bool is_same_architecture(const struct cp_candidate *a, const struct cp_candidate *b)
{
    return strcmp(a->architecture ? a->architecture : "", b->architecture ? b->architecture : "") ==
           0;
}

static bool is_restored(const struct cp_candidate *k)
{
    return k->fresh_start == CP_START_SNAPSTART;
}

static bool is_same_variant(const struct cp_candidate *a, const struct cp_candidate *b)
{
    return is_restored(a) == is_restored(b) && is_same_architecture(a, b);
}

static size_t variant_of(const struct cp_decision *d, size_t i)
{
    size_t variant = 0;
    for (size_t k = 0; k < d->n_candidates; k++) {
        if (is_same_variant(&d->candidates[k], &d->candidates[i]))
            break;
        bool is_new = true;
        for (size_t m = 0; m < k && is_new; m++)
            is_new = !is_same_variant(&d->candidates[m], &d->candidates[k]);
        variant += is_new ? 1 : 0;
    }
    return variant < VARIANTS ? variant : VARIANTS - 1;
}

bool cp_chart_has_variants(const struct cp_figures *f)
{
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        if (variant_of(&f->decision, i) > 0)
            return true;
    }
    return false;
}

/* Drawn in this order; the line joins all of the frontier, each point is in one other group. */
enum group {
    GROUP_LINE,
    GROUP_DOMINATED,
    GROUP_MODELLED,
    GROUP_FRONTIER,
    GROUP_CURRENT,
    GROUP_CHOSEN,
    GROUPS
};

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
    case GROUP_MODELLED:
        return d->candidates[i].is_modelled;
    case GROUP_FRONTIER:
    case GROUP_DOMINATED:
    case GROUPS:
        break;
    }
    return !d->candidates[i].is_modelled &&
           is_on_frontier(fr, &d->candidates[i]) == (group == GROUP_FRONTIER) &&
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

/* gnuplot's numbers of the signs of a group, by variant; the other groups have one each. */
static int sign_of(const struct frontier *fr, enum group group, size_t i)
{
    static const int frontier[VARIANTS] = {7, 9, 11, 15}; /* filled circle, triangles, pentagon */
    static const int dominated[VARIANTS] = {2, 1, 3, 14}; /* x, +, star, hollow pentagon */
    size_t variant = variant_of(&fr->c->f->decision, i);
    return group == GROUP_FRONTIER ? frontier[variant] : dominated[variant];
}

static size_t add_group_block(const struct frontier *fr, enum group group, const char *name)
{
    size_t index[CP_CANDIDATES_MAX];
    size_t n = collect(fr, group, index);
    cp_canvas_open_block(fr->c, name);
    for (size_t i = 0; i < n; i++) {
        const struct cp_candidate *k = &fr->c->f->decision.candidates[index[i]];
        struct cp_interval x = cost_of(fr, k);
        struct cp_interval y = k->latency_ms;
        cp_buf_addf(fr->c->out, "%.9g %.9g %.9g %.9g %.9g %.9g", x.value, y.value,
                    bound(x.low, x.value), bound(x.high, x.value), bound(y.low, y.value),
                    isinf(y.high) ? fr->y.high : bound(y.high, y.value));
        if (group == GROUP_DOMINATED || group == GROUP_FRONTIER)
            cp_buf_addf(fr->c->out, " %d", sign_of(fr, group, index[i]));
        cp_buf_addc(fr->c->out, '\n');
    }
    cp_canvas_close_block(fr->c);
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
    return CP_CARD_WIDTH - CP_LEFT_MARGIN - fr->c->right_margin;
}

static double plot_height(void)
{
    return CP_CARD_HEIGHT - CP_BOTTOM_MARGIN - CP_TOP_MARGIN;
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

/* "1024", "1024/2", "1024/s11" (a schedule of at most 11), "1024/t0.7" (tracking), "1024/r5"
 * (reserved); then what of its variant is not the same everywhere. */
static void add_setting(const struct frontier *fr, const struct cp_candidate *k, struct cp_buf *out)
{
    const struct cp_decision *d = &fr->c->f->decision;
    bool has_architectures = false;
    bool has_starts = false;
    for (size_t i = 0; i < d->n_candidates; i++) {
        has_architectures |= !is_same_architecture(&d->candidates[i], k);
        has_starts |= is_restored(&d->candidates[i]) != is_restored(k);
    }
    cp_buf_addf(out, "%d", k->memory_size_mb);
    if (k->mode == CP_MODE_TRACKING)
        cp_buf_addf(out, "/t%.3g", k->tracking.target);
    else if (k->mode != CP_MODE_ON_DEMAND)
        cp_buf_addf(out, "/%s%d",
                    k->mode == CP_MODE_SCHEDULED  ? "s"
                    : k->mode == CP_MODE_RESERVED ? "r"
                                                  : "",
                    k->concurrency);
    if (has_architectures && k->architecture && k->architecture[0])
        cp_buf_addf(out, "/%.16s", k->architecture);
    if (has_starts && is_restored(k))
        cp_buf_adds(out, "/SnapStart");
}

/* Tries places around the point, near ones first; without room, only a label that matters is set
 * anyway. */
static void place_label(struct frontier *fr, size_t i, const char *suffix, const char *color)
{
    const struct cp_candidate *k = &fr->c->f->decision.candidates[i];
    double px = px_of(fr, cost_of(fr, k).value);
    double py = py_of(fr, k->latency_ms.value);
    struct cp_buf text;
    cp_buf_init(&text, LABEL_MAX);
    add_setting(fr, k, &text);
    cp_buf_adds(&text, suffix);
    double w = CP_CHAR_WIDTH * (double)text.n;
    double h = CP_LINE_HEIGHT;
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
    if (pick == n && suffix[0] == '\0') {
        cp_buf_clear(&text);
        return;
    }
    const struct place *place = &places[pick < n ? pick : 0];
    double x = place->box.x + w * (place->anchor[0] == 'l' ? 0 : place->anchor[0] == 'r' ? 1 : 0.5);
    take(fr, place->box);
    cp_buf_adds(fr->c->out, "set label ");
    cp_text_gnuplot(fr->c->out, cp_buf_str(&text));
    cp_buf_addf(fr->c->out, " at graph %.4f, graph %.4f %s tc rgb '%s'\n", x / plot_width(fr),
                (place->box.y + h / 2) / plot_height(), place->anchor, color);
    cp_buf_clear(&text);
}

/* More of them would only cover what matters; all are in the table. */
enum { DOMINATED_LABELS_MAX = 8 };

static void place_labels(struct frontier *fr)
{
    static const struct {
        enum group group;
        const char *suffix, *color;
    } order[] = {
        {GROUP_CHOSEN, " recommended", CP_GREEN_TEXT},
        {GROUP_CURRENT, " current", CP_INK},
        {GROUP_FRONTIER, "", CP_BLUE},
        {GROUP_MODELLED, " not measured", CP_GREY},
        {GROUP_DOMINATED, "", CP_GREY},
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
                "lc rgb '" CP_INK "'\nset label 'target %s: %s ms' at graph 0.99, graph %.4f right "
                "tc rgb '" CP_INK "'\n",
                run->budget_ms, run->budget_ms, name, value, (y + 10) / plot_height());
    take(fr, (struct box){plot_width(fr) - 160, y, 160, CP_LINE_HEIGHT + 4});
    take(fr, (struct box){0, y - 2, plot_width(fr), 4});
}

/* How a group is drawn: whiskers thin and below, a white disc under hollow shapes. */
struct group_look {
    const char *name, *whiskers, *points;
};

static void add_frontier_plot(const struct frontier *fr, const size_t n[GROUPS])
{
    static const struct group_look looks[GROUPS] = {
        [GROUP_LINE] = {"line", NULL, "1:2 with lines lw 1.2 dt 1 lc rgb '" CP_BLUE "'"},
        [GROUP_DOMINATED] = {"dominated", NULL,
                             "1:2:7 with points pt variable ps 0.6 lw 1 lc rgb '#9CA3AF'"},
        [GROUP_MODELLED] = {"modelled", NULL, "1:2 with points pt 6 ps 0.9 lc rgb '" CP_GREY "'"},
        [GROUP_FRONTIER] = {"frontier", CP_BLUE,
                            "1:2:7 with points pt variable ps 0.9 lc rgb '" CP_BLUE "'"},
        [GROUP_CURRENT] = {"current", CP_INK,
                           "1:2 with points pt 4 ps 1.4 lw 2.2 lc rgb '" CP_INK "'"},
        [GROUP_CHOSEN] = {"chosen", CP_GREEN, "1:2 with points pt 13 ps 1.5 lc rgb '" CP_GREEN "'"},
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
        cp_buf_addf(fr->c->out, "$%s using %s", looks[g].name, looks[g].points);
    }
    cp_buf_addc(fr->c->out, '\n');
}

void cp_chart_add_frontier(struct cp_canvas *c)
{
    static const char *const blocks[GROUPS] = {"line",     "dominated", "modelled",
                                               "frontier", "current",   "chosen"};
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
    cp_canvas_margins(c);
    cp_format_quantile_name(cp_figures_quantile(c->f), name);
    (void)snprintf(label, sizeof label, "%.20s latency, ms", name);
    cp_canvas_ticked_axis(c, 'x', &fr.x,
                          fr.has_month ? "USD per month" : "USD per million requests");
    cp_canvas_ticked_axis(c, 'y', &fr.y, label);
    add_target(&fr);
    place_labels(&fr);
    add_frontier_plot(&fr, n);
}

bool cp_chart_has_frontier(const struct cp_figures *f)
{
    struct cp_canvas c = {.f = f};
    struct frontier fr = {.c = &c, .has_month = cp_figures_has_traffic(f)};
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        if (is_drawn(&fr, &f->decision.candidates[i]))
            return true;
    }
    return false;
}

bool cp_chart_has_modelled(const struct cp_figures *f)
{
    struct cp_canvas c = {.f = f};
    struct frontier fr = {.c = &c, .has_month = cp_figures_has_traffic(f)};
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        const struct cp_candidate *k = &f->decision.candidates[i];
        if (k->is_modelled && is_drawn(&fr, k))
            return true;
    }
    return false;
}
