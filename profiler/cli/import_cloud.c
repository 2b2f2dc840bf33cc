/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/import_cloud.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "model/base/hash.h"
#include "model/base/number.h"
#include "model/base/units.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"
#include "profiler/cli/import_metrics.h"
#include "profiler/cli/stop.h"
#include "profiler/import/import_account.h"
#include "profiler/import/import_time.h"

enum { REDRAW_MS = 100, PLAIN_MS = 10000, LINE_MAX_BYTES = 512 };

static bool is_stopped(void *context)
{
    (void)context;
    return cp_stop_requests(NULL) > 0;
}

static void log_line(void *context, const char *line)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", line);
}

/* --- progress --- */

static void end_line(struct cp_import_cloud *c)
{
    if (c->is_drawn)
        (void)fputs("\r\033[K", stderr);
    c->is_drawn = false;
}

static void describe(const struct cp_cloud_progress *p, struct cp_buf *out)
{
    char a[CP_NUMBER_MAX];
    char b[CP_NUMBER_MAX];
    char left[CP_UNITS_TEXT_MAX];
    char time[CP_DATETIME_TEXT_MAX];
    (void)cp_buf_addf(out, "%3.0f %%  %s", floor(p->done_share * 100), p->group->name);
    if (p->n_groups > 1)
        (void)cp_buf_addf(out, " (%zu of %zu)", p->group_no, p->n_groups);
    if (p->query)
        (void)cp_buf_addf(out, "  counting %s from", p->query);
    (void)cp_buf_addf(out, "  %s", cp_datetime_format(p->at_ms, CP_DATETIME_ISO_S, time));
    (void)cp_buf_addf(out, "  %s records", cp_number_exact((double)p->records, a));
    if (!p->query)
        (void)cp_buf_addf(out, "  %s pages", cp_number_exact((double)p->pages, b));
    if (!p->query && p->elapsed_ms > 0)
        (void)cp_buf_addf(out, "  %s/s",
                          cp_number_short((double)p->pages * 1000 / p->elapsed_ms, b));
    if (!isnan(p->left_ms))
        (void)cp_buf_addf(out, "  %s left",
                          cp_units_format_duration(ceil(p->left_ms / 1000) * 1000, left));
}

static void show_progress(void *context, const struct cp_cloud_progress *p)
{
    struct cp_import_cloud *c = context;
    const struct cp_terminal *terminal = &c->cli->err;
    double now_ms = cp_clock_mono_ms();
    struct cp_buf line;
    if (c->cli->options.is_quiet ||
        now_ms - c->drawn_ms < (terminal->can_redraw ? REDRAW_MS : PLAIN_MS))
        return;
    cp_buf_init(&line, LINE_MAX_BYTES);
    describe(p, &line);
    if (terminal->can_redraw)
        (void)fprintf(stderr, "\r%.*s\033[K", terminal->width - 1, cp_buf_str(&line));
    else
        (void)fprintf(stderr, "%s\n", cp_buf_str(&line));
    c->is_drawn = terminal->can_redraw;
    c->drawn_ms = now_ms;
    cp_buf_clear(&line);
}

/* --- options --- */

static enum cp_code read_groups(struct cp_import_cloud *c, struct cp_error *err)
{
    const struct cp_text_list *list = &c->cli->options.log_groups;
    const char *region = NULL;
    for (size_t i = 0; i < list->n; i++) {
        struct cp_log_group *g = &c->groups[c->n_groups++];
        enum cp_code code = cp_log_group_read(list->text[i], g, err);
        if (code)
            return cp_fail_context(err, "--log-group");
        if (region && g->region[0] && strcmp(region, g->region) != 0)
            return cp_fail(err, CP_EINVAL,
                           "--log-group: the ARNs are of two Regions, %s and %s; import one after "
                           "the other",
                           region, g->region);
        region = g->region[0] ? g->region : region;
    }
    const char *option = c->cli->options.region;
    if (region && option && strcmp(region, option) != 0)
        return cp_fail(err, CP_EINVAL, "--region %s is not the Region of the log group's ARN, %s",
                       option, region);
    return CP_OK;
}

