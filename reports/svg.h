/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a gnuplot SVG fit to stand inside an HTML page. Pure.
 */
#ifndef COLDPROF_REPORTS_SVG_H
#define COLDPROF_REPORTS_SVG_H

#include "model/base/buf.h"

struct cp_svg_options {
    const char *id;          /* prefix of every id: ids repeat in all gnuplot files */
    const char *title;       /* plain text, ours or foreign */
    const char *description; /* one sentence of content */
};

/* Drops the XML prologue and namespaces, prefixes ids and references, replaces title and
 * description, adds role and labels. CP_EFORMAT for what is not one complete SVG document,
 * CP_EDENIED for scripts, event handlers or links to elsewhere; `out` is untouched then. */
enum cp_code cp_svg_inline(struct cp_view svg, const struct cp_svg_options *options,
                           struct cp_buf *out, struct cp_error *err);

#endif
