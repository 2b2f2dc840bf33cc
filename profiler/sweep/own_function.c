/* SPDX-License-Identifier: GPL-3.0-or-later
 * A function that is there for this sweep only: the embedded service's, or a shadow function.
 * Description and memory size of $LATEST change before each publication.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/aws/endpoint.h"
#include "profiler/sweep/swept.h"

enum { CONFLICT_TRIES = 5 };

static enum cp_code check(struct cp_swept *s, struct cp_error *err)
{
    const char *url = s->place.endpoint_url;
    if (url && cp_url_is_loopback(url))
        return CP_OK;
    return cp_fail(err, CP_EUNSUPPORTED,
                   "'%s' is not on this machine: only a copy of it may be changed", s->function);
}

static enum cp_code begin(struct cp_swept *s, const struct cp_swept_begin *begin,
                          struct cp_error *err)
{
    (void)begin;
    return cp_swept_find_highest(s, err);
}

/* Publishing gives $LATEST a new RevisionId. It is taken only from what we wrote ourselves: else
 * the next update would overwrite somebody's change with his own RevisionId. */
static enum cp_code take_new_revision(struct cp_swept *s, int memory_size_mb,
                                      const char *description, struct cp_error *err)
{
    struct cp_function_config before = s->latest;
    enum cp_code code = cp_swept_look(s, err);
    if (code)
        return code;
    if (s->latest.memory_size_mb != memory_size_mb)
        return cp_swept_fail_changed(s, "MemorySize", err);
    if (strcmp(s->latest.description, description) != 0)
        return cp_swept_fail_changed(s, "Description", err);
    return cp_swept_check_same(s, &before, false, err);
}

enum cp_code cp_swept_own_version(struct cp_swept *s, int memory_size_mb,
                                  char version[CP_VERSION_MAX], struct cp_error *err)
{
    char description[64];
    struct cp_function_config before = s->latest;
    struct cp_function_config published = {0};
    (void)snprintf(description, sizeof description, "%s%u", s->token, ++s->n_published);
    enum cp_code code = cp_swept_update(s, memory_size_mb, description, err);
    if (!code)
        code = cp_swept_check_same(s, &before, false, err);
    if (!code)
        code = cp_swept_publish(s, memory_size_mb, description, &published, err);
    if (!code)
        code = take_new_revision(s, memory_size_mb, description, err);
    (void)snprintf(version, CP_VERSION_MAX, "%s", published.version);
    return code;
}

const struct cp_swept_method cp_swept_own = {check, begin, cp_swept_own_version};

/* --- undo --- */

static bool is_ours(const struct cp_swept *s, const struct cp_function_config *f)
{
    return strncmp(f->description, s->token, strlen(s->token)) == 0;
}

struct ours {
    const struct cp_swept *swept;
    char (*versions)[CP_VERSION_MAX];
    size_t n;
    bool is_out_of_memory;
};

static bool keep_ours(void *context, const struct cp_function_config *version)
{
    struct ours *ours = context;
    if (cp_version_number(version->version) <= 0 || !is_ours(ours->swept, version))
        return true;
    char(*versions)[CP_VERSION_MAX] =
        realloc(ours->versions, (ours->n + 1) * sizeof *ours->versions);
    ours->is_out_of_memory = !versions;
    if (!versions)
        return false;
    ours->versions = versions;
    (void)snprintf(versions[ours->n++], CP_VERSION_MAX, "%s", version->version);
    return true;
}

static enum cp_code delete_ours(struct cp_swept *s, struct cp_error *err)
{
    struct ours ours = {.swept = s};
    enum cp_code code = cp_lambda_list_versions(s->lambda, s->function, keep_ours, &ours, err);
    if (!code && ours.is_out_of_memory)
        code = cp_fail(err, CP_ENOMEM, "cannot list the versions to delete: out of memory");
    for (size_t i = 0; i < ours.n; i++) {
        struct cp_error one = {0};
        enum cp_code failed = cp_swept_release(s, ours.versions[i], &one);
        if (failed && failed != CP_ENOTFOUND && !code)
            code = cp_fail(err, failed, "version %s of '%s' is left behind: %s", ours.versions[i],
                           s->function, one.text);
    }
    free(ours.versions);
    return code;
}

static enum cp_code put_back(struct cp_swept *s, struct cp_error *err)
{
    enum cp_code code = CP_ECONFLICT;
    for (int i = 0; i < CONFLICT_TRIES && code == CP_ECONFLICT; i++) {
        code = cp_swept_look(s, err);
        if (code || !is_ours(s, &s->latest)) /* never written, or a foreign value: left alone */
            return code;
        code = cp_swept_update(s, s->original_memory_mb, s->original_description, err);
    }
    return code;
}

enum cp_code cp_swept_own_undo(struct cp_swept *swept, struct cp_error *err)
{
    struct cp_error later = {0};
    if (!swept->token[0])
        return CP_OK;
    enum cp_code code = put_back(swept, err);
    if (code)
        (void)cp_fail_context(err, "cannot give '%s' its memory size %d MB back", swept->function,
                              swept->original_memory_mb);
    enum cp_code failed = delete_ours(swept, code ? &later : err);
    return code ? code : failed;
}
