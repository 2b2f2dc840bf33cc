/* SPDX-License-Identifier: GPL-3.0-or-later
 * Text in UTF-16, as `>` writes it in Windows PowerShell 5: not read, but said so in one count
 * instead of one per line.
 */
#include <stdlib.h>

#include "probes/log/log_form_count.h"
#include "probes/log/log_form_rows.h"

struct utf16 {
    struct cp_log_sink *sink;
    bool has_bytes;
};

/* A byte order mark, or one zero byte in each pair, as ASCII text has. */
static int match(struct cp_view head)
{
    enum { PAIRS = 32 };
    size_t n_zero[2] = {0};
    if (cp_view_has_prefix(head, "\xff\xfe") || cp_view_has_prefix(head, "\xfe\xff"))
        return CP_SURE_SIGNATURE;
    if (head.n < 2 * (size_t)PAIRS)
        return CP_SURE_NOT;
    for (size_t i = 0; i < 2 * (size_t)PAIRS; i++)
        n_zero[i % 2] += head.p[i] == '\0';
    bool is_utf16 = n_zero[0] + n_zero[1] == PAIRS && (n_zero[0] == 0 || n_zero[1] == 0);
    return is_utf16 ? CP_SURE_SIGNATURE : CP_SURE_NOT;
}

static enum cp_code begin(struct cp_log_sink *sink, struct cp_log_decoder **out,
                          struct cp_error *err)
{
    struct utf16 *utf16 = calloc(1, sizeof(*utf16));
    *out = (struct cp_log_decoder *)utf16;
    if (!utf16)
        return cp_fail(err, CP_ENOMEM, "no memory to read a log");
    utf16->sink = sink;
    return CP_OK;
}

static enum cp_code feed(struct cp_log_decoder *decoder, struct cp_view bytes, struct cp_error *err)
{
    (void)err;
    ((struct utf16 *)decoder)->has_bytes |= bytes.n > 0;
    return CP_OK;
}

static enum cp_code end(struct cp_log_decoder *decoder, struct cp_error *err)
{
    struct utf16 *utf16 = (struct utf16 *)decoder;
    struct cp_form_counts counts = {0};
    if (utf16->has_bytes)
        cp_form_count(&counts, CP_FORM_UTF16, CP_VIEW_LIT("iconv -f UTF-16 -t UTF-8"));
    return cp_form_counts_tell(&counts, utf16->sink, err);
}

static void free_utf16(struct cp_log_decoder *decoder)
{
    free(decoder);
}

const struct cp_log_form cp_log_form_utf16 = {
    .name = "UTF-16",
    .summary = "text in UTF-16 is not read: convert it to UTF-8 first",
    .match = match,
    .begin = begin,
    .feed = feed,
    .end = end,
    .free = free_utf16,
};
