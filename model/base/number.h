/* SPDX-License-Identifier: GPL-3.0-or-later
 * How a number looks in every sentence, table and chart: three significant digits, a comma between
 * thousands, money in cents, "-" for what is not a finite number. Pure; results go to the caller's
 * array and are returned.
 */
#ifndef COLDPROF_MODEL_BASE_NUMBER_H
#define COLDPROF_MODEL_BASE_NUMBER_H

enum { CP_NUMBER_MAX = 96, CP_NUMBER_SIGNIFICANT = 3 };

/* Power of ten of the last digit shown when `value` has `significant` digits after rounding:
 * 146.2 -> 0, 9.996 -> -1 (it becomes 10.0), 12345 -> 2; 0 for 0. */
int cp_number_last_digit(double value, int significant);

/* Rounded at 10^digit: (1236, 1) -> "1,240", (71, -1) -> "71.0"; never "-0". */
const char *cp_number_at(double value, int digit, char out[CP_NUMBER_MAX]);
/* Three significant digits: "41.2", "0.0123", "1,240", "0". */
const char *cp_number_short(double value, char out[CP_NUMBER_MAX]);
/* As it is, up to nine digits: memory sizes and what the user typed, "10,240", "0.25". */
const char *cp_number_exact(double value, char out[CP_NUMBER_MAX]);
/* Cents, "1,234.50"; four significant digits below a cent: "0.004123". */
const char *cp_number_usd(double usd, char out[CP_NUMBER_MAX]);
/* The same with a hundredth of a cent below one dollar, for small sums that are compared with each
 * other: "0.0123", "0.5000", "1.25". */
const char *cp_number_small_usd(double usd, char out[CP_NUMBER_MAX]);

#endif
