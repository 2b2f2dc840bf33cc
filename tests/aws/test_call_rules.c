/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rules of repeating and waiting, seen through the Lambda client over a scripted transport: the
 * undo's deadline (rule 11), a change that meets an update (rule 13), the pace of control-plane
 * calls, the CA bundle (rule 6).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "probes/aws/call.h"
#include "tests/aws/fake_client.h"
#include "tests/test.h"

#define STATE(status, state)                                                                       \
    "{\"Configuration\":{\"FunctionName\":\"f\",\"LastUpdateStatus\":\"" status                    \
    "\",\"State\":\"" state "\"}}"
#define OK_CONFIG                                                                                  \
    {                                                                                              \
        200, REQUEST_ID, CONFIG, 0, 0                                                              \
    }
#define BUSY                                                                                       \
    {                                                                                              \
        409, REQUEST_ID "x-amzn-ErrorType: ResourceConflictException\n",                           \
            "{\"message\":\"The operation cannot be performed at this time. An update is in "      \
            "progress for "                                                                        \
            "resource: " ARN "\"}",                                                                \
            0, 0                                                                                   \
    }
#define LOOK(status, state)                                                                        \
    {                                                                                              \
        200, REQUEST_ID, STATE(status, state), 0, 0                                                \
    }

static enum cp_code get_config(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_get_function_configuration(l, "f", NULL, NULL, err);
}

static enum cp_code update(struct cp_lambda *l, struct cp_error *err)
{
    return cp_lambda_update_function_configuration(
        l, "f", &(struct cp_function_update){.memory_size_mb = 512}, NULL, err);
}

/* --- rule 11: an undo goes on until its deadline --- */

enum { STORM = 40 };

static void make_storm(struct fake_answer answers[STORM], struct fake_answer last)
{
    for (size_t i = 0; i < STORM; i++)
        answers[i] = (struct fake_answer){503, REQUEST_ID, "", 0, 0};
    answers[STORM - 1] = last;
}

static void rule_11_until_a_deadline_a_storm_of_39_failures_is_outlasted(void **state)
{
    (void)state;
    struct fake_answer answers[STORM];
    make_storm(answers, (struct fake_answer)OK_CONFIG);
    struct cp_lambda *l = client(answers, STORM);
    cp_lambda_set_deadline(l, 15 * 60 * 1000.0);
    assert_int_equal(update(l, NULL), CP_OK);
    assert_int_equal(fake.n_requests, STORM);
    cp_lambda_free(l);
}

static void rule_11_at_the_deadline_the_call_fails_and_says_so(void **state)
{
    (void)state;
    static struct fake_answer answers[FAKE_REQUESTS_MAX];
    for (size_t i = 0; i < COUNT(answers); i++)
        answers[i] = (struct fake_answer){503, REQUEST_ID "Retry-After: 20\n", "", 0, 0};
    struct cp_error err;
    struct cp_lambda *l = client(answers, COUNT(answers));
    cp_lambda_set_deadline(l, 15 * 60 * 1000.0);
    assert_int_equal(update(l, &err), CP_EREMOTE);
    assert_non_null(strstr(err.text, "(45 attempts until the deadline): HTTP 503"));
    assert_true(fake.now_ms < 15 * 60 * 1000.0);
    cp_lambda_set_deadline(l, NAN);
    assert_int_equal(update(l, &err), CP_EREMOTE);
    assert_int_equal(fake.n_requests, 48); /* three attempts again */
    cp_lambda_free(l);
}

static void rule_11_a_deadline_repeats_nothing_that_may_have_taken_effect(void **state)
{
    (void)state;
    static const struct fake_answer lost[] = {{.code = CP_EIO, .was_sent = true}};
    static const struct fake_answer denied[] = {{403, REQUEST_ID, "", 0, 0}};
    struct cp_lambda *l = client(lost, 1);
    cp_lambda_set_deadline(l, 15 * 60 * 1000.0);
    assert_int_equal(cp_lambda_publish_version(
                         l, "f", &(struct cp_version_publish){.description = "d"}, NULL, NULL),
                     CP_EIO);
    cp_lambda_free(l);
    l = client(denied, 1);
    cp_lambda_set_deadline(l, 15 * 60 * 1000.0);
    assert_int_equal(update(l, NULL), CP_EDENIED);
    cp_lambda_free(l);
}

/* --- rule 13: 409 --- */

static void rule_13_a_change_waits_for_the_update_in_progress_and_is_asked_again(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {
        BUSY,
        LOOK("InProgress", "Active"),
        LOOK("InProgress", "Active"),
        LOOK("Successful", "Active"),
        BUSY, /* the next deploy came first */
        LOOK("Successful", "Pending"),
        LOOK("Failed", "Active"),
        OK_CONFIG,
    };
    struct cp_lambda *l = client(answers, COUNT(answers));
    assert_int_equal(update(l, NULL), CP_OK);
    assert_int_equal(fake.n_requests, COUNT(answers));
    assert_string_equal(fake.requests[1].method, "GET");
    assert_string_equal(fake.requests[1].url, ORIGIN "/2015-03-31/functions/f");
    assert_string_equal(fake.requests[7].body, fake.requests[0].body);
    assert_true(fake.slept_ms >= 3000 && fake.slept_ms < 3500); /* three looks a second apart */
    cp_lambda_free(l);
}

