/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/schedule.h"

#include <stdio.h>
#include <string.h>

#include "reports/format.h"
#include "reports/schedule_text.h"

const struct cp_schedule_format cp_schedule_formats[CP_SCHEDULE_FORMATS] = {
    {"systemd", true, {{".service", cp_schedule_add_service}, {".timer", cp_schedule_add_timer}}},
    {"cron", true, {{".sh", cp_schedule_add_script}, {".cron", cp_schedule_add_crontab}}},
    {"github", false, {{".yml", cp_schedule_add_workflow}}},
    {"codebuild",
     false,
     {{".buildspec.yml", cp_schedule_add_buildspec}, {".template.yml", cp_schedule_add_template}}},
};

const struct cp_schedule_format *cp_schedule_format_find(const char *name)
{
    for (size_t i = 0; i < CP_SCHEDULE_FORMATS; i++) {
        if (strcmp(cp_schedule_formats[i].name, name) == 0)
            return &cp_schedule_formats[i];
    }
    return NULL;
}

/* --- the name --- */

/* The last part of a path, and the name within an ARN. */
static struct cp_view own_name(struct cp_view target)
{
    struct cp_view part;
    struct cp_view last = target;
    while (target.n && target.p[target.n - 1] == '/')
        target.n--;
    if (cp_view_skip(&target, "arn:")) {
        for (int i = 0; i < 5; i++)
            (void)cp_view_split(&target, ':', &part);
        return target;
    }
    while (cp_view_split(&target, '/', &part))
        last = part;
    return last;
}

void cp_schedule_name_of(const char *target, char out[CP_SCHEDULE_NAME_MAX])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char capital[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct cp_view name = own_name(cp_view_of(target));
    size_t n = (size_t)snprintf(out, CP_SCHEDULE_NAME_MAX, "coldprof-nightly");
    bool has_gap = true;
    for (size_t i = 0; i < name.n && n + 2 < CP_SCHEDULE_NAME_MAX; i++) {
        const char *large = memchr(capital, name.p[i], sizeof capital - 1);
        char c = large ? plain[large - capital] : name.p[i];
        if (!memchr(plain, c, sizeof plain - 1)) {
            has_gap = true;
            continue;
        }
        if (has_gap)
            out[n++] = '-';
        has_gap = false;
        out[n++] = c;
    }
    out[n] = '\0';
}

/* --- what a format cannot carry --- */

static enum cp_code check_line(const char *what, const char *text, struct cp_error *err)
{
    if (!text || !strpbrk(text, "\r\n"))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "%s has a line break, which no schedule can carry", what);
}

static enum cp_code check_lines(const struct cp_schedule *s, struct cp_error *err)
{
    enum cp_code code = check_line("TARGET", s->target, err);
    if (!code && s->n_words > CP_SCHEDULE_WORDS_MAX - CP_SCHEDULE_EXPORT_WORDS)
        code = cp_fail(err, CP_ELIMIT, "more than %d words of options for nightly",
                       CP_SCHEDULE_WORDS_MAX - CP_SCHEDULE_EXPORT_WORDS);
    for (size_t i = 0; i < s->n_words && !code; i++)
        code = check_line("an option of nightly", s->words[i], err);
    if (!code)
        code = check_line("the path of coldprof", s->program, err);
    if (!code)
        code = check_line("the path of this folder", s->folder, err);
    if (!code)
        code = check_line("the folder of --output", s->script, err);
    for (size_t i = 0; i < s->n_variables && !code; i++)
        code = check_line(s->variables[i].name, s->variables[i].value, err);
    return code;
}

enum cp_code cp_schedule_check(const struct cp_schedule *s, const struct cp_schedule_format *format,
                               struct cp_error *err)
{
    enum cp_code code = check_lines(s, err);
    if (code)
        return code;
    /* systemd wants the program's path without quotes, backslashes and control characters */
    if (format->is_here && strpbrk(s->program, "\"'\\"))
        return cp_fail(err, CP_EINVAL,
                       "%s: systemd runs no program whose path has quotes or backslashes; put "
                       "coldprof elsewhere",
                       s->program);
    if (!format->is_here && s->is_folder && s->target[0] == '/')
        return cp_fail(err, CP_EINVAL,
                       "%s is a folder of this machine; for %s name it from the top of the "
                       "repository, e.g. ./functions/checkout",
                       s->target, format->name);
    return CP_OK;
}

/* --- texts with places --- */

static void add_name(const struct cp_schedule *s, struct cp_buf *out)
{
    cp_buf_adds(out, s->name);
}

/* For comments and for people: nothing hidden, one line. */
static void add_target(const struct cp_schedule *s, struct cp_buf *out)
{
    cp_text_terminal(out, s->target);
}

static void add_target_shell(const struct cp_schedule *s, struct cp_buf *out)
{
    cp_text_shell(out, s->target);
}

static void add_hour(const struct cp_schedule *s, struct cp_buf *out)
{
    cp_buf_addf(out, "%d", s->hour);
}

