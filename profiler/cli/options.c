/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/options.h"

#include "model/base/units.h"
#include "profiler/cli/suggest.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct cp_options, member)

/* Commands that show what a month costs. */
#define PRICING                                                                                    \
    (CP_IN_SWEEP | CP_IN_IMPORT | CP_IN_REPORT | CP_IN_SIMULATE | CP_IN_RECOMMEND |                \
     CP_IN_FRONTIER | CP_IN_APPLY)

/* Commands that decide. */
#define ASKING                                                                                     \
    (CP_IN_SWEEP | CP_IN_IMPORT | CP_IN_REPORT | CP_IN_RECOMMEND | CP_IN_FRONTIER | CP_IN_APPLY)

/* Commands that measure. */
#define MEASURING (CP_IN_SWEEP | CP_IN_NIGHTLY)
/* Commands that judge a change. */
#define OF_GATES (CP_IN_COMPARE | CP_IN_NIGHTLY)

static const struct cp_option table[] = {
    {.name = "budget",
     .is_plan = true,
     .metavar = "pNN=TIME",
     .type = CP_OPTION_BUDGET,
     .offset = AT(budget),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SWEEP | CP_IN_IMPORT,
     .help = "latency budget, e.g. p99=200ms; without it only cost and latency are shown"},
    {.name = "budget",
     .metavar = "pNN=TIME",
     .type = CP_OPTION_BUDGET,
     .offset = AT(budget),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_REASKED & ~CP_IN_SIMULATE, /* which decides nothing */
     .help = "decide for this latency budget, e.g. p99=200ms; the run keeps its own"},
    {.name = "traffic",
     .is_plan = true,
     .metavar = "RATE|FILE",
     .type = CP_OPTION_TRAFFIC,
     .offset = AT(traffic),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SWEEP,
     .help = "arrivals: 5/s, 300/min, or a FILE (a week, counts, times: see 'coldprof help "
             "traffic'); without it cold starts are judged alone"},
    {.name = "traffic",
     .metavar = "RATE|FILE|mean",
     .type = CP_OPTION_TRAFFIC,
     .offset = AT(traffic),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_IMPORT,
     .help = "arrivals: 5/s, 300/min, or a FILE (see 'coldprof help traffic'); without it those of "
             "the log, of which 'mean' takes the even rate"},
    {.name = "traffic",
     .metavar = "RATE|FILE|mean",
     .type = CP_OPTION_TRAFFIC,
     .offset = AT(traffic),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_REASKED,
     .help = "decide for these arrivals: 5/s, 300/min, or a FILE (see 'coldprof help traffic'), or "
             "'mean' for the run's own at an even rate; the run keeps its own"},
    {.name = "traffic-factor",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_FACTOR,
     .offset = AT(traffic_factor),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SWEEP | CP_IN_IMPORT | CP_IN_REASKED,
     .help = "what if there were N times that traffic, e.g. 2 or 0.5"},
    {.name = "burst",
     .is_plan = true,
     .metavar = "N[,GAP]",
     .type = CP_OPTION_BURST,
     .offset = AT(burst),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SWEEP | CP_IN_IMPORT | CP_IN_REASKED,
     .help = "requests of a rate come N together on average, GAP after one another, e.g. 10 or "
             "10,50ms"},
    {.name = "class",
     .is_plan = true,
     .metavar = "CLASS",
     .type = CP_OPTION_CLASS,
     .offset = AT(workload_class),
     .theme = CP_THEME_DECIDE,
     .commands = ASKING,
     .help = "who waits: interactive (default), or nobody: async or stream, where the budget does "
             "not bind"},
    {.name = "risk",
     .is_plan = true,
     .metavar = "RISK",
     .type = CP_OPTION_RISK,
     .offset = AT(risk),
     .theme = CP_THEME_DECIDE,
     .commands = ASKING,
     .help = "what must lie within the budget: upper, the end of the 95 % interval (default), or "
             "point, the estimate"},
    {.name = "throttle-target",
     .metavar = "SHARE",
     .type = CP_OPTION_SHARE,
     .offset = AT(throttle_target),
     .theme = CP_THEME_DECIDE,
     .commands = ASKING,
     .help = "throttled requests to put up with, e.g. 0.01%: the smallest reserved concurrency "
             "that keeps to it is among the settings; the run does not keep it"},
    {.name = "other-code",
     .type = CP_OPTION_FLAG,
     .offset = AT(has_other_code),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_RECOMMEND | CP_IN_FRONTIER,
     .help = "of several RUNs: compare them although function name, code or payload differ, e.g. "
             "builds for two architectures"},
    {.name = "effect",
     .metavar = "SHARE,TIME",
     .type = CP_OPTION_EFFECT,
     .offset = AT(effect),
     .theme = CP_THEME_DECIDE,
     .commands = OF_GATES,
     .help = "the smallest change that matters: a share of the base and a time, both to be "
             "exceeded, e.g. 10%,20ms; default 5%,5ms"},
    {.name = "metrics",
     .metavar = "METRIC,...",
     .type = CP_OPTION_METRICS,
     .offset = AT(metrics_wanted),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_COMPARE,
     .help =
         "judge these alone: init, restore, cold or warm, p50, p95 or p99, e.g. init-p95, cold, "
         "p50, 1024MB/warm-p99; default all"},
    {.name = "allow",
     .metavar = "WHAT,...",
     .type = CP_OPTION_TEXT,
     .offset = AT(allow),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_COMPARE,
     .help = "compare although different: function, place, region, architecture, runtime, "
             "runtime-version, initialization, payload, method, mode, host, or all"},
    {.name = "free-tier",
     .type = CP_OPTION_FLAG,
     .offset = AT(has_free_tier),
     .theme = CP_THEME_DECIDE,
     .commands = PRICING,
     .help = "take the free tier off what a month costs: 1,000,000 requests and 400,000 GB-s, when "
             "the account uses it for nothing else"},
    {.name = "account-gb-s",
     .metavar = "GB-S",
     .type = CP_OPTION_GB_S,
     .offset = AT(account_gb_s),
     .theme = CP_THEME_DECIDE,
     .commands = PRICING,
     .help = "what the account's other functions of this architecture use a month, e.g. 6e9: this "
             "one's price tiers begin there"},
    {.name = "savings-plan",
     .metavar = "KIND",
     .type = CP_OPTION_TEXT,
     .offset = AT(savings_plan),
     .theme = CP_THEME_DECIDE,
     .commands = PRICING,
     .help = "no-upfront or all-upfront: a Compute Savings Plan covers all of it; us-east-1 only"},
    {.name = "prices",
     .metavar = "FILE",
     .type = CP_OPTION_TEXT,
     .offset = AT(prices),
     .theme = CP_THEME_DECIDE,
     .commands = PRICING | CP_IN_NIGHTLY | CP_IN_FIT | CP_IN_PRICES,
     .help = "prices of a file, for Regions that are not known; see 'coldprof prices --help'"},
    {.name = "memory",
     .is_plan = true,
     .metavar = "MB,MB,...",
     .type = CP_OPTION_MEMORY_LIST,
     .offset = AT(memory),
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_SWEEP,
     .help = "memory sizes, 128 to 10,240 MB; default 128,256,512,1024,1769"},
    {.name = "memory",
     .is_plan = true,
     .metavar = "MB,MB,...",
     .type = CP_OPTION_MEMORY_LIST,
     .offset = AT(memory),
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_NIGHTLY,
     .help = "memory sizes; default: the function's own alone"},
    {.name = "memory",
     .metavar = "MB,MB,...",
     .type = CP_OPTION_MEMORY_LIST,
     .offset = AT(memory),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_FIT,
     .help = "predict at these memory sizes, too, e.g. 832"},
    {.name = "memory",
     .metavar = "MB",
     .type = CP_OPTION_MEMORY_LIST,
     .offset = AT(memory),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "which memory size of the run; without a run, for GB-seconds and the bill"},
    {.name = "provisioned",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(provisioned),
     .min = 1,
     .max = 10000,
     .default_text = "-1",
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "so many provisioned environments, always"},
    {.name = "reserved",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(reserved),
     .min = 1,
     .max = 1000000,
     .default_text = "-1",
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "at most so many requests at once"},
    {.name = "schedule",
     .metavar = "SPEC",
     .type = CP_OPTION_TEXT,
     .offset = AT(schedule),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "provisioned by the clock (UTC): 'weekdays 07:00-19:00=4,default=1'"},
    {.name = "track",
     .metavar = "T:MIN:MAX",
     .type = CP_OPTION_TEXT,
     .offset = AT(track),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "provisioned by target tracking of its utilisation, e.g. 0.7:1:6"},
    {.name = "warm",
     .metavar = "TIME",
     .type = CP_OPTION_DURATION,
     .offset = AT(sim_warm_ms),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "without a run: how long a warm request takes"},
    {.name = "cold",
     .metavar = "TIME",
     .type = CP_OPTION_DURATION,
     .offset = AT(sim_cold_ms),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "without a run: init and first handler run together"},
    {.name = "law",
     .metavar = "LAW",
     .type = CP_OPTION_TEXT,
     .offset = AT(sim_law),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "without a run: exp or fixed, how these times vary; default fixed"},
    {.name = "idle-lifetime",
     .metavar = "LAW",
     .type = CP_OPTION_TEXT,
     .offset = AT(sim_lifetime),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "how long idle environments live: 10m, exponential:10m, never; default: as measured"},
    {.name = "requests",
     .metavar = "N",
     .type = CP_OPTION_FACTOR,
     .offset = AT(requests),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "simulate about so many requests, e.g. 1e7; default 1e6"},
    {.name = "hours",
     .metavar = "N",
     .type = CP_OPTION_FACTOR,
     .offset = AT(hours),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SIMULATE,
     .help = "simulate so many hours instead"},
    {.name = "arrivals",
     .metavar = "FILE",
     .type = CP_OPTION_TEXT,
     .offset = AT(arrivals_file),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_SIMULATE,
     .help = "also write arrivals of such traffic, seconds from its start, one a line"},
    {.name = "tail",
     .metavar = "LAW",
     .type = CP_OPTION_TEXT,
     .offset = AT(tail),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_FIT,
     .help = "gpd: also extrapolate each tail by a generalised Pareto law, labelled"},
    {.name = "cold",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(max_cold),
     .min = 0,
     .max = 100000,
     .default_text = "-1",
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_SWEEP,
     .help = "most cold starts per memory size (fewer when precise enough); default 135"},
    {.name = "cold",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(max_cold),
     .min = 0,
     .max = 100000,
     .default_text = "100",
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_NIGHTLY,
     .help = "cold starts per memory size: an interval of p95 needs 72, of p99 368"},
    {.name = "warm",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(max_warm),
     .min = 0,
     .max = 1000000,
     .default_text = "-1",
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_SWEEP,
     .help = "most warm invocations per memory size; default 456"},
    {.name = "warm",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(max_warm),
     .min = 0,
     .max = 1000000,
     .default_text = "100",
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_NIGHTLY,
     .help = "warm invocations per memory size"},
    {.name = "idle",
     .is_plan = true,
     .metavar = "TIME,...",
     .type = CP_OPTION_DURATION_LIST,
     .offset = AT(idle),
     .default_text = "auto",
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_SWEEP,
     .help = "idle intervals to probe, 'none', or 'auto': doubled, then narrowed down to where "
             "environments go"},
    {.name = "idle",
     .is_plan = true,
     .metavar = "TIME,...",
     .type = CP_OPTION_DURATION_LIST,
     .offset = AT(idle),
     .default_text = "none",
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_NIGHTLY,
     .help = "also probe these idle intervals, or 'auto': they are no part of what is judged"},
    {.name = "idle-max",
     .is_plan = true,
     .metavar = "TIME",
     .type = CP_OPTION_DURATION,
     .offset = AT(idle_max_ms),
     .theme = CP_THEME_MEASURE,
     .commands = MEASURING,
     .help = "longest interval of --idle auto, which waits three times as long at most; default "
             "15m; 10s on this machine, and no longer altogether"},
    {.name = "idle-probes",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(idle_probes),
     .min = 1,
     .max = 10000,
     .default_text = "-1",
     .theme = CP_THEME_MEASURE,
     .commands = MEASURING,
     .help = "probes per idle interval, default 12; with --idle auto at both ends of what is "
             "found, default 10"},
    {.name = "precision",
     .is_plan = true,
     .metavar = "RATIO",
     .type = CP_OPTION_PRECISION,
     .offset = AT(precision),
     .default_text = "p50=5%,p95=10%",
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_SWEEP,
     .help = "stop a cell when the 95 % interval's half-width is this share of the estimate"},
    {.name = "max-invocations",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(max_invocations),
     .min = 0,
     .max = 100000000,
     .theme = CP_THEME_MEASURE,
     .commands = MEASURING,
     .help = "never invoke more often than this; default: no limit"},
    {.name = "wait",
     .metavar = "TIME",
     .type = CP_OPTION_DURATION,
     .offset = AT(wait_ms),
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_NIGHTLY,
     .help = "while another one measures into the same store, wait so long for it to end, e.g. 1h; "
             "default: not at all"},
    {.name = "max-cost-usd",
     .metavar = "USD",
     .type = CP_OPTION_USD,
     .offset = AT(max_cost_usd),
     .theme = CP_THEME_MEASURE,
     .commands = MEASURING,
     .help = "hard stop: nothing is invoked that, at its worst case, could exceed this"},
    {.name = "yes",
     .letter = 'y',
     .type = CP_OPTION_FLAG,
     .offset = AT(is_yes),
     .theme = CP_THEME_MEASURE,
     .commands = MEASURING,
     .help = "go on after the quote without asking"},
    {.name = "parallel",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(parallel_cold),
     .min = 0,
     .max = 500,
     .theme = CP_THEME_MEASURE,
     .commands = MEASURING,
     .help = "fresh environments started at once; default: 10, of a FOLDER one per core"},
    {.name = "payload",
     .is_plan = true,
     .metavar = "JSON|@FILE",
     .type = CP_OPTION_TEXT,
     .offset = AT(payload),
     .default_text = "{}",
     .theme = CP_THEME_MEASURE,
     .commands = MEASURING,
     .help = "event sent with every invocation"},
    {.name = "seed",
     .is_plan = true,
     .metavar = "N",
     .type = CP_OPTION_SEED,
     .offset = AT(seed),
     .seen = AT(has_seed),
     .default_text = "1",
     .theme = CP_THEME_MEASURE,
     .commands = MEASURING | CP_IN_LOCAL | CP_IN_IMPORT | CP_IN_SIMULATE | CP_IN_COMPARE,
     .help = "seed of everything random: plan order, lifetimes, simulation, resamples"},
    {.name = "resume",
     .metavar = "RUN",
     .type = CP_OPTION_TEXT,
     .offset = AT(resume),
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_SWEEP,
     .help = "continue an interrupted sweep; same plan, nothing repeated"},
    {.name = "region",
     .is_plan = true,
     .metavar = "REGION",
     .type = CP_OPTION_TEXT,
     .offset = AT(region),
     .theme = CP_THEME_PLACE,
     .commands =
         MEASURING | CP_IN_LOCAL | CP_IN_RECOVER | CP_IN_POLICY | CP_IN_IMPORT | CP_IN_SIMULATE,
     .help = "AWS Region: prices and signatures; default: of the ARN, AWS_REGION, the profile; "
             "us-east-1 on this machine"},
    {.name = "region",
     .metavar = "REGION",
     .type = CP_OPTION_TEXT,
     .offset = AT(region),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_PRICES,
     .help = "AWS Region; default of show: all, of update: AWS_REGION or us-east-1"},
    {.name = "endpoint-url",
     .metavar = "URL",
     .type = CP_OPTION_TEXT,
     .offset = AT(endpoint_url),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_PRICES,
     .help = "a mirror of AWS's price lists"},
    {.name = "profile",
     .metavar = "NAME",
     .type = CP_OPTION_TEXT,
     .offset = AT(profile),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING | CP_IN_RECOVER | CP_IN_IMPORT,
     .help =
         "profile of ~/.aws/config and ~/.aws/credentials; the environment's keys do not count"},
    {.name = "credentials-from",
     .metavar = "aws-cli",
     .type = CP_OPTION_TEXT,
     .offset = AT(credentials_from),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING | CP_IN_RECOVER | CP_IN_IMPORT,
     .help = "let the AWS CLI (version 2) find the credentials: SSO, MFA and 'aws login'"},
    {.name = "endpoint-url",
     .metavar = "URL",
     .type = CP_OPTION_TEXT,
     .offset = AT(endpoint_url),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING | CP_IN_RECOVER | CP_IN_IMPORT,
     .help =
         "a Lambda-compatible endpoint for FUNCTION, or one of CloudWatch for --log-group, e.g. "
         "a 'coldprof local serve'"},
    {.name = "insecure-endpoint",
     .type = CP_OPTION_FLAG,
     .offset = AT(insecure_endpoint),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING | CP_IN_RECOVER | CP_IN_IMPORT | CP_IN_PRICES,
     .help = "allow an endpoint beyond this machine over plain http: whoever is on the way reads "
             "the session token and the payload"},
    {.name = "in-place",
     .is_plan = true,
     .type = CP_OPTION_FLAG,
     .offset = AT(in_place),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING | CP_IN_POLICY,
     .help = "publish versions of FUNCTION itself instead of sweeping a copy of it"},
    {.name = "yes-production",
     .type = CP_OPTION_FLAG,
     .offset = AT(yes_production),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING,
     .help = "--in-place even when others invoke FUNCTION without a qualifier and would meet its "
             "changing memory size"},
    {.name = "dry-run",
     .type = CP_OPTION_FLAG,
     .offset = AT(is_dry_run),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING,
     .help = "print every call and the permissions they need; change and invoke nothing"},
    {.name = "function",
     .metavar = "NAME",
     .type = CP_OPTION_TEXT,
     .offset = AT(function),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_RECOVER | CP_IN_POLICY,
     .help = "the function that was or will be swept; recover then needs no journal"},
    {.name = "function",
     .metavar = "NAME",
     .type = CP_OPTION_TEXT,
     .offset = AT(function),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT | CP_IN_DIGEST,
     .help = "its name where the logs tell none; import reports on this one, and with NAME:VERSION "
             "on that version alone"},
    {.name = "log-group",
     .metavar = "GROUP",
     .type = CP_OPTION_TEXT_LIST,
     .offset = AT(log_groups),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT,
     .help = "read a log group of CloudWatch instead of a FILE: its name, its ARN, or a function's "
             "name; repeatable"},
    {.name = "since",
     .metavar = "TIME",
     .type = CP_OPTION_TEXT,
     .offset = AT(since),
     .default_text = "7d",
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT,
     .help = "of --log-group: 7d ago, 12h ago, or a date like 2026-10-08T14:00:00Z"},
    {.name = "until",
     .metavar = "TIME",
     .type = CP_OPTION_TEXT,
     .offset = AT(until),
     .default_text = "now",
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT,
     .help = "the end of that time"},
    {.name = "stream-prefix",
     .metavar = "PREFIX",
     .type = CP_OPTION_TEXT,
     .offset = AT(stream_prefix),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT,
     .help = "only log streams whose names begin so, e.g. 2026/10/08/"},
    {.name = "insights",
     .type = CP_OPTION_FLAG,
     .offset = AT(insights),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT,
     .help = "let Logs Insights count in AWS, which bills by the GB scanned: for logs too large to "
             "be read"},
    {.name = "metrics",
     .type = CP_OPTION_FLAG,
     .offset = AT(metrics),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT,
     .help =
         "compare with CloudWatch's metrics of the functions, and say what a log does not know: "
         "throttles, largest concurrency"},
    {.name = "all-lines",
     .type = CP_OPTION_FLAG,
     .offset = AT(all_lines),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT,
     .help = "fetch every line of --log-group, not only the platform's records"},
    {.name = "fresh",
     .type = CP_OPTION_FLAG,
     .offset = AT(fresh),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT,
     .help = "begin anew where an import of --log-group was interrupted"},
    {.name = "architecture",
     .metavar = "ARCH",
     .type = CP_OPTION_TEXT,
     .offset = AT(architecture),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT | CP_IN_DIGEST | CP_IN_SIMULATE,
     .help = "x86_64 or arm64, which a log does not tell; default x86_64, with a warning"},
    {.name = "threads",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(threads),
     .min = 1,
     .max = 64,
     .default_text = "0",
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_IMPORT | CP_IN_DIGEST | CP_IN_SIMULATE,
     .help = "threads that read the logs; the result is the same for any number; default: one per "
             "core, at most 8"},
    {.name = "mode",
     .metavar = "MODE",
     .type = CP_OPTION_TEXT,
     .offset = AT(mode),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_POLICY,
     .help = "sweep, dry-run, recover or import; default sweep"},
    {.name = "account",
     .metavar = "ID",
     .type = CP_OPTION_TEXT,
     .offset = AT(account),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_POLICY,
     .help = "12 digits; default any"},
    {.name = "list",
     .type = CP_OPTION_FLAG,
     .offset = AT(is_list),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_RECOVER,
     .help = "show what is to be undone, undo nothing"},
    {.name = "prune",
     .type = CP_OPTION_FLAG,
     .offset = AT(is_prune),
     .theme = CP_THEME_PLACE,
     .commands = CP_IN_RECOVER,
     .help = "also delete shadow functions of sweeps whose journal is not here, found by name and "
             "tag"},
    {.name = "idle-lifetime",
     .is_plan = true,
     .metavar = "LAW",
     .type = CP_OPTION_TEXT,
     .offset = AT(idle_lifetime),
     .default_text = "uniform:4s-8s",
     .theme = CP_THEME_PLACE,
     .commands = MEASURING | CP_IN_LOCAL,
     .help = "how long the local service keeps idle environments: fixed:6s, uniform:4s-8s, "
             "exponential:6s, weibull:2:6s or never"},
    {.name = "throttle-init",
     .is_plan = true,
     .type = CP_OPTION_FLAG,
     .offset = AT(throttle_init),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING | CP_IN_LOCAL,
     .help = "local service: apply the CPU share to the init phase too"},
    {.name = "no-cpu-share",
     .is_plan = true,
     .type = CP_OPTION_FLAG,
     .offset = AT(no_cpu_share),
     .theme = CP_THEME_PLACE,
     .commands = MEASURING | CP_IN_LOCAL,
     .help = "local service: run without cgroup: no CPU share, no memory limit, so memory sizes "
             "do not differ"},
    {.name = "listen",
     .metavar = "ADDRESS",
     .type = CP_OPTION_TEXT,
     .offset = AT(listen),
     .default_text = "127.0.0.1",
     .theme = CP_THEME_SERVICE,
     .commands = CP_IN_LOCAL,
     .help = "address to listen on"},
    {.name = "i-know-this-runs-code",
     .type = CP_OPTION_FLAG,
     .offset = AT(runs_code_known),
     .theme = CP_THEME_SERVICE,
     .commands = CP_IN_LOCAL,
     .help = "needed to listen on an address others can reach"},
    {.name = "port",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(port),
     .min = 0,
     .max = 65535,
     .default_text = "9001",
     .theme = CP_THEME_SERVICE,
     .commands = CP_IN_LOCAL,
     .help = "port to listen on; 0: any free one"},
    {.name = "log-file",
     .metavar = "FILE",
     .type = CP_OPTION_TEXT,
     .offset = AT(log_file),
     .theme = CP_THEME_SERVICE,
     .commands = CP_IN_LOCAL,
     .help = "append function logs, REPORT lines among them"},
    {.name = "account-id",
     .metavar = "DIGITS",
     .type = CP_OPTION_TEXT,
     .offset = AT(account_id),
     .theme = CP_THEME_SERVICE,
     .commands = CP_IN_LOCAL,
     .help = "account of the functions; one but 000000000000 rehearses AWS: a sweep then quotes, "
             "asks and counts costs as there"},
    {.name = "account-concurrency",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(account_concurrency),
     .min = 101,
     .max = 100000,
     .default_text = "1000",
     .theme = CP_THEME_SERVICE,
     .commands = CP_IN_LOCAL,
     .help = "the account's concurrency limit"},
    {.name = "control-rate",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(control_rate),
     .min = 0,
     .max = 100000,
     .default_text = "0",
     .theme = CP_THEME_SERVICE,
     .commands = CP_IN_LOCAL,
     .help = "answer 429 above N control-plane requests a second, as AWS above 15; 0: never"},
    {.name = "update-delay-ms",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(update_delay_ms),
     .min = 0,
     .max = 600000,
     .default_text = "-1",
     .theme = CP_THEME_SERVICE,
     .commands = CP_IN_LOCAL,
     .help = "how long a configuration update stays InProgress; default 50"},
    {.name = "ready-fd",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(ready_fd),
     .min = 0,
     .max = 1048576,
     .default_text = "-1",
     .theme = CP_THEME_PROGRAMS,
     .commands = CP_IN_LOCAL,
     .help = "descriptor that gets one JSON line when the service listens"},
    {.name = "parent-pid",
     .metavar = "PID",
     .type = CP_OPTION_INT,
     .offset = AT(parent_pid),
     .min = 0,
     .max = 2147483647,
     .theme = CP_THEME_PROGRAMS,
     .commands = CP_IN_LOCAL,
     .help = "end when this process is gone"},
    {.name = "output",
     .letter = 'o',
     .metavar = "DIR",
     .type = CP_OPTION_TEXT,
     .offset = AT(output),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_REPORT | CP_IN_IMPORT,
     .help = "folder for report.html, .json, .md and charts/; '-' sends one --format to stdout"},
    {.name = "output",
     .letter = 'o',
     .metavar = "FILE",
     .type = CP_OPTION_TEXT,
     .offset = AT(output),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_DIGEST,
     .help = "write the digest there, whole or not at all; default: standard output"},
    {.name = "output",
     .letter = 'o',
     .metavar = "DIR",
     .type = CP_OPTION_TEXT,
     .offset = AT(output),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_SCHEDULE,
     .help = "write the files there; one that exists and differs is left alone, and so are the "
             "others"},
    {.name = "hour",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .offset = AT(hour),
     .max = 23,
     .default_text = "3",
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SCHEDULE,
     .help = "hour of the night, 0 to 23, UTC"},
    {.name = "name",
     .metavar = "NAME",
     .type = CP_OPTION_TEXT,
     .offset = AT(schedule_name),
     .theme = CP_THEME_DECIDE,
     .commands = CP_IN_SCHEDULE,
     .help = "of the files; default: coldprof-nightly- and the target's"},
    {.name = "format",
     .metavar = "FORMAT",
     .type = CP_OPTION_FORMAT,
     .offset = AT(format),
     .seen = AT(has_format),
     .default_text = "table",
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_SWEEP | CP_IN_REPORT | CP_IN_IMPORT | CP_IN_RECOMMEND | CP_IN_FRONTIER,
     .help = "table, json, csv, md, html or jsonl, one sample a line"},
    {.name = "output",
     .letter = 'o',
     .metavar = "FILE",
     .type = CP_OPTION_TEXT,
     .offset = AT(output),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_HISTORY,
     .help = "of export: write it there, whole or not at all; default: standard output"},
    {.name = "metric",
     .metavar = "NAME",
     .type = CP_OPTION_TEXT,
     .offset = AT(metric),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_HISTORY,
     .help = "of show: which one night by night, like 1024MB/init-p95"},
    {.name = "nights",
     .metavar = "N",
     .type = CP_OPTION_INT,
     .min = 1,
     .max = 3650,
     .offset = AT(nights),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_HISTORY,
     .help = "of show: the last N nights"},
    {.name = "note",
     .metavar = "TEXT",
     .type = CP_OPTION_TEXT,
     .offset = AT(note),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_HISTORY,
     .help = "of accept: why, kept with it"},
    {.name = "at",
     .metavar = "TIME",
     .type = CP_OPTION_TEXT,
     .offset = AT(at),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_HISTORY,
     .help = "of accept: the level of that time; 2d ago, a date; default: now"},
    {.name = "format",
     .metavar = "FORMAT",
     .type = CP_OPTION_FORMAT,
     .offset = AT(format),
     .seen = AT(has_format),
     .default_text = "table",
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_RUNS,
     .help = "table, json, csv or md"},
    {.name = "format",
     .metavar = "FORMAT",
     .type = CP_OPTION_FORMAT,
     .offset = AT(format),
     .seen = AT(has_format),
     .default_text = "table",
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_HISTORY,
     .help = "table, json, csv, md or, of show, otava-csv"},
    {.name = "format",
     .metavar = "FORMAT",
     .type = CP_OPTION_FORMAT,
     .offset = AT(format),
     .seen = AT(has_format),
     .default_text = "table",
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_FIT | CP_IN_PRICES | CP_IN_SIMULATE,
     .help = "table or json"},
    {.name = "format",
     .metavar = "FORMAT",
     .type = CP_OPTION_FORMAT,
     .offset = AT(format),
     .seen = AT(has_format),
     .default_text = "table",
     .theme = CP_THEME_SHOW,
     .commands = OF_GATES,
     .help = "table, json, csv or md, or one that --export names"},
    {.name = "format",
     .metavar = "FORMAT",
     .type = CP_OPTION_TEXT,
     .offset = AT(apply_format),
     .default_text = "aws-cli",
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_APPLY,
     .help = "aws-cli, sam, cloudformation, terraform or cdk"},
    {.name = "alias",
     .metavar = "NAME",
     .type = CP_OPTION_TEXT,
     .offset = AT(alias),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_APPLY,
     .help = "publish a version and move this alias; default: that of the run's function, or live "
             "where provisioned concurrency needs one"},
    {.name = "candidate",
     .metavar = "SETTING",
     .type = CP_OPTION_TEXT,
     .offset = AT(candidate),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_APPLY,
     .help = "this candidate whatever the verdict: 1024, 1024/2, 1024/scheduled, or its place in "
             "the table of all candidates"},
    {.name = "undo",
     .type = CP_OPTION_FLAG,
     .offset = AT(is_undo),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_APPLY,
     .help = "print the way back alone, ready to be used"},
    {.name = "all",
     .type = CP_OPTION_FLAG,
     .offset = AT(is_all),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_FRONTIER,
     .help = "also those that another one beats in both cost and latency"},
    {.name = "json",
     .type = CP_OPTION_FLAG,
     .offset = AT(is_json),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_SWEEP | CP_IN_REPORT | CP_IN_RUNS | CP_IN_IMPORT | CP_IN_FIT | CP_IN_PRICES |
                 CP_IN_RECOMMEND | CP_IN_FRONTIER | CP_IN_SIMULATE | CP_IN_HISTORY | OF_GATES,
     .help = "short for --format json"},
    {.name = "export",
     .metavar = "FORMAT=FILE",
     .type = CP_OPTION_EXPORT,
     .offset = AT(exports),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_SWEEP | CP_IN_REPORT | CP_IN_IMPORT | CP_IN_RECOMMEND | CP_IN_FRONTIER,
     .help = "also write this format; repeatable"},
    {.name = "export",
     .metavar = "FORMAT=FILE",
     .type = CP_OPTION_EXPORT,
     .offset = AT(exports),
     .theme = CP_THEME_SHOW,
     .commands = OF_GATES,
     .help = "also write json, csv, md, junit, gha-benchmark, bmf, openmetrics or otava-csv; "
             "repeatable"},
    {.name = "ci",
     .metavar = "WHOSE",
     .type = CP_OPTION_CI,
     .offset = AT(ci),
     .default_text = "auto",
     .theme = CP_THEME_SHOW,
     .commands = OF_GATES,
     .help = "auto, none, github (step summary and annotations), gitlab or jenkins (plain lines)"},
    {.name = "explain",
     .metavar = "ID",
     .type = CP_OPTION_TEXT,
     .offset = AT(explain),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_REPORT,
     .help = "print one warning in full with what to do about it, e.g. W010"},
    {.name = "exit-zero",
     .type = CP_OPTION_FLAG,
     .offset = AT(exit_zero),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_SWEEP | CP_IN_REPORT | CP_IN_RECOMMEND,
     .help = "status 0 even when the budget is missed"},
    {.name = "exit-zero",
     .type = CP_OPTION_FLAG,
     .offset = AT(exit_zero),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_HISTORY | CP_IN_IMPORT | CP_IN_DIGEST,
     .help = "status 0 even when lines were rejected, files damaged or the budget is missed"},
    {.name = "exit-zero",
     .type = CP_OPTION_FLAG,
     .offset = AT(exit_zero),
     .theme = CP_THEME_SHOW,
     .commands = OF_GATES,
     .help = "status 0 even when something got worse"},
    {.name = "against",
     .metavar = "FOLDER",
     .type = CP_OPTION_TEXT,
     .offset = AT(against),
     .theme = CP_THEME_MEASURE,
     .commands = CP_IN_NIGHTLY,
     .help = "judge TARGET, a folder, by this build of it, both measured in turns here, instead "
             "of by its nights; no history is read or written"},
    {.name = "notify-command",
     .metavar = "CMD",
     .type = CP_OPTION_TEXT,
     .offset = AT(notify_command),
     .theme = CP_THEME_SHOW,
     .commands = CP_IN_NIGHTLY,
     .help =
         "when something got worse, run this by 'sh -c' with the result as JSON on its standard "
         "input; at most 60 s, and what becomes of it changes no status"},
    {.name = "store",
     .metavar = "FILE",
     .type = CP_OPTION_TEXT,
     .offset = AT(store),
     .theme = CP_THEME_COMMON,
     .commands = MEASURING | CP_IN_REPORT | CP_IN_RUNS | CP_IN_IMPORT | CP_IN_FIT | CP_IN_APPLY |
                 CP_IN_SIMULATE | CP_IN_RECOMMEND | CP_IN_FRONTIER | CP_IN_HISTORY | CP_IN_COMPARE,
     .help = "history; default $XDG_DATA_HOME/coldprof/history.db"},
    {.name = "color",
     .metavar = "WHEN",
     .type = CP_OPTION_COLOR,
     .offset = AT(color),
     .default_text = "auto",
     .theme = CP_THEME_COMMON,
     .commands = CP_IN_ALL,
     .help = "auto, always or never"},
    {.name = "quiet",
     .letter = 'q',
     .type = CP_OPTION_FLAG,
     .offset = AT(is_quiet),
     .theme = CP_THEME_COMMON,
     .commands = CP_IN_ALL,
     .help = "no progress, no warnings, no hints: results and errors only"},
    {.name = "verbose",
     .letter = 'v',
     .type = CP_OPTION_FLAG,
     .offset = AT(is_verbose),
     .theme = CP_THEME_COMMON,
     .commands = MEASURING | CP_IN_RECOVER | CP_IN_IMPORT,
     .help = "show each API request with its id, never a secret"},
    {.name = "help",
     .letter = 'h',
     .type = CP_OPTION_FLAG,
     .offset = AT(wants_help),
     .theme = CP_THEME_COMMON,
     .commands = CP_IN_ALL,
     .help = "show this help"},
    {.name = "version",
     .type = CP_OPTION_FLAG,
     .offset = AT(wants_version),
     .theme = CP_THEME_COMMON,
     .commands = CP_IN_ALL,
     .help = "show the version"},
    {.name = NULL},
};

