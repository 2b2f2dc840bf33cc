/* SPDX-License-Identifier: GPL-3.0-or-later
 * A night, or an acceptance, as one line of JSON: what a history is carried in from one machine to
 * another (NDJSON). The same night is the same bytes wherever it was written.
 *
 *     {"schema":1,"kind":"night","function":"checkout","place":"AWS account ...1234",
 *      "region":"eu-west-1","architecture":"arm64","started_at":"2026-10-08T01:00:00.000Z",
 *      "run_id":"7f3a","runtime":"python3.12","runtime_version_arn":"","code_sha256":"...",
 *      "code_size_bytes":2409600,"layers":["arn:..."],"memory_size_mb":1024,
 *      "payload_sha256":"...","method":"shadow function","host":"","coldprof_version":"0.6.0",
 *      "metrics":[{"metric":"1024MB/init-p95","n":100,"ms":210.5,
 *      "low_ms":201.25,"high_ms":null}, ...]}
 *     {"schema":1,"kind":"acceptance","function":..., "place":..., "region":...,
 * "architecture":..., "at":"2026-10-09T08:00:00.000Z","note":"new SDK"}
 *
 * "schema" comes first. null: not known, of an end of an interval: too few samples. A number among
 * the timeouts is null and named: "at_timeout":["high_ms"]. Members that are not known are ignored.
 */
#ifndef COLDPROF_PROFILER_HISTORY_NIGHT_LINE_H
#define COLDPROF_PROFILER_HISTORY_NIGHT_LINE_H

#include "model/base/buf.h"
#include "model/compare/night.h"

enum {
    CP_NIGHT_LINE_SCHEMA = 1,
    CP_NIGHT_LINE_MAX = 256 * 1024, /* bytes */
    CP_NIGHT_LINE_DEPTH_MAX = 8,
    CP_NIGHT_LINE_METRICS_MAX = 1024,
};

/* Append one line with its end. */
void cp_night_line_write(const struct cp_night *night, struct cp_buf *out);
void cp_acceptance_line_write(const struct cp_night_key *key,
                              const struct cp_night_acceptance *acceptance, struct cp_buf *out);

struct cp_night_line {
    bool is_acceptance;
    struct cp_night night;                 /* owned; its key also of an acceptance */
    struct cp_night_acceptance acceptance; /* when it is one */
};
/* Reads one line without its end. CP_EUNSUPPORTED: its schema is newer; CP_EFORMAT, CP_ELIMIT: it
 * is no such line, and why; CP_ENOMEM. Owner: cp_night_clear(&out->night), nothing after a failure.
 */
enum cp_code cp_night_line_read(struct cp_view line, struct cp_night_line *out,
                                struct cp_error *err);

#endif
