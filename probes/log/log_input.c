/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_input.h"

#include "probes/log/log_inflate.h"
#include "probes/log/log_source.h"
#include "probes/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PACKED_SIZE = 128 * 1024, /* read at once from a gzip file, and to look at the beginning */
    HEAD_MIN = 10,            /* the longest magic below */
    ASK_MS = 100,
};

struct cp_log_input {
    char *path;
    int fd;
    bool is_regular, is_started, is_at_end;
    struct cp_log_inflate *inflate; /* NULL: plain */
    char *packed;
    struct cp_view rest; /* of `packed`, not given yet */
    atomic_llong taken;  /* also asked for by who shows progress */
    bool (*is_interrupted)(void *context);
    void *interrupt_context;
    char damage[CP_LOG_DAMAGE_MAX];
};

/* What else logs are packed with, by the first bytes. */
static const struct other_pack {
    const char *magic, *name, *unpack;
} other_packs[] = {
    {"\x28\xb5\x2f\xfd", "zstd", "zstdcat"}, {"\xfd\x37\x7a\x58\x5a", "xz", "xzcat"},
    {"PK\x03\x04", "zip", "unzip -p"},       {"\x04\x22\x4d\x18", "lz4", "lz4cat"},
    {"\x1f\x9d", "compress", "zcat"},
};

static bool is_bzip2(struct cp_view head)
{
    static const char block[] = "1AY&SY";
    return head.n >= HEAD_MIN && memcmp(head.p, "BZh", 3) == 0 &&
           memcmp(head.p + 4, block, sizeof block - 1) == 0;
}

static enum cp_code refuse_pack(const char *path, const struct other_pack *pack,
                                struct cp_error *err)
{
    if (strcmp(path, "-") == 0)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "standard input is %s data: decompress it first, with '%s'", pack->name,
                       pack->unpack);
    return cp_fail(err, CP_EUNSUPPORTED,
                   "'%s' is %s data: decompress it first: %s %s | coldprof import -", path,
                   pack->name, pack->unpack, path);
}

static enum cp_code check_pack(const char *path, struct cp_view head, struct cp_error *err)
{
    static const struct other_pack bzip2 = {.name = "bzip2", .unpack = "bzcat"};
    if (is_bzip2(head))
        return refuse_pack(path, &bzip2, err);
    for (size_t i = 0; i < sizeof other_packs / sizeof *other_packs; i++) {
        const struct other_pack *pack = &other_packs[i];
        if (cp_view_has_prefix(head, pack->magic))
            return refuse_pack(path, pack, err);
    }
    return CP_OK;
}

/* --- opening --- */

static enum cp_code code_of_errno(int number)
{
    return number == EINTR ? CP_EINTERRUPTED : cp_file_code(number);
}

