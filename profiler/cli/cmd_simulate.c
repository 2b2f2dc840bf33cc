/* SPDX-License-Identifier: GPL-3.0-or-later
 * simulate: plays traffic over the environments of a stored run's function, or of one that the
 * options describe.
 */
#include "profiler/cli/render.h"

#include "model/base/number.h"
#include "model/base/units.h"
#include "model/decide/candidate.h"
#include "model/decide/lambda_limits.h"
#include "model/decide/windows.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"
#include "profiler/cli/demand.h"
#include "profiler/traffic/traffic_file.h"
#include "reports/figures.h"
#include "reports/simulated.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MAX = 1 << 20 };
#define REQUESTS_DEFAULT  1e6
#define REQUESTS_MOST     1e11
#define ARRIVALS_FILE_MAX ((size_t)1 << 30)
#define PROVISIONED_MOST  10000
#define NEVER_MS          1e15 /* longer than anything that is simulated */

struct simulation {
    struct cp_cli *cli;
    struct cp_store *store;
    struct cp_run_data data;
    struct cp_figures *figures; /* NULL: of no run */
    struct cp_cli_prices prices;
    const struct cp_price_book *book;
    struct cp_price_terms terms;
    struct cp_demand *demand;
    struct cp_pool_survival survival;
    double warm_ms, cold_ms, lifetime_ms; /* said by options; means of the law */
    double *values;                       /* of a run: cold and warm ones, timeouts as such */
    struct cp_pool_step steps[CP_ARRIVALS_HOURS];
    double even_per_s[CP_ARRIVALS_HOURS]; /* a rate as a week, for a schedule */
    struct cp_histogram latency_us;
    struct cp_simulated simulated;
};

static double draw_exponential(const void *context, struct cp_rng *rng)
{
    return cp_rng_exponential(rng, *(const double *)context);
}

/* "10m", "fixed:10m", "exponential:10m", "never" */
static enum cp_code read_lifetime(struct simulation *s, struct cp_pool_law *law,
                                  struct cp_error *err)
{
    struct cp_view text = cp_view_of(s->cli->options.sim_lifetime);
    bool is_drawn = cp_view_skip(&text, "exponential:");
    if (!is_drawn)
        (void)cp_view_skip(&text, "fixed:");
    *law = (struct cp_pool_law){.ms = &s->lifetime_ms, .n = 1};
    if (is_drawn)
        *law = (struct cp_pool_law){.draw_ms = draw_exponential, .context = &s->lifetime_ms};
    s->lifetime_ms = NEVER_MS;
    if (cp_view_is(text, "never"))
        return CP_OK;
    if (cp_units_parse_duration_ms(text, &s->lifetime_ms, err) || !(s->lifetime_ms > 0))
        return cp_fail(err, CP_EINVAL,
                       "--idle-lifetime: '%.40s' is not one; write 10m, exponential:10m or never",
                       s->cli->options.sim_lifetime);
    return CP_OK;
}

/* --- what takes how long --- */

static enum cp_code use_options(struct simulation *s, struct cp_error *err)
{
    const struct cp_options *o = &s->cli->options;
    struct cp_pool_options *pool = &s->simulated.options;
    bool is_drawn = o->sim_law && strcmp(o->sim_law, "exp") == 0;
    if (o->sim_law && !is_drawn && strcmp(o->sim_law, "fixed") != 0)
        return cp_fail(err, CP_EINVAL, "--law: '%.20s' is neither exp nor fixed", o->sim_law);
    if (!(o->sim_warm_ms > 0) || !(o->sim_cold_ms > 0) || !o->sim_lifetime)
        return cp_fail(
            err, CP_EINVAL,
            "name a stored run, e.g. last, or say how long things take: --warm 120ms --cold 900ms "
            "--idle-lifetime 10m");
    s->warm_ms = o->sim_warm_ms;
    s->cold_ms = o->sim_cold_ms;
    pool->warm = (struct cp_pool_law){.ms = &s->warm_ms, .n = 1};
    pool->cold = (struct cp_pool_law){.ms = &s->cold_ms, .n = 1};
    if (is_drawn) {
        pool->warm = (struct cp_pool_law){.draw_ms = draw_exponential, .context = &s->warm_ms};
        pool->cold = (struct cp_pool_law){.draw_ms = draw_exponential, .context = &s->cold_ms};
    }
    char warm[CP_UNITS_TEXT_MAX];
    char cold[CP_UNITS_TEXT_MAX];
    (void)snprintf(
        s->simulated.laws, sizeof s->simulated.laws, "warm %s, cold %s (%s); idle lifetime %.40s",
        cp_units_format_duration(s->warm_ms, warm), cp_units_format_duration(s->cold_ms, cold),
        is_drawn ? "exponential" : "fixed", o->sim_lifetime);
    return read_lifetime(s, &pool->lifetime, err);
}

