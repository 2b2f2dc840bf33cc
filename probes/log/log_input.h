/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where logs come from: files, folders, patterns and standard input, plain or gzip. Bytes come out
 * inflated. Nothing is read whole; memory is constant.
 *
 * Ownership: cp_log_input_open / cp_log_input_close.
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
    char *group;  /* NULL */
    int64_t size; /* bytes on disk; -1 unknown */
};
struct cp_log_files {
    struct cp_log_file *files; /* sorted by path within one argument */
    size_t n, cap;
    int64_t size; /* of all whose size is known */
};
/* Files, folders (all files below), patterns (glob, quoted from the shell), "-". CP_ENOTFOUND names
 * the argument; CP_EINVAL: "-" twice. cp_log_files_clear it, also after a failure. */
enum cp_code cp_log_files_find(const char *const *arguments, size_t n, struct cp_log_files *out,
                               struct cp_error *err);
void cp_log_files_clear(struct cp_log_files *files);

struct cp_log_input;

enum cp_code cp_log_input_open(const char *path, struct cp_log_input **out, struct cp_error *err);
void cp_log_input_close(struct cp_log_input *input);
/* Up to `n` inflated bytes into `to`; 0 at the end. A gzip file may hold several members. Damage
 * ends the input after the bytes before it: CP_OK with 0, and cp_log_input_damage says what. */
enum cp_code cp_log_input_read(struct cp_log_input *input, char *to, size_t n, size_t *got,
                               struct cp_error *err);
bool cp_log_input_is_gzip(const struct cp_log_input *input);
/* "" or what is wrong with the gzip data, and where. */
const char *cp_log_input_damage(const struct cp_log_input *input);
/* Bytes read from disk or pipe so far. */
int64_t cp_log_input_taken(const struct cp_log_input *input);

#endif
