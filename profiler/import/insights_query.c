/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/insights_query.h"

#include <inttypes.h>
#include <stddef.h>

/* Failures by the error type, in the order of cp_record_outcome. A message holds one of them. */
#define ERROR_BITS                                                                                 \
    " + 4 * strcontains(@message, \"Runtime.OutOfMemory\")"                                        \
    " + 8 * greatest(strcontains(@message, \"Runtime.ImportModuleError\"), "                       \
    "strcontains(@message, \"Runtime.UserCodeSyntaxError\"), "                                     \
    "strcontains(@message, \"Runtime.InvalidEntrypoint\"), "                                       \
    "strcontains(@message, \"Runtime.InvalidWorkingDir\"), "                                       \
    "strcontains(@message, \"Runtime.HandlerNotFound\"), "                                         \
    "strcontains(@message, \"Extension.InitError\"), "                                             \
    "strcontains(@message, \"Extension.LaunchError\"))"

/* How a shape of records names what a query needs: terms of the query language. */
struct shape {
    const char *records;  /* command that keeps the platform's reports */
    const char *duration; /* ms */
    const char *billed, *init, *restore;
    const char *restore_command; /* that makes the restore field; NULL: it is there */
    const char *size, *used;     /* MB */
    const char *start, *status;
    const char *error_command; /* that makes cp_type */
};

static const struct shape SHAPES[CP_INSIGHTS_SHAPES] = {
    [CP_INSIGHTS_TEXT] =
        {
            .records = "filter @message like /^REPORT RequestId: /",
            .duration = "@duration",
            .billed = "@billedDuration",
            .init = "@initDuration",
            .restore = "cp_restore",
            .restore_command = "parse @message /\\tRestore Duration: (?<cp_restore>[0-9.]+) ms/",
            .size = "@memorySize / 1000000",
            .used = "@maxMemoryUsed / 1000000",
            .start = "strcontains(@message, \"Init Duration: \")"
                     " + 2 * strcontains(@message, \"Restore Duration: \")",
            .status = "strcontains(@message, \"Status: timeout\")"
                      " + 2 * strcontains(@message, \"Status: error\")" ERROR_BITS,
            .error_command = "parse @message /Error Type: (?<cp_type>[A-Za-z0-9_.]+)/",
        },
    [CP_INSIGHTS_JSON] =
        {
            .records = "filter type = \"platform.report\"",
            .duration = "record.metrics.durationMs",
            .billed = "record.metrics.billedDurationMs",
            .init = "record.metrics.initDurationMs",
            .restore = "record.metrics.restoreDurationMs",
            .size = "record.metrics.memorySizeMB",
            .used = "record.metrics.maxMemoryUsedMB",
            .start = "strcontains(@message, \"initDurationMs\")"
                     " + 2 * strcontains(@message, \"restoreDurationMs\")",
            .status = "strcontains(record.status, \"timeout\")"
                      " + 2 * strcontains(record.status, \"error\")"
                      " + 2 * strcontains(record.status, \"failure\")" ERROR_BITS,
            .error_command = "fields record.errorType as cp_type",
        },
};

/* What the value of a kind is the sum of: members of struct shape. */
enum part { PART_END, PART_DURATION, PART_BILLED, PART_USED, PART_INIT, PART_RESTORE };

static const struct {
    struct cp_insights_kind_info info;
    enum part parts[2];
} KINDS[CP_INSIGHTS_KINDS] = {
    [CP_INSIGHTS_DURATION] = {{"duration", CP_ROWS_BINS, CP_METRIC_DURATION, CP_START_UNKNOWN},
                              {PART_DURATION}},
    [CP_INSIGHTS_BILLED] = {{"billed duration", CP_ROWS_BINS, CP_METRIC_BILLED, CP_START_UNKNOWN},
                            {PART_BILLED}},
    [CP_INSIGHTS_MAX_MEMORY] = {{"max memory used", CP_ROWS_BINS, CP_METRIC_MAX_MEMORY,
                                 CP_START_UNKNOWN},
                                {PART_USED}},
    [CP_INSIGHTS_INIT] = {{"init", CP_ROWS_BINS, CP_METRIC_INIT, CP_START_COLD}, {PART_INIT}},
    [CP_INSIGHTS_COLD_TOTAL] = {{"cold total", CP_ROWS_BINS, CP_METRIC_COLD_TOTAL, CP_START_COLD},
                                {PART_DURATION, PART_INIT}},
    [CP_INSIGHTS_RESTORE] = {{"restore", CP_ROWS_BINS, CP_METRIC_INIT, CP_START_SNAPSTART},
                             {PART_RESTORE}},
    [CP_INSIGHTS_RESTORED_TOTAL] = {{"restored total", CP_ROWS_BINS, CP_METRIC_COLD_TOTAL,
                                     CP_START_SNAPSTART},
                                    {PART_DURATION, PART_RESTORE}},
    [CP_INSIGHTS_MINUTES_WARM] = {{"minutes, warm", CP_ROWS_MINUTES, CP_METRIC_DURATION,
                                   CP_START_WARM},
                                  {PART_DURATION}},
    [CP_INSIGHTS_MINUTES_COLD] = {{"minutes, cold", CP_ROWS_MINUTES, CP_METRIC_DURATION,
                                   CP_START_COLD},
                                  {PART_DURATION, PART_INIT}},
    [CP_INSIGHTS_MINUTES_RESTORED] = {{"minutes, restored", CP_ROWS_MINUTES, CP_METRIC_DURATION,
                                       CP_START_SNAPSTART},
                                      {PART_DURATION, PART_RESTORE}},
    [CP_INSIGHTS_ERROR_TYPES] = {{"error types", CP_ROWS_ERRORS, CP_METRIC_DURATION,
                                  CP_START_UNKNOWN},
                                 {PART_END}},
};

