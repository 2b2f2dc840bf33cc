/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/import_account.h"

#include "model/base/datetime.h"
#include "model/base/number.h"
#include "model/base/units.h"
#include "probes/record/record.h"

#include <stdio.h>
#include <string.h>

enum { EXAMPLE_MAX = 3 * CP_TALLY_TEXT_MAX, NAMES_SHOWN = 5 };

/* What a count of the input means, by the beginning of its name. The first row that fits counts;
 * a name that fits none is shown as it is. */
enum meaning {
    SUM,     /* part of the first lines */
    SKIPPED, /* no record, and none was expected */
    NOTED,   /* used, or left out for a good reason; worth a line */
    FAULTY,  /* something of the input could not be used */
};
static const struct row {
    const char *begins;
    enum meaning meaning;
} rows[] = {
    {"bytes", SUM},
    {"lines", SUM},
    {"events", SUM},
    {"accepted", SUM},
    {"skipped unknown", NOTED},
    {"skipped ", SKIPPED},
    {"rejected ", FAULTY},
    {"damaged ", FAULTY},
    {"event too long", FAULTY},
    {"JSON too deep", FAULTY},
    {"unfinished event", FAULTY},
    {"event before its log group", FAULTY},
    {"dropped records", FAULTY},
    {"UTF-16 text", FAULTY},
};

static enum meaning meaning_of(const char *what)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (cp_view_has_prefix(cp_view_of(what), rows[i].begins))
            return rows[i].meaning;
    }
    return NOTED;
}

bool cp_import_account_is_whole(const struct cp_digest *digest)
{
    const struct cp_tally *counts = cp_digest_counts(digest);
    for (size_t i = 0; i < counts->n; i++) {
        if (counts->rows[i].count && meaning_of(counts->rows[i].text) == FAULTY)
            return false;
    }
    return true;
}

/* --- texts --- */

static const char *count_text(uint64_t n, char out[CP_NUMBER_MAX])
{
    /* exact, but for counts that no double holds */
    char digits[CP_NUMBER_MAX];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t to = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out[to++] = ',';
        out[to++] = digits[i];
    }
    out[to] = '\0';
    return out;
}

static void add_count(struct cp_buf *out, uint64_t n, const char *one, const char *many)
{
    char text[CP_NUMBER_MAX];
    (void)cp_buf_addf(out, "%s %s", count_text(n, text), n == 1 ? one : many);
}

static void add_printable(struct cp_buf *out, struct cp_view text)
{
    char shown[EXAMPLE_MAX];
    (void)cp_buf_adds(out, cp_record_printable(text, shown, sizeof shown));
}

static void add_time(struct cp_buf *out, int64_t at_ms)
{
    char text[CP_DATETIME_TEXT_MAX];
    (void)cp_buf_adds(out, cp_datetime_format(at_ms, CP_DATETIME_ISO_S, text));
}

static uint64_t count_of(const struct cp_import_account *a, const char *what)
{
    return cp_tally_count(cp_digest_counts(a->digest), what);
}

/* --- the first line: how much was read, and how fast --- */

static void add_read(const struct cp_import_account *a, struct cp_buf *out)
{
    char text[CP_UNITS_TEXT_MAX];
    const struct cp_log_import_result *r = a->result;
    uint64_t bytes = 0;
    size_t n_gzip = 0;
    for (size_t i = 0; r && i < r->n; i++) {
        bytes += r->files[i].bytes;
        n_gzip += r->files[i].is_gzip;
    }
    (void)cp_buf_adds(out, "read      ");
    if (r) {
        add_count(out, r->n, "file", "files");
        if (n_gzip)
            (void)cp_buf_addf(out, " (%zu gzip)", n_gzip);
        (void)cp_buf_addf(out, ", %s in ", cp_units_format_bytes((double)bytes, text));
        (void)cp_buf_addf(out, "%.3g s", r->elapsed_ms / CP_MS_PER_S);
        if (r->elapsed_ms > 0)
            (void)cp_buf_addf(
                out, " (%s/s)",
                cp_units_format_bytes((double)bytes / r->elapsed_ms * CP_MS_PER_S, text));
        (void)cp_buf_adds(out, ": ");
    }
    add_count(out, count_of(a, "lines"), "line", "lines");
    (void)cp_buf_adds(out, ", ");
    add_count(out, count_of(a, "events"), "event", "events");
    (void)cp_buf_addc(out, '\n');
    if (a->files && a->files->n_write_tests)
        (void)cp_buf_addf(out, "left out  %zu 'aws-logs-write-test' of an export\n",
                          a->files->n_write_tests);
    if (a->files && a->files->n_again)
        (void)cp_buf_addf(out, "left out  %zu further %s of files that are read already\n",
                          a->files->n_again, a->files->n_again == 1 ? "name" : "names");
}

