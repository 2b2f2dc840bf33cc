/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/trend.h"

#include "model/compare/trend_parts.h"
#include "model/stat/sort.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAD_NORMAL 1.4826022185 /* median distance to the median -> sd of a normal law */

/* The alarm. Chosen on half of the real nights (test_trend_reference), proven on the other half. */
#define TAIL        4.0  /* degrees of freedom of a night's Student t */
#define WANDER      0.05 /* sd of logs: levels move about by as much without a cause */
#define EVIDENCE    50.0 /* likelihood ratio that raises it */
#define WIDTH       0.5  /* of the kernel of a baseline night, in sd */
#define STEPS_APART 0.5  /* sd, of the steps that are tried; large ones are a quarter apart */
#define DRIFT       3.0  /* effects, of a level over what it began with; */
#define DRIFT_SE    3.0  /* and standard errors; */
#define DRIFT_SHARE 0.9  /* and so many of the nights must be above it by one effect */
#define FARTHEST    7.0  /* a thousandfold; farther says no more, and INFINITY becomes a number */
#define LEVEL_LEAST 3    /* nights: a new level has as many before it is judged against */
#define NIGHT_T     2.81 /* 95 % of a t with 3 degrees of freedom, in the sd that its MAD makes; */
#define NIGHT_T_N   3.0  /* n nights make it this / n more: what covers 95 % of real nights */
#define MEDIAN_SE   1.5707963268 /* variance of a median of n over that of a mean: pi / 2 */

const char *cp_trend_state_name(enum cp_trend_state state)
{
    static const char *const names[] = {[CP_TREND_LEARNING] = "learning",
                                        [CP_TREND_STEADY] = "steady",
                                        [CP_TREND_SUSPECT] = "suspect",
                                        [CP_TREND_REGRESSED] = "regressed",
                                        [CP_TREND_IMPROVED] = "improved"};
    return names[state];
}

/* A night on the log scale. */
struct point {
    size_t index; /* of values */
    double x;     /* INFINITY: timeouts */
    double sd;    /* of sampling; NAN: not known */
    double n;     /* samples; 0: not known */
};

/* One call of cp_trend_judge. */
struct judge {
    struct cp_trend_options o;
    struct point *points; /* the nights measured so far */
    size_t n_points;
    struct point *level; /* those of the level in force, ascending; all but the recent ones */
    size_t n_level;
    struct point recent[CP_TREND_N_OF_MAX]; /* in question: judged, and not in the level yet */
    size_t n_recent;
    bool is_regressed, is_drift;
    size_t since;
    double anchor;   /* logs: what the level began with, or its lowest since; NAN: not known yet */
    double *scratch; /* baseline_nights */
    /* of the baseline: the newest nights of the level */
    size_t n_baseline;
    double centre; /* of logs */
    double effect; /* what must be exceeded by a difference of logs to it */
    double spread; /* sd of logs of a night, sampling included; of this level or the one before */
    size_t n_spread;
    double day_sd;               /* without sampling */
    double sampling_sd, samples; /* the usual ones of a night; 0: not known */
};

/* --- options --- */

enum cp_code cp_trend_resolve(struct cp_trend_options *o, struct cp_error *err)
{
    cp_change_effect_default(&o->effect, &o->effect_ms);
    o->baseline_nights = o->baseline_nights ? o->baseline_nights : CP_TREND_BASELINE_NIGHTS;
    o->min_nights = o->min_nights ? o->min_nights : CP_TREND_MIN_NIGHTS;
    o->n_of = o->n_of ? o->n_of : CP_TREND_N_OF;
    o->k_of_n = o->k_of_n ? o->k_of_n : CP_TREND_K_OF_N;
    if (o->effect >= 0 && o->effect_ms >= 0 && o->min_nights >= 2 &&
        o->baseline_nights >= o->min_nights && o->k_of_n >= 1 && o->n_of >= o->k_of_n &&
        o->n_of <= CP_TREND_N_OF_MAX)
        return CP_OK;
    return cp_fail(err, CP_EINVAL,
                   "nights cannot be judged so: give effects of 0 or more, 2 <= nights to learn <= "
                   "nights of the baseline, and 1 <= k <= n <= %d",
                   CP_TREND_N_OF_MAX);
}

enum cp_code cp_trend_no_memory(struct cp_error *err)
{
    return cp_fail(err, CP_ENOMEM, "nights: %s", cp_code_text(CP_ENOMEM));
}

/* --- the baseline --- */

