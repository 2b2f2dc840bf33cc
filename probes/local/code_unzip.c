/* SPDX-License-Identifier: GPL-3.0-or-later
 * Unpacking what a client sent. Names are walked part by part from a descriptor of the folder and
 * no link is ever followed, so that nothing can be written outside it, whatever the archive says.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "probes/local/code_zip.h"
#include "probes/os/file.h"

enum { MODE_SHIFT = 16, CHUNK = 64 * 1024, PARTS_MAX = 64 };

struct unzip {
    zip_t *archive;
    int root_fd;
    int64_t size; /* bytes that came out so far */
    struct cp_error *err;
};

/* One entry, looked at before anything is done. */
struct entry {
    zip_uint64_t index;
    const char *name;
    mode_t mode; /* 0 when the archive does not say */
};

static enum cp_code refuse(const struct unzip *u, const struct entry *e, const char *why)
{
    return cp_fail(u->err, CP_EINVAL, "the zip archive's entry '%.200s' %s", e->name, why);
}

/* --- names --- */

static bool is_safe_part(struct cp_view part)
{
    return part.n > 0 && part.n <= NAME_MAX && !cp_view_is(part, ".") && !cp_view_is(part, "..");
}

/* Relative, no empty, '.' or '..' part; a slash at the end makes a folder. */
static bool is_safe_name(const char *name)
{
    struct cp_view rest = cp_view_of(name);
    struct cp_view part;
    int n = 0;
    if (rest.n && rest.p[rest.n - 1] == '/')
        rest.n--;
    if (!rest.n || rest.n >= PATH_MAX || rest.p[0] == '/' || memchr(rest.p, '\\', rest.n))
        return false;
    while (cp_view_split(&rest, '/', &part)) {
        if (!is_safe_part(part) || ++n > PARTS_MAX)
            return false;
    }
    return true;
}

/* Opens the folder that is to hold the last part of `name`, making what is missing; `last` gets
 * that part. -1 with errno. */
