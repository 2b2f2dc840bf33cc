/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/price_list.h"
#include "probes/os/file.h"
#include "probes/os/file_list.h"
#include "profiler/cli/prices.h"
#include "profiler/cli/stop.h"
#include "profiler/cli/wrap.h"
#include "profiler/prices/price_file.h"
#include "reports/price_json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80, INDENT = 2 };
enum { OUTPUT_MAX = 1 << 20, BOOKS_MAX = 128, PRICE_TEXT_MAX = 32 };

static const char *const architectures[] = {"x86_64", "arm64"};
enum { ARCHITECTURES = sizeof architectures / sizeof architectures[0] };

/* What is shown: books of one Region or of many, those of a Region one after another. */
struct listing {
    const struct cp_price_book *books[BOOKS_MAX];
    struct cp_cli_prices files[BOOKS_MAX]; /* that they may be of */
    size_t n;
};

/* --- a table --- */

/* Ten decimals, as AWS writes them; "-" where it is not known. */
static const char *price_text(double usd, char out[PRICE_TEXT_MAX])
{
    if (isnan(usd))
        return "-";
    (void)snprintf(out, PRICE_TEXT_MAX, "%.10f", usd);
    return out;
}

static const char *ratio_text(double ratio, char out[PRICE_TEXT_MAX])
{
    if (isnan(ratio))
        return "-";
    if (isinf(ratio))
        return "never";
    (void)snprintf(out, PRICE_TEXT_MAX, "%.3f", ratio);
    return out;
}

/* One row: a name, a unit, and then a text for each book of the Region. */
static void begin_row(struct cp_buf *out, const char *name, const char *unit)
{
    cp_buf_addf(out, "  %-38s  %-8s", name, unit);
}

static const char *tier_price(const struct cp_price_book *book, size_t tier,
                              char out[PRICE_TEXT_MAX])
{
    return price_text(book->duration[tier].usd_per_gb_s, out);
}

static const char *tier_start(const struct cp_price_book *book, size_t tier,
                              char out[PRICE_TEXT_MAX])
{
    (void)snprintf(out, PRICE_TEXT_MAX, "%g", book->duration[tier].from_gb_s / 1e9);
    return out;
}

static const char *tier_break_even(const struct cp_price_book *book, size_t tier,
                                   char out[PRICE_TEXT_MAX])
{
    return ratio_text(cp_price_break_even_in_tier(book, tier), out);
}

static void add_tier(struct cp_buf *out, const struct cp_price_book *const *books, size_t n,
                     size_t tier)
{
    static const struct {
        const char *name, *unit;
        const char *(*cell)(const struct cp_price_book *book, size_t tier,
                            char out[PRICE_TEXT_MAX]);
    } rows[] = {
        {NULL, "GB-s", tier_price},
        {"  from GB-s a month, billions", "", tier_start},
        {"  break-even utilisation of provisioned", "ratio", tier_break_even},
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        char text[PRICE_TEXT_MAX];
        char name[64];
        (void)snprintf(name, sizeof name, "duration on demand, tier %zu", tier + 1);
        begin_row(out, rows[row].name ? rows[row].name : name, rows[row].unit);
        for (size_t i = 0; i < n; i++)
            cp_buf_addf(out, "  %12s",
                        tier < cp_price_n_tiers(books[i]) ? rows[row].cell(books[i], tier, text)
                                                          : "-");
        cp_buf_addc(out, '\n');
    }
}

static bool never_pays(const struct cp_price_book *const *books, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (cp_price_break_even_utilization(books[i]) > 1)
            return true;
    }
    return false;
}

static bool lacks_prices(const struct cp_price_book *book)
{
    bool is_lacking = cp_price_n_tiers(book) < CP_PRICE_TIERS;
    for (const struct cp_price_field *f = cp_price_fields(); f->key; f++)
        is_lacking = is_lacking || isnan(cp_price_field_usd(book, f));
    return is_lacking;
}

static void add_note(struct cp_buf *out, bool is_true, const char *text)
{
    if (!is_true)
        return;
    cp_buf_adds(out, "  ");
    cp_wrap_add(out, text, (struct cp_wrap){COLUMNS, INDENT, INDENT});
}

