/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/runner.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/sweep/classify.h"
#include "profiler/sweep/progress.h"

enum {
    FLIGHT_GRACE_MS = 10 * 1000,  /* after the first stop request */
    POLL_SLICE_MS = 50,           /* how late a stop request is noticed */
    ANSWER_MARGIN_MS = 30 * 1000, /* client timeout beyond the function timeout */
    THROTTLED_MAX = 12,           /* waves in a row: about three minutes */
    LOST_MAX = 10,
    SILENT_MAX = 5,
    UNREACHED_MAX = 3,
};
#define BACK_OFF_MS     1000.0
#define BACK_OFF_MAX_MS 20000.0

/* One invocation in the air. Freed by its callback, which the client may call after we have given
 * it up: then `runner` is NULL. */
struct cp_flight {
    struct cp_runner *runner;
    size_t index;
    struct cp_flight *next;
};

void cp_runner_init(struct cp_runner *r)
{
    *r = (struct cp_runner){
        .clock = &cp_sweep_real_clock,
        .send_limit = SIZE_MAX,
        .halted_at_ms = NAN,
        .not_before_ms = -INFINITY,
        .phase = "",
        .shown_at_ms = -INFINITY,
        .idle_end_ms = NAN,
        .current_row = SIZE_MAX,
        .takes_ms = NAN,
    };
}

void cp_runner_clear(struct cp_runner *r)
{
    for (struct cp_flight *f = r->flights; f; f = f->next)
        f->runner = NULL;
    cp_plan_clear(&r->plan);
    cp_cells_clear(&r->cells);
    free(r->slots);
    free(r->tail);
    cp_swept_clear(&r->swept);
    cp_runner_init(r);
}

double cp_runner_now_ms(const struct cp_runner *r)
{
    return r->clock->mono_ms(r->clock->context);
}

static int64_t unix_now_ms(const struct cp_runner *r)
{
    return r->clock->unix_ms(r->clock->context);
}

