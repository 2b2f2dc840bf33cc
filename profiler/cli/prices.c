/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/prices.h"

#include "probes/aws/endpoint.h"
#include "profiler/prices/price_file.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum cp_code cp_cli_price_path(const struct cp_cli *cli, const char *region, char *out,
                               size_t out_size, struct cp_error *err)
{
    char folder[PATH_MAX];
    if (!cp_region_is_valid(cp_view_of(region)))
        return cp_fail(err, CP_EINVAL, "'%.40s' is no Region's name; write it like eu-west-1",
                       region);
    enum cp_code code = cp_cli_cache_folder(cli, folder, sizeof folder, err);
    if (code)
        return code;
    int n = snprintf(out, out_size, "%s/prices-%s.json", folder, region);
    if (n < 0 || (size_t)n >= out_size)
        return cp_fail(err, CP_ELIMIT, "the path '%.60s...' is too long", folder);
    return CP_OK;
}

/* --prices FILE */
static enum cp_code find_by_hand(const struct cp_cli *cli, const char *region,
                                 const char *architecture, struct cp_price_set *set,
                                 const struct cp_price_book **book, struct cp_error *err)
{
    const char *path = cli->options.prices;
    enum cp_code code = cp_price_file_load(path, CP_PRICE_BY_HAND, set, err);
    if (code)
        return code;
    if (strcmp(set->region, region) != 0)
        return cp_fail(err, CP_EINVAL, "--prices: '%s' has prices of %s, not of %s", path,
                       set->region, region);
    *book = cp_price_set_find(set, architecture);
    return *book ? CP_OK
                 : cp_fail(err, CP_ENOTFOUND, "--prices: '%s' has no prices of %s", path,
                           architecture);
}

/* What was fetched; NULL: nothing. One that cannot be read is no reason to take other prices than
 * the user knows of. */
static enum cp_code find_fetched(const struct cp_cli *cli, const char *region,
                                 const char *architecture, struct cp_price_set *set,
                                 const struct cp_price_book **book, struct cp_error *err)
{
    char path[PATH_MAX];
    struct cp_error reason = {CP_OK, ""};
    *book = NULL;
    if (cp_cli_price_path(cli, region, path, sizeof path, &reason))
        return CP_OK; /* no name of a Region, or no place: nothing was kept */
    enum cp_code code = cp_price_file_load(path, CP_PRICE_VERIFIED, set, &reason);
    if (!code && strcmp(set->region, region) != 0)
        code = cp_fail(&reason, CP_EFORMAT, "price file '%s' is of %s", path, set->region);
    if (code && code != CP_ENOTFOUND)
        return cp_fail(err, code, "%s; renew it with 'coldprof prices update --region %s'",
                       reason.text, region);
    if (!code)
        *book = cp_price_set_find(set, architecture);
    return CP_OK;
}

enum cp_code cp_cli_find_prices(const struct cp_cli *cli, const char *region,
                                const char *architecture, struct cp_cli_prices *prices,
                                const struct cp_price_book **book, struct cp_error *err)
{
    if (cli->options.prices)
        return find_by_hand(cli, region, architecture, &prices->file, book, err);
    const struct cp_price_book *fetched = NULL;
    const struct cp_price_book *known = NULL;
    enum cp_code code = find_fetched(cli, region, architecture, &prices->file, &fetched, err);
    if (code)
        return code;
    code = cp_price_find(region, architecture, &known, err);
    if (code && !fetched)
        return cp_fail(err, CP_ENOTFOUND,
                       "no prices for %s in region '%s': fetch them with 'coldprof prices update "
                       "--region %s', or give --prices FILE",
                       architecture, region, region);
    /* dates are texts that sort; a copy without one is older than any list that was fetched */
    bool is_newer = fetched && (code || strcmp(fetched->date, known->date) >= 0);
    *book = is_newer ? fetched : known;
    return CP_OK;
}

static enum cp_code read_plan(const char *text, enum cp_savings_plan *plan, struct cp_error *err)
{
    static const struct {
        const char *name;
        enum cp_savings_plan plan;
    } plans[] = {
        {"none", CP_SAVINGS_NONE},
        {"no-upfront", CP_SAVINGS_NO_UPFRONT},
        {"all-upfront", CP_SAVINGS_ALL_UPFRONT},
    };
    *plan = CP_SAVINGS_NONE;
    for (size_t i = 0; text && i < sizeof plans / sizeof plans[0]; i++) {
        if (strcmp(plans[i].name, text) == 0) {
            *plan = plans[i].plan;
            return CP_OK;
        }
    }
    return text ? cp_fail(err, CP_EINVAL,
                          "--savings-plan: '%.40s' is not one of none, no-upfront, all-upfront",
                          text)
                : CP_OK;
}

enum cp_code cp_cli_price_run(const struct cp_cli *cli, struct cp_run_data *data,
                              struct cp_cli_prices *prices, struct cp_error *err)
{
    enum cp_savings_plan plan = CP_SAVINGS_NONE;
    const struct cp_run *run = &data->run;
    /* an endpoint that does not tell the architecture tells no duration: nothing is priced */
    const char *architecture = run->architecture[0] ? run->architecture : "x86_64";
    enum cp_code code = read_plan(cli->options.savings_plan, &plan, err);
    if (!code)
        code = cp_cli_find_prices(cli, run->region, architecture, prices, &data->price, err);
    if (!code && plan) {
        code = cp_price_with_savings(data->price, plan, &prices->savings, err);
        data->price = &prices->savings;
    }
    double used_gb_s = cli->options.account_gb_s;
    data->terms = (struct cp_price_terms){.has_free_tier = cli->options.has_free_tier,
                                          .used_gb_s = isnan(used_gb_s) ? 0 : used_gb_s};
    return code;
}

enum cp_code cp_cli_figures(const struct cp_cli *cli, struct cp_run_data *data,
                            struct cp_cli_prices *prices, struct cp_figures **out,
                            struct cp_error *err)
{
    enum cp_code code = cp_cli_price_run(cli, data, prices, err);
    return code ? code : cp_figures_new(data, out, err);
}
