/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/import/cloud_slice.h"

#include <string.h>

#include "probes/log/log_form_rows.h"
#include "probes/log/log_sink.h"

/* Pages in which a slice is neither too short nor too long. */
enum { PAGES_FEW = 4, PAGES_MANY = 16 };

const char cp_cloud_pattern[] =
    "?\"REPORT RequestId\" ?\"START RequestId\" ?\"END RequestId\" ?INIT_START ?INIT_REPORT "
    "?RESTORE_START ?RESTORE_REPORT ?\"Task timed out\" ?\"Runtime exited\" "
    "?\"Process exited before completing request\" ?\"platform.report\" ?\"platform.start\" "
    "?\"platform.runtimeDone\" ?\"platform.initStart\" ?\"platform.initReport\" "
    "?\"platform.initRuntimeDone\" ?\"platform.restoreStart\" ?\"platform.restoreReport\" "
    "?\"platform.restoreRuntimeDone\" ?\"platform.logsDropped\"";

int64_t cp_cloud_slice_next_ms(int64_t slice_ms, int pages)
{
    if (pages <= PAGES_FEW && slice_ms < CP_SLICE_MAX_MS)
        return slice_ms * 2 < CP_SLICE_MAX_MS ? slice_ms * 2 : CP_SLICE_MAX_MS;
    if (pages > PAGES_MANY && slice_ms > CP_SLICE_MIN_MS)
        return slice_ms / 2 > CP_SLICE_MIN_MS ? slice_ms / 2 : CP_SLICE_MIN_MS;
    return slice_ms;
}

/* --- pages --- */

/* A page is a document of the form filter-log-events. */
static enum cp_code feed(struct cp_log_sink *sink, struct cp_view body, struct cp_error *err)
{
    const struct cp_log_form *form = &cp_log_form_filter_log_events;
    struct cp_log_decoder *decoder = NULL;
    enum cp_code code = form->begin(sink, &decoder, err);
    if (!code)
        code = form->feed(decoder, body, err);
    if (!code)
        code = form->end(decoder, err);
    form->free(decoder);
    return code;
}

/* An answer without events is short: "{}" or searchedLogStreams and a token. */
static bool is_empty_page(struct cp_view body)
{
    return !memmem(body.p, body.n, "\"eventId\"", sizeof "\"eventId\"" - 1);
}

struct reader {
    const struct cp_cloud_import_options *options;
    struct cp_cloud_slice *slice;
    cp_cloud_page_fn each;
    void *context;
    struct cp_cloud_import_result *result;
    struct cp_log_sink *sink;
    struct cp_logs_page page;
    struct cp_page_watch watch;
};

static enum cp_code read_page(struct reader *r, struct cp_error *err)
{
    const struct cp_cloud_import_options *o = r->options;
    const struct cp_logs_filter filter = {
        .group = r->slice->group->id,
        .stream_prefix = o->stream_prefix,
        .pattern = o->is_all_lines ? NULL : cp_cloud_pattern,
        .from_ms = r->slice->from_ms,
        .to_ms = r->slice->to_ms,
    };
    enum cp_code code = cp_logs_filter_events(o->logs, &filter, &r->page, err);
    if (code)
        return code;
    struct cp_view body = cp_buf_view(&r->page.body);
    r->slice->pages++;
    r->result->pages++;
    r->result->bytes += body.n;
    r->result->empty_pages += is_empty_page(body);
    code = feed(r->sink, body, err);
    return code ? code : r->each(r->context, err);
}

static enum cp_code read_pages(struct reader *r, struct cp_error *err)
{
    bool can_be_shorter = r->slice->to_ms - r->slice->from_ms > CP_SLICE_MIN_MS;
    enum cp_code code = CP_OK;
    do {
        code = read_page(r, err);
        if (!code && r->page.token.n)
            code = cp_page_watch_next(&r->watch, cp_buf_view(&r->page.token), r->slice->group->name,
                                      err);
        r->slice->is_too_long =
            can_be_shorter && r->slice->pages >= CP_SLICE_PAGES_MAX && r->page.token.n;
    } while (!code && r->page.token.n && !r->slice->is_too_long);
    return code;
}

/* --- slice --- */

static enum cp_code read_once(struct reader *r, struct cp_digest *digest, struct cp_error *err)
{
    const struct cp_log_sink_options options = {
        .digest = digest,
        .function = r->options->function,
        .architecture = r->options->architecture,
        .group = r->slice->group->name,
        .source = r->slice->group->name,
    };
    r->slice->pages = 0;
    r->slice->is_too_long = false;
    cp_logs_page_init(&r->page);
    cp_page_watch_init(&r->watch);
    enum cp_code code = cp_log_sink_new(&options, &r->sink, err);
    if (!code)
        code = read_pages(r, err);
    cp_log_sink_free(r->sink);
    r->sink = NULL;
    return code;
}

/* A token ends after a day: a machine that slept meanwhile begins the slice anew. */
static bool is_token_refused(const struct reader *r, enum cp_code code)
{
    return code == CP_EREMOTE && r->page.token.n &&
           strcmp(cp_logs_last_failure(r->options->logs)->error_code,
                  "InvalidParameterException") == 0;
}

enum cp_code cp_cloud_slice_read(const struct cp_cloud_import_options *options,
                                 struct cp_cloud_slice *slice, cp_cloud_page_fn each, void *context,
                                 struct cp_digest **out, struct cp_cloud_import_result *result,
                                 struct cp_error *err)
{
    struct reader r = {
        .options = options, .slice = slice, .each = each, .context = context, .result = result};
    enum cp_code code = CP_OK;
    *out = NULL;
    for (bool is_again = true, is_first = true; is_again; is_first = false) {
        struct cp_digest *digest = cp_digest_new();
        code =
            digest ? read_once(&r, digest, err) : cp_fail(err, CP_ENOMEM, "no memory for a digest");
        is_again = digest && is_first && is_token_refused(&r, code);
        if (!code && !slice->is_too_long)
            *out = digest;
        else
            cp_digest_free(digest);
        if (digest) {
            cp_logs_page_clear(&r.page);
            cp_page_watch_clear(&r.watch);
        }
    }
    return code;
}
