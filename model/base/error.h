/* SPDX-License-Identifier: GPL-3.0-or-later
 * Error codes and messages.
 *
 * A fallible function returns `enum cp_code` and takes `struct cp_error *err` last.
 * On failure the callee leaves a message complete enough to print; the caller decides
 * what to do with it. No allocation, no ownership. `err` may be NULL everywhere.
 * Message form: lower case, no full stop, subject in single quotes:
 *     cannot read 'x.log': line 14: 'Billed Duration' is not a number
 */
#ifndef COLDPROF_MODEL_BASE_ERROR_H
#define COLDPROF_MODEL_BASE_ERROR_H

#include <stddef.h>

/* code, default text */
#define CP_CODE_LIST(X)                                                                            \
    X(CP_OK, "ok")                                                                                 \
    X(CP_EINVAL, "invalid value")    /* a value given by the user or a caller */                   \
    X(CP_EFORMAT, "malformed input") /* bytes that do not parse */                                 \
    X(CP_ELIMIT, "limit exceeded")   /* a documented size or depth limit */                        \
    X(CP_ENOMEM, "out of memory")                                                                  \
    X(CP_EIO, "input/output error") /* file, pipe or socket */                                     \
    X(CP_ENOTFOUND, "not found")                                                                   \
    X(CP_EEXIST, "already exists")                                                                 \
    X(CP_ECONFLICT, "conflict") /* 409/412, or changed by somebody else */                         \
    X(CP_EDENIED, "access denied")                                                                 \
    X(CP_ETHROTTLED, "throttled")                                                                  \
    X(CP_ETIMEOUT, "timed out")                                                                    \
    X(CP_EREMOTE, "remote error")           /* the service answered with an error */               \
    X(CP_ENODATA, "not enough data")        /* below the smallest valid n */                       \
    X(CP_ENUMERIC, "no numerical solution") /* a fit or a root that did not converge */            \
    X(CP_EUNSUPPORTED, "not supported here")                                                       \
    X(CP_EINTERRUPTED, "interrupted")                                                              \
    X(CP_EBUSY, "in use")

enum cp_code {
#define CP_CODE_ENUM(code, text) code,
    CP_CODE_LIST(CP_CODE_ENUM)
#undef CP_CODE_ENUM
};

#define CP_ERROR_TEXT_MAX 768

struct cp_error {
    enum cp_code code;
    char text[CP_ERROR_TEXT_MAX];
};

/* Default text of a code; never NULL. */
const char *cp_code_text(enum cp_code code);

/* Sets code and message (truncated at CP_ERROR_TEXT_MAX); returns `code` so that callers write
 * `return cp_fail(err, CP_EIO, "cannot open '%s': %s", path, strerror(errno))`. */
enum cp_code cp_fail(struct cp_error *err, enum cp_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the message already in `err`; returns err->code. */
enum cp_code cp_fail_context(struct cp_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
