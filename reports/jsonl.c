/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples as lines of JSON, one each: for other programs, and to be imported again (a form of
 * probes/log). A line says all that its sample knows, and what of the run a reader needs. Absent
 * numbers are null; times are unix ms.
 */
#include <math.h>

#include "reports/figures.h"
#include "reports/format.h"
#include "reports/json_number.h"

static void add_text(struct cp_buf *out, const char *key, const char *value)
{
    cp_buf_addf(out, ",\"%s\":", key);
    cp_text_json(out, value);
}

static void add_number(struct cp_buf *out, const char *key, double value)
{
    cp_buf_addf(out, ",\"%s\":", key);
    cp_json_number(out, value);
}

/* -1 stands for an absent whole number. */
static void add_int(struct cp_buf *out, const char *key, int64_t value)
{
    if (value < 0)
        cp_buf_addf(out, ",\"%s\":null", key);
    else
        cp_buf_addf(out, ",\"%s\":%lld", key, (long long)value);
}

static double absent_as_0(double ms)
{
    return isfinite(ms) ? ms : 0;
}

/* When the platform's record was written: at the end of the invocation. */
static int64_t end_of(const struct cp_sample *s)
{
    double ms = absent_as_0(s->init_duration_ms) + absent_as_0(s->restore_duration_ms) +
                absent_as_0(s->duration_ms);
    return s->sent_at_ms < 0 ? -1 : s->sent_at_ms + (int64_t)floor(ms + 1e-6);
}

/* The function alone: a qualifier that was swept or imported is in `version` of each sample. */
static void add_function(struct cp_buf *out, const char *function)
{
    char name[CP_RUN_NAME_MAX];
    struct cp_view rest = cp_view_of(function);
    struct cp_view head;
    (void)cp_view_split(&rest, ':', &head);
    (void)cp_view_copy(head, name, sizeof name);
    add_text(out, "function", name);
}

static void add_sample(struct cp_buf *out, const struct cp_run *run, const struct cp_sample *s)
{
    cp_buf_adds(out, "{\"schema_version\":1,\"kind\":\"sample\"");
    add_text(out, "run_id", run->id);
    add_function(out, run->function);
    add_text(out, "version", s->version);
    add_text(out, "region", run->region);
    add_text(out, "architecture", run->architecture);
    add_int(out, "plan_no", s->plan_no);
    add_text(out, "cell", cp_cell_kind_name(s->kind));
    add_text(out, "outcome", cp_outcome_name(s->outcome));
    add_text(out, "start", cp_start_kind_name(s->start));
    add_int(out, "memory_size_mb", s->memory_size_mb);
    add_int(out, "sent_at_ms", s->sent_at_ms);
    add_int(out, "ended_at_ms", end_of(s));
    add_number(out, "client_ms", s->client_ms);
    add_number(out, "duration_ms", s->duration_ms);
    add_number(out, "billed_duration_ms", s->billed_duration_ms);
    add_number(out, "init_duration_ms", s->init_duration_ms);
    add_number(out, "restore_duration_ms", s->restore_duration_ms);
    add_int(out, "max_memory_used_mb", s->max_memory_used_mb);
    add_number(out, "idle_interval_ms", s->idle_interval_ms);
    add_number(out, "idle_actual_ms", s->idle_actual_ms);
    add_int(out, "batch", s->batch);
    add_text(out, "request_id", s->request_id);
    add_text(out, "error_type", s->error_type);
    add_text(out, "note", s->note);
    cp_buf_adds(out, "}\n");
}

enum cp_code cp_report_jsonl(const struct cp_run_data *data, struct cp_buf *out,
                             struct cp_error *err)
{
    if (data->n_samples == 0)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "run '%s' has no samples to write as jsonl: its log was too large to keep "
                       "records; take --format json for its figures",
                       data->run.id);
    for (size_t i = 0; i < data->n_samples; i++)
        add_sample(out, &data->run, &data->samples[i]);
    return CP_OK;
}