/* --- records, their time and their functions --- */

struct sums {
    uint64_t reports, starts;
    int64_t first_ms, last_ms; /* -1: no record has a time */
};

static struct sums sum_scopes(const struct cp_digest *digest)
{
    struct sums s = {.first_ms = -1, .last_ms = -1};
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(digest, i);
        int64_t first;
        int64_t last;
        s.reports += cp_digest_scope_n(scope);
        s.starts += cp_digest_note_count(scope, CP_NOTE_START);
        if (!cp_digest_scope_span(scope, &first, &last))
            continue;
        s.first_ms = s.first_ms < 0 || first < s.first_ms ? first : s.first_ms;
        s.last_ms = last > s.last_ms ? last : s.last_ms;
    }
    return s;
}

/* Records with a warning are used, too. */
static uint64_t count_accepted(const struct cp_import_account *a)
{
    const struct cp_tally *counts = cp_digest_counts(a->digest);
    uint64_t n = count_of(a, "accepted");
    for (size_t i = 0; i < counts->n; i++) {
        if (cp_view_has_prefix(cp_view_of(counts->rows[i].text), "warned "))
            n += counts->rows[i].count;
    }
    return n;
}

static void add_records(const struct cp_import_account *a, const struct sums *s, struct cp_buf *out)
{
    (void)cp_buf_adds(out, "accepted  ");
    add_count(out, count_accepted(a), "record", "records");
    (void)cp_buf_adds(out, " of the platform, ");
    add_count(out, s->reports, "REPORT", "REPORTs");
    if (s->first_ms >= 0) {
        (void)cp_buf_adds(out, " from ");
        add_time(out, s->first_ms);
        (void)cp_buf_adds(out, " to ");
        add_time(out, s->last_ms);
    } else if (s->reports) {
        (void)cp_buf_adds(out, " without a time: the log's form tells none");
    }
    (void)cp_buf_addc(out, '\n');
}

static void add_gaps(const struct cp_import_account *a, struct cp_buf *out)
{
    struct cp_import_gaps gaps;
    if (!cp_import_gaps_find(a->digest, &gaps) || !gaps.n)
        return;
    (void)cp_buf_adds(out, "gaps      ");
    add_count(out, gaps.n, "pause", "pauses");
    (void)cp_buf_adds(out, " of an hour or more without a record; the longest from ");
    add_time(out, gaps.longest_from_ms);
    (void)cp_buf_adds(out, " to ");
    add_time(out, gaps.longest_to_ms);
    (void)cp_buf_addc(out, '\n');
}

/* Versions of a function are neighbours. */
static bool is_new_function(const struct cp_digest *digest, size_t i)
{
    if (i == 0)
        return true;
    struct cp_view a = cp_digest_scope_name(cp_digest_scope_at(digest, i - 1)).function;
    struct cp_view b = cp_digest_scope_name(cp_digest_scope_at(digest, i)).function;
    return !cp_view_equal(a, b);
}

static void add_functions(const struct cp_import_account *a, struct cp_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < cp_digest_n_scopes(a->digest); i++)
        n += is_new_function(a->digest, i);
    if (!n)
        return;
    (void)cp_buf_addf(out, "functions %zu: ", n);
    size_t shown = 0;
    for (size_t i = 0; i < cp_digest_n_scopes(a->digest) && shown < NAMES_SHOWN; i++) {
        if (!is_new_function(a->digest, i))
            continue;
        struct cp_view name = cp_digest_scope_name(cp_digest_scope_at(a->digest, i)).function;
        (void)cp_buf_adds(out, shown++ ? ", " : "");
        add_printable(out, name.n ? name : CP_VIEW_LIT("(no name: give --function)"));
    }
    if (n > shown)
        (void)cp_buf_addf(out, " and %zu more", n - shown);
    (void)cp_buf_addc(out, '\n');
}

/* --- what was not used --- */

