/* SPDX-License-Identifier: GPL-3.0-or-later
 * Price books that are read from somewhere: made, found, and refused when they make no sense.
 */
#include "model/decide/price_set.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

static struct cp_price_set set;

static struct cp_price_book *sound_book(void)
{
    cp_price_set_init(&set, "il-central-1", "2026-10-01", "paper");
    struct cp_price_book *book = cp_price_set_book(&set, "x86_64", CP_PRICE_BY_HAND);
    book->request_usd = 0.0000002;
    book->duration[0].usd_per_gb_s = 0.00002;
    return book;
}

static void a_new_book_knows_nothing(void **state)
{
    (void)state;
    cp_price_set_init(&set, "il-central-1", "2026-10-01", "paper");
    assert_null(cp_price_set_find(&set, "arm64"));
    assert_null(cp_price_set_book(&set, "riscv", CP_PRICE_BY_HAND));
    const struct cp_price_book *book = cp_price_set_book(&set, "arm64", CP_PRICE_BY_HAND);
    assert_ptr_equal(book, cp_price_set_find(&set, "arm64"));
    assert_ptr_equal(book, cp_price_set_book(&set, "arm64", CP_PRICE_BY_HAND));
    assert_string_equal(book->region, "il-central-1");
    assert_string_equal(book->date, "2026-10-01");
    assert_false(cp_price_has_provisioned(book));
    assert_int_equal(cp_price_n_tiers(book), 0);
    size_t n = 0;
    for (const struct cp_price_field *f = cp_price_fields(); f->key; f++, n++)
        assert_true(isnan(cp_price_field_usd(book, f)));
    assert_int_equal(n, 7);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cp_price_set_init(&set, text, text, text);
    assert_int_equal(strlen(set.region), CP_PRICE_REGION_MAX - 1);
    assert_int_equal(strlen(set.source), CP_PRICE_SOURCE_MAX - 1);
}

static void what_makes_no_sense_is_named(void **state)
{
    (void)state;
    struct cp_error err;
    struct cp_price_book *book = sound_book();
    assert_int_equal(cp_price_book_check(book, &err), CP_OK);
    book->request_usd = NAN;
    assert_int_equal(cp_price_book_check(book, &err), CP_EFORMAT);
    assert_non_null(strstr(err.text, "request"));
    book = sound_book();
    book->storage_usd_per_gb_s = -1;
    assert_int_equal(cp_price_book_check(book, &err), CP_EFORMAT);
    assert_non_null(strstr(err.text, "storage_usd_per_gb_s"));
    book = sound_book();
    book->duration[0].usd_per_gb_s = 0;
    assert_int_equal(cp_price_book_check(book, &err), CP_EFORMAT);
    book = sound_book();
    book->duration[0].from_gb_s = 5;
    assert_int_equal(cp_price_book_check(book, &err), CP_EFORMAT);
    book = sound_book();
    book->duration[1].usd_per_gb_s = 0.00001; /* from 0, too */
    assert_int_equal(cp_price_book_check(book, &err), CP_EFORMAT);
    assert_non_null(strstr(err.text, "do not ascend"));
    book = sound_book();
    book->duration[0].usd_per_gb_s = INFINITY;
    assert_int_equal(cp_price_book_check(book, &err), CP_EFORMAT);
}

static void every_built_in_book_makes_sense(void **state)
{
    (void)state;
    size_t n = 0;
    for (; cp_price_at(n); n++)
        assert_int_equal(cp_price_book_check(cp_price_at(n), NULL), CP_OK);
    assert_int_equal(n, 2 * 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_book_knows_nothing),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(what_makes_no_sense_is_named),
        cmocka_unit_test(every_built_in_book_makes_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
