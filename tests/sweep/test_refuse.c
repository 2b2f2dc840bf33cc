/* SPDX-License-Identifier: GPL-3.0-or-later
 * Configurations as the fact sheet on the API lists their members: which are refused, with which
 * words, and which are swept.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "profiler/sweep/refuse.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct member {
    size_t offset, size;
    const char *text;
};
#define TEXT(m, text)                                                                              \
    {                                                                                              \
        offsetof(struct cp_function_config, m), sizeof(((struct cp_function_config *)0)->m), text  \
    }

static struct cp_function_config ordinary(void)
{
    return (struct cp_function_config){
        .name = "checkout",
        .version = "$LATEST",
        .runtime = "python3.12",
        .package_type = "Zip",
        .state = "Active",
        .last_update_status = "Successful",
        .log_format = "Text",
        .log_group = "/aws/lambda/checkout",
        .snap_start_apply_on = "None",
        .memory_size_mb = 256,
        .timeout_s = 3,
    };
}

static void set(struct cp_function_config *f, const struct member *m)
{
    if (m->text)
        (void)snprintf((char *)f + m->offset, m->size, "%s", m->text);
}

static void each_refusal_names_the_function_the_reason_and_the_way_out(void **state)
{
    static const struct {
        struct member a, b;
        const char *text;
    } rows[] = {
        {TEXT(log_group, "/aws/lambda/web/checkout"), {0}, "Web Function"},
        {TEXT(master_arn, "arn:aws:lambda:us-east-1:123456789012:function:checkout:3"),
         {0},
         "Lambda@Edge"},
        {TEXT(name, "us-east-1.checkout"), {0}, "Lambda@Edge"},
        {TEXT(log_format, "JSON"), TEXT(system_log_level, "WARN"), "set SystemLogLevel to INFO"},
        {TEXT(environment_error, "AccessDeniedException"), {0}, "(AccessDeniedException)"},
        {TEXT(state, "Inactive"), {0}, "invoke it once and wait"},
        {TEXT(state, "Failed"), TEXT(state_reason_code, "FunctionError.InitTimeout"),
         "(FunctionError.InitTimeout)"},
        {TEXT(state, "Failed"), {0}, "(no reason given)"},
        {TEXT(state, "Deactivating"), {0}, "not Active (Deactivating)"},
        {TEXT(state, "Pending"), {0}, "not Active (Pending)"},
        {TEXT(last_update_status, "Failed"), {0}, "last update has failed"},
        {TEXT(last_update_status, "InProgress"), {0}, "being updated"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cp_function_config f = ordinary();
        struct cp_error err = {0};
        set(&f, &rows[i].a);
        set(&f, &rows[i].b);
        assert_int_equal(cp_refuse_function(&f, "checkout", false, &err), CP_EUNSUPPORTED);
        assert_non_null(strstr(err.text, "cannot sweep 'checkout': it"));
        if (!strstr(err.text, rows[i].text))
            fail_msg("row %zu: '%s' is not in '%s'", i, rows[i].text, err.text);
    }
}

static void kinds_without_cold_starts_of_their_own_are_refused(void **state)
{
    (void)state;
    struct cp_error err = {0};
    struct cp_function_config f = ordinary();
    f.has_capacity_provider = true;
    assert_int_equal(cp_refuse_function(&f, "checkout", false, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "Managed Instances"));
    f = ordinary();
    f.has_tenancy = true;
    assert_int_equal(cp_refuse_function(&f, "checkout", false, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "tenant"));
}

/* A shadow of it cannot be made; itself it can be measured. */
static void signed_code_is_refused_where_it_would_be_copied(void **state)
{
    (void)state;
    struct cp_error err = {0};
    struct cp_function_config f = ordinary();
    f.has_code_signing = true;
    assert_int_equal(cp_refuse_function(&f, "checkout", true, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "use --in-place"));
    assert_int_equal(cp_refuse_function(&f, "checkout", false, &err), CP_OK);
}

static void what_can_be_measured_is_not_refused(void **state)
{
    static const struct member rows[] = {
        TEXT(name, "checkout"),
        TEXT(snap_start_apply_on, "PublishedVersions"),
        TEXT(package_type, "Image"),
        TEXT(log_format, "JSON"),
        TEXT(system_log_level, "WARN"), /* has no effect in Text format */
        TEXT(system_log_level, "DEBUG"),
        TEXT(state, ""), /* older services have no state */
        TEXT(log_group, "/aws/lambda/webshop"),
        TEXT(name, "us-east-1-checkout"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int is_copied = 0; is_copied < 2; is_copied++) {
            struct cp_function_config f = ordinary();
            struct cp_error err = {0};
            set(&f, &rows[i]);
            if (cp_refuse_function(&f, "checkout", is_copied, &err))
                fail_msg("row %zu: %s", i, err.text);
        }
    }
}

static void a_durable_function_is_swept_with_a_caveat(void **state)
{
    (void)state;
    struct cp_function_config f = ordinary();
    assert_null(cp_function_caveat(&f, 0));
    f.is_durable = true;
    assert_int_equal(cp_refuse_function(&f, "checkout", true, NULL), CP_OK);
    assert_non_null(strstr(cp_function_caveat(&f, 0), "durable"));
    assert_null(cp_function_caveat(&f, 1));
}

static void snap_start_is_told_from_the_configuration(void **state)
{
    (void)state;
    struct cp_function_config f = ordinary();
    assert_string_equal(cp_function_initialization(&f), "on-demand");
    (void)snprintf(f.snap_start_apply_on, sizeof f.snap_start_apply_on, "PublishedVersions");
    assert_true(cp_function_is_snap_start(&f));
    assert_string_equal(cp_function_initialization(&f), "snap-start");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_names_the_function_the_reason_and_the_way_out),
        cmocka_unit_test(kinds_without_cold_starts_of_their_own_are_refused),
        cmocka_unit_test(signed_code_is_refused_where_it_would_be_copied),
        cmocka_unit_test(what_can_be_measured_is_not_refused),
        cmocka_unit_test(a_durable_function_is_swept_with_a_caveat),
        cmocka_unit_test(snap_start_is_told_from_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
