/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/apply_notes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "reports/figures.h"
#include "reports/format.h"

enum { COLUMNS = 79, INDENT = 12, LINE_MAX_BYTES = 1 << 14 };

struct notes {
    const struct cp_apply *a;
    const struct cp_apply_format *format;
    struct cp_buf *out;
};

/* --- comments --- */

static void add_blank(const struct notes *n)
{
    cp_buf_addf(n->out, "%s\n", n->format->comment);
}

/* Words on lines of comment, the first after `head`, the others indented as far. */
static void add_wrapped(const struct notes *n, const char *head, size_t indent, const char *text)
{
    struct cp_view rest = cp_view_of(text);
    struct cp_view word;
    size_t column = strlen(n->format->comment) + 1;
    size_t first = column + indent;
    cp_buf_addf(n->out, "%s %-*s", n->format->comment, (int)indent, head);
    column += indent;
    while (cp_view_split(&rest, ' ', &word)) {
        size_t columns = cp_text_columns(word);
        if (column > first && column + 1 + columns > COLUMNS) {
            cp_buf_addf(n->out, "\n%s %*s", n->format->comment, (int)indent, "");
            column = first;
        }
        cp_buf_adds(n->out, column > first ? " " : "");
        column += (column > first ? 1 : 0) + columns;
        cp_buf_add_view(n->out, word);
    }
    cp_buf_addc(n->out, '\n');
}

/* `text` may hold what is foreign: it is made harmless here, once. */
static void add_fact(const struct notes *n, const char *name, const char *text)
{
    struct cp_buf safe;
    if (text[0] == '\0')
        return;
    cp_buf_init(&safe, LINE_MAX_BYTES);
    cp_text_terminal(&safe, text);
    add_wrapped(n, name, name[0] ? INDENT : 0, cp_buf_str(&safe));
    cp_buf_fail_with(n->out, &safe);
    cp_buf_clear(&safe);
}

static void end_fact(const struct notes *n, const char *name, struct cp_buf *line)
{
    add_fact(n, name, cp_buf_str(line));
    cp_buf_fail_with(n->out, line);
    cp_buf_clear(line);
}

/* --- facts --- */

static void add_function(const struct notes *n)
{
    const struct cp_apply_plan *p = &n->a->plan;
    struct cp_buf line;
    cp_buf_init(&line, LINE_MAX_BYTES);
    if (n->a->candidate)
        cp_buf_addf(&line, "%s%s%s", p->function, p->alias[0] ? ", alias " : "", p->alias);
    else
        cp_buf_adds(&line, n->a->run->function);
    cp_buf_addf(&line, ", %s, %s", n->a->run->region, n->a->run->place);
    end_fact(n, "function:", &line);
}

static void add_run(const struct notes *n)
{
    const struct cp_run *run = n->a->run;
    char at[CP_DATETIME_TEXT_MAX];
    struct cp_buf line;
    cp_buf_init(&line, LINE_MAX_BYTES);
    cp_buf_adds(&line, run->id);
    if (run->started_at_ms >= 0)
        cp_buf_addf(&line, " of %s", cp_datetime_format(run->started_at_ms, CP_DATETIME_ISO_S, at));
    cp_buf_addf(&line, ", coldprof %s", run->coldprof_version);
    end_fact(n, "run:", &line);
}

static void add_verdict(const struct notes *n)
{
    if (n->a->is_other_question)
        add_fact(n, "question:", "not the run's own: another budget or traffic was asked about");
    const struct cp_decision *d = n->a->decision;
    struct cp_buf line;
    cp_buf_init(&line, LINE_MAX_BYTES);
    cp_buf_addf(&line, "%s. %s", cp_verdict_name(d->verdict),
                d->sentence[0] ? d->sentence : "No setting can be recommended from this run.");
    end_fact(n, "verdict:", &line);
}

/* Whose latency it is: see cp_candidate. */
static const char *judged(const struct cp_run *run, const struct cp_candidate *c)
{
    if (run->traffic_per_s > 0)
        return "all requests";
    return cp_mode_is_provisioned(c->mode) ? "warm starts" : "cold starts";
}

static const struct cp_candidate *now_of(const struct cp_apply *a)
{
    int current = a->decision->current;
    const struct cp_candidate *now = current >= 0 ? &a->decision->candidates[current] : NULL;
    return now && now != a->candidate ? now : NULL;
}