const char *cp_option_theme_name(enum cp_option_theme theme)
{
    static const char *const names[CP_THEME_COUNT] = {
        [CP_THEME_DECIDE] = "what to decide",
        [CP_THEME_MEASURE] = "what to measure",
        [CP_THEME_PLACE] = "where it runs",
        [CP_THEME_SERVICE] = "the service",
        [CP_THEME_SHOW] = "what to show",
        [CP_THEME_COMMON] = "general",
        [CP_THEME_PROGRAMS] = "for programs that start it",
    };
    return names[theme];
}

const struct cp_option *cp_option_table(void)
{
    return table;
}

/* --- readers: text -> field --- */

struct choice {
    const char *name;
    int value;
};

static const struct choice formats[] = {{"table", CP_FORMAT_TABLE},
                                        {"json", CP_FORMAT_JSON},
                                        {"csv", CP_FORMAT_CSV},
                                        {"md", CP_FORMAT_MD},
                                        {"html", CP_FORMAT_HTML},
                                        {"jsonl", CP_FORMAT_JSONL},
                                        {NULL, 0}};
static const struct choice gate_formats[] = {{"table", CP_FORMAT_TABLE},
                                             {"json", CP_FORMAT_JSON},
                                             {"csv", CP_FORMAT_CSV},
                                             {"md", CP_FORMAT_MD},
                                             {"junit", CP_FORMAT_JUNIT},
                                             {"gha-benchmark", CP_FORMAT_GHA_BENCHMARK},
                                             {"bmf", CP_FORMAT_BMF},
                                             {"openmetrics", CP_FORMAT_OPENMETRICS},
                                             {"otava-csv", CP_FORMAT_OTAVA_CSV},
                                             {NULL, 0}};
