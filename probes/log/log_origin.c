/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_origin.h"

#include <string.h>

#include "model/base/hash.h"

enum { ENVIRONMENT_DIGITS = 32, DATE_LENGTH = sizeof("2026/10/08/") - 1 };

struct cp_view cp_log_group_function(struct cp_view group)
{
    static const struct cp_view folder = {"/aws/lambda/", 12};
    const char *at = group.n ? memmem(group.p, group.n, folder.p, folder.n) : NULL;
    if (!at || (at > group.p && at[-1] != ':'))
        return (struct cp_view){0};
    struct cp_view name = {at + folder.n, group.n - (size_t)(at + folder.n - group.p)};
    const char *colon = name.n ? memchr(name.p, ':', name.n) : NULL;
    if (colon) /* the ":*" of an ARN */
        name.n = (size_t)(colon - name.p);
    (void)cp_view_skip(&name, "us-east-1.");
    return name;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static bool is_separator(char c)
{
    return c == '/' || c == '-';
}

static bool is_date(const char *p)
{
    return is_digit(p[0]) && is_digit(p[1]) && is_digit(p[2]) && is_digit(p[3]) &&
           is_separator(p[4]) && is_digit(p[5]) && is_digit(p[6]) && is_separator(p[7]) &&
           is_digit(p[8]) && is_digit(p[9]) && is_separator(p[10]);
}

bool cp_log_stream_origin(struct cp_view stream, struct cp_view *function, struct cp_view *version)
{
    *function = *version = (struct cp_view){0};
    if (stream.n < DATE_LENGTH + sizeof("[1]") - 1 + ENVIRONMENT_DIGITS || !is_date(stream.p))
        return false;
    const char *end = stream.p + stream.n - ENVIRONMENT_DIGITS - 1;
    const char *first = stream.p + DATE_LENGTH;
    const char *open = end;
    while (open > first && *open != '[')
        open--;
    if (*end != ']' || *open != '[')
        return false;
    *function = (struct cp_view){first, (size_t)(open - first)};
    *version = (struct cp_view){open + 1, (size_t)(end - open - 1)};
    return true;
}

uint64_t cp_log_stream_hash(struct cp_view stream)
{
    uint64_t hash = stream.n ? cp_hash(stream) : 0;
    return stream.n && !hash ? 1 : hash;
}
