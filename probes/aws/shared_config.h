/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the user has set for AWS: the environment, the two shared files and the chosen profile.
 *
 * Ownership: cp_shared_config_read fills a struct that cp_shared_config_clear empties (secrets are
 * wiped), also after a failure. Texts are borrowed until then. The environment is asked through the
 * given getter, files through `read_file`.
 */
#ifndef COLDPROF_PROBES_AWS_SHARED_CONFIG_H
#define COLDPROF_PROBES_AWS_SHARED_CONFIG_H

#include "model/base/buf.h"
#include "probes/aws/credentials.h"
#include "probes/aws/ini.h"

enum { CP_SHARED_PATH_MAX = 4096, CP_PROFILE_NAME_MAX = 256 };

/* Appends a file to `out`; CP_ENOTFOUND when there is none. */
typedef enum cp_code (*cp_read_file_fn)(void *context, const char *path, struct cp_buf *out,
                                        struct cp_error *err);

struct cp_shared_config_options {
    cp_getenv_fn get;
    void *get_context;
    const char *profile;       /* as named on the command line; NULL: AWS_PROFILE, else default */
    cp_read_file_fn read_file; /* NULL: the file system */
    void *read_context;
};

struct cp_shared_config {
    struct cp_shared_config_options options;
    char home[CP_SHARED_PATH_MAX];        /* "" when HOME is not set */
    char config_path[CP_SHARED_PATH_MAX]; /* "" when neither it nor HOME is set */
    char credentials_path[CP_SHARED_PATH_MAX];
    char profile[CP_PROFILE_NAME_MAX];
    bool is_profile_explicit; /* named on the command line: the environment's keys do not count */
    struct cp_ini ini;
};

/* Finds and reads the files (a missing one is empty). CP_ENOTFOUND: a profile was named and is in
 * neither; the message lists those that are. Else cp_ini_add's and the reader's codes. */
enum cp_code cp_shared_config_read(const struct cp_shared_config_options *options,
                                   struct cp_shared_config *out, struct cp_error *err);
void cp_shared_config_clear(struct cp_shared_config *config);

/* The environment's value; NULL when unset or empty. */
const char *cp_shared_variable(const struct cp_shared_config *config, const char *name);
/* A profile by name, and the chosen one; NULL when no file has it. */
const struct cp_ini_section *cp_shared_profile_named(const struct cp_shared_config *config,
                                                     const char *name);
const struct cp_ini_section *cp_shared_profile(const struct cp_shared_config *config);
/* The variable, else the property of the chosen profile; NULL when neither is set. */
const char *cp_shared_setting(const struct cp_shared_config *config, const char *variable,
                              const char *property);
/* The same as a claim: "true" in any case is true, all else is false. */
bool cp_shared_claim(const struct cp_shared_config *config, const char *variable,
                     const char *property);
/* Reads a file that may hold a secret, by the options' reader; the caller wipes `out`. */
enum cp_code cp_shared_read_file(const struct cp_shared_config *config, const char *path,
                                 struct cp_buf *out, struct cp_error *err);
/* Wipes what a buffer holds, then empties it. */
void cp_shared_wipe(struct cp_buf *secret);

#endif
