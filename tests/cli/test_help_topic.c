/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every example of the topics of help works: its command line is read by the parser, its file by
 * the reader of traffic.
 */
#include "probes/os/file.h"
#include "profiler/cli/demand.h"
#include "profiler/cli/help_topic.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 16, LINE_WIDTH = 79 };

static const char *no_variable(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

static unsigned command_of(const char *name)
{
    static const struct {
        const char *name;
        unsigned bit;
    } rows[] = {{"sweep", CP_IN_SWEEP}, {"report", CP_IN_REPORT}, {"import", CP_IN_IMPORT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].bit;
    }
    fail_msg("no command '%s'", name);
    return 0;
}

/* What the traffic of an example is, with the log or the run that its command would have. */
static struct cp_demand *demand_of(const struct cp_help_example *e)
{
    char line[256];
    char *words[WORDS_MAX];
    const char *room[WORDS_MAX];
    int n = 0;
    struct cp_words rest = {.word = room, .max = WORDS_MAX};
    struct cp_options o;
    struct cp_error err = {0};
    struct cp_demand own = cp_demand_of_rate(1);
    struct cp_demand *got = NULL;
    (void)snprintf(line, sizeof line, "%s", e->command);
    char *next = line;
    for (char *word = line; word && n < WORDS_MAX; word = next) {
        next = strchr(word, ' ');
        if (next)
            *next++ = '\0';
        words[n++] = word;
    }
    assert_true(n > 2);
    assert_string_equal(words[0], "coldprof");
    if (cp_options_read(command_of(words[1]), n - 2, words + 2, no_variable, NULL, &o, &rest,
                        &err) ||
        cp_cli_demand(&o, &own, &got, &err))
        fail_msg("%s: %s", e->command, err.text);
    assert_non_null(got);
    return got;
}

static void every_example_of_traffic_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum cp_arrivals_kind kind;
        double requests; /* written out by hand from the example */
    } files[] = {
        {"week.ini", CP_ARRIVALS_WEEK, 50 * 3600 * 20.0 + 4 * 3600 * 2.0 + 114 * 10.0},
        {"minutes.csv", CP_ARRIVALS_COUNTS, 651},
        {"counts.csv", CP_ARRIVALS_COUNTS, 60},
        {"invocations.json", CP_ARRIVALS_COUNTS, 610},
        {"times.txt", CP_ARRIVALS_TIMES, 3 * 2.0},
        {"azure.csv", CP_ARRIVALS_TIMES, 3},
    };
    const struct cp_help_topic *topic = cp_help_topic_find(cp_view_of("traffic"));
    size_t n_files = 0;
    char folder[] = "/tmp/test_help_topic.XXXXXX";
    assert_non_null(topic);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < topic->n_examples; i++) {
        const struct cp_help_example *e = &topic->examples[i];
        if (e->file)
            assert_int_equal(cp_file_write_atomic(e->file, cp_view_of(e->content), NULL), CP_OK);
        struct cp_demand *demand = demand_of(e);
        assert_true(cp_demand_per_s(demand) > 0);
        assert_int_equal(demand->n_skipped, 0);
        if (e->file) {
            assert_string_equal(e->file, files[n_files].file);
            assert_int_equal(demand->law.kind, files[n_files].kind);
            assert_near(demand->requests, files[n_files].requests, 1e-6);
            n_files++;
            assert_int_equal(unlink(e->file), 0);
        }
        cp_demand_free(demand);
    }
    assert_int_equal(n_files, sizeof files / sizeof files[0]);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void pages_fit_a_terminal(void **state)
{
    (void)state;
    struct cp_buf out;
    cp_buf_init(&out, (size_t)64 * 1024);
    for (const struct cp_help_topic *t = cp_help_topics(); t->name; t++)
        cp_help_topic_add(t, &out);
    struct cp_view rest = cp_buf_view(&out);
    struct cp_view line;
    while (cp_view_split(&rest, '\n', &line)) {
        if (line.n > LINE_WIDTH)
            fail_msg("wider than %d: %.*s", LINE_WIDTH, (int)line.n, line.p);
    }
    cp_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_of_traffic_is_read),
        cmocka_unit_test(pages_fit_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
