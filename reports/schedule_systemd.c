/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "reports/format.h"
#include "reports/schedule_text.h"

static void add_plain_or_quoted(struct cp_buf *out, const char *word)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,@";
    if (word[0] != '\0' && strspn(word, plain) == strlen(word))
        cp_buf_adds(out, word);
    else
        cp_text_systemd(out, word);
}

static void add_command(const struct cp_schedule *s, struct cp_buf *out)
{
    add_plain_or_quoted(out, s->program);
    cp_buf_addc(out, ' ');
    cp_schedule_add_night(s, add_plain_or_quoted, out);
}

static void add_percent_doubled(const char *text, struct cp_buf *out)
{
    for (; *text; text++)
        cp_buf_adds(out, *text == '%' ? "%%" : (char[2]){*text, '\0'});
}

/* The rest of the line as it is: nothing is unquoted there. A backslash or a blank at its end would
 * be lost, and a '/' behind a folder is none. */
static void add_folder(const struct cp_schedule *s, struct cp_buf *out)
{
    add_percent_doubled(s->folder, out);
    if (strchr("\\ \t", s->folder[strlen(s->folder) - 1]))
        cp_buf_addc(out, '/');
}

static void add_variables(const struct cp_schedule *s, struct cp_buf *out)
{
    struct cp_buf text;
    cp_buf_init(&text, 1U << 16);
    for (size_t i = 0; i < s->n_variables; i++) {
        cp_buf_reset(&text);
        cp_buf_addf(&text, "%s=%s", s->variables[i].name, s->variables[i].value);
        cp_buf_adds(out, "Environment=");
        cp_text_systemd(out, cp_buf_str(&text));
        cp_buf_addc(out, '\n');
        cp_buf_fail_with(out, &text);
    }
    cp_buf_clear(&text);
}

static void add_description(const struct cp_schedule *s, struct cp_buf *out)
{
    struct cp_buf text;
    cp_buf_init(&text, 1U << 16);
    cp_text_terminal(&text, s->target);
    cp_buf_fail_with(out, &text);
    add_percent_doubled(cp_buf_str(&text), out);
    if (text.n && text.p[text.n - 1] == '\\') /* else the next line would be part of it */
        cp_buf_addc(out, '.');
    cp_buf_clear(&text);
}

static const struct cp_schedule_place places[] = {
    {"command", add_command},         {"folder", add_folder}, {"variables", add_variables},
    {"description", add_description}, {NULL, NULL},
};

static const struct cp_schedule_block service[] = {
    {"# [[name]].service: one night of `coldprof nightly`, started by [[name]].timer.\n"
     "# Put both into ~/.config/systemd/user/ (or, with User=, into /etc/systemd/system/):\n"
     "#   systemctl --user daemon-reload\n"
     "#   systemctl --user enable --now [[name]].timer\n"
     "#   loginctl enable-linger    # nights go on while you are logged out\n"
     "# Try it: systemctl --user start [[name]].service; journalctl --user -u [[name]]\n"
     "#\n"
     "# Exit status: 0 nothing got worse; 3 a regression and 1 no measurement: both fail the\n"
     "# unit, and `systemctl --user status` shows which. Do not add 3 to SuccessExitStatus=.\n"
     "# 4 is a night that was stopped, e.g. by a shutdown: a gap in the history, not a\n"
     "# failure.\n"
     "# Two nights cannot overlap: a oneshot service that runs is not started again, and what\n"
     "# the timer then leaves out is in the journal.\n"
     "[Unit]\n"
     "Description=coldprof nightly: [[description]]\n"
     "# To be told of failures of any kind, name a unit of yours. It finds the status in\n"
     "# $MONITOR_EXIT_STATUS (3: a regression) and the unit in $MONITOR_UNIT:\n"
     "#OnFailure=coldprof-failed.service\n"
     "\n"
     "[Service]\n"
     "Type=oneshot\n"},
    {"#User=NAME\n"},
    {"WorkingDirectory=[[folder]]\n"
     "[[variables]]# ':' leaves every $ as it is; %% is one per cent sign.\n"
     "ExecStart=:[[command]]\n"
     "SuccessExitStatus=4\n"
     "# A night takes minutes. One that hangs is told to stop, and then has time to undo.\n"
     "TimeoutStartSec=2h\n"
     "TimeoutStopSec=5min\n"
     "KillMode=mixed\n"},
    {"# The embedded service gives functions their share of CPU and memory by cgroups below\n"
     "# its own.\n"
     "Delegate=yes\n",
     CP_WHEN_FOLDER},
};

static const struct cp_schedule_block timer[] = {
    {"# [[name]].timer: every night at [[clock]] UTC, plus a delay of at most five minutes\n"
     "# that stays the same on this machine. How to install it is said in [[name]].service.\n"
     "[Unit]\n"
     "Description=coldprof nightly at [[clock]] UTC: [[description]]\n"
     "\n"
     "[Timer]\n"
     "OnCalendar=*-*-* [[clock]]:00 UTC\n"
     "RandomizedDelaySec=5min\n"
     "FixedRandomDelay=true\n"
     "# A night that was missed because the machine was off is made up for; what is missing\n"
     "# all the same is a gap in the history, and a late night is a night.\n"
     "Persistent=true\n"
     "\n"
     "[Install]\n"
     "WantedBy=timers.target\n"},
};

void cp_schedule_add_service(const struct cp_schedule *schedule, struct cp_buf *out)
{
    cp_schedule_write(schedule, service, sizeof service / sizeof service[0], places, out);
}

void cp_schedule_add_timer(const struct cp_schedule *schedule, struct cp_buf *out)
{
    cp_schedule_write(schedule, timer, sizeof timer / sizeof timer[0], places, out);
}
