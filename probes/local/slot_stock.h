/* SPDX-License-Identifier: GPL-3.0-or-later
 * A few slots kept ready, so that a cold start waits neither for fork nor for a control group.
 * Refilled in the background, one at a time, and not while a runtime initialises: moving a process
 * between groups holds up every fork and thread start of the machine for some milliseconds.
 */
#ifndef COLDPROF_PROBES_LOCAL_SLOT_STOCK_H
#define COLDPROF_PROBES_LOCAL_SLOT_STOCK_H

#include "probes/local/slot.h"

struct cp_slot_stock {
    struct cp_slot_kit *kit;
    int target;            /* how many to keep */
    struct cp_slot *slots; /* ready and preparing */
    struct cp_loop_timer refill;
    bool (*is_quiet)(void *context); /* may the refill go on now? */
    void *context;
    struct cp_error error; /* of the last slot that could not be made */
};

void cp_slot_stock_init(struct cp_slot_stock *stock, struct cp_slot_kit *kit, int target,
                        bool (*is_quiet)(void *context), void *context);
void cp_slot_stock_clear(struct cp_slot_stock *stock);
/* A ready slot, else one being made, else a new one. The caller owns it. */
enum cp_code cp_slot_stock_take(struct cp_slot_stock *stock, struct cp_slot **out,
                                struct cp_error *err);
int cp_slot_stock_ready(const struct cp_slot_stock *stock);

#endif
