/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/metric_store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"
#include "model/base/view.h"

enum { LEVELS = 4, RESOURCE_MAX = 256 };

/* --- series --- */

const struct cp_metric_series *cp_metric_store_find(const struct cp_metric_store *store,
                                                    const char *function, const char *resource,
                                                    const char *version)
{
    for (const struct cp_metric_series *s = store->series; s; s = s->next) {
        if (strcmp(s->function, function) == 0 && strcmp(s->resource, resource) == 0 &&
            strcmp(s->version, version) == 0)
            return s;
    }
    return NULL;
}

static struct cp_metric_series *get_series(struct cp_metric_store *store, const char *function,
                                           const char *resource, const char *version)
{
    for (struct cp_metric_series *s = store->series; s; s = s->next) {
        if (s == cp_metric_store_find(store, function, resource, version))
            return s;
    }
    struct cp_metric_series *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    (void)cp_view_copy(cp_view_of(function), s->function, sizeof s->function);
    (void)cp_view_copy(cp_view_of(resource), s->resource, sizeof s->resource);
    (void)cp_view_copy(cp_view_of(version), s->version, sizeof s->version);
    s->next = store->series;
    store->series = s;
    return s;
}

/* The four that a call belongs to; NULL where memory did not suffice. */
static void find_levels(struct cp_metric_store *store, const struct cp_metric_call *call,
                        struct cp_metric_series *levels[LEVELS])
{
    char resource[RESOURCE_MAX];
    (void)snprintf(resource, sizeof resource, "%s%s%s", call->function,
                   call->qualifier[0] ? ":" : "", call->qualifier);
    levels[0] = get_series(store, "", "", "");
    levels[1] = get_series(store, call->function, "", "");
    levels[2] = get_series(store, call->function, resource, "");
    levels[3] = get_series(store, call->function, "", call->version);
}

/* --- minutes --- */

size_t cp_metric_series_find(const struct cp_metric_series *series, int64_t minute)
{
    size_t low = 0, high = series->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->minutes[middle].minute < minute)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop_before(struct cp_metric_store *store, int64_t minute)
{
    for (struct cp_metric_series *s = store->series; s; s = s->next) {
        size_t n = cp_metric_series_find(s, minute);
        for (size_t i = 0; i < n; i++)
            cp_histogram_clear(&s->minutes[i].duration_us);
        if (n)
            memmove(s->minutes, s->minutes + n, (s->n - n) * sizeof *s->minutes);
        s->n -= n;
        store->n_minutes -= n;
    }
    store->kept_from_ms = minute * CP_MS_PER_MINUTE;
}

/* The older half of the time that is kept goes, again if that is not enough. */
static void make_room(struct cp_metric_store *store, int64_t now_minute)
{
    while (store->n_minutes >= CP_METRIC_MINUTES_MAX) {
        int64_t oldest = now_minute;
        for (const struct cp_metric_series *s = store->series; s; s = s->next) {
            if (s->n && s->minutes[0].minute < oldest)
                oldest = s->minutes[0].minute;
        }
        drop_before(store, oldest + (now_minute - oldest) / 2 + 1);
    }
}

static struct cp_metric_minute *get_minute(struct cp_metric_store *store,
                                           struct cp_metric_series *s, int64_t minute)
{
    enum { FEWEST = 8 };
    if (minute * CP_MS_PER_MINUTE < store->kept_from_ms)
        return NULL;
    size_t at = cp_metric_series_find(s, minute);
    if (at < s->n && s->minutes[at].minute == minute)
        return &s->minutes[at];
    make_room(store, minute);
    at = cp_metric_series_find(s, minute);
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : FEWEST;
        struct cp_metric_minute *minutes = realloc(s->minutes, cap * sizeof *minutes);
        if (!minutes)
            return NULL;
        s->minutes = minutes;
        s->cap = cap;
    }
    memmove(s->minutes + at + 1, s->minutes + at, (s->n - at) * sizeof *s->minutes);
    s->minutes[at] = (struct cp_metric_minute){.minute = minute};
    s->n++;
    store->n_minutes++;
    return &s->minutes[at];
}