static struct point point_of(const struct cp_trend_value *v, size_t index)
{
    double x = v->ms.value > 0 ? log(v->ms.value) : (double)NAN;
    /* Of an upper quantile the lower end is the nearer one, and the better known. */
    double half = fmin(log(v->ms.value / v->ms.low), log(v->ms.high / v->ms.value));
    double sd = half / CP_Z95;
    return (struct point){.index = index,
                          .x = x,
                          .sd = isfinite(sd) && sd >= 0 ? sd : (double)NAN,
                          .n = (double)v->n};
}

static double median(double *x, size_t n)
{
    cp_sort(x, n);
    double low = x[(n - 1) / 2];
    double high = x[n / 2];
    return low == high ? low : (low + high) / 2; /* infinite ones have no difference */
}

static void take_sampling(struct judge *j, const struct point *nights, size_t n)
{
    size_t n_known = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(nights[i].sd) && nights[i].n > 0)
            j->scratch[n_known++] = nights[i].sd;
    }
    double sd = n_known ? median(j->scratch, n_known) : 0;
    j->sampling_sd = fmin(sd, j->spread);
    j->day_sd = sqrt((j->spread - j->sampling_sd) * (j->spread + j->sampling_sd));
    for (size_t i = 0; i < n; i++)
        j->scratch[i] = nights[i].n;
    j->samples = median(j->scratch, n);
}

static void set_centre(struct judge *j, double centre)
{
    j->centre = centre;
    j->effect = log1p(cp_change_least(j->o.effect, j->o.effect_ms, exp(centre)));
}

static void take_baseline(struct judge *j)
{
    size_t most = (size_t)j->o.baseline_nights;
    size_t n = j->n_level < most ? j->n_level : most;
    const struct point *nights = j->level + (j->n_level - n);
    for (size_t i = 0; i < n; i++)
        j->scratch[i] = nights[i].x;
    j->n_baseline = n;
    set_centre(j, median(j->scratch, n));
    if (n < (size_t)j->o.min_nights) /* the spread of the level before stands */
        return;
    if ((isnan(j->anchor) && n == most) || j->centre < j->anchor - log1p(j->o.effect))
        j->anchor = j->centre;
    j->n_spread = n;
    for (size_t i = 0; i < n; i++)
        j->scratch[i] = isinf(nights[i].x) ? (double)INFINITY : fabs(nights[i].x - j->centre);
    j->spread = MAD_NORMAL * median(j->scratch, n);
    take_sampling(j, nights, n);
}

static bool has_baseline(const struct judge *j)
{
    return !isnan(j->spread) && isfinite(j->centre);
}

/* The sd of a night like those of the baseline with as many samples as this one. One night's own
 * interval is too noisy for that: the usual one is taken, as wide as n makes it. */
static double night_sd(const struct judge *j, const struct point *p)
{
    if (!(p->n > 0 && j->samples > 0))
        return j->spread;
    return hypot(j->day_sd, j->sampling_sd * sqrt(j->samples / p->n));
}

/* --- a night against it --- */

struct cp_interval cp_trend_around(double x, double half)
{
    return (struct cp_interval){exp(x), exp(x - half), exp(x + half)};
}

static void describe(const struct judge *j, const struct point *p, struct cp_trend_night *out)
{
    /* One more night, and the centre of the baseline. */
    const double centre_variance = MEDIAN_SE / (double)j->n_baseline;
    double t = NIGHT_T * (1 + NIGHT_T_N / (double)j->n_spread);
    out->baseline_ms = cp_trend_around(j->centre, t * j->spread * sqrt(1 + centre_variance));
    out->day_sd = j->day_sd;
    out->n_baseline = j->n_baseline;
    double half = t * hypot(night_sd(j, p), j->spread * sqrt(centre_variance));
    out->ratio = cp_trend_around(p->x - j->centre, half);
    if (isinf(p->x))
        out->ratio = (struct cp_interval){INFINITY, INFINITY, INFINITY};
    out->verdict = cp_change_verdict_of(&out->ratio, exp(j->effect));
}

/* --- is it worse for good? --- */

/* The newest nights against the baseline, upwards when worse is asked for, downwards else. */
struct rise {
    const struct point *nights;   /* oldest first */
    double by[CP_TREND_N_OF_MAX]; /* differences of logs to the centre */
    double sd[CP_TREND_N_OF_MAX]; /* once there is something to weigh: most nights are ordinary */
    size_t n;
    double effect;
    int side; /* 1 upwards, -1 downwards */
};

