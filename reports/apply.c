/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/apply.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "reports/apply_notes.h"
#include "reports/figures.h"
#include "reports/format.h"

enum { FRAGMENT_MAX = 1 << 20 };

const struct cp_apply_format cp_apply_formats[CP_APPLY_FORMATS] = {
    {"aws-cli", "AWS CLI", "#", cp_apply_add_cli},
    {"sam", "SAM", "#", cp_apply_add_sam},
    {"cloudformation", "CloudFormation", "#", cp_apply_add_cloudformation},
    {"terraform", "Terraform", "#", cp_apply_add_terraform},
    {"cdk", "CDK", "//", cp_apply_add_cdk},
};

const struct cp_apply_format *cp_apply_format_find(const char *name)
{
    for (size_t i = 0; i < CP_APPLY_FORMATS; i++) {
        if (strcmp(name, cp_apply_formats[i].name) == 0)
            return &cp_apply_formats[i];
    }
    return NULL;
}

/* --- which candidate --- */

enum { PLACES_MAX = 127 }; /* above, a number is a memory size */

/* "2" or "scheduled", behind the memory size. */
static bool is_mode(const struct cp_candidate *c, struct cp_view name)
{
    int64_t n = 0;
    if (cp_view_to_int64(name, &n))
        return c->mode != CP_MODE_ON_DEMAND && c->concurrency == n;
    return cp_view_is(name, cp_concurrency_mode_name(c->mode));
}

/* "arm64", "snapstart" */
static bool is_variant(const struct cp_candidate *c, struct cp_view name)
{
    if (cp_view_is(name, "snapstart"))
        return c->fresh_start == CP_START_SNAPSTART;
    return c->architecture && cp_view_is(name, c->architecture);
}

static bool is_named(const struct cp_candidate *c, const char *name)
{
    struct cp_view rest = cp_view_of(name);
    struct cp_view part;
    int64_t mb = 0;
    if (!cp_view_split(&rest, '/', &part) || !cp_view_to_int64(part, &mb) ||
        c->memory_size_mb != mb)
        return false;
    bool is_mode_named = false;
    while (cp_view_split(&rest, '/', &part)) {
        bool is_it = is_mode(c, part);
        if (!is_it && !is_variant(c, part))
            return false;
        is_mode_named = is_mode_named || is_it;
    }
    return is_mode_named || c->mode == CP_MODE_ON_DEMAND;
}

static enum cp_code check_runs(const struct cp_candidate *c, const char *name, struct cp_error *err)
{
    if (c->is_runnable)
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "--candidate: %.40s cannot be applied: %s", name, c->why_not);
}

static const struct cp_candidate *at_place(const struct cp_decision *d, const char *name)
{
    int64_t place = 0;
    bool is_place = cp_view_to_int64(cp_view_of(name), &place) && place >= 1 &&
                    place <= PLACES_MAX && (size_t)place <= d->n_candidates;
    return is_place ? &d->candidates[place - 1] : NULL;
}

enum cp_code cp_apply_find_candidate(const struct cp_decision *decision, const char *name,
                                     const struct cp_candidate **out, struct cp_error *err)
{
    *out = at_place(decision, name);
    for (size_t i = 0; i < decision->n_candidates && !*out; i++) {
        if (is_named(&decision->candidates[i], name))
            *out = &decision->candidates[i];
    }
    if (*out)
        return check_runs(*out, name, err);
    return cp_fail(err, CP_EINVAL,
                   "--candidate: '%.40s' is none of the %zu candidates; name one like 1024, 1024/2 "
                   "or 1024/scheduled, as in the report's table of all candidates",
                   name, decision->n_candidates);
}

/* As short as tells it from the others; else its place. */
const char *cp_apply_candidate_name(const struct cp_decision *decision,
                                    const struct cp_candidate *candidate,
                                    char out[CP_CANDIDATE_NAME_MAX])
{
    const struct cp_candidate *found = NULL;
    const char *mode = cp_concurrency_mode_name(candidate->mode);
    int mb = candidate->memory_size_mb;
    for (int form = 0; form < 3; form++) {
        if (form == 0 && candidate->mode == CP_MODE_ON_DEMAND)
            (void)snprintf(out, CP_CANDIDATE_NAME_MAX, "%d", mb);
        else if (form == 0)
            (void)snprintf(out, CP_CANDIDATE_NAME_MAX, "%d/%d", mb, candidate->concurrency);
        else if (form == 1)
            (void)snprintf(out, CP_CANDIDATE_NAME_MAX, "%d/%s", mb, mode);
        else
            (void)snprintf(out, CP_CANDIDATE_NAME_MAX, "%d/%s/%s", mb, mode,
                           candidate->fresh_start == CP_START_SNAPSTART ? "snapstart"
                           : candidate->architecture                    ? candidate->architecture
                                                                        : "");
        if (!cp_apply_find_candidate(decision, out, &found, NULL) && found == candidate)
            return out;
    }
    (void)snprintf(out, CP_CANDIDATE_NAME_MAX, "%td", candidate - decision->candidates + 1);
    return out;
}

