/* SPDX-License-Identifier: GPL-3.0-or-later
 * The solver below quantile_regression.h: minimises
 *     g . b + sum_i w_i rho_q(y_i - x_i . b)     subject to b_k >= 0 where asked,
 * over a table of rows and a fixed linear part g (rows whose side of the fit is known: they pull
 * with constant force and need not be looked at).
 *
 * The regressors are stored less a centre: then a slope and the intercept do not move the fit in
 * opposite ways, and what an edge does is seen from its numbers. Coefficients are given for the
 * regressors as they were.
 *
 * A vertex is the meeting point of p rows, its basis. The coefficients themselves serve as rows
 * too, of x = unit vector and y = 0: with no weight they give the start b = 0 and leave the basis
 * for good; with an infinite weight on their negative side they are the bounds. So start, bounds
 * and rank need no code of their own.
 *
 * Many rows may meet in one vertex: the walk could turn there for long, or for ever. When it has
 * not moved for some steps every y is moved by a random amount far below its digits that count;
 * the basis that is best then is best for the y as they are, since what makes it so are the sides
 * of the rows, and only rows on the fit owe theirs to the move (perturbation method; Charnes 1952).
 */
#ifndef COLDPROF_MODEL_STAT_VERTEX_DESCENT_H
#define COLDPROF_MODEL_STAT_VERTEX_DESCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/base/error.h"

enum {
    CP_VERTEX_COEFFICIENTS_MAX = 5,
    CP_VERTEX_COLUMNS_MAX = CP_VERTEX_COEFFICIENTS_MAX + 1, /* y, weight, x_1 ... */
};

/* Rows gathered from somewhere: finite numbers, weights > 0. Column 0 is y, 1 the weight, then the
 * regressors less their centre; the intercept's column of ones is not stored. */
struct cp_vertex_table {
    size_t n, capacity;
    size_t n_coefficients; /* 1 + regressors */
    double *columns[CP_VERTEX_COLUMNS_MAX];
    size_t *ids;                               /* the caller's name of each row, ascending */
    double centre[CP_VERTEX_COEFFICIENTS_MAX]; /* centre[k] of regressor k, from 1 */
    double linear[CP_VERTEX_COEFFICIENTS_MAX]; /* in terms of the centred regressors */
    double total_weight;                       /* of the rows and of those in the linear part */
};

enum cp_code cp_vertex_table_reserve(struct cp_vertex_table *table, size_t capacity);
/* Forgets the rows, keeps the memory. */
void cp_vertex_table_reset(struct cp_vertex_table *table);
void cp_vertex_table_clear(struct cp_vertex_table *table);

/* A basis position holds a row's id, or a coefficient: CP_VERTEX_AXIS + k. */
#define CP_VERTEX_AXIS (SIZE_MAX - CP_VERTEX_COEFFICIENTS_MAX)

struct cp_vertex {
    size_t basis[CP_VERTEX_COEFFICIENTS_MAX];
    double b[CP_VERTEX_COEFFICIENTS_MAX];
    size_t rank;    /* coefficients that the rows determine; the others are 0 */
    size_t n_steps; /* counted on from what it was */
};

/* b = 0, on all axes. */
void cp_vertex_init(struct cp_vertex *vertex, size_t n_coefficients);

/* From `vertex` to a lowest one. A basis row that the table does not hold starts at its axis.
 * CP_ENODATA: the loss falls without end (the linear part outweighs the rows); CP_ENUMERIC: no end
 * within the limit of steps; CP_ENOMEM. */
enum cp_code cp_vertex_descend(const struct cp_vertex_table *table, double q,
                               const bool *is_non_negative, struct cp_vertex *vertex);

#endif
