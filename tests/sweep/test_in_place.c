/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sweeping in place against the client model, call by call: whatever happens at any of its calls,
 * nothing of ours stays, and what others did stays. (Real processes that are killed: tests/faults.)
 */
#include "tests/store/store_fixture.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "profiler/sweep/leftover.h"
#include "profiler/sweep/swept.h"
#include "tests/sweep/fake_lambda.h"

enum { ORIGINAL_MB = 256, FOREIGN_MB = 777, CALLS_MAX = 2000 };

struct fixture {
    struct store_fixture *files;
    char folder[PATH_MAX]; /* journals */
    char copy[PATH_MAX];   /* journals as they were at the moment of death */
    struct cp_lambda lambda;
    struct cp_sweep_clock clock;
    const char *function; /* NULL: "hello" */
    struct cp_version_need needs[20];
    size_t n_needs;
    struct cp_sweep_place place;
    struct cp_error err;
    char notes[1024];
    /* at call `at`: */
    int at;
    void (*happens)(struct fixture *f);
    struct cp_lambda dead; /* the account at the moment of death */
    bool has_died;
};

static void use_sizes(struct fixture *f, size_t n)
{
    f->n_needs = n;
    for (size_t i = 0; i < n; i++)
        f->needs[i] = (struct cp_version_need){128 + 64 * (int)i, n == 20 ? 1 : 2};
}

static void begin_world(struct fixture *f)
{
    fake_lambda_init(&f->lambda);
    f->lambda.n_versions = 1; /* one of the user's own */
    f->lambda.versions[0].config = f->lambda.latest;
    (void)snprintf(f->lambda.versions[0].config.version, 24, "1");
    f->clock = fake_lambda_clock(&f->lambda);
    f->notes[0] = '\0';
    f->has_died = false;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_int_equal(store_fixture_setup((void **)&f->files), 0);
    (void)snprintf(f->folder, sizeof f->folder, "%s/state", f->files->folder);
    (void)snprintf(f->copy, sizeof f->copy, "%s/copy", f->files->folder);
    assert_int_equal(mkdir(f->copy, 0700), 0);
    f->place = (struct cp_sweep_place){
        .method = CP_METHOD_IN_PLACE, .journal_folder = f->folder, .region = "us-east-1"};
    use_sizes(f, 3);
    begin_world(f);
    f->at = FAKE_CALLS_NEVER;
    *state = f;
    return 0;
}

static void empty_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        if (e->d_name[0] != '.')
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    }
    if (dir)
        (void)closedir(dir);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    fake_lambda_clear(&f->lambda);
    empty_folder(f->folder);
    empty_folder(f->copy);
    (void)rmdir(f->folder);
    (void)rmdir(f->copy);
    assert_int_equal(store_fixture_teardown((void **)&f->files), 0);
    free(f);
    return 0;
}

/* --- one sweep, without its invocations --- */

static void on_note(void *context, const char *text)
{
    struct fixture *f = context;
    size_t n = strlen(f->notes);
    (void)snprintf(f->notes + n, sizeof f->notes - n, "%s\n", text);
}

static enum cp_code use_versions(struct fixture *f, struct cp_swept *s)
{
    enum cp_code code = CP_OK;
    for (size_t i = 0; i < f->n_needs && !code; i++) {
        for (size_t k = 0; k < f->needs[i].n && !code; k++) {
            char version[CP_VERSION_MAX];
            assert_true(f->lambda.latest.memory_size_mb == ORIGINAL_MB || f->happens);
            code = cp_swept_version(s, f->needs[i].memory_size_mb, version, &f->err);
            if (!code)
                code = cp_swept_release(s, version, &f->err);
        }
    }
    return code;
}

