/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_class.h"

#include <string.h>

#include "probes/log/log_digits.h"
#include "probes/log/log_json_app.h"

#define DIGIT    (CP_MAY_BE_HEAD | CP_MAY_BE_TIME)
#define HEX      (CP_MAY_BE_HEAD | CP_MAY_BE_TIME)
#define HEX_WORD (HEX | CP_MAY_BE_WORD)

const unsigned char cp_log_firsts[256] = {
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
    ['R'] = CP_MAY_BE_WORD | CP_MAY_BE_HEAD,
    ['S'] = CP_MAY_BE_WORD,
    ['I'] = CP_MAY_BE_WORD | CP_MAY_BE_HEAD,
    ['T'] = CP_MAY_BE_WORD | CP_MAY_BE_HEAD,
    ['L'] = CP_MAY_BE_WORD,
    ['X'] = CP_MAY_BE_WORD,
    ['P'] = CP_MAY_BE_HEAD,
    ['O'] = CP_MAY_BE_HEAD,
    ['q'] = CP_MAY_BE_HEAD,
    ['u'] = CP_MAY_BE_HEAD,
    ['s'] = CP_MAY_BE_HEAD,
    ['t'] = CP_MAY_BE_HEAD,
    [':'] = CP_MAY_BE_HEAD,
    ['-'] = CP_MAY_BE_HEAD,
    [' '] = CP_MAY_BE_HEAD | CP_MAY_BE_BLANK,
    ['\t'] = CP_MAY_BE_HEAD | CP_MAY_BE_BLANK,
    ['\r'] = CP_MAY_BE_BLANK,
    ['\n'] = CP_MAY_BE_BLANK,
    ['{'] = CP_MAY_BE_JSON,
    ['['] = CP_MAY_BE_JSON,
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
        if (!(cp_log_firsts[(unsigned char)m.p[i]] & CP_MAY_BE_HEAD))
            return false;
    }
    const char *tab = memchr(m.p, '\t', m.n);
    return tab && CP_LOG_SKIP(&tab, m.p + m.n, "\tDuration: ");
}

static bool may_be_timeout(struct cp_view m)
{
    static const char end[] = " seconds";
    while (m.n && (m.p[m.n - 1] == '\n' || m.p[m.n - 1] == '\r'))
        m.n--;
    return m.n >= sizeof(end) - 1 &&
           cp_log_equal(m.p + m.n - (sizeof(end) - 1), end, sizeof(end) - 1);
}

enum cp_log_class cp_log_class_of(struct cp_view m)
{
    if (m.n == 0)
        return CP_CLASS_EMPTY;
    if (cp_log_is_plainly_app(m))
        return CP_CLASS_APP;
    unsigned first = cp_log_firsts[(unsigned char)m.p[0]];
    if (first & CP_MAY_BE_JSON)
        return cp_log_json_class(m);
    if (first & CP_MAY_BE_WORD) {
        enum cp_log_class is = word_of(m);
        if (is != CP_CLASS_APP)
            return is;
    }
    if ((first & CP_MAY_BE_BLANK) && cp_view_trim(m).n == 0)
        return CP_CLASS_EMPTY;
    if (((first & CP_MAY_BE_HEAD) && may_be_headless(m)) ||
        ((first & CP_MAY_BE_TIME) && may_be_timeout(m)))
        return CP_CLASS_OTHER;
    return CP_CLASS_APP;
}
