/* SPDX-License-Identifier: GPL-3.0-or-later
 * Function folders, made anew for each test. The interpreters are scripts in such a folder, so that
 * the result does not depend on this machine.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probes/local/function_folder.h"
#include "probes/os/file.h"
#include "probes/os/file_list.h"

/* --- a temporary folder --- */

struct place {
    char root[256];
    char fn[300];  /* the function's folder, empty */
    char bin[300]; /* the search path, empty */
};

static void path_in(const char *folder, const char *name, char out[512])
{
    int n = snprintf(out, 512, "%s/%s", folder, name);
    assert_true(n > 0 && n < 512);
}

static void put(const char *folder, const char *name, const char *text, mode_t mode)
{
    char path[512];
    struct cp_error err;
    path_in(folder, name, path);
    assert_int_equal(cp_file_write_atomic(path, cp_view_of(text), &err), CP_OK);
    assert_int_equal(chmod(path, mode), 0);
}

static void make_folder(const char *folder, const char *name)
{
    char path[512];
    path_in(folder, name, path);
    assert_int_equal(mkdir(path, 0755), 0);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    const char *base = getenv("TMPDIR");
    (void)snprintf(p->root, sizeof p->root, "%s/coldprof-folder-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(p->root));
    make_folder(p->root, "fn");
    make_folder(p->root, "bin");
    (void)snprintf(p->fn, sizeof p->fn, "%s/fn", p->root);
    (void)snprintf(p->bin, sizeof p->bin, "%s/bin", p->root);
    *state = p;
    return 0;
}

static void remove_tree(const char *folder)
{
    struct cp_file_list list;
    struct cp_error err;
    char path[1024];
    static const char *const folders[] = {"fn/__pycache__", "fn/.git/x", "fn/.git", "fn/lib/deep",
                                          "fn/lib",         "fn",        "bin",     "other fn",
                                          "copy",           NULL};
    assert_int_equal(cp_file_list(folder, &(struct cp_file_list_options){0}, &list, &err), CP_OK);
    for (size_t i = 0; i < list.n; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, list.files[i].name);
        (void)unlink(path);
    }
    cp_file_list_clear(&list);
    for (const char *const *name = folders; *name; name++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, *name);
        (void)rmdir(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static int teardown(void **state)
{
    struct place *p = *state;
    char path[512];
    path_in(p->fn, "dangling", path);
    (void)unlink(path);
    remove_tree(p->root);
    free(p);
    return 0;
}

/* A python3 that answers as this one, whatever it is asked; `$1` is seen to be an option. */
static void put_interpreter(const struct place *p, const char *command, const char *runtime)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "#!/bin/sh\necho '%s/%s'\necho '%s'\n", p->bin, command,
                   runtime);
    put(p->bin, command, text, 0755);
}

static enum cp_code read_folder(const struct place *p, struct cp_function_folder *out,
                                struct cp_error *err)
{
    struct cp_function_folder_options options = {.search_path = p->bin, .ask_timeout_ms = 5000};
    return cp_function_folder_read_with(p->fn, &options, out, err);
}

/* Reading the folder fails with `code`, and the message contains `text`. */
static void assert_refused(const struct place *p, enum cp_code code, const char *text)
{
    static struct cp_function_folder folder;
    struct cp_error err = {0};
    assert_int_equal(read_folder(p, &folder, &err), code);
    if (!strstr(err.text, text))
        fail_msg("'%s' is not in '%s'", text, err.text);
}

/* --- what is read --- */

static void an_executable_bootstrap_is_a_custom_runtime(void **state)
{
    struct place *p = *state;
    static struct cp_function_folder f;
    struct cp_error err;
    char bootstrap[512];
    put(p->fn, "bootstrap", "#!/bin/sh\n", 0755);
    assert_int_equal(read_folder(p, &f, &err), CP_OK);
    path_in(f.dir, "bootstrap", bootstrap);
    assert_string_equal(f.name, "fn");
    assert_string_equal(f.runtime, "provided.al2023");
    assert_string_equal(f.program, bootstrap);
    assert_string_equal(f.bootstrap, "");
    assert_int_equal(f.timeout_s, 3);
    assert_int_equal(f.memory_size_mb, 128);
    /* APPNOTE 4.3: local header 30 + name 9 + bytes 10, central 46 + name 9, end 22 */
    assert_int_equal(f.code_size, 126);
    assert_int_equal(f.n_env, 0);
    assert_true(f.dir[0] == '/');
}

