/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/phrase.h"

#include "model/base/number.h"
#include "model/base/units.h"
#include "model/decide/candidate.h"
#include "model/decide/schedule_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct cp_phrase cp_phrase(const char *fmt, ...)
{
    struct cp_phrase p;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(p.text, sizeof p.text, fmt, args);
    va_end(args);
    return p;
}

void cp_phrase_say(char sentence[CP_SENTENCE_MAX], const char *fmt, ...)
{
    size_t n = strlen(sentence);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(sentence + n, CP_SENTENCE_MAX - n, fmt, args);
    va_end(args);
}

/* --- numbers --- */

struct cp_phrase cp_phrase_number(double x)
{
    struct cp_phrase p;
    (void)cp_number_short(x, p.text);
    return p;
}

struct cp_phrase cp_phrase_exact(double x)
{
    struct cp_phrase p;
    (void)cp_number_exact(x, p.text);
    return p;
}

struct cp_phrase cp_phrase_usd(double x)
{
    struct cp_phrase p;
    (void)cp_number_usd(x, p.text);
    return p;
}

struct cp_phrase cp_phrase_percent(double share)
{
    return cp_phrase("%s %%", cp_phrase_number(100 * share).text);
}

struct cp_phrase cp_phrase_money(const struct cp_interval *usd)
{
    return cp_phrase("USD %s [%s, %s]", cp_phrase_usd(usd->value).text,
                     cp_phrase_usd(usd->low).text, cp_phrase_usd(usd->high).text);
}

/* One unit and its name; the first whose number is at least one, else the last. */
struct unit {
    double size;
    const char *name;
};

static struct cp_phrase in_unit(double x, const struct unit *units, size_t n)
{
    size_t i = 0;
    while (i + 1 < n && x / units[i].size < 1)
        i++;
    return cp_phrase("%s %s", cp_phrase_number(x / units[i].size).text, units[i].name);
}

struct cp_phrase cp_phrase_rate(double per_s)
{
    static const struct unit units[] = {{1, "requests per second"},
                                        {CP_MS_PER_S / CP_MS_PER_MINUTE, "requests per minute"},
                                        {CP_MS_PER_S / CP_MS_PER_HOUR, "requests per hour"}};
    return in_unit(per_s, units, sizeof units / sizeof units[0]);
}

struct cp_phrase cp_phrase_span(double ms)
{
    static const struct unit units[] = {
        {CP_MS_PER_HOUR, "h"}, {CP_MS_PER_MINUTE, "min"}, {CP_MS_PER_S, "s"}, {1, "ms"}};
    return in_unit(ms, units, sizeof units / sizeof units[0]);
}

/* --- settings --- */

struct cp_phrase cp_phrase_mode(const struct cp_candidate *c)
{
    char words[CP_SCHEDULE_WORDS_MAX];
    switch (c->mode) {
    case CP_MODE_SCHEDULED:
        return cp_phrase("provisioned concurrency %s",
                         cp_schedule_words(c->by_hour, words, sizeof words));
    case CP_MODE_TRACKING:
        return cp_phrase("target tracking of provisioned concurrency at %s between %d and %d",
                         cp_phrase_exact(c->tracking.target).text, c->tracking.min,
                         c->tracking.max);
    case CP_MODE_RESERVED:
    case CP_MODE_PROVISIONED:
        return cp_phrase("%s concurrency %d", cp_concurrency_mode_name(c->mode), c->concurrency);
    default:
        return cp_phrase("on-demand");
    }
}

struct cp_phrase cp_phrase_number_set(const struct cp_candidate *c)
{
    char words[CP_SCHEDULE_WORDS_MAX];
    if (c->mode == CP_MODE_SCHEDULED)
        return cp_phrase("provisioned concurrency to %s",
                         cp_schedule_words(c->by_hour, words, sizeof words));
    return cp_phrase("%s concurrency to %d", cp_concurrency_mode_name(c->mode), c->concurrency);
}

