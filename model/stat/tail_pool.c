/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/tail_pool.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Below it the groups differ. */
static const double p_rejected = 0.05;
/* Residuals a group should have above the quantile of comparison, and the fewest for a chi-square
 * law (Cochran, Biometrics 10, 1954: none below 1). */
static const double count_wanted = 5;
static const double count_needed = 1.5;
/* Where standardised groups are compared once more: a scale that one group's slow mode has
 * stretched leaves its lower half too narrow. */
static const double body_q = 0.2;

enum { APART_MAX = 8 };

/* A point with the distances to its bounds: two-sided and one-sided upper. */
struct bounded {
    double value, low, high, upper;
};

struct member {
    const struct cp_tail_group *group;
    struct bounded location;
    struct bounded iqr;
    double *residuals; /* group->n, ascending; inside work.residuals */
    double scale;
    bool is_own_median;
    bool is_apart; /* differs from the others: stands for itself */
    bool joins;    /* shares its residuals under the scale at hand */
};

struct work {
    double q, confidence;
    struct member *members;
    size_t n_members;
    double *residuals; /* of all members, member by member */
    double *pooled;    /* of those that join, ascending */
    size_t n_pooled, n_joined;
    double sum_squares; /* of the n of those that join */
    /* sums of (n times the distance to a bound of location or range, in units of the scale)^2 */
    struct bounded location_squares, scale_squares;
};

/* How alike the groups are under one scale. */
struct check {
    enum cp_tail_scale scale;
    double q, p_value, overdispersion;
    bool is_rejected;
    size_t farthest; /* member that adds most to the chi-square */
};

static void work_clear(struct work *w)
{
    free(w->members);
    free(w->residuals);
    free(w->pooled);
}

/* A quantile of the sample with its exact bounds; a bound that does not exist is NAN. */
static struct bounded exact(const struct cp_tail_group *g, double q, double confidence)
{
    struct cp_estimate e = cp_quantile_estimate(g->sorted_ms, g->n, q, confidence);
    return (struct bounded){e.value, e.low, e.high, e.upper};
}

/* X75 - X25, bounds by MOVER for a difference. */
static struct bounded interquartile_range(const struct cp_tail_group *g, double confidence)
{
    struct bounded a = exact(g, 0.25, confidence);
    struct bounded b = exact(g, 0.75, confidence);
    double range = b.value - a.value;
    return (struct bounded){
        .value = range,
        .low = fmax(0, range - hypot(b.value - b.low, a.high - a.value)),
        .high = range + hypot(b.high - b.value, a.value - a.low),
        /* two-sided on the lower quartile: wider than needed, never narrower */
        .upper = range + hypot(b.upper - b.value, a.value - a.low),
    };
}

static struct bounded given(const struct cp_interval *location)
{
    double low = isnan(location->low) ? location->value : location->low;
    double high = isnan(location->high) ? location->value : location->high;
    return (struct bounded){location->value, low, high, high};
}

static void place(const struct work *w, struct member *m)
{
    m->is_own_median = !m->group->location_ms;
    m->location =
        m->is_own_median ? exact(m->group, 0.5, w->confidence) : given(m->group->location_ms);
    m->iqr = interquartile_range(m->group, w->confidence);
}

/* --- scales ------------------------------------------------------------------------------------*/

static double scale_one(const struct member *m)
{
    (void)m;
    return 1;
}

static double scale_location(const struct member *m)
{
    return m->location.value;
}

static double scale_iqr(const struct member *m)
{
    return isfinite(m->iqr.low) && isfinite(m->iqr.high) ? m->iqr.value : NAN;
}

static const struct {
    const char *text, *formula;
    double (*of)(const struct member *m);
    size_t n_min;
    double p_accepted; /* from it on no further scale is tried */
} scales[] = {
    [CP_TAIL_NONE] = {"none", "q_p = sample quantile of type 8", NULL, 1, 0},
    [CP_TAIL_ADDITIVE] = {"additive", "q_p(g) = location(g) + Q_p", scale_one, 1, 0.2},
    [CP_TAIL_PROPORTIONAL] = {"proportional", "q_p(g) = location(g) * (1 + Q_p)", scale_location, 1,
                              0.05},
    [CP_TAIL_STANDARDISED] = {"standardised", "q_p(g) = location(g) + interquartile range(g) * Q_p",
                              scale_iqr, 20, 0},
};

