/* SPDX-License-Identifier: GPL-3.0-or-later
 * A history in words, and its nights as pictures of one line.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/stat/quantile.h"
#include "reports/axis.h"
#include "reports/format.h"
#include "reports/history_parts.h"

/* --- strips --- */

static char strip_sign(const struct cp_history_night *row)
{
    if (isinf(row->ms.value))
        return '>';
    if (row->judged.state == CP_TREND_REGRESSED)
        return 'X';
    return row->judged.state == CP_TREND_SUSPECT ? '?' : 'o';
}

static int strip_column(const struct cp_axis *axis, double value)
{
    double at = cp_axis_position(axis, value);
    return (int)lround(fmin(fmax(at, 0), 1) * (CP_HISTORY_STRIP - 1));
}

static void draw_strip(const struct cp_axis *axis, struct cp_history_night *row)
{
    const struct cp_interval *expected = &row->judged.baseline_ms;
    (void)memset(row->strip, ' ', CP_HISTORY_STRIP);
    if (isfinite(expected->low) && isfinite(expected->high)) {
        int last = strip_column(axis, expected->high);
        for (int i = strip_column(axis, expected->low); i <= last; i++)
            row->strip[i] = '-';
    }
    if (!isnan(row->ms.value))
        row->strip[strip_column(axis, row->ms.value)] = strip_sign(row);
    size_t n = CP_HISTORY_STRIP;
    while (n > 0 && row->strip[n - 1] == ' ')
        n--;
    row->strip[n] = '\0';
}

void cp_history_draw_strips(struct cp_history_view *view)
{
    struct cp_axis axis = cp_axis_empty(false);
    for (size_t i = view->first_row; i < view->n_rows; i++) {
        cp_axis_see(&axis, view->rows[i].ms.value);
        cp_axis_see(&axis, view->rows[i].judged.baseline_ms.low);
        cp_axis_see(&axis, view->rows[i].judged.baseline_ms.high);
    }
    if (axis.low > axis.high) /* timeouts alone */
        axis = (struct cp_axis){0, 1, false};
    if (!(axis.low < axis.high))
        cp_axis_pad(&axis, 0);
    view->strip_low_ms = axis.low;
    view->strip_high_ms = axis.high;
    for (size_t i = view->first_row; i < view->n_rows; i++)
        draw_strip(&axis, &view->rows[i]);
}

void cp_history_mark_rows(struct cp_history_view *view)
{
    for (size_t i = view->first_row; i < view->n_rows; i++) {
        struct cp_history_night *row = &view->rows[i];
        size_t n = 0;
        if (row->change)
            n = (size_t)snprintf(row->mark, sizeof row->mark, "(%zu)", row->change);
        if (row->n_missed && i > view->first_row && n < sizeof row->mark)
            (void)snprintf(row->mark + n, sizeof row->mark - n, "%s%zu missing", n ? " " : "",
                           row->n_missed);
    }
}

/* --- causes --- */

enum { HASH_DIGITS = 12 };

/* The last part of an ARN, a hash: its first digits. */
static void add_version(struct cp_view arn, struct cp_buf *out)
{
    struct cp_view part = {"", 0};
    while (cp_view_split(&arn, ':', &part)) {
    }
    cp_buf_add(out, part.p, part.n < HASH_DIGITS ? part.n : HASH_DIGITS);
}

static void add_layers(const char *list, const char *sign, struct cp_buf *out)
{
    struct cp_view rest = cp_view_of(list);
    struct cp_view arn;
    while (cp_view_split(&rest, ' ', &arn)) {
        cp_buf_addf(out, " %s", sign);
        cp_buf_add_view(out, cp_format_layer(arn));
    }
}

/* A host is a list of facts: those that differ; all of it where one only came or went. */
static void add_host(const struct cp_cause *cause, struct cp_buf *out)
{
    struct cp_view before = cp_view_of(cause->before);
    struct cp_view after = cp_view_of(cause->after);
    struct cp_view was;
    struct cp_view is;
    size_t n = 0;
    while (cp_view_split(&before, ',', &was) && cp_view_split(&after, ',', &is)) {
        if (cp_view_equal(was, is))
            continue;
        was = cp_view_trim(was);
        is = cp_view_trim(is);
        cp_buf_addf(out, "%s %.*s -> %.*s", n++ ? "," : "", (int)was.n, was.p, (int)is.n, is.p);
    }
    if (n == 0)
        cp_buf_addf(out, " %s -> %s", cause->before, cause->after);
}

static void add_number(const char *digits, struct cp_buf *out)
{
    char text[CP_FORMAT_MAX];
    double value = 0;
    if (cp_view_to_double(cp_view_of(digits), &value))
        cp_buf_adds(out, cp_format(CP_UNIT_COUNT, value, text));
}

static void add_end(enum cp_cause_kind kind, const char *text, struct cp_buf *out)
{
    switch (kind) {
    case CP_CAUSE_CODE:
    case CP_CAUSE_PAYLOAD:
        cp_buf_addf(out, "%.*s", HASH_DIGITS, text);
        break;
    case CP_CAUSE_RUNTIME_VERSION:
        add_version(cp_view_of(text), out);
        break;
    case CP_CAUSE_MEMORY:
    case CP_CAUSE_PACKAGE_SIZE:
        add_number(text, out);
        break;
    default:
        cp_buf_adds(out, text);
    }
}

static const char *cause_unit(enum cp_cause_kind kind)
{
    return kind == CP_CAUSE_MEMORY ? " MB" : kind == CP_CAUSE_PACKAGE_SIZE ? " bytes" : "";
}

