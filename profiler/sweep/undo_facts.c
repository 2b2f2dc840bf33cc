/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/undo_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "profiler/sweep/change.h"

enum { ARN_FIELDS = 7, SIZES_TEXT_MAX = 256, FORMAT_VERSION = 1, HASH_DIGITS = 16 };

const char *cp_sweep_method_name(enum cp_sweep_method method)
{
    static const char *const names[CP_METHODS] = {
        [CP_METHOD_OWN] = "own function",
        [CP_METHOD_SHADOW] = "shadow function",
        [CP_METHOD_IN_PLACE] = "in place",
        [CP_METHOD_AS_IS] = "as it is",
    };
    return names[method];
}

enum cp_sweep_method cp_sweep_method_of(const char *name)
{
    enum cp_sweep_method method = CP_METHODS;
    do
        method--;
    while (method != CP_METHOD_OWN && strcmp(cp_sweep_method_name(method), name) != 0);
    return method;
}

/* --- numbers as text --- */

static void join_sizes(const struct cp_undo_facts *facts, char out[SIZES_TEXT_MAX])
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < facts->n_sizes && n < SIZES_TEXT_MAX; i++)
        n +=
            (size_t)snprintf(out + n, SIZES_TEXT_MAX - n, "%s%d", i ? "," : "", facts->sizes_mb[i]);
}

static bool read_long(struct cp_view text, long *value)
{
    int64_t number = 0;
    if (!cp_view_to_int64(text, &number) || number < 0)
        return false;
    *value = (long)number;
    return true;
}

static bool read_memory(struct cp_view text, int *value)
{
    long number = 0;
    if (!read_long(text, &number) || number > INT32_MAX)
        return false;
    *value = (int)number;
    return true;
}

/* Journals of older versions have none: unknown. */
static uint64_t read_hash(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t hash = 0;
    for (size_t i = 0; text && text[i]; i++) {
        const char *digit = strchr(digits, text[i]);
        if (!digit || i == HASH_DIGITS)
            return 0;
        hash = hash << 4 | (uint64_t)(digit - digits);
    }
    return hash;
}

static bool read_sizes(struct cp_view text, struct cp_undo_facts *facts)
{
    struct cp_view one;
    facts->n_sizes = 0;
    while (cp_view_split(&text, ',', &one)) {
        if (facts->n_sizes == CP_UNDO_SIZES_MAX ||
            !read_memory(one, &facts->sizes_mb[facts->n_sizes++]))
            return false;
    }
    return true;
}

/* --- journal --- */

enum cp_code cp_undo_facts_write(const struct cp_undo_facts *facts, struct cp_journal *journal,
                                 struct cp_error *err)
{
    char memory[16];
    char highest[24];
    char version[8];
    char sizes[SIZES_TEXT_MAX];
    char config[HASH_DIGITS + 1];
    (void)snprintf(config, sizeof config, "%016" PRIx64, facts->config_hash);
    (void)snprintf(memory, sizeof memory, "%d", facts->original_memory_mb);
    (void)snprintf(highest, sizeof highest, "%ld", facts->highest_version);
    (void)snprintf(version, sizeof version, "%d", FORMAT_VERSION);
    join_sizes(facts, sizes);
    const struct cp_journal_field fields[] = {
        {"format", version},
        {"run", facts->run},
        {"token", facts->token},
        {"method", facts->method == CP_METHOD_SHADOW ? "shadow" : "in-place"},
        {"function", facts->function_arn},
        {"region", facts->region},
        {"endpoint", facts->endpoint_url},
        {"shadow", facts->shadow},
        {"memory", memory},
        {"highest", highest},
        {"sizes", sizes},
        {"config", config},
    };
    return cp_journal_write(journal, "begin", fields, sizeof fields / sizeof fields[0], err);
}

static bool copy_field(const struct cp_journal_record *record, const char *name, char *to,
                       size_t size)
{
    const char *value = cp_journal_get(record, name);
    return value && cp_view_copy(cp_view_of(value), to, size);
}

