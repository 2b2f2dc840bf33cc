/* SPDX-License-Identifier: GPL-3.0-or-later
 * The log of one execution environment: what the function writes and the platform records between,
 * in order. Goes line by line to the service's log descriptor, in the form of `aws logs tail`
 * (time, stream, message), and event by event into the store of logs; its last 4 KB since START are
 * kept for X-Amz-Log-Result.
 * Bounded: a line over 64 KB is cut into pieces.
 */
#ifndef COLDPROF_PROBES_LOCAL_ENV_LOG_H
#define COLDPROF_PROBES_LOCAL_ENV_LOG_H

#include <stdbool.h>

#include "probes/local/log_store.h"

enum { CP_LOG_TAIL_MAX = 4096, CP_LOG_LINE_MAX = 64 * 1024 };

struct cp_env_log {
    char stream[160];           /* 2026/10/08/[$LATEST]<32 hex> */
    const char *group;          /* log group in the store. Borrowed */
    struct cp_log_store *store; /* NULL: not kept. Borrowed */
    bool has_line_ends; /* messages in the store end in LF, as those of Lambda's text format do */
    int sink_fd;        /* where lines are appended; -1: nowhere. Borrowed */
    bool has_tail;      /* a request is being logged */
    struct cp_buf line; /* without an end yet */
    struct cp_buf message; /* the line on its way into the store */
    struct cp_buf tail;    /* at most CP_LOG_TAIL_MAX bytes */
    struct cp_buf out; /* whole lines for the sink: written in one piece, so that lines of several
                          environments in one file do not mix */
};

void cp_env_log_init(struct cp_env_log *log, int sink_fd);
void cp_env_log_clear(struct cp_env_log *log);
/* Output of the function: any bytes. */
void cp_env_log_add(struct cp_env_log *log, struct cp_view bytes, int64_t now_ms);
/* A platform record, or "": ends an unfinished line first. */
void cp_env_log_record(struct cp_env_log *log, struct cp_view record, int64_t now_ms);
/* The tail begins to be kept, empty. */
void cp_env_log_begin_tail(struct cp_env_log *log);
/* Reads all that is in the pipe; false when the other end is closed. At most 1 MB a call, so that
 * one noisy function does not keep the others waiting. */
bool cp_env_log_drain(struct cp_env_log *log, int fd, int64_t now_ms);

#endif
