/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/compare/cause.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A fact of a night as text, "" when it is not known. */
typedef const char *(*fact_fn)(const struct cp_night *night, char out[CP_RUN_TEXT_MAX]);

#define TEXT_FACT(name, member)                                                                    \
    static const char *name(const struct cp_night *night, char out[CP_RUN_TEXT_MAX])               \
    {                                                                                              \
        (void)out;                                                                                 \
        return night->member;                                                                      \
    }

TEXT_FACT(code_of, code_sha256)
TEXT_FACT(runtime_version_of, runtime_version_arn)
TEXT_FACT(runtime_of, runtime)
TEXT_FACT(layers_of, layers)
TEXT_FACT(payload_of, payload_sha256)
TEXT_FACT(method_of, method)
TEXT_FACT(host_of, host)
TEXT_FACT(coldprof_of, coldprof_version)

static const char *whole_number(int64_t value, char out[CP_RUN_TEXT_MAX])
{
    out[0] = '\0';
    if (value >= 0)
        (void)snprintf(out, CP_RUN_TEXT_MAX, "%" PRId64, value);
    return out;
}

static const char *memory_of(const struct cp_night *night, char out[CP_RUN_TEXT_MAX])
{
    return whole_number(night->original_memory_size_mb, out);
}

static const char *size_of_package(const struct cp_night *night, char out[CP_RUN_TEXT_MAX])
{
    return whole_number(night->code_size_bytes, out);
}

static const struct {
    const char *name, *key;
    fact_fn fact;
} rows[CP_CAUSE_COUNT] = {
    [CP_CAUSE_CODE] = {"code SHA-256", "code_sha256", code_of},
    [CP_CAUSE_RUNTIME_VERSION] = {"runtime version", "runtime_version_arn", runtime_version_of},
    [CP_CAUSE_RUNTIME] = {"runtime", "runtime", runtime_of},
    [CP_CAUSE_MEMORY] = {"memory", "memory_size_mb", memory_of},
    [CP_CAUSE_LAYERS] = {"layers", "layers", layers_of},
    [CP_CAUSE_PACKAGE_SIZE] = {"package size", "code_size_bytes", size_of_package},
    [CP_CAUSE_PAYLOAD] = {"payload SHA-256", "payload_sha256", payload_of},
    [CP_CAUSE_METHOD] = {"method", "method", method_of},
    [CP_CAUSE_HOST] = {"host", "host", host_of},
    [CP_CAUSE_COLDPROF] = {"coldprof", "coldprof_version", coldprof_of},
};

const char *cp_cause_name(enum cp_cause_kind kind)
{
    return rows[kind].name;
}

const char *cp_cause_key(enum cp_cause_kind kind)
{
    return rows[kind].key;
}

static bool has_word(const char *list, struct cp_view word)
{
    struct cp_view rest = cp_view_of(list);
    struct cp_view other;
    while (cp_view_split(&rest, ' ', &other)) {
        if (cp_view_equal(other, word))
            return true;
    }
    return false;
}

/* The words of `list` that `without` does not have. They fit, being part of a list that does. */
static void words_without(const char *list, const char *without, char out[CP_RUN_LAYERS_MAX])
{
    struct cp_view rest = cp_view_of(list);
    struct cp_view word;
    size_t n = 0;
    out[0] = '\0';
    while (cp_view_split(&rest, ' ', &word)) {
        if (word.n == 0 || has_word(without, word))
            continue;
        n += (size_t)snprintf(out + n, CP_RUN_LAYERS_MAX - n, "%s%.*s", n ? " " : "", (int)word.n,
                              word.p);
    }
}

/* Which ones came and went; their order is not told. */
static bool differ_in_layers(const struct cp_night *before, const struct cp_night *after,
                             struct cp_cause *cause)
{
    words_without(before->layers, after->layers, cause->before);
    words_without(after->layers, before->layers, cause->after);
    return cause->before[0] || cause->after[0];
}

static bool differ(const struct cp_night *before, const struct cp_night *after,
                   enum cp_cause_kind kind, struct cp_cause *cause)
{
    char texts[2][CP_RUN_TEXT_MAX];
    *cause = (struct cp_cause){.kind = kind};
    if (kind == CP_CAUSE_LAYERS)
        return differ_in_layers(before, after, cause);
    const char *was = rows[kind].fact(before, texts[0]);
    const char *is = rows[kind].fact(after, texts[1]);
    if (!was[0] || !is[0] || strcmp(was, is) == 0)
        return false;
    cp_view_copy_cut(cp_view_of(was), cause->before, sizeof cause->before);
    cp_view_copy_cut(cp_view_of(is), cause->after, sizeof cause->after);
    return true;
}

size_t cp_causes_find(const struct cp_night *before, const struct cp_night *after,
                      struct cp_cause out[CP_CAUSE_COUNT])
{
    size_t n = 0;
    for (int kind = 0; kind < CP_CAUSE_COUNT; kind++) {
        if (differ(before, after, (enum cp_cause_kind)kind, &out[n]))
            n++;
    }
    return n;
}
