/* SPDX-License-Identifier: GPL-3.0-or-later
 * How long an idle execution environment lives. AWS leaves it unspecified, so it is a law that the
 * user chooses, drawn anew at each idle period. The law and its parser are declared in serve.h.
 */
#ifndef COLDPROF_PROBES_LOCAL_IDLE_LAW_H
#define COLDPROF_PROBES_LOCAL_IDLE_LAW_H

#include "model/base/rng.h"
#include "probes/local/serve.h"

/* One lifetime in ms; INFINITY for "never". */
double cp_idle_law_draw_ms(const struct cp_idle_law *law, struct cp_rng *rng);

#endif
