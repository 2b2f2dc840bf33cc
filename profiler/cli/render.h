/* SPDX-License-Identifier: GPL-3.0-or-later
 * From a stored run to what the user asked to see: shared by sweep and report.
 */
#ifndef COLDPROF_PROFILER_CLI_RENDER_H
#define COLDPROF_PROFILER_CLI_RENDER_H

#include "model/compare/night.h"
#include "profiler/cli/prices.h"
#include "profiler/store/store.h"
#include "reports/report.h"

/* One format as bytes. HTML draws its charts (gnuplot); a missing gnuplot is a warning on stderr.
 */
enum cp_code cp_render(const struct cp_cli *cli, const struct cp_figures *figures,
                       enum cp_format format, struct cp_buf *out, struct cp_error *err);
/* A document about a run in one format: cp_render is the report's. */
typedef enum cp_code (*cp_render_fn)(const struct cp_cli *cli, const struct cp_figures *figures,
                                     enum cp_format format, struct cp_buf *out,
                                     struct cp_error *err);
/* Any document in one format. */
typedef enum cp_code (*cp_document_fn)(const struct cp_cli *cli, const void *document,
                                       enum cp_format format, struct cp_buf *out,
                                       struct cp_error *err);
/* Writes every --export FORMAT=FILE, of the document that `render` makes; of the report. */
enum cp_code cp_render_exports_of(const struct cp_cli *cli, const void *document,
                                  cp_document_fn render, struct cp_error *err);
enum cp_code cp_render_exports_by(const struct cp_cli *cli, const struct cp_figures *figures,
                                  cp_render_fn render, struct cp_error *err);
enum cp_code cp_render_exports(const struct cp_cli *cli, const struct cp_figures *figures,
                               struct cp_error *err);
/* 3 when the budget is missed (0 with --exit-zero); 1 when the function ran at no memory size. */
enum cp_status cp_render_status(const struct cp_cli *cli, const struct cp_figures *figures);
/* Is there a folder to write it into? Asked before a long measurement. */
enum cp_code cp_render_check_export(const struct cp_export *e, struct cp_error *err);
/* Loads a run, with the question that the options ask where cli->asks_anew. Caller owns `data`
 * (cp_run_data_clear), also after a failure. */
enum cp_code cp_render_load(const struct cp_cli *cli, struct cp_store *store, const char *run_id,
                            struct cp_run_data *data, struct cp_error *err);
/* The nights of the run's function, which `data` then borrows. Owner: cp_history_clear, also after
 * a failure. */
enum cp_code cp_render_load_history(struct cp_store *store, struct cp_run_data *data,
                                    struct cp_history *out, struct cp_error *err);
/* The stored run of the command line's first argument ('last' without one), priced, and its
 * figures. To be closed also when it failed. */
struct cp_stored_run {
    struct cp_store *store;
    struct cp_run_data data;
    struct cp_cli_prices prices;
    struct cp_figures *figures;
};
enum cp_code cp_render_open(const struct cp_cli *cli, struct cp_stored_run *run,
                            struct cp_error *err);
void cp_render_close(struct cp_stored_run *run);
/* One warning of a run by its id: what was found, what to do, the samples behind it. CP_EINVAL
 * names the warnings that the run has. */
enum cp_code cp_render_explanation(const struct cp_figures *figures, const char *id,
                                   struct cp_buf *out, struct cp_error *err);
/* Loads a run and shows it on stdout in the wanted format, with exports; with --explain, the one
 * warning instead. Status 3 when the budget is missed (0 with --exit-zero), 1 when the function ran
 * at no memory size. */
enum cp_status cp_render_run(const struct cp_cli *cli, struct cp_store *store, const char *run_id);
/* Writes the report of a run into the folder --output, with exports (render_folder.c). */
enum cp_status cp_render_folder(const struct cp_cli *cli, struct cp_store *store,
                                const char *run_id);
/* One of the two: with --output DIR the folder. */
enum cp_status cp_render_wanted(const struct cp_cli *cli, struct cp_store *store,
                                const char *run_id);

#endif
