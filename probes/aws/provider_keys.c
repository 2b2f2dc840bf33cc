/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keys that are written down: in the environment, the credentials file, the config file.
 */
#include "probes/aws/provider.h"

bool cp_provider_is_expired(int64_t expires_at_ms, int64_t now_ms)
{
    return expires_at_ms != 0 && expires_at_ms <= now_ms;
}

enum cp_code cp_provider_fault(enum cp_code code, struct cp_error *err)
{
    if (code != CP_ENOTFOUND)
        return code;
    if (err)
        err->code = CP_EREMOTE;
    return CP_EREMOTE;
}

static enum cp_code environment_get(const struct cp_provider_world *world,
                                    struct cp_credentials *out, struct cp_error *err)
{
    const struct cp_shared_config_options *o = &world->config->options;
    *out = (struct cp_credentials){0};
    if (world->config->is_profile_explicit)
        return cp_fail(err, CP_ENOTFOUND, "not asked, a profile was named");
    enum cp_code code = cp_credentials_from_env(o->get, o->get_context, out, err);
    return code == CP_ENOTFOUND ? cp_fail(err, code, "AWS_ACCESS_KEY_ID is not set") : code;
}

enum cp_code cp_profile_static_keys(const struct cp_provider_world *world,
                                    const struct cp_ini_section *profile,
                                    struct cp_credentials *out, struct cp_error *err)
{
    static const char *const NAMES[] = {"aws_access_key_id", "aws_secret_access_key"};
    const char *values[2];
    (void)world;
    *out = (struct cp_credentials){0};
    for (size_t i = 0; i < 2; i++) {
        values[i] = cp_ini_get(profile, NAMES[i]);
        if (values[i] && !values[i][0])
            values[i] = NULL;
    }
    if (!values[0] && !values[1])
        return cp_fail(err, CP_ENOTFOUND, "no keys");
    if (!values[0] || !values[1])
        return cp_fail(err, CP_EINVAL, "profile '%s' has '%s' but no '%s'", profile->name,
                       NAMES[values[0] ? 0 : 1], NAMES[values[0] ? 1 : 0]);
    enum cp_code code =
        cp_credentials_static(cp_view_of(values[0]), cp_view_of(values[1]),
                              cp_view_of(cp_ini_get(profile, "aws_session_token")), out, err);
    return code ? cp_fail_context(err, "profile '%s'", profile->name) : CP_OK;
}

/* Whether the profile's access key (or, when it has none, its secret) is written in `file`. */
static bool is_written_in(const struct cp_ini_section *profile, enum cp_ini_file file)
{
    const struct cp_ini_property *p = cp_ini_property(profile, "aws_access_key_id");
    if (!p)
        p = cp_ini_property(profile, "aws_secret_access_key");
    return p && p->file == file;
}

static enum cp_code file_get(const struct cp_provider_world *world, enum cp_ini_file file,
                             struct cp_credentials *out, struct cp_error *err)
{
    const struct cp_ini_section *profile = cp_shared_profile(world->config);
    *out = (struct cp_credentials){0};
    if (!is_written_in(profile, file))
        return cp_fail(err, CP_ENOTFOUND, "no keys in profile '%s'", world->config->profile);
    return cp_profile_static_keys(world, profile, out, err);
}

static enum cp_code credentials_file_get(const struct cp_provider_world *world,
                                         struct cp_credentials *out, struct cp_error *err)
{
    return file_get(world, CP_INI_CREDENTIALS, out, err);
}

static enum cp_code config_file_get(const struct cp_provider_world *world,
                                    struct cp_credentials *out, struct cp_error *err)
{
    return file_get(world, CP_INI_CONFIG, out, err);
}

const struct cp_provider cp_provider_environment = {"environment", environment_get};
const struct cp_provider cp_provider_credentials_file = {"credentials file", credentials_file_get};
const struct cp_provider cp_provider_config_file = {"config file", config_file_get};
