/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/digest_invariants.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/crc32.h"
#include "model/digest/digest.h"

enum { FILE_MAX = 1 << 26 };

static void must_hold(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static void scope_must_hold(const struct cp_digest_scope *scope)
{
    struct cp_digest_minute minute;
    struct cp_digest_stream stream;
    size_t n;
    bool is_all;
    for (size_t i = 0; i < cp_digest_n_cells(scope); i++) {
        const struct cp_histogram *h = &cp_digest_cell_at(scope, i)->metrics[CP_METRIC_DURATION];
        must_hold(h->n == 0 || cp_histogram_rank(h, h->n / 2) <= (double)h->max,
                  "the median is not above the maximum");
    }
    for (size_t at = 0; cp_digest_next_minute(scope, &at, &minute);)
        must_hold(minute.minute > 0, "minutes are of our time");
    for (size_t i = 0; cp_digest_stream_at(scope, i, &stream); i++) {
        must_hold(stream.n_spans > 0 && stream.n_spans <= CP_DIGEST_SPANS_MAX + 1,
                  "spans are bounded");
        for (size_t k = 1; k < stream.n_spans; k++)
            must_hold(stream.spans[k].start_ms > stream.spans[k - 1].end_ms + stream.pause_ms,
                      "pauses are pauses");
    }
    must_hold(cp_digest_n_streams(scope) <= CP_DIGEST_STREAMS_MAX, "streams are bounded");
    (void)cp_digest_attempts(scope, &n, &is_all);
    must_hold(n <= (size_t)CP_DIGEST_REQUESTS_MAX * CP_DIGEST_ATTEMPTS_MAX, "attempts are bounded");
}

static void read_again(const struct cp_digest *digest)
{
    struct cp_buf first;
    struct cp_buf second;
    struct cp_digest *again = cp_digest_new();
    cp_buf_init(&first, FILE_MAX);
    cp_buf_init(&second, FILE_MAX);
    must_hold(again && !cp_digest_write(digest, &first, NULL), "what is read is written");
    must_hold(!cp_digest_read(again, cp_buf_view(&first), NULL), "what is written is read");
    must_hold(!cp_digest_write(again, &second, NULL), "and written again");
    must_hold(first.n == second.n && memcmp(first.p, second.p, first.n) == 0, "to the same bytes");
    cp_digest_free(again);
    cp_buf_clear(&first);
    cp_buf_clear(&second);
}

static void read_file(struct cp_view bytes)
{
    struct cp_digest *digest = cp_digest_new();
    must_hold(digest != NULL, "there is memory");
    if (!cp_digest_read(digest, bytes, NULL)) {
        for (size_t i = 0; i < cp_digest_n_scopes(digest); i++)
            scope_must_hold(cp_digest_scope_at(digest, i));
        read_again(digest);
    }
    cp_digest_free(digest);
}

/* Without the right one the fuzzer would never get past it. */
static void read_with_right_crc(struct cp_view lines)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_MAX);
    (void)cp_buf_adds(&text, CP_DIGEST_HEAD);
    (void)cp_buf_add_view(&text, lines);
    (void)cp_buf_addf(&text, "end %08" PRIx32 "\n", cp_crc32(cp_buf_view(&text)));
    read_file(cp_buf_view(&text));
    cp_buf_clear(&text);
}

void digest_invariants_hold(struct cp_view bytes)
{
    read_file(bytes);
    read_with_right_crc(bytes);
}
