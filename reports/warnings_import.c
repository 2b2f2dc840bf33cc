/* SPDX-License-Identifier: GPL-3.0-or-later
 * Warnings about what a log cannot say, or says of two things at once.
 */
#include <stdio.h>
#include <string.h>

#include "model/decide/demand.h"
#include "model/digest/digest.h"
#include "reports/warning_rule.h"

bool cp_warn_assumed(const struct cp_figures *f, struct cp_warning *w)
{
    const char *assumed = f->data->run.assumed;
    if (!assumed[0])
        return false;
    cp_warning_say(w, "assumed, as the log does not tell: %s", assumed);
    return cp_warning_advise(w, "prices depend on both: import with --region and --architecture");
}

/* How many versions have at least one record of measured size. */
static size_t n_versions(const struct cp_figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < cp_digest_n_scopes(f->data->digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(f->data->digest, i);
        n += cp_digest_scope_name(scope).version.n && cp_digest_scope_n(scope) > 0 ? 1 : 0;
    }
    return n;
}

bool cp_warn_sizes_of_log(const struct cp_figures *f, struct cp_warning *w)
{
    if (!cp_figures_is_import(f) || !f->data->digest || f->n_sizes < 2)
        return false;
    size_t n = n_versions(f);
    if (n > 1)
        cp_warning_say(w,
                       "the %zu memory sizes come from %zu versions of the function: their code "
                       "may differ, too",
                       f->n_sizes, n);
    else
        cp_warning_say(w,
                       "the %zu memory sizes were in use at different times: code, payloads and "
                       "traffic may differ, too",
                       f->n_sizes);
    return cp_warning_advise(w, "before changing the size, sweep the function: sizes take turns "
                                "there, with the same code and payload");
}

bool cp_warn_one_size(const struct cp_figures *f, struct cp_warning *w)
{
    char mb[CP_FORMAT_MAX];
    if (!cp_figures_is_import(f) || f->n_sizes != 1)
        return false;
    cp_warning_say(w, "the log has one memory size, %s MB: nothing is known about any other",
                   cp_format(CP_UNIT_MB, f->sizes[0].memory_size_mb, mb));
    const char *name = f->data->run.function;
    bool is_named = name[0] != '('; /* "(function not named)" */
    return cp_warning_advise(w, "coldprof sweep %.120s measures the others",
                             is_named ? name : "NAME");
}

/* What was simulated, and what it says when more requests started cold than there. */
struct burst_words {
    const char *found, *simulated;
};

static struct burst_words burst_words(const struct cp_figures *f)
{
    const struct cp_demand *d = f->data->demand;
    if (d && d->law.kind == CP_ARRIVALS_TIMES)
        return (struct burst_words){"environments end sooner than idle times tell",
                                    "a replay of the logged arrivals"};
    if (d && d->law.kind == CP_ARRIVALS_COUNTS)
        return (struct burst_words){"requests come in bursts within a minute",
                                    "the logged counts per minute"};
    return (struct burst_words){"requests come in bursts", "even arrivals at that rate"};
}

bool cp_warn_bursts(const struct cp_figures *f, struct cp_warning *w)
{
    char seen[CP_FORMAT_MAX];
    char even[CP_FORMAT_MAX];
    if (!f->decision.is_bursty)
        return false;
    const struct burst_words words = burst_words(f);
    cp_warning_say(w, "%s: %s %% of requests start cold, where %s would give %s %%", words.found,
                   cp_format(CP_UNIT_PERCENT, f->observed_cold_share.value, seen), words.simulated,
                   cp_format(CP_UNIT_PERCENT, f->decision.even_cold_share.value, even));
    return cp_warning_advise(w, "what provisioned concurrency leaves of them is only bounded here: "
                                "set it for a day and import the log of that day");
}

bool cp_warn_mixed_starts(const struct cp_figures *f, struct cp_warning *w)
{
    size_t n = cp_figures_n_excluded(f);
    if (!cp_figures_is_import(f) || n == 0)
        return false;
    bool is_restored = f->fresh_start == CP_START_SNAPSTART;
    cp_warning_say(w, "%s records are excluded: most fresh environments here %s, these %s",
                   cp_count_text(n).text, is_restored ? "restored a snapshot" : "ran their init",
                   is_restored ? "ran their init" : "restored a snapshot (SnapStart)");
    return cp_warning_advise(w, "init and restore are never mixed: import one version alone with "
                                "--function NAME:VERSION");
}

