/* SPDX-License-Identifier: GPL-3.0-or-later
 * Code.Location of GetFunction: a link that fetches the code's archive without a signature, for ten
 * minutes. It carries its own proof (an HMAC over what it names and until when), so that nothing
 * has to be kept for it.
 *
 *     http://127.0.0.1:PORT/coldprof/code/NAME/SHA?Expires=UNIX_MS&Token=HEX
 */
#ifndef COLDPROF_PROBES_LOCAL_CODE_LINK_H
#define COLDPROF_PROBES_LOCAL_CODE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/error.h"

enum { CP_CODE_LINK_LIFE_MS = 600000, CP_CODE_LINK_MAX = 512, CP_CODE_TOKEN_MAX = 65 };

struct cp_code_link_key {
    unsigned char secret[32];
};

/* A random key; links of another key, such as that of the service before, are worth nothing. */
enum cp_code cp_code_link_key_init(struct cp_code_link_key *key, struct cp_error *err);

/* `host` is HOST:PORT; `sha256_base64` is the function's CodeSha256. */
void cp_code_link_write(const struct cp_code_link_key *key, const char *host, const char *function,
                        const char *sha256_base64, int64_t now_ms, char out[CP_CODE_LINK_MAX]);

/* What a request for such a link names, as it came. */
struct cp_code_link {
    const char *function, *sha, *expires, *token;
};
/* true when the key made it and it has not expired. */
bool cp_code_link_is_valid(const struct cp_code_link_key *key, const struct cp_code_link *link,
                           int64_t now_ms);
/* Whether the link's SHA part is this CodeSha256. */
bool cp_code_link_is_for(const struct cp_code_link *link, const char *sha256_base64);

#endif
