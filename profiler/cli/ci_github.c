/* SPDX-License-Identifier: GPL-3.0-or-later
 * What GitHub's runner reads: workflow commands and the step summary.
 */
#include "profiler/cli/ci.h"

#include <string.h>

#include "probes/os/file.h"
#include "reports/format.h"
#include "reports/gate_parts.h"

enum {
    SHOWN_OF_A_KIND = 10,      /* of a step; GitHub drops the others */
    SUMMARY_MAX = 1024 * 1024, /* of a step; GitHub drops all of a larger one */
    DOCUMENT_MAX = 64 * 1024,
    TEXT_MAX = 8 * 1024,
};

/* Message and property of a workflow command; ':' and ',' end a property. */
static void add_escaped(struct cp_buf *out, const char *text, const char *escaped)
{
    struct cp_buf shown;
    cp_buf_init(&shown, TEXT_MAX);
    cp_text_terminal(&shown, text);
    for (size_t i = 0; i < shown.n; i++) {
        if (strchr(escaped, shown.p[i]))
            cp_buf_addf(out, "%%%02X", (unsigned)(unsigned char)shown.p[i]);
        else
            cp_buf_addc(out, shown.p[i]);
    }
    cp_buf_fail_with(out, &shown);
    cp_buf_clear(&shown);
}

static void add_command(struct cp_buf *out, const char *command, const char *title,
                        const char *message)
{
    cp_buf_addf(out, "::%s title=", command);
    add_escaped(out, title, "%\r\n:,");
    cp_buf_adds(out, "::");
    add_escaped(out, message, "%\r\n");
    cp_buf_addc(out, '\n');
}

static void add_gate(const struct cp_gates *gates, const struct cp_gate *gate, const char *command,
                     struct cp_buf *out)
{
    struct cp_buf title;
    cp_buf_init(&title, TEXT_MAX);
    cp_buf_addf(&title, "coldprof: %s of ", cp_gate_word(gates, gate));
    cp_gate_name(gates, gate, &title);
    add_command(out, command, cp_buf_str(&title), gate->because);
    cp_buf_fail_with(out, &title);
    cp_buf_clear(&title);
}

static bool is_failed(const struct cp_gates *gates, const struct cp_gate *gate)
{
    (void)gates;
    return gate->fails;
}

static bool is_suspect(const struct cp_gates *gates, const struct cp_gate *gate)
{
    return gates->kind == CP_GATES_NIGHT && gate->state == CP_TREND_SUSPECT && !gate->fails;
}

/* At most `n_max`; how many there are. */
static size_t add_gates(const struct cp_gates *gates,
                        bool (*is_one)(const struct cp_gates *, const struct cp_gate *),
                        const char *command, size_t n_max, struct cp_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < gates->n; i++) {
        if (is_one(gates, &gates->gates[i]) && n++ < n_max)
            add_gate(gates, &gates->gates[i], command, out);
    }
    return n;
}

void cp_ci_annotations(const struct cp_gates *gates, struct cp_buf *out)
{
    struct cp_buf verdict;
    cp_buf_init(&verdict, TEXT_MAX);
    cp_gates_verdict_text(gates, &verdict);
    add_command(out, gates->n_failed ? "error" : "notice", "coldprof", cp_buf_str(&verdict));
    cp_buf_fail_with(out, &verdict);
    cp_buf_clear(&verdict);
    add_gates(gates, is_failed, "error", SHOWN_OF_A_KIND - 1, out);
    for (size_t i = 0; i < gates->n_warnings; i++)
        add_command(out, "warning", gates->warnings[i].id, gates->warnings[i].text);
    add_gates(gates, is_suspect, "warning", SHOWN_OF_A_KIND - gates->n_warnings, out);
}

static void add_summary(const struct cp_gates *gates, const char *path, struct cp_buf *annotations)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_buf document;
    cp_buf_init(&document, DOCUMENT_MAX);
    cp_gates_markdown(gates, &document);
    cp_buf_adds(&document, "\n");
    enum cp_code code = cp_buf_check(&document, "the step summary", &err);
    if (!code)
        code = cp_file_append(path, cp_buf_view(&document), SUMMARY_MAX, &err);
    if (code)
        add_command(annotations, "warning", "coldprof: no step summary", err.text);
    cp_buf_clear(&document);
}

enum cp_code cp_ci_tell(enum cp_ci ci, const struct cp_gates *gates, cp_getenv_fn get,
                        void *context, struct cp_buf *annotations, struct cp_error *err)
{
    if (ci != CP_CI_GITHUB)
        return CP_OK;
    const char *summary = get(context, "GITHUB_STEP_SUMMARY");
    cp_ci_annotations(gates, annotations);
    if (summary && summary[0])
        add_summary(gates, summary, annotations);
    return cp_buf_check(annotations, "the annotations", err);
}
