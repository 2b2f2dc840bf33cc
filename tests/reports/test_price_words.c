/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which prices a report rests on, how old they are, and what is not in its costs.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "reports/figures.h"
#include "tests/reports/fixture.h"

static const struct cp_warning *old_prices(const struct cp_figures *f)
{
    for (size_t i = 0; i < f->n_warnings; i++) {
        if (strcmp(f->warnings[i].id, "W035") == 0)
            return &f->warnings[i];
    }
    return NULL;
}

static void must_warn(const struct cp_figures *f, const char *text, const char *advice)
{
    const struct cp_warning *w = old_prices(f);
    if (!w) {
        fail_msg("no W035");
        return;
    }
    assert_non_null(strstr(w->text, text));
    assert_non_null(strstr(w->advice, advice));
}

static const char *words_of(const struct cp_figures *f)
{
    static char text[400];
    struct cp_buf out;
    cp_buf_init(&out, sizeof text);
    cp_price_text(f, &out);
    (void)snprintf(text, sizeof text, "%s", cp_buf_str(&out));
    cp_buf_clear(&out);
    return text;
}

static const struct cp_price_book *book_of(const char *region)
{
    const struct cp_price_book *book = NULL;
    assert_int_equal(cp_price_find(region, "arm64", &book, NULL), CP_OK);
    return book;
}

/* A list of 2026-09-19 is 180 days old on 2027-03-18. */
static void prices_are_old_after_180_days(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_run *run = &((struct cp_run_data *)f->data)->run;
    const int64_t before_ms = run->started_at_ms;
    f->price = book_of("us-east-1");
    assert_true(cp_datetime_parse(cp_view_of("2027-03-18T00:00:00Z"), &run->started_at_ms));
    cp_figures_warn(f);
    assert_null(old_prices(f));
    assert_true(cp_datetime_parse(cp_view_of("2027-03-19T00:00:00Z"), &run->started_at_ms));
    cp_figures_warn(f);
    must_warn(f, "181 days older than this run", "coldprof prices update --region us-east-1");
    /* a copy without a date has no age to rely on */
    run->started_at_ms = before_ms;
    f->price = book_of("eu-west-1");
    cp_figures_warn(f);
    must_warn(f, "no date", "coldprof prices update --region eu-west-1");
    /* here nothing is billed */
    run->is_local = true;
    cp_figures_warn(f);
    assert_null(old_prices(f));
    run->is_local = false;
}

static void region_date_and_terms_are_said(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_price_terms *terms = &((struct cp_run_data *)f->data)->terms;
    f->price = book_of("us-east-1");
    assert_string_equal(words_of(f), "prices of us-east-1, arm64: 2026-09-19");
    terms->has_free_tier = true;
    assert_non_null(strstr(words_of(f), "free tier taken off"));
    assert_non_null(strstr(cp_price_terms_words(f), "after the free tier"));
    terms->has_free_tier = false;
    assert_string_equal(cp_price_terms_words(f), "No free tier, no discount.");
    struct cp_price_book planned;
    assert_int_equal(
        cp_price_with_savings(book_of("us-east-1"), CP_SAVINGS_NO_UPFRONT, &planned, NULL), CP_OK);
    f->price = &planned;
    terms->used_gb_s = 6e9;
    assert_string_equal(cp_price_terms_words(f), "No free tier, no other discount.");
    assert_string_equal(words_of(f), "prices of us-east-1, arm64: 2026-09-19; Compute Savings "
                                     "Plan, no upfront; tiers after 6e+09 GB-s of the account");
    terms->used_gb_s = 0;
    f->price = book_of("us-east-1");
}

/* A run is priced with the book it was given, here twice the list price. */
static void a_book_of_the_caller_is_used(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_figures *listed = NULL;
    struct cp_figures *twice = NULL;
    fixture_data(&(struct fixture_options){.n_cold = 20}, &data);
    assert_int_equal(cp_figures_new(&data, &listed, NULL), CP_OK);
    struct cp_price_book book = *listed->price;
    book.request_usd *= 2;
    for (size_t i = 0; i < cp_price_n_tiers(&book); i++)
        book.duration[i].usd_per_gb_s *= 2;
    data.price = &book;
    assert_int_equal(cp_figures_new(&data, &twice, NULL), CP_OK);
    for (size_t i = 0; i < listed->n_sizes; i++) {
        double once = listed->sizes[i].usd_per_million.value;
        if (!isnan(once))
            assert_near(twice->sizes[i].usd_per_million.value / once, 2, 1e-12);
    }
    cp_figures_free(listed);
    cp_figures_free(twice);
    cp_run_data_clear(&data);
}

/* Whatever the setting: the lines of its month are its cost. */
static void bills_add_up_to_what_a_month_costs(void **state)
{
    (void)state;
    struct cp_run_data data;
    struct cp_figures *f = NULL;
    size_t n = 0;
    fixture_data(&(struct fixture_options){.n_cold = 20}, &data);
    data.run.traffic_per_s = 0.05;
    assert_int_equal(cp_figures_new(&data, &f, NULL), CP_OK);
    for (size_t i = 0; i < f->decision.n_candidates; i++) {
        const struct cp_candidate *c = &f->decision.candidates[i];
        if (isnan(c->usd_per_month.value))
            continue;
        assert_near(cp_bill_total_usd(&c->bill) / c->usd_per_month.value, 1, 1e-12);
        assert_near(c->bill.usd[CP_BILL_PROVISIONED_READY], c->fixed_usd_per_month, 0);
        n++;
    }
    assert_true(n > 1);
    cp_figures_free(f);
    cp_run_data_clear(&data);
}

static void snapshots_are_in_the_costs_or_it_is_said(void **state)
{
    (void)state;
    struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    struct cp_run *run = &((struct cp_run_data *)f->data)->run;
    const double traffic = run->traffic_per_s;
    char runtime[sizeof run->runtime];
    memcpy(runtime, run->runtime, sizeof runtime);
    f->price = book_of("us-east-1");
    run->traffic_per_s = 1;
    assert_non_null(strstr(cp_snapshot_cost_words(f), "costs per month hold one snapshot"));
    run->traffic_per_s = NAN;
    assert_non_null(strstr(cp_snapshot_cost_words(f), "depends on the traffic"));
    f->price = book_of("eu-west-1");
    assert_non_null(strstr(cp_snapshot_cost_words(f), "not known"));
    (void)snprintf(run->runtime, sizeof run->runtime, "java21");
    assert_non_null(strstr(cp_snapshot_cost_words(f), "free for Java"));
    run->traffic_per_s = traffic;
    memcpy(run->runtime, runtime, sizeof runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_are_old_after_180_days),
        cmocka_unit_test(region_date_and_terms_are_said),
        cmocka_unit_test(a_book_of_the_caller_is_used),
        cmocka_unit_test(bills_add_up_to_what_a_month_costs),
        cmocka_unit_test(snapshots_are_in_the_costs_or_it_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, fixture_shared_free);
}
