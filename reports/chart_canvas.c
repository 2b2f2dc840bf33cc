/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/chart_canvas.h"

#include <math.h>

void cp_canvas_value(struct cp_buf *out, double value)
{
    if (isfinite(value))
        cp_buf_addf(out, " %.9g", value);
    else
        cp_buf_adds(out, " NaN");
}

void cp_canvas_open_block(const struct cp_canvas *c, const char *name)
{
    cp_buf_addf(c->out, "$%s << %s\n", name, c->mark);
}

void cp_canvas_close_block(const struct cp_canvas *c)
{
    cp_buf_addf(c->out, "%s\n", c->mark);
}

void cp_canvas_margins(const struct cp_canvas *c)
{
    cp_buf_addf(c->out,
                "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
                "set bmargin at screen %.4f\nset tmargin at screen top_at\n",
                CP_LEFT_MARGIN / CP_CARD_WIDTH, 1 - c->right_margin / CP_CARD_WIDTH,
                CP_BOTTOM_MARGIN / CP_CARD_HEIGHT);
}

void cp_canvas_axis(const struct cp_canvas *c, char name, const struct cp_axis *axis,
                    const char *label)
{
    if (axis->is_log)
        cp_buf_addf(c->out, "set logscale %c\n", name);
    cp_buf_addf(c->out, "set %crange [%.9g:%.9g]\nset %clabel '%s'%s tc rgb '" CP_INK "'\n", name,
                axis->low, axis->high, name, label,
                name == 'x' ? " offset 0,0.3" : " offset y_shift,0");
}

enum { WIDE_TICK = 1000 }; /* "1,000" and more */

void cp_canvas_ticked_axis(const struct cp_canvas *c, char name, const struct cp_axis *axis,
                           const char *label)
{
    cp_canvas_axis(c, name, axis, label);
    cp_buf_addf(c->out, "set %ctics ", name);
    cp_axis_ticks(axis, c->out);
    cp_buf_addc(c->out, '\n');
    if (name == 'y' && axis->high >= WIDE_TICK)
        cp_buf_adds(c->out, "set ylabel offset 1.5, 0\n"); /* else off the card */
}

void cp_canvas_end_labels(const struct cp_canvas *c, struct cp_end_label *labels, size_t n)
{
    double gap = CP_LINE_HEIGHT / (CP_CARD_HEIGHT - CP_BOTTOM_MARGIN - CP_TOP_MARGIN);
    for (size_t i = 1; i < n; i++) {
        for (size_t k = i; k > 0 && labels[k].y < labels[k - 1].y; k--) {
            struct cp_end_label swap = labels[k];
            labels[k] = labels[k - 1];
            labels[k - 1] = swap;
        }
    }
    for (size_t i = 1; i < n; i++)
        labels[i].y = fmax(labels[i].y, labels[i - 1].y + gap);
    for (size_t i = 0; i < n; i++)
        cp_buf_addf(c->out, "set label '%s' at graph 1.01, graph %.4f tc rgb '%s'\n",
                    labels[i].text, labels[i].y, labels[i].color);
}
