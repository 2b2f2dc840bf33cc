/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/clock.h"
#include "profiler/cli/command.h"
#include "profiler/cli/connection.h"
#include "profiler/cli/stop.h"
#include "profiler/sweep/leftover.h"
#include "profiler/sweep/remote.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNDO_LIMIT_MS = 15 * 60 * 1000, JOURNAL_NAME_MAX = 128 };

/* One `coldprof recover`. */
struct session {
    struct cp_cli *cli;
    char folder[PATH_MAX]; /* of the journals */
    struct cp_connection connection;
    struct cp_lambda *lambda;
    char (*names)[JOURNAL_NAME_MAX]; /* journals to undo */
    size_t n_names;
    size_t n_listed, n_failed;
    bool is_out_of_memory;
};

static void log_line(void *context, const char *line)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", line);
}

static void warn(void *context, const char *text)
{
    (void)context;
    (void)fprintf(stderr, "warning: %s\n", text);
}

static bool is_stopped(void *context)
{
    return cp_stop_requests(context) > 0;
}

static void fail(struct session *s, const struct cp_error *err)
{
    (void)cp_cli_fail(s->cli, err);
    s->n_failed++;
}

static const char *name_in(const char *function_arn)
{
    const char *colon = strrchr(function_arn, ':');
    return colon ? colon + 1 : function_arn;
}

/* --- connection --- */

/* Where the journal says, unless the user says otherwise (a service that was started anew). */
static enum cp_code connect_to(struct session *s, const char *target, const char *region,
                               const char *endpoint_url, struct cp_error *err)
{
    const struct cp_options *o = &s->cli->options;
    const struct cp_connection_options options = {
        .get = s->cli->get,
        .get_context = s->cli->get_context,
        .target = target,
        .region = o->region ? o->region : region,
        .endpoint_url = o->endpoint_url ? o->endpoint_url : endpoint_url,
        .allow_insecure = o->insecure_endpoint,
        .profile = o->profile,
        .credentials_from = o->credentials_from,
        .is_interrupted = is_stopped,
        .warn = warn,
    };
    enum cp_code code = cp_connection_open(&options, &s->connection, err);
    if (!code)
        code = cp_connection_sign_in(&s->connection, err);
    if (code)
        return code;
    const struct cp_client_options client = {
        .region = s->connection.region,
        .endpoint_url = s->connection.endpoint_url,
        .credential_source = &s->connection.source,
        .ca_bundle = s->connection.ca_bundle,
        .allow_insecure_endpoint = o->insecure_endpoint,
        .on_log = o->is_verbose ? log_line : NULL,
        .is_interrupted = is_stopped,
    };
    code = cp_lambda_new(&client, &s->lambda, err);
    if (!code)
        cp_lambda_set_deadline(s->lambda, cp_clock_mono_ms() + UNDO_LIMIT_MS);
    return code;
}

static void disconnect(struct session *s)
{
    cp_lambda_free(s->lambda);
    s->lambda = NULL;
    cp_connection_close(&s->connection);
}

/* --- undoing --- */

static void add_part(struct cp_buf *line, const char *text)
{
    (void)cp_buf_addf(line, "%s%s", line->n ? ", " : "", text);
}

/* "run 7f3a of checkout: 256 MB put back, 3 versions deleted, lock removed" */
static void print_done(const struct cp_undo_facts *facts, const struct cp_undo_report *report)
{
    char part[160];
    struct cp_buf parts;
    cp_buf_init(&parts, 1024);
    if (report->has_deleted_shadow) {
        (void)snprintf(part, sizeof part, "shadow function '%s' deleted", facts->shadow);
        add_part(&parts, part);
    }
    if (report->has_put_back) {
        (void)snprintf(part, sizeof part, "%d MB put back", facts->original_memory_mb);
        add_part(&parts, part);
    }
    if (report->n_versions) {
        (void)snprintf(part, sizeof part, "%u version%s deleted", report->n_versions,
                       report->n_versions == 1 ? "" : "s");
        add_part(&parts, part);
    }
    if (report->has_unlocked)
        add_part(&parts, "lock removed");
    (void)printf("run %s of %s: %s\n", facts->run, name_in(facts->function_arn),
                 parts.n ? cp_buf_str(&parts) : "nothing was left");
    cp_buf_clear(&parts);
}

static void undo_now(struct session *s, const struct cp_undo_facts *facts,
                     struct cp_journal **journal)
{
    struct cp_error err = {0};
    struct cp_undo_report report = {.on_note = warn};
    enum cp_code code = cp_undo(s->lambda, facts, *journal, &report, &err);
    if (!code && *journal) {
        code = cp_journal_end(*journal, &err);
        *journal = NULL;
    }
    if (!code) {
        print_done(facts, &report);
        return;
    }
    (void)cp_fail_context(&err, "run %s is not undone%s", facts->run,
                          *journal ? "; its journal is kept" : "");
    fail(s, &err);
}

static void undo_journal(struct session *s, const char *name)
{
    struct cp_error err = {0};
    struct cp_undo_facts facts;
    struct cp_journal *journal = NULL;
    enum cp_code code = cp_undo_facts_open(s->folder, name, &facts, &journal, &err);
    if (code == CP_ENOTFOUND) /* another recover was faster */
        return;
    if (!code)
        code = connect_to(s, facts.function_arn, facts.region,
                          facts.endpoint_url[0] ? facts.endpoint_url : NULL, &err);
    if (code)
        fail(s, &err);
    else
        undo_now(s, &facts, &journal);
    disconnect(s);
    cp_journal_close(journal);
}

/* --- journals --- */

