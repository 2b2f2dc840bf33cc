/* SPDX-License-Identifier: GPL-3.0-or-later
 * One metric over the nights: what was to be expected of each night, and when it got lastingly
 * worse. Two nights differ by more than their samples do, so the night-to-night effect is estimated
 * from the baseline nights themselves (robustly, sampling noise taken off) and is part of each
 * night's interval; and one night alone raises no alarm.
 *
 * Baseline: the newest `baseline_nights` of the level in force, without the n_of - 1 nights before
 * this one, which are in question: median of logs; spread 1.48 median distances. A level younger
 * than min_nights has the spread of the one before. Verdict of a night alone: as ratio.h, the
 * interval against the effect that matters.
 *
 * REGRESSED, the alarm: of the newest k nights, or k + 1 ... up to n (3 to 5), at least k are above
 * the baseline by more than the effect, and "all risen by one step, more than the effect" is 50
 * times as likely as "not changed". A night's law is Student's t with 4 degrees of freedom: one
 * wild night says little more than one at the step, a large step needs few nights, a small one in
 * noise many. A worse night, also a timeout, never makes an alarm less likely, unless baseline
 * nights have been where it is. Its scale joins the baseline's spread, this night's number of
 * samples, the error of the baseline, and 5 % by which levels move about without a cause. Places
 * where baseline nights have been are more likely than that law has it: a function that is slow
 * every third night is seldom told. The alarm stands, with the old baseline, until k of the last n
 * nights are not worse any more (nights of a short alarm then join the level, those of a long one
 * do not), or until the level has been accepted (`coldprof history accept`): then its newest nights
 * are the baseline.
 *
 * A level that creeps is told, too, later (is_drift): when the median of the baseline is above that
 * of the first baseline_nights of the level (or its lowest since) by three effects and three
 * standard errors, and nine of ten nights by one effect. The baseline is then what the level began
 * with.
 *
 * IMPROVED: the same downwards of the newest 6 nights, on the night that shows it; from then on
 * they are the baseline. With fewer, each dip of some nights would end in an alarm. SUSPECT: this
 * night's own verdict is a regression, but there is no alarm.
 *
 * How often the alarm is false and what it finds, on real nights:
 * tests/model/compare/test_trend_reference.c. Pure; O(n baseline_nights).
 */
#ifndef COLDPROF_MODEL_TREND_H
#define COLDPROF_MODEL_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/compare/ratio.h"

enum {
    CP_TREND_BASELINE_NIGHTS = 20,
    CP_TREND_MIN_NIGHTS = 8,
    CP_TREND_N_OF = 5,
    CP_TREND_K_OF_N = 3,
    CP_TREND_N_OF_MAX = 16,
    CP_TREND_NIGHTS_IMPROVED = 6,
    CP_TREND_NIGHTS_LASTING = 3, /* a level that lasts has as many */
};

struct cp_trend_options {
    double effect, effect_ms; /* NAN: CP_CHANGE_EFFECT, CP_CHANGE_EFFECT_MS */
    int baseline_nights;      /* 0: CP_TREND_BASELINE_NIGHTS, and so on */
    int min_nights;           /* fewer are no baseline: LEARNING; >= 2 */
    int n_of, k_of_n;         /* of the last n nights k must be worse; n <= CP_TREND_N_OF_MAX */
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
    bool is_alarm;                  /* this night raises it */
    bool is_drift;                  /* REGRESSED in small steps */
    size_t n_baseline;              /* nights; LEARNING: those before this one */
    struct cp_interval baseline_ms; /* ends: where a night like those before lies, 95 % */
    double day_sd;                  /* of logs, beside sampling; NAN while LEARNING */
    struct cp_interval ratio;       /* this night / baseline */
    int n_worse;  /* by more than the effect, of the last n_of nights, this one included */
    size_t since; /* REGRESSED, IMPROVED: index of the first night of the level */
};

/* Judges every night. `values` and acceptances ascend in time; a level accepted at t is that of the
 * nights up to t. `out` has room for n. CP_ENOMEM, CP_EINVAL. */
enum cp_code cp_trend_judge(const struct cp_trend_value *values, size_t n,
                            const int64_t *accepted_at_ms, size_t n_accepted,
                            const struct cp_trend_options *options, struct cp_trend_night *out,
                            struct cp_error *err);

/* A lasting change of level, for chart and table: between the change points (change_point.h, of the
 * logs of all nights with a finite number) lie levels; from each with CP_TREND_NIGHTS_LASTING
 * nights to the next such one it changed by at least the effect that matters. One wild night
 * between them is passed over. The scheme sees later nights, too: no alarm is made of it. */
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
