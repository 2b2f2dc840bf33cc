/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for the readers of the embedded service on any bytes. Each function aborts when an
 * invariant is broken.
 */
#ifndef COLDPROF_TESTS_FUZZ_SERVICE_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_SERVICE_INVARIANTS_H

#include "model/base/view.h"

/* `bytes` as a connection: head, checks, signature, route, then the operation on a control plane
 * with one function that lives as long as the program. What was read lies inside the input; every
 * answer has a status of HTTP and a body that is JSON or empty. */
void request_invariants_hold(struct cp_view bytes);

/* `bytes` as a function.ini: refused with a message, or values in their ranges. */
/* Unpacks into a folder of its own: a refusal says why, and nothing appears outside it. */
void code_zip_invariants_hold(struct cp_view bytes);
void function_ini_invariants_hold(struct cp_view bytes);

/* `bytes` as JSON: the place of the fault is inside; and as a string: what is written is JSON. */
void json_text_invariants_hold(struct cp_view bytes);

#endif
