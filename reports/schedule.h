/* SPDX-License-Identifier: GPL-3.0-or-later
 * Files that run `coldprof nightly TARGET` every night: systemd units, a crontab with its script, a
 * GitHub workflow, a CodeBuild buildspec with the template of its project. Pure: nothing is opened
 * or installed. Every file says in its first lines where it belongs and what it takes; all of them
 * - start at minute 17, away from the full hour when everybody's jobs start;
 * - keep two nights of one target from overlapping, and say so when one is left out;
 * - end red when coldprof ends with 3 (a regression) or 1, and tell these apart from 4;
 * - keep the history from night to night, also where the machine is new every time.
 * Texts that come from outside are quoted for the language they stand in.
 *
 * Sources: systemd.timer(5), systemd.service(5), systemd.syntax(7), crontab(5), GitHub's workflow
 * syntax and dependency caching reference, the CodeBuild user guide (buildspec reference; build
 * phase transitions: post_build comes after a build that failed, too).
 *
 * Ownership: a cp_schedule borrows its texts; it has nothing to free.
 */
#ifndef COLDPROF_REPORTS_SCHEDULE_H
#define COLDPROF_REPORTS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"

enum {
    CP_SCHEDULE_MINUTE = 17,
    CP_SCHEDULE_NAME_MAX = 64,
    CP_SCHEDULE_WORDS_MAX = 260,
    CP_SCHEDULE_EXPORT_WORDS = 4, /* that CI formats add */
};

/* A variable of the environment that the schedule would not have by itself. */
struct cp_schedule_variable {
    const char *name, *value;
};

struct cp_schedule {
    const char *name;   /* of the files, unit, workflow, project: [a-z0-9-] */
    const char *target; /* of nightly */
    bool is_folder;     /* the target runs on the machine of the schedule; else on AWS */
    int hour;           /* 0 to 23, UTC where the format has time zones */
    /* Options of nightly as given, and those that nobody could be asked about at night. */
    const char *const *words;
    size_t n_words;
    /* systemd and cron, which run on this machine: absolute paths of coldprof, of the folder where
     * relative paths begin, and of the script that the crontab calls (NULL: below $HOME). */
    const char *program, *folder, *script;
    const struct cp_schedule_variable *variables;
    size_t n_variables;
    /* github and codebuild */
    const char *region; /* NULL: the account's default, or a variable of the repository */
    const char *store;  /* of nightly; NULL: the usual place */
    /* What the role must be allowed, JSON, and what prints it; NULL: the target is a folder. */
    const char *policy, *policy_command;
};

enum { CP_SCHEDULE_FILES = 2 };

struct cp_schedule_file {
    const char *suffix; /* ".service", behind the name */
    void (*add)(const struct cp_schedule *schedule, struct cp_buf *out);
};

struct cp_schedule_format {
    const char *name;
    bool is_here; /* runs on this machine */
    struct cp_schedule_file files[CP_SCHEDULE_FILES];
};

enum { CP_SCHEDULE_FORMATS = 4 };
extern const struct cp_schedule_format cp_schedule_formats[CP_SCHEDULE_FORMATS];
/* NULL: not known. */
const struct cp_schedule_format *cp_schedule_format_find(const char *name);

/* "coldprof-nightly-checkout" of ./checkout/, checkout:live or an ARN. */
void cp_schedule_name_of(const char *target, char out[CP_SCHEDULE_NAME_MAX]);

/* CP_EINVAL names what this format cannot carry: line breaks, a path that systemd does not run, a
 * folder of this machine in a workflow that runs elsewhere. */
enum cp_code cp_schedule_check(const struct cp_schedule *schedule,
                               const struct cp_schedule_format *format, struct cp_error *err);

/* The renderers, in files of their own. */
void cp_schedule_add_service(const struct cp_schedule *schedule, struct cp_buf *out);
void cp_schedule_add_timer(const struct cp_schedule *schedule, struct cp_buf *out);
void cp_schedule_add_script(const struct cp_schedule *schedule, struct cp_buf *out);
void cp_schedule_add_crontab(const struct cp_schedule *schedule, struct cp_buf *out);
void cp_schedule_add_workflow(const struct cp_schedule *schedule, struct cp_buf *out);
void cp_schedule_add_buildspec(const struct cp_schedule *schedule, struct cp_buf *out);
void cp_schedule_add_template(const struct cp_schedule *schedule, struct cp_buf *out);

#endif
