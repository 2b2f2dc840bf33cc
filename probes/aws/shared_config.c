/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/shared_config.h"

#include <stdio.h>
#include <string.h>

#include "probes/os/file.h"

enum { LISTED_PROFILES_MAX = 5, FIRST_READ = 64 << 10 };

const char *cp_shared_variable(const struct cp_shared_config *config, const char *name)
{
    const char *value = config->options.get(config->options.get_context, name);
    return value && value[0] ? value : NULL;
}

/* --- where the files are --- */

/* The variable's path, "~/" being the home folder; else `rest` below it. */
static enum cp_code locate(const struct cp_shared_config *config, const char *variable,
                           const char *rest, char out[CP_SHARED_PATH_MAX], struct cp_error *err)
{
    const char *path = cp_shared_variable(config, variable);
    bool is_below_home = !path || strncmp(path, "~/", 2) == 0;
    int n = 0;
    out[0] = '\0';
    if (!is_below_home)
        n = snprintf(out, CP_SHARED_PATH_MAX, "%s", path);
    else if (config->home[0])
        n = snprintf(out, CP_SHARED_PATH_MAX, "%s/%s", config->home, path ? path + 2 : rest);
    if (n < 0 || n >= CP_SHARED_PATH_MAX)
        return cp_fail(err, CP_ELIMIT, "the path of '%s' is longer than %d characters", variable,
                       CP_SHARED_PATH_MAX - 1);
    return CP_OK;
}

static enum cp_code locate_all(struct cp_shared_config *config, struct cp_error *err)
{
    const char *home = cp_shared_variable(config, "HOME");
    if (!cp_view_copy(cp_view_of(home), config->home, sizeof config->home))
        return cp_fail(err, CP_ELIMIT, "HOME is longer than %d characters", CP_SHARED_PATH_MAX - 1);
    enum cp_code code = locate(config, "AWS_CONFIG_FILE", ".aws/config", config->config_path, err);
    return code ? code
                : locate(config, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials",
                         config->credentials_path, err);
}

/* --- reading --- */

void cp_shared_wipe(struct cp_buf *secret)
{
    if (secret->p)
        explicit_bzero(secret->p, secret->cap);
    cp_buf_clear(secret);
}

enum cp_code cp_shared_read_file(const struct cp_shared_config *config, const char *path,
                                 struct cp_buf *out, struct cp_error *err)
{
    const struct cp_shared_config_options *o = &config->options;
    (void)cp_buf_reserve(out, out->max < FIRST_READ ? out->max : FIRST_READ); /* no copies */
    return o->read_file ? o->read_file(o->read_context, path, out, err)
                        : cp_file_read(path, out, err);
}

static enum cp_code add_file(struct cp_shared_config *config, enum cp_ini_file file,
                             const char *path, struct cp_error *err)
{
    struct cp_buf text;
    struct cp_error own = {CP_OK, ""};
    if (!path[0])
        return CP_OK;
    cp_buf_init(&text, CP_INI_BYTES_MAX);
    enum cp_code code = cp_shared_read_file(config, path, &text, &own);
    if (!code)
        code = cp_ini_add(&config->ini, file, path, cp_buf_view(&text), &own);
    cp_shared_wipe(&text);
    if (code == CP_ENOTFOUND)
        return CP_OK;
    return code ? cp_fail(err, code, "%s", own.text) : CP_OK;
}

/* --- the profile --- */

static enum cp_code choose_profile(struct cp_shared_config *config, bool *is_named,
                                   struct cp_error *err)
{
    const char *name = config->options.profile;
    config->is_profile_explicit = name != NULL;
    if (!name)
        name = cp_shared_variable(config, "AWS_PROFILE");
    if (!name)
        name = cp_shared_variable(config, "AWS_DEFAULT_PROFILE");
    *is_named = name != NULL;
    if (!cp_view_copy(cp_view_of(name ? name : "default"), config->profile, sizeof config->profile))
        return cp_fail(err, CP_ELIMIT, "the profile's name is longer than %d characters",
                       CP_PROFILE_NAME_MAX - 1);
    return CP_OK;
}

static enum cp_code fail_unknown_profile(const struct cp_shared_config *config,
                                         struct cp_error *err)
{
    char known[400] = "";
    size_t n = 0;
    size_t n_listed = 0;
    for (size_t i = 0; i < config->ini.n && n_listed < LISTED_PROFILES_MAX; i++) {
        const struct cp_ini_section *s = &config->ini.sections[i];
        if (s->kind != CP_INI_PROFILE || n + strlen(s->name) + 3 > sizeof known)
            continue;
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", s->name);
        n_listed++;
    }
    return cp_fail(err, CP_ENOTFOUND, "no profile '%.64s' in '%.120s' or '%.120s'; there %s%s",
                   config->profile, config->config_path, config->credentials_path,
                   n ? "are: " : "is none", known);
}

enum cp_code cp_shared_config_read(const struct cp_shared_config_options *options,
                                   struct cp_shared_config *out, struct cp_error *err)
{
    bool is_named = false;
    *out = (struct cp_shared_config){.options = *options};
    enum cp_code code = locate_all(out, err);
    if (!code)
        code = choose_profile(out, &is_named, err);
    if (!code)
        code = add_file(out, CP_INI_CONFIG, out->config_path, err);
    if (!code)
        code = add_file(out, CP_INI_CREDENTIALS, out->credentials_path, err);
    if (!code && is_named && !cp_shared_profile(out))
        code = fail_unknown_profile(out, err);
    return code;
}

void cp_shared_config_clear(struct cp_shared_config *config)
{
    cp_ini_clear(&config->ini);
}

const struct cp_ini_section *cp_shared_profile_named(const struct cp_shared_config *config,
                                                     const char *name)
{
    return cp_ini_section(&config->ini, CP_INI_PROFILE, name);
}

const struct cp_ini_section *cp_shared_profile(const struct cp_shared_config *config)
{
    return cp_shared_profile_named(config, config->profile);
}

const char *cp_shared_setting(const struct cp_shared_config *config, const char *variable,
                              const char *property)
{
    const char *value = cp_shared_variable(config, variable);
    if (!value)
        value = cp_ini_get(cp_shared_profile(config), property);
    return value && value[0] ? value : NULL;
}

bool cp_shared_claim(const struct cp_shared_config *config, const char *variable,
                     const char *property)
{
    return cp_view_is_nocase(cp_view_of(cp_shared_setting(config, variable, property)), "true");
}
