/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_form_peek.h"

#include <stddef.h>

static const char *const keys[] = {
#define KEY_ROW(name, key) key,
    CP_PEEK_LIST(KEY_ROW)
#undef KEY_ROW
};

static uint64_t key_bit(struct cp_view key)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (cp_view_is(key, keys[i]))
            return UINT64_C(1) << i;
    }
    return 0;
}

static char next_char(struct cp_view v, size_t i)
{
    while (i < v.n && (v.p[i] == ' ' || v.p[i] == '\n' || v.p[i] == '\t' || v.p[i] == '\r'))
        i++;
    return i < v.n ? v.p[i] : '\0';
}

/* Where the string that begins at `i` (its quote) ends: behind its closing quote, or v.n. */
static size_t string_end(struct cp_view v, size_t i)
{
    for (i++; i < v.n && v.p[i] != '"'; i++) {
        if (v.p[i] == '\\')
            i++;
    }
    return i < v.n ? i + 1 : v.n;
}

struct walk {
    struct cp_log_peek *peek;
    int objects;        /* open ones */
    size_t n_opened;    /* so far */
    bool is_first_line; /* no line feed yet */
};

/* Keys count in the first object and in the first one that opens inside of it. */
static void see_key(struct walk *w, struct cp_view key)
{
    if (w->objects == 1)
        w->peek->outer |= key_bit(key);
    else if (w->objects == 2 && w->n_opened == 2)
        w->peek->inner |= key_bit(key);
}

/* False: the first object has ended. */
static bool see_bracket(struct walk *w, char c)
{
    if (c == '{') {
        w->objects++;
        w->n_opened++;
    } else if (c == '}' && --w->objects == 0) {
        w->peek->ends_in_line = w->is_first_line;
        return false;
    }
    return true;
}

struct cp_log_peek cp_log_peek(struct cp_view v)
{
    struct cp_log_peek peek = {0};
    struct walk w = {.peek = &peek, .is_first_line = true};
    if (v.n == 0 || (v.p[0] != '{' && v.p[0] != '['))
        return peek;
    peek.is_json = true;
    peek.is_list = v.p[0] == '[';
    peek.has_texts = peek.is_list && next_char(v, 1) == '"';
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        if (c == '"') {
            size_t end = string_end(v, i);
            if (next_char(v, end) == ':' && end > i + 1)
                see_key(&w, (struct cp_view){v.p + i + 1, end - i - 2});
            i = end - 1;
        } else if (c == '\n') {
            w.is_first_line = false;
        } else if (!see_bracket(&w, c)) {
            break;
        }
    }
    return peek;
}
