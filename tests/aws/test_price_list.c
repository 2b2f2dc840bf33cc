/* SPDX-License-Identifier: GPL-3.0-or-later
 * The bulk price list: a realistic one (price_list_fixture.py) against the built-in table, which
 * has the same prices from other sources; then lists that must be refused. And how it is fetched,
 * from a loopback server through libcurl.
 */
#include "probes/aws/price_list.h"

#include "probes/os/file.h"
#include "tests/aws/loop_server.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct cp_buf list;
static struct cp_price_set set;
static struct cp_error err;

static int read_list(void **state)
{
    (void)state;
    cp_buf_init(&list, CP_PRICE_LIST_MAX);
    return cp_file_read("tests/data/aws/price-list-us-east-1.json", &list, &err);
}

static int free_list(void **state)
{
    (void)state;
    cp_buf_clear(&list);
    return 0;
}

/* The list with every `from` replaced by `to`. */
static enum cp_code read_edited(const char *from, const char *to, const char *region)
{
    struct cp_buf edited;
    cp_buf_init(&edited, CP_PRICE_LIST_MAX);
    const char *at = cp_buf_str(&list);
    size_t n = 0;
    for (const char *hit = strstr(at, from); hit; hit = strstr(at, from), n++) {
        (void)cp_buf_add_view(&edited, (struct cp_view){at, (size_t)(hit - at)});
        (void)cp_buf_adds(&edited, to);
        at = hit + strlen(from);
    }
    (void)cp_buf_adds(&edited, at);
    if (n == 0)
        fail_msg("'%s' is not in the list", from);
    enum cp_code code = cp_price_list_read(cp_buf_view(&edited), region, &set, &err);
    cp_buf_clear(&edited);
    return code;
}

static void every_price_is_that_of_the_table(void **state)
{
    (void)state;
    static const char *const architectures[] = {"x86_64", "arm64"};
    assert_int_equal(cp_price_list_read(cp_buf_view(&list), "us-east-1", &set, &err), CP_OK);
    assert_string_equal(set.date, "2026-09-19");
    assert_int_equal(set.n, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct cp_price_book *known = NULL;
        const struct cp_price_book *read = cp_price_set_find(&set, architectures[i]);
        assert_int_equal(cp_price_find("us-east-1", architectures[i], &known, NULL), CP_OK);
        assert_non_null(read);
        for (const struct cp_price_field *f = cp_price_fields(); f->key; f++)
            assert_near(cp_price_field_usd(read, f), cp_price_field_usd(known, f), 0);
        for (size_t k = 0; k < CP_PRICE_TIERS; k++) {
            assert_near(read->duration[k].from_gb_s, known->duration[k].from_gb_s, 0);
            assert_near(read->duration[k].usd_per_gb_s, known->duration[k].usd_per_gb_s, 0);
        }
        assert_string_equal(read->region, "us-east-1");
        assert_int_equal(read->grade, CP_PRICE_VERIFIED);
        assert_non_null(strstr(read->source, "published 2026-09-19"));
    }
}

static void rate_codes_and_prefixes_do_not_matter(void **state)
{
    (void)state;
    assert_int_equal(read_edited("6YS6EN2CT7", "AAAAAAAAAA", "us-east-1"), CP_OK);
    assert_near(set.books[0].duration[1].usd_per_gb_s, 0.000015, 0);
    assert_int_equal(
        read_edited("\"usagetype\": \"Lambda", "\"usagetype\": \"USE1-Lambda", "us-east-1"), CP_OK);
    assert_near(set.books[0].snapshot_cache_usd_per_gb_s, 0.0000015046, 0);
}

/* The replaced offer is dearer; were it the newer one, it would count. */
static void the_latest_offer_counts(void **state)
{
    (void)state;
    assert_int_equal(read_edited("2019-12-01T00:00:00Z", "2026-09-10T00:00:00Z", "us-east-1"),
                     CP_OK);
    assert_near(cp_price_set_find(&set, "x86_64")->request_usd, 0.0000009, 0);
    assert_near(cp_price_set_find(&set, "arm64")->request_usd, 0.0000002, 0);
}

static void a_region_without_an_architecture_has_one_book(void **state)
{
    (void)state;
    assert_int_equal(read_edited("-ARM\"", "-RISCV\"", "us-east-1"), CP_OK);
    assert_non_null(cp_price_set_find(&set, "x86_64"));
    assert_null(cp_price_set_find(&set, "arm64"));
}

static void what_is_missing_is_not_known(void **state)
{
    (void)state;
    assert_int_equal(
        read_edited("\"AWS-Lambda-Provisioned-Concurrency-ARM\"", "\"Other\"", "us-east-1"), CP_OK);
    assert_false(cp_price_has_provisioned(cp_price_set_find(&set, "arm64")));
    assert_true(cp_price_has_provisioned(cp_price_set_find(&set, "x86_64")));
}