const struct cp_insights_kind_info *cp_insights_kind_info(enum cp_insights_kind kind)
{
    return &KINDS[kind].info;
}

/* cp_v = the value as a whole number: us, rounded to the nearest as the digest does it; MB. */
static void add_value(const struct shape *s, const enum part parts[2], struct cp_buf *out)
{
    const char *const terms[] = {
        [PART_DURATION] = s->duration, [PART_BILLED] = s->billed,   [PART_USED] = s->used,
        [PART_INIT] = s->init,         [PART_RESTORE] = s->restore,
    };
    if ((parts[0] == PART_RESTORE || parts[1] == PART_RESTORE) && s->restore_command)
        (void)cp_buf_addf(out, "| %s\n", s->restore_command);
    (void)cp_buf_adds(out, "| fields ");
    for (int i = 0; i < 2 && parts[i] != PART_END; i++)
        (void)cp_buf_addf(out,
                          parts[i] == PART_USED ? "%sfloor(%s + 0.5)" : "%sfloor(%s * 1000 + 0.5)",
                          i ? " + " : "", terms[parts[i]]);
    (void)cp_buf_adds(out, " as cp_v\n");
}

/* The bin formula of model/digest/histogram.h. log(0) is avoided; the formula gives -127 for 0
 * then. */
static void add_bins(struct cp_buf *out)
{
    (void)cp_buf_adds(out, "| fields floor(log(greatest(cp_v, 1)) / 0.6931471805599453) as cp_e\n"
                           "| fields 128 * cp_e + floor(128 * cp_v / (2 ^ cp_e)) - 127 as cp_bin\n"
                           "| stats count(*) as cp_n, sum(cp_v) as cp_total, min(cp_v) as cp_least,"
                           " max(cp_v) as cp_most"
                           " by cp_function, cp_version, cp_size, cp_start, cp_status, cp_bin\n");
}

/* An event's time is the end of its invocation; arrival = end - cp_v, in
 * whole ms as the digest rounds them. */
static void add_minutes(struct cp_buf *out)
{
    (void)cp_buf_adds(out,
                      "| fields toMillis(@timestamp) as cp_end\n"
                      "| fields cp_end - floor((cp_v + 500) / 1000) as cp_begin\n"
                      "| fields floor(cp_begin / 60000) as cp_first, floor(cp_end / 60000) as "
                      "cp_last, ceil(cp_begin / 15000) as cp_mark, ceil(cp_end / 15000) as "
                      "cp_past\n"
                      "| fields least(cp_end, 60000 * cp_first + 60000) - cp_begin as cp_ahead, "
                      "least(cp_last - cp_first, 1) * (cp_end - 60000 * cp_last) as cp_behind\n"
                      "| stats count(*) as cp_n, sum(cp_ahead) as cp_lead, sum(cp_behind) as "
                      "cp_tail by cp_function, cp_version, cp_first, cp_last, cp_mark, cp_past\n");
}

static void add_error_types(const struct shape *s, struct cp_buf *out)
{
    (void)cp_buf_addf(out,
                      "| %s\n"
                      "| filter ispresent(cp_type)\n"
                      "| stats count(*) as cp_n by cp_function, cp_version, cp_type\n",
                      s->error_command);
}

/* Value of cp_start. */
static int start_number(enum cp_start_kind start)
{
    return start == CP_START_COLD ? 1 : start == CP_START_SNAPSTART ? 2 : 0;
}

enum cp_code cp_insights_query_text(const struct cp_insights_query *query, struct cp_buf *out,
                                    struct cp_error *err)
{
    const struct shape *s = &SHAPES[query->shape];
    const struct cp_insights_kind_info *kind = &KINDS[query->kind].info;
    cp_buf_reset(out);
    (void)cp_buf_addf(
        out,
        "%s\n"
        "| filter toMillis(@timestamp) >= %" PRId64 " and toMillis(@timestamp) < %" PRId64 "\n"
        "| parse @logStream /(?<cp_function>[^\\/\\[]*)\\[(?<cp_version>[^\\]]+)\\]/\n"
        "| fields %s as cp_size, %s as cp_start, %s as cp_status\n",
        s->records, query->from_ms, query->to_ms, s->size, s->start, s->status);
    if (kind->start != CP_START_UNKNOWN)
        (void)cp_buf_addf(out, "| filter cp_start = %d\n", start_number(kind->start));
    if (kind->rows == CP_ROWS_ERRORS) {
        add_error_types(s, out);
    } else {
        add_value(s, KINDS[query->kind].parts, out);
        if (kind->rows == CP_ROWS_BINS)
            add_bins(out);
        else
            add_minutes(out);
    }
    return cp_buf_check(out, "the query", err);
}
