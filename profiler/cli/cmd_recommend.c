/* SPDX-License-Identifier: GPL-3.0-or-later
 * recommend and frontier: the decision of a stored run, and what it was chosen from.
 */
#include "profiler/cli/render.h"

#include "reports/recommend.h"

#include <stdio.h>

enum { OUTPUT_MAX = 16 * 1024 * 1024 };

static enum cp_code render_recommend(const struct cp_cli *cli, const struct cp_figures *figures,
                                     enum cp_format format, struct cp_buf *out,
                                     struct cp_error *err)
{
    const struct cp_text_style style = {cli->out.use_color, cli->out.width};
    switch (format) {
    case CP_FORMAT_TABLE:
        cp_recommend_text(figures, &style, out);
        break;
    case CP_FORMAT_JSON:
        cp_recommend_json(figures, out);
        break;
    case CP_FORMAT_CSV:
        cp_recommend_csv(figures, out);
        break;
    case CP_FORMAT_MD:
        cp_recommend_markdown(figures, out);
        break;
    default:
        return cp_render(cli, figures, format, out, err);
    }
    return cp_buf_check(out, "the recommendation", err);
}

static enum cp_code render_frontier(const struct cp_cli *cli, const struct cp_figures *figures,
                                    enum cp_format format, struct cp_buf *out, struct cp_error *err)
{
    const struct cp_text_style style = {cli->out.use_color, cli->out.width};
    bool is_all = cli->options.is_all;
    switch (format) {
    case CP_FORMAT_TABLE:
        cp_frontier_text(figures, is_all, &style, out);
        break;
    case CP_FORMAT_JSON:
        cp_frontier_json(figures, is_all, out);
        break;
    case CP_FORMAT_CSV:
        cp_frontier_csv(figures, is_all, out);
        break;
    case CP_FORMAT_MD:
        cp_frontier_markdown(figures, is_all, out);
        break;
    default:
        return cp_render(cli, figures, format, out, err);
    }
    return cp_buf_check(out, "the frontier", err);
}

static enum cp_code show(const struct cp_cli *cli, const struct cp_figures *figures,
                         cp_render_fn render, enum cp_status *status, struct cp_error *err)
{
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    enum cp_code code = render(cli, figures, cli->options.format, &out, err);
    if (!code)
        *status = cp_cli_print(&out);
    if (!code)
        code = cp_render_exports_by(cli, figures, render, err);
    cp_buf_clear(&out);
    return code;
}

/* The runs of one question: the first one's, to which the others add their memory sizes. */
struct question {
    size_t n;
    struct cp_run_data data[CP_VARIANTS_MAX];
    struct cp_cli_prices prices[CP_VARIANTS_MAX];
    struct cp_figures *figures;
};

static enum cp_code load_run(const struct cp_cli *cli, struct cp_store *store, const char *run_id,
                             struct question *q, struct cp_error *err)
{
    struct cp_run_data *data = &q->data[q->n];
    struct cp_cli_prices *prices = &q->prices[q->n];
    *data = (struct cp_run_data){.run = cp_run_empty()};
    q->n++;
    /* what is asked is asked of the first */
    enum cp_code code = q->n == 1 ? cp_render_load(cli, store, run_id, data, err)
                                  : cp_store_load(store, run_id, data, err);
    return code ? code : cp_cli_price_run(cli, data, prices, err);
}

static enum cp_code load(const struct cp_cli *cli, struct question *q, struct cp_error *err)
{
    const struct cp_run_data *data[CP_VARIANTS_MAX] = {&q->data[0]};
    struct cp_store *store = NULL;
    enum cp_code code = cp_cli_open_store(cli, CP_STORE_READ, &store, err);
    if (!code)
        code = load_run(cli, store, cli->words.n ? cli->words.word[0] : "last", q, err);
    for (size_t i = 1; i < cli->words.n && !code; i++) {
        data[i] = &q->data[i];
        code = load_run(cli, store, cli->words.word[i], q, err);
    }
    const struct cp_variant_runs runs = {
        .data = data, .n = q->n, .has_other_code = cli->options.has_other_code};
    if (!code)
        code = cp_figures_of_variants(&runs, &q->figures, err);
    cp_store_close(store);
    return code;
}

