/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/apply_plan.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SHA256_BASE64_LENGTH = 44 };

static const char assumed_alias[] = "live";
static const char alias_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* --- names --- */

static bool is_number(struct cp_view v)
{
    int64_t x = 0;
    return cp_view_to_int64(v, &x);
}

/* "fn", "fn:live", "123456789012:function:fn:live" or a full ARN. */
static void split_name(const char *text, struct cp_view *function, struct cp_view *qualifier)
{
    static const char marker[] = "function:";
    struct cp_view rest = cp_view_of(text);
    const char *at = strstr(text, marker);
    bool is_marked = at && (at == text || at[-1] == ':');
    if (is_marked)
        rest = cp_view_of(at + strlen(marker));
    *function = rest;
    (void)cp_view_split(&rest, ':', function);
    *qualifier = rest;
}

enum cp_code cp_apply_check_alias(const char *alias, struct cp_error *err)
{
    size_t n = strlen(alias);
    if (n == 0 || n >= CP_APPLY_ALIAS_MAX || strspn(alias, alias_letters) != n)
        return cp_fail(err, CP_EINVAL,
                       "--alias: '%.60s' is not the name of an alias: up to 128 letters, digits, - "
                       "and _",
                       alias);
    if (is_number(cp_view_of(alias)))
        return cp_fail(err, CP_EINVAL,
                       "--alias: '%.20s' is the number of a version; name an alias, like live",
                       alias);
    return CP_OK;
}

/* A version's number is no alias: it cannot be moved to a new version. */
static bool is_alias(struct cp_view qualifier)
{
    return qualifier.n > 0 && !cp_view_is(qualifier, "$LATEST") && !is_number(qualifier);
}

static bool needs_alias(const struct cp_apply_state *state)
{
    return state->provisioned > 0 || state->is_scaled;
}

static void name_alias(struct cp_apply_plan *p, const char *alias, struct cp_view qualifier)
{
    if (is_alias(qualifier) && (!alias || cp_view_is(qualifier, alias))) {
        cp_view_copy_cut(qualifier, p->alias, sizeof p->alias);
        p->alias_is = CP_ALIAS_OF_RUN;
        return;
    }
    p->alias_is = alias ? CP_ALIAS_GIVEN : needs_alias(&p->set) ? CP_ALIAS_ASSUMED : CP_ALIAS_NONE;
    const char *name = alias ? alias : p->alias_is == CP_ALIAS_ASSUMED ? assumed_alias : "";
    (void)snprintf(p->alias, sizeof p->alias, "%s", name);
}

/* --- states --- */

/* How many the sweep saw requested: it keeps them as a sentence. -1: none. */
static int provisioned_before(const struct cp_run *run)
{
    static const char words[] = " has provisioned concurrency: ";
    const char *at = strstr(run->provisioned, words);
    int64_t n = 0;
    if (!at)
        return -1;
    struct cp_view rest = cp_view_of(at + strlen(words));
    return cp_view_take_int64(&rest, &n) && n > 0 ? (int)n : -1;
}

/* A log does not tell the architecture: it was said by the user, or assumed. */
static struct cp_apply_state state_before(const struct cp_run *run)
{
    return (struct cp_apply_state){
        .memory_size_mb = run->original_memory_size_mb > 0 ? run->original_memory_size_mb : -1,
        .architecture = cp_run_is_import(run) ? "" : run->architecture,
        .is_snap_start = strcmp(run->initialization, "snap-start") == 0,
        .reserved = -1,
        .target = NAN,
    };
}

static int least_of(const uint16_t by_hour[CP_ARRIVALS_HOURS])
{
    int least = by_hour[0];
    for (size_t i = 1; i < CP_ARRIVALS_HOURS; i++)
        least = by_hour[i] < least ? by_hour[i] : least;
    return least;
}

static int most_of(const uint16_t by_hour[CP_ARRIVALS_HOURS])
{
    int most = by_hour[0];
    for (size_t i = 1; i < CP_ARRIVALS_HOURS; i++)
        most = by_hour[i] > most ? by_hour[i] : most;
    return most;
}

/* Until the first scheduled action as few as the quietest hour has; the bounds hold all. */
static void set_schedule(struct cp_apply_state *s, const struct cp_candidate *c)
{
    cp_apply_schedule_make(c->by_hour, &s->actions);
    s->provisioned = least_of(c->by_hour);
    s->is_scaled = s->actions.n > 0;
    s->min = s->provisioned;
    s->max = most_of(c->by_hour);
}

static void set_mode(struct cp_apply_state *s, const struct cp_candidate *c)
{
    switch (c->mode) {
    case CP_MODE_ON_DEMAND:
        break;
    case CP_MODE_RESERVED:
        s->reserved = c->concurrency;
        break;
    case CP_MODE_PROVISIONED:
        s->provisioned = c->concurrency;
        break;
    case CP_MODE_SCHEDULED:
        set_schedule(s, c);
        break;
    case CP_MODE_TRACKING:
        s->provisioned = c->tracking.min;
        s->is_scaled = true;
        s->min = c->tracking.min;
        s->max = c->tracking.max;
        s->target = c->tracking.target;
        break;
    }
}

static void set_variant(struct cp_apply_state *s, const struct cp_apply_variant *variant)
{
    if (variant->architecture)
        s->architecture = variant->architecture;
    if (variant->fresh == CP_START_SNAPSTART || variant->fresh == CP_START_COLD)
        s->is_snap_start = variant->fresh == CP_START_SNAPSTART;
}

