/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/functions/knobs-c/knobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER(name, member, max)                                                                  \
    {                                                                                              \
        name, offsetof(struct knobs, member), max                                                  \
    }
#define TEXT(name, member)                                                                         \
    {                                                                                              \
        name, offsetof(struct knobs, member), 0                                                    \
    }

static const struct knob {
    const char *name;
    size_t offset;
    int64_t max; /* 0: a text */
} table[] = {
    NUMBER("INIT_SLEEP_MS", init_sleep_ms, 900000),
    NUMBER("INIT_CPU_MS", init_cpu_ms, 900000),
    NUMBER("INIT_MEMORY_MB", init_memory_mb, 10240),
    NUMBER("INIT_HANG", init_hang, 1),
    TEXT("INIT_ERROR", init_error),
    TEXT("INIT_CRASH", init_crash),
    NUMBER("SLEEP_MS", sleep_ms, 900000),
    NUMBER("CPU_MS", cpu_ms, 900000),
    NUMBER("MEMORY_MB", memory_mb, 10240),
    NUMBER("HANG", hang, 1),
    NUMBER("OUTPUT_BYTES", output_bytes, 8388608),
    NUMBER("LOG_LINES", log_lines, 1000000),
    NUMBER("ERR_LINES", err_lines, 1000000),
    NUMBER("FORGE_REPORT", forge_report, 1),
    TEXT("ERROR", error),
    TEXT("CRASH", crash),
};
enum { N_KNOBS = sizeof(table) / sizeof(table[0]) };

static bool set(struct knobs *knobs, const struct knob *knob, const char *text)
{
    void *to = (char *)knobs + knob->offset;
    char *end = NULL;
    if (knob->max == 0) {
        size_t n = strlen(text);
        if (n >= KNOB_TEXT_MAX)
            return false;
        memcpy(to, text, n + 1);
        return true;
    }
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < 0 || value > knob->max)
        return false;
    *(int64_t *)to = value;
    return true;
}

bool knobs_from_environment(struct knobs *knobs, const char **bad)
{
    *knobs = (struct knobs){0};
    for (size_t i = 0; i < N_KNOBS; i++) {
        const char *value = getenv(table[i].name);
        if (value && !set(knobs, &table[i], value)) {
            *bad = table[i].name;
            return false;
        }
    }
    return true;
}

/* --- the event: a flat scan of its top-level members --- */

struct span {
    const char *p;
    size_t n;
};

/* End of the string that begins (with its quote) at `i`. */
static size_t string_end(struct span s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++) {
        if (s.p[i] == '\\')
            i++;
    }
    return i < s.n ? i + 1 : s.n;
}

/* End of a member's value: the comma or bracket of its own level. */
static size_t value_end(struct span s, size_t i)
{
    int depth = 0;
    while (i < s.n) {
        char c = s.p[i];
        if (c == '"') {
            i = string_end(s, i);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        i++;
    }
    return i;
}

static size_t skip_blanks(struct span s, size_t i)
{
    while (i < s.n && strchr(" \t\r\n", s.p[i]) && s.p[i])
        i++;
    return i;
}

/* The next `"key": value` at `*i`, both without quotes; false at the end. */
static bool next_member(struct span s, size_t *i, struct span *key, struct span *value)
{
    *i = skip_blanks(s, *i);
    if (*i >= s.n || s.p[*i] != '"')
        return false;
    size_t end = string_end(s, *i);
    if (end < *i + 2)
        return false;
    *key = (struct span){s.p + *i + 1, end - *i - 2};
    *i = skip_blanks(s, end);
    if (*i >= s.n || s.p[*i] != ':')
        return false;
    size_t from = skip_blanks(s, *i + 1);
    end = value_end(s, from);
    *i = end < s.n && s.p[end] == ',' ? end + 1 : s.n;
    while (end > from && strchr(" \t\r\n", s.p[end - 1]))
        end--;
    if (end - from >= 2 && s.p[from] == '"' && s.p[end - 1] == '"') {
        from++;
        end--;
    }
    *value = (struct span){s.p + from, end - from};
    return true;
}

static const struct knob *invoke_knob(struct span key)
{
    for (size_t i = 0; i < N_KNOBS; i++) {
        if (strlen(table[i].name) == key.n && memcmp(table[i].name, key.p, key.n) == 0 &&
            strncmp(table[i].name, "INIT_", 5) != 0)
            return &table[i];
    }
    return NULL;
}

bool knobs_from_event(struct knobs *knobs, const char *event, size_t n, const char **bad)
{
    struct span s = {event, n};
    struct span key;
    struct span value;
    size_t i = skip_blanks(s, 0);
    if (i >= n || s.p[i] != '{')
        return true;
    i++;
    while (next_member(s, &i, &key, &value)) {
        const struct knob *knob = invoke_knob(key);
        char text[KNOB_TEXT_MAX];
        if (!knob)
            continue;
        *bad = knob->name;
        if (value.n >= sizeof(text))
            return false;
        memcpy(text, value.p, value.n);
        text[value.n] = '\0';
        if (!set(knobs, knob, text))
            return false;
    }
    return true;
}