static bool is_wanted(const struct session *s, const struct cp_undo_facts *facts)
{
    const struct cp_words *words = &s->cli->words;
    const char *function = s->cli->options.function;
    if (words->n && strncmp(facts->run, words->word[0], strlen(words->word[0])) != 0)
        return false;
    return !function || strcmp(function, facts->function_arn) == 0 ||
           strcmp(function, name_in(facts->function_arn)) == 0;
}

static bool list_one(void *context, const struct cp_leftover *leftover)
{
    struct session *s = context;
    if (leftover->code) {
        fail(s, leftover->err);
        return true;
    }
    const struct cp_undo_facts *f = leftover->facts;
    if (!is_wanted(s, f))
        return true;
    s->n_listed++;
    if (s->cli->options.is_list) {
        (void)printf("%-6s  %-15s  %-12s  %s  %s\n", f->run, cp_sweep_method_name(f->method),
                     f->region, name_in(f->function_arn), f->endpoint_url);
        return true;
    }
    char(*names)[JOURNAL_NAME_MAX] = realloc(s->names, (s->n_names + 1) * sizeof *names);
    s->is_out_of_memory = !names;
    if (!names)
        return false;
    s->names = names;
    (void)snprintf(names[s->n_names++], JOURNAL_NAME_MAX, "%s", leftover->name);
    return true;
}

static void recover_journals(struct session *s)
{
    struct cp_error err = {0};
    enum cp_code code = s->cli->options.is_list ? CP_OK : cp_leftover_tidy(s->folder, &err);
    if (!code)
        code = cp_leftover_list(s->folder, list_one, s, &err);
    if (!code && s->is_out_of_memory)
        code = cp_fail(&err, CP_ENOMEM, "cannot list the journals: out of memory");
    if (code)
        fail(s, &err);
    for (size_t i = 0; i < s->n_names; i++)
        undo_journal(s, s->names[i]);
}

/* --- without a journal --- */

/* A run that is alive on this machine holds its journal: its things are not leftovers. */
static bool is_alive(const struct session *s, const struct cp_undo_facts *facts)
{
    char name[JOURNAL_NAME_MAX];
    struct cp_undo_facts ignored;
    struct cp_journal *journal = NULL;
    (void)snprintf(name, sizeof name, "%s.journal", facts->token);
    enum cp_code code = cp_undo_facts_open(s->folder, name, &ignored, &journal, NULL);
    cp_journal_close(journal);
    return code == CP_EBUSY;
}

static void undo_remote(struct session *s, const struct cp_undo_facts *facts)
{
    struct cp_journal *none = NULL;
    if (is_alive(s, facts)) {
        (void)printf("run %s of %s is alive: left alone\n", facts->run,
                     name_in(facts->function_arn));
        return;
    }
    undo_now(s, facts, &none);
}

static bool undo_shadow(void *context, const struct cp_undo_facts *facts)
{
    struct session *s = context;
    s->n_listed++;
    if (s->cli->options.is_list || !s->cli->options.is_prune)
        (void)printf("shadow function '%s' of %s, run %s: delete it with --prune\n", facts->shadow,
                     name_in(facts->function_arn), facts->run);
    else
        undo_remote(s, facts);
    return cp_stop_requests(NULL) == 0;
}

static void recover_lock(struct session *s, const char *function)
{
    struct cp_error err = {0};
    struct cp_undo_facts facts;
    enum cp_code code = cp_remote_lock(s->lambda, function, &facts, &err);
    if (code == CP_ENOTFOUND)
        return;
    if (code) {
        fail(s, &err);
        return;
    }
    s->n_listed++;
    if (s->cli->options.is_list)
        (void)printf("lock on %s, run %s\n", name_in(facts.function_arn), facts.run);
    else
        undo_remote(s, &facts);
}

static void recover_remote(struct session *s)
{
    const struct cp_options *o = &s->cli->options;
    struct cp_error err = {0};
    const char *target = o->function ? o->function : "any";
    enum cp_code code = connect_to(s, target, NULL, NULL, &err);
    if (!code && o->function)
        recover_lock(s, s->connection.function);
    if (!code)
        code = cp_remote_shadows(s->lambda, o->function ? s->connection.function : NULL,
                                 undo_shadow, s, &err);
    if (code)
        fail(s, &err);
    disconnect(s);
}

static enum cp_status run_recover(struct cp_cli *cli)
{
    struct session s = {.cli = cli};
    struct cp_error err = {0};
    const struct cp_options *o = &cli->options;
    cp_stop_watch();
    if (cp_cli_journal_folder(cli, s.folder, sizeof s.folder, &err))
        return cp_cli_fail(cli, &err);
    recover_journals(&s);
    if (o->function || o->is_prune)
        recover_remote(&s);
    if (!s.n_listed && !s.n_failed)
        (void)puts(cli->words.n ? "no open journal of that run"
                                : "nothing to recover; of a sweep from another machine: "
                                  "coldprof recover --function NAME");
    free(s.names);
    return s.n_failed ? CP_STATUS_FAILED : CP_STATUS_OK;
}

const struct cp_command cp_command_recover = {
    .name = "recover",
    .arguments = "[RUN]",
    .summary = "undo what an interrupted sweep left in the account",
    .detail =
        "Without arguments it undoes every sweep on this machine that was not undone, from the "
        "journals in $XDG_STATE_HOME/coldprof. On another machine, or when the journal is lost, "
        "--function NAME finds the sweep by its lock alias; shadow functions are found by name and "
        "tag and deleted with --prune. A sweep that is alive on another machine looks the same "
        "there: make sure "
        "that it is not. recover may be run again at any time.",
    .examples = "  coldprof recover\n"
                "  coldprof recover --list\n"
                "  coldprof recover --function checkout --region eu-central-1 --prune\n",
    .bit = CP_IN_RECOVER,
    .minds_journals = true,
    .max_words = 1,
    .run = run_recover,
};
