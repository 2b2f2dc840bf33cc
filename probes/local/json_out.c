/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/json_out.h"

#include <inttypes.h>
#include <stdio.h>

void cp_json_add_string(struct cp_buf *to, struct cp_view text)
{
    (void)cp_buf_addc(to, '"');
    while (text.n) {
        uint32_t c = 0;
        size_t n = cp_view_utf8(text, &c);
        if (n == 0)
            (void)cp_buf_adds(to, "\xef\xbf\xbd");
        else if (c == '"' || c == '\\')
            (void)cp_buf_addf(to, "\\%c", (int)c);
        else if (c == '\n' || c == '\t')
            (void)cp_buf_adds(to, c == '\n' ? "\\n" : "\\t");
        else if (c < 0x20 || c == 0x7f)
            (void)cp_buf_addf(to, "\\u%04x", (unsigned)c);
        else
            (void)cp_buf_add(to, text.p, n);
        n = n ? n : 1;
        text = (struct cp_view){text.p + n, text.n - n};
    }
    (void)cp_buf_addc(to, '"');
}

static void start_member(struct cp_json_out *j, const char *name)
{
    if (j->has_member)
        (void)cp_buf_addc(j->to, ',');
    j->has_member = true;
    if (name) {
        cp_json_add_string(j->to, cp_view_of(name));
        (void)cp_buf_addc(j->to, ':');
    }
}

static void open_group(struct cp_json_out *j, const char *name, char bracket)
{
    start_member(j, name);
    (void)cp_buf_addc(j->to, bracket);
    j->has_member = false;
}

static void close_group(struct cp_json_out *j, char bracket)
{
    (void)cp_buf_addc(j->to, bracket);
    j->has_member = true;
}

void cp_json_object(struct cp_json_out *j, const char *name)
{
    open_group(j, name, '{');
}

void cp_json_object_end(struct cp_json_out *j)
{
    close_group(j, '}');
}

void cp_json_array(struct cp_json_out *j, const char *name)
{
    open_group(j, name, '[');
}

void cp_json_array_end(struct cp_json_out *j)
{
    close_group(j, ']');
}

void cp_json_string(struct cp_json_out *j, const char *name, const char *value)
{
    start_member(j, name);
    cp_json_add_string(j->to, cp_view_of(value));
}

void cp_json_text(struct cp_json_out *j, const char *name, struct cp_view value)
{
    start_member(j, name);
    cp_json_add_string(j->to, value);
}

void cp_json_int(struct cp_json_out *j, const char *name, int64_t value)
{
    start_member(j, name);
    (void)cp_buf_addf(j->to, "%" PRId64, value);
}

void cp_json_bool(struct cp_json_out *j, const char *name, bool value)
{
    start_member(j, name);
    (void)cp_buf_adds(j->to, value ? "true" : "false");
}

void cp_json_double(struct cp_json_out *j, const char *name, double value)
{
    start_member(j, name);
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        double back = 0;
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (cp_view_to_double(cp_view_of(text), &back) && !(back < value) && !(back > value))
            break;
    }
    (void)cp_buf_adds(j->to, text);
}
