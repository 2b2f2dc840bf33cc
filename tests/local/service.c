/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/local/service.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/base/datetime.h"
#include "probes/aws/sigv4.h"
#include "probes/local/base64.h"
#include "probes/local/cgroup.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"
#include "tests/test.h"

enum { ANSWER_MAX = 16 << 20 };

static void copy_program(const char *from, const char *to)
{
    struct cp_buf bytes;
    cp_buf_init(&bytes, 64 << 20);
    assert_int_equal(cp_file_read(from, &bytes, NULL), CP_OK);
    assert_int_equal(cp_file_write_atomic(to, cp_buf_view(&bytes), NULL), CP_OK);
    assert_int_equal(chmod(to, 0755), 0);
    cp_buf_clear(&bytes);
}

static void write_text(const char *path, const char *text)
{
    assert_int_equal(cp_file_write_atomic(path, cp_view_of(text), NULL), CP_OK);
}

static void make_function(const struct service *s, const struct function_setup *f, char path[128])
{
    char file[512];
    (void)snprintf(path, 128, "%s/%s", s->dir, f->name);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)snprintf(file, sizeof file, "%s/function.ini", path);
    write_text(file, f->ini);
    if (f->file) {
        (void)snprintf(file, sizeof file, "%s/%s", path, f->file);
        write_text(file, f->code);
    } else {
        (void)snprintf(file, sizeof file, "%s/bootstrap", path);
        copy_program(COLDPROF_PROBE_FUNCTION, file);
    }
}

static _Noreturn void run_service(const struct cp_serve_options *options)
{
    struct cp_error err = {.code = CP_OK};
    enum cp_code code = cp_serve(options, &err);
    if (code)
        (void)fprintf(stderr, "cp_serve: %s\n", err.text);
    exit(code ? 1 : 0); /* not _exit: the leak check runs */
}

static void read_ready(struct service *s, int fd)
{
    char bytes[4096];
    ssize_t n;
    cp_buf_init(&s->ready, 65536);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        (void)cp_buf_add(&s->ready, bytes, (size_t)n);
    (void)close(fd);
    const char *at = strstr(cp_buf_str(&s->ready), "http://127.0.0.1:");
    if (at)
        s->port = (int)strtol(at + strlen("http://127.0.0.1:"), NULL, 10);
}

void service_start(struct service *s, const struct function_setup *functions, size_t n,
                   const struct cp_serve_options *options)
{
    enum { FUNCTIONS_MAX = 8 };
    char paths[FUNCTIONS_MAX][128];
    const char *folders[FUNCTIONS_MAX];
    int ready[2];
    *s = (struct service){.port = 0};
    (void)snprintf(s->dir, sizeof s->dir, "/tmp/cptest-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    (void)snprintf(s->log, sizeof s->log, "%s/log", s->dir);
    for (size_t i = 0; i < n; i++) {
        make_function(s, &functions[i], paths[i]);
        folders[i] = paths[i];
    }
    if (options)
        s->options = *options;
    assert_int_equal(cp_credentials_static(CP_VIEW_LIT("AKIDTEST"), CP_VIEW_LIT("secret"),
                                           CP_VIEW_LIT(""), &s->options.credentials, NULL),
                     CP_OK);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    s->options.folders = folders;
    s->options.n_folders = n;
    s->options.ready_fd = ready[1];
    s->options.log_file = s->log;
    s->options.no_cpu_share = s->options.no_cpu_share || !has_cgroups();
    s->options.parent_pid = (int)getpid();
    (void)fflush(NULL);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0)
        run_service(&s->options);
    (void)close(ready[1]);
    read_ready(s, ready[0]);
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char child[PATH_MAX];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(child, sizeof child, "%s/%s", path, e->d_name);
        remove_tree(child);
    }
    if (dir)
        (void)closedir(dir);
    (void)remove(path);
}

