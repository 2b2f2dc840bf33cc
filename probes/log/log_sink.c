/* SPDX-License-Identifier: GPL-3.0-or-later
 * Life of a sink, its scopes and its counts.
 */
#include "probes/log/log_sink_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/hash.h"
#include "probes/log/log_origin.h"

static const char *const counter_names[CP_COUNTER_COUNT] = {
    [CP_COUNTER_BYTES] = "bytes",       [CP_COUNTER_LINES] = "lines",
    [CP_COUNTER_EVENTS] = "events",     [CP_COUNTER_ACCEPTED] = "accepted",
    [CP_COUNTER_APP] = "skipped app",   [CP_COUNTER_EMPTY] = "skipped empty",
    [CP_COUNTER_XRAY] = "skipped xray", [CP_COUNTER_CONTINUED] = "skipped continuation",
};

/* --- life --- */

static bool set_text(char **to, const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy)
        return false;
    free(*to);
    *to = copy;
    return true;
}

enum cp_code cp_log_sink_new(const struct cp_log_sink_options *options, struct cp_log_sink **out,
                             struct cp_error *err)
{
    struct cp_log_sink *sink = calloc(1, sizeof(*sink));
    *out = sink;
    if (!sink)
        return cp_fail(err, CP_ENOMEM, "out of memory for reading a log");
    sink->digest = options->digest;
    sink->is_at_start = true;
    sink->requests = cp_log_requests_new();
    if (sink->requests && set_text(&sink->function, options->function) &&
        set_text(&sink->architecture, options->architecture) &&
        set_text(&sink->group, options->group) && set_text(&sink->stream, options->stream) &&
        set_text(&sink->source, options->source))
        return CP_OK;
    cp_log_sink_free(sink);
    *out = NULL;
    return cp_fail(err, CP_ENOMEM, "out of memory for reading a log");
}

void cp_log_sink_free(struct cp_log_sink *sink)
{
    if (!sink)
        return;
    cp_log_requests_free(sink->requests);
    free(sink->function);
    free(sink->architecture);
    free(sink->group);
    free(sink->stream);
    free(sink->source);
    free(sink);
}

void cp_log_sink_source(struct cp_log_sink *sink, const char *source, const char *group,
                        const char *stream)
{
    /* a name that finds no memory stays as it was: these are names of the same import */
    (void)set_text(&sink->source, source);
    (void)set_text(&sink->group, group);
    (void)set_text(&sink->stream, stream);
    cp_log_requests_forget(sink->requests);
    sink->is_at_start = true;
    sink->is_in_cut = false;
}

/* --- scopes --- */

struct cp_view cp_log_sink_stream(const struct cp_log_sink *sink, struct cp_view stream)
{
    return stream.n ? stream : cp_view_of(sink->stream);
}

static struct cp_view cut_name(struct cp_view name)
{
    if (name.n > CP_DIGEST_NAME_MAX)
        name.n = CP_DIGEST_NAME_MAX;
    return name;
}

static struct cp_digest_name name_of(const struct cp_log_sink *sink,
                                     const struct cp_log_where *where)
{
    struct cp_digest_name name = {.architecture = cut_name(cp_view_of(sink->architecture))};
    struct cp_view stream = cp_log_sink_stream(sink, where->stream);
    struct cp_view group = where->group.n ? where->group : cp_view_of(sink->group);
    struct cp_view by_stream;
    struct cp_view version;
    (void)cp_log_stream_origin(stream, &by_stream, &version);
    name.function = cp_log_group_function(group);
    if (!name.function.n)
        name.function = by_stream.n ? by_stream : cp_view_of(sink->function);
    name.function = cut_name(name.function);
    name.version = cut_name(version);
    return name;
}

static bool same(struct cp_view a, struct cp_view b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static size_t slot_of(const struct cp_digest_name *name)
{
    return cp_hash_mix(cp_hash(name->function), cp_hash(name->version)) % CP_LOG_SCOPE_SLOTS;
}

static enum cp_code flush_slot(struct cp_log_scope_slot *slot, struct cp_error *err)
{
    uint64_t n = slot->n_end;
    slot->n_end = 0;
    return n ? cp_digest_tally(slot->scope, "end", CP_VIEW_LIT(""), n, err) : CP_OK;
}

enum cp_code cp_log_sink_scope(struct cp_log_sink *sink, const struct cp_log_where *where,
                               struct cp_log_scope_slot **out, struct cp_error *err)
{
    struct cp_digest_name name = name_of(sink, where);
    struct cp_log_scope_slot *slot = &sink->slots[slot_of(&name)];
    *out = slot;
    if (slot->scope && same(slot->name.function, name.function) &&
        same(slot->name.version, name.version))
        return CP_OK;
    enum cp_code code = slot->scope ? flush_slot(slot, err) : CP_OK;
    slot->scope = NULL;
    if (!code)
        code = cp_digest_scope(sink->digest, &name, &slot->scope, err);
    if (!code)
        slot->name = cp_digest_scope_name(slot->scope);
    return code;
}

/* --- counts --- */

enum cp_code cp_log_sink_flush(struct cp_log_sink *sink, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && i < CP_COUNTER_COUNT; i++) {
        uint64_t n = sink->counters[i];
        sink->counters[i] = 0;
        if (n)
            code = cp_digest_count(sink->digest, counter_names[i], n, CP_VIEW_LIT(""), err);
    }
    for (size_t i = 0; !code && sink->has_ends && i < CP_LOG_SCOPE_SLOTS; i++) {
        if (sink->slots[i].scope)
            code = flush_slot(&sink->slots[i], err);
    }
    sink->has_ends = false;
    return code;
}

enum cp_code cp_log_sink_count(struct cp_log_sink *sink, const char *what, uint64_t count,
                               struct cp_view example, struct cp_error *err)
{
    char text[CP_LOG_EXAMPLE_MAX];
    return cp_digest_count(sink->digest, what, count,
                           cp_view_of(cp_record_printable(example, text, sizeof(text))), err);
}

static void add(char *to, size_t size, struct cp_view text)
{
    size_t n = strlen(to);
    (void)cp_record_printable(text, to + n, size - n);
}

enum cp_code cp_log_sink_fault(struct cp_log_sink *sink, const char *what, struct cp_view field,
                               struct cp_view line, struct cp_error *err)
{
    char text[CP_LOG_EXAMPLE_MAX] = "";
    if (sink->source[0]) {
        add(text, sizeof(text), cp_view_of(sink->source));
        add(text, sizeof(text), CP_VIEW_LIT(": "));
    }
    if (field.n) {
        add(text, sizeof(text), field);
        add(text, sizeof(text), CP_VIEW_LIT(": "));
    }
    add(text, sizeof(text), cp_view_trim(line));
    return cp_digest_count(sink->digest, what, 1, cp_view_of(text), err);
}
