/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/help_topic.h"

#include "profiler/cli/wrap.h"

enum { PAGE_WIDTH = 79, EXAMPLE_INDENT = 2 };

static const struct cp_help_example traffic_examples[] = {
    {.title = "A rate: requests come one by one, independent of each other (Poisson), as often at "
              "night as by day. /s, /min, /h or /d.",
     .command = "coldprof sweep ./my-function --traffic 300/min"},
    {.title = "A rate in bursts: 10 requests together on average, each 50 ms after the one before "
              "(without a GAP: at once). The mean rate stays.",
     .command = "coldprof sweep ./my-function --traffic 5/s --burst 10,50ms"},
    {.title = "A week by the hour, as INI. Days are mon ... sun, ranges, daily, weekdays, weekend; "
              "hours are whole; a later line wins. Hours are of the offset that is given, else of "
              "UTC. 'burst' and 'burst_gap' as above.",
     .file = "week.ini",
     .content = "[week]\n"
                "utc_offset = +02:00\n"
                "default = 10/h\n"
                "mon-fri 08:00-18:00 = 20/s\n"
                "sat 10:00-14:00 = 2/s\n"
                "burst = 4\n"
                "burst_gap = 20ms\n",
     .command = "coldprof sweep ./my-function --traffic week.ini"},
    {.title = "Counts with a time, CSV: the interval is the smallest step between two times, rows "
              "need no order, and an interval without a row has no requests.",
     .file = "minutes.csv",
     .content = "time,count\n"
                "2026-10-05T08:00:00Z,312\n"
                "2026-10-05T08:01:00Z,298\n"
                "2026-10-05T08:03:00Z,41\n",
     .command = "coldprof report last --traffic minutes.csv"},
    {.title = "Counts alone, one a minute: a column named count, sum, invocations, requests, "
              "arrivals or value.",
     .file = "counts.csv",
     .content = "count\n12\n0\n45\n3\n",
     .command = "coldprof report last --traffic counts.csv"},
    {.title = "CloudWatch's own answer, of GetMetricData or GetMetricStatistics (Sum of "
              "Invocations, --period 60).",
     .file = "invocations.json",
     .content = "{\"MetricDataResults\": [{\"Id\": \"invocations\", \"Label\": \"Invocations\",\n"
                "  \"Timestamps\": [\"2026-10-05T08:01:00Z\", \"2026-10-05T08:00:00Z\"],\n"
                "  \"Values\": [298.0, 312.0]}]}\n",
     .command = "coldprof sweep checkout --traffic invocations.json"},
    {.title = "One time per request: ISO 8601, or unix seconds or milliseconds. Replayed as it "
              "was.",
     .file = "times.txt",
     .content = "2026-10-05T08:00:00.120Z\n2026-10-05T08:00:00.480Z\n2026-10-05T08:02:10Z\n",
     .command = "coldprof report last --traffic times.txt --traffic-factor 2"},
    {.title = "The Azure Functions trace of 2021: a request arrived at end_timestamp less "
              "duration.",
     .file = "azure.csv",
     .content = "app,func,end_timestamp,duration\n"
                "a1,f1,0.079,0.078\n"
                "a1,f1,12.5,0.25\n"
                "a1,f1,90.02,0.08\n",
     .command = "coldprof sweep ./my-function --traffic azure.csv"},
    {.title = "The traffic of a log: without --traffic an import asks about the arrivals that the "
              "log shows. 'mean' is the even rate of these.",
     .command = "coldprof import logs/ --traffic mean"},
    {.title = "Another question to a run that is stored: decided anew, and the run stays as it is.",
     .command = "coldprof report last --traffic 20/s --budget p99=300ms"},
};

static const struct cp_help_example nightly_examples[] = {
    {.title = "A night: measured the same way every time, kept in the history, and judged against "
              "the nights before it. A folder is measured on this machine; a function on AWS, with "
              "a quote first.",
     .command = "coldprof nightly ./my-function"},
    {.title = "The nights so far. The first ones only learn. Then the last nights of the level in "
              "force are the baseline, with their own spread from night to night. A night that is "
              "worse alone is suspect; when most of the newest are worse by more than 5 % and 5 "
              "ms, and more than chance makes them, that is a regression, on every night until "
              "the level is back.",
     .command = "coldprof history show my-function"},
    {.title = "A change that was meant: its level becomes the baseline.",
     .command = "coldprof history accept my-function --note 'new SDK, agreed'"},
    {.title = "A pull request needs no history and no account: both builds are measured here, in "
              "turns, so that what the machine does meanwhile meets both, and compared directly.",
     .command = "coldprof nightly ./my-function --against ./old-build"},
    {.title = "Results for other tools. A GitHub job shows a summary and annotations by itself.",
     .command = "coldprof nightly ./my-function --export junit=night.xml --export md=night.md"},
    {.title = "To be told of a regression: CMD gets the result as JSON on its standard input.",
     .command = "coldprof nightly ./my-function --notify-command 'cat > regression.json'"},
    {.title = "Every night by itself: files for systemd, cron, github or codebuild, to be "
              "installed by you. They keep nights from overlapping and the history from night to "
              "night.",
     .command = "coldprof schedule print systemd ./my-function -o units"},
    {.title = "A runner that begins with nothing: the history goes from one to the next as a file "
              "of summaries, a line a night.",
     .command = "coldprof history export -o history.ndjson"},
    {.title = "On the next one, before its night. What is known already changes nothing, and the "
              "order does not matter.",
     .command = "coldprof history import history.ndjson"},
};

