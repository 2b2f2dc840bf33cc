/* SPDX-License-Identifier: GPL-3.0-or-later
 * The design of idle intervals against known laws, with a clock that only counts.
 */
#include "model/stat/idle_design.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "tests/test.h"

#define MINUTE_MS 60e3

/* P(gone by gap). */
typedef double (*law_fn)(double ms);

static double fixed_380(double ms)
{
    return ms >= 380e3;
}

static double fixed_640(double ms)
{
    return ms >= 640e3;
}

static double weibull(double ms)
{
    return 1 - exp(-pow(ms / 400e3, 2));
}

/* SeBS's eviction by halves (Copik et al., Middleware 2021). */
static double halves_380(double ms)
{
    return 1 - pow(0.5, floor(ms / 380e3));
}

/* What SeBS's data of 2020 look like beside: 1 % gone at once, 52 % survive each step. */
static double sebs_like(double ms)
{
    return 1 - 0.99 * pow(0.52, floor(ms / 370e3));
}

static double always_warm(double ms)
{
    (void)ms;
    return 0;
}

static double always_cold(double ms)
{
    (void)ms;
    return 1;
}

static double recycled_hosts(double ms)
{
    return ms >= 380e3 ? 1 : 0.01;
}

struct simulation {
    struct cp_idle_point counts[CP_IDLE_DESIGN_GAPS_MAX];
    size_t n;
    struct cp_idle_spent spent;
    size_t n_looks;
    struct cp_idle_design design;
};

static void probe(struct simulation *s, law_fn law, double ms, struct cp_rng *rng)
{
    size_t i = 0;
    while (i < s->n && s->counts[i].idle_interval_ms < ms)
        i++;
    if (i == s->n || s->counts[i].idle_interval_ms > ms) {
        assert_true(s->n < CP_IDLE_DESIGN_GAPS_MAX);
        memmove(&s->counts[i + 1], &s->counts[i], (s->n - i) * sizeof s->counts[0]);
        s->counts[i] = (struct cp_idle_point){.idle_interval_ms = ms};
        s->n++;
    }
    s->counts[i].n++;
    s->counts[i].n_cold += cp_rng_uniform(rng) < law(ms);
    s->spent.n_probes++;
}

/* A look waits as long as its longest interval that was not given up. */
static void look(struct simulation *s, const struct cp_idle_design_options *o, law_fn law,
                 struct cp_rng *rng)
{
    double waited_ms = 0;
    size_t n = 0;
    for (size_t i = 0; i < s->design.n_wants; i++) {
        const struct cp_idle_want *w = &s->design.wants[i];
        if (w->idle_interval_ms > cp_idle_design_gone_from_ms(o, s->counts, s->n))
            break;
        for (size_t j = 0; j < w->n; j++, n++)
            probe(s, law, w->idle_interval_ms, rng);
        waited_ms = w->idle_interval_ms;
    }
    assert_true(n > 0 && n <= o->n_parallel);
    s->spent.waited_ms += waited_ms;
    s->n_looks++;
}

static struct simulation simulate(const struct cp_idle_design_options *o, law_fn law, uint64_t seed)
{
    struct simulation s = {.n = 0};
    struct cp_rng rng;
    cp_rng_init(&rng, seed, 0);
    for (;;) {
        cp_idle_design_next(o, s.counts, s.n, &s.spent, &s.design);
        if (s.design.end != CP_IDLE_DESIGN_GOES_ON)
            return s;
        assert_true(s.n_looks < 1000);
        look(&s, o, law, &rng);
    }
}

static const struct cp_idle_jump *jump_around(const struct cp_idle_design *d, double ms)
{
    for (size_t i = 0; i < d->n_jumps; i++) {
        if (d->jumps[i].low_ms < ms && ms <= d->jumps[i].high_ms)
            return &d->jumps[i];
    }
    return NULL;
}

static void a_fixed_lifetime_is_bracketed_whatever_it_is(void **state)
{
    (void)state;
    struct cp_idle_design_options o = cp_idle_design_defaults(MINUTE_MS, 15 * MINUTE_MS);
    for (int i = 0; i < 2; i++) {
        law_fn law = i ? fixed_640 : fixed_380;
        double t_ms = i ? 640e3 : 380e3;
        struct simulation s = simulate(&o, law, 1);
        assert_int_equal(s.design.end, CP_IDLE_DESIGN_BRACKETED);
        assert_int_equal(s.design.n_jumps, 1);
        const struct cp_idle_jump *j = jump_around(&s.design, t_ms);
        assert_non_null(j);
        assert_true(j->high_ms - j->low_ms <= 1.05 * fmax(30e3, 0.1 * j->high_ms));
        assert_near(j->low_share, 0, 0);
        assert_near(j->high_share, 1, 0);
        assert_true(s.spent.waited_ms <= 2.5 * t_ms);
    }
}

