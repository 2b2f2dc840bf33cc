/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/function_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "model/base/units.h"
#include "probes/local/code_hash.h"
#include "probes/local/folder_ini.h"
#include "probes/local/interpreter.h"
#include "probes/local/nearest.h"
#include "probes/os/file.h"

enum { INI_MAX = 256 * 1024, DEFAULT_TIMEOUT_S = 3 };

static const char CUSTOM_RUNTIME[] = "provided.al2023";

static enum cp_code join(const char *dir, const char *name, char out[PATH_MAX],
                         struct cp_error *err)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
    if (n < 0 || n >= PATH_MAX)
        return cp_fail(err, CP_ELIMIT, "the path '%s' is too long", dir);
    return CP_OK;
}

/* --- where and what --- */

static enum cp_code find_folder(const char *path, struct cp_function_folder *out,
                                struct cp_error *err)
{
    if (!realpath(path, out->dir))
        return cp_fail(err, CP_ENOTFOUND, "no such function folder '%s': %s", path,
                       strerror(errno));
    if (!cp_file_is_dir(out->dir))
        return cp_fail(err, CP_ENOTFOUND,
                       "'%s' is not a folder: name the folder that holds the function", path);
    return CP_OK;
}

void cp_function_folder_init(struct cp_function_folder *out)
{
    struct utsname machine;
    *out = (struct cp_function_folder){0};
    out->timeout_s = DEFAULT_TIMEOUT_S;
    out->memory_size_mb = CP_MEMORY_MIN_MB;
    bool is_arm = uname(&machine) == 0 && strcmp(machine.machine, "aarch64") == 0;
    (void)snprintf(out->architecture, sizeof out->architecture, "%s", is_arm ? "arm64" : "x86_64");
}

static enum cp_code read_ini(const char *path, struct cp_function_folder *out, struct cp_error *err)
{
    struct cp_buf text;
    cp_buf_init(&text, INI_MAX);
    enum cp_code code = cp_file_read(path, &text, err);
    if (!code)
        code = cp_folder_ini_read(path, cp_buf_view(&text), out, err);
    cp_buf_clear(&text);
    return code;
}

static enum cp_code choose_name(const char *path, struct cp_view given,
                                struct cp_function_folder *out, struct cp_error *err)
{
    const char *slash = strrchr(out->dir, '/');
    const char *last = slash ? slash + 1 : out->dir;
    if (given.n)
        (void)cp_view_copy(given, out->name, sizeof out->name);
    if (out->name[0])
        return CP_OK;
    if (!cp_function_name_is_valid(cp_view_of(last)))
        return cp_fail(err, CP_EINVAL,
                       "the folder's name '%s' is not a function name ([a-zA-Z0-9-_]{1,64}): add "
                       "'name = ...' to '%s/function.ini'",
                       last, path);
    (void)cp_view_copy(cp_view_of(last), out->name, sizeof out->name);
    return CP_OK;
}

/* --- how it is run --- */

static bool is_custom(const char *runtime)
{
    return strcmp(runtime, "provided") == 0 || strcmp(runtime, "provided.al2") == 0 ||
           strcmp(runtime, CUSTOM_RUNTIME) == 0;
}

static enum cp_code use_bootstrap(const char *path, const char *bootstrap,
                                  struct cp_function_folder *out, struct cp_error *err)
{
    if (!cp_file_exists(bootstrap))
        return cp_fail(err, CP_EINVAL,
                       "'%s' has runtime '%s' and no 'bootstrap': add an executable file of that "
                       "name, or set runtime = python3 or nodejs",
                       path, out->runtime);
    if (!cp_file_is_executable(bootstrap))
        return cp_fail(err, CP_EINVAL, "'%s' is not executable: run chmod +x '%s'", bootstrap,
                       bootstrap);
    if (!out->handler[0])
        (void)snprintf(out->handler, sizeof out->handler, "bootstrap");
    if (strcmp(out->runtime, "provided.al2") != 0)
        (void)snprintf(out->runtime, sizeof out->runtime, "%s", CUSTOM_RUNTIME);
    return cp_view_copy(cp_view_of(bootstrap), out->program, sizeof out->program) ? CP_OK
                                                                                  : CP_ELIMIT;
}

static enum cp_code fail_runtime(const char *path, const char *runtime, struct cp_error *err)
{
    static const char *const names[] = {"python3", "nodejs", "provided", "provided.al2023"};
    const char *nearest = cp_nearest(cp_view_of(runtime), names, sizeof names / sizeof names[0]);
    return cp_fail(err, CP_EINVAL,
                   "'%s': unknown runtime '%s'%s%s%s; use python3, nodejs, or provided with an "
                   "executable 'bootstrap'",
                   path, runtime, nearest ? ": did you mean '" : "", nearest ? nearest : "",
                   nearest ? "'?" : "");
}

static enum cp_code use_interpreter(const char *path,
                                    const struct cp_function_folder_options *options,
                                    struct cp_function_folder *out, struct cp_error *err)
{
    struct cp_interpreter found;
    struct cp_view runtime = cp_view_of(out->runtime);
    if (!cp_interpreter_is_known(runtime))
        return fail_runtime(path, out->runtime, err);
    if (!out->handler[0])
        return cp_fail(err, CP_EINVAL,
                       "'%s/function.ini' has no handler: add 'handler = FILE.FUNCTION'", path);
    const char *search_path = options->search_path ? options->search_path : CP_FOLDER_SEARCH_PATH;
    if (cp_interpreter_find(runtime, search_path, options->ask_timeout_ms, &found, err))
        return cp_fail(err, CP_EINVAL, "'%s': %s", path, err ? err->text : "");
    (void)cp_view_copy(cp_view_of(found.program), out->program, sizeof out->program);
    (void)cp_view_copy(cp_view_of(found.runtime), out->runtime, sizeof out->runtime);
    return CP_OK;
}

