/* SPDX-License-Identifier: GPL-3.0-or-later
 * A function as a folder: an executable `bootstrap` (custom-runtime convention), or a
 * `function.ini` that names handler, runtime, timeout, memory and environment, for which small
 * bootstraps of ours are shipped (python3, nodejs).
 */
#ifndef COLDPROF_PROBES_LOCAL_FUNCTION_FOLDER_H
#define COLDPROF_PROBES_LOCAL_FUNCTION_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"

enum { CP_FOLDER_ENV_MAX = 64, CP_HANDLER_MAX = 128 };

struct cp_code_package;

struct cp_env_pair {
    char name[64];
    char value[1024];
};

struct cp_function_folder {
    char name[72];            /* folder's name unless function.ini says otherwise */
    char dir[PATH_MAX];       /* absolute */
    char program[PATH_MAX];   /* what is executed: bootstrap or the interpreter */
    char bootstrap[PATH_MAX]; /* argv[1] of an interpreter; "" here: who ships them sets it */
    char handler[160];
    char runtime[64];      /* provided.al2023, python3.11, nodejs20.x: as found here */
    char architecture[16]; /* of this machine */
    char code_sha256[72];  /* base64 SHA-256 of the code as a zip archive (code_zip.h) */
    int64_t code_size;     /* of that archive */
    int timeout_s;         /* default 3, as on AWS */
    int memory_size_mb;    /* default 128 */
    bool is_snap_start;    /* snap_start = published-versions */
    bool is_image;         /* package_type = Image: bootstrap stands for its entry point */
    struct cp_env_pair env[CP_FOLDER_ENV_MAX];
    size_t n_env;
    struct cp_code_package
        *package; /* the code that came as a zip archive; NULL: a user's folder */
};

#define CP_FOLDER_SEARCH_PATH "/usr/local/bin:/usr/bin:/bin"

/* Folder names as AWS has them: [a-zA-Z0-9-_]{1,64}. */
bool cp_function_name_is_valid(struct cp_view name);

struct cp_function_folder_options {
    struct cp_view name;     /* instead of the one it has; empty: that one */
    const char *search_path; /* where interpreters are looked for; NULL: CP_FOLDER_SEARCH_PATH */
    int ask_timeout_ms;      /* for an interpreter to say its version; 0: 10,000 */
};

/* Machine, timeout and memory of a function that says nothing. */
void cp_function_folder_init(struct cp_function_folder *out);

/* How code in out->dir is run under out->runtime, which becomes the runtime that is really here. A
 * custom runtime executes `bootstrap`, whether it is there or not: that shows at the first start,
 * as on AWS. CP_EINVAL: unknown runtime, or one that is not installed. */
enum cp_code cp_function_folder_prepare(const struct cp_function_folder_options *options,
                                        struct cp_function_folder *out, struct cp_error *err);

/* Of "NAME=FOLDER" its name, so that folders whose functions have equal names are told apart, and
 * the folder goes to `*path`; empty when `argument` is a folder as it stands. */
struct cp_view cp_function_folder_split(const char *argument, const char **path);

/* Only what it is called and where it is: `out` has name and dir, and what function.ini says. */
enum cp_code cp_function_folder_find(const char *path, struct cp_function_folder *out,
                                     struct cp_error *err);

/* CP_ENOTFOUND: no such folder; CP_EINVAL: neither bootstrap nor function.ini, bootstrap not
 * executable, unknown runtime, interpreter missing, bad key (with line number). */
enum cp_code cp_function_folder_read(const char *path, struct cp_function_folder *out,
                                     struct cp_error *err);
enum cp_code cp_function_folder_read_with(const char *path,
                                          const struct cp_function_folder_options *options,
                                          struct cp_function_folder *out, struct cp_error *err);

#endif
