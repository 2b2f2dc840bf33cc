/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/target.h"

#include "model/base/view.h"
#include "probes/os/file.h"

#include <string.h>

enum { FUNCTION_NAME_MAX = 64, ARN_MAX = 256 };

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static bool is_name(struct cp_view v, size_t max)
{
    bool is_good = v.n >= 1 && v.n <= max;
    for (size_t i = 0; i < v.n && is_good; i++)
        is_good = is_name_char(v.p[i]);
    return is_good;
}

/* name[:qualifier] */
static bool is_function(struct cp_view v)
{
    struct cp_view name;
    if (!cp_view_split(&v, ':', &name) || !is_name(name, FUNCTION_NAME_MAX))
        return false;
    return v.n == 0 || cp_view_is(v, "$LATEST") || is_name(v, 128);
}

/* arn:aws...:lambda:region:account:function:name[:qualifier] */
static bool is_arn(struct cp_view v)
{
    static const char *const fixed[] = {"arn", NULL, "lambda", NULL, NULL, "function"};
    if (v.n > ARN_MAX)
        return false;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        struct cp_view part;
        if (!cp_view_split(&v, ':', &part) || (fixed[i] && !cp_view_is(part, fixed[i])))
            return false;
        if (!fixed[i] && !is_name(part, 64))
            return false;
    }
    return is_function(v);
}

enum cp_code cp_target_read(const char *text, bool *is_path, struct cp_error *err)
{
    struct cp_view v = cp_view_of(text);
    bool is_local_arn = cp_view_has_prefix(v, "arn:");
    *is_path =
        !is_local_arn && (strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0);
    if (*is_path)
        return CP_OK;
    if (!is_arn(v) && !is_function(v))
        return cp_fail(err, CP_EINVAL,
                       "'%.200s' is neither a folder (write ./%.40s) nor a function name or ARN",
                       text, "name");
    if (cp_file_is_dir(text))
        return cp_fail(err, CP_EINVAL,
                       "'%s' is a folder here; write './%s' to run it on this machine", text, text);
    return CP_OK;
}
