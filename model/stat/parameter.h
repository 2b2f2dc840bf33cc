/* SPDX-License-Identifier: GPL-3.0-or-later
 * A number with its interval, and the form in which every fitted model shows its parameters.
 */
#ifndef COLDPROF_MODEL_STAT_PARAMETER_H
#define COLDPROF_MODEL_STAT_PARAMETER_H

#define CP_Z95 1.959963985 /* half-width of a 95 % interval in standard errors */

struct cp_interval {
    double value, low, high; /* NAN when not estimable */
};

/* One row of `coldprof fit` and of the method appendix. Texts are constants of the model. */
struct cp_parameter {
    const char *name; /* as in the model's formula: "a", "b", "meanlog" */
    const char *unit; /* "ms", "ms at 1,024 MB", "MB", "" */
    struct cp_interval estimate;
    double confidence;  /* of the interval; 0 when there is none */
    const char *method; /* how the interval was made: "percentile bootstrap"; "" without one */
};

enum { CP_PARAMETERS_MAX = 8 }; /* of one model */

#endif
