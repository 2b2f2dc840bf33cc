/* SPDX-License-Identifier: GPL-3.0-or-later
 * Merging: the same nights are the same bytes, whatever came first, how often and in which pieces.
 */
#include "tests/store/store_fixture.h"

#include "model/base/rng.h"
#include "profiler/history/history_file.h"
#include "profiler/history/night_line.h"

enum { TEXT_MAX = 4 * 1024 * 1024 };

/* Several stores of one test. */
struct stores {
    struct store_fixture *f;
    struct cp_store *store[3];
};

static struct cp_store *open_nth(const struct store_fixture *f, int i)
{
    struct cp_store *store = NULL;
    struct cp_error err = {0};
    char path[PATH_MAX + 8];
    (void)snprintf(path, sizeof path, "%s/%d.sqlite", f->folder, i);
    if (cp_store_open(path, CP_STORE_SWEEP, &store, &err))
        fail_msg("%s", err.text);
    return store;
}

static int setup(void **state)
{
    struct stores *s = calloc(1, sizeof *s);
    void *fixture = NULL;
    assert_non_null(s);
    if (store_fixture_setup(&fixture))
        return -1;
    s->f = fixture;
    for (int i = 0; i < 3; i++)
        s->store[i] = open_nth(s->f, i);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    struct stores *s = *state;
    void *fixture = s->f;
    for (int i = 0; i < 3; i++) {
        cp_store_close(s->store[i]);
        for (size_t k = 0; k < 4; k++) {
            char name[PATH_MAX + 16];
            (void)snprintf(name, sizeof name, "%s/%d.sqlite%s", s->f->folder, i, suffixes[k]);
            (void)unlink(name);
        }
    }
    free(s);
    return store_fixture_teardown(&fixture);
}

static struct cp_history_counts import_in(struct cp_store *store, struct cp_view text, size_t piece)
{
    struct cp_history_import import;
    struct cp_error err = {0};
    cp_history_import_init(&import, store);
    enum cp_code code = cp_store_begin(store, &err);
    while (text.n && !code) {
        size_t n = text.n < piece ? text.n : piece;
        code = cp_history_import_add(&import, (struct cp_view){text.p, n}, &err);
        text = (struct cp_view){text.p + n, text.n - n};
    }
    if (!code)
        code = cp_history_import_end(&import, &err);
    code = cp_store_end(store, code, &err);
    if (code)
        fail_msg("%s", err.text);
    struct cp_history_counts counts = import.counts;
    cp_history_import_clear(&import);
    return counts;
}

static struct cp_history_counts import(struct cp_store *store, const struct cp_buf *text)
{
    return import_in(store, cp_buf_view(text), SIZE_MAX);
}

