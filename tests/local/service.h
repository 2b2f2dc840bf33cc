/* SPDX-License-Identifier: GPL-3.0-or-later
 * A real embedded service in a child process, and a small client on raw sockets that signs.
 */
#ifndef COLDPROF_TESTS_LOCAL_SERVICE_H
#define COLDPROF_TESTS_LOCAL_SERVICE_H

#include <sys/types.h>

#include "model/base/buf.h"
#include "probes/local/serve.h"

struct function_setup {
    const char *name;
    const char *ini;         /* function.ini */
    const char *file, *code; /* a source file of an interpreted function, or NULL: the probe */
};

struct service {
    pid_t pid;
    int port;
    char dir[64]; /* functions and log; removed by service_stop */
    char log[128];
    struct cp_buf ready; /* the ready line */
    struct cp_serve_options options;
};

struct answer {
    int status; /* 0: the connection ended without an answer */
    struct cp_buf head, body;
};

/* Asserts. `options` may be NULL. */
void service_start(struct service *s, const struct function_setup *functions, size_t n,
                   const struct cp_serve_options *options);
void service_stop(struct service *s);
/* Lines of the log so far, waiting until it contains `text` (at most 10 s). false: it does not. */
bool service_log_has(const struct service *s, const char *text);
void service_read_log(const struct service *s, struct cp_buf *out);

void answer_clear(struct answer *a);
/* Value of a header; "" absent. */
void answer_header(const struct answer *a, const char *name, char *out, size_t size);

int service_connect(const struct service *s);
/* Sends bytes, reads one answer (by Content-Length) or the end of the connection. */
void exchange(int fd, struct cp_view bytes, struct answer *out);
void read_answer(int fd, struct cp_buf *pending, struct answer *out);
/* A signed request as bytes. `headers`: "Name: value\r\n" lines, not signed; may be "". */
void sign_request(const struct service *s, const char *method, const char *target,
                  const char *headers, const char *body, struct cp_buf *out);
/* Signed, on a connection of its own. */
void call(const struct service *s, const char *method, const char *target, const char *headers,
          const char *body, struct answer *out);
/* Invoke with a log tail; `tail` (decoded) may be NULL. */
void invoke(const struct service *s, const char *function, const char *event, struct answer *out,
            struct cp_buf *tail);
/* Number of "key":NUMBER in a body; -1 absent. */
long number_in(const struct answer *a, const char *key);
bool has_cgroups(void);

/* Processes whose command line or name contains `text`. */
int count_processes(const char *text);
/* Control groups named coldprof-<pid>-. */
int count_groups(pid_t pid);
/* Waits at most 10 s for a condition that another process brings about. */
bool wait_until(bool (*is_so)(void *context), void *context);

#endif
