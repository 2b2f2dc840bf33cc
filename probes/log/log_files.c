/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_input.h"

#include "probes/os/file_list.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* CreateExportTask leaves a file of this name, with a sentence in it, beside the logs. */
static const char write_test[] = "aws-logs-write-test";

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* --- the log stream's name, which an S3 export makes a folder of --- */

enum { DATE = 10, HASH = 32 };

static bool is_date(const char *s)
{
    static const char shape[] = "dddd-dd-dd-";
    for (size_t i = 0; shape[i]; i++) {
        bool is_digit = s[i] >= '0' && s[i] <= '9';
        if (shape[i] == 'd' ? !is_digit : s[i] != shape[i])
            return false;
    }
    return true;
}

/* "2026-10-08-[$LATEST]<32 hex>", in a custom group "2026-10-08-function[7]<32 hex>". */
static bool is_stream(const char *s, size_t n)
{
    if (n < DATE + 1 + 3 + HASH || !is_date(s))
        return false;
    const char *hash = s + n - HASH;
    if (hash[-1] != ']' || !memchr(s + DATE, '[', n - DATE - HASH))
        return false;
    for (size_t i = 0; i < HASH; i++) {
        if (!(hash[i] >= '0' && hash[i] <= '9') && !(hash[i] >= 'a' && hash[i] <= 'f'))
            return false;
    }
    return true;
}

/* The export put '-' where the name has '/': those of the date. False: out of memory. */
static bool find_stream(const char *path, char **out)
{
    const char *end = strrchr(path, '/');
    const char *begin = end;
    *out = NULL;
    while (begin && begin > path && begin[-1] != '/')
        begin--;
    if (!begin || !is_stream(begin, (size_t)(end - begin)))
        return true;
    *out = strndup(begin, (size_t)(end - begin));
    if (!*out)
        return false;
    (*out)[4] = (*out)[7] = (*out)[DATE] = '/';
    return true;
}

/* --- the list --- */

static enum cp_code fail_memory(struct cp_error *err)
{
    return cp_fail(err, CP_ENOMEM, "out of memory");
}

static bool make_room(struct cp_log_files *out)
{
    if (out->n < out->cap)
        return true;
    size_t cap = out->cap ? out->cap * 2 : 16;
    struct cp_log_file *files = reallocarray(out->files, cap, sizeof *files);
    if (!files)
        return false;
    out->files = files;
    out->cap = cap;
    return true;
}

static enum cp_code add(struct cp_log_files *out, const char *path, int64_t size,
                        struct cp_error *err)
{
    if (strcmp(last_part(path), write_test) == 0) {
        out->n_write_tests++;
        return CP_OK;
    }
    if (!make_room(out))
        return fail_memory(err);
    struct cp_log_file *file = &out->files[out->n++];
    *file = (struct cp_log_file){.path = strdup(path), .size = size};
    if (!file->path || !find_stream(path, &file->stream))
        return fail_memory(err);
    out->size += size > 0 ? size : 0;
    return CP_OK;
}

static enum cp_code add_folder(struct cp_log_files *out, const char *folder, struct cp_error *err)
{
    struct cp_file_list list = {0};
    size_t before = out->n + out->n_write_tests;
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    enum cp_code code = cp_file_list(folder, &(struct cp_file_list_options){0}, &list, err);
    for (size_t i = 0; i < list.n && !code; i++) {
        char path[PATH_MAX];
        const char *slash = folder[length - 1] == '/' ? "" : "/";
        int n =
            snprintf(path, sizeof path, "%.*s%s%s", (int)length, folder, slash, list.files[i].name);
        if (n < 0 || n >= (int)sizeof path)
            code = cp_fail(err, CP_ELIMIT, "a path below '%s' is too long", folder);
        else
            code = add(out, path, list.files[i].size, err);
    }
    cp_file_list_clear(&list);
    if (!code && out->n + out->n_write_tests == before)
        return cp_fail(err, CP_ENOTFOUND, "no file below '%s'", folder);
    return code;
}

static enum cp_code add_path(struct cp_log_files *out, const char *path, const struct stat *st,
                             struct cp_error *err)
{
    if (S_ISDIR(st->st_mode))
        return add_folder(out, path, err);
    return add(out, path, S_ISREG(st->st_mode) ? (int64_t)st->st_size : -1, err);
}

