/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the modules of this room share about figures beyond report.h. Pure.
 */
#ifndef COLDPROF_REPORTS_FIGURES_H
#define COLDPROF_REPORTS_FIGURES_H

#include "reports/report.h"

/* Fills f->warnings from everything else in `f`, worst first. */
void cp_figures_warn(struct cp_figures *f);

enum { CP_FIGURES_THREADS = 4 }; /* of simulations: no more than cores that a laptop has */
/* The traffic that a run is asked about; NULL: none. `rate` is filled, and is it where the run
 * knows no more than a mean. */
const struct cp_demand *cp_figures_demand(const struct cp_run_data *data, struct cp_demand *rate);

/* The decision's candidate at an index, NULL for -1 (none). */
const struct cp_candidate *cp_figures_candidate(const struct cp_figures *f, int index);
/* Index of the chosen candidate when it is an answer to a budget; -1 without a budget, when nothing
 * meets it, or when the data do not suffice: then nothing is called recommended. */
int cp_figures_recommended(const struct cp_figures *f);
/* The figures of a memory size, NULL when it was not swept. */
const struct cp_size_figures *cp_figures_size(const struct cp_figures *f, int memory_size_mb);
size_t cp_figures_n_cold(const struct cp_figures *f);
size_t cp_figures_n_warm(const struct cp_figures *f);
size_t cp_figures_n_excluded(const struct cp_figures *f);
/* Of cold and warm ones: those that the function timeout ended. */
size_t cp_figures_n_timeout(const struct cp_figures *f);
/* Quantile the decision judges: the budget's, or p99 without one. */
double cp_figures_quantile(const struct cp_figures *f);
/* Monthly cost when traffic is known, else per million requests. */
bool cp_figures_has_traffic(const struct cp_figures *f);
/* Whether memory sizes took turns in sending order: read from the data, not from the plan. */
bool cp_figures_is_interleaved(const struct cp_figures *f);
/* Times of the client only; records without init (run.mode). */
bool cp_figures_is_wall_clock(const struct cp_figures *f);
bool cp_figures_has_no_init(const struct cp_figures *f);
/* Fills wall_p50 .. of every size of a wall-clock run; false: out of memory. */
bool cp_figures_estimate_wall_clock(struct cp_figures *f);
/* Takes back from the decision what such a run cannot decide, and says so. */
void cp_figures_limit_decision(struct cp_figures *f);
/* --- figures_decide.c --- */
/* Fills f->decision from the sizes of `f` and its variants, with the question of `f`. CP_ELIMIT:
 * too many sizes together. */
enum cp_code cp_figures_decide(struct cp_figures *f, struct cp_error *err);

/* --- variants.c --- */
/* May `other` be one more variant of the question of `f`? CP_EINVAL says what to do instead. */
enum cp_code cp_variants_check(const struct cp_figures *f, const struct cp_figures *other,
                               bool has_other_code, struct cp_error *err);
/* The figures of a candidate's size, of whichever variant it is; NULL when it was not swept. */
const struct cp_size_figures *cp_figures_size_of(const struct cp_figures *f,
                                                 const struct cp_candidate *c);
/* The runs that were compared, which is what runs now; nothing of a single run. */
void cp_variants_text(const struct cp_figures *f, struct cp_buf *out);

/* Was it read from logs? Then nothing was planned or sent. */
bool cp_figures_is_import(const struct cp_figures *f);

/* --- figures_fit.c --- */
/* Runs, and leaves some of its memory: then it counts in a fit. */
bool cp_size_is_fitted(const struct cp_size_figures *size);
/* Laws, tails and pooled init; false: out of memory. */
bool cp_figures_fit(struct cp_figures *f);
void cp_figures_forget_fit(struct cp_figures *f);
/* The sizes that a law is fitted to; how many. */
size_t cp_figures_law_groups(const struct cp_figures *f, enum cp_series series,
                             struct cp_memory_group groups[CP_RUN_SIZES_MAX]);
double cp_figures_tail_q(size_t which); /* of CP_TAIL_P95 .. */
/* The sizes that share a tail, with the index of each in f->sizes; how many. */
size_t cp_figures_tail_groups(const struct cp_figures *f, enum cp_series series,
                              struct cp_tail_group groups[CP_RUN_SIZES_MAX],
                              size_t at_size[CP_RUN_SIZES_MAX]);

/* What a pooled tail says; `high` alone where there is only an upper bound. (fitted.c) */
struct cp_interval cp_tail_interval(const struct cp_tail *tail);

/* --- tail_words.c --- */
/* "512 MB on-demand", "1,024 MB with provisioned concurrency 2" */
void cp_setting_text(const struct cp_candidate *c, struct cp_buf *out);
/* The same after the decision's sentence: "512 MB with that schedule". */
void cp_setting_brief_text(const struct cp_decision *d, const struct cp_candidate *c,
                           struct cp_buf *out);
