/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/stat/vertex_descent.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "model/base/rng.h"

enum {
    P_MAX = CP_VERTEX_COEFFICIENTS_MAX,
    BLOCK = 256,     /* rows looked at together: they stay in the first-level cache */
    STALLED = 20,    /* steps without movement after which y is perturbed */
    STEPS_MIN = 1000 /* limit of steps, and one more per row */
};

static const double slope_tolerance = 1e-12; /* of the pull of all rows together */
static const double tiny_pivot = 1e-13;      /* of the largest possible one */
static const double perturbation = 1e-12;    /* of the largest |y|: well above rounding */

enum cp_code cp_vertex_table_reserve(struct cp_vertex_table *table, size_t capacity)
{
    if (capacity <= table->capacity)
        return CP_OK;
    if (capacity > SIZE_MAX / sizeof(double))
        return CP_ENOMEM;
    for (size_t c = 0; c <= table->n_coefficients; c++) {
        double *column = realloc(table->columns[c], capacity * sizeof *column);
        if (!column)
            return CP_ENOMEM;
        table->columns[c] = column;
    }
    size_t *ids = realloc(table->ids, capacity * sizeof *ids);
    if (!ids)
        return CP_ENOMEM;
    table->ids = ids;
    table->capacity = capacity;
    return CP_OK;
}

void cp_vertex_table_reset(struct cp_vertex_table *table)
{
    table->n = 0;
    table->total_weight = 0;
    for (size_t k = 0; k < P_MAX; k++)
        table->linear[k] = 0;
}

void cp_vertex_table_clear(struct cp_vertex_table *table)
{
    for (size_t c = 0; c < CP_VERTEX_COLUMNS_MAX; c++)
        free(table->columns[c]);
    free(table->ids);
    *table = (struct cp_vertex_table){0};
}

void cp_vertex_init(struct cp_vertex *vertex, size_t n_coefficients)
{
    *vertex = (struct cp_vertex){0};
    for (size_t k = 0; k < n_coefficients; k++)
        vertex->basis[k] = CP_VERTEX_AXIS + k;
}

/* A row that the walk along an edge meets. */
struct crossing {
    double t;    /* how far along */
    double mass; /* what the slope gains there */
    size_t row;
};

/* Rows below n are the table's, row n + k is the axis of coefficient k. */
struct descent {
    const struct cp_vertex_table *table;
    double q;
    const bool *is_non_negative;
    size_t n, p;
    const double *y;   /* the table's, or: */
    double *perturbed; /* owned; NULL until the walk stalls */
    size_t basis[P_MAX];
    double inverse[P_MAX][P_MAX]; /* column j: the edge along which the fit rises at basis row j */
    double b[P_MAX];
    double gradient[P_MAX]; /* of the rows outside the basis and the linear part */
    double mean_x[P_MAX];   /* mean and largest |x|: what an edge is measured by */
    double largest_x[P_MAX];
    signed char *sides; /* of each row: 1 above the fit, -1 below, 0 in the basis. A row on the fit
                           keeps the side it was given last. */
    struct crossing *crossings;
    bool is_flat[P_MAX][2]; /* no row is met along this edge (up, down) */
    size_t n_stalled;
};

struct edge {
    size_t position; /* in the basis; n_coefficients for none */
    int sign;        /* 1: the fit rises at the row released */
    double slope;    /* of the loss */
    double length;   /* mean |movement of the fit| per unit: slopes are compared per length */
    double direction[P_MAX];
};

/* The intercept is b_0 less what the slopes make of the centre. Without a bound its axis only
 * starts the walk, and may as well be that of b_0. */
static double axis_x(const struct descent *d, size_t axis, size_t k)
{
    return axis == 0 && k > 0 && d->is_non_negative[0] ? -d->table->centre[k] : axis == k;
}

static double x_of(const struct descent *d, size_t row, size_t k)
{
    if (row >= d->n)
        return axis_x(d, row - d->n, k);
    return k == 0 ? 1 : d->table->columns[k + 1][row];
}

static double y_of(const struct descent *d, size_t row)
{
    return row < d->n ? d->y[row] : 0;
}