struct row {
    const char *name;
    law_fn law;
    double jump_ms; /* that must be bracketed; 0: none */
    int end;        /* -1: any */
};

static const struct row rows[] = {
    {"fixed 380 s", fixed_380, 380e3, CP_IDLE_DESIGN_BRACKETED},
    {"fixed 640 s", fixed_640, 640e3, CP_IDLE_DESIGN_BRACKETED},
    {"1 % recycled, 380 s", recycled_hosts, 380e3, CP_IDLE_DESIGN_BRACKETED},
    {"halves, 380 s", halves_380, 380e3, -1},
    {"as in SeBS, 370 s", sebs_like, 370e3, -1},
    {"Weibull 2, 400 s", weibull, 0, -1},
    {"always warm", always_warm, 0, CP_IDLE_DESIGN_OUTLIVES},
    {"always cold", always_cold, 0, CP_IDLE_DESIGN_GONE},
};
enum { REPETITIONS = 200 };

struct tally {
    double n_probes, waited_ms, width_ms, equal_width_ms;
    int n_found, n_right_end, n_ends[CP_IDLE_DESIGN_INVALID + 1];
};

static struct tally tally_of(const struct cp_idle_design_options *o, const struct row *row)
{
    struct tally t = {.n_found = 0};
    for (uint64_t seed = 0; seed < REPETITIONS; seed++) {
        struct simulation s = simulate(o, row->law, seed);
        const struct cp_idle_jump *j =
            row->jump_ms > 0 ? jump_around(&s.design, row->jump_ms) : NULL;
        t.n_probes += (double)s.spent.n_probes / REPETITIONS;
        t.waited_ms += s.spent.waited_ms / REPETITIONS;
        t.n_ends[s.design.end]++;
        t.n_right_end += row->end < 0 || (int)s.design.end == row->end;
        if (!j)
            continue;
        t.n_found++;
        t.width_ms += j->high_ms - j->low_ms;
        /* the same probes, as many at each interval as this one has at its bracket's ends */
        t.equal_width_ms +=
            o->longest_ms / floor((double)s.spent.n_probes / (double)o->final_probes);
    }
    t.width_ms = t.n_found ? t.width_ms / t.n_found : 0;
    t.equal_width_ms = t.n_found ? t.equal_width_ms / t.n_found : 0;
    return t;
}

static void print_tally(const struct row *row, const struct tally *t)
{
    printf("%-20s %6.0f %7.1f %5.1f %% %7.0f %7.0f %5.1f  ", row->name, t->n_probes,
           t->waited_ms / MINUTE_MS, 1e2 * t->n_found / REPETITIONS, t->width_ms / 1e3,
           t->equal_width_ms / 1e3, t->n_found ? t->equal_width_ms / t->width_ms : 0);
    for (int i = 0; i <= CP_IDLE_DESIGN_INVALID; i++)
        printf(" %d", t->n_ends[i]);
    printf("\n");
}

static void known_laws_are_found_with_less_than_equal_spacing_takes(void **state)
{
    (void)state;
    static const double longest_ms[] = {15 * MINUTE_MS, 60 * MINUTE_MS};
    static const double least_gain[] = {2, 6};
    for (size_t k = 0; k < 2; k++) {
        const struct cp_idle_design_options o = cp_idle_design_defaults(MINUTE_MS, longest_ms[k]);
        printf("longest %.0f min, %zu environments\n"
               "law                  probes  minutes found  width s equal s  gain  ends\n",
               longest_ms[k] / MINUTE_MS, o.n_parallel);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct tally t = tally_of(&o, &rows[i]);
            print_tally(&rows[i], &t);
            assert_true(t.n_right_end == REPETITIONS);
            assert_int_equal(t.n_ends[CP_IDLE_DESIGN_PROBES] + t.n_ends[CP_IDLE_DESIGN_INVALID], 0);
            assert_true(t.waited_ms <= o.max_wait_ms);
            if (rows[i].jump_ms > 0) {
                assert_true(t.n_found >= 0.9 * REPETITIONS);
                assert_true(t.equal_width_ms > least_gain[k] * t.width_ms);
            }
        }
    }
}

