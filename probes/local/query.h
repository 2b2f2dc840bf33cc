/* SPDX-License-Identifier: GPL-3.0-or-later
 * The query language of CloudWatch Logs Insights, as far as it is served here: reading a query, and
 * running it over events.
 *
 * Commands: fields, display, filter, parse (regular expression or glob), stats (once or twice),
 * sort, limit; # comments. Expressions: + - * / % ^, = != < <= > >=, and, or, not, like and =~
 * (text or regular expression), in [...]; abs ceil floor greatest least log sqrt, strcontains
 * strlen concat trim tolower toupper isempty, ispresent coalesce, bin datefloor dateceil toMillis
 * fromMillis; in stats count count_distinct sum min max avg stddev pct. Fields: @timestamp
 * @ingestionTime @message @logStream @log @ptr; in Lambda's lines @requestId (any UUID) @type
 * @duration @billedDuration @initDuration (ms) @memorySize @maxMemoryUsed (millionths of a MB);
 * members of JSON messages, a.b.0.c. Regular expressions: what POSIX has too, and \d \w \s, (?:...)
 * and (?<name>...); no lazy quantifiers, look-around or back-references. What is absent makes
 * arithmetic absent and a comparison false. Everything else is refused by name.
 *
 * Rows without stats and sort come newest first. Names: cp_ql, for query language.
 */
#ifndef COLDPROF_PROBES_LOCAL_QUERY_H
#define COLDPROF_PROBES_LOCAL_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/buf.h"

struct cp_ql_query;
struct cp_ql_run;

enum { CP_QL_ROWS_MAX = 10000, CP_QL_TEXT_MAX = 10000 };

/* CP_EFORMAT: malformed; CP_EUNSUPPORTED: names what is not served here. `text` is copied. */
enum cp_code cp_ql_query_new(struct cp_view text, struct cp_ql_query **out, struct cp_error *err);
void cp_ql_query_free(struct cp_ql_query *query);

/* Views live until the event was added. */
struct cp_ql_event {
    struct cp_view log; /* ACCOUNT:GROUP */
    struct cp_view stream, message, ptr;
    int64_t at_ms, ingested_at_ms;
};

/* At most `max_rows` in the answer. The query is borrowed. */
enum cp_code cp_ql_run_new(const struct cp_ql_query *query, size_t max_rows, struct cp_ql_run **out,
                           struct cp_error *err);
void cp_ql_run_free(struct cp_ql_run *run);
/* Events in the order of time. CP_ENOMEM; CP_ELIMIT: too many rows to sort. */
enum cp_code cp_ql_run_add(struct cp_ql_run *run, const struct cp_ql_event *event,
                           struct cp_error *err);
enum cp_code cp_ql_run_end(struct cp_ql_run *run, struct cp_error *err);

struct cp_ql_statistics {
    uint64_t records_matched, records_scanned, bytes_scanned;
};
struct cp_ql_statistics cp_ql_run_statistics(const struct cp_ql_run *run);
/* After the end. */
size_t cp_ql_run_rows(const struct cp_ql_run *run);
size_t cp_ql_run_columns(const struct cp_ql_run *run);
struct cp_view cp_ql_run_column(const struct cp_ql_run *run, size_t column);
/* false: the row has no value there. Else it is added to `out`. */
bool cp_ql_run_cell(const struct cp_ql_run *run, size_t row, size_t column, struct cp_buf *out);

#endif
