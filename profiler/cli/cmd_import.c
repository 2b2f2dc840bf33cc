/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/command.h"
#include "profiler/cli/demand.h"
#include "profiler/cli/import_cloud.h"
#include "profiler/cli/import_table.h"
#include "profiler/cli/prices.h"
#include "profiler/cli/read_logs.h"
#include "profiler/cli/render.h"
#include "profiler/import/import_account.h"
#include "profiler/import/import_list.h"
#include "profiler/import/import_run.h"

#include <stdio.h>
#include <string.h>

/* Functions of one input that get a run of their own; those with most records. */
enum { RUNS_MAX = CP_IMPORT_TABLE_MAX, NAME_MAX_BYTES = CP_DIGEST_NAME_MAX + 1 };

struct session {
    struct cp_cli *cli;
    struct cp_digest *digest; /* of everything that was read */
    struct cp_import_list list;
    const struct cp_import_function *chosen;
    struct cp_store *store;
    struct cp_import_table table;
    struct cp_import_cloud cloud;  /* of --log-group */
    char function[NAME_MAX_BYTES]; /* of --function NAME:VERSION */
    const char *version;           /* NULL: all */
    struct cp_demand *asked; /* of --traffic, for all of them; NULL: each has that of its log */
    struct cp_read_logs logs;
    struct cp_error err;
};

/* Files, or log groups of CloudWatch. What was read of a log group before an interruption is kept
 * for the next time. */
static enum cp_code read_source(struct session *s)
{
    struct cp_cli *cli = s->cli;
    bool is_cloud = cli->options.log_groups.n > 0;
    if (is_cloud && cli->words.n)
        return cp_fail(&s->err, CP_EINVAL, "give either a FILE ('%.200s') or --log-group, not both",
                       cli->words.word[0]);
    if (!is_cloud && !cli->words.n)
        return cp_fail(&s->err, CP_EINVAL,
                       "what is to be imported? give a FILE, or --log-group GROUP");
    if (!is_cloud)
        return cp_read_logs(cli, &s->logs, s->digest, &s->err);
    enum cp_code code = cp_import_cloud_run(cli, s->logs.function, &s->cloud, s->digest, &s->err);
    s->logs.is_whole = !code && cp_import_account_is_whole(s->digest);
    return code;
}

/* --- what becomes of it --- */

/* A file is read once, and before the logs. 'mean' is that of each function. */
static enum cp_code read_traffic(struct session *s)
{
    const struct cp_cli *cli = s->cli;
    const char *text = cli->options.traffic;
    if (!text || strcmp(text, "mean") == 0)
        return CP_OK;
    for (size_t i = 0; i < cli->words.n && strcmp(text, "-") == 0; i++) {
        if (strcmp(cli->words.word[i], "-") == 0)
            return cp_fail(&s->err, CP_EINVAL,
                           "--traffic: standard input holds the log already; give a file");
    }
    return cp_cli_demand(&cli->options, NULL, &s->asked, &s->err);
}

/* "orders:7" is version 7 of orders. */
static enum cp_code read_function(struct session *s)
{
    const char *text = s->cli->options.function;
    if (!text)
        return CP_OK;
    struct cp_view rest = cp_view_of(text);
    struct cp_view name;
    (void)cp_view_split(&rest, ':', &name);
    if (!name.n || !cp_view_copy(name, s->function, sizeof s->function))
        return cp_fail(&s->err, CP_EINVAL,
                       "--function: '%.80s' is no function's name; write it like orders or "
                       "orders:7",
                       text);
    s->version = rest.n ? rest.p : NULL;
    return CP_OK;
}

static const char *variable(const struct session *s, const char *name)
{
    const char *text = s->cli->get(s->cli->get_context, name);
    return text && text[0] ? text : NULL;
}