/* The books of one Region side by side. */
static void add_region(struct cp_buf *out, const struct cp_price_book *const *books, size_t n)
{
    char text[PRICE_TEXT_MAX];
    size_t tiers = 0;
    bool is_lacking = false;
    cp_buf_addf(out, "prices of %s: %s\n  ", books[0]->region, books[0]->date);
    cp_wrap_add(out, books[0]->source, (struct cp_wrap){COLUMNS, INDENT, INDENT});
    if (!strstr(books[0]->source, cp_price_grade_name(books[0]->grade)))
        cp_buf_addf(out, "  %s\n", cp_price_grade_name(books[0]->grade));
    cp_buf_addc(out, '\n');
    begin_row(out, "USD", "per");
    for (size_t i = 0; i < n; i++) {
        size_t of_book = cp_price_n_tiers(books[i]);
        tiers = of_book > tiers ? of_book : tiers;
        is_lacking = is_lacking || lacks_prices(books[i]);
        cp_buf_addf(out, "  %12s", books[i]->architecture);
    }
    cp_buf_addc(out, '\n');
    for (const struct cp_price_field *f = cp_price_fields(); f->key; f++) {
        begin_row(out, f->name, f->unit);
        for (size_t i = 0; i < n; i++)
            cp_buf_addf(out, "  %12s", price_text(cp_price_field_usd(books[i], f), text));
        cp_buf_addc(out, '\n');
    }
    for (size_t tier = 0; tier < tiers; tier++)
        add_tier(out, books, n, tier);
    add_note(out, never_pays(books, n),
             "A break-even above 1: provisioned concurrency never costs less here, it only buys "
             "latency.");
    add_note(out, is_lacking,
             "-: not known. Without its price, provisioned concurrency is not proposed; other "
             "lines are left out of costs, which is said; where a tier is not known the one before "
             "goes on, which is dearer.");
}

/* All Regions, one line each. */
static void add_overview(struct cp_buf *out, const struct listing *list)
{
    static const char *const grades[] = {
        [CP_PRICE_VERIFIED] = "verified",
        [CP_PRICE_COPIED] = "copies agree",
        [CP_PRICE_SINGLE] = "one source",
        [CP_PRICE_BY_HAND] = "your file",
    };
    cp_buf_addf(out, "%-14s  %-10s  %12s  %12s  %10s  %s\n", "region", "date", "x86_64 GB-s",
                "arm64 GB-s", "break-even", "grade");
    for (size_t i = 0; i < list->n;) {
        char x86[PRICE_TEXT_MAX];
        char arm[PRICE_TEXT_MAX];
        char even[PRICE_TEXT_MAX];
        const struct cp_price_book *of[ARCHITECTURES] = {NULL, NULL};
        const struct cp_price_book *first = list->books[i];
        for (; i < list->n && strcmp(list->books[i]->region, first->region) == 0; i++)
            of[strcmp(list->books[i]->architecture, "arm64") == 0] = list->books[i];
        cp_buf_addf(out, "%-14s  %-10.*s  %12s  %12s  %10s  %s\n", first->region,
                    (int)strcspn(first->date, ","), first->date,
                    price_text(of[0] ? of[0]->duration[0].usd_per_gb_s : NAN, x86),
                    price_text(of[1] ? of[1]->duration[0].usd_per_gb_s : NAN, arm),
                    ratio_text(cp_price_break_even_utilization(first), even), grades[first->grade]);
    }
}

static void add_json(struct cp_buf *out, const struct listing *list)
{
    struct cp_json j = {.out = out, .depth = 1, .is_first = true};
    cp_buf_addc(out, '{');
    cp_json_add_int(&j, "schema_version", 1);
    cp_json_add_text(&j, "command", "prices");
    cp_json_open(&j, "books", '[');
    for (size_t i = 0; i < list->n; i++) {
        cp_json_open(&j, NULL, '{');
        cp_price_json(&j, list->books[i]);
        cp_json_close(&j, '}');
    }
    cp_json_close(&j, ']');
    cp_buf_adds(out, "\n}\n");
}

static enum cp_status print_listing(const struct cp_cli *cli, const struct listing *list,
                                    bool is_overview)
{
    struct cp_buf out;
    cp_buf_init(&out, OUTPUT_MAX);
    if (cli->options.format == CP_FORMAT_JSON)
        add_json(&out, list);
    else if (is_overview)
        add_overview(&out, list);
    else if (list->n)
        add_region(&out, list->books, list->n);
    enum cp_status status = cp_cli_print(&out);
    cp_buf_clear(&out);
    return status;
}

