/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which runs may be candidates of one decision: each reason against it once.
 */
#include "reports/figures.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

struct pair {
    struct cp_run_data now, other; /* x86_64 and arm64 */
};

static void set(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text);
}

static int make(void **state)
{
    static struct pair p;
    fixture_data(&(struct fixture_options){.n_cold = 5}, &p.now);
    fixture_data(&(struct fixture_options){.n_cold = 5}, &p.other);
    set(p.now.run.id, sizeof p.now.run.id, "aaaa");
    set(p.other.run.id, sizeof p.other.run.id, "bbbb");
    set(p.now.run.architecture, sizeof p.now.run.architecture, "x86_64");
    set(p.other.run.architecture, sizeof p.other.run.architecture, "arm64");
    *state = &p;
    return 0;
}

static int forget(void **state)
{
    struct pair *p = *state;
    cp_run_data_clear(&p->now);
    cp_run_data_clear(&p->other);
    return 0;
}

static void check_refused(const struct pair *p, bool has_other_code, const char *because)
{
    const struct cp_run_data *data[] = {&p->now, &p->other};
    const struct cp_variant_runs runs = {.data = data, .n = 2, .has_other_code = has_other_code};
    struct cp_figures *f = NULL;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(cp_figures_of_variants(&runs, &f, &err), CP_EINVAL);
    assert_null(f);
    if (!strstr(err.text, because))
        fail_msg("'%s' is not in '%s'", because, err.text);
}

#define PUT(field, text) set(p->other.run.field, sizeof p->other.run.field, text)

static void another_place_is_refused(void **state)
{
    struct pair *p = *state;
    p->other.run.is_local = !p->now.run.is_local;
    check_refused(p, true, "run 'bbbb' was measured in another place");
    p->other.run.is_local = p->now.run.is_local;
    PUT(region, "eu-west-2");
    check_refused(p, true, "sweep both in one place");
    PUT(region, p->now.run.region);
    set(p->now.run.mode, sizeof p->now.run.mode, "full");
    PUT(mode, "wall clock");
    check_refused(p, true, "was measured as 'wall clock'");
}

static void other_work_is_refused(void **state)
{
    struct pair *p = *state;
    set(p->now.run.code_sha256, sizeof p->now.run.code_sha256, "one");
    set(p->now.run.payload_sha256, sizeof p->now.run.payload_sha256, "one");
    PUT(payload_sha256, "two");
    PUT(code_sha256, "");
    check_refused(p, false, "run 'bbbb' was sent another payload than run 'aaaa'");
    PUT(code_sha256, "two");
    check_refused(p, false, "run 'bbbb' measured other code than run 'aaaa'");
    PUT(function, "orders-api-2:live");
    check_refused(p, false, "run 'bbbb' is of function 'orders-api-2:live'");
}

/* The last reason that is looked for: everything else was let through. */
static void the_same_variant_is_refused(void **state)
{
    struct pair *p = *state;
    PUT(function, "another");
    PUT(code_sha256, "two");
    PUT(payload_sha256, "two");
    PUT(architecture, "x86_64");
    check_refused(p, true, "runs 'aaaa' and 'bbbb' are both of x86_64: give one of them");
}

/* A version has a qualifier, and SnapStart is of versions only. */
static void the_qualifier_may_differ(void **state)
{
    struct pair *p = *state;
    PUT(function, "orders-api:7");
    PUT(architecture, "x86_64");
    check_refused(p, false, "are both of x86_64");
}

static void sizes_of_all_variants_are_candidates(void **state)
{
    struct pair *p = *state;
    const struct cp_run_data *data[] = {&p->now, &p->other};
    const struct cp_variant_runs runs = {.data = data, .n = 2};
    struct cp_figures *f = NULL;
    struct cp_error err = {CP_OK, ""};
    assert_int_equal(cp_figures_of_variants(&runs, &f, &err), CP_OK);
    assert_int_equal(f->n_variants, 1);
    size_t n_on_demand[2] = {0, 0};
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        const struct cp_candidate *c = &f->decision.candidates[i];
        bool is_arm = strcmp(c->architecture, "arm64") == 0;
        if (c->mode != CP_MODE_ON_DEMAND || c->is_modelled)
            continue;
        n_on_demand[is_arm ? 1 : 0]++;
        assert_false(is_arm && c->is_current);
        assert_ptr_equal(cp_figures_size_of(f, c),
                         cp_figures_size(is_arm ? f->variants[0] : f, c->memory_size_mb));
    }
    assert_int_equal(n_on_demand[0], f->n_sizes);
    assert_int_equal(n_on_demand[1], f->variants[0]->n_sizes);
    cp_figures_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_place_is_refused, make, forget),
        cmocka_unit_test_setup_teardown(other_work_is_refused, make, forget),
        cmocka_unit_test_setup_teardown(the_same_variant_is_refused, make, forget),
        cmocka_unit_test_setup_teardown(the_qualifier_may_differ, make, forget),
        cmocka_unit_test_setup_teardown(sizes_of_all_variants_are_candidates, make, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
