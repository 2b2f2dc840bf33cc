# SPDX-License-Identifier: GPL-3.0-or-later
"""Estimates and intervals of scripts/bench, and how they are printed."""
import math


def quantile_interval(values, q):
    """(quantile of type 7, low, high): exact order-statistic interval, 95 %; nan where n is too small."""
    x = sorted(values)
    n = len(x)
    if n == 0:
        return math.nan, math.nan, math.nan
    below = [0.0]  # P(fewer than k of n lie below the quantile)
    for k in range(n + 1):
        below.append(below[-1] + math.comb(n, k) * q ** k * (1 - q) ** (n - k))
    low = max((k for k in range(1, n + 1) if below[k] <= 0.025), default=None)
    high = min((k for k in range(1, n + 1) if below[k] >= 0.975), default=None)
    at = q * (n - 1)
    i = min(int(at), n - 1)
    estimate = x[i] + (at - i) * (x[min(i + 1, n - 1)] - x[i])
    return estimate, x[low - 1] if low else math.nan, x[high - 1] if high else math.nan


def median_interval(values):
    return quantile_interval(values, 0.5)


def show(values, unit="ms"):
    m, low, high = median_interval(values)
    return f"{m:.3g}{unit and ' ' + unit} [{low:.3g}, {high:.3g}] n={len(values)}"


def digits(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"
