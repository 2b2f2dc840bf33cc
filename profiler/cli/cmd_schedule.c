/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/function_name.h"
#include "probes/os/file.h"
#include "profiler/cli/command.h"
#include "profiler/cli/target.h"
#include "profiler/sweep/permission.h"
#include "reports/schedule.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, FLAG_MAX = 64, VARIABLES_MAX = 12, PART_MAX = 170 };

/* print FORMAT TARGET, then words of nightly */
enum { WORD_VERB, WORD_FORMAT, WORD_TARGET, WORD_REST };

/* Where programs and our own data are found, and which account is meant: never a key. */
static const char *const carried_variables[] = {
    "PATH",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
};

/* What a schedule is made from, with room for its texts. */
struct plan {
    struct cp_schedule schedule;
    const struct cp_schedule_format *format;
    const char *words[CP_SCHEDULE_WORDS_MAX];
    char flags[CP_GIVEN_MAX][FLAG_MAX];
    struct cp_schedule_variable variables[VARIABLES_MAX];
    struct cp_options night; /* what nightly would make of the words */
    char name[CP_SCHEDULE_NAME_MAX];
    char folder[PATH_MAX], output[PATH_MAX], script[PATH_MAX + 2 * CP_SCHEDULE_NAME_MAX];
    char region[PART_MAX], policy_command[4 * PART_MAX];
    struct cp_buf policy;
};

/* --- the words of nightly --- */

static enum cp_code add_word(struct plan *plan, const char *word, struct cp_error *err)
{
    struct cp_schedule *s = &plan->schedule;
    if (s->n_words == CP_SCHEDULE_WORDS_MAX)
        return cp_fail(err, CP_ELIMIT, "more than %d words for nightly", CP_SCHEDULE_WORDS_MAX);
    plan->words[s->n_words++] = word;
    return CP_OK;
}

/* Options of nightly among our own. Those that every command has are about this printing. */
static enum cp_code add_given(const struct cp_given_list *given, struct plan *plan,
                              struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < given->n && !code; i++) {
        const struct cp_option *o = given->item[i].option;
        if (!(o->commands & CP_IN_NIGHTLY) || (o->commands & CP_IN_ALL) == CP_IN_ALL)
            continue;
        (void)snprintf(plan->flags[i], FLAG_MAX, "--%s", o->name);
        code = add_word(plan, plan->flags[i], err);
        if (!code && o->type != CP_OPTION_FLAG)
            code = add_word(plan, given->item[i].text, err);
    }
    return code;
}

