/* SPDX-License-Identifier: GPL-3.0-or-later
 * Starting and ending the service process. The program started is this test itself: with the
 * arguments of `local serve` it plays the service, and the folder name says how.
 */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiler/sweep/sweep.h"

/* --- the service side --- */

static const char *value_after(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    }
    return "";
}

static void say(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        _exit(9);
}

static int open_descriptors_above(int fd)
{
    int n = 0;
    for (int i = fd + 1; i < 64; i++)
        n += fcntl(i, F_GETFD) >= 0;
    return n;
}

/* Its ready line tells the parent what it was given. */
static void say_ready(int argc, char **argv, int fd)
{
    const char *key = getenv("COLDPROF_LOCAL_ACCESS_KEY_ID");
    const char *secret = getenv("COLDPROF_LOCAL_SECRET_ACCESS_KEY");
    bool is_pair = strcmp(argv[argc - 3], "--") == 0;
    const char *first = argv[is_pair ? argc - 2 : argc - 1];
    char line[1024];
    (void)snprintf(line, sizeof line,
                   "{\"endpoint\":\"http://127.0.0.1:%ld\",\"region\":\"us-east-1\","
                   "\"functions\":[\"%s\"%s%s%s],\"cgroup\":\"v2\",\"cfs_period_ms\":20,"
                   "\"idle_lifetime\":\"%s/%s/%zu/%zu/%d\",\"cpu_model\":\"Test CPU\",\"cores\":2,"
                   "\"kernel\":\"6.1\"}\n",
                   (long)getpid(), first, is_pair ? ",\"" : "", is_pair ? argv[argc - 1] : "",
                   is_pair ? "\"" : "", value_after(argc, argv, "--idle-lifetime"),
                   value_after(argc, argv, "--seed"), key ? strlen(key) : 0,
                   secret ? strlen(secret) : 0, open_descriptors_above(fd));
    say(fd, line);
}

static int serve(int argc, char **argv)
{
    const char *folder = argv[argc - 1];
    int fd = (int)strtol(value_after(argc, argv, "--ready-fd"), NULL, 10);
    if (strcmp(folder, "dies") == 0) {
        say(STDERR_FILENO, "no writable\ncgroup here\n");
        return 7;
    }
    if (strcmp(folder, "errs") == 0) {
        say(fd, "{\"error\":\"port 80 is taken\"}\n");
        return 1;
    }
    if (strcmp(folder, "babbles") == 0) {
        say(fd, "hello\n");
        return 1;
    }
    if (strcmp(folder, "stubborn") == 0)
        (void)signal(SIGTERM, SIG_IGN);
    say_ready(argc, argv, fd);
    (void)close(fd);
    for (;;)
        (void)pause();
}

/* --- the sweep side --- */

static char self[4096];

static enum cp_code start(const char *folder, struct cp_local_service **service,
                          struct cp_local_service_facts *facts, struct cp_error *err)
{
    const struct cp_local_service_options options = {
        .program = self, .folder = folder, .idle_lifetime = "fixed:6s", .seed = UINT64_MAX};
    return cp_local_service_start(&options, service, facts, err);
}

static pid_t pid_of(const struct cp_local_service_facts *facts)
{
    return (pid_t)strtol(facts->endpoint + strlen("http://127.0.0.1:"), NULL, 10);
}

