/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/digest_extract.h"

#include "model/digest_parts.h"

#include <string.h>

static bool is_same(struct cp_view a, struct cp_view b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static enum cp_code take_scope(struct cp_digest *into, const struct cp_digest_scope *from,
                               struct cp_error *err)
{
    struct cp_digest_name name = cp_digest_scope_name(from);
    struct cp_digest_scope *scope = NULL;
    enum cp_code code = cp_digest_scope(into, &name, &scope, err);
    return code ? code : cp_digest_scope_merge(scope, from, err);
}

enum cp_code cp_digest_extract(const struct cp_digest *from, struct cp_view function,
                               struct cp_view version, struct cp_digest **out, struct cp_error *err)
{
    *out = cp_digest_new();
    if (!*out)
        return cp_fail(err, CP_ENOMEM, "no memory for the digest of a function");
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < cp_digest_n_scopes(from) && !code; i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(from, i);
        struct cp_digest_name name = cp_digest_scope_name(scope);
        if (is_same(name.function, function) && (!version.n || is_same(name.version, version)))
            code = take_scope(*out, scope, err);
    }
    (*out)->is_raw_dropped = (*out)->is_notes_dropped = true;
    if (code) {
        cp_digest_free(*out);
        *out = NULL;
    }
    return code;
}
