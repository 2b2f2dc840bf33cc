/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/journal_invariants.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/crc32.h"
#include "profiler/sweep/undo_facts.h"

enum { TEXT_MAX = 1 << 20 };

static void must_hold(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static void facts_must_hold(const struct cp_undo_facts *f)
{
    must_hold(f->n_sizes <= CP_UNDO_SIZES_MAX, "no more sizes than there is room");
    must_hold(f->n_written <= CP_UNDO_SIZES_MAX, "no more written sizes than there is room");
    must_hold(strnlen(f->token, sizeof f->token) < sizeof f->token, "the token ends");
    must_hold(strnlen(f->function_arn, sizeof f->function_arn) < sizeof f->function_arn,
              "the ARN ends");
    must_hold(f->original_memory_mb >= 0 && f->highest_version >= 0, "numbers are not negative");
    must_hold(f->method == CP_METHOD_OWN || f->method == CP_METHOD_SHADOW ||
                  f->method == CP_METHOD_IN_PLACE,
              "the method is one");
}

struct taking {
    struct cp_undo_facts facts;
    int n;
};

static bool take(void *context, const struct cp_journal_record *record)
{
    struct taking *taking = context;
    must_hold(record->number == ++taking->n, "records are numbered from 1");
    must_hold(record->n_fields <= CP_JOURNAL_FIELDS_MAX, "no more fields than there is room");
    return cp_undo_facts_take(&taking->facts, record);
}

static void read_journal(struct cp_view text)
{
    struct taking taking = {.n = 0};
    struct taking again = {.n = 0};
    size_t n_whole = 0;
    size_t n_again = 0;
    if (cp_journal_read(text, take, &taking, &n_whole, NULL))
        return;
    must_hold(n_whole <= text.n, "whole records lie inside");
    facts_must_hold(&taking.facts);
    struct cp_view whole = {text.p, n_whole};
    must_hold(!cp_journal_read(whole, take, &again, &n_again, NULL), "whole records are read");
    must_hold(n_again == n_whole && again.n == taking.n, "and are the same again");
}

/* Without the right one the fuzzer would never get past it. */
static void read_with_right_crcs(struct cp_view bytes)
{
    struct cp_view line;
    struct cp_buf text;
    cp_buf_init(&text, TEXT_MAX);
    while (cp_view_split(&bytes, '\n', &line)) {
        (void)cp_buf_addf(&text, "%08" PRIx32 " ", cp_crc32(line));
        (void)cp_buf_add_view(&text, line);
        (void)cp_buf_addc(&text, '\n');
    }
    read_journal(cp_buf_view(&text));
    cp_buf_clear(&text);
}

static void read_alias(struct cp_view bytes)
{
    struct cp_alias_config alias = {.name = CP_LOCK_ALIAS, .version = "$LATEST"};
    struct cp_alias_config written = {.name = ""};
    struct cp_undo_facts facts = {0};
    if (memchr(bytes.p, '\0', bytes.n) ||
        !cp_view_copy(bytes, alias.description, sizeof alias.description) ||
        !cp_undo_facts_from_alias(&alias, &facts))
        return;
    facts_must_hold(&facts);
    if (cp_undo_facts_to_alias(&facts, &written, NULL))
        return; /* leading zeros were shorter than none */
    struct cp_undo_facts again = {0};
    must_hold(cp_undo_facts_from_alias(&written, &again), "what is written is read");
    must_hold(again.n_sizes == facts.n_sizes && strcmp(again.token, facts.token) == 0,
              "and is the same");
}

void journal_invariants_hold(struct cp_view bytes)
{
    if (!bytes.n)
        return;
    read_journal(bytes);
    read_with_right_crcs(bytes);
    read_alias(bytes);
}
