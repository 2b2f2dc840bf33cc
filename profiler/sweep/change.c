/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/sweep/change.h"

static const struct cp_change_info CHANGES[CP_CHANGES] = {
    [CP_CHANGE_CREATE_SHADOW] = {"create-shadow", CP_OP_CREATE_FUNCTION, CP_CHANGE_DELETE_SHADOW},
    [CP_CHANGE_DELETE_SHADOW] = {"delete-shadow", CP_OP_DELETE_FUNCTION, CP_CHANGES},
    [CP_CHANGE_LOCK] = {"lock", CP_OP_CREATE_ALIAS, CP_CHANGE_UNLOCK},
    [CP_CHANGE_UNLOCK] = {"unlock", CP_OP_DELETE_ALIAS, CP_CHANGES},
    [CP_CHANGE_MEMORY] = {"set-memory", CP_OP_UPDATE_FUNCTION_CONFIGURATION, CP_CHANGE_PUT_BACK},
    [CP_CHANGE_PUT_BACK] = {"put-back", CP_OP_UPDATE_FUNCTION_CONFIGURATION, CP_CHANGES},
    [CP_CHANGE_PUBLISH] = {"publish", CP_OP_PUBLISH_VERSION, CP_CHANGE_DELETE_VERSION},
    [CP_CHANGE_DELETE_VERSION] = {"delete-version", CP_OP_DELETE_FUNCTION, CP_CHANGES},
};

const struct cp_change_info *cp_change_info(enum cp_change change)
{
    return &CHANGES[change];
}

enum cp_code cp_change_intend(struct cp_journal *journal, enum cp_change change,
                              const struct cp_journal_field *fields, size_t n, struct cp_error *err)
{
    struct cp_journal_field all[CP_JOURNAL_FIELDS_MAX] = {{"change", CHANGES[change].name}};
    if (!journal)
        return CP_OK;
    for (size_t i = 0; i < n && i + 1 < CP_JOURNAL_FIELDS_MAX; i++)
        all[i + 1] = fields[i];
    return cp_journal_write(journal, "intent", all, n + 1, err);
}

enum cp_code cp_change_settle(struct cp_journal *journal, enum cp_change change,
                              enum cp_code outcome, struct cp_error *err)
{
    struct cp_error own;
    if (!journal)
        return outcome;
    const struct cp_journal_field fields[] = {
        {"change", CHANGES[change].name},
        {"outcome", outcome ? "failed" : "ok"},
    };
    enum cp_code code = cp_journal_write(journal, "result", fields, 2, outcome ? &own : err);
    return outcome ? outcome : code;
}
