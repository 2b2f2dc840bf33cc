/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/ci.h"

#include <string.h>

static bool is_set(const char *value)
{
    return value && value[0] && strcmp(value, "false") != 0;
}

enum cp_ci cp_ci_of(enum cp_ci asked, cp_getenv_fn get, void *context)
{
    static const struct {
        const char *name;
        enum cp_ci ci;
    } variables[] = {
        {"GITHUB_ACTIONS", CP_CI_GITHUB},
        {"GITLAB_CI", CP_CI_GITLAB},
        {"JENKINS_URL", CP_CI_JENKINS},
    };
    if (asked != CP_CI_AUTO)
        return asked;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        if (is_set(get(context, variables[i].name)))
            return variables[i].ci;
    }
    return CP_CI_NONE;
}

struct cp_terminal cp_ci_terminal(enum cp_ci ci, struct cp_terminal terminal, enum cp_color color)
{
    if (ci == CP_CI_NONE)
        return terminal;
    terminal.can_redraw = false;
    terminal.use_color = color == CP_COLOR_ALWAYS;
    return terminal;
}
