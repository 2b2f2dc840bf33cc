/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading and writing prices with failing allocations, the JSON library's own included. Leaks are
 * the sanitizer's to find.
 */
#include "probes/aws/price_list.h"
#include "probes/os/file.h"
#include "profiler/prices/price_file.h"
#include "tests/model/scarce_memory.h"
#include "tests/test.h"

#include <cjson/cJSON.h>

#include <stdlib.h>

static struct cp_buf list;

static enum cp_code copy_list(struct cp_error *err)
{
    struct cp_price_set set;
    struct cp_price_set again;
    struct cp_buf text;
    cp_buf_init(&text, 1 << 20);
    enum cp_code code = cp_price_list_read(cp_buf_view(&list), "us-east-1", &set, err);
    if (!code)
        code = cp_price_file_write(&set, &text, err);
    if (!code)
        code = cp_price_file_read(cp_buf_view(&text), CP_PRICE_VERIFIED, &again, err);
    if (!code)
        assert_int_equal(again.n, 2);
    cp_buf_clear(&text);
    return code;
}

/* The JSON library cannot tell whether memory or the text was at fault: any failure will do. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    int refused = 0;
    for (enum cp_code code = CP_ENOMEM; code; refused++) {
        struct cp_error err = {CP_OK, ""};
        allocations_left = refused;
        code = copy_list(&err);
        allocations_left = -1;
        assert_true(!code || err.text[0] != '\0');
        assert_true(refused < 5000);
    }
    assert_true(refused > 100);
}

static void *allocate(size_t n)
{
    return malloc(n);
}

static int read_list(void **state)
{
    (void)state;
    cJSON_Hooks hooks = {.malloc_fn = allocate, .free_fn = free};
    cJSON_InitHooks(&hooks);
    cp_buf_init(&list, CP_PRICE_LIST_MAX);
    return cp_file_read("tests/data/aws/price-list-us-east-1.json", &list, NULL);
}

static int free_list(void **state)
{
    (void)state;
    cp_buf_clear(&list);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, read_list, free_list);
}
