/* SPDX-License-Identifier: GPL-3.0-or-later
 * A sink that remembers what decoders give it. Linked before the library, it takes the place of
 * log_sink.c.
 */
#ifndef COLDPROF_TESTS_LOG_FAKE_SINK_H
#define COLDPROF_TESTS_LOG_FAKE_SINK_H

#include "model/base/buf.h"
#include "probes/log/log_sink.h"

struct fake_event {
    int64_t at_ms; /* -1 unknown; -2: a plain line */
    char group[128], stream[128];
    char *message; /* owned; without line feeds and tabs at its end */
    size_t n;
};

struct cp_log_sink {
    struct fake_event *events;
    size_t n, cap;
    struct cp_buf counts; /* "damaged JSON=2;row without record=1;" in the order of arrival */
    uint64_t n_counted;
    size_t n_bytes; /* of all messages */
    bool is_blind;  /* counts events only */
    enum cp_code answer;
};

void fake_sink_init(struct cp_log_sink *sink);
void fake_sink_clear(struct cp_log_sink *sink);

#endif
