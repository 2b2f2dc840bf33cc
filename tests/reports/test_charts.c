/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chart scripts, the gnuplot child and what is done with its SVG.
 */
#include "reports/chart_script.h"
#include "reports/gnuplot.h"
#include "reports/svg.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct fixture_options plain = {0};

static void scripts_match_their_goldens(void **state)
{
    (void)state;
    const struct cp_figures *f = fixture_shared(&plain);
    for (int id = 0; id < CP_CHART_WEEK; id++) {
        struct cp_buf out;
        char name[60];
        cp_buf_init(&out, 1U << 20);
        assert_true(cp_chart_has_data(f, (enum cp_chart_id)id));
        cp_chart_script(f, (enum cp_chart_id)id, &out);
        (void)snprintf(name, sizeof name, "%s.gp", cp_chart_name(f, (enum cp_chart_id)id));
        fixture_check_golden(name, &out);
        cp_buf_clear(&out);
    }
}

/* Outside data blocks: no backtick, no double quote but around our own tick labels, no system
 * call, no file name. */
static void hostile_names_stand_in_single_quotes_only(void **state)
{
    (void)state;
    char names[20][200];
    size_t n = fixture_hostile_names(names, 16);
    (void)snprintf(names[n++], 200, "'; system('touch COLDPROF_PWNED'); print '");
    (void)snprintf(names[n++], 200, "@COLDPROF_MACRO \\' \" `touch COLDPROF_PWNED`");
    for (size_t i = 0; i < n; i++) {
        struct cp_buf out;
        cp_buf_init(&out, 8U << 20);
        cp_charts_script(fixture_shared(&(struct fixture_options){.function = names[i]}), &out);
        assert_int_equal(out.failed, CP_OK);
        struct cp_view rest = cp_buf_view(&out);
        struct cp_view line;
        while (cp_view_split(&rest, '\n', &line)) {
            bool is_quoted = false;
            for (size_t k = 0; k < line.n; k++) {
                is_quoted = line.p[k] == '\'' ? !is_quoted : is_quoted;
                assert_true((unsigned char)line.p[k] >= 0x20);
                assert_true(line.p[k] != '`' || is_quoted);
                assert_true(line.p[k] != ';' || is_quoted);
            }
            assert_false(is_quoted);
            assert_false(cp_view_has_prefix(line, "!"));
        }
        cp_buf_clear(&out);
    }
}

static bool has_gnuplot(void)
{
    struct cp_buf out;
    struct cp_buf messages;
    cp_buf_init(&out, 1000);
    cp_buf_init(&messages, 1000);
    enum cp_code code =
        cp_gnuplot_run(NULL, CP_VIEW_LIT("set print '-'\nprint 1\n"), &out, &messages, NULL);
    cp_buf_clear(&out);
    cp_buf_clear(&messages);
    if (code != CP_OK)
        print_message("skipped: gnuplot is not installed\n");
    return code == CP_OK;
}

static void every_chart_becomes_svg_and_png(void **state)
{
    (void)state;
    if (!has_gnuplot())
        skip();
    struct cp_charts charts;
    const struct cp_figures *f = fixture_shared(&plain);
    cp_charts_make(f, NULL, &charts);
    assert_string_equal(charts.warning, "");
    for (int id = 0; id < CP_CHART_WEEK; id++) {
        const struct cp_buf *svg = &charts.svg[id];
        const struct cp_buf *png = &charts.png[id];
        char label[60];
        (void)snprintf(label, sizeof label, "aria-labelledby=\"%s-title %s-desc\"",
                       cp_chart_name(f, (enum cp_chart_id)id),
                       cp_chart_name(f, (enum cp_chart_id)id));
        assert_true(cp_view_has_prefix(cp_buf_view(svg), "<svg viewBox=\"0 0 720 380\" role="));
        assert_non_null(strstr(cp_buf_str(svg), label));
        assert_null(strstr(cp_buf_str(svg), "http"));
        assert_null(strstr(cp_buf_str(svg), "<?xml"));
        assert_null(strstr(cp_buf_str(svg), "GNUPLOT"));
        assert_true(png->n > 1000 && memcmp(png->p, "\x89PNG\r\n\x1a\n", 8) == 0);
        assert_memory_equal(png->p + png->n - 8, "IEND\xae\x42\x60\x82", 8);
        /* IHDR: 1440 x 760 */
        assert_memory_equal(png->p + 16, "\0\0\x05\xa0\0\0\x02\xf8", 8);
    }
    cp_charts_clear(&charts);
}

