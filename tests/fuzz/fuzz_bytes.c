/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer target. Built once per entry point: FUZZ_ONE names what must hold for any bytes.
 */
#include "tests/fuzz/aws_invariants.h"
#include "tests/fuzz/digest_invariants.h"
#include "tests/fuzz/history_invariants.h"
#include "tests/fuzz/inflate_invariants.h"
#include "tests/fuzz/journal_invariants.h"
#include "tests/fuzz/log_form_invariants.h"
#include "tests/fuzz/log_invariants.h"
#include "tests/fuzz/price_invariants.h"
#include "tests/fuzz/record_invariants.h"
#include "tests/fuzz/service_invariants.h"
#include "tests/fuzz/traffic_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    FUZZ_ONE((struct cp_view){(const char *)bytes, n});
    return 0;
}
