/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_digests.h"

#include <string.h>

void cp_log_digests_init(struct cp_log_digests *digests, struct cp_digest *digest)
{
    *digests = (struct cp_log_digests){.digest = digest};
    cp_buf_init(&digests->held, CP_DIGEST_BYTES_MAX);
}

void cp_log_digests_clear(struct cp_log_digests *digests)
{
    cp_buf_clear(&digests->held);
}

/* Length of the first digest held, with its last line; 0 when that has not come. */
static size_t measure(struct cp_log_digests *digests)
{
    static const char last_line[] = "\nend ";
    struct cp_buf *held = &digests->held;
    const char *from = held->p + digests->searched;
    const char *last = memmem(from, held->n - digests->searched, last_line, sizeof last_line - 1);
    const char *feed = NULL;
    if (last)
        feed = memchr(last + 1, '\n', (size_t)(held->p + held->n - (last + 1)));
    if (feed)
        return (size_t)(feed - held->p) + 1;
    if (last)
        digests->searched = (size_t)(last - held->p);
    else if (held->n >= sizeof last_line)
        digests->searched = held->n - sizeof last_line;
    return 0;
}

enum cp_code cp_log_digests_feed(struct cp_log_digests *digests, struct cp_view bytes,
                                 struct cp_error *err)
{
    struct cp_buf *held = &digests->held;
    size_t length;
    if (cp_buf_add_view(held, bytes))
        return cp_buf_check(held, "a digest", err);
    while (held->n && (length = measure(digests)) > 0) {
        enum cp_code code = cp_digest_read(digests->digest, (struct cp_view){held->p, length}, err);
        if (code)
            return code;
        memmove(held->p, held->p + length, held->n - length);
        held->n -= length;
        digests->searched = 0;
    }
    return CP_OK;
}

enum cp_code cp_log_digests_end(struct cp_log_digests *digests, struct cp_error *err)
{
    struct cp_buf *held = &digests->held;
    /* the reader says what is missing */
    return held->n ? cp_digest_read(digests->digest, cp_buf_view(held), err) : CP_OK;
}