static const char *no_variable(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

/* What makes no sense of a night that comes again. */
static enum cp_code check_sense(const struct cp_options *night, struct cp_error *err)
{
    const struct {
        bool is_given;
        const char *why;
    } rows[] = {
        {night->against, "--against compares two builds once, for a pull request"},
        {night->is_dry_run, "--dry-run measures nothing"},
        {night->wants_help || night->wants_version, "--help and --version measure nothing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].is_given)
            return cp_fail(err, CP_EINVAL, "%s; leave it out of a schedule", rows[i].why);
    }
    return CP_OK;
}

/* A wrong option is refused now, not at night. */
static enum cp_code check_words(struct plan *plan, struct cp_error *err)
{
    const char *left[CP_SCHEDULE_WORDS_MAX];
    struct cp_words rest = {.word = left, .max = CP_SCHEDULE_WORDS_MAX};
    char *argv[CP_SCHEDULE_WORDS_MAX];
    for (size_t i = 0; i < plan->schedule.n_words; i++)
        argv[i] = (char *)plan->words[i];
    enum cp_code code = cp_options_read(CP_IN_NIGHTLY, (int)plan->schedule.n_words, argv,
                                        no_variable, NULL, &plan->night, &rest, err);
    if (!code && rest.n)
        code = cp_fail(err, CP_EINVAL, "'%s' is one argument too many: nightly measures one TARGET",
                       left[0]);
    if (!code)
        code = check_sense(&plan->night, err);
    return code ? cp_fail_context(err, "of nightly") : CP_OK;
}

/* At night nobody can be asked, and nobody looks at the quote. */
static enum cp_code add_consent(struct plan *plan, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (plan->schedule.is_folder)
        return CP_OK;
    if (!plan->night.is_yes)
        code = add_word(plan, "--yes", err);
    if (!code && isnan(plan->night.max_cost_usd))
        code = add_word(plan, "--max-cost-usd", err);
    if (!code && isnan(plan->night.max_cost_usd))
        code = add_word(plan, "1", err);
    return code;
}

/* Every schedule of a machine starts at the same minute, and most into the same store: one function
 * after another, else all but one would be left out every night. */
static enum cp_code add_patience(struct plan *plan, struct cp_error *err)
{
    if (!plan->format->is_here || plan->night.wait_ms > 0)
        return CP_OK;
    enum cp_code code = add_word(plan, "--wait", err);
    return code ? code : add_word(plan, "1h", err);
}

static enum cp_code make_words(const struct cp_cli *cli, struct plan *plan, struct cp_error *err)
{
    plan->schedule.words = plan->words;
    enum cp_code code = add_given(&cli->options.given, plan, err);
    for (size_t i = WORD_REST; i < cli->words.n && !code; i++)
        code = add_word(plan, cli->words.word[i], err);
    if (!code)
        code = check_words(plan, err);
    plan->schedule.store = plan->night.store;
    if (!code)
        code = add_consent(plan, err);
    return code ? code : add_patience(plan, err);
}

/* --- target, name, place --- */

static enum cp_code read_target(const char *target, struct plan *plan, struct cp_error *err)
{
    plan->schedule.target = target;
    enum cp_code code = cp_target_read(target, &plan->schedule.is_folder, err);
    if (!code && plan->schedule.is_folder && !cp_file_is_dir(target))
        code = cp_fail(err, CP_ENOTFOUND, "there is no folder %s", target);
    return code;
}

static enum cp_code make_name(const struct cp_cli *cli, struct plan *plan, struct cp_error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const char *given = cli->options.schedule_name;
    plan->schedule.name = plan->name;
    if (!given) {
        cp_schedule_name_of(plan->schedule.target, plan->name);
        return CP_OK;
    }
    if (given[0] && given[0] != '-' && strspn(given, plain) == strlen(given) &&
        cp_view_copy(cp_view_of(given), plan->name, sizeof plan->name))
        return CP_OK;
    return cp_fail(err, CP_EINVAL,
                   "--name: '%.80s' is not made of a-z, 0-9 and '-' alone, %d at most", given,
                   CP_SCHEDULE_NAME_MAX - 1);
}

static enum cp_code find_folders(const struct cp_cli *cli, struct plan *plan, struct cp_error *err)
{
    const char *output = cli->options.output;
    if (!getcwd(plan->folder, sizeof plan->folder))
        return cp_fail(err, CP_EIO, "cannot tell which folder this is");
    plan->schedule.folder = plan->folder;
    plan->schedule.program = cli->program;
    if (!output)
        return CP_OK;
    enum cp_code code = cp_file_make_dirs(output, false, err);
    if (code)
        return code;
    if (!realpath(output, plan->output))
        return cp_fail(err, CP_EIO, "--output: cannot find the folder %s", output);
    (void)snprintf(plan->script, sizeof plan->script, "%s/%s.sh", plan->output, plan->name);
    plan->schedule.script = plan->script;
    return CP_OK;
}

static void carry_variables(const struct cp_cli *cli, struct plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof carried_variables / sizeof carried_variables[0]; i++) {
        const char *value = cli->get(cli->get_context, carried_variables[i]);
        if (value && value[0])
            plan->variables[n++] = (struct cp_schedule_variable){carried_variables[i], value};
    }
    plan->schedule.variables = plan->variables;
    plan->schedule.n_variables = n;
}

/* Checked texts: names, a Region and digits. */
static void tell_policy(const struct cp_policy_options *o, struct plan *plan)
{
    (void)snprintf(plan->policy_command, sizeof plan->policy_command,
                   "coldprof iam-policy --function %s%s%s%s%s%s", o->function,
                   o->region ? " --region " : "", o->region ? o->region : "",
                   o->account ? " --account " : "", o->account ? o->account : "",
                   o->mode == CP_PERMIT_IN_PLACE ? " --in-place" : "");
    plan->schedule.policy_command = plan->policy_command;
}

/* What the role of a CI job must be allowed: of the function by its name alone. */
static enum cp_code make_policy(struct plan *plan, struct cp_error *err)
{
    char name[PART_MAX];
    char account[PART_MAX] = "";
    struct cp_view region = cp_view_of(plan->night.region);
    struct cp_view of_account = {NULL, 0};
    struct cp_view rest = cp_view_of(plan->schedule.target);
    struct cp_view part;
    if (plan->schedule.is_folder)
        return CP_OK;
    (void)cp_function_place(plan->schedule.target, &region, &of_account);
    bool is_whole = cp_view_copy(region, plan->region, sizeof plan->region) &&
                    cp_view_copy(of_account, account, sizeof account);
    const char *within = strstr(plan->schedule.target, "function:");
    if (within)
        rest = cp_view_of(within + strlen("function:"));
    (void)cp_view_split(&rest, ':', &part);
    if (!is_whole || !cp_view_copy(part, name, sizeof name))
        return cp_fail(err, CP_EINVAL, "%s is too long for a function", plan->schedule.target);
    const struct cp_policy_options options = {
        .mode = plan->night.in_place ? CP_PERMIT_IN_PLACE : CP_PERMIT_SHADOW,
        .function = name,
        .region = plan->region[0] ? plan->region : NULL,
        .account = account[0] ? account : NULL,
    };
    enum cp_code code = cp_policy_write(&options, &plan->policy, err);
    plan->schedule.region = options.region;
    plan->schedule.policy = cp_buf_str(&plan->policy);
    tell_policy(&options, plan);
    return code;
}

static enum cp_code find_format(const char *name, const struct cp_schedule_format **out,
                                struct cp_error *err)
{
    char known[128] = "";
    size_t n = 0;
    *out = cp_schedule_format_find(name);
    for (size_t i = 0; i < CP_SCHEDULE_FORMATS && !*out; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "",
                              cp_schedule_formats[i].name);
    return *out ? CP_OK
                : cp_fail(err, CP_EINVAL, "schedule: '%.40s' is not one of %s", name, known);
}

static enum cp_code make_plan(const struct cp_cli *cli, struct plan *plan, struct cp_error *err)
{
    if (strcmp(cli->words.word[WORD_VERB], "print") != 0)
        return cp_fail(err, CP_EINVAL,
                       "schedule: '%.40s' is not 'print', the one thing it does; install the "
                       "files yourself",
                       cli->words.word[WORD_VERB]);
    plan->schedule.hour = cli->options.hour;
    enum cp_code code = find_format(cli->words.word[WORD_FORMAT], &plan->format, err);
    if (!code)
        code = read_target(cli->words.word[WORD_TARGET], plan, err);
    if (!code)
        code = make_words(cli, plan, err);
    if (!code)
        code = make_name(cli, plan, err);
    if (!code)
        code = find_folders(cli, plan, err);
    if (!code)
        code = make_policy(plan, err);
    carry_variables(cli, plan);
    return code ? code : cp_schedule_check(&plan->schedule, plan->format, err);
}

/* --- files --- */

static enum cp_code render(const struct plan *plan, const struct cp_schedule_file *file,
                           struct cp_buf *out, struct cp_error *err)
{
    cp_buf_reset(out);
    file->add(&plan->schedule, out);
    return cp_buf_check(out, file->suffix, err);
}

static enum cp_status print_files(const struct cp_cli *cli, const struct plan *plan)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_buf file;
    struct cp_buf all;
    enum cp_code code = CP_OK;
    cp_buf_init(&file, FILE_MAX);
    cp_buf_init(&all, (size_t)CP_SCHEDULE_FILES * FILE_MAX);
    for (size_t i = 0; i < CP_SCHEDULE_FILES && plan->format->files[i].add && !code; i++) {
        code = render(plan, &plan->format->files[i], &file, &err);
        cp_buf_addf(&all, "%s# ==== %s%s ====\n", i ? "\n" : "", plan->name,
                    plan->format->files[i].suffix);
        cp_buf_add_view(&all, cp_buf_view(&file));
    }
    enum cp_status status = code ? cp_cli_fail(cli, &err) : cp_cli_print(&all);
    cp_buf_clear(&all);
    cp_buf_clear(&file);
    return status;
}

