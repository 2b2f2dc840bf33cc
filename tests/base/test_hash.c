/* SPDX-License-Identifier: GPL-3.0-or-later
 * Digest files carry these hashes: the values below must never change. They are from a program in
 * Python with its own integers, written after the description in hash.h.
 */
#include "model/base/hash.h"
#include "model/base/hash_index.h"

#include "tests/test.h"

static void values_are_those_of_an_independent_program(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t hash;
    } rows[] = {
        {"", UINT64_C(0x4e493342f82b28b5)},
        {"a", UINT64_C(0x34f36e5331109b3c)},
        {"1234567", UINT64_C(0x0b905250dd31f9a0)},
        {"12345678", UINT64_C(0x4b926e461762b776)},
        {"123456789", UINT64_C(0xe7188931adb39651)},
        {"1234567890123456", UINT64_C(0x67f124d789980f28)},
        {"12345678901234567", UINT64_C(0xf9cd8e7c670b01e3)},
        {"2026/10/08/[$LATEST]0123456789abcdef0123456789abcdef", UINT64_C(0x9777fb93735a9da8)},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
         "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
         UINT64_C(0x1f40a90a4eedd0e5)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(cp_hash(cp_view_of(rows[i].text)) == rows[i].hash);
    assert_true(cp_hash_mix(1, 2) == UINT64_C(0x7913055fd4f11adf));
    assert_true(cp_hash_mix(0, 0) == UINT64_C(0xf90109d2335f6b4f));
}

/* Every bit of the result depends on every bit of the input: about half of them change. */
static void one_bit_changes_half_of_the_result(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 3, 7, 8, 9, 15, 16, 17, 36, 52, 64, 65};
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        char bytes[80] = "2026/10/08/[$LATEST]0123456789abcdef0123456789abcdef, and more of it";
        struct cp_view view = {bytes, lengths[k]};
        uint64_t hash = cp_hash(view);
        double changed = 0;
        for (size_t bit = 0; bit < 8 * view.n; bit++) {
            bytes[bit / 8] ^= (char)(1 << bit % 8);
            changed += __builtin_popcountll(hash ^ cp_hash(view));
            bytes[bit / 8] ^= (char)(1 << bit % 8);
        }
        changed /= 8 * (double)view.n;
        /* standard error 4 / sqrt(8 n) bits */
        assert_near(changed, 32, 5 * 4 / sqrt(8 * (double)view.n));
    }
}

/* Ids that differ in a counter only: buckets of the upper and lower bits are filled evenly. */
static void counters_spread_evenly(void **state)
{
    (void)state;
    enum { N = 64000, BUCKETS = 64 };
    size_t upper[BUCKETS] = {0};
    size_t lower[BUCKETS] = {0};
    for (uint64_t i = 0; i < N; i++) {
        uint64_t id[2] = {0, i};
        uint64_t hash = cp_hash((struct cp_view){(const char *)id, sizeof id});
        upper[hash >> 58]++;
        lower[hash % BUCKETS]++;
    }
    double chi2_upper = 0;
    double chi2_lower = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        chi2_upper += pow((double)upper[i] - 1000, 2) / 1000;
        chi2_lower += pow((double)lower[i] - 1000, 2) / 1000;
    }
    /* 63 degrees of freedom: 0.999 quantile 103.4 */
    assert_true(chi2_upper < 103.4 && chi2_lower < 103.4);
}

static void an_index_finds_what_is_in_it(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct cp_hash_index x = {.n = 0};
    for (uint32_t i = 0; i < N; i++) { /* two items of each hash */
        assert_int_equal(cp_hash_index_reserve(&x, i + 1), CP_OK);
        cp_hash_index_add(&x, cp_hash_mix(i / 2, 0), i);
    }
    for (uint32_t i = 0; i < N; i++) {
        bool is_found = false;
        size_t probe = 0;
        uint32_t k;
        while ((k = cp_hash_index_next(&x, cp_hash_mix(i / 2, 0), &probe)) != CP_HASH_INDEX_NONE)
            is_found |= k == i;
        assert_true(is_found);
    }
    size_t probe = 0;
    cp_hash_index_reset(&x);
    assert_int_equal(cp_hash_index_next(&x, cp_hash_mix(1, 0), &probe), CP_HASH_INDEX_NONE);
    assert_int_equal(cp_hash_index_reserve(&x, SIZE_MAX), CP_ELIMIT);
    cp_hash_index_clear(&x);
    probe = 0;
    assert_int_equal(cp_hash_index_next(&x, cp_hash_mix(1, 0), &probe), CP_HASH_INDEX_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_an_independent_program),
        cmocka_unit_test(one_bit_changes_half_of_the_result),
        cmocka_unit_test(counters_spread_evenly),
        cmocka_unit_test(an_index_finds_what_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
