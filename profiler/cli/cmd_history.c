/* SPDX-License-Identifier: GPL-3.0-or-later
 * history: the nights of each function; listed, shown, carried to other machines and back,
 * accepted.
 */
#include "model/base/parallel.h"
#include "probes/os/file.h"
#include "profiler/cli/history_action.h"
#include "profiler/history/history_file.h"
#include "reports/figures.h"
#include "reports/gate.h"
#include "reports/history.h"
#include "reports/history_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MAX = 64 * 1024 * 1024 };
#define EXPORT_MAX ((size_t)1024 * 1024 * 1024) /* a year of a thousand functions */

static const struct cp_trend_options ordinary_trend = {.effect = NAN, .effect_ms = NAN};
static const struct cp_history_span whole = {0, 0};

enum cp_code cp_history_print(struct cp_history_action *self, const struct cp_buf *out,
                              const char *what, struct cp_error *err)
{
    enum cp_code code = cp_buf_check(out, what, err);
    enum cp_status printed = code ? CP_STATUS_OK : cp_cli_print(out);
    self->status = printed ? printed : self->status;
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

static enum cp_code judge(struct cp_history_action *s, struct cp_history_listed *rows, size_t n,
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

static void render_list(const struct cp_history_action *s, const struct listing *list,
                        struct cp_buf *out)
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

static enum cp_code run_list(struct cp_history_action *s, struct cp_error *err)
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
        code = cp_history_print(s, &out, "the list of histories", err);
    }
    cp_buf_clear(&out);
    free(list.rows);
    return code;
}

/* --- show --- */

static enum cp_code view_options(const struct cp_history_action *s, struct cp_metric_key *metric,
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

static enum cp_code render_view(struct cp_history_action *s, const struct cp_history_view *view,
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
    enum cp_code code = cp_history_print(s, &out, "the history", err);
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
    return c->n_found < 2;
}

static enum cp_code look_for_runs(struct cp_history_action *s, struct cp_history_view *view,
                                  struct cp_error *err)
{
    struct compared c = {{view->before, view->after}, 0};
    if (!view->before || s->cli->options.format != CP_FORMAT_TABLE)
        return CP_OK;
    enum cp_code code = cp_store_list(s->store, find_compared, &c, err);
    view->is_comparable = c.n_found == 2;
    return code;
}

static enum cp_code run_show(struct cp_history_action *s, struct cp_error *err)
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

static int by_key(const void *a, const void *b)
{
    return cp_night_key_order(a, b);
}

/* Sorted as an export of all is, each once: the same nights are the same bytes. */
static enum cp_code export_named(struct cp_history_action *s, struct cp_night_key *keys,
                                 struct cp_buf *out, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < s->n_words && !code; i++)
        code = cp_store_find_history(s->store, s->words[i], &keys[i], err);
    if (code)
        return code;
    qsort(keys, s->n_words, sizeof *keys, by_key);
    for (size_t i = 0; i < s->n_words && !code; i++) {
        if (i == 0 || !cp_night_key_equal(&keys[i - 1], &keys[i]))
            code = cp_history_export(s->store, &keys[i], out, err);
    }
    return code;
}

static enum cp_code export(struct cp_history_action *s, struct cp_buf *out, struct cp_error *err) {
    if (!s->n_words) return cp_history_export(s->store, NULL, out, err);
    struct cp_night_key *keys = calloc(s->n_words, sizeof *keys);
    if (!keys) return cp_fail(err, CP_ENOMEM, "no memory for %zu histories", s->n_words);
    enum cp_code code = export_named(s, keys, out, err);
    free(keys);
    return code;
}

static enum cp_code run_export(struct cp_history_action *s, struct cp_error *err)
{
    const char *path = s->cli->options.output;
    struct cp_buf out;
    cp_buf_init(&out, EXPORT_MAX);
    enum cp_code code = export(s, &out, err);
    if (!code && path && strcmp(path, "-") != 0)
        code = cp_file_write_atomic(path, cp_buf_view(&out), err);
    else if (!code)
        code = cp_history_print(s, &out, "the exported history", err);
    cp_buf_clear(&out);
    return code;
}

/* --- which of them --- */

enum {
    BRIEF = 1U << CP_FORMAT_TABLE | 1U << CP_FORMAT_JSON,
    LISTED = BRIEF | 1U << CP_FORMAT_CSV | 1U << CP_FORMAT_MD,
    SHOWN = LISTED | 1U << CP_FORMAT_OTAVA_CSV,
};

static const struct action {
    const char *name, *usage;
    enum cp_store_mode mode;
    unsigned formats;
    size_t min_words, max_words;
    enum cp_code (*run)(struct cp_history_action *s, struct cp_error *err);
} actions[] = {
    {"list", "", CP_STORE_READ, LISTED, 0, 0, run_list},
    {"show", "FUNCTION", CP_STORE_READ, SHOWN, 1, 1, run_show},
    {"export", "[FUNCTION...]", CP_STORE_READ, BRIEF, 0, SIZE_MAX, run_export},
    {"import", "[FILE...]", CP_STORE_SWEEP, BRIEF, 0, SIZE_MAX, cp_history_action_import},
    {"add", "RUN...", CP_STORE_SWEEP, BRIEF, 1, SIZE_MAX, cp_history_action_add},
    {"accept", "FUNCTION", CP_STORE_SWEEP, BRIEF, 1, 1, cp_history_action_accept},
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
    if (!((*out)->formats & 1U << cli->options.format))
        return cp_fail(err, CP_EINVAL,
                       "history %s does not have this --format: all have table and json, list and "
                       "show also csv and md, show also otava-csv",
                       name);
    return CP_OK;
}

static enum cp_status run_history(struct cp_cli *cli)
{
    const struct action *action = NULL;
    struct cp_history_action s = {.cli = cli};
    struct cp_error err = {CP_OK, ""};
    enum cp_code code = choose(cli, &action, &err);
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
