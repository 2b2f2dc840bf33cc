/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/import_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"
#include "model/decide/demand.h"
#include "model/digest/digest_extract.h"
#include "model/digest/log_demand.h"
#include "profiler/import/import_samples.h"

static const char assumed_region[] = "us-east-1";
static const char assumed_architecture[] = "x86_64";

struct making {
    const struct cp_digest *digest;
    const struct cp_import_function *function;
    const struct cp_import_options *options;
    struct cp_run_data *out;
    struct cp_error *err;
};

/* --- what the log tells about the function --- */

/* The most frequent text of a tally over all scopes of the run; NULL when there is none. */
static const char *most_frequent(const struct cp_digest *digest, const char *what)
{
    const struct cp_tally_row *best = NULL;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        const struct cp_tally *tally = cp_digest_scope_tally(cp_digest_scope_at(digest, i), what);
        for (size_t k = 0; tally && k < tally->n; k++) {
            if (!best || tally->rows[k].count > best->count)
                best = &tally->rows[k];
        }
    }
    return best ? best->text : NULL;
}

/* "arn:aws:lambda:eu-west-1::runtime:HASH" -> "eu-west-1"; empty when it is none. */
static struct cp_view region_of_arn(const char *arn)
{
    enum { REGION_AT = 3 };
    struct cp_view rest = cp_view_of(arn);
    struct cp_view part = {"", 0};
    if (!cp_view_has_prefix(rest, "arn:"))
        return part;
    for (int i = 0; i <= REGION_AT; i++) {
        if (!cp_view_split(&rest, ':', &part))
            return (struct cp_view){"", 0};
    }
    return part;
}

/* What a user gave, else what the log tells, else the environment's, else an assumption. */
static bool set_region(const struct making *m, const char *arn)
{
    struct cp_run *run = &m->out->run;
    struct cp_view told = region_of_arn(arn ? arn : "");
    const struct cp_import_options *o = m->options;
    if (o->region || !told.n) {
        const char *other = o->default_region ? o->default_region : assumed_region;
        told = cp_view_of(o->region ? o->region : other);
    }
    cp_view_copy_cut(told, run->region, sizeof run->region);
    return !o->region && !o->default_region && !region_of_arn(arn ? arn : "").n;
}

static bool set_architecture(const struct making *m)
{
    struct cp_run *run = &m->out->run;
    size_t at = m->function->first_scope;
    struct cp_view told = cp_digest_scope_name(cp_digest_scope_at(m->digest, at)).architecture;
    bool is_told = m->options->architecture || told.n;
    if (m->options->architecture)
        told = cp_view_of(m->options->architecture);
    cp_view_copy_cut(is_told ? told : cp_view_of(assumed_architecture), run->architecture,
                     sizeof run->architecture);
    return !is_told;
}

static void set_place(const struct making *m)
{
    struct cp_run *run = &m->out->run;
    const char *arn = most_frequent(m->out->digest, "runtime arn");
    const char *runtime = most_frequent(m->out->digest, "runtime");
    bool has_no_region = set_region(m, arn);
    bool has_no_architecture = set_architecture(m);
    (void)snprintf(run->runtime_version_arn, sizeof run->runtime_version_arn, "%s", arn ? arn : "");
    (void)snprintf(run->runtime, sizeof run->runtime, "%s", runtime ? runtime : "");
    if (has_no_region || has_no_architecture)
        (void)snprintf(run->assumed, sizeof run->assumed, "%s%s%s",
                       has_no_region ? "Region us-east-1" : "",
                       has_no_region && has_no_architecture ? " and " : "",
                       has_no_architecture ? "architecture x86_64" : "");
}

/* --- when, and how much --- */

static bool span_of(const struct cp_digest *digest, int64_t *first_ms, int64_t *last_ms)
{
    bool has_any = false;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        int64_t first = -1;
        int64_t last = -1;
        if (!cp_digest_scope_span(cp_digest_scope_at(digest, i), &first, &last))
            continue;
        *first_ms = !has_any || first < *first_ms ? first : *first_ms;
        *last_ms = !has_any || last > *last_ms ? last : *last_ms;
        has_any = true;
    }
    return has_any;
}

static enum cp_code set_time(const struct making *m)
{
    struct cp_run *run = &m->out->run;
    int64_t first_ms = -1;
    int64_t last_ms = -1;
    if (!span_of(m->out->digest, &first_ms, &last_ms))
        return CP_OK;
    run->started_at_ms = first_ms;
    run->ended_at_ms = last_ms;
    if (last_ms - first_ms < CP_LOG_DEMAND_SPAN_MIN_MS)
        return CP_OK;
    enum cp_code code =
        cp_log_demand(m->out->digest, m->out->samples, m->out->n_samples, &m->out->demand, m->err);
    run->traffic_per_s = cp_demand_per_s(m->out->demand);
    return code;
}

/* --- the memory size it has now --- */

/* Of the newest record; without times, and of a large log, that of the scope used last, and there
 * the size with most records. */
static int newest_size(const struct cp_run_data *data)
{
    const struct cp_sample *newest = NULL;
    for (size_t i = 0; i < data->n_samples; i++) {
        const struct cp_sample *s = &data->samples[i];
        if (s->memory_size_mb > 0 && (!newest || s->sent_at_ms >= newest->sent_at_ms))
            newest = s;
    }
    return newest ? newest->memory_size_mb : -1;
}

