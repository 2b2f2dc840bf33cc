/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/interpreter.h"

#include <stdio.h>
#include <string.h>

#include "model/base/buf.h"
#include "probes/os/capture.h"
#include "probes/os/file.h"

/* A command on PATH may be a wrapper that starts a shell first (pyenv, nvm): its start would be
 * measured as INIT. The question asks the interpreter for its own executable; both answers are one
 * line each: path, runtime. */
static const struct family {
    const char *name;    /* without a version */
    const char *command; /* on PATH */
    const char *package; /* Debian's */
    const char *option;
    const char *question;
    const char *before, *after; /* an exact name is before + digits and dots + after */
} families[] = {
    {"python3", "python3", "python3", "-c",
     "import sys; print(sys.executable); print('python%d.%d' % sys.version_info[:2])", "python3.",
     ""},
    {"nodejs", "node", "nodejs", "-e",
     "console.log(process.execPath); "
     "console.log('nodejs' + process.versions.node.split('.')[0] + '.x')",
     "nodejs", ".x"},
};

static bool is_exact_name(const struct family *family, struct cp_view runtime)
{
    size_t tail = strlen(family->after);
    if (!cp_view_skip(&runtime, family->before) || runtime.n <= tail ||
        memcmp(runtime.p + runtime.n - tail, family->after, tail) != 0)
        return false;
    int64_t number = 0;
    return cp_view_to_int64((struct cp_view){runtime.p, runtime.n - tail}, &number) && number > 0;
}

static const struct family *family_of(struct cp_view runtime)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (cp_view_is(runtime, families[i].name) || is_exact_name(&families[i], runtime))
            return &families[i];
    }
    return NULL;
}

bool cp_interpreter_is_known(struct cp_view runtime)
{
    return family_of(runtime);
}

/* The first executable `command` along the path. */
static bool find_command(struct cp_view command, const char *search_path, char out[PATH_MAX])
{
    struct cp_view rest = cp_view_of(search_path);
    struct cp_view folder;
    while (cp_view_split(&rest, ':', &folder)) {
        int n = snprintf(out, PATH_MAX, "%.*s/%.*s", (int)folder.n, folder.p, (int)command.n,
                         command.p);
        if (folder.n && folder.p[0] == '/' && n > 0 && n < PATH_MAX && cp_file_is_executable(out))
            return true;
    }
    return false;
}

static bool read_answer(const struct cp_buf *answer, struct cp_interpreter *out)
{
    struct cp_view rest = cp_buf_view(answer);
    struct cp_view program = {0};
    struct cp_view runtime = {0};
    return cp_view_split(&rest, '\n', &program) && cp_view_split(&rest, '\n', &runtime) &&
           family_of(runtime) && cp_view_copy(program, out->program, sizeof out->program) &&
           cp_view_copy(runtime, out->runtime, sizeof out->runtime) &&
           cp_file_is_executable(out->program);
}

static enum cp_code ask(const struct family *family, const char *command, const char *search_path,
                        int timeout_ms, struct cp_interpreter *out, struct cp_error *err)
{
    struct cp_buf answer;
    struct cp_buf path;
    cp_buf_init(&answer, 2 * PATH_MAX);
    cp_buf_init(&path, 64 * 1024);
    (void)cp_buf_addf(&path, "PATH=%s", search_path);
    const char *const argv[] = {command, family->option, family->question, NULL};
    const char *const environment[] = {cp_buf_str(&path), "LANG=C.UTF-8", NULL};
    enum cp_code code = cp_buf_check(&path, "the search path", err);
    if (!code)
        code = cp_capture(&(struct cp_capture_options){.argv = argv,
                                                       .environment = environment,
                                                       .timeout_ms = timeout_ms},
                          &answer, err);
    if (!code && !read_answer(&answer, out))
        code = cp_fail(err, CP_EINVAL, "'%s' does not say which interpreter it is", command);
    cp_buf_clear(&answer);
    cp_buf_clear(&path);
    return code;
}

/* An exact python name is a command too (python3.11); otherwise the family's command must happen to
 * be that version. */
enum cp_code cp_interpreter_find(struct cp_view runtime, const char *search_path,
                                 int ask_timeout_ms, struct cp_interpreter *out,
                                 struct cp_error *err)
{
    char command[PATH_MAX];
    const struct family *family = family_of(runtime);
    *out = (struct cp_interpreter){0};
    if (!family)
        return cp_fail(err, CP_EINVAL, "'%.*s' is not a runtime with an interpreter",
                       (int)runtime.n, runtime.p);
    if (!find_command(runtime, search_path, command) &&
        !find_command(cp_view_of(family->command), search_path, command))
        return cp_fail(err, CP_ENOTFOUND,
                       "runtime '%.*s' needs '%s', which is not in %s: install package '%s'",
                       (int)runtime.n, runtime.p, family->command, search_path, family->package);
    enum cp_code code = ask(family, command, search_path, ask_timeout_ms, out, err);
    if (!code && !cp_view_is(runtime, family->name) && !cp_view_is(runtime, out->runtime))
        code = cp_fail(err, CP_EINVAL,
                       "runtime '%.*s' is not installed here; '%s' is %s: write runtime = %s to "
                       "use it",
                       (int)runtime.n, runtime.p, command, out->runtime, family->name);
    return code;
}