/* p99 / p50 of all requests of a setting; NAN where the samples allow no statement about p99. Ends
 * are those of both intervals: together at least 90 %. */
struct cp_interval cp_candidate_tail_ratio(const struct cp_candidate *c);
/* "0.4 % [0.2, 0.9] of requests take longer than 200 ms at 1,024 MB on-demand; ...", without an
 * end; nothing without a budget. */
void cp_exceedance_text(const struct cp_figures *f, struct cp_buf *out);
/* "cold p95 at 512 MB lies between two modes: 61.0 ms to 278 ms"; false: none does. */
bool cp_mode_edge_text(const struct cp_figures *f, struct cp_buf *out);

/* --- figures_demand.c --- */
/* Fills f->demand and, for traffic with a clock, the week. CP_ENOMEM, CP_EINVAL. */
enum cp_code cp_figures_read_demand(struct cp_figures *f, struct cp_error *err);

/* --- demand_words.c: the traffic that the decision is about --- */
/* "traffic: 5.00/s mean, 41.0/s at most in a minute, times 2; 0.900 requests in flight on average,
 * 7 at p99.9 (512 MB)"; nothing without traffic. */
void cp_demand_text(const struct cp_figures *f, struct cp_buf *out);
/* ", times 2, 3.00 together on average (20ms apart)"; nothing for arrivals as they are. */
void cp_demand_what_if_text(const struct cp_arrivals_law *law, struct cp_buf *out);
/* That the question is not the run's own, and what that was; nothing when it is. */
void cp_other_question_text(const struct cp_figures *f, struct cp_buf *out);

/* --- figures_log.c: what a log tells beside durations --- */
/* Eras, traffic, idle probes, retries, outcomes. CP_ENOMEM. */
enum cp_code cp_figures_read_log(struct cp_figures *f, struct cp_error *err);
void cp_figures_forget_log(struct cp_figures *f);
/* One line each, without an end; nothing without times: rates and requests in flight; hours
 * covered, gaps, retries; failures by kind; billing of init. */
void cp_traffic_text(const struct cp_figures *f, struct cp_buf *out);
void cp_coverage_text(const struct cp_figures *f, struct cp_buf *out);
void cp_failures_text(const struct cp_figures *f, struct cp_buf *out);
void cp_eras_text(const struct cp_figures *f, struct cp_buf *out);
/* Fills observed_cold_share; false: out of memory. */
bool cp_figures_observe_cold_share(struct cp_figures *f);
/* Was it written by the runtime interface emulator, whose billed time and used memory are made up?
 */
bool cp_figures_is_emulated(const struct cp_figures *f);
void cp_figures_forget_costs(struct cp_figures *f);

/* --- history.c --- */
/* The function's nights up to this run, where they are two or more. CP_ENOMEM. */
enum cp_code cp_figures_read_history(struct cp_figures *f, struct cp_error *err);

/* --- figures_digest.c: a large log, of which there are no samples --- */
enum { CP_FIGURES_MEAN_MIN_N = 30 }; /* smallest n for a normal interval of a mean cost */
bool cp_figures_is_from_digest(const struct cp_figures *f);
/* How most fresh environments of a digest start. */
enum cp_start_kind cp_figures_digest_start(const struct cp_digest *digest);
/* Sizes, counts, accounting. */
void cp_figures_count_digest(struct cp_figures *f);
/* The arrays of all sizes; costs and billed durations. false: out of memory. */
bool cp_figures_fill_from_digest(struct cp_figures *f);
bool cp_figures_price_digest(struct cp_figures *f);
/* The row of a memory size, made when new; NULL: no such row. Rows are not sorted while new ones
 * come. */
void cp_figures_add_size(struct cp_figures *f, int memory_size_mb);
void cp_figures_sort_sizes(struct cp_figures *f);
struct cp_size_figures *cp_figures_find_size(struct cp_figures *f, int memory_size_mb);

/* Was the sweep itself billed, as far as its quote says? */
bool cp_figures_is_billed(const struct cp_figures *f);
/* "spent USD 0.0123 of 0.0500 quoted, and up to 0.0004 more for 1 invocation without a record;
 * limit 0.1000"; nothing for a run that is not billed. */
void cp_spend_text(const struct cp_figures *f, struct cp_buf *out);
/* Region, architecture and date of the prices, and whether the free tier is taken off;
 * nothing where no cost is shown. */
void cp_price_text(const struct cp_figures *f, struct cp_buf *out);
const char *cp_price_terms_words(const struct cp_figures *f); /* a sentence */
/* Of a SnapStart function: whether its snapshots are in the costs; no full stop. */
const char *cp_snapshot_cost_words(const struct cp_figures *f);

/* "planned 600 = measured 576 + failed 12 + throttled 0 + unknown 0 + not sent 12"; of an import
 * "records 600 = measured 588 + failed 12". */
void cp_accounting_text(const struct cp_figures *f, struct cp_buf *out);

#endif