static bool is_same_architecture(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* " on arm64", " with SnapStart": only what tells the variants of the question apart. */
static struct cp_phrase variant_of(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    bool has_architectures = false;
    bool has_starts = false;
    for (size_t i = 1; i < in->n_sizes; i++) {
        const struct cp_size_data *first = &in->sizes[0];
        const struct cp_size_data *size = &in->sizes[i];
        has_architectures =
            has_architectures || !is_same_architecture(first->architecture, size->architecture);
        has_starts = has_starts || first->fresh_start != size->fresh_start;
    }
    bool is_restored = c->fresh_start == CP_START_SNAPSTART;
    return cp_phrase("%s%s%s", has_architectures && c->architecture ? " on " : "",
                     has_architectures && c->architecture ? c->architecture : "",
                     !has_starts   ? ""
                     : is_restored ? " with SnapStart"
                                   : " without SnapStart");
}

struct cp_phrase cp_phrase_size(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    return cp_phrase("%s MB%s", cp_phrase_exact(c->memory_size_mb).text, variant_of(in, c).text);
}

bool cp_phrase_is_same_size(const struct cp_candidate *a, const struct cp_candidate *b)
{
    return a->memory_size_mb == b->memory_size_mb && a->size == b->size;
}

struct cp_phrase cp_phrase_brief_mode(const struct cp_decision *d, const struct cp_candidate *c)
{
    struct cp_phrase mode = cp_phrase_mode(c);
    bool is_scheduled = c->mode == CP_MODE_SCHEDULED;
    if (!is_scheduled && c->mode != CP_MODE_TRACKING)
        return mode;
    /* its numbers as the sentence has them, whether they are set ("to 4 ...") or told */
    char words[CP_SCHEDULE_WORDS_MAX];
    const char *numbers =
        is_scheduled ? cp_schedule_words(c->by_hour, words, sizeof words) : mode.text;
    if (strstr(d->sentence, numbers))
        return cp_phrase("that %s", is_scheduled ? "schedule" : "target tracking");
    return cp_phrase("%s provisioned concurrency up to %d", is_scheduled ? "scheduled" : "tracked",
                     c->concurrency);
}

static struct cp_phrase setting_of(const struct cp_optimize_input *in, const struct cp_candidate *c,
                                   const struct cp_phrase *mode)
{
    struct cp_phrase variant = variant_of(in, c);
    const char *joint = c->mode == CP_MODE_ON_DEMAND ? (variant.text[0] ? ", " : " ")
                        : variant.text[0]            ? " and "
                                                     : " with ";
    return cp_phrase("%s%s%s", cp_phrase_size(in, c).text, joint, mode->text);
}

struct cp_phrase cp_phrase_setting(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    struct cp_phrase mode = cp_phrase_mode(c);
    return setting_of(in, c, &mode);
}

struct cp_phrase cp_phrase_brief(const struct cp_optimize_input *in, const struct cp_decision *d,
                                 const struct cp_candidate *c)
{
    struct cp_phrase mode = cp_phrase_brief_mode(d, c);
    return setting_of(in, c, &mode);
}

/* --- latency --- */

/* Times; INFINITY is what only the function timeout ended. */
static struct cp_phrase time_of(double ms)
{
    return isinf(ms) ? cp_phrase("at the timeout") : cp_phrase("%s ms", cp_phrase_number(ms).text);
}

static struct cp_phrase bound_of(double ms)
{
    return isinf(ms) ? cp_phrase("timeout") : cp_phrase_number(ms);
}

struct cp_phrase cp_phrase_latency(const struct cp_interval *ms)
{
    if (isnan(ms->high))
        return cp_phrase("%s (too few samples for an interval)", time_of(ms->value).text);
    if (isnan(ms->low))
        return isinf(ms->high) ? cp_phrase("at most the timeout")
                               : cp_phrase("at most %s ms", cp_phrase_number(ms->high).text);
    return cp_phrase("%s [%s, %s]", time_of(ms->value).text, bound_of(ms->low).text,
                     bound_of(ms->high).text);
}

struct cp_phrase cp_phrase_metric(const struct cp_optimize_input *in, const struct cp_candidate *c)
{
    const char *of = in->demand                        ? "all requests"
                     : cp_mode_is_provisioned(c->mode) ? "warm starts"
                                                       : "cold starts";
    return cp_phrase("p%.4g of %s", cp_decisive_q(in) * 100, of);
}
