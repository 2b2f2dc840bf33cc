/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filter patterns of CloudWatch Logs (FilterLogEvents).
 *
 * Text: terms that must all be there, "quoted phrases", -term that must not be there, ?term of
 * which one must be there (ignored beside a plain term, as on AWS). Case counts; a term may be part
 * of a word. JSON: { $.type = "platform.report" && ($.a.b[0] >= 3 || $.c IS NULL) }: = != < <= > >=
 * with strings
 * (* stands for anything) and numbers, IS TRUE|FALSE|NULL, EXISTS, NOT EXISTS, && || and
 * parentheses. A message that is no JSON object, and a comparison with a property that is not
 * there, match nothing. Patterns of fields in brackets, and %expressions%, are refused.
 */
#ifndef COLDPROF_PROBES_LOCAL_LOGS_PATTERN_H
#define COLDPROF_PROBES_LOCAL_LOGS_PATTERN_H

#include <stdbool.h>

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_cwl_pattern;

/* Matches with `*` for any run of bytes. */
bool cp_cwl_wildcard_matches(struct cp_view pattern, struct cp_view text);

/* CP_EFORMAT: malformed; CP_EUNSUPPORTED: see above. Blank text matches everything. */
enum cp_code cp_cwl_pattern_new(struct cp_view text, struct cp_cwl_pattern **out,
                                struct cp_error *err);
void cp_cwl_pattern_free(struct cp_cwl_pattern *pattern);
bool cp_cwl_pattern_matches(const struct cp_cwl_pattern *pattern, struct cp_view message);

#endif
