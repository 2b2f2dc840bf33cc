/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/sigv4_expect.h"

#include <stdlib.h>
#include <string.h>

#include "probes/os/file.h"
#include "tests/test.h"

static void expect_text(const char *name, const char *step, const char *got, const char *expected)
{
    if (strcmp(got, expected) != 0)
        fail_msg("%s: %s differs\n--- got\n%s\n--- expected\n%s", name, step, got, expected);
}

void sigv4_expect(const struct cp_sigv4 *got, const struct sigv4_expected *expected)
{
    const char *name = expected->name;
    expect_text(name, "canonical request", cp_buf_str(&got->canonical_request),
                expected->canonical_request);
    expect_text(name, "string to sign", cp_buf_str(&got->string_to_sign), expected->string_to_sign);
    if (expected->signed_headers)
        expect_text(name, "signed headers", cp_buf_str(&got->signed_headers),
                    expected->signed_headers);
    expect_text(name, "signature", got->signature, expected->signature);
    expect_text(name, "authorization", cp_buf_str(&got->authorization), expected->authorization);
}

char *read_text(const char *path)
{
    struct cp_buf text;
    struct cp_error err;
    cp_buf_init(&text, 1 << 20);
    if (cp_file_read(path, &text, &err))
        fail_msg("%s", err.text);
    char *p = cp_buf_take(&text, NULL);
    if (!p)
        fail_msg("'%s' is empty", path);
    return p;
}
