/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/rehearsal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/sweep/permission.h"
#include "profiler/sweep/runner.h"
#include "profiler/sweep/stock_order.h"
#include "profiler/sweep/version_need.h"

/* Stands for the run id and the token that are drawn when it is done for real. */
#define RUN_STANDS   "0000"
#define TOKEN_STANDS "0000-00000000"

enum { PAYLOAD_SHOWN = 100, SHOWN_MAX = 256 * 1024 };

/* The text so far, and where it would stand. */
struct rehearsal {
    struct cp_runner *r;
    struct cp_buf *out;
    struct cp_error *err;
    enum cp_code code; /* first failure */
    const char *function;
    char shadow[CP_FUNCTION_NAME_LENGTH_MAX + 1];
    long version; /* number of the last one published */
    size_t n_changes, n_invocations;
};

/* "POST   /2015-03-31/functions/checkout/versions  {...}"; `times` only for invocations. */
static void add_call(struct rehearsal *h, enum cp_lambda_operation operation,
                     struct cp_lambda_target target, const char *body, size_t times)
{
    struct cp_call call = {0};
    if (!h->code)
        h->code = cp_lambda_target_make(operation, &target, &call, h->err);
    if (!h->code) {
        (void)cp_buf_addf(h->out, "%-6s %s%s%s", call.method, call.path, call.query[0] ? "?" : "",
                          call.query);
        if (body)
            (void)cp_buf_addf(h->out, "  %s", body);
        if (times != 1)
            (void)cp_buf_addf(h->out, "  (%zu times)", times);
        (void)cp_buf_addc(h->out, '\n');
    }
    cp_lambda_target_clear(&target);
}

static void add_change(struct rehearsal *h, enum cp_change change, struct cp_lambda_target target,
                       const char *body)
{
    h->n_changes++;
    add_call(h, cp_change_info(change)->operation, target, body, 1);
}

static void add_read(struct rehearsal *h, enum cp_lambda_operation operation, const char *function)
{
    add_call(h, operation, (struct cp_lambda_target){.function = function}, NULL, 1);
}

/* --- parts of all methods --- */

static void add_memory(struct rehearsal *h, int memory_mb, const char *description)
{
    char body[400];
    char text[200] = "";
    if (description)
        (void)snprintf(text, sizeof text, "\"Description\":\"%s\",", description);
    (void)snprintf(body, sizeof body, "{\"MemorySize\":%d,%s\"RevisionId\":\"<as read before>\"}",
                   memory_mb, text);
    add_change(h, CP_CHANGE_MEMORY, (struct cp_lambda_target){.function = h->function}, body);
}

static void add_publication(struct rehearsal *h, const char *description)
{
    char body[400];
    (void)snprintf(body, sizeof body,
                   "{\"Description\":\"%s\",\"RevisionId\":\"<as read before>\","
                   "\"CodeSha256\":\"%s\"}",
                   description, h->r->swept.latest.code_sha256);
    h->version++;
    add_change(h, CP_CHANGE_PUBLISH, (struct cp_lambda_target){.function = h->function}, body);
}

static void add_invocations(struct rehearsal *h, long version, size_t n)
{
    char number[24];
    char payload[PAYLOAD_SHOWN + 1];
    const struct cp_buf *given = &h->r->settings->payload;
    (void)snprintf(number, sizeof number, "%ld", version);
    if (given->n < sizeof payload)
        (void)snprintf(payload, sizeof payload, "%s", cp_buf_str(given));
    else
        (void)snprintf(payload, sizeof payload, "<%zu bytes>", given->n);
    h->n_invocations += n;
    if (n)
        add_call(h, CP_OP_INVOKE,
                 (struct cp_lambda_target){.function = h->function, .qualifier = number}, payload,
                 n);
}

static void add_deletion(struct rehearsal *h, long version)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%ld", version);
    add_change(h, CP_CHANGE_DELETE_VERSION,
               (struct cp_lambda_target){.function = h->function, .qualifier = number}, NULL);
}

