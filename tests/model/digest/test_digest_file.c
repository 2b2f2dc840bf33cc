/* SPDX-License-Identifier: GPL-3.0-or-later
 * The file form: what is written is read, what is damaged or contradicts itself is not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/crc32.h"
#include "model/digest/digest_parts.h"
#include "tests/model/digest/digest_world.h"
#include "tests/test.h"

static const struct world_options options = {.n = 120,
                                             .seed = 21,
                                             .from_ms = 1760000000000,
                                             .span_ms = 9000000,
                                             .n_streams = 3,
                                             .n_ids = 60,
                                             .has_notes = true};

static enum cp_code read_text(const char *text, size_t n, struct cp_error *err)
{
    struct cp_digest *digest = cp_digest_new();
    enum cp_code code = cp_digest_read(digest, (struct cp_view){text, n}, err);
    cp_digest_free(digest);
    return code;
}

static void an_empty_digest_is_these_lines(void **state)
{
    (void)state;
    static const char body[] = "coldprof digest 1\nraw yes\ncounts 0\n";
    char expected[100];
    size_t n;
    struct cp_digest *digest = cp_digest_new();
    char *file = world_file(digest, &n);
    (void)snprintf(expected, sizeof expected, "%send %08" PRIx32 "\n", body,
                   cp_crc32(cp_view_of(body)));
    assert_string_equal(file, expected);
    free(file);
    cp_digest_free(digest);
}

static void lines_are_ascii_and_say_what_they_hold(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "\nscope a%20name%25 - arm64\n",
        "\ncell 128 warm error 1\nduration 5000 5000 5000 1565:1\nbilled 6000 6000 6000 1596:1\n",
        "\nhour 488888 53:2,1,100\n",
        "\nera init-paid 1 0\n",
        "\nstream d65af42308962fbd 2 1 1759999999905+95\n",
        ("\nrecord 1760000000000 000102030405060708090a0b0c0d0e0f 5000 6000 -1 -1 -1 128 -1 warm "
         "error "
         "%2d %0a%ff\n")};
    struct cp_digest *digest = cp_digest_new();
    struct cp_digest_scope *scope;
    const struct cp_digest_name name = {cp_view_of("a name%"), cp_view_of(""), cp_view_of("arm64")};
    struct cp_digest_record r = {.end_at_ms = 1760000000000,
                                 .duration_us = 5000,
                                 .billed_us = 6000,
                                 .init_us = -1,
                                 .restore_us = -1,
                                 .billed_restore_us = -1,
                                 .memory_size_mb = 128,
                                 .max_memory_used_mb = -1,
                                 .start = CP_START_WARM,
                                 .outcome = CP_OUTCOME_ERROR,
                                 .stream = cp_view_of("-"),
                                 .error_type = cp_view_of("\n\xff")};
    size_t n;
    for (size_t i = 0; i < 16; i++)
        r.request_id[i] = (uint8_t)i;
    assert_int_equal(cp_digest_scope(digest, &name, &scope, NULL), CP_OK);
    assert_int_equal(cp_digest_add(digest, scope, &r, NULL), CP_OK);
    r.start = CP_START_COLD;
    r.init_us = 90000;
    assert_int_equal(cp_digest_add(digest, scope, &r, NULL), CP_OK);
    char *file = world_file(digest, &n);
    for (size_t i = 0; i < n; i++)
        assert_true(file[i] == '\n' || (file[i] >= 0x20 && file[i] < 0x7f));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (!strstr(file, expected[i])) {
            print_error("%s\nis not in\n%s", expected[i], file);
            fail();
        }
    }
    free(file);
    cp_digest_free(digest);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct world world = world_new(&options);
    struct cp_digest *digest = world_digest(&world);
    struct cp_digest *again = cp_digest_new();
    size_t n;
    char *file = world_file(digest, &n);
    assert_int_equal(cp_digest_read(again, (struct cp_view){file, n}, NULL), CP_OK);
    assert_same_file(digest, again);
    free(file);
    cp_digest_free(again);
    cp_digest_free(digest);
    world_free(&world);
}

static void files_may_be_concatenated(void **state)
{
    (void)state;
    struct world world = world_new(&options);
    struct cp_digest *digest = world_digest(&world);
    struct cp_digest *twice = world_digest(&world);
    struct cp_digest *again = cp_digest_new();
    struct cp_buf out;
    cp_buf_init(&out, 1 << 20);
    assert_int_equal(cp_digest_write(digest, &out, NULL), CP_OK);
    assert_int_equal(cp_digest_write(digest, &out, NULL), CP_OK);
    assert_int_equal(cp_digest_read(again, cp_buf_view(&out), NULL), CP_OK);
    assert_int_equal(cp_digest_merge(twice, digest, NULL), CP_OK);
    assert_same_file(twice, again);
    cp_buf_clear(&out);
    cp_digest_free(again);
    cp_digest_free(twice);
    cp_digest_free(digest);
    world_free(&world);
}

static void any_damaged_byte_is_noticed(void **state)
{
    (void)state;
    struct world_options few = options;
    few.n = 15;
    struct world world = world_new(&few);
    struct cp_digest *digest = world_digest(&world);
    size_t n;
    char *file = world_file(digest, &n);
    assert_int_equal(read_text(file, n, NULL), CP_OK);
    for (size_t i = 0; i < n; i++) {
        struct cp_error err = {.text = ""};
        file[i] ^= (char)(1 << i % 7);
        assert_true(read_text(file, n, &err) != CP_OK);
        assert_non_null(strstr(err.text, "line "));
        file[i] ^= (char)(1 << i % 7);
    }
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(read_text(file, cut, NULL), CP_EFORMAT);
    free(file);
    cp_digest_free(digest);
    world_free(&world);
}

static void a_newer_format_is_named(void **state)
{
    (void)state;
    struct cp_error err;
    assert_int_equal(read_text("coldprof digest 2\n", 18, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "format 2"));
}

/* Lines with a right CRC. */
static enum cp_code read_lines(const char *lines, struct cp_error *err)
{
    struct cp_buf out;
    cp_buf_init(&out, 1 << 16);
    (void)cp_buf_addf(&out, "coldprof digest 1\n%s", lines);
    (void)cp_buf_addf(&out, "end %08" PRIx32 "\n", cp_crc32(cp_buf_view(&out)));
    enum cp_code code = read_text(cp_buf_str(&out), out.n, err);
    cp_buf_clear(&out);
    return code;
}

