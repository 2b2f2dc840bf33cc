/* SPDX-License-Identifier: GPL-3.0-or-later
 * Settings as JSON, in the `plan` column of a run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "profiler/sweep/settings.h"

enum { FORMAT_VERSION = 1, JSON_MAX = 16 * 1024 * 1024 };

/* Scalar members, each by its place in the struct. */
struct member {
    const char *name;
    enum { MEMBER_INT, MEMBER_REAL, MEMBER_TEXT } type;
    size_t offset, size;
    bool is_later; /* not in plans of older versions: zero then */
};
#define MEMBER(m, type)                                                                            \
    {                                                                                              \
#m, MEMBER_##type, offsetof(struct cp_sweep_settings, m),                                  \
            sizeof(((struct cp_sweep_settings *)0)->m), false                                      \
    }
#define MEMBER_LATER(m, type)                                                                      \
    {                                                                                              \
#m, MEMBER_##type, offsetof(struct cp_sweep_settings, m),                                  \
            sizeof(((struct cp_sweep_settings *)0)->m), true                                       \
    }

static const struct member members[] = {
    MEMBER(function, TEXT),
    MEMBER(max_cold, INT),
    MEMBER(max_warm, INT),
    MEMBER(cold_per_batch, INT),
    MEMBER(warm_per_batch, INT),
    MEMBER(idle_probes, INT),
    MEMBER(precision_p50, REAL),
    MEMBER(precision_p95, REAL),
    MEMBER(max_invocations, INT),
    MEMBER(original_memory_mb, INT),
    MEMBER(original_description, TEXT),
    MEMBER_LATER(idle_first_ms, REAL),
    MEMBER_LATER(idle_longest_ms, REAL),
    MEMBER_LATER(idle_wait_ms, REAL),
    MEMBER_LATER(idle_environments, INT),
};
enum { N_MEMBERS = sizeof members / sizeof members[0] };

/* 17 digits: cJSON's own printing may lose the last bit of a double. */
static cJSON *exact_number(double value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.17g", value);
    return cJSON_CreateRaw(text);
}

static cJSON *exact_array(const double *values, size_t n)
{
    cJSON *array = cJSON_CreateArray();
    bool is_ok = array != NULL;
    for (size_t i = 0; i < n && is_ok; i++)
        is_ok = cJSON_AddItemToArray(array, exact_number(values[i]));
    if (is_ok)
        return array;
    cJSON_Delete(array);
    return NULL;
}

static bool write_member(cJSON *json, const struct member *m, const char *at)
{
    int number = 0;
    double real = 0;
    switch (m->type) {
    case MEMBER_INT:
        memcpy(&number, at, sizeof number);
        return cJSON_AddNumberToObject(json, m->name, number) != NULL;
    case MEMBER_REAL:
        memcpy(&real, at, sizeof real);
        return cJSON_AddItemToObject(json, m->name, exact_number(real));
    case MEMBER_TEXT:
        return cJSON_AddStringToObject(json, m->name, at) != NULL;
    }
    return false;
}

static bool write_all(cJSON *json, const struct cp_sweep_settings *s)
{
    char seed[24];
    (void)snprintf(seed, sizeof seed, "%" PRIu64, s->seed); /* a double would lose bits */
    bool is_ok = cJSON_AddNumberToObject(json, "format", FORMAT_VERSION) != NULL;
    is_ok &= cJSON_AddStringToObject(json, "seed", seed) != NULL;
    is_ok &= cJSON_AddStringToObject(json, "payload", cp_buf_str(&s->payload)) != NULL;
    for (size_t i = 0; i < N_MEMBERS; i++)
        is_ok &= write_member(json, &members[i], (const char *)s + members[i].offset);
    is_ok &= cJSON_AddItemToObject(json, "memory_mb",
                                   cJSON_CreateIntArray(s->memory_mb, (int)s->n_memory));
    is_ok &= cJSON_AddItemToObject(json, "idle_ms", exact_array(s->idle_ms, s->n_idle));
    return is_ok;
}

enum cp_code cp_sweep_settings_write(const struct cp_sweep_settings *settings, struct cp_buf *json,
                                     struct cp_error *err)
{
    cJSON *object = cJSON_CreateObject();
    char *text = object && write_all(object, settings) ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!text)
        return cp_fail(err, CP_ENOMEM, "cannot store the plan: out of memory");
    (void)cp_buf_adds(json, text);
    cJSON_free(text);
    return cp_buf_check(json, "plan of a run", err);
}

