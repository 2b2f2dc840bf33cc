/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "model/base/units.h"
#include "model/digest/digest_parts.h"

enum { MINUTES = 60, MARK_MS = CP_MS_PER_MINUTE / CP_DIGEST_MARKS };

/* Nearly all functions fit into 16 bytes a minute; an hour in which one does not gets wide rows. */
struct narrow_minute {
    uint16_t arrivals, cold_arrivals, in_flight[CP_DIGEST_MARKS];
    uint32_t busy_ms;
};
struct wide_minute {
    uint32_t arrivals, cold_arrivals, in_flight[CP_DIGEST_MARKS];
    uint64_t busy_ms;
};
struct cp_digest_hour {
    struct wide_minute *wide; /* when there, `narrow` is not used any more */
    struct narrow_minute narrow[MINUTES];
};

/* Sums that do not fit stay at the largest value: still the same in any order. */
static uint32_t add32(uint32_t a, uint32_t b)
{
    uint32_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT32_MAX : sum;
}

static uint64_t add64(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static bool add_narrow(struct narrow_minute *to, const struct cp_digest_minute *add)
{
    uint64_t arrivals = (uint64_t)to->arrivals + add->arrivals;
    uint64_t cold = (uint64_t)to->cold_arrivals + add->cold_arrivals;
    uint64_t busy = add64(to->busy_ms, add->busy_ms);
    uint64_t flying[CP_DIGEST_MARKS];
    uint64_t largest = arrivals | cold | busy >> 16;
    for (size_t i = 0; i < CP_DIGEST_MARKS; i++) {
        flying[i] = (uint64_t)to->in_flight[i] + add->in_flight[i];
        largest |= flying[i];
    }
    if (largest > UINT16_MAX)
        return false;
    to->arrivals = (uint16_t)arrivals;
    to->cold_arrivals = (uint16_t)cold;
    to->busy_ms = (uint32_t)busy;
    for (size_t i = 0; i < CP_DIGEST_MARKS; i++)
        to->in_flight[i] = (uint16_t)flying[i];
    return true;
}

static void add_wide(struct wide_minute *to, const struct cp_digest_minute *add)
{
    to->arrivals = add32(to->arrivals, add->arrivals);
    to->cold_arrivals = add32(to->cold_arrivals, add->cold_arrivals);
    to->busy_ms = add64(to->busy_ms, add->busy_ms);
    for (size_t i = 0; i < CP_DIGEST_MARKS; i++)
        to->in_flight[i] = add32(to->in_flight[i], add->in_flight[i]);
}

static struct cp_digest_minute minute_of(const struct cp_digest_hour *hour, size_t i)
{
    struct cp_digest_minute m = {0};
    if (hour->wide) {
        const struct wide_minute *from = &hour->wide[i];
        m.arrivals = from->arrivals;
        m.cold_arrivals = from->cold_arrivals;
        m.busy_ms = from->busy_ms;
        memcpy(m.in_flight, from->in_flight, sizeof m.in_flight);
    } else {
        const struct narrow_minute *from = &hour->narrow[i];
        m.arrivals = from->arrivals;
        m.cold_arrivals = from->cold_arrivals;
        m.busy_ms = from->busy_ms;
        for (size_t k = 0; k < CP_DIGEST_MARKS; k++)
            m.in_flight[k] = from->in_flight[k];
    }
    return m;
}

static enum cp_code widen(struct cp_digest_hour *hour, struct cp_digest_room *room,
                          struct cp_error *err)
{
    struct wide_minute *wide = calloc(MINUTES, sizeof *wide);
    if (!wide)
        return cp_digest_no_memory(err);
    for (size_t i = 0; i < MINUTES; i++) {
        struct cp_digest_minute m = minute_of(hour, i);
        add_wide(&wide[i], &m);
    }
    hour->wide = wide;
    return cp_digest_charge(room, MINUTES * sizeof *wide, err);
}

/* The page of that hour, made when new; NULL: no memory. */
static struct cp_digest_hour *page_of(struct cp_digest_minutes *m, int64_t hour, size_t *new_bytes)
{
    const size_t chunk_bytes = CP_HOURS_A_CHUNK * sizeof(struct cp_digest_hour *);
    if (!m->hours) {
        m->hours = calloc(1, sizeof *m->hours);
        if (!m->hours)
            return NULL;
        *new_bytes += sizeof *m->hours;
    }
    struct cp_digest_hour ***chunk = &m->hours->chunks[hour / CP_HOURS_A_CHUNK];
    if (!*chunk) {
        *chunk = calloc(1, chunk_bytes);
        if (!*chunk)
            return NULL;
        *new_bytes += chunk_bytes;
    }
    struct cp_digest_hour **page = &(*chunk)[hour % CP_HOURS_A_CHUNK];
    if (!*page) {
        *page = calloc(1, sizeof **page);
        *new_bytes += sizeof **page;
    }
    return *page;
}

static enum cp_code turn_to(struct cp_digest_minutes *m, struct cp_digest_room *room, int64_t hour,
                            struct cp_error *err)
{
    size_t new_bytes = 0;
    struct cp_digest_hour *page = page_of(m, hour, &new_bytes);
    if (!page)
        return cp_digest_no_memory(err);
    m->last = page;
    m->last_hour = hour;
    return new_bytes ? cp_digest_charge(room, new_bytes, err) : CP_OK;
}

static enum cp_code add_to(struct cp_digest_hour *page, struct cp_digest_room *room,
                           const struct cp_digest_minute *add, struct cp_error *err)
{
    size_t i = (size_t)(add->minute % MINUTES);
    if (!page->wide && add_narrow(&page->narrow[i], add))
        return CP_OK;
    enum cp_code code = page->wide ? CP_OK : widen(page, room, err);
    if (page->wide)
        add_wide(&page->wide[i], add);
    return code;
}

enum cp_code cp_digest_minutes_add(struct cp_digest_minutes *m, struct cp_digest_room *room,
                                   const struct cp_digest_minute *add, struct cp_error *err)
{
    int64_t hour = add->minute / MINUTES;
    if (!m->last || m->last_hour != hour) {
        enum cp_code code = turn_to(m, room, hour, err);
        if (code)
            return code;
    }
    return m->last ? add_to(m->last, room, add, err) : CP_OK;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

enum cp_code cp_digest_minutes_add_request(struct cp_digest_minutes *m, struct cp_digest_room *room,
                                           const struct cp_digest_span *request, bool is_cold,
                                           struct cp_error *err)
{
    struct cp_digest_minute add = {
        .minute = request->start_ms / CP_MS_PER_MINUTE, .arrivals = 1, .cold_arrivals = is_cold};
    enum cp_code code;
    do {
        int64_t from = add.minute * CP_MS_PER_MINUTE;
        int64_t busy_to = smaller(request->end_ms, from + CP_MS_PER_MINUTE);
        add.busy_ms = (uint64_t)(busy_to - larger(request->start_ms, from));
        for (int i = 0; i < CP_DIGEST_MARKS; i++) {
            int64_t mark = from + (int64_t)i * MARK_MS;
            add.in_flight[i] = request->start_ms <= mark && mark < request->end_ms;
        }
        code = cp_digest_minutes_add(m, room, &add, err);
        add.minute++;
        add.arrivals = add.cold_arrivals = 0;
    } while (!code && add.minute * CP_MS_PER_MINUTE < request->end_ms);
    return code;
}

static bool is_anything(const struct cp_digest_minute *m)
{
    uint32_t flying = 0;
    for (size_t i = 0; i < CP_DIGEST_MARKS; i++)
        flying |= m->in_flight[i];
    return m->arrivals || m->cold_arrivals || m->busy_ms || flying;
}

bool cp_digest_minutes_next(const struct cp_digest_minutes *m, size_t *at,
                            struct cp_digest_minute *out)
{
    const size_t chunk_minutes = (size_t)CP_HOURS_A_CHUNK * MINUTES;
    while (m->hours && *at < CP_HOUR_CHUNKS * chunk_minutes) {
        struct cp_digest_hour *const *chunk = m->hours->chunks[*at / chunk_minutes];
        if (!chunk) {
            *at = (*at / chunk_minutes + 1) * chunk_minutes;
            continue;
        }
        const struct cp_digest_hour *page = chunk[*at / MINUTES % CP_HOURS_A_CHUNK];
        if (!page) {
            *at = (*at / MINUTES + 1) * MINUTES;
            continue;
        }
        *out = minute_of(page, *at % MINUTES);
        out->minute = (int64_t)(*at)++;
        if (is_anything(out))
            return true;
    }
    return false;
}

enum cp_code cp_digest_minutes_merge(struct cp_digest_minutes *into, struct cp_digest_room *room,
                                     const struct cp_digest_minutes *from, struct cp_error *err)
{
    struct cp_digest_minute minute;
    enum cp_code code = CP_OK;
    for (size_t at = 0; !code && cp_digest_minutes_next(from, &at, &minute);)
        code = cp_digest_minutes_add(into, room, &minute, err);
    return code;
}

static void free_chunk(struct cp_digest_hour **chunk)
{
    for (size_t i = 0; chunk && i < CP_HOURS_A_CHUNK; i++) {
        if (chunk[i])
            free(chunk[i]->wide);
        free(chunk[i]);
    }
    free(chunk);
}

void cp_digest_minutes_clear(struct cp_digest_minutes *m)
{
    for (size_t i = 0; m->hours && i < CP_HOUR_CHUNKS; i++)
        free_chunk(m->hours->chunks[i]);
    free(m->hours);
    *m = (struct cp_digest_minutes){0};
}
