/* SPDX-License-Identifier: GPL-3.0-or-later
 * One digest, byte for byte, whatever the number of threads and however the bytes come.
 */
#include "probes/log/log_import.h"
#include "probes/os/file.h"
#include "probes/os/worker.h"
#include "tests/log/temporary.h"
#include "tests/test.h"

#include <zlib.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REQUESTS = 3000, TEXT_MAX = 8 << 20 };

/* --- logs --- */

enum form { PLAIN, DETAILED, JSON, DOCUMENT, FORMS };

static void add_message(struct cp_buf *out, enum form form, int i, const char *message)
{
    static const char stream[] = "2026/10/08/[7]0123456789abcdef0123456789abcd";
    int ms = i * 250;
    switch (form) {
    case DETAILED:
        (void)cp_buf_addf(out, "2026-10-08T%02d:%02d:%02d.%03d000+00:00 %s%02x %s\n", ms / 3600000,
                          ms / 60000 % 60, ms / 1000 % 60, ms % 1000, stream, (unsigned)i % 16,
                          message);
        break;
    case DOCUMENT:
        (void)cp_buf_addf(out, "%s{\"timestamp\":%lld,\"logStreamName\":\"%s%02x\",\"message\":\"",
                          out->n ? "," : "{\"events\":[", 1791460000000LL + ms, stream,
                          (unsigned)i % 16);
        for (const char *c = message; *c; c++)
            (void)cp_buf_addf(out, *c == '\t' ? "\\t" : "%c", *c);
        (void)cp_buf_adds(out, "\"}");
        break;
    default:
        (void)cp_buf_addf(out, "%s\n", message);
    }
}

static void add_json(struct cp_buf *out, int i)
{
    int ms = i * 250;
    char at[40];
    (void)snprintf(at, sizeof at, "2026-10-08T%02d:%02d:%02d.%03dZ", ms / 3600000, ms / 60000 % 60,
                   ms / 1000 % 60, ms % 1000);
    (void)cp_buf_addf(out,
                      "{\"time\":\"%s\",\"type\":\"platform.start\",\"record\":{\"requestId\":"
                      "\"%08x-6bed-4f1f-a5b6-0123456789ab\",\"version\":\"7\"}}\n"
                      "{\"level\":\"INFO\",\"message\":\"REPORT RequestId: of nobody\"}\n"
                      "{\"time\":\"%s\",\"type\":\"platform.report\",\"record\":{\"requestId\":"
                      "\"%08x-6bed-4f1f-a5b6-0123456789ab\",\"status\":\"success\",\"metrics\":{"
                      "\"durationMs\":%d.25,\"billedDurationMs\":%d,\"memorySizeMB\":512,"
                      "\"maxMemoryUsedMB\":%d}}}\n",
                      at, (unsigned)i, at, (unsigned)i, 10 + i % 700, 11 + i % 700, 60 + i % 100);
}

static void add_request(struct cp_buf *out, enum form form, int i)
{
    char text[400];
    if (form == JSON) {
        add_json(out, i);
        return;
    }
    (void)snprintf(text, sizeof text,
                   "START RequestId: %08x-6bed-4f1f-a5b6-0123456789ab Version: 7", (unsigned)i);
    add_message(out, form, i, text);
    (void)snprintf(text, sizeof text, "order %d: REPORT RequestId: is a word of ours", i);
    for (int k = 0; k < i % 4; k++)
        add_message(out, form, i, text);
    (void)snprintf(text, sizeof text, "END RequestId: %08x-6bed-4f1f-a5b6-0123456789ab",
                   (unsigned)i);
    add_message(out, form, i, text);
    /* every hundredth is refused */
    (void)snprintf(text, sizeof text,
                   "REPORT RequestId: %08x-6bed-4f1f-a5b6-0123456789ab\tDuration: %s%d.%02d "
                   "ms\tBilled Duration: %d ms\tMemory Size: 512 MB\tMax Memory Used: %d MB\t",
                   (unsigned)i, i % 100 ? "" : "-", 10 + i % 700, i % 100, 11 + i % 700,
                   60 + i % 100);
    add_message(out, form, i, text);
}

