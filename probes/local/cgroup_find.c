/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "probes/local/cgroup.h"

static bool has_word(struct cp_view text, char separator, const char *word)
{
    struct cp_view item;
    while (cp_view_split(&text, separator, &item)) {
        if (cp_view_is(cp_view_trim(item), word))
            return true;
    }
    return false;
}

struct mount {
    struct cp_view root, point, fs_type, super_options;
};

/* "36 35 98:0 /root /point options [tags] - type source super-options" (proc(5)). */
static bool mount_parse(struct cp_view line, struct mount *out)
{
    struct cp_view word;
    for (int field = 1; field <= 6; field++) {
        if (!cp_view_split(&line, ' ', &word))
            return false;
        if (field == 4)
            out->root = word;
        if (field == 5)
            out->point = word;
    }
    do {
        if (!cp_view_split(&line, ' ', &word))
            return false;
    } while (!cp_view_is(word, "-"));
    struct cp_view source;
    return cp_view_split(&line, ' ', &out->fs_type) && cp_view_split(&line, ' ', &source) &&
           cp_view_split(&line, ' ', &out->super_options);
}

/* Path of the own group: the line "number:controllers:path"; `controller` "" is version 2. */
static bool own_path(struct cp_view self_cgroup, const char *controller, struct cp_view *path)
{
    struct cp_view line, number, controllers;
    while (cp_view_split(&self_cgroup, '\n', &line)) {
        if (!cp_view_split(&line, ':', &number) || !line.n)
            continue;
        if (line.p[0] == ':') /* an empty list of controllers */
            controllers = (struct cp_view){line.p, 0};
        else if (!cp_view_split(&line, ':', &controllers))
            continue;
        if (!controllers.n && line.n && line.p[0] == ':')
            line = (struct cp_view){line.p + 1, line.n - 1};
        bool is_it = *controller ? has_word(controllers, ',', controller) : !controllers.n;
        if (is_it) {
            *path = line;
            return true;
        }
    }
    return false;
}

/* Folder of the own group below a mount that may itself show only a part of the hierarchy. */
static bool folder_of(const struct mount *mount, struct cp_view path, char out[PATH_MAX])
{
    if (mount->root.n > 1 && path.n >= mount->root.n &&
        memcmp(path.p, mount->root.p, mount->root.n) == 0)
        path = (struct cp_view){path.p + mount->root.n, path.n - mount->root.n};
    if (path.n == 1 && path.p[0] == '/')
        path.n = 0;
    int n = snprintf(out, PATH_MAX, "%.*s%.*s", (int)mount->point.n, mount->point.p, (int)path.n,
                     path.p);
    return n > 0 && n < PATH_MAX;
}

static bool find_v1_controller(struct cp_view mountinfo, struct cp_view self_cgroup,
                               const char *controller, char out[PATH_MAX])
{
    struct cp_view line, path;
    struct mount mount;
    if (!own_path(self_cgroup, controller, &path))
        return false;
    while (cp_view_split(&mountinfo, '\n', &line)) {
        if (mount_parse(line, &mount) && cp_view_is(mount.fs_type, "cgroup") &&
            has_word(mount.super_options, ',', controller))
            return folder_of(&mount, path, out);
    }
    return false;
}

bool cp_cgroup_find_v1(struct cp_view mountinfo, struct cp_view self_cgroup,
                       struct cp_cgroup_base *out)
{
    out->ops = &cp_cgroup_v1;
    *out->leaf = '\0';
    if (!find_v1_controller(mountinfo, self_cgroup, "pids", out->pids))
        *out->pids = '\0';
    return find_v1_controller(mountinfo, self_cgroup, "cpu", out->cpu) &&
           find_v1_controller(mountinfo, self_cgroup, "memory", out->memory) &&
           find_v1_controller(mountinfo, self_cgroup, "freezer", out->freezer);
}

bool cp_cgroup_find_v2(struct cp_view mountinfo, struct cp_view self_cgroup, bool at_mount,
                       struct cp_cgroup_base *out)
{
    struct cp_view line, path;
    struct mount mount;
    if (!own_path(self_cgroup, "", &path))
        return false;
    if (at_mount)
        path = CP_VIEW_LIT("/");
    while (cp_view_split(&mountinfo, '\n', &line)) {
        if (!mount_parse(line, &mount) || !cp_view_is(mount.fs_type, "cgroup2"))
            continue;
        out->ops = &cp_cgroup_v2;
        *out->leaf = *out->pids = '\0';
        if (!folder_of(&mount, path, out->cpu))
            return false;
        memcpy(out->memory, out->cpu, sizeof out->memory);
        memcpy(out->freezer, out->cpu, sizeof out->freezer);
        return true;
    }
    return false;
}
