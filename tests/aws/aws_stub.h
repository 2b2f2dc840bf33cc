/* SPDX-License-Identifier: GPL-3.0-or-later
 * STS, SSO, container and EC2 metadata on one loopback server: the stub of config_cases.jsonl. The
 * keys of a role are made from the SHA-1 of its ARN. Requests are kept.
 */
#ifndef COLDPROF_TESTS_AWS_AWS_STUB_H
#define COLDPROF_TESTS_AWS_AWS_STUB_H

#include <stddef.h>

enum { STUB_REQUESTS_MAX = 16, STUB_REQUEST_MAX = 8192 };

struct aws_stub;

struct aws_stub *aws_stub_start(void);
void aws_stub_stop(struct aws_stub *stub);
const char *aws_stub_url(const struct aws_stub *stub);

/* Only while no request is under way. */
size_t aws_stub_count(const struct aws_stub *stub);
const char *aws_stub_request(const struct aws_stub *stub, size_t i); /* as it came */
void aws_stub_forget(struct aws_stub *stub);

#endif
