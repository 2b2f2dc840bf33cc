/* SPDX-License-Identifier: GPL-3.0-or-later
 * JSON patterns of CloudWatch Logs, { $.a.b = 1 && ... }: see logs_pattern.h.
 */
#ifndef COLDPROF_PROBES_LOCAL_LOGS_SELECTOR_H
#define COLDPROF_PROBES_LOCAL_LOGS_SELECTOR_H

#include <stdbool.h>

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_cwl_selector;

/* `text` with its braces. CP_EFORMAT: malformed. */
enum cp_code cp_cwl_selector_new(struct cp_view text, struct cp_cwl_selector **out,
                                 struct cp_error *err);
void cp_cwl_selector_free(struct cp_cwl_selector *selector);
bool cp_cwl_selector_matches(const struct cp_cwl_selector *selector, struct cp_view message);

#endif