static void add_cause(const struct cp_cause *cause, struct cp_buf *out)
{
    cp_buf_adds(out, cp_cause_name(cause->kind));
    if (cause->kind == CP_CAUSE_LAYERS) {
        add_layers(cause->before, "-", out);
        add_layers(cause->after, "+", out);
        return;
    }
    if (cause->kind == CP_CAUSE_HOST) {
        add_host(cause, out);
        return;
    }
    cp_buf_addc(out, ' ');
    add_end(cause->kind, cause->before, out);
    cp_buf_adds(out, " -> ");
    add_end(cause->kind, cause->after, out);
    cp_buf_adds(out, cause_unit(cause->kind));
}

static void write_evidence(struct cp_history_change *change)
{
    const struct cp_trend_change *c = &change->change;
    char p[CP_FORMAT_MAX];
    if (c->p < 0.001)
        (void)snprintf(p, sizeof p, "p<0.001");
    else
        (void)snprintf(p, sizeof p, "p=%.3f", c->p);
    (void)snprintf(change->evidence, sizeof change->evidence,
                   "%.20s, %zu night%s before, %zu after", p, c->n_before,
                   c->n_before == 1 ? "" : "s", c->n_after);
}

bool cp_history_change_words(struct cp_history_change *change)
{
    struct cp_buf text;
    cp_buf_init(&text, 1U << 14);
    for (size_t i = 0; i < change->n_causes; i++) {
        cp_buf_adds(&text, i ? "; " : "");
        add_cause(&change->causes[i], &text);
    }
    if (change->is_cause_near)
        cp_buf_adds(&text, " (a night beside it)");
    if (change->n_causes == 0)
        cp_buf_adds(&text, "nothing that is known");
    bool is_whole = text.failed == CP_OK;
    cp_view_copy_cut(cp_buf_view(&text), change->words, sizeof change->words);
    cp_buf_clear(&text);
    write_evidence(change);
    return is_whole;
}

/* --- sentences --- */

void cp_history_span_text(const struct cp_history_view *view, struct cp_buf *out)
{
    char shown[CP_FORMAT_MAX];
    char all[CP_FORMAT_MAX];
    char missed[CP_FORMAT_MAX];
    size_t n = view->n_rows - view->first_row;
    cp_format_count(n, shown);
    cp_format_count(view->n_rows, all);
    if (n < view->n_rows)
        cp_buf_addf(out, "the last %s of %s nights", shown, all);
    else
        cp_buf_addf(out, "%s night%s", shown, n == 1 ? "" : "s");
    cp_buf_addf(out, ", %.10s to %.10s", view->rows[view->first_row].day,
                view->rows[view->n_rows - 1].day);
    if (view->n_missed)
        cp_buf_addf(out, "; %s missing in %zu place%s", cp_format_count(view->n_missed, missed),
                    view->n_gaps, view->n_gaps == 1 ? "" : "s");
}

void cp_history_ratio_text(struct cp_interval ratio, struct cp_buf *out)
{
    char value[CP_FORMAT_MAX];
    char bounds[CP_FORMAT_MAX];
    const struct cp_interval change = {ratio.value - 1, ratio.low - 1, ratio.high - 1};
    cp_format_bounds(CP_UNIT_PERCENT, change, bounds);
    cp_buf_addf(out, "%s%s %%%s%s", change.value > 0 ? "+" : "",
                cp_format(CP_UNIT_PERCENT, change.value, value), bounds[0] ? " " : "", bounds);
}

static void add_interval_ms(struct cp_interval ms, struct cp_buf *out)
{
    char value[CP_FORMAT_MAX];
    char bounds[CP_FORMAT_MAX];
    cp_format_with_unit(CP_UNIT_MS, ms.value, value);
    cp_format_bounds(CP_UNIT_MS, ms, bounds);
    cp_buf_addf(out, "%s%s%s", value, bounds[0] ? " " : "", bounds);
}

/* Why the newest night was compared with nothing. */
static void add_not_judged(const struct cp_history_metric *m, struct cp_buf *out)
{
    static const double confidence = 0.95;
    const struct cp_history_night *newest = &m->newest;
    size_t n_needed = cp_quantile_min_n_two_sided(m->metric.q, confidence);
    char q[CP_FORMAT_MAX];
    if (!cp_night_is_judged(cp_night_find(newest->night, &m->metric)))
        cp_buf_addf(out, "; not judged: %zu sample%s, an interval of %s needs %zu", newest->n,
                    newest->n == 1 ? "" : "s", cp_format_quantile_name(m->metric.q, q), n_needed);
    else
        cp_buf_addf(out, "; %zu night%s before it %s too few to say what is usual",
                    newest->judged.n_baseline, newest->judged.n_baseline == 1 ? "" : "s",
                    newest->judged.n_baseline == 1 ? "is" : "are");
}

void cp_history_verdict_text(const struct cp_history_view *view, struct cp_buf *out)
{
    const struct cp_history_metric *m = &view->metrics[view->shown_metric];
    const struct cp_trend_night *now = &m->newest.judged;
    cp_buf_addf(out, "%s%s", cp_trend_state_name(now->state),
                now->is_drift ? " in small steps" : "");
    if (m->since[0])
        cp_buf_addf(out, " since %s", m->since);
    cp_buf_addf(out, ": %s is ", m->name);
    add_interval_ms(m->newest.ms, out);
    if (isnan(now->baseline_ms.value)) {
        add_not_judged(m, out);
        return;
    }
    cp_buf_adds(out, ", expected was ");
    add_interval_ms(now->baseline_ms, out);
    if (!isnan(now->ratio.value)) {
        cp_buf_adds(out, ": ");
        cp_history_ratio_text(now->ratio, out);
    }
}
