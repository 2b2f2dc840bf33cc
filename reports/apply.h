/* SPDX-License-Identifier: GPL-3.0-or-later
 * The decision of a run as text that would put it into effect: commands for the AWS CLI, or a
 * fragment for SAM, CloudFormation, Terraform or the CDK, each with what it takes to undo it. Pure:
 * nothing is changed, nothing is opened. Texts that come from outside (function, alias, Region)
 * are quoted for the language they stand in.
 *
 * Ownership: a cp_apply borrows the run and the decision; it has nothing to free.
 */
#ifndef COLDPROF_REPORTS_APPLY_H
#define COLDPROF_REPORTS_APPLY_H

#include "reports/apply_plan.h"
#include "reports/report.h"

/* Who chose the setting, or why there is none. */
enum cp_apply_answer {
    CP_APPLY_DECIDED,   /* the verdict is CHANGE */
    CP_APPLY_CANDIDATE, /* asked for by name, whatever the verdict */
    CP_APPLY_KEEP,      /* nothing is to be changed */
    CP_APPLY_UNDECIDED, /* NOT ENOUGH DATA or INVESTIGATE: nothing is proven */
};

struct cp_apply_question {
    const struct cp_run *run;
    const struct cp_decision *decision;
    const char *alias;      /* NULL: that of the run's function, or "live" where one is needed */
    const char *candidate;  /* NULL: what was decided; else see cp_apply_find_candidate */
    bool is_other_question; /* another budget or traffic than the run's own */
};

struct cp_apply {
    enum cp_apply_answer answer;
    const struct cp_run *run;
    const struct cp_decision *decision;
    const struct cp_candidate *candidate; /* NULL: KEEP or UNDECIDED */
    bool is_other_question;
    struct cp_apply_plan plan, undo; /* only with a candidate */
};

/* CP_EINVAL: no such candidate, one that does not run, a name that AWS does not know as an alias,
 * or an alias that is a version number. The message says which there are. */
enum cp_code cp_apply_prepare(const struct cp_apply_question *question, struct cp_apply *out,
                              struct cp_error *err);

/* The question a report asks: about its own decision. */
struct cp_apply_question cp_apply_question_of(const struct cp_figures *f);
/* Is there anything to put into effect? */
bool cp_apply_has_change(const struct cp_apply *apply);

/* A candidate by the name that reports print, "1024" (on demand) or "1024/2", by memory and mode,
 * "1024/scheduled", each with "/arm64" behind it where several architectures were measured; or by
 * its place in the table of all candidates, 1 to 127. */
enum cp_code cp_apply_find_candidate(const struct cp_decision *decision, const char *name,
                                     const struct cp_candidate **out, struct cp_error *err);

/* The name to ask for a candidate of the decision by. */
enum { CP_CANDIDATE_NAME_MAX = 48 };
const char *cp_apply_candidate_name(const struct cp_decision *decision,
                                    const struct cp_candidate *candidate,
                                    char out[CP_CANDIDATE_NAME_MAX]);

struct cp_apply_format {
    const char *name;    /* "aws-cli" */
    const char *title;   /* "AWS CLI" */
    const char *comment; /* what begins a line of comment: "#" */
    /* The fragment alone; `plan` is also the way back. */
    void (*add)(const struct cp_apply_plan *plan, struct cp_buf *out);
};
enum { CP_APPLY_FORMATS = 5 };
extern const struct cp_apply_format cp_apply_formats[CP_APPLY_FORMATS];
/* NULL: not known. */
const struct cp_apply_format *cp_apply_format_find(const char *name);

/* Comment header, the fragment, and the way back as comments; or, in comments, why there is nothing
 * to apply. */
void cp_apply_print(const struct cp_apply *apply, const struct cp_apply_format *format,
                    struct cp_buf *out);
/* The way back alone, with a header of its own. */
void cp_apply_print_undo(const struct cp_apply *apply, const struct cp_apply_format *format,
                         struct cp_buf *out);
/* One command line that takes the change back; nothing where nothing is known to go back to. */
void cp_apply_undo_line(const struct cp_apply *apply, struct cp_buf *out);

/* The section of the page: a closed block per format; nothing without a change. */
void cp_apply_html(const struct cp_figures *f, struct cp_buf *out);

/* The renderers, in files of their own. */
void cp_apply_add_cli(const struct cp_apply_plan *plan, struct cp_buf *out);
void cp_apply_add_sam(const struct cp_apply_plan *plan, struct cp_buf *out);
void cp_apply_add_cloudformation(const struct cp_apply_plan *plan, struct cp_buf *out);
void cp_apply_add_terraform(const struct cp_apply_plan *plan, struct cp_buf *out);
void cp_apply_add_cdk(const struct cp_apply_plan *plan, struct cp_buf *out);

#endif
