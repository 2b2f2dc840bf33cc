/* SPDX-License-Identifier: GPL-3.0-or-later
 * history: the nights of each function; shown, carried to other machines and back, accepted.
 */
#include "model/base/datetime.h"
#include "model/base/parallel.h"
#include "probes/log/log_input.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"
#include "profiler/cli/command.h"
#include "profiler/cli/stop.h"
#include "profiler/history/history_file.h"
#include "profiler/import/import_time.h"
#include "reports/figures.h"
#include "reports/format.h"
#include "reports/gate.h"
#include "reports/history.h"
#include "reports/history_list.h"
#include "reports/night.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 * 1024 * 1024 };
#define EXPORT_MAX ((size_t)1024 * 1024 * 1024) /* a year of a thousand functions */

struct session {
    struct cp_cli *cli;
    struct cp_store *store;
    const char *const *words; /* behind the name of the action */
    size_t n_words;
    enum cp_status status;
};

static const struct cp_trend_options ordinary_trend = {.effect = NAN, .effect_ms = NAN};
static const struct cp_history_span whole = {0, 0};

static enum cp_code print(struct session *s, struct cp_buf *out, const char *what,
                          struct cp_error *err)
{
    enum cp_code code = cp_buf_check(out, what, err);
    if (!code)
        s->status = cp_cli_print(out);
    return code;
}

/* --- list --- */

struct listing {
    struct cp_history_listed *rows;
    size_t n;
    bool is_out_of_memory;
};

static bool add_listed(void *context, const struct cp_stored_history *row)
{
    struct listing *list = context;
    struct cp_history_listed *rows = realloc(list->rows, (list->n + 1) * sizeof *rows);
    list->is_out_of_memory = !rows;
    if (!rows)
        return false;
    list->rows = rows;
    rows[list->n++] = (struct cp_history_listed){.key = row->key,
                                                 .n_nights = row->n_nights,
                                                 .first_ms = row->first_ms,
                                                 .last_ms = row->last_ms};
    return true;
}

/* Histories are judged some at a time, each on a thread, so that a year of a hundred functions is
 * there at once and memory is that of a few. */
enum { BATCH = 16 };

struct batch {
    struct cp_history histories[BATCH];
    enum cp_code codes[BATCH];
    struct cp_error errs[BATCH];
    struct cp_history_listed *rows;
};

static void judge_one(void *context, size_t i)
{
    struct batch *batch = context;
    batch->codes[i] = cp_history_listed_judge(&batch->histories[i], &ordinary_trend,
                                              &batch->rows[i], &batch->errs[i]);
}

static enum cp_code judge(struct session *s, struct cp_history_listed *rows, size_t n,
                          struct cp_error *err)
{
    struct batch batch = {.rows = rows};
    enum cp_code code = CP_OK;
    size_t n_loaded = 0;
    while (n_loaded < n && !code) {
        code = cp_store_load_history(s->store, &rows[n_loaded].key, whole,
                                     &batch.histories[n_loaded], err);
        n_loaded += !code;
    }
    if (!code)
        cp_parallel(n, CP_FIGURES_THREADS, judge_one, &batch);
    for (size_t i = 0; i < n_loaded; i++) {
        if (!code && batch.codes[i])
            code = cp_fail(err, batch.codes[i], "%s", batch.errs[i].text);
        cp_history_clear(&batch.histories[i]);
    }
    return code;
}

static void render_list(const struct session *s, const struct listing *list, struct cp_buf *out)
{
    const struct cp_text_style style = {s->cli->out.use_color, s->cli->out.width};
    switch (s->cli->options.format) {
    case CP_FORMAT_JSON:
        cp_history_list_json(list->rows, list->n, out);
        break;
    case CP_FORMAT_CSV:
        cp_history_list_csv(list->rows, list->n, out);
        break;
    case CP_FORMAT_MD:
        cp_history_list_markdown(list->rows, list->n, out);
        break;
    default:
        cp_history_list_text(list->rows, list->n, &style, out);
    }
}

