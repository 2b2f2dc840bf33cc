/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/sdk_cases.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "probes/os/file.h"
#include "tests/test.h"

enum { FILE_MAX = 4 << 20, PATH_TEXT_MAX = 1024 };

const char *sdk_folder(void)
{
    static char folder[PATH_TEXT_MAX];
    const char *reference = getenv("COLDPROF_REFERENCE");
    (void)snprintf(folder, sizeof folder, "%s/aws-config/aws-sdk", reference ? reference : "");
    if (!cp_file_is_dir(folder)) {
        print_message("skipped: no reference data in '%s'\n", folder);
        if (getenv("CI"))
            fail_msg("CI must have the reference data");
        skip();
    }
    return folder;
}

cJSON *sdk_json(const char *name)
{
    char path[PATH_TEXT_MAX];
    struct cp_buf text;
    struct cp_error err;
    (void)snprintf(path, sizeof path, "%s/%s", sdk_folder(), name);
    cp_buf_init(&text, FILE_MAX);
    if (cp_file_read(path, &text, &err))
        fail_msg("%s", err.text);
    cJSON *json = cJSON_ParseWithLength(text.p, text.n);
    cp_buf_clear(&text);
    if (!json)
        fail_msg("%s is not JSON", path);
    return json;
}

const char *sdk_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

const char *sdk_getenv(void *object, const char *name)
{
    return sdk_text(object, name);
}

enum cp_code sdk_read_file(void *files, const char *path, struct cp_buf *out, struct cp_error *err)
{
    const struct sdk_files *f = files;
    char real[PATH_TEXT_MAX];
    if (!f->fs) {
        (void)snprintf(real, sizeof real, "%s%s%s", f->root, path[0] == '/' ? "" : "/", path);
        return cp_file_read(real, out, err);
    }
    const char *text = sdk_text(f->fs, path);
    if (!text)
        return cp_fail(err, CP_ENOTFOUND, "cannot open '%s'", path);
    return cp_buf_adds(out, text);
}
