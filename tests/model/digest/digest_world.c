/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/model/digest/digest_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

static const char *const functions[] = {"orders", "a name with \"blanks\" and 100 %", ""};
static const char *const versions[] = {"$LATEST", "7"};
static const char *const errors[] = {"", "", "", "Runtime.ExitError", "Error"};

static int64_t below(struct cp_rng *rng, uint64_t n)
{
    return (int64_t)cp_rng_below(rng, n);
}

/* Log-uniform from 1 us to 2^24 us. */
static int64_t any_us(struct cp_rng *rng)
{
    return below(rng, UINT64_C(1) << (1 + cp_rng_below(rng, 24)));
}

static void make_id(uint8_t id[16], uint64_t number)
{
    memset(id, 0xa5, 16);
    for (size_t i = 0; i < 8; i++)
        id[i] = (uint8_t)(number >> (8 * i));
}

static struct cp_digest_record any_record(struct cp_rng *rng, const struct world *world,
                                          const struct world_options *o)
{
    static const int sizes[] = {128, 512, -1};
    struct cp_digest_record r = {.end_at_ms = -1,
                                 .duration_us = any_us(rng),
                                 .billed_us = below(rng, 8) ? any_us(rng) : -1,
                                 .init_us = -1,
                                 .restore_us = -1,
                                 .billed_restore_us = -1,
                                 .memory_size_mb = sizes[below(rng, 3)],
                                 .max_memory_used_mb = (int)below(rng, 300) - 1,
                                 .start = (enum cp_start_kind)(1 + below(rng, 3)),
                                 .outcome = (enum cp_outcome)(CP_OUTCOME_MEASURED + below(rng, 5)),
                                 .error_type = cp_view_of(errors[below(rng, 5)])};
    if (o->from_ms >= 0 && below(rng, 50))
        r.end_at_ms = o->from_ms + below(rng, (uint64_t)o->span_ms);
    if (r.start == CP_START_COLD)
        r.init_us = any_us(rng);
    if (r.start == CP_START_SNAPSTART)
        r.restore_us = any_us(rng);
    if (o->n_streams)
        r.stream = cp_view_of(world->streams[below(rng, o->n_streams)]);
    make_id(r.request_id, (uint64_t)below(rng, o->n_ids ? o->n_ids : 1));
    return r;
}

static struct cp_digest_note any_note(struct cp_rng *rng, const struct world_options *o)
{
    struct cp_digest_note note = {.kind = (enum cp_digest_note_kind)below(rng, 3),
                                  .at_ms = o->from_ms + below(rng, (uint64_t)o->span_ms),
                                  .value_us = below(rng, 3000000) - 1,
                                  .text = cp_view_of(versions[below(rng, 2)])};
    make_id(note.request_id, (uint64_t)below(rng, o->n_ids));
    return note;
}

struct world world_new(const struct world_options *o)
{
    struct cp_rng rng;
    struct world world = {.n = o->n,
                          .items = calloc(o->n + 1, sizeof *world.items),
                          .streams = calloc(o->n_streams + 1, sizeof *world.streams)};
    assert_non_null(world.items);
    assert_non_null(world.streams);
    cp_rng_init(&rng, o->seed, 0);
    for (size_t i = 0; i < o->n_streams; i++)
        (void)snprintf(world.streams[i], sizeof world.streams[i], "2026/10/08/[$LATEST]%032zx", i);
    for (size_t i = 0; i < o->n; i++) {
        struct world_item *item = &world.items[i];
        item->function = (int)below(&rng, 3);
        item->version = (int)below(&rng, 2);
        item->is_note = o->has_notes && below(&rng, 4) == 0;
        if (item->is_note)
            item->note = any_note(&rng, o);
        else
            item->record = any_record(&rng, &world, o);
    }
    return world;
}

void world_free(struct world *world)
{
    free(world->items);
    free(world->streams);
}

static struct cp_digest_name name_of(int function, int version)
{
    return (struct cp_digest_name){cp_view_of(functions[function]), cp_view_of(versions[version]),
                                   cp_view_of("arm64")};
}

void world_add(struct cp_digest *digest, const struct world_item *item)
{
    struct cp_error err = {.text = ""};
    struct cp_digest_scope *scope;
    struct cp_digest_name name = name_of(item->function, item->version);
    assert_int_equal(cp_digest_scope(digest, &name, &scope, &err), CP_OK);
    enum cp_code code = item->is_note ? cp_digest_note(digest, scope, &item->note, &err)
                                      : cp_digest_add(digest, scope, &item->record, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(code, CP_OK);
    assert_int_equal(cp_digest_count(digest, item->is_note ? "notes" : "accepted", 1,
                                     cp_view_of("an\nexample"), &err),
                     CP_OK);
    if (item->is_note)
        assert_int_equal(cp_digest_tally(scope, "end", item->note.text, 2, &err), CP_OK);
}

struct cp_digest *world_digest(const struct world *world)
{
    struct cp_digest *digest = cp_digest_new();
    assert_non_null(digest);
    for (size_t i = 0; i < world->n; i++)
        world_add(digest, &world->items[i]);
    return digest;
}

char *world_file(const struct cp_digest *digest, size_t *n)
{
    struct cp_buf out;
    cp_buf_init(&out, (size_t)1 << 30);
    assert_int_equal(cp_digest_write(digest, &out, NULL), CP_OK);
    return cp_buf_take(&out, n);
}

/* Shows the first line that differs. */
void assert_same_file(const struct cp_digest *a, const struct cp_digest *b)
{
    size_t n_a, n_b;
    char *file_a = world_file(a, &n_a);
    char *file_b = world_file(b, &n_b);
    size_t i = 0;
    while (i < n_a && i < n_b && file_a[i] == file_b[i])
        i++;
    if (i < n_a || i < n_b) {
        size_t line = i;
        while (line > 0 && file_a[line - 1] != '\n')
            line--;
        print_error("digests differ at byte %zu:\n%.200s\n--\n%.200s\n", i, file_a + line,
                    file_b + line);
    }
    bool is_same = i == n_a && i == n_b;
    free(file_a);
    free(file_b);
    assert_true(is_same);
}

const struct cp_digest_scope *world_scope(const struct cp_digest *digest, int function, int version)
{
    struct cp_digest_name name = name_of(function, version);
    for (size_t i = 0; i < cp_digest_n_scopes(digest); i++) {
        const struct cp_digest_scope *scope = cp_digest_scope_at(digest, i);
        struct cp_digest_name of_scope = cp_digest_scope_name(scope);
        if (cp_view_is(of_scope.function, functions[function]) &&
            cp_view_is(of_scope.version, versions[version]) && name.architecture.n)
            return scope;
    }
    return NULL;
}