static enum cp_code run_list(struct session *s, struct cp_error *err)
{
    struct listing list = {.rows = NULL};
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    enum cp_code code = cp_store_histories(s->store, add_listed, &list, err);
    if (!code && list.is_out_of_memory)
        code = cp_fail(err, CP_ENOMEM, "no memory for the list of histories");
    for (size_t i = 0; i < list.n && !code; i += BATCH)
        code = judge(s, &list.rows[i], list.n - i < BATCH ? list.n - i : BATCH, err);
    if (!code) {
        render_list(s, &list, &out);
        code = print(s, &out, "the list of histories", err);
    }
    cp_buf_clear(&out);
    free(list.rows);
    return code;
}

/* --- show --- */

static enum cp_code view_options(const struct session *s, struct cp_metric_key *metric,
                                 struct cp_history_options *out, struct cp_error *err)
{
    const struct cp_options *o = &s->cli->options;
    bool is_table = o->format == CP_FORMAT_TABLE;
    *out = (struct cp_history_options){.trend = ordinary_trend};
    out->n_last = o->nights ? (size_t)o->nights : is_table ? (size_t)CP_HISTORY_TEXT_NIGHTS : 0;
    if (!o->metric)
        return CP_OK;
    out->metric = metric;
    if (cp_metric_key_by_name(cp_view_of(o->metric), metric))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "--metric: '%.40s' is no metric; write one like 1024MB/init-p95",
                   o->metric);
}

static enum cp_code render_view(struct session *s, const struct cp_history_view *view,
                                struct cp_error *err)
{
    const struct cp_text_style style = {s->cli->out.use_color, s->cli->out.width};
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    switch (s->cli->options.format) {
    case CP_FORMAT_JSON:
        cp_history_json(view, &out);
        break;
    case CP_FORMAT_CSV:
        cp_history_csv(view, &out);
        break;
    case CP_FORMAT_MD:
        cp_history_markdown(view, &out);
        break;
    case CP_FORMAT_OTAVA_CSV:
        cp_history_otava_csv(view->history, &out);
        break;
    default:
        cp_history_text(view, &style, &out);
    }
    enum cp_code code = print(s, &out, "the history", err);
    cp_buf_clear(&out);
    return code;
}

/* The nights that a closer look is worth: an imported one may have the id of another run. */
struct compared {
    const struct cp_night *nights[2];
    size_t n_found;
};

static bool find_compared(void *context, const struct cp_run *run,
                          const struct cp_accounting *accounting)
{
    struct compared *c = context;
    (void)accounting;
    for (size_t i = 0; i < 2; i++)
        c->n_found += c->nights[i]->started_at_ms == run->started_at_ms &&
                      strcmp(c->nights[i]->run_id, run->id) == 0;
    return true;
}

static enum cp_code look_for_runs(struct session *s, struct cp_history_view *view,
                                  struct cp_error *err)
{
    struct compared c = {{view->before, view->after}, 0};
    if (!view->before || s->cli->options.format != CP_FORMAT_TABLE)
        return CP_OK;
    enum cp_code code = cp_store_list(s->store, find_compared, &c, err);
    view->is_comparable = c.n_found == 2;
    return code;
}

static enum cp_code run_show(struct session *s, struct cp_error *err)
{
    struct cp_history history = {.n_nights = 0};
    struct cp_history_view *view = NULL;
    struct cp_history_options options;
    struct cp_metric_key metric;
    struct cp_night_key key;
    enum cp_code code = view_options(s, &metric, &options, err);
    if (!code)
        code = cp_store_find_history(s->store, s->words[0], &key, err);
    if (!code)
        code = cp_store_load_history(s->store, &key, whole, &history, err);
    if (!code)
        code = cp_history_view_new(&history, &options, &view, err);
    if (!code)
        code = look_for_runs(s, view, err);
    if (!code)
        code = render_view(s, view, err);
    cp_history_view_free(view);
    cp_history_clear(&history);
    return code;
}

/* --- export --- */

static enum cp_code export_all(struct session *s, struct cp_buf *out, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    if (!s->n_words)
        return cp_history_export(s->store, NULL, out, err);
    for (size_t i = 0; i < s->n_words && !code; i++) {
        struct cp_night_key key;
        code = cp_store_find_history(s->store, s->words[i], &key, err);
        if (!code)
            code = cp_history_export(s->store, &key, out, err);
    }
    return code;
}

