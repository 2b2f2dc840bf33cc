/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/process.h"
#include "profiler/cli/ci.h"
#include "profiler/cli/command.h"
#include "profiler/cli/suggest.h"
#include "profiler/sweep/leftover.h"

#include <gsl/gsl_errno.h>

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cp_command *const commands[] = {
    &cp_command_sweep,    &cp_command_nightly,  &cp_command_import,    &cp_command_digest,
    &cp_command_report,   &cp_command_fit,      &cp_command_recommend, &cp_command_frontier,
    &cp_command_simulate, &cp_command_apply,    &cp_command_compare,   &cp_command_runs,
    &cp_command_history,  &cp_command_local,    &cp_command_recover,   &cp_command_policy,
    &cp_command_prices,   &cp_command_schedule, &cp_command_help,      NULL,
};

const struct cp_command *const *cp_command_table(void)
{
    return commands;
}

const struct cp_command *cp_command_find(struct cp_view name)
{
    for (const struct cp_command *const *c = commands; *c; c++) {
        if (cp_view_is(name, (*c)->name))
            return *c;
    }
    return NULL;
}

static const char *get_variable(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static void forget_variable(const char *name)
{
    char *value = getenv(name);
    if (value)
        explicit_bzero(value, strlen(value));
}

enum cp_status cp_cli_fail(const struct cp_cli *cli, const struct cp_error *err)
{
    const char *on = cli->err.use_color ? "\033[31m" : "";
    const char *off = cli->err.use_color ? "\033[0m" : "";
    (void)fprintf(stderr, "%serror:%s %s\n", on, off, err->text);
    switch (err->code) {
    case CP_EINVAL:
        return CP_STATUS_USAGE;
    case CP_EINTERRUPTED:
        return CP_STATUS_INTERRUPTED;
    default:
        return CP_STATUS_FAILED;
    }
}

enum cp_status cp_cli_print(const struct cp_buf *text)
{
    struct cp_view rest = cp_buf_view(text);
    if (text->failed) {
        (void)fputs("error: the output does not fit into memory\n", stderr);
        return CP_STATUS_FAILED;
    }
    while (rest.n) {
        ssize_t n = write(STDOUT_FILENO, rest.p, rest.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EPIPE)
            return CP_STATUS_OK; /* the reader had enough */
        if (n < 0) {
            (void)fprintf(stderr, "error: cannot write to standard output: %s\n", strerror(errno));
            return CP_STATUS_FAILED;
        }
        rest = (struct cp_view){rest.p + n, rest.n - (size_t)n};
    }
    return CP_STATUS_OK;
}

/* $VARIABLE/coldprof/NAME, or below `home_default` of HOME. False: neither is set. */
struct data_place {
    const char *variable, *home_default, *name;
};

static bool find_place(const struct cp_cli *cli, const struct data_place *place, char *out,
                       size_t out_size)
{
    const char *base = cli->get(cli->get_context, place->variable);
    const char *home = cli->get(cli->get_context, "HOME");
    int n = -1;
    if (base && base[0] == '/')
        n = snprintf(out, out_size, "%s/coldprof%s", base, place->name);
    else if (home && home[0])
        n = snprintf(out, out_size, "%s/%s/coldprof%s", home, place->home_default, place->name);
    return n >= 0 && (size_t)n < out_size;
}

enum cp_code cp_cli_open_store(const struct cp_cli *cli, enum cp_store_mode mode,
                               struct cp_store **out, struct cp_error *err)
{
    static const struct data_place history = {"XDG_DATA_HOME", ".local/share", "/history.db"};
    char path[PATH_MAX];
    *out = NULL;
    if (cli->options.store)
        return cp_store_open(cli->options.store, mode, out, err);
    if (!find_place(cli, &history, path, sizeof path))
        return cp_fail(err, CP_EINVAL, "no place for the history: set HOME or give --store FILE");
    return cp_store_open(path, mode, out, err);
}

enum cp_code cp_cli_journal_folder(const struct cp_cli *cli, char *out, size_t out_size,
                                   struct cp_error *err)
{
    static const struct data_place journals = {"XDG_STATE_HOME", ".local/state", ""};
    if (find_place(cli, &journals, out, out_size))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "no place for undo journals: set HOME or XDG_STATE_HOME");
}

enum cp_code cp_cli_cache_folder(const struct cp_cli *cli, char *out, size_t out_size,
                                 struct cp_error *err)
{
    static const struct data_place cache = {"XDG_CACHE_HOME", ".cache", ""};
    if (find_place(cli, &cache, out, out_size))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "no place for prices: set HOME or XDG_CACHE_HOME");
}

static enum cp_status print_help(const struct cp_command *command)
{
    struct cp_buf out;
    cp_buf_init(&out, (size_t)64 * 1024);
    if (command)
        cp_help_command(command, &out);
    else
        cp_help_overview(&out);
    enum cp_status status = cp_cli_print(&out);
    cp_buf_clear(&out);
    return status;
}

static enum cp_status print_version(void)
{
    return puts("coldprof " COLDPROF_VERSION) < 0 ? CP_STATUS_FAILED : CP_STATUS_OK;
}

