/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/unlike.h"

#include "reports/figures.h"

#include <stdio.h>
#include <string.h>

/* What a run says of one thing: borrowed text, "" not known. */
typedef const char *(*fact_fn)(const struct cp_figures *f);

/* Without a qualifier: two versions of one function are what is compared. */
static bool is_same_name(const char *a, const char *b)
{
    size_t n = strcspn(a, ":");
    return n == strcspn(b, ":") && memcmp(a, b, n) == 0;
}

static const char *function_of(const struct cp_figures *f)
{
    return f->data->run.function;
}

static const char *place_of(const struct cp_figures *f)
{
    return f->data->run.place;
}

static const char *region_of(const struct cp_figures *f)
{
    return f->data->run.region;
}

static const char *architecture_of(const struct cp_figures *f)
{
    return f->data->run.architecture;
}

static const char *runtime_of(const struct cp_figures *f)
{
    return f->data->run.runtime;
}

static const char *runtime_version_of(const struct cp_figures *f)
{
    return f->data->run.runtime_version_arn;
}

static const char *start_of(const struct cp_figures *f)
{
    return cp_startup_word(f->fresh_start);
}

static const char *payload_of(const struct cp_figures *f)
{
    return f->data->run.payload_sha256;
}

static const char *method_of(const struct cp_figures *f)
{
    /* taking turns is a matter of order only */
    return cp_run_in_turns(&f->data->run) ? "own function" : f->data->run.method;
}

static const char *mode_of(const struct cp_figures *f)
{
    return f->data->run.mode;
}

static const char *host_of(const struct cp_figures *f)
{
    return f->data->run.is_local ? f->data->run.host : "";
}

static const struct row {
    const char *name; /* of --allow, and in words */
    fact_fn fact;
    size_t shown; /* characters of it that tell the difference; 0: nothing to show */
    bool (*is_same)(const char *a, const char *b);
} rows[] = {
    {"function", function_of, 40, is_same_name},
    {"place", place_of, 40, NULL},
    {"region", region_of, 32, NULL},
    {"architecture", architecture_of, 16, NULL},
    {"runtime", runtime_of, 32, NULL},
    {"runtime-version", runtime_version_of, 0, NULL},
    {"initialization", start_of, 16, NULL},
    {"payload", payload_of, 0, NULL},
    {"method", method_of, 32, NULL},
    {"mode", mode_of, 32, NULL},
    {"host", host_of, 0, NULL},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static bool is_unlike(const struct row *row, const struct cp_figures *base,
                      const struct cp_figures *now)
{
    const char *a = row->fact(base);
    const char *b = row->fact(now);
    if (!a[0] || !b[0])
        return false;
    return !(row->is_same ? row->is_same(a, b) : strcmp(a, b) == 0);
}

/* "region (us-east-1, eu-west-1)", after a comma where it is not the first. */
static void add_difference(const struct row *row, const struct cp_figures *base,
                           const struct cp_figures *now, struct cp_buf *out)
{
    int n = (int)row->shown;
    cp_buf_addf(out, "%s%s", out->n ? ", " : "", row->name);
    if (n == 0)
        return;
    cp_buf_addf(out, " (%.*s, %.*s)", n, row->fact(base), n, row->fact(now));
}

/* Is the row among the names of `allow`? */
static bool is_allowed(const struct row *row, const char *allow)
{
    struct cp_view rest = cp_view_of(allow);
    struct cp_view name;
    while (cp_view_split(&rest, ',', &name)) {
        if (cp_view_is(name, "all") || cp_view_is(name, row->name))
            return true;
    }
    return false;
}

static enum cp_code check_name(struct cp_view name, struct cp_error *err)
{
    char known[160] = "";
    size_t n = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (cp_view_is(name, rows[i].name) || cp_view_is(name, "all"))
            return CP_OK;
        n += (size_t)snprintf(known + n, sizeof known - n, "%s, ", rows[i].name);
    }
    return cp_fail(err, CP_EINVAL, "--allow: '%.*s' is not one of %sall",
                   name.n > 40 ? 40 : (int)name.n, name.p, known);
}

static enum cp_code check_names(const char *allow, struct cp_error *err)
{
    struct cp_view rest = cp_view_of(allow);
    struct cp_view name;
    enum cp_code code = CP_OK;
    while (!code && cp_view_split(&rest, ',', &name))
        code = check_name(name, err);
    return code;
}

static enum cp_code check_clocks(const struct cp_figures *base, const struct cp_figures *now,
                                 struct cp_error *err)
{
    const struct cp_figures *f = cp_figures_is_wall_clock(base) ? base : now;
    if (!cp_figures_is_wall_clock(f))
        return CP_OK;
    return cp_fail(
        err, CP_EUNSUPPORTED,
        "run '%s' has times of the client only, the way there and back included: neither "
        "init nor cold nor warm durations; sweep the function on AWS, or its folder here",
        f->data->run.id);
}

enum cp_code cp_unlike_check(const struct cp_figures *base, const struct cp_figures *now,
                             const char *allow, char allowed[CP_UNLIKE_TEXT_MAX],
                             struct cp_error *err)
{
    struct cp_buf refused;
    struct cp_buf names;
    struct cp_buf met;
    struct cp_buf *const bufs[] = {&refused, &names, &met};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        cp_buf_init(bufs[i], 1U << 12);
    enum cp_code code = check_names(allow, err);
    if (!code)
        code = check_clocks(base, now, err);
    for (size_t i = 0; i < ROWS && !code; i++) {
        if (!is_unlike(&rows[i], base, now))
            continue;
        bool is_met = is_allowed(&rows[i], allow);
        add_difference(&rows[i], base, now, is_met ? &met : &refused);
        if (!is_met)
            cp_buf_addf(&names, "%s%s", names.n ? "," : "", rows[i].name);
    }
    (void)snprintf(allowed, CP_UNLIKE_TEXT_MAX, "%s", cp_buf_str(&met));
    if (!code && refused.n)
        code = cp_fail(err, CP_EINVAL,
                       "runs '%s' and '%s' are unlike in %s: a change would not be that of the "
                       "code; if it is meant, add --allow %s",
                       base->data->run.id, now->data->run.id, cp_buf_str(&refused),
                       cp_buf_str(&names));
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        cp_buf_clear(bufs[i]);
    return code;
}
