/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prints what `coldprof apply` prints for a run and a decision made of its arguments, so that other
 * programs can check every mode and any name:
 *   apply_client NAME=VALUE...
 *   format aws-cli|sam|...   undo: the way back alone   alias, as given to --alias
 *   of the run: local, method, function, region, runtime, package, sha256, architecture,
 * initialization, was (MB), provisioned (the sentence that a sweep keeps) decided: memory (MB), to
 * (architecture), snap on|off mode on-demand|reserved|provisioned|scheduled|tracking   n, min, max,
 * target hours N,N,... 24 of Monday to Friday; weekend N
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/apply.h"

struct client {
    const struct cp_apply_format *format;
    bool is_undo;
    const char *alias;
    struct cp_run run;
    struct cp_candidate candidate;
};

static int number(const char *text)
{
    int64_t n = 0;
    return cp_view_to_int64(cp_view_of(text), &n) ? (int)n : -1;
}

static void copy(const char *text, char *to, size_t size)
{
    (void)snprintf(to, size, "%s", text);
}

static void set_mode(struct client *c, const char *text)
{
    for (int mode = CP_MODE_ON_DEMAND; mode <= CP_MODE_TRACKING; mode++) {
        if (strcmp(text, cp_concurrency_mode_name((enum cp_concurrency_mode)mode)) == 0)
            c->candidate.mode = (enum cp_concurrency_mode)mode;
    }
}

/* One number for each hour of the day, separated by commas: Monday to Friday. */
static void set_hours(struct client *c, const char *text)
{
    struct cp_view rest = cp_view_of(text);
    struct cp_view part;
    for (int hour = 0; hour < 24 && cp_view_split(&rest, ',', &part); hour++) {
        int64_t n = 0;
        (void)cp_view_to_int64(part, &n);
        c->candidate.concurrency = n > c->candidate.concurrency ? (int)n : c->candidate.concurrency;
        for (int day = 0; day < 5; day++)
            c->candidate.by_hour[24 * day + hour] = (uint16_t)n;
    }
}

static void set_weekend(struct client *c, const char *text)
{
    for (int hour = 5 * 24; hour < CP_ARRIVALS_HOURS; hour++)
        c->candidate.by_hour[hour] = (uint16_t)number(text);
}

static void set(struct client *c, const char *name, const char *value)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } texts[] = {
        {"function", c->run.function, sizeof c->run.function},
        {"region", c->run.region, sizeof c->run.region},
        {"runtime", c->run.runtime, sizeof c->run.runtime},
        {"package", c->run.package_type, sizeof c->run.package_type},
        {"sha256", c->run.code_sha256, sizeof c->run.code_sha256},
        {"architecture", c->run.architecture, sizeof c->run.architecture},
        {"initialization", c->run.initialization, sizeof c->run.initialization},
        {"method", c->run.method, sizeof c->run.method},
        {"provisioned", c->run.provisioned, sizeof c->run.provisioned},
    };
    const struct {
        const char *name;
        int *to;
    } numbers[] = {
        {"memory", &c->candidate.memory_size_mb}, {"was", &c->run.original_memory_size_mb},
        {"n", &c->candidate.concurrency},         {"min", &c->candidate.tracking.min},
        {"max", &c->candidate.tracking.max},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i].name) == 0)
            copy(value, texts[i].to, texts[i].size);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0)
            *numbers[i].to = number(value);
    }
    if (strcmp(name, "mode") == 0)
        set_mode(c, value);
    else if (strcmp(name, "format") == 0)
        c->format = cp_apply_format_find(value);
    else if (strcmp(name, "local") == 0)
        c->run.is_local = true;
    else if (strcmp(name, "to") == 0)
        c->candidate.architecture = value;
    else if (strcmp(name, "snap") == 0)
        c->candidate.fresh_start = strcmp(value, "on") == 0 ? CP_START_SNAPSTART : CP_START_COLD;
    else if (strcmp(name, "undo") == 0)
        c->is_undo = true;
    else if (strcmp(name, "alias") == 0)
        c->alias = value;
    else if (strcmp(name, "target") == 0)
        (void)cp_view_to_double(cp_view_of(value), &c->candidate.tracking.target);
    else if (strcmp(name, "hours") == 0)
        set_hours(c, value);
    else if (strcmp(name, "weekend") == 0)
        set_weekend(c, value);
}

