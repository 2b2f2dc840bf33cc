/* SPDX-License-Identifier: GPL-3.0-or-later
 * Shared files and the credential chain with failing allocations. Linked with --wrap: our malloc,
 * calloc and realloc come here. Leaks are the sanitizer's to find.
 */
#include <stdlib.h>
#include <string.h>

#include "probes/aws/credential_chain.h"
#include "tests/model/scarce_memory.h"
#include "tests/test.h"

#define SECRET "hunter2hunter2"

static const char *config_text;

static const char *get_variable(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "AWS_EC2_METADATA_DISABLED") == 0)
        return "true";
    return strcmp(name, "HOME") == 0 ? "/h" : NULL;
}

static enum cp_code read_file(void *context, const char *path, struct cp_buf *out,
                              struct cp_error *err)
{
    (void)context;
    if (strcmp(path, "/h/.aws/config") != 0)
        return cp_fail(err, CP_ENOTFOUND, "cannot open '%s'", path);
    (void)cp_buf_adds(out, config_text);
    return cp_buf_check(out, path, err);
}

static enum cp_code ask_chain(struct cp_error *err)
{
    const struct cp_credential_chain_options options = {
        .shared = {.get = get_variable, .read_file = read_file}};
    struct cp_credential_chain *chain = NULL;
    struct cp_credentials keys;
    enum cp_code code = cp_credential_chain_new(&options, &chain, err);
    if (code)
        return code;
    const struct cp_credential_source source = cp_credential_chain_source(chain);
    code = source.get(source.context, 1000, false, &keys, err);
    if (!code)
        assert_string_equal(keys.secret_access_key, SECRET);
    cp_credentials_clear(&keys);
    cp_credential_chain_free(chain);
    return code;
}

/* Asks with 0, 1, 2 ... allocations allowed until there are keys; returns how often it failed. */
static int count_refusals(const char *config)
{
    config_text = config;
    for (int refused = 0; refused < 1000; refused++) {
        struct cp_error err = {CP_OK, ""};
        allocations_left = refused;
        enum cp_code code = ask_chain(&err);
        allocations_left = -1;
        if (code == CP_OK)
            return refused;
        assert_int_equal(code, CP_ENOMEM);
        assert_non_null(strstr(err.text, "memory"));
        assert_null(strstr(err.text, SECRET));
    }
    return -1;
}

static void keys_of_a_file_say_that_memory_is_short(void **state)
{
    (void)state;
    /* chain, text, sections, a name, properties, names and values, a continuation */
    assert_in_range(count_refusals("[default]\naws_access_key_id = AKIAEXAMPLE\n"
                                   "aws_secret_access_key = " SECRET "\ns3 =\n a = b\n"
                                   "[services x]\nlambda =\n endpoint_url = u\n"),
                    12, 60);
}

static void keys_of_a_helper_say_that_memory_is_short(void **state)
{
    (void)state;
    /* beside the file: the helper's environment and its text */
    assert_in_range(
        count_refusals("[default]\ncredential_process = printf "
                       "'{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET
                       "\"}'\n"),
        7, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_a_file_say_that_memory_is_short),
        cmocka_unit_test(keys_of_a_helper_say_that_memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