static double residual_of(const struct member *m, size_t i)
{
    return (m->group->sorted_ms[i] - m->location.value) / m->scale;
}

static bool can_join(const struct member *m, enum cp_tail_scale scale)
{
    const struct bounded *at = &m->location;
    if (m->is_apart || m->group->n == 0 || m->group->n < scales[scale].n_min)
        return false;
    if (!isfinite(at->value) || !isfinite(at->low) || !isfinite(at->high))
        return false;
    /* the last: values so far apart that their difference has no double */
    return m->scale > 0 && isfinite(m->scale) && isfinite(residual_of(m, 0));
}

/* Adds (sign 1) or takes away (-1) one member's part of w->location_squares or w->scale_squares. */
static void add_squares(struct bounded *sum, const struct bounded *part, const struct member *m,
                        double sign)
{
    double weight = (double)m->group->n / m->scale;
    sum->low += sign * pow(weight * (part->value - part->low), 2);
    sum->high += sign * pow(weight * (part->high - part->value), 2);
}

/* Residuals of all members under a scale, pooled in order. */
static void rescale(struct work *w, enum cp_tail_scale scale)
{
    w->n_pooled = 0;
    w->n_joined = 0;
    w->sum_squares = 0;
    w->location_squares = (struct bounded){0};
    w->scale_squares = (struct bounded){0};
    for (size_t i = 0; i < w->n_members; i++) {
        struct member *m = &w->members[i];
        size_t n = m->group->n;
        m->scale = scales[scale].of(m);
        m->joins = can_join(m, scale);
        if (!m->joins)
            continue;
        for (size_t j = 0; j < n; j++) {
            m->residuals[j] = residual_of(m, j);
            w->pooled[w->n_pooled++] = m->residuals[j];
        }
        w->n_joined++;
        w->sum_squares += (double)n * (double)n;
        add_squares(&w->location_squares, &m->location, m, 1);
        add_squares(&w->scale_squares, &m->iqr, m, 1);
    }
    cp_sort(w->pooled, w->n_pooled);
}

/* --- are the groups alike? ---------------------------------------------------------------------*/

/* Residuals whose count beyond a level the group's own location and scale leave free: half lie
 * above the own median whatever the law, a quarter above the own upper quartile. */
static double free_count(const struct member *m, enum cp_tail_scale scale, bool is_upper)
{
    double share = m->is_own_median ? 0.5 : 1;
    if (scale == CP_TAIL_STANDARDISED && is_upper)
        share = 0.25;
    return (double)m->group->n * share;
}

/* Residuals beyond a level on the side away from the median. Rounded values may have many equal to
 * it; all censored ones are beyond a level that is censored. */
static double count_beyond(const struct member *m, double level, bool is_upper)
{
    double above = cp_sort_count_above(m->residuals, m->group->n, fmin(level, DBL_MAX));
    return is_upper ? above : (double)m->group->n - above;
}

/* Chi-square of the counts beyond the pooled quantile q and the moment estimate of their
 * overdispersion. */
static void compare_counts(const struct work *w, double q, struct check *check)
{
    double level = cp_quantile(w->pooled, w->n_pooled, q, 8);
    double n_free = 0;
    double n_free_squares = 0;
    double beyond = 0;
    double chi_square = 0;
    double farthest = 0;
    for (size_t i = 0; i < w->n_members; i++) {
        const struct member *m = &w->members[i];
        if (!m->joins)
            continue;
        double n = free_count(m, check->scale, q > 0.5);
        n_free += n;
        n_free_squares += n * n;
        beyond += fmin(n, count_beyond(m, level, q > 0.5));
    }
    double share = beyond / n_free;
    for (size_t i = 0; i < w->n_members; i++) {
        const struct member *m = &w->members[i];
        if (!m->joins)
            continue;
        double n = free_count(m, check->scale, q > 0.5);
        double excess = fmin(n, count_beyond(m, level, q > 0.5)) - n * share;
        /* all beyond in all groups: alike */
        double part = share < 1 ? excess * excess / (n * share * (1 - share)) : 0;
        chi_square += part;
        if (part > farthest) {
            farthest = part;
            check->farthest = i;
        }
    }
    double freedom = (double)w->n_joined - 1;
    double typical_n = (n_free - n_free_squares / n_free) / freedom;
    double rho = typical_n > 1 ? (chi_square - freedom) / (freedom * (typical_n - 1)) : 0;
    check->q = q;
    check->p_value = gsl_cdf_chisq_Q(chi_square, freedom);
    /* of the whole sample's probability, not only of its free share's */
    check->overdispersion = fmin(1, fmax(0, rho) * n_free / (double)w->n_pooled);
}