static void make_log(struct cp_buf *out, enum form form)
{
    cp_buf_init(out, TEXT_MAX);
    for (int i = 1; i <= REQUESTS; i++)
        add_request(out, form, i);
    if (form == DOCUMENT)
        (void)cp_buf_adds(out, "],\"searchedLogStreams\":[]}");
    assert_int_equal(cp_buf_check(out, "log", NULL), CP_OK);
}

/* --- imports --- */

static enum cp_code import_paths(const char *const *paths, size_t n,
                                 const struct cp_log_import_options *options, struct cp_buf *out,
                                 struct cp_log_import_result *result, struct cp_error *err)
{
    struct cp_log_files files;
    struct cp_log_import_result mine;
    struct cp_digest *digest = cp_digest_new();
    assert_non_null(digest);
    assert_int_equal(cp_log_files_find(paths, n, &files, err), CP_OK);
    enum cp_code code = cp_log_import(&files, options, digest, &mine, err);
    cp_buf_reset(out);
    assert_int_equal(cp_digest_write(digest, out, err), CP_OK);
    cp_digest_free(digest);
    cp_log_files_clear(&files);
    if (result)
        *result = mine; /* the files are gone, the counts are not */
    else
        free(mine.files);
    return code;
}

static void import_one(const char *path, int threads, int64_t segment_bytes, struct cp_buf *out)
{
    const struct cp_log_import_options options = {
        .function = "orders", .threads = threads, .segment_bytes = segment_bytes};
    struct cp_error err = {CP_OK, ""};
    if (import_paths(&path, 1, &options, out, NULL, &err))
        fail_msg("%s", err.text);
}

static void assert_same(const struct cp_buf *a, const struct cp_buf *b)
{
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->p, b->p, a->n);
}

static bool has_count(const struct cp_buf *text, const char *what, uint64_t count)
{
    struct cp_digest *digest = cp_digest_new();
    assert_int_equal(cp_digest_read(digest, cp_buf_view(text), NULL), CP_OK);
    uint64_t found = cp_tally_count(cp_digest_counts(digest), what);
    cp_digest_free(digest);
    return found == count;
}

static void import_is_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 8};
    static const int64_t segments[] = {0, 300000, 50001};
    struct cp_buf one;
    struct cp_buf other;
    cp_buf_init(&one, TEXT_MAX);
    cp_buf_init(&other, TEXT_MAX);
    for (int form = 0; form < FORMS; form++) {
        struct cp_buf log;
        make_log(&log, (enum form)form);
        const char *path = temporary_file("one.log", log.p, log.n);
        import_one(path, 1, 0, &one);
        for (size_t s = 0; s < 3; s++) {
            for (size_t t = 0; t < 4; t++) {
                import_one(path, threads[t], segments[s], &other);
                assert_same(&one, &other);
            }
        }
        cp_buf_clear(&log);
    }
    cp_buf_clear(&one);
    cp_buf_clear(&other);
}

static void import_counts_what_is_in_the_log(void **state)
{
    (void)state;
    struct cp_buf log;
    struct cp_buf digest;
    struct cp_log_import_result result;
    make_log(&log, PLAIN);
    cp_buf_init(&digest, TEXT_MAX);
    const char *path = temporary_file("one.log", log.p, log.n);
    const struct cp_log_import_options options = {.threads = 3, .segment_bytes = 100000};
    assert_int_equal(import_paths(&path, 1, &options, &digest, &result, NULL), CP_OK);
    uint64_t lines = 0;
    for (size_t i = 0; i < log.n; i++)
        lines += log.p[i] == '\n';
    assert_int_equal(result.n, 1);
    assert_int_equal(result.files[0].bytes, log.n);
    assert_int_equal(result.files[0].lines, lines);
    assert_int_equal(result.files[0].rejected, REQUESTS / 100);
    assert_int_equal(result.files[0].accepted, REQUESTS * 3 - REQUESTS / 100);
    assert_string_equal(result.files[0].form, "plain text");
    assert_string_equal(result.files[0].damage, "");
    free(result.files);
    cp_buf_clear(&log);
    cp_buf_clear(&digest);
}

