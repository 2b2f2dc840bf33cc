/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_class.h"

#include <string.h>

#include "probes/log/log_digits.h"
#include "probes/log/log_json_app.h"

/* What a first byte allows. */
enum first {
    MAY_BE_WORD = 1,  /* of the rows below */
    MAY_BE_HEAD = 2,  /* of a REPORT that lost its beginning: a piece of its head, or a tab */
    MAY_BE_TIME = 4,  /* or a request id: "<time> <id> Task timed out after 3.00 seconds" */
    MAY_BE_BLANK = 8, /* an empty line */
    MAY_BE_JSON = 16,
};

#define DIGIT    (MAY_BE_HEAD | MAY_BE_TIME)
#define HEX      (MAY_BE_HEAD | MAY_BE_TIME)
#define HEX_WORD (HEX | MAY_BE_WORD)

static const unsigned char firsts[256] = {
    ['0'] = DIGIT,
    ['1'] = DIGIT,
    ['2'] = DIGIT,
    ['3'] = DIGIT,
    ['4'] = DIGIT,
    ['5'] = DIGIT,
    ['6'] = DIGIT,
    ['7'] = DIGIT,
    ['8'] = DIGIT,
    ['9'] = DIGIT,
    ['a'] = HEX,
    ['b'] = HEX,
    ['c'] = HEX,
    ['d'] = HEX,
    ['e'] = HEX,
    ['f'] = HEX,
    ['A'] = HEX,
    ['B'] = HEX,
    ['C'] = HEX,
    ['D'] = HEX,
    ['E'] = HEX_WORD,
    ['F'] = HEX_WORD,
    ['R'] = MAY_BE_WORD | MAY_BE_HEAD,
    ['S'] = MAY_BE_WORD,
    ['I'] = MAY_BE_WORD | MAY_BE_HEAD,
    ['T'] = MAY_BE_WORD | MAY_BE_HEAD,
    ['L'] = MAY_BE_WORD,
    ['X'] = MAY_BE_WORD,
    ['P'] = MAY_BE_HEAD,
    ['O'] = MAY_BE_HEAD,
    ['q'] = MAY_BE_HEAD,
    ['u'] = MAY_BE_HEAD,
    ['s'] = MAY_BE_HEAD,
    ['t'] = MAY_BE_HEAD,
    [':'] = MAY_BE_HEAD,
    ['-'] = MAY_BE_HEAD,
    [' '] = MAY_BE_HEAD | MAY_BE_BLANK,
    ['\t'] = MAY_BE_HEAD | MAY_BE_BLANK,
    ['\r'] = MAY_BE_BLANK,
    ['\n'] = MAY_BE_BLANK,
    ['{'] = MAY_BE_JSON,
    ['['] = MAY_BE_JSON,
};

#define ROW(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const struct {
    const char *text;
    size_t n;
} words[] = {
    ROW("START"),      ROW("END"),       ROW("INIT_"),    ROW("RESTORE_"),    ROW("EXTENSION"),
    ROW("TELEMETRY"),  ROW("LOGS"),      ROW("XRAY"),     ROW("RequestId: "), ROW("Runtime."),
    ROW("Extension."), ROW("Function."), ROW("Sandbox."),
};

static enum cp_log_class word_of(struct cp_view m)
{
    /* most of what begins like a word is one of these */
    if (m.p[0] == 'R' && m.n >= 6 && cp_log_equal(m.p, "REPORT", 6))
        return CP_CLASS_REPORT;
    if (m.p[0] == 'S' && m.n >= 17 && cp_log_equal(m.p, "START RequestId: ", 17))
        return CP_CLASS_START;
    if (m.p[0] == 'E' && m.n >= 15 && cp_log_equal(m.p, "END RequestId: ", 15))
        return CP_CLASS_END;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (m.p[0] == words[i].text[0] && m.n >= words[i].n &&
            memcmp(m.p, words[i].text, words[i].n) == 0)
            return CP_CLASS_OTHER;
    }
    return CP_CLASS_APP;
}

/* The head and the id of a REPORT have no tab; the first one is followed by its duration. Text that
 * is something else is seen by its first letters. */
static bool may_be_headless(struct cp_view m)
{
    enum { LETTERS = 4 };
    for (size_t i = 0; i < LETTERS && i < m.n && m.p[i] != '\t'; i++) {
        if (!(firsts[(unsigned char)m.p[i]] & MAY_BE_HEAD))
            return false;
    }
    const char *tab = memchr(m.p, '\t', m.n);
    return tab &&
           cp_view_has_prefix((struct cp_view){tab, m.n - (size_t)(tab - m.p)}, "\tDuration: ");
}

static bool may_be_timeout(struct cp_view m)
{
    static const char end[] = " seconds";
    while (m.n && (m.p[m.n - 1] == '\n' || m.p[m.n - 1] == '\r'))
        m.n--;
    return m.n >= sizeof(end) - 1 &&
           cp_log_equal(m.p + m.n - (sizeof(end) - 1), end, sizeof(end) - 1);
}

/* "2026-10-08T14:03:11.482Z", a tab, and no duration: a line of Node.js, the most usual of all.
 * With the colons where they are there is no earlier tab with a duration, and what times out has a
 * blank where this has the tab. */
static bool is_node_line(struct cp_view m)
{
    enum { TAB = sizeof("2026-10-08T14:03:11.482Z") - 1 };
    const char *p = m.p;
    return m.n > TAB + 1 && p[TAB] == '\t' && p[TAB + 1] != 'D' && p[4] == '-' && p[7] == '-' &&
           p[10] == 'T' && p[13] == ':' && p[16] == ':' && p[19] == '.' && p[TAB - 1] == 'Z';
}

enum cp_log_class cp_log_class_of(struct cp_view m)
{
    if (m.n == 0)
        return CP_CLASS_EMPTY;
    unsigned first = firsts[(unsigned char)m.p[0]];
    if (!first)
        return CP_CLASS_APP;
    if (first & MAY_BE_JSON)
        return cp_log_json_class(m);
    if (first & MAY_BE_WORD) {
        enum cp_log_class is = word_of(m);
        if (is != CP_CLASS_APP)
            return is;
    }
    if ((first & MAY_BE_BLANK) && cp_view_trim(m).n == 0)
        return CP_CLASS_EMPTY;
    if ((first & MAY_BE_TIME) && is_node_line(m))
        return CP_CLASS_APP;
    if (((first & MAY_BE_HEAD) && may_be_headless(m)) ||
        ((first & MAY_BE_TIME) && may_be_timeout(m)))
        return CP_CLASS_OTHER;
    return CP_CLASS_APP;
}
