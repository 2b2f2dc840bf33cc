/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/sweep/plan.h"

static struct cp_sweep_settings settings_of(uint64_t seed)
{
    return (struct cp_sweep_settings){
        .memory_mb = {128, 256, 512, 1024, 1769},
        .n_memory = 5,
        .max_cold = 135,
        .max_warm = 456,
        .cold_per_batch = 2,
        .warm_per_batch = 11,
        .idle_ms = {1000, 3000, 5000, 7000, 10000},
        .n_idle = 5,
        .idle_probes = 12,
        .seed = seed,
    };
}

static struct cp_plan plan_of(const struct cp_sweep_settings *settings)
{
    struct cp_plan plan;
    struct cp_error err = {0};
    if (cp_plan_make(settings, &plan, &err))
        fail_msg("%s", err.text);
    return plan;
}

static void every_size_is_once_in_every_block(void **state)
{
    (void)state;
    struct cp_sweep_settings s = settings_of(7);
    struct cp_plan plan = plan_of(&s);
    assert_int_equal(plan.n_steps, 68 * 5); /* ceil(135 / 2) blocks */
    for (size_t block = 0; block < 68; block++) {
        int sum = 0;
        for (size_t i = 0; i < 5; i++) {
            const struct cp_plan_step *step = &plan.steps[5 * block + i];
            assert_int_equal(step->block, block);
            sum += step->memory_size_mb;
            for (size_t j = 0; j < i; j++)
                assert_int_not_equal(step->memory_size_mb,
                                     plan.steps[5 * block + j].memory_size_mb);
        }
        assert_int_equal(sum, 128 + 256 + 512 + 1024 + 1769);
    }
    cp_plan_clear(&plan);
}

/* Every first place should be taken by every size now and then: with 68 blocks and a fair shuffle
 * the chance that one of five sizes never leads is below 5 * 0.8^68 = 1.3e-6. */
static void the_order_is_drawn_anew_for_each_block(void **state)
{
    (void)state;
    struct cp_sweep_settings s = settings_of(7);
    struct cp_plan plan = plan_of(&s);
    for (size_t size = 0; size < 5; size++) {
        int n_first = 0;
        for (size_t block = 0; block < 68; block++)
            n_first += plan.steps[5 * block].memory_size_mb == s.memory_mb[size];
        assert_true(n_first > 0 && n_first < 40);
    }
    cp_plan_clear(&plan);
}

static void every_sample_belongs_to_exactly_one_step_or_chain(void **state)
{
    (void)state;
    struct cp_sweep_settings s = settings_of(7);
    struct cp_plan plan = plan_of(&s);
    assert_int_equal(plan.n_samples, 5 * (135 + 456) + 12 * (3 + 5));
    int *n_uses = calloc(plan.n_samples, sizeof *n_uses);
    for (size_t i = 0; i < plan.n_steps; i++) {
        const struct cp_plan_step *step = &plan.steps[i];
        for (size_t j = 0; j < step->n_cold; j++)
            n_uses[step->first_cold + j]++;
        for (size_t j = 0; j < step->n_warm; j++)
            n_uses[step->first_warm + j]++;
    }
    for (size_t i = 0; i < plan.n_chains; i++) {
        n_uses[plan.chains[i].prime]++;
        for (size_t j = 0; j < plan.chains[i].n_probes; j++)
            n_uses[plan.chains[i].first_probe + j]++;
    }
    for (size_t i = 0; i < plan.n_samples; i++) {
        assert_int_equal(n_uses[i], 1);
        assert_int_equal(plan.samples[i].plan_no, i);
    }
    free(n_uses);
    cp_plan_clear(&plan);
}

static void cells_count_their_samples(void **state)
{
    (void)state;
    struct cp_sweep_settings s = settings_of(7);
    struct cp_plan plan = plan_of(&s);
    assert_int_equal(plan.n_cells, 2 * 5 + 5 * 5);
    for (size_t c = 0; c < plan.n_cells; c++) {
        const struct cp_cell_result *cell = &plan.cells[c];
        int n = 0;
        for (size_t i = 0; i < plan.n_samples; i++) {
            const struct cp_sample *sample = &plan.samples[i];
            if (sample->cell != (int64_t)c)
                continue;
            n++;
            assert_int_equal(sample->kind, cell->kind);
            assert_int_equal(sample->memory_size_mb, cell->memory_size_mb);
            if (cell->kind == CP_CELL_IDLE)
                assert_true(sample->idle_interval_ms == cell->idle_interval_ms);
            else
                assert_true(isnan(sample->idle_interval_ms));
        }
        assert_int_equal(n, cell->planned);
        assert_true(n > 0);
    }
    cp_plan_clear(&plan);
}

