/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fuzzing that needs no fuzzer: every sample record, mutated some hundred times from a fixed seed,
 * holds the parser's invariants (and shows no reads outside its bytes under ASan).
 */
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "tests/fuzz/record_invariants.h"
#include "tests/record/sample_lines.h"
#include "tests/test.h"

enum { MUTANTS_PER_RECORD = 300, EDITS_MAX = 6, BYTES_MAX = 2048, SEED = 20261008 };

/* Pieces that mean something to the parser. */
static const char *const tokens[] = {
    "\t",
    "\n",
    " ",
    ": ",
    "\"",
    "\\u0000",
    "{",
    "[",
    "}",
    "]",
    "REPORT ",
    "RequestId",
    "ms",
    "MB",
    "-",
    "e400",
    "nan",
    "0x1p3",
    "\xc2\xa0",
    "\xff",
    "XRAY ",
    "TraceId:",
    "Duration:",
    "null",
    "\"type\"",
    "platform",
    "@message",
    "99999999999999999999",
    "1,5",
    "\r\n",
    "\xef\xbb\xbf",
    "2026-10-08T14:03:11.482Z ",
};

struct mutant {
    char bytes[BYTES_MAX];
    size_t n;
};

static void insert(struct mutant *m, size_t at, const char *p, size_t n)
{
    if (m->n + n > sizeof(m->bytes))
        return;
    memmove(m->bytes + at + n, m->bytes + at, m->n - at);
    memcpy(m->bytes + at, p, n);
    m->n += n;
}

static void edit(struct mutant *m, struct cp_rng *rng)
{
    size_t at = cp_rng_below(rng, m->n + 1);
    size_t length = cp_rng_below(rng, m->n - at + 1);
    const char *token = tokens[cp_rng_below(rng, sizeof(tokens) / sizeof(tokens[0]))];
    char piece[64];
    switch (cp_rng_below(rng, 6)) {
    case 0: /* a bit */
        if (at < m->n)
            m->bytes[at] = (char)(m->bytes[at] ^ (1 << cp_rng_below(rng, 8)));
        break;
    case 1: /* a byte */
        if (at < m->n)
            m->bytes[at] = (char)cp_rng_below(rng, 256);
        break;
    case 2: /* a piece is lost */
        memmove(m->bytes + at, m->bytes + at + length, m->n - at - length);
        m->n -= length;
        break;
    case 3: /* a piece is repeated */
        length = length < sizeof(piece) ? length : sizeof(piece);
        memcpy(piece, m->bytes + at, length);
        insert(m, at, piece, length);
        break;
    case 4: /* the end is lost */
        m->n = at;
        break;
    default:
        insert(m, at, token, strlen(token));
        break;
    }
}

/* The invariants run on an allocation of the exact size, so that ASan guards both ends. */
static void check(const struct mutant *m)
{
    char *exact = malloc(m->n ? m->n : 1);
    assert_non_null(exact);
    memcpy(exact, m->bytes, m->n);
    record_invariants_hold((struct cp_view){exact, m->n});
    log_tail_invariants_hold((struct cp_view){exact, m->n});
    free(exact);
}

static size_t mutate_all(const char *path, uint64_t stream)
{
    struct sample_lines lines = sample_lines_read(path);
    struct cp_rng rng;
    size_t n = 0;
    cp_rng_init(&rng, SEED, stream);
    for (size_t i = 0; i < lines.n; i++) {
        for (int k = 0; k < MUTANTS_PER_RECORD; k++) {
            struct mutant m = {.n = lines.rows[i].raw.n};
            if (m.n > sizeof(m.bytes))
                m.n = sizeof(m.bytes);
            memcpy(m.bytes, lines.rows[i].raw.p, m.n);
            for (size_t edits = 1 + cp_rng_below(&rng, EDITS_MAX); edits; edits--)
                edit(&m, &rng);
            check(&m);
            n++;
        }
    }
    sample_lines_clear(&lines);
    return n;
}

static void mutated_sample_records_hold_the_invariants(void **state)
{
    (void)state;
    assert_int_equal(mutate_all(SAMPLE_LINES_GOOD, 0), 133 * MUTANTS_PER_RECORD);
}

static void mutated_malformed_records_hold_the_invariants(void **state)
{
    (void)state;
    assert_int_equal(mutate_all(SAMPLE_LINES_MALFORMED, 1), 54 * MUTANTS_PER_RECORD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_sample_records_hold_the_invariants),
        cmocka_unit_test(mutated_malformed_records_hold_the_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