/* Without --memory the function's own size. */
static const struct cp_size_figures *size_of(const struct simulation *s)
{
    const struct cp_memory_list *asked = &s->cli->options.memory;
    int mb = asked->n ? asked->mb[0] : s->data.run.original_memory_size_mb;
    for (size_t i = 0; i < s->figures->n_sizes; i++) {
        if (s->figures->sizes[i].memory_size_mb == mb)
            return &s->figures->sizes[i];
    }
    return NULL;
}

static enum cp_code fail_size(const struct simulation *s, struct cp_error *err)
{
    char known[256] = "";
    size_t n = 0;
    for (size_t i = 0; i < s->figures->n_sizes && n + 16 < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%d", n ? ", " : "",
                              s->figures->sizes[i].memory_size_mb);
    return cp_fail(err, CP_EINVAL,
                   "--memory: say which of the run's memory sizes to simulate: %s MB", known);
}

/* A request that the timeout ended took that long. */
static enum cp_code copy_values(struct simulation *s, const struct cp_size_figures *size,
                                struct cp_error *err)
{
    size_t n_cold = size->n_cold_values;
    size_t n_warm = size->n_warm_values;
    s->values = malloc((n_cold + n_warm + 1) * sizeof *s->values);
    if (!s->values)
        return cp_fail(err, CP_ENOMEM, "no memory for %zu values", n_cold + n_warm);
    for (size_t i = 0; i < n_cold + n_warm; i++) {
        double ms = i < n_cold ? size->cold_ms[i] : size->warm_ms[i - n_cold];
        s->values[i] = isfinite(ms) ? ms : size->timeout_ms;
    }
    s->simulated.options.cold = (struct cp_pool_law){.ms = s->values, .n = n_cold};
    s->simulated.options.warm = (struct cp_pool_law){.ms = s->values + n_cold, .n = n_warm};
    return CP_OK;
}

static enum cp_code use_run(struct simulation *s, struct cp_error *err)
{
    const struct cp_size_figures *size = size_of(s);
    const struct cp_idle_survival *survival = &s->figures->survival;
    if (!size)
        return fail_size(s, err);
    if (size->n_cold_values == 0 || size->n_warm_values == 0)
        return cp_fail(err, CP_ENODATA, "run '%s' has no cold or no warm samples at %d MB",
                       s->data.run.id, size->memory_size_mb);
    enum cp_code code = copy_values(s, size, err);
    if (code)
        return code;
    s->simulated.run_id = s->data.run.id;
    s->simulated.memory_size_mb = size->memory_size_mb;
    s->lifetime_ms = cp_longest_probe_ms(survival);
    s->survival = (struct cp_pool_survival){survival, s->lifetime_ms};
    (void)snprintf(s->simulated.laws, sizeof s->simulated.laws,
                   "run %.15s at %d MB: %zu cold and %zu warm samples; idle lifetime %.60s",
                   s->data.run.id, size->memory_size_mb, size->n_cold_values, size->n_warm_values,
                   s->cli->options.sim_lifetime ? s->cli->options.sim_lifetime
                   : survival->n_points         ? "as measured"
                                                : "0: not measured; say --idle-lifetime");
    s->simulated.options.lifetime = cp_pool_law_of_survival(&s->survival);
    return s->cli->options.sim_lifetime ? read_lifetime(s, &s->simulated.options.lifetime, err)
                                        : CP_OK;
}

/* --- the setting --- */

/* The parts that are the default, or all others, as lines of a week. */
static void add_parts(const char *schedule, bool is_default, struct cp_buf *text)
{
    struct cp_view rest = cp_view_of(schedule);
    struct cp_view part;
    while (cp_view_split(&rest, ',', &part)) {
        if (cp_view_has_prefix(cp_view_trim(part), "default") != is_default)
            continue;
        cp_buf_add_view(text, part);
        cp_buf_adds(text, "/s\n");
    }
}

/* The form of a traffic file's week: "weekdays 07:00-19:00=4,default=1" are rates there, of which
 * a later line wins, so the default comes first wherever it was said. */