static const char *pack(const char *name, struct cp_view text, size_t cut)
{
    unsigned char *packed = malloc(TEXT_MAX);
    z_stream z = {.next_in = (unsigned char *)text.p,
                  .avail_in = (uInt)text.n,
                  .next_out = packed,
                  .avail_out = TEXT_MAX};
    assert_non_null(packed);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    const char *path = temporary_file(name, packed, z.total_out - cut);
    free(packed);
    return path;
}

struct writing {
    const char *path;
    struct cp_view bytes;
};

static void write_to_pipe(void *context)
{
    const struct writing *w = context;
    int fd = open(w->path, O_WRONLY | O_CLOEXEC);
    (void)cp_fd_write_all(fd, w->bytes, w->path, NULL);
    (void)close(fd);
}

static void import_is_the_same_however_the_bytes_come(void **state)
{
    (void)state;
    struct cp_buf log;
    struct cp_buf one;
    struct cp_buf other;
    make_log(&log, DETAILED);
    cp_buf_init(&one, TEXT_MAX);
    cp_buf_init(&other, TEXT_MAX);
    import_one(temporary_file("one.log", log.p, log.n), 1, 0, &one);
    const char *packed = pack("one.gz", cp_buf_view(&log), 0);
    const char *pipe = temporary_path("pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    for (int threads = 1; threads <= 3; threads++) {
        struct writing w = {pipe, cp_buf_view(&log)};
        struct cp_worker *writer;
        import_one(packed, threads, 0, &other);
        assert_same(&one, &other);
        assert_int_equal(cp_worker_start(write_to_pipe, &w, &writer, NULL), CP_OK);
        import_one(pipe, threads, 0, &other);
        cp_worker_join(writer);
        assert_same(&one, &other);
    }
    cp_buf_clear(&log);
    cp_buf_clear(&one);
    cp_buf_clear(&other);
}

struct filtered {
    enum form form;
    bool has_start, has_report;
};

static void make_filtered(struct cp_buf *out, const struct filtered *which)
{
    cp_buf_reset(out);
    for (int i = 1; i <= REQUESTS; i++) {
        char text[400];
        (void)snprintf(text, sizeof text,
                       "START RequestId: %08x-6bed-4f1f-a5b6-0123456789ab Version: 7", (unsigned)i);
        if (which->has_start)
            add_message(out, which->form, i, text);
        (void)snprintf(text, sizeof text,
                       "REPORT RequestId: %08x-6bed-4f1f-a5b6-0123456789ab\tDuration: 1.00 ms\t"
                       "Billed Duration: 1 ms\tMemory Size: 512 MB\tMax Memory Used: 60 MB\t",
                       (unsigned)i);
        if (which->has_report)
            add_message(out, which->form, i, text);
    }
    if (which->form == DOCUMENT)
        (void)cp_buf_adds(out, "],\"searchedLogStreams\":[]}");
}

/* As a filter leaves them: no END anywhere. */
static void import_of_a_filtered_log_has_its_samples(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 8};
    static const int64_t segments[] = {0, 100001, 30011};
    static const struct filtered rows[] = {{PLAIN, true, true},
                                           {DETAILED, true, true},
                                           {DOCUMENT, true, true},
                                           {PLAIN, false, true},
                                           {PLAIN, true, false}};
    struct cp_buf log;
    struct cp_buf one;
    struct cp_buf other;
    cp_buf_init(&log, TEXT_MAX);
    cp_buf_init(&one, TEXT_MAX);
    cp_buf_init(&other, TEXT_MAX);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        uint64_t n_a_request = (uint64_t)rows[r].has_start + rows[r].has_report;
        make_filtered(&log, &rows[r]);
        const char *path = temporary_file("filtered.log", log.p, log.n);
        import_one(path, 1, 0, &one);
        assert_true(has_count(&one, "forged", 0));
        assert_true(has_count(&one, "accepted", REQUESTS * n_a_request));
        for (size_t i = 0; i < 12; i++) {
            import_one(path, threads[i % 4], segments[i / 4], &other);
            assert_same(&one, &other);
        }
        import_one(pack("filtered.gz", cp_buf_view(&log), 0), 2, 0, &other);
        assert_same(&one, &other);
    }
    cp_buf_clear(&log);
    cp_buf_clear(&one);
    cp_buf_clear(&other);
}

