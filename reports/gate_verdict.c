/* SPDX-License-Identifier: GPL-3.0-or-later
 * All gates in a word and in a line.
 */
#include "reports/gate_parts.h"

#include <string.h>

/* How many gates have each word of cp_gate_word, in the order in which they are told. */
static const char *const words[] = {"regression",  "regressed", "suspect",
                                    "improvement", "improved",  "equivalent",
                                    "steady",      "learning",  "inconclusive"};
enum { WORDS = sizeof words / sizeof words[0] };

static size_t count(const struct cp_gates *gates, const char *word)
{
    size_t n = 0;
    for (size_t i = 0; i < gates->n; i++)
        n += strcmp(cp_gate_word(gates, &gates->gates[i]), word) == 0 ? 1 : 0;
    return n;
}

/* Rules in order: the first that has a gate names it all. */
enum outcome { FAILED, SUSPECT, BETTER, UNCHANGED, LEARNING, UNKNOWN, NOTHING };

static enum outcome outcome_of(const struct cp_gates *gates)
{
    if (gates->n_failed > 0)
        return FAILED;
    if (count(gates, "suspect") > 0)
        return SUSPECT;
    if (count(gates, "improvement") + count(gates, "improved") > 0)
        return BETTER;
    if (count(gates, "equivalent") + count(gates, "steady") > 0)
        return UNCHANGED;
    if (count(gates, "learning") > 0)
        return LEARNING;
    return gates->n > 0 ? UNKNOWN : NOTHING;
}

const char *cp_gates_word(const struct cp_gates *gates)
{
    static const char *const names[] = {
        [FAILED] = "regression",       [SUSPECT] = "suspect",   [BETTER] = "improvement",
        [UNCHANGED] = "no regression", [LEARNING] = "learning", [UNKNOWN] = "inconclusive",
        [NOTHING] = "nothing compared"};
    return names[outcome_of(gates)];
}

static const char *metrics(size_t n)
{
    return n == 1 ? "metric" : "metrics";
}

static void add_learning(const struct cp_gates *gates, struct cp_buf *out)
{
    size_t n_missing = gates->learning_nights > gates->learning_night
                           ? gates->learning_nights - gates->learning_night
                           : 0;
    size_t n_learning = count(gates, "learning"); /* what has no interval never is */
    cp_buf_addf(out, "LEARNING: night %zu of %zu; ", gates->learning_night, gates->learning_nights);
    if (!n_missing) {
        cp_buf_adds(out, "the next one is judged");
        return;
    }
    cp_buf_addf(out, "%zu ", n_learning);
    if (n_learning < gates->n)
        cp_buf_addf(out, "of %zu ", gates->n);
    cp_buf_addf(out, "%s %s judged after %zu more", metrics(gates->n),
                n_learning == 1 ? "is" : "are", n_missing);
}

static void add_lead(const struct cp_gates *gates, struct cp_buf *out)
{
    size_t n_better = count(gates, "improvement") + count(gates, "improved");
    size_t n_suspect = count(gates, "suspect");
    switch (outcome_of(gates)) {
    case FAILED:
        cp_buf_addf(out, "REGRESSION: %zu of %zu %s", gates->n_failed, gates->n, metrics(gates->n));
        cp_buf_adds(out, gates->n_failed == 1 ? " is worse" : " are worse");
        break;
    case SUSPECT:
        cp_buf_addf(out, "SUSPECT: %zu of %zu %s worse tonight, not yet on enough nights",
                    n_suspect, gates->n, metrics(gates->n));
        break;
    case BETTER:
        cp_buf_addf(out, "IMPROVEMENT: %zu of %zu %s %s better, none is shown to be worse",
                    n_better, gates->n, metrics(gates->n), n_better == 1 ? "is" : "are");
        break;
    case UNCHANGED:
        cp_buf_addf(out, "NO REGRESSION: none of %zu %s is shown to be worse", gates->n,
                    metrics(gates->n));
        break;
    case LEARNING:
        add_learning(gates, out);
        break;
    case UNKNOWN:
        cp_buf_addf(out, "INCONCLUSIVE: none of %zu %s ", gates->n, metrics(gates->n));
        cp_buf_adds(out, gates->kind == CP_GATES_NIGHT ? "could be judged tonight"
                                                       : "can be told from these samples");
        break;
    case NOTHING:
        cp_buf_adds(out, "NOTHING COMPARED: there is no metric");
        break;
    }
}

/* The words that the lead has told already. */
static bool is_told(enum outcome outcome, const char *word)
{
    switch (outcome) {
    case FAILED:
        return strcmp(word, "regression") == 0 || strcmp(word, "regressed") == 0;
    case SUSPECT:
        return strcmp(word, "suspect") == 0;
    case BETTER:
        return strcmp(word, "improvement") == 0 || strcmp(word, "improved") == 0;
    case UNCHANGED:
        break;
    case LEARNING:
    case UNKNOWN:
    case NOTHING:
        return true;
    }
    return false;
}

void cp_gates_verdict_text(const struct cp_gates *gates, struct cp_buf *out)
{
    enum outcome outcome = outcome_of(gates);
    size_t n_told = 0;
    add_lead(gates, out);
    for (size_t i = 0; i < WORDS; i++) {
        size_t n = count(gates, words[i]);
        if (n == 0 || is_told(outcome, words[i]))
            continue;
        cp_buf_addf(out, "%s %zu %s", n_told++ ? "," : ";", n, words[i]);
    }
}