static enum cp_code open_file(struct cp_log_input *self, struct cp_error *err)
{
    struct stat st;
    bool is_stdin = strcmp(self->path, "-") == 0;
    self->fd = is_stdin ? STDIN_FILENO : open(self->path, O_RDONLY | O_CLOEXEC);
    if (self->fd < 0 || fstat(self->fd, &st) != 0)
        return cp_fail(err, code_of_errno(errno), "cannot open '%s': %s", self->path,
                       strerror(errno));
    if (S_ISDIR(st.st_mode))
        return cp_fail(err, CP_EUNSUPPORTED, "cannot read '%s': it is a folder", self->path);
    self->is_regular = S_ISREG(st.st_mode) && !is_stdin;
    if (self->is_regular)
        (void)posix_fadvise(self->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return CP_OK;
}

/* --- bytes as they are on disk --- */

/* A pipe may stay silent for ever, and the user may not. */
static enum cp_code wait_for_pipe(const struct cp_log_input *self, struct cp_error *err)
{
    while (!self->is_regular && self->is_interrupted) {
        struct pollfd one = {.fd = self->fd, .events = POLLIN};
        if (poll(&one, 1, ASK_MS) > 0)
            break;
        if (self->is_interrupted(self->interrupt_context))
            return cp_fail(err, CP_EINTERRUPTED, "interrupted while waiting for '%s'", self->path);
    }
    return CP_OK;
}

/* A disk that fails is damage: what came before it counts. */
static enum cp_code read_raw(struct cp_log_input *self, char *to, size_t n, size_t *got,
                             struct cp_error *err)
{
    *got = 0;
    while (!self->is_at_end) {
        enum cp_code code = wait_for_pipe(self, err);
        if (code)
            return code;
        ssize_t more = read(self->fd, to, n);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            (void)snprintf(self->damage, sizeof self->damage, "cannot be read after byte %lld: %s",
                           (long long)cp_log_input_taken(self), strerror(errno));
        self->is_at_end = more <= 0;
        *got = more > 0 ? (size_t)more : 0;
        (void)atomic_fetch_add_explicit(&self->taken, (int64_t)*got, memory_order_relaxed);
        break;
    }
    return CP_OK;
}

/* Looks at the first bytes. */
static enum cp_code start(struct cp_log_input *self, struct cp_error *err)
{
    size_t n = 0;
    while (n < HEAD_MIN && !self->is_at_end) {
        size_t got;
        enum cp_code code = read_raw(self, self->packed + n, PACKED_SIZE - n, &got, err);
        if (code)
            return code;
        n += got;
    }
    self->is_started = true;
    self->rest = (struct cp_view){self->packed, n};
    if (cp_log_inflate_matches(self->rest))
        return cp_log_inflate_new(&self->inflate, err);
    return check_pack(self->path, self->rest, err);
}

enum cp_code cp_log_input_open(const char *path, struct cp_log_input **out, struct cp_error *err)
{
    struct cp_log_input *self = calloc(1, sizeof *self);
    *out = NULL;
    if (!self)
        return cp_fail(err, CP_ENOMEM, "out of memory");
    self->fd = -1;
    self->path = strdup(path);
    self->packed = malloc(PACKED_SIZE);
    if (!self->path || !self->packed) {
        cp_log_input_close(self);
        return cp_fail(err, CP_ENOMEM, "out of memory");
    }
    enum cp_code code = open_file(self, err);
    if (!code && self->is_regular)
        code = start(self, err);
    if (code)
        cp_log_input_close(self);
    else
        *out = self;
    return code;
}

void cp_log_input_close(struct cp_log_input *self)
{
    if (!self)
        return;
    if (self->fd > STDIN_FILENO)
        (void)close(self->fd);
    cp_log_inflate_free(self->inflate);
    free(self->packed);
    free(self->path);
    free(self);
}

void cp_log_input_stop_when(struct cp_log_input *self, bool (*is_interrupted)(void *context),
                            void *context)
{
    self->is_interrupted = is_interrupted;
    self->interrupt_context = context;
}

/* --- bytes as they were --- */

static enum cp_code read_plain(struct cp_log_input *self, char *to, size_t n, size_t *got,
                               struct cp_error *err)
{
    if (!self->rest.n)
        return read_raw(self, to, n, got, err);
    *got = self->rest.n < n ? self->rest.n : n;
    memcpy(to, self->rest.p, *got);
    self->rest = (struct cp_view){self->rest.p + *got, self->rest.n - *got};
    return CP_OK;
}

static enum cp_code read_packed(struct cp_log_input *self, char *to, size_t n, size_t *got,
                                struct cp_error *err)
{
    for (;;) {
        *got = cp_log_inflate(self->inflate, &self->rest, to, n);
        if (*got)
            return CP_OK;
        size_t more;
        enum cp_code code = read_raw(self, self->packed, PACKED_SIZE, &more, err);
        if (code)
            return code;
        self->rest = (struct cp_view){self->packed, more};
        if (!more)
            break;
    }
    if (!self->damage[0])
        cp_log_inflate_end(self->inflate);
    return CP_OK;
}

enum cp_code cp_log_input_read(struct cp_log_input *self, char *to, size_t n, size_t *got,
                               struct cp_error *err)
{
    *got = 0;
    enum cp_code code = self->is_started ? CP_OK : start(self, err);
    if (code)
        return code;
    return self->inflate ? read_packed(self, to, n, got, err) : read_plain(self, to, n, got, err);
}

bool cp_log_input_is_gzip(const struct cp_log_input *self)
{
    return self->inflate != NULL;
}

bool cp_log_input_is_regular(const struct cp_log_input *self)
{
    return self->is_regular;
}

const char *cp_log_input_damage(const struct cp_log_input *self)
{
    if (self->damage[0] || !self->inflate)
        return self->damage;
    return cp_log_inflate_damage(self->inflate);
}

int64_t cp_log_input_taken(const struct cp_log_input *self)
{
    return atomic_load_explicit(&self->taken, memory_order_relaxed);
}

static enum cp_code read_input(void *context, char *to, size_t n, size_t *got, struct cp_error *err)
{
    return cp_log_input_read(context, to, n, got, err);
}

struct cp_log_source cp_log_source_of_input(struct cp_log_input *input)
{
    return (struct cp_log_source){read_input, input};
}