static enum cp_code sweep(struct fixture *f)
{
    struct cp_swept s;
    struct cp_undo_report report = {.on_note = on_note, .context = f};
    const struct cp_swept_begin begin = {
        .run_id = "7f3a",
        .original_description = "",
        .needs = f->needs,
        .n_needs = f->n_needs,
    };
    const char *function = f->function ? f->function : "hello";
    enum cp_code code = cp_swept_read(&s, &f->lambda, &f->clock, &f->place, function, &f->err);
    if (!code) {
        struct cp_error undo_err = {0};
        code = cp_swept_begin(&s, &begin, &f->err);
        if (!code)
            code = use_versions(f, &s);
        /* the client repeats while undoing (15 min); the model does not */
        enum cp_code undone = CP_EREMOTE;
        for (int i = 0; i < 2 && undone; i++)
            undone = cp_swept_undo(&s, &report, &undo_err);
        if (undone)
            fail_msg("%s", undo_err.text);
    }
    cp_swept_clear(&s);
    return code;
}

static bool count_journal(void *context, const char *name)
{
    (void)name;
    ++*(int *)context;
    return true;
}

static int n_journals(const char *folder)
{
    int n = 0;
    assert_int_equal(cp_journal_list(folder, count_journal, &n, NULL), CP_OK);
    return n;
}

static void assert_nothing_left(const struct cp_lambda *l, int memory_mb)
{
    assert_int_equal(l->latest.memory_size_mb, memory_mb);
    assert_string_equal(l->latest.description, "says hello");
    assert_string_equal(l->alias.name, "");
    for (size_t i = 0; i < l->n_versions; i++) {
        const struct cp_function_config *v = &l->versions[i].config;
        if (!l->versions[i].is_deleted && strncmp(v->description, "coldprof", 8) == 0)
            fail_msg("version %s is left", v->version);
    }
    assert_false(l->versions[0].is_deleted);
}

static int count_calls(struct fixture *f)
{
    begin_world(f);
    f->lambda.at_call = NULL;
    if (sweep(f))
        fail_msg("%s", f->err.text);
    int n = f->lambda.n_calls;
    assert_nothing_left(&f->lambda, ORIGINAL_MB);
    assert_int_equal(n_journals(f->folder), 0);
    fake_lambda_clear(&f->lambda);
    assert_true(n > 10 && n < CALLS_MAX);
    return n;
}

static void on_call(void *context, int n)
{
    struct fixture *f = context;
    if (n == f->at && f->happens)
        f->happens(f);
}

/* `before` and `after` one sweep with the k-th call for every k; both may be NULL. */
static void for_each_call(struct fixture *f, void (*before)(struct fixture *f, int k),
                          void (*after)(struct fixture *f, int k, enum cp_code code))
{
    static const size_t sizes[] = {1, 3, 20};
    fake_lambda_clear(&f->lambda);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        use_sizes(f, sizes[i]);
        int n = count_calls(f);
        for (int k = 1; k <= n; k++) {
            begin_world(f);
            f->at = k;
            f->lambda.at_call = on_call;
            f->lambda.at_context = f;
            before(f, k);
            after(f, k, sweep(f));
            fake_lambda_clear(&f->lambda);
        }
    }
    begin_world(f);
}

/* --- faults of the service --- */

static void fail_here(struct fixture *f, int k)
{
    f->lambda.fail_at = k;
}

static void lose_here(struct fixture *f, int k)
{
    f->lambda.lose_at = k;
}

static void check_clean(struct fixture *f, int k, enum cp_code code)
{
    (void)k, (void)code;
    assert_nothing_left(&f->lambda, ORIGINAL_MB);
    assert_int_equal(n_journals(f->folder), 0);
}

static void a_failed_call_leaves_nothing(void **state)
{
    for_each_call(*state, fail_here, check_clean);
}

static void a_lost_answer_leaves_nothing(void **state)
{
    for_each_call(*state, lose_here, check_clean);
}

/* --- death, then recover --- */

static bool copy_journal(void *context, const char *name)
{
    const struct fixture *f = context;
    char command[3 * PATH_MAX];
    char from[PATH_MAX + 200];
    char to[PATH_MAX + 200];
    struct cp_buf content;
    cp_buf_init(&content, 1 << 20);
    (void)snprintf(from, sizeof from, "%s/%s", f->folder, name);
    (void)snprintf(to, sizeof to, "%s/%s", f->copy, name);
    (void)command;
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_true(in && out);
    for (int c = fgetc(in); c != EOF; c = fgetc(in))
        (void)fputc(c, out);
    (void)fclose(in);
    (void)fclose(out);
    assert_int_equal(chmod(to, 0600), 0);
    cp_buf_clear(&content);
    return true;
}

