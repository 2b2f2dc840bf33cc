/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_slot.h"

#include <stdlib.h>
#include <string.h>

enum cp_code cp_log_slot_init(struct cp_log_slot *slot, size_t max, struct cp_error *err)
{
    *slot = (struct cp_log_slot){.p = malloc(max), .max = max};
    return slot->p ? CP_OK : cp_fail(err, CP_ENOMEM, "no memory to read a log");
}

void cp_log_slot_clear(struct cp_log_slot *slot)
{
    free(slot->p);
    *slot = (struct cp_log_slot){0};
}

void cp_log_slot_reset(struct cp_log_slot *slot)
{
    slot->n = 0;
    slot->is_long = false;
}

void cp_log_slot_add(struct cp_log_slot *slot, struct cp_view bytes)
{
    size_t room = slot->max - slot->n;
    size_t n = bytes.n <= room ? bytes.n : room;
    if (n)
        memcpy(slot->p + slot->n, bytes.p, n);
    slot->n += n;
    if (n < bytes.n)
        slot->is_long = true;
}

void cp_log_slot_addc(struct cp_log_slot *slot, char c)
{
    if (slot->n < slot->max)
        slot->p[slot->n++] = c;
    else
        slot->is_long = true;
}

void cp_log_slot_add_utf8(struct cp_log_slot *slot, uint32_t c)
{
    char bytes[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    bytes[0] = (char)(marks[n] | c);
    cp_log_slot_add(slot, (struct cp_view){bytes, n});
}

struct cp_view cp_log_slot_view(const struct cp_log_slot *slot)
{
    return (struct cp_view){slot->p, slot->n};
}

void cp_log_slot_swap(struct cp_log_slot *a, struct cp_log_slot *b)
{
    struct cp_log_slot t = *a;
    *a = *b;
    *b = t;
}
