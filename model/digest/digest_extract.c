/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest/digest_extract.h"

#include "model/digest/digest_parts.h"

#include <string.h>

static enum cp_code twin(struct cp_digest *into, const struct cp_digest_scope *from,
                         struct cp_digest_scope **out, struct cp_error *err)
{
    struct cp_digest_name name = cp_digest_scope_name(from);
    return cp_digest_scope(into, &name, out, err);
}

static enum cp_code take_all(struct cp_digest *into, const struct cp_digest_scope *from,
                             struct cp_error *err)
{
    struct cp_digest_scope *scope = NULL;
    enum cp_code code = twin(into, from, &scope, err);
    return code ? code : cp_digest_scope_merge(scope, from, err);
}

static enum cp_code take_texts(struct cp_digest *into, const struct cp_digest_scope *from,
                               struct cp_error *err)
{
    struct cp_digest_scope *scope = NULL;
    enum cp_code code = twin(into, from, &scope, err);
    for (size_t i = 0; i < CP_NOTE_KINDS && !code; i++)
        scope->n_notes[i] = from->n_notes[i];
    for (size_t i = 0; i < from->n_tallies && !code; i++) {
        const struct cp_digest_tallied *tallied = &from->tallies[i];
        struct cp_tally *tally = NULL;
        if (strcmp(tallied->what, "error type") == 0) /* comes with the records */
            continue;
        code = cp_digest_scope_tally_for(scope, tallied->what, &tally, err);
        if (!code && cp_tally_merge(tally, &tallied->tally))
            code = cp_digest_no_memory(err);
    }
    return code;
}

static enum cp_code take_records(struct cp_digest *into, const struct cp_digest_chosen *chosen,
                                 size_t n, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < n && !code; i++) {
        struct cp_digest_scope *scope = NULL;
        code = cp_digest_scope(into, &chosen[i].name, &scope, err);
        if (!code)
            code = cp_digest_add(into, scope, chosen[i].record, err);
    }
    return code;
}

/* `chosen` NULL: everything. */
static enum cp_code extract(const struct cp_digest *from, const struct cp_digest_name *wanted,
                            const struct cp_digest_chosen *chosen, size_t n, struct cp_digest *into,
                            struct cp_error *err)
{
    enum cp_code code = CP_OK;
    into->is_raw_dropped = into->is_notes_dropped = true;
    for (size_t i = 0; i < cp_digest_n_scopes(from) && !code; i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(from, i);
        struct cp_digest_name name = cp_digest_scope_name(scope);
        if (!cp_view_equal(name.function, wanted->function) ||
            (wanted->version.n && !cp_view_equal(name.version, wanted->version)))
            continue;
        code = chosen ? take_texts(into, scope, err) : take_all(into, scope, err);
    }
    return code || !chosen ? code : take_records(into, chosen, n, err);
}

enum cp_code cp_digest_extract_chosen(const struct cp_digest *from, struct cp_view function,
                                      struct cp_view version, const struct cp_digest_chosen *chosen,
                                      size_t n, struct cp_digest **out, struct cp_error *err)
{
    const struct cp_digest_name wanted = {.function = function, .version = version};
    *out = cp_digest_new();
    if (!*out)
        return cp_fail(err, CP_ENOMEM, "no memory for the digest of a function");
    enum cp_code code = extract(from, &wanted, chosen, n, *out, err);
    if (code) {
        cp_digest_free(*out);
        *out = NULL;
    }
    return code;
}

enum cp_code cp_digest_extract(const struct cp_digest *from, struct cp_view function,
                               struct cp_view version, struct cp_digest **out, struct cp_error *err)
{
    return cp_digest_extract_chosen(from, function, version, NULL, 0, out, err);
}
