/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/cause.h"

#include "tests/test.h"

#include <stdio.h>

#define SET(member, text) assert_true(cp_view_copy(cp_view_of(text), member, sizeof(member)))

static const struct cp_night known = {
    .runtime = "python3.12",
    .runtime_version_arn = "arn:aws:lambda:eu-west-1::runtime:aaaa",
    .code_sha256 = "1111",
    .code_size_bytes = 1000,
    .layers = "layer:base:1 layer:tracing:4",
    .original_memory_size_mb = 512,
    .payload_sha256 = "44136f",
    .method = "shadow function",
    .host = "EPYC, kernel 6.1",
    .coldprof_version = "1.5.0",
};

static void equal_nights_have_no_causes(void **state)
{
    (void)state;
    struct cp_cause causes[CP_CAUSE_COUNT];
    struct cp_night other = known;
    assert_int_equal(cp_causes_find(&known, &other, causes), 0);
    /* what names and times a night is no cause */
    SET(other.run_id, "7f3a");
    other.started_at_ms = 86400000;
    assert_int_equal(cp_causes_find(&known, &other, causes), 0);
}

static void each_fact_is_told_alone(void **state)
{
    (void)state;
    struct cp_night nights[CP_CAUSE_COUNT];
    struct cp_cause causes[CP_CAUSE_COUNT];
    static const char *const befores[] = {"1111",
                                          "arn:aws:lambda:eu-west-1::runtime:aaaa",
                                          "python3.12",
                                          "512",
                                          "layer:tracing:4",
                                          "1000",
                                          "44136f",
                                          "shadow function",
                                          "EPYC, kernel 6.1",
                                          "1.5.0"};
    static const char *const afters[] = {"2222",
                                         "arn:aws:lambda:eu-west-1::runtime:bbbb",
                                         "python3.13",
                                         "1024",
                                         "layer:tracing:5",
                                         "1001",
                                         "9f86d0",
                                         "in place",
                                         "EPYC, kernel 6.8",
                                         "1.6.0"};
    for (int i = 0; i < CP_CAUSE_COUNT; i++)
        nights[i] = known;
    SET(nights[CP_CAUSE_CODE].code_sha256, afters[CP_CAUSE_CODE]);
    SET(nights[CP_CAUSE_RUNTIME_VERSION].runtime_version_arn, afters[CP_CAUSE_RUNTIME_VERSION]);
    SET(nights[CP_CAUSE_RUNTIME].runtime, afters[CP_CAUSE_RUNTIME]);
    nights[CP_CAUSE_MEMORY].original_memory_size_mb = 1024;
    SET(nights[CP_CAUSE_LAYERS].layers, "layer:base:1 layer:tracing:5");
    nights[CP_CAUSE_PACKAGE_SIZE].code_size_bytes = 1001;
    SET(nights[CP_CAUSE_PAYLOAD].payload_sha256, afters[CP_CAUSE_PAYLOAD]);
    SET(nights[CP_CAUSE_METHOD].method, afters[CP_CAUSE_METHOD]);
    SET(nights[CP_CAUSE_HOST].host, afters[CP_CAUSE_HOST]);
    SET(nights[CP_CAUSE_COLDPROF].coldprof_version, afters[CP_CAUSE_COLDPROF]);
    for (int i = 0; i < CP_CAUSE_COUNT; i++) {
        assert_int_equal(cp_causes_find(&known, &nights[i], causes), 1);
        assert_int_equal(causes[0].kind, i);
        assert_string_equal(causes[0].before, befores[i]);
        assert_string_equal(causes[0].after, afters[i]);
    }
}

static void what_one_night_does_not_know_is_no_cause(void **state)
{
    (void)state;
    struct cp_cause causes[CP_CAUSE_COUNT];
    struct cp_night blank = {.code_size_bytes = -1, .original_memory_size_mb = -1};
    SET(blank.layers, known.layers);
    assert_int_equal(cp_causes_find(&known, &blank, causes), 0);
    assert_int_equal(cp_causes_find(&blank, &known, causes), 0);
}

