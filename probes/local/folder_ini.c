/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/folder_ini.h"

#include <string.h>

#include "model/base/units.h"
#include "probes/local/env_name.h"
#include "probes/local/nearest.h"

enum { TIMEOUT_MIN_S = 1, TIMEOUT_MAX_S = 900 };

/* --- top-level keys --- */

typedef enum cp_code (*key_fn)(struct cp_view value, struct cp_function_folder *out,
                               struct cp_error *err);

static enum cp_code set_name(struct cp_view value, struct cp_function_folder *out,
                             struct cp_error *err)
{
    if (!cp_function_name_is_valid(value) || !cp_view_copy(value, out->name, sizeof out->name))
        return cp_fail(err, CP_EINVAL, "'%.*s' is not a function name ([a-zA-Z0-9-_]{1,64})",
                       (int)value.n, value.p);
    return CP_OK;
}

static enum cp_code set_text(struct cp_view value, char *to, size_t size, const char *key,
                             struct cp_error *err)
{
    if (value.n == 0)
        return cp_fail(err, CP_EINVAL, "'%s' has no value", key);
    if (memchr(value.p, '\0', value.n))
        return cp_fail(err, CP_EINVAL, "'%s' contains a NUL", key);
    if (!cp_view_copy(value, to, size))
        return cp_fail(err, CP_EINVAL, "'%s' is longer than %zu bytes", key, size - 1);
    return CP_OK;
}

static enum cp_code set_handler(struct cp_view value, struct cp_function_folder *out,
                                struct cp_error *err)
{
    return set_text(value, out->handler, sizeof out->handler, "handler", err);
}

static enum cp_code set_runtime(struct cp_view value, struct cp_function_folder *out,
                                struct cp_error *err)
{
    return set_text(value, out->runtime, sizeof out->runtime, "runtime", err);
}

static enum cp_code set_timeout(struct cp_view value, struct cp_function_folder *out,
                                struct cp_error *err)
{
    int64_t seconds = 0;
    if (!cp_view_to_int64(value, &seconds) || seconds < TIMEOUT_MIN_S || seconds > TIMEOUT_MAX_S)
        return cp_fail(err, CP_EINVAL,
                       "timeout '%.*s' is not a number of seconds from %d to %d, such as 3",
                       (int)value.n, value.p, TIMEOUT_MIN_S, TIMEOUT_MAX_S);
    out->timeout_s = (int)seconds;
    return CP_OK;
}

static enum cp_code set_memory(struct cp_view value, struct cp_function_folder *out,
                               struct cp_error *err)
{
    return cp_units_parse_memory_mb(value, &out->memory_size_mb, err);
}

static enum cp_code set_snap_start(struct cp_view value, struct cp_function_folder *out,
                                   struct cp_error *err)
{
    out->is_snap_start = cp_view_is(value, "published-versions");
    if (out->is_snap_start || cp_view_is(value, "none"))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "snap_start is 'published-versions' or 'none', not '%.*s'",
                   (int)(value.n < 40 ? value.n : 40), value.p);
}

static enum cp_code set_package_type(struct cp_view value, struct cp_function_folder *out,
                                     struct cp_error *err)
{
    out->is_image = cp_view_is(value, "Image");
    if (out->is_image || cp_view_is(value, "Zip"))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "package_type is 'Zip' or 'Image', not '%.*s'",
                   (int)(value.n < 40 ? value.n : 40), value.p);
}

static const struct {
    const char *name;
    key_fn set;
} keys[] = {
    {"name", set_name},
    {"handler", set_handler},
    {"runtime", set_runtime},
    {"timeout", set_timeout},
    {"memory", set_memory},
    {"snap_start", set_snap_start},
    {"package_type", set_package_type},
};
enum { N_KEYS = sizeof keys / sizeof keys[0] };

static enum cp_code fail_unknown_key(struct cp_view key, struct cp_error *err)
{
    const char *names[N_KEYS];
    for (size_t i = 0; i < N_KEYS; i++)
        names[i] = keys[i].name;
    const char *nearest = cp_nearest(key, names, N_KEYS);
    return cp_fail(err, CP_EINVAL,
                   "unknown key '%.*s'%s%s%s (name, handler, runtime, timeout, memory, snap_start, "
                   "package_type)",
                   (int)key.n, key.p, nearest ? ": did you mean '" : "", nearest ? nearest : "",
                   nearest ? "'?" : "");
}

