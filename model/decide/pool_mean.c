/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/pool_mean.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { RARE_COUNT_MAX = 1000 };

struct cp_pool_mean cp_pool_mean_of_share(const double *part, const double *whole, int n,
                                          int n_strata, double confidence)
{
    double parts = 0, wholes = 0;
    for (int i = 0; i < n; i++) {
        parts += part[i];
        wholes += whole[i];
    }
    if (!(wholes > 0))
        return (struct cp_pool_mean){0};
    int strata = n_strata > 0 && n % n_strata == 0 && n / n_strata >= 2 ? n_strata : 1;
    int each = n / strata;
    double share = parts / wholes;
    double variance = 0; /* of the sum of part - share whole */
    for (int s = 0; s < strata; s++) {
        double sum = 0, squares = 0;
        for (int i = s; i < n; i += strata)
            sum += part[i] - share * whole[i];
        for (int i = s; i < n; i += strata) {
            double off = part[i] - share * whole[i] - sum / each;
            squares += off * off;
        }
        variance += squares * each / (each - 1);
    }
    double se = sqrt(variance) / wholes;
    double half = se * gsl_cdf_tdist_Pinv(0.5 + confidence / 2, n - strata);
    return (struct cp_pool_mean){share, se, share - half, share + half};
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