/* In files of whole requests; then their digests, one behind the other. */
static void import_of_parts_is_the_import_of_the_whole(void **state)
{
    (void)state;
    enum { PARTS = 7 };
    const char *paths[PARTS];
    struct cp_buf whole;
    struct cp_buf digests;
    struct cp_buf one;
    struct cp_buf other;
    cp_buf_init(&whole, TEXT_MAX);
    cp_buf_init(&digests, TEXT_MAX);
    cp_buf_init(&one, TEXT_MAX);
    cp_buf_init(&other, TEXT_MAX);
    for (int part = 0; part < PARTS; part++) {
        struct cp_buf log;
        char name[40];
        cp_buf_init(&log, TEXT_MAX);
        for (int i = 0; i < 100 * part + 3; i++)
            add_request(&log, PLAIN, part * 1000 + i);
        (void)cp_buf_add(&whole, log.p, log.n);
        (void)snprintf(name, sizeof name, "part-%d.log", part);
        paths[part] = temporary_file(name, log.p, log.n);
        import_one(paths[part], 1, 0, &other);
        (void)cp_buf_add(&digests, other.p, other.n);
        cp_buf_clear(&log);
    }
    import_one(temporary_file("whole", whole.p, whole.n), 1, 0, &one);
    const struct cp_log_import_options options = {.function = "orders", .threads = 3};
    for (int part = 0; part < PARTS; part++) {
        char name[40];
        (void)snprintf(name, sizeof name, "part-%d.log", part);
        paths[part] = temporary_path(name);
    }
    assert_int_equal(import_paths(paths, PARTS, &options, &other, NULL, NULL), CP_OK);
    assert_same(&one, &other);
    import_one(temporary_file("digests", digests.p, digests.n), 2, 0, &other);
    assert_same(&one, &other);
    cp_buf_clear(&whole);
    cp_buf_clear(&digests);
    cp_buf_clear(&one);
    cp_buf_clear(&other);
}

/* --- what is not as it should be --- */

static void import_keeps_what_is_before_a_damage(void **state)
{
    (void)state;
    struct cp_buf log;
    struct cp_buf digest;
    struct cp_log_import_result result;
    make_log(&log, PLAIN);
    cp_buf_init(&digest, TEXT_MAX);
    const char *path = pack("cut.gz", cp_buf_view(&log), 5000);
    for (int threads = 1; threads <= 2; threads++) {
        const struct cp_log_import_options options = {.threads = threads};
        assert_int_equal(import_paths(&path, 1, &options, &digest, &result, NULL), CP_OK);
        assert_non_null(strstr(result.files[0].damage, "cut off"));
        assert_true(result.files[0].is_gzip);
        assert_true(result.files[0].accepted > REQUESTS);
        assert_true(has_count(&digest, "damaged file", 1));
        free(result.files);
    }
    cp_buf_clear(&log);
    cp_buf_clear(&digest);
}

/* The digest of nothing: a part of a log may be empty without a trace in the whole. */
/* Cut before "Init Duration", the rest of the line would be a record of a warm start. */
static void import_drops_the_line_that_a_damage_ends(void **state)
{
    (void)state;
    static const char log[] =
        "REPORT RequestId: 00000001-6bed-4f1f-a5b6-0123456789ab\tDuration: 1.00 ms\tBilled "
        "Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"
        "REPORT RequestId: 00000002-6bed-4f1f-a5b6-0123456789ab\tDuration: 1.00 ms\tBilled "
        "Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t";
    struct cp_buf digest;
    cp_buf_init(&digest, TEXT_MAX);
    import_one(pack("whole.gz", CP_VIEW_LIT(log), 0), 1, 0, &digest);
    assert_true(has_count(&digest, "accepted", 2));
    import_one(pack("cut.gz", CP_VIEW_LIT(log), 1), 1, 0, &digest);
    assert_true(has_count(&digest, "accepted", 1));
    cp_buf_clear(&digest);
}

