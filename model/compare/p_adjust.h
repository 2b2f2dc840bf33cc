/* SPDX-License-Identifier: GPL-3.0-or-later
 * Many comparisons at once: p-values adjusted so that among those below a level the expected share
 * of false ones (Benjamini and Hochberg 1995, for independent or positively dependent tests) is at
 * most that level. Pure.
 */
#ifndef COLDPROF_MODEL_P_ADJUST_H
#define COLDPROF_MODEL_P_ADJUST_H

#include <stddef.h>

#include "model/base/error.h"

/* `adjusted` has room for n; may be `p` itself. A NAN is no test: it stays, and is not counted.
 * CP_ENOMEM. */
enum cp_code cp_p_adjust(const double *p, size_t n, double *adjusted);

#endif
