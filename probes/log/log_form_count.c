/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_form_count.h"

#include <string.h>

static const char *const texts[] = {
#define TEXT_ROW(name, text) text,
    CP_FORM_COUNT_LIST(TEXT_ROW)
#undef TEXT_ROW
};

void cp_form_count(struct cp_form_counts *counts, enum cp_form_count what, struct cp_view example)
{
    cp_form_count_n(counts, what, 1, example);
}

void cp_form_count_n(struct cp_form_counts *counts, enum cp_form_count what, uint64_t count,
                     struct cp_view example)
{
    bool is_first = counts->n[what] == 0;
    counts->is_any = true;
    counts->n[what] += count;
    if (!is_first)
        return;
    size_t max = sizeof(counts->examples[what]);
    size_t n = example.n < max ? example.n : max;
    if (n)
        memcpy(counts->examples[what], example.p, n);
    counts->example_n[what] = n;
}

enum cp_code cp_form_counts_tell(struct cp_form_counts *counts, struct cp_log_sink *sink,
                                 struct cp_error *err)
{
    if (!counts->is_any)
        return CP_OK;
    for (size_t i = 0; i < CP_FORM_COUNT_COUNT; i++) {
        struct cp_view example = {counts->examples[i], counts->example_n[i]};
        enum cp_code code =
            counts->n[i] ? cp_log_sink_count(sink, texts[i], counts->n[i], example, err) : CP_OK;
        if (code)
            return code;
        counts->n[i] = 0;
    }
    counts->is_any = false;
    return CP_OK;
}
