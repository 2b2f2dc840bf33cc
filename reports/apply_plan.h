/* SPDX-License-Identifier: GPL-3.0-or-later
 * What has to be set: the state that is wanted beside the state before. Every format is written
 * from these two, and the way back is the same plan with the two exchanged. Pure records; texts of
 * the run are borrowed.
 */
#ifndef COLDPROF_REPORTS_APPLY_PLAN_H
#define COLDPROF_REPORTS_APPLY_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"
#include "model/decide/optimize.h"
#include "model/run.h"
#include "reports/apply_cron.h"

/* As they stand in the API. */
#define CP_SCALING_NAMESPACE "lambda"
#define CP_SCALING_DIMENSION "lambda:function:ProvisionedConcurrency"
#define CP_SCALING_METRIC    "LambdaProvisionedConcurrencyUtilization"
#define CP_SCALING_POLICY    "coldprof-utilization"

/* What of the function itself changes with the candidate: zero for what stays. */
struct cp_apply_variant {
    const char *architecture; /* NULL: stays */
    enum cp_start_kind fresh; /* CP_START_SNAPSTART: SnapStart on; CP_START_COLD: off; else stays */
};

struct cp_apply_state {
    int memory_size_mb;       /* -1 unknown */
    const char *architecture; /* "" unknown */
    bool is_snap_start;
    int reserved;    /* reserved concurrency; -1 none */
    int provisioned; /* environments; where they are scaled, until a schedule or a policy changes
                        them; 0 none */
    /* Application Auto Scaling */
    bool is_scaled;
    int min, max;
    double target;                    /* utilisation to track; NAN: none */
    struct cp_apply_schedule actions; /* n = 0: none */
};

enum cp_apply_alias {
    CP_ALIAS_NONE,    /* the function is used without one, and none is needed */
    CP_ALIAS_OF_RUN,  /* the run measured it, so it exists */
    CP_ALIAS_GIVEN,   /* by the user; may be new */
    CP_ALIAS_ASSUMED, /* "live", because provisioned concurrency needs one; may be new */
};

enum { CP_APPLY_ALIAS_MAX = 129, CP_APPLY_ID_MAX = 72 };

struct cp_apply_plan {
    const struct cp_run *run;       /* borrowed */
    char function[CP_RUN_NAME_MAX]; /* bare name */
    char alias[CP_APPLY_ALIAS_MAX];
    enum cp_apply_alias alias_is;
    bool is_undo;
    struct cp_apply_state set, was;
};

/* CP_EINVAL: not a name that an alias may have. */
enum cp_code cp_apply_check_alias(const char *alias, struct cp_error *err);
/* `alias` NULL: that of the run, or an assumed one where it takes one. */
void cp_apply_plan_make(const struct cp_run *run, const struct cp_candidate *candidate,
                        const struct cp_apply_variant *variant, const char *alias,
                        struct cp_apply_plan *out);
/* The way back. */
struct cp_apply_plan cp_apply_plan_reverse(const struct cp_apply_plan *plan);

/* What differs. */
bool cp_apply_changes_memory(const struct cp_apply_plan *plan);
bool cp_apply_changes_architecture(const struct cp_apply_plan *plan);
bool cp_apply_changes_snap_start(const struct cp_apply_plan *plan);
bool cp_apply_changes_configuration(const struct cp_apply_plan *plan); /* memory or SnapStart */
bool cp_apply_changes_reserved(const struct cp_apply_plan *plan);
bool cp_apply_changes_anything(const struct cp_apply_plan *plan);
/* Must a version be published and the alias be moved? */
bool cp_apply_publishes(const struct cp_apply_plan *plan);
bool cp_apply_has_schedule(const struct cp_apply_plan *plan);
bool cp_apply_has_tracking(const struct cp_apply_plan *plan);
/* The runtime as AWS names it; "" where the run does not know: a log, a folder on this machine. */
const char *cp_apply_runtime(const struct cp_apply_plan *plan);
/* SHA-256 of the code that was measured, as the API writes it; "" where it is not known. */
const char *cp_apply_code_sha256(const struct cp_apply_plan *plan);

/* Names derived from the function's: letters and digits alone, "OrdersApi"; and "orders_api". They
 * begin with a letter whatever the name is. */
void cp_apply_logical_id(const char *name, char out[CP_APPLY_ID_MAX]);
void cp_apply_snake_id(const char *name, char out[CP_APPLY_ID_MAX]);

#endif
