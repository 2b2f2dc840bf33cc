/* SPDX-License-Identifier: GPL-3.0-or-later
 * --traffic, --traffic-factor and --burst: what they make, and one sentence for each mistake.
 */
#include "probes/os/file.h"
#include "profiler/cli/demand.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char folder[64];
    char path[96];
};

static int make_place(void **state)
{
    static struct place place;
    (void)snprintf(place.folder, sizeof place.folder, "/tmp/test_demand.XXXXXX");
    if (!mkdtemp(place.folder))
        return -1;
    (void)snprintf(place.path, sizeof place.path, "%s/traffic", place.folder);
    *state = &place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    (void)cp_file_remove(place->path, NULL);
    return rmdir(place->folder);
}

static void put(struct place *place, const char *text)
{
    assert_int_equal(cp_file_write_atomic(place->path, cp_view_of(text), NULL), CP_OK);
}

static struct cp_options options_of(const char *traffic)
{
    return (struct cp_options){.budget = {NAN, NAN}, .traffic = traffic};
}

static void assert_says(const struct cp_options *o, const struct cp_demand *own, enum cp_code code,
                        const char *words)
{
    struct cp_error err = {0};
    struct cp_demand *got = NULL;
    assert_int_equal(cp_cli_demand(o, own, &got, &err), code);
    assert_null(got);
    if (!strstr(err.text, words))
        fail_msg("'%s' does not say '%s'", err.text, words);
}

static void a_rate_is_a_rate(void **state)
{
    (void)state;
    struct cp_options o = options_of("300/min");
    struct cp_demand *got = NULL;
    assert_int_equal(cp_cli_demand(&o, NULL, &got, NULL), CP_OK);
    assert_int_equal(got->law.kind, CP_ARRIVALS_POISSON);
    assert_near(cp_demand_per_s(got), 5, 1e-12);
    assert_string_equal(got->words, "5.00 per second");
    cp_demand_free(got);
}

static void nothing_asked_is_nothing(void **state)
{
    (void)state;
    struct cp_options o = options_of(NULL);
    struct cp_demand *got = NULL;
    assert_int_equal(cp_cli_demand(&o, NULL, &got, NULL), CP_OK);
    assert_null(got);
}

static void a_file_is_read_by_its_content(void **state)
{
    struct place *place = *state;
    struct cp_options o = options_of(place->path);
    struct cp_demand *got = NULL;
    put(place, "\xef\xbb\xbf[week]\r\ndefault = 1/s\r\nmon-fri 08:00-18:00 = 20/s\r\n");
    assert_int_equal(cp_cli_demand(&o, NULL, &got, NULL), CP_OK);
    assert_int_equal(got->law.kind, CP_ARRIVALS_WEEK);
    assert_ptr_equal(got->law.week_per_s, got->week_per_s); /* the copy on the heap */
    assert_near(cp_demand_per_s(got), (118.0 * 1 + 50 * 20) / 168, 1e-9);
    cp_demand_free(got);
    put(place, "time,count\n2026-10-05T00:00:00Z,6\n2026-10-05T00:03:00Z,3\n"
               "2026-10-05T00:01:00Z,-1\n2026-10-05T00:01:00Z,3\n");
    assert_int_equal(cp_cli_demand(&o, NULL, &got, NULL), CP_OK);
    assert_int_equal(got->law.kind, CP_ARRIVALS_COUNTS);
    assert_int_equal(got->n, 4); /* out of order, a minute missing */
    assert_int_equal(got->n_skipped, 1);
    assert_near(cp_demand_per_s(got), 12.0 / 240, 1e-12);
    cp_demand_free(got);
}

/* A column of counts is a clock: a row that makes no sense has its minute, too. */
static void a_bad_count_keeps_its_minute(void **state)
{
    struct place *place = *state;
    struct cp_options o = options_of(place->path);
    struct cp_demand *got = NULL;
    const double wanted[] = {12, 0, 0, 3};
    put(place, "count\r\n12\r\n-4\r\n1e13\r\n3\r\n");
    assert_int_equal(cp_cli_demand(&o, NULL, &got, NULL), CP_OK);
    assert_int_equal(got->n_skipped, 2);
    assert_int_equal(got->n, 4);
    assert_memory_equal(got->values, wanted, sizeof wanted);
    cp_demand_free(got);
}

static void a_factor_multiplies_and_bursts_come_together(void **state)
{
    (void)state;
    struct cp_options o = options_of("5/s");
    struct cp_demand *got = NULL;
    o.traffic_factor = 2;
    o.burst = (struct cp_burst){10, 50};
    assert_int_equal(cp_cli_demand(&o, NULL, &got, NULL), CP_OK);
    assert_near(cp_demand_per_s(got), 10, 1e-12);
    assert_near(got->law.burst, 10, 0);
    assert_near(got->law.burst_gap_ms, 50, 0);
    /* without --traffic they change what there is, and leave that as it is */
    struct cp_options more = options_of(NULL);
    struct cp_demand *twice = NULL;
    more.traffic_factor = 3;
    assert_int_equal(cp_cli_demand(&more, got, &twice, NULL), CP_OK);
    assert_near(cp_demand_per_s(twice), 30, 1e-12);
    assert_near(cp_demand_per_s(got), 10, 1e-12);
    cp_demand_free(twice);
    cp_demand_free(got);
}

