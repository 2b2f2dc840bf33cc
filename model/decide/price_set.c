/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/decide/price_set.h"

#include "model/base/view.h"

#include <math.h>
#include <string.h>

static const char *const architectures[CP_PRICE_ARCHITECTURES] = {"x86_64", "arm64"};

static const struct cp_price_field fields[] = {
    {"request_usd", "request", "request", offsetof(struct cp_price_book, request_usd)},
    {"provisioned_concurrency_usd_per_gb_s", "provisioned concurrency, kept ready", "GB-s",
     offsetof(struct cp_price_book, provisioned_concurrency_usd_per_gb_s)},
    {"provisioned_duration_usd_per_gb_s", "duration on provisioned concurrency", "GB-s",
     offsetof(struct cp_price_book, provisioned_duration_usd_per_gb_s)},
    {"storage_usd_per_gb_s", "ephemeral storage above 512 MB", "GB-s",
     offsetof(struct cp_price_book, storage_usd_per_gb_s)},
    {"streaming_usd_per_gb", "streamed response above 6 MB", "GB",
     offsetof(struct cp_price_book, streaming_usd_per_gb)},
    {"snapshot_cache_usd_per_gb_s", "SnapStart cache", "GB-s",
     offsetof(struct cp_price_book, snapshot_cache_usd_per_gb_s)},
    {"snapshot_restore_usd_per_gb", "SnapStart restore", "GB",
     offsetof(struct cp_price_book, snapshot_restore_usd_per_gb)},
    {NULL, NULL, NULL, 0},
};

const struct cp_price_field *cp_price_fields(void)
{
    return fields;
}

double cp_price_field_usd(const struct cp_price_book *book, const struct cp_price_field *field)
{
    double usd;
    memcpy(&usd, (const char *)book + field->offset, sizeof usd);
    return usd;
}

void cp_price_field_set(struct cp_price_book *book, const struct cp_price_field *field, double usd)
{
    memcpy((char *)book + field->offset, &usd, sizeof usd);
}

void cp_price_set_init(struct cp_price_set *set, const char *region, const char *date,
                       const char *source)
{
    *set = (struct cp_price_set){0};
    cp_view_copy_cut(cp_view_of(region), set->region, sizeof set->region);
    cp_view_copy_cut(cp_view_of(date), set->date, sizeof set->date);
    cp_view_copy_cut(cp_view_of(source), set->source, sizeof set->source);
}

const struct cp_price_book *cp_price_set_find(const struct cp_price_set *set,
                                              const char *architecture)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->books[i].architecture, architecture) == 0)
            return &set->books[i];
    }
    return NULL;
}

struct cp_price_book *cp_price_set_book(struct cp_price_set *set, const char *architecture,
                                        enum cp_price_grade grade)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->books[i].architecture, architecture) == 0)
            return &set->books[i];
    }
    for (size_t i = 0; i < CP_PRICE_ARCHITECTURES; i++) {
        if (strcmp(architectures[i], architecture) != 0)
            continue;
        struct cp_price_book *book = &set->books[set->n++];
        *book = (struct cp_price_book){.region = set->region,
                                       .architecture = architectures[i],
                                       .date = set->date,
                                       .source = set->source,
                                       .grade = grade};
        for (const struct cp_price_field *f = fields; f->key; f++)
            cp_price_field_set(book, f, NAN);
        return book;
    }
    return NULL;
}

static bool is_price(double usd)
{
    return isfinite(usd) && usd >= 0;
}

enum cp_code cp_price_book_check(const struct cp_price_book *book, struct cp_error *err)
{
    for (const struct cp_price_field *f = fields; f->key; f++) {
        double usd = cp_price_field_usd(book, f);
        if (!isnan(usd) && !is_price(usd))
            return cp_fail(err, CP_EFORMAT, "the price of '%s' for %s is no number of USD", f->key,
                           book->architecture);
    }
    if (isnan(book->request_usd))
        return cp_fail(err, CP_EFORMAT, "there is no price of a request for %s",
                       book->architecture);
    size_t n = cp_price_n_tiers(book);
    if (n == 0)
        return cp_fail(err, CP_EFORMAT, "there is no price of a GB-second on demand for %s",
                       book->architecture);
    for (size_t i = 0; i < n; i++) {
        bool is_ascending = i == 0 ? book->duration[0].from_gb_s == 0
                                   : book->duration[i].from_gb_s > book->duration[i - 1].from_gb_s;
        if (!is_ascending || !is_price(book->duration[i].usd_per_gb_s) ||
            !isfinite(book->duration[i].from_gb_s))
            return cp_fail(err, CP_EFORMAT,
                           "the tiers of GB-seconds on demand for %s do not ascend from 0",
                           book->architecture);
    }
    return CP_OK;
}
