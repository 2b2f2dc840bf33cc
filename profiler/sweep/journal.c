/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/crc32.h"
#include "probes/os/append_file.h"

enum { TEXT_MAX = 16 * 1024 * 1024, LINE_MAX_BYTES = 8192, CRC_DIGITS = 8, NAME_SIZE = 96 };
#define ENDING ".journal"

struct cp_journal {
    struct cp_append_file *file;
    int n_records;
};

const char *cp_journal_get(const struct cp_journal_record *record, const char *name)
{
    for (size_t i = 0; i < record->n_fields; i++) {
        if (strcmp(record->fields[i].name, name) == 0)
            return record->fields[i].value;
    }
    return NULL;
}

/* --- reading --- */

static bool has_right_crc(struct cp_view *line)
{
    char expected[CRC_DIGITS + 1];
    struct cp_view rest = {line->p + CRC_DIGITS + 1, line->n - CRC_DIGITS - 1};
    if (line->n <= CRC_DIGITS + 1 || line->p[CRC_DIGITS] != ' ')
        return false;
    (void)snprintf(expected, sizeof expected, "%08" PRIx32, cp_crc32(rest));
    if (memcmp(expected, line->p, CRC_DIGITS) != 0)
        return false;
    *line = rest;
    return true;
}

static bool split_field(char *text, struct cp_journal_field *field)
{
    char *equals = strchr(text, '=');
    if (!equals || equals == text || strlen(equals + 1) >= CP_JOURNAL_VALUE_MAX)
        return false;
    *equals = '\0';
    *field = (struct cp_journal_field){text, equals + 1};
    return true;
}

/* `text` is cut into pieces; the record points into it. */
static bool split_record(char *text, struct cp_journal_record *record)
{
    int64_t number = 0;
    char *rest = text;
    *record = (struct cp_journal_record){0};
    for (int i = 0; rest; i++) {
        char *word = rest;
        rest = strchr(word, ' ');
        if (rest)
            *rest++ = '\0';
        if (i == 0 && (!cp_view_to_int64(cp_view_of(word), &number) || number > INT32_MAX))
            return false;
        if (i == 1 &&
            (!word[0] || !cp_view_copy(cp_view_of(word), record->kind, sizeof record->kind)))
            return false;
        if (i > 1 && (record->n_fields == CP_JOURNAL_FIELDS_MAX ||
                      !split_field(word, &record->fields[record->n_fields++])))
            return false;
    }
    record->number = (int)number;
    return record->kind[0] != '\0';
}

static bool read_line(struct cp_view line, int number, char *text, struct cp_journal_record *record)
{
    if (!has_right_crc(&line) || memchr(line.p, '\0', line.n) ||
        !cp_view_copy(line, text, LINE_MAX_BYTES))
        return false;
    return split_record(text, record) && record->number == number;
}

enum cp_code cp_journal_read(struct cp_view text, cp_journal_record_fn each, void *context,
                             size_t *n_whole, struct cp_error *err)
{
    char copy[LINE_MAX_BYTES];
    *n_whole = 0;
    for (int number = 1; text.n; number++) {
        struct cp_journal_record record;
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        bool is_last = !end || n + 1 == text.n;
        bool is_whole = end && read_line((struct cp_view){text.p, n}, number, copy, &record);
        if (!is_whole && is_last)
            return CP_OK; /* torn: the crash came while it was written */
        if (!is_whole)
            return cp_fail(err, CP_EFORMAT, "record %d of the journal is damaged", number);
        *n_whole += n + 1;
        if (!each(context, &record))
            return CP_OK;
        text = (struct cp_view){text.p + n + 1, text.n - n - 1};
    }
    return CP_OK;
}

/* --- files --- */

static struct cp_journal *journal_new(struct cp_append_file *file, struct cp_error *err)
{
    struct cp_journal *journal = calloc(1, sizeof *journal);
    if (journal)
        journal->file = file;
    else
        (void)cp_fail(err, CP_ENOMEM, "cannot open the journal: out of memory");
    return journal;
}