static void
a_round_of_chains_has_each_interval_once_and_none_is_longer_than_the_longest(void **state)
{
    (void)state;
    struct cp_sweep_settings s = settings_of(7);
    struct cp_plan plan = plan_of(&s);
    assert_int_equal(plan.n_chains, 12 * 3); /* 10 s | 7 s + 3 s | 5 s + 1 s */
    double round_ms = 0;
    for (size_t i = 0; i < plan.n_chains; i++) {
        const struct cp_plan_chain *chain = &plan.chains[i];
        double sum = 0;
        assert_int_equal(chain->memory_size_mb, s.memory_mb[i / 3 % 5]);
        assert_int_equal(plan.samples[chain->prime].kind, CP_CELL_PRIME);
        assert_int_equal(plan.samples[chain->prime].cell, CP_PLAN_NO_CELL);
        for (size_t j = 0; j < chain->n_probes; j++) {
            sum += plan.samples[chain->first_probe + j].idle_interval_ms;
            assert_int_equal(plan.samples[chain->first_probe + j].batch, i / 3);
        }
        assert_true(sum > 0 && sum <= 10000);
        round_ms += sum;
        if (i % 3 < 2)
            continue;
        assert_true(round_ms == 1000 + 3000 + 5000 + 7000 + 10000);
        round_ms = 0;
    }
    cp_plan_clear(&plan);
}

static void many_probes_share_fewer_environments(void **state)
{
    (void)state;
    struct cp_sweep_settings s = settings_of(7);
    s.idle_probes = 40;
    struct cp_plan plan = plan_of(&s);
    assert_int_equal(plan.n_chains, 40);
    for (size_t i = 0; i < plan.n_chains; i++)
        assert_int_equal(plan.chains[i].n_probes, 5);
    cp_plan_clear(&plan);
}

static bool is_same_order(const struct cp_plan *a, const struct cp_plan *b)
{
    if (a->n_samples != b->n_samples)
        return false;
    for (size_t i = 0; i < a->n_samples; i++) {
        if (a->samples[i].cell != b->samples[i].cell)
            return false;
    }
    return true;
}

static void the_seed_decides_the_order(void **state)
{
    (void)state;
    struct cp_sweep_settings one = settings_of(1);
    struct cp_sweep_settings two = settings_of(2);
    struct cp_plan a = plan_of(&one);
    struct cp_plan b = plan_of(&one);
    struct cp_plan c = plan_of(&two);
    assert_true(is_same_order(&a, &b));
    assert_false(is_same_order(&a, &c));
    cp_plan_clear(&a);
    cp_plan_clear(&b);
    cp_plan_clear(&c);
}

static void odd_counts_are_met_exactly(void **state)
{
    (void)state;
    static const struct {
        int max_cold, max_warm, cold_per_batch, warm_per_batch, idle_probes;
        size_t n_steps, n_samples; /* for 2 sizes, 1 interval */
    } rows[] = {
        {1, 0, 2, 0, 0, 2, 2}, {5, 3, 2, 2, 0, 6, 16},      {0, 25, 2, 20, 0, 4, 50},
        {0, 0, 2, 0, 3, 0, 6}, {7, 100, 8, 100, 1, 2, 216},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_sweep_settings s = {
            .memory_mb = {128, 512},
            .n_memory = 2,
            .max_cold = rows[i].max_cold,
            .max_warm = rows[i].max_warm,
            .cold_per_batch = rows[i].cold_per_batch,
            .warm_per_batch = rows[i].warm_per_batch,
            .idle_ms = {2000},
            .n_idle = 1,
            .idle_probes = rows[i].idle_probes,
        };
        struct cp_plan plan = plan_of(&s);
        assert_int_equal(plan.n_steps, rows[i].n_steps);
        assert_int_equal(plan.n_samples, rows[i].n_samples);
        cp_plan_clear(&plan);
    }
}

static void a_plan_takes_back_its_own_samples_only(void **state)
{
    (void)state;
    struct cp_sweep_settings s = settings_of(7);
    struct cp_plan plan = plan_of(&s);
    struct cp_plan again = plan_of(&s);
    struct cp_error err = {0};
    size_t extra = 0;
    struct cp_sample prime = cp_sample_planned(CP_CELL_PRIME, 128);
    prime.cell = CP_PLAN_NO_CELL;
    plan.samples[3].outcome = CP_OUTCOME_MEASURED;
    assert_int_equal(cp_plan_append(&plan, prime, &extra, NULL), CP_OK);
    assert_int_equal(cp_plan_adopt(&again, plan.samples, plan.n_samples, &err), CP_OK);
    assert_int_equal(again.n_samples, plan.n_samples);
    assert_int_equal(again.samples[3].outcome, CP_OUTCOME_MEASURED);
    cp_plan_clear(&again);
    s.seed = 8;
    again = plan_of(&s);
    assert_int_equal(cp_plan_adopt(&again, plan.samples, plan.n_samples, &err), CP_ECONFLICT);
    assert_non_null(strstr(err.text, "not the one that was planned"));
    cp_plan_clear(&again);
    s.seed = 7;
    again = plan_of(&s);
    assert_int_equal(cp_plan_adopt(&again, plan.samples, plan.n_samples - 9, &err), CP_ECONFLICT);
    cp_plan_clear(&again);
    cp_plan_clear(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_once_in_every_block),
        cmocka_unit_test(the_order_is_drawn_anew_for_each_block),
        cmocka_unit_test(every_sample_belongs_to_exactly_one_step_or_chain),
        cmocka_unit_test(cells_count_their_samples),
        cmocka_unit_test(many_probes_share_fewer_environments),
        cmocka_unit_test(
            a_round_of_chains_has_each_interval_once_and_none_is_longer_than_the_longest),
        cmocka_unit_test(the_seed_decides_the_order),
        cmocka_unit_test(odd_counts_are_met_exactly),
        cmocka_unit_test(a_plan_takes_back_its_own_samples_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