/* A `bootstrap` makes a custom runtime unless function.ini names a runtime. */
static enum cp_code choose_program(const char *path,
                                   const struct cp_function_folder_options *options, bool has_ini,
                                   struct cp_function_folder *out, struct cp_error *err)
{
    char bootstrap[PATH_MAX];
    if (join(out->dir, "bootstrap", bootstrap, err))
        return CP_ELIMIT;
    bool has_bootstrap = cp_file_exists(bootstrap);
    if (out->is_image && (!has_bootstrap || out->runtime[0]))
        return cp_fail(err, CP_EINVAL,
                       "'%s' stands for a container image: it needs an executable 'bootstrap', its "
                       "entry point, and no runtime",
                       path);
    if (!has_bootstrap && !has_ini)
        return cp_fail(err, CP_EINVAL,
                       "'%s' has neither 'bootstrap' nor 'function.ini': add an executable "
                       "'bootstrap', or a 'function.ini' with 'runtime = python3' (or nodejs) and "
                       "'handler = FILE.FUNCTION'",
                       path);
    if (!has_bootstrap && !out->runtime[0])
        return cp_fail(err, CP_EINVAL,
                       "'%s/function.ini' has no runtime: add 'runtime = python3' (or nodejs), or "
                       "an executable 'bootstrap'",
                       path);
    if (!out->runtime[0] || is_custom(out->runtime))
        return use_bootstrap(path, bootstrap, out, err);
    return use_interpreter(path, options, out, err);
}

enum cp_code cp_function_folder_prepare(const struct cp_function_folder_options *options,
                                        struct cp_function_folder *out, struct cp_error *err)
{
    struct cp_interpreter found;
    struct cp_view runtime = cp_view_of(out->runtime);
    out->bootstrap[0] = '\0';
    if (is_custom(out->runtime))
        return join(out->dir, "bootstrap", out->program, err);
    if (!cp_interpreter_is_known(runtime))
        return cp_fail(err, CP_EINVAL,
                       "The runtime '%s' is not one that this service runs: python3.X, nodejsX.x, "
                       "provided.al2 or provided.al2023",
                       out->runtime);
    const char *search_path = options->search_path ? options->search_path : CP_FOLDER_SEARCH_PATH;
    enum cp_code code =
        cp_interpreter_find(runtime, search_path, options->ask_timeout_ms, &found, err);
    if (code)
        return code;
    (void)cp_view_copy(cp_view_of(found.program), out->program, sizeof out->program);
    (void)cp_view_copy(cp_view_of(found.runtime), out->runtime, sizeof out->runtime);
    return CP_OK;
}

/* --- all of it --- */

static enum cp_code hash_code(struct cp_function_folder *out, struct cp_error *err)
{
    struct cp_code_hash hash;
    enum cp_code code = cp_code_hash_folder(out->dir, &hash, err);
    out->code_size = hash.size;
    (void)cp_view_copy(cp_view_of(hash.sha256_base64), out->code_sha256, sizeof out->code_sha256);
    return code;
}

struct cp_view cp_function_folder_split(const char *argument, const char **path)
{
    const char *equals = strchr(argument, '=');
    struct cp_view name = {argument, equals ? (size_t)(equals - argument) : 0};
    *path = argument;
    if (!cp_function_name_is_valid(name) || cp_file_is_dir(argument))
        return (struct cp_view){"", 0};
    *path = equals + 1;
    return name;
}

/* `*has_ini`: there is a function.ini. */
static enum cp_code find(const char *path, struct cp_view name, struct cp_function_folder *out,
                         bool *has_ini, struct cp_error *err)
{
    char ini[PATH_MAX];
    cp_function_folder_init(out);
    enum cp_code code = find_folder(path, out, err);
    if (!code)
        code = join(out->dir, "function.ini", ini, err);
    *has_ini = !code && cp_file_exists(ini);
    if (*has_ini)
        code = read_ini(ini, out, err);
    return code ? code : choose_name(path, name, out, err);
}

enum cp_code cp_function_folder_find(const char *path, struct cp_function_folder *out,
                                     struct cp_error *err)
{
    bool has_ini = false;
    return find(path, (struct cp_view){"", 0}, out, &has_ini, err);
}

enum cp_code cp_function_folder_read_with(const char *path,
                                          const struct cp_function_folder_options *options,
                                          struct cp_function_folder *out, struct cp_error *err)
{
    bool has_ini = false;
    enum cp_code code = find(path, options->name, out, &has_ini, err);
    if (!code)
        code = choose_program(path, options, has_ini, out, err);
    if (!code)
        code = hash_code(out, err);
    return code;
}

enum cp_code cp_function_folder_read(const char *path, struct cp_function_folder *out,
                                     struct cp_error *err)
{
    return cp_function_folder_read_with(path, &(struct cp_function_folder_options){0}, out, err);
}