#define SCOPE "raw no\ncounts 0\nscope f 7 -\n"
#define CELL  SCOPE "cell 128 warm measured 2\n"
#define ID    "00000000000000000000000000000001"

static void good_lines_are_read(void **state)
{
    (void)state;
    static const char *const good[] = {
        "raw no\ncounts 3\ncount a 1 an%20example\n",
        SCOPE "span 1700000000000 1700000000001\nhour 472222 0:1 59:0,0,0,4\n",
        CELL "duration 2010 1000 1010 1275:1 1277:1\n",
        SCOPE "streams some\nstream 00000000000000ff 4 1 1700000000000+5 70000+1\n",
        SCOPE "sampled all\nrequest 0000000000000001 0000000000000002 -1 3 failed\n",
        SCOPE "era init-paid 2 1\nnoted start 4\ntally x 0\ntext a 4\n",
        ("raw yes\ncounts 0\nscope f - -\ncell 128 warm error 1\n"
         "record -1 " ID " 5 6 -1 -1 -1 128 64 warm error - X\n"),
        "raw yes\ncounts 0\nscope f - -\nnoted exit 1\nnote -1 " ID " exit -1 killed\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct cp_error err = {.text = ""};
        (void)read_lines(good[i], &err);
        assert_string_equal(err.text, "");
    }
}

