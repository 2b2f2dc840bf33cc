/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prints the documents about gates that are made by hand (tests/reports/gates_fixture.h), so that
 * the programs they are meant for can read them:
 *   gates_client FORMAT compare|pair|night FUNCTION [TEXT]
 * FORMAT as of --export, annotations (of GitHub) or values: the numbers as they are, a line a gate;
 * TEXT ends each sentence.
 *   gates_client history N          a history of N nights for Otava
 *   gates_client nights N           the same as it is: value and lower end of each metric
 *   gates_client changes FILE       change points of each column of such a file, a line each:
 *                                   metric, index, means before and after, p
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare/change_point.h"
#include "probes/os/file.h"
#include "profiler/cli/ci.h"
#include "reports/gate_parts.h"
#include "tests/reports/gates_fixture.h"

enum { OUT_MAX = 1 << 22, COLUMNS_MAX = 16, NIGHTS_MAX = 4096 };

static void print_values(const struct cp_gates *gates, struct cp_buf *out)
{
    for (size_t i = 0; i < gates->n; i++) {
        const struct cp_gate *gate = &gates->gates[i];
        char name[CP_METRIC_KEY_MAX];
        cp_buf_addf(out, "%s\t%.17g\t%.17g\t%.17g\t%zu\t%s\t%d\t%d\t%s\n",
                    cp_metric_key_name(&gate->metric, name), gate->new_ms.value, gate->new_ms.low,
                    gate->new_ms.high, gate->n_new, cp_gate_word(gates, gate), gate->fails,
                    cp_gate_is_judged(gates, gate), gate->because);
    }
}

static const struct {
    const char *name;
    void (*print)(const struct cp_gates *gates, struct cp_buf *out);
} formats[] = {
    {"junit", cp_gates_junit}, {"gha-benchmark", cp_gates_gha_benchmark},
    {"bmf", cp_gates_bmf},     {"openmetrics", cp_gates_openmetrics},
    {"md", cp_gates_markdown}, {"annotations", cp_ci_annotations},
    {"values", print_values},
};

static bool print_gates(char **argv, int argc, struct cp_buf *out)
{
    static const char *const kinds[] = {
        [CP_GATES_COMPARE] = "compare", [CP_GATES_PAIR] = "pair", [CP_GATES_NIGHT] = "night"};
    static struct gates_fixture fixture;
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        if (strcmp(argv[2], kinds[kind]) == 0)
            gates_fixture_make((enum cp_gates_kind)kind, argv[3], argc > 4 ? argv[4] : "",
                               &fixture);
    }
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && fixture.gates.now; i++) {
        if (strcmp(argv[1], formats[i].name) == 0) {
            formats[i].print(&fixture.gates, out);
            return true;
        }
    }
    return false;
}

/* As they are: each metric's value and lower end, a line a night. */
static void print_nights(const struct cp_history *history, struct cp_buf *out)
{
    for (size_t i = 0; i < history->n_nights; i++) {
        const struct cp_night *night = &history->nights[i];
        for (size_t k = 0; k < night->n_metrics; k++)
            cp_buf_addf(out, "%s%.17g\t%.17g", k ? "\t" : "", night->metrics[k].ms.value,
                        night->metrics[k].ms.low);
        cp_buf_addc(out, '\n');
    }
}

static bool print_history(const char *nights,
                          void (*print)(const struct cp_history *, struct cp_buf *),
                          struct cp_buf *out)
{
    struct cp_history history;
    int64_t n = 0;
    if (!cp_view_to_int64(cp_view_of(nights), &n) || n < 1 || n > NIGHTS_MAX)
        return false;
    gates_fixture_history((size_t)n, &history);
    print(&history, out);
    gates_fixture_history_clear(&history);
    return true;
}

struct table {
    size_t n_columns, n_rows;
    char head[COLUMNS_MAX][CP_METRIC_KEY_MAX];
    double values[COLUMNS_MAX][NIGHTS_MAX];
};

/* Numbers behind the first two columns. */
static bool read_table(struct cp_view text, struct table *table)
{
    struct cp_view line;
    for (bool is_head = true; cp_view_split(&text, '\n', &line) && line.n > 1; is_head = false) {
        struct cp_view cells = {line.p, line.n - 1}; /* without the CR */
        struct cp_view cell;
        for (size_t column = 0; cp_view_split(&cells, ',', &cell); column++) {
            if (column < 2)
                continue;
            if (column - 2 >= COLUMNS_MAX || table->n_rows >= NIGHTS_MAX)
                return false;
            if (is_head && !cp_view_copy(cell, table->head[column - 2], CP_METRIC_KEY_MAX))
                return false;
            if (!is_head && !cp_view_to_double(cell, &table->values[column - 2][table->n_rows]))
                return false;
            table->n_columns = column - 1;
        }
        table->n_rows += !is_head;
    }
    return table->n_columns > 0;
}

static bool print_changes(const char *path, struct cp_buf *out)
{
    static struct table table;
    const struct cp_change_options options = {.window = 0};
    struct cp_error err = {CP_OK, ""};
    struct cp_buf text;
    cp_buf_init(&text, OUT_MAX);
    bool is_good =
        cp_file_read(path, &text, &err) == CP_OK && read_table(cp_buf_view(&text), &table);
    for (size_t column = 0; column < table.n_columns && is_good; column++) {
        struct cp_change_points points;
        is_good = cp_change_points_find(table.values[column], table.n_rows, &options, &points,
                                        &err) == CP_OK;
        for (size_t i = 0; is_good && i < points.n; i++)
            cp_buf_addf(out, "%s\t%zu\t%.17g\t%.17g\t%.17g\n", table.head[column],
                        points.points[i].index, points.points[i].mean_before,
                        points.points[i].mean_after, points.points[i].p);
        cp_change_points_clear(&points);
    }
    cp_buf_clear(&text);
    return is_good;
}

int main(int argc, char **argv)
{
    struct cp_buf out;
    bool is_good = false;
    cp_buf_init(&out, OUT_MAX);
    if (argc == 3 && strcmp(argv[1], "history") == 0)
        is_good = print_history(argv[2], cp_history_otava_csv, &out);
    else if (argc == 3 && strcmp(argv[1], "nights") == 0)
        is_good = print_history(argv[2], print_nights, &out);
    else if (argc == 3 && strcmp(argv[1], "changes") == 0)
        is_good = print_changes(argv[2], &out);
    else if (argc >= 4)
        is_good = print_gates(argv, argc, &out);
    is_good = is_good && !out.failed && fwrite(cp_buf_str(&out), 1, out.n, stdout) == out.n;
    cp_buf_clear(&out);
    return is_good ? 0 : 2;
}
