/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/service_invariants.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "probes/local/api_route.h"
#include "probes/local/code_zip.h"
#include "probes/local/control.h"
#include "probes/local/folder_ini.h"
#include "probes/local/json_out.h"
#include "probes/local/json_text.h"
#include "probes/os/file_tree.h"

enum { NOW_MS = 1000, OUT_MAX = 1 << 20 };

static void must_hold(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static bool is_inside(struct cp_view part, struct cp_view whole)
{
    return part.n == 0 || ((uintptr_t)part.p >= (uintptr_t)whole.p &&
                           (uintptr_t)part.p + part.n <= (uintptr_t)whole.p + whole.n);
}

static void must_be_answer(const struct cp_api_response *response)
{
    size_t offset = 0;
    struct cp_view body = {response->body.p, response->body.n};
    must_hold(response->status >= 200 && response->status < 600, "the status is one of HTTP");
    must_hold(body.n == 0 || cp_json_is_valid(body, &offset), "the body is JSON");
}

static enum cp_code unpack(void *context, struct cp_view zip, struct cp_function_folder *folder,
                           struct cp_error *err)
{
    (void)context;
    (void)err;
    (void)cp_view_copy(cp_view_of(zip.n ? "def=" : "ghi="), folder->code_sha256,
                       sizeof folder->code_sha256);
    return CP_OK;
}

/* Made anew now and then, for inputs add functions to it; reachable until the end. */
static struct cp_control *one_control(void)
{
    enum { INPUTS = 200 };
    static struct cp_control *control;
    static int n;
    if (control && ++n % INPUTS)
        return control;
    cp_control_free(control);
    static const struct cp_function_folder folder = {.name = "hello",
                                                     .dir = "/nowhere/hello",
                                                     .program = "/nowhere/hello/bootstrap",
                                                     .handler = "bootstrap",
                                                     .runtime = "provided.al2023",
                                                     .architecture = "x86_64",
                                                     .code_sha256 = "abc=",
                                                     .timeout_s = 3,
                                                     .memory_size_mb = 128};
    const struct cp_control_options options = {.region = "us-east-1",
                                               .account_id = "123456789012",
                                               .account_concurrency = 1000,
                                               .seed = 1,
                                               .code = {.unpack = unpack}};
    struct cp_error err = {0};
    must_hold(cp_control_new(&options, &control, &err) == CP_OK &&
                  cp_control_add_function(control, &folder, NOW_MS, &err) == CP_OK,
              "a control plane with one function");
    return control;
}

static void answer(const struct cp_raw_request *raw, struct cp_api_response *response)
{
    static const struct cp_credentials credentials = {.access_key_id = "AKIDEXAMPLE",
                                                      .secret_access_key = "secret"};
    struct cp_api_request request;
    if (!cp_api_check_head(raw, "127.0.0.1:9001", response))
        return;
    if (!cp_api_verify(raw, &(struct cp_api_signer){&credentials, "us-east-1", "lambda"}, NOW_MS,
                       response)) {
        must_be_answer(response); /* and on, as if it were signed */
        cp_api_response_clear(response);
        cp_api_response_init(response);
    }
    if (!cp_api_route(raw, &request, response))
        return;
    struct cp_configuration configuration;
    if (request.operation != CP_API_INVOKE &&
        request.operation != CP_API_INVOKE_WITH_RESPONSE_STREAM)
        cp_control_handle(one_control(), &request, NOW_MS, response);
    else if (cp_control_resolve(one_control(), request.function, request.qualifier, 0.5,
                                &configuration, response))
        response->status = 200;
}

void request_invariants_hold(struct cp_view bytes)
{
    struct cp_header headers[CP_HEAD_HEADERS_MAX];
    struct cp_raw_request raw;
    size_t head_size = 0;
    struct cp_api_response response;
    cp_api_response_init(&response);
    enum cp_head_status status = cp_api_parse_head(bytes, headers, &raw, &head_size, &response);
    if (status == CP_HEAD_COMPLETE) {
        must_hold(head_size <= bytes.n && raw.n_headers <= CP_HEAD_HEADERS_MAX, "head size");
        must_hold(is_inside(raw.method, bytes) && is_inside(raw.target, bytes) &&
                      is_inside(raw.body, bytes),
                  "the request lies inside the input");
        answer(&raw, &response);
    }
    if (status != CP_HEAD_PARTIAL)
        must_be_answer(&response);
    cp_api_response_clear(&response);
}

void code_zip_invariants_hold(struct cp_view bytes)
{
    struct cp_error err = {0};
    char root[] = "/tmp/coldprof-fuzz-XXXXXX";
    char inner[sizeof root + sizeof "/in"];
    must_hold(mkdtemp(root) != NULL, "a folder");
    (void)snprintf(inner, sizeof inner, "%s/in", root);
    must_hold(mkdir(inner, S_IRWXU) == 0, "a folder in it");
    enum cp_code code = cp_code_zip_extract(bytes, inner, &err);
    must_hold(!code || err.text[0], "a refusal says why");
    must_hold(cp_file_remove_tree(inner, &err) == CP_OK, "it can be removed");
    must_hold(rmdir(root) == 0, "nothing is beside it");
}

void function_ini_invariants_hold(struct cp_view bytes)
{
    static struct cp_function_folder folder;
    struct cp_error err = {0};
    folder = (struct cp_function_folder){.timeout_s = 3, .memory_size_mb = 128};
    if (cp_folder_ini_read("function.ini", bytes, &folder, &err) != CP_OK) {
        must_hold(err.text[0] != '\0', "a refusal says why");
        return;
    }
    must_hold(folder.timeout_s >= 1 && folder.timeout_s <= 900, "timeout in range");
    must_hold(folder.memory_size_mb >= 128 && folder.memory_size_mb <= 10240, "memory in range");
    must_hold(folder.n_env <= CP_FOLDER_ENV_MAX, "environment in range");
}

void json_text_invariants_hold(struct cp_view bytes)
{
    size_t offset = 0;
    if (!cp_json_is_valid(bytes, &offset))
        must_hold(offset <= bytes.n, "the fault lies inside the input");
    struct cp_buf out;
    cp_buf_init(&out, OUT_MAX);
    cp_json_add_string(&out, bytes);
    must_hold(cp_json_is_valid((struct cp_view){out.p, out.n}, &offset), "a string is JSON");
    cp_buf_clear(&out);
}
