/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/prices/price_file.h"

#include "model/base/datetime.h"
#include "probes/os/file.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "coldprof prices"
enum { VERSION = 1, FILE_MAX = 1 << 20, PATH_TEXT_MAX = 4096 };

/* --- reading --- */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static const struct cp_price_field *field_of(const char *key)
{
    for (const struct cp_price_field *f = cp_price_fields(); f->key; f++) {
        if (strcmp(f->key, key) == 0)
            return f;
    }
    return NULL;
}

static enum cp_code read_tiers(const cJSON *tiers, struct cp_price_book *book, struct cp_error *err)
{
    int n = cJSON_GetArraySize(tiers);
    if (!cJSON_IsArray(tiers) || n < 1 || n > CP_PRICE_TIERS)
        return cp_fail(err, CP_EFORMAT, "'duration' of %s must be a list of 1 to %d tiers",
                       book->architecture, CP_PRICE_TIERS);
    for (int i = 0; i < n; i++) {
        const cJSON *tier = cJSON_GetArrayItem(tiers, i);
        const cJSON *from = cJSON_GetObjectItemCaseSensitive(tier, "from_gb_s");
        const cJSON *usd = cJSON_GetObjectItemCaseSensitive(tier, "usd_per_gb_s");
        if (!cJSON_IsNumber(from) || !cJSON_IsNumber(usd) || !(usd->valuedouble > 0))
            return cp_fail(err, CP_EFORMAT,
                           "tier %d of %s needs a number 'from_gb_s' and a price 'usd_per_gb_s'",
                           i + 1, book->architecture);
        book->duration[i].from_gb_s = from->valuedouble;
        book->duration[i].usd_per_gb_s = usd->valuedouble;
    }
    return CP_OK;
}

static enum cp_code read_price(const cJSON *item, struct cp_price_book *book, struct cp_error *err)
{
    const struct cp_price_field *field = field_of(item->string);
    if (strcmp(item->string, "architecture") == 0)
        return CP_OK;
    if (strcmp(item->string, "duration") == 0)
        return read_tiers(item, book, err);
    if (!field)
        return cp_fail(err, CP_EFORMAT,
                       "'%.60s' of %s is no price; see 'coldprof prices show --json' for their "
                       "names",
                       item->string, book->architecture);
    if (!cJSON_IsNumber(item) && !cJSON_IsNull(item))
        return cp_fail(err, CP_EFORMAT, "'%s' of %s must be a number of USD", field->key,
                       book->architecture);
    if (cJSON_IsNumber(item))
        cp_price_field_set(book, field, item->valuedouble);
    return CP_OK;
}

static enum cp_code read_book(const cJSON *json, enum cp_price_grade grade,
                              struct cp_price_set *set, struct cp_error *err)
{
    const char *architecture = text_of(json, "architecture");
    if (cp_price_set_find(set, architecture))
        return cp_fail(err, CP_EFORMAT, "there are two books of %s", architecture);
    struct cp_price_book *book = cp_price_set_book(set, architecture, grade);
    if (!book)
        return cp_fail(err, CP_EFORMAT, "a book's 'architecture' must be x86_64 or arm64");
    for (const cJSON *item = json->child; item; item = item->next) {
        enum cp_code code = read_price(item, book, err);
        if (code)
            return code;
    }
    return cp_price_book_check(book, err);
}

/* A date that later ones are greater than as texts. */
static bool is_date(const char *text)
{
    char at[CP_DATETIME_TEXT_MAX];
    int64_t at_ms = 0;
    (void)snprintf(at, sizeof at, "%sT00:00:00Z", text);
    return strlen(text) == strlen("2026-09-19") && cp_datetime_parse(cp_view_of(at), &at_ms);
}

static enum cp_code read_set(const cJSON *json, enum cp_price_grade grade, struct cp_price_set *set,
                             struct cp_error *err)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "version");
    const cJSON *books = cJSON_GetObjectItemCaseSensitive(json, "books");
    if (strcmp(text_of(json, "format"), FORMAT) != 0)
        return cp_fail(err, CP_EFORMAT, "it is no JSON object with \"format\": \"" FORMAT "\"");
    if (!cJSON_IsNumber(version) || version->valueint != VERSION)
        return cp_fail(err, CP_EFORMAT, "its 'version' is not %d, which this coldprof reads",
                       VERSION);
    if (!text_of(json, "region")[0] || !text_of(json, "source")[0])
        return cp_fail(err, CP_EFORMAT, "it needs a 'region' and a 'source'");
    if (!is_date(text_of(json, "date")))
        return cp_fail(err, CP_EFORMAT, "its 'date' must be like 2026-09-19");
    cp_price_set_init(set, text_of(json, "region"), text_of(json, "date"), text_of(json, "source"));
    for (const cJSON *b = cJSON_IsArray(books) ? books->child : NULL; b; b = b->next) {
        enum cp_code code = read_book(b, grade, set, err);
        if (code)
            return code;
    }
    return set->n ? CP_OK : cp_fail(err, CP_EFORMAT, "it has no 'books'");
}

