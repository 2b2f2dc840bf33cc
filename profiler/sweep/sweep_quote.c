/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/sweep_quote.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/units.h"
#include "profiler/sweep/progress.h"
#include "profiler/sweep/version_need.h"

/* Assumed when the history has no run of the function. */
#define ASSUMED_INIT_MS  1000.0
#define ASSUMED_FRESH_MS 200.0
#define ASSUMED_WARM_MS  100.0
/* A version takes an update, its wait, a publication and a deletion at 10 calls a second. */
#define VERSION_MS 3000.0
/* Way to the service and back. */
#define ROUND_TRIP_MS 50.0

enum { ACCOUNT_FIELD = 4, ACCOUNT_SHOWN = 4, FIRST_LOOK = 0 };

static struct cp_view account_of(const char *function_arn)
{
    struct cp_view rest = cp_view_of(function_arn);
    struct cp_view field = {"", 0};
    for (int i = 0; i <= ACCOUNT_FIELD; i++) {
        if (!cp_view_split(&rest, ':', &field))
            return (struct cp_view){"", 0};
    }
    return field;
}

bool cp_sweep_is_billed(const char *function_arn)
{
    static const char *const nobody[] = {"", "000000000000", "123456789012"};
    struct cp_view account = account_of(function_arn);
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        if (cp_view_is(account, nobody[i]))
            return false;
    }
    return true;
}

/* --- how long and how often --- */

/* What is still to be sent, size by size. */
struct estimate {
    struct cp_quote_size sizes[CP_RUN_SIZES_MAX];
    size_t n;
    char basis[CP_SWEEP_BASIS_MAX];
};

static struct cp_quote_size *size_of(struct estimate *e, int memory_size_mb)
{
    for (size_t i = 0; i < e->n; i++) {
        if (e->sizes[i].memory_size_mb == memory_size_mb)
            return &e->sizes[i];
    }
    return NULL;
}

static void count_samples(const struct cp_runner *r, struct estimate *e)
{
    for (size_t i = 0; i < r->plan.n_samples; i++) {
        const struct cp_sample *s = &r->plan.samples[i];
        struct cp_quote_size *size = size_of(e, s->memory_size_mb);
        if (!size || s->outcome != CP_OUTCOME_NOT_SENT || !cp_cells_is_open(&r->cells, s->cell))
            continue;
        size->n_warm += s->kind == CP_CELL_WARM;
        size->n_fresh += s->kind != CP_CELL_WARM;
    }
}

static size_t n_unsent(const struct cp_runner *r, size_t first, size_t n)
{
    size_t count = 0;
    for (size_t i = first; i < first + n; i++)
        count += r->plan.samples[i].outcome == CP_OUTCOME_NOT_SENT;
    return count;
}

/* Warm samples without cold ones: by plan, or because those were sent by an earlier session. */
/* Probes of a search go through the sizes in turn. */
static void count_search(const struct cp_runner *r, struct estimate *e)
{
    const struct cp_idle_outlook idle = cp_idle_outlook(r);
    for (size_t i = 0; i < e->n; i++) {
        size_t n_expected = idle.n_probes / e->n + (i < idle.n_probes % e->n);
        size_t n_most = idle.n_most / e->n + (i < idle.n_most % e->n);
        e->sizes[i].n_fresh += n_expected;
        size_t n_most_primes = cp_idle_most_primes(n_most + r->plan.n_chains / e->n);
        e->sizes[i].n_spare += n_most - n_expected + (idle.is_on ? n_most_primes : 0);
    }
}

static void count_unplanned_primes(const struct cp_runner *r, struct estimate *e)
{
    for (size_t i = 0; i < r->plan.n_steps; i++) {
        const struct cp_plan_step *step = &r->plan.steps[i];
        struct cp_quote_size *size = size_of(e, step->memory_size_mb);
        if (size && cp_cells_is_open(&r->cells, (int64_t)step->warm_cell) &&
            n_unsent(r, step->first_warm, step->n_warm) &&
            !(cp_cells_is_open(&r->cells, (int64_t)step->cold_cell) &&
              n_unsent(r, step->first_cold, step->n_cold)))
            size->n_fresh++;
    }
}