/* --- where the versions come from --- */

/* Own and shadow: published when they are wanted. */
static long publish_now(struct rehearsal *h, int memory_mb)
{
    char description[80];
    (void)snprintf(description, sizeof description, CP_OUR_WORD RUN_STANDS " %u",
                   ++h->r->swept.n_published);
    add_memory(h, memory_mb, description);
    add_publication(h, description);
    return h->version;
}

/* In place: from the stock. */
static long take_stocked(struct rehearsal *h, int memory_mb)
{
    struct cp_swept *s = &h->r->swept;
    for (size_t i = 0; i < s->n_stock; i++) {
        if (s->stock[i].is_given || s->stock[i].memory_size_mb != memory_mb)
            continue;
        s->stock[i].is_given = true;
        return cp_version_number(s->stock[i].version);
    }
    return 0;
}

static long get_version(struct rehearsal *h, int memory_mb)
{
    return h->r->swept.place.method == CP_METHOD_IN_PLACE ? take_stocked(h, memory_mb)
                                                          : publish_now(h, memory_mb);
}

/* --- phases --- */

static void add_steps(struct rehearsal *h)
{
    const struct cp_plan *plan = &h->r->plan;
    for (size_t i = 0; i < plan->n_steps; i++) {
        const struct cp_plan_step *step = &plan->steps[i];
        size_t n_fresh = step->n_cold ? step->n_cold : step->n_warm > 0;
        if (!n_fresh)
            continue;
        long version = get_version(h, step->memory_size_mb);
        add_invocations(h, version, n_fresh + step->n_warm);
        add_deletion(h, version);
    }
}

static void add_chains(struct rehearsal *h)
{
    const struct cp_plan *plan = &h->r->plan;
    long *versions = calloc(plan->n_chains + 1, sizeof *versions);
    if (!versions) {
        h->code = cp_fail(h->err, CP_ENOMEM, "cannot list the idle probes: out of memory");
        return;
    }
    for (size_t i = 0; i < plan->n_chains; i++)
        versions[i] = get_version(h, plan->chains[i].memory_size_mb);
    /* of a search nobody knows yet which chain takes how many: each its share of the most */
    size_t n_most = cp_idle_outlook(h->r).n_most;
    for (size_t i = 0; i < plan->n_chains; i++)
        add_invocations(h, versions[i],
                        plan->chains[i].n_probes + 1 + n_most / plan->n_chains +
                            (i < n_most % plan->n_chains));
    for (size_t i = 0; i < plan->n_chains; i++)
        add_deletion(h, versions[i]);
    free(versions);
}

/* --- shadow --- */

static void add_creation(struct rehearsal *h, const struct cp_function_source *source)
{
    char arn[256];
    struct cp_buf body;
    cp_buf_init(&body, SHOWN_MAX);
    cp_arn_unqualified(source->config.arn, arn);
    const struct cp_function_copy copy = {
        .name = h->shadow,
        .description = CP_OUR_WORD RUN_STANDS " 0",
        .tags = {{CP_TAG_RUN, TOKEN_STANDS}, {CP_TAG_OF, arn}},
        .n_tags = 2,
    };
    if (!h->code)
        h->code = cp_function_copy_describe(source, &copy, &body, h->err);
    if (strcmp(source->config.package_type, "Image") != 0)
        (void)cp_buf_adds(h->out, "GET    <signed link to the code, from GetFunction>\n");
    add_change(h, CP_CHANGE_CREATE_SHADOW, (struct cp_lambda_target){.function = NULL},
               cp_buf_str(&body));
    cp_buf_clear(&body);
}