static void function_ini_sets_the_rest_of_a_custom_runtime(void **state)
{
    struct place *p = *state;
    static struct cp_function_folder f;
    struct cp_error err;
    put(p->fn, "bootstrap", "#!/bin/sh\n", 0755);
    put(p->fn, "function.ini",
        "\xef\xbb\xbf# comment\r\n; another\r\n\r\n name = my-fn_1 \r\nhandler=h\r\n"
        "timeout = 900\nmemory = 10240\nruntime = provided\n\n[environment]\n"
        "COLOUR = dark blue # not a comment\nEMPTY=\nEQUALS = a=b\n",
        0644);
    assert_int_equal(read_folder(p, &f, &err), CP_OK);
    assert_string_equal(f.name, "my-fn_1");
    assert_string_equal(f.handler, "h");
    assert_string_equal(f.runtime, "provided.al2023");
    assert_int_equal(f.timeout_s, 900);
    assert_int_equal(f.memory_size_mb, 10240);
    assert_int_equal(f.n_env, 3);
    assert_string_equal(f.env[0].name, "COLOUR");
    assert_string_equal(f.env[0].value, "dark blue # not a comment");
    assert_string_equal(f.env[1].value, "");
    assert_string_equal(f.env[2].value, "a=b");
}

static void an_interpreter_is_found_and_named_by_its_own_version(void **state)
{
    static const struct {
        const char *ini, *command, *answer, *runtime;
    } cases[] = {
        {"runtime = python3\nhandler = app.handler\n", "python3", "python3.11", "python3.11"},
        {"runtime = nodejs\nhandler = app.handler\n", "node", "nodejs20.x", "nodejs20.x"},
        {"runtime = python3.12\nhandler = app.handler\n", "python3.12", "python3.12", "python3.12"},
        {"runtime = nodejs20.x\nhandler = app.handler\n", "node", "nodejs20.x", "nodejs20.x"},
    };
    struct place *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct cp_function_folder f;
        struct cp_error err;
        char program[512];
        put_interpreter(p, cases[i].command, cases[i].answer);
        put(p->fn, "function.ini", cases[i].ini, 0644);
        assert_int_equal(read_folder(p, &f, &err), CP_OK);
        assert_string_equal(f.runtime, cases[i].runtime);
        assert_string_equal(f.handler, "app.handler");
        path_in(p->bin, cases[i].command, program);
        assert_string_equal(f.program, program);
    }
}

static void a_wrapper_on_the_path_is_replaced_by_the_interpreter_it_starts(void **state)
{
    struct place *p = *state;
    static struct cp_function_folder f;
    struct cp_error err;
    char text[1024];
    char real[512];
    (void)snprintf(text, sizeof text, "#!/bin/sh\nexec '%s/real' \"$@\"\n", p->bin);
    put(p->bin, "python3", text, 0755);
    put_interpreter(p, "real", "python3.11");
    put(p->fn, "function.ini", "runtime = python3\nhandler = app.handler\n", 0644);
    assert_int_equal(read_folder(p, &f, &err), CP_OK);
    path_in(p->bin, "real", real);
    assert_string_equal(f.program, real);
}

static void a_named_runtime_wins_over_a_bootstrap(void **state)
{
    struct place *p = *state;
    static struct cp_function_folder f;
    struct cp_error err;
    put_interpreter(p, "python3", "python3.11");
    put(p->fn, "bootstrap", "#!/bin/sh\n", 0755);
    put(p->fn, "function.ini", "runtime = python3\nhandler = app.handler\n", 0644);
    assert_int_equal(read_folder(p, &f, &err), CP_OK);
    assert_string_equal(f.runtime, "python3.11");
}

/* --- what is refused --- */

static void a_folder_that_is_not_there_is_not_found(void **state)
{
    struct place *p = *state;
    static struct cp_function_folder f;
    struct cp_error err;
    char path[512];
    path_in(p->root, "nothing", path);
    assert_int_equal(cp_function_folder_read(path, &f, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "no such function folder"));
    put(p->root, "file", "", 0644);
    path_in(p->root, "file", path);
    assert_int_equal(cp_function_folder_read(path, &f, &err), CP_ENOTFOUND);
    assert_non_null(strstr(err.text, "is not a folder"));
}

