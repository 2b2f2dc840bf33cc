/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/function_name.h"

#include <string.h>

#include "probes/aws/endpoint.h"

enum {
    NAME_MAX_CHARS = 64,
    FUNCTION_MAX_CHARS = 256, /* with account, region and qualifier */
    QUALIFIER_MAX_CHARS = 128,
    ACCOUNT_CHARS = 12,
    VERSION_MAX_CHARS = 18,
    PARTS_MAX = 8, /* arn aws lambda region account function name qualifier */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

static bool is_word(struct cp_view v, size_t most)
{
    for (size_t i = 0; i < v.n; i++)
        if (!is_word_char(v.p[i]))
            return false;
    return v.n >= 1 && v.n <= most;
}

static bool is_account(struct cp_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (!is_digit(v.p[i]))
            return false;
    return v.n == ACCOUNT_CHARS;
}

static bool is_qualifier(struct cp_view v)
{
    return cp_view_is(v, "$LATEST") || is_word(v, QUALIFIER_MAX_CHARS);
}

/* Splits at ':', empty parts included. 0 when there are too many. */
static size_t split_parts(struct cp_view text, struct cp_view parts[PARTS_MAX])
{
    size_t n = 0;
    size_t from = 0;
    for (size_t i = 0; i <= text.n; i++) {
        if (i < text.n && text.p[i] != ':')
            continue;
        if (n == PARTS_MAX)
            return 0;
        parts[n++] = (struct cp_view){text.p + from, i - from};
        from = i + 1;
    }
    return n;
}

/* The parts before the name of an ARN; how many there are, 0 when one is wrong. */
static size_t check_arn_head(const char *function, const struct cp_view *parts, size_t n,
                             struct cp_error *err)
{
    if (n < 7 || !cp_view_has_prefix(parts[1], "aws") || !cp_view_is(parts[5], "function"))
        (void)cp_fail(err, CP_EINVAL,
                      "'%s' is not like 'arn:aws:lambda:eu-central-1:123456789012:function:name'",
                      function);
    else if (!cp_view_is(parts[2], "lambda"))
        (void)cp_fail(err, CP_EINVAL, "'%s' is not an ARN of Lambda", function);
    else if (!cp_region_is_valid(parts[3]))
        (void)cp_fail(err, CP_EINVAL, "'%s': the region is not like 'eu-central-1'", function);
    else if (!is_account(parts[4]))
        (void)cp_fail(err, CP_EINVAL, "'%s': the account is not 12 digits", function);
    else
        return 6;
    return 0;
}

/* "123456789012:function:name" and its shorter forms: index of the name. */
static size_t partial_head(const struct cp_view *parts, size_t n)
{
    size_t at = 0;
    if (n >= 2 && is_account(parts[0]))
        at++;
    if (n >= at + 2 && cp_view_is(parts[at], "function"))
        at++;
    return at;
}

enum cp_code cp_function_name_check(const char *function, struct cp_error *err)
{
    struct cp_view text = cp_view_of(function);
    struct cp_view parts[PARTS_MAX];
    if (text.n == 0)
        return cp_fail(err, CP_EINVAL, "the function name is empty");
    if (text.n > FUNCTION_MAX_CHARS)
        return cp_fail(err, CP_EINVAL, "the function name is longer than %d characters",
                       FUNCTION_MAX_CHARS);
    size_t n = split_parts(text, parts);
    bool is_arn = n > 1 && cp_view_is(parts[0], "arn");
    size_t at = is_arn ? check_arn_head(function, parts, n, err) : partial_head(parts, n);
    if (is_arn && at == 0)
        return CP_EINVAL;
    if (n == 0 || n - at > 2)
        return cp_fail(err, CP_EINVAL, "function '%s' has too many parts", function);
    if (!is_word(parts[at], NAME_MAX_CHARS))
        return cp_fail(err, CP_EINVAL,
                       "function '%s': a name is 1 to %d letters, digits, '-' or '_'", function,
                       NAME_MAX_CHARS);
    if (n - at == 2 && !is_qualifier(parts[at + 1]))
        return cp_fail(err, CP_EINVAL, "function '%s': the part after the name is no qualifier",
                       function);
    return CP_OK;
}

bool cp_function_place(const char *function, struct cp_view *region, struct cp_view *account)
{
    struct cp_view parts[PARTS_MAX];
    size_t n = split_parts(cp_view_of(function), parts);
    if (n < 7 || !cp_view_is(parts[0], "arn") || check_arn_head(function, parts, n, NULL) == 0)
        return false;
    *region = parts[3];
    *account = parts[4];
    return true;
}

enum cp_code cp_qualifier_check(const char *qualifier, struct cp_error *err)
{
    if (!is_qualifier(cp_view_of(qualifier)))
        return cp_fail(err, CP_EINVAL, "qualifier '%s' is not a version, an alias or '$LATEST'",
                       qualifier ? qualifier : "");
    return CP_OK;
}

enum cp_code cp_version_check(const char *version, struct cp_error *err)
{
    size_t n = version ? strlen(version) : 0;
    bool is_number = n >= 1 && n <= VERSION_MAX_CHARS && version[0] != '0';
    for (size_t i = 0; is_number && i < n; i++)
        is_number = is_digit(version[i]);
    if (!is_number)
        return cp_fail(err, CP_EINVAL, "version '%s' is not a version number",
                       version ? version : "");
    return CP_OK;
}
