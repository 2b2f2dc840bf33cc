/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every call of a sweep that changes something in the user's account, in one table: its operation
 * of the Lambda API, and what undoes it. The journal, the dry run and the IAM policies read it.
 *
 * A change is made between cp_change_intend and cp_change_settle; without a journal (a function of
 * our own) both do nothing.
 */
#ifndef COLDPROF_PROFILER_SWEEP_CHANGE_H
#define COLDPROF_PROFILER_SWEEP_CHANGE_H

#include "probes/aws/lambda_operation.h"
#include "profiler/sweep/journal.h"

enum cp_change {
    CP_CHANGE_CREATE_SHADOW,
    CP_CHANGE_DELETE_SHADOW,
    CP_CHANGE_LOCK,
    CP_CHANGE_UNLOCK,
    CP_CHANGE_MEMORY,
    CP_CHANGE_PUT_BACK,
    CP_CHANGE_PUBLISH,
    CP_CHANGE_DELETE_VERSION,
    CP_CHANGES
};

struct cp_change_info {
    const char *name; /* in the journal */
    enum cp_lambda_operation operation;
    enum cp_change undo; /* CP_CHANGES: undoes itself, or is an undo */
};
const struct cp_change_info *cp_change_info(enum cp_change change);

/* Durable before it returns CP_OK; on anything else the change must not be made. */
enum cp_code cp_change_intend(struct cp_journal *journal, enum cp_change change,
                              const struct cp_journal_field *fields, size_t n,
                              struct cp_error *err);
/* What came of it: `outcome` is the code of the call. Returns `outcome`, or, after a success, the
 * failure to write it down. */
enum cp_code cp_change_settle(struct cp_journal *journal, enum cp_change change,
                              enum cp_code outcome, struct cp_error *err);

#endif
