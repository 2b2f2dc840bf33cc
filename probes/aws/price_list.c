/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/price_list.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <string.h>

#include "model/base/datetime.h"
#include "probes/aws/json.h"

#define FREE_TIER_TERM "A429C66SYZ"

/* --- what a product is --- */

enum architectures { X86 = 1, ARM = 2, BOTH = 3 };

/* Key of a price (price_set.h); the one of on-demand duration has tiers. */
#define DURATION "duration"
static const struct {
    const char *group, *key;
} groups[] = {
    {"AWS-Lambda-Requests", "request_usd"},
    {"AWS-Lambda-Duration", DURATION},
    {"AWS-Lambda-Provisioned-Concurrency", "provisioned_concurrency_usd_per_gb_s"},
    {"AWS-Lambda-Duration-Provisioned", "provisioned_duration_usd_per_gb_s"},
    {"AWS-Lambda-Storage-Duration", "storage_usd_per_gb_s"},
    {"AWS-Lambda-Processed-Bytes", "streaming_usd_per_gb"},
};
/* The names of SnapStart's groups are not documented; its usage types end so. */
static const struct {
    const char *usage_end, *key;
} usages[] = {
    {"Lambda-SnapStart-Cached-GB-S", "snapshot_cache_usd_per_gb_s"},
    {"Lambda-SnapStart-Restored-GB", "snapshot_restore_usd_per_gb"},
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cp_json_member(object, name));
    return text ? text : "";
}

/* NULL: nothing that is priced here. */
static const char *key_of(const cJSON *attributes, enum architectures *architectures)
{
    const char *usage = text_of(attributes, "usagetype");
    *architectures = BOTH;
    for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++) {
        if (ends_with(usage, usages[i].usage_end))
            return usages[i].key;
    }
    struct cp_view group = cp_view_of(text_of(attributes, "group"));
    *architectures = X86;
    static const char suffix[] = "-ARM";
    const size_t cut = sizeof suffix - 1;
    if (ends_with(group.p, suffix)) {
        group.n -= cut;
        *architectures = ARM;
    }
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (cp_view_is(group, groups[i].group))
            return groups[i].key;
    }
    return NULL;
}

static bool is_free_tier(const cJSON *attributes)
{
    return strcmp(text_of(attributes, "location"), "Any") == 0 ||
           strncmp(text_of(attributes, "usagetype"), "Global-", 7) == 0;
}

/* --- what it costs --- */

/* Tiers of one offer, ascending; of a flat price one. */
struct offer {
    const char *date; /* effectiveDate */
    struct {
        double from, usd;
    } tiers[CP_PRICE_TIERS];
    size_t n;
};

/* Beyond the tiers that a book has room for, the last one goes on, which is dearer. */
static void add_tier(struct offer *o, double from, double usd)
{
    size_t at = o->n;
    while (at > 0 && o->tiers[at - 1].from > from)
        at--;
    if (at == CP_PRICE_TIERS)
        return;
    size_t n = o->n < CP_PRICE_TIERS ? o->n : CP_PRICE_TIERS - 1;
    memmove(&o->tiers[at + 1], &o->tiers[at], (n - at) * sizeof o->tiers[0]);
    o->tiers[at].from = from;
    o->tiers[at].usd = usd;
    o->n = n + 1;
}

static enum cp_code read_tier(const cJSON *dimension, struct offer *o, struct cp_error *err)
{
    const cJSON *prices = cp_json_member(dimension, "pricePerUnit");
    const cJSON *usd = cp_json_member(prices, "USD");
    double from = 0;
    double price = 0;
    if (prices && prices->child && !usd)
        return cp_fail(err, CP_EUNSUPPORTED,
                       "its prices are in %.8s, and coldprof counts in USD: write a price file and "
                       "give --prices FILE",
                       prices->child->string ? prices->child->string : "another currency");
    if (!cJSON_IsString(usd) || !cp_view_to_double(cp_view_of(usd->valuestring), &price) ||
        !cp_view_to_double(cp_view_of(text_of(dimension, "beginRange")), &from))
        return cp_fail(err, CP_EFORMAT, "'%.40s' has no beginRange or no price that is a number",
                       text_of(dimension, "rateCode"));
    add_tier(o, from, price);
    return CP_OK;
}

/* Free tiers are offers of their own, without any price. */
static bool is_free(const struct offer *o)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->tiers[i].usd > 0)
            return false;
    }
    return true;
}

/* Newer; of the same day the dearer, so that the order in the file does not matter. */
static bool is_better(const struct offer *a, const struct offer *b)
{
    int order = b->n ? strcmp(a->date, b->date) : 1;
    return order > 0 || (order == 0 && a->tiers[0].usd > b->tiers[0].usd);
}

/* Adds the offers of one product to the best that is known of its kind. */
static enum cp_code read_offers(const cJSON *offers, struct offer *best, struct cp_error *err)
{
    for (const cJSON *term = offers ? offers->child : NULL; term; term = term->next) {
        struct offer o = {.date = text_of(term, "effectiveDate")};
        const cJSON *dimensions = cp_json_member(term, "priceDimensions");
        if (strcmp(text_of(term, "offerTermCode"), FREE_TIER_TERM) == 0)
            continue;
        for (const cJSON *d = dimensions ? dimensions->child : NULL; d; d = d->next) {
            enum cp_code code = read_tier(d, &o, err);
            if (code)
                return code;
        }
        if (!is_free(&o) && is_better(&o, best))
            *best = o;
    }
    return CP_OK;
}

