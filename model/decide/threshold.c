/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/threshold.h"

const char *cp_threshold_kind_name(enum cp_threshold_kind kind)
{
    static const char *const names[] = {
        [CP_THRESHOLD_TRAFFIC] = "traffic",
        [CP_THRESHOLD_BUDGET] = "budget",
        [CP_THRESHOLD_PRICE] = "price",
        [CP_THRESHOLD_DISCOUNT] = "discount",
        [CP_THRESHOLD_IDLE_LIFETIME] = "idle lifetime",
        [CP_THRESHOLD_UTILIZATION] = "utilization",
    };
    return names[kind];
}

const char *cp_threshold_unit(enum cp_threshold_kind kind)
{
    static const char *const units[] = {
        [CP_THRESHOLD_TRAFFIC] = "requests_per_s",
        [CP_THRESHOLD_BUDGET] = "ms",
        [CP_THRESHOLD_PRICE] = "ratio",
        [CP_THRESHOLD_DISCOUNT] = "ratio",
        [CP_THRESHOLD_IDLE_LIFETIME] = "ms",
        [CP_THRESHOLD_UTILIZATION] = "ratio",
    };
    return units[kind];
}

const char *cp_flip_name(enum cp_flip flip)
{
    static const char *const names[] = {[CP_FLIP_FAILS] = "fails",
                                        [CP_FLIP_CHEAPER] = "cheaper",
                                        [CP_FLIP_MEETS] = "meets",
                                        [CP_FLIP_THROTTLES] = "throttles",
                                        [CP_FLIP_PAYS] = "pays"};
    return names[flip];
}
