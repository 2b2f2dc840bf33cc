/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/idle_design.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/base/units.h"

enum {
    LOOK_PROBES = 4,
    FINAL_PROBES = 10,
    MAX_LOOKS = 3,
    MAX_ENDS = 4,
    MIXED_FACTOR = 2,
    DIGITS = 3
};
#define RESOLUTION_RATIO 0.10
#define MAX_WAIT_LONGEST 3.0
#define LOW_SHARE        0.20
#define HIGH_SHARE       0.80
#define MIN_JUMP         0.20
#define JOIN_BELOW       2.71 /* 90 % of chi-squared with one degree of freedom */
#define NARROW_ENOUGH    1.05 /* intervals are rounded to three digits */
#define SAME_RATIO       1e-9 /* intervals that differ by rounding only */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(double a_ms, double b_ms)
{
    return fabs(a_ms - b_ms) <= SAME_RATIO * fmax(a_ms, b_ms);
}

/* --- what was measured --- */

struct gap {
    double ms;
    size_t n, n_cold;
};

struct gaps {
    struct gap at[CP_IDLE_DESIGN_GAPS_MAX]; /* ascending */
    size_t n;
};

/* Position of an interval that is there, else where it would go. */
static size_t position_of(const struct gaps *gaps, double ms)
{
    size_t i = 0;
    while (i < gaps->n && gaps->at[i].ms < ms && !is_same(gaps->at[i].ms, ms))
        i++;
    return i;
}

static bool add_gap(struct gaps *gaps, const struct cp_idle_point *p)
{
    if (!(p->idle_interval_ms > 0) || !isfinite(p->idle_interval_ms) || p->n_cold > p->n)
        return false;
    size_t i = position_of(gaps, p->idle_interval_ms);
    if (i == gaps->n || !is_same(gaps->at[i].ms, p->idle_interval_ms)) {
        if (gaps->n == CP_IDLE_DESIGN_GAPS_MAX)
            return false;
        memmove(&gaps->at[i + 1], &gaps->at[i], (gaps->n - i) * sizeof gaps->at[0]);
        gaps->at[i] = (struct gap){.ms = p->idle_interval_ms};
        gaps->n++;
    }
    gaps->at[i].n += p->n;
    gaps->at[i].n_cold += p->n_cold;
    return true;
}

/* Intervals without a probe tell nothing and are left out. */
static bool read_counts(const struct cp_idle_point *counts, size_t n, struct gaps *gaps)
{
    bool is_valid = true;
    gaps->n = 0;
    for (size_t i = 0; i < n && is_valid; i++)
        is_valid = counts[i].n == 0 || add_gap(gaps, &counts[i]);
    return is_valid;
}

static size_t n_at(const struct gaps *gaps, double ms)
{
    size_t i = position_of(gaps, ms);
    return i < gaps->n && is_same(gaps->at[i].ms, ms) ? gaps->at[i].n : 0;
}

static bool is_mixed(double n, double n_cold)
{
    return n_cold > LOW_SHARE * n && n_cold < HIGH_SHARE * n;
}

static double gone_from_ms(const struct cp_idle_design_options *o, const struct gaps *gaps)
{
    double from_ms = INFINITY;
    double n = 0;
    double n_cold = 0;
    for (size_t i = gaps->n; i-- > 0;) {
        const struct gap *g = &gaps->at[i];
        n += (double)g->n;
        n_cold += (double)g->n_cold;
        if ((double)g->n_cold > HIGH_SHARE * (double)g->n && n_cold > HIGH_SHARE * n &&
            n >= (double)o->look_probes)
            from_ms = g->ms;
    }
    return from_ms;
}

double cp_idle_design_gone_from_ms(const struct cp_idle_design_options *options,
                                   const struct cp_idle_point *counts, size_t n)
{
    struct gaps gaps;
    return read_counts(counts, n, &gaps) ? gone_from_ms(options, &gaps) : INFINITY;
}

/* --- plateaus of the cold share --- */

struct plateau {
    size_t first, last; /* gaps */
    double n, n_cold;
};

struct plateaus {
    struct plateau at[CP_IDLE_DESIGN_GAPS_MAX];
    size_t n;
};

static double share_of(const struct plateau *p)
{
    return p->n_cold / p->n;
}

