/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/cloud_checkpoint.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "model/base/crc32.h"
#include "probes/os/file.h"

#define HEAD "coldprof import checkpoint 1\n"

/* The file: HEAD, one line per number, a CRC-32 of all before it, then the digest, which has a
 * check of its own. */
static const struct {
    const char *name;
    size_t offset;
} NUMBERS[] = {
    {"from", offsetof(struct cp_cloud_checkpoint, from_ms)},
    {"to", offsetof(struct cp_cloud_checkpoint, to_ms)},
    {"started", offsetof(struct cp_cloud_checkpoint, started_at_ms)},
    {"group", offsetof(struct cp_cloud_checkpoint, group)},
    {"at", offsetof(struct cp_cloud_checkpoint, at_ms)},
    {"slice", offsetof(struct cp_cloud_checkpoint, slice_ms)},
    {"pages", offsetof(struct cp_cloud_checkpoint, pages)},
    {"slices", offsetof(struct cp_cloud_checkpoint, slices)},
};
enum { N_NUMBERS = sizeof NUMBERS / sizeof NUMBERS[0], CRC_DIGITS = 8, COMMAND_DIGITS = 16 };

static int64_t *number(struct cp_cloud_checkpoint *at, size_t i)
{
    return (int64_t *)(void *)((char *)at + NUMBERS[i].offset);
}

enum cp_code cp_cloud_checkpoint_write(const char *path, const struct cp_cloud_checkpoint *at,
                                       const struct cp_digest *digest, struct cp_error *err)
{
    struct cp_cloud_checkpoint copy = *at;
    struct cp_buf out;
    cp_buf_init(&out, CP_CHECKPOINT_MAX);
    (void)cp_buf_addf(&out, HEAD "command %016" PRIx64 "\n", at->command);
    for (size_t i = 0; i < N_NUMBERS; i++)
        (void)cp_buf_addf(&out, "%s %" PRId64 "\n", NUMBERS[i].name, *number(&copy, i));
    (void)cp_buf_addf(&out, "crc %08" PRIx32 "\n", cp_crc32(cp_buf_view(&out)));
    enum cp_code code = cp_digest_write(digest, &out, err);
    if (!code)
        code = cp_buf_check(&out, "the checkpoint", err);
    if (!code)
        code = cp_file_write_atomic(path, cp_buf_view(&out), err);
    cp_buf_clear(&out);
    return code;
}

/* --- reading --- */

static const char HEX[] = "0123456789abcdef";

/* "name value\n" */
static bool take_line(struct cp_view *rest, const char *name, struct cp_view *value)
{
    struct cp_view line;
    if (!memchr(rest->p, '\n', rest->n) || !cp_view_split(rest, '\n', &line))
        return false;
    *value = line;
    return cp_view_skip(value, name) && cp_view_skip(value, " ");
}

static bool take_hex(struct cp_view text, size_t digits, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *digit = memchr(HEX, text.p[i], sizeof HEX - 1);
        if (!digit)
            return false;
        *out = *out << 4 | (uint64_t)(digit - HEX);
    }
    return text.n == digits;
}

static bool read_head(struct cp_view *rest, struct cp_cloud_checkpoint *at)
{
    struct cp_view all = *rest;
    struct cp_view value;
    uint64_t crc = 0;
    if (!cp_view_skip(rest, HEAD) || !take_line(rest, "command", &value) ||
        !take_hex(value, COMMAND_DIGITS, &at->command))
        return false;
    for (size_t i = 0; i < N_NUMBERS; i++)
        if (!take_line(rest, NUMBERS[i].name, &value) || !cp_view_to_int64(value, number(at, i)))
            return false;
    struct cp_view covered = {all.p, (size_t)(rest->p - all.p)};
    return take_line(rest, "crc", &value) && take_hex(value, CRC_DIGITS, &crc) &&
           crc == cp_crc32(covered);
}

enum cp_code cp_cloud_checkpoint_read(const char *path, struct cp_cloud_checkpoint *at,
                                      struct cp_digest *digest, struct cp_error *err)
{
    struct cp_buf in;
    cp_buf_init(&in, CP_CHECKPOINT_MAX);
    enum cp_code code = cp_file_read(path, &in, err);
    struct cp_view rest = cp_buf_view(&in);
    if (!code && !read_head(&rest, at))
        code = cp_fail(err, CP_EFORMAT,
                       "'%s' is no checkpoint of an import, or it is damaged; "
                       "remove it to begin anew",
                       path);
    if (!code && cp_digest_read(digest, rest, err))
        code = cp_fail_context(err, "'%s'", path);
    cp_buf_clear(&in);
    return code;
}
