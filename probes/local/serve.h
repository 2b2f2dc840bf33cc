/* SPDX-License-Identifier: GPL-3.0-or-later
 * The embedded Lambda service: one process, one epoll loop, libmicrohttpd for both APIs, real
 * processes as execution environments. `coldprof local serve`.
 */
#ifndef COLDPROF_PROBES_LOCAL_SERVE_H
#define COLDPROF_PROBES_LOCAL_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "probes/aws/credentials.h"

struct cp_serve_options {
    const char *const *folders; /* function folders, or NAME=FOLDER */
    size_t n_folders;
    const char *listen; /* NULL: 127.0.0.1 */
    int port;           /* 0: any free one */
    int ready_fd;       /* -1, or where one JSON line is written when it listens (then closed) */
    const char *region; /* NULL: us-east-1 */
    struct cp_credentials credentials; /* requests must be signed with these */
    const char *idle_lifetime;         /* NULL: the default law; see cp_idle_law_parse */
    bool throttle_init;                /* CPU share in the INIT phase too */
    bool no_cpu_share;                 /* no cgroup: every size has a full core */
    const char *account_id;            /* 12 digits; NULL: 000000000000 */
    int account_concurrency;           /* 0: 1,000 */
    int update_delay_ms;               /* LastUpdateStatus InProgress; -1: default */
    int control_rate;                  /* control-plane requests a second, 15 on AWS; 0: no limit */
    uint64_t seed;
    const char *tmp_dir;  /* NULL: /tmp; a private folder is made there, for code and runtimes */
    const char *log_file; /* NULL, or where function logs are appended (REPORT lines too) */
    int parent_pid;       /* > 0: end when this process is gone */
    bool is_quiet;     /* without log_file, function logs go to standard error unless this is set */
    int init_limit_ms; /* of the INIT phase; 0: 10,000 as on AWS */
    int head_limit_ms; /* for the first request head of a connection; 0: 10,000 */
};

/* Serves until SIGINT or SIGTERM (or the parent ends), then ends every environment, removes its
 * cgroups and returns CP_OK. Fails before serving with a message that names the fix: port taken,
 * no writable cgroup, folder without bootstrap, ...
 * Ready line: {"endpoint":"http://127.0.0.1:PORT","region":"us-east-1","account_id":"...",
 *  "functions":["hello-python"],"cgroup":"v1|v2|none","cfs_period_ms":20,"idle_lifetime":"...",
 *  "cpu_model":"...","cores":2,"kernel":"..."} or {"error":"..."} when it cannot serve. */
enum cp_code cp_serve(const struct cp_serve_options *options, struct cp_error *err);

/* "fixed:6s", "uniform:4s-8s", "exponential:6s", "weibull:2:6s", "never". */
enum cp_idle_law_kind {
    CP_IDLE_FIXED,
    CP_IDLE_UNIFORM,
    CP_IDLE_EXPONENTIAL,
    CP_IDLE_WEIBULL,
    CP_IDLE_NEVER
};
struct cp_idle_law {
    enum cp_idle_law_kind kind;
    double a, b; /* ms; weibull: shape, scale ms */
};
#define CP_IDLE_LAW_DEFAULT "uniform:4s-8s"
enum cp_code cp_idle_law_parse(const char *text, struct cp_idle_law *out, struct cp_error *err);

#endif
