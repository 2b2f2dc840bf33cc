/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/demand.h"

#include "model/base/units.h"
#include "probes/os/file.h"
#include "profiler/traffic/traffic_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char standard_input[] = "/dev/stdin";

static struct cp_demand *on_heap(struct cp_demand demand)
{
    struct cp_demand *out = malloc(sizeof *out);
    if (out)
        *out = demand;
    return out;
}

static enum cp_code fail_file(const char *path, struct cp_error *err)
{
    if (cp_file_is_dir(path))
        return cp_fail(err, CP_EINVAL, "'%s' is a folder; give one file of traffic", path);
    return cp_fail(err, CP_EINVAL,
                   "'%.200s' is neither a rate (5/s, 300/min, 2/h) nor a file that exists; "
                   "'coldprof help traffic' shows what a FILE can be",
                   path);
}

static enum cp_code read_file(const char *text, struct cp_demand *demand, struct cp_error *err)
{
    bool is_stdin = strcmp(text, "-") == 0;
    const char *path = is_stdin ? standard_input : text;
    const char *name = is_stdin ? "standard input" : text;
    struct cp_buf bytes;
    if (!is_stdin && (!cp_file_exists(path) || cp_file_is_dir(path)))
        return fail_file(path, err);
    cp_buf_init(&bytes, CP_CLI_TRAFFIC_BYTES_MAX);
    enum cp_code code = cp_file_read_whole(path, &bytes, err);
    if (code == CP_ELIMIT)
        code = cp_fail(err, CP_ELIMIT,
                       "%s is larger than 1 GiB; take a shorter time, or counts per minute", name);
    if (!code)
        code = cp_traffic_file_read(cp_buf_view(&bytes), name, NULL, demand, err);
    cp_buf_clear(&bytes);
    return code;
}

/* Where `law.per_s`, `words` and so on come from; the what-if is put on later. */
static enum cp_code read_text(const char *text, const struct cp_demand *own, struct cp_demand **out,
                              struct cp_error *err)
{
    double per_s = NAN;
    struct cp_error no_rate;
    struct cp_demand read = {.first_ms = NAN};
    enum cp_code code = CP_OK;
    bool is_mean = strcmp(text, "mean") == 0;
    if (is_mean && !own)
        return cp_fail(err, CP_EINVAL,
                       "'mean' is the even rate of a log or of a stored run's traffic, and there "
                       "is none; give a rate like 5/s");
    if (is_mean)
        read = cp_demand_of_rate(cp_demand_per_s(own));
    else if (!cp_units_parse_rate_per_s(cp_view_of(text), &per_s, &no_rate))
        read = cp_demand_of_rate(per_s);
    else
        code = read_file(text, &read, err);
    if (code)
        return code;
    *out = on_heap(read);
    if (!*out) {
        cp_demand_clear(&read);
        return cp_fail(err, CP_ENOMEM, "no memory for the traffic");
    }
    cp_demand_bind(*out);
    return CP_OK;
}

static enum cp_code copy_own(const struct cp_demand *own, struct cp_demand **out,
                             struct cp_error *err)
{
    if (!own)
        return cp_fail(err, CP_EINVAL, "it changes a traffic, and there is none; add --traffic");
    *out = cp_demand_copy(own);
    return *out ? CP_OK : cp_fail(err, CP_ENOMEM, "no memory for the traffic");
}

static enum cp_code put_burst(const struct cp_burst *burst, struct cp_demand *demand,
                              struct cp_error *err)
{
    enum cp_arrivals_kind kind = demand->law.kind;
    if (kind != CP_ARRIVALS_POISSON && kind != CP_ARRIVALS_WEEK)
        return cp_fail(err, CP_EINVAL,
                       "--burst: %s have the bursts that were seen; it goes with a rate or a week",
                       cp_demand_kind_name(kind));
    demand->law.burst = burst->n;
    demand->law.burst_gap_ms = burst->gap_ms;
    return CP_OK;
}

enum cp_code cp_cli_demand(const struct cp_options *options, const struct cp_demand *own,
                           struct cp_demand **out, struct cp_error *err)
{
    bool has_factor = options->traffic_factor > 0;
    bool has_burst = options->burst.n > 0;
    enum cp_code code = CP_OK;
    *out = NULL;
    if (options->traffic)
        code = read_text(options->traffic, own, out, err);
    else if (has_factor || has_burst)
        code = copy_own(own, out, err);
    if (code)
        return cp_fail_context(err, "%s",
                               options->traffic ? "traffic" /* may be COLDPROF_TRAFFIC */
                               : has_factor     ? "--traffic-factor"
                                                : "--burst");
    if (has_burst && *out)
        code = put_burst(&options->burst, *out, err);
    if (!code && has_factor && *out)
        cp_demand_multiply(*out, options->traffic_factor);
    if (code) {
        cp_demand_free(*out);
        *out = NULL;
    }
    return code;
}

void cp_cli_put_demand(struct cp_run_data *data, struct cp_demand *demand)
{
    cp_demand_free(data->demand);
    data->demand = demand;
    data->run.traffic_per_s = cp_demand_per_s(demand);
}

/* "traffic of 5 per second, p99 within 200 ms" */
static void say_question(struct cp_run_data *data, const struct cp_demand *own)
{
    const struct cp_run *run = &data->run;
    char *out = data->other_question;
    size_t room = sizeof data->other_question;
    char budget[64] = "no budget";
    if (isfinite(run->budget_ms))
        (void)snprintf(budget, sizeof budget, "p%g within %g ms", 100 * run->budget_q,
                       run->budget_ms);
    if (own)
        (void)snprintf(out, room, "traffic of %s, %s", own->words, budget);
    else
        (void)snprintf(out, room, "no traffic, %s", budget);
}

void cp_cli_put_class(const struct cp_options *options, struct cp_run *run)
{
    if (options->workload_class)
        (void)snprintf(run->workload_class, sizeof run->workload_class, "%s",
                       options->workload_class);
    if (options->risk)
        (void)snprintf(run->risk, sizeof run->risk, "%s", options->risk);
}

enum cp_code cp_cli_ask(const struct cp_options *options, struct cp_run_data *data,
                        struct cp_error *err)
{
    struct cp_run *run = &data->run;
    struct cp_demand rate = cp_demand_of_rate(run->traffic_per_s);
    const struct cp_demand *own = data->demand;
    struct cp_demand *asked = NULL;
    bool has_budget = isfinite(options->budget.ms);
    if (!own && run->traffic_per_s > 0)
        own = &rate;
    enum cp_code code = cp_cli_demand(options, own, &asked, err);
    bool is_other = asked || has_budget || options->workload_class || options->risk;
    if (code || !is_other)
        return code;
    say_question(data, own);
    cp_cli_put_class(options, run);
    if (asked)
        cp_cli_put_demand(data, asked);
    if (has_budget) {
        run->budget_q = options->budget.q;
        run->budget_ms = options->budget.ms;
    }
    return CP_OK;
}
