/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which prices a command uses: of --prices FILE; else the newer of what 'coldprof prices update'
 * fetched and the built-in table. And on which terms.
 */
#ifndef COLDPROF_PROFILER_CLI_PRICES_H
#define COLDPROF_PROFILER_CLI_PRICES_H

#include "model/decide/price_set.h"
#include "profiler/cli/command.h"
#include "reports/report.h"

/* Prices of one run; what is found borrows from the struct, which must not be moved. */
struct cp_cli_prices {
    struct cp_price_set file;
    struct cp_price_book savings; /* as a Savings Plan has them */
};

/* List prices. A price file that is there and cannot be read is an error. CP_ENOTFOUND: no prices
 * of that Region or architecture; never those of another. */
enum cp_code cp_cli_find_prices(const struct cp_cli *cli, const char *region,
                                const char *architecture, struct cp_cli_prices *prices,
                                const struct cp_price_book **book, struct cp_error *err);
/* Gives a run that was loaded its prices and terms (--free-tier, --savings-plan). */
enum cp_code cp_cli_price_run(const struct cp_cli *cli, struct cp_run_data *data,
                              struct cp_cli_prices *prices, struct cp_error *err);
/* The same, and computes its figures. */
enum cp_code cp_cli_figures(const struct cp_cli *cli, struct cp_run_data *data,
                            struct cp_cli_prices *prices, struct cp_figures **out,
                            struct cp_error *err);

/* Where the prices of a Region are kept. CP_EINVAL: no such Region's name, or HOME is unknown. */
enum cp_code cp_cli_price_path(const struct cp_cli *cli, const char *region, char *out,
                               size_t out_size, struct cp_error *err);

#endif
