/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where logs come from: files, folders, patterns and standard input, plain or gzip. Bytes come out
 * inflated. Nothing is read whole; memory is constant.
 *
 * Ownership: cp_log_files_find / cp_log_files_clear, cp_log_input_open / cp_log_input_close.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_INPUT_H
#define COLDPROF_PROBES_LOG_LOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_log_file {
    char *path;   /* "-" is standard input */
    char *stream; /* log stream told by the path of an S3 export, else NULL */
    char *group;  /* log group told by the path; NULL */
    int64_t size; /* bytes on disk; -1 unknown */
};
struct cp_log_files {
    struct cp_log_file *files; /* sorted by path within one argument */
    size_t n, cap;
    int64_t size;         /* of all whose size is known */
    size_t n_write_tests; /* left out: "aws-logs-write-test", which an S3 export leaves */
    size_t n_again;       /* left out: another name or a link of a file that is there already */
};
/* Files, folders (all files below), patterns (glob, quoted from the shell), "-". The same file
 * under two names is there once: no record counts twice. CP_ENOTFOUND names the argument;
 * CP_EINVAL: "-" twice. cp_log_files_clear it, also after a failure. */
enum cp_code cp_log_files_find(const char *const *arguments, size_t n, struct cp_log_files *out,
                               struct cp_error *err);
void cp_log_files_clear(struct cp_log_files *files);

struct cp_log_input;

/* A regular file is looked at here; a pipe at the first read. CP_ENOTFOUND, CP_EDENIED, CP_EIO;
 * CP_EUNSUPPORTED: a folder, or packed in another way than gzip (says how to unpack it);
 * CP_EINTERRUPTED: while waiting for the writer of a named pipe. */
enum cp_code cp_log_input_open(const char *path, struct cp_log_input **out, struct cp_error *err);
void cp_log_input_close(struct cp_log_input *self); /* NULL is fine */
/* Asked several times a second while a read waits for a pipe; then the read fails with
 * CP_EINTERRUPTED. */
void cp_log_input_stop_when(struct cp_log_input *self, bool (*is_interrupted)(void *context),
                            void *context);
/* Up to `n` inflated bytes into `to`; 0 at the end. A gzip file may hold several members. Damage,
 * also of the disk, ends the input after the bytes before it: CP_OK with 0, and
 * cp_log_input_damage says what. CP_EUNSUPPORTED of a pipe as above. */
enum cp_code cp_log_input_read(struct cp_log_input *self, char *to, size_t n, size_t *got,
                               struct cp_error *err);
bool cp_log_input_is_gzip(const struct cp_log_input *self);
/* It has a beginning to which one can go back, and the size that it says. */
bool cp_log_input_is_regular(const struct cp_log_input *self);
/* "" or what is wrong with the data, and where. */
const char *cp_log_input_damage(const struct cp_log_input *self);
/* Bytes read from disk or pipe so far. */
int64_t cp_log_input_taken(const struct cp_log_input *self);

#endif
