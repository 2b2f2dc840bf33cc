/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laws of the idle lifetime, fitted by maximum likelihood to probes that say only cold or warm
 * (current-status data): at interval g, n_cold ~ Bin(n, F(g)). One row of a const table each:
 *
 *   halving       P(warm at g) = (1 - eps) (1/2)^floor(g / T)
 *   step          P(warm at g) = (1 - eps) r^floor(g / T)
 *   weibull       P(warm at g) = (1 - eps) exp(-(g / scale)^shape)             cloglog on log g
 *   log-logistic  P(warm at g) = (1 - eps) / (1 + (g / median)^shape)          logit on log g
 *   log-normal    P(warm at g) = (1 - eps) (1 - Phi(log(g / median) / sdlog))  probit on log g
 *   logistic      P(warm at g) = (1 - eps) / (1 + exp((g - median) / scale))     logit on g
 *   exponential   P(warm at g) = (1 - eps) exp(-g / scale)
 *
 * Step laws: Copik et al., "SeBS" (Middleware 2021), T = 380 s and r = 1/2 for concurrent batches
 * on AWS in 2020. T is measured, never assumed: the likelihood is constant between the break points
 * g/k, so all pieces are scanned and the best is reported as an interval (t_low_ms, t_high_ms]; eps
 * and r solve a concave problem in each (Newton). T below the smallest interval / 16 is not looked
 * for: that many steps are a smooth law. r = 0 is one threshold that nothing outlives; T above the
 * longest interval means that no step was seen (then r is NAN). The interval of T is that of the
 * pieces within a likelihood ratio of chi-squared(1).
 * Smooth laws: Fisher scoring; parameters, standard errors (expected information) and
 * profile-likelihood intervals are those of R's glm and MASS::confint.
 * eps is the floor: even environments idle for a moment are gone sometimes. It is estimated in
 * every row unless the caller fixes it, and left out where its estimate is 0.
 *
 * Assumptions: independent probes; F does not decrease. For batches the estimates hold and the
 * intervals do not: idle_survival.h resamples batches. Smallest valid n: one warm probe after a
 * longer interval than a cold one (overlap; Albert & Anderson, Biometrika 71, 1984). Without it the
 * MLE of a smooth law does not exist, CP_ENUMERIC, and the lifetime is only known to be a threshold
 * in (last warm, first cold]: the step law says so with r = 0. CP_ENODATA: no probe. CP_EINVAL:
 * counts or options that cannot be. Pure, no allocation, no ownership.
 */
#ifndef COLDPROF_MODEL_STAT_IDLE_LAW_H
#define COLDPROF_MODEL_STAT_IDLE_LAW_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/stat/idle_batch.h"
#include "model/stat/parameter.h"

enum cp_idle_law_name {
    CP_IDLE_LAW_HALVING,
    CP_IDLE_LAW_STEP,
    CP_IDLE_LAW_WEIBULL,
    CP_IDLE_LAW_LOG_LOGISTIC,
    CP_IDLE_LAW_LOG_NORMAL,
    CP_IDLE_LAW_LOGISTIC,
    CP_IDLE_LAW_EXPONENTIAL,
    CP_IDLE_LAWS,
    CP_IDLE_LAW_NONE = CP_IDLE_LAWS /* the NPMLE itself */
};

enum {
    CP_IDLE_POINTS_MAX = 64,      /* distinct intervals */
    CP_IDLE_LAW_SMOOTHS_BELOW = 4 /* distinct intervals from which on no smooth law is chosen */
};

struct cp_idle_law_options {
    double floor;      /* eps; NAN: estimated; 0: none */
    double confidence; /* of intervals; 0: none are computed */
    size_t n_batches;  /* n of the AICc; 0: every probe is one */
    double dispersion; /* cp_idle_dispersion; intervals and AICc allow for more than 1; NAN: 1 */
};
/* Floor estimated, no intervals, independent probes. */
struct cp_idle_law_options cp_idle_law_defaults(void);

