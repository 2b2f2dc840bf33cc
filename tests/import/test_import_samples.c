/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/import_samples.h"
#include "tests/import/import_fixture.h"

#include <math.h>
#include <stdlib.h>

static struct cp_import_samples samples_of(const struct cp_digest *d, const char *version)
{
    struct cp_import_samples got;
    assert_int_equal(cp_import_samples(d, cp_view_of("orders"), version, &got, NULL), CP_OK);
    return got;
}

static void a_record_becomes_a_sample_with_its_arrival(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_record r = import_record(0);
    r.start = CP_START_COLD;
    r.init_us = 250500;
    r.duration_us = 100250;
    r.billed_us = 351000;
    import_add(d, import_scope(d, "orders", "7"), &r);
    struct cp_import_samples got = samples_of(d, NULL);
    assert_int_equal(got.n, 1);
    const struct cp_sample *s = &got.samples[0];
    assert_int_equal(s->kind, CP_CELL_COLD);
    assert_int_equal(s->outcome, CP_OUTCOME_MEASURED);
    assert_true(cp_sample_is_usable(s));
    assert_true(s->init_duration_ms == 250.5 && s->duration_ms == 100.25);
    assert_true(s->billed_duration_ms == 351 && isnan(s->restore_duration_ms));
    assert_true(isnan(s->client_ms));
    /* 350.75 ms before the end, in whole ms */
    assert_int_equal(s->sent_at_ms, IMPORT_FIXTURE_START_MS - 350);
    assert_string_equal(s->version, "7");
    assert_string_equal(s->request_id, "01010101-0101-0101-0101-010101010101");
    free(got.records);
    free(got.samples);
    cp_digest_free(d);
}

static void exact_duplicates_are_dropped_and_counted(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "");
    struct cp_digest_record r = import_record(3);
    import_add(d, scope, &r);
    r.end_at_ms = -1; /* the same record again, from a form without times */
    import_add(d, scope, &r);
    r.duration_us = 10010; /* another attempt of the same request */
    r.end_at_ms = IMPORT_FIXTURE_START_MS + 60000;
    import_add(d, scope, &r);
    struct cp_import_samples got = samples_of(d, NULL);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.n_duplicates, 1);
    assert_true(got.samples[0].duration_ms == 10 && got.samples[0].sent_at_ms > 0);
    free(got.records);
    free(got.samples);
    cp_digest_free(d);
}

static void order_is_that_of_arrival(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "");
    struct cp_digest_record late = import_record(9);
    struct cp_digest_record timeless = import_record(1);
    struct cp_digest_record early = import_record(5);
    timeless.end_at_ms = -1;
    late.end_at_ms = early.end_at_ms + 1;
    early.duration_us = 2000;
    late.duration_us = 5000; /* ended later, arrived earlier */
    import_add(d, scope, &early);
    import_add(d, scope, &timeless);
    import_add(d, scope, &late);
    struct cp_import_samples got = samples_of(d, NULL);
    assert_true(got.samples[0].duration_ms == 5);
    assert_true(got.samples[1].duration_ms == 2);
    assert_int_equal(got.samples[2].sent_at_ms, -1);
    for (size_t i = 0; i < got.n; i++)
        assert_int_equal(got.samples[i].plan_no, i);
    free(got.records);
    free(got.samples);
    cp_digest_free(d);
}

static void a_start_line_tells_version_and_arrival(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "");
    struct cp_digest_record a = import_record(0);
    struct cp_digest_record b = import_record(1);
    import_add(d, scope, &a);
    import_add(d, scope, &b);
    import_add_note(d, scope, CP_NOTE_START, 0, -1, "7");
    import_add_note(d, scope, CP_NOTE_START, 1, -1, "8");
    struct cp_import_samples got = samples_of(d, "8");
    assert_int_equal(got.n, 1);
    assert_string_equal(got.samples[0].version, "8");
    assert_string_equal(got.samples[0].request_id, "02020202-0202-0202-0202-020202020202");
    free(got.records);
    free(got.samples);
    cp_digest_free(d);
}

/* report-lines.md, "Old-style failure logs": the REPORT has no status there. */
static void texts_of_old_logs_tell_what_failed(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_scope *scope = import_scope(d, "orders", "");
    for (uint8_t i = 0; i < 4; i++) {
        struct cp_digest_record r = import_record(i);
        r.duration_us = i == 0 ? 3003210 : 20000;
        r.max_memory_used_mb = i == 1 ? 512 : 80;
        import_add(d, scope, &r);
    }
    import_add_note(d, scope, CP_NOTE_TIMEOUT, 0, 3000000, "");
    import_add_note(d, scope, CP_NOTE_EXIT, 1, -1, "signal: killed");
    import_add_note(d, scope, CP_NOTE_EXIT, 2, -1, "exit status 127");
    import_add_note(d, scope, CP_NOTE_TIMEOUT, 3, 3000000, ""); /* it ran 20 ms: another attempt */
    struct cp_import_samples got = samples_of(d, NULL);
    assert_int_equal(got.n, 4);
    for (size_t i = 0; i < got.n; i++) {
        const struct cp_sample *s = &got.samples[i];
        switch (s->request_id[1]) {
        case '1':
            assert_int_equal(s->outcome, CP_OUTCOME_TIMEOUT);
            break;
        case '2':
            assert_int_equal(s->outcome, CP_OUTCOME_OUT_OF_MEMORY);
            break;
        case '3':
            assert_int_equal(s->outcome, CP_OUTCOME_ERROR);
            assert_string_equal(s->error_type, "Runtime.ExitError");
            break;
        default:
            assert_int_equal(s->outcome, CP_OUTCOME_MEASURED);
        }
    }
    free(got.records);
    free(got.samples);
    cp_digest_free(d);
}

static void other_functions_stay_out(void **state)
{
    (void)state;
    struct cp_digest *d = cp_digest_new();
    struct cp_digest_record r = import_record(0);
    struct cp_digest_record s = import_record(1);
    import_add(d, import_scope(d, "payments", "1"), &r);
    import_add(d, import_scope(d, "orders", "1"), &s);
    struct cp_import_samples got = samples_of(d, NULL);
    assert_int_equal(got.n, 1);
    free(got.records);
    free(got.samples);
    cp_digest_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_becomes_a_sample_with_its_arrival),
        cmocka_unit_test(exact_duplicates_are_dropped_and_counted),
        cmocka_unit_test(order_is_that_of_arrival),
        cmocka_unit_test(a_start_line_tells_version_and_arrival),
        cmocka_unit_test(texts_of_old_logs_tell_what_failed),
        cmocka_unit_test(other_functions_stay_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