static double difference(const struct judge *j, int side, const struct point *p)
{
    return fmax(fmin(side * (p->x - j->centre), FARTHEST), -FARTHEST);
}

static struct rise rise_of(const struct judge *j, int side, const struct point *nights, size_t n)
{
    struct rise r = {.nights = nights, .n = n, .effect = j->effect, .side = side};
    for (size_t i = 0; i < n; i++)
        r.by[i] = difference(j, side, &nights[i]);
    return r;
}

static void take_sds(const struct judge *j, struct rise *r)
{
    const double level = MEDIAN_SE * j->spread * j->spread / (double)j->n_baseline;
    for (size_t i = 0; i < r->n; i++) {
        double night = night_sd(j, &r->nights[i]);
        r->sd[i] = sqrt(night * night + level + WANDER * WANDER);
    }
}

static int n_beyond_effect(const struct rise *r)
{
    int n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->by[i] > r->effect;
    return n;
}

/* Density of Student's t, but for a constant; (TAIL + 1) / 2 is 5 / 2. */
static double density(double by, double sd)
{
    double z = by / sd;
    double u = TAIL / (TAIL + z * z);
    return u * u * sqrt(u) / sd;
}

/* What baseline nights there were at the place of a night: a level that is visited every few nights
 * is no news. One of three is not yet every third: min_nights are the least that tell shares. */
static double density_of_baseline(const struct judge *j, const struct rise *r, size_t i)
{
    const struct point *nights = j->level + (j->n_level - j->n_baseline);
    double sum = 0;
    for (size_t k = 0; k < j->n_baseline; k++)
        sum += density(r->by[i] - difference(j, r->side, &nights[k]), WIDTH * r->sd[i]);
    return sum / fmax((double)j->n_baseline, j->o.min_nights);
}

/* Log of how much likelier the nights are, had all risen by the step, than without change: then
 * they have the law about the centre, or that of the baseline nights, whichever says more. The
 * ratio of two laws of Student rises from a place below the centre to one above the step, and falls
 * beyond: a night farther out counts as one there, so that a worse one never says less. */
static double evidence_of(const struct rise *r, const double *unchanged, double step)
{
    double sum = 0;
    for (size_t i = 0; i < r->n; i++) {
        double reach = sqrt(step * step / 4 + TAIL * r->sd[i] * r->sd[i]);
        double by = fmax(step / 2 - reach, fmin(step / 2 + reach, r->by[i]));
        sum += log(density(by - step, r->sd[i]) / fmax(density(by, r->sd[i]), unchanged[i]));
    }
    return sum;
}

/* The most that any step says which matters. Which are tried does not depend on the nights. 0: too
 * few of them are beyond the effect. */
static double evidence(const struct judge *j, struct rise *r)
{
    double unchanged[CP_TREND_N_OF_MAX];
    double best = 0;
    double highest = 0;
    if (n_beyond_effect(r) < j->o.k_of_n)
        return 0;
    take_sds(j, r);
    for (size_t i = 0; i < r->n; i++) {
        unchanged[i] = density_of_baseline(j, r, i);
        highest = fmax(highest, r->by[i]);
    }
    double apart = STEPS_APART * hypot(j->spread, WANDER);
    double step = r->effect;
    while (step <= highest) {
        best = fmax(best, evidence_of(r, unchanged, step));
        step += fmax(apart, step / 4);
    }
    return best;
}

/* Index of the first of the nights that is beyond the effect. */
static size_t first_beyond(const struct rise *r, const struct point *nights)
{
    size_t i = 0;
    while (i + 1 < r->n && !(r->by[i] > r->effect))
        i++;
    return nights[i].index;
}

/* Are the newest nights above the baseline for good? The k .. n newest are tried, k the least and n
 * the most that are looked at; the clearest says since when. */
static bool has_risen(const struct judge *j, size_t *since)
{
    double most = 0;
    for (size_t n = (size_t)j->o.k_of_n; n <= j->n_recent; n++) {
        const struct point *nights = j->recent + (j->n_recent - n);
        struct rise r = rise_of(j, 1, nights, n);
        double e = evidence(j, &r);
        if (e >= log(EVIDENCE) && e > most) {
            most = e;
            *since = first_beyond(&r, nights);
        }
    }
    return most > 0;
}