static double weight_of(const struct descent *d, size_t row)
{
    return d->table->columns[1][row];
}

/* Inverse of the basis' x by Gauss-Jordan with row pivoting, and the vertex it gives. */
static enum cp_code solve_basis(struct descent *d)
{
    double m[P_MAX][2 * P_MAX] = {{0}};
    for (size_t j = 0; j < d->p; j++) {
        for (size_t k = 0; k < d->p; k++)
            m[j][k] = x_of(d, d->basis[j], k);
        m[j][d->p + j] = 1;
    }
    for (size_t c = 0; c < d->p; c++) {
        size_t best = c;
        for (size_t j = c + 1; j < d->p; j++)
            best = fabs(m[j][c]) > fabs(m[best][c]) ? j : best;
        if (!(fabs(m[best][c]) > 0))
            return CP_ENUMERIC;
        for (size_t k = 0; k < 2 * d->p; k++) {
            double swap = m[c][k];
            m[c][k] = m[best][k];
            m[best][k] = swap;
        }
        double pivot = m[c][c];
        for (size_t k = 0; k < 2 * d->p; k++)
            m[c][k] /= pivot;
        for (size_t j = 0; j < d->p; j++) {
            double factor = j == c ? 0 : m[j][c];
            for (size_t k = 0; k < 2 * d->p && factor != 0; k++)
                m[j][k] -= factor * m[c][k];
        }
    }
    for (size_t k = 0; k < d->p; k++) {
        d->b[k] = 0;
        for (size_t j = 0; j < d->p; j++) {
            d->inverse[k][j] = m[k][d->p + j];
            d->b[k] += d->inverse[k][j] * y_of(d, d->basis[j]);
        }
    }
    return CP_OK;
}

/* c . x of rows from .. from + m. */
static void products(const struct descent *d, const double *c, size_t from, size_t m, double *out)
{
    for (size_t i = 0; i < m; i++)
        out[i] = c[0];
    for (size_t k = 1; k < d->p; k++) {
        const double *x = d->table->columns[k + 1] + from;
        for (size_t i = 0; i < m; i++)
            out[i] += c[k] * x[i];
    }
}

/* Takes a row's pull into the gradient (by = 1) or out of it (-1). */
static void pull(struct descent *d, size_t row, int side, double by)
{
    if (row >= d->n)
        return;
    double psi = weight_of(d, row) * (side > 0 ? d->q : d->q - 1);
    for (size_t k = 0; k < d->p; k++)
        d->gradient[k] -= by * psi * x_of(d, row, k);
}

static void sum_gradient(struct descent *d)
{
    for (size_t k = 0; k < d->p; k++)
        d->gradient[k] = d->table->linear[k];
    for (size_t from = 0; from < d->n; from += BLOCK) {
        size_t m = d->n - from < BLOCK ? d->n - from : BLOCK;
        const double *w = d->table->columns[1] + from;
        const signed char *side = d->sides + from;
        double psi[BLOCK];
        double sum = 0;
        for (size_t i = 0; i < m; i++) {
            psi[i] = w[i] * (side[i] == 0 ? 0 : side[i] > 0 ? d->q : d->q - 1);
            sum += psi[i];
        }
        d->gradient[0] -= sum;
        for (size_t k = 1; k < d->p; k++) {
            const double *x = d->table->columns[k + 1] + from;
            sum = 0;
            for (size_t i = 0; i < m; i++)
                sum += psi[i] * x[i];
            d->gradient[k] -= sum;
        }
    }
}

static void measure_columns(struct descent *d)
{
    d->mean_x[0] = d->largest_x[0] = 1;
    for (size_t k = 1; k < d->p; k++) {
        double sum = 0;
        double largest = 0;
        for (size_t i = 0; i < d->n; i++) {
            double x = fabs(d->table->columns[k + 1][i]);
            sum += x;
            largest = x > largest ? x : largest;
        }
        d->mean_x[k] = d->n > 0 && sum > 0 ? sum / (double)d->n : 1;
        /* equal numbers less their mean are not quite 0: the centre says what counts as 0 */
        largest = fmax(largest, 0.1 * fabs(d->table->centre[k]));
        d->largest_x[k] = largest > 0 ? largest : 1;
    }
}

