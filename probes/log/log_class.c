/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_class.h"

#include <string.h>

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

#define ROW(text, is)                                                                              \
    {                                                                                              \
        text, sizeof(text) - 1, is                                                                 \
    }
static const struct {
    const char *text;
    size_t n;
    enum cp_log_class is;
} words[] = {
    ROW("REPORT", CP_CLASS_REPORT),       ROW("START RequestId: ", CP_CLASS_START),
    ROW("END RequestId: ", CP_CLASS_END), ROW("START", CP_CLASS_OTHER),
    ROW("END", CP_CLASS_OTHER),           ROW("INIT_", CP_CLASS_OTHER),
    ROW("RESTORE_", CP_CLASS_OTHER),      ROW("EXTENSION", CP_CLASS_OTHER),
    ROW("TELEMETRY", CP_CLASS_OTHER),     ROW("LOGS", CP_CLASS_OTHER),
    ROW("XRAY", CP_CLASS_OTHER),          ROW("RequestId: ", CP_CLASS_OTHER),
    ROW("Runtime.", CP_CLASS_OTHER),      ROW("Extension.", CP_CLASS_OTHER),
    ROW("Function.", CP_CLASS_OTHER),     ROW("Sandbox.", CP_CLASS_OTHER),
};

static enum cp_log_class word_of(struct cp_view m)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (m.n >= words[i].n && m.p[0] == words[i].text[0] &&
            memcmp(m.p, words[i].text, words[i].n) == 0)
            return words[i].is;
    }
    return CP_CLASS_APP;
}

/* The head and the id of a REPORT have no tab; the first one is followed by its duration. */
static bool may_be_headless(struct cp_view m)
{
    size_t i = 0;
    while (i < m.n && m.p[i] != '\t' && (firsts[(unsigned char)m.p[i]] & MAY_BE_HEAD))
        i++;
    struct cp_view rest = {m.p + i, m.n - i};
    return cp_view_has_prefix(rest, "\tDuration: ");
}

static bool may_be_timeout(struct cp_view m)
{
    static const char end[] = " seconds";
    while (m.n && (m.p[m.n - 1] == '\n' || m.p[m.n - 1] == '\r'))
        m.n--;
    return m.n >= sizeof(end) - 1 &&
           memcmp(m.p + m.n - (sizeof(end) - 1), end, sizeof(end) - 1) == 0;
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
    if (((first & MAY_BE_HEAD) && may_be_headless(m)) ||
        ((first & MAY_BE_TIME) && may_be_timeout(m)))
        return CP_CLASS_OTHER;
    return CP_CLASS_APP;
}
