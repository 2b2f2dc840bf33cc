/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "reports/chart_script.h"
#include "reports/gnuplot.h"
#include "reports/report.h"
#include "reports/svg.h"

enum { SCRIPT_MAX = 8 << 20, MESSAGES_MAX = 8192, PICTURE_MAX = 4 << 20 };

static const char install_advice[] =
    "install gnuplot (Debian, Ubuntu: sudo apt install gnuplot-nox) for charts";

/* "<mark> svg init\n": moves `v` behind it. false at the last mark and on anything else. */
static bool take_heading(const struct cp_figures *f, struct cp_view *v, const char *mark,
                         bool *is_svg, enum cp_chart_id *id)
{
    struct cp_view rest = *v;
    struct cp_view line;
    if (!cp_view_skip(&rest, mark) || !cp_view_skip(&rest, " ") ||
        !cp_view_split(&rest, '\n', &line))
        return false;
    *is_svg = cp_view_skip(&line, "svg ");
    if (!*is_svg && !cp_view_skip(&line, "png "))
        return false;
    for (int i = 0; i < CP_CHART_COUNT; i++) {
        if (!cp_view_is(line, cp_chart_name(f, (enum cp_chart_id)i)))
            continue;
        *id = (enum cp_chart_id)i;
        *v = rest;
        return true;
    }
    return false;
}

static enum cp_code keep_picture(const struct cp_figures *f, struct cp_charts *charts,
                                 enum cp_chart_id id, bool is_svg, struct cp_view picture,
                                 struct cp_error *err)
{
    char title[CP_WORDS_MAX];
    char sentence[CP_WORDS_MAX];
    if (!is_svg)
        return cp_buf_add_view(&charts->png[id], picture);
    const struct cp_svg_options options = {cp_chart_name(f, id), cp_chart_title(f, id, title),
                                           cp_chart_sentence(f, id, sentence)};
    return cp_svg_inline(picture, &options, &charts->svg[id], err);
}

/* A picture ends where the next heading starts; one without an end is incomplete and dropped. */
static enum cp_code split_pictures(const struct cp_figures *f, struct cp_view all, const char *mark,
                                   struct cp_charts *charts, struct cp_error *err)
{
    bool is_svg = false;
    enum cp_chart_id id = CP_CHART_FRONTIER;
    enum cp_code code = CP_OK;
    while (code == CP_OK && take_heading(f, &all, mark, &is_svg, &id)) {
        const char *end = memmem(all.p, all.n, mark, strlen(mark));
        if (!end)
            break;
        struct cp_view picture = {all.p, (size_t)(end - all.p)};
        all = (struct cp_view){end, all.n - picture.n};
        code = keep_picture(f, charts, id, is_svg, picture, err);
    }
    return code;
}

/* The last line gnuplot said (the message follows the line it quotes), one line. */
static void warn(struct cp_charts *charts, const struct cp_error *err, struct cp_view messages)
{
    struct cp_view rest = cp_view_trim(messages);
    struct cp_view line = {"", 0};
    while (cp_view_split(&rest, '\n', &line)) {
    }
    int n = line.n < 160 ? (int)line.n : 160;
    if (err->code == CP_ENOTFOUND)
        (void)snprintf(charts->warning, sizeof charts->warning, "no charts: %.160s; %s", err->text,
                       install_advice);
    else
        (void)snprintf(charts->warning, sizeof charts->warning, "no charts: %.160s%s%.*s",
                       err->text, n ? ": " : "", n, line.n ? line.p : "");
}

void cp_charts_make(const struct cp_figures *f, const char *gnuplot, struct cp_charts *charts)
{
    char mark[CP_CHART_MARK_MAX];
    struct cp_buf script;
    struct cp_buf output;
    struct cp_buf messages;
    struct cp_error err = {.code = CP_OK};
    *charts = (struct cp_charts){.warning = ""};
    for (int i = 0; i < CP_CHART_COUNT; i++) {
        cp_buf_init(&charts->svg[i], PICTURE_MAX);
        cp_buf_init(&charts->png[i], PICTURE_MAX);
    }
    cp_buf_init(&script, SCRIPT_MAX);
    cp_buf_init(&output, CP_GNUPLOT_OUTPUT_MAX);
    cp_buf_init(&messages, MESSAGES_MAX);
    cp_chart_mark(f, mark);
    cp_charts_script(f, &script);
    enum cp_code code = cp_buf_check(&script, "the chart script", &err);
    if (code == CP_OK)
        code = cp_gnuplot_run(gnuplot, cp_buf_view(&script), &output, &messages, &err);
    enum cp_code split = CP_OK;
    if (output.n > 0 && code != CP_ELIMIT)
        split = split_pictures(f, cp_buf_view(&output), mark, charts, code == CP_OK ? &err : NULL);
    if (code != CP_OK || split != CP_OK)
        warn(charts, &err, cp_buf_view(&messages));
    cp_buf_clear(&script);
    cp_buf_clear(&output);
    cp_buf_clear(&messages);
}

void cp_charts_clear(struct cp_charts *charts)
{
    for (int i = 0; i < CP_CHART_COUNT; i++) {
        cp_buf_clear(&charts->svg[i]);
        cp_buf_clear(&charts->png[i]);
    }
    charts->warning[0] = '\0';
}