static void add_latency(const struct notes *n)
{
    const struct cp_run *run = n->a->run;
    const struct cp_candidate *c = n->a->candidate;
    const struct cp_candidate *now = now_of(n->a);
    double q = isnan(run->budget_q) ? 0.99 : run->budget_q;
    char name[CP_FORMAT_MAX];
    char value[CP_FORMAT_MAX];
    struct cp_buf line;
    cp_buf_init(&line, LINE_MAX_BYTES);
    cp_buf_addf(&line, "%s %s ms of %s", cp_format_quantile_name(q, name),
                cp_format_interval(CP_UNIT_MS, c->latency_ms, value), judged(run, c));
    if (isfinite(run->budget_ms))
        cp_buf_addf(&line, ", target %s ms", cp_format(CP_UNIT_MS, run->budget_ms, value));
    if (now)
        cp_buf_addf(&line, "; now %s ms", cp_format_interval(CP_UNIT_MS, now->latency_ms, value));
    end_fact(n, "latency:", &line);
}

static void add_cost(const struct notes *n)
{
    const struct cp_candidate *c = n->a->candidate;
    const struct cp_candidate *now = now_of(n->a);
    bool is_monthly = isfinite(c->usd_per_month.value);
    char value[CP_FORMAT_MAX];
    struct cp_buf line;
    cp_buf_init(&line, LINE_MAX_BYTES);
    cp_buf_addf(
        &line, "USD %s per %s",
        cp_format_interval(CP_UNIT_USD, is_monthly ? c->usd_per_month : c->usd_per_million, value),
        is_monthly ? "month" : "million requests");
    if (now)
        cp_buf_addf(&line, "; now %s",
                    cp_format_interval(CP_UNIT_USD,
                                       is_monthly ? now->usd_per_month : now->usd_per_million,
                                       value));
    end_fact(n, "cost:", &line);
}

static void add_before(const struct notes *n)
{
    const struct cp_run *run = n->a->run;
    char mb[CP_FORMAT_MAX];
    struct cp_buf line;
    cp_buf_init(&line, LINE_MAX_BYTES);
    if (run->original_memory_size_mb > 0)
        cp_buf_addf(&line, "%s MB", cp_format(CP_UNIT_MB, run->original_memory_size_mb, mb));
    else
        cp_buf_adds(&line, "memory size not known");
    cp_buf_addf(&line, ", %s", run->architecture);
    if (run->provisioned[0])
        cp_buf_addf(&line, "; %s", run->provisioned);
    end_fact(n, "before:", &line);
}

/* --- what to know before --- */

static bool is_local(const struct cp_apply *a)
{
    return a->run->is_local;
}

static bool is_asked_for(const struct cp_apply *a)
{
    return a->answer == CP_APPLY_CANDIDATE && a->decision->verdict != CP_VERDICT_CHANGE;
}

static bool is_alias_assumed(const struct cp_apply *a)
{
    return a->plan.alias_is == CP_ALIAS_ASSUMED;
}

static bool has_no_alias(const struct cp_apply *a)
{
    return a->plan.alias_is == CP_ALIAS_NONE;
}

static bool publishes(const struct cp_apply *a)
{
    return cp_apply_publishes(&a->plan);
}

static bool names_the_code(const struct cp_apply *a)
{
    return cp_apply_publishes(&a->plan) && cp_apply_code_sha256(&a->plan)[0];
}

static bool changes_architecture(const struct cp_apply *a)
{
    return cp_apply_changes_architecture(&a->plan);
}

static bool has_schedule(const struct cp_apply *a)
{
    return cp_apply_has_schedule(&a->plan);
}

static bool has_tracking(const struct cp_apply *a)
{
    return cp_apply_has_tracking(&a->plan);
}

static bool tracks_from_none(const struct cp_apply *a)
{
    return cp_apply_has_tracking(&a->plan) && a->plan.set.min == 0;
}

static bool changes_reserved(const struct cp_apply *a)
{
    return cp_apply_changes_reserved(&a->plan);
}

