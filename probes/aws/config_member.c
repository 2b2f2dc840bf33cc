/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/config_member.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>

#include "probes/aws/lambda.h"

/* Not here: MemorySize, which a sweep changes; identity, state and times; ConfigSha256, which
 * follows the memory size; RuntimeVersionConfig, which AWS changes on its own. Members that are
 * newer than this list are guarded by the RevisionId alone. */
static const char *const NAMES[] = {
    "Description",
    "CodeSha256",
    "Role",
    "Handler",
    "Runtime",
    "Timeout",
    "PackageType",
    "Architectures",
    "Environment",
    "KMSKeyArn",
    "Layers",
    "VpcConfig",
    "FileSystemConfigs",
    "EphemeralStorage",
    "DeadLetterConfig",
    "TracingConfig",
    "LoggingConfig",
    "SnapStart",
    "ImageConfigResponse",
    "SigningJobArn",
    "CapacityProviderConfig",
    "DurableConfig",
    "TenancyConfig",
};
enum { N_NAMES = sizeof NAMES / sizeof NAMES[0], DESCRIPTION = 0 };
static_assert((int)N_NAMES <= (int)CP_CONFIG_MEMBERS_MAX, "one place for each name");

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t hash_bytes(uint64_t seed, const char *text)
{
    uint64_t h = seed ^ UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; text && *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return mix(h);
}

/* Depth is limited by cJSON's parser (CJSON_NESTING_LIMIT). Sets as lists (subnets, security
 * groups) may come in any order; the order of layers counts. */
// NOLINTNEXTLINE(misc-no-recursion)
static uint64_t hash_value(const cJSON *value, bool is_ordered)
{
    if (cJSON_IsString(value))
        return hash_bytes(1, value->valuestring);
    if (cJSON_IsNumber(value)) {
        uint64_t bits = 0;
        memcpy(&bits, &value->valuedouble, sizeof bits);
        return mix(bits + 2);
    }
    if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
        return value && !cJSON_IsNull(value) ? mix((uint64_t)cJSON_IsTrue(value) + 3) : 0;
    uint64_t sum = 5;
    uint64_t place = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        place += is_ordered;
        sum += mix(hash_value(item, is_ordered) + hash_bytes(place + 6, item->string));
    }
    return mix(sum);
}

/* Of SnapStart only what was set: OptimizationStatus is a state, On for versions, Off for $LATEST.
 */
static const cJSON *find_member(const cJSON *config, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(config, name);
    bool is_snap_start = strcmp(name, "SnapStart") == 0;
    return is_snap_start ? cJSON_GetObjectItemCaseSensitive(value, "ApplyOn") : value;
}

void cp_config_members_read(const cJSON *config, uint64_t *members)
{
    memset(members, 0, CP_CONFIG_MEMBERS_MAX * sizeof *members);
    for (size_t i = 0; i < N_NAMES; i++)
        members[i] = hash_value(find_member(config, NAMES[i]), strcmp(NAMES[i], "Layers") == 0);
}

const char *cp_function_config_difference(const struct cp_function_config *a,
                                          const struct cp_function_config *b, bool with_description)
{
    for (size_t i = with_description ? DESCRIPTION : DESCRIPTION + 1; i < N_NAMES; i++) {
        if (a->members[i] != b->members[i])
            return NAMES[i];
    }
    return NULL;
}

uint64_t cp_function_config_hash(const struct cp_function_config *config)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < N_NAMES; i++)
        sum = mix(sum + config->members[i]);
    return sum;
}