static const char *region_of(const struct cp_import_cloud *c)
{
    for (size_t i = 0; i < c->n_groups; i++)
        if (c->groups[i].region[0])
            return c->groups[i].region;
    return c->cli->options.region;
}

static enum cp_code read_time(struct cp_import_cloud *c, struct cp_error *err)
{
    const struct cp_options *o = &c->cli->options;
    int64_t now_ms = cp_clock_unix_ms();
    enum cp_code code = cp_import_time_read(o->since, "--since", now_ms, &c->options.from_ms, err);
    if (!code)
        code = cp_import_time_read(o->until, "--until", now_ms, &c->options.to_ms, err);
    return code;
}

/* --- clients --- */

static enum cp_code connect(struct cp_import_cloud *c, struct cp_error *err)
{
    const struct cp_options *o = &c->cli->options;
    const struct cp_connection_options connection = {
        .get = c->cli->get,
        .get_context = c->cli->get_context,
        .service = &cp_service_logs,
        .region = region_of(c),
        .endpoint_url = o->endpoint_url,
        .allow_insecure = o->insecure_endpoint,
        .profile = o->profile,
        .credentials_from = o->credentials_from,
        .is_interrupted = is_stopped,
    };
    enum cp_code code = cp_connection_open(&connection, &c->connection, err);
    if (!code)
        code = cp_connection_sign_in(&c->connection, err);
    if (code)
        return code;
    const struct cp_client_options client = cp_import_cloud_client(c, c->connection.endpoint_url);
    return cp_logs_new(&client, &c->logs, err);
}

struct cp_client_options cp_import_cloud_client(const struct cp_import_cloud *c, const char *url)
{
    return (struct cp_client_options){
        .region = c->connection.region,
        .endpoint_url = url,
        .credential_source = &c->connection.source,
        .ca_bundle = c->connection.ca_bundle,
        .allow_insecure_endpoint = c->cli->options.insecure_endpoint,
        .on_log = c->cli->options.is_verbose ? log_line : NULL,
        .is_interrupted = is_stopped,
    };
}

/* --- checkpoint --- */

static uint64_t add_text(uint64_t hash, const char *text)
{
    return cp_hash_mix(hash, cp_hash(cp_view_of(text ? text : "")));
}