static void import_of_an_empty_file_is_an_empty_digest(void **state)
{
    (void)state;
    struct cp_buf digest;
    struct cp_buf nothing;
    struct cp_digest *empty = cp_digest_new();
    cp_buf_init(&digest, TEXT_MAX);
    cp_buf_init(&nothing, TEXT_MAX);
    import_one(temporary_file("nothing.log", "", 0), 2, 0, &digest);
    assert_int_equal(cp_digest_write(empty, &nothing, NULL), CP_OK);
    assert_same(&digest, &nothing);
    cp_digest_free(empty);
    cp_buf_clear(&digest);
    cp_buf_clear(&nothing);
}

static void import_reads_nothing_when_a_file_cannot_be_opened(void **state)
{
    (void)state;
    struct cp_buf digest;
    struct cp_error err;
    struct cp_buf log;
    make_log(&log, PLAIN);
    cp_buf_init(&digest, TEXT_MAX);
    const char *paths[] = {temporary_file("a.log", log.p, log.n),
                           temporary_file("b.zst", "\x28\xb5\x2f\xfd rest of it", 15)};
    const struct cp_log_import_options options = {.threads = 2};
    assert_int_equal(import_paths(paths, 2, &options, &digest, NULL, &err), CP_EUNSUPPORTED);
    assert_true(has_count(&digest, "accepted", 0));
    cp_buf_clear(&log);
    cp_buf_clear(&digest);
}

static void import_names_a_damaged_digest(void **state)
{
    (void)state;
    struct cp_buf digest;
    struct cp_error err;
    cp_buf_init(&digest, TEXT_MAX);
    import_one(temporary_file("x.log", "START\n", 6), 1, 0, &digest);
    const char *path = temporary_file("bad.digest", digest.p, digest.n - 4);
    const struct cp_log_import_options options = {.threads = 1};
    assert_int_equal(import_paths(&path, 1, &options, &digest, NULL, &err), CP_EFORMAT);
    assert_non_null(strstr(err.text, "bad.digest: "));
    cp_buf_clear(&digest);
}

/* --- interrupt and progress --- */

struct watcher {
    int asked, stop_at;
    struct cp_log_progress last;
    int shown;
};

static bool stop(void *context)
{
    struct watcher *w = context;
    return ++w->asked >= w->stop_at;
}

static void show(void *context, const struct cp_log_progress *progress)
{
    struct watcher *w = context;
    assert_true(progress->done_bytes >= w->last.done_bytes);
    assert_true(progress->records >= w->last.records);
    w->last = *progress;
    w->shown++;
}

static void import_keeps_what_it_read_when_interrupted(void **state)
{
    (void)state;
    struct cp_buf log;
    struct cp_buf digest;
    struct cp_error err;
    make_log(&log, PLAIN);
    cp_buf_init(&digest, TEXT_MAX);
    const char *path = temporary_file("a.log", log.p, log.n);
    struct watcher w = {.stop_at = 1};
    const struct cp_log_import_options options = {
        .threads = 1, .segment_bytes = 100000, .is_interrupted = stop, .interrupt_context = &w};
    struct cp_log_import_result result;
    assert_int_equal(import_paths(&path, 1, &options, &digest, &result, &err), CP_EINTERRUPTED);
    assert_true(result.files[0].accepted > 0);
    assert_true(result.files[0].bytes < 300000 && log.n > 600000);
    free(result.files);
    cp_buf_clear(&log);
    cp_buf_clear(&digest);
}

/* A pipe that stays open and silent after one line: the interrupt ends it all the same. */
static void import_of_a_silent_pipe_can_be_interrupted(void **state)
{
    (void)state;
    static const char line[] = "END RequestId: 00000001-6bed-4f1f-a5b6-0123456789ab\n";
    for (int threads = 1; threads <= 3; threads++) {
        struct cp_buf digest;
        struct cp_error err;
        struct watcher w = {.stop_at = 3};
        const char *pipe = temporary_path("pipe");
        const struct cp_log_import_options options = {
            .threads = threads, .is_interrupted = stop, .interrupt_context = &w};
        cp_buf_init(&digest, TEXT_MAX);
        assert_int_equal(mkfifo(pipe, 0600), 0);
        int fd = open(pipe, O_RDWR | O_CLOEXEC);
        assert_int_equal(cp_fd_write_all(fd, CP_VIEW_LIT(line), pipe, NULL), CP_OK);
        assert_int_equal(import_paths(&pipe, 1, &options, &digest, NULL, &err), CP_EINTERRUPTED);
        (void)close(fd);
        assert_int_equal(unlink(pipe), 0);
        cp_buf_clear(&digest);
    }
}

