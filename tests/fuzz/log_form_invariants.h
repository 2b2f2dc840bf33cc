/* SPDX-License-Identifier: GPL-3.0-or-later
 * What holds for detection and for every decoder of a transport form on any bytes.
 */
#ifndef COLDPROF_TESTS_FUZZ_LOG_FORM_INVARIANTS_H
#define COLDPROF_TESTS_FUZZ_LOG_FORM_INVARIANTS_H

#include "model/base/view.h"

/* The bytes are taken for one form, and its decoder gives the same events and counts however they
 * are cut into pieces. Aborts when not. */
void log_form_invariants_hold(struct cp_view bytes);
/* The same for the decoder of the form whose number among the decoders the first byte says. */
void log_decoder_invariants_hold(struct cp_view bytes);

#endif
