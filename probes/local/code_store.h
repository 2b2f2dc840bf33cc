/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where the control plane has its code work done (struct cp_control_code): archives are unpacked
 * into a private folder, interpreters are found once, links are made and honoured.
 */
#ifndef COLDPROF_PROBES_LOCAL_CODE_STORE_H
#define COLDPROF_PROBES_LOCAL_CODE_STORE_H

#include "probes/local/control.h"

enum { CP_CODE_STORE_RUNTIMES_MAX = 16 };

struct cp_code_store {
    const char *dir;  /* a private folder; packages come below it */
    const char *host; /* HOST:PORT of the links; NULL until the service listens */
    struct cp_code_link_key key;
    /* Answers of interpreters, which take some 30 ms to say who they are. */
    struct cp_prepared {
        char asked[64], runtime[64];
        char program[PATH_MAX];
    } prepared[CP_CODE_STORE_RUNTIMES_MAX];
    size_t n_prepared;
};

/* `dir` is borrowed. */
enum cp_code cp_code_store_init(struct cp_code_store *store, const char *dir, struct cp_error *err);
/* The operations on this store, for the control plane's options. */
struct cp_control_code cp_code_store_operations(struct cp_code_store *store);

/* The archive that a code link names: appends it to `archive`. CP_EDENIED: not a link of ours, or
 * expired; CP_ENOTFOUND: no such code any more; CP_EINVAL: the folder was changed since the service
 * read it. */
enum cp_code cp_code_store_fetch(const struct cp_code_store *store,
                                 const struct cp_control *control, const struct cp_code_link *link,
                                 int64_t now_ms, struct cp_buf *archive, struct cp_error *err);

#endif
