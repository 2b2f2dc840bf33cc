/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/terminal.h"
#include "tests/test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

static const struct {
    const char *what;
    const char *env[4];
    enum cp_color asked;
    bool use_color; /* on something that is no terminal */
    int width;
} cases[] = {
    {"piped: no colour, 80 columns", {NULL}, CP_COLOR_AUTO, false, 80},
    {"COLUMNS", {"COLUMNS=132", NULL}, CP_COLOR_AUTO, false, 132},
    {"COLUMNS nonsense", {"COLUMNS=wide", NULL}, CP_COLOR_AUTO, false, 80},
    {"COLUMNS 0", {"COLUMNS=0", NULL}, CP_COLOR_AUTO, false, 80},
    {"forced", {"CLICOLOR_FORCE=1", NULL}, CP_COLOR_AUTO, true, 80},
    {"NO_COLOR wins", {"NO_COLOR=1", "CLICOLOR_FORCE=1", NULL}, CP_COLOR_AUTO, false, 80},
    {"empty NO_COLOR says nothing",
     {"NO_COLOR=", "CLICOLOR_FORCE=1", NULL},
     CP_COLOR_AUTO,
     true,
     80},
    {"--color always wins", {"NO_COLOR=1", NULL}, CP_COLOR_ALWAYS, true, 80},
    {"--color never wins", {"CLICOLOR_FORCE=1", NULL}, CP_COLOR_NEVER, false, 80},
};

static void colour_and_width_follow_the_usual_variables(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *env[4];
        memcpy(env, cases[i].env, sizeof env);
        struct cp_terminal t = cp_terminal_of(fd, cases[i].asked, get, env);
        if (t.is_tty || t.can_redraw || t.use_color != cases[i].use_color ||
            t.width != cases[i].width)
            fail_msg("%s: colour %d width %d", cases[i].what, t.use_color, t.width);
    }
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colour_and_width_follow_the_usual_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