static struct client client_of_nothing(void)
{
    const struct cp_interval none = {NAN, NAN, NAN};
    struct client c = {
        .format = &cp_apply_formats[0],
        .run = cp_run_empty(),
        .candidate = {.memory_size_mb = 1024,
                      .latency_ms = {149, 141, 156},
                      .usd_per_month = {17.7, 17, 18.4},
                      .usd_per_million = none,
                      .tracking = {NAN, 0, 0},
                      .is_runnable = true},
    };
    c.run.started_at_ms = 1791468000000;
    c.run.original_memory_size_mb = 512;
    c.run.budget_q = 0.95;
    c.run.budget_ms = 200;
    c.run.traffic_per_s = 5;
    copy("7f3a", c.run.id, sizeof c.run.id);
    copy("0.1.0", c.run.coldprof_version, sizeof c.run.coldprof_version);
    copy("orders-api:live", c.run.function, sizeof c.run.function);
    copy("AWS account ...1234", c.run.place, sizeof c.run.place);
    copy("eu-west-1", c.run.region, sizeof c.run.region);
    copy("python3.12", c.run.runtime, sizeof c.run.runtime);
    copy("x86_64", c.run.architecture, sizeof c.run.architecture);
    copy("Zip", c.run.package_type, sizeof c.run.package_type);
    return c;
}

static int print(const struct client *c)
{
    static struct cp_decision decision;
    struct cp_apply apply;
    struct cp_error err;
    struct cp_buf out;
    decision.verdict = CP_VERDICT_CHANGE;
    decision.current = -1;
    decision.chosen = 1; /* the first is of what runs now */
    decision.candidates[0] = c->candidate;
    decision.candidates[0].architecture = c->run.architecture;
    decision.candidates[0].fresh_start =
        strcmp(c->run.initialization, "snap-start") == 0 ? CP_START_SNAPSTART : CP_START_COLD;
    decision.candidates[1] = c->candidate;
    decision.candidates[1].size = 1;
    if (!c->candidate.architecture)
        decision.candidates[1].architecture = c->run.architecture;
    if (c->candidate.fresh_start == CP_START_UNKNOWN)
        decision.candidates[1].fresh_start = decision.candidates[0].fresh_start;
    decision.n_candidates = 2;
    copy("Set what is below.", decision.sentence, sizeof decision.sentence);
    const struct cp_apply_question question = {
        .run = &c->run, .decision = &decision, .alias = c->alias};
    if (cp_apply_prepare(&question, &apply, &err)) {
        (void)fprintf(stderr, "error: %s\n", err.text);
        return 1;
    }
    cp_buf_init(&out, 1U << 20);
    if (c->is_undo)
        cp_apply_print_undo(&apply, c->format, &out);
    else
        cp_apply_print(&apply, c->format, &out);
    bool is_good = !out.failed && fwrite(cp_buf_str(&out), 1, out.n, stdout) == out.n;
    cp_buf_clear(&out);
    return is_good ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct client c = client_of_nothing();
    for (int i = 1; i < argc; i++) {
        char name[32];
        struct cp_view value = cp_view_of(argv[i]);
        struct cp_view head;
        (void)cp_view_split(&value, '=', &head);
        if (!cp_view_copy(head, name, sizeof name))
            return 2;
        set(&c, name, argv[i] + head.n + (argv[i][head.n] ? 1 : 0));
    }
    return c.format ? print(&c) : 2;
}
