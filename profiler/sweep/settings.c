/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "model/base/units.h"
#include "probes/aws/endpoint.h"

/* Synchronous request limit: 6 MB (Lambda quotas). */
#define PAYLOAD_MAX_BYTES ((size_t)6 * 1024 * 1024)

enum {
    DEFAULT_MAX_COLD = 135, /* a look: 60 * 1.5^2; two-sided p95 needs 72 */
    DEFAULT_MAX_WARM = 456, /* the first look above the 368 of a two-sided p99 */
    DEFAULT_IDLE_PROBES = 12,
    SEARCH_IDLE_PROBES = 10,
    IDLE_ENVIRONMENTS_MAX = 64,
    FIRST_COLD_STOP = 90, /* the first look at which a p95 interval exists */
    WARM_ALONE_PER_BATCH = 20,
    PARALLEL_COLD_MAX = 8, /* here */
    PARALLEL_COLD_ELSEWHERE = 10,
    COUNT_MAX = 100000,
    IDLE_PROBES_MAX = 1000,
};
#define IDLE_MAX_MS (24 * 3600 * CP_MS_PER_S)

static const int default_memory_mb[] = {128, 256, 512, 1024, CP_MEMORY_PER_VCPU_MB};

/* Where a search for the idle lifetime begins and ends. Here it is a matter of seconds, and waiting
 * is what a first sweep has least of: quarter steps at once, which takes more environments. Of AWS
 * minutes are known, but no law. */
static const struct idle_scale {
    double first_ms, longest_ms;
    double wait_longest;   /* waiting at most, in longest intervals */
    size_t n_environments; /* for the first look; 0: as the design has it */
} idle_here = {1000, 10000, 1, 62}, idle_elsewhere = {60e3, 900e3, 3, 0};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum cp_code cp_sweep_payload_check(struct cp_view payload, struct cp_error *err)
{
    const char *end = NULL;
    if (payload.n > PAYLOAD_MAX_BYTES)
        return cp_fail(err, CP_ELIMIT, "the payload has %zu bytes; Lambda takes at most %zu",
                       payload.n, PAYLOAD_MAX_BYTES);
    cJSON *json = cJSON_ParseWithLengthOpts(payload.p, payload.n, &end, false);
    bool is_json = json != NULL;
    cJSON_Delete(json);
    size_t at = end ? (size_t)(end - payload.p) : 0;
    if (is_json && !cp_view_trim((struct cp_view){payload.p + at, payload.n - at}).n)
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "the payload is not JSON: it goes wrong at byte %zu", at + 1);
}

/* Sizes beyond the machine's memory cannot be tried here. */
static int host_memory_mb(void)
{
    double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    double mb = bytes / (1024.0 * 1024.0);
    return mb > 0 && mb < CP_MEMORY_MAX_MB ? (int)mb : CP_MEMORY_MAX_MB;
}

/* Does the function run on this machine? Then its memory and cores are the limit. */
static bool is_here(const struct cp_sweep_options *options)
{
    const char *url = options->place.endpoint_url;
    return options->place.method == CP_METHOD_OWN || (url && cp_url_is_loopback(url));
}

/* Keeps memory_mb ascending and without doubles. */
static void add_size(struct cp_sweep_settings *s, int mb)
{
    size_t at = s->n_memory;
    while (at > 0 && s->memory_mb[at - 1] >= mb)
        at--;
    bool is_known = at < s->n_memory && s->memory_mb[at] == mb;
    if (is_known || s->n_memory == CP_RUN_SIZES_MAX)
        return;
    memmove(&s->memory_mb[at + 1], &s->memory_mb[at], (s->n_memory - at) * sizeof s->memory_mb[0]);
    s->memory_mb[at] = mb;
    s->n_memory++;
}

static enum cp_code choose_sizes(const struct cp_sweep_options *options, int own_mb,
                                 struct cp_sweep_settings *s, struct cp_error *err)
{
    int host_mb = is_here(options) ? host_memory_mb() : CP_MEMORY_MAX_MB;
    bool is_default = !options->n_memory && !options->is_own_memory;
    for (size_t i = 0; is_default && i < COUNT(default_memory_mb); i++) {
        if (default_memory_mb[i] <= host_mb)
            add_size(s, default_memory_mb[i]);
    }
    if (!options->n_memory && own_mb <= host_mb)
        add_size(s, own_mb);
    if (!s->n_memory && !options->n_memory)
        return cp_fail(err, CP_EINVAL,
                       "the function's own memory size, %d MB, is more than this machine has (%d "
                       "MB); choose another one with --memory",
                       own_mb, host_mb);
    for (size_t i = 0; i < options->n_memory; i++) {
        int mb = options->memory_mb[i];
        if (mb < CP_MEMORY_MIN_MB || mb > CP_MEMORY_MAX_MB)
            return cp_fail(err, CP_EINVAL, "memory size %d MB is not within %d..%d MB", mb,
                           CP_MEMORY_MIN_MB, CP_MEMORY_MAX_MB);
        if (mb > host_mb)
            return cp_fail(err, CP_EINVAL,
                           "memory size %d MB is more than this machine has (%d MB)", mb, host_mb);
        add_size(s, mb);
    }
    return CP_OK;
}

