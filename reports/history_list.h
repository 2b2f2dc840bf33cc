/* SPDX-License-Identifier: GPL-3.0-or-later
 * The list of histories: which functions have nights, how many, and how the newest one stands.
 */
#ifndef COLDPROF_REPORTS_HISTORY_LIST_H
#define COLDPROF_REPORTS_HISTORY_LIST_H

#include "model/compare/night.h"
#include "model/compare/trend.h"
#include "reports/report.h"

struct cp_history_listed {
    struct cp_night_key key;
    size_t n_nights;
    int64_t first_ms, last_ms;      /* -1 without nights */
    enum cp_trend_state state;      /* of the newest night: the worst of its metrics */
    bool is_accepted;               /* its level was accepted since: the next night begins anew */
    char metric[CP_METRIC_KEY_MAX]; /* whose state that is; "" without nights */
};

/* What the newest night of `history` says, judged as `coldprof nightly` does, into `out`, which has
 * the rest already. CP_OK without nights. CP_ENOMEM. */
enum cp_code cp_history_listed_judge(const struct cp_history *history,
                                     const struct cp_trend_options *options,
                                     struct cp_history_listed *out, struct cp_error *err);

/* Columns that do not fit into the width are left out, least useful first. */
void cp_history_list_text(const struct cp_history_listed *rows, size_t n,
                          const struct cp_text_style *style, struct cp_buf *out);
void cp_history_list_json(const struct cp_history_listed *rows, size_t n, struct cp_buf *out);
void cp_history_list_csv(const struct cp_history_listed *rows, size_t n, struct cp_buf *out);
void cp_history_list_markdown(const struct cp_history_listed *rows, size_t n, struct cp_buf *out);

#endif