static enum cp_code run_export(struct session *s, struct cp_error *err)
{
    const char *path = s->cli->options.output;
    struct cp_buf out;
    cp_buf_init(&out, EXPORT_MAX);
    enum cp_code code = export_all(s, &out, err);
    if (!code && path && strcmp(path, "-") != 0)
        code = cp_file_write_atomic(path, cp_buf_view(&out), err);
    else if (!code)
        code = print(s, &out, "the exported history", err);
    cp_buf_clear(&out);
    return code;
}

/* --- import --- */

static bool is_stopped(void *context)
{
    return cp_stop_requests(context) > 0;
}

static enum cp_code feed(struct cp_history_import *import, struct cp_log_input *input,
                         struct cp_error *err)
{
    enum { CHUNK = 64 * 1024 };
    char *chunk = malloc(CHUNK);
    size_t got = 1;
    enum cp_code code = chunk ? CP_OK : cp_fail(err, CP_ENOMEM, "no memory to read");
    while (!code && got) {
        code = cp_log_input_read(input, chunk, CHUNK, &got, err);
        if (!code)
            code = cp_history_import_add(import, (struct cp_view){chunk, got}, err);
    }
    free(chunk);
    return code ? code : cp_history_import_end(import, err);
}

static const char *name_of(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static void tell_rejected(const struct session *s, const char *path,
                          const struct cp_history_counts *counts, size_t from)
{
    for (size_t i = from; i < counts->n_rejected && i < CP_HISTORY_REASONS_MAX; i++) {
        struct cp_buf why;
        cp_buf_init(&why, (size_t)16 * CP_HISTORY_REASON_MAX);
        cp_text_terminal(&why, counts->reasons[i].text);
        if (!s->cli->options.is_quiet)
            (void)fprintf(stderr, "warning: %s: line %zu was rejected: %s\n", name_of(path),
                          counts->reasons[i].line, cp_buf_str(&why));
        cp_buf_clear(&why);
    }
}

static enum cp_code import_file(struct session *s, const char *path,
                                struct cp_history_import *import, struct cp_error *err)
{
    struct cp_log_input *input = NULL;
    size_t n_rejected = import->counts.n_rejected;
    enum cp_code code = cp_log_input_open(path, &input, err);
    if (code == CP_EUNSUPPORTED && !cp_file_is_dir(path))
        return cp_fail(err, code,
                       "cannot import '%s': it is packed in another way than gzip; unpack it and "
                       "pipe it to 'coldprof history import -'",
                       path);
    if (code)
        return code;
    cp_log_input_stop_when(input, is_stopped, NULL);
    code = feed(import, input, err);
    const char *damage = cp_log_input_damage(input);
    if (code && code != CP_EINTERRUPTED)
        (void)cp_fail_context(err, "cannot import '%s'", name_of(path));
    tell_rejected(s, path, &import->counts, n_rejected);
    if (!code && damage[0]) {
        (void)fprintf(stderr, "warning: %s: %s; the nights before it are imported\n", name_of(path),
                      damage);
        s->status = CP_STATUS_FAILED;
    }
    cp_log_input_close(input);
    return code;
}

static void tell_counts(struct session *s, const struct cp_history_counts *c)
{
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    if (s->cli->options.format == CP_FORMAT_JSON)
        (void)cp_buf_addf(&out,
                          "{\n  \"schema_version\": 1,\n  \"command\": \"history import\",\n"
                          "  \"new_nights\": %zu,\n  \"new_acceptances\": %zu,\n  \"known\": %zu,\n"
                          "  \"differing\": %zu,\n  \"rejected\": %zu\n}\n",
                          c->n_nights, c->n_acceptances, c->n_known, c->n_differing, c->n_rejected);
    else
        (void)cp_buf_addf(&out,
                          "new nights: %zu, new acceptances: %zu, known: %zu, rejected: %zu\n",
                          c->n_nights, c->n_acceptances, c->n_known, c->n_rejected);
    if (c->n_differing && !s->cli->options.is_quiet)
        (void)fprintf(stderr,
                      "warning: %zu known nights were told differently; of each the same one is "
                      "kept wherever it is imported\n",
                      c->n_differing);
    if (c->n_rejected && !s->cli->options.exit_zero)
        s->status = CP_STATUS_FAILED;
    enum cp_status printed = cp_cli_print(&out);
    s->status = printed ? printed : s->status;
    cp_buf_clear(&out);
}

static enum cp_code run_import(struct session *s, struct cp_error *err)
{
    static const char *const standard_input[] = {"-"};
    const char *const *paths = s->n_words ? s->words : standard_input;
    size_t n = s->n_words ? s->n_words : 1;
    struct cp_history_import import;
    cp_stop_watch();
    if (!s->n_words && isatty(STDIN_FILENO) && !s->cli->options.is_quiet)
        (void)fputs("reading a history from standard input, to its end (Ctrl-D)\n", stderr);
    cp_history_import_init(&import, s->store);
    enum cp_code code = cp_store_begin(s->store, err);
    if (!code) {
        for (size_t i = 0; i < n && !code; i++)
            code = import_file(s, paths[i], &import, err);
        code = cp_store_end(s->store, code, err);
    }
    if (!code)
        tell_counts(s, &import.counts);
    cp_history_import_clear(&import);
    return code;
}

/* --- accept --- */

static enum cp_code read_acceptance(const struct session *s, struct cp_night_acceptance *out,
                                    struct cp_error *err)
{
    const struct cp_options *o = &s->cli->options;
    int64_t now_ms = cp_clock_unix_ms();
    struct cp_view note = cp_view_of(o->note);
    if (!cp_view_is_one_line(note))
        return cp_fail(err, CP_EINVAL, "--note: write one line of text, in UTF-8");
    if (!cp_view_copy(note, out->note, sizeof out->note))
        return cp_fail(err, CP_EINVAL, "--note: '%.20s...' is longer than %zu bytes", o->note,
                       sizeof out->note - 1);
    out->at_ms = now_ms;
    return o->at ? cp_import_time_read(o->at, "--at", now_ms, &out->at_ms, err) : CP_OK;
}

static enum cp_code run_accept(struct session *s, struct cp_error *err)
{
    struct cp_night_acceptance acceptance = {.at_ms = -1};
    struct cp_history_listed row = {.n_nights = 0};
    char at[CP_DATETIME_TEXT_MAX];
    struct cp_buf out;
    enum cp_code code = read_acceptance(s, &acceptance, err);
    if (!code)
        code = cp_store_find_history(s->store, s->words[0], &row.key, err);
    if (!code)
        code = cp_store_accept(s->store, &row.key, &acceptance, NULL, err);
    if (code)
        return code;
    cp_buf_init(&out, OUTPUT_MAX);
    (void)cp_buf_adds(&out, "accepted the level of ");
    cp_history_listed_name(&row, &out);
    (void)cp_buf_addf(&out, " as of %s: the nights from then on are compared with it\n",
                      cp_datetime_format(acceptance.at_ms, CP_DATETIME_ISO_S, at));
    code = print(s, &out, "what was accepted", err);
    cp_buf_clear(&out);
    return code;
}

/* --- add --- */

static enum cp_code add_run(struct session *s, const char *run_id, struct cp_night *night,
                            struct cp_error *err)
{
    struct cp_run_data data;
    struct cp_figures *figures = NULL;
    enum cp_code code = cp_store_load(s->store, run_id, &data, err);
    if (code)
        return code;
    code = cp_figures_measured(&data, &figures, err);
    if (!code)
        code = cp_night_of(figures, night, err);
    if (!code && !night->n_metrics)
        code =
            cp_fail(err, CP_ENODATA, "run '%s' has no start that could be a night's", data.run.id);
    if (!code)
        code = cp_store_put_night(s->store, night, err);
    cp_figures_free(figures);
    cp_run_data_clear(&data);
    return code;
}

static enum cp_code add_runs(struct session *s, struct cp_buf *out, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < s->n_words && !code; i++) {
        char at[CP_DATETIME_TEXT_MAX];
        struct cp_night night = cp_night_empty();
        code = add_run(s, s->words[i], &night, err);
        if (!code) {
            const struct cp_history_listed row = {.key = night.key};
            (void)cp_buf_addf(out, "run %s is the night of %s of ", night.run_id,
                              cp_datetime_format(night.started_at_ms, CP_DATETIME_ISO_S, at));
            cp_history_listed_name(&row, out);
            (void)cp_buf_addf(out, ": %zu metrics\n", night.n_metrics);
        }
        cp_night_clear(&night);
    }
    return code;
}