/* The account and the journals as they are before this call; the sweep itself goes on. */
static void die(struct fixture *f)
{
    empty_folder(f->copy);
    assert_int_equal(cp_journal_list(f->folder, copy_journal, f, NULL), CP_OK);
    f->dead = f->lambda;
    f->dead.at_call = NULL;
    f->dead.flights = NULL;
    f->dead.versions = calloc(f->lambda.n_versions + 1, sizeof *f->dead.versions);
    memcpy(f->dead.versions, f->lambda.versions, f->lambda.n_versions * sizeof *f->dead.versions);
    f->has_died = true;
}

static void die_here(struct fixture *f, int k)
{
    (void)k;
    f->happens = die;
}

static void recover_one(struct fixture *f, struct cp_undo_facts *facts, struct cp_journal *journal)
{
    struct cp_error err = {0};
    struct cp_undo_report report = {.on_note = on_note, .context = f};
    int64_t revision = f->dead.revision;
    bool has_written = facts->n_written > 0;
    for (int i = 0; i < 2; i++) { /* the second time finds nothing to do */
        int n_changes = f->dead.n_changes;
        if (cp_undo(&f->dead, facts, journal, &report, &err))
            fail_msg("%s", err.text);
        assert_true(i == 0 || f->dead.n_changes == n_changes);
        cp_undo_facts_put_back(facts); /* as the journal has it now */
    }
    /* an update or a publication that is still under way comes with the RevisionId of before */
    assert_true(!has_written || f->dead.revision != revision);
}

static bool recover_journal(void *context, const char *name)
{
    struct fixture *f = context;
    struct cp_undo_facts facts;
    struct cp_journal *journal = NULL;
    struct cp_error err = {0};
    if (cp_undo_facts_open(f->copy, name, &facts, &journal, &err))
        fail_msg("%s", err.text);
    if (facts.is_begun && !facts.is_ended)
        recover_one(f, &facts, journal);
    assert_int_equal(cp_journal_end(journal, NULL), CP_OK);
    return true;
}

static void recover_from_journal(struct fixture *f, int k, enum cp_code code)
{
    (void)k, (void)code;
    assert_true(f->has_died);
    assert_int_equal(cp_journal_list(f->copy, recover_journal, f, NULL), CP_OK);
    assert_nothing_left(&f->dead, ORIGINAL_MB);
    free(f->dead.versions);
}

static void recover_from_lock(struct fixture *f, int k, enum cp_code code)
{
    struct cp_undo_facts facts = {0};
    (void)k, (void)code;
    assert_true(f->has_died);
    if (f->dead.alias.name[0]) {
        assert_true(cp_undo_facts_from_alias(&f->dead.alias, &facts));
        (void)snprintf(facts.function_arn, sizeof facts.function_arn, "%s", FAKE_ARN);
        recover_one(f, &facts, NULL);
    }
    assert_nothing_left(&f->dead, ORIGINAL_MB);
    free(f->dead.versions);
}

static void death_before_any_call_is_recovered_from_the_journal(void **state)
{
    for_each_call(*state, die_here, recover_from_journal);
}

static void death_before_any_call_is_recovered_from_the_lock(void **state)
{
    for_each_call(*state, die_here, recover_from_lock);
}

/* The first undo gets $LATEST back and then fails; before the second the owner chooses a size that
 * the sweep had used. */
