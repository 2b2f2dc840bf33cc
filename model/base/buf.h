/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one growable buffer.
 *
 * Ownership: the caller owns the struct; cp_buf_init before use, cp_buf_clear at the end.
 * Invariants: `n <= max`; when `p` is not NULL, p[n] is NUL (so p is a C string if no NUL was
 * added). Every buffer has a limit chosen at init. The first failed addition (limit or memory)
 * makes the buffer fail for good: later additions do nothing, and cp_buf_check reports it once
 * at the end, so that formatters need not test every line.
 */
#ifndef COLDPROF_MODEL_BASE_BUF_H
#define COLDPROF_MODEL_BASE_BUF_H

#include "model/base/error.h"
#include "model/base/view.h"

struct cp_buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max;
    enum cp_code failed; /* CP_OK, CP_ELIMIT or CP_ENOMEM */
};

void cp_buf_init(struct cp_buf *b, size_t max);
void cp_buf_clear(struct cp_buf *b); /* frees; the struct is again as after cp_buf_init */
void cp_buf_reset(struct cp_buf *b); /* empties, keeps the memory, forgets a failure */

enum cp_code cp_buf_add(struct cp_buf *b, const void *bytes, size_t n);
enum cp_code cp_buf_add_view(struct cp_buf *b, struct cp_view v);
enum cp_code cp_buf_adds(struct cp_buf *b, const char *s); /* C string; NULL adds nothing */
enum cp_code cp_buf_addc(struct cp_buf *b, char c);
enum cp_code cp_buf_addf(struct cp_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for `n` more bytes; NULL when it failed. Follow with `b->n += used; b->p[b->n] = 0`. */
char *cp_buf_reserve(struct cp_buf *b, size_t n);

/* Fails as `part` did, which was made to be added to it: what is missing there is missing here. */
void cp_buf_fail_with(struct cp_buf *b, const struct cp_buf *part);
/* CP_OK, or the failure with a message that names `what` and the limit. */
enum cp_code cp_buf_check(const struct cp_buf *b, const char *what, struct cp_error *err);
/* The content as a C string, "" when nothing was added; borrowed until the next addition. */
const char *cp_buf_str(const struct cp_buf *b);
struct cp_view cp_buf_view(const struct cp_buf *b);
/* Moves the content out (free() it); NULL when empty or failed. The buffer is empty after. */
char *cp_buf_take(struct cp_buf *b, size_t *n);

#endif