static enum cp_code read_schedule(struct simulation *s, struct cp_error *err)
{
    struct cp_demand week = {.first_ms = NAN};
    struct cp_buf text;
    cp_buf_init(&text, 1U << 16);
    cp_buf_adds(&text, "[week]\n");
    add_parts(s->cli->options.schedule, true, &text);
    add_parts(s->cli->options.schedule, false, &text);
    enum cp_code code = cp_traffic_file_read(cp_buf_view(&text), "--schedule", NULL, &week, err);
    if (!code && week.law.kind != CP_ARRIVALS_WEEK)
        code = CP_EINVAL;
    for (size_t h = 0; h < CP_ARRIVALS_HOURS && !code; h++) {
        double n = week.week_per_s[h];
        if (n > PROVISIONED_MOST || fabs(n - round(n)) > 1e-9)
            code = CP_EINVAL;
        s->steps[h] = (struct cp_pool_step){(double)h * CP_MS_PER_HOUR, (int)lround(n)};
    }
    if (code)
        code = cp_fail(err, CP_EINVAL,
                       "--schedule: '%.80s' is not one; write it like 'weekdays "
                       "07:00-19:00=4,default=1' (UTC)",
                       s->cli->options.schedule);
    s->simulated.options.schedule = (struct cp_pool_schedule){
        .steps = s->steps,
        .n_steps = CP_ARRIVALS_HOURS,
        .period_ms = CP_MS_PER_WEEK,
    };
    cp_demand_clear(&week);
    cp_buf_clear(&text);
    return code;
}