/* --- the list --- */

enum { KINDS_MAX = 2 * 8 };

/* Best offers by price and architecture. */
struct kinds {
    struct {
        const char *key;
        enum architectures architectures;
        struct offer best;
    } item[KINDS_MAX];
    size_t n;
};

static struct offer *best_of(struct kinds *kinds, const char *key, enum architectures architectures)
{
    for (size_t i = 0; i < kinds->n; i++) {
        if (strcmp(kinds->item[i].key, key) == 0 && kinds->item[i].architectures == architectures)
            return &kinds->item[i].best;
    }
    if (kinds->n == KINDS_MAX)
        return NULL;
    kinds->item[kinds->n].key = key;
    kinds->item[kinds->n].architectures = architectures;
    return &kinds->item[kinds->n++].best;
}

static enum cp_code read_products(const cJSON *list, const char *region, struct kinds *kinds,
                                  struct cp_error *err)
{
    const cJSON *products = cp_json_member(list, "products");
    const cJSON *on_demand = cp_json_member(cp_json_member(list, "terms"), "OnDemand");
    for (const cJSON *p = products ? products->child : NULL; p; p = p->next) {
        const cJSON *attributes = cp_json_member(p, "attributes");
        enum architectures architectures = BOTH;
        const char *key = key_of(attributes, &architectures);
        if (!key || is_free_tier(attributes) ||
            strcmp(text_of(attributes, "regionCode"), region) != 0)
            continue;
        struct offer *best = best_of(kinds, key, architectures);
        const char *sku = p->string ? p->string : "";
        enum cp_code code = best ? read_offers(cp_json_member(on_demand, sku), best, err) : CP_OK;
        if (code)
            return code;
    }
    return CP_OK;
}

static void set_price(struct cp_price_book *book, const char *key, const struct offer *o)
{
    for (size_t i = 0; i < o->n && strcmp(key, DURATION) == 0; i++) {
        book->duration[i].from_gb_s = o->tiers[i].from;
        book->duration[i].usd_per_gb_s = o->tiers[i].usd;
    }
    for (const struct cp_price_field *f = cp_price_fields(); o->n && f->key; f++) {
        if (strcmp(f->key, key) == 0)
            cp_price_field_set(book, f, o->tiers[0].usd);
    }
}

/* Without one architecture the other is a list all the same. */
static enum cp_code make_books(const struct kinds *kinds, struct cp_price_set *set,
                               struct cp_error *err)
{
    static const struct {
        enum architectures bit;
        const char *name;
    } each[] = {{X86, "x86_64"}, {ARM, "arm64"}};
    for (size_t a = 0; a < sizeof each / sizeof each[0]; a++) {
        bool is_there = false;
        for (size_t i = 0; i < kinds->n; i++)
            is_there = is_there || kinds->item[i].architectures == each[a].bit;
        if (!is_there)
            continue;
        struct cp_price_book *book = cp_price_set_book(set, each[a].name, CP_PRICE_VERIFIED);
        for (size_t i = 0; i < kinds->n; i++) {
            if (kinds->item[i].architectures & each[a].bit)
                set_price(book, kinds->item[i].key, &kinds->item[i].best);
        }
        enum cp_code code = cp_price_book_check(book, err);
        if (code)
            return code;
    }
    if (set->n == 0)
        return cp_fail(err, CP_ENOTFOUND, "it has no Lambda prices of region '%s'", set->region);
    return CP_OK;
}

static enum cp_code read_list(const cJSON *list, const char *region, struct cp_price_set *set,
                              struct cp_error *err)
{
    int64_t at_ms = 0;
    char day[CP_DATETIME_TEXT_MAX];
    char source[CP_PRICE_SOURCE_MAX];
    struct kinds kinds = {.n = 0};
    struct cp_view date = cp_view_of(text_of(list, "publicationDate"));
    if (strcmp(text_of(list, "offerCode"), "AWSLambda") != 0)
        return cp_fail(err, CP_EFORMAT, "it is no price list of AWSLambda");
    if (!cp_datetime_parse(date, &at_ms))
        return cp_fail(err, CP_EFORMAT, "it has no publicationDate");
    (void)cp_datetime_format(at_ms, CP_DATETIME_DAY, day);
    (void)snprintf(source, sizeof source, "AWS price list AWSLambda, %s, published %s", region,
                   day);
    cp_price_set_init(set, region, day, source);
    enum cp_code code = read_products(list, region, &kinds, err);
    return code ? code : make_books(&kinds, set, err);
}

enum cp_code cp_price_list_read(struct cp_view json, const char *region, struct cp_price_set *set,
                                struct cp_error *err)
{
    cJSON *list = NULL;
    *set = (struct cp_price_set){0};
    enum cp_code code = cp_json_parse(json, &list, err);
    if (!code)
        code = read_list(list, region, set, err);
    cJSON_Delete(list);
    return code ? cp_fail_context(err, "the price list of %s", region) : CP_OK;
}
