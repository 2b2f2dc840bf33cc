/* SPDX-License-Identifier: GPL-3.0-or-later
 * The members of a FunctionConfiguration that decide how a function runs, each as one number: two
 * configurations are compared, and the one that changed is named, without keeping any value.
 */
#ifndef COLDPROF_PROBES_AWS_CONFIG_MEMBER_H
#define COLDPROF_PROBES_AWS_CONFIG_MEMBER_H

#include <stdint.h>

struct cJSON;

/* Fills CP_CONFIG_MEMBERS_MAX numbers (lambda.h). Order of object members does not count. */
void cp_config_members_read(const struct cJSON *config, uint64_t *members);

#endif
