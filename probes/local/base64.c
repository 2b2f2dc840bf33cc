/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/base64.h"

#include <limits.h>
#include <openssl/evp.h>

enum cp_code cp_base64_encode(struct cp_buf *out, struct cp_view bytes)
{
    if (bytes.n > INT_MAX / 2)
        return CP_ELIMIT;
    size_t n = (bytes.n + 2) / 3 * 4;
    char *to = cp_buf_reserve(out, n);
    if (!to)
        return out->failed;
    (void)EVP_EncodeBlock((unsigned char *)to, (const unsigned char *)bytes.p, (int)bytes.n);
    out->n += n;
    out->p[out->n] = '\0';
    return CP_OK;
}

enum cp_code cp_base64_decode(struct cp_buf *out, struct cp_view text)
{
    if (!text.n || text.n % 4 || text.n > INT_MAX / 2)
        return CP_EFORMAT;
    char *to = cp_buf_reserve(out, text.n / 4 * 3);
    if (!to)
        return out->failed;
    int n = EVP_DecodeBlock((unsigned char *)to, (const unsigned char *)text.p, (int)text.n);
    if (n < 0)
        return CP_EFORMAT;
    /* EVP_DecodeBlock counts the padding as bytes. */
    n -= (text.p[text.n - 1] == '=') + (text.p[text.n - 2] == '=');
    out->n += (size_t)n;
    out->p[out->n] = '\0';
    return CP_OK;
}
