/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/credentials.h"

#include <openssl/crypto.h>

/* One value of the set: where it comes from (for messages) and where it goes. */
struct part {
    const char *name;
    struct cp_view value;
    char *to;
    size_t to_size;
};

/* Printable ASCII without blanks: a stray newline or quote from a shell is caught here, by name,
 * and not as a puzzling signature mismatch. '/' and ',' would change the Authorization header's
 * grammar, so an access key id has none. */
static bool is_allowed(unsigned char c, bool is_id)
{
    return c > 0x20 && c < 0x7f && !(is_id && (c == '/' || c == ','));
}

static enum cp_code copy_part(const struct part *p, bool is_id, struct cp_error *err)
{
    for (size_t i = 0; i < p->value.n; i++)
        if (!is_allowed((unsigned char)p->value.p[i], is_id))
            return cp_fail(err, CP_EINVAL, "'%s' holds a character that no key has, at place %zu",
                           p->name, i + 1);
    if (!cp_view_copy(p->value, p->to, p->to_size))
        return cp_fail(err, CP_ELIMIT, "'%s' is longer than %zu characters", p->name,
                       p->to_size - 1);
    return CP_OK;
}

static enum cp_code check_pair(const struct part *id, const struct part *secret,
                               struct cp_error *err)
{
    if (id->value.n == 0 && secret->value.n == 0)
        return cp_fail(err, CP_ENOTFOUND, "no AWS credentials: '%s' and '%s' are not set", id->name,
                       secret->name);
    if (id->value.n == 0)
        return cp_fail(err, CP_EINVAL, "'%s' is set but '%s' is not; set both or neither",
                       secret->name, id->name);
    if (secret->value.n == 0)
        return cp_fail(err, CP_EINVAL, "'%s' is set but '%s' is not; set both or neither", id->name,
                       secret->name);
    return CP_OK;
}

static enum cp_code fill(struct part parts[3], struct cp_credentials *out, struct cp_error *err)
{
    enum cp_code code = check_pair(&parts[0], &parts[1], err);
    for (size_t i = 0; i < 3 && !code; i++)
        code = copy_part(&parts[i], i == 0, err);
    if (code)
        cp_credentials_clear(out);
    return code;
}

enum cp_code cp_credentials_static(struct cp_view access_key_id, struct cp_view secret_access_key,
                                   struct cp_view session_token, struct cp_credentials *out,
                                   struct cp_error *err)
{
    *out = (struct cp_credentials){0};
    struct part parts[3] = {
        {"access key id", access_key_id, out->access_key_id, sizeof out->access_key_id},
        {"secret access key", secret_access_key, out->secret_access_key,
         sizeof out->secret_access_key},
        {"session token", session_token, out->session_token, sizeof out->session_token},
    };
    return fill(parts, out, err);
}

enum cp_code cp_credentials_from_env(cp_getenv_fn get, void *context, struct cp_credentials *out,
                                     struct cp_error *err)
{
    *out = (struct cp_credentials){0};
    struct part parts[3] = {
        {"AWS_ACCESS_KEY_ID", {NULL, 0}, out->access_key_id, sizeof out->access_key_id},
        {"AWS_SECRET_ACCESS_KEY", {NULL, 0}, out->secret_access_key, sizeof out->secret_access_key},
        {"AWS_SESSION_TOKEN", {NULL, 0}, out->session_token, sizeof out->session_token},
    };
    for (size_t i = 0; i < 3; i++)
        parts[i].value = cp_view_of(get(context, parts[i].name));
    return fill(parts, out, err);
}

void cp_credentials_clear(struct cp_credentials *c)
{
    if (c)
        OPENSSL_cleanse(c, sizeof *c);
}