static size_t find_row(const struct cp_vertex_table *table, size_t id)
{
    size_t low = 0;
    size_t high = table->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->n && table->ids[low] == id ? low : SIZE_MAX;
}

/* Sides of all rows, and the gradient, at the vertex. */
static void take_sides(struct descent *d)
{
    for (size_t from = 0; from < d->n; from += BLOCK) {
        size_t m = d->n - from < BLOCK ? d->n - from : BLOCK;
        double fit[BLOCK];
        products(d, d->b, from, m, fit);
        for (size_t i = 0; i < m; i++)
            d->sides[from + i] = d->y[from + i] >= fit[i] ? 1 : -1;
    }
    for (size_t j = 0; j < d->p; j++) {
        if (d->basis[j] < d->n)
            d->sides[d->basis[j]] = 0;
    }
    sum_gradient(d);
}

static enum cp_code begin(struct descent *d, const struct cp_vertex *vertex)
{
    for (size_t j = 0; j < d->p; j++) {
        bool is_axis = vertex->basis[j] >= CP_VERTEX_AXIS;
        d->basis[j] = is_axis ? d->n + (vertex->basis[j] - CP_VERTEX_AXIS)
                              : find_row(d->table, vertex->basis[j]);
        if (d->basis[j] == SIZE_MAX)
            return CP_ENOTFOUND;
    }
    enum cp_code status = solve_basis(d);
    if (status == CP_OK)
        take_sides(d);
    return status;
}

/* Every y by its own amount: no more than p rows then meet in one vertex. */
static enum cp_code perturb(struct descent *d)
{
    struct cp_rng rng;
    double largest = 0;
    d->perturbed = malloc(d->n * sizeof *d->perturbed);
    if (!d->perturbed)
        return CP_ENOMEM;
    for (size_t i = 0; i < d->n; i++)
        largest = fmax(largest, fabs(d->y[i]));
    cp_rng_init(&rng, 1, 0);
    for (size_t i = 0; i < d->n; i++)
        d->perturbed[i] = d->y[i] + perturbation * largest * cp_rng_uniform(&rng);
    d->y = d->perturbed;
    enum cp_code status = solve_basis(d);
    if (status == CP_OK)
        take_sides(d);
    return status;
}

/* What releasing basis row j costs per unit when the fit rises (sign 1) or falls there. */
static double release_cost(const struct descent *d, size_t row, int sign)
{
    if (row < d->n)
        return weight_of(d, row) * (sign > 0 ? 1 - d->q : d->q);
    return sign < 0 && d->is_non_negative[row - d->n] ? INFINITY : 0;
}

static struct edge edge_of(const struct descent *d, size_t j, int sign)
{
    struct edge e = {.position = j, .sign = sign};
    for (size_t k = 0; k < d->p; k++) {
        e.direction[k] = sign * d->inverse[k][j];
        e.slope += d->gradient[k] * e.direction[k];
        e.length += fabs(e.direction[k]) * d->mean_x[k];
    }
    e.slope += release_cost(d, d->basis[j], sign);
    return e;
}

static bool is_free_axis(const struct descent *d, size_t row)
{
    return row >= d->n && !d->is_non_negative[row - d->n];
}

/* The edge of steepest fall per length. Axes without a bound leave first, even where the loss is
 * level: a row that determines the coefficient shall take the place. */
static struct edge best_edge(struct descent *d)
{
    struct edge best = {.position = d->p};
    double best_rate = -slope_tolerance;
    for (size_t j = 0; j < d->p; j++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            struct edge e = edge_of(d, j, sign);
            double rate = e.slope / (e.length * d->table->total_weight);
            if (d->is_flat[j][sign > 0])
                continue;
            if (is_free_axis(d, d->basis[j]) && rate <= slope_tolerance)
                rate -= 2;
            if (rate < best_rate) {
                best = e;
                best_rate = rate;
            }
        }
    }
    return best;
}