void cp_apply_plan_make(const struct cp_run *run, const struct cp_candidate *candidate,
                        const struct cp_apply_variant *variant, const char *alias,
                        struct cp_apply_plan *out)
{
    struct cp_view function;
    struct cp_view qualifier;
    split_name(run->function, &function, &qualifier);
    *out = (struct cp_apply_plan){.run = run, .was = state_before(run)};
    cp_view_copy_cut(function, out->function, sizeof out->function);
    out->set = out->was;
    out->set.memory_size_mb = candidate->memory_size_mb;
    set_variant(&out->set, variant);
    set_mode(&out->set, candidate);
    name_alias(out, alias, qualifier);
    int before = provisioned_before(run);
    if (out->alias_is == CP_ALIAS_OF_RUN && before > 0)
        out->was.provisioned = before;
}

struct cp_apply_plan cp_apply_plan_reverse(const struct cp_apply_plan *plan)
{
    struct cp_apply_plan reverse = *plan;
    reverse.is_undo = !plan->is_undo;
    reverse.set = plan->was;
    reverse.was = plan->set;
    return reverse;
}

/* --- what differs --- */

bool cp_apply_changes_memory(const struct cp_apply_plan *p)
{
    return p->set.memory_size_mb > 0 && p->set.memory_size_mb != p->was.memory_size_mb;
}

bool cp_apply_changes_architecture(const struct cp_apply_plan *p)
{
    return p->set.architecture[0] && strcmp(p->set.architecture, p->was.architecture) != 0;
}

bool cp_apply_changes_snap_start(const struct cp_apply_plan *p)
{
    return p->set.is_snap_start != p->was.is_snap_start;
}

bool cp_apply_changes_configuration(const struct cp_apply_plan *p)
{
    return cp_apply_changes_memory(p) || cp_apply_changes_snap_start(p);
}

bool cp_apply_changes_reserved(const struct cp_apply_plan *p)
{
    return p->set.reserved != p->was.reserved;
}

static bool changes_provisioned(const struct cp_apply_plan *p)
{
    return p->set.provisioned != p->was.provisioned || p->set.is_scaled || p->was.is_scaled;
}

bool cp_apply_changes_anything(const struct cp_apply_plan *p)
{
    return cp_apply_changes_configuration(p) || cp_apply_changes_architecture(p) ||
           cp_apply_changes_reserved(p) || changes_provisioned(p);
}

/* An alias that exists is provisioned where it is: what $LATEST holds is not released by the way.
 */
bool cp_apply_publishes(const struct cp_apply_plan *p)
{
    bool is_new = cp_apply_changes_configuration(p) || cp_apply_changes_architecture(p);
    bool may_be_missing = needs_alias(&p->set) && p->alias_is != CP_ALIAS_OF_RUN && !p->is_undo;
    return p->alias_is != CP_ALIAS_NONE && (is_new || may_be_missing);
}

bool cp_apply_has_schedule(const struct cp_apply_plan *p)
{
    return p->set.is_scaled && p->set.actions.n > 0;
}

bool cp_apply_has_tracking(const struct cp_apply_plan *p)
{
    return p->set.is_scaled && isfinite(p->set.target);
}

const char *cp_apply_runtime(const struct cp_apply_plan *p)
{
    return p->run->is_local ? "" : p->run->runtime;
}

const char *cp_apply_code_sha256(const struct cp_apply_plan *p)
{
    bool is_theirs = !p->run->is_local && !p->is_undo && !cp_apply_changes_architecture(p);
    bool is_base64 = strlen(p->run->code_sha256) == SHA256_BASE64_LENGTH;
    return is_theirs && is_base64 ? p->run->code_sha256 : "";
}

/* --- derived names --- */

enum { ID_LETTERS_MAX = 48 };

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) && (unsigned char)c < 0x80;
}

/* Without quotes YAML takes these for values. */
static bool is_yaml_value(const char *id)
{
    static const char *const values[] = {"true", "false", "yes", "no", "on",
                                         "off",  "null",  "y",   "n"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcasecmp(id, values[i]) == 0)
            return true;
    }
    return false;
}

void cp_apply_logical_id(const char *name, char out[CP_APPLY_ID_MAX])
{
    size_t n = 0;
    bool is_start = true;
    for (; *name && n < ID_LETTERS_MAX; name++) {
        bool is_letter = is_plain(*name);
        if (n == 0 && is_letter && isdigit((unsigned char)*name))
            out[n++] = 'F';
        if (is_letter)
            out[n++] = (char)(is_start ? toupper((unsigned char)*name) : *name);
        is_start = !is_letter;
    }
    out[n] = '\0';
    if (n == 0 || is_yaml_value(out))
        (void)snprintf(out + n, CP_APPLY_ID_MAX - n, "Function");
}

void cp_apply_snake_id(const char *name, char out[CP_APPLY_ID_MAX])
{
    size_t n = 0;
    for (; *name && n < ID_LETTERS_MAX; name++) {
        bool is_letter = is_plain(*name);
        if (n == 0 && is_letter && isdigit((unsigned char)*name))
            out[n++] = 'f';
        if (is_letter)
            out[n++] = (char)tolower((unsigned char)*name);
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[n] = '\0';
    if (n == 0)
        (void)snprintf(out, CP_APPLY_ID_MAX, "function");
}
