/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/record_invariants.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/record/record.h"

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "invariant broken: %s\n", what);
    abort();
}

/* Touches every byte, so that ASan sees a view that points nowhere. */
static void check_view(struct cp_view v)
{
    static volatile unsigned char sink;
    for (size_t i = 0; i < v.n; i++)
        sink = (unsigned char)v.p[i];
    (void)sink;
}

static void check_views(const struct cp_record *r)
{
    const struct cp_view views[] = {
        r->field,     r->request_id, r->status,        r->error_type,      r->phase,
        r->init_type, r->version,    r->name,          r->runtime_version, r->runtime_version_arn,
        r->state,     r->events,     r->types,         r->level,           r->exit_reason,
        r->group,     r->stream,     r->xray_trace_id, r->xray_segment_id, r->unknown_field,
    };
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        check_view(views[i]);
    require(r->n_text <= sizeof(r->text), "text storage");
}

static void check_numbers(const struct cp_record *r)
{
    const double numbers[] = {r->duration_ms,   r->billed_ms,         r->init_ms,
                              r->restore_ms,    r->memory_mb,         r->timeout_s,
                              r->max_memory_mb, r->billed_restore_ms, r->dropped_records};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        require(isnan(numbers[i]) || (numbers[i] >= 0 && isfinite(numbers[i])), "number");
}

static void check_record(const struct cp_record *r)
{
    check_views(r);
    check_numbers(r);
    require((size_t)r->reason < CP_REASON_COUNT, "reason");
    require((r->verdict == CP_RECORD_WARNED || r->verdict == CP_RECORD_REJECTED) ==
                (r->reason != CP_REASON_NONE && r->verdict != CP_RECORD_SKIPPED),
            "every warning and rejection has a reason");
    require(r->kind > CP_RECORD_APP || r->verdict == CP_RECORD_SKIPPED, "application output");
    if (r->kind == CP_RECORD_REPORT && r->verdict <= CP_RECORD_WARNED) {
        require(r->request_id.n > 0, "a usable REPORT has an id");
        require(!isnan(r->duration_ms), "a usable REPORT has a duration");
    }
}

static void check_counts(const struct cp_record_counts *counts, size_t n)
{
    require(counts->accepted + counts->warned + counts->rejected + counts->skipped == n,
            "every record is counted once");
    for (size_t i = 0; i < CP_REASON_COUNT; i++) {
        struct cp_view text = cp_view_of(counts->first_example[i]);
        require(text.n < sizeof(counts->first_example[i]), "example length");
        while (text.n) {
            uint32_t c = 0;
            size_t length = cp_view_utf8(text, &c);
            require(length > 0 && c >= 0x20 && (c < 0x7f || c > 0x9f), "example is printable");
            text = (struct cp_view){text.p + length, text.n - length};
        }
    }
}

static void walk(struct cp_view rest, size_t (*parse)(struct cp_view, struct cp_record *))
{
    static struct cp_record_counts counts;
    size_t n_records = 0;
    memset(&counts, 0, sizeof(counts));
    while (rest.n) {
        struct cp_record r;
        size_t n = parse(rest, &r);
        require(n >= 1 && n <= rest.n, "progress");
        check_record(&r);
        cp_record_count(&counts, (struct cp_view){rest.p, n}, &r);
        n_records++;
        rest = (struct cp_view){rest.p + n, rest.n - n};
    }
    check_counts(&counts, n_records);
}

void record_invariants_hold(struct cp_view bytes)
{
    walk(bytes, cp_record_parse);
    walk(bytes, cp_record_parse_message);
}

static void check_tail(struct cp_view base64, struct cp_view request_id)
{
    static struct cp_log_tail tail;
    struct cp_error err;
    if (cp_log_tail_read(base64, request_id, &tail, &err) != CP_OK)
        return;
    require(tail.n_bytes <= CP_LOG_TAIL_MAX, "tail length");
    if (tail.has_report)
        check_record(&tail.report);
    check_views(&tail.init_report);
    check_views(&tail.exit_text);
    require(!tail.has_report ||
                (tail.report.kind == CP_RECORD_REPORT && tail.report.verdict <= CP_RECORD_WARNED),
            "a report that is there is usable");
    require(!tail.has_report || request_id.n == 0 ||
                (tail.report.request_id.n == request_id.n &&
                 memcmp(tail.report.request_id.p, request_id.p, request_id.n) == 0),
            "the report is of the wanted request");
}

char *record_base64(struct cp_view v)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc((v.n + 2) / 3 * 4 + 1);
    require(text != NULL, "memory");
    char *to = text;
    for (size_t i = 0; i < v.n; i += 3) {
        size_t n = v.n - i < 3 ? v.n - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? (unsigned char)v.p[i + k] : 0U);
        for (size_t k = 0; k < 4; k++)
            *to++ = k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=';
    }
    *to = '\0';
    return text;
}

void log_tail_invariants_hold(struct cp_view bytes)
{
    struct cp_view wanted = CP_VIEW_LIT("927e66cc-d1a4-4885-99a1-098887bc58d3");
    struct cp_view any = CP_VIEW_LIT("");
    char *base64 = record_base64(bytes);
    check_tail(bytes, any);
    check_tail(cp_view_of(base64), any);
    check_tail(cp_view_of(base64), wanted);
    free(base64);
}
