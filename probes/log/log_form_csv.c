/* SPDX-License-Identifier: GPL-3.0-or-later
 * CSV of the console, RFC 4180: results of Logs Insights (@timestamp, @message, ... in any order)
 * and the search results of a log group (timestamp, message). Lines before the header are plain
 * text. A header in between (files put together) begins new columns.
 */
#include <stdlib.h>

#include "probes/log/log_form_count.h"
#include "probes/log/log_form_row.h"
#include "probes/log/log_form_rows.h"
#include "probes/log/log_form_split.h"
#include "probes/log/log_json_text.h"
#include "probes/record/record.h"

enum { COLUMNS_MAX = 64 };

struct columns {
    enum cp_row_field fields[COLUMNS_MAX];
    size_t n;
};

enum csv_step {
    CSV_HEADER, /* before the header: line by line */
    CSV_CELL,   /* at the first byte of a cell */
    CSV_PLAIN,
    CSV_QUOTED,
    CSV_QUOTE, /* behind a quote in a quoted cell */
    CSV_LOST   /* after damage: to the end of the line */
};

struct csv {
    struct cp_log_sink *sink;
    struct cp_form_counts counts;
    enum csv_step step;
    size_t n_mark;
    struct columns columns;
    size_t column; /* of the cell at hand */
    struct cp_log_slot cell;
    struct cp_log_row row;
};

/* --- the header --- */

static struct cp_view without_quotes(struct cp_view cell)
{
    cell = cp_view_trim(cell);
    if (cell.n >= 2 && cell.p[0] == '"' && cell.p[cell.n - 1] == '"')
        return (struct cp_view){cell.p + 1, cell.n - 2};
    return cell;
}

/* The two columns of the console's search results have no @. */
static enum cp_row_field search_field(struct cp_view name)
{
    return cp_view_is(name, "timestamp") ? CP_ROW_TIME
           : cp_view_is(name, "message") ? CP_ROW_MESSAGE
                                         : CP_ROW_OTHER;
}

static bool has_column(const struct columns *columns, enum cp_row_field field)
{
    for (size_t i = 0; i < columns->n; i++) {
        if (columns->fields[i] == field)
            return true;
    }
    return false;
}

static void take_columns(struct cp_view line, enum cp_row_field (*field_of)(struct cp_view name),
                         struct columns *out)
{
    struct cp_view cell;
    out->n = 0;
    while (out->n < COLUMNS_MAX && cp_view_split(&line, ',', &cell))
        out->fields[out->n++] = field_of(without_quotes(cell));
}

/* The line names the columns of a log. */
static bool take_header(struct cp_view line, struct columns *out)
{
    take_columns(line, cp_log_row_field, out);
    if (has_column(out, CP_ROW_MESSAGE) ||
        (has_column(out, CP_ROW_REQUEST_ID) && has_column(out, CP_ROW_DURATION)))
        return true;
    take_columns(line, search_field, out);
    return has_column(out, CP_ROW_TIME) && has_column(out, CP_ROW_MESSAGE);
}

static int match(struct cp_view head)
{
    enum { LINES = 20 };
    struct cp_view line;
    bool is_first = true;
    for (int i = 0; i < LINES && cp_view_split(&head, '\n', &line); i++) {
        struct columns columns;
        if (cp_view_trim(line).n == 0)
            continue;
        if (take_header(line, &columns))
            return is_first ? CP_SURE_OPENING : CP_SURE_DOCUMENT;
        is_first = false;
    }
    return CP_SURE_NOT;
}

static enum cp_code header_line(struct csv *csv, struct cp_error *err)
{
    struct cp_view line = cp_log_slot_view(&csv->cell);
    enum cp_code code = CP_OK;
    if (take_header(line, &csv->columns)) {
        csv->step = CSV_CELL;
        csv->column = 0;
    } else if (cp_view_trim(line).n) {
        cp_form_count(&csv->counts, CP_FORM_TEXT, line);
        code = cp_log_sink_lines(csv->sink, CP_LINES_PLAIN, line, csv->cell.is_long, err);
    }
    cp_log_slot_reset(&csv->cell);
    return code;
}

/* --- rows --- */

static void end_cell(struct csv *csv)
{
    enum cp_row_field field = CP_ROW_OTHER;
    bool is_empty_line = csv->column == 0 && csv->cell.n == 0;
    if (csv->column < csv->columns.n)
        field = csv->columns.fields[csv->column];
    else
        cp_form_count(&csv->counts, CP_FORM_CSV, cp_log_slot_view(&csv->cell));
    if (!is_empty_line || csv->columns.n == 1)
        cp_log_row_set(&csv->row, field, &csv->cell);
    cp_log_slot_reset(&csv->cell);
    csv->column++;
    csv->step = CSV_CELL;
}

/* Files put together: a row whose message is the name of its column. */
static bool is_header_again(const struct csv *csv)
{
    struct cp_view message = cp_log_slot_view(&csv->row.fields[CP_ROW_MESSAGE]);
    struct cp_view time = cp_log_slot_view(&csv->row.fields[CP_ROW_TIME]);
    return (cp_view_is(message, "@message") && cp_view_is(time, "@timestamp")) ||
           (cp_view_is(message, "message") && cp_view_is(time, "timestamp"));
}

static enum cp_code end_row(struct csv *csv, struct cp_error *err)
{
    csv->column = 0;
    csv->step = CSV_CELL;
    if (is_header_again(csv)) {
        cp_log_row_forget(&csv->row);
        return CP_OK;
    }
    return cp_log_row_emit(&csv->row, csv->sink, &csv->counts, err);
}

