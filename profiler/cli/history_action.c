/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/history_action.h"

#include "model/base/datetime.h"
#include "probes/log/log_input.h"
#include "probes/os/clock.h"
#include "probes/os/file.h"
#include "profiler/cli/session.h"
#include "profiler/cli/stop.h"
#include "profiler/history/history_file.h"
#include "profiler/import/import_time.h"
#include "reports/figures.h"
#include "reports/format.h"
#include "reports/history.h"
#include "reports/night.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 * 1024 * 1024 };

static bool wants_json(const struct cp_history_action *s)
{
    return s->cli->options.format == CP_FORMAT_JSON;
}

static struct cp_json begin_json(const char *command, struct cp_buf *out)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    (void)cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", command);
    return j;
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

static void tell_rejected(const struct cp_history_action *s, const char *path,
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

static enum cp_code import_file(struct cp_history_action *s, const char *path,
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

static void add_counts_json(const struct cp_history_counts *c, struct cp_buf *out)
{
    struct cp_json j = begin_json("history import", out);
    cp_json_add_count(&j, "new_nights", c->n_nights);
    cp_json_add_count(&j, "new_acceptances", c->n_acceptances);
    cp_json_add_count(&j, "known", c->n_known);
    cp_json_add_count(&j, "differing", c->n_differing);
    cp_json_add_count(&j, "rejected", c->n_rejected);
    (void)cp_buf_adds(out, "\n}\n");
}

static enum cp_code tell_counts(struct cp_history_action *s, const struct cp_history_counts *c,
                                struct cp_error *err)
{
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    if (wants_json(s))
        add_counts_json(c, &out);
    else
        (void)cp_buf_addf(&out,
                          "new nights: %zu, new acceptances: %zu, known: %zu, rejected: %zu\n",
                          c->n_nights, c->n_acceptances, c->n_known, c->n_rejected);
    if (c->n_differing && !s->cli->options.is_quiet)
        (void)fprintf(stderr,
                      "warning: known nights that were told differently: %zu; of each the same one "
                      "is kept wherever it is imported\n",
                      c->n_differing);
    if (c->n_rejected && !s->cli->options.exit_zero)
        s->status = CP_STATUS_FAILED;
    enum cp_code code = cp_history_print(s, &out, "what was imported", err);
    cp_buf_clear(&out);
    return code;
}

enum cp_code cp_history_action_import(struct cp_history_action *s, struct cp_error *err)
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
    if (code)
        (void)cp_fail_context(err, "nothing was imported");
    else
        code = tell_counts(s, &import.counts, err);
    cp_history_import_clear(&import);
    return code;
}

/* --- accept --- */

static enum cp_code read_acceptance(const struct cp_history_action *s,
                                    struct cp_night_acceptance *out, struct cp_error *err)
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
    enum cp_code code =
        o->at ? cp_import_time_read(o->at, "--at", now_ms, &out->at_ms, err) : CP_OK;
    if (!code && out->at_ms > now_ms)
        return cp_fail(err, CP_EINVAL,
                       "--at: '%.60s' is yet to come; accept a level that nights have shown",
                       o->at);
    return code;
}

static void add_accepted(const struct cp_history_action *s, const struct cp_night_key *key,
                         const struct cp_night_acceptance *acceptance, struct cp_buf *out)
{
    char at[CP_DATETIME_TEXT_MAX];
    if (wants_json(s)) {
        struct cp_json j = begin_json("history accept", out);
        cp_history_key_json(&j, key);
        cp_json_add_time(&j, "at", acceptance->at_ms);
        cp_json_add_text(&j, "note", acceptance->note);
        (void)cp_buf_adds(out, "\n}\n");
        return;
    }
    (void)cp_buf_adds(out, "accepted the level of ");
    cp_history_key_name(key, out);
    (void)cp_buf_addf(out, " as of %s\nthe nights from then on are compared with it\n",
                      cp_datetime_format(acceptance->at_ms, CP_DATETIME_ISO_S, at));
}

