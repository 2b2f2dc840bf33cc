/* SPDX-License-Identifier: GPL-3.0-or-later
 * The undo journal: one append-only file per run, written before and after every change of the
 * user's account. Lines of text, one record each:
 *
 *   <crc32> <number> <kind> <name>=<value> ...
 *
 * CRC-32 (IEEE 802.3) over what follows it, eight hex digits; numbers count from 1. Names and
 * values hold no blanks and no control bytes: ids, names, ARNs, numbers, hashes; never a secret, an
 * environment value or a payload.
 *
 * A torn last record is what a crash leaves: it is dropped. Anything else that does not read is
 * damage, and nothing is undone by a journal that is damaged.
 * Ownership: cp_journal_create or cp_journal_open / cp_journal_close or cp_journal_end.
 */
#ifndef COLDPROF_PROFILER_SWEEP_JOURNAL_H
#define COLDPROF_PROFILER_SWEEP_JOURNAL_H

#include <stdbool.h>

#include "model/base/buf.h"

struct cp_journal;

enum { CP_JOURNAL_FIELDS_MAX = 24, CP_JOURNAL_VALUE_MAX = 768 };

struct cp_journal_field {
    const char *name, *value;
};
struct cp_journal_record {
    int number;
    char kind[32];
    struct cp_journal_field fields[CP_JOURNAL_FIELDS_MAX];
    size_t n_fields;
};
/* NULL when the record has no such field. */
const char *cp_journal_get(const struct cp_journal_record *record, const char *name);

/* A false return ends the reading. The record is borrowed. */
typedef bool (*cp_journal_record_fn)(void *context, const struct cp_journal_record *record);

/* Pure: all records of `text`; `*n_whole` is how many bytes they take, the rest is a torn record.
 * CP_EFORMAT names the record that is damaged. */
enum cp_code cp_journal_read(struct cp_view text, cp_journal_record_fn each, void *context,
                             size_t *n_whole, struct cp_error *err);

/* A new journal "<token>.journal" below `folder`. */
enum cp_code cp_journal_create(const char *folder, const char *token, struct cp_journal **out,
                               struct cp_error *err);
/* An existing one by its file name; its records go to `each`. CP_EBUSY while its run lives. */
enum cp_code cp_journal_open(const char *folder, const char *name, cp_journal_record_fn each,
                             void *context, struct cp_journal **out, struct cp_error *err);

/* Durable on CP_OK. On anything else nothing may be changed. CP_EINVAL: a field with a blank or a
 * control byte. */
enum cp_code cp_journal_write(struct cp_journal *journal, const char *kind,
                              const struct cp_journal_field *fields, size_t n,
                              struct cp_error *err);

/* All is undone: writes the last record and removes the file. */
enum cp_code cp_journal_end(struct cp_journal *journal, struct cp_error *err);
void cp_journal_close(struct cp_journal *journal); /* stays open for recover; NULL is fine */

/* File names of all journals, in no order. */
enum cp_code cp_journal_list(const char *folder, bool (*each)(void *context, const char *name),
                             void *context, struct cp_error *err);

#endif
