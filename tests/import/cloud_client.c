/* SPDX-License-Identifier: GPL-3.0-or-later
 * cloud_client ENDPOINT filter|insights FROM_MS TO_MS GROUP...: imports log groups from a service
 * and prints what the digest holds, a line for each cell and minute, for a test to compare.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/import/cloud_import.h"

static const char *const NAMES[] = {"duration", "billed", "init", "total", "memory"};

static void print_cell(const char *head, const struct cp_digest_cell *cell)
{
    (void)printf("cell %s %d %s %s %" PRIu64, head, cell->memory_size_mb,
                 cp_start_kind_name(cell->start), cp_outcome_name(cell->outcome), cell->n);
    for (int i = 0; i < CP_METRIC_COUNT; i++) {
        const struct cp_histogram *h = &cell->metrics[i];
        uint64_t bins = 0; /* which values there are, as one number */
        for (size_t bin = 0; bin < CP_HISTOGRAM_BINS; bin++)
            bins = bins * 31 + cp_histogram_count(h, bin);
        (void)printf(" %s=%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%016" PRIx64, NAMES[i],
                     h->n, h->n ? h->sum : 0, h->n ? h->min : 0, h->n ? h->max : 0, bins);
    }
    (void)putchar('\n');
}

static void print_scope(const struct cp_digest_scope *scope)
{
    char head[600];
    struct cp_digest_minute m;
    size_t at = 0;
    struct cp_digest_name name = cp_digest_scope_name(scope);
    (void)snprintf(head, sizeof head, "%.*s %.*s", (int)name.function.n, name.function.p,
                   (int)name.version.n, name.version.p);
    for (size_t i = 0; i < cp_digest_n_cells(scope); i++)
        print_cell(head, cp_digest_cell_at(scope, i));
    while (cp_digest_next_minute(scope, &at, &m))
        (void)printf("minute %s %" PRId64 " %u %u %" PRIu64 " %u,%u,%u,%u\n", head, m.minute,
                     m.arrivals, m.cold_arrivals, m.busy_ms, m.in_flight[0], m.in_flight[1],
                     m.in_flight[2], m.in_flight[3]);
    const struct cp_tally *types = cp_digest_scope_tally(scope, "error type");
    for (size_t i = 0; types && i < types->n; i++)
        (void)printf("error %s %s %" PRIu64 "\n", head, types->rows[i].text, types->rows[i].count);
}

static const char *read_variable(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static enum cp_code run(int argc, char **argv, struct cp_digest *digest,
                        struct cp_cloud_import_result *result, struct cp_error *err)
{
    struct cp_log_group groups[CP_LOG_GROUPS_MAX];
    struct cp_cloud_import_options options = {.groups = groups,
                                              .is_insights = strcmp(argv[2], "insights") == 0};
    struct cp_client_options client = {
        .region = "us-east-1",
        .endpoint_url = argv[1],
        .credentials = {.access_key_id = "AKIDPEERTESTEXAMPLE0",
                        .secret_access_key = "peer-secret"},
    };
    struct cp_logs *logs = NULL;
    if (!cp_view_to_int64(cp_view_of(argv[3]), &options.from_ms) ||
        !cp_view_to_int64(cp_view_of(argv[4]), &options.to_ms))
        return cp_fail(err, CP_EINVAL, "a time is no number");
    enum cp_code code = cp_credentials_from_env(read_variable, NULL, &client.credentials, err);
    for (int i = 5; i < argc && !code && options.n_groups < CP_LOG_GROUPS_MAX; i++)
        code = cp_log_group_read(argv[i], &groups[options.n_groups++], err);
    if (!code)
        code = cp_logs_new(&client, &logs, err);
    options.logs = logs;
    if (!code)
        code = cp_cloud_find_groups(logs, groups, options.n_groups, err);
    if (!code)
        code = cp_cloud_import(&options, digest, result, err);
    cp_logs_free(logs);
    return code;
}

int main(int argc, char **argv)
{
    struct cp_error err = {.code = CP_OK};
    struct cp_cloud_import_result result;
    if (argc < 6) {
        (void)fputs("usage: cloud_client ENDPOINT filter|insights FROM_MS TO_MS GROUP...\n",
                    stderr);
        return 2;
    }
    struct cp_digest *digest = cp_digest_new();
    enum cp_code code =
        digest ? run(argc, argv, digest, &result, &err) : cp_fail(&err, CP_ENOMEM, "no memory");
    if (code)
        (void)fprintf(stderr, "%s\n", err.text);
    for (size_t i = 0; !code && i < cp_digest_n_scopes(digest); i++)
        print_scope(cp_digest_scope_at(digest, i));
    if (!code)
        (void)fprintf(stderr,
                      "pages %" PRIu64 " empty %" PRIu64 " queries %" PRIu64 " split %" PRIu64 "\n",
                      result.pages, result.empty_pages, result.queries, result.split_queries);
    cp_digest_free(digest);
    return code ? 1 : 0;
}
