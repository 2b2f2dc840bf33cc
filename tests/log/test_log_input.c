/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/buf.h"
#include "probes/log/log_input.h"
#include "probes/os/worker.h"
#include "tests/log/temporary.h"
#include "tests/test.h"

#include <zlib.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum cp_code read_input(struct cp_log_input *input, struct cp_buf *out, struct cp_error *err)
{
    char piece[4096];
    size_t got = 1;
    enum cp_code code = CP_OK;
    while (!code && got) {
        code = cp_log_input_read(input, piece, sizeof piece, &got, err);
        if (!code)
            (void)cp_buf_add(out, piece, got);
    }
    return code;
}

/* Its bytes as a text, in `out`; the damage is copied. */
static void read_file(const char *path, struct cp_buf *out, char *damage, size_t damage_size)
{
    struct cp_log_input *input;
    cp_buf_init(out, 1 << 20);
    assert_int_equal(cp_log_input_open(path, &input, NULL), CP_OK);
    assert_int_equal(read_input(input, out, NULL), CP_OK);
    (void)snprintf(damage, damage_size, "%s", cp_log_input_damage(input));
    cp_log_input_close(input);
}

static size_t pack(const char *text, unsigned char *packed, size_t size)
{
    z_stream z = {.next_in = (unsigned char *)text,
                  .avail_in = (uInt)strlen(text),
                  .next_out = packed,
                  .avail_out = (uInt)size};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    return z.total_out;
}

static void input_knows_gzip_by_its_bytes(void **state)
{
    (void)state;
    struct cp_buf out;
    unsigned char packed[1000];
    char damage[200];
    size_t n = pack("a line\n", packed, sizeof packed);
    read_file(temporary_file("plain-name.log", packed, n), &out, damage, sizeof damage);
    assert_string_equal(cp_buf_str(&out), "a line\n");
    assert_string_equal(damage, "");
    cp_buf_clear(&out);
    read_file(temporary_file("no-gzip.gz", "a line\n", 7), &out, damage, sizeof damage);
    assert_string_equal(cp_buf_str(&out), "a line\n");
    cp_buf_clear(&out);
    read_file(temporary_file("cut.gz", packed, n - 1), &out, damage, sizeof damage);
    assert_string_equal(cp_buf_str(&out), "a line\n");
    assert_non_null(strstr(damage, "cut off"));
    cp_buf_clear(&out);
}

static void input_reads_short_and_empty_files(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "x", "\x1f", "BZ", "PK\x03"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cp_buf out;
        char damage[200];
        read_file(temporary_file("short", texts[i], strlen(texts[i])), &out, damage, sizeof damage);
        assert_string_equal(cp_buf_str(&out), texts[i]);
        assert_string_equal(damage, "");
        cp_buf_clear(&out);
    }
}

static void input_says_how_to_unpack_the_rest(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *name, *tool;
    } cases[] = {
        {"\x28\xb5\x2f\xfd-and-more", "zstd", "zstdcat"},
        {"\xfd"
         "7zXZ-and-more",
         "xz", "xzcat"},
        {"PK\x03\x04-and-more", "zip", "unzip -p"},
        {"BZh91AY&SY-and-more", "bzip2", "bzcat"},
        {"\x04\x22\x4d\x18-and-more", "lz4", "lz4cat"},
        {"\x1f\x9d-and-more-of-it", "compress", "zcat"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cp_log_input *input;
        struct cp_error err;
        char expected[300];
        const char *path = temporary_file("x.log", cases[i].bytes, strlen(cases[i].bytes));
        (void)snprintf(expected, sizeof expected,
                       "'%s' is %s data: decompress it first: %s %s | coldprof import -", path,
                       cases[i].name, cases[i].tool, path);
        assert_int_equal(cp_log_input_open(path, &input, &err), CP_EUNSUPPORTED);
        assert_string_equal(err.text, expected);
    }
}

static void input_refuses_what_it_cannot_open(void **state)
{
    (void)state;
    struct cp_log_input *input;
    struct cp_error err;
    assert_int_equal(cp_log_input_open(temporary_path("nothing"), &input, &err), CP_ENOTFOUND);
    assert_null(input);
    (void)temporary_file("folder/file", "", 0);
    assert_int_equal(cp_log_input_open(temporary_path("folder"), &input, &err), CP_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "it is a folder"));
    const char *secret = temporary_file("secret", "x", 1);
    assert_int_equal(chmod(secret, 0), 0);
    if (geteuid() != 0) {
        assert_int_equal(cp_log_input_open(secret, &input, &err), CP_EDENIED);
        assert_non_null(strstr(err.text, "secret"));
    }
}

/* --- a named pipe --- */

static void write_to_pipe(void *context)
{
    const char *path = context;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    for (int i = 0; i < 1000; i++)
        (void)!write(fd, "a line\n", 7);
    (void)close(fd);
}

static void input_reads_a_named_pipe(void **state)
{
    (void)state;
    struct cp_log_input *input;
    struct cp_worker *writer;
    struct cp_buf out;
    const char *path = temporary_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(cp_worker_start(write_to_pipe, (void *)path, &writer, NULL), CP_OK);
    cp_buf_init(&out, 1 << 20);
    assert_int_equal(cp_log_input_open(path, &input, NULL), CP_OK);
    assert_false(cp_log_input_is_regular(input));
    assert_int_equal(read_input(input, &out, NULL), CP_OK);
    assert_int_equal(out.n, 7000);
    assert_int_equal(cp_log_input_taken(input), 7000);
    cp_log_input_close(input);
    cp_worker_join(writer);
    cp_buf_clear(&out);
}

static bool stop_at_third(void *context)
{
    int *asked = context;
    return ++*asked == 3;
}

/* Nobody ever writes, and the pipe stays open. */
static void input_stops_waiting_when_asked(void **state)
{
    (void)state;
    struct cp_log_input *input;
    struct cp_error err;
    int asked = 0;
    char byte;
    size_t got;
    const char *path = temporary_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    int both = open(path, O_RDWR | O_CLOEXEC);
    assert_true(both >= 0);
    assert_int_equal(cp_log_input_open(path, &input, NULL), CP_OK);
    cp_log_input_stop_when(input, stop_at_third, &asked);
    assert_int_equal(cp_log_input_read(input, &byte, 1, &got, &err), CP_EINTERRUPTED);
    assert_int_equal(asked, 3);
    cp_log_input_close(input);
    (void)close(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(input_knows_gzip_by_its_bytes),
        WITH_FOLDER(input_reads_short_and_empty_files),
        WITH_FOLDER(input_says_how_to_unpack_the_rest),
        WITH_FOLDER(input_refuses_what_it_cannot_open),
        WITH_FOLDER(input_reads_a_named_pipe),
        WITH_FOLDER(input_stops_waiting_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
