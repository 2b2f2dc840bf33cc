/* SPDX-License-Identifier: GPL-3.0-or-later
 * Figures of the embedded service on this machine (not a test): warm and cold invokes as a client
 * sees them, against a bare fork, exec and exit of the same program.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/os/clock.h"
#include "tests/local/service.h"

enum { WARM = 5000, COLD = 100 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void show(const char *name, double *ms, size_t n)
{
    qsort(ms, n, sizeof *ms, compare);
    (void)printf("%-28s n %5zu  p50 %7.3f ms  p99 %7.3f ms\n", name, n, ms[n / 2],
                 ms[n * 99 / 100]);
}

static void timed_invoke(const struct service *s, int fd, const char *headers, double *ms)
{
    struct cp_buf bytes;
    struct answer a;
    cp_buf_init(&bytes, 1 << 20);
    sign_request(s, "POST", "/2015-03-31/functions/fn/invocations", headers, "{}", &bytes);
    double start_ms = cp_clock_mono_ms();
    exchange(fd, cp_buf_view(&bytes), &a);
    *ms = cp_clock_mono_ms() - start_ms;
    assert_int_equal(a.status, 200);
    answer_clear(&a);
    cp_buf_clear(&bytes);
}

static void bench_warm(const struct service *s, int fd)
{
    static double ms[WARM];
    double start_ms = cp_clock_mono_ms();
    for (int i = 0; i < WARM; i++)
        timed_invoke(s, fd, "", &ms[i]);
    (void)printf("%.0f invokes/s, one at a time\n", WARM / (cp_clock_mono_ms() - start_ms) * 1e3);
    show("warm invoke", ms, WARM);
}

static void bench_cold(const struct service *s, int fd)
{
    static double ms[COLD];
    for (int i = 0; i < COLD; i++) {
        struct answer a;
        char body[64];
        (void)snprintf(body, sizeof body, "{\"Description\":\"%d\"}", i);
        call(s, "PUT", "/2015-03-31/functions/fn/configuration", "", body, &a);
        assert_int_equal(a.status, 200);
        answer_clear(&a);
        (void)usleep(60000); /* the stock of slots fills again */
        timed_invoke(s, fd, "", &ms[i]);
    }
    show("cold invoke", ms, COLD);
}

static void bench_bare(char *program, const char *name)
{
    static double ms[COLD];
    for (int i = 0; i < COLD; i++) {
        double start_ms = cp_clock_mono_ms();
        char *args[] = {program, NULL};
        pid_t pid;
        assert_int_equal(posix_spawn(&pid, program, NULL, NULL, args, environ), 0);
        (void)waitpid(pid, NULL, 0);
        ms[i] = cp_clock_mono_ms() - start_ms;
    }
    show(name, ms, COLD);
}

int main(void)
{
    struct service s;
    const struct function_setup f = {"fn", "memory = 1769\n", NULL, NULL};
    const struct cp_serve_options options = {.idle_lifetime = "never"};
    char program[256];
    service_start(&s, &f, 1, &options);
    (void)printf("%s", cp_buf_str(&s.ready));
    int fd = service_connect(&s);
    bench_cold(&s, fd);
    bench_warm(&s, fd);
    (void)close(fd);
    (void)setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1", 1); /* connects to nobody and exits */
    (void)snprintf(program, sizeof program, "%s/fn/bootstrap", s.dir);
    bench_bare(program, "bare exec of the function");
    service_stop(&s);
    return 0;
}