static void join_next(struct plateaus *p, size_t i)
{
    p->at[i].last = p->at[i + 1].last;
    p->at[i].n += p->at[i + 1].n;
    p->at[i].n_cold += p->at[i + 1].n_cold;
    memmove(&p->at[i + 1], &p->at[i + 2], (p->n - i - 2) * sizeof p->at[0]);
    p->n--;
}

/* Pool adjacent violators. */
static struct plateaus isotonic(const struct gaps *gaps)
{
    struct plateaus p = {.n = 0};
    for (size_t i = 0; i < gaps->n; i++) {
        p.at[p.n++] = (struct plateau){
            .first = i,
            .last = i,
            .n = (double)gaps->at[i].n,
            .n_cold = (double)gaps->at[i].n_cold,
        };
        while (p.n > 1 && share_of(&p.at[p.n - 2]) >= share_of(&p.at[p.n - 1]))
            join_next(&p, p.n - 2);
    }
    return p;
}

/* Log-likelihood of k cold of n at their own share. */
static double log_likelihood(double n, double k)
{
    double sum = 0;
    if (k > 0)
        sum += k * log(k / n);
    if (k < n)
        sum += (n - k) * log((n - k) / n);
    return sum;
}

/* How much two shares say more than one. */
static double likelihood_ratio(const struct plateau *a, const struct plateau *b)
{
    return 2 * (log_likelihood(a->n, a->n_cold) + log_likelihood(b->n, b->n_cold) -
                log_likelihood(a->n + b->n, a->n_cold + b->n_cold));
}

static struct plateaus find_plateaus(const struct gaps *gaps)
{
    struct plateaus p = isotonic(gaps);
    while (p.n > 1) {
        size_t nearest = 0;
        double least = INFINITY;
        for (size_t i = 0; i + 1 < p.n; i++) {
            double ratio = likelihood_ratio(&p.at[i], &p.at[i + 1]);
            nearest = ratio < least ? i : nearest;
            least = fmin(least, ratio);
        }
        if (least >= JOIN_BELOW)
            break;
        join_next(&p, nearest);
    }
    return p;
}

static void find_jumps(const struct gaps *gaps, const struct plateaus *p,
                       struct cp_idle_design *out)
{
    out->n_jumps = 0;
    out->first_share = p->n ? share_of(&p->at[0]) : NAN;
    out->last_share = p->n ? share_of(&p->at[p->n - 1]) : NAN;
    for (size_t i = 0; i + 1 < p->n && out->n_jumps < CP_IDLE_DESIGN_JUMPS_MAX; i++) {
        const struct cp_idle_jump jump = {
            .low_ms = gaps->at[p->at[i].last].ms,
            .high_ms = gaps->at[p->at[i + 1].first].ms,
            .low_share = share_of(&p->at[i]),
            .high_share = share_of(&p->at[i + 1]),
        };
        if (jump.high_share - jump.low_share >= MIN_JUMP)
            out->jumps[out->n_jumps++] = jump;
    }
}

/* --- what to ask for --- */

/* One call of the design. */
struct asking {
    const struct cp_idle_design_options *options;
    struct gaps gaps;
    struct plateaus plateaus;
    bool is_extra;       /* brackets are there: what is asked for beside may be left */
    double gone_from_ms; /* nothing longer is asked for */
    struct cp_idle_design *out;
};

/* So many probes of an interval altogether. */
static void want(struct asking *a, double ms, size_t n)
{
    struct cp_idle_design *out = a->out;
    size_t has = n_at(&a->gaps, ms);
    bool is_new = has == 0;
    size_t n_new = a->gaps.n;
    size_t i = 0;
    for (size_t j = 0; j < out->n_wants; j++)
        n_new += n_at(&a->gaps, out->wants[j].idle_interval_ms) == 0;
    while (i < out->n_wants && out->wants[i].idle_interval_ms < ms &&
           !is_same(out->wants[i].idle_interval_ms, ms))
        i++;
    bool is_wanted = i < out->n_wants && is_same(out->wants[i].idle_interval_ms, ms);
    if (n <= has || ms > a->gone_from_ms ||
        (!is_wanted && is_new && n_new >= CP_IDLE_DESIGN_GAPS_MAX))
        return;
    if (!is_wanted) {
        memmove(&out->wants[i + 1], &out->wants[i], (out->n_wants - i) * sizeof out->wants[0]);
        out->wants[i] = (struct cp_idle_want){.idle_interval_ms = ms};
        out->n_wants++;
    }
    out->wants[i].n = out->wants[i].n > n - has ? out->wants[i].n : n - has;
}