static void one_environment_doubles_and_then_bisects(void **state)
{
    (void)state;
    static const double order_s[] = {60, 120, 240, 480, 360, 420};
    struct cp_idle_design_options o = cp_idle_design_defaults(MINUTE_MS, 15 * MINUTE_MS);
    struct simulation s = {.n = 0};
    struct cp_rng rng;
    o.n_parallel = 1;
    o.look_probes = 1;
    o.final_probes = 1;
    o.max_wait_ms = INFINITY;
    o.resolution_ms = 60e3;
    cp_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < sizeof order_s / sizeof order_s[0]; i++) {
        cp_idle_design_next(&o, s.counts, s.n, &s.spent, &s.design);
        assert_int_equal(s.design.n_wants, 1);
        assert_near(s.design.wants[0].idle_interval_ms, order_s[i] * 1e3, 0);
        look(&s, &o, fixed_380, &rng);
    }
    cp_idle_design_next(&o, s.counts, s.n, &s.spent, &s.design);
    assert_int_equal(s.design.end, CP_IDLE_DESIGN_BRACKETED);
    assert_near(s.design.jumps[0].low_ms, 360e3, 0);
    assert_near(s.design.jumps[0].high_ms, 420e3, 0);
}

static void a_look_is_never_larger_than_its_limits(void **state)
{
    (void)state;
    struct cp_idle_design_options o = cp_idle_design_defaults(MINUTE_MS, 15 * MINUTE_MS);
    struct cp_idle_design d;
    struct cp_idle_spent spent = {.n_probes = 0};
    size_t n = 0;
    cp_idle_design_next(&o, NULL, 0, &spent, &d);
    assert_near(d.wants[0].idle_interval_ms, MINUTE_MS, 0);
    assert_near(d.wants[d.n_wants - 1].idle_interval_ms, 15 * MINUTE_MS, 0);
    assert_int_equal(d.wants[d.n_wants - 1].n, o.final_probes);
    for (size_t i = 0; i < d.n_wants; i++)
        n += d.wants[i].n;
    assert_int_equal(n, o.n_parallel);
    spent.n_probes = o.max_probes - 3;
    cp_idle_design_next(&o, NULL, 0, &spent, &d);
    assert_int_equal(d.n_wants, 1);
    assert_int_equal(d.wants[0].n, 3);
    spent.n_probes = o.max_probes;
    cp_idle_design_next(&o, NULL, 0, &spent, &d);
    assert_int_equal(d.end, CP_IDLE_DESIGN_PROBES);
    spent = (struct cp_idle_spent){.waited_ms = o.max_wait_ms - 100e3};
    cp_idle_design_next(&o, NULL, 0, &spent, &d);
    assert_near(d.wants[d.n_wants - 1].idle_interval_ms, 90e3, 0);
    spent.waited_ms = o.max_wait_ms - 1;
    cp_idle_design_next(&o, NULL, 0, &spent, &d);
    assert_int_equal(d.end, CP_IDLE_DESIGN_WAIT);
}

static void counts_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    const struct cp_idle_design_options o = cp_idle_design_defaults(1000, 16000);
    const struct cp_idle_spent spent = {.n_probes = 0};
    const struct cp_idle_point wrong[] = {
        {.idle_interval_ms = NAN, .n = 1},
        {.idle_interval_ms = -1, .n = 1},
        {.idle_interval_ms = INFINITY, .n = 1},
        {.idle_interval_ms = 1000, .n = 1, .n_cold = 2},
    };
    struct cp_idle_design d;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cp_idle_design_next(&o, &wrong[i], 1, &spent, &d);
        assert_int_equal(d.end, CP_IDLE_DESIGN_INVALID);
    }
    struct cp_idle_design_options odd = o;
    odd.longest_ms = 500;
    cp_idle_design_next(&odd, NULL, 0, &spent, &d);
    assert_int_equal(d.end, CP_IDLE_DESIGN_INVALID);
}

static void the_end_is_told_in_words(void **state)
{
    (void)state;
    const struct cp_idle_design_options o = cp_idle_design_defaults(MINUTE_MS, 15 * MINUTE_MS);
    char words[CP_IDLE_DESIGN_WORDS_MAX];
    const struct {
        law_fn law;
        const char *words;
    } ends[] = {
        {fixed_380, "bracket reached: 0 to 100 % cold between 6m and 396s"},
        {always_warm, "environments outlive 15m"},
        {always_cold, "environments are gone before 1m"},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct simulation s = simulate(&o, ends[i].law, 1);
        cp_idle_design_words(&s.design, &o, words);
        assert_string_equal(words, ends[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_lifetime_is_bracketed_whatever_it_is),
        cmocka_unit_test(one_environment_doubles_and_then_bisects),
        cmocka_unit_test(a_look_is_never_larger_than_its_limits),
        cmocka_unit_test(counts_that_make_no_sense_are_refused),
        cmocka_unit_test(the_end_is_told_in_words),
        cmocka_unit_test(known_laws_are_found_with_less_than_equal_spacing_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
