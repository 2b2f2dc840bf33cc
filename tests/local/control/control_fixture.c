/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/local/control/control_fixture.h"

#include "tests/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_retired(void *context, int64_t configuration_id)
{
    struct fixture *f = context;
    assert_true(f->n_retired < FIXTURE_EVENTS_MAX);
    f->retired[f->n_retired++] = configuration_id;
}

static void on_provisioned(void *context, int64_t configuration_id, int count)
{
    struct fixture *f = context;
    assert_true(f->n_provisioned < FIXTURE_EVENTS_MAX);
    f->provisioned[f->n_provisioned++] = (struct provisioned_event){configuration_id, count};
}

/* An archive of the fixture is any bytes; its hash is the bytes themselves. */
static enum cp_code unpack(void *context, struct cp_view zip, struct cp_function_folder *folder,
                           struct cp_error *err)
{
    struct fixture *f = context;
    if (cp_view_is(zip, "broken"))
        return cp_fail(err, CP_EINVAL, "Could not unzip uploaded file");
    f->n_unpacked++;
    folder->code_size = (int64_t)zip.n;
    (void)snprintf(folder->dir, sizeof folder->dir, "/unpacked/%d", f->n_unpacked);
    (void)cp_view_copy(zip, folder->code_sha256, sizeof folder->code_sha256);
    return CP_OK;
}

static enum cp_code prepare(void *context, struct cp_function_folder *folder, struct cp_error *err)
{
    (void)context;
    (void)snprintf(folder->program, sizeof folder->program, "/programs/%.40s", folder->runtime);
    return strcmp(folder->runtime, "cobol") == 0 ? cp_fail(err, CP_EINVAL, "no such runtime")
                                                 : CP_OK;
}

static void locate(void *context, const char *function, const char *sha256_base64, int64_t now_ms,
                   char out[CP_CODE_LINK_MAX])
{
    (void)context;
    (void)now_ms;
    (void)snprintf(out, CP_CODE_LINK_MAX, "http://fixture/%s/%s", function, sha256_base64);
}

void fixture_folder(struct cp_function_folder *out, const char *name)
{
    *out = (struct cp_function_folder){
        .dir = "/functions/hello",
        .handler = "app.handler",
        .runtime = "python3.11",
        .architecture = "x86_64",
        .code_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        .code_size = 1234,
        .timeout_s = 3,
        .memory_size_mb = 128,
    };
    (void)cp_view_copy(cp_view_of(name), out->name, sizeof out->name);
}

void fixture_add(struct fixture *f, const char *name)
{
    struct cp_function_folder folder;
    struct cp_error err;
    fixture_folder(&folder, name);
    assert_int_equal(cp_control_add_function(f->control, &folder, f->now_ms, &err), CP_OK);
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct cp_error err;
    assert_non_null(f);
    f->now_ms = INT64_C(1774000000000);
    cp_api_response_init(&f->response);
    struct cp_control_options options = {
        .region = "eu-west-1",
        .account_id = "123456789012",
        .account_concurrency = FIXTURE_ACCOUNT,
        .update_delay_ms = FIXTURE_DELAY_MS,
        .seed = 7,
        .events = {.context = f, .on_retired = on_retired, .on_provisioned = on_provisioned},
        .code = {f, unpack, prepare, locate},
    };
    assert_int_equal(cp_control_new(&options, &f->control, &err), CP_OK);
    fixture_add(f, "hello");
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    cp_control_free(f->control);
    cp_api_response_clear(&f->response);
    cJSON_Delete(f->json);
    free(f);
    return 0;
}

int fixture_call(struct fixture *f, struct cp_api_request request, const char *body)
{
    cp_api_response_clear(&f->response);
    cp_api_response_init(&f->response);
    cJSON_Delete(f->json);
    f->json = NULL;
    request.body = cp_view_of(body);
    cp_control_handle(f->control, &request, f->now_ms, &f->response);
    f->json = cJSON_ParseWithLength(cp_buf_str(&f->response.body), f->response.body.n);
    if (f->response.status != 204)
        assert_non_null(f->json);
    else
        assert_int_equal(f->response.body.n, 0);
    return f->response.status;
}

int fixture_do(struct fixture *f, enum cp_api_operation operation, const char *body)
{
    return fixture_call(f, (struct cp_api_request){.operation = operation, .function = "hello"},
                        body);
}

int fixture_do_qualified(struct fixture *f, enum cp_api_operation operation, const char *qualifier,
                         const char *body)
{
    struct cp_api_request request = {.operation = operation, .function = "hello"};
    assert_true(cp_view_copy(cp_view_of(qualifier), request.qualifier, sizeof request.qualifier));
    return fixture_call(f, request, body);
}

int fixture_do_alias(struct fixture *f, enum cp_api_operation operation, const char *alias,
                     const char *body)
{
    struct cp_api_request request = {.operation = operation, .function = "hello"};
    assert_true(cp_view_copy(cp_view_of(alias), request.alias, sizeof request.alias));
    return fixture_call(f, request, body);
}

static const cJSON *at_path(const struct fixture *f, const char *path)
{
    struct cp_view rest = cp_view_of(path);
    struct cp_view part;
    const cJSON *at = f->json;
    while (at && cp_view_split(&rest, '.', &part)) {
        char name[128];
        int64_t index = 0;
        assert_true(cp_view_copy(part, name, sizeof name));
        at = cJSON_IsArray(at) && cp_view_to_int64(part, &index)
                 ? cJSON_GetArrayItem(at, (int)index)
                 : cJSON_GetObjectItemCaseSensitive(at, name);
    }
    return at;
}

const char *fixture_text(const struct fixture *f, const char *path)
{
    const char *text = cJSON_GetStringValue(at_path(f, path));
    return text ? text : "";
}

double fixture_number(const struct fixture *f, const char *path)
{
    const cJSON *item = at_path(f, path);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

bool fixture_has(const struct fixture *f, const char *path)
{
    return at_path(f, path);
}

int fixture_size(const struct fixture *f, const char *path)
{
    const cJSON *item = at_path(f, path);
    return cJSON_IsArray(item) ? cJSON_GetArraySize(item) : -1;
}

void fixture_publish(struct fixture *f, int memory_size_mb)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"MemorySize\":%d}", memory_size_mb);
    assert_int_equal(fixture_do(f, CP_API_UPDATE_FUNCTION_CONFIGURATION, body), 200);
    f->now_ms += FIXTURE_DELAY_MS;
    assert_int_equal(fixture_do(f, CP_API_PUBLISH_VERSION, "{}"), 201);
    assert_int_equal((int)fixture_number(f, "MemorySize"), memory_size_mb);
}

void fixture_assert_error(const struct fixture *f, int status, const char *error_type,
                          const char *message)
{
    const char *text = fixture_text(f, fixture_has(f, "Message") ? "Message" : "message");
    assert_string_equal(text, message);
    assert_string_equal(f->response.error_type, error_type);
    assert_int_equal(f->response.status, status);
}
