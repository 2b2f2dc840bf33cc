/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_mean.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { RARE_COUNT_MAX = 1000 };

struct cp_pool_mean cp_pool_mean_of(const double *values, int n, double confidence)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += values[i];
    double mean = sum / n;
    double squares = 0;
    for (int i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    double se = sqrt(squares / (n - 1) / n);
    double half = se * gsl_cdf_tdist_Pinv(0.5 + confidence / 2, n - 1);
    return (struct cp_pool_mean){mean, se, mean - half, mean + half};
}

/* From RARE_COUNT_MAX on the t interval says it all, and the chi-square inverse loses its digits.
 */
void cp_pool_mean_widen(struct cp_pool_mean *share, uint64_t count, uint64_t of, double confidence)
{
    if (of == 0 || count > RARE_COUNT_MAX)
        return;
    double tail = (1 - confidence) / 2;
    double low = count ? gsl_cdf_chisq_Pinv(tail, 2.0 * (double)count) / 2 : 0;
    double high = gsl_cdf_chisq_Qinv(tail, 2.0 * (double)count + 2) / 2;
    share->low = fmax(0, fmin(share->low, low / (double)of));
    share->high = fmin(1, fmax(share->high, high / (double)of));
}
