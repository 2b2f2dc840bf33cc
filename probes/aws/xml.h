/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds one element in a small XML answer (STS). No tree, no allocation: views of the text.
 * Document types are refused, so there are no entities but the five of XML and characters by
 * number.
 */
#ifndef COLDPROF_PROBES_AWS_XML_H
#define COLDPROF_PROBES_AWS_XML_H

#include <stdbool.h>

#include "model/base/view.h"

enum { CP_XML_DEPTH_MAX = 64 };

/* What stands between the tags of the first element of that name, at any depth; a prefix
 * ("ns:Code") does not count. false when there is none, or the text before its end is not well
 * formed or nested deeper than CP_XML_DEPTH_MAX. */
bool cp_xml_find(struct cp_view xml, const char *name, struct cp_view *inner);

/* The same as a text: entities replaced, trimmed, with a terminating NUL. false also when it holds
 * elements, a NUL, an unknown entity, or does not fit; `to` is then "". */
bool cp_xml_text(struct cp_view xml, const char *name, char *to, size_t to_size);

#endif