static const struct choice history_formats[] = {
    {"table", CP_FORMAT_TABLE}, {"json", CP_FORMAT_JSON},           {"csv", CP_FORMAT_CSV},
    {"md", CP_FORMAT_MD},       {"otava-csv", CP_FORMAT_OTAVA_CSV}, {NULL, 0}};
static const struct choice cis[] = {{"auto", CP_CI_AUTO},       {"none", CP_CI_NONE},
                                    {"github", CP_CI_GITHUB},   {"gitlab", CP_CI_GITLAB},
                                    {"jenkins", CP_CI_JENKINS}, {NULL, 0}};
static const struct choice colors[] = {
    {"auto", CP_COLOR_AUTO}, {"always", CP_COLOR_ALWAYS}, {"never", CP_COLOR_NEVER}, {NULL, 0}};

static const struct choice classes[] = {{"interactive", 0}, {"async", 0}, {"stream", 0}, {NULL, 0}};
static const struct choice risks[] = {{"upper", 0}, {"point", 0}, {NULL, 0}};

static enum cp_code read_choice(struct cp_view text, const struct choice *choices, int *value,
                                struct cp_error *err)
{
    char known[128] = "";
    size_t n = 0;
    for (const struct choice *c = choices; c->name; c++) {
        if (cp_view_is(text, c->name)) {
            *value = c->value;
            return CP_OK;
        }
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", c->name);
    }
    return cp_fail(err, CP_EINVAL, "'%.*s' is not one of %s", (int)text.n, text.p, known);
}