static double least_pivot(const struct descent *d, const double *direction)
{
    double sum = 0;
    for (size_t k = 0; k < d->p; k++)
        sum += fabs(direction[k]) * d->largest_x[k];
    return tiny_pivot * sum;
}

/* Rows met when b moves along `direction`, in no order. */
static size_t find_crossings(const struct descent *d, const double *direction)
{
    double least = least_pivot(d, direction);
    size_t n = 0;
    for (size_t from = 0; from < d->n; from += BLOCK) {
        size_t m = d->n - from < BLOCK ? d->n - from : BLOCK;
        const double *y = d->y + from;
        const double *w = d->table->columns[1] + from;
        const signed char *side = d->sides + from;
        double gap[BLOCK];
        double rise[BLOCK];
        products(d, d->b, from, m, gap);
        products(d, direction, from, m, rise);
        for (size_t i = 0; i < m; i++) {
            rise[i] *= side[i]; /* how fast the row comes nearer */
            gap[i] = side[i] * (y[i] - gap[i]);
            gap[i] = (gap[i] > 0 ? gap[i] : 0) / rise[i]; /* not fmax, which is a call */
        }
        for (size_t i = 0; i < m; i++) {
            d->crossings[n] = (struct crossing){gap[i], w[i] * rise[i], from + i};
            n += rise[i] > least;
        }
    }
    for (size_t k = 0; k < d->p; k++) {
        double value = 0; /* of the coefficient, and how fast it falls */
        double fall = 0;
        for (size_t c = 0; c < d->p; c++) {
            value += axis_x(d, k, c) * d->b[c];
            fall -= axis_x(d, k, c) * direction[c];
        }
        bool is_bound = d->is_non_negative[k] && fall > 0;
        for (size_t j = 0; j < d->p; j++)
            is_bound = is_bound && d->basis[j] != d->n + k;
        if (is_bound)
            d->crossings[n++] = (struct crossing){fmax(value, 0) / fall, INFINITY, d->n + k};
    }
    return n;
}

static void swap(struct crossing *a, struct crossing *b)
{
    struct crossing c = *a;
    *a = *b;
    *b = c;
}

static double median_of_three(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Weighted quickselect: the place of the crossing at which the slope stops being negative; all
 * crossings before it are passed. n when it never does. */
static size_t last_crossing(struct crossing *c, size_t n, double slope)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        double pivot = median_of_three(c[low].t, c[low + (high - low) / 2].t, c[high - 1].t);
        size_t less = low; /* [low, less) < pivot, [less, i) equal, [more, high) > pivot */
        size_t more = high;
        double mass = 0;
        for (size_t i = low; i < more;) {
            if (c[i].t < pivot) {
                mass += c[i].mass;
                swap(&c[i++], &c[less++]);
            } else if (c[i].t > pivot) {
                swap(&c[i], &c[--more]);
            } else {
                i++;
            }
        }
        if (less > low && slope + mass >= 0) {
            high = less;
            continue;
        }
        slope += mass;
        for (size_t i = less; i < more; i++) {
            slope += c[i].mass;
            if (slope >= 0)
                return i;
        }
        low = more;
        if (low == high && high < n)
            return high - 1; /* the sums rounded differently: the last of these it is */
    }
    return n;
}

/* The row released takes a side, those passed change theirs, the last one met joins the basis. */
static enum cp_code pivot(struct descent *d, const struct edge *e, size_t last)
{
    size_t out = d->basis[e->position];
    for (size_t i = 0; i < last; i++) {
        size_t row = d->crossings[i].row;
        pull(d, row, d->sides[row], -1);
        d->sides[row] = (signed char)-d->sides[row];
        pull(d, row, d->sides[row], 1);
    }
    size_t in = d->crossings[last].row;
    if (in < d->n) {
        pull(d, in, d->sides[in], -1);
        d->sides[in] = 0;
    }
    if (out < d->n) {
        d->sides[out] = (signed char)-e->sign;
        pull(d, out, -e->sign, 1);
    }
    d->basis[e->position] = in;
    for (size_t j = 0; j < d->p; j++)
        d->is_flat[j][0] = d->is_flat[j][1] = false;
    d->n_stalled = d->crossings[last].t > 0 ? 0 : d->n_stalled + 1;
    return solve_basis(d);
}

