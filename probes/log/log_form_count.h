/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a decoder met that is no event: counted here, each with its first example, and told to the
 * sink at the end of a piece, so that damage costs little time however much there is of it.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_FORM_COUNT_H
#define COLDPROF_PROBES_LOG_LOG_FORM_COUNT_H

#include "probes/log/log_sink.h"

/* One row each: name, text of the count */
#define CP_FORM_COUNT_LIST(X)                                                                      \
    X(DAMAGED, "damaged JSON")          /* bytes that are no JSON; reading goes on behind them */  \
    X(TOO_LONG, "event too long")       /* longer than CP_RECORD_LINE_MAX: not read */             \
    X(TOO_DEEP, "JSON too deep")        /* deeper than CP_RECORD_JSON_DEPTH_MAX: not read */       \
    X(NO_MESSAGE, "row without record") /* holds neither a message nor the values of a REPORT */   \
    X(TEXT, "text between documents")   /* lines; read as plain lines */                           \
    X(CONTROL, "control message")       /* of a subscription: no log */                            \
    X(NO_GROUP, "event before its log group")                                                      \
    X(PAYLOAD, "damaged payload")     /* base64 or gzip of a subscription */                       \
    X(UNFINISHED, "unfinished event") /* the input ended inside */                                 \
    X(CSV, "damaged CSV")                                                                          \
    X(UTF16, "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8")

enum cp_form_count {
#define CP_FORM_COUNT_ENUM(name, text) CP_FORM_##name,
    CP_FORM_COUNT_LIST(CP_FORM_COUNT_ENUM)
#undef CP_FORM_COUNT_ENUM
        CP_FORM_COUNT_COUNT
};

struct cp_form_counts {
    bool is_any;
    uint64_t n[CP_FORM_COUNT_COUNT];
    char examples[CP_FORM_COUNT_COUNT][80];
    size_t example_n[CP_FORM_COUNT_COUNT];
};

void cp_form_count(struct cp_form_counts *counts, enum cp_form_count what, struct cp_view example);
void cp_form_count_n(struct cp_form_counts *counts, enum cp_form_count what, uint64_t count,
                     struct cp_view example);
/* Tells the sink and starts again at nothing. */
enum cp_code cp_form_counts_tell(struct cp_form_counts *counts, struct cp_log_sink *sink,
                                 struct cp_error *err);

#endif
