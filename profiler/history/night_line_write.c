/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/history/night_line.h"

#include <math.h>

#include "model/base/datetime.h"
#include "reports/format.h"
#include "reports/json_number.h"

static void add_key(struct cp_buf *out, const char *name)
{
    (void)cp_buf_addf(out, ",\"%s\":", name);
}

static void add_text(struct cp_buf *out, const char *name, const char *text)
{
    add_key(out, name);
    cp_text_json(out, text);
}

static void add_int(struct cp_buf *out, const char *name, int64_t value)
{
    add_key(out, name);
    if (value < 0)
        (void)cp_buf_adds(out, "null");
    else
        (void)cp_buf_addf(out, "%lld", (long long)value);
}

static void add_time(struct cp_buf *out, const char *name, int64_t at_ms)
{
    char text[CP_DATETIME_TEXT_MAX];
    add_text(out, name, cp_datetime_format(at_ms, CP_DATETIME_ISO_MS, text));
}

static void add_head(struct cp_buf *out, const char *kind, const struct cp_night_key *key)
{
    (void)cp_buf_addf(out, "{\"schema\":%d", CP_NIGHT_LINE_SCHEMA);
    add_text(out, "kind", kind);
    add_text(out, "function", key->function);
    add_text(out, "place", key->place);
    add_text(out, "region", key->region);
    add_text(out, "architecture", key->architecture);
}

static void add_layers(struct cp_buf *out, const char *layers)
{
    struct cp_view rest = cp_view_of(layers);
    struct cp_view layer;
    const char *between = "";
    add_key(out, "layers");
    (void)cp_buf_addc(out, '[');
    while (cp_view_split(&rest, ' ', &layer)) {
        char arn[CP_RUN_LAYERS_MAX];
        cp_view_copy_cut(layer, arn, sizeof arn);
        (void)cp_buf_adds(out, between);
        cp_text_json(out, arn);
        between = ",";
    }
    (void)cp_buf_addc(out, ']');
}

static void add_metric(struct cp_buf *out, const struct cp_night_metric *m)
{
    const struct {
        const char *name;
        double ms;
    } numbers[] = {{"ms", m->ms.value}, {"low_ms", m->ms.low}, {"high_ms", m->ms.high}};
    char name[CP_METRIC_KEY_MAX];
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
    const char *before = ",\"at_timeout\":[";
    const char *end = "}";
    (void)cp_buf_addf(out, "{\"metric\":\"%s\",\"n\":%zu", cp_metric_key_name(&m->metric, name),
                      m->n);
    for (size_t i = 0; i < NUMBERS; i++) {
        add_key(out, numbers[i].name);
        cp_json_number(out, numbers[i].ms);
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        if (isinf(numbers[i].ms)) {
            (void)cp_buf_addf(out, "%s\"%s\"", before, numbers[i].name);
            before = ",";
            end = "]}";
        }
    }
    (void)cp_buf_adds(out, end);
}

void cp_night_line_write(const struct cp_night *night, struct cp_buf *out)
{
    add_head(out, "night", &night->key);
    add_time(out, "started_at", night->started_at_ms);
    add_text(out, "run_id", night->run_id);
    add_text(out, "runtime", night->runtime);
    add_text(out, "runtime_version_arn", night->runtime_version_arn);
    add_text(out, "code_sha256", night->code_sha256);
    add_int(out, "code_size_bytes", night->code_size_bytes);
    add_layers(out, night->layers);
    add_int(out, "memory_size_mb", night->original_memory_size_mb);
    add_text(out, "payload_sha256", night->payload_sha256);
    add_text(out, "method", night->method);
    add_text(out, "host", night->host);
    add_text(out, "coldprof_version", night->coldprof_version);
    add_key(out, "metrics");
    (void)cp_buf_addc(out, '[');
    for (size_t i = 0; i < night->n_metrics; i++) {
        (void)cp_buf_adds(out, i ? "," : "");
        add_metric(out, &night->metrics[i]);
    }
    (void)cp_buf_adds(out, "]}\n");
}

void cp_acceptance_line_write(const struct cp_night_key *key,
                              const struct cp_night_acceptance *acceptance, struct cp_buf *out)
{
    add_head(out, "acceptance", key);
    add_time(out, "at", acceptance->at_ms);
    add_text(out, "note", acceptance->note);
    (void)cp_buf_adds(out, "}\n");
}