static void add_interval(struct cp_sweep_settings *s, double ms)
{
    size_t at = s->n_idle;
    while (at > 0 && s->idle_ms[at - 1] >= ms)
        at--;
    if (at < s->n_idle && !(s->idle_ms[at] > ms))
        return;
    memmove(&s->idle_ms[at + 1], &s->idle_ms[at], (s->n_idle - at) * sizeof s->idle_ms[0]);
    s->idle_ms[at] = ms;
    s->n_idle++;
}

bool cp_sweep_searches_idle(const struct cp_sweep_settings *settings)
{
    return settings->idle_first_ms > 0 && settings->n_memory;
}

struct cp_idle_design_options cp_sweep_idle_design(const struct cp_sweep_settings *settings)
{
    const struct cp_sweep_settings *s = settings;
    struct cp_idle_design_options o = cp_idle_design_defaults(s->idle_first_ms, s->idle_longest_ms);
    if ((size_t)s->idle_probes > o.final_probes)
        o.max_probes = o.max_probes / o.final_probes * (size_t)s->idle_probes;
    o.n_parallel = (size_t)s->idle_environments;
    o.final_probes = (size_t)s->idle_probes;
    o.look_probes = o.look_probes < o.final_probes ? o.look_probes : o.final_probes;
    o.max_wait_ms = s->idle_wait_ms;
    return o;
}

/* As many as the first look of the design keeps; with few invocations a few. */
static int idle_environments(const struct cp_sweep_settings *s, const struct idle_scale *scale)
{
    const struct cp_idle_design_options o =
        cp_idle_design_defaults(s->idle_first_ms, s->idle_longest_ms);
    size_t n_first = scale->n_environments > o.n_parallel ? scale->n_environments : o.n_parallel;
    int n = (int)n_first + s->idle_probes - (int)o.final_probes;
    n = n < IDLE_ENVIRONMENTS_MAX ? n : IDLE_ENVIRONMENTS_MAX;
    if (s->max_invocations && n > s->max_invocations / 4)
        n = s->max_invocations / 4;
    return n > 1 ? n : 1;
}

static enum cp_code choose_search(const struct cp_sweep_options *options,
                                  struct cp_sweep_settings *s, struct cp_error *err)
{
    const struct idle_scale *scale = is_here(options) ? &idle_here : &idle_elsewhere;
    double longest_ms = options->idle_longest_ms;
    bool is_asked = longest_ms > 0;
    if (is_asked && !(longest_ms >= scale->first_ms && longest_ms <= IDLE_MAX_MS))
        return cp_fail(err, CP_EINVAL, "longest idle interval %g s is not within %g s..24 hours",
                       longest_ms / CP_MS_PER_S, scale->first_ms / CP_MS_PER_S);
    s->idle_first_ms = scale->first_ms;
    s->idle_longest_ms = is_asked ? longest_ms : scale->longest_ms;
    /* who asks for longer ones has the time */
    s->idle_wait_ms =
        s->idle_longest_ms * (is_asked ? idle_elsewhere.wait_longest : scale->wait_longest);
    if (options->idle_probes < 0)
        s->idle_probes = SEARCH_IDLE_PROBES;
    s->idle_environments = idle_environments(s, scale);
    return CP_OK;
}

static enum cp_code choose_idle(const struct cp_sweep_options *options, struct cp_sweep_settings *s,
                                struct cp_error *err)
{
    if (options->is_idle_search)
        return choose_search(options, s, err);
    if (options->idle_longest_ms > 0)
        return cp_fail(err, CP_EINVAL,
                       "--idle-max bounds the intervals that --idle auto chooses; leave one of "
                       "--idle and --idle-max out");
    if (options->n_idle > CP_SWEEP_IDLE_MAX)
        return cp_fail(err, CP_EINVAL, "%zu idle intervals are more than %d", options->n_idle,
                       CP_SWEEP_IDLE_MAX);
    for (size_t i = 0; i < options->n_idle; i++) {
        if (!(options->idle_ms[i] > 0) || options->idle_ms[i] > IDLE_MAX_MS)
            return cp_fail(err, CP_EINVAL, "idle interval %g ms is not within 0..24 hours",
                           options->idle_ms[i]);
        add_interval(s, options->idle_ms[i]);
    }
    return CP_OK;
}

/* Where the function runs on this machine in a service of ours, its cores: more cold starts at once
 * would only measure their own queue. What somebody else runs, wherever, has cores of its own. */