/* A cell that does not end: what follows is read from the next line on. */
static void lose(struct csv *csv)
{
    cp_form_count(&csv->counts, CP_FORM_CSV, cp_log_slot_view(&csv->cell));
    cp_log_slot_reset(&csv->cell);
    cp_log_row_forget(&csv->row);
    csv->step = CSV_LOST;
}

static enum cp_code at_end_of_cell(struct csv *csv, char c, struct cp_error *err)
{
    if (c == '\r')
        return CP_OK;
    end_cell(csv);
    return c == '\n' ? end_row(csv, err) : CP_OK;
}

static bool ends_cell(char c)
{
    return c == ',' || c == '\n' || c == '\r';
}

/* One byte that is not inside of a run of text. */
static enum cp_code take(struct csv *csv, char c, struct cp_error *err)
{
    switch (csv->step) {
    case CSV_HEADER:
        cp_log_slot_addc(&csv->cell, c);
        return c == '\n' ? header_line(csv, err) : CP_OK;
    case CSV_CELL:
        if (c == '"') {
            csv->step = CSV_QUOTED;
            return CP_OK;
        }
        csv->step = CSV_PLAIN;
        break;
    case CSV_QUOTE:
        if (c == '"') {
            cp_log_slot_addc(&csv->cell, c);
            csv->step = CSV_QUOTED;
            return CP_OK;
        }
        if (!ends_cell(c)) {
            lose(csv);
            return CP_OK;
        }
        break;
    case CSV_QUOTED:
        if (c == '"')
            csv->step = CSV_QUOTE;
        else
            cp_log_slot_addc(&csv->cell, c);
        if (csv->cell.is_long)
            lose(csv);
        return CP_OK;
    case CSV_LOST:
        return c == '\n' ? end_row(csv, err) : CP_OK;
    case CSV_PLAIN:
        break;
    }
    if (ends_cell(c))
        return at_end_of_cell(csv, c, err);
    cp_log_slot_addc(&csv->cell, c);
    return CP_OK;
}

/* Text of a quoted cell, up to the next quote; returns how much. Most bytes of a log go here. */
static size_t take_run(struct csv *csv, struct cp_view bytes)
{
    if (csv->step != CSV_QUOTED)
        return 0;
    const char *end = bytes.p + bytes.n;
    const char *at = cp_json_text_special(bytes.p, end);
    cp_log_slot_add(&csv->cell, (struct cp_view){bytes.p, (size_t)(at - bytes.p)});
    return (size_t)(at - bytes.p);
}

/* --- the form's interface --- */

static void free_csv(struct cp_log_decoder *decoder)
{
    struct csv *csv = (struct csv *)decoder;
    if (!csv)
        return;
    cp_log_slot_clear(&csv->cell);
    cp_log_row_clear(&csv->row);
    free(csv);
}

static enum cp_code begin(struct cp_log_sink *sink, struct cp_log_decoder **out,
                          struct cp_error *err)
{
    struct csv *csv = calloc(1, sizeof(*csv));
    *out = (struct cp_log_decoder *)csv;
    if (!csv)
        return cp_fail(err, CP_ENOMEM, "no memory to read a log");
    csv->sink = sink;
    enum cp_code code = cp_log_slot_init(&csv->cell, CP_RECORD_LINE_MAX, err);
    if (!code)
        code = cp_log_row_init(&csv->row, err);
    if (code) {
        free_csv(*out);
        *out = NULL;
    }
    return code;
}

static enum cp_code feed(struct cp_log_decoder *decoder, struct cp_view bytes, struct cp_error *err)
{
    struct csv *csv = (struct csv *)decoder;
    enum cp_code code = CP_OK;
    bytes = cp_log_skip_mark(&csv->n_mark, bytes);
    while (bytes.n && !code) {
        size_t n = take_run(csv, bytes);
        bytes = (struct cp_view){bytes.p + n, bytes.n - n};
        if (bytes.n == 0)
            break;
        code = take(csv, bytes.p[0], err);
        bytes = (struct cp_view){bytes.p + 1, bytes.n - 1};
    }
    return code ? code : cp_form_counts_tell(&csv->counts, csv->sink, err);
}

/* A quoted cell that does not end was cut off; another one may lack its line feed. */
static enum cp_code end(struct cp_log_decoder *decoder, struct cp_error *err)
{
    struct csv *csv = (struct csv *)decoder;
    enum cp_code code = CP_OK;
    bool has_row = csv->column > 0 || csv->cell.n > 0;
    if (csv->step == CSV_HEADER) {
        code = csv->cell.n ? header_line(csv, err) : CP_OK;
    } else if (csv->step == CSV_QUOTED || (has_row && csv->column + 1 < csv->columns.n)) {
        cp_form_count(&csv->counts, CP_FORM_UNFINISHED, cp_log_slot_view(&csv->cell));
    } else if (has_row) {
        end_cell(csv);
        code = end_row(csv, err);
    }
    return code ? code : cp_form_counts_tell(&csv->counts, csv->sink, err);
}

const struct cp_log_form cp_log_form_csv = {
    .name = "CSV",
    .summary = "CSV of the console: results of Logs Insights, or of a search in a log group",
    .match = match,
    .begin = begin,
    .feed = feed,
    .end = end,
    .free = free_csv,
};