static void import_ends_with_a_progress_of_all(void **state)
{
    (void)state;
    struct cp_buf log;
    struct cp_buf digest;
    make_log(&log, PLAIN);
    cp_buf_init(&digest, TEXT_MAX);
    const char *path = temporary_file("a.log", log.p, log.n);
    for (int threads = 1; threads <= 2; threads++) {
        struct watcher w = {0};
        const struct cp_log_import_options options = {.threads = threads,
                                                      .segment_bytes = 100000,
                                                      .on_progress = show,
                                                      .progress_context = &w};
        assert_int_equal(import_paths(&path, 1, &options, &digest, NULL, NULL), CP_OK);
        assert_true(w.shown >= 1);
        assert_int_equal(w.last.done_bytes, log.n);
        assert_int_equal(w.last.total_bytes, log.n);
        assert_int_equal(w.last.done_files, 1);
        assert_int_equal(w.last.records, REQUESTS * 3 - REQUESTS / 100);
    }
    cp_buf_clear(&log);
    cp_buf_clear(&digest);
}

/* --- lines too long --- */

static void import_skips_a_long_line_wherever_it_is_cut(void **state)
{
    (void)state;
    static const char report[] =
        "REPORT RequestId: 00000001-6bed-4f1f-a5b6-0123456789ab\tDuration: 1.00 ms\tBilled "
        "Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n";
    static const size_t lengths[] = {CP_RECORD_LINE_MAX - 1, CP_RECORD_LINE_MAX,
                                     CP_RECORD_LINE_MAX + 1, 5 * CP_RECORD_LINE_MAX + 17};
    struct cp_buf log;
    struct cp_buf one;
    struct cp_buf other;
    cp_buf_init(&log, (size_t)64 << 20);
    cp_buf_init(&one, TEXT_MAX);
    cp_buf_init(&other, TEXT_MAX);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *to = cp_buf_reserve(&log, lengths[i]);
        assert_non_null(to);
        memset(to, 'x', lengths[i]);
        log.n += lengths[i];
        log.p[log.n] = '\0';
        (void)cp_buf_adds(&log, i % 2 ? "\n" : "\r\n");
        (void)cp_buf_adds(&log, report);
    }
    log.n--; /* the last line has no end */
    const char *path = temporary_file("long.log", log.p, log.n);
    import_one(path, 1, (int64_t)log.n, &one); /* one segment */
    assert_true(has_count(&one, "accepted", 4));
    assert_true(has_count(&one, "lines", 8));
    import_one(path, 1, 100000, &other);
    assert_same(&one, &other);
    import_one(path, 3, 700001, &other);
    assert_same(&one, &other);
    import_one(pack("long.gz", cp_buf_view(&log), 0), 2, 0, &other);
    assert_same(&one, &other);
    cp_buf_clear(&log);
    cp_buf_clear(&one);
    cp_buf_clear(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(import_is_the_same_for_any_number_of_threads),
        WITH_FOLDER(import_counts_what_is_in_the_log),
        WITH_FOLDER(import_is_the_same_however_the_bytes_come),
        WITH_FOLDER(import_of_a_filtered_log_has_its_samples),
        WITH_FOLDER(import_of_parts_is_the_import_of_the_whole),
        WITH_FOLDER(import_keeps_what_is_before_a_damage),
        WITH_FOLDER(import_drops_the_line_that_a_damage_ends),
        WITH_FOLDER(import_of_an_empty_file_is_an_empty_digest),
        WITH_FOLDER(import_reads_nothing_when_a_file_cannot_be_opened),
        WITH_FOLDER(import_names_a_damaged_digest),
        WITH_FOLDER(import_keeps_what_it_read_when_interrupted),
        WITH_FOLDER(import_of_a_silent_pipe_can_be_interrupted),
        WITH_FOLDER(import_ends_with_a_progress_of_all),
        WITH_FOLDER(import_skips_a_long_line_wherever_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
