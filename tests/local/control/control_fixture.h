/* SPDX-License-Identifier: GPL-3.0-or-later
 * A control plane with one function, a clock that the test moves, and what it told the environment
 * side.
 */
#ifndef COLDPROF_TESTS_LOCAL_CONTROL_FIXTURE_H
#define COLDPROF_TESTS_LOCAL_CONTROL_FIXTURE_H

#include "probes/local/control.h"

#define ARN "arn:aws:lambda:eu-west-1:123456789012:function:hello"

enum { FIXTURE_EVENTS_MAX = 128, FIXTURE_DELAY_MS = 500, FIXTURE_ACCOUNT = 1000 };

struct provisioned_event {
    int64_t configuration_id;
    int count;
};

struct fixture {
    struct cp_control *control;
    int64_t now_ms;
    struct cp_api_response response;
    struct cJSON *json; /* the response's body */
    int64_t retired[FIXTURE_EVENTS_MAX];
    size_t n_retired;
    struct provisioned_event provisioned[FIXTURE_EVENTS_MAX];
    size_t n_provisioned;
    int n_unpacked;
};

/* cmocka setup and teardown; *state is a struct fixture with function "hello" (128 MB, 3 s). */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* A folder record without a folder. */
void fixture_folder(struct cp_function_folder *out, const char *name);
void fixture_add(struct fixture *f, const char *name);

/* One call; `body` may be NULL. The answer is in f->response and f->json; returns its status. */
int fixture_call(struct fixture *f, struct cp_api_request request, const char *body);
/* The same for operations that need no more than a function, with function "hello". */
int fixture_do(struct fixture *f, enum cp_api_operation operation, const char *body);
int fixture_do_qualified(struct fixture *f, enum cp_api_operation operation, const char *qualifier,
                         const char *body);
int fixture_do_alias(struct fixture *f, enum cp_api_operation operation, const char *alias,
                     const char *body);

/* Members of the last answer by path: "Configuration.MemorySize", "Versions.0.Version". */
const char *fixture_text(const struct fixture *f, const char *path); /* "" when absent */
double fixture_number(const struct fixture *f, const char *path);    /* NAN when absent */
bool fixture_has(const struct fixture *f, const char *path);
int fixture_size(const struct fixture *f, const char *path); /* of an array, -1 when absent */

/* Updates the memory, waits until the update is complete, publishes; checks each step. */
void fixture_publish(struct fixture *f, int memory_size_mb);
/* Asserts status, error type and message of the last answer, in either spelling. */
void fixture_assert_error(const struct fixture *f, int status, const char *error_type,
                          const char *message);

#endif