static int default_parallel(enum cp_sweep_method method)
{
    if (method != CP_METHOD_OWN)
        return PARALLEL_COLD_ELSEWHERE;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1)
        return 1;
    return cores > PARALLEL_COLD_MAX ? PARALLEL_COLD_MAX : (int)cores;
}

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* So many that the warm cell is through before its cold cell can stop: else the rest of the warm
 * samples would need environments of their own. Where no cell stops early they go with all of it: a
 * cold start right behind the end of another environment is slower, and would come late only. */
static int warm_per_batch(const struct cp_sweep_settings *s)
{
    if (!s->max_cold)
        return s->max_warm < WARM_ALONE_PER_BATCH ? s->max_warm : WARM_ALONE_PER_BATCH;
    bool can_stop = s->precision_p50 > 0 && s->max_cold > FIRST_COLD_STOP;
    int until_stop = can_stop ? FIRST_COLD_STOP : s->max_cold;
    return ceil_div(s->max_warm, ceil_div(until_stop, s->cold_per_batch));
}

static enum cp_code check_count(const char *what, int n, int max, struct cp_error *err)
{
    if (n >= 0 && n <= max)
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "%s %d is not within 0..%d", what, n, max);
}

static enum cp_code check_counts(const struct cp_sweep_settings *s, struct cp_error *err)
{
    const struct {
        const char *what;
        int n, max;
    } rows[] = {
        {"number of cold samples", s->max_cold, COUNT_MAX},
        {"number of warm samples", s->max_warm, COUNT_MAX},
        {"number of idle probes", s->idle_probes, IDLE_PROBES_MAX},
        {"invocation limit", s->max_invocations, INT32_MAX},
        {"number of parallel cold starts", s->cold_per_batch, 1000},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (check_count(rows[i].what, rows[i].n, rows[i].max, err))
            return CP_EINVAL;
    }
    if (!s->max_cold && !s->max_warm && !(s->n_idle && s->idle_probes) &&
        !cp_sweep_searches_idle(s))
        return cp_fail(err, CP_EINVAL, "nothing to sample: no cold, no warm and no idle samples");
    return CP_OK;
}

static enum cp_code check_precision(double wanted, const char *name, struct cp_error *err)
{
    if (wanted > 0 && wanted <= 1)
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "precision of the %s, %g, is not within 0..1", name, wanted);
}

static double or_default(double value, double instead)
{
    return isnan(value) ? instead : value;
}

static enum cp_code copy_payload(struct cp_view payload, struct cp_sweep_settings *s,
                                 struct cp_error *err)
{
    if (!payload.n)
        payload = CP_VIEW_LIT("{}");
    enum cp_code code = cp_sweep_payload_check(payload, err);
    if (code)
        return code;
    (void)cp_buf_add_view(&s->payload, payload);
    return cp_buf_check(&s->payload, "payload", err);
}

static void fill_defaults(const struct cp_sweep_options *options,
                          const struct cp_function_config *function, struct cp_sweep_settings *s)
{
    *s = (struct cp_sweep_settings){
        .max_cold = options->max_cold < 0 ? DEFAULT_MAX_COLD : options->max_cold,
        .max_warm = options->max_warm < 0 ? DEFAULT_MAX_WARM : options->max_warm,
        .cold_per_batch = options->parallel_cold > 0 ? options->parallel_cold
                                                     : default_parallel(options->place.method),
        .idle_probes = options->idle_probes < 0 ? DEFAULT_IDLE_PROBES : options->idle_probes,
        .precision_p50 = or_default(options->precision_p50, 0.05),
        .precision_p95 = or_default(options->precision_p95, 0.10),
        .max_invocations = options->max_invocations,
        .seed = options->seed,
        .original_memory_mb = function->memory_size_mb,
    };
    (void)snprintf(s->function, sizeof s->function, "%s", options->function);
    (void)snprintf(s->original_description, sizeof s->original_description, "%s",
                   function->description);
    cp_buf_init(&s->payload, PAYLOAD_MAX_BYTES);
}

enum cp_code cp_sweep_settings_make(const struct cp_sweep_options *options,
                                    const struct cp_function_config *function,
                                    struct cp_sweep_settings *out, struct cp_error *err)
{
    fill_defaults(options, function, out);
    enum cp_code code = copy_payload(options->payload, out, err);
    if (!code)
        code = choose_sizes(options, function->memory_size_mb, out, err);
    if (!code)
        code = choose_idle(options, out, err);
    if (!code)
        code = check_counts(out, err);
    if (!code)
        code = check_precision(out->precision_p50, "p50", err);
    if (!code)
        code = check_precision(out->precision_p95, "p95", err);
    if (options->is_counted)
        out->precision_p50 = out->precision_p95 = 0;
    if (code)
        cp_sweep_settings_clear(out);
    else
        out->warm_per_batch = warm_per_batch(out);
    return code;
}

void cp_sweep_settings_clear(struct cp_sweep_settings *settings)
{
    if (settings)
        cp_buf_clear(&settings->payload);
}