static struct cp_import_options options_of(const struct session *s, const char *target)
{
    const struct cp_options *o = &s->cli->options;
    const char *region = variable(s, "AWS_REGION");
    return (struct cp_import_options){
        .version = s->version,
        .region = o->region,
        .architecture = o->architecture,
        .default_region = region ? region : variable(s, "AWS_DEFAULT_REGION"),
        .target = target,
        .command = s->cli->command_line,
        .budget_q = o->budget.q,
        .budget_ms = o->budget.ms,
        .seed = o->seed,
    };
}

static enum cp_code store_run(struct session *s, struct cp_run_data *data)
{
    struct cp_run *run = &data->run;
    cp_cli_put_class(&s->cli->options, run);
    enum cp_code code = cp_store_begin(s->store, &s->err);
    if (code)
        return code;
    code = cp_store_add_run(s->store, run, &s->err);
    if (!code && data->demand)
        code = cp_store_put_demand(s->store, run->id, data->demand, &s->err);
    if (!code)
        code = cp_store_add_samples(s->store, run->id, data->samples, data->n_samples, &s->err);
    if (!code)
        code = cp_store_put_digest(s->store, run->id, data->digest, &s->err);
    return cp_store_end(s->store, code, &s->err);
}

/* --traffic and what goes with it, or what the log shows. */
static enum cp_code put_traffic(struct session *s, struct cp_run_data *data)
{
    struct cp_demand rate = cp_demand_of_rate(data->run.traffic_per_s);
    const struct cp_demand *own = data->run.traffic_per_s > 0 ? &rate : NULL;
    struct cp_demand *asked = NULL;
    enum cp_code code = CP_OK;
    if (s->asked) {
        asked = cp_demand_copy(s->asked);
        code = asked ? CP_OK : cp_fail(&s->err, CP_ENOMEM, "no memory for the traffic");
    } else {
        own = data->demand ? data->demand : own;
        code = cp_cli_demand(&s->cli->options, own, &asked, &s->err);
    }
    if (asked)
        cp_cli_put_demand(data, asked);
    return code;
}

/* Makes and stores the run of one function; a Region without prices is an error before anything is
 * stored. */
static enum cp_code keep_function(struct session *s, const struct cp_import_function *function,
                                  const char *target, char id[CP_RUN_ID_MAX])
{
    struct cp_run_data data;
    struct cp_cli_prices prices;
    const struct cp_import_options options = options_of(s, target);
    enum cp_code code = cp_import_run(s->digest, function, &options, &data, &s->err);
    data.run.is_interrupted = s->logs.is_interrupted;
    if (!code)
        code = put_traffic(s, &data);
    if (!code)
        code = cp_cli_price_run(s->cli, &data, &prices, &s->err);
    if (!code)
        code = store_run(s, &data);
    (void)snprintf(id, CP_RUN_ID_MAX, "%s", code ? "" : data.run.id);
    cp_run_data_clear(&data);
    return code;
}

static void join_words(const struct cp_words *words, struct cp_buf *out)
{
    for (size_t i = 0; i < words->n && out->n < CP_RUN_TEXT_MAX; i++)
        (void)cp_buf_addf(out, "%s%s", i ? " " : "", words->word[i]);
}

/* The others of the table, too; one that cannot be kept has no run there, and a warning says why.
 * The chosen one comes last, so that it is the last run. */
static enum cp_code keep_functions(struct session *s, char id[CP_RUN_ID_MAX])
{
    struct cp_buf target;
    cp_buf_init(&target, (size_t)64 * 1024);
    join_words(&s->cli->words, &target);
    for (size_t i = 0; i < s->cli->options.log_groups.n && target.n < CP_RUN_TEXT_MAX; i++)
        (void)cp_buf_addf(&target, "%s%s", i ? " " : "", s->cli->options.log_groups.text[i]);
    cp_import_table_choose(&s->list, s->chosen, &s->table);
    for (size_t i = 0; i < s->table.n && !s->cli->options.function; i++) {
        struct cp_import_table_row *row = &s->table.rows[i];
        if (row->function == s->chosen)
            continue;
        if (keep_function(s, row->function, cp_buf_str(&target), row->run_id))
            (void)fprintf(stderr, "warning: %s\n", s->err.text);
    }
    enum cp_code code = keep_function(s, s->chosen, cp_buf_str(&target), id);
    cp_import_table_set(&s->table, s->chosen, id);
    cp_buf_clear(&target);
    return code;
}

