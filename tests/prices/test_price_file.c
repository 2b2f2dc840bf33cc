/* SPDX-License-Identifier: GPL-3.0-or-later
 * Price files: what is written reads as the same prices, and what makes no sense is refused with
 * the place named.
 */
#include "profiler/prices/price_file.h"

#include "probes/os/file.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                                       \
    "{\"format\":\"coldprof prices\",\"version\":1,\"region\":\"il-central-1\","                   \
    "\"date\":\"2026-10-01\",\"source\":\"pricing page\",\"books\":["
#define BOOK                                                                                       \
    "{\"architecture\":\"x86_64\",\"request_usd\":2e-7,"                                           \
    "\"duration\":[{\"from_gb_s\":0,\"usd_per_gb_s\":1.9e-5}]"

static struct cp_price_set set;
static struct cp_error err;

static enum cp_code read_text(const char *text)
{
    err.text[0] = '\0';
    return cp_price_file_read(cp_view_of(text), CP_PRICE_BY_HAND, &set, &err);
}

static void a_file_by_hand(void **state)
{
    (void)state;
    assert_int_equal(read_text(HEAD BOOK ",\"storage_usd_per_gb_s\":3e-8,"
                                         "\"streaming_usd_per_gb\":null}]}"),
                     CP_OK);
    const struct cp_price_book *book = cp_price_set_find(&set, "x86_64");
    assert_non_null(book);
    assert_string_equal(book->region, "il-central-1");
    assert_string_equal(book->date, "2026-10-01");
    assert_int_equal(book->grade, CP_PRICE_BY_HAND);
    assert_near(book->request_usd, 2e-7, 0);
    assert_near(book->duration[0].usd_per_gb_s, 1.9e-5, 0);
    assert_near(book->storage_usd_per_gb_s, 3e-8, 0);
    assert_true(isnan(book->streaming_usd_per_gb));
    assert_false(cp_price_has_provisioned(book));
    assert_null(cp_price_set_find(&set, "arm64"));
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "not a JSON"},
        {"[]", "\"format\""},
        {"{\"format\":\"else\"}", "\"format\""},
        {"{\"format\":\"coldprof prices\",\"version\":2}", "version"},
        {"{\"format\":\"coldprof prices\",\"version\":1}", "region"},
        {"{\"format\":\"coldprof prices\",\"version\":1,\"region\":\"r\",\"source\":\"s\","
         "\"date\":\"soon\"}",
         "2026-09-19"},
        {"{\"format\":\"coldprof prices\",\"version\":1,\"region\":\"r\",\"source\":\"s\","
         "\"date\":\"2026-13-01\"}",
         "2026-09-19"},
        {HEAD "]}", "no 'books'"},
        {HEAD "{\"architecture\":\"mips\"}]}", "x86_64 or arm64"},
        {HEAD BOOK "}," BOOK "}]}", "two books"},
        {HEAD BOOK ",\"requests_usd\":1}]}", "'requests_usd' of x86_64 is no price"},
        {HEAD BOOK ",\"storage_usd_per_gb_s\":\"3e-8\"}]}", "must be a number"},
        {HEAD BOOK ",\"storage_usd_per_gb_s\":-3}]}", "no number of USD"},
        {HEAD BOOK ",\"duration\":[]}]}", "1 to 3 tiers"},
        {HEAD BOOK ",\"duration\":[{\"from_gb_s\":0}]}]}", "tier 1"},
        {HEAD BOOK ",\"duration\":[{\"from_gb_s\":9,\"usd_per_gb_s\":1}]}]}", "ascend"},
        {HEAD "{\"architecture\":\"arm64\",\"request_usd\":1}]}", "GB-second on demand for arm64"},
        {HEAD "{\"architecture\":\"arm64\",\"duration\":[{\"from_gb_s\":0,\"usd_per_gb_s\":1}]}]}",
         "request for arm64"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum cp_code code = read_text(rows[i].text);
        if (code != CP_EFORMAT || !strstr(err.text, rows[i].words))
            fail_msg("row %zu: %s: %s", i, cp_code_text(code), err.text);
    }
}

/* All books of the built-in table, to the last bit. */
static void what_is_written_reads_the_same(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, 1 << 20);
    for (size_t i = 0; cp_price_at(i); i++) {
        const struct cp_price_book *book = cp_price_at(i);
        struct cp_price_set made;
        cp_price_set_init(&made, book->region, "2026-10-01", "a \"source\"\n");
        struct cp_price_book *copy = cp_price_set_book(&made, book->architecture, book->grade);
        memcpy(copy->duration, book->duration, sizeof copy->duration);
        for (const struct cp_price_field *f = cp_price_fields(); f->key; f++)
            cp_price_field_set(copy, f, cp_price_field_usd(book, f));
        cp_buf_reset(&out);
        assert_int_equal(cp_price_file_write(&made, &out, &err), CP_OK);
        assert_int_equal(read_text(cp_buf_str(&out)), CP_OK);
        assert_string_equal(set.source, "a \"source\"\n");
        const struct cp_price_book *again = cp_price_set_find(&set, book->architecture);
        assert_non_null(again);
        assert_memory_equal(again->duration, book->duration, sizeof book->duration);
        for (const struct cp_price_field *f = cp_price_fields(); f->key; f++) {
            double usd = cp_price_field_usd(book, f);
            assert_int_equal(isnan(cp_price_field_usd(again, f)), isnan(usd));
            if (!isnan(usd))
                assert_near(cp_price_field_usd(again, f), usd, 0);
        }
    }
    cp_buf_clear(&out);
}

static void files_are_made_with_their_folder(void **state)
{
    (void)state;
    char folder[] = "/tmp/coldprof-prices-XXXXXX";
    char path[200];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/a/b/prices.json", folder);
    assert_int_equal(cp_price_file_load(path, CP_PRICE_VERIFIED, &set, &err), CP_ENOTFOUND);
    assert_int_equal(read_text(HEAD BOOK "}]}"), CP_OK);
    assert_int_equal(cp_price_file_save(path, &set, &err), CP_OK);
    assert_int_equal(cp_price_file_load(path, CP_PRICE_VERIFIED, &set, &err), CP_OK);
    assert_int_equal(set.books[0].grade, CP_PRICE_VERIFIED);
    assert_int_equal(cp_file_write_atomic(path, cp_view_of("{"), &err), CP_OK);
    assert_int_equal(cp_price_file_load(path, CP_PRICE_VERIFIED, &set, &err), CP_EFORMAT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/a/b", folder);
    assert_int_equal(rmdir(path), 0);
    (void)snprintf(path, sizeof path, "%s/a", folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_by_hand),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(files_are_made_with_their_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