static void layers_come_go_and_change_places(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after, *removed, *added;
        size_t n;
    } cases[] = {
        {"", "a:1", "", "a:1", 1},         {"a:1", "", "a:1", "", 1},
        {"a:1 b:1", "b:1 a:1", "", "", 0}, {"a:1 b:1 c:1", "c:1 d:1 e:1", "a:1 b:1", "d:1 e:1", 1},
        {"a:1", "a:11", "a:1", "a:11", 1}, /* one that begins another */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_night before = {.code_size_bytes = -1, .original_memory_size_mb = -1};
        struct cp_night after = before;
        struct cp_cause causes[CP_CAUSE_COUNT];
        SET(before.layers, cases[i].before);
        SET(after.layers, cases[i].after);
        assert_int_equal(cp_causes_find(&before, &after, causes), cases[i].n);
        if (cases[i].n == 0)
            continue;
        assert_int_equal(causes[0].kind, CP_CAUSE_LAYERS);
        assert_string_equal(causes[0].before, cases[i].removed);
        assert_string_equal(causes[0].after, cases[i].added);
    }
}

static void several_are_told_in_their_order(void **state)
{
    (void)state;
    struct cp_cause causes[CP_CAUSE_COUNT];
    struct cp_night other = known;
    SET(other.coldprof_version, "1.6.0");
    SET(other.code_sha256, "2222");
    other.code_size_bytes = 2000;
    assert_int_equal(cp_causes_find(&known, &other, causes), 3);
    assert_int_equal(causes[0].kind, CP_CAUSE_CODE);
    assert_int_equal(causes[1].kind, CP_CAUSE_PACKAGE_SIZE);
    assert_int_equal(causes[2].kind, CP_CAUSE_COLDPROF);
}

static void every_kind_has_a_name_and_a_key(void **state)
{
    (void)state;
    for (int i = 0; i < CP_CAUSE_COUNT; i++) {
        assert_true(cp_cause_name((enum cp_cause_kind)i)[0] != '\0');
        assert_true(cp_cause_key((enum cp_cause_kind)i)[0] != '\0');
        for (int k = 0; k < i; k++)
            assert_string_not_equal(cp_cause_key((enum cp_cause_kind)i),
                                    cp_cause_key((enum cp_cause_kind)k));
    }
}

/* As many as a function has, with names as long as they may be. */
static void the_longest_layers_are_told_in_full(void **state)
{
    (void)state;
    enum { LAYERS = 5, NAME = 140 };
    struct cp_night none = known;
    struct cp_night full = known;
    struct cp_cause causes[CP_CAUSE_COUNT];
    size_t n = 0;
    none.layers[0] = '\0';
    for (int i = 0; i < LAYERS; i++)
        n += (size_t)snprintf(
            full.layers + n, sizeof full.layers - n,
            "%sarn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:%0*d:1000000", i ? " " : "",
            NAME, i);
    assert_true(n > CP_RUN_TEXT_MAX && n < sizeof full.layers);
    assert_int_equal(cp_causes_find(&none, &full, causes), 1);
    assert_string_equal(causes[0].after, full.layers);
    assert_string_equal(causes[0].before, "");
    assert_int_equal(cp_causes_find(&full, &none, causes), 1);
    assert_string_equal(causes[0].before, full.layers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_nights_have_no_causes),
        cmocka_unit_test(each_fact_is_told_alone),
        cmocka_unit_test(what_one_night_does_not_know_is_no_cause),
        cmocka_unit_test(layers_come_go_and_change_places),
        cmocka_unit_test(the_longest_layers_are_told_in_full),
        cmocka_unit_test(several_are_told_in_their_order),
        cmocka_unit_test(every_kind_has_a_name_and_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