static void begin_shadow(struct rehearsal *h)
{
    struct cp_function_source source;
    struct cp_swept *s = &h->r->swept;
    add_read(h, CP_OP_GET_FUNCTION, s->function);
    if (!h->code)
        h->code = cp_lambda_get_source(s->lambda, s->function, NULL, &source, h->err);
    if (h->code)
        return;
    h->code = cp_copy_name(source.config.name, RUN_STANDS, h->shadow, h->err);
    add_creation(h, &source);
    cp_function_source_clear(&source);
    h->function = h->shadow;
    add_read(h, CP_OP_GET_FUNCTION, h->function);
}

static void end_shadow(struct rehearsal *h)
{
    char arn[256];
    cp_arn_of_neighbour(h->r->swept.latest.arn, h->shadow, arn);
    add_read(h, CP_OP_LIST_TAGS, arn);
    add_change(h, CP_CHANGE_DELETE_SHADOW, (struct cp_lambda_target){.function = h->shadow}, NULL);
}

/* --- in place --- */

static void stock(struct rehearsal *h, const struct cp_stock_order *order)
{
    struct cp_swept *s = &h->r->swept;
    s->stock = calloc(order->n + 1, sizeof *s->stock);
    for (size_t i = 0; i < order->n && s->stock; i++) {
        char description[80];
        struct cp_stocked_version *v = &s->stock[s->n_stock++];
        (void)snprintf(description, sizeof description, CP_OUR_WORD TOKEN_STANDS " %d",
                       order->sizes_mb[i]);
        add_memory(h, order->sizes_mb[i], NULL);
        add_publication(h, description);
        v->memory_size_mb = order->sizes_mb[i];
        (void)snprintf(v->version, sizeof v->version, "%ld", h->version);
    }
}

/* Whether others reach $LATEST. */
static void add_checks(struct rehearsal *h)
{
    static const enum cp_lambda_operation checks[] = {CP_OP_GET_POLICY, CP_OP_GET_FUNCTION_URL};
    const struct cp_swept *s = &h->r->swept;
    char filter[400];
    if (s->place.is_production_known)
        return;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        add_read(h, checks[i], s->function);
    (void)snprintf(filter, sizeof filter, "FunctionName=%s", s->function);
    add_call(h, CP_OP_LIST_EVENT_SOURCES, (struct cp_lambda_target){.function = NULL}, filter, 1);
    add_read(h, CP_OP_LIST_ALIASES, s->function);
}

static void add_storage(struct rehearsal *h, size_t n_versions)
{
    char text[CP_STORAGE_TEXT_MAX];
    (void)cp_version_storage(n_versions, h->r->swept.latest.code_size, text);
    (void)cp_buf_addf(h->out, "while it runs: %s\n", text);
}

static bool keep_newest(void *context, const struct cp_function_config *version)
{
    struct cp_function_config *newest = context;
    if (cp_version_number(version->version) > cp_version_number(newest->version))
        *newest = *version;
    return true;
}

static void begin_in_place(struct rehearsal *h)
{
    struct cp_swept *s = &h->r->swept;
    struct cp_function_config newest = {0};
    struct cp_stock_order order = {0};
    struct cp_version_need needs[CP_RUN_SIZES_MAX];
    size_t n_needs = cp_version_needs(h->r, needs);
    struct cp_alias_config lock = {.name = ""};
    add_checks(h);
    add_read(h, CP_OP_LIST_VERSIONS, s->function);
    if (!h->code)
        h->code = cp_lambda_list_versions(s->lambda, s->function, keep_newest, &newest, h->err);
    if (!h->code)
        h->code = cp_stock_order_make(needs, n_needs, newest.memory_size_mb, &order, h->err);
    h->version = cp_version_number(newest.version);
    s->facts = (struct cp_undo_facts){
        .token = TOKEN_STANDS,
        .original_memory_mb = s->latest.memory_size_mb,
        .highest_version = h->version,
    };
    cp_undo_facts_sizes(&s->facts, order.sizes_mb, order.n);
    if (!h->code)
        h->code = cp_undo_facts_to_alias(&s->facts, &lock, h->err);
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"Name\":\"%s\",\"FunctionVersion\":\"%s\",\"Description\":\"%s\"}", lock.name,
                   lock.version, lock.description);
    add_change(h, CP_CHANGE_LOCK, (struct cp_lambda_target){.function = s->function}, body);
    stock(h, &order);
    add_memory(h, s->latest.memory_size_mb, NULL);
    free(order.sizes_mb);
}

