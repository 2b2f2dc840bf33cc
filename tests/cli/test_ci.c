/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/ci.h"
#include "tests/test.h"

#include <string.h>

/* The environment of a case: "NAME=value" pairs. */
static const char *get(void *context, const char *name)
{
    for (const char *const *pair = context; *pair; pair++) {
        size_t n = strlen(name);
        if (strncmp(*pair, name, n) == 0 && (*pair)[n] == '=')
            return *pair + n + 1;
    }
    return NULL;
}

static void whose_build_it_is_is_told_by_the_environment(void **state)
{
    (void)state;
    static const struct {
        const char *env[3];
        enum cp_ci asked, is;
    } cases[] = {
        {{NULL}, CP_CI_AUTO, CP_CI_NONE},
        {{"CI=true", NULL}, CP_CI_AUTO, CP_CI_NONE}, /* somebody's, whose is not known */
        {{"GITHUB_ACTIONS=true", NULL}, CP_CI_AUTO, CP_CI_GITHUB},
        {{"GITHUB_ACTIONS=false", NULL}, CP_CI_AUTO, CP_CI_NONE},
        {{"GITHUB_ACTIONS=", "GITLAB_CI=true", NULL}, CP_CI_AUTO, CP_CI_GITLAB},
        {{"JENKINS_URL=https://ci.example/", NULL}, CP_CI_AUTO, CP_CI_JENKINS},
        {{"GITHUB_ACTIONS=true", NULL}, CP_CI_NONE, CP_CI_NONE},
        {{NULL}, CP_CI_GITHUB, CP_CI_GITHUB},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *env[3];
        memcpy(env, cases[i].env, sizeof env);
        if (cp_ci_of(cases[i].asked, get, env) != cases[i].is)
            fail_msg("case %zu", i);
    }
}

static void a_log_is_plain(void **state)
{
    (void)state;
    const struct cp_terminal tty = {.is_tty = true, .use_color = true, .can_redraw = true};
    struct cp_terminal t = cp_ci_terminal(CP_CI_GITLAB, tty, CP_COLOR_AUTO);
    assert_false(t.use_color || t.can_redraw);
    assert_true(cp_ci_terminal(CP_CI_JENKINS, tty, CP_COLOR_ALWAYS).use_color);
    assert_true(cp_ci_terminal(CP_CI_NONE, tty, CP_COLOR_AUTO).can_redraw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_build_it_is_is_told_by_the_environment),
        cmocka_unit_test(a_log_is_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