static bool recover_twice(void *context, const char *name)
{
    struct fixture *f = context;
    for (int i = 0; i < 2; i++) {
        struct cp_undo_facts facts;
        struct cp_undo_report report = {.on_note = on_note, .context = f};
        struct cp_journal *journal = NULL;
        struct cp_error err = {0};
        if (cp_undo_facts_open(f->copy, name, &facts, &journal, &err))
            fail_msg("%s", err.text);
        int mine_mb = facts.written_mb[0];
        assert_int_equal(facts.n_written, i ? 0 : 1);
        f->dead.fail_at = i ? FAKE_CALLS_NEVER : f->dead.n_calls + 4; /* look, put, look, list */
        assert_int_equal(cp_undo(&f->dead, &facts, journal, &report, &err), i ? CP_OK : CP_EREMOTE);
        if (i == 0) {
            assert_int_equal(f->dead.latest.memory_size_mb, ORIGINAL_MB);
            f->dead.latest.memory_size_mb = mine_mb;
            cp_journal_close(journal);
            continue;
        }
        assert_int_not_equal(f->dead.latest.memory_size_mb, ORIGINAL_MB);
        assert_int_equal(cp_journal_end(journal, NULL), CP_OK);
    }
    return true;
}

static void check_owner_keeps_his_size(struct fixture *f, int k, enum cp_code code)
{
    (void)k, (void)code;
    struct cp_function_config *l = &f->dead.latest;
    bool is_settled = strcmp(l->last_update_status, "InProgress") != 0;
    if (l->memory_size_mb != ORIGINAL_MB && f->dead.n_versions == 1 && is_settled)
        assert_int_equal(cp_journal_list(f->copy, recover_twice, f, NULL), CP_OK);
    free(f->dead.versions);
}

static void what_the_owner_sets_after_an_undo_that_failed_stays(void **state)
{
    for_each_call(*state, die_here, check_owner_keeps_his_size);
}

/* --- others --- */

static void touch(struct fixture *f)
{
    f->lambda.revision++;
}

static void set_memory(struct fixture *f)
{
    f->lambda.latest.memory_size_mb = FOREIGN_MB;
    touch(f);
}

static void change_memory(struct fixture *f, int k)
{
    (void)k;
    f->happens = set_memory;
}

static void check_memory_stays(struct fixture *f, int k, enum cp_code code)
{
    (void)k;
    assert_nothing_left(&f->lambda, FOREIGN_MB);
    if (code)
        assert_non_null(strstr(f->err.text, "changed by somebody else"));
}

static void a_foreign_memory_size_is_never_overwritten(void **state)
{
    for_each_call(*state, change_memory, check_memory_stays);
}

/* Our call meets the update of somebody else, which has ended when we look again. */
static void change_memory_slowly(struct fixture *f, int k)
{
    f->happens = set_memory;
    f->lambda.busy_at = k;
}

static void check_memory_alone(struct fixture *f, int k, enum cp_code code)
{
    (void)k, (void)code; /* a read that is answered 409 is another error */
    assert_nothing_left(&f->lambda, FOREIGN_MB);
}

static void a_foreign_update_in_progress_is_never_overwritten(void **state)
{
    for_each_call(*state, change_memory_slowly, check_memory_alone);
}

static void deploy(struct fixture *f)
{
    (void)snprintf(f->lambda.latest.code_sha256, sizeof f->lambda.latest.code_sha256, "bmV3");
    touch(f);
}

static void change_code(struct fixture *f, int k)
{
    (void)k;
    f->happens = deploy;
}

static void check_code_stays(struct fixture *f, int k, enum cp_code code)
{
    (void)k;
    assert_nothing_left(&f->lambda, ORIGINAL_MB);
    assert_string_equal(f->lambda.latest.code_sha256, "bmV3");
    if (code) {
        assert_non_null(strstr(f->err.text, "changed by somebody else"));
        assert_non_null(strstr(f->err.text, "CodeSha256"));
    }
}

static void a_foreign_deployment_keeps_its_code_and_gets_its_memory_back(void **state)
{
    for_each_call(*state, change_code, check_code_stays);
}

static void publish(struct fixture *f)
{
    struct fake_version *v = &f->lambda.versions[f->lambda.n_versions++];
    *v = (struct fake_version){.config = f->lambda.latest};
    (void)snprintf(v->config.version, sizeof v->config.version, "%zu", f->lambda.n_versions);
    (void)snprintf(v->config.description, sizeof v->config.description, "a release");
    touch(f);
}

static void publish_too(struct fixture *f, int k)
{
    (void)k;
    f->happens = publish;
}

