/* SPDX-License-Identifier: GPL-3.0-or-later
 * The check value of CRC-32/ISO-HDLC is of the catalogue of parametrised CRC algorithms and of
 * ITU-T V.42; the others are Python's zlib.crc32.
 */
#include "model/base/crc32.h"

#include "tests/test.h"

static void the_published_check_value(void **state)
{
    (void)state;
    assert_int_equal(cp_crc32(CP_VIEW_LIT("123456789")), 0xCBF43926);
}

static void nothing_and_single_bytes(void **state)
{
    (void)state;
    assert_int_equal(cp_crc32((struct cp_view){NULL, 0}), 0);
    assert_int_equal(cp_crc32(CP_VIEW_LIT("a")), 0xE8B7BE43);
    assert_int_equal(cp_crc32(CP_VIEW_LIT("\0")), 0xD202EF8D);
    assert_int_equal(cp_crc32(CP_VIEW_LIT("\xff")), 0xFF000000);
}

/* 0..255: the CRC's own inner states meet every entry of any table. */
static void every_byte(void **state)
{
    (void)state;
    char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    assert_int_equal(cp_crc32((struct cp_view){bytes, sizeof bytes}), 0x29058C73);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_check_value),
        cmocka_unit_test(nothing_and_single_bytes),
        cmocka_unit_test(every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