static void a_hostile_name_executes_nothing(void **state)
{
    (void)state;
    if (!has_gnuplot())
        skip();
    char names[20][200];
    size_t n = fixture_hostile_names(names, 16);
    (void)snprintf(names[n++], 200, "'; system('touch COLDPROF_PWNED'); print '");
    (void)snprintf(names[n++], 200, "`touch COLDPROF_PWNED`");
    char before[400];
    char folder[] = "/tmp/coldprof-charts-XXXXXX";
    assert_non_null(getcwd(before, sizeof before));
    assert_non_null(mkdtemp(folder));
    const struct cp_figures *f = fixture_shared(&plain);
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < n; i++) {
        struct cp_charts charts;
        fixture_shared(&(struct fixture_options){.function = names[i]});
        cp_charts_make(f, NULL, &charts);
        assert_string_equal(charts.warning, "");
        cp_charts_clear(&charts);
    }
    assert_int_equal(chdir(before), 0);
    /* rmdir succeeds only on a folder in which nothing was made */
    assert_int_equal(rmdir(folder), 0);
}

static void a_missing_gnuplot_is_a_warning_with_advice(void **state)
{
    (void)state;
    struct cp_charts charts;
    cp_charts_make(fixture_shared(&plain), "/nonexistent/gnuplot", &charts);
    assert_non_null(strstr(charts.warning, "install gnuplot"));
    for (int id = 0; id < CP_CHART_COUNT; id++)
        assert_true(charts.svg[id].n == 0 && charts.png[id].n == 0);
    cp_charts_clear(&charts);
}

/* --- other programs in the place of gnuplot --- */