void service_stop(struct service *s)
{
    int status = 0;
    if (s->pid > 0) {
        (void)kill(s->pid, SIGTERM);
        assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    }
    cp_buf_clear(&s->ready);
    remove_tree(s->dir);
    assert_int_equal(status, 0);
}

void service_read_log(const struct service *s, struct cp_buf *out)
{
    cp_buf_init(out, 64 << 20);
    (void)cp_file_read(s->log, out, NULL);
}

struct log_wait {
    const struct service *service;
    const char *text;
};

static bool log_has(void *context)
{
    const struct log_wait *w = context;
    struct cp_buf log;
    service_read_log(w->service, &log);
    bool has = strstr(cp_buf_str(&log), w->text) != NULL;
    cp_buf_clear(&log);
    return has;
}

bool service_log_has(const struct service *s, const char *text)
{
    struct log_wait w = {s, text};
    return wait_until(log_has, &w);
}

bool wait_until(bool (*is_so)(void *context), void *context)
{
    double limit_ms = cp_clock_mono_ms() + 10000;
    while (!is_so(context)) {
        if (cp_clock_mono_ms() > limit_ms)
            return false;
        (void)poll(NULL, 0, 2);
    }
    return true;
}

/* --- client --- */

void answer_clear(struct answer *a)
{
    cp_buf_clear(&a->head);
    cp_buf_clear(&a->body);
}

void answer_header(const struct answer *a, const char *name, char *out, size_t size)
{
    struct cp_view rest = cp_buf_view(&a->head), line, word;
    *out = '\0';
    while (cp_view_split(&rest, '\n', &line)) {
        if (cp_view_split(&line, ':', &word) && cp_view_is_nocase(word, name))
            (void)cp_view_copy(cp_view_trim(line), out, size);
    }
}

int service_connect(const struct service *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 30};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static size_t head_size(const struct cp_buf *b)
{
    const char *end = b->n ? memmem(b->p, b->n, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - b->p) + 4 : 0;
}

void read_answer(int fd, struct cp_buf *pending, struct answer *out)
{
    char bytes[65536], value[32];
    int64_t size = 0;
    size_t head = 0;
    out->status = 0;
    cp_buf_init(&out->head, ANSWER_MAX);
    cp_buf_init(&out->body, ANSWER_MAX);
    for (;;) {
        if (!head && (head = head_size(pending))) {
            (void)cp_buf_add(&out->head, pending->p, head);
            out->status = (int)strtol(pending->p + 9, NULL, 10);
            answer_header(out, "Content-Length", value, sizeof value);
            (void)cp_view_to_int64(cp_view_of(value), &size);
        }
        if (head && pending->n >= head + (size_t)size)
            break;
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            return;
        (void)cp_buf_add(pending, bytes, (size_t)n);
    }
    (void)cp_buf_add(&out->body, pending->p + head, (size_t)size);
    size_t used = head + (size_t)size;
    memmove(pending->p, pending->p + used, pending->n - used);
    pending->n -= used;
    pending->p[pending->n] = '\0';
}

void exchange(int fd, struct cp_view bytes, struct answer *out)
{
    struct cp_buf pending;
    cp_buf_init(&pending, ANSWER_MAX);
    while (bytes.n) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        bytes = (struct cp_view){bytes.p + n, bytes.n - (size_t)n};
    }
    read_answer(fd, &pending, out);
    cp_buf_clear(&pending);
}