static int frequent_size(const struct cp_digest_scope *scope)
{
    const struct cp_digest_cell *most = NULL;
    for (size_t i = 0; i < cp_digest_n_cells(scope); i++) {
        const struct cp_digest_cell *cell = cp_digest_cell_at(scope, i);
        if (cell->memory_size_mb > 0 && (!most || cell->n > most->n))
            most = cell;
    }
    return most ? most->memory_size_mb : -1;
}

static int newest_scope_size(const struct cp_digest *digest)
{
    int size_mb = -1;
    int64_t newest_ms = -2;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(digest, i);
        int64_t first_ms = -1;
        int64_t last_ms = -1;
        (void)cp_digest_scope_span(scope, &first_ms, &last_ms);
        if (last_ms <= newest_ms || frequent_size(scope) < 0)
            continue;
        newest_ms = last_ms;
        size_mb = frequent_size(scope);
    }
    return size_mb;
}

/* Samples without a memory size belong to no row of any table: Managed Instances. */
static enum cp_code check_sizes(const struct making *m)
{
    if (m->out->run.original_memory_size_mb > 0)
        return CP_OK;
    return cp_fail(
        m->err, CP_ENODATA,
        "no record of the log says a memory size: functions on Managed Instances have no "
        "cold starts to measure");
}

/* --- samples, and the digest --- */

/* The run's digest is about the same records as its samples: of a log with duplicates, and of one
 * version (which a log may tell in START only), it is made of these anew. */
static enum cp_code add_chosen(const struct making *m, struct cp_import_samples *got)
{
    struct cp_view version = cp_view_of(m->options->version);
    enum cp_code code =
        cp_import_samples(m->digest, m->function->name, m->options->version, got, m->err);
    m->out->samples = got->samples;
    m->out->n_samples = got->n;
    m->out->run.n_duplicates = (int64_t)got->n_duplicates;
    if (code)
        return code;
    bool is_all = got->n_duplicates == 0 && !m->options->version;
    return cp_digest_extract_chosen(m->digest, m->function->name, version,
                                    is_all ? NULL : got->records, got->n, &m->out->digest, m->err);
}

static enum cp_code add_records(const struct making *m)
{
    size_t n_raw = 0;
    if (!cp_digest_raw(m->digest, &n_raw))
        return cp_digest_extract(m->digest, m->function->name, cp_view_of(m->options->version),
                                 &m->out->digest, m->err);
    struct cp_import_samples got;
    enum cp_code code = add_chosen(m, &got);
    free(got.records);
    return code;
}

/* With the system log level WARN Lambda logs a REPORT of failed invocations only: nothing can be
 * said from them about those that went well. */
static enum cp_code check_censored(const struct making *m)
{
    const struct cp_import_function *f = m->function;
    if (f->n_failed < f->n || f->n_starts > 0)
        return CP_OK;
    return cp_fail(
        m->err, CP_EUNSUPPORTED,
        "all %llu records of the log are of failed invocations and none has a START: its "
        "system log level is WARN or ERROR, which leaves out those that went well; set "
        "it to INFO (aws lambda update-function-configuration --logging-config "
        "LogFormat=JSON,SystemLogLevel=INFO) and import a later log",
        (unsigned long long)f->n);
}

static void name_run(const struct making *m)
{
    const struct cp_import_options *o = m->options;
    struct cp_run *run = &m->out->run;
    struct cp_view name = m->function->name;
    char text[CP_DIGEST_NAME_MAX + 1];
    cp_view_copy_cut(name.n ? name : cp_view_of("(function not named)"), text, sizeof text);
    (void)snprintf(run->function, sizeof run->function, "%.130s%s%.28s", text,
                   o->version ? ":" : "", o->version ? o->version : "");
    (void)snprintf(run->target, sizeof run->target, "%s", o->target ? o->target : "");
    (void)snprintf(run->command, sizeof run->command, "%s", o->command ? o->command : "");
    (void)snprintf(run->place, sizeof run->place, "logs");
    (void)snprintf(run->method, sizeof run->method, CP_RUN_IMPORT);
    (void)snprintf(run->mode, sizeof run->mode, "full");
    (void)snprintf(run->coldprof_version, sizeof run->coldprof_version, "%s", COLDPROF_VERSION);
    run->budget_q = o->budget_q;
    run->budget_ms = o->budget_ms;
    run->seed = o->seed;
}

enum cp_code cp_import_run(const struct cp_digest *digest,
                           const struct cp_import_function *function,
                           const struct cp_import_options *options, struct cp_run_data *out,
                           struct cp_error *err)
{
    const struct making m = {digest, function, options, out, err};
    *out = (struct cp_run_data){.run = cp_run_empty()};
    name_run(&m);
    enum cp_code code = check_censored(&m);
    if (!code)
        code = add_records(&m);
    if (code)
        return code;
    bool is_empty = out->n_samples == 0 && cp_digest_n(out->digest) == 0;
    if (options->version && is_empty)
        return cp_fail(err, CP_ENOTFOUND,
                       "the log has no record of '%s'; leave the version out for all of them",
                       out->run.function);
    set_place(&m);
    code = set_time(&m);
    if (code)
        return code;
    out->run.original_memory_size_mb =
        out->n_samples ? newest_size(out) : newest_scope_size(out->digest);
    return check_sizes(&m);
}
