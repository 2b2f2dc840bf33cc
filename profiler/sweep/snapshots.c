/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/snapshots.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP_FIRST = 16 };

enum cp_code cp_snapshots_begin(struct cp_snapshots *snapshots, int memory_size_mb, double now_ms,
                                struct cp_error *err)
{
    if (snapshots->n == snapshots->cap) {
        size_t cap = snapshots->cap ? 2 * snapshots->cap : CAP_FIRST;
        struct cp_snapshot *at = realloc(snapshots->at, cap * sizeof *at);
        if (!at)
            return cp_fail(err, CP_ENOMEM, "cannot note a version to publish: out of memory");
        snapshots->at = at;
        snapshots->cap = cap;
    }
    snapshots->at[snapshots->n++] = (struct cp_snapshot){
        .memory_size_mb = memory_size_mb,
        .from_ms = now_ms,
        .to_ms = NAN,
    };
    return CP_OK;
}

void cp_snapshots_name(struct cp_snapshots *snapshots, const char *version)
{
    struct cp_snapshot *last = &snapshots->at[snapshots->n - 1];
    (void)snprintf(last->version, sizeof last->version, "%s", version);
}

void cp_snapshots_end(struct cp_snapshots *snapshots, const char *version, double now_ms)
{
    for (size_t i = 0; i < snapshots->n; i++) {
        struct cp_snapshot *s = &snapshots->at[i];
        if (isnan(s->to_ms) && (!version || strcmp(s->version, version) == 0))
            s->to_ms = now_ms;
    }
}

void cp_snapshots_clear(struct cp_snapshots *snapshots)
{
    free(snapshots->at);
    *snapshots = (struct cp_snapshots){0};
}

double cp_snapshots_usd(const struct cp_snapshots *snapshots, const struct cp_price_book *book,
                        const struct cp_quote_function *function, double until_ms)
{
    double usd = 0;
    for (size_t i = 0; i < snapshots->n; i++) {
        const struct cp_snapshot *s = &snapshots->at[i];
        double to_ms = isnan(s->to_ms) ? until_ms : s->to_ms;
        usd += cp_quote_worst_version_usd(book, function, s->memory_size_mb, to_ms - s->from_ms);
    }
    return usd;
}
