/* SPDX-License-Identifier: GPL-3.0-or-later
 * The page in a real browser: it draws something, and prints the decision on page one.
 */
#include "reports/report.h"
#include "tests/reports/fixture.h"
#include "tests/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/os/file.h"

enum { BROWSER_LIMIT_S = 90 };

static char folder[] = "/tmp/coldprof-page-XXXXXX";

/* Runs a program without a shell, quietly; its exit status, 127 when it does not exist. */
static int run(const char *const argv[])
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0) {
            alarm(BROWSER_LIMIT_S);
            execvp(argv[0], (char *const *)(const void *)argv);
        }
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static const char *path_of(const char *name, char path[200])
{
    (void)snprintf(path, 200, "%s/%s", folder, name);
    return path;
}

static void require(const char *program)
{
    const char *const argv[] = {program, "--version", NULL};
    const char *const poppler[] = {program, "-v", NULL};
    bool is_poppler = strcmp(program, "pdftotext") == 0;
    if (run(is_poppler ? poppler : argv) != 127)
        return;
    print_message("skipped: %s is not installed\n", program);
    skip();
}

static void browse(const char *output_option, const char *output, const char *page)
{
    char profile[200];
    char option[300];
    char url[300];
    char path[200];
    char profile_path[200];
    (void)snprintf(profile, sizeof profile, "--user-data-dir=%s", path_of("profile", profile_path));
    (void)snprintf(option, sizeof option, "%s=%s", output_option, path_of(output, path));
    (void)snprintf(url, sizeof url, "file://%s", path_of(page, path));
    const char *const argv[] = {"chromium",
                                "--headless",
                                "--no-sandbox",
                                "--disable-gpu",
                                "--no-first-run",
                                "--disable-background-networking",
                                "--no-pdf-header-footer",
                                "--window-size=1000,1600",
                                profile,
                                option,
                                url,
                                NULL};
    assert_int_equal(run(argv), 0);
}

static size_t size_of(const char *name)
{
    char path[200];
    struct stat st;
    assert_int_equal(stat(path_of(name, path), &st), 0);
    return (size_t)st.st_size;
}

static void write_page(const char *name, struct cp_view bytes)
{
    char path[200];
    struct cp_error err = {.text = ""};
    if (cp_file_write_atomic(path_of(name, path), bytes, &err) != CP_OK)
        fail_msg("%s", err.text);
}

static int make_page(void **state)
{
    (void)state;
    struct cp_charts charts;
    struct cp_buf out;
    const struct cp_figures *f = fixture_shared(&(struct fixture_options){0});
    if (!mkdtemp(folder))
        return -1;
    cp_buf_init(&out, 8U << 20);
    cp_charts_make(f, NULL, &charts);
    cp_report_html(f, &charts, &out);
    write_page("report.html", cp_buf_view(&out));
    write_page("blank.html", CP_VIEW_LIT("<!DOCTYPE html><title>blank</title>"));
    cp_charts_clear(&charts);
    cp_buf_clear(&out);
    return 0;
}

static int remove_page(void **state)
{
    const char *const argv[] = {"rm", "-rf", folder, NULL};
    return run(argv) + fixture_shared_free(state);
}

/* A white picture of the same size compresses to next to nothing. */
static void the_page_draws_more_than_a_blank_one(void **state)
{
    (void)state;
    require("chromium");
    browse("--screenshot", "blank.png", "blank.html");
    browse("--screenshot", "report.png", "report.html");
    assert_true(size_of("report.png") > 10 * size_of("blank.png"));
}

static void page_one_in_print_holds_the_decision_and_its_chart(void **state)
{
    (void)state;
    require("chromium");
    require("pdftotext");
    char pdf[200];
    char text[200];
    struct cp_buf page;
    struct cp_error err = {.text = ""};
    browse("--print-to-pdf", "report.pdf", "report.html");
    const char *const argv[] = {
        "pdftotext", "-l", "1", path_of("report.pdf", pdf), path_of("page1.txt", text), NULL};
    assert_int_equal(run(argv), 0);
    cp_buf_init(&page, 1U << 20);
    assert_int_equal(cp_file_read(text, &page, &err), CP_OK);
    assert_non_null(strstr(cp_buf_str(&page), "CHANGE"));
    assert_non_null(strstr(cp_buf_str(&page), "recommended"));
    assert_non_null(strstr(cp_buf_str(&page), "Cost against latency"));
    assert_non_null(strstr(cp_buf_str(&page), "USD per month")); /* the chart's own axis */
    assert_non_null(strstr(cp_buf_str(&page), "dominated"));     /* the end of its caption */
    assert_null(strstr(cp_buf_str(&page), "Memory sweep"));
    cp_buf_clear(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_draws_more_than_a_blank_one),
        cmocka_unit_test(page_one_in_print_holds_the_decision_and_its_chart),
    };
    return cmocka_run_group_tests(tests, make_page, remove_page);
}
