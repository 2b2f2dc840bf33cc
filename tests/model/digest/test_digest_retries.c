/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/digest_retries.h"

#include "tests/model/digest/digest_world.h"
#include "tests/test.h"

#define FROM INT64_C(1760000000000)

static void attempt(struct cp_digest *digest, uint32_t id, int version, int64_t at_ms,
                    bool is_failed)
{
    struct world_item item = {
        .version = version,
        .record = {.end_at_ms = at_ms,
                   .duration_us = 1000,
                   .billed_us = -1,
                   .init_us = -1,
                   .restore_us = -1,
                   .billed_restore_us = -1,
                   .memory_size_mb = 128,
                   .max_memory_used_mb = -1,
                   .start = CP_START_WARM,
                   .outcome = is_failed ? CP_OUTCOME_ERROR : CP_OUTCOME_MEASURED}};
    for (size_t i = 0; i < 4; i++)
        item.record.request_id[i] = (uint8_t)(id >> (8 * i));
    item.record.request_id[15] = 1;
    world_add(digest, &item);
}

static struct cp_digest_retries both_versions(const struct cp_digest *digest)
{
    struct cp_digest_retries r;
    const struct cp_digest_scope *scopes[] = {world_scope(digest, 0, 0), world_scope(digest, 0, 1)};
    assert_int_equal(cp_digest_retries_of(scopes, scopes[1] ? 2 : 1, &r, NULL), CP_OK);
    return r;
}

static void attempts_are_counted_over_versions(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    attempt(digest, 1, 0, FROM, false);
    attempt(digest, 2, 0, FROM, true);
    attempt(digest, 2, 1, FROM + 60000, true);
    attempt(digest, 2, 1, FROM + 180000, false);
    attempt(digest, 3, 1, FROM, false);
    attempt(digest, 3, 1, FROM, false); /* the same record twice */
    attempt(digest, 4, 0, -1, false);
    attempt(digest, 4, 0, FROM, false); /* tried again though it had not failed */
    struct cp_digest_retries r = both_versions(digest);
    assert_true(r.is_all);
    assert_int_equal(r.n_requests, 4);
    assert_int_equal(r.by_attempts[0], 2);
    assert_int_equal(r.by_attempts[1], 1);
    assert_int_equal(r.by_attempts[2], 1);
    assert_near(r.retried_share, 0.5, 0);
    assert_true(r.retried_low == 0.5 && r.retried_high == 0.5);
    assert_int_equal(r.n_retried_after_failure, 1);
    assert_int_equal(r.n_records, 8);
    assert_int_equal(r.n_duplicates, 1);
    assert_near(r.duplicate_share, 0.125, 0);
    assert_int_equal(r.n_delays, 2);
    assert_true(r.delays_ms[0] == 60000 && r.delays_ms[1] == 120000);
    cp_digest_retries_clear(&r);
    cp_digest_free(digest);
}

/* 30 % of 9,000 requests are tried twice; one version has few requests, the other too many. */
static void a_sample_estimates_the_share(void **state)
{
    (void)state;
    struct cp_digest *digest = cp_digest_new();
    for (uint32_t id = 0; id < 9000; id++) {
        attempt(digest, id, id % 20 == 0, FROM + id, true);
        if (id % 10 < 3)
            attempt(digest, id, id % 20 == 0, FROM + 60000 + id, false);
    }
    struct cp_digest_retries r = both_versions(digest);
    assert_false(r.is_all);
    assert_in_range(r.n_requests, CP_DIGEST_REQUESTS_MAX, CP_DIGEST_REQUESTS_MAX + 150);
    assert_true(r.retried_low < 0.3 && 0.3 < r.retried_high);
    assert_true(r.retried_high - r.retried_low < 0.07);
    assert_int_equal(r.n_retried_after_failure, r.by_attempts[1]);
    assert_int_equal(r.by_attempts[2], 0);
    cp_digest_retries_clear(&r);
    cp_digest_free(digest);
}

static void nothing_has_no_share(void **state)
{
    (void)state;
    struct cp_digest_retries r;
    assert_int_equal(cp_digest_retries_of(NULL, 0, &r, NULL), CP_OK);
    assert_true(isnan(r.retried_share) && isnan(r.duplicate_share));
    assert_int_equal(r.n_requests, 0);
    cp_digest_retries_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_are_counted_over_versions),
        cmocka_unit_test(a_sample_estimates_the_share),
        cmocka_unit_test(nothing_has_no_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
