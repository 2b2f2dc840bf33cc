/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which AWS Region a function is in. Checked before it becomes part of a host name.
 */
#ifndef COLDPROF_PROBES_AWS_REGION_H
#define COLDPROF_PROBES_AWS_REGION_H

#include "probes/aws/shared_config.h"

enum { CP_REGION_TEXT_MAX = 40 };

/* In this order: the function's ARN (a different `option` is CP_EINVAL), `option` (--region),
 * AWS_REGION, AWS_DEFAULT_REGION, `region` of the profile. `function` and `option` may be NULL.
 * CP_ENOTFOUND names all of them; CP_EINVAL: it is not like 'eu-central-1'. */
enum cp_code cp_region_find(const struct cp_shared_config *config, const char *function,
                            const char *option, char out[CP_REGION_TEXT_MAX], struct cp_error *err);

#endif
