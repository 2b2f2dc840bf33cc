/* SPDX-License-Identifier: GPL-3.0-or-later
 * What Lambda itself allows, as AWS documents it ("Understanding Lambda function scaling",
 * "Configuring provisioned concurrency", 2024 and after).
 */
#ifndef COLDPROF_MODEL_LAMBDA_LIMITS_H
#define COLDPROF_MODEL_LAMBDA_LIMITS_H

#include "model/base/units.h"

#define CP_LAMBDA_STARTS_PER_10_S         1000.0 /* environments of one function */
#define CP_LAMBDA_REQUESTS_PER_S_AND_SLOT 10.0   /* for each concurrent request it may run */
#define CP_LAMBDA_UNRESERVED_LEAST        100    /* of the account, that cannot be reserved */
/* provisioned environments, from the request until they serve: 1 to 2 minutes */
#define CP_LAMBDA_READY_MS (2.0 * CP_MS_PER_MINUTE)

#endif
