/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZERO 1e-12 /* below this a number is shown as 0 */

/* A comma between thousands of "1234567.80"; never "-0". */
static const char *with_commas(const char *plain, char out[CP_NUMBER_MAX])
{
    if (strspn(plain, "-0.") == strlen(plain))
        plain += plain[0] == '-';
    size_t sign = plain[0] == '-' ? 1 : 0;
    size_t digits = sign + strspn(plain + sign, "0123456789");
    size_t to = 0;
    for (size_t i = 0; plain[i] && to + 2 < CP_NUMBER_MAX; i++) {
        if (i > sign && i < digits && (digits - i) % 3 == 0)
            out[to++] = ',';
        out[to++] = plain[i];
    }
    out[to] = '\0';
    return out;
}

int cp_number_last_digit(double value, int significant)
{
    if (!isfinite(value) || fabs(value) < ZERO)
        return 0;
    int power = (int)floor(log10(fabs(value)));
    double scaled = fabs(value) / pow(10, power - significant + 1);
    if (round(scaled) >= pow(10, significant))
        power++;
    return power - significant + 1;
}

/* Scaling by the exact power of ten (multiply for decimals, divide for tens) keeps 71.0 at 71. */
const char *cp_number_at(double value, int digit, char out[CP_NUMBER_MAX])
{
    char plain[CP_NUMBER_MAX];
    if (!isfinite(value))
        return memcpy(out, "-", 2);
    double step = pow(10, abs(digit));
    double rounded = digit < 0 ? round(value * step) / step : round(value / step) * step;
    (void)snprintf(plain, sizeof plain, "%.*f", digit < 0 ? -digit : 0, rounded);
    return with_commas(plain, out);
}

const char *cp_number_short(double value, char out[CP_NUMBER_MAX])
{
    return cp_number_at(value, cp_number_last_digit(value, CP_NUMBER_SIGNIFICANT), out);
}

const char *cp_number_exact(double value, char out[CP_NUMBER_MAX])
{
    char plain[CP_NUMBER_MAX];
    if (!isfinite(value))
        return memcpy(out, "-", 2);
    (void)snprintf(plain, sizeof plain, "%.9g", value);
    return with_commas(plain, out);
}

const char *cp_number_usd(double usd, char out[CP_NUMBER_MAX])
{
    bool has_cents = fabs(usd) >= 0.01 || fabs(usd) < ZERO;
    return cp_number_at(usd, has_cents ? -2 : cp_number_last_digit(usd, CP_NUMBER_SIGNIFICANT + 1),
                        out);
}

const char *cp_number_small_usd(double usd, char out[CP_NUMBER_MAX])
{
    bool is_small = fabs(usd) >= 0.01 && fabs(usd) < 1;
    return is_small ? cp_number_at(usd, -4, out) : cp_number_usd(usd, out);
}
