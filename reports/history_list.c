/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/history_list.h"

#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "reports/format.h"
#include "reports/gate.h"
#include "reports/gate_parts.h"
#include "reports/history.h"
#include "reports/json_writer.h"

enum { CELL_MAX = CP_RUN_TEXT_MAX };
#define CELL_ESCAPED_MAX ((size_t)8 * CELL_MAX) /* foreign bytes are written as \u202e */

/* --- the state of the newest night --- */

static int severity(enum cp_trend_state state)
{
    static const int ranks[] = {[CP_TREND_LEARNING] = 0,
                                [CP_TREND_STEADY] = 1,
                                [CP_TREND_IMPROVED] = 2,
                                [CP_TREND_SUSPECT] = 3,
                                [CP_TREND_REGRESSED] = 4};
    return ranks[state];
}

enum cp_code cp_history_listed_judge(const struct cp_history *history,
                                     const struct cp_trend_options *options,
                                     struct cp_history_listed *out, struct cp_error *err)
{
    const struct cp_run_data none = {.run = cp_run_empty()};
    struct cp_gates gates;
    out->state = CP_TREND_LEARNING;
    out->metric[0] = '\0';
    if (!history->n_nights)
        return CP_OK;
    out->is_accepted =
        history->n_acceptances && history->acceptances[history->n_acceptances - 1].at_ms >=
                                      history->nights[history->n_nights - 1].started_at_ms;
    enum cp_code code = cp_gates_of_history(history, &none, options, &gates, err);
    for (size_t i = 0; i < gates.n && !code; i++) {
        const struct cp_gate *gate = &gates.gates[i];
        enum cp_trend_state state =
            cp_gate_is_judged(&gates, gate) ? gate->state : CP_TREND_LEARNING;
        if (out->metric[0] && severity(state) <= severity(out->state))
            continue;
        out->state = state;
        (void)cp_metric_key_name(&gate->metric, out->metric);
    }
    cp_gates_clear(&gates);
    return code;
}

/* --- cells --- */

void cp_history_key_name(const struct cp_night_key *key, struct cp_buf *out)
{
    char name[CELL_MAX];
    (void)snprintf(name, sizeof name, "%s@%s/%s", key->function, key->region, key->architecture);
    cp_text_terminal(out, name);
}

static void add_name(const struct cp_history_listed *row, struct cp_buf *out)
{
    cp_history_key_name(&row->key, out);
}

static void add_place(const struct cp_history_listed *row, struct cp_buf *out)
{
    cp_text_terminal(out, row->key.place);
}

static void add_nights(const struct cp_history_listed *row, struct cp_buf *out)
{
    (void)cp_buf_addf(out, "%zu", row->n_nights);
}

static void add_day(int64_t at_ms, struct cp_buf *out)
{
    char day[CP_DATETIME_TEXT_MAX];
    (void)cp_buf_adds(out, at_ms < 0 ? "-" : cp_datetime_format(at_ms, CP_DATETIME_DAY, day));
}

static void add_first(const struct cp_history_listed *row, struct cp_buf *out)
{
    add_day(row->first_ms, out);
}

static void add_last(const struct cp_history_listed *row, struct cp_buf *out)
{
    add_day(row->last_ms, out);
}

static const char *state_of(const struct cp_history_listed *row)
{
    return row->n_nights ? cp_trend_state_name(row->state) : "no nights";
}

/* Above what is ordinary, so that it is told whose it is. */
static bool is_news(const struct cp_history_listed *row)
{
    return row->n_nights && severity(row->state) > severity(CP_TREND_STEADY);
}

static void add_state(const struct cp_history_listed *row, struct cp_buf *out)
{
    (void)cp_buf_adds(out, state_of(row));
    if (is_news(row) && row->is_accepted)
        (void)cp_buf_adds(out, ", accepted");
}

static void add_metric(const struct cp_history_listed *row, struct cp_buf *out)
{
    (void)cp_buf_adds(out, is_news(row) ? row->metric : "");
}

static const struct column {
    const char *head;
    bool is_right;
    int rank; /* left out from the highest on; 0: never */
    void (*add)(const struct cp_history_listed *row, struct cp_buf *out);
} columns[] = {
    {"history", false, 0, add_name},  {"place", false, 2, add_place},
    {"nights", true, 0, add_nights},  {"first", false, 4, add_first},
    {"last", false, 1, add_last},     {"newest night", false, 0, add_state},
    {"metric", false, 3, add_metric},
};
enum { COLUMNS = sizeof columns / sizeof columns[0], GAP = 2 };

/* --- text --- */

static size_t line_width(const size_t widths[COLUMNS], const bool is_shown[COLUMNS])
{
    size_t width = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        width += is_shown[i] ? widths[i] + (i ? GAP : 0) : 0;
    return width;
}