static void what_is_no_such_list_is_refused(void **state)
{
    (void)state;
    const struct {
        const char *from, *to, *region;
        enum cp_code code;
        const char *words;
    } rows[] = {
        {"\"USD\"", "\"CNY\"", "us-east-1", CP_EUNSUPPORTED, "in CNY"},
        {"\"offerCode\": \"AWSLambda\"", "\"offerCode\": \"AmazonEC2\"", "us-east-1", CP_EFORMAT,
         "no price list of AWSLambda"},
        {"publicationDate", "published", "us-east-1", CP_EFORMAT, "publicationDate"},
        {"formatVersion", "formatVersion", "eu-west-1", CP_ENOTFOUND, "'eu-west-1'"},
        {"\"0.0000166667\"", "\"cheap\"", "us-east-1", CP_EFORMAT, "TG3M4CAGBA3NYQBH"},
        {"\"0.0000166667\"", "0.0000166667", "us-east-1", CP_EFORMAT, "TG3M4CAGBA3NYQBH"},
        {"\"beginRange\": \"0\"", "\"beginRange\": \"1\"", "us-east-1", CP_EFORMAT, "ascend"},
        {"\"AWS-Lambda-Requests\"", "\"Else\"", "us-east-1", CP_EFORMAT, "request"},
        {"\"products\"", "\"goods\"", "us-east-1", CP_ENOTFOUND, "us-east-1"},
        {"\"OnDemand\"", "\"Reserved\"", "us-east-1", CP_EFORMAT, "request"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum cp_code code = read_edited(rows[i].from, rows[i].to, rows[i].region);
        if (code != rows[i].code || !strstr(err.text, rows[i].words))
            fail_msg("row %zu: %s: %s", i, cp_code_text(code), err.text);
    }
    assert_int_equal(cp_price_list_read(CP_VIEW_LIT("[1]"), "us-east-1", &set, &err), CP_EFORMAT);
    assert_int_equal(cp_price_list_read(CP_VIEW_LIT(""), "us-east-1", &set, &err), CP_EFORMAT);
}

/* An offer whose prices are all zero or less is a free tier's: the price is then not known. */
static void nothing_costs_less_than_nothing(void **state)
{
    (void)state;
    assert_int_equal(read_edited("\"0.0000041667\"", "\"-0.0000041667\"", "us-east-1"), CP_OK);
    assert_false(cp_price_has_provisioned(cp_price_set_find(&set, "x86_64")));
}

/* --- fetching --- */

struct service {
    int status, n;
    int n_failing; /* so many answers of HTTP 503 first */
};

static void answer(void *context, const char *request, struct cp_buf *out)
{
    struct service *s = context;
    int status = s->n++ < s->n_failing ? 503 : s->status;
    bool is_right =
        strncmp(request, "GET /mirror/offers/v1.0/aws/AWSLambda/current/us-east-1/index.json ",
                67) == 0;
    struct cp_view body = is_right ? cp_buf_view(&list) : cp_view_of("another path");
    (void)cp_buf_addf(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", status, body.n);
    (void)cp_buf_add_view(out, body);
}

static enum cp_code fetch(struct service *service, const char *region, struct cp_buf *out)
{
    char url[200];
    struct loop_server *server = loop_server_start_answering(answer, service);
    (void)snprintf(url, sizeof url, "%s/mirror", loop_server_url(server));
    const struct cp_price_fetch_options options = {
        .http = &cp_http_curl, .region = region, .endpoint_url = url};
    cp_buf_init(out, CP_PRICE_LIST_MAX);
    enum cp_code code = cp_price_list_fetch(&options, out, &err);
    loop_server_stop(server);
    return code;
}

static void the_list_comes_over_http(void **state)
{
    (void)state;
    struct cp_buf body;
    struct service service = {.status = 200, .n_failing = 2};
    assert_int_equal(fetch(&service, "us-east-1", &body), CP_OK);
    assert_int_equal(service.n, 3);
    assert_int_equal(body.n, list.n);
    assert_memory_equal(body.p, list.p, list.n);
    cp_buf_clear(&body);
}

static void what_cannot_be_fetched_is_said(void **state)
{
    (void)state;
    struct cp_buf body;
    struct service gone = {.status = 403};
    assert_int_equal(fetch(&gone, "us-east-1", &body), CP_ENOTFOUND);
    assert_int_equal(gone.n, 1);
    assert_non_null(strstr(err.text, "no price list of region 'us-east-1'"));
    cp_buf_clear(&body);
    struct service down = {.status = 200, .n_failing = 9};
    assert_int_equal(fetch(&down, "us-east-1", &body), CP_EREMOTE);
    assert_int_equal(down.n, 3);
    assert_non_null(strstr(err.text, "HTTP 503"));
    cp_buf_clear(&body);
    assert_int_equal(fetch(&down, "../../secret", &body), CP_EINVAL);
    assert_int_equal(down.n, 3);
    cp_buf_clear(&body);
    const struct cp_price_fetch_options far = {
        .http = &cp_http_curl, .region = "us-east-1", .endpoint_url = "http://example.com"};
    cp_buf_init(&body, CP_PRICE_LIST_MAX);
    assert_int_equal(cp_price_list_fetch(&far, &body, &err), CP_EINVAL);
    cp_buf_clear(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_price_is_that_of_the_table),
        cmocka_unit_test(rate_codes_and_prefixes_do_not_matter),
        cmocka_unit_test(the_latest_offer_counts),
        cmocka_unit_test(a_region_without_an_architecture_has_one_book),
        cmocka_unit_test(what_is_missing_is_not_known),
        cmocka_unit_test(what_is_no_such_list_is_refused),
        cmocka_unit_test(nothing_costs_less_than_nothing),
        cmocka_unit_test(the_list_comes_over_http),
        cmocka_unit_test(what_cannot_be_fetched_is_said),
    };
    return cmocka_run_group_tests(tests, read_list, free_list);
}
