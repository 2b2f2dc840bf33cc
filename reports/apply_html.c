/* SPDX-License-Identifier: GPL-3.0-or-later
 * What would put the decision into effect, on the page: one closed block per format.
 */
#include "reports/apply.h"
#include "reports/format.h"

enum { FRAGMENT_MAX = 1 << 20 };

/* Line by line: a newline is one here, and no character to be made visible. */
static void add_lines(struct cp_view text, struct cp_buf *out)
{
    struct cp_view line;
    struct cp_buf safe;
    cp_buf_init(&safe, FRAGMENT_MAX);
    while (cp_view_split(&text, '\n', &line)) {
        cp_buf_reset(&safe);
        cp_buf_add_view(&safe, line);
        cp_text_html(out, cp_buf_str(&safe));
        cp_buf_addc(out, '\n');
    }
    cp_buf_clear(&safe);
}

void cp_apply_html(const struct cp_figures *f, struct cp_buf *out)
{
    const struct cp_apply_question question = cp_apply_question_of(f);
    struct cp_apply apply;
    struct cp_buf fragment;
    if (cp_apply_prepare(&question, &apply, NULL) || !cp_apply_has_change(&apply))
        return;
    cp_buf_adds(out, "<section id=\"apply\" aria-labelledby=\"h-apply\">\n"
                     "<h2 id=\"h-apply\">Apply</h2>\n"
                     "<p>What would put this into effect, and the way back. Nothing has been "
                     "changed; <code>coldprof apply ");
    cp_text_html(out, f->data->run.id);
    cp_buf_adds(out, " --format FORMAT</code> prints the same.</p>\n");
    cp_buf_init(&fragment, FRAGMENT_MAX);
    for (size_t i = 0; i < CP_APPLY_FORMATS; i++) {
        cp_buf_reset(&fragment);
        cp_apply_print(&apply, &cp_apply_formats[i], &fragment);
        cp_buf_addf(out, "<details>\n<summary>%s</summary>\n<pre tabindex=\"0\"><code>",
                    cp_apply_formats[i].title);
        add_lines(cp_buf_view(&fragment), out);
        cp_buf_fail_with(out, &fragment);
        cp_buf_adds(out, "</code></pre>\n</details>\n");
    }
    cp_buf_adds(out, "</section>\n");
    cp_buf_clear(&fragment);
}
