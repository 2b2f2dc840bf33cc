/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/command.h"
#include "profiler/cli/help_topic.h"
#include "profiler/cli/wrap.h"

#include <stdio.h>
#include <string.h>

enum { HELP_WIDTH = 79, OPTION_COLUMN = 28, SUMMARY_COLUMN = 14 };

static void add_option(struct cp_buf *out, const struct cp_option *o)
{
    char left[96];
    char help[400];
    char letter[8] = "    ";
    if (o->letter)
        (void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
    int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, o->metavar ? " " : "",
                     o->metavar ? o->metavar : "");
    bool shows_default = o->default_text && o->default_text[0] != '-';
    (void)snprintf(help, sizeof help, "%s%s%s", o->help, shows_default ? "; default " : "",
                   shows_default ? o->default_text : "");
    (void)cp_buf_adds(out, left);
    if (n >= OPTION_COLUMN)
        (void)cp_buf_addf(out, "\n%*s", OPTION_COLUMN, "");
    else
        (void)cp_buf_addf(out, "%*s", OPTION_COLUMN - n, "");
    cp_wrap_add(out, help, (struct cp_wrap){HELP_WIDTH, OPTION_COLUMN, OPTION_COLUMN});
}

static const char statuses[] =
    "Exit status: 0 ok, 1 failed, 2 usage, 3 budget missed or not shown to be met,\n"
    "             or a regression, 4 interrupted and undone.\n";

static void add_row(struct cp_buf *out, const char *name, const char *summary)
{
    const struct cp_wrap at = {
        .width = HELP_WIDTH, .column = SUMMARY_COLUMN, .indent = SUMMARY_COLUMN};
    (void)cp_buf_addf(out, "  %-10s  ", name);
    cp_wrap_add(out, summary, at);
}

void cp_help_overview(struct cp_buf *out)
{
    (void)cp_buf_adds(out, "coldprof " COLDPROF_VERSION
                           ": cold starts measured, tails with intervals, concurrency decided\n\n"
                           "usage: coldprof COMMAND [OPTIONS] [ARGUMENTS]\n\n");
    for (const struct cp_command *const *c = cp_command_table(); *c; c++)
        add_row(out, (*c)->name, (*c)->summary);
    (void)cp_buf_adds(
        out, "\nexamples:\n"
             "  coldprof sweep probes/functions/hello-python --budget p99=200ms --traffic 5/s\n"
             "  coldprof report last -o report\n\n");
    (void)cp_buf_adds(out, statuses);
    (void)cp_buf_adds(out, "More: coldprof help COMMAND, or of a topic:\n");
    for (const struct cp_help_topic *t = cp_help_topics(); t->name; t++)
        add_row(out, t->name, t->summary);
}

static void add_theme(struct cp_buf *out, enum cp_option_theme theme, unsigned command)
{
    bool has_any = false;
    for (const struct cp_option *o = cp_option_table(); o->name; o++) {
        if (o->theme != theme || !(o->commands & command))
            continue;
        if (!has_any)
            (void)cp_buf_addf(out, "\n%s:\n", cp_option_theme_name(theme));
        has_any = true;
        add_option(out, o);
    }
}

void cp_help_command(const struct cp_command *command, struct cp_buf *out)
{
    const struct cp_wrap page = {.width = HELP_WIDTH};
    (void)cp_buf_addf(out, "usage: coldprof %s%s%s [OPTIONS]\n\n", command->name,
                      command->arguments[0] ? " " : "", command->arguments);
    cp_wrap_add(out, command->summary, page);
    if (command->detail) {
        (void)cp_buf_addc(out, '\n');
        cp_wrap_add(out, command->detail, page);
    }
    for (int theme = 0; theme < CP_THEME_COUNT; theme++)
        add_theme(out, (enum cp_option_theme)theme, command->bit);
    if (command->examples)
        (void)cp_buf_addf(out, "\nexamples:\n%s", command->examples);
    (void)cp_buf_adds(out,
                      "\nA variable sets an option too: COLDPROF_<NAME>, e.g. COLDPROF_COLOR.\n");
    (void)cp_buf_adds(out, statuses);
}

static enum cp_status run_help(struct cp_cli *cli)
{
    struct cp_buf out;
    cp_buf_init(&out, (size_t)64 * 1024);
    const char *word = cli->words.n ? cli->words.word[0] : NULL;
    const struct cp_command *command = word ? cp_command_find(cp_view_of(word)) : NULL;
    const struct cp_help_topic *topic = word ? cp_help_topic_find(cp_view_of(word)) : NULL;
    if (word && !command && !topic) {
        struct cp_error err;
        (void)cp_fail(&err, CP_EINVAL, "unknown command '%s'; see 'coldprof help'", word);
        return cp_cli_fail(cli, &err);
    }
    if (command)
        cp_help_command(command, &out);
    if (command && topic)
        (void)cp_buf_addc(&out, '\n');
    if (topic)
        cp_help_topic_add(topic, &out);
    if (!command && !topic)
        cp_help_overview(&out);
    enum cp_status status = cp_cli_print(&out);
    cp_buf_clear(&out);
    return status;
}

const struct cp_command cp_command_help = {
    .name = "help",
    .arguments = "[COMMAND|TOPIC]",
    .summary = "show help for a command or a topic",
    .bit = CP_IN_HELP,
    .max_words = 1,
    .run = run_help,
};
