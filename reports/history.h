/* SPDX-License-Identifier: GPL-3.0-or-later
 * A history as a person reads it: what each metric is like now, one metric night by night, its
 * lasting changes with what else changed then, and the nights that are missing. Made once from the
 * nights and drawn by chart `history`, the report and `coldprof history show` alike.
 *
 * Changes are numbered over the whole history, oldest first, so that a number means the same in
 * every document. The nights shown are the newest ones.
 */
#ifndef COLDPROF_REPORTS_HISTORY_H
#define COLDPROF_REPORTS_HISTORY_H

#include "model/compare/cause.h"
#include "model/compare/trend.h"
#include "reports/json_writer.h"
#include "reports/report.h"

enum {
    CP_HISTORY_NIGHTS_MAX = 365, /* shown at most: a year */
    CP_HISTORY_TEXT_NIGHTS = 30, /* of a terminal, unless asked for more */
    CP_HISTORY_STRIP = 18,       /* columns of a night's strip */
};

struct cp_history_options {
    const struct cp_metric_key *metric; /* NULL: init (or restore) p95 at the function's own size */
    size_t n_last;                      /* nights shown; 0: CP_HISTORY_NIGHTS_MAX */
    int64_t until_ms;                   /* later nights are left out; 0: none is */
    struct cp_trend_options trend;
};

/* A night of the metric that is shown. */
struct cp_history_night {
    const struct cp_night *night;
    struct cp_interval ms;
    size_t n;                         /* samples */
    struct cp_trend_night judged;     /* baseline and state */
    size_t change;                    /* number of the change whose first night it is; 0: none */
    size_t n_missed;                  /* nights that are missing before it */
    char day[20];                     /* "2026-10-08", UTC; with the time where a day has several */
    char code[16];                    /* the first digits of the code's SHA-256 */
    char mark[40];                    /* "(2)" of a change, "4 missing" before it; "" */
    char strip[CP_HISTORY_STRIP + 1]; /* a picture in ASCII: '-' expected, 'o' the night */
};

struct cp_history_change {
    size_t number; /* 1 is the oldest */
    size_t row;    /* of all nights with the metric */
    struct cp_trend_change change;
    const struct cp_night *before, *after; /* the night before, the first night; borrowed */
    struct cp_cause causes[CP_CAUSE_COUNT];
    size_t n_causes;
    bool is_cause_near;          /* found a night earlier or later than the change itself */
    char words[CP_RUN_TEXT_MAX]; /* the causes in short; never "" */
    char evidence[80];
    char code[16]; /* of `after` */
};

/* What the newest night says of a metric. */
struct cp_history_metric {
    struct cp_metric_key metric;
    size_t n_nights; /* that have it */
    char name[CP_METRIC_KEY_MAX];
    struct cp_history_night newest; /* strip and change not filled */
    char since[20];                 /* day of the first night of the level; "" unless it changed */
};

struct cp_history_view {
    const struct cp_history *history;  /* borrowed */
    size_t n_nights;                   /* of it, up to the last that counts */
    struct cp_history_metric *metrics; /* by cp_metric_key_order; owned */
    size_t n_metrics;
    size_t shown_metric;               /* index: the one below */
    struct cp_history_night *rows;     /* every night that has it, ascending; owned */
    size_t n_rows, first_row;          /* shown from here on */
    struct cp_history_change *changes; /* owned */
    size_t n_changes;
    size_t first_change;     /* the first of the nights shown */
    int64_t interval_ms;     /* usual time between nights */
    size_t n_missed, n_gaps; /* nights that are missing among the shown, and in how many places */
    double strip_low_ms, strip_high_ms; /* ends of the strips */
    /* the two nights worth a closer look, beside the newest change or the last two; NULL: one */
    const struct cp_night *before, *after;
    bool is_comparable;        /* both are runs of this store: set by its caller, who has that */
    struct cp_figures *tables; /* of nothing but this history: what its tables draw; owned */
};

/* CP_ENODATA without nights, CP_ENOTFOUND for a metric that no night has (the message names those
 * there are), CP_EINVAL, CP_ENOMEM. Owner: cp_history_view_free. */
enum cp_code cp_history_view_new(const struct cp_history *history,
                                 const struct cp_history_options *options,
                                 struct cp_history_view **out, struct cp_error *err);
void cp_history_view_free(struct cp_history_view *view);

/* The documents of `coldprof history show`. */
void cp_history_text(const struct cp_history_view *view, const struct cp_text_style *style,
                     struct cp_buf *out);
void cp_history_json(const struct cp_history_view *view, struct cp_buf *out);
void cp_history_markdown(const struct cp_history_view *view, struct cp_buf *out);
void cp_history_csv(const struct cp_history_view *view, struct cp_buf *out);

/* What a user types to name a history: "checkout@eu-west-1/arm64". */
void cp_history_key_name(const struct cp_night_key *key, struct cp_buf *out);
/* Its four texts, as members of an open object. */
void cp_history_key_json(struct cp_json *j, const struct cp_night_key *key);

#endif