static enum cp_code walk(struct descent *d, size_t *n_steps)
{
    bool is_fresh = true; /* the gradient has been summed since the last step */
    for (size_t limit = STEPS_MIN + d->n; limit > 0; limit--) {
        struct edge e = best_edge(d);
        if (e.position == d->p) {
            if (is_fresh)
                return CP_OK;
            sum_gradient(d);
            is_fresh = true;
            continue;
        }
        size_t n = find_crossings(d, e.direction);
        size_t last = last_crossing(d->crossings, n, e.slope);
        bool is_level = e.slope >= -slope_tolerance * e.length * d->table->total_weight;
        if (last == n && is_level) {
            if (n == 0) {
                d->is_flat[e.position][e.sign > 0] = true;
                continue;
            }
            last = n - 1;
        }
        if (last == n)
            return CP_ENODATA;
        enum cp_code status = pivot(d, &e, last);
        if (status)
            return status;
        is_fresh = false;
        ++*n_steps;
        if (d->n_stalled > STALLED && !d->perturbed && (status = perturb(d)))
            return status;
    }
    return CP_ENUMERIC;
}

/* Whether any row tells how far to go along the edge of basis position j. */
static bool is_determined(const struct descent *d, size_t j)
{
    double direction[P_MAX];
    for (size_t k = 0; k < d->p; k++)
        direction[k] = d->inverse[k][j];
    double least = least_pivot(d, direction);
    for (size_t from = 0; from < d->n; from += BLOCK) {
        size_t m = d->n - from < BLOCK ? d->n - from : BLOCK;
        double rise[BLOCK];
        products(d, direction, from, m, rise);
        for (size_t i = 0; i < m; i++) {
            if (fabs(rise[i]) > least)
                return true;
        }
    }
    return false;
}

/* The result in the caller's terms. A coefficient on its axis is exactly 0. */
static void give_back(const struct descent *d, struct cp_vertex *vertex)
{
    vertex->rank = d->p;
    vertex->b[0] = d->b[0];
    for (size_t k = 1; k < d->p; k++) {
        vertex->b[k] = d->is_non_negative[k] ? fmax(d->b[k], 0) : d->b[k];
        vertex->b[0] -= vertex->b[k] * d->table->centre[k];
    }
    vertex->b[0] = d->is_non_negative[0] ? fmax(vertex->b[0], 0) : vertex->b[0];
    for (size_t j = 0; j < d->p; j++) {
        size_t row = d->basis[j];
        vertex->basis[j] = row < d->n ? d->table->ids[row] : CP_VERTEX_AXIS + (row - d->n);
        if (row >= d->n) {
            vertex->b[row - d->n] = 0;
            vertex->rank -= !is_determined(d, j);
        }
    }
}

enum cp_code cp_vertex_descend(const struct cp_vertex_table *table, double q,
                               const bool *is_non_negative, struct cp_vertex *vertex)
{
    size_t room = table->n + table->n_coefficients;
    struct descent d = {.table = table,
                        .q = q,
                        .is_non_negative = is_non_negative,
                        .n = table->n,
                        .p = table->n_coefficients,
                        .y = table->columns[0],
                        .sides = malloc(room),
                        .crossings = room <= SIZE_MAX / sizeof *d.crossings
                                         ? malloc(room * sizeof *d.crossings)
                                         : NULL};
    enum cp_code status = CP_ENOMEM;
    if (d.sides && d.crossings) {
        measure_columns(&d);
        status = begin(&d, vertex);
        if (status) {
            size_t n_steps = vertex->n_steps;
            cp_vertex_init(vertex, d.p);
            vertex->n_steps = n_steps;
            status = begin(&d, vertex);
        }
        if (status == CP_OK)
            status = walk(&d, &vertex->n_steps);
        d.y = table->columns[0];
        if (status == CP_OK && d.perturbed)
            status = solve_basis(&d);
        if (status == CP_OK)
            give_back(&d, vertex);
    }
    free(d.perturbed);
    free(d.crossings);
    free(d.sides);
    return status;
}