static enum cp_code run_add(struct session *s, struct cp_error *err)
{
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    enum cp_code code = add_runs(s, &out, err);
    if (!code)
        code = print(s, &out, "the nights added", err);
    cp_buf_clear(&out);
    return code;
}

/* --- which of them --- */

static const struct action {
    const char *name, *usage;
    enum cp_store_mode mode;
    size_t min_words, max_words;
    enum cp_code (*run)(struct session *s, struct cp_error *err);
} actions[] = {
    {"list", "", CP_STORE_READ, 0, 0, run_list},
    {"show", "FUNCTION", CP_STORE_READ, 1, 1, run_show},
    {"export", "[FUNCTION...]", CP_STORE_READ, 0, SIZE_MAX, run_export},
    {"import", "[FILE...]", CP_STORE_SWEEP, 0, SIZE_MAX, run_import},
    {"add", "RUN...", CP_STORE_SWEEP, 1, SIZE_MAX, run_add},
    {"accept", "FUNCTION", CP_STORE_SWEEP, 1, 1, run_accept},
};
enum { ACTIONS = sizeof actions / sizeof actions[0] };

static enum cp_code choose(const struct cp_cli *cli, const struct action **out,
                           struct cp_error *err)
{
    const char *name = cli->words.n ? cli->words.word[0] : "list";
    *out = NULL;
    for (size_t i = 0; i < ACTIONS; i++) {
        if (strcmp(actions[i].name, name) == 0)
            *out = &actions[i];
    }
    if (!*out)
        return cp_fail(err, CP_EINVAL,
                       "history does not know '%.40s': list, show, export, import, add or accept",
                       name);
    size_t n = cli->words.n ? cli->words.n - 1 : 0;
    if (n < (*out)->min_words || n > (*out)->max_words)
        return cp_fail(err, CP_EINVAL, "%s: usage: coldprof history %s%s%s [OPTIONS]",
                       n < (*out)->min_words ? "an argument is missing" : "too many arguments",
                       name, (*out)->usage[0] ? " " : "", (*out)->usage);
    return CP_OK;
}

