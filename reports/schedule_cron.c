/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/format.h"
#include "reports/schedule_text.h"

static void add_command(const struct cp_schedule *s, struct cp_buf *out)
{
    cp_text_shell(out, s->program);
    cp_buf_addc(out, ' ');
    cp_schedule_add_night(s, cp_text_shell, out);
}

static void add_folder(const struct cp_schedule *s, struct cp_buf *out)
{
    cp_text_shell(out, s->folder);
}

static void add_variables(const struct cp_schedule *s, struct cp_buf *out)
{
    for (size_t i = 0; i < s->n_variables; i++) {
        cp_buf_addf(out, "%s=", s->variables[i].name);
        cp_text_shell(out, s->variables[i].value);
        cp_buf_addf(out, "\nexport %s\n", s->variables[i].name);
    }
}

/* cron makes a line break of a % without a backslash, also within quotes. */
static void add_script_path(const struct cp_schedule *s, struct cp_buf *out)
{
    struct cp_buf word;
    if (!s->script) {
        cp_buf_addf(out, "\"$HOME/.config/coldprof/%s.sh\"", s->name);
        return;
    }
    cp_buf_init(&word, 1U << 16);
    cp_text_shell(&word, s->script);
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '%')
            cp_buf_addc(out, '\\');
        cp_buf_addc(out, word.p[i]);
    }
    cp_buf_fail_with(out, &word);
    cp_buf_clear(&word);
}

static const struct cp_schedule_place places[] = {
    {"command", add_command},    {"folder", add_folder}, {"variables", add_variables},
    {"script", add_script_path}, {NULL, NULL},
};

static const struct cp_schedule_block script[] = {
    {"#!/bin/sh\n"
     "# [[name]].sh: one night of `coldprof nightly`, for cron (see [[name]].cron)\n"
     "# of [[target]]\n"
     "#\n"
     "# cron mails what is printed, so a night on which nothing got worse prints nothing;\n"
     "# the output of the last night is kept beside the lock. Exit status: that of coldprof\n"
     "# (3 a regression, 1 no measurement, 4 interrupted: a gap in the history), 75 when the\n"
     "# night before still runs, 124 when it took longer than two hours.\n"
     "set -u\n"
     "cd [[folder]] || exit 1\n"
     "[[variables]]state=${XDG_STATE_HOME:-$HOME/.local/state}/coldprof\n"
     "mkdir -p \"$state\" || exit 1\n"
     "lock=$state/[[name]].lock\n"
     "log=$state/[[name]].log\n"
     "\n"
     "exec 9>\"$lock\" || exit 1\n"
     "if ! flock -n 9; then\n"
     "    echo \"coldprof: the night before of [[name]] is still running,\" \\\n"
     "        \"so this one is left out and the history has a gap (lock: $lock)\" >&2\n"
     "    exit 75\n"
     "fi\n"
     "\n"
     "# Told to stop after two hours, with five minutes to undo. Processes do not inherit\n"
     "# the lock.\n"
     "status=0\n"
     "timeout --foreground --kill-after=5m 2h \\\n"
     "    [[command]] \\\n"
     "    >\"$log\" 2>&1 </dev/null 9>&- || status=$?\n"
     "\n"
     "case $status in\n"
     "0) exit 0 ;;\n"
     "3) echo 'coldprof: REGRESSION (status 3)' ;;\n"
     "4) echo 'coldprof: the night was interrupted (status 4); the history has a gap' ;;\n"
     "124 | 137) echo 'coldprof: the night took longer than two hours and was ended' ;;\n"
     "*) echo \"coldprof: the night could not be measured (status $status)\" ;;\n"
     "esac\n"
     "cat \"$log\"\n"
     "exit \"$status\"\n"},
};

static const struct cp_schedule_block crontab[] = {
    {"# [[name]].cron: every night at [[clock]]\n"
     "# of [[target]]\n"
     "#\n"
     "# Save [[name]].sh where the line below looks for it, then add this to your crontab:\n"
     "#   (crontab -l 2>/dev/null; cat [[name]].cron) | crontab -\n"
     "# cronie reads CRON_TZ; Debian's cron does not and takes [[clock]] as the machine's\n"
     "# own time: the same hour each night either way. A night on which the machine is off\n"
     "# is a gap in the history, not an error; where that happens often, a systemd timer\n"
     "# makes up for it. To have results mailed, set MAILTO=you@example.com. CRON_TZ holds\n"
     "# for every line below it, so let this be the end of the crontab.\n"
     "CRON_TZ=UTC\n"
     "[[minute]] [[hour]] * * * /bin/sh [[script]]\n"},
};

void cp_schedule_add_script(const struct cp_schedule *schedule, struct cp_buf *out)
{
    cp_schedule_write(schedule, script, sizeof script / sizeof script[0], places, out);
}

void cp_schedule_add_crontab(const struct cp_schedule *schedule, struct cp_buf *out)
{
    cp_schedule_write(schedule, crontab, sizeof crontab / sizeof crontab[0], places, out);
}
