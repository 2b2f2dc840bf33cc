/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one place where units are converted, read and written.
 * Durations are double ms, memory is int MB, money is double USD. Lambda's MB and GB are binary.
 */
#ifndef COLDPROF_MODEL_BASE_UNITS_H
#define COLDPROF_MODEL_BASE_UNITS_H

#include "model/base/error.h"
#include "model/base/view.h"

#define CP_MS_PER_S           1000.0
#define CP_MS_PER_MINUTE      60000
#define CP_MS_PER_HOUR        3600000
#define CP_MS_PER_DAY         86400000
#define CP_MS_PER_WEEK        604800000
#define CP_MEMORY_MIN_MB      128
#define CP_MEMORY_MAX_MB      10240
#define CP_MEMORY_PER_VCPU_MB 1769 /* AWS: 1 vCPU at 1,769 MB */
#define CP_HOURS_PER_MONTH    730.0
#define CP_S_PER_MONTH        (CP_HOURS_PER_MONTH * 3600.0)

/* GB-seconds of `memory_mb` held for `duration_ms`. */
double cp_units_gb_s(int memory_mb, double duration_ms);
/* Share of one vCPU: memory / 1769 (above 1 for larger sizes). */
double cp_units_cpu_share(int memory_mb);

/* "200ms" "5s" "2m" "1h" "7d" -> ms. A bare number is refused: units must be said.
 * CP_EINVAL with a message that shows a valid example; negative values refused. */
enum cp_code cp_units_parse_duration_ms(struct cp_view text, double *ms, struct cp_error *err);
/* "5/s" "300/m" "10/h" "2e6/d" -> per second. */
enum cp_code cp_units_parse_rate_per_s(struct cp_view text, double *per_s, struct cp_error *err);
/* "512", "512MB", "1GB" -> MB within 128..10240. */
enum cp_code cp_units_parse_memory_mb(struct cp_view text, int *mb, struct cp_error *err);
/* "5%" or "0.05" -> 0.05, within (0, 1]. */
enum cp_code cp_units_parse_ratio(struct cp_view text, double *ratio, struct cp_error *err);

enum { CP_UNITS_TEXT_MAX = 32 };
/* Short form for people: "850ms", "4s", "1.5s", "2m", "1h". The largest unit of which the value is
 * a multiple of one half, otherwise seconds or ms with 4 significant digits, no exponent. */
const char *cp_units_format_duration(double ms, char out[CP_UNITS_TEXT_MAX]);
/* Of files: decimal, three significant digits, "812 B", "1.20 GB" ("-" when negative). Lambda's
 * memory sizes are binary and are not written with this. */
const char *cp_units_format_bytes(double bytes, char out[CP_UNITS_TEXT_MAX]);

#endif
