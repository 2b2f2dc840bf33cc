/* SPDX-License-Identifier: GPL-3.0-or-later
 * The shared files of the AWS tools, ~/.aws/config and ~/.aws/credentials, read into one set of
 * sections. The grammar is that of the SDKs' parser tests: continuations, comments, sub-properties,
 * merging. Nothing here opens a file.
 *
 * Ownership: `struct cp_ini` starts as {0} and is emptied with cp_ini_clear, which wipes every
 * value. Sections and properties are borrowed until the next cp_ini_add. One thread.
 * Errors name file and line, never what the line holds: it may be a secret.
 */
#ifndef COLDPROF_PROBES_AWS_INI_H
#define COLDPROF_PROBES_AWS_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/base/view.h"

enum cp_ini_file { CP_INI_CONFIG, CP_INI_CREDENTIALS };
enum cp_ini_kind { CP_INI_PROFILE, CP_INI_SSO_SESSION, CP_INI_SERVICES };

enum {
    CP_INI_BYTES_MAX = 4 << 20, /* of one file */
    CP_INI_LINE_MAX = 1 << 20,
    CP_INI_JOINED_MAX = 16 << 10, /* of a value that goes on in further lines */
    CP_INI_SECTIONS_MAX = 4096,
    CP_INI_PROPERTIES_MAX = 4096, /* of one section */
};

struct cp_ini_property {
    char *name;  /* lower case */
    char *value; /* continuation lines are joined with '\n' */
    enum cp_ini_file file;
    int line; /* where it begins, from 1 */
};

struct cp_ini_section {
    enum cp_ini_kind kind;
    char *name;
    struct cp_ini_property *properties;
    size_t n, cap;
    bool is_prefixed; /* [profile default], which beats [default] in the same file */
};

struct cp_ini {
    struct cp_ini_section *sections;
    size_t n, cap;
};

/* Merges one file into the set; a property that is there already is replaced, so the credentials
 * file is added last. `path` is for messages. Sections and properties with invalid names are left
 * out. CP_EFORMAT, CP_ELIMIT or CP_ENOMEM; the set is then to be cleared. */
enum cp_code cp_ini_add(struct cp_ini *ini, enum cp_ini_file file, const char *path,
                        struct cp_view text, struct cp_error *err);
void cp_ini_clear(struct cp_ini *ini);

/* NULL when there is none. Section names are case-sensitive, property names are not. */
const struct cp_ini_section *cp_ini_section(const struct cp_ini *ini, enum cp_ini_kind kind,
                                            const char *name);
const struct cp_ini_property *cp_ini_property(const struct cp_ini_section *section,
                                              const char *name);
/* Value of a property; NULL when `section` is NULL or has none. */
const char *cp_ini_get(const struct cp_ini_section *section, const char *name);

/* "endpoint_url" of the value "\nendpoint_url = x\n...": an empty view when absent. */
struct cp_view cp_ini_sub_property(const char *value, const char *name);

#endif
