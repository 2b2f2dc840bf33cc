/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/target.h"
#include "tests/test.h"

#include <stdio.h>

enum kind { PATH, NAME, BAD };

static const struct {
    const char *text;
    enum kind kind;
} targets[] = {
    {"./fn", PATH},
    {"probes/functions/hello-c", PATH},
    {"/abs", PATH},
    {".", PATH},
    {"checkout", NAME},
    {"checkout:live", NAME},
    {"checkout:7", NAME},
    {"checkout:$LATEST", NAME},
    {"arn:aws:lambda:eu-west-1:123456789012:function:checkout", NAME},
    {"arn:aws:lambda:eu-west-1:123456789012:function:checkout:live", NAME},
    {"arn:aws:s3:eu-west-1:123456789012:function:checkout", BAD},
    {"arn:aws:lambda:eu-west-1:123456789012:layer:x", BAD},
    {"", BAD},
    {"na me", BAD},
    {"$(touch x)", BAD},
    {"a;b", BAD},
    {"a:b:c", BAD},
    {"0123456789012345678901234567890123456789012345678901234567890123", NAME},
    {"01234567890123456789012345678901234567890123456789012345678901234", BAD},
};

static void tells_paths_from_names_and_refuses_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        bool is_path = false;
        struct cp_error err = {CP_OK, ""};
        enum cp_code code = cp_target_read(targets[i].text, &is_path, &err);
        enum kind kind = code ? BAD : is_path ? PATH : NAME;
        if (kind != targets[i].kind)
            print_error("'%s': %s\n", targets[i].text, err.text);
        assert_int_equal(kind, targets[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_paths_from_names_and_refuses_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
