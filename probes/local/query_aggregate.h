/* SPDX-License-Identifier: GPL-3.0-or-later
 * Aggregates of a stats command.
 */
#ifndef COLDPROF_PROBES_LOCAL_QUERY_AGGREGATE_H
#define COLDPROF_PROBES_LOCAL_QUERY_AGGREGATE_H

#include "model/base/hash_index.h"
#include "probes/local/query_tree.h"

/* What one aggregate of one group has seen. */
struct cp_ql_total {
    double n, sum, mean, squares; /* squares: of the distances from the mean (Welford) */
    struct cp_ql_value least, most;
    double *values; /* of pct */
    size_t n_values, cap_values;
    uint64_t *hashes; /* of count_distinct */
    size_t n_hashes, cap_hashes;
    struct cp_hash_index seen;
};

void cp_ql_total_clear(struct cp_ql_total *total);
/* CP_ENOMEM. `kept`: for text that has to live on. */
enum cp_code cp_ql_total_add(struct cp_ql_total *total, const struct cp_ql_node *node,
                             struct cp_ql_scope *scope, struct cp_ql_arena *kept);
struct cp_ql_value cp_ql_total_result(struct cp_ql_total *total, const struct cp_ql_node *node,
                                      const struct cp_ql_query *query);

#endif