void cp_runner_warn(const struct cp_runner *r, const char *fmt, ...)
{
    char text[CP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (r->hooks && r->hooks->on_warning)
        r->hooks->on_warning(r->hooks->context, text);
}

/* --- whether to go on --- */

static bool is_halted(struct cp_runner *r)
{
    if (r->hooks && r->hooks->stop_requests) {
        int asked = r->hooks->stop_requests(r->hooks->context);
        r->stop = asked > r->stop ? asked : r->stop;
    }
    bool is_over = r->stop > 0 || r->failure.code != CP_OK;
    if (is_over && isnan(r->halted_at_ms))
        r->halted_at_ms = cp_runner_now_ms(r);
    return is_over;
}

bool cp_runner_has_budget(const struct cp_runner *r)
{
    return r->n_sent < r->send_limit && !r->is_cost_reached;
}

bool cp_runner_may_send(struct cp_runner *r)
{
    return !is_halted(r) && cp_runner_has_budget(r);
}

enum cp_code cp_runner_status(struct cp_runner *r, struct cp_error *err)
{
    if (r->failure.code) {
        if (err)
            *err = r->failure;
        return r->failure.code;
    }
    if (r->stop)
        return cp_fail(err, CP_EINTERRUPTED, "interrupted; what was measured is stored");
    return CP_OK;
}

static void fail_run(struct cp_runner *r, const struct cp_error *why)
{
    if (!r->failure.code)
        r->failure = *why;
}

/* --- answers --- */

static void store_sample(struct cp_runner *r, const struct cp_sample *s)
{
    struct cp_error err = {0};
    if (cp_store_update_sample(r->store, s, &err))
        fail_run(r, &err);
}

static void wait_at_least(struct cp_runner *r, double ms)
{
    double until = cp_runner_now_ms(r) + ms;
    r->not_before_ms = until > r->not_before_ms ? until : r->not_before_ms;
}

/* The answers that come before the wait is over belong to one wave, however many were in the air:
 * it counts once, and the next wave waits twice as long. Returns the number of waves in a row. */
static int back_off(struct cp_runner *r, int *n_waves, const struct cp_invoke_result *result)
{
    double asked_ms = result->failure.retry_after_s * 1e3;
    if (cp_runner_now_ms(r) >= r->not_before_ms)
        ++*n_waves;
    double wait_ms = BACK_OFF_MS * exp2((*n_waves ? *n_waves : 1) - 1);
    if (asked_ms >= 0)
        wait_ms = asked_ms;
    wait_at_least(r, fmin(wait_ms, BACK_OFF_MAX_MS));
    return *n_waves;
}

static void heed_throttle(struct cp_runner *r, const struct cp_invoke_result *result,
                          const struct cp_sample *s)
{
    struct cp_error err = {0};
    int n = back_off(r, &r->n_throttled_in_a_row, result);
    if (n < THROTTLED_MAX)
        return;
    (void)cp_fail(&err, CP_ETHROTTLED,
                  "invocations were throttled %d times in a row (%s); raise the function's or the "
                  "account's concurrency, or give --parallel 1",
                  n, s->note);
    fail_run(r, &err);
}

static void heed_unreached(struct cp_runner *r, const struct cp_invoke_result *result,
                           const struct cp_sample *s)
{
    struct cp_error err = {0};
    if (back_off(r, &r->n_unreached_in_a_row, result) < UNREACHED_MAX)
        return;
    if (result->code)
        (void)cp_fail(&err, result->code, "cannot reach the service: %s", result->error.text);
    else
        (void)cp_fail(&err, CP_EREMOTE, "the service cannot run the function: %s", s->note);
    fail_run(r, &err);
}

static void heed_answer(struct cp_runner *r, const struct cp_sample *s)
{
    struct cp_error err = {0};
    r->n_throttled_in_a_row = 0;
    r->n_unreached_in_a_row = 0;
    r->n_lost_in_a_row = s->outcome == CP_OUTCOME_UNKNOWN ? r->n_lost_in_a_row + 1 : 0;
    if (r->n_lost_in_a_row < LOST_MAX)
        return;
    (void)cp_fail(&err, CP_EREMOTE, "%d invocations in a row told nothing (%s)", r->n_lost_in_a_row,
                  s->note);
    fail_run(r, &err);
}

/* A log level that hides the records leaves those of failures: what is measured then is not the
 * function. In text logs the level cannot be asked for, so this is seen only while it runs. */
static void heed_silence(struct cp_runner *r, const struct cp_sample *s)
{
    struct cp_error err = {0};
    r->n_silent++;
    heed_answer(r, s);
    if (r->has_record || r->n_silent < SILENT_MAX)
        return;
    (void)cp_fail(&err, CP_EUNSUPPORTED,
                  "%d invocations of '%s' succeeded and none came with its REPORT record: the "
                  "function's SystemLogLevel hides it (set it to INFO), or this endpoint gives no "
                  "log tail",
                  r->n_silent, r->settings->function);
    fail_run(r, &err);
}

static void heed(struct cp_runner *r, enum cp_answer_kind kind,
                 const struct cp_invoke_result *result, const struct cp_sample *s)
{
    struct cp_error err = {0};
    switch (kind) {
    case CP_ANSWERED:
        r->has_record |= s->outcome != CP_OUTCOME_UNKNOWN;
        heed_answer(r, s);
        break;
    case CP_SILENT:
        heed_silence(r, s);
        break;
    case CP_THROTTLED_ANSWER:
    case CP_TOO_FAST:
        heed_throttle(r, result, s);
        break;
    case CP_NOT_REACHED:
        heed_unreached(r, result, s);
        break;
    case CP_REFUSED:
        (void)cp_fail(&err, CP_EREMOTE, "the service refused an invocation: %s%s%s", s->note,
                      result->error.text[0] ? ": " : "", result->error.text);
        fail_run(r, &err);
        break;
    }
}

enum cp_code cp_runner_store_cells(struct cp_runner *r, struct cp_error *err)
{
    struct cp_cell_result *results = calloc(r->cells.n + 1, sizeof *results);
    if (!results)
        return cp_fail(err, CP_ENOMEM, "cannot store the cells: out of memory");
    cp_cells_results(&r->cells, results);
    enum cp_code code = cp_store_put_cells(r->store, r->run->id, results, r->cells.n, err);
    free(results);
    return code;
}

/* A closed cell is stored at once, so that a crash does not open it again. */
static void count_sample(struct cp_runner *r, const struct cp_sample *s)
{
    struct cp_error err = {0};
    bool is_closed = false;
    enum cp_code code = cp_cells_add(&r->cells, s, &is_closed, &err);
    if (!code && is_closed)
        code = cp_runner_store_cells(r, &err);
    if (code)
        fail_run(r, &err);
    cp_sweep_tell_sample(r, s);
}

/* --- cost --- */

static double worst_usd(const struct cp_runner *r, const struct cp_sample *s)
{
    if (!r->spend.book)
        return 0;
    return cp_quote_worst_usd(r->spend.book, &r->spend.function, s->memory_size_mb);
}

/* Out of the air: what it cost instead of the most it could. */
static void settle_cost(struct cp_runner *r, const struct cp_sample *s)
{
    r->reserved_usd = fmax(0, r->reserved_usd - worst_usd(r, s));
    cp_spend_add(&r->spend, s);
}

double cp_runner_snapshots_usd(const struct cp_runner *r, double more_ms)
{
    if (!r->spend.book)
        return 0;
    double until_ms = cp_runner_now_ms(r) + more_ms;
    return r->earlier_snapshots_usd +
           cp_snapshots_usd(&r->swept.snapshots, r->spend.book, &r->spend.function, until_ms);
}

/* How much longer a version may exist: whatever is sent now runs to its timeout, the idle intervals
 * pass, and cleaning up takes its time. */
static double longest_ms(const struct cp_runner *r)
{
    return cp_quote_worst_ms(r->run->timeout_ms) + cp_idle_left_ms(r) + CP_SNAPSHOTS_CLEANING_MS;
}

/* Beside all that is spent and in the air. A comparison with NAN is false: no limit. */
static bool fits_limit(const struct cp_runner *r, double more_usd)
{
    if (!r->spend.book || isnan(r->run->max_cost_usd))
        return true;
    double most_usd = cp_spend_most_usd(&r->spend) + r->reserved_usd + more_usd;
    return most_usd + cp_runner_snapshots_usd(r, longest_ms(r)) <= r->run->max_cost_usd;
}

static bool fits_sample(const struct cp_runner *r, size_t index)
{
    return fits_limit(r, worst_usd(r, &r->plan.samples[index]));
}

/* Answers cost less than their worst case: while some are awaited, more may fit later. */
static enum cp_code wait_until_it_fits(struct cp_runner *r, double more_usd, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (!code && !fits_limit(r, more_usd) && r->n_flights && !is_halted(r))
        code = cp_runner_wait(r, INFINITY, err);
    return code;
}

enum cp_code cp_runner_allow_version(struct cp_runner *r, int memory_size_mb, bool *fits,
                                     struct cp_error *err)
{
    *fits = true;
    if (!r->spend.book || !r->spend.function.is_snap_start ||
        r->swept.place.method == CP_METHOD_IN_PLACE)
        return CP_OK;
    double version_usd = cp_quote_worst_version_usd(r->spend.book, &r->spend.function,
                                                    memory_size_mb, longest_ms(r));
    double more_usd =
        version_usd + cp_quote_worst_usd(r->spend.book, &r->spend.function, memory_size_mb);
    enum cp_code code = wait_until_it_fits(r, more_usd, err);
    *fits = fits_limit(r, more_usd);
    if (code || !*fits)
        return code;
    r->run->snapshots_usd = cp_runner_snapshots_usd(r, longest_ms(r)) + version_usd;
    return cp_store_update_run(r->store, r->run, err);
}

/* --- an answer --- */

static void open_group(struct cp_runner *r)
{
    struct cp_error err = {0};
    if (r->group != CP_GROUP_WANTED)
        return;
    if (cp_store_begin(r->store, &err))
        fail_run(r, &err);
    else
        r->group = CP_GROUP_OPEN;
}

static void take_answer(struct cp_runner *r, size_t index, const struct cp_invoke_result *result)
{
    struct cp_sample *s = &r->plan.samples[index];
    r->slots[index].answered_at_ms = cp_runner_now_ms(r);
    r->n_events++;
    enum cp_answer_kind kind =
        r->is_wall_clock ? cp_classify_wall_clock(result, s) : cp_classify(result, r->tail, s);
    if (r->is_emulator)
        s->max_memory_used_mb = -1;
    settle_cost(r, s);
    open_group(r);
    store_sample(r, s);
    if (s->outcome == CP_OUTCOME_NOT_SENT)
        r->n_sent--;
    else
        count_sample(r, s);
    heed(r, kind, result, s);
}

static void forget_flight(struct cp_runner *r, const struct cp_flight *flight)
{
    for (struct cp_flight **at = &r->flights; *at; at = &(*at)->next) {
        if (*at != flight)
            continue;
        *at = flight->next;
        r->n_flights--;
        return;
    }
}

static void on_done(void *context, const struct cp_invoke_result *result)
{
    struct cp_flight *flight = context;
    struct cp_runner *r = flight->runner;
    if (r) {
        forget_flight(r, flight);
        take_answer(r, flight->index, result);
    }
    free(flight);
}

/* --- sending --- */

static enum cp_code make_room_for_slots(struct cp_runner *r, struct cp_error *err)
{
    size_t n = r->plan.n_samples;
    if (r->n_slots >= n)
        return CP_OK;
    struct cp_slot *slots = realloc(r->slots, n * sizeof *slots);
    if (!slots)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    r->slots = slots;
    for (; r->n_slots < n; r->n_slots++)
        slots[r->n_slots] = (struct cp_slot){NAN, NAN};
    return CP_OK;
}

enum cp_code cp_runner_add_prime(struct cp_runner *r, int memory_size_mb, size_t *index,
                                 struct cp_error *err)
{
    struct cp_sample prime = cp_sample_planned(CP_CELL_PRIME, memory_size_mb);
    prime.cell = CP_PLAN_NO_CELL;
    enum cp_code code = cp_plan_append(&r->plan, prime, index, err);
    if (!code)
        code = cp_store_add_samples(r->store, r->run->id, &r->plan.samples[*index], 1, err);
    return code ? code : make_room_for_slots(r, err);
}

enum cp_code cp_runner_add_probe(struct cp_runner *r, int memory_size_mb, double idle_interval_ms,
                                 int64_t batch, size_t *index, struct cp_error *err)
{
    enum cp_code code =
        cp_plan_add_probe(&r->plan, memory_size_mb, idle_interval_ms, batch, index, err);
    if (!code)
        code = cp_cells_follow(&r->cells, &r->plan, err);
    if (!code)
        code = cp_store_add_samples(r->store, r->run->id, &r->plan.samples[*index], 1, err);
    return code ? code : make_room_for_slots(r, err);
}

static enum cp_code mark_sent(struct cp_runner *r, size_t index, const char *version,
                              struct cp_error *err)
{
    struct cp_sample *s = &r->plan.samples[index];
    assert(s->outcome == CP_OUTCOME_NOT_SENT);
    s->outcome = CP_OUTCOME_SENT;
    s->note[0] = '\0';
    s->sent_at_ms = unix_now_ms(r);
    if (s->scheduled_at_ms < 0)
        s->scheduled_at_ms = s->sent_at_ms;
    (void)snprintf(s->version, sizeof s->version, "%.15s", version);
    r->n_sent++;
    r->reserved_usd += worst_usd(r, s);
    return cp_store_update_sample(r->store, s, err);
}

static void take_mark_back(struct cp_runner *r, size_t index)
{
    struct cp_sample *s = &r->plan.samples[index];
    s->outcome = CP_OUTCOME_NOT_SENT;
    s->sent_at_ms = -1;
    r->n_sent--;
    r->reserved_usd -= worst_usd(r, s);
}

/* As many as may be sent, in one commit before the first leaves. */
static enum cp_code mark_all_sent(struct cp_runner *r, const size_t *indices, size_t n,
                                  const char *version, size_t *n_marked, struct cp_error *err)
{
    *n_marked = 0;
    enum cp_code code = cp_store_begin(r->store, err);
    if (code)
        return code;
    while (!code && *n_marked < n && cp_runner_may_send(r) && fits_sample(r, indices[*n_marked]))
        code = mark_sent(r, indices[(*n_marked)++], version, err);
    code = cp_store_end(r->store, code, err);
    while (code && *n_marked)
        take_mark_back(r, indices[--*n_marked]);
    return code;
}

/* It never left after all. */
static void unmark(struct cp_runner *r, size_t index)
{
    take_mark_back(r, index);
    store_sample(r, &r->plan.samples[index]);
}

static enum cp_code start(struct cp_runner *r, size_t index, const char *version,
                          struct cp_error *err)
{
    struct cp_sample *s = &r->plan.samples[index];
    struct cp_flight *flight = malloc(sizeof *flight);
    if (!flight)
        return cp_fail(err, CP_ENOMEM, "cannot send a sample: out of memory");
    *flight = (struct cp_flight){.runner = r, .index = index, .next = r->flights};
    const struct cp_invoke invoke = {
        .function = r->swept.function,
        .qualifier = version,
        .payload = cp_buf_view(&r->settings->payload),
        .log_tail = true,
        .timeout_ms = r->run->timeout_ms + ANSWER_MARGIN_MS,
        .on_done = on_done,
        .context = flight,
    };
    s->sent_at_ms = unix_now_ms(r);
    s->idle_actual_ms = cp_runner_now_ms(r) - r->slots[index].idle_from_ms;
    r->flights = flight;
    r->n_flights++;
    enum cp_code code = cp_lambda_invoke_start(r->lambda, &invoke, err);
    if (code) {
        forget_flight(r, flight);
        free(flight);
    }
    return code;
}

enum cp_code cp_runner_send(struct cp_runner *r, const size_t *indices, size_t n,
                            const char *version, struct cp_error *err)
{
    enum cp_code code = make_room_for_slots(r, err);
    while (!code && cp_runner_now_ms(r) < r->not_before_ms && !is_halted(r))
        code = cp_runner_wait(r, r->not_before_ms, err);
    if (!code && n) {
        code = wait_until_it_fits(r, worst_usd(r, &r->plan.samples[indices[0]]), err);
        r->is_cost_reached |= !fits_sample(r, indices[0]) && !r->n_flights;
    }
    size_t n_marked = 0;
    if (!code)
        code = mark_all_sent(r, indices, n, version, &n_marked, err);
    for (size_t i = 0; i < n_marked; i++) {
        if (!code)
            code = start(r, indices[i], version, err);
        if (code)
            unmark(r, indices[i]);
    }
    return code;
}

/* --- waiting --- */

/* The answers of one poll are one commit: with a thousand in the air, one each would keep the next
 * answers waiting. Nothing is sent before it. */
static enum cp_code poll_answers(struct cp_runner *r, int timeout_ms, struct cp_error *err)
{
    r->group = CP_GROUP_WANTED;
    enum cp_code code = cp_lambda_poll(r->lambda, timeout_ms, NULL, err);
    if (r->group == CP_GROUP_OPEN) {
        struct cp_error why = {0};
        if (cp_store_end(r->store, CP_OK, &why))
            fail_run(r, &why);
    }
    r->group = CP_GROUP_NONE;
    return code;
}

static enum cp_code wait_slice(struct cp_runner *r, double ms, struct cp_error *err)
{
    double slice_ms = ms < POLL_SLICE_MS ? ms : POLL_SLICE_MS;
    if (r->n_flights)
        return poll_answers(r, slice_ms > 0 ? (int)ceil(slice_ms) : 0, err);
    r->clock->sleep_ms(r->clock->context, slice_ms);
    return CP_OK;
}

enum cp_code cp_runner_wait(struct cp_runner *r, double until_ms, struct cp_error *err)
{
    size_t n_before = r->n_events;
    enum cp_code code = CP_OK;
    for (;;) {
        double left_ms = until_ms - cp_runner_now_ms(r);
        if (code || !(left_ms > 0) || r->n_events != n_before || is_halted(r))
            return code;
        code = wait_slice(r, left_ms, err);
        cp_sweep_tell_tick(r);
    }
}

/* Not waited for any longer: it may have run. */
static void abandon_flights(struct cp_runner *r)
{
    while (r->flights) {
        struct cp_flight *flight = r->flights;
        struct cp_sample *s = &r->plan.samples[flight->index];
        r->flights = flight->next;
        r->n_flights--;
        flight->runner = NULL;
        s->outcome = CP_OUTCOME_UNKNOWN;
        (void)snprintf(s->note, sizeof s->note, "given up before its answer came");
        settle_cost(r, s);
        store_sample(r, s);
    }
}

static bool is_grace_over(struct cp_runner *r)
{
    if (!is_halted(r))
        return false;
    return r->stop > 1 || cp_runner_now_ms(r) - r->halted_at_ms >= FLIGHT_GRACE_MS;
}

enum cp_code cp_runner_drain(struct cp_runner *r, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    while (r->n_flights && !code && !is_grace_over(r)) {
        code = wait_slice(r, POLL_SLICE_MS, err);
        cp_sweep_tell_tick(r);
    }
    abandon_flights(r);
    return code;
}

static size_t keep_unsent(const struct cp_runner *r, const size_t *indices, size_t n, size_t *left)
{
    size_t n_left = 0;
    for (size_t i = 0; i < n; i++) {
        if (r->plan.samples[indices[i]].outcome == CP_OUTCOME_NOT_SENT)
            left[n_left++] = indices[i];
    }
    return n_left;
}

enum cp_code cp_runner_exchange(struct cp_runner *r, const size_t *indices, size_t n,
                                const char *version, struct cp_error *err)
{
    size_t *left = calloc(n + 1, sizeof *left);
    if (!left)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    enum cp_code code = CP_OK;
    size_t n_left = keep_unsent(r, indices, n, left);
    while (n_left && !code && cp_runner_may_send(r)) {
        code = cp_runner_send(r, left, n_left, version, err);
        if (!code)
            code = cp_runner_drain(r, err);
        n_left = keep_unsent(r, indices, n, left);
    }
    free(left);
    return code;
}
