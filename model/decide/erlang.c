/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/erlang.h"

#include <math.h>

/* B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)): stable, every term is in [0, 1]. */
static double next_b(double b, int k, double a)
{
    return a * b / (k + a * b);
}

double cp_erlang_b(int n, double a)
{
    if (n < 0 || !(a >= 0))
        return NAN;
    double b = 1;
    for (int k = 1; k <= n; k++)
        b = next_b(b, k, a);
    return b;
}

double cp_erlang_c(int n, double a)
{
    double b = cp_erlang_b(n, a);
    if (isnan(b))
        return NAN;
    return a >= n ? 1 : b / (1 - a / n * (1 - b));
}

int cp_erlang_servers_for_loss(double a, double share)
{
    if (!(a >= 0) || isinf(a) || !(share > 0 && share < 1))
        return -1;
    int n = 0;
    double b = 1;
    while (b > share) {
        n++;
        b = next_b(b, n, a);
    }
    return n;
}

int cp_erlang_newsvendor(double a, double break_even, int n_max)
{
    double b = 1;
    for (int n = 1; n <= n_max; n++) {
        double fewer = b;
        b = next_b(b, n, a);
        if (!(a * (fewer - b) >= break_even))
            return n - 1;
    }
    return n_max;
}