/* Rungs of the first look: every doubling in `steps` equal steps, and the longest interval. */
static size_t ladder(const struct cp_idle_design_options *o, size_t steps,
                     double rungs[CP_IDLE_DESIGN_GAPS_MAX])
{
    const size_t most = CP_IDLE_DESIGN_GAPS_MAX - 1;
    size_t n = 0;
    for (size_t i = 0; n < most; i++) {
        double step = (double)(i % steps) / (double)steps;
        double ms = o->first_ms * ldexp(1 + step, (int)(i / steps));
        bool is_near_end = n && o->longest_ms - ms <= o->resolution_ratio * o->longest_ms;
        if (ms >= o->longest_ms || is_near_end)
            break;
        rungs[n++] = ms;
    }
    rungs[n++] = o->longest_ms;
    return n;
}

static size_t n_spare_final(const struct cp_idle_design_options *o)
{
    return o->final_probes > o->look_probes ? o->final_probes - o->look_probes : 0;
}

/* As many steps as environments allow; the longest interval gets its final probes at once, for it
 * is not waited for twice when nothing is gone by then. */
static void want_ladder(struct asking *a)
{
    static const size_t steps[] = {4, 2, 1};
    const struct cp_idle_design_options *o = a->options;
    double rungs[CP_IDLE_DESIGN_GAPS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        n = ladder(o, steps[i], rungs);
        if (n * o->look_probes + n_spare_final(o) <= o->n_parallel && n < CP_IDLE_DESIGN_GAPS_MAX)
            break;
    }
    bool is_wide = n * o->look_probes + n_spare_final(o) <= o->n_parallel;
    for (size_t i = 0; i < n; i++) {
        bool is_longest = i + 1 == n;
        if (n_at(&a->gaps, rungs[i]) >= o->look_probes)
            continue;
        want(a, rungs[i], is_longest && is_wide ? o->final_probes : o->look_probes);
    }
}

static double allowed_ms(const struct cp_idle_design_options *o, double high_ms)
{
    return fmax(o->resolution_ms, o->resolution_ratio * high_ms);
}

static bool is_narrow(const struct cp_idle_design_options *o, const struct cp_idle_jump *jump)
{
    return jump->high_ms - jump->low_ms <= allowed_ms(o, jump->high_ms) * NARROW_ENOUGH;
}

/* Brackets that a jump has to be cut into, all of them narrow. */
static size_t n_parts(const struct cp_idle_design_options *o, const struct cp_idle_jump *jump)
{
    size_t n = 0;
    double ms = jump->high_ms;
    while (n < CP_IDLE_DESIGN_GAPS_MAX && ms > jump->low_ms * (1 + SAME_RATIO)) {
        ms -= allowed_ms(o, ms) * NARROW_ENOUGH;
        n++;
    }
    return n;
}

/* The i-th of n cuts: in equal steps, or by equal factors where a share of the interval decides. */
static double cut_ms(const struct cp_idle_design_options *o, const struct cp_idle_jump *jump,
                     size_t i, size_t n)
{
    double at = (double)i / (double)(n + 1);
    if (o->resolution_ratio * jump->high_ms > o->resolution_ms)
        return jump->low_ms * pow(jump->high_ms / jump->low_ms, at);
    return jump->low_ms + (jump->high_ms - jump->low_ms) * at;
}

static double rounded(double ms)
{
    double unit = pow(10, floor(log10(ms)) - (DIGITS - 1));
    return round(ms / unit) * unit;
}

/* The inner intervals of a jump at once, as many as there is room for; all probes at once when that
 * makes it narrow. */
static void want_section(struct asking *a, const struct cp_idle_jump *jump, size_t room)
{
    const struct cp_idle_design_options *o = a->options;
    size_t n_needed = n_parts(o, jump) - 1;
    size_t n_possible = room / o->look_probes;
    size_t n_inner = min_size(n_needed, n_possible);
    n_inner = n_inner ? n_inner : 1;
    bool is_last = n_inner == n_needed;
    size_t ends = is_last ? 2 * n_spare_final(o) : 0;
    size_t each = room > ends ? (room - ends) / n_inner : 0;
    each = each < o->look_probes ? o->look_probes : min_size(each, o->final_probes);
    for (size_t i = 1; i <= n_inner; i++) {
        double exact_ms = cut_ms(o, jump, i, n_inner);
        double round_ms = rounded(exact_ms);
        bool is_inside = round_ms > jump->low_ms && round_ms < jump->high_ms;
        want(a, is_inside ? round_ms : exact_ms, each);
    }
    if (!is_last || each < o->final_probes)
        return;
    want(a, jump->low_ms, o->final_probes);
    want(a, jump->high_ms, o->final_probes);
}