static void mean_is_the_even_rate_of_what_there_is(void **state)
{
    struct place *place = *state;
    struct cp_options o = options_of(place->path);
    struct cp_demand *file = NULL;
    struct cp_demand *got = NULL;
    put(place, "count\n600\n0\n0\n");
    assert_int_equal(cp_cli_demand(&o, NULL, &file, NULL), CP_OK);
    o.traffic = "mean";
    assert_int_equal(cp_cli_demand(&o, file, &got, NULL), CP_OK);
    assert_int_equal(got->law.kind, CP_ARRIVALS_POISSON);
    assert_near(cp_demand_per_s(got), 600.0 / 180, 1e-12);
    cp_demand_free(got);
    cp_demand_free(file);
    assert_says(&o, NULL, CP_EINVAL, "there is none; give a rate like 5/s");
}

static void each_mistake_has_its_sentence(void **state)
{
    struct place *place = *state;
    struct cp_options o = options_of("fast");
    assert_says(&o, NULL, CP_EINVAL,
                "traffic: 'fast' is neither a rate (5/s, 300/min, 2/h) nor a file that exists");
    o.traffic = place->folder;
    assert_says(&o, NULL, CP_EINVAL, "is a folder; give one file of traffic");
    o.traffic = place->path;
    put(place, "");
    assert_says(&o, NULL, CP_EFORMAT, "holds no traffic");
    put(place, "{\"Timestamps\": [\"2026-10-05T00:00:00Z\"], \"Values\": [1");
    assert_says(&o, NULL, CP_EFORMAT, place->path);
    put(place, "time,count\n2026-10-05T00:00:00Z,0\n");
    assert_says(&o, NULL, CP_EFORMAT, "no request in any interval");
    put(place, "count\n12\n7\n");
    o.burst.n = 4;
    assert_says(&o, NULL, CP_EINVAL, "it goes with a rate or a week");
    o = options_of(NULL);
    o.traffic_factor = 2;
    assert_says(&o, NULL, CP_EINVAL, "--traffic-factor: it changes a traffic, and there is none");
}

static void a_file_that_may_not_be_read_is_named(void **state)
{
    struct place *place = *state;
    struct cp_options o = options_of(place->path);
    if (geteuid() == 0)
        skip(); /* root reads everything */
    put(place, "1\n");
    assert_int_equal(chmod(place->path, 0), 0);
    assert_says(&o, NULL, CP_EDENIED, "Permission denied");
}

/* 3 GB with hardly a block on the disk: refused by its size, not after a gigabyte of reading. */
static void a_file_of_3_gb_is_refused_before_it_is_read(void **state)
{
    struct place *place = *state;
    struct cp_options o = options_of(place->path);
    put(place, "1\n");
    assert_int_equal(truncate(place->path, (off_t)3 << 30), 0);
    assert_says(&o, NULL, CP_ELIMIT, "is larger than 1 GiB; take a shorter time");
}

/* Files of sysfs claim a page and give less: like a file that shrinks while it is read. */
static void a_file_that_gives_less_than_it_had_is_told(void **state)
{
    (void)state;
    static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
    struct cp_options o = options_of(path);
    struct stat st;
    if (stat(path, &st) != 0 || st.st_size == 0)
        skip(); /* no sysfs here */
    assert_says(&o, NULL, CP_EIO, "became shorter while it was read; try again");
}

static void another_question_leaves_words_of_the_first(void **state)
{
    (void)state;
    struct cp_run_data data = {.run = cp_run_empty()};
    struct cp_options o = options_of(NULL);
    data.run.traffic_per_s = 5;
    data.run.budget_q = 0.99;
    data.run.budget_ms = 200;
    assert_int_equal(cp_cli_ask(&o, &data, NULL), CP_OK);
    assert_string_equal(data.other_question, "");
    assert_null(data.demand);
    o.traffic = "7/s";
    assert_int_equal(cp_cli_ask(&o, &data, NULL), CP_OK);
    assert_near(data.run.traffic_per_s, 7, 1e-12);
    assert_near(data.run.budget_ms, 200, 0);
    assert_string_equal(data.other_question, "traffic of 5.00 per second, p99 within 200 ms");
    o = options_of(NULL);
    o.budget = (struct cp_budget){0.95, 100};
    assert_int_equal(cp_cli_ask(&o, &data, NULL), CP_OK);
    assert_near(data.run.budget_ms, 100, 0);
    assert_near(data.run.traffic_per_s, 7, 1e-12);
    cp_run_data_clear(&data);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rate_is_a_rate),
        TEST(nothing_asked_is_nothing),
        TEST(a_file_is_read_by_its_content),
        TEST(a_bad_count_keeps_its_minute),
        TEST(a_factor_multiplies_and_bursts_come_together),
        TEST(mean_is_the_even_rate_of_what_there_is),
        TEST(each_mistake_has_its_sentence),
        TEST(a_file_that_may_not_be_read_is_named),
        TEST(a_file_of_3_gb_is_refused_before_it_is_read),
        TEST(a_file_that_gives_less_than_it_had_is_told),
        TEST(another_question_leaves_words_of_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
