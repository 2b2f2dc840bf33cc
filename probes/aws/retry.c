/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/retry.h"

#include <math.h>
#include <string.h>

static const double BASE_TRANSIENT_MS = 50;
static const double BASE_THROTTLE_MS = 1000;
static const double DELAY_MAX_MS = 20000;
static const double SERVER_DELAY_EXTRA_MS = 5000; /* x-amz-retry-after may add at most this */

enum { COST_TRANSIENT = 14, COST_THROTTLE = 5 };

/* botocore data/_retry.json and retries/standard.py; AccessDenied, ValidationException and the
 * like are absent on purpose: repeating them cannot help. */
static const struct {
    const char *code;
    enum cp_retry_class class;
} CODES[] = {
    {"RequestTimeout", CP_RETRY_CLASS_TRANSIENT},
    {"RequestTimeoutException", CP_RETRY_CLASS_TRANSIENT},
    {"PriorRequestNotComplete", CP_RETRY_CLASS_TRANSIENT},
    {"Throttling", CP_RETRY_CLASS_THROTTLE},
    {"ThrottlingException", CP_RETRY_CLASS_THROTTLE},
    {"ThrottledException", CP_RETRY_CLASS_THROTTLE},
    {"RequestThrottledException", CP_RETRY_CLASS_THROTTLE},
    {"RequestThrottled", CP_RETRY_CLASS_THROTTLE},
    {"TooManyRequestsException", CP_RETRY_CLASS_THROTTLE},
    {"ProvisionedThroughputExceededException", CP_RETRY_CLASS_THROTTLE},
    {"RequestLimitExceeded", CP_RETRY_CLASS_THROTTLE},
    {"BandwidthLimitExceeded", CP_RETRY_CLASS_THROTTLE},
    {"LimitExceededException", CP_RETRY_CLASS_THROTTLE},
    {"SlowDown", CP_RETRY_CLASS_THROTTLE},
    {"TransactionInProgressException", CP_RETRY_CLASS_THROTTLE},
    {"EC2ThrottledException", CP_RETRY_CLASS_THROTTLE},
};

enum cp_retry_class cp_retry_error_class(const char *error_code)
{
    for (size_t i = 0; error_code && i < sizeof CODES / sizeof CODES[0]; i++)
        if (strcmp(CODES[i].code, error_code) == 0)
            return CODES[i].class;
    return CP_RETRY_CLASS_NONE;
}

static bool is_server_error(int status)
{
    return status == 500 || status == 502 || status == 503 || status == 504;
}

static enum cp_retry_class classify(const struct cp_retry_attempt *a)
{
    if (a->transport == CP_EIO || a->transport == CP_ETIMEOUT)
        return CP_RETRY_CLASS_TRANSIENT;
    if (a->transport) /* too large, closed, not sendable: the next would be the same */
        return CP_RETRY_CLASS_NONE;
    enum cp_retry_class class = cp_retry_error_class(a->error_code);
    if (class != CP_RETRY_CLASS_NONE)
        return class;
    if (a->http_status == 429)
        return CP_RETRY_CLASS_THROTTLE;
    return is_server_error(a->http_status) ? CP_RETRY_CLASS_TRANSIENT : CP_RETRY_CLASS_NONE;
}

/* A throttled or unsent request had no effect; of a 5xx or a lost answer nobody can tell. */
static bool may_have_run(const struct cp_retry_attempt *a, enum cp_retry_class class)
{
    return a->transport ? a->was_sent : class != CP_RETRY_CLASS_THROTTLE;
}

static bool is_allowed(const struct cp_retry_attempt *a, enum cp_retry_class class)
{
    if (class == CP_RETRY_CLASS_NONE || (!a->has_deadline && a->attempt >= CP_RETRY_ATTEMPTS_MAX))
        return false;
    switch (a->kind) {
    case CP_CALL_REPEATABLE:
        return true;
    case CP_CALL_ONCE:
        return !may_have_run(a, class);
    case CP_CALL_INVOKE:
        return false;
    }
    return false;
}

static double delay_ms(const struct cp_retry_attempt *a, enum cp_retry_class class,
                       struct cp_rng *rng)
{
    double base = class == CP_RETRY_CLASS_THROTTLE ? BASE_THROTTLE_MS : BASE_TRANSIENT_MS;
    double delay = cp_rng_uniform(rng) * fmin(base * exp2(a->attempt - 1), DELAY_MAX_MS);
    if (!isnan(a->retry_after_ms))
        return fmin(fmax(a->retry_after_ms, delay), delay + SERVER_DELAY_EXTRA_MS);
    if (!isnan(a->retry_after_s))
        return fmax(delay, fmin(a->retry_after_s * 1000, DELAY_MAX_MS));
    return delay;
}

struct cp_retry_decision cp_retry_decide(const struct cp_retry_attempt *attempt,
                                         struct cp_retry_budget *budget, struct cp_rng *rng)
{
    const struct cp_retry_decision no = {.is_again = false};
    enum cp_retry_class class = classify(attempt);
    if (!is_allowed(attempt, class))
        return no;
    double wait_ms = delay_ms(attempt, class, rng);
    if (attempt->has_deadline)
        return wait_ms < attempt->left_ms
                   ? (struct cp_retry_decision){.is_again = true, .wait_ms = wait_ms}
                   : no;
    int cost = class == CP_RETRY_CLASS_THROTTLE ? COST_THROTTLE : COST_TRANSIENT;
    if (budget->tokens < cost)
        return no;
    budget->tokens -= cost;
    return (struct cp_retry_decision){.is_again = true, .wait_ms = wait_ms, .cost = cost};
}

void cp_retry_succeeded(struct cp_retry_budget *budget, int last_cost)
{
    budget->tokens += last_cost > 0 ? last_cost : 1;
    if (budget->tokens > CP_RETRY_BUDGET_MAX)
        budget->tokens = CP_RETRY_BUDGET_MAX;
}