static void measure(const struct cp_history_listed *rows, size_t n, size_t widths[COLUMNS])
{
    struct cp_buf cell;
    cp_buf_init(&cell, CELL_ESCAPED_MAX);
    for (size_t i = 0; i < COLUMNS; i++) {
        widths[i] = strlen(columns[i].head);
        for (size_t row = 0; row < n; row++) {
            cp_buf_reset(&cell);
            columns[i].add(&rows[row], &cell);
            size_t width = cp_text_columns(cp_buf_view(&cell));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    cp_buf_clear(&cell);
}

/* The least useful column goes first. */
static void fit(const size_t widths[COLUMNS], size_t width, bool is_shown[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++)
        is_shown[i] = true;
    while (line_width(widths, is_shown) > width) {
        size_t worst = 0;
        for (size_t i = 1; i < COLUMNS; i++) {
            if (is_shown[i] && columns[i].rank > (is_shown[worst] ? columns[worst].rank : 0))
                worst = i;
        }
        if (columns[worst].rank == 0)
            return;
        is_shown[worst] = false;
    }
}

static void add_blanks(struct cp_buf *out, size_t n)
{
    (void)cp_buf_addf(out, "%*s", (int)n, "");
}

/* `row` NULL: the heads. Blanks at the end of a line are left out. */
static void add_line(const struct cp_history_listed *row, const size_t widths[COLUMNS],
                     const bool is_shown[COLUMNS], struct cp_buf *out)
{
    struct cp_buf cell;
    size_t owed = 0;
    cp_buf_init(&cell, CELL_ESCAPED_MAX);
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!is_shown[i])
            continue;
        cp_buf_reset(&cell);
        if (row)
            columns[i].add(row, &cell);
        else
            (void)cp_buf_adds(&cell, columns[i].head);
        size_t rest = widths[i] - cp_text_columns(cp_buf_view(&cell));
        owed += columns[i].is_right ? rest : 0;
        if (cell.n)
            add_blanks(out, owed);
        (void)cp_buf_add_view(out, cp_buf_view(&cell));
        owed = (cell.n ? 0 : owed) + GAP + (columns[i].is_right ? 0 : rest);
    }
    cp_buf_fail_with(out, &cell);
    (void)cp_buf_addc(out, '\n');
    cp_buf_clear(&cell);
}

void cp_history_list_text(const struct cp_history_listed *rows, size_t n,
                          const struct cp_text_style *style, struct cp_buf *out)
{
    size_t widths[COLUMNS];
    bool is_shown[COLUMNS];
    if (!n) {
        (void)cp_buf_adds(out, "no nights yet: 'coldprof nightly' measures one, 'coldprof history "
                               "add RUN' takes a run\n");
        return;
    }
    measure(rows, n, widths);
    fit(widths, style->width > 1 ? (size_t)style->width - 1 : 0, is_shown);
    add_line(NULL, widths, is_shown, out);
    for (size_t i = 0; i < n; i++)
        add_line(&rows[i], widths, is_shown, out);
}

/* --- for programs --- */

void cp_history_list_json(const struct cp_history_listed *rows, size_t n, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    (void)cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", "history");
    cp_json_open(&j, "histories", '[');
    for (size_t i = 0; i < n; i++) {
        cp_json_open(&j, NULL, '{');
        cp_history_key_json(&j, &rows[i].key);
        cp_json_add_count(&j, "nights", rows[i].n_nights);
        cp_json_add_time(&j, "first_at", rows[i].first_ms);
        cp_json_add_time(&j, "last_at", rows[i].last_ms);
        cp_json_key(&j, "state");
        if (rows[i].n_nights)
            cp_text_json(out, state_of(&rows[i]));
        else
            (void)cp_buf_adds(out, "null");
        cp_json_add_bool(&j, "is_accepted", rows[i].is_accepted);
        cp_json_add_text(&j, "state_of_metric", rows[i].metric);
        cp_json_close(&j, '}');
    }
    cp_json_close(&j, ']');
    (void)cp_buf_adds(out, "\n}\n");
}

/* A text cell as a format quotes it, and what stands between cells. */
struct cells {
    void (*quote)(struct cp_buf *out, const char *text);
    const char *before, *between, *after;
};

static void add_cells(const struct cp_history_listed *row, const struct cells *how,
                      struct cp_buf *out)
{
    char nights[32];
    char first[CP_DATETIME_TEXT_MAX] = "";
    char last[CP_DATETIME_TEXT_MAX] = "";
    (void)snprintf(nights, sizeof nights, "%zu", row->n_nights);
    if (row->n_nights) {
        (void)cp_datetime_format(row->first_ms, CP_DATETIME_ISO_S, first);
        (void)cp_datetime_format(row->last_ms, CP_DATETIME_ISO_S, last);
    }
    const char *const texts[] = {row->key.function,
                                 row->key.place,
                                 row->key.region,
                                 row->key.architecture,
                                 nights,
                                 first,
                                 last,
                                 row->n_nights ? state_of(row) : "",
                                 row->is_accepted ? "yes" : "no",
                                 row->metric};
    (void)cp_buf_adds(out, how->before);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)cp_buf_adds(out, i ? how->between : "");
        how->quote(out, texts[i]);
    }
    (void)cp_buf_adds(out, how->after);
}

void cp_history_list_csv(const struct cp_history_listed *rows, size_t n, struct cp_buf *out)
{
    static const struct cells csv = {cp_text_csv, "", ",", "\n"};
    (void)cp_buf_adds(out, "function,place,region,architecture,nights,first_at,last_at,state,"
                           "is_accepted,state_of_metric\n");
    for (size_t i = 0; i < n; i++)
        add_cells(&rows[i], &csv, out);
}

void cp_history_list_markdown(const struct cp_history_listed *rows, size_t n, struct cp_buf *out)
{
    static const struct cells markdown = {cp_text_markdown, "| ", " | ", " |\n"};
    (void)cp_buf_adds(out, "| function | place | region | architecture | nights | first | last | "
                           "newest night | accepted | metric |\n"
                           "|---|---|---|---|---:|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++)
        add_cells(&rows[i], &markdown, out);
}