static void end_in_place(struct rehearsal *h)
{
    const struct cp_lambda_target lock = {.function = h->function, .name = CP_LOCK_ALIAS};
    add_read(h, CP_OP_GET_FUNCTION, h->function);
    add_read(h, CP_OP_LIST_VERSIONS, h->function);
    add_call(h, CP_OP_GET_ALIAS, lock, NULL, 1);
    add_change(h, CP_CHANGE_UNLOCK, lock, NULL);
}

/* --- all --- */

static void nothing(struct rehearsal *h)
{
    (void)h;
}

static const struct {
    void (*begin)(struct rehearsal *h);
    void (*end)(struct rehearsal *h);
    enum cp_permission_mode mode;
} methods[CP_METHODS] = {
    [CP_METHOD_OWN] = {nothing, nothing, CP_PERMIT_SHADOW},
    [CP_METHOD_SHADOW] = {begin_shadow, end_shadow, CP_PERMIT_SHADOW},
    [CP_METHOD_IN_PLACE] = {begin_in_place, end_in_place, CP_PERMIT_IN_PLACE},
};

static void write_all(struct rehearsal *h)
{
    enum cp_sweep_method method = h->r->swept.place.method;
    (void)cp_buf_addf(h->out, "dry run of '%s', %s: nothing is changed, nothing is invoked\n",
                      h->function, cp_sweep_method_name(method));
    (void)cp_buf_adds(h->out,
                      "calls, in order (run 0000 stands for an id that is drawn; GetFunction "
                      "is repeated while a state or an update is in progress):\n");
    add_read(h, CP_OP_GET_FUNCTION_CONFIGURATION, h->function);
    methods[method].begin(h);
    add_steps(h);
    add_chains(h);
    methods[method].end(h);
    (void)cp_buf_addf(h->out, "%zu changes, all undone in the end; at most %zu invocations\n",
                      h->n_changes, h->n_invocations);
    if (method == CP_METHOD_IN_PLACE)
        add_storage(h, h->r->swept.n_stock);
    if (method == CP_METHOD_OWN)
        return;
    (void)cp_buf_adds(h->out, "permissions (as a policy: coldprof iam-policy):\n");
    cp_permission_list(methods[method].mode, "  ", h->out);
}

static enum cp_code make_plan(struct cp_runner *r, struct cp_error *err)
{
    const struct cp_cells_options options = {.precision_p50 = NAN, .precision_p95 = NAN};
    enum cp_code code = cp_plan_make(r->settings, &r->plan, err);
    return code ? code : cp_cells_init(&r->cells, &r->plan, r->settings, &options, err);
}

enum cp_code cp_sweep_rehearse(struct cp_lambda *lambda, const struct cp_sweep_options *options,
                               struct cp_buf *out, struct cp_error *err)
{
    struct cp_runner r;
    struct cp_sweep_settings settings = {0};
    cp_runner_init(&r);
    r.settings = &settings;
    struct rehearsal h = {.r = &r, .out = out, .err = err, .function = options->function};
    enum cp_code code = cp_swept_read(&r.swept, lambda, &cp_sweep_real_clock, &options->place,
                                      options->function, err);
    if (!code)
        code = cp_sweep_settings_make(options, &r.swept.target, &settings, err);
    h.function = r.swept.function; /* in place: $LATEST of what was asked for */
    if (!code)
        code = make_plan(&r, err);
    if (!code) {
        write_all(&h);
        code = h.code ? h.code : cp_buf_check(out, "the dry run", err);
    }
    cp_runner_clear(&r);
    cp_sweep_settings_clear(&settings);
    return code;
}