/* A page or samples are of a run; what other tools read is of gates. */
static const struct choice *formats_of(const struct cp_option *o)
{
    if (o->commands & OF_GATES)
        return gate_formats;
    return o->commands & CP_IN_HISTORY ? history_formats : formats;
}

static enum cp_code read_enum(const struct cp_option *o, struct cp_view text, void *field,
                              struct cp_error *err)
{
    int chosen = 0;
    const struct choice *known = o->type == CP_OPTION_COLOR ? colors
                                 : o->type == CP_OPTION_CI  ? cis
                                                            : formats_of(o);
    enum cp_code code = read_choice(text, known, &chosen, err);
    if (o->type == CP_OPTION_COLOR)
        *(enum cp_color *)field = (enum cp_color)chosen;
    else if (o->type == CP_OPTION_CI)
        *(enum cp_ci *)field = (enum cp_ci)chosen;
    else
        *(enum cp_format *)field = (enum cp_format)chosen;
    return code;
}

static enum cp_code read_int(const struct cp_option *o, struct cp_view text, int *value,
                             struct cp_error *err)
{
    int64_t x = 0;
    if (!cp_view_to_int64(text, &x) || x < o->min || x > o->max)
        return cp_fail(err, CP_EINVAL, "'%.*s' is not a whole number from %d to %d", (int)text.n,
                       text.p, o->min, o->max);
    *value = (int)x;
    return CP_OK;
}