static int open_parent(const struct unzip *u, const char *name, char last[NAME_MAX + 1], int *depth)
{
    struct cp_view rest = cp_view_of(name);
    struct cp_view part;
    int fd = dup(u->root_fd);
    *depth = 0;
    while (fd >= 0 && cp_view_split(&rest, '/', &part)) {
        if (!cp_view_copy(part, last, NAME_MAX + 1)) {
            (void)close(fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        if (!rest.n)
            return fd;
        if (mkdirat(fd, last, S_IRWXU) != 0 && errno != EEXIST) {
            (void)close(fd);
            return -1;
        }
        int next = openat(fd, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        (void)close(fd);
        fd = next;
        (*depth)++;
    }
    return fd;
}

static enum cp_code fail_errno(const struct unzip *u, const struct entry *e)
{
    if (errno == EEXIST || errno == ENOTDIR || errno == ELOOP || errno == EISDIR)
        return refuse(u, e, "is there twice, or lies below something that is not a folder");
    return cp_fail(u->err, CP_EIO, "cannot unpack '%.200s': %s", e->name, strerror(errno));
}

/* --- files --- */

static enum cp_code copy_bytes(struct unzip *u, const struct entry *e, zip_file_t *from, int fd)
{
    static char bytes[CHUNK];
    zip_int64_t n = 0;
    while ((n = zip_fread(from, bytes, sizeof bytes)) > 0) {
        u->size += n;
        if (u->size > CP_CODE_SIZE_MAX)
            return cp_fail(u->err, CP_ELIMIT, "Unzipped size must be smaller than %d bytes",
                           CP_CODE_SIZE_MAX);
        enum cp_code code =
            cp_fd_write_all(fd, (struct cp_view){bytes, (size_t)n}, e->name, u->err);
        if (code)
            return code;
    }
    return n < 0 ? refuse(u, e, "is broken") : CP_OK;
}

static enum cp_code write_file(struct unzip *u, const struct entry *e, int parent_fd,
                               const char *name)
{
    bool is_executable = e->mode & (S_IXUSR | S_IXGRP | S_IXOTH);
    zip_file_t *from = zip_fopen_index(u->archive, e->index, 0);
    if (!from)
        return refuse(u, e, "cannot be read: it is encrypted, broken or compressed in another way");
    int fd = openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    is_executable ? S_IRWXU : S_IRUSR | S_IWUSR);
    enum cp_code code = fd < 0 ? fail_errno(u, e) : copy_bytes(u, e, from, fd);
    if (fd >= 0 && close(fd) != 0 && !code)
        code = fail_errno(u, e);
    (void)zip_fclose(from);
    return code;
}

/* --- links --- */

/* Only '..' parts at the start, and no more than the link is deep: its folder is a real one, so
 * they stay inside; what follows goes down, at most through other links of which the same is true.
 */
static bool stays_inside(const char *target, int depth)
{
    struct cp_view rest = cp_view_of(target);
    struct cp_view part;
    bool is_down = false;
    if (!rest.n || rest.p[0] == '/')
        return false;
    while (cp_view_split(&rest, '/', &part)) {
        bool is_up = cp_view_is(part, "..");
        if (is_up && (is_down || --depth < 0))
            return false;
        is_down = is_down || (!is_up && part.n && !cp_view_is(part, "."));
    }
    return true;
}

static enum cp_code write_link(struct unzip *u, const struct entry *e, int parent_fd,
                               const char *name, int depth)
{
    char target[PATH_MAX];
    zip_file_t *from = zip_fopen_index(u->archive, e->index, 0);
    zip_int64_t n = from ? zip_fread(from, target, sizeof target) : -1;
    if (from)
        (void)zip_fclose(from);
    if (n <= 0 || n >= (zip_int64_t)sizeof target || memchr(target, '\0', (size_t)n))
        return refuse(u, e, "is a link to nothing");
    target[n] = '\0';
    if (!stays_inside(target, depth))
        return refuse(u, e, "is a link that leaves the function's folder");
    return symlinkat(target, parent_fd, name) == 0 ? CP_OK : fail_errno(u, e);
}

/* --- entries --- */

static bool is_folder(const struct entry *e)
{
    size_t n = strlen(e->name);
    return n && e->name[n - 1] == '/';
}

static enum cp_code look_at(const struct unzip *u, zip_uint64_t index, struct entry *e)
{
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    *e = (struct entry){.index = index, .name = zip_get_name(u->archive, index, ZIP_FL_ENC_RAW)};
    if (!e->name)
        e->name = "";
    if (!is_safe_name(e->name))
        return refuse(u, e, "has a name that is not a relative path inside the folder");
    if (zip_file_get_external_attributes(u->archive, index, 0, &system, &attributes) == 0 &&
        (system == ZIP_OPSYS_UNIX || system == ZIP_OPSYS_OS_X))
        e->mode = (mode_t)(attributes >> MODE_SHIFT);
    mode_t type = e->mode & S_IFMT;
    if (type && type != S_IFREG && type != S_IFDIR && type != S_IFLNK)
        return refuse(u, e, "is neither a file, a folder nor a link");
    return CP_OK;
}

static enum cp_code write_entry(struct unzip *u, const struct entry *e)
{
    char last[NAME_MAX + 1] = "";
    int depth = 0;
    int parent_fd = open_parent(u, e->name, last, &depth);
    if (parent_fd < 0)
        return fail_errno(u, e);
    enum cp_code code = CP_OK;
    if (is_folder(e))
        code = mkdirat(parent_fd, last, S_IRWXU) == 0 || errno == EEXIST ? CP_OK : fail_errno(u, e);
    else if (S_ISLNK(e->mode))
        code = write_link(u, e, parent_fd, last, depth);
    else
        code = write_file(u, e, parent_fd, last);
    (void)close(parent_fd);
    return code;
}

static enum cp_code write_entries(struct unzip *u)
{
    zip_int64_t n = zip_get_num_entries(u->archive, 0);
    if (n <= 0)
        return cp_fail(u->err, CP_EINVAL, "Uploaded file must be a non-empty zip");
    if (n > CP_CODE_FILES_MAX)
        return cp_fail(u->err, CP_ELIMIT, "the zip archive has more than %d entries",
                       CP_CODE_FILES_MAX);
    enum cp_code code = CP_OK;
    for (zip_int64_t i = 0; !code && i < n; i++) {
        struct entry e;
        code = look_at(u, (zip_uint64_t)i, &e);
        if (!code)
            code = write_entry(u, &e);
    }
    return code;
}

enum cp_code cp_code_zip_extract(struct cp_view zip, const char *folder, struct cp_error *err)
{
    static const char NOT_A_ZIP[] =
        "Could not unzip uploaded file. Please check your file, then try to upload again.";
    struct unzip u = {.err = err};
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(zip.p, zip.n, 0, &why);
    u.archive = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    enum cp_code code = CP_OK;
    if (!u.archive)
        code = zip_error_code_zip(&why) == ZIP_ER_MEMORY ? cp_fail(err, CP_ENOMEM, "out of memory")
                                                         : cp_fail(err, CP_EINVAL, "%s", NOT_A_ZIP);
    if (source && !u.archive)
        zip_source_free(source);
    u.root_fd = code ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (!code && u.root_fd < 0)
        code = cp_fail(err, CP_EIO, "cannot open '%s': %s", folder, strerror(errno));
    if (!code)
        code = write_entries(&u);
    if (u.root_fd >= 0)
        (void)close(u.root_fd);
    if (u.archive)
        zip_discard(u.archive);
    zip_error_fini(&why);
    return code;
}
