/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/os/file_list.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FILES = 100000, MAX_DEPTH = 32 };

struct walk {
    const char *folder;
    const struct cp_file_list_options *options;
    struct cp_file_list *out;
    struct cp_error *err;
};

static enum cp_code add_file(struct walk *w, const char *name, int64_t size)
{
    struct cp_file_list *list = w->out;
    size_t max = w->options->max_files ? w->options->max_files : MAX_FILES;
    if (list->n == max)
        return cp_fail(w->err, CP_ELIMIT, "'%s' has more than %zu files", w->folder, max);
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 16;
        struct cp_listed_file *files = reallocarray(list->files, cap, sizeof *files);
        if (!files)
            return cp_fail(w->err, CP_ENOMEM, "out of memory");
        list->files = files;
        list->cap = cap;
    }
    char *copy = strdup(name);
    if (!copy)
        return cp_fail(w->err, CP_ENOMEM, "out of memory");
    list->files[list->n++] = (struct cp_listed_file){.name = copy, .size = size};
    return CP_OK;
}

static bool is_skipped(const struct walk *w, const char *name)
{
    for (const char *const *skip = w->options->skip; skip && *skip; skip++) {
        if (strcmp(*skip, name) == 0)
            return true;
    }
    return false;
}

static enum cp_code walk_folder(struct walk *w, const char *relative, int depth);

static enum cp_code visit(struct walk *w, const char *relative, const char *name, int depth)
{
    char path[PATH_MAX];
    char child[PATH_MAX];
    struct stat st;
    struct stat link;
    const char *slash = relative[0] ? "/" : "";
    int n = snprintf(child, sizeof child, "%s%s%s", relative, slash, name);
    int m = snprintf(path, sizeof path, "%s/%s", w->folder, child);
    if (n < 0 || n >= (int)sizeof child || m < 0 || m >= (int)sizeof path)
        return cp_fail(w->err, CP_ELIMIT, "a path below '%s' is too long", w->folder);
    if (lstat(path, &link) != 0)
        return cp_fail(w->err, CP_EIO, "cannot read '%s': %s", path, strerror(errno));
    if (stat(path, &st) != 0) /* a link to nothing, such as an editor's lock */
        return CP_OK;
    if (S_ISREG(st.st_mode))
        return add_file(w, child, st.st_size);
    if (S_ISDIR(link.st_mode) && !is_skipped(w, name))
        return walk_folder(w, child, depth + 1);
    return CP_OK;
}

static enum cp_code walk_folder(struct walk *w, const char *relative, int depth)
{
    char path[PATH_MAX];
    if (depth > MAX_DEPTH)
        return cp_fail(w->err, CP_ELIMIT, "'%s' is deeper than %d folders", w->folder, MAX_DEPTH);
    (void)snprintf(path, sizeof path, "%s/%s", w->folder, relative);
    DIR *dir = opendir(path);
    if (!dir)
        return cp_fail(w->err, CP_EIO, "cannot read folder '%s': %s", path, strerror(errno));
    enum cp_code code = CP_OK;
    const struct dirent *entry = NULL;
    while (!code && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            code = visit(w, relative, entry->d_name, depth);
    }
    (void)closedir(dir);
    return code;
}

static int compare_names(const void *a, const void *b)
{
    const struct cp_listed_file *x = a;
    const struct cp_listed_file *y = b;
    return strcmp(x->name, y->name);
}

enum cp_code cp_file_list(const char *folder, const struct cp_file_list_options *options,
                          struct cp_file_list *out, struct cp_error *err)
{
    *out = (struct cp_file_list){0};
    struct walk w = {.folder = folder, .options = options, .out = out, .err = err};
    enum cp_code code = walk_folder(&w, "", 0);
    if (!code && out->n)
        qsort(out->files, out->n, sizeof *out->files, compare_names);
    return code;
}

void cp_file_list_clear(struct cp_file_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->files[i].name);
    free(list->files);
    *list = (struct cp_file_list){0};
}
