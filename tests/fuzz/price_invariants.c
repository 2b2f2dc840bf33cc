/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/price_invariants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/prices/price_file.h"

static void must_hold(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

/* What was cut when read first is not cut again. */
static void must_write_the_same(const struct cp_price_set *set)
{
    struct cp_price_set again;
    struct cp_buf first;
    struct cp_buf second;
    struct cp_error err = {CP_OK, ""};
    cp_buf_init(&first, 1 << 20);
    cp_buf_init(&second, 1 << 20);
    must_hold(!cp_price_file_write(set, &first, &err), "what was read can be written");
    must_hold(!cp_price_file_read(cp_buf_view(&first), CP_PRICE_BY_HAND, &again, &err),
              "what was written can be read");
    must_hold(!cp_price_file_write(&again, &second, &err), "and written again");
    must_hold(cp_view_equal(cp_buf_view(&first), cp_buf_view(&second)), "the same both times");
    cp_buf_clear(&first);
    cp_buf_clear(&second);
}

void price_file_invariants_hold(struct cp_view bytes)
{
    struct cp_price_set set;
    struct cp_error err = {CP_OK, ""};
    if (cp_price_file_read(bytes, CP_PRICE_BY_HAND, &set, &err))
        must_hold(err.text[0] != '\0', "a refusal says why");
    else
        must_write_the_same(&set);
}