static void want_ends(struct asking *a, size_t n)
{
    for (size_t i = 0; i < a->out->n_jumps; i++) {
        want(a, a->out->jumps[i].low_ms, n);
        want(a, a->out->jumps[i].high_ms, n);
    }
}

static void want_sections(struct asking *a)
{
    size_t n_wide = 0;
    for (size_t i = 0; i < a->out->n_jumps; i++)
        n_wide += !is_narrow(a->options, &a->out->jumps[i]);
    for (size_t i = 0; i < a->out->n_jumps; i++) {
        if (!is_narrow(a->options, &a->out->jumps[i]))
            want_section(a, &a->out->jumps[i], a->options->n_parallel / n_wide);
    }
}

/* Both ends of every bracket, and the ends of what was probed where nothing jumps before. */
static void want_final(struct asking *a)
{
    const struct cp_idle_design_options *o = a->options;
    want_ends(a, o->final_probes);
    if (a->out->last_share <= HIGH_SHARE)
        want(a, a->gaps.at[a->gaps.n - 1].ms, o->final_probes);
    if (a->out->first_share > LOW_SHARE)
        want(a, a->gaps.at[0].ms, o->final_probes);
}

static bool is_wide(const struct asking *a, size_t from, size_t to)
{
    const struct cp_idle_jump between = {.low_ms = a->gaps.at[from].ms,
                                         .high_ms = a->gaps.at[to].ms};
    return !is_narrow(a->options, &between);
}

/* On a plateau between warm and cold another step of 1/4, as of an eviction by halves, hides behind
 * few probes: more of them where there is room for one. */
static void want_mixed(struct asking *a)
{
    for (size_t i = 0; i < a->plateaus.n; i++) {
        const struct plateau *p = &a->plateaus.at[i];
        if (!is_mixed(p->n, p->n_cold))
            continue;
        for (size_t k = p->first; k <= p->last; k++) {
            if ((k > p->first && is_wide(a, k - 1, k)) || (k < p->last && is_wide(a, k, k + 1)))
                want(a, a->gaps.at[k].ms, MIXED_FACTOR * a->options->final_probes);
        }
    }
}

/* First that asks for anything. */
static void ask(struct asking *a)
{
    want_ladder(a);
    if (!a->out->n_wants)
        want_ends(a, a->options->look_probes);
    if (!a->out->n_wants)
        want_sections(a);
    if (!a->out->n_wants)
        want_final(a);
    a->is_extra = !a->out->n_wants;
    if (a->is_extra)
        want_mixed(a);
}

/* --- limits --- */

/* A look has no more probes than environments, and no more than are left. */
static void limit_probes(const struct cp_idle_design_options *o, size_t n_left,
                         struct cp_idle_design *out)
{
    size_t room = min_size(o->n_parallel, n_left);
    size_t kept = 0;
    for (size_t i = 0; i < out->n_wants && room; i++) {
        out->wants[i].n = min_size(out->wants[i].n, room);
        room -= out->wants[i].n;
        kept++;
    }
    out->n_wants = kept;
}

static void limit_wait(double left_ms, struct cp_idle_design *out)
{
    while (out->n_wants && out->wants[out->n_wants - 1].idle_interval_ms > left_ms)
        out->n_wants--;
}

static enum cp_idle_design_end end_of(const struct cp_idle_design *d)
{
    if (d->n_jumps)
        return CP_IDLE_DESIGN_BRACKETED;
    if (d->last_share <= LOW_SHARE)
        return CP_IDLE_DESIGN_OUTLIVES;
    return d->first_share > HIGH_SHARE ? CP_IDLE_DESIGN_GONE : CP_IDLE_DESIGN_GRADUAL;
}

static bool are_valid(const struct cp_idle_design_options *o)
{
    return o->first_ms > 0 && o->longest_ms >= o->first_ms && isfinite(o->longest_ms) &&
           o->n_parallel > 0 && o->look_probes > 0 && o->resolution_ms >= 0 &&
           o->resolution_ratio >= 0 && o->resolution_ms + o->resolution_ratio > 0;
}

