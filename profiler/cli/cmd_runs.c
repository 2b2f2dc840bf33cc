/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/datetime.h"
#include "profiler/cli/command.h"
#include "profiler/store/store.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    struct cp_buf out;
    cJSON *json; /* NULL for the table */
    enum cp_format format;
};

static void add_json(cJSON *runs, const struct cp_run *run, const struct cp_accounting *a,
                     const char *started)
{
    cJSON *row = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(row, "run_id", run->id);
    (void)cJSON_AddItemToObject(row, "started_at",
                                started[0] ? cJSON_CreateString(started) : cJSON_CreateNull());
    (void)cJSON_AddStringToObject(row, "function", run->function);
    (void)cJSON_AddStringToObject(row, "place", run->place);
    (void)cJSON_AddStringToObject(row, "region", run->region);
    (void)cJSON_AddNumberToObject(row, "planned", (double)a->planned);
    (void)cJSON_AddNumberToObject(row, "measured", (double)a->measured);
    (void)cJSON_AddNumberToObject(row, "failed", (double)a->failed);
    (void)cJSON_AddNumberToObject(row, "throttled", (double)a->throttled);
    (void)cJSON_AddNumberToObject(row, "unknown", (double)a->unknown);
    (void)cJSON_AddNumberToObject(row, "not_sent", (double)a->not_sent);
    (void)cJSON_AddBoolToObject(row, "is_interrupted", run->is_interrupted);
    (void)cJSON_AddItemToArray(runs, row);
}

static bool add_run(void *context, const struct cp_run *run, const struct cp_accounting *a)
{
    struct listing *list = context;
    char started[CP_DATETIME_TEXT_MAX] = ""; /* a log without times */
    if (run->started_at_ms >= 0)
        (void)cp_datetime_format(run->started_at_ms, CP_DATETIME_ISO_S, started);
    bool is_unfinished = run->ended_at_ms < 0 && !cp_run_is_import(run);
    const char *state = run->is_interrupted ? "interrupted" : is_unfinished ? "unfinished" : "";
    if (list->json) {
        add_json(list->json, run, a, started);
        return true;
    }
    /* function names are [a-zA-Z0-9-_:] and need no quoting */
    struct cp_buf *out = &list->out;
    if (list->format == CP_FORMAT_CSV)
        (void)cp_buf_addf(out, "%s,%s,%s,%s,%zu,%zu,%s\n", run->id, started, run->function,
                          run->place, a->measured, a->planned, state);
    else if (list->format == CP_FORMAT_MD)
        (void)cp_buf_addf(out, "| %s | %s | %s | %s | %zu | %zu | %s |\n", run->id, started,
                          run->function, run->place, a->measured, a->planned, state);
    else
        (void)cp_buf_addf(out, "%-6s  %-20s  %-24s  %-12s  %8zu  %8zu  %s\n", run->id, started,
                          run->function, run->place, a->measured, a->planned, state);
    return true;
}

static void add_head(struct listing *list)
{
    if (list->format == CP_FORMAT_CSV)
        (void)cp_buf_adds(&list->out, "run_id,started_at,function,place,measured,planned,state\n");
    else if (list->format == CP_FORMAT_MD)
        (void)cp_buf_adds(&list->out, "| run | started | function | place | measured | planned | "
                                      "state |\n|---|---|---|---|---:|---:|---|\n");
    else if (!list->json)
        (void)cp_buf_addf(&list->out, "%-6s  %-20s  %-24s  %-12s  %8s  %8s\n", "run", "started",
                          "function", "place", "measured", "planned");
}

static void finish_json(struct listing *list)
{
    cJSON *top = cJSON_CreateObject();
    (void)cJSON_AddNumberToObject(top, "schema_version", 1);
    (void)cJSON_AddStringToObject(top, "command", "runs");
    (void)cJSON_AddItemToObject(top, "runs", list->json);
    char *text = cJSON_Print(top);
    (void)cp_buf_addf(&list->out, "%s\n", text ? text : "");
    cJSON_free(text);
    cJSON_Delete(top);
}

static enum cp_status run_runs(struct cp_cli *cli)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_store *store = NULL;
    enum cp_format format = cli->options.format;
    if (format == CP_FORMAT_HTML || format == CP_FORMAT_JSONL) {
        (void)cp_fail(&err, CP_EINVAL, "runs has no %s; give table, json, csv or md",
                      format == CP_FORMAT_HTML ? "html" : "jsonl");
        return cp_cli_fail(cli, &err);
    }
    enum cp_code code = cp_cli_open_store(cli, CP_STORE_READ, &store, &err);
    if (code)
        return cp_cli_fail(cli, &err);
    struct listing list = {.format = cli->options.format};
    cp_buf_init(&list.out, (size_t)16 * 1024 * 1024);
    if (list.format == CP_FORMAT_JSON)
        list.json = cJSON_CreateArray();
    add_head(&list);
    code = cp_store_list(store, add_run, &list, &err);
    if (list.json)
        finish_json(&list);
    enum cp_status status = code ? cp_cli_fail(cli, &err) : cp_cli_print(&list.out);
    cp_buf_clear(&list.out);
    cp_store_close(store);
    return status;
}

const struct cp_command cp_command_runs = {
    .name = "runs",
    .arguments = "",
    .summary = "list the stored runs, newest first",
    .bit = CP_IN_RUNS,
    .run = run_runs,
};