static void a_folder_without_anything_says_what_to_add(void **state)
{
    assert_refused(*state, CP_EINVAL, "has neither 'bootstrap' nor 'function.ini': add");
}

static void a_bootstrap_that_cannot_run_says_chmod(void **state)
{
    struct place *p = *state;
    put(p->fn, "bootstrap", "#!/bin/sh\n", 0644);
    assert_refused(p, CP_EINVAL, "is not executable: run chmod +x");
}

static void a_missing_interpreter_names_its_package(void **state)
{
    struct place *p = *state;
    put(p->fn, "function.ini", "runtime = nodejs\nhandler = app.handler\n", 0644);
    assert_refused(p, CP_EINVAL, "install package 'nodejs'");
    put(p->fn, "function.ini", "runtime = python3\nhandler = app.handler\n", 0644);
    assert_refused(p, CP_EINVAL, "install package 'python3'");
}

static void another_version_than_the_exact_one_is_refused(void **state)
{
    struct place *p = *state;
    put_interpreter(p, "python3", "python3.11");
    put(p->fn, "function.ini", "runtime = python3.9\nhandler = app.handler\n", 0644);
    assert_refused(p, CP_EINVAL, "runtime 'python3.9' is not installed here");
}

static void an_interpreter_that_hangs_fails_or_lies_is_refused(void **state)
{
    struct place *p = *state;
    static struct cp_function_folder f;
    struct cp_error err;
    put(p->fn, "function.ini", "runtime = python3\nhandler = app.handler\n", 0644);
    put(p->bin, "python3", "#!/bin/sh\nexit 3\n", 0755);
    assert_refused(p, CP_EINVAL, "did not run successfully");
    put(p->bin, "python3", "#!/bin/sh\necho hello\n", 0755);
    assert_refused(p, CP_EINVAL, "does not say which interpreter it is");
    put(p->bin, "python3", "#!/bin/sh\necho /nowhere/python3\necho python3.11\n", 0755);
    assert_refused(p, CP_EINVAL, "does not say which interpreter it is");
    put(p->bin, "python3", "#!/bin/sh\nwhile :; do :; done\n", 0755);
    struct cp_function_folder_options options = {.search_path = p->bin, .ask_timeout_ms = 50};
    assert_int_equal(cp_function_folder_read_with(p->fn, &options, &f, &err), CP_EINVAL);
    assert_non_null(strstr(err.text, "did not answer within 50 ms"));
}

static const struct {
    const char *name, *ini, *text;
} bad_inis[] = {
    {"unknown key", "runtime = python3\nhandlr = a.b\n",
     "line 2: unknown key 'handlr': did you mean 'handler'?"},
    {"unknown key like none", "x = 1\n", "line 1: unknown key 'x' (name, handler"},
    {"no value", "runtime =\n", "line 1: 'runtime' has no value"},
    {"no equals sign", "\nruntime python3\n", "line 2: expected 'key = value'"},
    {"a key twice", "timeout = 1\ntimeout = 2\n", "line 2: 'timeout' is set twice"},
    {"timeout 0", "timeout = 0\n", "line 1: timeout '0' is not a number of seconds"},
    {"timeout 901", "timeout = 901\n", "line 1: timeout '901'"},
    {"timeout with unit", "timeout = 3s\n", "line 1: timeout '3s'"},
    {"memory 127", "memory = 127\n", "line 1: "},
    {"memory 10241", "memory = 10241\n", "line 1: "},
    {"memory as text", "memory = much\n", "line 1: "},
    {"a bad name", "name = a b\n", "line 1: 'a b' is not a function name"},
    {"a name of 65", "name = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
     "is not a function name"},
    {"unknown section", "[env]\n", "line 1: unknown section '[env]'"},
    {"a reserved variable", "[environment]\nAWS_REGION = x\n", "line 2: 'AWS_REGION' is reserved"},
    {"a bad variable", "[environment]\n1A = x\n", "line 2: '1A' is not a variable name"},
    {"a variable twice", "[environment]\nAA=1\nAA=2\n", "line 3: 'AA' is set twice"},
    {"no runtime", "handler = a.b\n", "has no runtime: add 'runtime = python3'"},
    {"no handler", "runtime = python3\n", "has no handler: add"},
    {"runtime with a slip", "runtime = pyton3\nhandler = a.b\n",
     "unknown runtime 'pyton3': did you mean 'python3'?"},
    {"runtime of another family", "runtime = java21\nhandler = a.b\n",
     "unknown runtime 'java21'; use python3, nodejs, or provided"},
    {"half a version", "runtime = python3.\nhandler = a.b\n", "unknown runtime 'python3.'"},
    {"provided without bootstrap", "runtime = provided.al2023\n", "no 'bootstrap': add"},
};