static struct check check_scale(struct work *w, enum cp_tail_scale scale)
{
    struct check check = {.scale = scale, .q = NAN, .p_value = NAN, .overdispersion = 0};
    rescale(w, scale);
    if (w->n_joined < 2) {
        check.scale = CP_TAIL_NONE;
        return check;
    }
    double typical_n = (double)w->n_pooled / (double)w->n_joined;
    double n_free = 0;
    for (size_t i = 0; i < w->n_members; i++)
        n_free += w->members[i].joins ? free_count(&w->members[i], scale, true) : 0;
    double lowest = 1 - n_free / (double)w->n_pooled / 2;
    double q = fmin(w->q, fmax(lowest, 1 - count_wanted / typical_n));
    if (typical_n * (1 - q) < count_needed * (1 - DBL_EPSILON * 64))
        return check;
    compare_counts(w, q, &check);
    /* slow modes of few values show further out, those of many further in */
    const double levels[] = {1 - (1 - q) / 2, fmax(lowest, 1 - 3 * (1 - q)), body_q};
    size_t n_levels = scale == CP_TAIL_STANDARDISED ? 3 : 2;
    for (size_t i = 0; i < n_levels; i++) {
        struct check other = check;
        compare_counts(w, levels[i], &other);
        if (other.p_value < check.p_value) {
            check.p_value = other.p_value;
            check.farthest = other.farthest;
        }
    }
    check.p_value = fmin(1, check.p_value * (double)(n_levels + 1)); /* Bonferroni */
    return check;
}

/* The least rejected scale; the later ones, which estimate more, are tried only when those before
 * them are doubtful. */
static struct check choose_scale(struct work *w)
{
    struct check best = {.scale = CP_TAIL_NONE, .q = NAN, .p_value = NAN};
    for (enum cp_tail_scale s = CP_TAIL_ADDITIVE; s <= CP_TAIL_STANDARDISED; s++) {
        struct check c = check_scale(w, s);
        if (c.scale == CP_TAIL_NONE)
            continue;
        if (best.scale == CP_TAIL_NONE || c.p_value > best.p_value)
            best = c;
        if (!(best.p_value < scales[s].p_accepted))
            break;
    }
    return best;
}

/* Groups are set apart, the farthest first, until the others look alike; at most a third of them,
 * and not more than the few that a search can tell from chance. */
static struct check choose_groups(struct work *w)
{
    struct check check = choose_scale(w);
    size_t left = w->n_joined / 3 < APART_MAX ? w->n_joined / 3 : APART_MAX;
    for (; check.p_value < p_rejected && left > 0; left--) {
        w->members[check.farthest].is_apart = true;
        check = choose_scale(w);
    }
    check.is_rejected = check.p_value < p_rejected;
    return check;
}

/* --- weighted residuals ------------------------------------------------------------------------*/

/* The pooled residuals with the own ones weighted apart; weights sum to n_effective, so that equal
 * weights of 1 give plain order statistics. */
struct blend {
    const double *pooled, *own;
    size_t n_pooled, n_own;
    double weight_own, weight_other;
    double n_effective, own_share;
};

static struct blend blend_of(const struct work *w, const struct member *m, double overdispersion)
{
    size_t n_own = m->joins ? m->group->n : 0;
    double n = (double)n_own;
    double others = (double)w->n_pooled - n;
    double squares = (w->sum_squares - n * n) / (others * others);
    double between = overdispersion * (1 + squares);
    double alone = 1 / (double)cp_quantile_min_n_two_sided(w->q, w->confidence);
    double borrowed = 1 / (1 / others + fmax(between, alone));
    double share = n / (n + borrowed);
    double own_part = n > 0 ? share * share / n : 0;
    double n_effective = 1 / (own_part + (1 - share) * (1 - share) * (1 / others + between));
    return (struct blend){
        .pooled = w->pooled,
        .own = m->residuals,
        .n_pooled = w->n_pooled,
        .n_own = n_own,
        .weight_own = n > 0 ? share * n_effective / n : 0,
        .weight_other = (1 - share) * n_effective / others,
        .n_effective = n_effective,
        .own_share = share,
    };
}

