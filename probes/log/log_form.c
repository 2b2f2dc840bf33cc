/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_form.h"

static int match_anything(struct cp_view head)
{
    (void)head;
    return 1;
}

static const struct cp_log_form plain = {
    .name = "plain text",
    .summary = "the records themselves, one a line",
    .is_lines = true,
    .lines = CP_LINES_PLAIN,
    .match = match_anything,
};

const struct cp_log_form *const cp_log_forms[] = {&plain, NULL};

const struct cp_log_form *cp_log_form_detect(struct cp_view head)
{
    const struct cp_log_form *best = cp_log_forms[0];
    int surest = 0;
    for (size_t i = 0; cp_log_forms[i]; i++) {
        int sure = cp_log_forms[i]->match(head);
        if (sure > surest) {
            surest = sure;
            best = cp_log_forms[i];
        }
    }
    return best;
}