/* An estimate with its standard error; NAN where there is none. */
struct cp_idle_estimate {
    struct cp_interval at;
    double se;
};

/* One row, fitted. */
struct cp_idle_law_fit {
    enum cp_code status; /* CP_OK, or why there are no estimates: see above */
    enum cp_idle_law_name law;
    double log_likelihood; /* without binomial coefficients; CP_ENUMERIC: NAN */
    double aicc; /* Akaike 1973, Hurvich & Tsai 1989, of the log-likelihood / dispersion above 1;
                    INFINITY: too few batches for so many parameters */
    size_t n_parameters;
    struct cp_idle_estimate time_ms; /* T (middle of its piece), scale or median */
    struct cp_idle_estimate
        form; /* r, shape, sdlog or scale (ms); fixed at 1/2 (halving), 1 (exponential) */
    struct cp_idle_estimate floor; /* eps */
    double t_low_ms, t_high_ms;    /* step laws: the likelihood is one for all T in (low, high];
                                      INFINITY: no step up to the longest interval */
    /* Smooth laws: eta = b0 + b1 log(g / 1 s), where the link makes F of eta; logistic: b1 g / 1 s
     */
    struct cp_idle_estimate b0, b1;
    double confidence;           /* of the intervals; 0: none */
    const char *interval_method; /* "profile likelihood", "batch bootstrap", "" */
};

/* `counts`: any order; those of one interval are added up. CP_ELIMIT: more than CP_IDLE_POINTS_MAX
 * distinct intervals. */
void cp_idle_law_fit(enum cp_idle_law_name law, const struct cp_idle_batch *counts, size_t n,
                     const struct cp_idle_law_options *options, struct cp_idle_law_fit *out);

/* All rows, and which of them says most with least.
 * Smooth survival is wrong for eviction at fixed times (by 670 and more in log-likelihood on nine
 * AWS data sets), so with CP_IDLE_LAW_SMOOTHS_BELOW distinct intervals or more only the step laws
 * compete with the NPMLE, whose AICc counts its distinct values; with fewer all rows do, and a
 * smooth one that wins is labelled as smoothing. */
struct cp_idle_laws {
    enum cp_code status; /* of the counts: CP_OK, CP_ENODATA, CP_EINVAL, CP_ELIMIT */
    struct cp_idle_law_fit fits[CP_IDLE_LAWS];
    enum cp_idle_law_name choice; /* smallest AICc; CP_IDLE_LAW_NONE: the NPMLE */
    bool is_smoothing;            /* the choice is a smooth law, for want of intervals */
    double npmle_log_likelihood, npmle_aicc;
    size_t n_npmle_values;           /* distinct values of the NPMLE */
    double saturated_log_likelihood; /* each interval its own share */
    size_t n_gaps;                   /* distinct intervals */
};
void cp_idle_laws_fit(const struct cp_idle_batch *counts, size_t n,
                      const struct cp_idle_law_options *options, struct cp_idle_laws *out);

/* F(gap) of the fitted law, beyond the data too. NAN when it has no estimates or gap is NAN. */
double cp_idle_law_cold_probability(const struct cp_idle_law_fit *fit, double gap_ms);
/* A lifetime by inversion of F, ms: 0 for the share eps, INFINITY for what never goes. */
double cp_idle_law_lifetime_ms(const struct cp_idle_law_fit *fit, struct cp_rng *rng);

bool cp_idle_law_is_step(enum cp_idle_law_name law); /* halving and step */
/* "step", "weibull", ...; "npmle". */
const char *cp_idle_law_text(enum cp_idle_law_name law);
/* As above; of a fit without floor without eps. */
const char *cp_idle_law_formula(const struct cp_idle_law_fit *fit);
size_t cp_idle_law_parameters(const struct cp_idle_law_fit *fit,
                              struct cp_parameter out[CP_PARAMETERS_MAX]);

#endif
