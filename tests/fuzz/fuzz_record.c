/* SPDX-License-Identifier: GPL-3.0-or-later
 * libFuzzer target: bytes as a log. Built once per entry point: FUZZ_ONE names the check.
 */
#include "tests/fuzz/record_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    FUZZ_ONE((struct cp_view){(const char *)bytes, n});
    return 0;
}