static const struct {
    bool (*holds)(const struct cp_apply *a);
    const char *text;
} notes[] = {
    {is_local, "LOCAL: measured on this machine, a relative comparison and not AWS latency. Check "
               "function and Region before you use it."},
    {is_asked_for, "This setting was asked for by name; the run does not recommend it."},
    {is_alias_assumed, "Provisioned concurrency belongs to an alias: 'live' is assumed; --alias "
                       "NAME names another. Only requests to it meet ready environments."},
    {has_no_alias, "No alias: requests to $LATEST meet the change as soon as it is made. --alias "
                   "NAME publishes a version and moves that alias."},
    {publishes, "What $LATEST holds then is published and released by the alias."},
    {names_the_code, "--code-sha256 makes that fail if it is no longer the code that was "
                     "measured."},
    {changes_architecture, "The architecture changes: code, layers and extensions have to be built "
                           "for the other one."},
    {has_schedule,
     "Each rise is asked for some minutes early: Lambda prepares for up to 2 minutes, "
     "then starts up to 6,000 environments a minute, and none is used before all "
     "are ready. Until the first action the quietest hour's number holds."},
    {has_tracking, "Without requests the utilisation is absent, nothing is scaled in, and what is "
                   "provisioned is billed on."},
    {tracks_from_none, "With none provisioned there is no utilisation to follow, so it stays at "
                       "none: raise the least to 1 unless something else provisions."},
    {changes_reserved, "The run did not see whether concurrency was reserved before: aws lambda "
                       "get-function-concurrency tells; the undo removes it."},
};

static void add_notes(const struct notes *n)
{
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        if (notes[i].holds(n->a))
            add_wrapped(n, "", 0, notes[i].text);
    }
}

/* --- headers --- */

static void add_title(const struct notes *n, const char *words, const struct cp_candidate *c)
{
    struct cp_buf line;
    cp_buf_init(&line, LINE_MAX_BYTES);
    cp_buf_addf(&line, "coldprof apply %s: %s", n->a->run->id, words);
    if (c)
        cp_setting_text(c, &line);
    end_fact(n, "", &line);
    add_blank(n);
}

/* The setting that is shown to meet the budget, where only the chosen one is undecided. */
static void add_way_on(const struct notes *n)
{
    const struct cp_decision *d = n->a->decision;
    char name[CP_CANDIDATE_NAME_MAX];
    struct cp_buf line;
    cp_buf_init(&line, LINE_MAX_BYTES);
    cp_buf_adds(&line, "Nothing is proven, so nothing is proposed. Measure what the report asks "
                       "for; or ");
    if (d->fallback >= 0)
        cp_buf_addf(&line,
                    "--candidate %s prints what the setting that is shown to meet the budget "
                    "would take.",
                    cp_apply_candidate_name(d, &d->candidates[d->fallback], name));
    else
        cp_buf_adds(&line, "--candidate MEMORY/CONCURRENCY, like 1024/2, prints what that setting "
                           "would take.");
    end_fact(n, "", &line);
}

static void add_why_nothing(const struct notes *n)
{
    add_title(n, "nothing to apply", NULL);
    add_function(n);
    add_run(n);
    add_verdict(n);
    add_fact(n, "because:", n->a->decision->because);
    add_blank(n);
    if (n->a->answer == CP_APPLY_KEEP)
        add_wrapped(n, "", 0,
                    "The setting now is kept. --candidate MEMORY/CONCURRENCY, like 1024/2, prints "
                    "what another would take.");
    else
        add_way_on(n);
}

void cp_apply_add_header(const struct cp_apply *apply, const struct cp_apply_format *format,
                         struct cp_buf *out)
{
    const struct notes n = {apply, format, out};
    if (!apply->candidate) {
        add_why_nothing(&n);
        return;
    }
    bool is_change = cp_apply_changes_anything(&apply->plan);
    add_title(&n, "", apply->candidate);
    add_function(&n);
    add_run(&n);
    add_verdict(&n);
    add_latency(&n);
    add_cost(&n);
    add_before(&n);
    add_blank(&n);
    if (!is_change) {
        add_wrapped(&n, "", 0, "That is the setting now: nothing to apply.");
        return;
    }
    add_wrapped(&n, "", 0, "Printed only: nothing has been changed. The way back is at the end.");
    add_notes(&n);
}

void cp_apply_add_undo_header(const struct cp_apply *apply, const struct cp_apply_format *format,
                              struct cp_buf *out)
{
    const struct notes n = {apply, format, out};
    if (!apply->candidate) {
        add_why_nothing(&n);
        return;
    }
    add_title(&n, "the way back from ", apply->candidate);
    add_function(&n);
    add_run(&n);
    add_before(&n);
    add_blank(&n);
    add_wrapped(&n, "", 0, "Printed only: nothing has been changed.");
}