typedef enum cp_code (*with_file_fn)(const char *path, struct cp_view text, struct cp_error *err);

static enum cp_code check_free(const char *path, struct cp_view text, struct cp_error *err)
{
    struct cp_buf there;
    if (!cp_file_exists(path))
        return CP_OK;
    cp_buf_init(&there, FILE_MAX);
    enum cp_code code = cp_file_read(path, &there, err);
    bool is_same = !code && cp_view_equal(cp_buf_view(&there), text);
    cp_buf_clear(&there);
    return is_same ? CP_OK
                   : cp_fail(err, CP_EEXIST,
                             "%s is there already and is different; nothing was written: remove "
                             "it, or give another --output or --name",
                             path);
}

static enum cp_code write_file(const char *path, struct cp_view text, struct cp_error *err)
{
    enum cp_code code = cp_file_write_atomic(path, text, err);
    if (!code && printf("%s\n", path) < 0)
        code = cp_fail(err, CP_EIO, "cannot write to standard output");
    return code;
}

static enum cp_code with_files(const struct plan *plan, with_file_fn use, struct cp_error *err)
{
    char path[PATH_MAX + 2 * CP_SCHEDULE_NAME_MAX];
    struct cp_buf file;
    enum cp_code code = CP_OK;
    cp_buf_init(&file, FILE_MAX);
    for (size_t i = 0; i < CP_SCHEDULE_FILES && plan->format->files[i].add && !code; i++) {
        (void)snprintf(path, sizeof path, "%s/%s%s", plan->output, plan->name,
                       plan->format->files[i].suffix);
        code = render(plan, &plan->format->files[i], &file, err);
        if (!code)
            code = use(path, cp_buf_view(&file), err);
    }
    cp_buf_clear(&file);
    return code;
}

