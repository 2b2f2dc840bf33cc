/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_requests.h"

#include <stdlib.h>
#include <string.h>

/* Set-associative: a request can be in one set only, a cache line, and pushes out the oldest of a
 * full one. */
enum { SETS = 2048, WAYS = 4, STREAM_SETS = 512, STREAM_WAYS = 4 };

enum state {
    FREE,
    OPEN,
    ENDED,          /* END, no REPORT yet */
    REPORTED,       /* JSON, or without END lines: started and reported */
    REPORTED_ALONE, /* JSON: reported, start not seen */
};

struct entry {
    uint64_t tag; /* hash of request id and stream */
    uint32_t age; /* of the last change, on the clock below */
    uint8_t state;
    bool is_json;
    bool is_counted; /* in n_open */
};

/* An execution environment serves one request at a time. */
struct stream {
    uint64_t stream; /* 0: free */
    uint64_t open;   /* tag; 0: none */
};

struct cp_log_requests {
    struct entry sets[SETS][WAYS];
    struct stream streams[STREAM_SETS][STREAM_WAYS]; /* latest first */
    struct entry latest; /* not in the sets: START, END and REPORT mostly follow each other */
    size_t n_in_sets;
    uint32_t clock;
    size_t n_open;      /* of requests whose stream is unknown */
    size_t n_open_text; /* those of text logs */
    bool lacks_ends;    /* the log has no END lines */
};

struct cp_log_requests *cp_log_requests_new(void)
{
    return calloc(1, sizeof(struct cp_log_requests));
}

void cp_log_requests_free(struct cp_log_requests *t)
{
    free(t);
}

void cp_log_requests_forget(struct cp_log_requests *t)
{
    memset(t, 0, sizeof(*t));
}

void cp_log_requests_lack_ends(struct cp_log_requests *t)
{
    t->lacks_ends = true;
}

/* --- the tables --- */

/* Ids are random; who invents some can only confuse what his own log says. */
static uint64_t tag_of(const struct cp_log_request *request)
{
    static const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t id[2];
    memcpy(id, request->id, sizeof(request->id));
    uint64_t tag = (id[0] + id[1] * odd) ^ request->stream * (odd + 2);
    return (tag ^ tag >> 29) * odd | 1;
}

static struct entry *set_of(struct cp_log_requests *t, uint64_t tag)
{
    return t->sets[(tag >> 32) % SETS];
}

static struct entry *find(struct cp_log_requests *t, uint64_t tag)
{
    if (t->latest.tag == tag && t->latest.state != FREE)
        return &t->latest;
    if (t->n_in_sets == 0)
        return NULL;
    struct entry *set = set_of(t, tag);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].tag == tag && set[i].state != FREE)
            return &set[i];
    }
    return NULL;
}

static struct stream *find_stream(struct cp_log_requests *t, uint64_t stream)
{
    struct stream *set = t->streams[stream % STREAM_SETS];
    for (size_t i = 0; i < STREAM_WAYS; i++) {
        if (set[i].stream == stream)
            return &set[i];
    }
    return NULL;
}

/* Moves it to the front of its set; the last one of a full set is forgotten. */
static void set_open(struct cp_log_requests *t, uint64_t stream, uint64_t tag)
{
    struct stream *set = t->streams[stream % STREAM_SETS];
    struct stream *at = find_stream(t, stream);
    size_t i = at ? (size_t)(at - set) : STREAM_WAYS - 1;
    memmove(set + 1, set, i * sizeof(set[0]));
    set[0] = (struct stream){.stream = stream, .open = tag};
}

static void uncount(struct cp_log_requests *t, const struct entry *e)
{
    t->n_open -= e->is_counted;
    t->n_open_text -= e->is_counted && !e->is_json;
}

/* A request that is not the latest any more, into its set. */
static void put_away(struct cp_log_requests *t, const struct entry *e)
{
    struct entry *set = set_of(t, e->tag);
    struct entry *to = &set[0];
    for (size_t i = 0; i < WAYS && to->state != FREE; i++) {
        if (set[i].state == FREE || t->clock - set[i].age > t->clock - to->age)
            to = &set[i];
    }
    uncount(t, to);
    t->n_in_sets += to->state == FREE;
    *to = *e;
}