/* --- [environment] --- */

static enum cp_code set_variable(struct cp_view name, struct cp_view value,
                                 struct cp_function_folder *out, struct cp_error *err)
{
    int n = (int)name.n;
    if (!cp_env_name_is_valid(name))
        return cp_fail(err, CP_EINVAL, "'%.*s' is not a variable name (" CP_ENV_NAME_PATTERN ")", n,
                       name.p);
    if (cp_env_name_is_reserved(name))
        return cp_fail(err, CP_EINVAL, "'%.*s' is reserved: the runtime sets it", n, name.p);
    for (size_t i = 0; i < out->n_env; i++) {
        if (cp_view_is(name, out->env[i].name))
            return cp_fail(err, CP_EINVAL, "'%.*s' is set twice", n, name.p);
    }
    if (out->n_env == CP_FOLDER_ENV_MAX)
        return cp_fail(err, CP_EINVAL, "more than %d variables", CP_FOLDER_ENV_MAX);
    struct cp_env_pair *pair = &out->env[out->n_env];
    if (!cp_view_copy(name, pair->name, sizeof pair->name))
        return cp_fail(err, CP_EINVAL, "a variable's name is longer than %zu bytes",
                       sizeof pair->name - 1);
    if (value.n && memchr(value.p, '\0', value.n))
        return cp_fail(err, CP_EINVAL, "'%.*s' contains a NUL", n, name.p);
    if (!cp_view_copy(value, pair->value, sizeof pair->value))
        return cp_fail(err, CP_EINVAL, "'%.*s' is longer than %zu bytes", n, name.p,
                       sizeof pair->value - 1);
    out->n_env++;
    return CP_OK;
}

/* --- lines --- */

struct reader {
    struct cp_function_folder *out;
    struct cp_error *err;
    bool is_in_environment;
    unsigned seen; /* bit per key */
};

static enum cp_code read_section(struct reader *r, struct cp_view line)
{
    if (!cp_view_is(line, "[environment]"))
        return cp_fail(r->err, CP_EINVAL, "unknown section '%.*s' (only [environment])",
                       (int)line.n, line.p);
    r->is_in_environment = true;
    return CP_OK;
}

static enum cp_code read_key(struct reader *r, struct cp_view key, struct cp_view value)
{
    if (r->is_in_environment)
        return set_variable(key, value, r->out, r->err);
    for (size_t i = 0; i < N_KEYS; i++) {
        if (!cp_view_is(key, keys[i].name))
            continue;
        if (r->seen & 1U << i)
            return cp_fail(r->err, CP_EINVAL, "'%s' is set twice", keys[i].name);
        r->seen |= 1U << i;
        return keys[i].set(value, r->out, r->err);
    }
    return fail_unknown_key(key, r->err);
}

static enum cp_code read_line(struct reader *r, struct cp_view line)
{
    struct cp_view key;
    line = cp_view_trim(line);
    if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
        return CP_OK;
    if (line.p[0] == '[')
        return read_section(r, line);
    if (!memchr(line.p, '=', line.n))
        return cp_fail(r->err, CP_EINVAL, "expected 'key = value', not '%.*s'",
                       (int)(line.n < 80 ? line.n : 80), line.p);
    (void)cp_view_split(&line, '=', &key);
    return read_key(r, cp_view_trim(key), cp_view_trim(line));
}

enum cp_code cp_folder_ini_read(const char *file_name, struct cp_view text,
                                struct cp_function_folder *out, struct cp_error *err)
{
    struct cp_error local;
    struct reader r = {.out = out, .err = err ? err : &local};
    struct cp_view line;
    (void)cp_view_skip(&text, "\xef\xbb\xbf"); /* a byte order mark of some editors */
    for (int number = 1; cp_view_split(&text, '\n', &line); number++) {
        if (read_line(&r, line))
            return cp_fail_context(r.err, "'%s' line %d", file_name, number);
    }
    return CP_OK;
}
