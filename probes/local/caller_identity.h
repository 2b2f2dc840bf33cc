/* SPDX-License-Identifier: GPL-3.0-or-later
 * GetCallerIdentity of STS, by which clients learn the account they work in. STS speaks forms and
 * XML, and is signed for "sts".
 */
#ifndef COLDPROF_PROBES_LOCAL_CALLER_IDENTITY_H
#define COLDPROF_PROBES_LOCAL_CALLER_IDENTITY_H

#include "probes/local/control.h"

/* `form` is the request's body. The response is always filled, with XML. */
void cp_caller_identity_answer(const struct cp_control *control, struct cp_view form,
                               const char *request_id, struct cp_api_response *response);

/* Writes a failure that cp_api_fail put into `response` anew as XML. */
void cp_caller_identity_fail(const char *request_id, struct cp_api_response *response);

#endif