/* Residual at rank h in [1, n_effective]: a residual of weight w lies in the middle of its w ranks.
 * Walks down from the top, where tails are. */
static double residual_at(const struct blend *b, double h)
{
    double above_rank = 0;
    double weight_above = 0;
    size_t own = b->n_own;
    for (size_t i = b->n_pooled; i-- > 0;) {
        /* equal residuals may stand for each other: only their weights count */
        bool is_own = own > 0 && !(b->own[own - 1] < b->pooled[i]);
        own -= is_own;
        double weight = is_own ? b->weight_own : b->weight_other;
        double rank = b->n_effective - weight_above - weight / 2 + 0.5;
        weight_above += weight;
        if (rank <= h) {
            bool is_top = i + 1 == b->n_pooled;
            return is_top ? b->pooled[i]
                          : cp_quantile_between(b->pooled[i], b->pooled[i + 1],
                                                (h - rank) / (above_rank - rank));
        }
        above_rank = rank;
    }
    return b->pooled[0];
}

/* Q_p of the residuals with the bounds that exist at n_effective. */
static enum cp_answer residual_quantile(const struct work *w, const struct blend *b,
                                        struct bounded *at)
{
    enum cp_answer status = CP_ANSWER_TOO_FEW;
    /* 1e-9: an n_effective that is a whole number but for rounding is that number */
    size_t n = (size_t)floor(b->n_effective + 1e-9);
    double per_rank = b->n_effective / (double)n;
    size_t low = 0;
    size_t high = 0;
    size_t upper = 0;
    double coverage = 0;
    double h = (b->n_effective + 1.0 / 3) * w->q + 1.0 / 3;
    *at = (struct bounded){residual_at(b, fmin(h, b->n_effective)), NAN, NAN, NAN};
    if (cp_quantile_rank_upper(n, w->q, w->confidence, &upper)) {
        status = CP_ANSWER_UPPER_ONLY;
        at->upper = residual_at(b, (double)upper * per_rank);
    }
    if (cp_quantile_ranks(n, w->q, w->confidence, &low, &high, &coverage)) {
        status = CP_ANSWER_OK;
        at->low = residual_at(b, (double)low * per_rank);
        at->high = residual_at(b, (double)high * per_rank);
    }
    return status;
}

/* --- tails -------------------------------------------------------------------------------------*/

static struct cp_tail no_tail(const struct work *w)
{
    return (struct cp_tail){
        .status = CP_ANSWER_NONE,
        .estimate = {NAN, NAN, NAN},
        .upper_ms = NAN,
        .n_effective = 0,
        .own_share = NAN,
        .n_needed = cp_quantile_min_n_two_sided(w->q, w->confidence),
        .n_needed_upper = cp_quantile_min_n_upper(w->q, w->confidence),
    };
}

static struct cp_tail tail_alone(const struct work *w, const struct cp_tail_group *g)
{
    struct cp_tail t = no_tail(w);
    struct cp_estimate e = cp_quantile_estimate(g->sorted_ms, g->n, w->q, w->confidence);
    if (e.status == CP_ANSWER_NONE)
        return t;
    t.status = e.status;
    t.estimate = (struct cp_interval){e.value, e.low, e.high};
    t.upper_ms = e.upper;
    t.n = g->n;
    t.n_pooled = g->n;
    t.n_effective = (double)g->n;
    t.own_share = 1;
    return t;
}

/* How far bounds move because location or scale, of the own group and of the others, have intervals
 * of their own; in units of the scale. Own residuals move against their location by as much, so
 * only the borrowed share of its error is left; a location of the others that is too high makes
 * their residuals, and the tail, too low. */
