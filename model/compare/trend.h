/* SPDX-License-Identifier: GPL-3.0-or-later
 * One metric over the nights: what was to be expected of each night, and when it got lastingly
 * worse. Two nights differ by more than their samples do, so the night-to-night effect is estimated
 * from the baseline nights themselves (robustly, sampling noise taken off) and is part of each
 * night's interval; and one night alone raises no alarm.
 *
 *   baseline   the nights since the last change of level, at most `baseline_nights`, without the
 *              newest that are in question: median of logs, robust spread
 *   verdict    of a night against it, as ratio.h: interval against the effect that matters
 *   SUSPECT    this night is worse, but not yet enough of the last ones
 *   REGRESSED  enough of them were: the alarm. It stands, with the old baseline, until the level is
 *              back or has been accepted (`coldprof history accept`), then the nights since the
 *              change are the baseline
 *   IMPROVED   the same downwards; the new level is taken at once
 *
 * Pure; O(n baseline_nights).
 */
#ifndef COLDPROF_MODEL_TREND_H
#define COLDPROF_MODEL_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/compare/ratio.h"

enum {
    CP_TREND_BASELINE_NIGHTS = 30,
    CP_TREND_MIN_NIGHTS = 8,
    CP_TREND_N_OF = 5,
    CP_TREND_K_OF_N = 4,
    CP_TREND_N_OF_MAX = 16,
    CP_TREND_NIGHTS_AFTER = 3, /* a change that lasts has as many after it */
};

struct cp_trend_options {
    double effect, effect_ms; /* NAN: CP_CHANGE_EFFECT, CP_CHANGE_EFFECT_MS */
    int baseline_nights;      /* 0: CP_TREND_BASELINE_NIGHTS, and so on */
    int min_nights;           /* fewer are no baseline: LEARNING; >= 2 */
    int n_of, k_of_n;         /* k of the last n nights raise the alarm; n <= CP_TREND_N_OF_MAX */
    bool is_accepted_at_once; /* each alarm: for a study of past nights */
};

struct cp_trend_value {
    int64_t at_ms;
    struct cp_interval ms; /* ends NAN where the night had too few samples */
    size_t n;
};

enum cp_trend_state {
    CP_TREND_LEARNING,
    CP_TREND_STEADY,
    CP_TREND_SUSPECT,
    CP_TREND_REGRESSED,
    CP_TREND_IMPROVED,
};
const char *cp_trend_state_name(enum cp_trend_state state); /* "learning", ... */

struct cp_trend_night {
    enum cp_trend_state state;
    enum cp_change_verdict verdict; /* of this night alone */
    bool is_alarm;                  /* the first night of REGRESSED */
    size_t n_baseline;              /* nights; LEARNING: those before this one */
    struct cp_interval baseline_ms; /* ends: where a night like those before lies, 95 % */
    double day_sd;                  /* of logs, beside sampling; NAN while LEARNING */
    struct cp_interval ratio;       /* this night / baseline */
    int n_worse;                    /* of the last n_of nights, this one included */
    size_t since;                   /* REGRESSED, IMPROVED: index of the first night of the level */
};

/* Judges every night, `values` ascending in time; a level accepted at t is that of the nights up to
 * t. `out` has room for n. CP_ENOMEM, CP_EINVAL. */
enum cp_code cp_trend_judge(const struct cp_trend_value *values, size_t n,
                            const int64_t *accepted_at_ms, size_t n_accepted,
                            const struct cp_trend_options *options, struct cp_trend_night *out,
                            struct cp_error *err);

/* A lasting change of level, for chart and table: change points (change_point.h) of the logs of all
 * nights, of at least the effect that matters and with enough nights after them. */
struct cp_trend_change {
    size_t index; /* first night of the new level */
    struct cp_interval ratio;
    double before_ms, after_ms; /* geometric means of the levels */
    size_t n_before, n_after;   /* nights of the levels */
    double p;
};
struct cp_trend_changes {
    struct cp_trend_change *changes; /* ascending; owned (free) */
    size_t n;
};
enum cp_code cp_trend_changes_find(const struct cp_trend_value *values, size_t n,
                                   const struct cp_trend_options *options,
                                   struct cp_trend_changes *out, struct cp_error *err);

#endif
