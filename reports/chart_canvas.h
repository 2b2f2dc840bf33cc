/* SPDX-License-Identifier: GPL-3.0-or-later
 * A chart being written: colours, the card's geometry, and the parts of a gnuplot script that all
 * charts share. Private to this room's chart modules; everything is appended to canvas->out.
 */
#ifndef COLDPROF_REPORTS_CHART_CANVAS_H
#define COLDPROF_REPORTS_CHART_CANVAS_H

#include "reports/axis.h"
#include "reports/chart_script.h"

/* Okabe-Ito colours that keep a contrast of 3:1 on white and on the dark page. */
#define CP_BLUE       "#0072B2" /* warm */
#define CP_VERMILION  "#D55E00" /* cold */
#define CP_GREEN      "#009E73" /* recommended */
#define CP_GREEN_TEXT "#00785A"
#define CP_GREY       "#6B7280" /* context */
#define CP_INK        "#1F2937"

/* Geometry of the 720 x 380 card, in its pixels: labels are placed by these numbers. */
#define CP_CARD_WIDTH    720.0
#define CP_CARD_HEIGHT   380.0
#define CP_LEFT_MARGIN   70.0
#define CP_BOTTOM_MARGIN 60.0
#define CP_TOP_MARGIN    16.0
#define CP_CHAR_WIDTH    7.8
#define CP_LINE_HEIGHT   16.0

struct cp_canvas {
    const struct cp_figures *f;
    struct cp_buf *out;
    char mark[CP_CHART_MARK_MAX];
    double right_margin; /* px; set before the margins are written */
};

/* A number behind a blank; "NaN" when it is not finite. */
void cp_canvas_value(struct cp_buf *out, double value);
/* A data block named $name. */
void cp_canvas_open_block(const struct cp_canvas *c, const char *name);
void cp_canvas_close_block(const struct cp_canvas *c);
void cp_canvas_margins(const struct cp_canvas *c);
/* Range, scale and label of axis `name` ('x', 'y'); our own ticks with the second. */
void cp_canvas_axis(const struct cp_canvas *c, char name, const struct cp_axis *axis,
                    const char *label);
void cp_canvas_ticked_axis(const struct cp_canvas *c, char name, const struct cp_axis *axis,
                           const char *label);

struct cp_end_label {
    const char *text, *color;
    double y; /* 0..1 of the graph */
};
/* Labels at the right ends of lines, pushed apart where they would touch; sorts them. */
void cp_canvas_end_labels(const struct cp_canvas *c, struct cp_end_label *labels, size_t n);

/* One per chart; `cp_chart_has_data` says whether they have something to draw. */
void cp_chart_add_frontier(struct cp_canvas *c);
void cp_chart_add_init(struct cp_canvas *c);
void cp_chart_add_duration(struct cp_canvas *c);
void cp_chart_add_ecdf(struct cp_canvas *c);
void cp_chart_add_survival(struct cp_canvas *c);
void cp_chart_add_week(struct cp_canvas *c);
void cp_chart_add_pcsweep(struct cp_canvas *c);
void cp_chart_add_pccold(struct cp_canvas *c);
void cp_chart_add_history(struct cp_canvas *c);
bool cp_chart_has_frontier(const struct cp_figures *f);
bool cp_chart_has_init(const struct cp_figures *f);
bool cp_chart_has_duration(const struct cp_figures *f);

#endif
