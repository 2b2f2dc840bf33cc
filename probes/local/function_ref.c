/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/function_ref.h"

#include <stddef.h>

#include "probes/local/function_folder.h"

enum { PARTS_MAX = 8, ACCOUNT_DIGITS = 12 }; /* arn:aws:lambda:region:account:function:name:q */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static bool is_word(struct cp_view v, size_t max, bool (*is_allowed)(char))
{
    for (size_t i = 0; i < v.n; i++) {
        if (!is_allowed(v.p[i]))
            return false;
    }
    return v.n > 0 && v.n <= max;
}

bool cp_function_name_is_valid(struct cp_view name)
{
    return is_word(name, CP_FUNCTION_NAME_MAX, is_name_char);
}

bool cp_qualifier_is_valid(struct cp_view qualifier)
{
    return cp_view_is(qualifier, "$LATEST") || is_word(qualifier, CP_QUALIFIER_MAX, is_name_char);
}

bool cp_qualifier_is_version(struct cp_view qualifier)
{
    return is_word(qualifier, CP_QUALIFIER_MAX, is_digit);
}

static bool is_account_id(struct cp_view v)
{
    return v.n == ACCOUNT_DIGITS && is_word(v, ACCOUNT_DIGITS, is_digit);
}

static size_t split_parts(struct cp_view text, struct cp_view parts[PARTS_MAX])
{
    size_t n = 0;
    if (text.n == 0 || text.p[text.n - 1] == ':')
        return 0;
    while (text.n) {
        if (n == PARTS_MAX || !cp_view_split(&text, ':', &parts[n]))
            return 0;
        n++;
    }
    return n;
}

/* arn:PARTITION:lambda:REGION:ACCOUNT:function: -> index of the name, 0 when malformed. */
static size_t take_arn(const struct cp_view *parts, size_t n, struct cp_function_ref *out)
{
    enum { PARTITION = 1, SERVICE, REGION, ACCOUNT, TYPE, NAME };
    bool is_arn = n > NAME && cp_view_has_prefix(parts[PARTITION], "aws") &&
                  cp_view_is(parts[SERVICE], "lambda") && is_account_id(parts[ACCOUNT]) &&
                  cp_view_is(parts[TYPE], "function") &&
                  is_word(parts[REGION], sizeof out->region - 1, is_name_char);
    if (!is_arn)
        return 0;
    (void)cp_view_copy(parts[REGION], out->region, sizeof out->region);
    (void)cp_view_copy(parts[ACCOUNT], out->account_id, sizeof out->account_id);
    return NAME;
}

/* [ACCOUNT:][function:] -> index of the name. */
static size_t take_partial(const struct cp_view *parts, size_t n, struct cp_function_ref *out)
{
    size_t at = 0;
    if (n > 1 && is_account_id(parts[0])) {
        (void)cp_view_copy(parts[0], out->account_id, sizeof out->account_id);
        at = 1;
    }
    if (n > at + 1 && cp_view_is(parts[at], "function"))
        at++;
    return at;
}

bool cp_function_ref_parse(struct cp_view text, struct cp_function_ref *out)
{
    *out = (struct cp_function_ref){0};
    struct cp_view parts[PARTS_MAX];
    size_t n = split_parts(text, parts);
    if (n == 0)
        return false;
    bool is_arn = n > 1 && cp_view_is(parts[0], "arn");
    size_t at = is_arn ? take_arn(parts, n, out) : take_partial(parts, n, out);
    if ((is_arn && at == 0) || n > at + 2 || !cp_function_name_is_valid(parts[at]))
        return false;
    (void)cp_view_copy(parts[at], out->name, sizeof out->name);
    if (n == at + 1)
        return true;
    return cp_qualifier_is_valid(parts[at + 1]) &&
           cp_view_copy(parts[at + 1], out->qualifier, sizeof out->qualifier);
}
