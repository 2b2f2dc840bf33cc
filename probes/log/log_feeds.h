/* SPDX-License-Identifier: GPL-3.0-or-later
 * Line feeds of a long text, found 64 bytes at a time: lines are short, so a search for each costs
 * more in its beginning and end than in between. Where there is no SSE2, memchr.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FEEDS_H
#define COLDPROF_PROBES_LOG_LOG_FEEDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "model/base/view.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { CP_LOG_FEEDS_BLOCK = 64 };

struct cp_log_feeds {
    const char *line, *end; /* what is left */
    const char *next;       /* block that was not looked at yet */
    const char *block;      /* whose feeds are in `mask`, those given already cleared */
    uint64_t mask;
};

#if defined(__SSE2__)
static inline uint64_t cp_log_feeds_mask(const char *p)
{
    const __m128i feed = _mm_set1_epi8('\n');
    uint64_t mask = 0;
    for (size_t i = 4; i-- > 0;) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
        mask = mask << 16 | (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, feed));
    }
    return mask;
}
#endif

/* The same with AVX2: called only where that is. */
#if defined(__x86_64__)
#define CP_LOG_FEEDS_WIDE 1
__attribute__((target("avx2"))) static inline uint64_t cp_log_feeds_mask_wide(const char *p)
{
    const __m256i feed = _mm256_set1_epi8('\n');
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    uint32_t first = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, feed));
    uint32_t second = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, feed));
    return (uint64_t)second << 32 | first;
}
#else
#define CP_LOG_FEEDS_WIDE             0
#define cp_log_feeds_mask_wide(block) cp_log_feeds_mask(block)
#endif

static inline struct cp_log_feeds cp_log_feeds_of(struct cp_view text)
{
    return (struct cp_log_feeds){
        .line = text.p, .end = text.p + text.n, .next = text.p, .block = text.p};
}

/* The next line with its feed, or what is left without one; empty at the end. `is_wide`, which the
 * compiler knows: there is AVX2. */
__attribute__((always_inline)) static inline struct cp_view
cp_log_feeds_next(struct cp_log_feeds *f, bool is_wide)
{
    struct cp_view line = {f->line, (size_t)(f->end - f->line)};
#if defined(__SSE2__)
    while (!f->mask && f->end - f->next >= CP_LOG_FEEDS_BLOCK) {
        f->block = f->next;
        f->next += CP_LOG_FEEDS_BLOCK;
        f->mask = is_wide ? cp_log_feeds_mask_wide(f->block) : cp_log_feeds_mask(f->block);
    }
    if (f->mask) {
        f->line = f->block + __builtin_ctzll(f->mask) + 1;
        f->mask &= f->mask - 1;
        line.n = (size_t)(f->line - line.p);
        return line;
    }
#endif
    const char *feed = line.n ? memchr(line.p, '\n', line.n) : NULL;
    if (feed)
        line.n = (size_t)(feed + 1 - line.p);
    f->line = line.p + line.n;
    return line;
}

#endif