static void the_ready_line_becomes_facts(void **state)
{
    struct cp_local_service *service = NULL;
    struct cp_local_service_facts facts;
    struct cp_error err = {0};
    (void)state;
    if (start("hello", &service, &facts, &err))
        fail_msg("%s", err.text);
    assert_string_equal(facts.region, "us-east-1");
    assert_string_equal(facts.function, "hello");
    assert_string_equal(facts.second, "");
    assert_string_equal(facts.cgroup, "v2");
    assert_string_equal(facts.host, "Test CPU, 2 cores, Linux 6.1, cgroup v2, CFS period 20 ms");
    /* arguments, credentials in the environment, no descriptor leaked */
    assert_string_equal(facts.idle_lifetime, "fixed:6s/18446744073709551615/20/40/0");
    assert_int_equal(strlen(facts.credentials.access_key_id), 20);
    assert_int_equal(strlen(facts.credentials.secret_access_key), 40);
    pid_t pid = pid_of(&facts);
    assert_int_equal(getpgid(pid), pid); /* Ctrl-C in our terminal does not reach it */
    cp_local_service_stop(service);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void a_second_folder_is_a_second_function(void **state)
{
    struct cp_local_service *service = NULL;
    struct cp_local_service_facts facts;
    struct cp_error err = {0};
    (void)state;
    const struct cp_local_service_options options = {
        .program = self, .folder = "hello", .second = "hello-base"};
    if (cp_local_service_start(&options, &service, &facts, &err))
        fail_msg("%s", err.text);
    assert_string_equal(facts.function, "hello");
    assert_string_equal(facts.second, "hello-base");
    cp_local_service_stop(service);
}

static void credentials_differ_from_start_to_start(void **state)
{
    struct cp_local_service *services[2];
    struct cp_local_service_facts facts[2];
    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(start("hello", &services[i], &facts[i], NULL), CP_OK);
    assert_string_not_equal(facts[0].credentials.secret_access_key,
                            facts[1].credentials.secret_access_key);
    assert_string_not_equal(facts[0].credentials.access_key_id, facts[1].credentials.access_key_id);
    for (size_t i = 0; i < 2; i++)
        cp_local_service_stop(services[i]);
}

static void a_service_that_does_not_start_says_why(void **state)
{
    static const struct {
        const char *folder;
        enum cp_code code;
        const char *text;
    } rows[] = {
        {"dies", CP_EREMOTE, "(exit status 7): no writable cgroup here"},
        {"errs", CP_EREMOTE, "port 80 is taken"},
        {"babbles", CP_EFORMAT, "not JSON"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cp_local_service *service = NULL;
        struct cp_local_service_facts facts;
        struct cp_error err = {0};
        assert_int_equal(start(rows[i].folder, &service, &facts, &err), rows[i].code);
        assert_non_null(strstr(err.text, rows[i].text));
        assert_null(service);
        assert_int_equal(facts.credentials.secret_access_key[0], '\0');
    }
}

static void a_program_that_is_missing_is_an_error(void **state)
{
    struct cp_local_service *service = NULL;
    struct cp_local_service_facts facts;
    struct cp_error err = {0};
    (void)state;
    const struct cp_local_service_options options = {.program = "/nowhere/coldprof",
                                                     .folder = "hello"};
    assert_int_equal(cp_local_service_start(&options, &service, &facts, &err), CP_EREMOTE);
    assert_non_null(strstr(err.text, "cannot execute"));
}

static void the_end_of_a_running_service_is_explained(void **state)
{
    struct cp_local_service *service = NULL;
    struct cp_local_service_facts facts;
    struct cp_error err = {0};
    (void)state;
    assert_int_equal(start("hello", &service, &facts, &err), CP_OK);
    (void)cp_fail(&err, CP_EIO, "connection refused");
    cp_local_service_explain(service, &err);
    assert_string_equal(err.text, "connection refused"); /* it lives: nothing to add */
    assert_int_equal(kill(pid_of(&facts), SIGKILL), 0);
    while (strcmp(err.text, "connection refused") == 0)
        cp_local_service_explain(service, &err);
    assert_non_null(strstr(err.text, "has ended (signal 9)"));
    assert_non_null(strstr(err.text, "connection refused"));
    cp_local_service_stop(service);
}

static void a_stubborn_service_is_killed(void **state)
{
    struct cp_local_service *service = NULL;
    struct cp_local_service_facts facts;
    (void)state;
    assert_int_equal(start("stubborn", &service, &facts, NULL), CP_OK);
    pid_t pid = pid_of(&facts);
    cp_local_service_stop(service);
    assert_int_equal(kill(pid, 0), -1);
}

static void stopping_nothing_is_fine(void **state)
{
    (void)state;
    cp_local_service_stop(NULL);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "local") == 0)
        return serve(argc, argv);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ready_line_becomes_facts),
        cmocka_unit_test(a_second_folder_is_a_second_function),
        cmocka_unit_test(credentials_differ_from_start_to_start),
        cmocka_unit_test(a_service_that_does_not_start_says_why),
        cmocka_unit_test(a_program_that_is_missing_is_an_error),
        cmocka_unit_test(the_end_of_a_running_service_is_explained),
        cmocka_unit_test(a_stubborn_service_is_killed),
        cmocka_unit_test(stopping_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
