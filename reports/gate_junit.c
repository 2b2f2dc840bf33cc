/* SPDX-License-Identifier: GPL-3.0-or-later
 * JUnit XML as Jenkins, GitLab and Azure read it, by the schema of Jenkins' xUnit plugin: a suite a
 * run, a case a gate, its time the measured quantile, so that a CI's own chart of a test's time is
 * the trend of the metric.
 *
 * What was not judged (inconclusive, learning) is skipped, with the reason as message and as text.
 * GitLab shows the text of a skipped case and none of a passed one, Jenkins the message of a
 * skipped case. Passed would say that somebody looked.
 */
#include <math.h>
#include <string.h>

#include "model/base/datetime.h"
#include "reports/format.h"
#include "reports/gate_parts.h"

static void add_attribute(struct cp_buf *out, const char *name, const char *value)
{
    cp_buf_addf(out, " %s=\"", name);
    cp_text_attr(out, value);
    cp_buf_addc(out, '"');
}

/* Milliseconds as the schema wants seconds: at most three decimals. */
static void add_time(struct cp_buf *out, double ms)
{
    if (isfinite(ms) && ms >= 0)
        cp_buf_addf(out, " time=\"%.3f\"", ms / 1000);
}

static void add_property(struct cp_buf *out, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    cp_buf_adds(out, "      <property");
    add_attribute(out, "name", name);
    add_attribute(out, "value", value);
    cp_buf_adds(out, "/>\n");
}

static void add_properties(const struct cp_gates *gates, struct cp_buf *out)
{
    const struct cp_run *run = gates->now;
    cp_buf_adds(out, "    <properties>\n");
    add_property(out, "run", run->id);
    add_property(out, "base_run", gates->base ? gates->base->id : "");
    add_property(out, "function", run->function);
    add_property(out, "place", run->place);
    add_property(out, "region", run->region);
    add_property(out, "architecture", run->architecture);
    add_property(out, "runtime", run->runtime);
    add_property(out, "runtime_version_arn", run->runtime_version_arn);
    add_property(out, "code_sha256", run->code_sha256);
    add_property(out, "coldprof_version", run->coldprof_version);
    cp_buf_adds(out, "    </properties>\n");
}

/* "regression: p95 is 1.21 times ..."; the word once. */
static void add_sentence(const struct cp_gates *gates, const struct cp_gate *gate,
                         struct cp_buf *out)
{
    const char *word = cp_gate_word(gates, gate);
    if (strncmp(gate->because, word, strlen(word)) != 0)
        cp_buf_addf(out, "%s: ", word);
    cp_text_attr(out, gate->because);
}

static void add_outcome(const struct cp_gates *gates, const struct cp_gate *gate,
                        const char *element, struct cp_buf *out)
{
    cp_buf_addf(out, "      <%s", element);
    add_attribute(out, "type", cp_gate_word(gates, gate));
    add_attribute(out, "message", gate->because);
    cp_buf_addc(out, '>');
    add_sentence(gates, gate, out);
    cp_buf_addf(out, "</%s>\n", element);
}

static const char *unit_of_base(const struct cp_gates *gates, const struct cp_gate *gate)
{
    if (gates->kind != CP_GATES_NIGHT)
        return "";
    return gate->n_base == 1 ? " night" : " nights";
}

static void add_output(const struct cp_gates *gates, const struct cp_gate *gate, struct cp_buf *out)
{
    char text[CP_FORMAT_MAX];
    cp_buf_adds(out, "      <system-out>");
    add_sentence(gates, gate, out);
    cp_buf_addf(out, "\nnew %s ms, n = %zu", cp_format_interval(CP_UNIT_MS, gate->new_ms, text),
                gate->n_new);
    cp_buf_addf(out, "\nbase %s ms, n = %zu%s", cp_format_interval(CP_UNIT_MS, gate->base_ms, text),
                gate->n_base, unit_of_base(gates, gate));
    cp_buf_addf(out, "\nnew / base %s</system-out>\n",
                cp_format_interval(CP_UNIT_PLAIN, gate->ratio, text));
}

static void add_case(const struct cp_gates *gates, const struct cp_gate *gate, struct cp_buf *out)
{
    char metric[CP_METRIC_KEY_MAX];
    cp_buf_adds(out, "    <testcase classname=\"");
    cp_text_attr(out, gates->now->function);
    cp_buf_addc(out, '/');
    cp_text_attr(out, gates->now->architecture);
    cp_buf_addc(out, '"');
    add_attribute(out, "name", cp_metric_key_name(&gate->metric, metric));
    add_time(out, gate->new_ms.value);
    cp_buf_adds(out, ">\n");
    if (gate->fails)
        add_outcome(gates, gate, "failure", out);
    else if (!cp_gate_is_judged(gates, gate))
        add_outcome(gates, gate, "skipped", out);
    add_output(gates, gate, out);
    cp_buf_adds(out, "    </testcase>\n");
}

static size_t count_skipped(const struct cp_gates *gates)
{
    size_t n = 0;
    for (size_t i = 0; i < gates->n; i++)
        n += !gates->gates[i].fails && !cp_gate_is_judged(gates, &gates->gates[i]);
    return n;
}

static void add_suite_head(const struct cp_gates *gates, struct cp_buf *out)
{
    const struct cp_run *run = gates->now;
    char at[CP_DATETIME_TEXT_MAX];
    cp_buf_adds(out, "  <testsuite name=\"coldprof ");
    cp_text_attr(out, run->function);
    cp_buf_addf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", gates->n,
                gates->n_failed, count_skipped(gates));
    if (run->started_at_ms >= 0) { /* a log may have no times */
        add_time(out, (double)(run->ended_at_ms - run->started_at_ms));
        add_attribute(out, "timestamp",
                      cp_datetime_format(run->started_at_ms, CP_DATETIME_ISO_S, at));
    }
    cp_buf_adds(out, ">\n");
}

void cp_gates_junit(const struct cp_gates *gates, struct cp_buf *out)
{
    cp_buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    cp_buf_addf(out, "<testsuites name=\"coldprof\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n",
                gates->n, gates->n_failed);
    add_suite_head(gates, out);
    add_properties(gates, out);
    for (size_t i = 0; i < gates->n; i++)
        add_case(gates, &gates->gates[i], out);
    cp_buf_adds(out, "  </testsuite>\n</testsuites>\n");
}
