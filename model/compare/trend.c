/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/trend.h"

#include "model/compare/change_point.h"
#include "model/stat/sort.h"

#include <gsl/gsl_cdf.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAD_NORMAL 1.4826022185 /* median distance to the median -> sd of a normal law */

/* The alarm. Chosen on half of the real nights (test_trend_reference), proven on the other half. */
#define TAIL        4.0  /* degrees of freedom of a night's Student t */
#define WANDER      0.05 /* sd of logs: levels move about by as much without a cause */
#define EVIDENCE    3.0  /* root of twice the log likelihood ratio that raises it */
#define FARTHEST    7.0  /* a thousandfold; farther says no more, and INFINITY becomes a number */
#define LEVEL_LEAST 3    /* nights: a new level has as many before it is judged against */
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
    bool is_regressed;
    size_t since;
    double *scratch; /* baseline_nights */
    /* of the baseline: the newest nights of the level */
    size_t n_baseline;
    double centre; /* of logs */
    double spread; /* sd of logs of a night, sampling included; of this level or the one before */
    double day_sd; /* without sampling */
    double sampling_sd, samples; /* the usual ones of a night; 0: not known */
};

/* --- options --- */

static enum cp_code resolve(struct cp_trend_options *o, struct cp_error *err)
{
    o->effect = isnan(o->effect) ? CP_CHANGE_EFFECT : o->effect;
    o->effect_ms = isnan(o->effect_ms) ? CP_CHANGE_EFFECT_MS : o->effect_ms;
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

static enum cp_code no_memory(struct cp_error *err)
{
    return cp_fail(err, CP_ENOMEM, "nights: %s", cp_code_text(CP_ENOMEM));
}

/* --- the baseline --- */

static struct point point_of(const struct cp_trend_value *v, size_t index)
{
    double x = v->ms.value > 0 ? log(v->ms.value) : (double)NAN;
    double high = isfinite(v->ms.high) ? v->ms.high : v->ms.value * v->ms.value / v->ms.low;
    double sd = log(high / v->ms.low) / (2 * CP_Z95);
    return (struct point){
        .index = index, .x = x, .sd = isfinite(sd) ? sd : (double)NAN, .n = (double)v->n};
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
    j->day_sd = sqrt(j->spread * j->spread - j->sampling_sd * j->sampling_sd);
    for (size_t i = 0; i < n; i++)
        j->scratch[i] = nights[i].n;
    j->samples = median(j->scratch, n);
}

static void take_baseline(struct judge *j)
{
    size_t most = (size_t)j->o.baseline_nights;
    size_t n = j->n_level < most ? j->n_level : most;
    const struct point *nights = j->level + (j->n_level - n);
    for (size_t i = 0; i < n; i++)
        j->scratch[i] = nights[i].x;
    j->n_baseline = n;
    j->centre = median(j->scratch, n);
    if (n < (size_t)j->o.min_nights) /* the spread of the level before stands */
        return;
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

static struct cp_interval around(double x, double half)
{
    return (struct cp_interval){exp(x), exp(x - half), exp(x + half)};
}

/* What must be exceeded by the logs' difference. */
static double least_effect(const struct judge *j)
{
    return log1p(fmax(j->o.effect, j->o.effect_ms / exp(j->centre)));
}

static enum cp_change_verdict verdict_of(const struct cp_interval *ratio, double effect)
{
    double low = log(ratio->low);
    double high = log(ratio->high);
    if (low > effect)
        return CP_CHANGE_REGRESSION;
    if (high < -effect)
        return CP_CHANGE_IMPROVEMENT;
    return low > -effect && high < effect ? CP_CHANGE_EQUIVALENT : CP_CHANGE_INCONCLUSIVE;
}

static void describe(const struct judge *j, const struct point *p, struct cp_trend_night *out)
{
    /* One more night, and the centre of the baseline. */
    const double centre_variance = MEDIAN_SE / (double)j->n_baseline;
    double t = gsl_cdf_tdist_Pinv(0.975, fmax((double)j->n_baseline - 1, 1));
    out->baseline_ms = around(j->centre, t * j->spread * sqrt(1 + centre_variance));
    out->day_sd = j->day_sd;
    out->n_baseline = j->n_baseline;
    double half = t * hypot(night_sd(j, p), j->spread * sqrt(centre_variance));
    out->ratio = around(p->x - j->centre, half);
    if (isinf(p->x))
        out->ratio = (struct cp_interval){INFINITY, INFINITY, INFINITY};
    out->verdict = verdict_of(&out->ratio, least_effect(j));
}

/* --- is it worse for good? --- */

/* The newest nights against the baseline, upwards when worse is asked for, downwards else. */
struct rise {
    double by[CP_TREND_N_OF_MAX]; /* differences of logs to the centre, oldest first */
    double sd[CP_TREND_N_OF_MAX];
    size_t n;
    double effect;
};

static struct rise rise_of(const struct judge *j, int side, const struct point *nights, size_t n)
{
    const double level = MEDIAN_SE * j->spread * j->spread / (double)j->n_baseline;
    struct rise r = {.n = n, .effect = least_effect(j)};
    for (size_t i = 0; i < n; i++) {
        double night = night_sd(j, &nights[i]);
        r.by[i] = fmax(fmin(side * (nights[i].x - j->centre), FARTHEST), -FARTHEST);
        r.sd[i] = sqrt(night * night + level + WANDER * WANDER);
    }
    return r;
}

static int n_beyond_effect(const struct rise *r)
{
    int n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->by[i] > r->effect;
    return n;
}

static double median_rise(const struct rise *r)
{
    double by[CP_TREND_N_OF_MAX];
    memcpy(by, r->by, r->n * sizeof *by);
    return median(by, r->n);
}

/* Log likelihood of a rise by `step` of all the nights, over that of none. */
static double log_ratio(const struct rise *r, double step)
{
    double sum = 0;
    for (size_t i = 0; i < r->n; i++) {
        double none = r->by[i] / r->sd[i];
        double risen = (r->by[i] - step) / r->sd[i];
        sum += log((TAIL + none * none) / (TAIL + risen * risen));
    }
    return (TAIL + 1) / 2 * sum;
}

/* Root of twice the largest of them, over steps that matter. A likelihood of Student's t has its
 * tops near the values: those, their median and the least step are tried. 0: too few nights, or
 * their middle, are beyond the effect. */
static double evidence(const struct judge *j, const struct rise *r)
{
    double middle = median_rise(r);
    if (n_beyond_effect(r) < j->o.k_of_n || !(middle > r->effect))
        return 0;
    double best = fmax(log_ratio(r, middle), log_ratio(r, r->effect));
    for (size_t i = 0; i < r->n; i++) {
        if (r->by[i] > r->effect)
            best = fmax(best, log_ratio(r, r->by[i]));
    }
    return sqrt(2 * fmax(best, 0));
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
        if (e >= EVIDENCE && e > most) {
            most = e;
            *since = first_beyond(&r, nights);
        }
    }
    return most > 0;
}

/* And below? Asked of more nights: what is taken for a new level makes the way back an alarm. */
static bool has_fallen(const struct judge *j, size_t *since)
{
    const size_t n = CP_TREND_NIGHTS_IMPROVED;
    if (j->n_points < n)
        return false;
    const struct point *nights = j->points + (j->n_points - n);
    if (j->n_level < LEVEL_LEAST || nights[0].index <= j->level[LEVEL_LEAST - 1].index)
        return false;
    struct rise r = rise_of(j, -1, nights, n);
    *since = first_beyond(&r, nights);
    return evidence(j, &r) >= EVIDENCE;
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

/* The level before is back: what is recent of the regression is not of it. */
static void end_regression(struct judge *j)
{
    double most = j->centre + least_effect(j);
    size_t n = 0;
    for (size_t i = 0; i < j->n_recent; i++) {
        if (j->recent[i].x <= most)
            j->recent[n++] = j->recent[i];
    }
    j->n_recent = n;
    j->is_regressed = false;
}

static enum cp_trend_state state_after(struct judge *j, struct cp_trend_night *out)
{
    struct rise all = rise_of(j, 1, j->recent, j->n_recent);
    out->n_worse = n_beyond_effect(&all);
    if (has_fallen(j, &out->since)) {
        begin_level(j, out->since, j->n_points);
        return CP_TREND_IMPROVED;
    }
    if (j->is_regressed && (int)j->n_recent - out->n_worse >= j->o.k_of_n)
        end_regression(j);
    if (!j->is_regressed && has_risen(j, &j->since))
        out->is_alarm = j->is_regressed = true;
    out->since = j->is_regressed ? j->since : 0;
    if (j->is_regressed)
        return CP_TREND_REGRESSED;
    return out->verdict == CP_CHANGE_REGRESSION ? CP_TREND_SUSPECT : CP_TREND_STEADY;
}

/* --- all nights --- */

static void learn(struct judge *j, const struct point *p)
{
    j->level[j->n_level++] = *p;
    if (j->n_level >= (size_t)j->o.min_nights)
        take_baseline(j);
}

/* `p` is the last of the points. */
static void judge_night(struct judge *j, const struct point *p, struct cp_trend_night *out)
{
    if (!has_baseline(j)) {
        out->n_baseline = j->n_level;
        learn(j, p);
        return;
    }
    join_oldest(j);
    if (!j->is_regressed)
        take_baseline(j);
    describe(j, p, out);
    j->recent[j->n_recent++] = *p;
    out->state = state_after(j, out);
    if (out->is_alarm && j->o.is_accepted_at_once)
        begin_level(j, j->since, j->n_points);
}

static void accept(struct judge *j)
{
    if (j->is_regressed)
        begin_level(j, j->since, (size_t)j->o.min_nights);
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
        if (isnan(p.x)) { /* not measured: what was said of the night before stands */
            out[i].state = i > 0 ? out[i - 1].state : CP_TREND_LEARNING;
            out[i].since = i > 0 ? out[i - 1].since : 0;
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
    struct judge j = {.o = *options, .spread = NAN, .day_sd = NAN};
    enum cp_code code = resolve(&j.o, err);
    if (code)
        return code;
    j.points = calloc(n + 1, sizeof *j.points);
    j.level = calloc(n + 1, sizeof *j.level);
    j.scratch = calloc((size_t)j.o.baseline_nights, sizeof *j.scratch);
    if (j.points && j.level && j.scratch)
        judge_all(&j, values, n, accepted_at_ms, n_accepted, out);
    else
        code = no_memory(err);
    free(j.points);
    free(j.level);
    free(j.scratch);
    return code;
}

/* --- lasting changes --- */

struct series {
    double *x;     /* logs of the nights with a number */
    size_t *index; /* of values */
    size_t n;
};

static bool read_series(const struct cp_trend_value *values, size_t n, struct series *out)
{
    *out = (struct series){.x = calloc(n + 1, sizeof *out->x),
                           .index = calloc(n + 1, sizeof *out->index)};
    for (size_t i = 0; out->x && out->index && i < n; i++) {
        double x = values[i].ms.value > 0 ? log(values[i].ms.value) : (double)NAN;
        if (!isfinite(x))
            continue;
        out->x[out->n] = x;
        out->index[out->n++] = i;
    }
    return out->x && out->index;
}

static void clear_series(struct series *s)
{
    free(s->x);
    free(s->index);
}

static struct cp_trend_change change_of(const struct series *s,
                                        const struct cp_change_points *found, size_t i)
{
    const struct cp_change_point *p = &found->points[i];
    size_t start = i > 0 ? found->points[i - 1].index : 0;
    size_t end = i + 1 < found->n ? found->points[i + 1].index : s->n;
    double before = (double)(p->index - start);
    double after = (double)(end - p->index);
    double freedom = before + after - 2;
    double pooled =
        sqrt((before * p->sd_before * p->sd_before + after * p->sd_after * p->sd_after) /
             fmax(freedom, 1));
    double t = gsl_cdf_tdist_Pinv(0.975, fmax(freedom, 1));
    return (struct cp_trend_change){
        .index = s->index[p->index],
        .ratio = around(p->mean_after - p->mean_before, t * pooled * sqrt(1 / before + 1 / after)),
        .before_ms = exp(p->mean_before),
        .after_ms = exp(p->mean_after),
        .n_before = p->index - start,
        .n_after = end - p->index,
        .p = p->p};
}

static bool is_lasting(const struct cp_trend_change *c, const struct cp_trend_options *o)
{
    return fabs(log(c->ratio.value)) > log1p(fmax(o->effect, o->effect_ms / c->before_ms)) &&
           c->n_after >= CP_TREND_NIGHTS_AFTER;
}

static enum cp_code find_points(const struct series *s, struct cp_change_points *found,
                                struct cp_trend_changes *out, struct cp_error *err)
{
    const struct cp_change_options how = {0};
    enum cp_code code = cp_change_points_find(s->x, s->n, &how, found, err);
    if (code)
        return code;
    out->changes = calloc(found->n + 1, sizeof *out->changes);
    return out->changes ? CP_OK : no_memory(err);
}

enum cp_code cp_trend_changes_find(const struct cp_trend_value *values, size_t n,
                                   const struct cp_trend_options *options,
                                   struct cp_trend_changes *out, struct cp_error *err)
{
    struct cp_trend_options o = *options;
    struct cp_change_points found = {0};
    struct series series = {0};
    *out = (struct cp_trend_changes){0};
    enum cp_code code = resolve(&o, err);
    if (code)
        return code;
    code =
        read_series(values, n, &series) ? find_points(&series, &found, out, err) : no_memory(err);
    for (size_t i = 0; !code && i < found.n; i++) {
        struct cp_trend_change change = change_of(&series, &found, i);
        if (is_lasting(&change, &o))
            out->changes[out->n++] = change;
    }
    cp_change_points_clear(&found);
    clear_series(&series);
    return code;
}