/* And below? Asked of more nights: what is taken for a new level makes the way back an alarm. */
static bool has_fallen(const struct judge *j, size_t *since)
{
    size_t least = (size_t)j->o.k_of_n;
    size_t n = least > CP_TREND_NIGHTS_IMPROVED ? least : CP_TREND_NIGHTS_IMPROVED;
    if (j->n_points < n)
        return false;
    const struct point *nights = j->points + (j->n_points - n);
    if (j->n_level < LEVEL_LEAST || nights[0].index <= j->level[LEVEL_LEAST - 1].index)
        return false;
    struct rise r = rise_of(j, -1, nights, n);
    *since = first_beyond(&r, nights);
    return evidence(j, &r) >= log(EVIDENCE);
}

/* --- levels --- */

/* The nights from `index` on, at most the newest `most`, are the new level; the spread of the one
 * before stands until there are enough of them. */
static void begin_level(struct judge *j, size_t index, size_t most)
{
    size_t from = j->n_points;
    while (from > 0 && j->points[from - 1].index >= index && j->n_points - from < most)
        from--;
    j->n_level = j->n_points - from;
    memcpy(j->level, j->points + from, j->n_level * sizeof *j->level);
    j->n_recent = 0;
    j->is_regressed = false;
    j->anchor = NAN;
}

/* Room for one more: the oldest joins the level, unless that is gone. */
static void join_oldest(struct judge *j)
{
    if (j->n_recent < (size_t)j->o.n_of)
        return;
    if (!j->is_regressed)
        j->level[j->n_level++] = j->recent[0];
    j->n_recent--;
    memmove(j->recent, j->recent + 1, j->n_recent * sizeof *j->recent);
}

/* What is recent and still worse goes; of a drift only what is left is the level. */
static void leave_regression(struct judge *j)
{
    double most = j->centre + j->effect;
    size_t n = 0;
    for (size_t i = 0; i < j->n_recent; i++) {
        if (j->recent[i].x <= most)
            j->recent[n++] = j->recent[i];
    }
    if (j->is_drift) {
        memcpy(j->level, j->recent, n * sizeof *j->level);
        j->n_level = n;
        n = 0;
    }
    j->n_recent = n;
}

/* All nights up to the recent ones are of the level. */
static void rejoin_level(struct judge *j)
{
    size_t end = j->n_points - j->n_recent;
    size_t from = end;
    while (from > 0 && j->points[from - 1].index > j->level[j->n_level - 1].index)
        from--;
    memcpy(j->level + j->n_level, j->points + from, (end - from) * sizeof *j->level);
    j->n_level += end - from;
}

/* The level before is back. What lasted no longer than it takes to learn a level was of it: else a
 * function that is slow now and then would be told each time. */
static void end_regression(struct judge *j)
{
    size_t n = 0;
    while (n < j->n_points && j->points[j->n_points - 1 - n].index >= j->since)
        n++;
    if (j->is_drift || n > (size_t)j->o.min_nights + (size_t)j->o.k_of_n)
        leave_regression(j);
    else
        rejoin_level(j);
    j->is_regressed = false;
}

/* Has the level crept up, too slowly for a step? Then what it began with is the baseline. Most of
 * the nights must be above that: the median alone jumps where nights are of two kinds. */
static bool has_drifted(struct judge *j)
{
    const struct point *nights = j->level + (j->n_level - j->n_baseline);
    double error = DRIFT_SE * j->spread * sqrt(2 * MEDIAN_SE / (double)j->n_baseline);
    double effect = cp_change_least(j->o.effect, j->o.effect_ms, exp(j->anchor));
    if (!(j->centre - j->anchor > fmax(log1p(DRIFT * effect), error))) /* also without an anchor */
        return false;
    size_t n_above = 0;
    for (size_t i = 0; i < j->n_baseline; i++)
        n_above += nights[i].x - j->anchor > log1p(effect);
    if ((double)n_above < DRIFT_SHARE * (double)j->n_baseline)
        return false;
    j->since = nights[0].index;
    set_centre(j, j->anchor);
    return true;
}

static bool raise_alarm(struct judge *j, const struct point *p, struct cp_trend_night *out)
{
    j->is_drift = false;
    if (!has_risen(j, &j->since)) {
        j->is_drift = has_drifted(j);
        if (!j->is_drift)
            return false;
        describe(j, p, out);
    }
    j->is_regressed = true;
    return true;
}

