/* SPDX-License-Identifier: GPL-3.0-or-later
 * Inflates gzip and zlib data as it comes, in pieces of any size: gzip of any number of members,
 * with zeros behind them (tapes, block devices). What is before a damage comes out (but for up
 * to 258 bytes that cannot be told from it); the damage is a text for people that says where.
 *
 * Ownership: cp_log_inflate_new / cp_log_inflate_free. One thread at a time.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_INFLATE_H
#define COLDPROF_PROBES_LOG_LOG_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/buf.h"

enum { CP_LOG_DAMAGE_MAX = 200 };

/* The data starts as gzip or as zlib does, in a way that no text starts. */
bool cp_log_inflate_matches(struct cp_view head);

struct cp_log_inflate;

enum cp_code cp_log_inflate_new(struct cp_log_inflate **out, struct cp_error *err);
void cp_log_inflate_free(struct cp_log_inflate *self); /* NULL is fine */
/* Ready for the next data, keeping the memory. */
void cp_log_inflate_reset(struct cp_log_inflate *self);

/* Takes from the front of `*in` and puts at most `n` inflated bytes at `to`; returns how many. 0
 * with room left: all of `*in` is taken. After a damage the rest of the input is taken and dropped.
 */
size_t cp_log_inflate(struct cp_log_inflate *self, struct cp_view *in, char *to, size_t n);
/* There is no more input: damage when a member has not ended. */
void cp_log_inflate_end(struct cp_log_inflate *self);
/* "" or what is wrong and at which byte of the input; good until the next call. */
const char *cp_log_inflate_damage(const struct cp_log_inflate *self);

/* All of `packed` into `out`, whose limit applies (CP_ELIMIT). CP_EFORMAT: damaged; `out` has what
 * was before the damage. CP_ENOMEM. */
enum cp_code cp_log_inflate_all(struct cp_log_inflate *self, struct cp_view packed,
                                struct cp_buf *out, struct cp_error *err);

#endif