static void count_spare_primes(const struct cp_runner *r, struct estimate *e)
{
    for (size_t i = 0; i < r->plan.n_chains; i++) {
        const struct cp_plan_chain *chain = &r->plan.chains[i];
        struct cp_quote_size *size = size_of(e, chain->memory_size_mb);
        size_t most = cp_idle_most_primes(n_unsent(r, chain->first_probe, chain->n_probes));
        size_t planned = n_unsent(r, chain->prime, 1);
        if (size && most > planned)
            size->n_spare += most - planned;
    }
}

/* --- versions --- */

/* Every invocation after the other, each at its worst: no version exists longer, unless it waits
 * idle beside. */
static double most_ms(const struct cp_runner *r, const struct estimate *e)
{
    double n = 0;
    for (size_t i = 0; i < e->n; i++)
        n += (double)(e->sizes[i].n_fresh + e->sizes[i].n_warm + e->sizes[i].n_spare);
    return n * cp_quote_worst_ms(r->run->timeout_ms) + cp_idle_left_ms(r) +
           CP_SNAPSHOTS_CLEANING_MS;
}

/* Published ahead, two versions of one size are kept apart by one of another size: at most one more
 * for each, which may be a megabyte larger; one in 128 allows for that. */
static size_t n_ahead(size_t n)
{
    return 2 * n + n / CP_MEMORY_MIN_MB + 1;
}

static void count_versions(const struct cp_runner *r, struct estimate *e)
{
    struct cp_version_need needs[CP_RUN_SIZES_MAX];
    size_t n_needs = cp_version_needs(r, needs);
    bool is_ahead = r->swept.place.method == CP_METHOD_IN_PLACE;
    for (size_t i = 0; i < n_needs; i++) {
        struct cp_quote_size *size = size_of(e, needs[i].memory_size_mb);
        if (size)
            size->n_versions += is_ahead ? n_ahead(needs[i].n) : needs[i].n;
    }
}

static void keep_versions(const struct cp_runner *r, double takes_ms, struct estimate *e)
{
    for (size_t i = 0; i < e->n; i++) {
        e->sizes[i].kept_ms = takes_ms;
        e->sizes[i].kept_most_ms = most_ms(r, e);
    }
}

/* Cells end early at their first look at the soonest. */
static void count_least(const struct cp_runner *r, struct estimate *e)
{
    for (size_t i = 0; i < r->cells.n; i++) {
        const struct cp_cell_result *cell = &r->cells.cells[i].result;
        struct cp_quote_size *size = size_of(e, cell->memory_size_mb);
        size_t planned = (size_t)cell->planned;
        bool can_stop = cell->kind == CP_CELL_COLD || cell->kind == CP_CELL_WARM;
        if (can_stop && planned > cp_cells_look(FIRST_LOOK))
            planned = cp_cells_look(FIRST_LOOK);
        if (size && !r->n_sent)
            size->n_least += planned;
    }
}

/* --- what the history knows --- */

struct search {
    const struct cp_run *of;
    char id[CP_RUN_ID_MAX];
};

static bool is_of_same_function(const struct cp_run *a, const struct cp_run *b)
{
    return a->is_local == b->is_local && strcmp(a->function, b->function) == 0 &&
           strcmp(a->region, b->region) == 0 && strcmp(a->architecture, b->architecture) == 0;
}

/* Runs come newest first. */
static bool consider_run(void *context, const struct cp_run *run,
                         const struct cp_accounting *accounting)
{
    struct search *search = context;
    if (accounting->measured == 0 || !is_of_same_function(search->of, run))
        return true;
    (void)snprintf(search->id, sizeof search->id, "%s", run->id);
    return false;
}

static void learn(const struct cp_runner *r, struct estimate *e)
{
    struct search search = {.of = r->run};
    struct cp_run_data data = {.run = cp_run_empty()};
    if (cp_store_list(r->store, consider_run, &search, NULL) || !search.id[0] ||
        cp_store_load(r->store, search.id, &data, NULL))
        return;
    cp_quote_learn(data.samples, data.n_samples, e->sizes, e->n);
    (void)snprintf(e->basis, sizeof e->basis, "times as in run %s", search.id);
    cp_run_data_clear(&data);
}