static void add_clock(const struct cp_schedule *s, struct cp_buf *out)
{
    cp_buf_addf(out, "%02d:%02d", s->hour, CP_SCHEDULE_MINUTE);
}

static void add_minute(const struct cp_schedule *s, struct cp_buf *out)
{
    (void)s;
    cp_buf_addf(out, "%d", CP_SCHEDULE_MINUTE);
}

static const struct cp_schedule_place common[] = {
    {"name", add_name}, {"target", add_target}, {"target_shell", add_target_shell},
    {"hour", add_hour}, {"clock", add_clock},   {"minute", add_minute},
    {NULL, NULL},
};

static const struct cp_schedule_place *find_place(const struct cp_schedule_place *places,
                                                  struct cp_view name)
{
    for (const struct cp_schedule_place *p = places; p && p->name; p++) {
        if (cp_view_is(name, p->name))
            return p;
    }
    return NULL;
}

static void add_text(const struct cp_schedule *s, const char *text,
                     const struct cp_schedule_place *places, struct cp_buf *out)
{
    const char *close = NULL;
    for (const char *open = strstr(text, "[["); open; open = strstr(text, "[[")) {
        close = strstr(open, "]]");
        if (!close)
            break;
        const struct cp_view name = {open + 2, (size_t)(close - open - 2)};
        const struct cp_schedule_place *place = find_place(places, name);
        if (!place)
            place = find_place(common, name);
        cp_buf_add(out, text, (size_t)(open - text));
        if (place)
            place->add(s, out);
        text = close + 2;
    }
    cp_buf_adds(out, text);
}

void cp_schedule_write(const struct cp_schedule *schedule, const struct cp_schedule_block *blocks,
                       size_t n_blocks, const struct cp_schedule_place *places, struct cp_buf *out)
{
    enum cp_schedule_when here = schedule->is_folder ? CP_WHEN_FOLDER : CP_WHEN_FUNCTION;
    for (size_t i = 0; i < n_blocks; i++) {
        if (blocks[i].when == CP_WHEN_ALWAYS || blocks[i].when == here)
            add_text(schedule, blocks[i].text, places, out);
    }
}

bool cp_schedule_has(const struct cp_schedule *schedule, const char *option)
{
    for (size_t i = 0; i < schedule->n_words; i++) {
        struct cp_view word = cp_view_of(schedule->words[i]);
        if (cp_view_skip(&word, "--") && cp_view_skip(&word, option) &&
            (word.n == 0 || word.p[0] == '='))
            return true;
    }
    return false;
}

void cp_schedule_add_night(const struct cp_schedule *schedule,
                           void (*quote)(struct cp_buf *out, const char *word), struct cp_buf *out)
{
    bool is_odd = schedule->target[0] == '-'; /* a name that looks like an option comes last */
    quote(out, "nightly");
    if (!is_odd) {
        cp_buf_addc(out, ' ');
        quote(out, schedule->target);
    }
    for (size_t i = 0; i < schedule->n_words; i++) {
        cp_buf_addc(out, ' ');
        quote(out, schedule->words[i]);
    }
    if (is_odd) {
        cp_buf_addc(out, ' ');
        quote(out, "--");
        cp_buf_addc(out, ' ');
        quote(out, schedule->target);
    }
}

/* GitHub evaluates ${{ }} wherever it stands, quoted for the shell or not. A brace is within single
 * quotes always, so that they can be ended and begun again before it. */
static void quote_ci(struct cp_buf *out, const char *word)
{
    struct cp_buf quoted;
    cp_buf_init(&quoted, 1U << 16);
    cp_text_shell(&quoted, word);
    const char *text = cp_buf_str(&quoted);
    for (const char *at = strstr(text, "${{"); at; at = strstr(text, "${{")) {
        cp_buf_add(out, text, (size_t)(at - text));
        cp_buf_adds(out, "$''");
        text = at + 1;
    }
    cp_buf_adds(out, text);
    cp_buf_fail_with(out, &quoted);
    cp_buf_clear(&quoted);
}

void cp_schedule_add_ci_store(const struct cp_schedule *schedule, struct cp_buf *out)
{
    if (!schedule->store)
        return;
    cp_buf_adds(out, " --store ");
    quote_ci(out, schedule->store);
}

void cp_schedule_add_ci_night(const struct cp_schedule *schedule, struct cp_buf *out)
{
    static const char *const exports[] = {"--export", "junit=coldprof-junit.xml", "--export",
                                          "md=coldprof-summary.md"};
    const char *words[CP_SCHEDULE_WORDS_MAX];
    struct cp_schedule with = *schedule;
    size_t n = 0;
    for (size_t i = 0; !cp_schedule_has(schedule, "export") && i < sizeof exports / sizeof *exports;
         i++)
        words[n++] = exports[i];
    for (size_t i = 0; i < schedule->n_words && n < CP_SCHEDULE_WORDS_MAX; i++)
        words[n++] = schedule->words[i];
    with.words = words;
    with.n_words = n;
    cp_buf_adds(out, "timeout --foreground --kill-after=5m 1h coldprof ");
    cp_schedule_add_night(&with, quote_ci, out);
}
