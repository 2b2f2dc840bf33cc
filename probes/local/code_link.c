/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/code_link.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "model/base/view.h"

enum { MAC_BYTES = 32, SHA_TEXT_MAX = 48 };

enum cp_code cp_code_link_key_init(struct cp_code_link_key *key, struct cp_error *err)
{
    return RAND_bytes(key->secret, sizeof key->secret) == 1
               ? CP_OK
               : cp_fail(err, CP_EIO, "no random bytes for the key of code links");
}

/* Base64 as RFC 4648 section 5 has it for URLs, without the padding. */
static void url_form(const char *base64, char out[SHA_TEXT_MAX])
{
    size_t n = 0;
    for (; *base64 && *base64 != '=' && n + 1 < SHA_TEXT_MAX; base64++)
        out[n++] = (char)(*base64 == '+' ? '-' : *base64 == '/' ? '_' : *base64);
    out[n] = '\0';
}

static bool write_token(const struct cp_code_link_key *key, const struct cp_code_link *link,
                        char out[CP_CODE_TOKEN_MAX])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char text[CP_CODE_LINK_MAX];
    int length =
        snprintf(text, sizeof text, "%s\n%s\n%s", link->function, link->sha, link->expires);
    out[0] = '\0';
    if (length < 0 || length >= (int)sizeof text ||
        !HMAC(EVP_sha256(), key->secret, sizeof key->secret, (const unsigned char *)text,
              (size_t)length, mac, &n) ||
        n != MAC_BYTES)
        return false;
    for (size_t i = 0; i < MAC_BYTES; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", mac[i]);
    return true;
}

void cp_code_link_write(const struct cp_code_link_key *key, const char *host, const char *function,
                        const char *sha256_base64, int64_t now_ms, char out[CP_CODE_LINK_MAX])
{
    char sha[SHA_TEXT_MAX];
    char expires[24];
    char token[CP_CODE_TOKEN_MAX];
    url_form(sha256_base64, sha);
    (void)snprintf(expires, sizeof expires, "%" PRId64, now_ms + CP_CODE_LINK_LIFE_MS);
    const struct cp_code_link link = {function, sha, expires, NULL};
    (void)write_token(key, &link, token);
    (void)snprintf(out, CP_CODE_LINK_MAX, "http://%s/coldprof/code/%s/%s?Expires=%s&Token=%s", host,
                   function, sha, expires, token);
}

bool cp_code_link_is_valid(const struct cp_code_link_key *key, const struct cp_code_link *link,
                           int64_t now_ms)
{
    char token[CP_CODE_TOKEN_MAX];
    int64_t expires_ms = 0;
    return write_token(key, link, token) && strlen(link->token) == strlen(token) &&
           CRYPTO_memcmp(link->token, token, strlen(token)) == 0 &&
           cp_view_to_int64(cp_view_of(link->expires), &expires_ms) && now_ms < expires_ms;
}

bool cp_code_link_is_for(const struct cp_code_link *link, const char *sha256_base64)
{
    char sha[SHA_TEXT_MAX];
    url_form(sha256_base64, sha);
    return strcmp(link->sha, sha) == 0;
}