static uint64_t tally_of(const struct cp_figures *f, const char *what, const char *text)
{
    uint64_t n = 0;
    for (size_t i = 0; f->data->digest && i < cp_digest_n_scopes(f->data->digest); i++) {
        const struct cp_tally *tally =
            cp_digest_scope_tally(cp_digest_scope_at(f->data->digest, i), what);
        n += tally ? cp_tally_count(tally, text) : 0;
    }
    return n;
}

/* INIT_START names the type in JSON logs. In text, an INIT_REPORT without a status is of a good
 * init ahead of any request: of provisioned concurrency, or of a snapshot. */
static uint64_t n_provisioned(const struct cp_figures *f)
{
    uint64_t n = tally_of(f, "init type", "provisioned-concurrency");
    bool has_snapshots = f->fresh_start == CP_START_SNAPSTART;
    return n || has_snapshots ? n : tally_of(f, "init report", "init");
}

bool cp_warn_provisioned_starts(const struct cp_figures *f, struct cp_warning *w)
{
    uint64_t n = n_provisioned(f);
    if (!cp_figures_is_import(f) || n == 0)
        return false;
    cp_warning_say(
        w,
        "%s environment%s initialised for provisioned concurrency, ahead of any request: "
        "nobody waited for such an init",
        cp_count_text((size_t)n).text, n == 1 ? " was" : "s were");
    return cp_warning_advise(w, "the first REPORT of such an environment may still tell of an "
                                "init: import a version without provisioned concurrency alone");
}

/* The runtime interface emulator prints the memory size as the memory used, and bills no init. */
bool cp_warn_emulator(const struct cp_figures *f, struct cp_warning *w)
{
    if (!cp_figures_is_emulated(f))
        return false;
    cp_warning_say(w, "every record uses exactly its memory size, as only the runtime interface "
                      "emulator prints: used memory and billed time are not real");
    return cp_warning_advise(w, "import a log of AWS before deciding; no cost is shown");
}

/* Logs of the time before REPORT had a status say it in lines of their own, which are joined to
 * their records only while records are kept. */
bool cp_warn_failure_texts(const struct cp_figures *f, struct cp_warning *w)
{
    uint64_t n = 0;
    if (!cp_figures_is_from_digest(f))
        return false;
    for (size_t i = 0; i < cp_digest_n_scopes(f->data->digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(f->data->digest, i);
        n += cp_digest_note_count(scope, CP_NOTE_TIMEOUT) +
             cp_digest_note_count(scope, CP_NOTE_EXIT);
    }
    if (n == 0)
        return false;
    cp_warning_say(w,
                   "%s timeouts and exits are told by lines of text only; in a log this large "
                   "their records count as measured",
                   cp_count_text((size_t)n).text);
    return cp_warning_advise(w, "tails may be too long: import a part of the log with at most "
                                "65,536 records, where texts and records are joined");
}

/* Of the sampled request ids; a few come from retries of the log's own delivery. */
bool cp_warn_twice(const struct cp_figures *f, struct cp_warning *w)
{
    static const double SHARE_MIN = 0.01;
    char share[CP_FORMAT_MAX];
    if (!cp_figures_is_from_digest(f) || !(f->retries.duplicate_share > SHARE_MIN))
        return false;
    cp_warning_say(w, "%s %% of the records occur again, and count each time in a log this large",
                   cp_format(CP_UNIT_PERCENT, f->retries.duplicate_share, share));
    return cp_warning_advise(w, "was a file given twice, or exported twice? Import each once");
}

bool cp_warn_eras(const struct cp_figures *f, struct cp_warning *w)
{
    const struct cp_digest_era *free_era = &f->eras[CP_ERA_INIT_FREE];
    const struct cp_digest_era *old = &f->eras[CP_ERA_100_MS];
    uint64_t n_before = free_era->n_cold + old->n_cold;
    uint64_t n_since = f->eras[CP_ERA_INIT_PAID].n_cold;
    if (n_before == 0)
        return false;
    cp_warning_say(w,
                   "%s of %s cold starts with a time are from before 2025-08-01, when init of "
                   "ZIP packages was not billed: costs here are those of then",
                   cp_count_text((size_t)n_before).text,
                   cp_count_text((size_t)(n_before + n_since)).text);
    return cp_warning_advise(w, "import a log that begins after that day for costs of today");
}

bool cp_warn_no_times(const struct cp_figures *f, struct cp_warning *w)
{
    if (!cp_figures_is_import(f) || f->data->run.started_at_ms >= 0)
        return false;
    cp_warning_say(w, "no record has a time: there is no traffic profile, and the time of billing "
                      "is unknown");
    return cp_warning_advise(w, "import a form with times (aws logs tail, filter-log-events), or "
                                "give --traffic");
}