/* "rejected NEGATIVE" -> its sentence; NULL: it is a sentence. */
static const char *reason_text(const char *what)
{
    const char *name = strrchr(what, ' ');
    if (!name)
        return NULL;
    for (int i = 1; i < CP_REASON_COUNT; i++) {
        if (strcmp(cp_record_reason_name((enum cp_record_reason)i), name + 1) == 0)
            return cp_record_reason_text((enum cp_record_reason)i);
    }
    return NULL;
}

static void add_row(const struct cp_tally_row *row, struct cp_buf *out)
{
    char text[CP_NUMBER_MAX];
    const char *reason = reason_text(row->text);
    (void)cp_buf_addf(out, "%9s %s", count_text(row->count, text), row->text);
    if (reason)
        (void)cp_buf_addf(out, ": %s", reason);
    if (row->example && row->example[0]) {
        (void)cp_buf_adds(out, "; e.g. ");
        add_printable(out, cp_view_of(row->example));
    }
    (void)cp_buf_addc(out, '\n');
}

static void add_rows(const struct cp_import_account *a, enum meaning meaning, struct cp_buf *out)
{
    const struct cp_tally *counts = cp_digest_counts(a->digest);
    for (size_t i = 0; i < counts->n; i++) {
        if (counts->rows[i].count && meaning_of(counts->rows[i].text) == meaning)
            add_row(&counts->rows[i], out);
    }
}

static const char *skipped_text(const char *what, uint64_t n)
{
    static const char *const texts[][3] = {
        {"skipped app", "line of the functions themselves", "lines of the functions themselves"},
        {"skipped xray", "of X-Ray", "of X-Ray"},
        {"skipped empty", "empty", "empty"},
        {"skipped continuation", "further line of an event", "further lines of an event"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(what, texts[i][0]) == 0)
            return texts[i][n == 1 ? 1 : 2];
    }
    return strchr(what, ' ') + 1;
}

static void add_skipped(const struct cp_import_account *a, struct cp_buf *out)
{
    const struct cp_tally *counts = cp_digest_counts(a->digest);
    bool is_first = true;
    for (size_t i = 0; i < counts->n; i++) {
        const struct cp_tally_row *row = &counts->rows[i];
        char text[CP_NUMBER_MAX];
        if (!row->count || meaning_of(row->text) != SKIPPED)
            continue;
        (void)cp_buf_addf(out, "%s%s %s", is_first ? "skipped   " : ", ",
                          count_text(row->count, text), skipped_text(row->text, row->count));
        is_first = false;
    }
    if (!is_first)
        (void)cp_buf_addc(out, '\n');
}

static void add_unfinished(const struct sums *s, struct cp_buf *out)
{
    char text[CP_NUMBER_MAX];
    if (s->starts <= s->reports)
        return;
    uint64_t n = s->starts - s->reports;
    (void)cp_buf_addf(out, "%9s unfinished: %s without a REPORT\n", count_text(n, text),
                      n == 1 ? "a request started" : "requests started");
}

/* Which files they were in: a digest does not say. */
static void add_files(const struct cp_import_account *a, struct cp_buf *out)
{
    size_t n = 0;
    for (size_t i = 0; a->result && i < a->result->n; i++) {
        const struct cp_log_file_result *file = &a->result->files[i];
        bool is_empty = file->bytes == 0;
        if ((!file->rejected && !file->damage[0] && !is_empty) || ++n > NAMES_SHOWN)
            continue;
        (void)cp_buf_adds(out, "in        ");
        add_printable(out, cp_view_of(file->file->path));
        (void)cp_buf_adds(out, ": ");
        if (file->rejected)
            add_count(out, file->rejected, "record rejected", "records rejected");
        if (file->damage[0])
            (void)cp_buf_addf(out, "%s%s", file->rejected ? "; " : "", file->damage);
        else if (is_empty)
            (void)cp_buf_adds(out, "empty");
        (void)cp_buf_addc(out, '\n');
    }
    if (n > NAMES_SHOWN)
        (void)cp_buf_addf(out, "in        %zu more files\n", n - NAMES_SHOWN);
}

void cp_import_account_text(const struct cp_import_account *account, struct cp_buf *out)
{
    struct sums sums = sum_scopes(account->digest);
    add_read(account, out);
    add_records(account, &sums, out);
    add_functions(account, out);
    add_gaps(account, out);
    add_skipped(account, out);
    add_rows(account, FAULTY, out);
    add_rows(account, NOTED, out);
    add_unfinished(&sums, out);
    add_files(account, out);
}