static enum cp_status fail_unknown_command(const struct cp_cli *cli, const char *word)
{
    struct cp_error err;
    struct cp_suggest near;
    cp_suggest_init(&near, cp_view_of(word));
    for (const struct cp_command *const *c = commands; *c; c++)
        cp_suggest_consider(&near, (*c)->name);
    const char *best = cp_suggest_best(&near);
    if (best)
        (void)cp_fail(&err, CP_EINVAL, "unknown command '%s'; did you mean '%s'?", word, best);
    else
        (void)cp_fail(&err, CP_EINVAL, "unknown command '%s'; see 'coldprof help'", word);
    return cp_cli_fail(cli, &err);
}

/* The command line as one text: kept with the run, so that it can be repeated. */
static char *join(int argc, char *const *argv)
{
    struct cp_buf text;
    cp_buf_init(&text, (size_t)64 * 1024);
    (void)cp_buf_adds(&text, "coldprof");
    for (int i = 1; i < argc; i++)
        (void)cp_buf_addf(&text, strpbrk(argv[i], " \t\"'$\\") ? " '%s'" : " %s", argv[i]);
    return cp_buf_take(&text, NULL);
}

static bool tell_leftover(void *context, const struct cp_leftover *leftover)
{
    (void)context;
    if (leftover->code)
        (void)fprintf(stderr, "warning: %s\n", leftover->err->text);
    else
        (void)fprintf(stderr, "warning: run %s of %s was not undone: coldprof recover %s\n",
                      leftover->facts->run, leftover->facts->function_arn, leftover->facts->run);
    return true;
}

/* First of all, also when quiet: something of ours may be in the user's account. */
static void tell_leftovers(const struct cp_cli *cli)
{
    char folder[PATH_MAX];
    struct cp_error err;
    if (cp_cli_journal_folder(cli, folder, sizeof folder, &err))
        return; /* who needs the folder will say so */
    if (cp_leftover_list(folder, tell_leftover, NULL, &err))
        (void)fprintf(stderr, "warning: cannot look for undo journals: %s\n", err.text);
}

static void write_plainly_in_ci(struct cp_cli *cli)
{
    enum cp_ci ci = cp_ci_of(cli->options.ci, cli->get, cli->get_context);
    cli->out = cp_ci_terminal(ci, cli->out, cli->options.color);
    cli->err = cp_ci_terminal(ci, cli->err, cli->options.color);
}

static enum cp_status run_command(struct cp_cli *cli, const struct cp_command *command, int argc,
                                  char *const *argv)
{
    struct cp_error err = {CP_OK, ""};
    enum cp_code code = cp_options_read(command->bit, argc, argv, cli->get, cli->get_context,
                                        &cli->options, &cli->words, &err);
    cli->out = cp_terminal_of(STDOUT_FILENO, cli->options.color, cli->get, cli->get_context);
    cli->err = cp_terminal_of(STDERR_FILENO, cli->options.color, cli->get, cli->get_context);
    if (command->bit & (CP_IN_COMPARE | CP_IN_NIGHTLY))
        write_plainly_in_ci(cli);
    if (code)
        return cp_cli_fail(cli, &err);
    if (cli->options.wants_help)
        return print_help(command);
    if (cli->options.wants_version)
        return print_version();
    size_t n = cli->words.n;
    if (n < command->min_words || n > command->max_words) {
        (void)cp_fail(&err, CP_EINVAL, "%s: usage: coldprof %s %s [OPTIONS]",
                      n < command->min_words ? "an argument is missing" : "too many arguments",
                      command->name, command->arguments);
        return cp_cli_fail(cli, &err);
    }
    if (!command->minds_journals && !cli->options.parent_pid)
        tell_leftovers(cli);
    return command->run(cli);
}

/* glibc raises the size from which a block is mapped on its own, and given back when freed, with
 * every such block that is freed: an import then keeps what its raw records took. Setting it, to
 * its default, ends that. */
static void give_large_blocks_back(void)
{
#ifdef __GLIBC__
    enum { MAPPED_FROM = 128 * 1024 };
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
#endif
}

int main(int argc, char **argv)
{
    cp_process_keep_secrets();
    give_large_blocks_back();
    (void)gsl_set_error_handler_off();
    (void)signal(SIGPIPE, SIG_IGN);
    struct cp_cli cli = {.get = get_variable, .forget = forget_variable};
    cli.err = cp_terminal_of(STDERR_FILENO, CP_COLOR_AUTO, cli.get, NULL);
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    cli.program = n > 0 ? program : argv[0];
    const char *first = argc > 1 ? argv[1] : "--help";
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        return (int)print_help(NULL);
    if (strcmp(first, "--version") == 0)
        return (int)print_version();
    const struct cp_command *command = cp_command_find(cp_view_of(first));
    if (!command)
        return (int)fail_unknown_command(&cli, first);
    char *command_line = join(argc, argv);
    cli.words = (struct cp_words){.word = calloc((size_t)argc, sizeof *argv), .max = (size_t)argc};
    if (!cli.words.word)
        cli.words.max = 0; /* the first argument is then refused */
    cli.command_line = command_line ? command_line : "coldprof";
    enum cp_status status = run_command(&cli, command, argc - 2, argv + 2);
    free(cli.words.word);
    free(command_line);
    return (int)status;
}
