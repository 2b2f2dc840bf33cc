/* SPDX-License-Identifier: GPL-3.0-or-later
 * A function for the tests: a runtime client on a raw socket whose behaviour is told by the event
 * ("do" words) and, for the INIT phase, by PROBE_INIT. Not linked with anything of the service.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 8 << 20 };

static int sock;
static char *buffer;
static char id[64];
static int n_served;

static void write_all(const char *p, size_t n)
{
    while (n) {
        ssize_t k = write(sock, p, n);
        if (k <= 0)
            exit(9);
        p += k;
        n -= (size_t)k;
    }
}

static void connect_api(void)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s", getenv("AWS_LAMBDA_RUNTIME_API"));
    char *colon = strrchr(text, ':');
    *colon = '\0';
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10))};
    int yes = 1;
    (void)inet_pton(AF_INET, text, &to.sin_addr);
    sock = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(sock, (struct sockaddr *)&to, sizeof to) < 0)
        exit(8);
}

/* Reads one answer; returns its status, body in `buffer` (NUL-terminated). */
static int read_answer(void)
{
    size_t n = 0, need = 0;
    char *body = NULL;
    for (;;) {
        ssize_t k = read(sock, buffer + n, MAX - n - 1);
        if (k <= 0)
            exit(0);
        n += (size_t)k;
        buffer[n] = '\0';
        if (!body && (body = strstr(buffer, "\r\n\r\n"))) {
            const char *length = strcasestr(buffer, "content-length:");
            body += 4;
            need = length ? (size_t)strtol(length + 15, NULL, 10) : 0;
        }
        if (body && n - (size_t)(body - buffer) >= need)
            break;
    }
    int status = (int)strtol(buffer + 9, NULL, 10);
    const char *request_id = strcasestr(buffer, "lambda-runtime-aws-request-id: ");
    if (request_id)
        (void)snprintf(id, sizeof id, "%.36s", request_id + 31);
    memmove(buffer, body, need);
    buffer[need] = '\0';
    return status;
}

static int post(const char *path, const char *headers, const char *body, size_t n)
{
    char head[1024];
    int k = snprintf(head, sizeof head,
                     "POST /2018-06-01/runtime/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n"
                     "%s\r\n",
                     path, n, headers);
    write_all(head, (size_t)k);
    write_all(body, n);
    return read_answer();
}

static int respond(const char *body)
{
    char path[128];
    (void)snprintf(path, sizeof path, "invocation/%s/response", id);
    return post(path, "", body, strlen(body));
}

static int respond_error(const char *body)
{
    char path[128];
    (void)snprintf(path, sizeof path, "invocation/%s/error", id);
    return post(path, "Lambda-Runtime-Function-Error-Type: Boom\r\n", body, strlen(body));
}

static void nap(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

static void burn(long ms)
{
    struct timespec t;
    do {
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    } while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < ms);
}

static void stream(bool fails)
{
    char text[1024];
    int k = snprintf(text, sizeof text,
                     "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\n"
                     "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
                     "Transfer-Encoding: chunked\r\n"
                     "Trailer: Lambda-Runtime-Function-Error-Type, "
                     "Lambda-Runtime-Function-Error-Body\r\n\r\n"
                     "3\r\n\"ab\r\n2\r\nc\"\r\n0\r\n%s\r\n",
                     id,
                     /* base64 of {"errorType":"Mid"} */
                     fails ? "Lambda-Runtime-Function-Error-Type: Mid\r\n"
                             "Lambda-Runtime-Function-Error-Body: eyJlcnJvclR5cGUiOiJNaWQifQ==\r\n"
                           : "");
    write_all(text, (size_t)k);
    (void)read_answer();
}

static void env_of(const char *event)
{
    char name[64], answer[2048];
    if (sscanf(event, "{\"env\":\"%63[^\"]\"", name) != 1)
        return;
    const char *value = getenv(name);
    (void)snprintf(answer, sizeof answer, "\"%s\"", value ? value : "(unset)");
    (void)respond(answer);
}

