/* SPDX-License-Identifier: GPL-3.0-or-later
 * How a file of a schedule is written: blocks of text, some for folders or for functions alone,
 * with [[places]] that a table fills in.
 */
#ifndef COLDPROF_REPORTS_SCHEDULE_TEXT_H
#define COLDPROF_REPORTS_SCHEDULE_TEXT_H

#include "reports/schedule.h"

enum cp_schedule_when {
    CP_WHEN_ALWAYS,
    CP_WHEN_FOLDER,   /* the target is a folder */
    CP_WHEN_FUNCTION, /* ... a function on AWS */
};

struct cp_schedule_block {
    const char *text;
    enum cp_schedule_when when;
};

/* Every place that a format has beside the common ones (name, target, hour, minute). */
struct cp_schedule_place {
    const char *name;
    void (*add)(const struct cp_schedule *schedule, struct cp_buf *out);
};

/* `places` ends with a row without name. */
void cp_schedule_write(const struct cp_schedule *schedule, const struct cp_schedule_block *blocks,
                       size_t n_blocks, const struct cp_schedule_place *places, struct cp_buf *out);

/* `nightly TARGET WORDS...`, each word through `quote`. */
void cp_schedule_add_night(const struct cp_schedule *schedule,
                           void (*quote)(struct cp_buf *out, const char *word), struct cp_buf *out);
/* The same for a shell within a CI file, where nothing is opened by ${{, ended after an hour with
 * five minutes to undo, and with results in coldprof-junit.xml and coldprof-summary.md unless other
 * exports are asked for. */
void cp_schedule_add_ci_night(const struct cp_schedule *schedule, struct cp_buf *out);
/* " --store FILE" where nightly has one: the nights before belong there. */
void cp_schedule_add_ci_store(const struct cp_schedule *schedule, struct cp_buf *out);
/* Is one of these words --NAME or --NAME=...? */
bool cp_schedule_has(const struct cp_schedule *schedule, const char *option);

#endif
