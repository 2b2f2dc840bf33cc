/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/command.h"

#include <stdio.h>
#include <string.h>

enum { HELP_WIDTH = 79, OPTION_COLUMN = 28 };

/* Adds `text` wrapped at HELP_WIDTH with later lines indented; the cursor stands at `column`. */
static void add_wrapped(struct cp_buf *out, const char *text, size_t column, size_t indent)
{
    struct cp_view rest = cp_view_of(text);
    struct cp_view word;
    bool is_first = true;
    while (cp_view_split(&rest, ' ', &word)) {
        if (!is_first && column + 1 + word.n > HELP_WIDTH) {
            (void)cp_buf_addf(out, "\n%*s", (int)indent, "");
            column = indent;
            is_first = true;
        }
        if (!is_first)
            (void)cp_buf_addc(out, ' ');
        (void)cp_buf_add_view(out, word);
        column += word.n + !is_first;
        is_first = false;
    }
    (void)cp_buf_addc(out, '\n');
}

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
    add_wrapped(out, help, OPTION_COLUMN, OPTION_COLUMN);
}

static const char statuses[] =
    "Exit status: 0 ok, 1 failed, 2 usage, 3 budget missed, 4 interrupted and undone.\n";

void cp_help_overview(struct cp_buf *out)
{
    (void)cp_buf_adds(out, "coldprof " COLDPROF_VERSION
                           ": cold starts measured, tails with intervals, concurrency decided\n\n"
                           "usage: coldprof COMMAND [OPTIONS] [ARGUMENTS]\n\n");
    for (const struct cp_command *const *c = cp_command_table(); *c; c++)
        (void)cp_buf_addf(out, "  %-8s %s\n", (*c)->name, (*c)->summary);
    (void)cp_buf_adds(
        out, "\nexamples:\n"
             "  coldprof sweep probes/functions/hello-python --budget p99=200ms --traffic 5/s\n"
             "  coldprof report last -o report\n\n");
    (void)cp_buf_adds(out, statuses);
    (void)cp_buf_adds(out, "More: coldprof help COMMAND\n");
}

void cp_help_command(const struct cp_command *command, struct cp_buf *out)
{
    (void)cp_buf_addf(out, "usage: coldprof %s [OPTIONS] %s\n\n", command->name,
                      command->arguments);
    add_wrapped(out, command->summary, 0, 0);
    if (command->detail)
        (void)cp_buf_addf(out, "\n%s", command->detail);
    (void)cp_buf_adds(out, "\noptions:\n");
    for (const struct cp_option *o = cp_option_table(); o->name; o++) {
        if (o->commands & command->bit)
            add_option(out, o);
    }
    if (command->examples)
        (void)cp_buf_addf(out, "\nexamples:\n%s", command->examples);
    (void)cp_buf_addf(out, "\nEvery option can also be given as COLDPROF_<NAME>.\n%s", statuses);
}

static enum cp_status run_help(struct cp_cli *cli)
{
    struct cp_buf out;
    cp_buf_init(&out, 64 * 1024);
    const struct cp_command *command = NULL;
    if (cli->words.n) {
        command = cp_command_find(cp_view_of(cli->words.word[0]));
        if (!command) {
            struct cp_error err;
            (void)cp_fail(&err, CP_EINVAL, "unknown command '%s'; see 'coldprof help'",
                          cli->words.word[0]);
            return cp_cli_fail(cli, &err);
        }
        cp_help_command(command, &out);
    } else {
        cp_help_overview(&out);
    }
    enum cp_status status = cp_cli_print(&out);
    cp_buf_clear(&out);
    return status;
}

const struct cp_command cp_command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "show help for a command",
    .bit = CP_IN_HELP,
    .max_words = 1,
    .run = run_help,
};