static enum cp_status write_files(const struct cp_cli *cli, const struct plan *plan)
{
    struct cp_error err = {CP_OK, ""};
    enum cp_code code = with_files(plan, check_free, &err);
    if (!code)
        code = with_files(plan, write_file, &err);
    return code ? cp_cli_fail(cli, &err) : CP_STATUS_OK;
}

static enum cp_status run_schedule(struct cp_cli *cli)
{
    struct cp_error err = {CP_OK, ""};
    enum cp_status status = CP_STATUS_OK;
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        (void)cp_fail(&err, CP_ENOMEM, "no memory for a schedule");
        return cp_cli_fail(cli, &err);
    }
    cp_buf_init(&plan->policy, FILE_MAX);
    enum cp_code code = make_plan(cli, plan, &err);
    if (code)
        status = cp_cli_fail(cli, &err);
    else if (cli->options.output)
        status = write_files(cli, plan);
    else
        status = print_files(cli, plan);
    cp_buf_clear(&plan->policy);
    free(plan);
    return status;
}

const struct cp_command cp_command_schedule = {
    .name = "schedule",
    .arguments = "print FORMAT TARGET [-- WORDS OF nightly]",
    .summary = "print files that run 'nightly' every night; installs nothing",
    .detail =
        "FORMAT is systemd: a service and a timer; cron: a script and a crontab; github: a "
        "workflow; codebuild: a buildspec, and a CloudFormation template of its project with role, "
        "bucket and clock. Each says in its first lines where it belongs, starts at minute 17, "
        "keeps two "
        "nights from overlapping, tells a regression (3) from a night that could not be measured "
        "(1) or was interrupted (4), and keeps the history: on runners that begin with nothing "
        "by 'history import' before and 'history export' after, also when the night ends red.\n"
        "Options of nightly may be given here or after '--'; they, and COLDPROF_ variables, become "
        "part of the files, which others may read: no secret belongs in them. FUNCTION on AWS gets "
        "--yes and, without --max-cost-usd, a limit of 1 USD; systemd and cron get --wait 1h, so "
        "that nights of several functions follow each other.",
    .examples = "  coldprof schedule print systemd ./checkout -o ~/.config/systemd/user\n"
                "  coldprof schedule print cron checkout --hour 4 --region eu-central-1\n"
                "  coldprof schedule print github checkout -o .github/workflows -- --memory 512\n",
    .bit = CP_IN_SCHEDULE | CP_IN_NIGHTLY,
    .min_words = WORD_REST,
    .max_words = SIZE_MAX,
    .run = run_schedule,
};