static void make_estimate(const struct cp_runner *r, struct estimate *e)
{
    *e = (struct estimate){.n = r->settings->n_memory};
    for (size_t i = 0; i < e->n; i++) {
        e->sizes[i] = (struct cp_quote_size){
            .memory_size_mb = r->settings->memory_mb[i],
            .init_ms = ASSUMED_INIT_MS,
            .fresh_ms = ASSUMED_FRESH_MS,
            .warm_ms = ASSUMED_WARM_MS,
        };
    }
    (void)snprintf(e->basis, sizeof e->basis,
                   "assumed, not measured: init %.0f ms, first run %.0f ms, later runs %.0f ms",
                   ASSUMED_INIT_MS, ASSUMED_FRESH_MS, ASSUMED_WARM_MS);
    count_samples(r, e);
    count_search(r, e);
    count_unplanned_primes(r, e);
    count_spare_primes(r, e);
    count_versions(r, e);
    count_least(r, e);
    learn(r, e);
}

/* Fresh environments in batches, warm invocations one by one, idle chains side by side. */
static double time_of(const struct cp_runner *r, const struct estimate *e)
{
    double ms = cp_idle_expected_ms(r);
    double per_batch = r->settings->cold_per_batch;
    size_t n_versions = r->plan.n_chains + (r->n_sent ? 0 : r->plan.n_steps);
    for (size_t i = 0; i < e->n; i++) {
        const struct cp_quote_size *size = &e->sizes[i];
        ms += (double)size->n_fresh / per_batch * (size->init_ms + size->fresh_ms + ROUND_TRIP_MS);
        ms += (double)size->n_warm * (size->warm_ms + ROUND_TRIP_MS);
    }
    return ms + (double)n_versions * VERSION_MS;
}

/* --- asking --- */

/* What must be published before the first invocation, to be deleted at once: one version, or all of
 * them when they are published ahead. Should they exist longer, the hard stop sees it. */
static double first_versions_usd(const struct cp_runner *r, const struct estimate *e)
{
    bool is_ahead = r->swept.place.method == CP_METHOD_IN_PLACE;
    double usd = 0;
    for (size_t i = 0; i < (is_ahead ? e->n : 1); i++) {
        double n = is_ahead ? (double)e->sizes[i].n_versions : 1;
        double kept_ms = n * VERSION_MS + cp_idle_left_ms(r) + CP_SNAPSHOTS_CLEANING_MS;
        usd += n * cp_quote_worst_version_usd(r->spend.book, &r->spend.function,
                                              e->sizes[i].memory_size_mb, kept_ms);
    }
    return usd;
}

static enum cp_code fail_nothing_fits(const struct cp_runner *r, double one_usd, double first_usd,
                                      struct cp_error *err)
{
    char snapshots[80] = "";
    if (first_usd > 0)
        (void)snprintf(snapshots, sizeof snapshots, ", and the snapshots before it USD %.8f",
                       first_usd);
    return cp_fail(err, CP_EINVAL,
                   "--max-cost-usd %g does not allow one invocation: at %d MB with a timeout of "
                   "%g s and an init of 10 s it can cost USD %.8f%s%s; give a higher limit, or "
                   "lower the function's timeout",
                   r->run->max_cost_usd, r->settings->memory_mb[0], r->run->timeout_ms / 1e3,
                   one_usd, snapshots,
                   cp_spend_most_usd(&r->spend) > 0 ? ", beside what was spent before" : "");
}

static enum cp_code check_limit(const struct cp_runner *r, const struct cp_sweep_quote *quote,
                                double first_usd, struct cp_error *err)
{
    double limit_usd = r->run->max_cost_usd;
    double one_usd =
        cp_quote_worst_usd(r->spend.book, &r->spend.function, r->settings->memory_mb[0]);
    if (isnan(limit_usd))
        return CP_OK;
    if (quote->unpriced)
        return cp_fail(err, CP_EINVAL,
                       "--max-cost-usd cannot be kept: what '%s' pays for %s is not known in %s; "
                       "sweep it without a limit",
                       r->run->function, quote->unpriced, r->run->region);
    if (quote->spent_usd + first_usd + one_usd > limit_usd)
        return fail_nothing_fits(r, one_usd, first_usd, err);
    if (quote->spent_usd + quote->cost.least_usd > limit_usd)
        return cp_fail(err, CP_EINVAL,
                       "--max-cost-usd %g is less than this plan costs at least (USD %.8f); give a "
                       "higher limit, or fewer --memory sizes",
                       limit_usd, quote->spent_usd + quote->cost.least_usd);
    return CP_OK;
}