static enum cp_code make_runs(struct session *s, char id[CP_RUN_ID_MAX])
{
    const char *wanted = s->function[0] ? s->function : NULL;
    enum cp_code code = cp_import_list(s->digest, &s->list, &s->err);
    if (!code)
        code = cp_import_choose(&s->list, wanted, &s->chosen, &s->err);
    if (!code)
        code = cp_cli_open_store(s->cli, CP_STORE_SWEEP, &s->store, &s->err);
    return code ? code : keep_functions(s, id);
}

/* Before the report of the chosen one; formats for programs are that report alone. */
static enum cp_status print_functions(const struct session *s)
{
    struct cp_buf out;
    bool is_wanted = s->list.n > 1 && !s->function[0] &&
                     s->cli->options.format == CP_FORMAT_TABLE && !s->cli->options.output;
    if (!is_wanted)
        return CP_STATUS_OK;
    cp_buf_init(&out, (size_t)64 * 1024);
    cp_import_table_text(&s->table, s->list.n, &out);
    enum cp_status status = cp_cli_print(&out);
    cp_buf_clear(&out);
    return status;
}

static void end(struct session *s)
{
    cp_store_close(s->store);
    cp_demand_free(s->asked);
    cp_import_list_clear(&s->list);
    cp_digest_free(s->digest);
    cp_read_logs_clear(&s->logs);
    cp_import_cloud_clear(&s->cloud);
}

static enum cp_status run_import(struct cp_cli *cli)
{
    struct session s = {.cli = cli, .digest = cp_digest_new()};
    char id[CP_RUN_ID_MAX] = "";
    enum cp_code code =
        s.digest ? read_function(&s) : cp_fail(&s.err, CP_ENOMEM, "no memory for a digest");
    s.logs.function = s.function[0] ? s.function : NULL;
    if (!code)
        code = read_traffic(&s);
    if (!code)
        code = read_source(&s);
    if (!code)
        code = make_runs(&s, id);
    if (!code)
        cp_import_cloud_stored(&s.cloud);
    enum cp_status status = code ? cp_cli_fail(cli, &s.err) : print_functions(&s);
    if (!code && status == CP_STATUS_OK)
        status = cp_render_wanted(cli, s.store, id);
    if (!code || s.logs.is_interrupted)
        status = cp_read_logs_status(cli, &s.logs, status);
    end(&s);
    return status;
}

const struct cp_command cp_command_import = {
    .name = "import",
    .arguments = "FILE... | --log-group GROUP",
    .summary = "read the logs of functions that run already, and decide",
    .detail =
        "A FILE is a log, plain or gzip, in any form that AWS and its tools write, a folder or a "
        "quoted pattern of them, a digest ('coldprof digest'), or '-' for standard input. Nothing "
        "is invoked. Every function found gets a run of its own; the one with most records (or "
        "--function) is shown. Large logs are kept as histograms (values off by at most 0.4 %), up "
        "to 65,536 records as they are. Production is no experiment: with one memory size in the "
        "log, no other size can be judged.\n"
        "With --log-group the log is read from CloudWatch, by FilterLogEvents: slow, without a "
        "charge by the GB. When that is interrupted, the same command goes on where it was. "
        "--insights has the records counted in AWS instead.",
    .examples = "  coldprof import logs/ --budget p99=200ms\n"
                "  aws logs tail /aws/lambda/orders --since 7d | coldprof import - "
                "--function orders\n"
                "  coldprof import 'exported/*.gz' -o report\n"
                "  coldprof import --log-group orders --since 7d --metrics\n",
    .bit = CP_IN_IMPORT,
    .max_words = SIZE_MAX,
    .run = run_import,
};