static void take_memory(long mb)
{
    enum { PAGE = 4096 };
    char *p = malloc((size_t)mb << 20);
    volatile char *touched = p; /* or the compiler leaves all of it out */
    for (size_t i = 0; p && i < (size_t)mb << 20; i += PAGE)
        touched[i] = 1;
    free(p);
}

/* What is written to the log. */
static void say(const char *event)
{
    if (strstr(event, "log")) {
        (void)printf("hello from the handler\nno end of line");
        (void)fflush(stdout);
    }
    if (strstr(event, "noise")) {
        for (int i = 0; i < 2000; i++)
            (void)printf("line %d of a long log\n", i);
        (void)fflush(stdout);
    }
}

static void handle(const char *event)
{
    char answer[256];
    const char *at;
    if (strstr(event, "\"env\"")) {
        env_of(event);
        return;
    }
    if ((at = strstr(event, "exit ")))
        exit((int)strtol(at + 5, NULL, 10));
    if (strstr(event, "abort"))
        abort();
    if (strstr(event, "orphan") && fork() == 0) { /* leaves the group and the session */
        (void)setsid();
        for (;;)
            nap(1000);
    }
    if ((at = strstr(event, "sleep ")))
        nap(strtol(at + 6, NULL, 10));
    if ((at = strstr(event, "burn ")))
        burn(strtol(at + 5, NULL, 10));
    if ((at = strstr(event, "memory ")))
        take_memory(strtol(at + 7, NULL, 10));
    if (strstr(event, "kill guard")) {
        (void)kill(getppid(), SIGKILL);
        for (;;)
            nap(1000);
    }
    say(event);
    if (strstr(event, "large")) {
        char path[128];
        char *big = malloc(7 << 20);
        memset(big, '1', 7 << 20);
        (void)snprintf(path, sizeof path, "invocation/%s/response", id);
        int status = post(path, "", big, 7 << 20);
        (void)printf("status %d\n", status);
        (void)fflush(stdout);
        free(big);
        return;
    }
    if (strstr(event, "wrong id")) {
        int status = post("invocation/00000000-0000-0000-0000-000000000000/response", "", "1", 1);
        (void)snprintf(answer, sizeof answer, "{\"status\":%d}", status);
        (void)respond(answer);
        return;
    }
    if (strstr(event, "twice")) {
        (void)respond("1");
        (void)printf("status %d\n", respond("2"));
        (void)fflush(stdout);
        return;
    }
    if (strstr(event, "fail"))
        (void)respond_error("{\"errorMessage\":\"boom\",\"errorType\":\"Boom\",\"stackTrace\":[]}");
    else if (strstr(event, "stream"))
        stream(strstr(event, "broken") != NULL);
    else {
        (void)snprintf(answer, sizeof answer, "{\"pid\":%d,\"n\":%d}", (int)getpid(), n_served);
        (void)respond(answer);
    }
}

static void init(void)
{
    const char *what = getenv("PROBE_INIT");
    if (!what)
        return;
    if (strncmp(what, "sleep ", 6) == 0)
        nap(strtol(what + 6, NULL, 10));
    if (strncmp(what, "burn ", 5) == 0)
        burn(strtol(what + 5, NULL, 10));
    if (strcmp(what, "error") == 0) {
        const char *body = "{\"errorMessage\":\"no module\",\"errorType\":\"ImportError\"}";
        (void)post("init/error",
                   "Lambda-Runtime-Function-Error-Type: Runtime.ImportModuleError\r\n", body,
                   strlen(body));
        exit(1);
    }
    if (strcmp(what, "exit") == 0)
        exit(7);
    if (strncmp(what, "once ", 5) == 0 && access(what + 5, F_OK) != 0) { /* hangs the first time */
        FILE *f = fopen(what + 5, "w");
        if (f)
            (void)fclose(f);
        for (;;)
            nap(1000);
    }
}

int main(void)
{
    static const char next[] =
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
    buffer = malloc(MAX);
    connect_api();
    init();
    for (;; n_served++) {
        write_all(next, sizeof next - 1);
        if (read_answer() != 200)
            return 1;
        char *event = strdup(buffer);
        handle(event);
        free(event);
    }
}