static enum cp_code read_seed(struct cp_view text, uint64_t *value, struct cp_error *err)
{
    int64_t x = 0;
    if (!cp_view_to_int64(text, &x) || x < 0)
        return cp_fail(err, CP_EINVAL, "'%.*s' is not a whole number from 0", (int)text.n, text.p);
    *value = (uint64_t)x;
    return CP_OK;
}

/* "p99" -> 0.99, "p99.9" -> 0.999 */
static bool read_quantile(struct cp_view name, double *q)
{
    double percent = 0;
    if (!cp_view_skip(&name, "p") || !cp_view_to_double(name, &percent))
        return false;
    if (!(percent > 0 && percent < 100))
        return false;
    *q = percent / 100;
    return true;
}

static enum cp_code read_budget(struct cp_view text, struct cp_budget *budget, struct cp_error *err)
{
    struct cp_view rest = text;
    struct cp_view name;
    if (!cp_view_split(&rest, '=', &name) || rest.n == 0 || !read_quantile(name, &budget->q))
        return cp_fail(err, CP_EINVAL, "'%.*s' is not a budget; write it like p99=200ms",
                       (int)text.n, text.p);
    enum cp_code code = cp_units_parse_duration_ms(rest, &budget->ms, err);
    if (!code && !(budget->ms > 0))
        code = cp_fail(err, CP_EINVAL, "'%.*s' leaves no time; write it like p99=200ms",
                       (int)text.n, text.p);
    return code;
}

