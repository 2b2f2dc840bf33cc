/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/slot_stock.h"

#include <unistd.h>

#include "probes/os/clock.h"

enum { REFILL_PAUSE_MS = 5, REFILL_AFTER_FAILURE_MS = 1000 };

/* Events of a slot that nobody owns yet. */
static void on_ready(struct cp_slot *slot)
{
    (void)slot;
}

static void on_exited(struct cp_slot *slot, int wait_status)
{
    (void)slot;
    (void)wait_status;
}

static void on_connection(struct cp_slot *slot, int fd)
{
    (void)slot;
    (void)close(fd);
}

static void refill_after(struct cp_slot_stock *stock, double pause_ms)
{
    (void)cp_loop_timer_set(stock->kit->loop, &stock->refill, cp_clock_mono_ms() + pause_ms);
}

static void unlink_slot(struct cp_slot_stock *stock, const struct cp_slot *slot)
{
    for (struct cp_slot **at = &stock->slots; *at; at = &(*at)->next) {
        if (*at == slot) {
            *at = slot->next;
            return;
        }
    }
}

static void on_broken(struct cp_slot *slot)
{
    struct cp_slot_stock *stock = slot->owner;
    stock->error = slot->error;
    unlink_slot(stock, slot);
    cp_slot_free(slot);
    refill_after(stock, REFILL_AFTER_FAILURE_MS);
}

static const struct cp_slot_events events = {on_ready, on_exited, on_broken, on_connection,
                                             on_ready};

static enum cp_code add_slot(struct cp_slot_stock *stock, struct cp_error *err)
{
    struct cp_slot *slot;
    enum cp_code code = cp_slot_new(stock->kit, &slot, err);
    if (code)
        return code;
    slot->owner = stock;
    slot->events = &events;
    slot->next = stock->slots;
    stock->slots = slot;
    return CP_OK;
}

static void on_refill(struct cp_loop_timer *timer)
{
    struct cp_slot_stock *stock = CP_OWNER_OF(timer, struct cp_slot_stock, refill);
    int n = 0;
    for (const struct cp_slot *slot = stock->slots; slot; slot = slot->next)
        n++;
    if (n >= stock->target)
        return;
    if (stock->is_quiet(stock->context) && add_slot(stock, &stock->error)) {
        refill_after(stock, REFILL_AFTER_FAILURE_MS);
        return;
    }
    refill_after(stock, REFILL_PAUSE_MS);
}

void cp_slot_stock_init(struct cp_slot_stock *stock, struct cp_slot_kit *kit, int target,
                        bool (*is_quiet)(void *context), void *context)
{
    *stock = (struct cp_slot_stock){.kit = kit,
                                    .target = target,
                                    .is_quiet = is_quiet,
                                    .context = context,
                                    .refill.on_due = on_refill};
    refill_after(stock, 0);
}

void cp_slot_stock_clear(struct cp_slot_stock *stock)
{
    if (!stock->kit)
        return;
    cp_loop_timer_cancel(stock->kit->loop, &stock->refill);
    while (stock->slots) {
        struct cp_slot *slot = stock->slots;
        stock->slots = slot->next;
        cp_slot_free(slot);
    }
}

int cp_slot_stock_ready(const struct cp_slot_stock *stock)
{
    int n = 0;
    for (const struct cp_slot *slot = stock->slots; slot; slot = slot->next)
        n += slot->is_ready;
    return n;
}

enum cp_code cp_slot_stock_take(struct cp_slot_stock *stock, struct cp_slot **out,
                                struct cp_error *err)
{
    refill_after(stock, REFILL_PAUSE_MS);
    if (!stock->slots) {
        enum cp_code code = add_slot(stock, err);
        if (code)
            return code;
    }
    /* The list is newest first: the last one that is not ready was begun first. */
    struct cp_slot *best = stock->slots;
    for (struct cp_slot *slot = stock->slots; slot; slot = slot->next) {
        if (slot->is_ready || !best->is_ready)
            best = slot;
    }
    unlink_slot(stock, best);
    best->next = NULL;
    *out = best;
    return CP_OK;
}