void sign_request(const struct service *s, const char *method, const char *target,
                  const char *headers, const char *body, struct cp_buf *out)
{
    char host[32], date[CP_DATETIME_TEXT_MAX];
    int64_t now_ms = cp_clock_unix_ms();
    (void)snprintf(host, sizeof host, "127.0.0.1:%d", s->port);
    (void)cp_datetime_format(now_ms, CP_DATETIME_AMZ, date);
    const struct cp_header signed_headers[] = {
        {CP_VIEW_LIT("host"), cp_view_of(host)},
        {CP_VIEW_LIT("x-amz-date"), cp_view_of(date)},
    };
    struct cp_view query = cp_view_of(target), path;
    assert_true(cp_view_split(&query, '?', &path));
    struct cp_sigv4_request request = {
        .method = cp_view_of(method),
        .path = path,
        .query = query,
        .headers = signed_headers,
        .n_headers = 2,
        .body = cp_view_of(body),
        .region = "us-east-1",
        .service = "lambda",
        .at_ms = now_ms,
    };
    struct cp_sigv4 sig;
    assert_int_equal(cp_sigv4_sign(&request, &s->options.credentials, &sig, NULL), CP_OK);
    (void)cp_buf_addf(out,
                      "%s %s HTTP/1.1\r\nHost: %s\r\nX-Amz-Date: %s\r\nAuthorization: %s\r\n"
                      "Content-Length: %zu\r\n%s\r\n%s",
                      method, target, host, date, cp_buf_str(&sig.authorization), strlen(body),
                      headers, body);
    cp_sigv4_clear(&sig);
}

void call(const struct service *s, const char *method, const char *target, const char *headers,
          const char *body, struct answer *out)
{
    struct cp_buf bytes;
    int fd = service_connect(s);
    cp_buf_init(&bytes, ANSWER_MAX);
    sign_request(s, method, target, headers, body, &bytes);
    exchange(fd, cp_buf_view(&bytes), out);
    cp_buf_clear(&bytes);
    (void)close(fd);
}

void invoke(const struct service *s, const char *function, const char *event, struct answer *out,
            struct cp_buf *tail)
{
    char target[256], encoded[8192];
    (void)snprintf(target, sizeof target, "/2015-03-31/functions/%s/invocations", function);
    call(s, "POST", target, "X-Amz-Log-Type: Tail\r\n", event, out);
    if (!tail)
        return;
    cp_buf_init(tail, 65536);
    answer_header(out, "X-Amz-Log-Result", encoded, sizeof encoded);
    if (*encoded)
        assert_int_equal(cp_base64_decode(tail, cp_view_of(encoded)), CP_OK);
}

long number_in(const struct answer *a, const char *key)
{
    char quoted[64];
    (void)snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(cp_buf_str(&a->body), quoted);
    return at ? strtol(at + strlen(quoted), NULL, 10) : -1;
}

/* --- the machine --- */

bool has_cgroups(void)
{
    static int known = -1;
    struct cp_cgroup_base base;
    if (known < 0) {
        known = cp_cgroup_detect(&base, NULL) == CP_OK;
        if (known)
            cp_cgroup_leave(&base);
    }
    return known;
}

int count_processes(const char *text)
{
    DIR *dir = opendir("/proc");
    int n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[300];
        struct cp_buf line;
        if (e->d_name[0] < '0' || e->d_name[0] > '9')
            continue;
        (void)snprintf(path, sizeof path, "/proc/%s/cmdline", e->d_name);
        cp_buf_init(&line, 1 << 20);
        (void)cp_file_read(path, &line, NULL);
        n += line.n && memmem(line.p, line.n, text, strlen(text)) != NULL;
        cp_buf_clear(&line);
    }
    if (dir)
        (void)closedir(dir);
    return n;
}

static int count_in(const char *folder, const char *prefix)
{
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));)
        n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
    if (dir)
        (void)closedir(dir);
    return n;
}

int count_groups(pid_t pid)
{
    struct cp_cgroup_base base;
    char prefix[32];
    if (cp_cgroup_detect(&base, NULL))
        return 0;
    (void)snprintf(prefix, sizeof prefix, "coldprof-%d-", (int)pid);
    int n = count_in(base.cpu, prefix) + count_in(base.memory, prefix) +
            count_in(base.freezer, prefix) + (*base.pids ? count_in(base.pids, prefix) : 0);
    cp_cgroup_leave(&base);
    return n;
}
