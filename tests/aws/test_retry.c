/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/retry.h"

#include <math.h>

#include "tests/test.h"

enum { SENT = 1, UNSENT = 0 };

/* The policy as a table. `most_ms` is the jitter's upper bound, base * 2^(attempt - 1). */
static const struct {
    const char *name, *error_code;
    enum cp_call_kind kind;
    int attempt;
    enum cp_code transport;
    int was_sent;
    int status;
    bool is_again;
    double most_ms;
} CASES[] = {
    {"read, 500", "ServiceException", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 500, true, 50},
    {"read, 502", "", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 502, true, 50},
    {"read, 503, second", "", CP_CALL_REPEATABLE, 2, CP_OK, SENT, 503, true, 100},
    {"read, 504, third", "", CP_CALL_REPEATABLE, 3, CP_OK, SENT, 504, false, 0},
    {"read, 501", "", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 501, false, 0},
    {"read, throttled", "TooManyRequestsException", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 429, true,
     1000},
    {"read, throttled, second", "", CP_CALL_REPEATABLE, 2, CP_OK, SENT, 429, true, 2000},
    {"read, throttled by 400", "ThrottlingException", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 400, true,
     1000},
    {"read, request timeout by 400", "RequestTimeout", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 400,
     true, 50},
    {"read, refused connection", "", CP_CALL_REPEATABLE, 1, CP_EIO, UNSENT, -1, true, 50},
    {"read, reset after sending", "", CP_CALL_REPEATABLE, 1, CP_EIO, SENT, -1, true, 50},
    {"read, timeout", "", CP_CALL_REPEATABLE, 1, CP_ETIMEOUT, SENT, -1, true, 50},
    {"read, too large", "", CP_CALL_REPEATABLE, 1, CP_ELIMIT, SENT, -1, false, 0},
    {"read, closing", "", CP_CALL_REPEATABLE, 1, CP_EINTERRUPTED, SENT, -1, false, 0},
    {"read, bad value", "InvalidParameterValueException", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 400,
     false, 0},
    {"read, denied", "AccessDeniedException", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 403, false, 0},
    {"read, not found", "ResourceNotFoundException", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 404, false,
     0},
    {"read, conflict", "ResourceConflictException", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 409, false,
     0},
    {"read, precondition", "PreconditionFailedException", CP_CALL_REPEATABLE, 1, CP_OK, SENT, 412,
     false, 0},
    {"publish, unsent", "", CP_CALL_ONCE, 1, CP_EIO, UNSENT, -1, true, 50},
    {"publish, reset after sending", "", CP_CALL_ONCE, 1, CP_EIO, SENT, -1, false, 0},
    {"publish, timeout after sending", "", CP_CALL_ONCE, 1, CP_ETIMEOUT, SENT, -1, false, 0},
    {"publish, 500", "ServiceException", CP_CALL_ONCE, 1, CP_OK, SENT, 500, false, 0},
    {"publish, throttled", "TooManyRequestsException", CP_CALL_ONCE, 1, CP_OK, SENT, 429, true,
     1000},
    {"invoke, unsent", "", CP_CALL_INVOKE, 1, CP_EIO, UNSENT, -1, false, 0},
    {"invoke, reset after sending", "", CP_CALL_INVOKE, 1, CP_EIO, SENT, -1, false, 0},
    {"invoke, throttled", "TooManyRequestsException", CP_CALL_INVOKE, 1, CP_OK, SENT, 429, false,
     0},
    {"invoke, 500", "", CP_CALL_INVOKE, 1, CP_OK, SENT, 500, false, 0},
};

static struct cp_retry_attempt attempt_of(size_t i)
{
    return (struct cp_retry_attempt){
        .kind = CASES[i].kind,
        .attempt = CASES[i].attempt,
        .transport = CASES[i].transport,
        .was_sent = CASES[i].was_sent,
        .http_status = CASES[i].status,
        .error_code = CASES[i].error_code,
        .retry_after_s = NAN,
        .retry_after_ms = NAN,
    };
}

