/* SPDX-License-Identifier: GPL-3.0-or-later
 * The bill of a function, line by line, as AWS writes it. USD; rounded only when printed.
 */
#ifndef COLDPROF_MODEL_BILL_H
#define COLDPROF_MODEL_BILL_H

enum cp_bill_line {
    CP_BILL_REQUESTS,
    CP_BILL_DURATION,             /* on demand, tiers and INIT included */
    CP_BILL_PROVISIONED_READY,    /* provisioned concurrency, used or not */
    CP_BILL_PROVISIONED_DURATION, /* requests that it serves */
    CP_BILL_STORAGE,              /* ephemeral storage above 512 MB */
    CP_BILL_STREAMING,            /* response bytes above 6 MB of a request */
    CP_BILL_SNAPSHOT_CACHE,       /* SnapStart */
    CP_BILL_SNAPSHOT_RESTORE,
    CP_BILL_LINES
};

/* Of one month, unless said otherwise. */
struct cp_bill {
    double usd[CP_BILL_LINES];
};

#endif