enum cp_code cp_history_action_accept(struct cp_history_action *s, struct cp_error *err)
{
    struct cp_night_acceptance acceptance = {.at_ms = -1};
    struct cp_night_key key;
    struct cp_buf out;
    enum cp_code code = read_acceptance(s, &acceptance, err);
    if (!code)
        code = cp_store_find_history(s->store, s->words[0], &key, err);
    if (!code)
        code = cp_store_accept(s->store, &key, &acceptance, NULL, err);
    if (code)
        return code;
    cp_buf_init(&out, OUTPUT_MAX);
    add_accepted(s, &key, &acceptance, &out);
    code = cp_history_print(s, &out, "what was accepted", err);
    cp_buf_clear(&out);
    return code;
}

/* --- add --- */

static enum cp_code make_night(struct cp_history_action *s, const char *run_id,
                               struct cp_night *night, struct cp_error *err)
{
    struct cp_run_data data;
    struct cp_figures *figures = NULL;
    enum cp_code code = cp_store_load(s->store, run_id, &data, err);
    if (code)
        return code;
    code = cp_session_check_whole(&data, err);
    if (!code)
        code = cp_figures_measured(&data, &figures, err);
    if (!code)
        code = cp_night_of(figures, night, err);
    if (!code && !night->n_metrics)
        code =
            cp_fail(err, CP_ENODATA, "run '%s' has no start that could be a night's", data.run.id);
    cp_figures_free(figures);
    cp_run_data_clear(&data);
    return code;
}

static enum cp_code put_nights(struct cp_store *store, const struct cp_night *nights, size_t n,
                               struct cp_error *err)
{
    enum cp_code code = cp_store_begin(store, err);
    if (code)
        return code;
    for (size_t i = 0; i < n && !code; i++)
        code = cp_store_put_night(store, &nights[i], err);
    return cp_store_end(store, code, err);
}

static void add_added_json(const struct cp_night *nights, size_t n, struct cp_buf *out)
{
    struct cp_json j = begin_json("history add", out);
    cp_json_open(&j, "nights", '[');
    for (size_t i = 0; i < n; i++) {
        cp_json_open(&j, NULL, '{');
        cp_json_add_text(&j, "run_id", nights[i].run_id);
        cp_history_key_json(&j, &nights[i].key);
        cp_json_add_time(&j, "started_at", nights[i].started_at_ms);
        cp_json_add_count(&j, "n_metrics", nights[i].n_metrics);
        cp_json_close(&j, '}');
    }
    cp_json_close(&j, ']');
    (void)cp_buf_adds(out, "\n}\n");
}

static void add_added(const struct cp_night *nights, size_t n, struct cp_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        char at[CP_DATETIME_TEXT_MAX];
        (void)cp_buf_addf(out, "run %s is the night of %s of ", nights[i].run_id,
                          cp_datetime_format(nights[i].started_at_ms, CP_DATETIME_ISO_S, at));
        cp_history_key_name(&nights[i].key, out);
        (void)cp_buf_addf(out, ": %zu metrics\n", nights[i].n_metrics);
    }
}

enum cp_code cp_history_action_add(struct cp_history_action *s, struct cp_error *err)
{
    struct cp_buf out;
    enum cp_code code = CP_OK;
    struct cp_night *nights = calloc(s->n_words, sizeof *nights);
    if (!nights)
        return cp_fail(err, CP_ENOMEM, "no memory for %zu nights", s->n_words);
    cp_buf_init(&out, OUTPUT_MAX);
    for (size_t i = 0; i < s->n_words && !code; i++)
        code = make_night(s, s->words[i], &nights[i], err);
    if (!code)
        code = put_nights(s->store, nights, s->n_words, err);
    if (!code) {
        (wants_json(s) ? add_added_json : add_added)(nights, s->n_words, &out);
        code = cp_history_print(s, &out, "the nights added", err);
    }
    for (size_t i = 0; i < s->n_words; i++)
        cp_night_clear(&nights[i]);
    free(nights);
    cp_buf_clear(&out);
    return code;
}
