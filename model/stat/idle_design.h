/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which idle intervals to probe next, so that few probes and little waiting find where an idle
 * environment goes: a sequential design for current-status data.
 *
 *   look 1   doubling from the first interval, as finely as environments allow side by side:
 *            60 90 120 180 240 360 480 ... s; longer ones are not waited for once
 *            everything is cold (cp_idle_design_gone_from_ms)
 *   look 2.. section of every jump of the cold share between two neighbouring intervals, in so
 *            many parts at once as there are environments (one: bisection), until it is as narrow
 *            as the resolution; an eviction by halves has several jumps (0, 1/2, 3/4 ...)
 *   at last  enough probes at both ends of each bracket; then, as far as the limits allow, twice
 *            as many on plateaus between 20 and 80 %, where another step may hide
 *
 * A jump: two neighbouring plateaus of the isotonic cold share (PAVA, then neighbours joined while
 * the likelihood ratio of two shares against one is below 2.71, the 10 % point of chi-squared with
 * one degree of freedom) that differ by 20 % or more. With one step that is the bracket between the
 * last interval with a cold share below 20 % and the first above 80 %. Of a law without steps only
 * slopes of 20 % over more than the resolution are cut up.
 * A design of equally spaced intervals needs longest / resolution of them; this one their logarithm
 * (the analogue of binary search; for noisy answers Karp & Kleinberg, SODA 2007).
 *
 * Assumes that the cold share does not fall with the interval, and that every probe that is counted
 * left a known warm environment. Valid from no probe at all. The answer is a function of its
 * arguments alone: whoever has the same counts goes on the same way. No ownership.
 */
#ifndef COLDPROF_MODEL_STAT_IDLE_DESIGN_H
#define COLDPROF_MODEL_STAT_IDLE_DESIGN_H

#include <stddef.h>

#include "model/stat/idle_survival.h"

struct cp_idle_design_options {
    double first_ms, longest_ms; /* first_ms <= longest_ms */
    size_t n_parallel;           /* environments left idle at once: a look has so many probes */
    size_t look_probes;          /* per interval at first */
    size_t final_probes;         /* at both ends of a bracket */
    /* A bracket is narrow when it is at most the larger of both (5 % more is let pass, for
     * intervals are rounded to three digits): ms, and share of its upper end. */
    double resolution_ms, resolution_ratio;
    size_t max_probes;  /* sent altogether */
    double max_wait_ms; /* of all looks, each as long as its longest interval */
};

/* 4 probes at first, 10 in the end, a bracket of first_ms / 2 (30 s for a minute) or 10 %, room for
 * the first look at half steps and 10 probes of the longest interval, the probes of
 * three looks and of both ends of two brackets, and the waiting of three times the longest
 * interval. */
struct cp_idle_design_options cp_idle_design_defaults(double first_ms, double longest_ms);

enum {
    CP_IDLE_DESIGN_GAPS_MAX = 48, /* intervals of one design */
    CP_IDLE_DESIGN_JUMPS_MAX = 8
};

enum cp_idle_design_end {
    CP_IDLE_DESIGN_GOES_ON,   /* probe `wants` */
    CP_IDLE_DESIGN_BRACKETED, /* every jump is in a narrow bracket */
    CP_IDLE_DESIGN_GRADUAL,   /* the share rises, without a jump */
    CP_IDLE_DESIGN_OUTLIVES,  /* still warm after the longest interval */
    CP_IDLE_DESIGN_GONE,      /* gone before the first interval */
    CP_IDLE_DESIGN_PROBES,    /* max_probes */
    CP_IDLE_DESIGN_WAIT,      /* max_wait_ms allows no further look */
    CP_IDLE_DESIGN_INVALID,   /* options or counts make no sense */
};

struct cp_idle_want {
    double idle_interval_ms;
    size_t n; /* more probes */
};

/* The cold share rises from `low_share` to `high_share` within (low_ms, high_ms]. */
struct cp_idle_jump {
    double low_ms, high_ms;
    double low_share, high_share;
};

struct cp_idle_spent {
    size_t n_probes; /* sent, whatever came back */
    double waited_ms;
};

struct cp_idle_design {
    enum cp_idle_design_end end;
    struct cp_idle_want wants[CP_IDLE_DESIGN_GAPS_MAX]; /* ascending; only while it goes on */
    size_t n_wants;
    struct cp_idle_jump jumps[CP_IDLE_DESIGN_JUMPS_MAX]; /* so far, ascending */
    size_t n_jumps;
    double first_share, last_share; /* cold shares of the lowest and the highest plateau; NAN */
};

/* `counts`: interval, n and n_cold of usable probes, in any order, equal intervals are added up;
 * CP_IDLE_DESIGN_INVALID for more than CP_IDLE_DESIGN_GAPS_MAX of them. */
void cp_idle_design_next(const struct cp_idle_design_options *options,
                         const struct cp_idle_point *counts, size_t n,
                         const struct cp_idle_spent *spent, struct cp_idle_design *out);

/* The shortest interval from which on everything is cold: more than 80 % there and of all probes
 * that waited so long or longer, at least look_probes of them. A look under way needs to wait for
 * no longer interval. INFINITY while there is none. */
double cp_idle_design_gone_from_ms(const struct cp_idle_design_options *options,
                                   const struct cp_idle_point *counts, size_t n);

enum { CP_IDLE_DESIGN_WORDS_MAX = 160 };
/* "the lifetime lies in (6 min, 6 min 40 s]", in words for people; "" while it goes on. */
void cp_idle_design_words(const struct cp_idle_design *design,
                          const struct cp_idle_design_options *options,
                          char words[CP_IDLE_DESIGN_WORDS_MAX]);

#endif