/* False: written by a newer version, or not by us. */
static bool take_begin(struct cp_undo_facts *f, const struct cp_journal_record *record)
{
    const char *method = cp_journal_get(record, "method");
    const char *format = cp_journal_get(record, "format");
    if (!format || strcmp(format, "1") != 0 || !method)
        return false;
    f->method = strcmp(method, "shadow") == 0 ? CP_METHOD_SHADOW : CP_METHOD_IN_PLACE;
    f->config_hash = read_hash(cp_journal_get(record, "config"));
    return copy_field(record, "run", f->run, sizeof f->run) &&
           copy_field(record, "token", f->token, sizeof f->token) &&
           copy_field(record, "function", f->function_arn, sizeof f->function_arn) &&
           copy_field(record, "region", f->region, sizeof f->region) &&
           copy_field(record, "endpoint", f->endpoint_url, sizeof f->endpoint_url) &&
           copy_field(record, "shadow", f->shadow, sizeof f->shadow) &&
           read_memory(cp_view_of(cp_journal_get(record, "memory")), &f->original_memory_mb) &&
           read_long(cp_view_of(cp_journal_get(record, "highest")), &f->highest_version) &&
           read_sizes(cp_view_of(cp_journal_get(record, "sizes")), f);
}

void cp_undo_facts_sizes(struct cp_undo_facts *facts, const int *sizes_mb, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_known = false;
        for (size_t j = 0; j < facts->n_sizes; j++)
            is_known |= facts->sizes_mb[j] == sizes_mb[i];
        if (!is_known && facts->n_sizes < CP_UNDO_SIZES_MAX)
            facts->sizes_mb[facts->n_sizes++] = sizes_mb[i];
    }
}

void cp_undo_facts_writing(struct cp_undo_facts *facts, int memory_mb)
{
    /* whether the change before it took effect is known by now: only the last two can be there */
    if (facts->n_written == 2)
        facts->written_mb[0] = facts->written_mb[1];
    facts->n_written = facts->n_written ? 2 : 1;
    facts->written_mb[facts->n_written - 1] = memory_mb;
}

void cp_undo_facts_put_back(struct cp_undo_facts *facts)
{
    facts->n_written = 0;
}

static bool is_change(const char *name, enum cp_change change)
{
    return name && strcmp(name, cp_change_info(change)->name) == 0;
}

static void take_memory(struct cp_undo_facts *f, const struct cp_journal_record *record,
                        bool is_intent, bool is_done)
{
    int memory_mb = 0;
    if (is_intent && read_memory(cp_view_of(cp_journal_get(record, "memory")), &memory_mb))
        cp_undo_facts_writing(f, memory_mb);
    if (is_done && f->n_written && f->written_mb[f->n_written - 1] == f->original_memory_mb)
        cp_undo_facts_put_back(f);
}

bool cp_undo_facts_take(void *facts, const struct cp_journal_record *record)
{
    struct cp_undo_facts *f = facts;
    const char *change = cp_journal_get(record, "change");
    const char *outcome = cp_journal_get(record, "outcome");
    bool is_intent = strcmp(record->kind, "intent") == 0;
    bool is_done = outcome && strcmp(outcome, "ok") == 0;
    if (strcmp(record->kind, "begin") == 0)
        f->is_begun = take_begin(f, record);
    if (strcmp(record->kind, "end") == 0)
        f->is_ended = true;
    if (is_change(change, CP_CHANGE_CREATE_SHADOW) || is_change(change, CP_CHANGE_LOCK))
        f->may_appear = is_intent || !is_done;
    if (is_change(change, CP_CHANGE_MEMORY))
        take_memory(f, record, is_intent, is_done);
    if (is_change(change, CP_CHANGE_PUT_BACK) && is_done)
        cp_undo_facts_put_back(f);
    return true;
}

struct taking {
    struct cp_undo_facts *facts;
    int n;
};

static bool take_counted(void *context, const struct cp_journal_record *record)
{
    struct taking *taking = context;
    taking->n++;
    return cp_undo_facts_take(taking->facts, record);
}

