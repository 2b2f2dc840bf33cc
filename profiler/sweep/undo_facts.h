/* SPDX-License-Identifier: GPL-3.0-or-later
 * What must be known to undo a sweep: kept in memory while it runs, in its journal, and (in place)
 * in the description of the lock alias, the copy for other machines. Plain record.
 */
#ifndef COLDPROF_PROFILER_SWEEP_UNDO_FACTS_H
#define COLDPROF_PROFILER_SWEEP_UNDO_FACTS_H

#include "model/run.h"
#include "probes/aws/lambda_alias.h"
#include "probes/aws/lambda_copy.h"
#include "profiler/sweep/journal.h"
#include "profiler/sweep/method.h"

enum { CP_UNDO_SIZES_MAX = CP_RUN_SIZES_MAX + 2, CP_TOKEN_MAX = CP_RUN_ID_MAX + 16 };
#define CP_LOCK_ALIAS "coldprof-lock"
#define CP_OUR_WORD   "coldprof "
#define CP_TAG_RUN    "coldprof:run"
#define CP_TAG_OF     "coldprof:of"

struct cp_undo_facts {
    enum cp_sweep_method method;
    char run[CP_RUN_ID_MAX];
    char token[CP_TOKEN_MAX];           /* run and a random part: of this session only */
    char function_arn[256];             /* of the original, without a qualifier */
    char region[40], endpoint_url[512]; /* endpoint "" for AWS */
    char shadow[CP_FUNCTION_NAME_LENGTH_MAX + 1];
    /* in place */
    int original_memory_mb;
    uint64_t config_hash;            /* cp_function_config_hash of $LATEST before; 0 unknown */
    long highest_version;            /* published before, by anybody */
    int sizes_mb[CP_UNDO_SIZES_MAX]; /* every size that the sweep may set */
    size_t n_sizes;
    int written_mb[CP_UNDO_SIZES_MAX]; /* $LATEST may hold one of these because of us */
    size_t n_written;
    bool may_appear; /* the shadow or the lock: its creation was begun and has no answer */
    bool is_begun, is_ended;
};

/* --- journal --- */
enum cp_code cp_undo_facts_write(const struct cp_undo_facts *facts, struct cp_journal *journal,
                                 struct cp_error *err);
/* One record after the other; a cp_journal_record_fn whose context is the facts (zeroed first). */
bool cp_undo_facts_take(void *facts, const struct cp_journal_record *record);
/* Adds the sizes that a sweep may set, each once. */
void cp_undo_facts_sizes(struct cp_undo_facts *facts, const int *sizes_mb, size_t n);
/* The sweep is about to give $LATEST this size; or has seen that it got its own back. */
void cp_undo_facts_writing(struct cp_undo_facts *facts, int memory_mb);
void cp_undo_facts_put_back(struct cp_undo_facts *facts);

/* Opens a journal and takes what is in it. An ended or an empty one has nothing to undo
 * (!is_begun or is_ended). CP_EBUSY: its run is alive. */
enum cp_code cp_undo_facts_open(const char *folder, const char *name, struct cp_undo_facts *facts,
                                struct cp_journal **journal, struct cp_error *err);

/* --- lock alias --- */
enum cp_code cp_undo_facts_to_alias(const struct cp_undo_facts *facts, struct cp_alias_config *out,
                                    struct cp_error *err);
/* Takes token, memory, highest version and sizes; false when the description is not one of ours. */
bool cp_undo_facts_from_alias(const struct cp_alias_config *alias, struct cp_undo_facts *facts);

/* "arn:...:function:<name>" of another function of the same account and Region. */
void cp_arn_of_neighbour(const char *function_arn, const char *name, char out[256]);
/* Without the qualifier. */
void cp_arn_unqualified(const char *function_arn, char out[256]);
/* The qualifier, within `function_arn`; NULL: none. */
const char *cp_arn_qualifier(const char *function_arn);

#endif
