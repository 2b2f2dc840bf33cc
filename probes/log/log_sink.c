/* SPDX-License-Identifier: GPL-3.0-or-later
 * Life of a sink, its scopes and its counts.
 */
#include "probes/log/log_sink_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/log/log_origin.h"

static const char *const counter_names[CP_COUNTER_COUNT] = {
    [CP_COUNTER_BYTES] = "bytes",       [CP_COUNTER_LINES] = "lines",
    [CP_COUNTER_EVENTS] = "events",     [CP_COUNTER_ACCEPTED] = "accepted",
    [CP_COUNTER_APP] = "skipped app",   [CP_COUNTER_EMPTY] = "skipped empty",
    [CP_COUNTER_XRAY] = "skipped xray", [CP_COUNTER_CONTINUED] = "skipped continuation",
};

/* --- life --- */

static bool set_text(struct cp_log_sink *sink, enum cp_log_text which, const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy)
        return false;
    free(sink->texts[which]);
    sink->texts[which] = copy;
    return true;
}

/* After a change of group or stream. */
static void come_home(struct cp_log_sink *sink)
{
    struct cp_view stream = cp_view_of(sink->texts[CP_LOG_TEXT_STREAM]);
    sink->home = (struct cp_log_where){.group = cp_view_of(sink->texts[CP_LOG_TEXT_GROUP]),
                                       .stream = stream,
                                       .stream_hash = cp_log_stream_hash(stream),
                                       .at_ms = -1,
                                       .is_home = true,
                                       .is_home_group = true};
    memset(sink->streams, 0, sizeof(sink->streams));
    sink->is_at_start = true;
    sink->is_in_cut = false;
}

static bool set_options(struct cp_log_sink *sink, const struct cp_log_sink_options *options)
{
    sink->digest = options->digest;
    sink->requests = cp_log_requests_new();
    if (!sink->requests || !set_text(sink, CP_LOG_TEXT_FUNCTION, options->function) ||
        !set_text(sink, CP_LOG_TEXT_ARCHITECTURE, options->architecture) ||
        !set_text(sink, CP_LOG_TEXT_GROUP, options->group) ||
        !set_text(sink, CP_LOG_TEXT_STREAM, options->stream) ||
        !set_text(sink, CP_LOG_TEXT_SOURCE, options->source))
        return false;
    come_home(sink);
    return true;
}

enum cp_code cp_log_sink_new(const struct cp_log_sink_options *options, struct cp_log_sink **out,
                             struct cp_error *err)
{
    struct cp_log_sink *sink = calloc(1, sizeof(*sink));
    *out = NULL;
    if (!sink || !set_options(sink, options)) {
        cp_log_sink_free(sink);
        return cp_fail(err, CP_ENOMEM, "out of memory for reading a log");
    }
    *out = sink;
    return CP_OK;
}

void cp_log_sink_free(struct cp_log_sink *sink)
{
    if (!sink)
        return;
    cp_log_requests_free(sink->requests);
    for (size_t i = 0; i < CP_LOG_TEXT_COUNT; i++)
        free(sink->texts[i]);
    free(sink);
}

void cp_log_sink_source(struct cp_log_sink *sink, const char *source, const char *group,
                        const char *stream)
{
    struct cp_error err;
    /* what finds no memory here finds none in the digest, which says so */
    (void)cp_log_sink_flush(sink, &err);
    sink->home_slot.scope = NULL;
    (void)set_text(sink, CP_LOG_TEXT_SOURCE, source);
    (void)set_text(sink, CP_LOG_TEXT_GROUP, group);
    (void)set_text(sink, CP_LOG_TEXT_STREAM, stream);
    cp_log_requests_forget(sink->requests);
    come_home(sink);
}

void cp_log_sink_lacks_ends(struct cp_log_sink *sink)
{
    cp_log_requests_lack_ends(sink->requests);
}

static bool has(struct cp_view text, struct cp_view part)
{
    return text.n && memmem(text.p, text.n, part.p, part.n);
}

/* Anywhere in a line, as they also stand in JSON and CSV: without both of a START and a REPORT
 * there is nothing to tell from. */
bool cp_log_head_lacks_ends(struct cp_view head)
{
    return has(head, CP_VIEW_LIT("START RequestId: ")) &&
           has(head, CP_VIEW_LIT("REPORT RequestId: ")) &&
           !has(head, CP_VIEW_LIT("END RequestId: "));
}

/* --- scopes --- */