static void check_release_stays(struct fixture *f, int k, enum cp_code code)
{
    const struct cp_function_config *release = NULL;
    (void)k, (void)code;
    assert_nothing_left(&f->lambda, ORIGINAL_MB);
    for (size_t i = 0; i < f->lambda.n_versions; i++) {
        if (strcmp(f->lambda.versions[i].config.description, "a release") == 0 &&
            !f->lambda.versions[i].is_deleted)
            release = &f->lambda.versions[i].config;
    }
    if (!release) {
        fail_msg("the release is gone");
        return;
    }
    /* with our memory size it is named, unless it came when the versions were listed already */
    bool is_named = strstr(f->notes, "published by somebody else") != NULL;
    if (release->memory_size_mb == ORIGINAL_MB)
        assert_false(is_named);
    else
        assert_true(is_named);
}

static void a_foreign_release_stays_and_is_named_when_it_has_our_size(void **state)
{
    for_each_call(*state, publish_too, check_release_stays);
}

/* --- refusals --- */

static void let_policy(struct fixture *f)
{
    f->lambda.has_policy = true;
}

static void let_url(struct fixture *f)
{
    f->lambda.has_url = true;
}

static void let_event_source(struct fixture *f)
{
    f->lambda.has_event_source = true;
}

static void let_alias(struct fixture *f)
{
    f->lambda.user_alias = (struct cp_alias_config){"live", "$LATEST", ""};
}

static void others_that_reach_latest_are_a_reason_to_refuse(void **state)
{
    static const struct {
        void (*let)(struct fixture *f);
        const char *said;
    } callers[] = {{let_policy, "policy"},
                   {let_url, "URL"},
                   {let_event_source, "event source"},
                   {let_alias, "alias"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        fake_lambda_clear(&f->lambda);
        begin_world(f);
        callers[i].let(f);
        assert_int_equal(sweep(f), CP_EUNSUPPORTED);
        assert_non_null(strstr(f->err.text, callers[i].said));
        assert_non_null(strstr(f->err.text, "--yes-production"));
        assert_int_equal(f->lambda.n_changes, 0);
        f->place.is_production_known = true;
        assert_int_equal(sweep(f), CP_OK);
        f->place.is_production_known = false;
    }
}

static void a_locked_function_is_left_alone(void **state)
{
    struct fixture *f = *state;
    f->lambda.alias = (struct cp_alias_config){
        CP_LOCK_ALIAS, "$LATEST", "coldprof 1234-0000abcd memory=512 highest=7 sizes=128"};
    assert_int_equal(sweep(f), CP_EBUSY);
    assert_non_null(strstr(f->err.text, "run 1234"));
    assert_non_null(strstr(f->err.text, "recover --function hello"));
    assert_int_equal(f->lambda.n_changes, 0);
    assert_string_equal(f->lambda.alias.name, CP_LOCK_ALIAS);
    assert_int_equal(n_journals(f->folder), 0);
}

static void without_a_journal_nothing_is_changed(void **state)
{
    struct fixture *f = *state;
    f->place.journal_folder = "/proc/self/no-such-folder";
    assert_int_not_equal(sweep(f), CP_OK);
    assert_non_null(strstr(f->err.text, "nothing is changed"));
    assert_int_equal(f->lambda.n_changes, 0);
}

static void an_open_journal_of_the_function_comes_first(void **state)
{
    struct fixture *f = *state;
    f->lambda.at_call = on_call;
    f->lambda.at_context = f;
    f->at = 12;
    f->happens = die;
    assert_int_equal(sweep(f), CP_OK);
    assert_true(f->has_died);
    f->happens = NULL;
    f->place.journal_folder = f->copy;
    int n_changes = f->lambda.n_changes;
    assert_int_equal(sweep(f), CP_EBUSY);
    assert_non_null(strstr(f->err.text, "coldprof recover 7f3a"));
    assert_int_equal(f->lambda.n_changes, n_changes);
    free(f->dead.versions);
}

/* --- a version or an alias --- */

static void a_version_that_is_what_latest_is_is_swept_by_latest(void **state)
{
    static const char *const functions[] = {"hello:live", "hello:1", "hello:$LATEST"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        fake_lambda_clear(&f->lambda);
        begin_world(f);
        f->lambda.user_alias = (struct cp_alias_config){"live", "1", ""};
        f->lambda.versions[0].config.memory_size_mb = 1024; /* may differ, as may: */
        (void)snprintf(f->lambda.versions[0].config.description, 16, "a release");
        f->function = functions[i];
        if (sweep(f))
            fail_msg("%s: %s", functions[i], f->err.text);
        assert_nothing_left(&f->lambda, ORIGINAL_MB);
        assert_int_equal(f->lambda.versions[0].config.memory_size_mb, 1024);
    }
}

static void use_code(struct cp_function_config *version)
{
    (void)snprintf(version->code_sha256, sizeof version->code_sha256, "b2xk");
}

static void use_timeout(struct cp_function_config *version)
{
    version->timeout_s++;
}

static void use_runtime(struct cp_function_config *version)
{
    (void)snprintf(version->runtime_version_arn, sizeof version->runtime_version_arn, "arn:old");
}

static void a_version_that_latest_is_not_is_refused_with_the_first_difference(void **state)
{
    static const struct {
        void (*use)(struct cp_function_config *version);
        const char *said;
    } rows[] = {{use_code, "its CodeSha256 is not that of $LATEST"},
                {use_timeout, "its Timeout is not that of $LATEST"},
                {use_runtime, "its RuntimeVersionConfig is not that of $LATEST"}};
    struct fixture *f = *state;
    f->function = "hello:live";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_lambda_clear(&f->lambda);
        begin_world(f);
        (void)snprintf(f->lambda.latest.runtime_version_arn, 16, "arn:new");
        f->lambda.versions[0].config = f->lambda.latest;
        (void)snprintf(f->lambda.versions[0].config.version, 24, "1");
        f->lambda.user_alias = (struct cp_alias_config){"live", "1", ""};
        rows[i].use(&f->lambda.versions[0].config);
        assert_int_equal(sweep(f), CP_EUNSUPPORTED);
        assert_non_null(strstr(f->err.text, "cannot sweep 'hello:live' in place"));
        assert_non_null(strstr(f->err.text, rows[i].said));
        assert_int_equal(f->lambda.n_changes, 0);
    }
}

