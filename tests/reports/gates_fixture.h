/* SPDX-License-Identifier: GPL-3.0-or-later
 * Gates made by hand, with every verdict and state, absent ends and timeouts: for the tests of this
 * room and for the programs that read the documents (tests/peers/test_gates.py).
 */
#ifndef COLDPROF_TESTS_REPORTS_GATES_FIXTURE_H
#define COLDPROF_TESTS_REPORTS_GATES_FIXTURE_H

#include "reports/gate.h"

enum { GATES_FIXTURE_MAX = 128 };

struct gates_fixture {
    struct cp_run base, now;
    struct cp_gates gates; /* nothing in it is owned */
    struct cp_gate list[GATES_FIXTURE_MAX];
};

/* `function` names what was measured; every `because` has "<", "&" and what `hostile` says. */
void gates_fixture_make(enum cp_gates_kind kind, const char *function, const char *hostile,
                        struct gates_fixture *out);

/* A history of `n` nights of init p50 and p95 with steps, a night without p95 and one whose p95 is
 * among the timeouts. Owner: gates_fixture_history_clear. */
void gates_fixture_history(size_t n, struct cp_history *out);
void gates_fixture_history_clear(struct cp_history *history);

#endif
