/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_form_payload.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/base64.h"
#include "probes/log/log_form_json.h"
#include "probes/log/log_inflate.h"

enum { PACKED_MAX = 12 * 1024, INFLATED_MAX = 64 * 1024 };
enum mode { UNDECIDED, PLAIN, GZIP };

struct cp_log_payload {
    struct cp_log_json *json;
    struct cp_log_inflate *inflate;
    enum mode mode;
    /* base64 */
    uint32_t bits;
    unsigned n_chars; /* of the group of four at hand */
    bool is_ended;    /* padding was seen */
    bool is_over;     /* inflates to too much: what follows is dropped */
    const char *damage;
    size_t n_packed;
    size_t n_inflated; /* of the payload so far */
    char packed[PACKED_MAX];
    char inflated[INFLATED_MAX];
};

enum cp_code cp_log_payload_new(struct cp_log_sink *sink, struct cp_log_payload **out,
                                struct cp_error *err)
{
    struct cp_log_payload *payload = calloc(1, sizeof(*payload));
    *out = payload;
    if (!payload)
        return cp_fail(err, CP_ENOMEM, "no memory to read a log");
    enum cp_code code = cp_log_json_new(sink, true, &payload->json, err);
    if (!code)
        code = cp_log_inflate_new(&payload->inflate, err);
    if (code) {
        cp_log_payload_free(payload);
        *out = NULL;
    }
    return code;
}

void cp_log_payload_free(struct cp_log_payload *payload)
{
    if (!payload)
        return;
    cp_log_json_free(payload->json);
    cp_log_inflate_free(payload->inflate);
    free(payload);
}

/* --- bytes --- */

static enum cp_code give(struct cp_log_payload *payload, struct cp_view bytes, struct cp_error *err)
{
    if (bytes.n > CP_LOG_PAYLOAD_MAX - payload->n_inflated) {
        payload->damage = "payload inflates to more than 64 MB";
        payload->is_over = true;
        return CP_OK;
    }
    payload->n_inflated += bytes.n;
    return cp_log_json_feed(payload->json, bytes, err);
}

static enum cp_code inflate_packed(struct cp_log_payload *payload, struct cp_error *err)
{
    struct cp_view packed = {payload->packed, payload->n_packed};
    enum cp_code code = CP_OK;
    for (size_t got = 1; got && !code && !payload->is_over;) {
        got =
            cp_log_inflate(payload->inflate, &packed, payload->inflated, sizeof(payload->inflated));
        code = give(payload, (struct cp_view){payload->inflated, got}, err);
    }
    return code;
}

static enum cp_code flush(struct cp_log_payload *payload, struct cp_error *err)
{
    struct cp_view packed = {payload->packed, payload->n_packed};
    if (payload->is_over || packed.n == 0)
        return CP_OK;
    if (payload->mode == UNDECIDED)
        payload->mode = cp_log_inflate_matches(packed) ? GZIP : PLAIN;
    enum cp_code code =
        payload->mode == GZIP ? inflate_packed(payload, err) : give(payload, packed, err);
    payload->n_packed = 0;
    return code;
}

/* --- base64 --- */

static void put(struct cp_log_payload *payload, size_t n)
{
    for (size_t i = 0; i < n; i++)
        payload->packed[payload->n_packed++] = (char)(payload->bits >> (16 - 8 * i));
    payload->bits = 0;
    payload->n_chars = 0;
}

static void take(struct cp_log_payload *payload, char c)
{
    if (c == '=') {
        payload->is_ended = true;
        return;
    }
    int value = cp_base64_value(c);
    if (value < 0 || payload->is_ended) {
        payload->damage = "payload is not base64";
        return;
    }
    payload->bits = payload->bits << 6 | (uint32_t)value;
    if (++payload->n_chars == 4)
        put(payload, 3);
}

enum cp_code cp_log_payload_feed(struct cp_log_payload *payload, struct cp_view base64,
                                 struct cp_error *err)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < base64.n && !payload->damage && !code; i++) {
        take(payload, base64.p[i]);
        if (payload->n_packed + 3 > sizeof(payload->packed))
            code = flush(payload, err);
    }
    return code;
}

/* The last group may be short: two characters are one byte, three are two. */
static void end_base64(struct cp_log_payload *payload)
{
    unsigned n = payload->n_chars;
    if (n > 1) {
        payload->bits <<= 6 * (4 - n);
        put(payload, n - 1);
    }
    bool is_too_short = payload->mode == UNDECIDED && payload->n_packed == 1;
    if (is_too_short)
        payload->n_packed = 0;
    if (n == 1 || is_too_short)
        payload->damage = "payload is cut off";
}

enum cp_code cp_log_payload_end(struct cp_log_payload *payload, struct cp_form_counts *counts,
                                struct cp_error *err)
{
    if (!payload->damage)
        end_base64(payload);
    enum cp_code code = flush(payload, err);
    if (!code)
        code = cp_log_json_end(payload->json, err);
    if (payload->mode == GZIP && !payload->damage) {
        cp_log_inflate_end(payload->inflate);
        payload->damage = cp_log_inflate_damage(payload->inflate);
    }
    if (payload->damage && payload->damage[0])
        cp_form_count(counts, CP_FORM_PAYLOAD, cp_view_of(payload->damage));
    cp_log_inflate_reset(payload->inflate);
    payload->mode = UNDECIDED;
    payload->is_ended = payload->is_over = false;
    payload->damage = NULL;
    payload->n_packed = payload->n_inflated = 0;
    payload->n_chars = 0;
    payload->bits = 0;
    return code;
}