static enum cp_trend_state state_after(struct judge *j, const struct point *p,
                                       struct cp_trend_night *out)
{
    struct rise all = rise_of(j, 1, j->recent, j->n_recent);
    out->n_worse = n_beyond_effect(&all);
    size_t since = 0;
    if (has_fallen(j, &since)) {
        out->since = since;
        begin_level(j, since, j->n_points);
        return CP_TREND_IMPROVED;
    }
    if (j->is_regressed && (int)j->n_recent - out->n_worse >= j->o.k_of_n)
        end_regression(j);
    else if (!j->is_regressed)
        out->is_alarm = raise_alarm(j, p, out);
    if (j->is_regressed) {
        out->since = j->since;
        out->is_drift = j->is_drift;
        return CP_TREND_REGRESSED;
    }
    return out->verdict == CP_CHANGE_REGRESSION ? CP_TREND_SUSPECT : CP_TREND_STEADY;
}

/* --- all nights --- */

/* Also what is in question is of the level, when there is none yet. */
static void learn(struct judge *j, const struct point *p, struct cp_trend_night *out)
{
    memcpy(j->level + j->n_level, j->recent, j->n_recent * sizeof *j->level);
    j->n_level += j->n_recent;
    j->n_recent = 0;
    out->n_baseline = j->n_level;
    j->level[j->n_level++] = *p;
    if (j->n_level >= (size_t)j->o.min_nights)
        take_baseline(j);
}

/* `p` is the last of the points. */
static void judge_night(struct judge *j, const struct point *p, struct cp_trend_night *out)
{
    bool is_known = has_baseline(j);
    if (is_known)
        join_oldest(j);
    if (is_known && !j->is_regressed)
        take_baseline(j);
    if (!has_baseline(j)) { /* too few nights, or half of them timeouts */
        learn(j, p, out);
        return;
    }
    describe(j, p, out);
    j->recent[j->n_recent++] = *p;
    out->state = state_after(j, p, out);
    if (out->is_alarm && j->o.is_accepted_at_once)
        begin_level(j, j->since, j->n_points);
}

/* Of nights in question, those that are worse and newest are accepted as well. */
static void accept(struct judge *j)
{
    size_t n = 0;
    double most = j->centre + j->effect;
    while (n < j->n_recent && j->recent[j->n_recent - 1 - n].x > most)
        n++;
    if (j->is_regressed)
        begin_level(j, j->since, (size_t)j->o.min_nights);
    else if (n > 0)
        begin_level(j, j->recent[j->n_recent - n].index, n);
    else
        j->anchor = j->centre;
}

/* A night that was not measured: what was said of the one before stands. */
static void stand(struct cp_trend_night *out, const struct cp_trend_night *before)
{
    if (!before)
        return;
    out->state = before->state == CP_TREND_IMPROVED ? CP_TREND_STEADY : before->state;
    out->is_drift = before->is_drift;
    out->n_worse = before->n_worse;
    out->n_baseline = before->n_baseline;
    out->since = out->state == CP_TREND_REGRESSED ? before->since : 0;
}

static void judge_all(struct judge *j, const struct cp_trend_value *values, size_t n,
                      const int64_t *accepted_at_ms, size_t n_accepted, struct cp_trend_night *out)
{
    size_t accepted = 0;
    for (size_t i = 0; i < n; i++) {
        for (; accepted < n_accepted && accepted_at_ms[accepted] < values[i].at_ms; accepted++)
            accept(j);
        const struct cp_interval none = {NAN, NAN, NAN};
        out[i] = (struct cp_trend_night){.baseline_ms = none, .ratio = none, .day_sd = NAN};
        struct point p = point_of(&values[i], i);
        if (isnan(p.x)) {
            stand(&out[i], i > 0 ? &out[i - 1] : NULL);
            continue;
        }
        j->points[j->n_points++] = p;
        judge_night(j, &j->points[j->n_points - 1], &out[i]);
    }
}

enum cp_code cp_trend_judge(const struct cp_trend_value *values, size_t n,
                            const int64_t *accepted_at_ms, size_t n_accepted,
                            const struct cp_trend_options *options, struct cp_trend_night *out,
                            struct cp_error *err)
{
    struct judge j = {
        .o = *options, .spread = NAN, .day_sd = NAN, .centre = NAN, .effect = NAN, .anchor = NAN};
    enum cp_code code = cp_trend_resolve(&j.o, err);
    if (code)
        return code;
    struct point *points = calloc(n + 1, sizeof *points);
    struct point *level = calloc(n + 1, sizeof *level);
    double *scratch = calloc((size_t)j.o.baseline_nights, sizeof *scratch);
    j.points = points;
    j.level = level;
    j.scratch = scratch;
    if (points && level && scratch)
        judge_all(&j, values, n, accepted_at_ms, n_accepted, out);
    else
        code = cp_trend_no_memory(err);
    free(points);
    free(level);
    free(scratch);
    return code;
}