enum cp_code cp_price_file_read(struct cp_view json, enum cp_price_grade grade,
                                struct cp_price_set *set, struct cp_error *err)
{
    *set = (struct cp_price_set){0};
    cJSON *root = cJSON_ParseWithLength(json.p, json.n);
    enum cp_code code = root ? read_set(root, grade, set, err)
                             : cp_fail(err, CP_EFORMAT, "it is not a JSON document");
    cJSON_Delete(root);
    return code;
}

/* --- writing --- */

static bool add_book(cJSON *books, const struct cp_price_book *book)
{
    cJSON *json = cJSON_CreateObject();
    bool is_built = json && cJSON_AddItemToArray(books, json) &&
                    cJSON_AddStringToObject(json, "architecture", book->architecture);
    cJSON *tiers = is_built ? cJSON_AddArrayToObject(json, "duration") : NULL;
    for (size_t i = 0; tiers && i < cp_price_n_tiers(book); i++) {
        cJSON *tier = cJSON_CreateObject();
        is_built = tier && cJSON_AddItemToArray(tiers, tier) &&
                   cJSON_AddNumberToObject(tier, "from_gb_s", book->duration[i].from_gb_s) &&
                   cJSON_AddNumberToObject(tier, "usd_per_gb_s", book->duration[i].usd_per_gb_s);
        if (!is_built)
            return false;
    }
    for (const struct cp_price_field *f = cp_price_fields(); f->key; f++) {
        double usd = cp_price_field_usd(book, f);
        if (!isnan(usd))
            is_built = is_built && cJSON_AddNumberToObject(json, f->key, usd);
    }
    return is_built && tiers;
}

static cJSON *build(const struct cp_price_set *set)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *books = NULL;
    bool is_built = json && cJSON_AddStringToObject(json, "format", FORMAT) &&
                    cJSON_AddNumberToObject(json, "version", VERSION) &&
                    cJSON_AddStringToObject(json, "region", set->region) &&
                    cJSON_AddStringToObject(json, "date", set->date) &&
                    cJSON_AddStringToObject(json, "source", set->source) &&
                    (books = cJSON_AddArrayToObject(json, "books"));
    for (size_t i = 0; is_built && i < set->n; i++)
        is_built = add_book(books, &set->books[i]);
    if (is_built)
        return json;
    cJSON_Delete(json);
    return NULL;
}

enum cp_code cp_price_file_write(const struct cp_price_set *set, struct cp_buf *out,
                                 struct cp_error *err)
{
    cJSON *json = build(set);
    char *text = json ? cJSON_Print(json) : NULL;
    cJSON_Delete(json);
    if (!text)
        return cp_fail(err, CP_ENOMEM, "no memory for a price file");
    (void)cp_buf_adds(out, text);
    (void)cp_buf_addc(out, '\n');
    cJSON_free(text);
    return cp_buf_check(out, "the price file", err);
}

/* --- files --- */

enum cp_code cp_price_file_load(const char *path, enum cp_price_grade grade,
                                struct cp_price_set *set, struct cp_error *err)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_MAX);
    *set = (struct cp_price_set){0};
    enum cp_code code = cp_file_read(path, &text, err);
    if (!code) {
        code = cp_price_file_read(cp_buf_view(&text), grade, set, err);
        if (code)
            (void)cp_fail_context(err, "price file '%s'", path);
    }
    cp_buf_clear(&text);
    return code;
}

static enum cp_code make_folder(const char *path, struct cp_error *err)
{
    char folder[PATH_TEXT_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return CP_OK;
    if (!cp_view_copy((struct cp_view){path, (size_t)(slash - path)}, folder, sizeof folder))
        return cp_fail(err, CP_ELIMIT, "the path '%.60s...' is too long", path);
    return cp_file_make_dirs(folder, false, err);
}

enum cp_code cp_price_file_save(const char *path, const struct cp_price_set *set,
                                struct cp_error *err)
{
    struct cp_buf text;
    cp_buf_init(&text, FILE_MAX);
    enum cp_code code = cp_price_file_write(set, &text, err);
    if (!code)
        code = make_folder(path, err);
    if (!code)
        code = cp_file_write_atomic(path, cp_buf_view(&text), err);
    cp_buf_clear(&text);
    return code;
}
