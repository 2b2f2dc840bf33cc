/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks against tables computed with R 4.2.2 (quantile, Hmisc hdquantile, qbinom), for every row
 * of the sets found in `folder`. Each returns the number of rows checked.
 */
#ifndef COLDPROF_TESTS_MODEL_STAT_QUANTILE_TABLES_H
#define COLDPROF_TESTS_MODEL_STAT_QUANTILE_TABLES_H

#include <stddef.h>

size_t check_hyndman_fan(const char *folder);
size_t check_harrell_davis(const char *folder);
size_t check_order_intervals(const char *folder);

#endif