/* The same command again means the same import: what was typed counts, not what "7d" means now. */
static uint64_t hash_command(const struct cp_import_cloud *c)
{
    const struct cp_options *o = &c->cli->options;
    uint64_t hash = 0;
    for (size_t i = 0; i < c->n_groups; i++)
        hash = add_text(hash, c->groups[i].id);
    const char *const texts[] = {
        o->since,
        o->until,
        o->stream_prefix,
        o->function,
        o->architecture,
        o->profile,
        c->connection.region,
        c->connection.endpoint,
        c->connection.place,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        hash = add_text(hash, texts[i]);
    return cp_hash_mix(hash, o->all_lines);
}

/* $XDG_STATE_HOME/coldprof/imports/HASH.checkpoint */
static enum cp_code place_checkpoint(struct cp_import_cloud *c, struct cp_error *err)
{
    char folder[CP_IMPORT_PATH_MAX];
    c->options.command = hash_command(c);
    enum cp_code code = cp_cli_journal_folder(c->cli, folder, sizeof folder, err);
    if (code)
        return code;
    int n = snprintf(c->checkpoint, sizeof c->checkpoint, "%s/imports", folder);
    if (n < 0 || (size_t)n >= sizeof c->checkpoint - 40)
        return cp_fail(err, CP_ELIMIT, "the path of the state folder is too long");
    code = cp_file_make_dirs(c->checkpoint, true, err);
    if (code)
        return code;
    (void)snprintf(c->checkpoint + n, sizeof c->checkpoint - (size_t)n,
                   "/%016" PRIx64 ".checkpoint", c->options.command);
    c->options.checkpoint = c->checkpoint;
    return CP_OK;
}

/* --- what is said --- */

static void say_begin(const struct cp_import_cloud *c)
{
    const struct cp_options *o = &c->cli->options;
    char from[CP_DATETIME_TEXT_MAX];
    char to[CP_DATETIME_TEXT_MAX];
    if (o->is_quiet)
        return;
    (void)fprintf(stderr, "%s%s of %s (%s), %s to %s, by %s\n", c->groups[0].name,
                  c->n_groups > 1 ? " and others" : "", c->connection.region, c->connection.place,
                  cp_datetime_format(c->options.from_ms, CP_DATETIME_ISO_S, from),
                  cp_datetime_format(c->options.to_ms, CP_DATETIME_ISO_S, to),
                  o->insights ? "Logs Insights: AWS bills each query by the GB it scans"
                              : "FilterLogEvents: no charge by the GB, but slow; --insights counts "
                                "in AWS");
}

static void say_end(struct cp_import_cloud *c, const struct cp_digest *digest)
{
    const struct cp_import_account account = {.digest = digest};
    struct cp_buf text;
    if (c->cli->options.is_quiet)
        return;
    cp_buf_init(&text, (size_t)256 * 1024);
    cp_import_account_text(&account, &text);
    cp_cloud_import_account(&c->options, &c->result, &text);
    (void)fputs(cp_buf_str(&text), stderr);
    cp_buf_clear(&text);
}

static enum cp_code say_how_to_go_on(const struct cp_import_cloud *c, enum cp_code code,
                                     struct cp_error *err)
{
    char said[CP_ERROR_TEXT_MAX];
    if (!c->result.is_kept)
        return code;
    (void)snprintf(said, sizeof said, "%s", err->text);
    return cp_fail(err, code,
                   "%s; %.0f %% of the logs are kept: the same command goes on from there, --fresh "
                   "begins anew",
                   said, floor(c->result.done_share * 100));
}

/* --- all of it --- */

enum cp_code cp_import_cloud_run(struct cp_cli *cli, const char *function,
                                 struct cp_import_cloud *out, struct cp_digest *digest,
                                 struct cp_error *err)
{
    const struct cp_options *o = &cli->options;
    cp_stop_watch();
    *out = (struct cp_import_cloud){.cli = cli,
                                    .options = {.stream_prefix = o->stream_prefix,
                                                .is_all_lines = o->all_lines,
                                                .is_insights = o->insights,
                                                .function = function,
                                                .architecture = o->architecture,
                                                .is_fresh = o->fresh,
                                                .on_progress = show_progress,
                                                .is_interrupted = is_stopped}};
    out->options.progress_context = out;
    enum cp_code code = read_groups(out, err);
    if (!code)
        code = read_time(out, err);
    if (!code)
        code = connect(out, err);
    if (!code)
        code = cp_cloud_find_groups(out->logs, out->groups, out->n_groups, err);
    if (!code)
        code = place_checkpoint(out, err);
    if (code)
        return code;
    out->options.logs = out->logs;
    out->options.groups = out->groups;
    out->options.n_groups = out->n_groups;
    say_begin(out);
    out->drawn_ms = cp_clock_mono_ms();
    code = cp_cloud_import(&out->options, digest, &out->result, err);
    end_line(out);
    if (code)
        return say_how_to_go_on(out, code, err);
    say_end(out, digest);
    return o->metrics ? cp_import_metrics_say(out, digest, err) : CP_OK;
}

void cp_import_cloud_stored(struct cp_import_cloud *cloud)
{
    if (cloud->checkpoint[0])
        (void)cp_file_remove(cloud->checkpoint, NULL);
}

void cp_import_cloud_clear(struct cp_import_cloud *cloud)
{
    if (!cloud->cli)
        return;
    cp_logs_free(cloud->logs);
    cloud->logs = NULL;
    cp_connection_close(&cloud->connection);
}