enum cp_code cp_journal_create(const char *folder, const char *token, struct cp_journal **out,
                               struct cp_error *err)
{
    char name[NAME_SIZE];
    struct cp_append_file *file = NULL;
    *out = NULL;
    (void)snprintf(name, sizeof name, "%s" ENDING, token);
    enum cp_code code = cp_append_create(folder, name, &file, err);
    if (code) {
        (void)cp_fail_context(
            err, "the undo journal in '%s' cannot be written, so nothing is changed", folder);
        return code;
    }
    *out = journal_new(file, err);
    if (*out)
        return CP_OK;
    (void)cp_append_remove(file, NULL);
    return CP_ENOMEM;
}

struct counting {
    cp_journal_record_fn each;
    void *context;
    int n;
};

static bool count_record(void *context, const struct cp_journal_record *record)
{
    struct counting *c = context;
    c->n = record->number;
    return c->each(c->context, record);
}

enum cp_code cp_journal_open(const char *folder, const char *name, cp_journal_record_fn each,
                             void *context, struct cp_journal **out, struct cp_error *err)
{
    struct cp_buf text;
    struct cp_append_file *file = NULL;
    struct counting counting = {each, context, 0};
    size_t n_whole = 0;
    *out = NULL;
    cp_buf_init(&text, TEXT_MAX);
    enum cp_code code = cp_append_open(folder, name, &file, &text, err);
    if (!code)
        code = cp_journal_read(cp_buf_view(&text), count_record, &counting, &n_whole, err);
    if (!code)
        code = cp_append_cut(file, n_whole, err);
    cp_buf_clear(&text);
    if (!code) {
        *out = journal_new(file, err);
        code = *out ? CP_OK : CP_ENOMEM;
    }
    if (code) {
        cp_append_close(file);
        (void)cp_fail_context(err, "journal '%s/%s'", folder, name);
        return code;
    }
    (*out)->n_records = counting.n;
    return CP_OK;
}

static bool is_clean(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~')
            return false;
    }
    return true;
}

enum cp_code cp_journal_write(struct cp_journal *journal, const char *kind,
                              const struct cp_journal_field *fields, size_t n, struct cp_error *err)
{
    struct cp_buf line;
    struct cp_buf record;
    cp_buf_init(&line, LINE_MAX_BYTES - 1);
    cp_buf_init(&record, LINE_MAX_BYTES - 1);
    enum cp_code code = CP_OK;
    (void)cp_buf_addf(&line, "%d %s", journal->n_records + 1, kind);
    for (size_t i = 0; i < n && !code; i++) {
        if (!is_clean(fields[i].value) || strlen(fields[i].value) >= CP_JOURNAL_VALUE_MAX)
            code = cp_fail(err, CP_EINVAL, "'%s' cannot be written to the journal", fields[i].name);
        (void)cp_buf_addf(&line, " %s=%s", fields[i].name, fields[i].value);
    }
    (void)cp_buf_addf(&record, "%08" PRIx32 " %s\n", cp_crc32(cp_buf_view(&line)),
                      cp_buf_str(&line));
    if (!code)
        code = cp_buf_check(&line, "a record of the journal", err);
    if (!code)
        code = cp_buf_check(&record, "a record of the journal", err);
    if (!code)
        code = cp_append(journal->file, cp_buf_view(&record), err);
    journal->n_records += code == CP_OK;
    cp_buf_clear(&line);
    cp_buf_clear(&record);
    if (code)
        (void)cp_fail_context(err, "undo journal");
    return code;
}

enum cp_code cp_journal_end(struct cp_journal *journal, struct cp_error *err)
{
    struct cp_error ignored;
    /* Only for a file that then cannot be removed. */
    (void)cp_journal_write(journal, "end", NULL, 0, &ignored);
    enum cp_code code = cp_append_remove(journal->file, err);
    free(journal);
    if (code)
        (void)cp_fail_context(err, "undo journal");
    return code;
}

void cp_journal_close(struct cp_journal *journal)
{
    if (!journal)
        return;
    cp_append_close(journal->file);
    free(journal);
}

enum cp_code cp_journal_list(const char *folder, bool (*each)(void *context, const char *name),
                             void *context, struct cp_error *err)
{
    return cp_append_list(folder, ENDING, each, context, err);
}
