/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parts of the traffic reader: one function per form. Private to profiler/traffic.
 */
#ifndef COLDPROF_PROFILER_TRAFFIC_PARTS_H
#define COLDPROF_PROFILER_TRAFFIC_PARTS_H

#include <stdbool.h>

#include "profiler/traffic/traffic_file.h"

/* A time and how many requests belong to it. */
struct cp_traffic_row {
    double at_ms; /* unix ms, or ms on a clock of its own */
    double count;
};

struct cp_traffic_rows {
    struct cp_traffic_row *rows; /* owned by the reader, freed by it */
    size_t n, cap;
    bool has_date;
};
/* More in one interval is a mistake of the file: Lambda has never done so many. */
#define CP_TRAFFIC_COUNT_MAX 1e12
bool cp_traffic_is_count(double count);
enum cp_code cp_traffic_add_row(struct cp_traffic_rows *rows, double at_ms, double count);

/* ISO 8601, unix seconds or ms (from 1e11 on). `is_date` is only ever set. */
bool cp_traffic_read_time(struct cp_view text, double *ms, bool *is_date);
void cp_traffic_skip_row(struct cp_demand *t, size_t line);

bool cp_traffic_is_week(struct cp_view text);
enum cp_code cp_traffic_read_week(struct cp_view text, const char *path, struct cp_demand *t,
                                  struct cp_error *err);
/* Both leave what they found in `rows`; `is_counts` says whether counts are per interval. */
enum cp_code cp_traffic_read_json(struct cp_view text, const char *path, struct cp_demand *t,
                                  struct cp_traffic_rows *rows, struct cp_error *err);
enum cp_code cp_traffic_read_table(struct cp_view text, const char *function, struct cp_demand *t,
                                   struct cp_traffic_rows *rows, bool *is_counts);

#endif