static void a_bad_function_ini_is_refused_with_its_line(void **state)
{
    struct place *p = *state;
    for (size_t i = 0; i < sizeof bad_inis / sizeof bad_inis[0]; i++) {
        print_message("%s\n", bad_inis[i].name);
        put(p->fn, "function.ini", bad_inis[i].ini, 0644);
        assert_refused(p, CP_EINVAL, bad_inis[i].text);
    }
}

static void a_folder_name_that_is_no_function_name_needs_one(void **state)
{
    struct place *p = *state;
    static struct cp_function_folder f;
    struct cp_error err;
    char folder[512];
    make_folder(p->root, "other fn");
    path_in(p->root, "other fn", folder);
    put(folder, "bootstrap", "#!/bin/sh\n", 0755);
    assert_int_equal(cp_function_folder_read(folder, &f, &err), CP_EINVAL);
    assert_non_null(strstr(err.text, "add 'name = ...'"));
    put(folder, "function.ini", "name = good\n", 0644);
    assert_int_equal(cp_function_folder_read(folder, &f, &err), CP_OK);
    assert_string_equal(f.name, "good");
}

static void a_value_that_does_not_fit_is_refused(void **state)
{
    struct place *p = *state;
    struct cp_buf ini;
    cp_buf_init(&ini, 1 << 20);
    (void)cp_buf_addf(&ini, "[environment]\nVALUE = %01024d\n", 0);
    put(p->fn, "function.ini", cp_buf_str(&ini), 0644);
    assert_refused(p, CP_EINVAL, "line 2: 'VALUE' is longer than 1023 bytes");
    cp_buf_reset(&ini);
    (void)cp_buf_adds(&ini, "[environment]\n");
    for (int i = 0; i <= CP_FOLDER_ENV_MAX; i++)
        (void)cp_buf_addf(&ini, "V%d = 1\n", i);
    put(p->fn, "function.ini", cp_buf_str(&ini), 0644);
    assert_refused(p, CP_EINVAL, "line 66: more than 64 variables");
    cp_buf_clear(&ini);
}

/* --- the hash of the code --- */

static void hash_of(const struct place *p, char out[72])
{
    static struct cp_function_folder f;
    struct cp_error err;
    assert_int_equal(read_folder(p, &f, &err), CP_OK);
    assert_true(cp_view_copy(cp_view_of(f.code_sha256), out, 72));
}

static void the_hash_changes_with_a_byte_a_name_and_a_file(void **state)
{
    struct place *p = *state;
    char before[72];
    char after[72];
    char path[512];
    char other[512];
    put(p->fn, "bootstrap", "#!/bin/sh\n", 0755);
    make_folder(p->fn, "lib");
    put(p->fn, "lib/a", "12", 0644);
    hash_of(p, before);
    put(p->fn, "lib/a", "13", 0644);
    hash_of(p, after);
    assert_string_not_equal(after, before);
    put(p->fn, "lib/a", "12", 0644);
    hash_of(p, after);
    assert_string_equal(after, before);
    path_in(p->fn, "lib/a", path);
    path_in(p->fn, "lib/b", other);
    assert_int_equal(rename(path, other), 0);
    hash_of(p, after);
    assert_string_not_equal(after, before);
    put(p->fn, "lib/a", "", 0644);
    hash_of(p, before);
    assert_string_not_equal(after, before);
}

static void what_is_not_code_does_not_change_the_hash(void **state)
{
    struct place *p = *state;
    char before[72];
    char after[72];
    char path[512];
    put(p->fn, "bootstrap", "#!/bin/sh\n", 0755);
    hash_of(p, before);
    make_folder(p->fn, ".git");
    make_folder(p->fn, "__pycache__");
    put(p->fn, ".git/HEAD", "x", 0644);
    put(p->fn, "__pycache__/app.pyc", "x", 0644);
    path_in(p->fn, "dangling", path);
    assert_int_equal(symlink("/nowhere/at/all", path), 0);
    hash_of(p, after);
    assert_string_equal(after, before);
}