/* --- show --- */

/* Both architectures, where both are known. */
static enum cp_code add_prices(const struct cp_cli *cli, const char *region, struct listing *list,
                               struct cp_error *err)
{
    size_t before = list->n;
    enum cp_code code = CP_OK;
    struct cp_error first = {CP_OK, ""};
    for (size_t i = 0; i < ARCHITECTURES && list->n < BOOKS_MAX; i++) {
        code = cp_cli_find_prices(cli, region, architectures[i], &list->files[list->n],
                                  &list->books[list->n], err);
        if (!code)
            list->n++;
        else if (!first.code)
            first = *err;
        if (code && code != CP_ENOTFOUND)
            return code;
    }
    *err = first;
    return list->n > before ? CP_OK : first.code;
}

/* Regions that were fetched and are not in the table. */
static enum cp_code add_fetched(const struct cp_cli *cli, struct listing *list,
                                struct cp_error *err)
{
    static const char begin[] = "prices-";
    static const char end[] = ".json";
    char folder[PATH_MAX];
    char region[CP_PRICE_REGION_MAX];
    struct cp_file_list files = {.files = NULL};
    const struct cp_price_book *known = NULL;
    enum cp_code code = cp_cli_cache_folder(cli, folder, sizeof folder, err);
    if (code || !cp_file_is_dir(folder))
        return code;
    code = cp_file_list(folder, &(struct cp_file_list_options){0}, &files, err);
    for (size_t i = 0; !code && i < files.n; i++) {
        struct cp_view name = cp_view_of(files.files[i].name);
        if (!cp_view_skip(&name, begin) || name.n <= sizeof end - 1 ||
            strcmp(name.p + name.n - (sizeof end - 1), end) != 0)
            continue;
        name.n -= sizeof end - 1;
        if (cp_view_copy(name, region, sizeof region) &&
            cp_price_find(region, architectures[0], &known, NULL))
            code = add_prices(cli, region, list, err);
    }
    cp_file_list_clear(&files);
    return code;
}

static enum cp_code add_built_in(const struct cp_cli *cli, struct listing *list,
                                 struct cp_error *err)
{
    const char *last = "";
    enum cp_code code = CP_OK;
    for (size_t i = 0; !code && cp_price_at(i); i++) {
        const char *region = cp_price_at(i)->region;
        if (strcmp(region, last) != 0)
            code = add_prices(cli, region, list, err);
        last = region;
    }
    return code;
}

/* --prices FILE alone says which Region it is of. */
static enum cp_code add_file(const struct cp_cli *cli, struct listing *list, struct cp_error *err)
{
    struct cp_price_set *set = &list->files[0].file;
    enum cp_code code = cp_price_file_load(cli->options.prices, CP_PRICE_BY_HAND, set, err);
    for (size_t i = 0; !code && i < set->n; i++)
        list->books[list->n++] = &set->books[i];
    return code;
}

static enum cp_status show(struct cp_cli *cli, struct listing *list)
{
    struct cp_error err = {CP_OK, ""};
    const char *region = cli->options.region;
    enum cp_code code = CP_OK;
    if (region)
        code = add_prices(cli, region, list, &err);
    else if (cli->options.prices)
        code = add_file(cli, list, &err);
    else
        code = add_built_in(cli, list, &err);
    if (!code && !region && !cli->options.prices)
        code = add_fetched(cli, list, &err);
    return code ? cp_cli_fail(cli, &err)
                : print_listing(cli, list, !region && !cli->options.prices);
}

/* --- update --- */

static bool wants_to_stop(void *context)
{
    return cp_stop_requests(context) > 0;
}

static const char *variable(const struct cp_cli *cli, const char *name)
{
    const char *text = cli->get(cli->get_context, name);
    return text && text[0] ? text : NULL;
}

static const char *region_of(const struct cp_cli *cli)
{
    const char *region = cli->options.region;
    if (!region)
        region = variable(cli, "AWS_REGION");
    if (!region)
        region = variable(cli, "AWS_DEFAULT_REGION");
    return region ? region : "us-east-1";
}