static bool read_int(const cJSON *item, int *number)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= INT32_MAX))
        return false;
    *number = (int)item->valuedouble;
    return true;
}

static bool read_text(const cJSON *item, char *to, size_t size)
{
    return cJSON_IsString(item) && cp_view_copy(cp_view_of(item->valuestring), to, size);
}

static bool read_member(const cJSON *json, const struct member *m, char *at)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, m->name);
    int number = 0;
    if (!item)
        return m->is_later;
    switch (m->type) {
    case MEMBER_INT:
        if (!read_int(item, &number))
            return false;
        memcpy(at, &number, sizeof number);
        return true;
    case MEMBER_REAL:
        if (!cJSON_IsNumber(item))
            return false;
        memcpy(at, &item->valuedouble, sizeof item->valuedouble);
        return true;
    case MEMBER_TEXT:
        return read_text(item, at, m->size);
    }
    return false;
}

/* An ascending array of positive numbers, at most `max` of them. */
static bool read_array(const cJSON *array, size_t max, double *values, size_t *n)
{
    *n = 0;
    if (!cJSON_IsArray(array))
        return false;
    for (const cJSON *item = array->child; item; item = item->next) {
        double before = *n ? values[*n - 1] : 0;
        if (*n == max || !cJSON_IsNumber(item) || !(item->valuedouble > before))
            return false;
        values[(*n)++] = item->valuedouble;
    }
    return true;
}

static bool read_seed(const cJSON *item, uint64_t *seed)
{
    char *end = NULL;
    if (!cJSON_IsString(item) || !item->valuestring[0])
        return false;
    *seed = strtoull(item->valuestring, &end, 10);
    return *end == '\0';
}

/* The first member that is missing or out of range; NULL when all are there. */
static const char *read_all(const cJSON *json, struct cp_sweep_settings *s)
{
    double sizes[CP_RUN_SIZES_MAX];
    int format = 0;
    const cJSON *payload = cJSON_GetObjectItemCaseSensitive(json, "payload");
    if (!read_int(cJSON_GetObjectItemCaseSensitive(json, "format"), &format) ||
        format != FORMAT_VERSION)
        return "format";
    if (!read_seed(cJSON_GetObjectItemCaseSensitive(json, "seed"), &s->seed))
        return "seed";
    if (!cJSON_IsString(payload) || cp_buf_adds(&s->payload, payload->valuestring))
        return "payload";
    for (size_t i = 0; i < N_MEMBERS; i++) {
        if (!read_member(json, &members[i], (char *)s + members[i].offset))
            return members[i].name;
    }
    if (s->cold_per_batch < 1)
        return "cold_per_batch";
    if (s->idle_first_ms > 0 && !(s->idle_longest_ms >= s->idle_first_ms))
        return "idle_longest_ms";
    if (s->idle_first_ms > 0 && (s->idle_environments < 1 || s->idle_probes < 1))
        return "idle_environments";
    if (!read_array(cJSON_GetObjectItemCaseSensitive(json, "memory_mb"), CP_RUN_SIZES_MAX, sizes,
                    &s->n_memory))
        return "memory_mb";
    for (size_t i = 0; i < s->n_memory; i++)
        s->memory_mb[i] = (int)sizes[i];
    if (!read_array(cJSON_GetObjectItemCaseSensitive(json, "idle_ms"), CP_SWEEP_IDLE_MAX,
                    s->idle_ms, &s->n_idle))
        return "idle_ms";
    return NULL;
}

enum cp_code cp_sweep_settings_read(struct cp_view json, struct cp_sweep_settings *out,
                                    struct cp_error *err)
{
    *out = (struct cp_sweep_settings){0};
    cp_buf_init(&out->payload, JSON_MAX);
    cJSON *object = cJSON_ParseWithLength(json.p, json.n);
    const char *wrong = object ? read_all(object, out) : "text";
    cJSON_Delete(object);
    if (!wrong)
        return CP_OK;
    cp_sweep_settings_clear(out);
    return cp_fail(err, CP_EFORMAT, "the stored plan cannot be used: its '%s' is not valid", wrong);
}
