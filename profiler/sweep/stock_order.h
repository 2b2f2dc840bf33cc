/* SPDX-License-Identifier: GPL-3.0-or-later
 * In which order versions are published ahead. PublishVersion returns the latest version when
 * nothing has changed since, so no two neighbours may have the same size, nor may the first have
 * that of the latest version; where that cannot be, a spacer comes between. Pure.
 */
#ifndef COLDPROF_PROFILER_SWEEP_STOCK_ORDER_H
#define COLDPROF_PROFILER_SWEEP_STOCK_ORDER_H

#include "profiler/sweep/swept.h"

struct cp_stock_order {
    int *sizes_mb; /* n of them, in order; free() */
    size_t n;
    int spacer_mb; /* the size between equal ones: none of the needed sizes, none of `before_mb` */
};

/* `before_mb`: memory size of the latest published version, 0 when there is none. CP_ENOMEM. */
enum cp_code cp_stock_order_make(const struct cp_version_need *needs, size_t n_needs, int before_mb,
                                 struct cp_stock_order *out, struct cp_error *err);

#endif