/* --- not ready yet --- */

static void a_pending_function_is_waited_for(void **state)
{
    struct fixture *f = *state;
    f->lambda.pending_looks = 60; /* more than the quick looks */
    assert_int_equal(sweep(f), CP_OK);
    assert_nothing_left(&f->lambda, ORIGINAL_MB);
}

static void a_function_that_stays_pending_is_given_up_after_five_minutes(void **state)
{
    struct fixture *f = *state;
    f->lambda.pending_looks = INT_MAX;
    double started_ms = f->lambda.now_ms;
    assert_int_equal(sweep(f), CP_ETIMEOUT);
    double took_ms = f->lambda.now_ms - started_ms;
    assert_true(took_ms > 295e3 && took_ms < 305e3);
    assert_int_equal(f->lambda.n_changes, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_failed_call_leaves_nothing),
        TEST(a_lost_answer_leaves_nothing),
        TEST(death_before_any_call_is_recovered_from_the_journal),
        TEST(death_before_any_call_is_recovered_from_the_lock),
        TEST(what_the_owner_sets_after_an_undo_that_failed_stays),
        TEST(a_foreign_memory_size_is_never_overwritten),
        TEST(a_foreign_update_in_progress_is_never_overwritten),
        TEST(a_foreign_deployment_keeps_its_code_and_gets_its_memory_back),
        TEST(a_foreign_release_stays_and_is_named_when_it_has_our_size),
        TEST(others_that_reach_latest_are_a_reason_to_refuse),
        TEST(a_locked_function_is_left_alone),
        TEST(without_a_journal_nothing_is_changed),
        TEST(an_open_journal_of_the_function_comes_first),
        TEST(a_version_that_is_what_latest_is_is_swept_by_latest),
        TEST(a_version_that_latest_is_not_is_refused_with_the_first_difference),
        TEST(a_pending_function_is_waited_for),
        TEST(a_function_that_stays_pending_is_given_up_after_five_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