/* "0.7:1:6" */
static enum cp_code read_tracking(struct simulation *s, struct cp_error *err)
{
    struct cp_view rest = cp_view_of(s->cli->options.track);
    struct cp_view part[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    double target = 0;
    int64_t min = -1;
    int64_t max = -1;
    for (size_t i = 0; i < 3; i++)
        (void)cp_view_split(&rest, ':', &part[i]);
    if (rest.n || !cp_view_to_double(part[0], &target) || !cp_view_to_int64(part[1], &min) ||
        !cp_view_to_int64(part[2], &max) || !(target >= 0.1 && target <= 0.9) || min < 1 ||
        max < min || max > PROVISIONED_MOST)
        return cp_fail(err, CP_EINVAL,
                       "--track: '%.40s' is not TARGET:MIN:MAX; write it like 0.7:1:6",
                       s->cli->options.track);
    s->simulated.options.provisioned = (int)min;
    s->simulated.options.tracking = (struct cp_pool_tracking){
        .target = target, .min = (int)min, .max = (int)max, .ready_ms = CP_LAMBDA_READY_MS};
    return CP_OK;
}

static enum cp_code read_setting(struct simulation *s, struct cp_error *err)
{
    const struct cp_options *o = &s->cli->options;
    struct cp_pool_options *pool = &s->simulated.options;
    char *words = s->simulated.setting;
    size_t room = sizeof s->simulated.setting;
    int n_said =
        (o->provisioned > 0) + (o->reserved > 0) + (o->schedule != NULL) + (o->track != NULL);
    bool has_both = o->reserved > 0 && o->provisioned > 0 && n_said == 2;
    if (n_said > 1 && !has_both)
        return cp_fail(err, CP_EINVAL,
                       "give one of --provisioned, --schedule and --track (--reserved goes with "
                       "--provisioned)");
    if (has_both && o->provisioned > o->reserved)
        return cp_fail(err, CP_EINVAL,
                       "--provisioned %d is more than --reserved %d, which Lambda refuses; reserve "
                       "at least as many",
                       o->provisioned, o->reserved);
    pool->starts_per_10_s = CP_LAMBDA_STARTS_PER_10_S;
    pool->limit = o->reserved > 0 ? o->reserved : 0;
    pool->requests_per_s = CP_LAMBDA_REQUESTS_PER_S_AND_SLOT * pool->limit;
    pool->provisioned = o->provisioned > 0 ? o->provisioned : 0;
    (void)snprintf(words, room, "on-demand");
    if (o->schedule) {
        (void)snprintf(words, room, "provisioned concurrency by schedule, %.80s (UTC)",
                       o->schedule);
        return read_schedule(s, err);
    }
    if (o->track) {
        (void)snprintf(words, room, "provisioned concurrency by target tracking, %.40s", o->track);
        return read_tracking(s, err);
    }
    if (has_both)
        (void)snprintf(words, room, "reserved concurrency %d, provisioned %d", o->reserved,
                       o->provisioned);
    else if (n_said)
        (void)snprintf(words, room, "%s concurrency %d",
                       o->reserved > 0 ? "reserved" : "provisioned",
                       o->reserved > 0 ? o->reserved : o->provisioned);
    return CP_OK;
}

/* --- length, and the arrivals as a file --- */

/* A rate has no clock, so its windows would all see the same hours of a schedule: as a week of even
 * rate they are spread over it. */
static void give_clock(struct simulation *s, struct cp_arrivals_law *law)
{
    for (size_t h = 0; h < CP_ARRIVALS_HOURS; h++)
        s->even_per_s[h] = law->per_s;
    law->kind = CP_ARRIVALS_WEEK;
    law->week_per_s = s->even_per_s;
}

static enum cp_code set_length(struct simulation *s, struct cp_error *err)
{
    const struct cp_options *o = &s->cli->options;
    double per_s = cp_demand_per_s(s->demand);
    double requests = o->requests > 0 ? o->requests : REQUESTS_DEFAULT;
    if (o->requests > 0 && o->hours > 0)
        return cp_fail(err, CP_EINVAL, "--requests and --hours both say how long; give one");
    if (o->hours > 0)
        requests = o->hours * CP_MS_PER_HOUR / CP_MS_PER_S * per_s;
    if (!(requests > 0 && requests <= REQUESTS_MOST))
        return cp_fail(err, CP_EINVAL, "%.3g requests cannot be simulated; give up to 1e11",
                       requests);
    s->simulated.options.arrivals = s->demand->law;
    if (o->schedule && s->demand->law.kind == CP_ARRIVALS_POISSON)
        give_clock(s, &s->simulated.options.arrivals);
    const struct cp_windows_question question = {
        .law = &s->simulated.options.arrivals,
        .first_ms = s->demand->first_ms,
        .arrivals = requests,
        .lifetime_ms = s->lifetime_ms < NEVER_MS ? s->lifetime_ms : CP_MS_PER_HOUR};
    cp_windows_set(&question, &s->simulated.options);
    return CP_OK;
}

/* The first window's arrivals, in ms from its beginning: as --traffic reads them again. */
static enum cp_code write_arrivals(struct simulation *s, const char *path, struct cp_error *err)
{
    struct cp_arrivals a;
    struct cp_buf text;
    double end_ms = s->simulated.options.horizon_ms;
    enum cp_code code =
        cp_arrivals_open(&a, &s->simulated.options.arrivals, s->cli->options.seed, 0, 0, err);
    if (code)
        return code;
    cp_buf_init(&text, ARRIVALS_FILE_MAX);
    cp_buf_adds(&text, "time\n");
    double ms = cp_arrivals_next(&a);
    while (ms < end_ms && !text.failed) {
        cp_buf_addf(&text, "%.6f\n", ms / CP_MS_PER_S);
        ms = cp_arrivals_next(&a);
    }
    code = a.code ? cp_fail(err, a.code, "no memory for the bursts") : CP_OK;
    if (!code)
        code = cp_buf_check(&text, "the arrivals", err);
    if (!code)
        code = cp_file_write_atomic(path, cp_buf_view(&text), err);
    cp_buf_clear(&text);
    cp_arrivals_close(&a);
    return code;
}

/* --- the command --- */

static enum cp_code load_run(struct simulation *s, struct cp_error *err)
{
    enum cp_code code = cp_cli_open_store(s->cli, CP_STORE_READ, &s->store, err);
    if (!code)
        code = cp_store_load(s->store, s->cli->words.word[0], &s->data, err);
    if (code)
        return code;
    struct cp_demand rate;
    const struct cp_demand *own = cp_figures_demand(&s->data, &rate);
    code = cp_cli_demand(&s->cli->options, own, &s->demand, err);
    if (!code && !s->demand && own) {
        s->demand = cp_demand_copy(own);
        code = s->demand ? CP_OK : cp_fail(err, CP_ENOMEM, "no memory for the traffic");
    }
    cp_cli_put_demand(&s->data, NULL); /* nothing is decided here: the figures need none */
    if (!code)
        code = cp_cli_figures(s->cli, &s->data, &s->prices, &s->figures, err);
    if (!code)
        code = use_run(s, err);
    /* a restore is not billed by its duration */
    if (!code && s->figures->fresh_start != CP_START_SNAPSTART)
        s->book = s->figures->price;
    s->terms = s->data.terms;
    return code;
}

static enum cp_code describe(struct simulation *s, struct cp_error *err)
{
    const struct cp_options *o = &s->cli->options;
    enum cp_code code = use_options(s, err);
    if (!code)
        code = cp_cli_demand(o, NULL, &s->demand, err);
    if (code || o->memory.n == 0)
        return code;
    s->simulated.memory_size_mb = o->memory.mb[0];
    s->terms.has_free_tier = o->has_free_tier;
    s->terms.used_gb_s = isnan(o->account_gb_s) ? 0 : o->account_gb_s;
    return cp_cli_find_prices(s->cli, o->region ? o->region : "us-east-1",
                              o->architecture ? o->architecture : "x86_64", &s->prices, &s->book,
                              err);
}

static enum cp_code simulate(struct simulation *s, struct cp_error *err)
{
    struct cp_simulated *out = &s->simulated;
    enum cp_code code = read_setting(s, err);
    if (!code && !s->demand)
        code = cp_fail(err, CP_EINVAL, "no traffic to play; add --traffic 5/s or --traffic FILE");
    if (!code)
        code = set_length(s, err);
    if (!code && s->cli->options.arrivals_file)
        code = write_arrivals(s, s->cli->options.arrivals_file, err);
    if (code)
        return code;
    out->options.seed = s->cli->options.seed;
    out->options.n_threads = s->cli->options.threads > 0 ? s->cli->options.threads : 1;
    out->options.latency_us = &s->latency_us;
    out->latency_us = &s->latency_us;
    out->demand = s->demand;
    out->book = s->book;
    out->terms = &s->terms;
    double before_ms = cp_clock_mono_ms();
    code = cp_pool_simulate(&out->options, &out->result, err);
    double took_s = (cp_clock_mono_ms() - before_ms) / CP_MS_PER_S;
    char rate[CP_NUMBER_MAX];
    if (!code && !s->cli->options.is_quiet)
        (void)fprintf(stderr, "simulated in %.2f s, %s requests per second\n", took_s,
                      cp_number_short((double)out->result.n_arrivals / fmax(took_s, 1e-3), rate));
    if (!code)
        cp_simulated_price(out);
    return code;
}

static enum cp_code print_simulated(const struct simulation *s, enum cp_status *status,
                                    struct cp_error *err)
{
    const struct cp_text_style style = {s->cli->out.use_color, s->cli->out.width};
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    if (s->cli->options.format == CP_FORMAT_JSON)
        cp_simulated_json(&s->simulated, &out);
    else
        cp_simulated_text(&s->simulated, &style, &out);
    enum cp_code code = cp_buf_check(&out, "the simulation", err);
    if (!code)
        *status = cp_cli_print(&out);
    cp_buf_clear(&out);
    return code;
}

static void clear(struct simulation *s)
{
    cp_histogram_clear(&s->latency_us);
    cp_figures_free(s->figures);
    cp_demand_free(s->demand);
    cp_run_data_clear(&s->data);
    cp_store_close(s->store);
    free(s->values);
    free(s);
}

static enum cp_status run_simulate(struct cp_cli *cli)
{
    struct cp_error err = {CP_OK, ""};
    enum cp_status status = CP_STATUS_OK;
    enum cp_format format = cli->options.format;
    enum cp_code code = CP_OK;
    struct simulation *s = calloc(1, sizeof *s);
    if (!s) {
        (void)cp_fail(&err, CP_ENOMEM, "no memory for a simulation");
        return cp_cli_fail(cli, &err);
    }
    s->cli = cli;
    s->data.run = cp_run_empty();
    if (format != CP_FORMAT_TABLE && format != CP_FORMAT_JSON)
        code = cp_fail(&err, CP_EINVAL, "simulate prints --format table or json");
    if (!code)
        code = cli->words.n ? load_run(s, &err) : describe(s, &err);
    if (!code)
        code = simulate(s, &err);
    if (!code)
        code = print_simulated(s, &status, &err);
    if (code)
        status = cp_cli_fail(cli, &err);
    clear(s);
    return status;
}

const struct cp_command cp_command_simulate = {
    .name = "simulate",
    .arguments = "[RUN]",
    .summary = "play traffic over the environments of a run, or of a function in numbers",
    .detail =
        "With a RUN its samples and idle lifetimes are used, at one --memory size; without, say "
        "--warm, --cold and --idle-lifetime. Prints cold share, spillover, throttles, concurrency, "
        "latency of all requests, and with a memory size the GB-seconds and the bill of a month. "
        "Intervals are of ten replications or more (95 %). Environments start at most 1,000 times "
        "in 10 seconds, as on Lambda. The same --seed gives the same numbers.",
    .examples = "  coldprof simulate 7f3a --memory 512 --traffic 5/s --provisioned 2\n"
                "  coldprof simulate --traffic 0.9/s --warm 1991ms --cold 2244ms --law exp \\\n"
                "      --idle-lifetime 10m --reserved 1000\n"
                "  coldprof simulate 7f3a --traffic week.ini --track 0.7:1:6 --json\n",
    .bit = CP_IN_SIMULATE,
    .max_words = 1,
    .run = run_simulate,
};