static void write_program(const char *body, char path[64])
{
    (void)snprintf(path, 64, "/tmp/coldprof-fake-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    (void)fprintf(file, "#!/bin/sh\n%s\n", body);
    assert_int_equal(fchmod(fd, 0700), 0);
    assert_int_equal(fclose(file), 0);
}

static void children_that_misbehave_are_reported(void **state)
{
    (void)state;
    static const struct {
        const char *name, *body, *expected;
        enum cp_code code;
    } cases[] = {
        {"fails", "cat >/dev/null; echo 'line 3: no such thing' >&2; exit 2",
         "line 3: no such thing", CP_EREMOTE},
        {"reads nothing", "exit 1", "status 1", CP_EREMOTE},
        {"killed", "kill -9 $$", "signal 9", CP_EREMOTE},
        {"too much", "exec cat /dev/zero", "more than", CP_ELIMIT},
        {"too many messages",
         "i=0; while [ $i -lt 2000 ]; do echo 'message message message' >&2; i=$((i+1)); done; "
         "cat >/dev/null; exit 3",
         "status 3", CP_EREMOTE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[64];
        struct cp_charts charts;
        struct cp_buf out;
        struct cp_buf messages;
        struct cp_error err = {.text = ""};
        write_program(cases[i].body, path);
        cp_buf_init(&out, CP_GNUPLOT_OUTPUT_MAX);
        cp_buf_init(&messages, 4096);
        assert_int_equal(cp_gnuplot_run(path, CP_VIEW_LIT("plot x\n"), &out, &messages, &err),
                         cases[i].code);
        cp_charts_make(fixture_shared(&plain), path, &charts);
        if (!strstr(charts.warning, cases[i].expected))
            fail_msg("%s: '%s' is not in '%s'", cases[i].name, cases[i].expected, charts.warning);
        cp_charts_clear(&charts);
        cp_buf_clear(&out);
        cp_buf_clear(&messages);
        assert_int_equal(unlink(path), 0);
    }
}

/* Writes far more than a pipe holds before it reads, while we write far more than a socket holds:
 * either side alone would wait for ever. */
static void both_directions_move_at_once(void **state)
{
    (void)state;
    char path[64];
    struct cp_buf script;
    struct cp_buf out;
    struct cp_buf messages;
    struct cp_error err = {.text = ""};
    write_program("head -c 3000000 /dev/zero; cat", path);
    cp_buf_init(&script, 8U << 20);
    cp_buf_init(&out, 8U << 20);
    cp_buf_init(&messages, 4096);
    for (int i = 0; i < 200000; i++)
        cp_buf_adds(&script, "# a comment line\n");
    assert_int_equal(cp_gnuplot_run(path, cp_buf_view(&script), &out, &messages, &err), CP_OK);
    assert_int_equal(out.n, 3000000 + script.n);
    cp_buf_clear(&script);
    cp_buf_clear(&out);
    cp_buf_clear(&messages);
    assert_int_equal(unlink(path), 0);
}

static void the_child_sees_no_environment_of_ours(void **state)
{
    (void)state;
    char path[64];
    struct cp_buf out;
    struct cp_buf messages;
    write_program("cat >/dev/null; echo args:$0:$*; env", path);
    cp_buf_init(&out, 8192);
    cp_buf_init(&messages, 4096);
    assert_int_equal(setenv("GNUPLOT_LIB", "/tmp/evil", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret", 1), 0);
    assert_int_equal(cp_gnuplot_run(path, CP_VIEW_LIT("x"), &out, &messages, NULL), CP_OK);
    assert_null(strstr(cp_buf_str(&out), "GNUPLOT_LIB"));
    assert_null(strstr(cp_buf_str(&out), "not-a-secret"));
    assert_null(strstr(cp_buf_str(&out), "HOME="));
    assert_non_null(strstr(cp_buf_str(&out), ":-d -\n"));
    (void)unsetenv("GNUPLOT_LIB");
    (void)unsetenv("AWS_SECRET_ACCESS_KEY");
    cp_buf_clear(&out);
    cp_buf_clear(&messages);
    assert_int_equal(unlink(path), 0);
}

static void svg_is_made_fit_for_a_page(void **state)
{
    (void)state;
    static const char svg[] =
        "<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 7 3\"\n "
        "xmlns=\"http://www.w3.org/2000/svg\""
        "\n>\n\n<title>init</title>\n<desc>Produced by GNUPLOT</desc>\n"
        "<g id=\"gnuplot_canvas\"><circle id='gpDot' r='1'/><use xlink:href='#gpDot'/>"
        "<path clip-path=\"url(#clip)\"/><g id=\"init_1\" ><title>init_1</title></g></g>\n</svg>\n";
    struct cp_buf out;
    cp_buf_init(&out, 8192);
    const struct cp_svg_options o = {"init", "Title <b>", "One & only."};
    assert_int_equal(cp_svg_inline(cp_view_of(svg), &o, &out, NULL), CP_OK);
    assert_string_equal(
        cp_buf_str(&out),
        "<svg viewBox=\"0 0 7 3\" role=\"img\" aria-labelledby=\"init-title init-desc\">\n"
        "<title id=\"init-title\">Title &lt;b&gt;</title>\n"
        "<desc id=\"init-desc\">One &amp; only.</desc>\n\n\n\n\n"
        "<g id=\"init-gnuplot_canvas\"><circle id='init-gpDot' r='1'/><use href='#init-gpDot'/>"
        "<path clip-path=\"url(#init-clip)\"/><g id=\"init-init_1\" ></g></g>\n</svg>\n");
    cp_buf_clear(&out);
}

static void active_or_broken_svg_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *svg;
        enum cp_code code;
    } cases[] = {
        {"", CP_EFORMAT},
        {"no picture", CP_EFORMAT},
        {"<svg viewBox=\"0 0 1 1\"><g>", CP_EFORMAT},
        {"<svg", CP_EFORMAT},
        {"<svg><script>x</script></svg>", CP_EDENIED},
        {"<svg><g onclick=\"x\"/></svg>", CP_EDENIED},
        {"<svg><a href=\"http://x/\"/></svg>", CP_EDENIED},
        {"<svg><a xlink:href='https://x/'/></svg>", CP_EDENIED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_buf out;
        struct cp_error err = {.text = ""};
        cp_buf_init(&out, 1000);
        const struct cp_svg_options o = {"x", "t", "d"};
        assert_int_equal(cp_svg_inline(cp_view_of(cases[i].svg), &o, &out, &err), cases[i].code);
        assert_int_equal(out.n, 0);
        assert_true(err.text[0] != '\0');
        cp_buf_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_match_their_goldens),
        cmocka_unit_test(hostile_names_stand_in_single_quotes_only),
        cmocka_unit_test(every_chart_becomes_svg_and_png),
        cmocka_unit_test(a_hostile_name_executes_nothing),
        cmocka_unit_test(a_missing_gnuplot_is_a_warning_with_advice),
        cmocka_unit_test(children_that_misbehave_are_reported),
        cmocka_unit_test(both_directions_move_at_once),
        cmocka_unit_test(the_child_sees_no_environment_of_ours),
        cmocka_unit_test(svg_is_made_fit_for_a_page),
        cmocka_unit_test(active_or_broken_svg_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, fixture_shared_free);
}
