/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/confirm.h"

#include "model/base/number.h"
#include "model/base/units.h"
#include "profiler/cli/wrap.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { TEXT_MAX = 16 * 1024, ANSWER_MAX = 16 };

/* --- what is said --- */

static void add_where(const struct cp_sweep_quote *q, struct cp_buf *out)
{
    const struct cp_run *run = q->run;
    (void)cp_buf_addf(out, "%s: AWS account ...%s, %s, %s", run->function, q->account, run->region,
                      run->architecture);
    if (run->method[0])
        (void)cp_buf_addf(out, ", %s", run->method);
    (void)cp_buf_addc(out, '\n');
}

static void add_work(const struct cp_sweep_quote *q, struct cp_buf *out)
{
    char n[CP_NUMBER_MAX];
    (void)cp_buf_addf(out, "at most %s %sinvocations at ",
                      cp_number_exact((double)q->cost.n_invocations, n), q->n_done ? "more " : "");
    for (size_t i = 0; i < q->n_memory; i++)
        (void)cp_buf_addf(out, "%s%d", i ? ", " : "", q->memory_mb[i]);
    double minutes = ceil(q->takes_ms / CP_MS_PER_S / 60);
    (void)cp_buf_addf(out, " MB, about %.0f minute%s\n", minutes, minutes > 1 ? "s" : "");
}

/* Idle waiting is most of the time. */
static void add_idle(const struct cp_sweep_quote *q, struct cp_buf *out)
{
    char first[CP_UNITS_TEXT_MAX];
    char longest[CP_UNITS_TEXT_MAX];
    char expected[CP_UNITS_TEXT_MAX];
    char most[CP_UNITS_TEXT_MAX];
    if (!(q->idle_longest_ms > 0))
        return;
    (void)cp_buf_addf(
        out,
        "of that time about %s is waiting for idle environments, %s at most: how long "
        "they live is searched from %s to %s (--idle-max changes that, --idle none "
        "leaves it out)\n",
        cp_units_format_duration(round(q->idle_expected_ms), expected),
        cp_units_format_duration(round(q->idle_most_ms), most),
        cp_units_format_duration(q->idle_first_ms, first),
        cp_units_format_duration(q->idle_longest_ms, longest));
}

static void add_cost(const struct cp_sweep_quote *q, struct cp_buf *out)
{
    char expected[CP_NUMBER_MAX];
    char most[CP_NUMBER_MAX];
    char timeout[CP_UNITS_TEXT_MAX];
    (void)cp_buf_addf(out,
                      "USD %s or less is expected (%s); USD %s at most, if every invocation took "
                      "an init of 10s and ran to its timeout of %s\n",
                      cp_number_small_usd(q->cost.expected_usd, expected), q->basis,
                      cp_number_small_usd(q->cost.most_usd, most),
                      cp_units_format_duration(q->run->timeout_ms, timeout));
    (void)cp_buf_addf(out, "list prices of %s, INIT billed, no free tier, no discount\n",
                      q->book->date);
    if (q->unpriced)
        (void)cp_buf_addf(out, "without %s, whose price in %s is not known\n", q->unpriced,
                          q->run->region);
}

/* Nothing without SnapStart. */
static void add_snapshots(const struct cp_sweep_quote *q, struct cp_buf *out)
{
    char expected[CP_NUMBER_MAX];
    char most[CP_NUMBER_MAX];
    if (!(q->cost.snapshots_usd > 0))
        return;
    (void)cp_buf_addf(out,
                      "of these USD %s, at most %s, for at most %zu published versions with "
                      "SnapStart: their init, and their snapshots, which are billed for 3 hours at "
                      "least and by memory size\n",
                      cp_number_small_usd(q->cost.snapshots_usd, expected),
                      cp_number_small_usd(q->cost.snapshots_most_usd, most), q->cost.n_versions);
}

static void add_limit(const struct cp_sweep_quote *q, struct cp_buf *out)
{
    char text[CP_NUMBER_MAX];
    double limit_usd = q->run->max_cost_usd;
    if (q->spent_usd > 0)
        (void)cp_buf_addf(out, "USD %s was spent before, at most\n",
                          cp_number_small_usd(q->spent_usd, text));
    if (isnan(limit_usd))
        return;
    (void)cp_buf_addf(out, "ends before it can exceed USD %g (--max-cost-usd)%s\n", limit_usd,
                      q->spent_usd + q->cost.expected_usd > limit_usd
                          ? "; that is less than expected, so the plan may not get through"
                          : "");
}

void cp_confirm_text(const struct cp_sweep_quote *quote, int width, struct cp_buf *out)
{
    struct cp_buf text;
    cp_buf_init(&text, TEXT_MAX);
    add_where(quote, &text);
    add_work(quote, &text);
    add_idle(quote, &text);
    add_cost(quote, &text);
    add_snapshots(quote, &text);
    add_limit(quote, &text);
    cp_wrap_add(out, cp_buf_str(&text), (struct cp_wrap){width - 1, 0, 2});
    cp_buf_clear(&text);
}

/* --- the answer --- */

static enum cp_code fail_interrupted(struct cp_error *err)
{
    return cp_fail(err, CP_EINTERRUPTED,
                   "interrupted at the question; nothing was changed or invoked");
}

/* One line without its end; a longer one is cut, which makes it no yes. */
static enum cp_code read_answer(const struct cp_confirm *c, char answer[ANSWER_MAX],
                                struct cp_error *err)
{
    size_t n = 0;
    for (;;) {
        char byte = 0;
        if (c->stop_requests && c->stop_requests(NULL))
            return fail_interrupted(err);
        ssize_t got = read(c->input, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cp_fail(err, CP_EIO, "cannot read the answer: %s", strerror(errno));
        if (got == 0 || byte == '\n')
            break;
        if (n + 1 < ANSWER_MAX)
            answer[n++] = byte;
    }
    answer[n] = '\0';
    return CP_OK;
}

static enum cp_code ask(const struct cp_confirm *c, struct cp_error *err)
{
    char answer[ANSWER_MAX];
    if (!c->can_ask)
        return cp_fail(err, CP_EINVAL,
                       "this costs money and there is no terminal to ask on; nothing was changed "
                       "or invoked: give --yes to go on without a question");
    (void)tcflush(c->input, TCIFLUSH); /* what was typed before the question is no answer */
    (void)dprintf(c->output, "type yes to go on: ");
    enum cp_code code = read_answer(c, answer, err);
    if (!code && strcmp(answer, "yes") != 0)
        code =
            cp_fail(err, CP_EDENIED,
                    "not confirmed: only 'yes' starts the sweep; nothing was changed or invoked");
    if (code)
        (void)dprintf(c->output, "\n");
    return code;
}

enum cp_code cp_confirm_sweep(void *context, const struct cp_sweep_quote *quote,
                              struct cp_error *err)
{
    const struct cp_confirm *c = context;
    struct cp_buf text;
    if (c->is_yes && c->is_quiet)
        return CP_OK;
    cp_buf_init(&text, TEXT_MAX);
    cp_confirm_text(quote, c->width, &text);
    (void)dprintf(c->output, "%s", cp_buf_str(&text));
    cp_buf_clear(&text);
    return c->is_yes ? CP_OK : ask(c, err);
}