static struct cp_buf exported(struct cp_store *store)
{
    struct cp_buf out;
    struct cp_error err = {0};
    cp_buf_init(&out, TEXT_MAX);
    if (cp_history_export(store, NULL, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static void assert_same_history(struct cp_store *a, struct cp_store *b)
{
    struct cp_buf first = exported(a);
    struct cp_buf second = exported(b);
    assert_string_equal(cp_buf_str(&first), cp_buf_str(&second));
    cp_buf_clear(&first);
    cp_buf_clear(&second);
}

/* Some nights of some functions, drawn: two runners' texts overlap, and now and then tell the same
 * night differently. */
static struct cp_buf draw(uint64_t seed, int n)
{
    static const char *const functions[] = {"checkout", "cart", "zeta"};
    struct cp_rng rng;
    struct cp_buf out;
    cp_rng_init(&rng, seed, 1);
    cp_buf_init(&out, TEXT_MAX);
    for (int i = 0; i < n; i++) {
        struct cp_night night = cp_night_empty();
        struct cp_night_metric metric = {{CP_TIMING_INIT, 0.95, 512}, {200, 190, 210}, 50};
        uint64_t bits = cp_rng_next(&rng);
        (void)snprintf(night.key.function, sizeof night.key.function, "%s", functions[bits % 3]);
        night.started_at_ms = INT64_C(1790000000000) + (int64_t)(bits >> 8 & 31) * 86400000;
        (void)snprintf(night.run_id, sizeof night.run_id, "%d", (int)(bits >> 16 & 1));
        metric.ms.value += (double)(bits >> 20 & 3);
        night.metrics = &metric;
        night.n_metrics = 1;
        struct cp_night_acceptance accepted = {.at_ms = night.started_at_ms + 5};
        (void)snprintf(accepted.note, sizeof accepted.note, "note %d", (int)(bits >> 24 & 1));
        if ((bits >> 28 & 7) == 0)
            cp_acceptance_line_write(&night.key, &accepted, &out);
        else
            cp_night_line_write(&night, &out);
    }
    assert_int_equal(out.failed, CP_OK);
    return out;
}

static void the_order_of_imports_does_not_matter(void **state)
{
    enum { PAIRS = 20, LINES = 60 };
    struct stores *s = *state;
    for (uint64_t i = 0; i < PAIRS; i++) {
        struct cp_buf a = draw(2 * i, LINES);
        struct cp_buf b = draw(2 * i + 1, LINES);
        (void)import(s->store[0], &a);
        (void)import(s->store[0], &b);
        (void)import(s->store[1], &b);
        (void)import(s->store[1], &a);
        assert_same_history(s->store[0], s->store[1]);
        cp_buf_clear(&a);
        cp_buf_clear(&b);
    }
}

static void a_second_import_changes_nothing(void **state)
{
    struct stores *s = *state;
    struct cp_buf a = draw(7, 200);
    struct cp_history_counts first = import(s->store[0], &a);
    struct cp_buf before = exported(s->store[0]);
    struct cp_history_counts second = import(s->store[0], &a);
    struct cp_buf after = exported(s->store[0]);
    assert_true(first.n_nights > 50 && first.n_acceptances > 5 && first.n_differing > 0);
    assert_int_equal(first.n_nights + first.n_acceptances + first.n_known, 200);
    assert_int_equal(second.n_nights + second.n_acceptances, 0);
    assert_int_equal(second.n_known, 200);
    assert_string_equal(cp_buf_str(&before), cp_buf_str(&after));
    /* and an export is all of it */
    struct cp_history_counts third = import(s->store[1], &after);
    assert_int_equal(third.n_nights, first.n_nights);
    assert_int_equal(third.n_acceptances, first.n_acceptances);
    assert_int_equal(third.n_known + third.n_rejected, 0);
    assert_same_history(s->store[0], s->store[1]);
    cp_buf_clear(&a);
    cp_buf_clear(&before);
    cp_buf_clear(&after);
}

static void pieces_of_any_size_read_alike(void **state)
{
    struct stores *s = *state;
    struct cp_buf a = draw(3, 40);
    (void)import(s->store[0], &a);
    for (size_t piece = 1; piece <= 3; piece++) {
        struct cp_view text = {a.p, a.n - (piece == 1)}; /* once without the last line's end */
        struct cp_history_counts counts = import_in(s->store[1], text, piece);
        assert_int_equal(counts.n_rejected, 0);
        assert_int_equal(counts.n_nights > 0, piece == 1);
    }
    assert_same_history(s->store[0], s->store[1]);
    cp_buf_clear(&a);
}

static void two_runs_of_one_time_are_two_nights(void **state)
{
    struct stores *s = *state;
    static const char text[] = "{\"schema\":1,\"kind\":\"night\",\"function\":\"f\",\"started_at\":"
                               "\"2026-10-08T01:00:00Z\","
                               "\"run_id\":\"b\",\"metrics\":[]}\r\n"
                               "{\"schema\":1,\"kind\":\"night\",\"function\":\"f\",\"started_at\":"
                               "\"2026-10-08T01:00:00Z\","
                               "\"run_id\":\"a\",\"metrics\":[]}";
    struct cp_history_counts counts = import_in(s->store[0], cp_view_of(text), SIZE_MAX);
    struct cp_buf out = exported(s->store[0]);
    assert_int_equal(counts.n_nights, 2);
    assert_true(strstr(cp_buf_str(&out), "\"run_id\":\"a\"") <
                strstr(cp_buf_str(&out), "\"run_id\":\"b\""));
    cp_buf_clear(&out);
}

#define OF_HOST(host)                                                                              \
    "{\"schema\":1,\"kind\":\"night\",\"function\":\"f\",\"started_at\":"                          \
    "\"2026-10-08T01:00:00Z\",\"run_id\":\"a\",\"host\":\"" host "\",\"metrics\":[]}\n"

/* Of two that claim to be the same night. */
static void the_line_that_is_later_in_byte_order_is_kept(void **state)
{
    struct stores *s = *state;
    static const char *const texts[] = {OF_HOST("one") OF_HOST("two"),
                                        OF_HOST("two") OF_HOST("one")};
    for (size_t i = 0; i < 2; i++) {
        struct cp_history_counts counts = import_in(s->store[i], cp_view_of(texts[i]), SIZE_MAX);
        struct cp_buf out = exported(s->store[i]);
        assert_int_equal(counts.n_nights, 1);
        assert_int_equal(counts.n_known, 1);
        assert_int_equal(counts.n_differing, 1);
        assert_non_null(strstr(cp_buf_str(&out), "\"host\":\"two\""));
        assert_null(strstr(cp_buf_str(&out), "\"host\":\"one\""));
        cp_buf_clear(&out);
    }
}

static void lines_are_those_of_their_file(void **state)
{
    struct stores *s = *state;
    struct cp_history_import import;
    struct cp_error err = {0};
    cp_history_import_init(&import, s->store[0]);
    for (int file = 0; file < 2; file++) {
        assert_int_equal(cp_history_import_add(&import, CP_VIEW_LIT("\n\nbad"), &err), CP_OK);
        assert_int_equal(cp_history_import_end(&import, &err), CP_OK);
    }
    assert_int_equal(import.counts.n_rejected, 2);
    assert_int_equal(import.counts.reasons[0].line, 3);
    assert_int_equal(import.counts.reasons[1].line, 3);
    cp_history_import_clear(&import);
}

static void bad_lines_cost_themselves_only(void **state)
{
    struct stores *s = *state;
    struct cp_buf text;
    struct cp_buf good = draw(5, 1);
    struct cp_buf other = draw(6, 1);
    cp_buf_init(&text, TEXT_MAX);
    cp_buf_adds(&text, "\n  \nfirst\n");
    cp_buf_add_view(&text, cp_buf_view(&good));
    for (int i = 0; i < CP_NIGHT_LINE_MAX; i++)
        cp_buf_adds(&text, "xxx");
    cp_buf_adds(&text, "\n");
    cp_buf_add_view(&text, cp_buf_view(&other));
    for (int i = 0; i < 10; i++)
        cp_buf_adds(&text, "{}\n");
    for (size_t piece = 1000; piece <= 1000000; piece *= 10) {
        struct cp_history_counts counts = import_in(s->store[0], cp_buf_view(&text), piece);
        assert_int_equal(counts.n_nights + counts.n_acceptances + counts.n_known, 2);
        assert_int_equal(counts.n_rejected, 12);
        assert_int_equal(counts.reasons[0].line, 3);
        assert_int_equal(counts.reasons[1].line, 5);
        assert_non_null(strstr(counts.reasons[1].text, "longer than 262144 bytes"));
        assert_int_equal(counts.reasons[4].line, 9);
    }
    cp_buf_clear(&text);
    cp_buf_clear(&good);
    cp_buf_clear(&other);
}

static void a_newer_line_undoes_all(void **state)
{
    struct stores *s = *state;
    struct cp_error err = {0};
    struct cp_history_import import_of;
    struct cp_buf text = draw(5, 3);
    cp_buf_adds(&text, "{\"schema\":2}\n");
    cp_history_import_init(&import_of, s->store[0]);
    assert_int_equal(cp_store_begin(s->store[0], &err), CP_OK);
    enum cp_code code = cp_history_import_add(&import_of, cp_buf_view(&text), &err);
    assert_int_equal(code, CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "line 4: it has schema 2"));
    assert_int_equal(cp_store_end(s->store[0], code, &err), CP_EUNSUPPORTED);
    cp_history_import_clear(&import_of);
    struct cp_buf out = exported(s->store[0]);
    assert_int_equal(out.n, 0);
    cp_buf_clear(&out);
    cp_buf_clear(&text);
}

static void an_export_is_sorted(void **state)
{
    struct stores *s = *state;
    struct cp_buf a = draw(11, 300);
    (void)import(s->store[0], &a);
    struct cp_buf out = exported(s->store[0]);
    struct cp_view rest = cp_buf_view(&out);
    struct cp_view text;
    struct cp_night_line before = {.night = cp_night_empty()};
    while (cp_view_split(&rest, '\n', &text)) {
        struct cp_night_line line;
        assert_int_equal(cp_night_line_read(text, &line, NULL), CP_OK);
        int order = cp_night_key_order(&before.night.key, &line.night.key);
        int64_t at = line.is_acceptance ? line.acceptance.at_ms : line.night.started_at_ms;
        int64_t at_before =
            before.is_acceptance ? before.acceptance.at_ms : before.night.started_at_ms;
        assert_true(order <= 0);
        if (order == 0 && before.is_acceptance == line.is_acceptance)
            assert_true(at_before <= at);
        assert_true(order < 0 || before.is_acceptance <= line.is_acceptance);
        free(line.night.metrics);
        before = line;
    }
    cp_buf_clear(&a);
    cp_buf_clear(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_order_of_imports_does_not_matter),
        TEST(a_second_import_changes_nothing),
        TEST(pieces_of_any_size_read_alike),
        TEST(two_runs_of_one_time_are_two_nights),
        TEST(the_line_that_is_later_in_byte_order_is_kept),
        TEST(lines_are_those_of_their_file),
        TEST(bad_lines_cost_themselves_only),
        TEST(a_newer_line_undoes_all),
        TEST(an_export_is_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
