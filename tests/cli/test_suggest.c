/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/suggest.h"
#include "tests/test.h"

static const struct {
    const char *wanted;
    const char *best; /* NULL: nothing is near */
} cases[] = {
    {"swep", "sweep"}, {"sweep", "sweep"}, {"reprot", "report"}, {"repotr", "report"},
    {"xyzzy", NULL},   {"run", "runs"},    {"locla", "local"},   {"", NULL},
    {"s", NULL},       {"weep", "sweep"},
};

static void suggests_the_nearest_name_or_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cp_suggest s;
        cp_suggest_init(&s, cp_view_of(cases[i].wanted));
        static const char *const known[] = {"sweep", "report", "runs", "local"};
        for (size_t k = 0; k < 4; k++)
            cp_suggest_consider(&s, known[k]);
        const char *best = cp_suggest_best(&s);
        if (cases[i].best)
            assert_string_equal(best ? best : "(none)", cases[i].best);
        else
            assert_null(best);
    }
}

static void very_long_names_do_not_overflow(void **state)
{
    (void)state;
    char text[4096];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = 'a';
    struct cp_suggest s;
    cp_suggest_init(&s, (struct cp_view){text, sizeof text});
    cp_suggest_consider(&s, "sweep");
    assert_null(cp_suggest_best(&s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggests_the_nearest_name_or_none),
        cmocka_unit_test(very_long_names_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
