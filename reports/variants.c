/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which runs may be variants of one question, and what is said of them.
 */
#include "reports/figures.h"

#include <string.h>

/* SnapStart needs a version, so the qualifier may differ. */
static bool is_same_function(const struct cp_run *a, const struct cp_run *b)
{
    size_t n = strcspn(a->function, ":");
    return n == strcspn(b->function, ":") && memcmp(a->function, b->function, n) == 0;
}

static bool is_known_to_differ(const char *a, const char *b)
{
    return a[0] && b[0] && strcmp(a, b) != 0;
}

static enum cp_code check_place(const struct cp_run *now, const struct cp_run *run,
                                struct cp_error *err)
{
    bool is_elsewhere = now->is_local != run->is_local || strcmp(now->region, run->region) != 0;
    if (is_elsewhere)
        return cp_fail(err, CP_EINVAL,
                       "run '%s' was measured in another place (%s, %s) than run '%s' (%s, %s): "
                       "sweep both in one place",
                       run->id, run->place, run->region, now->id, now->place, now->region);
    if (is_known_to_differ(now->mode, run->mode))
        return cp_fail(
            err, CP_EINVAL,
            "run '%s' was measured as '%s', run '%s' as '%s': sweep both at one endpoint", run->id,
            run->mode, now->id, now->mode);
    return CP_OK;
}

static enum cp_code check_code(const struct cp_run *now, const struct cp_run *run,
                               struct cp_error *err)
{
    if (!is_same_function(now, run))
        return cp_fail(err, CP_EINVAL,
                       "run '%s' is of function '%s', run '%s' of '%s': compare runs of one "
                       "function, or say --other-code if both do the same work",
                       run->id, run->function, now->id, now->function);
    if (is_known_to_differ(now->code_sha256, run->code_sha256))
        return cp_fail(err, CP_EINVAL,
                       "run '%s' measured other code than run '%s': sweep the same code, or say "
                       "--other-code if both builds do the same work",
                       run->id, now->id);
    if (is_known_to_differ(now->payload_sha256, run->payload_sha256))
        return cp_fail(err, CP_EINVAL,
                       "run '%s' was sent another payload than run '%s': sweep with the same "
                       "--payload, or say --other-code if both ask for the same work",
                       run->id, now->id);
    return CP_OK;
}

static const char *start_words(const struct cp_figures *f)
{
    return f->fresh_start == CP_START_SNAPSTART ? " with SnapStart" : "";
}

static enum cp_code check_variant(const struct cp_figures *f, const struct cp_figures *other,
                                  struct cp_error *err)
{
    bool is_same = f->fresh_start == other->fresh_start &&
                   strcmp(f->price->architecture, other->price->architecture) == 0;
    return is_same ? cp_fail(err, CP_EINVAL,
                             "runs '%s' and '%s' are both of %s%s: give one of them, or sweep all "
                             "their memory sizes in one run",
                             f->data->run.id, other->data->run.id, f->price->architecture,
                             start_words(f))
                   : CP_OK;
}

enum cp_code cp_variants_check(const struct cp_figures *f, const struct cp_figures *other,
                               bool has_other_code, struct cp_error *err)
{
    enum cp_code code = check_place(&f->data->run, &other->data->run, err);
    if (!code && !has_other_code)
        code = check_code(&f->data->run, &other->data->run, err);
    if (!code)
        code = check_variant(f, other, err);
    for (size_t i = 0; i < f->n_variants && !code; i++)
        code = check_variant(f->variants[i], other, err);
    return code;
}

static bool is_of(const struct cp_figures *f, const struct cp_candidate *c)
{
    return c->fresh_start == f->fresh_start && c->architecture &&
           strcmp(c->architecture, f->price->architecture) == 0;
}

const struct cp_size_figures *cp_figures_size_of(const struct cp_figures *f,
                                                 const struct cp_candidate *c)
{
    const struct cp_figures *of = f;
    for (size_t i = 0; i < f->n_variants; i++) {
        if (is_of(f->variants[i], c))
            of = f->variants[i];
    }
    return cp_figures_size(of, c->memory_size_mb);
}

void cp_variants_text(const struct cp_figures *f, struct cp_buf *out)
{
    if (f->n_variants == 0)
        return;
    cp_buf_addf(out, "variants: %s%s runs now (run %s)", f->price->architecture, start_words(f),
                f->data->run.id);
    for (size_t i = 0; i < f->n_variants; i++) {
        const struct cp_figures *v = f->variants[i];
        cp_buf_addf(out, ", %s%s (run %s)", v->price->architecture, start_words(v),
                    v->data->run.id);
    }
    cp_buf_adds(out, "; idle lifetime and account are the first run's, warnings of the others are "
                     "in their reports");
}
