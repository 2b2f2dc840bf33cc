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
#define WORSE_Z    2.5          /* a worse night is this many sd above the baseline */

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
    double sd;    /* of sampling; NAN: not known, then the night-to-night effect has it in */
    int side;     /* judged: 1 worse than the baseline, -1 better, 0 neither */
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
    return (struct point){.index = index, .x = x, .sd = isfinite(sd) ? sd : (double)NAN};
}

static double median_sorted(const double *x, size_t n)
{
    double low = x[(n - 1) / 2];
    double high = x[n / 2];
    return low == high ? low : (low + high) / 2;
}

static double median(double *x, size_t n)
{
    cp_sort(x, n);
    return median_sorted(x, n);
}

/* The usual sampling sd of the nights; 0 where none is known. */
static double sampling_sd(struct judge *j, const struct point *nights, size_t n)
{
    size_t n_known = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(nights[i].sd))
            j->scratch[n_known++] = nights[i].sd;
    }
    return n_known ? median(j->scratch, n_known) : 0;
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
    double sampling = sampling_sd(j, nights, n);
    j->day_sd = sqrt(fmax(j->spread * j->spread - sampling * sampling, 0));
}

static bool has_baseline(const struct judge *j)
{
    return !isnan(j->spread) && isfinite(j->centre);
}

/* The sd of a night like those of the baseline, had it this sampling sd. */
static double night_sd(const struct judge *j, double sampling)
{
    return isnan(sampling) ? j->spread : hypot(j->day_sd, sampling);
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
    /* One more night and the centre of the baseline (efficiency of the median 2 / pi). */
    const double centre_variance = 1.5707963268 / (double)j->n_baseline;
    double t = gsl_cdf_tdist_Pinv(0.975, (double)j->n_baseline - 1);
    out->baseline_ms = around(j->centre, t * j->spread * sqrt(1 + centre_variance));
    out->day_sd = j->day_sd;
    out->n_baseline = j->n_baseline;
    double half = t * hypot(night_sd(j, p->sd), j->spread * sqrt(centre_variance));
    out->ratio = around(p->x - j->centre, half);
    if (isinf(p->x))
        out->ratio = (struct cp_interval){INFINITY, INFINITY, INFINITY};
    out->verdict = verdict_of(&out->ratio, least_effect(j));
}

static int side_of(const struct judge *j, const struct point *p)
{
    double most = fmax(least_effect(j), WORSE_Z * night_sd(j, p->sd));
    double d = p->x - j->centre;
    return d > most ? 1 : d < -most ? -1 : 0;
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

static int n_on_side(const struct judge *j, int side)
{
    int n = 0;
    for (size_t i = 0; i < j->n_recent; i++)
        n += j->recent[i].side == side;
    return n;
}

static size_t first_on_side(const struct judge *j, int side)
{
    size_t i = 0;
    while (i < j->n_recent && j->recent[i].side != side)
        i++;
    return i < j->n_recent ? j->recent[i].index : 0;
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
    size_t n = 0;
    for (size_t i = 0; i < j->n_recent; i++) {
        if (j->recent[i].side != 1)
            j->recent[n++] = j->recent[i];
    }
    j->n_recent = n;
    j->is_regressed = false;
}

static enum cp_trend_state state_after(struct judge *j, struct cp_trend_night *out)
{
    int n_worse = n_on_side(j, 1);
    int n_better = n_on_side(j, -1);
    out->n_worse = n_worse;
    if (n_better >= j->o.k_of_n) {
        out->since = first_on_side(j, -1);
        begin_level(j, out->since, j->n_points);
        return CP_TREND_IMPROVED;
    }
    if (j->is_regressed && (int)j->n_recent - n_worse >= j->o.k_of_n)
        end_regression(j);
    if (!j->is_regressed && n_worse >= j->o.k_of_n) {
        out->is_alarm = true;
        j->is_regressed = true;
        j->since = first_on_side(j, 1);
    }
    out->since = j->is_regressed ? j->since : 0;
    if (j->is_regressed)
        return CP_TREND_REGRESSED;
    return j->recent[j->n_recent - 1].side == 1 ? CP_TREND_SUSPECT : CP_TREND_STEADY;
}

/* --- all nights --- */

static void learn(struct judge *j, const struct point *p)
{
    j->level[j->n_level++] = *p;
    if (j->n_level >= (size_t)j->o.min_nights)
        take_baseline(j);
}

/* `p` is the last of the points. */
static void judge_night(struct judge *j, struct point *p, struct cp_trend_night *out)
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
    p->side = side_of(j, p);
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