static enum cp_apply_answer answer_of(const struct cp_apply_question *q)
{
    if (q->candidate)
        return CP_APPLY_CANDIDATE;
    switch (q->decision->verdict) {
    case CP_VERDICT_CHANGE:
        return q->decision->chosen >= 0 ? CP_APPLY_DECIDED : CP_APPLY_UNDECIDED;
    case CP_VERDICT_KEEP:
        return CP_APPLY_KEEP;
    case CP_VERDICT_NOT_ENOUGH_DATA:
    case CP_VERDICT_INVESTIGATE:
        break;
    }
    return CP_APPLY_UNDECIDED;
}

/* What the first of the sizes was measured as runs now; see cp_optimize_input. */
static struct cp_apply_variant variant_of(const struct cp_decision *d, const struct cp_candidate *c)
{
    struct cp_apply_variant variant = {.fresh = CP_START_UNKNOWN};
    const struct cp_candidate *now = NULL;
    for (size_t i = 0; i < d->n_candidates && !now; i++)
        now = d->candidates[i].size == 0 ? &d->candidates[i] : NULL;
    if (!now)
        return variant;
    if (c->architecture && now->architecture && strcmp(c->architecture, now->architecture) != 0)
        variant.architecture = c->architecture;
    if (c->fresh_start != now->fresh_start)
        variant.fresh = c->fresh_start;
    return variant;
}

enum cp_code cp_apply_prepare(const struct cp_apply_question *question, struct cp_apply *out,
                              struct cp_error *err)
{
    *out = (struct cp_apply){.answer = answer_of(question),
                             .run = question->run,
                             .decision = question->decision,
                             .is_other_question = question->is_other_question};
    enum cp_code code = question->alias ? cp_apply_check_alias(question->alias, err) : CP_OK;
    if (!code && out->answer == CP_APPLY_CANDIDATE)
        code = cp_apply_find_candidate(out->decision, question->candidate, &out->candidate, err);
    else if (out->answer == CP_APPLY_DECIDED)
        out->candidate = &out->decision->candidates[out->decision->chosen];
    if (code || !out->candidate)
        return code;
    const struct cp_apply_variant variant = variant_of(out->decision, out->candidate);
    cp_apply_plan_make(out->run, out->candidate, &variant, question->alias, &out->plan);
    out->undo = cp_apply_plan_reverse(&out->plan);
    return CP_OK;
}

struct cp_apply_question cp_apply_question_of(const struct cp_figures *f)
{
    return (struct cp_apply_question){.run = &f->data->run,
                                      .decision = &f->decision,
                                      .is_other_question = f->data->other_question[0] != '\0'};
}

bool cp_apply_has_change(const struct cp_apply *apply)
{
    return apply->candidate && cp_apply_changes_anything(&apply->plan);
}

/* --- what is printed --- */

/* Every line of `text` as a comment. */
static void add_as_comment(const char *comment, struct cp_view text, struct cp_buf *out)
{
    struct cp_view line;
    while (cp_view_split(&text, '\n', &line)) {
        cp_buf_addf(out, "%s%s", comment, line.n ? " " : "");
        cp_buf_add_view(out, line);
        cp_buf_addc(out, '\n');
    }
}

static void add_undo_as_comment(const struct cp_apply *a, const struct cp_apply_format *format,
                                struct cp_buf *out)
{
    struct cp_buf fragment;
    cp_buf_init(&fragment, FRAGMENT_MAX);
    format->add(&a->undo, &fragment);
    cp_buf_addf(out, "\n%s --- undo: the state before run ", format->comment);
    cp_text_terminal(out, a->run->id);
    cp_buf_adds(out, " ---\n");
    add_as_comment(format->comment, cp_buf_view(&fragment), out);
    cp_buf_fail_with(out, &fragment);
    cp_buf_clear(&fragment);
}

void cp_apply_print(const struct cp_apply *apply, const struct cp_apply_format *format,
                    struct cp_buf *out)
{
    cp_apply_add_header(apply, format, out);
    if (!cp_apply_has_change(apply))
        return;
    cp_buf_addc(out, '\n');
    format->add(&apply->plan, out);
    add_undo_as_comment(apply, format, out);
}

void cp_apply_print_undo(const struct cp_apply *apply, const struct cp_apply_format *format,
                         struct cp_buf *out)
{
    cp_apply_add_undo_header(apply, format, out);
    if (!cp_apply_has_change(apply))
        return;
    cp_buf_addc(out, '\n');
    format->add(&apply->undo, out);
}

/* Memory alone, without a version to publish, is one call of the AWS CLI. */
void cp_apply_undo_line(const struct cp_apply *apply, struct cp_buf *out)
{
    const struct cp_apply_plan *undo = &apply->undo;
    if (!cp_apply_has_change(apply) || !cp_apply_changes_anything(undo))
        return;
    bool is_more = cp_apply_publishes(undo) || cp_apply_changes_architecture(undo) ||
                   cp_apply_changes_reserved(undo) || undo->was.provisioned > 0 ||
                   undo->was.is_scaled || cp_apply_changes_snap_start(undo);
    if (!is_more && cp_apply_changes_memory(undo)) {
        cp_buf_adds(out, "aws lambda update-function-configuration --function-name ");
        cp_text_shell(out, undo->function);
        cp_buf_addf(out, " --memory-size %d --region ", undo->set.memory_size_mb);
        cp_text_shell(out, undo->run->region);
        return;
    }
    cp_buf_adds(out, "coldprof apply ");
    cp_text_shell(out, apply->run->id);
    cp_buf_adds(out, " --undo | sh");
}