struct cp_idle_design_options cp_idle_design_defaults(double first_ms, double longest_ms)
{
    double rungs[CP_IDLE_DESIGN_GAPS_MAX];
    struct cp_idle_design_options o = {
        .first_ms = first_ms,
        .longest_ms = longest_ms,
        .look_probes = LOOK_PROBES,
        .final_probes = FINAL_PROBES,
        .resolution_ms = first_ms / 2,
        .resolution_ratio = RESOLUTION_RATIO,
        .max_wait_ms = MAX_WAIT_LONGEST * longest_ms,
    };
    o.n_parallel = ladder(&o, 2, rungs) * o.look_probes + n_spare_final(&o);
    o.max_probes = MAX_LOOKS * o.n_parallel + MAX_ENDS * o.final_probes;
    return o;
}

void cp_idle_design_next(const struct cp_idle_design_options *options,
                         const struct cp_idle_point *counts, size_t n,
                         const struct cp_idle_spent *spent, struct cp_idle_design *out)
{
    struct asking a = {.options = options, .out = out};
    *out = (struct cp_idle_design){
        .end = CP_IDLE_DESIGN_INVALID, .first_share = NAN, .last_share = NAN};
    if (!are_valid(options) || !read_counts(counts, n, &a.gaps))
        return;
    a.plateaus = find_plateaus(&a.gaps);
    find_jumps(&a.gaps, &a.plateaus, out);
    a.gone_from_ms = gone_from_ms(options, &a.gaps);
    ask(&a);
    out->end = out->n_wants ? CP_IDLE_DESIGN_GOES_ON : end_of(out);
    if (out->end != CP_IDLE_DESIGN_GOES_ON)
        return;
    limit_wait(options->max_wait_ms - spent->waited_ms, out);
    if (!out->n_wants)
        out->end = a.is_extra ? end_of(out) : CP_IDLE_DESIGN_WAIT;
    size_t most = options->max_probes;
    limit_probes(options, most > spent->n_probes ? most - spent->n_probes : 0, out);
    if (!out->n_wants && out->end == CP_IDLE_DESIGN_GOES_ON)
        out->end = a.is_extra ? end_of(out) : CP_IDLE_DESIGN_PROBES;
}

/* --- words --- */

static void add_jumps(const struct cp_idle_design *d, char *words)
{
    size_t at = strlen(words);
    for (size_t i = 0; i < d->n_jumps && at < CP_IDLE_DESIGN_WORDS_MAX; i++) {
        char low[CP_UNITS_TEXT_MAX];
        char high[CP_UNITS_TEXT_MAX];
        const struct cp_idle_jump *j = &d->jumps[i];
        int added = snprintf(
            words + at, CP_IDLE_DESIGN_WORDS_MAX - at, "%s%.0f to %.0f %% cold between %s and %s",
            i ? ", " : ": ", 1e2 * j->low_share, 1e2 * j->high_share,
            cp_units_format_duration(j->low_ms, low), cp_units_format_duration(j->high_ms, high));
        at += added > 0 ? (size_t)added : 0;
    }
}

void cp_idle_design_words(const struct cp_idle_design *design,
                          const struct cp_idle_design_options *options,
                          char words[CP_IDLE_DESIGN_WORDS_MAX])
{
    static const char *const ends[] = {
        [CP_IDLE_DESIGN_GOES_ON] = "",
        [CP_IDLE_DESIGN_BRACKETED] = "bracket reached",
        [CP_IDLE_DESIGN_GRADUAL] = "the cold share rises without a jump to bracket",
        [CP_IDLE_DESIGN_OUTLIVES] = "environments outlive ",
        [CP_IDLE_DESIGN_GONE] = "environments are gone before ",
        [CP_IDLE_DESIGN_PROBES] = "limit of probes reached",
        [CP_IDLE_DESIGN_WAIT] = "limit of waiting reached",
        [CP_IDLE_DESIGN_INVALID] = "too many idle intervals",
    };
    char interval[CP_UNITS_TEXT_MAX] = "";
    if (design->end == CP_IDLE_DESIGN_OUTLIVES)
        (void)cp_units_format_duration(options->longest_ms, interval);
    if (design->end == CP_IDLE_DESIGN_GONE)
        (void)cp_units_format_duration(options->first_ms, interval);
    (void)snprintf(words, CP_IDLE_DESIGN_WORDS_MAX, "%s%s", ends[design->end], interval);
    if (design->end != CP_IDLE_DESIGN_GOES_ON)
        add_jumps(design, words);
}