/* Whether the text is a file is seen when it is opened (demand.h); a rate of nothing is told here.
 */
static enum cp_code read_traffic(const char *borrowed, const char **traffic, struct cp_error *err)
{
    double per_s = NAN;
    struct cp_error no_rate;
    enum cp_code code = cp_units_parse_rate_per_s(cp_view_of(borrowed), &per_s, &no_rate);
    *traffic = borrowed;
    if (!borrowed[0] || (!code && !(per_s > 0)))
        return cp_fail(err, CP_EINVAL, "'%s' is no traffic; leave it out, or write it like 5/s",
                       borrowed);
    return CP_OK;
}

static enum cp_code read_factor(struct cp_view text, double *factor, struct cp_error *err)
{
    if (cp_view_to_double(text, factor) && *factor > 0 && isfinite(*factor))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "'%.*s' is not a number above 0; write it like 2 or 0.5",
                   (int)text.n, text.p);
}

/* "0.01%" or "0.0001" */
static enum cp_code read_share(struct cp_view text, double *share, struct cp_error *err)
{
    if (!cp_units_parse_ratio(text, share, err) && *share < 1)
        return CP_OK;
    return cp_fail(err, CP_EINVAL,
                   "'%.*s' is not a share between 0 and 100%%; write it like 0.01%% or 0.0001",
                   (int)text.n, text.p);
}

/* "10" or "10,50ms" */
static enum cp_code read_burst(struct cp_view text, struct cp_burst *burst, struct cp_error *err)
{
    struct cp_view rest = text;
    struct cp_view n;
    *burst = (struct cp_burst){0};
    bool has_n = cp_view_split(&rest, ',', &n) && cp_view_to_double(n, &burst->n) &&
                 burst->n >= 1 && isfinite(burst->n);
    if (!has_n)
        return cp_fail(err, CP_EINVAL,
                       "'%.*s' is no burst of 1 or more requests; write it like 10 or 10,50ms",
                       (int)text.n, text.p);
    return rest.n ? cp_units_parse_duration_ms(rest, &burst->gap_ms, err) : CP_OK;
}