static void rule_13_a_conflict_without_an_update_is_asked_once_more_only(void **state)
{
    (void)state;
    static const struct fake_answer answers[] = {BUSY, LOOK("Successful", "Active"), BUSY};
    struct cp_error err;
    struct cp_lambda *l = client(answers, COUNT(answers));
    assert_int_equal(update(l, &err), CP_ECONFLICT);
    assert_non_null(strstr(err.text, "HTTP 409 ResourceConflictException"));
    assert_int_equal(fake.n_requests, 3);
    cp_lambda_free(l);
}

static enum cp_code fake_start_and_watch(struct cp_http *h, const struct cp_http_request *request,
                                         cp_http_done_fn done, void *context, struct cp_error *err)
{
    fake.n_requests = 0; /* hundreds, and only their number matters */
    return fake_http_ops.start(h, request, done, context, err);
}

static void rule_13_an_update_that_never_ends_is_waited_for_five_minutes(void **state)
{
    (void)state;
    static struct fake_answer answers[310];
    const struct cp_http_ops ops = {fake_http_ops.open, fake_start_and_watch, fake_http_ops.poll,
                                    fake_http_ops.close};
    answers[0] = (struct fake_answer)BUSY;
    for (size_t i = 1; i < COUNT(answers); i++)
        answers[i] = (struct fake_answer)LOOK("InProgress", "Active");
    struct cp_error err;
    fake_http_script(answers, COUNT(answers));
    struct cp_lambda *l = client_with((struct cp_client_options){.http = &ops});
    assert_int_equal(update(l, &err), CP_ETIMEOUT);
    assert_string_equal(err.text, "'f': another update is not through after 300 s");
    assert_true(fake.now_ms > 299000 && fake.now_ms <= 300000);
    cp_lambda_free(l);
}

static void rule_13_other_conflicts_and_reads_do_not_wait(void **state)
{
    (void)state;
    static const struct fake_answer other[] = {
        {409, REQUEST_ID "x-amzn-ErrorType: ResourceInUseException\n", "{}", 0, 0}};
    static const struct fake_answer foreign[] = {
        {412, REQUEST_ID "x-amzn-ErrorType: PreconditionFailedException\n", "{}", 0, 0}};
    static const struct fake_answer read[] = {BUSY};
    struct cp_lambda *l = client(other, 1);
    assert_int_equal(update(l, NULL), CP_ECONFLICT);
    cp_lambda_free(l);
    l = client(foreign, 1);
    assert_int_equal(update(l, NULL), CP_ECONFLICT);
    cp_lambda_free(l);
    l = client(read, 1);
    assert_int_equal(get_config(l, NULL), CP_ECONFLICT);
    cp_lambda_free(l);
}

/* --- pace --- */

static void the_pace_is_one_for_all_clients_of_a_clock(void **state)
{
    (void)state;
    struct fake_answer answers[22];
    for (size_t i = 0; i < COUNT(answers); i++)
        answers[i] = (struct fake_answer)OK_CONFIG;
    struct cp_call_pace pace = {0};
    struct cp_call_clock clock = fake_clock;
    clock.pace = &pace;
    fake_http_script(answers, COUNT(answers));
    struct cp_lambda *clients[2];
    for (size_t i = 0; i < COUNT(clients); i++)
        clients[i] = client_with((struct cp_client_options){.clock = &clock});
    for (size_t i = 0; i < COUNT(answers); i++)
        assert_int_equal(get_config(clients[i % 2], NULL), CP_OK);
    assert_true(fabs(fake.slept_ms - 2100) < 1); /* 21 gaps of 100 ms */
    for (size_t i = 0; i < COUNT(clients); i++)
        cp_lambda_free(clients[i]);
}

static void the_process_has_one_pace(void **state)
{
    (void)state;
    assert_non_null(cp_call_clock_real.pace);
}

/* --- rule 6: the CA bundle --- */

static void rule_6_a_ca_bundle_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {"/nonexistent/ca.pem", "/dev/null", "/"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct cp_client_options options = {
            .region = "eu-central-1", .endpoint_url = "https://example.com", .ca_bundle = bad[i]};
        struct cp_lambda *l = NULL;
        struct cp_error err;
        assert_int_equal(cp_lambda_new(&options, &l, &err), CP_EIO);
        assert_non_null(strstr(err.text, bad[i]));
        assert_non_null(strstr(err.text, "AWS_CA_BUNDLE"));
        assert_null(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_11_until_a_deadline_a_storm_of_39_failures_is_outlasted),
        cmocka_unit_test(rule_11_at_the_deadline_the_call_fails_and_says_so),
        cmocka_unit_test(rule_11_a_deadline_repeats_nothing_that_may_have_taken_effect),
        cmocka_unit_test(rule_13_a_change_waits_for_the_update_in_progress_and_is_asked_again),
        cmocka_unit_test(rule_13_a_conflict_without_an_update_is_asked_once_more_only),
        cmocka_unit_test(rule_13_an_update_that_never_ends_is_waited_for_five_minutes),
        cmocka_unit_test(rule_13_other_conflicts_and_reads_do_not_wait),
        cmocka_unit_test(the_pace_is_one_for_all_clients_of_a_clock),
        cmocka_unit_test(the_process_has_one_pace),
        cmocka_unit_test(rule_6_a_ca_bundle_that_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