static enum cp_code fetch(const struct cp_cli *cli, const char *region, struct cp_price_set *set,
                          struct cp_error *err)
{
    const struct cp_price_fetch_options options = {
        .http = &cp_http_curl,
        .region = region,
        .endpoint_url = cli->options.endpoint_url,
        .allow_insecure = cli->options.insecure_endpoint,
        .ca_bundle = variable(cli, "AWS_CA_BUNDLE"),
        .is_interrupted = wants_to_stop,
    };
    struct cp_buf json;
    cp_buf_init(&json, CP_PRICE_LIST_MAX);
    enum cp_code code = cp_price_list_fetch(&options, &json, err);
    if (!code)
        code = cp_price_list_read(cp_buf_view(&json), region, set, err);
    cp_buf_clear(&json);
    return code;
}

/* What came from a mirror says so. */
static void name_mirror(const char *url, struct cp_price_set *set)
{
    char source[CP_PRICE_SOURCE_MAX + PATH_MAX];
    if (!url)
        return;
    (void)snprintf(source, sizeof source, "%s, from %s", set->source, url);
    cp_view_copy_cut(cp_view_of(source), set->source, sizeof set->source);
}

static enum cp_status update(struct cp_cli *cli, struct listing *list)
{
    struct cp_error err = {CP_OK, ""};
    char path[PATH_MAX];
    const char *region = region_of(cli);
    struct cp_price_set *set = &list->files[0].file;
    cp_stop_watch();
    enum cp_code code = cp_cli_price_path(cli, region, path, sizeof path, &err);
    if (!code)
        code = fetch(cli, region, set, &err);
    if (!code) {
        name_mirror(cli->options.endpoint_url, set);
        code = cp_price_file_save(path, set, &err);
    }
    if (code)
        return cp_cli_fail(cli, &err);
    if (!cli->options.is_quiet)
        (void)fprintf(stderr, "prices of %s of %s are kept in %s\n", region, set->date, path);
    for (size_t i = 0; i < set->n; i++)
        list->books[list->n++] = &set->books[i];
    return print_listing(cli, list, false);
}

static enum cp_status run_prices(struct cp_cli *cli)
{
    static const struct {
        const char *name;
        enum cp_status (*run)(struct cp_cli *cli, struct listing *list);
    } verbs[] = {{"show", show}, {"update", update}};
    struct cp_error err = {CP_OK, ""};
    enum cp_format format = cli->options.format;
    const char *wanted = cli->words.n ? cli->words.word[0] : "show";
    if (format != CP_FORMAT_TABLE && format != CP_FORMAT_JSON) {
        (void)cp_fail(&err, CP_EINVAL, "prices prints --format table or json");
        return cp_cli_fail(cli, &err);
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, wanted) != 0)
            continue;
        struct listing *list = calloc(1, sizeof *list);
        if (!list) {
            (void)cp_fail(&err, CP_ENOMEM, "no memory for a list of prices");
            return cp_cli_fail(cli, &err);
        }
        enum cp_status status = verbs[i].run(cli, list);
        free(list);
        return status;
    }
    (void)cp_fail(
        &err, CP_EINVAL,
        "prices: '%.40s' is neither show nor update; say one, e.g. 'coldprof prices show'", wanted);
    return cp_cli_fail(cli, &err);
}

const struct cp_command cp_command_prices = {
    .name = "prices",
    .arguments = "[show|update]",
    .summary = "show the prices that costs rest on, or fetch today's from AWS's public list",
    .detail =
        "show prints them with date, source and how sure they are, of one --region or of all. "
        "update fetches the price list of one Region (public, no credentials) into "
        "$XDG_CACHE_HOME/coldprof; from then on the newer of it and the built-in table is used, "
        "and 'show' says which. A Region that is not known is refused, never priced like another: "
        "fetch it, or write a file of what 'update' keeps and give it to a command with --prices: "
        "{\"format\": \"coldprof prices\", \"version\": 1, \"region\": \"il-central-1\", \"date\": "
        "\"2026-10-01\", \"source\": \"pricing page\", \"books\": [{\"architecture\": \"x86_64\", "
        "\"request_usd\": 2e-7, \"duration\": [{\"from_gb_s\": 0, \"usd_per_gb_s\": 1.9e-5}]}]}, "
        "with the "
        "prices by the names that show --json gives them.",
    .examples = "  coldprof prices show --region eu-west-1\n"
                "  coldprof prices update --region il-central-1\n"
                "  coldprof prices show --json\n",
    .bit = CP_IN_PRICES,
    .max_words = 1,
    .run = run_prices,
};