static const struct cp_help_topic topics[] = {
    {.name = "traffic",
     .summary = "what --traffic can be: a rate, a week, counts, times",
     .intro = "--traffic says when requests come: a RATE like 5/s, or a FILE whose form is told "
              "from its content ('-' is standard input). It decides how many requests meet a cold "
              "start, how many environments are busy at once, and what a month costs.\n"
              "--traffic-factor N asks what if there were N times as many; of counts and times the "
              "shape stays.",
     .examples = traffic_examples,
     .n_examples = sizeof traffic_examples / sizeof traffic_examples[0],
     .outro = "A file may have a byte order mark, lines that end in CRLF, ',', ';' or tabs between "
              "columns, and quotes around a value. Rows that make no sense (a negative count, no "
              "time) are counted and skipped. It may have up to 1 GiB and 67,108,864 rows.\n"
              "The hours of a decision are of UTC. The traffic is kept with the run."},
    {.name = "nightly",
     .summary = "nights, baseline, alarm, accept, pull requests, schedules",
     .intro = "Fixed thresholds on cold starts fire on nights when nothing changed, since nights "
              "differ from each other. 'coldprof nightly' estimates by how much, and fails a "
              "build for a change that is larger than that and that matters.",
     .examples = nightly_examples,
     .n_examples = sizeof nightly_examples / sizeof nightly_examples[0],
     .outro = "Exit status: 0 nothing got worse, or not known yet (learning, suspect, too few "
              "samples); 3 a regression (0 with --exit-zero); 1 no verdict; 4 interrupted. What "
              "was measured is kept in each case.\n"
              "A night that was missed or came late is data: the history has a gap there, and no "
              "night is an error because another one is missing.\n"
              "What else changed with a level (code, layers, runtime version, memory, coldprof) "
              "stands beside it as a possible cause and decides nothing."},
    {.name = NULL},
};

const struct cp_help_topic *cp_help_topics(void)
{
    return topics;
}

const struct cp_help_topic *cp_help_topic_find(struct cp_view name)
{
    for (const struct cp_help_topic *t = topics; t->name; t++) {
        if (cp_view_is(name, t->name))
            return t;
    }
    return NULL;
}

static void add_indented(const char *text, struct cp_buf *out)
{
    struct cp_view rest = cp_view_of(text);
    struct cp_view line;
    while (cp_view_split(&rest, '\n', &line) && (line.n || rest.n))
        (void)cp_buf_addf(out, "%*s%.*s\n", 2 * EXAMPLE_INDENT, "", (int)line.n, line.p);
}

static void add_example(const struct cp_help_example *e, struct cp_buf *out)
{
    (void)cp_buf_addc(out, '\n');
    cp_wrap_add(out, e->title, (struct cp_wrap){.width = PAGE_WIDTH});
    if (e->file) {
        (void)cp_buf_addf(out, "%*s%s:\n", EXAMPLE_INDENT, "", e->file);
        add_indented(e->content, out);
    }
    (void)cp_buf_addf(out, "%*s%s\n", EXAMPLE_INDENT, "", e->command);
}

void cp_help_topic_add(const struct cp_help_topic *topic, struct cp_buf *out)
{
    const struct cp_wrap page = {.width = PAGE_WIDTH};
    (void)cp_buf_addf(out, "%s: %s\n", topic->name, topic->summary);
    if (topic->intro) {
        (void)cp_buf_addc(out, '\n');
        cp_wrap_add(out, topic->intro, page);
    }
    for (size_t i = 0; i < topic->n_examples; i++)
        add_example(&topic->examples[i], out);
    if (topic->outro) {
        (void)cp_buf_addc(out, '\n');
        cp_wrap_add(out, topic->outro, page);
    }
}
