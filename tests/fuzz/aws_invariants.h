/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the readers of shared files, credentials and names on any bytes. Each function
 * aborts when an invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_AWS_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_AWS_INVARIANTS_H

#include "model/base/view.h"

/* `bytes` as config and as credentials file: refused with a line's number, or sections with names
 * that are found again. */
void aws_ini_invariants_hold(struct cp_view bytes);

/* `bytes` as the JSON of a helper, a metadata service, SSO, and as a cached token: refused and
 * nothing kept, or a whole pair of printable keys. */
void credential_json_invariants_hold(struct cp_view bytes);

/* `bytes` as STS's XML: what is found lies inside. */
void sts_xml_invariants_hold(struct cp_view bytes);

/* `bytes` as a function's name or ARN, and as a command line. */
void aws_name_invariants_hold(struct cp_view bytes);

/* `bytes` as a bulk price list of us-east-1: refused with a reason, or books that make sense. */
void price_list_invariants_hold(struct cp_view bytes);

#endif