static enum cp_code add_matches(struct cp_log_files *out, const glob_t *found, struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < found->gl_pathc && !code; i++) {
        struct stat st;
        if (stat(found->gl_pathv[i], &st) == 0) /* else a link to nothing */
            code = add_path(out, found->gl_pathv[i], &st, err);
    }
    return code;
}

static enum cp_code add_pattern(struct cp_log_files *out, const char *pattern, struct cp_error *err)
{
    glob_t found;
    int failed = glob(pattern, 0, NULL, &found);
    if (failed == GLOB_NOSPACE)
        return fail_memory(err);
    if (failed)
        return cp_fail(err, CP_ENOTFOUND, "no file matches '%s'", pattern);
    enum cp_code code = add_matches(out, &found, err);
    globfree(&found);
    return code;
}

static enum cp_code add_stdin(struct cp_log_files *out, struct cp_error *err)
{
    for (size_t i = 0; i < out->n; i++) {
        if (strcmp(out->files[i].path, "-") == 0)
            return cp_fail(err, CP_EINVAL, "standard input ('-') is named twice");
    }
    struct stat st;
    bool is_file = fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode);
    return add(out, "-", is_file ? (int64_t)st.st_size : -1, err);
}

static enum cp_code add_argument(struct cp_log_files *out, const char *argument,
                                 struct cp_error *err)
{
    struct stat st;
    if (strcmp(argument, "-") == 0)
        return add_stdin(out, err);
    /* first as it is: the streams of Lambda have brackets in their names */
    if (stat(argument, &st) == 0)
        return add_path(out, argument, &st, err);
    int number = errno;
    if (number == ENOENT && strpbrk(argument, "*?["))
        return add_pattern(out, argument, err);
    return cp_fail(err, number == EACCES ? CP_EDENIED : CP_ENOTFOUND, "cannot find '%s': %s",
                   argument, strerror(number));
}

/* --- the same file twice --- */

/* Regular files only: a pipe of two names is two pipes. */
struct identity {
    dev_t device;
    ino_t number;
    size_t i;
    bool is_known;
};

static int compare_identities(const void *a, const void *b)
{
    const struct identity *x = a;
    const struct identity *y = b;
    if (x->is_known != y->is_known)
        return x->is_known ? -1 : 1;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->is_known && b->is_known && a->device == b->device && a->number == b->number;
}

static void clear_file(struct cp_log_file *file)
{
    free(file->path);
    free(file->stream);
    free(file->group);
    *file = (struct cp_log_file){0};
}

/* Keeps the first name of each. */
static void drop_repeated(struct cp_log_files *out, struct identity *ids)
{
    for (size_t i = 0; i < out->n; i++) {
        struct stat st;
        bool is_known = stat(out->files[i].path, &st) == 0 && S_ISREG(st.st_mode);
        ids[i] = (struct identity){.i = i, .is_known = is_known};
        if (is_known) {
            ids[i].device = st.st_dev;
            ids[i].number = st.st_ino;
        }
    }
    qsort(ids, out->n, sizeof *ids, compare_identities);
    for (size_t i = 1; i < out->n; i++) {
        struct cp_log_file *file = &out->files[ids[i].i];
        if (!is_same(&ids[i - 1], &ids[i]))
            continue;
        out->size -= file->size;
        out->n_again++;
        clear_file(file);
    }
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++) {
        if (out->files[i].path)
            out->files[n++] = out->files[i];
    }
    out->n = n;
}

static enum cp_code keep_once(struct cp_log_files *out, struct cp_error *err)
{
    struct identity *ids = calloc(out->n + 1, sizeof *ids);
    if (!ids)
        return fail_memory(err);
    drop_repeated(out, ids);
    free(ids);
    return CP_OK;
}

enum cp_code cp_log_files_find(const char *const *arguments, size_t n, struct cp_log_files *out,
                               struct cp_error *err)
{
    enum cp_code code = CP_OK;
    *out = (struct cp_log_files){0};
    for (size_t i = 0; i < n && !code; i++)
        code = add_argument(out, arguments[i], err);
    if (!code && n && !out->n)
        return cp_fail(err, CP_ENOTFOUND, "'%s' holds nothing but CloudWatch's write test",
                       arguments[0]);
    return code ? code : keep_once(out, err);
}

void cp_log_files_clear(struct cp_log_files *files)
{
    for (size_t i = 0; i < files->n; i++)
        clear_file(&files->files[i]);
    free(files->files);
    *files = (struct cp_log_files){0};
}
