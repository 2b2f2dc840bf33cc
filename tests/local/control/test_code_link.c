/* SPDX-License-Identifier: GPL-3.0-or-later
 * Code links: valid for their ten minutes, for one code, under one key.
 */
#include "tests/test.h"

#include <string.h>

#include "model/base/view.h"
#include "probes/local/code_link.h"

static const int64_t NOW_MS = INT64_C(1774000000000);
static const char SHA[] = "ab+/cd=";

struct parts {
    char sha[64], expires[32], token[80];
};

/* http://HOST/coldprof/code/NAME/SHA?Expires=E&Token=T */
static void take_apart(const char *url, struct parts *p)
{
    struct cp_view rest = cp_view_of(url);
    struct cp_view part;
    assert_true(cp_view_skip(&rest, "http://127.0.0.1:1/coldprof/code/fn/"));
    assert_true(cp_view_split(&rest, '?', &part));
    assert_true(cp_view_copy(part, p->sha, sizeof p->sha));
    assert_true(cp_view_skip(&rest, "Expires="));
    assert_true(cp_view_split(&rest, '&', &part));
    assert_true(cp_view_copy(part, p->expires, sizeof p->expires));
    assert_true(cp_view_skip(&rest, "Token="));
    assert_true(cp_view_copy(rest, p->token, sizeof p->token));
}

static void a_link_opens_what_it_names_for_ten_minutes(void **state)
{
    struct cp_code_link_key key;
    struct cp_error err;
    struct parts p;
    char url[CP_CODE_LINK_MAX];
    (void)state;
    assert_int_equal(cp_code_link_key_init(&key, &err), CP_OK);
    cp_code_link_write(&key, "127.0.0.1:1", "fn", SHA, NOW_MS, url);
    take_apart(url, &p);
    assert_string_equal(p.sha, "ab-_cd"); /* RFC 4648 section 5 */
    struct cp_code_link link = {"fn", p.sha, p.expires, p.token};
    assert_true(cp_code_link_is_valid(&key, &link, NOW_MS));
    assert_true(cp_code_link_is_valid(&key, &link, NOW_MS + 599999));
    assert_false(cp_code_link_is_valid(&key, &link, NOW_MS + 600000));
    assert_true(cp_code_link_is_for(&link, SHA));
    assert_false(cp_code_link_is_for(&link, "ab+/ce="));
}

static void a_changed_link_or_another_key_opens_nothing(void **state)
{
    struct cp_code_link_key key;
    struct cp_code_link_key other;
    struct cp_error err;
    struct parts p;
    char url[CP_CODE_LINK_MAX];
    (void)state;
    assert_int_equal(cp_code_link_key_init(&key, &err), CP_OK);
    assert_int_equal(cp_code_link_key_init(&other, &err), CP_OK);
    cp_code_link_write(&key, "127.0.0.1:1", "fn", SHA, NOW_MS, url);
    take_apart(url, &p);
    const struct cp_code_link links[] = {
        {"fm", p.sha, p.expires, p.token},
        {"fn", "ab-_ce", p.expires, p.token},
        {"fn", p.sha, "1774000600001", p.token},
        {"fn", p.sha, "never", p.token},
        {"fn", p.sha, p.expires, ""},
        {"fn", p.sha, p.expires, "00"},
        {"fn", p.sha, "99999999999999999", p.token},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        assert_false(cp_code_link_is_valid(&key, &links[i], NOW_MS));
    const struct cp_code_link good = {"fn", p.sha, p.expires, p.token};
    assert_true(cp_code_link_is_valid(&key, &good, NOW_MS));
    assert_false(cp_code_link_is_valid(&other, &good, NOW_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_opens_what_it_names_for_ten_minutes),
        cmocka_unit_test(a_changed_link_or_another_key_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
