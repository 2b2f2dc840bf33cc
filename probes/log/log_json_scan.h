/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text of a function that is compiled once for each width of machine words: LANES bytes at a time,
 * called NAME, for TARGET. Included by log_json_app.c only.
 *
 * NAME(m): nothing in the line can make the parser see a platform event, or more than it nests.
 */
#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define BLOCK        PASTE(NAME, _block)

typedef uint8_t BLOCK __attribute__((vector_size(LANES), aligned(1), may_alias));

#define AT(p)    (*(const BLOCK *)(p))
#define IS(v, c) ((BLOCK)((v) == (uint8_t)(c)))

/* Pairs of letters that stand in what the exact test looks for, and seldom elsewhere: adds to
 * `*found`, and to `*open` for each opening bracket. */
TARGET static inline void PASTE(NAME, _step)(const char *p, BLOCK *found, BLOCK *open)
{
    BLOCK a = AT(p);
    BLOCK b = AT(p + 1);
    BLOCK c = AT(p + 2);
    BLOCK n = IS(a, 'n') & (IS(b, 'M') | IS(b, 'T')); /* durationMs, initializationType */
    BLOCK others = (IS(a, 't') & IS(b, 'f')) |        /* platform */
                   (IS(a, 'g') & IS(b, 'S')) |        /* logStreamName */
                   (IS(a, '@') & IS(b, 'm'));         /* @message */
    BLOCK escape = IS(a, '\\') & IS(b, 'u') & IS(c, '0') & IS(AT(p + 3), '0');
    BLOCK record = IS(a, 'r') & IS(b, 'e') & IS(c, 'c') & IS(AT(p + 6), '"');
    *found |= n | others | escape | record;
    *open -= IS(a | 0x20, '{'); /* [ is { without that bit */
}

/* Counts of each lane below 64. */
TARGET static inline size_t PASTE(NAME, _sum)(const BLOCK *counts)
{
    uint64_t sum = 0;
    for (size_t lane = 0; lane < LANES; lane += sizeof(sum)) {
        uint64_t word = 0;
        memcpy(&word, (const char *)counts + lane, sizeof(word));
        sum += word;
    }
    sum = (sum & UINT64_C(0x00ff00ff00ff00ff)) + (sum >> 8 & UINT64_C(0x00ff00ff00ff00ff));
    return (size_t)(sum * UINT64_C(0x0001000100010001) >> 48);
}

TARGET static inline bool PASTE(NAME, _any)(const BLOCK *found)
{
    uint64_t any = 0;
    for (size_t lane = 0; lane < LANES; lane += sizeof(any)) {
        uint64_t word = 0;
        memcpy(&word, (const char *)found + lane, sizeof(word));
        any |= word;
    }
    return any != 0;
}

TARGET static bool NAME(struct cp_view m)
{
    enum { REACH = 6, SPAN = LANES + REACH, STEPS_MAX = 62 };
    BLOCK found = {0};
    size_t n_open = 0;
    if (m.n < SPAN || m.n > CP_RECORD_LINE_MAX)
        return false;
    const char *last = m.p + m.n - SPAN; /* where the last step looks; it may look again */
    for (const char *p = m.p; p < last;) {
        BLOCK open = {0};
        for (size_t k = 0; k < STEPS_MAX && p < last; k++, p += LANES)
            PASTE(NAME, _step)(p, &found, &open);
        n_open += PASTE(NAME, _sum)(&open);
    }
    BLOCK open = {0};
    PASTE(NAME, _step)(last, &found, &open);
    n_open += PASTE(NAME, _sum)(&open);
    /* the bytes behind, of which the steps have seen no pair */
    for (const char *p = last + LANES; p + 1 < m.p + m.n; p++) {
        n_open += *p == '{' || *p == '[';
        if ((p[0] == 't' && p[1] == 'f') || (p[0] == 'n' && (p[1] == 'M' || p[1] == 'T')) ||
            (p[0] == '\\' && p[1] == 'u'))
            return false;
    }
    return !PASTE(NAME, _any)(&found) && n_open < CP_RECORD_JSON_DEPTH_MAX;
}

#undef AT
#undef IS
#undef BLOCK
#undef PASTE
#undef PASTE2
#undef LANES
#undef NAME
#undef TARGET
