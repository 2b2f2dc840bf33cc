/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/log_invariants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/log/log_class.h"
#include "probes/log/log_report.h"
#include "probes/log/log_sink.h"
#include "probes/log/log_straight.h"

enum { DIGEST_TEXT_MAX = 64 * 1024 * 1024 };

static void require_at(bool holds, const char *what, struct cp_view line)
{
    if (holds)
        return;
    (void)fprintf(stderr, "invariant broken: %s\n", what);
    for (size_t i = 0; i < line.n; i++)
        (void)fprintf(stderr, line.p[i] >= ' ' && line.p[i] < 0x7f ? "%c" : "\\x%02x",
                      (unsigned char)line.p[i]);
    (void)fprintf(stderr, "\n");
    abort();
}

static struct cp_view next_line(struct cp_view *rest)
{
    const char *lf = memchr(rest->p, '\n', rest->n);
    size_t n = lf ? (size_t)(lf - rest->p) + 1 : rest->n;
    struct cp_view line = {rest->p, n};
    *rest = (struct cp_view){rest->p + n, rest->n - n};
    return line;
}

/* --- one line, straight and parsed --- */

static bool same(struct cp_view a, struct cp_view b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool same_report(const struct cp_digest_record *a, const struct cp_digest_record *b)
{
    return a->end_at_ms == b->end_at_ms && a->duration_us == b->duration_us &&
           a->billed_us == b->billed_us && a->init_us == b->init_us &&
           a->restore_us == b->restore_us && a->billed_restore_us == b->billed_restore_us &&
           a->memory_size_mb == b->memory_size_mb &&
           a->max_memory_used_mb == b->max_memory_used_mb && a->start == b->start &&
           a->outcome == b->outcome && memcmp(a->request_id, b->request_id, 16) == 0 &&
           same(a->stream, b->stream) && same(a->error_type, b->error_type);
}

static void check_straight(struct cp_view line, const struct cp_record *parsed)
{
    struct cp_log_clock clock = {{0}, 0};
    struct cp_digest_record straight;
    struct cp_digest_record slow = {0};
    struct cp_digest_note start;
    if (parsed->kind == CP_RECORD_REPORT && parsed->verdict == CP_RECORD_ACCEPTED)
        cp_log_report_of(parsed, &slow);
    if (cp_log_report_text(line, &straight))
        require_at(same_report(&straight, &slow), "straight text is the parser's", line);
    if (cp_log_report_json(line, &clock, &straight))
        require_at(same_report(&straight, &slow), "straight JSON is the parser's", line);
    if (cp_log_start_json(line, &clock, &start)) {
        uint8_t id[16];
        require_at(parsed->kind == CP_RECORD_START && parsed->verdict == CP_RECORD_ACCEPTED,
                   "a straight start is accepted", line);
        cp_log_request_id(parsed->request_id, id);
        require_at(memcmp(id, start.request_id, sizeof(id)) == 0 && start.at_ms == parsed->at_ms &&
                       same(start.text, parsed->version),
                   "a straight start is the parser's", line);
    }
}

static void check_straight_others(struct cp_view line, const struct cp_record *parsed)
{
    struct cp_view runtime;
    struct cp_view arn;
    if (cp_log_is_xray(line))
        require_at(parsed->kind == CP_RECORD_XRAY && parsed->verdict <= CP_RECORD_WARNED,
                   "surely a line of X-Ray", line);
    if (cp_log_read_init_start(line, &runtime, &arn))
        require_at(parsed->kind == CP_RECORD_INIT_START && parsed->verdict == CP_RECORD_ACCEPTED &&
                       same(runtime, parsed->runtime_version) &&
                       same(arn, parsed->runtime_version_arn) && !parsed->init_type.n,
                   "a straight INIT_START is the parser's", line);
}

static void check_line(struct cp_view line)
{
    struct cp_record parsed;
    (void)cp_record_parse_message(line, &parsed);
    enum cp_log_class is = cp_log_class_of(line);
    if (is == CP_CLASS_APP)
        require_at(parsed.kind == CP_RECORD_APP && parsed.verdict == CP_RECORD_SKIPPED,
                   "surely a line of the function", line);
    if (is == CP_CLASS_EMPTY)
        require_at(parsed.kind == CP_RECORD_NONE, "surely empty", line);
    check_straight(line, &parsed);
    check_straight_others(line, &parsed);
}

/* --- all lines, as lines and as events --- */

struct reader {
    struct cp_digest *digest;
    struct cp_log_sink *sink;
};

static struct reader reader_of(void)
{
    struct reader r = {.digest = cp_digest_new()};
    struct cp_log_sink_options options = {.digest = r.digest, .function = "f", .source = "a.log"};
    struct cp_error err;
    require_at(r.digest && !cp_log_sink_new(&options, &r.sink, &err), "memory",
               (struct cp_view){0});
    return r;
}

static void free_reader(struct reader *r)
{
    cp_log_sink_free(r->sink);
    cp_digest_free(r->digest);
}

/* What both ways must agree on: all but the counts of bytes and lines. */
static char *text_of(struct reader *r)
{
    struct cp_buf text;
    struct cp_buf kept;
    struct cp_error err;
    cp_buf_init(&text, DIGEST_TEXT_MAX);
    cp_buf_init(&kept, DIGEST_TEXT_MAX);
    require_at(!cp_digest_write(r->digest, &text, &err), "the digest is written",
               (struct cp_view){0});
    struct cp_view rest = cp_buf_view(&text);
    while (rest.n) {
        struct cp_view line = next_line(&rest);
        bool is_own = cp_view_has_prefix(line, "count bytes ") ||
                      cp_view_has_prefix(line, "count lines ") ||
                      cp_view_has_prefix(line, "counts ") || cp_view_has_prefix(line, "end ");
        if (!is_own)
            (void)cp_buf_add_view(&kept, line);
    }
    cp_buf_clear(&text);
    (void)cp_buf_addc(&kept, '\n');
    return cp_buf_take(&kept, NULL);
}

static void check_ways(struct cp_view bytes)
{
    struct reader lines = reader_of();
    struct reader events = reader_of();
    struct cp_view rest = bytes;
    struct cp_error err;
    require_at(!cp_log_sink_lines(lines.sink, CP_LINES_PLAIN, bytes, false, &err), err.text, bytes);
    (void)cp_view_skip(&rest, "\xef\xbb\xbf");
    while (rest.n) {
        struct cp_log_event event = {.at_ms = -1, .message = next_line(&rest)};
        require_at(!cp_log_sink_event(events.sink, &event, &err), err.text, event.message);
    }
    char *by_lines = text_of(&lines);
    char *by_events = text_of(&events);
    if (strcmp(by_lines, by_events) != 0)
        (void)fprintf(stderr, "%s\n---\n%s\n", by_lines, by_events);
    require_at(strcmp(by_lines, by_events) == 0, "lines and events make one digest", bytes);
    free(by_lines);
    free(by_events);
    free_reader(&lines);
    free_reader(&events);
}

/* Each line is in exactly one of the counts. */
static void check_counts(struct cp_view bytes, enum cp_log_line_form form)
{
    struct reader r = reader_of();
    struct cp_error err;
    uint64_t sum = 0;
    require_at(!cp_log_sink_lines(r.sink, form, bytes, false, &err), err.text, bytes);
    const struct cp_tally *counts = cp_digest_counts(r.digest);
    static const char *const verdicts[] = {"accepted", "warned ", "rejected ", "skipped ",
                                           "forged"};
    for (size_t i = 0; i < counts->n; i++) {
        for (size_t k = 0; k < sizeof(verdicts) / sizeof(verdicts[0]); k++) {
            if (strncmp(counts->rows[i].text, verdicts[k], strlen(verdicts[k])) == 0)
                sum += counts->rows[i].count;
        }
    }
    require_at(sum == cp_tally_count(counts, "lines"), "every line is counted once", bytes);
    require_at(cp_tally_count(counts, "bytes") == bytes.n, "every byte is counted", bytes);
    free_reader(&r);
}

void log_invariants_hold(struct cp_view bytes)
{
    struct cp_view rest = bytes;
    while (rest.n)
        check_line(next_line(&rest));
    check_ways(bytes);
    check_counts(bytes, (enum cp_log_line_form)(bytes.n % CP_LINES_FORM_COUNT));
}
