/* SPDX-License-Identifier: GPL-3.0-or-later
 * Regular expressions of a query, as POSIX ones; and the globs of its parse command. See query.h
 * for what they may contain.
 */
#ifndef COLDPROF_PROBES_LOCAL_QUERY_EXPRESSION_H
#define COLDPROF_PROBES_LOCAL_QUERY_EXPRESSION_H

#include <stdbool.h>

#include "model/base/error.h"
#include "model/base/view.h"

enum { CP_QL_GROUPS_MAX = 32 };

struct cp_ql_pattern;

/* Between the slashes. CP_EFORMAT, CP_EUNSUPPORTED. */
enum cp_code cp_ql_pattern_new(struct cp_view text, struct cp_ql_pattern **out,
                               struct cp_error *err);
/* "took * ms": each star is a group. */
enum cp_code cp_ql_pattern_new_glob(struct cp_view text, struct cp_ql_pattern **out,
                                    struct cp_error *err);
void cp_ql_pattern_free(struct cp_ql_pattern *pattern);
/* Of named groups (of stars in a glob, then without a name), in order. */
size_t cp_ql_pattern_groups(const struct cp_ql_pattern *pattern);
struct cp_view cp_ql_pattern_group(const struct cp_ql_pattern *pattern, size_t i);
/* Finds it anywhere in `text`; `groups` NULL, or what each group matched (p NULL: it did not). */
bool cp_ql_pattern_find(struct cp_ql_pattern *pattern, struct cp_view text,
                        struct cp_view groups[CP_QL_GROUPS_MAX]);

#endif