/* The page and the sample list are of one run's measurements. */
static enum cp_code check_formats(const struct cp_cli *cli, struct cp_error *err)
{
    const struct cp_export_list *exports = &cli->options.exports;
    bool has_report =
        cli->options.format == CP_FORMAT_HTML || cli->options.format == CP_FORMAT_JSONL;
    for (size_t i = 0; i < exports->n; i++)
        has_report = has_report || exports->item[i].format == CP_FORMAT_HTML ||
                     exports->item[i].format == CP_FORMAT_JSONL;
    return has_report && cli->words.n > 1
               ? cp_fail(err, CP_EINVAL,
                         "html and jsonl show one run: give one RUN, or another format")
               : CP_OK;
}

static enum cp_status run_decided(struct cp_cli *cli, cp_render_fn render, bool is_verdict)
{
    struct cp_error err = {CP_OK, ""};
    enum cp_status status = CP_STATUS_OK;
    cli->asks_anew = true;
    struct question q = {.n = 0};
    enum cp_code code = check_formats(cli, &err);
    if (!code)
        code = load(cli, &q, &err);
    if (!code)
        code = show(cli, q.figures, render, &status, &err);
    if (code)
        status = cp_cli_fail(cli, &err);
    else if (status == CP_STATUS_OK && is_verdict)
        status = cp_render_status(cli, q.figures);
    cp_figures_free(q.figures);
    for (size_t i = 0; i < q.n; i++)
        cp_run_data_clear(&q.data[i]);
    return status;
}

static enum cp_status run_recommend(struct cp_cli *cli)
{
    return run_decided(cli, render_recommend, true);
}

static enum cp_status run_frontier(struct cp_cli *cli)
{
    return run_decided(cli, render_frontier, false);
}

const struct cp_command cp_command_recommend = {
    .name = "recommend",
    .arguments = "[RUN...]",
    .summary = "decide from a stored run: memory size and concurrency (default: the last run)",
    .detail =
        "RUN is the id that sweep printed, a unique beginning of it, or 'last'. Prints the verdict "
        "with its reason, what would change it, the alternatives, a month's bill line by line, and "
        "what all of it rests on. --budget and --traffic ask another question of the same "
        "measurements. Several RUNs of one function that differ in architecture or SnapStart "
        "become "
        "candidates of one decision: the first is what runs now and asks the question, the others "
        "add their memory sizes. Status 3 when the budget is missed or not shown to be met.",
    .examples = "  coldprof recommend last --budget p95=200ms --traffic 5/s\n"
                "  coldprof recommend 7f3a --traffic week.ini --traffic-factor 2\n"
                "  coldprof recommend 7f3a 92c1 --traffic 5/s\n"
                "  coldprof recommend 7f3a --json\n",
    .bit = CP_IN_RECOMMEND,
    .max_words = CP_VARIANTS_MAX,
    .run = run_recommend,
};

const struct cp_command cp_command_frontier = {
    .name = "frontier",
    .arguments = "[RUN...]",
    .summary = "cost against latency of every setting that a run can tell about",
    .detail =
        "RUN is the id that sweep printed, a unique beginning of it, or 'last'. One line per "
        "setting, cheapest first: those that no other beats in both cost and latency, the setting "
        "of now, and the recommended one; --all shows the others, too. The report has the same as "
        "a chart. Several RUNs as for recommend.",
    .examples = "  coldprof frontier last --traffic 5/s\n"
                "  coldprof frontier 7f3a --all --format csv > settings.csv\n"
                "  coldprof frontier 7f3a --export html=report.html\n",
    .bit = CP_IN_FRONTIER,
    .max_words = CP_VARIANTS_MAX,
    .run = run_frontier,
};