struct cp_log_where cp_log_sink_where(const struct cp_log_sink *sink, struct cp_view group,
                                      struct cp_view stream, int64_t at_ms)
{
    struct cp_log_where where = sink->home;
    where.at_ms = at_ms;
    if (!group.n && !stream.n)
        return where;
    where.is_home = false;
    where.is_home_group = group.n == 0;
    if (group.n)
        where.group = group;
    if (stream.n) {
        where.stream = stream;
        where.stream_hash = cp_log_stream_hash(stream);
    }
    return where;
}

static struct cp_view cut_name(struct cp_view name)
{
    if (name.n > CP_DIGEST_NAME_MAX)
        name.n = CP_DIGEST_NAME_MAX;
    return name;
}

/* But for the architecture. */
static struct cp_digest_name name_of(const struct cp_log_sink *sink,
                                     const struct cp_log_where *where)
{
    struct cp_digest_name name = {.function = cp_log_group_function(where->group)};
    struct cp_view by_stream;
    (void)cp_log_stream_origin(where->stream, &by_stream, &name.version);
    if (!name.function.n)
        name.function = by_stream.n ? by_stream : cp_view_of(sink->texts[CP_LOG_TEXT_FUNCTION]);
    name.function = cut_name(name.function);
    name.version = cut_name(name.version);
    return name;
}

/* Lengths and last bytes tell most names apart. */
static size_t slot_of(const struct cp_digest_name *name)
{
    size_t f = name->function.n;
    size_t v = name->version.n;
    size_t key = 5 * f + 11 * v;
    key += f ? 3 * (size_t)(unsigned char)name->function.p[f - 1] : 0;
    key += v ? (size_t)(unsigned char)name->version.p[v - 1] : 0;
    return key % CP_LOG_SCOPE_SLOTS;
}

static enum cp_code flush_slot(struct cp_log_scope_slot *slot, struct cp_error *err)
{
    uint64_t n = slot->n_end;
    slot->n_end = 0;
    return n ? cp_digest_tally(slot->scope, "end", CP_VIEW_LIT(""), n, err) : CP_OK;
}

static enum cp_code fill_slot(struct cp_log_sink *sink, struct cp_digest_name name,
                              struct cp_log_scope_slot *slot, struct cp_error *err)
{
    enum cp_code code = slot->scope ? flush_slot(slot, err) : CP_OK;
    slot->scope = NULL;
    name.architecture = cut_name(cp_view_of(sink->texts[CP_LOG_TEXT_ARCHITECTURE]));
    if (!code)
        code = cp_digest_scope(sink->digest, &name, &slot->scope, err);
    if (!code)
        slot->name = cp_digest_scope_name(slot->scope);
    return code;
}

static enum cp_code find_slot(struct cp_log_sink *sink, const struct cp_log_where *where,
                              struct cp_log_scope_slot **out, struct cp_error *err)
{
    struct cp_digest_name name = name_of(sink, where);
    struct cp_log_scope_slot *slot = &sink->slots[slot_of(&name)];
    *out = slot;
    if (slot->scope && cp_view_equal(slot->name.function, name.function) &&
        cp_view_equal(slot->name.version, name.version))
        return CP_OK;
    return fill_slot(sink, name, slot, err);
}

enum cp_code cp_log_sink_scope(struct cp_log_sink *sink, const struct cp_log_where *where,
                               struct cp_log_scope_slot **out, struct cp_error *err)
{
    if (where->is_home) {
        *out = &sink->home_slot;
        return sink->home_slot.scope ? CP_OK : fill_slot(sink, name_of(sink, where), *out, err);
    }
    if (!where->is_home_group)
        return find_slot(sink, where, out, err);
    struct cp_log_stream_slot *known = &sink->streams[where->stream_hash % CP_LOG_STREAM_SLOTS];
    *out = known->slot;
    if (known->hash == where->stream_hash && known->slot && known->slot->scope == known->scope)
        return CP_OK;
    enum cp_code code = find_slot(sink, where, out, err);
    if (!code)
        *known = (struct cp_log_stream_slot){where->stream_hash, *out, (*out)->scope};
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
    if (!code)
        code = flush_slot(&sink->home_slot, err);
    for (size_t i = 0; !code && i < CP_LOG_SCOPE_SLOTS; i++)
        code = flush_slot(&sink->slots[i], err);
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
    struct cp_view source = cp_view_of(sink->texts[CP_LOG_TEXT_SOURCE]);
    if (source.n) {
        add(text, sizeof(text), source);
        add(text, sizeof(text), CP_VIEW_LIT(": "));
    }
    if (field.n) {
        add(text, sizeof(text), field);
        add(text, sizeof(text), CP_VIEW_LIT(": "));
    }
    add(text, sizeof(text), cp_view_trim(line));
    return cp_digest_count(sink->digest, what, 1, cp_view_of(text), err);
}
