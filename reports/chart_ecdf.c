/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chart ecdf: distribution of init duration.
 */
#include "reports/chart_canvas.h"

#include "reports/format.h"
#include "reports/words.h"

enum { ECDF_LINES_MAX = 8, ECDF_POINTS_MAX = 300 };

/* Which sizes get a line: all up to eight, else eight spread evenly, ends included. */
static size_t ecdf_sizes(const struct cp_figures *f, size_t *picked)
{
    size_t with_data[CP_RUN_SIZES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < f->n_sizes; i++) {
        if (f->sizes[i].n_cold_values > 0)
            with_data[n++] = i;
    }
    size_t shown = n < ECDF_LINES_MAX ? n : ECDF_LINES_MAX;
    for (size_t i = 0; i < shown; i++)
        picked[i] = with_data[shown > 1 ? i * (n - 1) / (shown - 1) : 0];
    return shown;
}

static void add_ecdf_block(const struct cp_canvas *c, const struct cp_size_figures *size,
                           struct cp_axis *x)
{
    size_t step = size->n_cold_values / ECDF_POINTS_MAX + 1;
    cp_buf_addf(c->out, "$ecdf_%d << %s\n", size->memory_size_mb, c->mark);
    cp_canvas_value(c->out, size->init_ms[0]);
    cp_buf_adds(c->out, " 0\n");
    for (size_t k = 0; k < size->n_cold_values; k++) {
        if (k % step != 0 && k + 1 != size->n_cold_values)
            continue;
        cp_canvas_value(c->out, size->init_ms[k]);
        cp_canvas_value(c->out, (double)(k + 1) / (double)size->n_cold_values);
        cp_buf_addc(c->out, '\n');
    }
    cp_canvas_close_block(c);
    cp_axis_see(x, size->init_ms[0]);
    cp_axis_see(x, size->init_ms[size->n_cold_values - 1]);
}

void cp_chart_add_ecdf(struct cp_canvas *c)
{
    static const char *const colors[] = {CP_BLUE, CP_VERMILION, CP_GREEN, CP_INK};
    static const int dashes[] = {1, 2, 4, 5, 3};
    size_t picked[CP_RUN_SIZES_MAX];
    size_t n = ecdf_sizes(c->f, picked);
    struct cp_axis x = cp_axis_empty(true);
    struct cp_axis y = {0, 1, false};
    for (size_t i = 0; i < n; i++)
        add_ecdf_block(c, &c->f->sizes[picked[i]], &x);
    char label[CP_WORDS_MAX];
    cp_axis_pad(&x, 0.04);
    c->right_margin = 128;
    cp_canvas_margins(c);
    cp_canvas_ticked_axis(c, 'x', &x, cp_words(c->f, "{init} duration, ms", label));
    cp_canvas_ticked_axis(c, 'y', &y, "share of cold starts");
    cp_buf_addf(c->out,
                "set key at screen %.4f, graph 0.98 right top Left reverse samplen 2.5 "
                "spacing 1.25 tc rgb '" CP_INK "'\n",
                1 - 8 / CP_CARD_WIDTH);
    for (size_t i = 0; i < n; i++) {
        char mb[CP_FORMAT_MAX];
        int memory = c->f->sizes[picked[i]].memory_size_mb;
        cp_buf_addf(c->out, "%s$ecdf_%d using 1:2 with steps lw 2 dt %d lc rgb '%s' title '%s MB'",
                    i ? ", \\\n  " : "plot ", memory, dashes[i % 5], colors[i % 4],
                    cp_format(CP_UNIT_MB, memory, mb));
    }
    cp_buf_addc(c->out, '\n');
}