static struct entry *make(struct cp_log_requests *t, uint64_t tag, bool is_json)
{
    if (t->latest.state != FREE)
        put_away(t, &t->latest);
    t->latest = (struct entry){.tag = tag, .is_json = is_json};
    return &t->latest;
}

static void set_state(struct cp_log_requests *t, struct entry *e, enum state state)
{
    uncount(t, e);
    e->is_counted = false;
    t->n_in_sets -= state == FREE && e != &t->latest;
    e->state = (uint8_t)state;
    e->age = t->clock++;
}

static void close_stream(struct cp_log_requests *t, uint64_t stream, uint64_t tag)
{
    struct stream *s = stream ? find_stream(t, stream) : NULL;
    if (s && s->open == tag)
        s->open = 0;
}

static bool is_any_open(struct cp_log_requests *t, uint64_t stream)
{
    if (!stream)
        return t->n_open > 0;
    const struct stream *s = find_stream(t, stream);
    return s && s->open;
}

/* The log runs backwards, so what looks open is over. */
static void forget_open(struct cp_log_requests *t, uint64_t stream)
{
    struct stream *s = stream ? find_stream(t, stream) : NULL;
    if (s)
        s->open = 0;
    if (!stream && t->latest.is_counted)
        set_state(t, &t->latest, FREE);
    for (size_t i = 0; !stream && t->n_open > 0 && i < SETS; i++) {
        for (size_t k = 0; k < WAYS; k++) {
            if (t->sets[i][k].is_counted)
                set_state(t, &t->sets[i][k], FREE);
        }
    }
}

/* --- what the log says --- */

void cp_log_requests_start(struct cp_log_requests *t, const struct cp_log_request *request)
{
    uint64_t tag = tag_of(request);
    struct entry *e = find(t, tag);
    if (e && (e->state == ENDED || e->state == REPORTED_ALONE)) {
        set_state(t, e, FREE);
        forget_open(t, request->stream);
        return;
    }
    if (!e)
        e = make(t, tag, request->is_json);
    set_state(t, e, OPEN);
    e->is_json = request->is_json;
    if (request->stream) {
        set_open(t, request->stream, tag);
    } else {
        e->is_counted = true;
        t->n_open++;
        t->n_open_text += !e->is_json;
    }
}

void cp_log_requests_end(struct cp_log_requests *t, const struct cp_log_request *request)
{
    uint64_t tag = tag_of(request);
    struct entry *e = find(t, tag);
    if (e && e->state == OPEN && e->is_json != request->is_json)
        return; /* printed by the function */
    if (e && e->state == OPEN && !e->is_json)
        t->lacks_ends = false;
    if (!e)
        e = make(t, tag, request->is_json);
    else
        close_stream(t, request->stream, tag);
    set_state(t, e, ENDED);
}

/* REPORT closes its request. */
static bool report_without_end(struct cp_log_requests *t, const struct cp_log_request *request,
                               struct entry *e)
{
    if (!e)
        return true;
    if (e->state != OPEN || e->is_json)
        return false;
    close_stream(t, request->stream, e->tag);
    set_state(t, e, REPORTED);
    return true;
}

static bool report_text(struct cp_log_requests *t, const struct cp_log_request *request)
{
    struct entry *e = find(t, tag_of(request));
    if (e && e->state == ENDED) {
        set_state(t, e, FREE);
        return true;
    }
    if (t->lacks_ends)
        return report_without_end(t, request, e);
    return !(e && e->state == OPEN) && !is_any_open(t, request->stream);
}

static bool report_json(struct cp_log_requests *t, const struct cp_log_request *request)
{
    uint64_t tag = tag_of(request);
    struct entry *e = find(t, tag);
    switch (e ? (enum state)e->state : FREE) {
    case OPEN:
        if (!e->is_json)
            return false;
        close_stream(t, request->stream, tag);
        set_state(t, e, REPORTED);
        return true;
    case ENDED:
        set_state(t, e, REPORTED);
        return true;
    case REPORTED:
        return false;
    case REPORTED_ALONE:
        return true;
    case FREE:
        break;
    }
    if (request->stream ? is_any_open(t, request->stream) : t->n_open_text > 0)
        return false;
    set_state(t, make(t, tag, true), REPORTED_ALONE);
    return true;
}

bool cp_log_requests_report(struct cp_log_requests *t, const struct cp_log_request *request)
{
    return request->is_json ? report_json(t, request) : report_text(t, request);
}
