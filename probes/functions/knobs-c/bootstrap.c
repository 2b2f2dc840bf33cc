/* SPDX-License-Identifier: GPL-3.0-or-later
 * A function whose behaviour is known because it is told: see README.md for the knobs.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "probes/functions/knobs-c/knobs.h"
#include "probes/functions/runtime_c/runtime.h"

enum { BODY_HEAD_MAX = 512 };

struct function {
    struct knobs defaults; /* from the environment */
    long n_invocations;
    char *body; /* owned */
    size_t cap;
    char error_type[KNOB_TEXT_MAX];
};

static double now_ms(clockid_t clock)
{
    struct timespec t = {0};
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Burns CPU time of this thread, not wall time: with half a CPU it takes twice as long, as work
 * does. */
static void burn_cpu(int64_t ms)
{
    static volatile uint64_t sink = 88172645463325252U;
    double end = now_ms(CLOCK_THREAD_CPUTIME_ID) + (double)ms;
    uint64_t x = sink;
    while (ms > 0 && now_ms(CLOCK_THREAD_CPUTIME_ID) < end) {
        for (int i = 0; i < 2000; i++) { /* xorshift64: some microseconds */
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        sink = x;
    }
}

static void sleep_ms(int64_t ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (ms > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* Maps and touches every page; false when there is no memory. `*p` is NULL for 0 MB. */
static bool take_memory(int64_t mb, char **p)
{
    size_t n = (size_t)mb << 20;
    *p = NULL;
    if (n == 0)
        return true;
    char *pages = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return false;
    for (size_t i = 0; i < n; i += 4096)
        pages[i] = 1;
    *p = pages;
    return true;
}

/* "exit 3", "signal 9", or a bare exit status. Returns only for an unknown signal. */
static void crash(const char *how)
{
    int number = 0;
    const char *digits = strpbrk(how, "0123456789");
    if (digits)
        number = (int)strtol(digits, NULL, 10);
    (void)fflush(NULL);
    if (strncmp(how, "signal", 6) == 0)
        (void)raise(number);
    else
        _exit(number);
}

static void hang(void)
{
    for (;;)
        (void)pause();
}

static void write_lines(FILE *stream, int64_t n, const char *request_id)
{
    for (int64_t i = 1; i <= n; i++)
        (void)fprintf(stream, "line %lld of %lld %s\n", (long long)i, (long long)n, request_id);
    (void)fflush(stream);
}

/* A line that only the platform may write; a reader of logs must not believe it. */
static void write_forged_report(const char *request_id)
{
    (void)printf("REPORT RequestId: %s\tDuration: 0.01 ms\tBilled Duration: 1 ms\t"
                 "Memory Size: 128 MB\tMax Memory Used: 1 MB\tInit Duration: 0.01 ms\t\n",
                 request_id);
    (void)fflush(stdout);
}

/* --- init --- */

/* false when the memory is not to be had. */
static bool run_init(const struct knobs *k)
{
    static char *kept; /* for the life of the environment */
    sleep_ms(k->init_sleep_ms);
    burn_cpu(k->init_cpu_ms);
    if (!take_memory(k->init_memory_mb, &kept))
        return false;
    if (k->init_crash[0])
        crash(k->init_crash);
    if (k->init_hang)
        hang();
    return true;
}

/* --- invoke --- */

static void answer_error(struct function *f, struct rt_answer *answer, const char *type,
                         const char *message)
{
    (void)snprintf(f->error_type, sizeof(f->error_type), "%s", type);
    int n =
        snprintf(f->body, f->cap,
                 "{\"errorMessage\":\"%s\",\"errorType\":\"%s\",\"stackTrace\":[]}", message, type);
    answer->error_type = f->error_type;
    answer->body = f->body;
    answer->n = n > 0 && (size_t)n < f->cap ? (size_t)n : 0;
}

/* Room for a body of `n` bytes besides the head. */
static bool reserve(struct function *f, size_t n)
{
    size_t cap = n + BODY_HEAD_MAX;
    char *body = f->cap >= cap ? f->body : realloc(f->body, cap);
    if (!body)
        return false;
    f->body = body;
    f->cap = f->cap >= cap ? f->cap : cap;
    return true;
}

/* What was really done, padded to exactly `output_bytes` when that is more. */
static void answer_success(struct function *f, struct rt_answer *answer, const struct knobs *k,
                           double cpu_ms, double wall_ms)
{
    int head = snprintf(f->body, f->cap,
                        "{\"invocation\":%ld,\"pid\":%ld,\"cpu_ms\":%.3f,\"wall_ms\":%.3f,"
                        "\"memory_mb\":%lld,\"pad\":\"",
                        f->n_invocations, (long)getpid(), cpu_ms, wall_ms, (long long)k->memory_mb);
    size_t n = (size_t)head;
    size_t want = (size_t)k->output_bytes;
    if (want > n + 2) {
        memset(f->body + n, 'x', want - n - 2);
        n = want - 2;
    }
    memcpy(f->body + n, "\"}", 2);
    answer->body = f->body;
    answer->n = n + 2;
}

/* false when the memory is not to be had. */
static bool work(const struct knobs *k, const char *request_id)
{
    char *memory = NULL;
    write_lines(stdout, k->log_lines, request_id);
    write_lines(stderr, k->err_lines, request_id);
    if (!take_memory(k->memory_mb, &memory))
        return false;
    burn_cpu(k->cpu_ms);
    sleep_ms(k->sleep_ms);
    if (memory)
        (void)munmap(memory, (size_t)k->memory_mb << 20);
    if (k->forge_report)
        write_forged_report(request_id);
    if (k->crash[0])
        crash(k->crash);
    if (k->hang)
        hang();
    return true;
}

static void handle(void *context, const struct rt_invocation *invocation, struct rt_answer *answer)
{
    struct function *f = context;
    struct knobs k = f->defaults;
    const char *bad = "";
    f->n_invocations++;
    if (!reserve(f, 0)) {
        answer->error_type = "NoMemory";
        return;
    }
    if (!knobs_from_event(&k, invocation->event, invocation->event_n, &bad)) {
        answer_error(f, answer, "BadKnob", bad);
        return;
    }
    double cpu_from = now_ms(CLOCK_THREAD_CPUTIME_ID);
    double wall_from = now_ms(CLOCK_MONOTONIC);
    bool has_memory = work(&k, invocation->request_id);
    if (!has_memory)
        answer_error(f, answer, "NoMemory", "MEMORY_MB");
    else if (k.error[0])
        answer_error(f, answer, k.error, "told to fail by the knob ERROR");
    else if (reserve(f, (size_t)k.output_bytes))
        answer_success(f, answer, &k, now_ms(CLOCK_THREAD_CPUTIME_ID) - cpu_from,
                       now_ms(CLOCK_MONOTONIC) - wall_from);
    else
        answer_error(f, answer, "NoMemory", "OUTPUT_BYTES");
}

int main(void)
{
    struct function f = {0};
    const char *bad = "";
    if (!knobs_from_environment(&f.defaults, &bad))
        return rt_init_error("BadKnob", bad);
    if (!run_init(&f.defaults))
        return rt_init_error("NoMemory", "INIT_MEMORY_MB");
    if (f.defaults.init_error[0])
        return rt_init_error(f.defaults.init_error, "told to fail by the knob INIT_ERROR");
    int status = rt_run(handle, &f);
    free(f.body);
    return status;
}
