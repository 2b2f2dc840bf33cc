/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_requests.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"

/* Set-associative: a request can be in one set only, and pushes out the oldest of a full one. */
enum { SETS = 1024, WAYS = 8, STREAM_SETS = 1024, STREAM_WAYS = 4 };

enum state {
    FREE,
    OPEN,
    ENDED,          /* END, no REPORT yet */
    REPORTED,       /* JSON: started and reported */
    REPORTED_ALONE, /* JSON: reported, start not seen */
};

struct entry {
    uint64_t id[2], stream;
    uint32_t age; /* of the last change, on the clock below */
    uint8_t state;
    bool is_json;
    bool is_counted; /* in n_open */
};

/* An execution environment serves one request at a time. */
struct stream {
    uint64_t stream; /* 0: free */
    uint64_t open[2];
    bool has_open;
    uint32_t age;
};

struct cp_log_requests {
    struct entry sets[SETS][WAYS];
    struct stream streams[STREAM_SETS][STREAM_WAYS];
    uint32_t clock;
    size_t n_open; /* of requests whose stream is unknown */
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

/* --- the tables --- */

static void id_of(const struct cp_log_request *request, uint64_t id[2])
{
    memcpy(id, request->id, sizeof(request->id));
}

static struct entry *find(struct cp_log_requests *t, const struct cp_log_request *request)
{
    uint64_t id[2];
    id_of(request, id);
    struct entry *set = t->sets[cp_hash_mix(id[0], id[1]) % SETS];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].id[0] == id[0] && set[i].id[1] == id[1] && set[i].stream == request->stream &&
            set[i].state != FREE)
            return &set[i];
    }
    return NULL;
}

static struct stream *stream_of(struct cp_log_requests *t, uint64_t stream)
{
    struct stream *set = t->streams[stream % STREAM_SETS];
    for (size_t i = 0; i < STREAM_WAYS; i++) {
        if (set[i].stream == stream)
            return &set[i];
    }
    return NULL;
}

static struct stream *make_stream(struct cp_log_requests *t, uint64_t stream)
{
    struct stream *set = t->streams[stream % STREAM_SETS];
    struct stream *to = stream_of(t, stream);
    for (size_t i = 0; !to && i < STREAM_WAYS; i++) {
        if (set[i].stream == 0)
            to = &set[i];
    }
    for (size_t i = 0; !to && i < STREAM_WAYS; i++) {
        if (i + 1 == STREAM_WAYS || t->clock - set[i].age > t->clock - set[i + 1].age)
            to = &set[i];
    }
    *to = (struct stream){.stream = stream, .age = t->clock};
    return to;
}

static void close_open(struct cp_log_requests *t, struct entry *e)
{
    struct stream *s = e->stream ? stream_of(t, e->stream) : NULL;
    if (s && s->open[0] == e->id[0] && s->open[1] == e->id[1])
        s->has_open = false;
    if (e->is_counted)
        t->n_open--;
    e->is_counted = false;
}

static struct entry *make(struct cp_log_requests *t, const struct cp_log_request *request)
{
    uint64_t id[2];
    id_of(request, id);
    struct entry *set = t->sets[cp_hash_mix(id[0], id[1]) % SETS];
    struct entry *to = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].state == FREE) {
            to = &set[i];
            break;
        }
        if (t->clock - set[i].age > t->clock - to->age)
            to = &set[i];
    }
    if (to->state == OPEN)
        close_open(t, to);
    *to = (struct entry){
        .id = {id[0], id[1]}, .stream = request->stream, .is_json = request->is_json};
    return to;
}

static void set_state(struct cp_log_requests *t, struct entry *e, enum state state)
{
    if (e->state == OPEN && state != OPEN)
        close_open(t, e);
    e->state = (uint8_t)state;
    e->age = t->clock++;
}

static bool is_any_open(struct cp_log_requests *t, uint64_t stream)
{
    if (!stream)
        return t->n_open > 0;
    const struct stream *s = stream_of(t, stream);
    return s && s->has_open;
}

/* The log runs backwards, so what looks open is over. */
static void forget_open(struct cp_log_requests *t, uint64_t stream)
{
    if (stream) {
        struct stream *s = stream_of(t, stream);
        if (s)
            s->has_open = false;
        return;
    }
    for (size_t i = 0; t->n_open > 0 && i < SETS; i++) {
        for (size_t k = 0; k < WAYS; k++) {
            struct entry *e = &t->sets[i][k];
            if (e->state == OPEN && !e->stream)
                set_state(t, e, FREE);
        }
    }
}

/* --- what the log says --- */

void cp_log_requests_start(struct cp_log_requests *t, const struct cp_log_request *request)
{
    struct entry *e = find(t, request);
    if (e && (e->state == ENDED || e->state == REPORTED_ALONE)) {
        set_state(t, e, FREE);
        forget_open(t, request->stream);
        return;
    }
    if (!e)
        e = make(t, request);
    else if (e->state == OPEN)
        close_open(t, e);
    set_state(t, e, OPEN);
    e->is_json = request->is_json;
    if (!request->stream) {
        e->is_counted = true;
        t->n_open++;
        return;
    }
    struct stream *s = make_stream(t, request->stream);
    id_of(request, s->open);
    s->has_open = true;
}

void cp_log_requests_end(struct cp_log_requests *t, const struct cp_log_request *request)
{
    struct entry *e = find(t, request);
    if (e && e->state == OPEN && e->is_json != request->is_json)
        return; /* printed by the function */
    if (!e)
        e = make(t, request);
    set_state(t, e, ENDED);
}

static bool report_text(struct cp_log_requests *t, const struct cp_log_request *request)
{
    struct entry *e = find(t, request);
    if (e && e->state == ENDED) {
        set_state(t, e, FREE);
        return true;
    }
    return !(e && e->state == OPEN) && !is_any_open(t, request->stream);
}

static bool report_json(struct cp_log_requests *t, const struct cp_log_request *request)
{
    struct entry *e = find(t, request);
    switch (e ? (enum state)e->state : FREE) {
    case OPEN:
        if (!e->is_json)
            return false;
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
    if (is_any_open(t, request->stream))
        return false;
    set_state(t, make(t, request), REPORTED_ALONE);
    return true;
}

bool cp_log_requests_report(struct cp_log_requests *t, const struct cp_log_request *request)
{
    return request->is_json ? report_json(t, request) : report_text(t, request);
}
