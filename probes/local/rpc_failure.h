/* SPDX-License-Identifier: GPL-3.0-or-later
 * Failures in the form of AWS's JSON 1.0 and 1.1 protocols: {"__type":"X","message":"..."}, with
 * 400 for everything that is the caller's fault.
 */
#ifndef COLDPROF_PROBES_LOCAL_RPC_FAILURE_H
#define COLDPROF_PROBES_LOCAL_RPC_FAILURE_H

#include "probes/local/control.h"

/* Writes a failure that cp_api_fail put into `response` anew. */
void cp_rpc_failure(struct cp_api_response *response);

#endif
