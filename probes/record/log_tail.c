/* SPDX-License-Identifier: GPL-3.0-or-later
 * X-Amz-Log-Result: what the end of one execution's log says about it.
 */
#include "probes/record/record_parse.h"

#include <string.h>

#include "model/base/base64.h"

/* --- base64, RFC 4648 section 4, with padding --- */

/* Four characters to at most three bytes; 0 when they are not base64. */
static size_t decode_group(const char *p, unsigned char bytes[3])
{
    uint32_t bits = 0;
    size_t n_pad = p[3] != '=' ? 0 : p[2] != '=' ? 1 : 2;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - n_pad ? cp_base64_value(p[i]) : 0;
        if (value < 0)
            return 0;
        bits = bits << 6 | (uint32_t)value;
    }
    bytes[0] = (unsigned char)(bits >> 16);
    bytes[1] = (unsigned char)(bits >> 8);
    bytes[2] = (unsigned char)bits;
    return 3 - n_pad;
}

static enum cp_code decode(struct cp_view text, struct cp_log_tail *out, struct cp_error *err)
{
    if (text.n % 4)
        return cp_fail(err, CP_EFORMAT, "log tail is not base64: length %zu", text.n);
    for (size_t i = 0; i < text.n; i += 4) {
        unsigned char bytes[3];
        size_t n = decode_group(text.p + i, bytes);
        if (n == 0 || (n < 3 && i + 4 < text.n))
            return cp_fail(err, CP_EFORMAT, "log tail is not base64 at byte %zu", i);
        if (out->n_bytes + n > CP_LOG_TAIL_MAX)
            return cp_fail(err, CP_EFORMAT, "log tail is longer than %d bytes",
                           (int)CP_LOG_TAIL_MAX);
        memcpy(out->bytes + out->n_bytes, bytes, n);
        out->n_bytes += n;
    }
    out->bytes[out->n_bytes] = '\0';
    return CP_OK;
}

/* --- the lines --- */

struct walk {
    struct cp_log_tail *tail;
    struct cp_view request_id;
    size_t n_reports;
    struct cp_record record; /* the line at hand */
};

static bool is_wanted(const struct walk *w)
{
    return w->request_id.n == 0 || cp_view_equal(w->request_id, w->record.request_id);
}

/* Parses again in place: the record's views may point into the record itself. */
static void store(struct cp_view event, struct cp_record *to)
{
    (void)cp_record_parse_message(event, to);
}

static void forget_report(struct cp_log_tail *tail)
{
    tail->has_report = false;
    cp_record_begin(&tail->report);
}

/* The records that tell how the environment was initialised. */
static bool tells_of_init(enum cp_record_kind kind)
{
    return kind == CP_RECORD_INIT_START || kind == CP_RECORD_INIT_REPORT ||
           kind == CP_RECORD_INIT_RUNTIME_DONE;
}

static void see(struct walk *w, struct cp_view event)
{
    struct cp_log_tail *tail = w->tail;
    bool is_usable = w->record.verdict <= CP_RECORD_WARNED;
    tail->is_provisioned |= is_usable && tells_of_init(w->record.kind) &&
                            cp_view_is(w->record.init_type, "provisioned-concurrency");
    switch (w->record.kind) {
    case CP_RECORD_REPORT:
        w->n_reports++;
        if (is_usable && is_wanted(w)) {
            tail->has_report = true;
            store(event, &tail->report);
        }
        break;
    case CP_RECORD_END:
    case CP_RECORD_RUNTIME_DONE:
        if (is_wanted(w)) /* the platform's REPORT follows: one before is the function's own text */
            forget_report(tail);
        break;
    case CP_RECORD_INIT_REPORT:
        if (!is_usable)
            break;
        tail->has_init_report = true;
        store(event, &tail->init_report);
        tail->has_suppressed_init |= cp_view_is(w->record.phase, "invoke");
        break;
    case CP_RECORD_TIMEOUT_TEXT:
        tail->has_timeout_text |= is_wanted(w);
        break;
    case CP_RECORD_EXIT_TEXT:
        if (!is_wanted(w))
            break;
        tail->has_exit_text = true;
        store(event, &tail->exit_text);
        break;
    default:
        break;
    }
}

/* A cut may be moved forward to the next whole character, by at most three bytes. */
enum { FULL_TAIL = CP_LOG_TAIL_MAX - 3 };

/* A tail of full length begins where the 4 KB happened to begin. A shorter one is the whole log,
 * so its first line counts; but one that a caller has cut must not be counted as a bad record. */
static size_t skip_cut_line(struct walk *w, struct cp_view rest)
{
    size_t n = cp_record_parse_message(rest, &w->record);
    if (w->tail->n_bytes >= FULL_TAIL)
        return cp_record_line_length(rest);
    bool is_cut = w->record.verdict == CP_RECORD_REJECTED && w->record.reason == CP_REASON_CUT;
    return is_cut ? n : 0;
}

enum cp_code cp_log_tail_read(struct cp_view base64, struct cp_view request_id,
                              struct cp_log_tail *out, struct cp_error *err)
{
    memset(out, 0, sizeof(*out));
    cp_record_begin(&out->report);
    cp_record_begin(&out->init_report);
    cp_record_begin(&out->exit_text);
    enum cp_code code = decode(cp_view_trim(base64), out, err);
    if (code)
        return code;
    struct walk w = {.tail = out, .request_id = request_id};
    struct cp_view rest = {out->bytes, out->n_bytes};
    size_t n = skip_cut_line(&w, rest);
    for (rest = (struct cp_view){rest.p + n, rest.n - n}; rest.n;
         rest = (struct cp_view){rest.p + n, rest.n - n}) {
        n = cp_record_parse_message(rest, &w.record);
        struct cp_view event = {rest.p, n};
        cp_record_count(&out->counts, event, &w.record);
        see(&w, event);
    }
    out->n_forged = w.n_reports - (out->has_report ? 1 : 0);
    return CP_OK;
}