/* Versions that a killed sweep left behind may have existed until now; what is stored covers 3
 * hours of each at least. */
static double earlier_snapshots_usd(const struct cp_runner *r)
{
    const struct cp_run *run = r->run;
    double since_ms = (double)(r->clock->unix_ms(r->clock->context) - run->started_at_ms);
    if (r->n_sent && run->ended_at_ms < 0)
        return run->snapshots_usd * fmax(1, since_ms / CP_PRICE_CACHE_LEAST_MS);
    return run->snapshots_usd;
}

static void begin_spend(struct cp_runner *r, const struct cp_price_book *book)
{
    r->spend = (struct cp_spend){.book = book, .function = cp_quote_function_of(r->run)};
    for (size_t i = 0; i < r->plan.n_samples; i++)
        cp_spend_add(&r->spend, &r->plan.samples[i]);
    r->earlier_snapshots_usd = earlier_snapshots_usd(r);
    r->run->snapshots_usd = r->earlier_snapshots_usd;
}

static size_t invocations_left(const struct cp_runner *r)
{
    size_t max = (size_t)r->settings->max_invocations;
    return max > r->n_sent ? max - r->n_sent : 0;
}

static void set_account(const struct cp_runner *r, struct cp_sweep_quote *quote)
{
    struct cp_view account = account_of(r->swept.latest.arn);
    size_t cut = account.n > ACCOUNT_SHOWN ? account.n - ACCOUNT_SHOWN : 0;
    (void)cp_view_copy((struct cp_view){account.p + cut, account.n - cut}, quote->account,
                       sizeof quote->account);
}

static void set_idle(const struct cp_runner *r, struct cp_sweep_quote *quote)
{
    const struct cp_idle_outlook idle = cp_idle_outlook(r);
    quote->idle_first_ms = idle.is_on ? r->settings->idle_first_ms : NAN;
    quote->idle_longest_ms = idle.is_on ? r->settings->idle_longest_ms : NAN;
    quote->idle_expected_ms = idle.wait_ms;
    quote->idle_most_ms = idle.wait_most_ms;
}

static enum cp_code find_book(const struct cp_runner *r, const struct cp_price_book **book,
                              struct cp_error *err)
{
    const struct cp_sweep_hooks *hooks = r->hooks;
    const struct cp_run *run = r->run;
    return hooks && hooks->find_price
               ? hooks->find_price(hooks->price_context, run->region, run->architecture, book, err)
               : cp_price_find(run->region, run->architecture, book, err);
}

enum cp_code cp_sweep_ask(struct cp_runner *r, struct cp_error *err)
{
    struct cp_run *run = r->run;
    struct estimate estimate;
    struct cp_sweep_quote quote = {.run = run, .n_done = r->n_sent};
    if (!cp_sweep_is_billed(r->swept.latest.arn))
        return CP_OK;
    enum cp_code code = find_book(r, &quote.book, err);
    if (code)
        return code;
    begin_spend(r, quote.book);
    make_estimate(r, &estimate);
    quote.takes_ms = time_of(r, &estimate);
    keep_versions(r, quote.takes_ms, &estimate);
    quote.cost = cp_quote_of(estimate.sizes, estimate.n, invocations_left(r), &r->spend.function,
                             quote.book);
    quote.spent_usd = cp_spend_most_usd(&r->spend) + r->earlier_snapshots_usd;
    quote.unpriced = cp_quote_unpriced(quote.book, &r->spend.function);
    r->stock_usd = first_versions_usd(r, &estimate);
    code = check_limit(r, &quote, r->stock_usd, err);
    if (code)
        return code;
    set_idle(r, &quote);
    quote.memory_mb = r->settings->memory_mb;
    quote.n_memory = r->settings->n_memory;
    set_account(r, &quote);
    (void)snprintf(quote.basis, sizeof quote.basis, "%s", estimate.basis);
    r->takes_ms = quote.takes_ms;
    if (isnan(run->quoted_usd)) {
        run->quoted_usd = quote.cost.expected_usd;
        run->quoted_max_usd = quote.cost.most_usd;
    }
    const struct cp_sweep_hooks *hooks = r->hooks;
    return hooks && hooks->confirm ? hooks->confirm(hooks->confirm_context, &quote, err) : CP_OK;
}