static enum cp_code read_amount(struct cp_view text, const char *example, double *amount,
                                struct cp_error *err)
{
    if (cp_view_to_double(text, amount) && *amount > 0 && isfinite(*amount))
        return CP_OK;
    return cp_fail(err, CP_EINVAL, "'%.*s' is not an amount above 0; write it like %s", (int)text.n,
                   text.p, example);
}

static enum cp_code read_precision(struct cp_view text, struct cp_precision *p,
                                   struct cp_error *err)
{
    struct cp_view rest = text;
    struct cp_view part;
    while (cp_view_split(&rest, ',', &part)) {
        double *to = cp_view_skip(&part, "p50=") ? &p->p50 : &p->p95;
        (void)cp_view_skip(&part, "p95=");
        enum cp_code code = cp_units_parse_ratio(part, to, err);
        if (code)
            return cp_fail(err, code,
                           "'%.*s' is not a precision; write it like 10%% (of p95) or "
                           "p50=5%%,p95=10%%",
                           (int)text.n, text.p);
    }
    return CP_OK;
}

/* "5%", "5ms" or both. */
static enum cp_code read_effect(struct cp_view text, struct cp_effect *effect, struct cp_error *err)
{
    struct cp_view rest = text;
    struct cp_view part = text; /* "": no change either */
    *effect = (struct cp_effect){NAN, NAN};
    do {
        (void)cp_view_split(&rest, ',', &part);
        struct cp_view number = part;
        double zero = NAN;
        bool is_none = cp_view_take_double(&number, &zero) && zero == 0;
        bool is_share = part.n > 0 && part.p[part.n - 1] == '%';
        enum cp_code code = CP_OK;
        if (is_share && is_none)
            effect->ratio = 0;
        else if (is_share)
            code = cp_units_parse_ratio(part, &effect->ratio, err);
        else
            code = cp_units_parse_duration_ms(part, &effect->ms, err);
        if (code)
            return cp_fail(err, CP_EINVAL,
                           "'%.*s' is not a change that matters; write it like 5%%, 10ms or "
                           "5%%,10ms",
                           (int)text.n, text.p);
    } while (rest.n > 0);
    return CP_OK;
}

static enum cp_code read_metrics(struct cp_view text, struct cp_metric_list *list,
                                 struct cp_error *err)
{
    struct cp_view rest = text;
    struct cp_view part;
    *list = (struct cp_metric_list){.n = 0};
    while (cp_view_split(&rest, ',', &part)) {
        if (list->n == CP_METRIC_PATTERNS_MAX)
            return cp_fail(err, CP_ELIMIT, "more than %d metrics", CP_METRIC_PATTERNS_MAX);
        if (!cp_metric_pattern_by_name(part, &list->pattern[list->n++]))
            return cp_fail(err, CP_EINVAL,
                           "'%.*s' is no metric; write it like init-p95, cold, p50, 1024MB or "
                           "1024MB/warm-p99",
                           (int)part.n, part.p);
    }
    return list->n ? CP_OK : cp_fail(err, CP_EINVAL, "no metric; write it like init-p95,cold");
}

static enum cp_code read_memory_list(struct cp_view text, struct cp_memory_list *list,
                                     struct cp_error *err)
{
    struct cp_view rest = text;
    struct cp_view part;
    *list = (struct cp_memory_list){.n = 0};
    while (cp_view_split(&rest, ',', &part)) {
        int mb = 0;
        enum cp_code code = cp_units_parse_memory_mb(part, &mb, err);
        if (code)
            return code;
        bool is_known = false;
        for (size_t i = 0; i < list->n; i++)
            is_known = is_known || list->mb[i] == mb;
        if (is_known)
            continue;
        if (list->n == CP_RUN_SIZES_MAX)
            return cp_fail(err, CP_ELIMIT, "more than %d memory sizes", CP_RUN_SIZES_MAX);
        list->mb[list->n++] = mb;
    }
    return list->n ? CP_OK : cp_fail(err, CP_EINVAL, "no memory size; write it like 128,512,1024");
}

static enum cp_code read_duration(struct cp_view text, double *ms, struct cp_error *err)
{
    enum cp_code code = cp_units_parse_duration_ms(text, ms, err);
    if (!code && !(*ms > 0))
        return cp_fail(err, CP_EINVAL, "'%.*s' is no time to wait; write it like 30m", (int)text.n,
                       text.p);
    return code;
}

static enum cp_code read_duration_list(struct cp_view text, struct cp_duration_list *list,
                                       struct cp_error *err)
{
    struct cp_view rest = text;
    struct cp_view part;
    *list = (struct cp_duration_list){.n = 0};
    if (cp_view_is(text, "none") || cp_view_is(text, "0"))
        return CP_OK;
    list->is_auto = cp_view_is(text, "auto");
    if (list->is_auto)
        return CP_OK;
    while (cp_view_split(&rest, ',', &part)) {
        if (list->n == CP_SWEEP_IDLE_MAX)
            return cp_fail(err, CP_ELIMIT, "more than %d idle intervals", CP_SWEEP_IDLE_MAX);
        double ms = 0;
        enum cp_code code = cp_units_parse_duration_ms(part, &ms, err);
        if (code)
            return code;
        list->ms[list->n++] = ms;
    }
    return CP_OK;
}

static enum cp_code add_export(const struct cp_option *o, const char *borrowed,
                               struct cp_export_list *list, struct cp_error *err)
{
    struct cp_view text = cp_view_of(borrowed);
    struct cp_view rest = text;
    struct cp_view name;
    if (list->n == CP_EXPORTS_MAX)
        return cp_fail(err, CP_ELIMIT, "more than %d exports", CP_EXPORTS_MAX);
    if (!cp_view_split(&rest, '=', &name) || rest.n == 0)
        return cp_fail(err, CP_EINVAL, "'%.*s' is not FORMAT=FILE; write it like md=summary.md",
                       (int)text.n, text.p);
    int format = 0;
    enum cp_code code = read_choice(name, formats_of(o), &format, err);
    if (!code)
        list->item[list->n++] =
            (struct cp_export){(enum cp_format)format, borrowed + (rest.p - text.p)};
    return code;
}

static enum cp_code add_text(const char *borrowed, struct cp_text_list *list, struct cp_error *err)
{
    if (list->n == CP_TEXTS_MAX)
        return cp_fail(err, CP_ELIMIT, "given more than %d times", CP_TEXTS_MAX);
    list->text[list->n++] = borrowed;
    return CP_OK;
}

