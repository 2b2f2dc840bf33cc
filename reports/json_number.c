/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/json_number.h"

#include <math.h>
#include <stdio.h>

#include "model/base/view.h"

void cp_json_number(struct cp_buf *out, double value)
{
    char text[40];
    double back = NAN;
    if (!isfinite(value)) {
        cp_buf_adds(out, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (cp_view_to_double(cp_view_of(text), &back) && back == value)
            break;
    }
    cp_buf_adds(out, text);
}
