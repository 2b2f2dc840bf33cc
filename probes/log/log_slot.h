/* SPDX-License-Identifier: GPL-3.0-or-later
 * A text that a decoder collects: of fixed size, taken once, so that reading never allocates. What
 * does not fit is dropped and remembered.
 *
 * Ownership: cp_log_slot_init / cp_log_slot_clear. Not shared between threads.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_SLOT_H
#define COLDPROF_PROBES_LOG_LOG_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_log_slot {
    char *p;
    size_t n, max;
    bool is_long; /* more came than fits */
};

enum cp_code cp_log_slot_init(struct cp_log_slot *slot, size_t max, struct cp_error *err);
void cp_log_slot_clear(struct cp_log_slot *slot);
void cp_log_slot_reset(struct cp_log_slot *slot);
void cp_log_slot_add(struct cp_log_slot *slot, struct cp_view bytes);
void cp_log_slot_addc(struct cp_log_slot *slot, char c);
void cp_log_slot_add_utf8(struct cp_log_slot *slot, uint32_t code_point);
struct cp_view cp_log_slot_view(const struct cp_log_slot *slot);
void cp_log_slot_swap(struct cp_log_slot *a, struct cp_log_slot *b);

#endif