static void code_above_250_mb_is_refused_without_reading_it(void **state)
{
    struct place *p = *state;
    char path[512];
    put(p->fn, "bootstrap", "#!/bin/sh\n", 0755);
    put(p->fn, "model.bin", "", 0644);
    path_in(p->fn, "model.bin", path);
    assert_int_equal(truncate(path, INT64_C(250) << 20), 0); /* sparse: takes no disk */
    assert_refused(p, CP_ELIMIT, "larger than 250 MB");
}

static void a_folder_may_be_given_with_a_name(void **state)
{
    struct place *p = *state;
    struct cp_function_folder folder;
    struct cp_error err;
    char argument[512];
    const char *path = NULL;
    put(p->fn, "bootstrap", "#!/bin/sh\n", 0755);
    put(p->fn, "function.ini", "name = of-the-file\nmemory = 512\n", 0644);
    assert_int_equal(cp_function_folder_find(p->fn, &folder, &err), CP_OK);
    assert_string_equal(folder.name, "of-the-file");
    assert_string_equal(strrchr(folder.dir, '/'), "/fn");
    (void)snprintf(argument, sizeof argument, "fn-base=%s", p->fn);
    const struct cp_function_folder_options options = {
        .name = cp_function_folder_split(argument, &path)};
    assert_string_equal(path, p->fn);
    assert_int_equal(cp_function_folder_read_with(path, &options, &folder, &err), CP_OK);
    assert_string_equal(folder.name, "fn-base");
    assert_int_equal(folder.memory_size_mb, 512);
}

/* What is no name, and a folder whose own name has an '=', are folders as they stand. */
static void a_folder_with_an_equals_sign_is_a_folder(void **state)
{
    struct place *p = *state;
    static const char *const whole[] = {"./a/b", "./a=b", "a b=c", "=c", ""};
    char old[512];
    const char *path = NULL;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        assert_int_equal(cp_function_folder_split(whole[i], &path).n, 0);
        assert_ptr_equal(path, whole[i]);
    }
    assert_non_null(getcwd(old, sizeof old));
    assert_int_equal(chdir(p->root), 0);
    assert_int_equal(cp_function_folder_split("build=old", &path).n, 5);
    assert_string_equal(path, "old");
    make_folder(p->root, "build=old");
    assert_int_equal(cp_function_folder_split("build=old", &path).n, 0);
    assert_string_equal(path, "build=old");
    assert_int_equal(rmdir("build=old"), 0);
    assert_int_equal(chdir(old), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_executable_bootstrap_is_a_custom_runtime),
        IN_FOLDER(function_ini_sets_the_rest_of_a_custom_runtime),
        IN_FOLDER(an_interpreter_is_found_and_named_by_its_own_version),
        IN_FOLDER(a_wrapper_on_the_path_is_replaced_by_the_interpreter_it_starts),
        IN_FOLDER(a_named_runtime_wins_over_a_bootstrap),
        IN_FOLDER(a_folder_that_is_not_there_is_not_found),
        IN_FOLDER(a_folder_without_anything_says_what_to_add),
        IN_FOLDER(a_bootstrap_that_cannot_run_says_chmod),
        IN_FOLDER(a_missing_interpreter_names_its_package),
        IN_FOLDER(another_version_than_the_exact_one_is_refused),
        IN_FOLDER(an_interpreter_that_hangs_fails_or_lies_is_refused),
        IN_FOLDER(a_bad_function_ini_is_refused_with_its_line),
        IN_FOLDER(a_folder_name_that_is_no_function_name_needs_one),
        IN_FOLDER(a_value_that_does_not_fit_is_refused),
        IN_FOLDER(a_folder_may_be_given_with_a_name),
        IN_FOLDER(a_folder_with_an_equals_sign_is_a_folder),
        IN_FOLDER(the_hash_changes_with_a_byte_a_name_and_a_file),
        IN_FOLDER(what_is_not_code_does_not_change_the_hash),
        IN_FOLDER(code_above_250_mb_is_refused_without_reading_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
