/* SPDX-License-Identifier: GPL-3.0-or-later
 * Platform records as Lambda writes them: INIT_START, START, END, REPORT, INIT_REPORT,
 * RESTORE_START, RESTORE_REPORT in text, and
 * the same as platform.* events in JSON mode (facts: report-lines 1 and 2). Structs in, bytes out.
 * A value that was not measured is left out.
 * JSON mode obeys the system log level: at WARN an invocation that succeeds leaves no record at
 * all.
 */
#ifndef COLDPROF_PROBES_LOCAL_RECORD_WRITER_H
#define COLDPROF_PROBES_LOCAL_RECORD_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"

/* JSON mode's SystemLogLevel; text mode writes everything. */
enum cp_record_level { CP_RECORD_INFO, CP_RECORD_DEBUG, CP_RECORD_WARN };
enum cp_record_level cp_record_level_of(const char *system_log_level);

struct cp_record_env {
    bool is_json;
    enum cp_record_level level;
    const char *function_name, *function_arn, *version; /* version: "$LATEST" or a number */
    const char *runtime; /* python3.11, provided.al2023; NULL: a container image, which has none */
    const char *initialization_type; /* on-demand, provisioned-concurrency, snap-start */
};

/* `billed_ms` is part of Billed Duration. */
struct cp_record_restore {
    double duration_ms;
    int64_t billed_ms;
};

struct cp_record_report {
    const char *request_id;
    double duration_ms;
    double init_duration_ms;                 /* NAN: warm, suppressed, provisioned or restored */
    const struct cp_record_restore *restore; /* NULL: not restored for this request */
    int memory_size_mb;
    int max_memory_used_mb; /* -1: not measured */
    const char *status;     /* NULL or "success": not marked in text; error, timeout, failure */
    const char *error_type; /* NULL: none */
};

struct cp_record_init {
    double duration_ms;
    const char *phase;      /* init, invoke; NULL: not printed (provisioned) */
    const char *status;     /* NULL: success */
    const char *error_type; /* NULL: none */
};

/* Billed Duration since 2025-08-01: one ceiling over the sum of both. */
int64_t cp_record_billed_ms(double duration_ms, double init_duration_ms);

void cp_record_init_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms);
void cp_record_init_report(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                           const struct cp_record_init *init);
void cp_record_restore_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms);
/* `phase` is not used: a restore has none. */
void cp_record_restore_report(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                              const struct cp_record_init *restore);
void cp_record_start(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                     const char *request_id);
/* END and REPORT; in JSON mode platform.runtimeDone and platform.report. */
void cp_record_end(struct cp_buf *out, const struct cp_record_env *env, int64_t at_ms,
                   const struct cp_record_report *report);

#endif
