/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which texts are kept, against a sort of all texts by hash.
 */
#include "model/digest/tally.h"

#include <stdio.h>
#include <string.h>

#include "model/base/hash.h"
#include "model/base/rng.h"
#include "tests/test.h"

enum { TEXTS = 300, KEPT = 20 };
static const struct cp_view nothing = {NULL, 0};

static const char *text_of(size_t i, char out[16])
{
    (void)snprintf(out, 16, "text %zu", i);
    return out;
}

static size_t n_with_smaller_hash(size_t i)
{
    char text[16];
    size_t n = 0;
    uint64_t hash = cp_hash(cp_view_of(text_of(i, text)));
    for (size_t k = 0; k < TEXTS; k++)
        n += cp_hash(cp_view_of(text_of(k, text))) < hash;
    return n;
}

static void the_smallest_hashes_are_kept_with_exact_counts(void **state)
{
    (void)state;
    struct cp_tally parts[3];
    struct cp_tally whole;
    struct cp_rng rng;
    uint64_t counts[TEXTS] = {0};
    uint64_t total = 0;
    cp_rng_init(&rng, 4, 0);
    cp_tally_init(&whole, KEPT);
    for (size_t i = 0; i < 3; i++)
        cp_tally_init(&parts[i], KEPT);
    for (size_t i = 0; i < 5000; i++) {
        char text[16];
        size_t which = cp_rng_below(&rng, TEXTS);
        uint64_t count = cp_rng_below(&rng, 4);
        counts[which] += count;
        total += count;
        assert_int_equal(cp_tally_add(&parts[cp_rng_below(&rng, 3)],
                                      cp_view_of(text_of(which, text)), count, nothing),
                         CP_OK);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(cp_tally_merge(&whole, &parts[i]), CP_OK);
        cp_tally_clear(&parts[i]);
    }
    assert_true(whole.total == total && whole.n == KEPT);
    for (size_t i = 0; i < TEXTS; i++) {
        char text[16];
        uint64_t count = cp_tally_count(&whole, text_of(i, text));
        assert_int_equal(count, n_with_smaller_hash(i) < KEPT ? counts[i] : 0);
        total -= count;
    }
    assert_int_equal(cp_tally_other(&whole), total);
    for (size_t i = 1; i < whole.n; i++)
        assert_true(strcmp(whole.rows[i - 1].text, whole.rows[i].text) < 0);
    cp_tally_clear(&whole);
}

static void the_smallest_example_is_kept(void **state)
{
    (void)state;
    struct cp_tally t;
    cp_tally_init(&t, 2);
    assert_int_equal(cp_tally_add(&t, cp_view_of("a"), 1, nothing), CP_OK);
    assert_null(t.rows[0].example);
    assert_int_equal(cp_tally_add(&t, cp_view_of("a"), 1, cp_view_of("two")), CP_OK);
    assert_int_equal(cp_tally_add(&t, cp_view_of("a"), 1, cp_view_of("one")), CP_OK);
    assert_int_equal(cp_tally_add(&t, cp_view_of("a"), 1, cp_view_of("three")), CP_OK);
    assert_int_equal(cp_tally_add(&t, cp_view_of("a"), 0, cp_view_of("a")), CP_OK);
    assert_string_equal(t.rows[0].example, "one");
    assert_int_equal(cp_tally_count(&t, "a"), 4);
    cp_tally_clear(&t);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[CP_TALLY_TEXT_MAX + 50];
    struct cp_tally t;
    memset(text, 'x', sizeof text);
    cp_tally_init(&t, 2);
    assert_int_equal(cp_tally_add(&t, (struct cp_view){text, sizeof text}, 1, nothing), CP_OK);
    assert_int_equal(cp_tally_add(&t, (struct cp_view){text, sizeof text - 7}, 1, nothing), CP_OK);
    assert_int_equal(cp_tally_add(&t, (struct cp_view){"a\0b", 3}, 1, nothing), CP_OK);
    assert_int_equal(t.n, 2);
    assert_int_equal(strlen(t.rows[1].text), CP_TALLY_TEXT_MAX);
    assert_int_equal(cp_tally_count(&t, "a"), 1);
    cp_tally_clear(&t);
}

static void a_total_beyond_64_bits_is_refused(void **state)
{
    (void)state;
    struct cp_tally t;
    cp_tally_init(&t, 2);
    assert_int_equal(cp_tally_add(&t, cp_view_of("a"), UINT64_MAX, nothing), CP_OK);
    assert_int_equal(cp_tally_add(&t, cp_view_of("b"), 1, nothing), CP_ELIMIT);
    cp_tally_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_hashes_are_kept_with_exact_counts),
        cmocka_unit_test(the_smallest_example_is_kept),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(a_total_beyond_64_bits_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
