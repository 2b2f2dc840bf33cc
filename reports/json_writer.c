/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/json_writer.h"

#include "model/base/datetime.h"
#include "reports/format.h"
#include "reports/json_number.h"

void cp_json_key(struct cp_json *j, const char *key)
{
    cp_buf_adds(j->out, j->is_first ? "\n" : ",\n");
    for (int i = 0; i < j->depth; i++)
        cp_buf_adds(j->out, "  ");
    j->is_first = false;
    if (!key)
        return;
    cp_text_json(j->out, key);
    cp_buf_adds(j->out, ": ");
}

void cp_json_open(struct cp_json *j, const char *key, char bracket)
{
    cp_json_key(j, key);
    cp_buf_addc(j->out, bracket);
    j->depth++;
    j->is_first = true;
}

void cp_json_close(struct cp_json *j, char bracket)
{
    j->depth--;
    if (!j->is_first) {
        cp_buf_addc(j->out, '\n');
        for (int i = 0; i < j->depth; i++)
            cp_buf_adds(j->out, "  ");
    }
    cp_buf_addc(j->out, bracket);
    j->is_first = false;
}

void cp_json_add_number(struct cp_json *j, const char *key, double value)
{
    cp_json_key(j, key);
    cp_json_number(j->out, value);
}

/* -1 stands for an absent whole number. */
void cp_json_add_int(struct cp_json *j, const char *key, int64_t value)
{
    cp_json_key(j, key);
    if (value < 0)
        cp_buf_adds(j->out, "null");
    else
        cp_buf_addf(j->out, "%lld", (long long)value);
}

void cp_json_add_time(struct cp_json *j, const char *key, int64_t at_ms)
{
    char text[CP_DATETIME_TEXT_MAX];
    if (at_ms < 0)
        cp_json_add_int(j, key, -1);
    else
        cp_json_add_text(j, key, cp_datetime_format(at_ms, CP_DATETIME_ISO_MS, text));
}

void cp_json_add_count(struct cp_json *j, const char *key, size_t value)
{
    cp_json_key(j, key);
    cp_buf_addf(j->out, "%zu", value);
}

void cp_json_add_bool(struct cp_json *j, const char *key, bool value)
{
    cp_json_key(j, key);
    cp_buf_adds(j->out, value ? "true" : "false");
}

void cp_json_add_text(struct cp_json *j, const char *key, const char *value)
{
    cp_json_key(j, key);
    cp_text_json(j->out, value);
}

void cp_json_add_interval(struct cp_json *j, const char *key, struct cp_interval v)
{
    cp_json_open(j, key, '{');
    cp_json_add_number(j, "value", v.value);
    cp_json_add_number(j, "low", v.low);
    cp_json_add_number(j, "high", v.high);
    cp_json_close(j, '}');
}

const char *cp_answer_name(enum cp_answer status)
{
    static const char *const names[] = {
        [CP_ANSWER_NONE] = "none",
        [CP_ANSWER_TOO_FEW] = "too_few",
        [CP_ANSWER_UPPER_ONLY] = "upper_only",
        [CP_ANSWER_OK] = "ok",
    };
    return names[status];
}
