/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/import_metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/base/number.h"
#include "probes/os/clock.h"

/* A function of the digest, all its versions together. */
struct counted {
    char name[CP_DIGEST_NAME_MAX + 1];
    uint64_t n;
};

/* Scopes are sorted by function, so its versions stand together. Those with most records are kept.
 */
static size_t list_functions(const struct cp_digest *digest,
                             struct counted out[CP_IMPORT_METRICS_MAX])
{
    size_t n = 0;
    struct counted one = {.n = 0};
    for (size_t i = 0; i <= cp_digest_n_scopes(digest); i++) {
        bool is_end = i == cp_digest_n_scopes(digest);
        const struct cp_digest_scope *scope = is_end ? NULL : cp_digest_scope_at(digest, i);
        struct cp_view name =
            is_end ? (struct cp_view){"", 0} : cp_digest_scope_name(scope).function;
        if (!cp_view_is(name, one.name) || is_end) {
            size_t least = 0;
            for (size_t k = 1; k < n; k++)
                least = out[k].n < out[least].n ? k : least;
            if (one.name[0] && n < CP_IMPORT_METRICS_MAX)
                out[n++] = one;
            else if (one.name[0] && out[least].n < one.n)
                out[least] = one;
            one.n = 0;
            (void)cp_view_copy(name, one.name, sizeof one.name);
        }
        one.n += is_end ? 0 : cp_digest_scope_n(scope);
    }
    return n;
}

/* --- text --- */

static void add_difference(uint64_t n_log, double n_metric, bool is_whole_log, struct cp_buf *out)
{
    char a[CP_NUMBER_MAX];
    double missing = n_metric - (double)n_log;
    (void)cp_buf_addf(out, ", the log has %s", cp_number_exact((double)n_log, a));
    if (!is_whole_log)
        (void)cp_buf_adds(out, " (of some streams)");
    else if (missing > 0)
        (void)cp_buf_addf(out, ": %s missing", cp_number_exact(missing, a));
    else if (missing < 0)
        (void)cp_buf_addf(out, ": %s more", cp_number_exact(-missing, a));
}

static void add_count(const struct cp_metric_summary *s, const char *what, struct cp_buf *out)
{
    char a[CP_NUMBER_MAX];
    if (s->n && s->sum > 0)
        (void)cp_buf_addf(out, "; %s %s", cp_number_exact(s->sum, a), what);
}

static void add_most(const struct cp_metric_summary *s, const char *what, struct cp_buf *out)
{
    char a[CP_NUMBER_MAX];
    char at[CP_DATETIME_TEXT_MAX];
    if (s->n && s->most > 0)
        (void)cp_buf_addf(out, "; at most %s %s (%s)", cp_number_exact(s->most, a), what,
                          cp_datetime_format(s->most_at_ms, CP_DATETIME_ISO_S, at));
}

void cp_import_metrics_text(const char *function, uint64_t n_log, bool is_whole_log,
                            const struct cp_metric_summary sums[CP_METRIC_AWS_COUNT],
                            struct cp_buf *out)
{
    char a[CP_NUMBER_MAX];
    const struct cp_metric_summary *invocations = &sums[CP_METRIC_AWS_INVOCATIONS];
    (void)cp_buf_addf(out, "metrics of %s: ", function);
    if (invocations->n) {
        (void)cp_buf_addf(out, "%s invocations", cp_number_exact(invocations->sum, a));
        add_difference(n_log, invocations->sum, is_whole_log, out);
    } else {
        (void)cp_buf_adds(out, "none of its invocations (deleted, of another account, or too old)");
    }
    add_count(&sums[CP_METRIC_AWS_ERRORS], "errors", out);
    add_count(&sums[CP_METRIC_AWS_THROTTLES], "throttled", out);
    add_count(&sums[CP_METRIC_AWS_SPILLOVER], "beyond provisioned concurrency", out);
    add_most(&sums[CP_METRIC_AWS_CONCURRENT], "at once", out);
    add_most(&sums[CP_METRIC_AWS_PROVISIONED_CONCURRENT], "provisioned", out);
    (void)cp_buf_addc(out, '\n');
}

/* --- asking --- */

static enum cp_code say_one(const struct cp_import_cloud *c, struct cp_metrics *metrics,
                            const struct counted *function, struct cp_error *err)
{
    struct cp_metric_summary sums[CP_METRIC_AWS_COUNT];
    struct cp_buf text;
    const struct cp_metrics_query query = {
        .function = function->name,
        .from_ms = c->result.from_ms,
        .to_ms = c->result.to_ms,
        .period_s = cp_metrics_period_s(c->result.from_ms, cp_clock_unix_ms()),
    };
    enum cp_code code = cp_metrics_get(metrics, &query, sums, err);
    if (code)
        return code;
    cp_buf_init(&text, 4096);
    cp_import_metrics_text(function->name, function->n, !c->options.stream_prefix, sums, &text);
    (void)fputs(cp_buf_str(&text), stderr);
    cp_buf_clear(&text);
    return CP_OK;
}

enum cp_code cp_import_metrics_say(const struct cp_import_cloud *cloud,
                                   const struct cp_digest *digest, struct cp_error *err)
{
    struct counted functions[CP_IMPORT_METRICS_MAX];
    char url[CP_CONNECTION_URL_MAX];
    struct cp_metrics *metrics = NULL;
    size_t n = list_functions(digest, functions);
    struct cp_error own = {.code = CP_OK};
    enum cp_code code = cp_connection_endpoint(&cloud->connection, &cp_service_metrics, url, &own);
    const struct cp_client_options client = cp_import_cloud_client(cloud, url[0] ? url : NULL);
    if (!code)
        code = cp_metrics_new(&client, &metrics, &own);
    for (size_t i = 0; i < n && !code; i++)
        code = say_one(cloud, metrics, &functions[i], &own);
    cp_metrics_free(metrics);
    if (code == CP_EINTERRUPTED)
        return cp_fail(err, code, "%s", own.text);
    if (code)
        (void)fprintf(stderr, "warning: no metrics: %s\n", own.text);
    return CP_OK;
}
