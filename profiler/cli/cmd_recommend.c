/* SPDX-License-Identifier: GPL-3.0-or-later
 * recommend and frontier: the decision of a stored run, and what it was chosen from.
 */
#include "profiler/cli/render.h"

#include "profiler/cli/prices.h"
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
    case CP_FORMAT_HTML:
    case CP_FORMAT_JSONL:
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
    case CP_FORMAT_HTML:
    case CP_FORMAT_JSONL:
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

static enum cp_status run_decided(struct cp_cli *cli, cp_render_fn render, bool is_verdict)
{
    struct cp_error err = {CP_OK, ""};
    struct cp_store *store = NULL;
    struct cp_run_data data = {.run = cp_run_empty()};
    struct cp_figures *figures = NULL;
    struct cp_cli_prices prices;
    enum cp_status status = CP_STATUS_OK;
    cli->asks_anew = true;
    enum cp_code code = cp_cli_open_store(cli, CP_STORE_READ, &store, &err);
    if (!code)
        code = cp_render_load(cli, store, cli->words.n ? cli->words.word[0] : "last", &data, &err);
    if (!code)
        code = cp_cli_figures(cli, &data, &prices, &figures, &err);
    if (!code)
        code = show(cli, figures, render, &status, &err);
    if (code)
        status = cp_cli_fail(cli, &err);
    else if (status == CP_STATUS_OK && is_verdict)
        status = cp_render_status(cli, figures);
    cp_figures_free(figures);
    cp_run_data_clear(&data);
    cp_store_close(store);
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
    .arguments = "[RUN]",
    .summary = "decide from a stored run: memory size and concurrency (default: the last run)",
    .detail =
        "RUN is the id that sweep printed, a unique beginning of it, or 'last'. Prints the verdict "
        "with its reason, what would change it, the alternatives, a month's bill line by line, and "
        "what all of it rests on. --budget and --traffic ask another question of the same "
        "measurements. Status 3 when the budget is missed or not shown to be met.",
    .examples = "  coldprof recommend last --budget p95=200ms --traffic 5/s\n"
                "  coldprof recommend 7f3a --traffic week.ini --traffic-factor 2\n"
                "  coldprof recommend 7f3a --json\n",
    .bit = CP_IN_RECOMMEND,
    .max_words = 1,
    .run = run_recommend,
};

const struct cp_command cp_command_frontier = {
    .name = "frontier",
    .arguments = "[RUN]",
    .summary = "cost against latency of every setting that a run can tell about",
    .detail =
        "RUN is the id that sweep printed, a unique beginning of it, or 'last'. One line per "
        "setting, cheapest first: those that no other beats in both cost and latency, the setting "
        "of now, and the recommended one; --all shows the others, too. The report has the same as "
        "a chart.",
    .examples = "  coldprof frontier last --traffic 5/s\n"
                "  coldprof frontier 7f3a --all --format csv > settings.csv\n"
                "  coldprof frontier 7f3a --export html=report.html\n",
    .bit = CP_IN_FRONTIER,
    .max_words = 1,
    .run = run_frontier,
};