static enum cp_status run_history(struct cp_cli *cli)
{
    const struct action *action = NULL;
    struct session s = {.cli = cli};
    struct cp_error err = {CP_OK, ""};
    enum cp_code code = choose(cli, &action, &err);
    if (!code && cli->options.format == CP_FORMAT_OTAVA_CSV && action->run != run_show)
        code = cp_fail(&err, CP_EINVAL,
                       "otava-csv shows one history: coldprof history show FUNCTION --format "
                       "otava-csv");
    if (!code)
        code = cp_cli_open_store(cli, action->mode, &s.store, &err);
    if (!code) {
        s.words = cli->words.word + (cli->words.n > 0);
        s.n_words = cli->words.n ? cli->words.n - 1 : 0;
        code = action->run(&s, &err);
    }
    cp_store_close(s.store);
    return code ? cp_cli_fail(cli, &err) : s.status;
}

const struct cp_command cp_command_history = {
    .name = "history",
    .arguments = "[list|show|export|import|add|accept]",
    .summary = "the nights of each function: show them, carry them, accept a new level",
    .detail =
        "'coldprof nightly' keeps a night for each function, place, Region and architecture. A "
        "FUNCTION is its name, where only one history has it, else with what tells it apart after "
        "'@': checkout@eu-west-1/arm64, checkout@local. 'show' takes --metric and --nights. "
        "'export' writes one night or acceptance a line, sorted; 'import' merges such lines, plain "
        "or gzip, '-' is standard input: what is there already changes nothing, and the order does "
        "not matter, so that runners without a common disk carry their history in a file. 'add' "
        "makes a night of a stored RUN. 'accept' takes the present level as the new one, after a "
        "change that was meant. Status 1 also says that lines were rejected.",
    .examples = "  coldprof history\n"
                "  coldprof history show checkout --metric 1024MB/init-p95 --nights 90\n"
                "  coldprof history export -o history.ndjson\n"
                "  coldprof history import history.ndjson other-runner.ndjson.gz\n"
                "  coldprof history accept checkout --note \"new SDK, agreed\"\n",
    .bit = CP_IN_HISTORY,
    .minds_journals = true, /* touches no account */
    .max_words = SIZE_MAX,
    .run = run_history,
};
