/* SPDX-License-Identifier: GPL-3.0-or-later
 * The byte files of reference/hostile/http, as far as the head decides; chunk sizes, pipelining and
 * timeouts are the server's.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/local/api_route.h"
#include "probes/os/file.h"

static const char *reference(void)
{
    const char *folder = getenv("COLDPROF_REFERENCE");
    const char *ci = getenv("CI");
    if (folder && cp_file_is_dir(folder))
        return folder;
    if (ci && strcmp(ci, "true") == 0)
        fail_msg("no reference data in COLDPROF_REFERENCE");
    print_message("skipped: no reference data in COLDPROF_REFERENCE\n");
    skip();
    return NULL;
}

/* Status of the first refusal on the way: split, check, route; 0 when none. */
static int first_refusal(struct cp_view bytes, enum cp_head_status *parsed)
{
    struct cp_header headers[CP_HEAD_HEADERS_MAX];
    struct cp_raw_request raw;
    struct cp_api_request request;
    struct cp_api_response response;
    size_t head_size = 0;
    cp_api_response_init(&response);
    *parsed = cp_api_parse_head(bytes, headers, &raw, &head_size, &response);
    if (*parsed == CP_HEAD_COMPLETE && cp_api_check_head(&raw, NULL, &response))
        (void)cp_api_route(&raw, &request, &response);
    cp_api_response_clear(&response);
    return response.status;
}

static const struct {
    const char *file;
    enum cp_head_status parsed;
    int status;
} cases[] = {
    {"cl-te.raw", CP_HEAD_COMPLETE, 400},          {"two-cl.raw", CP_HEAD_COMPLETE, 400},
    {"cl-huge.raw", CP_HEAD_COMPLETE, 413},        {"obs-fold.raw", CP_HEAD_REFUSED, 400},
    {"host-rebinding.raw", CP_HEAD_COMPLETE, 421}, {"traversal-encoded.raw", CP_HEAD_COMPLETE, 400},
    {"header-long.raw", CP_HEAD_REFUSED, 431},     {"tls-hello.raw", CP_HEAD_REFUSED, 400},
    {"half-request.raw", CP_HEAD_PARTIAL, 0},      {"pipeline.raw", CP_HEAD_COMPLETE, 0},
    {"chunk-neg.raw", CP_HEAD_COMPLETE, 0},
};

static void each_hostile_request_meets_its_refusal(void **state)
{
    const char *folder = reference();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[4096];
        struct cp_buf bytes;
        struct cp_error err;
        enum cp_head_status parsed = CP_HEAD_PARTIAL;
        print_message("%s\n", cases[i].file);
        cp_buf_init(&bytes, 1 << 20);
        (void)snprintf(path, sizeof path, "%s/hostile/http/%s", folder, cases[i].file);
        assert_int_equal(cp_file_read(path, &bytes, &err), CP_OK);
        assert_int_equal(first_refusal(cp_buf_view(&bytes), &parsed), cases[i].status);
        assert_int_equal(parsed, cases[i].parsed);
        cp_buf_clear(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_hostile_request_meets_its_refusal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