/* --- concurrency --- */

static void note_concurrency(struct cp_metric_store *store, struct cp_metric_series *s,
                             int64_t minute)
{
    struct cp_metric_minute *m = s->in_flight ? get_minute(store, s, minute) : NULL;
    if (m && m->concurrency < s->in_flight)
        m->concurrency = s->in_flight;
}

/* Those that ran in the minutes since the last change. */
static void advance(struct cp_metric_store *store, struct cp_metric_series *s, int64_t minute)
{
    enum { LONGEST = 24 * 60 }; /* no invocation runs for a day: time was changed */
    int64_t from = s->counted_minute + 1;
    if (from < minute - LONGEST)
        from = minute - LONGEST;
    for (; s->in_flight && from <= minute; from++)
        note_concurrency(store, s, from);
    s->counted_minute = minute;
}

static void change_concurrency(struct cp_metric_store *store, struct cp_metric_series *s,
                               int64_t now_ms, int change)
{
    advance(store, s, now_ms / CP_MS_PER_MINUTE);
    s->in_flight += change;
    note_concurrency(store, s, now_ms / CP_MS_PER_MINUTE);
}

void cp_metric_store_advance(struct cp_metric_store *store, int64_t now_ms)
{
    for (struct cp_metric_series *s = store->series; s; s = s->next)
        advance(store, s, now_ms / CP_MS_PER_MINUTE);
}

/* --- what happens --- */

void cp_metric_store_begin(struct cp_metric_store *store, const struct cp_metric_call *call,
                           int64_t now_ms)
{
    struct cp_metric_series *levels[LEVELS];
    find_levels(store, call, levels);
    for (int i = 0; i < LEVELS; i++) {
        if (levels[i])
            change_concurrency(store, levels[i], now_ms, 1);
    }
}

static void count(struct cp_metric_minute *m, const struct cp_metric_result *r)
{
    m->invocations++;
    m->errors += r->is_error;
    m->provisioned += r->is_provisioned;
    m->spillover += r->is_spillover;
    if (!isnan(r->duration_ms)) /* left out when memory does not suffice */
        (void)cp_histogram_add(&m->duration_us, (uint64_t)llround(r->duration_ms * 1000));
}

void cp_metric_store_end(struct cp_metric_store *store, const struct cp_metric_call *call,
                         const struct cp_metric_result *result)
{
    struct cp_metric_series *levels[LEVELS];
    find_levels(store, call, levels);
    for (int i = 0; i < LEVELS; i++) {
        if (!levels[i])
            continue;
        if (levels[i]->in_flight)
            change_concurrency(store, levels[i], result->ended_at_ms, -1);
        struct cp_metric_minute *m =
            get_minute(store, levels[i], result->began_at_ms / CP_MS_PER_MINUTE);
        if (m)
            count(m, result);
    }
}

void cp_metric_store_throttle(struct cp_metric_store *store, const struct cp_metric_call *call,
                              int64_t now_ms)
{
    struct cp_metric_series *levels[LEVELS];
    find_levels(store, call, levels);
    for (int i = 0; i < LEVELS; i++) {
        struct cp_metric_minute *m =
            levels[i] ? get_minute(store, levels[i], now_ms / CP_MS_PER_MINUTE) : NULL;
        if (m)
            m->throttles++;
    }
}

void cp_metric_store_clear(struct cp_metric_store *store)
{
    for (struct cp_metric_series *s = store->series, *next; s; s = next) {
        next = s->next;
        for (size_t i = 0; i < s->n; i++)
            cp_histogram_clear(&s->minutes[i].duration_us);
        free(s->minutes);
        free(s);
    }
    *store = (struct cp_metric_store){.series = NULL};
}
