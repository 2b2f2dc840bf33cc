/* SPDX-License-Identifier: GPL-3.0-or-later
 * Values of a Logs Insights query: how they compare and how they print.
 */
#ifndef COLDPROF_PROBES_LOCAL_QUERY_VALUE_H
#define COLDPROF_PROBES_LOCAL_QUERY_VALUE_H

#include <stdbool.h>

#include "model/base/buf.h"

enum cp_ql_kind { CP_QL_NONE, CP_QL_NUMBER, CP_QL_TIME, CP_QL_BOOL, CP_QL_TEXT };

struct cp_ql_value {
    enum cp_ql_kind kind;
    double number;       /* NUMBER; TIME: unix ms; BOOL: 0 or 1 */
    struct cp_view text; /* TEXT; NUMBER: as it prints, or empty. Borrowed */
};

/* Strings that live as long as each other: all are gone with a reset. */
struct cp_ql_block;
struct cp_ql_arena {
    struct cp_ql_block *blocks;
    size_t bytes;
};
/* NULL: out of memory. */
char *cp_ql_arena_take(struct cp_ql_arena *arena, size_t n);
/* A copy; an empty view when out of memory. */
struct cp_view cp_ql_arena_copy(struct cp_ql_arena *arena, struct cp_view text);
void cp_ql_arena_clear(struct cp_ql_arena *arena);

struct cp_ql_value cp_ql_number(double number); /* NONE when not finite */
struct cp_ql_value cp_ql_text(struct cp_view text);
struct cp_ql_value cp_ql_bool(bool is_true);

/* Numbers, times, Booleans and text that is a number. */
bool cp_ql_to_number(const struct cp_ql_value *value, double *number);
bool cp_ql_is_true(const struct cp_ql_value *value);
/* As numbers where both are, else as text; false when one of them is absent. */
bool cp_ql_compare(const struct cp_ql_value *a, const struct cp_ql_value *b, int *order);
/* Computed numbers: whole ones without a point, others with up to four decimals. Times:
 * 2023-12-05 22:14:43.877. Absent: nothing. */
void cp_ql_print(const struct cp_ql_value *value, struct cp_buf *out);
/* Of a field that Insights finds in a log line, as Java prints a double: 15.0, 1.28E8. */
enum { CP_QL_FIELD_MAX = 40 };
size_t cp_ql_print_field(double number, char out[CP_QL_FIELD_MAX]);

#endif