static void lines_that_contradict_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "raw maybe\n",
        "raw no\nnonsense 1\n",
        "raw no\n\n",
        "raw no\ncell 128 warm measured 2\n",
        "raw no\ncounts 18446744073709551616\n",
        "raw no\ncounts 18446744073709551615\ncount a 1\n",
        "raw no\ncounts 0\ncount a%00b 1\n",
        "raw no\ncounts 0\ncount a%0 1\n",
        "raw no\ncounts 0\ncount a 1 b c\n",
        SCOPE "span 1700000000001 1700000000000\n",
        SCOPE "span 1 2\n",
        SCOPE "cell 128 hot measured 2\n",
        SCOPE "cell 128 warm not_sent 2\n",
        SCOPE "cell 99999999 warm measured 2\n",
        SCOPE "duration 1 1 1 1:1\n",
        CELL "duration 2000 1000 1010 1275:1\n",        /* max in no bin */
        CELL "duration 3010 1000 1010 1275:2 1277:1\n", /* more than the cell has */
        CELL "duration 1900 1000 1010 1275:1 1277:1\n", /* sum too small */
        CELL "duration 2100 1000 1010 1275:1 1277:1\n", /* too large */
        CELL "duration 2010 1000 1010 1277:1 1275:1\n", /* not ascending */
        CELL "duration 2 1 1 2:2\n",                    /* no number is in bin 2 */
        CELL "duration 2 1 1 1:0\n",
        CELL "duration 2 1 1 9999:2\n",
        CELL "duration 2 1 1\n",
        SCOPE "hour 472222 60:1\n",
        SCOPE "hour 472222 1:1,2,3,4,5,6,7,8\n",
        SCOPE "hour 472222 1:4294967296\n",
        SCOPE "hour 1 1:1\n",
        SCOPE "hour 99999999999 1:1\n",
        SCOPE "stream 00000000000000ff 4 5 1700000000000+5\n",
        SCOPE "stream 00000000000000ff 4 1\n",
        SCOPE "stream 00000000000000ff 4 1 5+5\n",
        SCOPE "stream 00000000000000fg 4 1 1700000000000+5\n",
        SCOPE "stream 00000000000000ff 4 1 1700000000000+9223372036854775807\n",
        SCOPE "request 0000000000000001 0000000000000002 -1 0 failed\n",
        SCOPE "request 0000000000000001 0000000000000002 -1 1 maybe\n",
        SCOPE "era init-paid 1 2\n",
        SCOPE "text a 4\n",
        "raw yes\ncounts 0\nscope f - -\ncell 128 warm error 1\n",
        "raw yes\ncounts 0\nscope f - -\nnoted exit 1\n",
        "raw yes\ncounts 0\nscope f - -\nrecord -1 " ID " 5 6 -1 -1 -1 128 64 warm error - X\n",
        SCOPE "record -1 " ID " 5 6 -1 -1 -1 128 64 warm error - X\n",
        ("raw yes\ncounts 0\nscope f - -\ncell 128 warm error 1\n"
         "record -1 " ID " -1 6 -1 -1 -1 128 64 warm error - X\n"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cp_error err = {.text = ""};
        if (read_lines(bad[i], &err) == CP_OK)
            fail_msg("is read: %s", bad[i]);
        assert_non_null(strstr(err.text, "line "));
    }
}

static void a_digest_has_a_limit(void **state)
{
    (void)state;
    struct world_options records = options;
    records.has_notes = false;
    struct world world = world_new(&records);
    struct cp_digest *digest = cp_digest_new();
    struct cp_error err = {.text = ""};
    enum cp_code code = CP_OK;
    digest->room.max = (size_t)1 << 20;
    for (int i = 0; i < 1000 && !code; i++) {
        char text[16];
        struct cp_digest_scope *scope;
        const struct cp_digest_name name = {
            {text, (size_t)snprintf(text, 16, "%d", i)}, cp_view_of(""), cp_view_of("")};
        code = cp_digest_scope(digest, &name, &scope, &err);
        for (size_t k = 0; k < world.n && !code; k++)
            code = cp_digest_add(digest, scope, &world.items[k].record, &err);
    }
    assert_int_equal(code, CP_ELIMIT);
    assert_non_null(strstr(err.text, "import fewer functions or days at once"));
    cp_digest_free(digest);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_digest_is_these_lines),
        cmocka_unit_test(lines_are_ascii_and_say_what_they_hold),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(files_may_be_concatenated),
        cmocka_unit_test(any_damaged_byte_is_noticed),
        cmocka_unit_test(a_newer_format_is_named),
        cmocka_unit_test(good_lines_are_read),
        cmocka_unit_test(lines_that_contradict_are_refused),
        cmocka_unit_test(a_digest_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
