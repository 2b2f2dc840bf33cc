/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/import_account.h"

#include "model/base/units.h"

#include <stdlib.h>

enum { GAP_MINUTES = 60 };

/* One byte per minute of the time that a digest can know. */
static const int64_t first_minute = CP_DIGEST_TIME_MIN_MS / CP_MS_PER_MINUTE;
static const int64_t last_minute = CP_DIGEST_TIME_MAX_MS / CP_MS_PER_MINUTE;

struct span {
    int64_t first, last; /* minutes with arrivals; first > last: none */
};

static bool is_known(const struct cp_digest_minute *minute)
{
    return minute->arrivals && minute->minute >= first_minute && minute->minute <= last_minute;
}

static struct span span_of(const struct cp_digest *digest)
{
    struct span span = {INT64_MAX, INT64_MIN};
    struct cp_digest_minute minute;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        size_t at = 0;
        while (cp_digest_next_minute(cp_digest_scope_at(digest, i), &at, &minute)) {
            if (!is_known(&minute))
                continue;
            span.first = minute.minute < span.first ? minute.minute : span.first;
            span.last = minute.minute > span.last ? minute.minute : span.last;
        }
    }
    return span;
}

static void mark(const struct cp_digest *digest, int64_t first, unsigned char *is_busy)
{
    struct cp_digest_minute minute;
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        size_t at = 0;
        while (cp_digest_next_minute(cp_digest_scope_at(digest, i), &at, &minute)) {
            if (is_known(&minute))
                is_busy[minute.minute - first] = 1;
        }
    }
}

bool cp_import_gaps_find(const struct cp_digest *digest, struct cp_import_gaps *out)
{
    *out = (struct cp_import_gaps){.longest_from_ms = -1, .longest_to_ms = -1};
    struct span span = span_of(digest);
    if (span.first > span.last)
        return true;
    size_t n = (size_t)(span.last - span.first) + 1;
    unsigned char *is_busy = calloc(n, 1);
    if (!is_busy)
        return false;
    mark(digest, span.first, is_busy);
    size_t last = 0;
    size_t longest = GAP_MINUTES;
    for (size_t i = 1; i < n; i++) {
        if (!is_busy[i])
            continue;
        size_t idle = i - last - 1;
        out->n += idle >= GAP_MINUTES;
        if (idle >= longest) {
            longest = idle + 1; /* of equal ones the first */
            out->longest_from_ms = (span.first + (int64_t)last + 1) * CP_MS_PER_MINUTE;
            out->longest_to_ms = (span.first + (int64_t)i) * CP_MS_PER_MINUTE;
        }
        last = i;
    }
    free(is_busy);
    return true;
}