static struct bounded spread_of(const struct member *m, const struct blend *b,
                                const struct bounded *own, const struct bounded *squares)
{
    struct bounded others = *squares;
    double n_others = (double)(b->n_pooled - b->n_own);
    double borrowed = 1 - b->own_share;
    if (m->joins)
        add_squares(&others, own, m, -1);
    double low = sqrt(fmax(0, others.low)) / n_others;
    double high = sqrt(fmax(0, others.high)) / n_others;
    return (struct bounded){
        .low = borrowed * hypot((own->value - own->low) / m->scale, high),
        .high = borrowed * hypot((own->high - own->value) / m->scale, low),
        .upper = borrowed * hypot((own->upper - own->value) / m->scale, low),
    };
}

/* Root of summed squares of the distances that the three parts contribute to a bound. */
static double distance(double residual, double location, double scale)
{
    return hypot(hypot(residual, location), scale);
}

/* From infinity there is no distance: the lowest of each part is the lower bound. */
static void join_censored(const struct member *m, enum cp_tail_scale scale, const struct bounded *r,
                          struct cp_tail *t)
{
    const double lowest_scale[] = {
        [CP_TAIL_ADDITIVE] = 1,
        [CP_TAIL_PROPORTIONAL] = m->location.low,
        [CP_TAIL_STANDARDISED] = m->iqr.low,
    };
    t->estimate.low = isinf(r->low) ? r->low : m->location.low + lowest_scale[scale] * r->low;
    t->estimate.high = isnan(r->high) ? NAN : INFINITY;
    t->upper_ms = isnan(r->upper) ? NAN : INFINITY;
}

static void join_parts(const struct work *w, const struct member *m, enum cp_tail_scale scale,
                       const struct blend *b, const struct bounded *r, struct cp_tail *t)
{
    double value = m->location.value + m->scale * r->value;
    t->estimate.value = value;
    if (isinf(value)) {
        join_censored(m, scale, r, t);
        return;
    }
    struct bounded l = spread_of(m, b, &m->location, &w->location_squares);
    struct bounded s = {0};
    if (scale == CP_TAIL_STANDARDISED)
        s = spread_of(m, b, &m->iqr, &w->scale_squares);
    double gain = scale == CP_TAIL_PROPORTIONAL ? 1 + r->value : 1;
    double low = distance(r->value - r->low, gain * l.low, r->value * s.low);
    double high = distance(r->high - r->value, gain * l.high, r->value * s.high);
    double upper = distance(r->upper - r->value, gain * l.upper, r->value * s.upper);
    t->estimate.low = value - m->scale * low;
    t->estimate.high = value + m->scale * high;
    t->upper_ms = value + m->scale * upper;
}

static struct cp_tail tail_pooled(const struct work *w, const struct member *m,
                                  const struct check *check)
{
    struct blend b = blend_of(w, m, check->overdispersion);
    struct cp_tail t = no_tail(w);
    struct bounded r;
    t.status = residual_quantile(w, &b, &r);
    t.n = m->group->n;
    t.n_pooled = w->n_pooled;
    t.n_effective = b.n_effective;
    t.own_share = b.own_share;
    t.is_pooled = true;
    join_parts(w, m, check->scale, &b, &r, &t);
    return t;
}

/* Prediction: a location, no samples, and a scale that follows from the location. */
static bool is_prediction(const struct member *m)
{
    return m->group->n == 0 && isfinite(m->location.value) && m->scale > 0;
}

static void fill_tails(const struct work *w, const struct check *check, struct cp_tail *tails)
{
    for (size_t i = 0; i < w->n_members; i++) {
        const struct member *m = &w->members[i];
        bool shares = check->scale != CP_TAIL_NONE && (m->joins || is_prediction(m));
        tails[i] = shares ? tail_pooled(w, m, check) : tail_alone(w, m->group);
        tails[i].is_apart = m->is_apart || (check->is_rejected && m->group->n > 0);
    }
}

/* --- the fit -----------------------------------------------------------------------------------*/

