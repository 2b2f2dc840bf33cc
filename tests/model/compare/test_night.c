/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare/night.h"

static struct cp_night night_with(const char *const *names, size_t n)
{
    struct cp_night night = cp_night_empty();
    night.metrics = calloc(n + 1, sizeof *night.metrics);
    assert_non_null(night.metrics);
    for (size_t i = 0; i < n; i++) {
        assert_true(cp_metric_key_by_name(cp_view_of(names[i]), &night.metrics[i].metric));
        night.metrics[i].n = i + 1;
    }
    night.n_metrics = n;
    return night;
}

static const char *const old_names[] = {"512MB/init-p50", "512MB/init-p95", "1024MB/warm-p50"};
static const char *const new_names[] = {"512MB/init-p95", "512MB/init-p99", "1024MB/cold-p50",
                                        "1024MB/warm-p50"};

static void a_metric_is_found_by_its_key(void **state)
{
    (void)state;
    struct cp_metric_key key;
    struct cp_night night = night_with(new_names, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(cp_metric_key_by_name(cp_view_of(new_names[i]), &key));
        assert_ptr_equal(cp_night_find(&night, &key), &night.metrics[i]);
    }
    static const char *const absent[] = {"128MB/init-p50", "512MB/restore-p95", "1024MB/warm-p95",
                                         "3008MB/warm-p99"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(cp_metric_key_by_name(cp_view_of(absent[i]), &key));
        assert_null(cp_night_find(&night, &key));
    }
    cp_night_clear(&night);
    assert_null(cp_night_find(&night, &key));
    assert_int_equal(night.code_size_bytes, -1);
}

static void keys_differ_in_each_member(void **state)
{
    (void)state;
    const struct cp_night_key key = {"checkout", "local server", "eu-west-1", "arm64"};
    const struct cp_night_key others[] = {
        {"checkout:2", "local server", "eu-west-1", "arm64"},
        {"checkout", "AWS account ...1234", "eu-west-1", "arm64"},
        {"checkout", "local server", "us-east-1", "arm64"},
        {"checkout", "local server", "eu-west-1", "x86_64"},
    };
    struct cp_night_key same = key;
    assert_true(cp_night_key_equal(&key, &same));
    for (size_t i = 0; i < 4; i++) {
        assert_false(cp_night_key_equal(&key, &others[i]));
        assert_true((cp_night_key_order(&key, &others[i]) < 0) ==
                    (cp_night_key_order(&others[i], &key) > 0));
    }
}

static void assert_names(const struct cp_history *history, size_t n_last, const char *expected)
{
    struct cp_metric_key *keys = NULL;
    size_t n = 0;
    char text[256] = "";
    assert_int_equal(cp_history_metrics(history, n_last, &keys, &n, NULL), CP_OK);
    for (size_t i = 0; i < n; i++) {
        char name[CP_METRIC_KEY_MAX];
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
                       cp_metric_key_name(&keys[i], name));
    }
    assert_string_equal(text, expected);
    free(keys);
}

static void the_metrics_of_a_history_are_those_of_its_last_nights(void **state)
{
    (void)state;
    struct cp_history history = {.n_nights = 3};
    assert_names(&(struct cp_history){.n_nights = 0}, 0, "");
    history.nights = calloc(3, sizeof *history.nights);
    assert_non_null(history.nights);
    history.nights[0] = night_with(old_names, 3);
    history.nights[1] = night_with(new_names, 4);
    history.nights[2] = night_with(old_names, 0);
    assert_names(&history, 1, "");
    assert_names(&history, 2, "512MB/init-p95 512MB/init-p99 1024MB/cold-p50 1024MB/warm-p50");
    static const char all[] =
        "512MB/init-p50 512MB/init-p95 512MB/init-p99 1024MB/cold-p50 1024MB/warm-p50";
    assert_names(&history, 0, all);
    assert_names(&history, 3, all);
    assert_names(&history, 99, all);
    cp_history_clear(&history);
    assert_int_equal(history.n_nights, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_is_found_by_its_key),
        cmocka_unit_test(keys_differ_in_each_member),
        cmocka_unit_test(the_metrics_of_a_history_are_those_of_its_last_nights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
