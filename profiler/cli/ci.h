/* SPDX-License-Identifier: GPL-3.0-or-later
 * The build that a command runs in, and what it is told beside the result.
 *
 * GitHub: the Markdown is added to $GITHUB_STEP_SUMMARY, and the verdict, what failed, what is
 * suspect and the warnings are annotations. Those go to standard error: the runner reads commands
 * from both streams (ScriptHandler.cs), and --json stays clean. GitLab, Jenkins: plain lines, no
 * colour, nothing redrawn; they show --export junit=FILE.
 */
#ifndef COLDPROF_PROFILER_CLI_CI_H
#define COLDPROF_PROFILER_CLI_CI_H

#include "model/base/buf.h"
#include "profiler/cli/options.h"
#include "profiler/cli/terminal.h"
#include "reports/gate.h"

/* GITHUB_ACTIONS, GITLAB_CI and JENKINS_URL tell, where `asked` is CP_CI_AUTO; never that. */
enum cp_ci cp_ci_of(enum cp_ci asked, cp_getenv_fn get, void *context);
/* What a terminal is where a log is written: no colour unless it was asked for, nothing redrawn. */
struct cp_terminal cp_ci_terminal(enum cp_ci ci, struct cp_terminal terminal, enum cp_color color);

/* GitHub's workflow commands, a line each: at most ten of a kind, which is what it shows. */
void cp_ci_annotations(const struct cp_gates *gates, struct cp_buf *out);

/* Tells the CI. `annotations` is added to, for standard error. A summary that cannot be written is
 * a warning there and no failure: CP_ENOMEM alone. */
enum cp_code cp_ci_tell(enum cp_ci ci, const struct cp_gates *gates, cp_getenv_fn get,
                        void *context, struct cp_buf *annotations, struct cp_error *err);

#endif
