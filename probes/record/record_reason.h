/* SPDX-License-Identifier: GPL-3.0-or-later
 * Why a platform record was warned about or rejected: one row each.
 */
#ifndef COLDPROF_PROBES_RECORD_RECORD_REASON_H
#define COLDPROF_PROBES_RECORD_RECORD_REASON_H

/* name, text for people */
#define CP_RECORD_REASON_LIST(X)                                                                   \
    X(NONE, "")                                                                                    \
    X(CUT, "the record is cut off")                                                                \
    X(NOT_A_NUMBER, "a value is not a number")

enum cp_record_reason {
#define CP_RECORD_REASON_ENUM(name, text) CP_REASON_##name,
    CP_RECORD_REASON_LIST(CP_RECORD_REASON_ENUM)
#undef CP_RECORD_REASON_ENUM
        CP_REASON_COUNT
};

const char *cp_record_reason_text(enum cp_record_reason reason);

#endif