enum cp_code cp_undo_facts_open(const char *folder, const char *name, struct cp_undo_facts *facts,
                                struct cp_journal **journal, struct cp_error *err)
{
    struct taking taking = {facts, 0};
    *facts = (struct cp_undo_facts){0};
    enum cp_code code = cp_journal_open(folder, name, take_counted, &taking, journal, err);
    if (code == CP_EFORMAT && err) {
        struct cp_error damage = *err;
        return cp_fail(err, code,
                       "%.500s; nothing is undone by it: recover without it (coldprof recover "
                       "--function NAME --prune), then remove the file",
                       damage.text);
    }
    if (!code && taking.n && !facts->is_begun) {
        cp_journal_close(*journal);
        *journal = NULL;
        code = cp_fail(err, CP_EUNSUPPORTED,
                       "journal '%s/%s' was not written by this version of coldprof: recover with "
                       "the version that wrote it",
                       folder, name);
    }
    return code;
}

/* --- lock alias --- */

enum cp_code cp_undo_facts_to_alias(const struct cp_undo_facts *facts, struct cp_alias_config *out,
                                    struct cp_error *err)
{
    char sizes[SIZES_TEXT_MAX];
    join_sizes(facts, sizes);
    (void)snprintf(out->name, sizeof out->name, "%s", CP_LOCK_ALIAS);
    (void)snprintf(out->version, sizeof out->version, "$LATEST");
    int n = snprintf(out->description, sizeof out->description,
                     CP_OUR_WORD "%s memory=%d highest=%ld sizes=%s", facts->token,
                     facts->original_memory_mb, facts->highest_version, sizes);
    if (n < 0 || (size_t)n >= sizeof out->description)
        return cp_fail(err, CP_ELIMIT, "more memory sizes than a lock can name: give fewer");
    return CP_OK;
}

bool cp_undo_facts_from_alias(const struct cp_alias_config *alias, struct cp_undo_facts *facts)
{
    struct cp_view rest = cp_view_of(alias->description);
    struct cp_view token;
    struct cp_view memory;
    struct cp_view highest;
    if (!cp_view_skip(&rest, CP_OUR_WORD) || !cp_view_split(&rest, ' ', &token) ||
        !cp_view_split(&rest, ' ', &memory) || !cp_view_split(&rest, ' ', &highest))
        return false;
    if (!cp_view_skip(&memory, "memory=") || !cp_view_skip(&highest, "highest=") ||
        !cp_view_skip(&rest, "sizes="))
        return false;
    if (!cp_view_copy(token, facts->token, sizeof facts->token) ||
        !read_memory(memory, &facts->original_memory_mb) ||
        !read_long(highest, &facts->highest_version) || !read_sizes(rest, facts))
        return false;
    struct cp_view run;
    (void)cp_view_split(&token, '-', &run);
    if (!cp_view_copy(run, facts->run, sizeof facts->run))
        return false;
    facts->method = CP_METHOD_IN_PLACE;
    facts->is_begun = true;
    /* which of them was the last is not known here */
    memcpy(facts->written_mb, facts->sizes_mb, sizeof facts->written_mb);
    facts->n_written = facts->n_sizes;
    return true;
}

/* --- ARNs --- */

static size_t length_of_fields(const char *arn, int n)
{
    const char *at = arn;
    for (int i = 0; i < n; i++) {
        at += strcspn(at, ":");
        at += *at == ':' && i + 1 < n;
    }
    return (size_t)(at - arn);
}

void cp_arn_unqualified(const char *function_arn, char out[256])
{
    (void)snprintf(out, 256, "%.*s", (int)length_of_fields(function_arn, ARN_FIELDS), function_arn);
}

const char *cp_arn_qualifier(const char *function_arn)
{
    const char *end = function_arn + length_of_fields(function_arn, ARN_FIELDS);
    return *end == ':' ? end + 1 : NULL;
}

void cp_arn_of_neighbour(const char *function_arn, const char *name, char out[256])
{
    (void)snprintf(out, 256, "%.*s:%s", (int)length_of_fields(function_arn, ARN_FIELDS - 1),
                   function_arn, name);
}
