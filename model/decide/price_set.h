/* SPDX-License-Identifier: GPL-3.0-or-later
 * Price books of one Region that were read from somewhere, with their texts: what the built-in
 * table is for those that are compiled in. Pure; no allocation. The books borrow the texts of their
 * struct, so it must not be moved or copied.
 */
#ifndef COLDPROF_MODEL_PRICE_SET_H
#define COLDPROF_MODEL_PRICE_SET_H

#include "model/decide/price.h"

enum {
    CP_PRICE_REGION_MAX = 40,
    CP_PRICE_DATE_MAX = 40,
    CP_PRICE_SOURCE_MAX = 200,
    CP_PRICE_ARCHITECTURES = 2, /* x86_64, arm64 */
};

struct cp_price_set {
    char region[CP_PRICE_REGION_MAX];
    char date[CP_PRICE_DATE_MAX]; /* "2026-09-19"; later dates are greater texts */
    char source[CP_PRICE_SOURCE_MAX];
    struct cp_price_book books[CP_PRICE_ARCHITECTURES];
    size_t n;
};

/* Without books; texts that are too long are cut. */
void cp_price_set_init(struct cp_price_set *set, const char *region, const char *date,
                       const char *source);
/* The book of an architecture, made with every price unknown when there is none yet; NULL for what
 * is no architecture. */
struct cp_price_book *cp_price_set_book(struct cp_price_set *set, const char *architecture,
                                        enum cp_price_grade grade);
/* NULL: not there. */
const struct cp_price_book *cp_price_set_find(const struct cp_price_set *set,
                                              const char *architecture);
/* Prices requests and durations with tiers that ascend from 0, and no price is negative. CP_EFORMAT
 * names what is wrong. */
enum cp_code cp_price_book_check(const struct cp_price_book *book, struct cp_error *err);

/* Every single price of a book beside its tiers: for readers, writers and tables. Ends with a NULL
 * key. */
struct cp_price_field {
    const char *key;  /* "provisioned_concurrency_usd_per_gb_s" */
    const char *name; /* "provisioned concurrency, kept ready" */
    const char *unit; /* "GB-s" */
    size_t offset;    /* of the double in struct cp_price_book */
};
const struct cp_price_field *cp_price_fields(void);
double cp_price_field_usd(const struct cp_price_book *book, const struct cp_price_field *field);
void cp_price_field_set(struct cp_price_book *book, const struct cp_price_field *field, double usd);

#endif