/* `borrowed` is the same text with its NUL: kept by texts and exports. */
static enum cp_code read_value(const struct cp_option *o, const char *borrowed,
                               struct cp_options *out, struct cp_error *err)
{
    void *field = (char *)out + o->offset;
    struct cp_view text = cp_view_of(borrowed);
    int chosen = 0;
    switch (o->type) {
    case CP_OPTION_FLAG:
        *(bool *)field = !cp_view_is(text, "0");
        return CP_OK;
    case CP_OPTION_TEXT:
        *(const char **)field = borrowed;
        return CP_OK;
    case CP_OPTION_INT:
        return read_int(o, text, field, err);
    case CP_OPTION_SEED:
        return read_seed(text, field, err);
    case CP_OPTION_TRAFFIC:
        return read_traffic(borrowed, field, err);
    case CP_OPTION_FACTOR:
        return read_factor(text, field, err);
    case CP_OPTION_SHARE:
        return read_share(text, field, err);
    case CP_OPTION_BURST:
        return read_burst(text, field, err);
    case CP_OPTION_USD:
        return read_amount(text, "0.50", field, err);
    case CP_OPTION_GB_S:
        return read_amount(text, "6e9", field, err);
    case CP_OPTION_BUDGET:
        return read_budget(text, field, err);
    case CP_OPTION_PRECISION:
        return read_precision(text, field, err);
    case CP_OPTION_MEMORY_LIST:
        return read_memory_list(text, field, err);
    case CP_OPTION_DURATION:
        return read_duration(text, field, err);
    case CP_OPTION_DURATION_LIST:
        return read_duration_list(text, field, err);
    case CP_OPTION_FORMAT:
    case CP_OPTION_COLOR:
    case CP_OPTION_CI:
        return read_enum(o, text, field, err);
    case CP_OPTION_CLASS:
    case CP_OPTION_RISK:
        *(const char **)field = borrowed;
        return read_choice(text, o->type == CP_OPTION_RISK ? risks : classes, &chosen, err);
    case CP_OPTION_EXPORT:
        return add_export(o, borrowed, field, err);
    case CP_OPTION_TEXT_LIST:
        return add_text(borrowed, field, err);
    case CP_OPTION_EFFECT:
        return read_effect(text, field, err);
    case CP_OPTION_METRICS:
        return read_metrics(text, field, err);
    }
    return cp_fail(err, CP_EINVAL, "unknown option type");
}

static enum cp_code give(const struct cp_option *o, const char *source, const char *text,
                         struct cp_options *out, struct cp_error *err)
{
    enum cp_code code = read_value(o, text, out, err);
    if (code)
        return cp_fail_context(err, "%s", source);
    if (o->seen)
        *(bool *)((char *)out + o->seen) = true;
    if (out->given.n == CP_GIVEN_MAX)
        return cp_fail(err, CP_ELIMIT, "%s: more than %d options", source, CP_GIVEN_MAX);
    out->given.item[out->given.n++] = (struct cp_given){o, text};
    return CP_OK;
}

/* Defaults do not count as given and may lie outside min..max (-1: "not given"). */
static enum cp_code read_defaults_of(unsigned commands, struct cp_options *out,
                                     struct cp_error *err)
{
    for (const struct cp_option *o = table; o->name; o++) {
        if (!o->default_text || !(o->commands & commands))
            continue;
        struct cp_option relaxed = *o;
        relaxed.min = -1;
        enum cp_code code = read_value(&relaxed, o->default_text, out, err);
        if (code)
            return cp_fail_context(err, "default of --%s", o->name);
    }
    return CP_OK;
}

/* Those of other commands first: a member has a value, too, where no option can set it. */
static enum cp_code read_defaults(unsigned command, struct cp_options *out, struct cp_error *err)
{
    *out = (struct cp_options){
        .budget = {NAN, NAN}, .effect = {NAN, NAN}, .max_cost_usd = NAN, .account_gb_s = NAN};
    enum cp_code code = read_defaults_of(CP_IN_ALL & ~command, out, err);
    return code ? code : read_defaults_of(command, out, err);
}

static enum cp_code read_environment(unsigned command, cp_getenv_fn get, void *context,
                                     struct cp_options *out, struct cp_error *err)
{
    for (const struct cp_option *o = table; o->name; o++) {
        char name[64];
        int n = snprintf(name, sizeof name, "COLDPROF_%s", o->name);
        for (int i = 0; i < n; i++)
            name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
        const char *text = o->commands & command ? get(context, name) : NULL;
        if (!text || !text[0])
            continue;
        enum cp_code code = give(o, name, text, out, err);
        if (code)
            return code;
    }
    return CP_OK;
}

static const struct cp_option *find(unsigned command, struct cp_view name)
{
    for (const struct cp_option *o = table; o->name; o++) {
        bool is_it = name.n == 1 ? o->letter == name.p[0] : cp_view_is(name, o->name);
        if (is_it && o->commands & command)
            return o;
    }
    return NULL;
}

static enum cp_code fail_unknown(unsigned command, const char *word, struct cp_view name,
                                 struct cp_error *err)
{
    struct cp_suggest near;
    cp_suggest_init(&near, name);
    for (const struct cp_option *o = table; o->name; o++) {
        if (o->commands & command)
            cp_suggest_consider(&near, o->name);
    }
    const char *best = cp_suggest_best(&near);
    if (best)
        return cp_fail(err, CP_EINVAL, "unknown option '%s'; did you mean '--%s'?", word, best);
    return cp_fail(err, CP_EINVAL, "unknown option '%s'; see 'coldprof help'", word);
}

/* One argv word that begins with '-'; `*i` moves on when the value is the next word. */
static enum cp_code read_option(unsigned command, int argc, char *const *argv, int *i,
                                struct cp_options *out, struct cp_error *err)
{
    const char *word = argv[*i];
    struct cp_view rest = cp_view_of(word);
    struct cp_view name;
    bool is_long = cp_view_skip(&rest, "--");
    if (!is_long)
        (void)cp_view_skip(&rest, "-");
    const char *equals = strchr(word, '=');
    (void)cp_view_split(&rest, '=', &name);
    const struct cp_option *o = is_long == (name.n > 1) ? find(command, name) : NULL;
    if (!o)
        return fail_unknown(command, word, name, err);
    const char *text = equals ? equals + 1 : NULL;
    if (o->type == CP_OPTION_FLAG) {
        if (text)
            return cp_fail(err, CP_EINVAL, "option '--%s' takes no value", o->name);
        text = "1";
    } else if (!text) {
        if (*i + 1 >= argc)
            return cp_fail(err, CP_EINVAL, "option '--%s' needs a value: %s", o->name, o->metavar);
        text = argv[++*i];
    }
    char source[64];
    (void)snprintf(source, sizeof source, "--%s", o->name);
    if (o->is_plan)
        out->plan_option = o->name;
    return give(o, source, text, out, err);
}

enum cp_code cp_options_read(unsigned command, int argc, char *const *argv, cp_getenv_fn get,
                             void *get_context, struct cp_options *out, struct cp_words *words,
                             struct cp_error *err)
{
    words->n = 0;
    enum cp_code code = read_defaults(command, out, err);
    if (!code)
        code = read_environment(command, get, get_context, out, err);
    bool is_ended = false;
    for (int i = 0; i < argc && !code; i++) {
        if (!is_ended && strcmp(argv[i], "--") == 0)
            is_ended = true;
        else if (!is_ended && argv[i][0] == '-' && argv[i][1])
            code = read_option(command, argc, argv, &i, out, err);
        else if (words->n == words->max)
            code = cp_fail(err, CP_EINVAL, "more than %zu arguments", words->max);
        else
            words->word[words->n++] = argv[i];
    }
    if (!code && out->is_json)
        out->format = CP_FORMAT_JSON;
    return code;
}