static enum cp_code check_arguments(const struct work *w, const struct cp_tail_group *groups,
                                    size_t n_groups)
{
    if (!(w->q > 0.5 && w->q < 1) || !(w->confidence > 0 && w->confidence < 1))
        return CP_EINVAL;
    if (n_groups > CP_TAIL_GROUPS_MAX)
        return CP_ELIMIT;
    for (size_t i = 0; i < n_groups; i++) {
        const struct cp_tail_group *g = &groups[i];
        if (g->n > 0 &&
            (!g->sorted_ms || !cp_sort_is_sorted(g->sorted_ms, g->n) || g->sorted_ms[0] < -DBL_MAX))
            return CP_EINVAL;
        if (g->location_ms && !isfinite(g->location_ms->value))
            return CP_EINVAL;
    }
    return CP_OK;
}

static enum cp_code prepare(struct work *w, const struct cp_tail_group *groups, size_t n_groups)
{
    size_t total = 0;
    for (size_t i = 0; i < n_groups; i++)
        total += groups[i].n;
    w->members = calloc(n_groups + 1, sizeof *w->members);
    w->residuals = calloc(total + 1, sizeof *w->residuals);
    w->pooled = calloc(total + 1, sizeof *w->pooled);
    if (!w->members || !w->residuals || !w->pooled)
        return CP_ENOMEM;
    double *room = w->residuals;
    for (size_t i = 0; i < n_groups; i++) {
        struct member *m = &w->members[i];
        m->group = &groups[i];
        m->residuals = room;
        room += groups[i].n;
        place(w, m);
    }
    w->n_members = n_groups;
    return CP_OK;
}

static void describe(const struct work *w, const struct check *check, struct cp_tail_pool *pool)
{
    struct bounded r;
    struct blend all = blend_of(w, &(struct member){0}, check->overdispersion);
    (void)residual_quantile(w, &all, &r);
    pool->residual = (struct cp_interval){r.value, r.low, isnan(r.low) ? r.upper : r.high};
    pool->scale = check->scale;
    pool->n_groups = w->n_joined;
    pool->n_samples = w->n_pooled;
    pool->is_unverified = isnan(check->p_value);
}

static void share(struct work *w, struct cp_tail_pool *pool, struct cp_tail *tails)
{
    struct check check = choose_groups(w);
    pool->check_q = check.q;
    pool->p_value = check.p_value;
    pool->overdispersion = check.overdispersion;
    pool->is_heterogeneous = check.is_rejected;
    if (check.is_rejected)
        check.scale = CP_TAIL_NONE;
    if (check.scale != CP_TAIL_NONE) {
        rescale(w, check.scale);
        describe(w, &check, pool);
    }
    fill_tails(w, &check, tails);
    for (size_t i = 0; i < w->n_members; i++)
        pool->n_apart += tails[i].is_apart;
}

void cp_tail_pool_fit(const struct cp_tail_group *groups, size_t n_groups,
                      const struct cp_tail_options *options, struct cp_tail_pool *pool,
                      struct cp_tail *tails)
{
    struct work w = {.q = options->q,
                     .confidence = options->confidence > 0 ? options->confidence : 0.95};
    *pool = (struct cp_tail_pool){
        .q = w.q,
        .confidence = w.confidence,
        .check_q = NAN,
        .p_value = NAN,
        .residual = {NAN, NAN, NAN},
    };
    for (size_t i = 0; i < n_groups; i++)
        tails[i] = no_tail(&w);
    pool->status = check_arguments(&w, groups, n_groups);
    if (pool->status == CP_OK)
        pool->status = prepare(&w, groups, n_groups);
    if (pool->status == CP_OK)
        share(&w, pool, tails);
    work_clear(&w);
}

const char *cp_tail_scale_text(enum cp_tail_scale scale)
{
    return scales[scale].text;
}

const char *cp_tail_pool_formula(const struct cp_tail_pool *pool)
{
    return scales[pool->scale].formula;
}

size_t cp_tail_pool_parameters(const struct cp_tail_pool *pool,
                               struct cp_parameter out[CP_PARAMETERS_MAX])
{
    if (pool->status != CP_OK || pool->scale == CP_TAIL_NONE)
        return 0;
    bool has_bound = !isnan(pool->residual.high);
    out[0] = (struct cp_parameter){
        .name = "Q_p",
        .unit = pool->scale == CP_TAIL_ADDITIVE ? "ms" : "",
        .estimate = pool->residual,
        .confidence = has_bound ? pool->confidence : 0,
        .method = has_bound ? "order statistics at the effective sample size" : "",
    };
    return 1;
}
