/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compares each output of signing on its own, so that a failure says which step went wrong.
 */
#ifndef COLDPROF_TESTS_AWS_SIGV4_EXPECT_H
#define COLDPROF_TESTS_AWS_SIGV4_EXPECT_H

#include "probes/aws/sigv4.h"

struct sigv4_expected {
    const char *name; /* of the case, printed when it fails */
    const char *canonical_request;
    const char *string_to_sign;
    const char *signed_headers; /* NULL: not given */
    const char *signature;
    const char *authorization;
};

void sigv4_expect(const struct cp_sigv4 *got, const struct sigv4_expected *expected);

/* The whole file as a C string (free it); fails the test when it cannot be read. */
char *read_text(const char *path);

#endif