static void rules_12_to_14_are_the_table(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct cp_retry_attempt a = attempt_of(i);
        double largest = 0;
        for (int draw = 0; draw < 500; draw++) {
            struct cp_retry_budget budget = {CP_RETRY_BUDGET_MAX};
            struct cp_retry_decision d = cp_retry_decide(&a, &budget, &rng);
            if (d.is_again != CASES[i].is_again)
                fail_msg("%s: again is %d", CASES[i].name, d.is_again);
            if (d.wait_ms < 0 || d.wait_ms > CASES[i].most_ms)
                fail_msg("%s: waits %g ms", CASES[i].name, d.wait_ms);
            largest = d.wait_ms > largest ? d.wait_ms : largest;
        }
        /* P(no draw of 500 above 0.97 of the range) = 0.97^500 < 1e-6: full jitter */
        if (largest < 0.97 * CASES[i].most_ms)
            fail_msg("%s: the longest of 500 waits is %g ms", CASES[i].name, largest);
    }
}

static void rule_11_server_wishes_move_the_delay_within_limits(void **state)
{
    (void)state;
    static const struct {
        double after_s, after_ms, least, most;
    } cases[] = {
        {2, NAN, 2000, 2000},      /* Retry-After above the jitter: as asked */
        {3600, NAN, 20000, 20000}, /* capped */
        {NAN, 400, 400, 1000},     /* x-amz-retry-after: at least this */
        {NAN, 60000, 5000, 6000},  /* at most 5 s more than the jitter */
        {NAN, -5, 0, 1000},
    };
    struct cp_rng rng;
    cp_rng_init(&rng, 2, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_retry_budget budget = {CP_RETRY_BUDGET_MAX};
        const struct cp_retry_attempt a = {
            .kind = CP_CALL_REPEATABLE,
            .attempt = 1,
            .http_status = 429,
            .retry_after_s = cases[i].after_s,
            .retry_after_ms = cases[i].after_ms,
        };
        struct cp_retry_decision d = cp_retry_decide(&a, &budget, &rng);
        assert_true(d.is_again);
        if (d.wait_ms < cases[i].least || d.wait_ms > cases[i].most)
            fail_msg("case %zu waits %g ms", i, d.wait_ms);
    }
}

static void rule_11_the_budget_ends_a_storm_of_repeats_and_refills(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 3, 0);
    struct cp_retry_budget budget = {CP_RETRY_BUDGET_MAX};
    const struct cp_retry_attempt a = {.kind = CP_CALL_REPEATABLE,
                                       .attempt = 1,
                                       .http_status = 500,
                                       .retry_after_s = NAN,
                                       .retry_after_ms = NAN};
    int repeats = 0;
    while (cp_retry_decide(&a, &budget, &rng).is_again)
        repeats++;
    assert_int_equal(repeats, 500 / 14);
    assert_int_equal(budget.tokens, 500 % 14);
    cp_retry_succeeded(&budget, 14); /* 10 + 14 pays for one more */
    assert_true(cp_retry_decide(&a, &budget, &rng).is_again);
    assert_false(cp_retry_decide(&a, &budget, &rng).is_again);
    for (int i = 0; i < 600; i++)
        cp_retry_succeeded(&budget, 0);
    assert_int_equal(budget.tokens, CP_RETRY_BUDGET_MAX);
}

static void rule_11_with_a_deadline_only_the_time_counts(void **state)
{
    (void)state;
    struct cp_rng rng;
    cp_rng_init(&rng, 4, 0);
    struct cp_retry_budget empty = {0};
    struct cp_retry_attempt a = {.kind = CP_CALL_REPEATABLE,
                                 .http_status = 503,
                                 .retry_after_s = 3,
                                 .retry_after_ms = NAN,
                                 .has_deadline = true};
    a.attempt = 1; /* jitter below 50 ms: waits the 3 s asked for */
    a.left_ms = 3001;
    assert_true(cp_retry_decide(&a, &empty, &rng).is_again);
    a.left_ms = 2999;
    assert_false(cp_retry_decide(&a, &empty, &rng).is_again);
    a.attempt = 1000;
    a.left_ms = 20001;
    struct cp_retry_decision d = cp_retry_decide(&a, &empty, &rng);
    assert_true(d.is_again);
    assert_true(d.wait_ms <= 20000);
    assert_int_equal(empty.tokens, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_12_to_14_are_the_table),
        cmocka_unit_test(rule_11_server_wishes_move_the_delay_within_limits),
        cmocka_unit_test(rule_11_the_budget_ends_a_storm_of_repeats_and_refills),
        cmocka_unit_test(rule_11_with_a_deadline_only_the_time_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
