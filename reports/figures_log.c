/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the digest of a log adds to the figures beside durations: the time of billing, and signs
 * that it is no log of AWS.
 */
#include <math.h>

#include "model/digest.h"
#include "reports/figures.h"

/* Fewer records may use their whole memory by chance. */
enum { EMULATED_MIN_N = 5 };

static void add_eras(struct cp_figures *f, const struct cp_digest_scope *scope)
{
    const struct cp_digest_era *eras = cp_digest_eras(scope);
    for (size_t i = 0; i < CP_ERA_COUNT; i++) {
        f->eras[i].n_cold += eras[i].n_cold;
        f->eras[i].n_init_billed += eras[i].n_init_billed;
    }
}

void cp_figures_read_log(struct cp_figures *f)
{
    const struct cp_digest *digest = f->data->digest;
    for (size_t i = 0; digest && i < cp_digest_n_scopes(digest); i++)
        add_eras(f, cp_digest_scope_at(digest, i));
}

static bool uses_all(const struct cp_digest_cell *cell)
{
    const struct cp_histogram *used = &cell->metrics[CP_METRIC_MAX_MEMORY];
    uint64_t size_mb = cell->memory_size_mb > 0 ? (uint64_t)cell->memory_size_mb : 0;
    return used->n > 0 && used->min == size_mb && used->max == size_mb;
}

bool cp_figures_is_emulated(const struct cp_figures *f)
{
    const struct cp_digest *digest = f->data->digest;
    uint64_t n = 0;
    for (size_t i = 0; digest && i < cp_digest_n_scopes(digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(digest, i);
        for (size_t k = 0; k < cp_digest_n_cells(scope); k++) {
            const struct cp_digest_cell *cell = cp_digest_cell_at(scope, k);
            if (cell->n > 0 && !uses_all(cell))
                return false;
            n += cell->n;
        }
    }
    return n >= EMULATED_MIN_N;
}

void cp_figures_forget_costs(struct cp_figures *f)
{
    for (size_t i = 0; i < f->n_sizes; i++) {
        struct cp_size_figures *size = &f->sizes[i];
        size->usd_per_million = (struct cp_interval){NAN, NAN, NAN};
        size->usd_per_million_cold = size->billed_p50_ms = NAN;
    }
}
