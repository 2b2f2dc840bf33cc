/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/log_form_invariants.h"

#include <stdlib.h>
#include <string.h>

#include "probes/log/log_form.h"

static void require(bool is_so)
{
    if (!is_so)
        abort();
}

/* --- a sink that keeps a checksum of what it gets; it takes the place of log_sink.c --- */

struct cp_log_sink {
    uint64_t hash; /* FNV-1a */
    uint64_t n_events, n_counted;
};

static void add(struct cp_log_sink *sink, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++)
        sink->hash = (sink->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static void add_view(struct cp_log_sink *sink, struct cp_view v)
{
    add(sink, &v.n, sizeof(v.n));
    add(sink, v.p, v.n);
}

enum cp_code cp_log_sink_event(struct cp_log_sink *sink, const struct cp_log_event *event,
                               struct cp_error *err)
{
    (void)err;
    sink->n_events++;
    add_view(sink, event->group);
    add_view(sink, event->stream);
    add_view(sink, event->message);
    add(sink, &event->at_ms, sizeof(event->at_ms));
    return CP_OK;
}

enum cp_code cp_log_sink_lines(struct cp_log_sink *sink, enum cp_log_line_form form,
                               struct cp_view bytes, bool is_cut, struct cp_error *err)
{
    (void)err;
    if (bytes.n == 0) /* the end of some events */
        return CP_OK;
    sink->n_events++;
    add(sink, &form, sizeof(form));
    add_view(sink, bytes);
    add(sink, &is_cut, sizeof(is_cut));
    return CP_OK;
}

/* Counts come once a piece, so only their sum is the same. */
enum cp_code cp_log_sink_count(struct cp_log_sink *sink, const char *what, uint64_t count,
                               struct cp_view example, struct cp_error *err)
{
    (void)example;
    (void)err;
    require(what[0] != '\0' && count > 0);
    sink->n_counted += count;
    return CP_OK;
}

/* --- decoders --- */

static struct cp_log_sink decode(const struct cp_log_form *form, struct cp_view bytes, size_t piece)
{
    struct cp_log_sink sink = {0};
    struct cp_log_decoder *decoder = NULL;
    require(form->begin(&sink, &decoder, NULL) == CP_OK);
    for (size_t at = 0; at < bytes.n; at += piece) {
        size_t n = bytes.n - at < piece ? bytes.n - at : piece;
        char *copy = malloc(n); /* so that reading behind it is seen */
        require(copy != NULL);
        memcpy(copy, bytes.p + at, n);
        require(form->feed(decoder, (struct cp_view){copy, n}, NULL) == CP_OK);
        free(copy);
    }
    require(form->end(decoder, NULL) == CP_OK);
    form->free(decoder);
    return sink;
}

static void form_holds(const struct cp_log_form *form, struct cp_view bytes)
{
    static const size_t pieces[] = {1, 100};
    if (form->is_lines || bytes.n == 0)
        return;
    struct cp_log_sink whole = decode(form, bytes, bytes.n);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct cp_log_sink cut = decode(form, bytes, pieces[i]);
        require(cut.hash == whole.hash && cut.n_events == whole.n_events &&
                cut.n_counted == whole.n_counted);
    }
}

void log_form_invariants_hold(struct cp_view bytes)
{
    struct cp_view head = {bytes.p, bytes.n < CP_LOG_HEAD ? bytes.n : CP_LOG_HEAD};
    form_holds(cp_log_form_detect(head), bytes);
}

void log_decoder_invariants_hold(struct cp_view bytes)
{
    size_t n = 0;
    while (cp_log_forms[n])
        n++;
    if (bytes.n == 0 || n == 0)
        return;
    const struct cp_log_form *form = cp_log_forms[(unsigned char)bytes.p[0] % n];
    form_holds(form, (struct cp_view){bytes.p + 1, bytes.n - 1});
}
