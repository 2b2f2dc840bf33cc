/* SPDX-License-Identifier: GPL-3.0-or-later
 * Our Lambda client against a server that is not ours: reads, changes, publishes, names, tags, and
 * says what it read, one NAME=VALUE a line. The test compares that with what boto3 reads.
 *
 *     lambda_client ENDPOINT FUNCTION ARN
 */
#include <stdio.h>
#include <stdlib.h>

#include "probes/aws/lambda.h"
#include "probes/aws/lambda_alias.h"
#include "probes/aws/lambda_copy.h"

enum { WAIT_MS = 30000, NEW_MEMORY_MB = 512 };

static void say_config(const char *what, const struct cp_function_config *c)
{
    (void)printf("%s.FunctionName=%s\n%s.Runtime=%s\n%s.Handler=%s\n", what, c->name, what,
                 c->runtime, what, c->handler);
    (void)printf("%s.MemorySize=%d\n%s.Timeout=%d\n%s.CodeSha256=%s\n", what, c->memory_size_mb,
                 what, c->timeout_s, what, c->code_sha256);
    (void)printf("%s.Version=%s\n%s.PackageType=%s\n%s.Architecture=%s\n", what, c->version, what,
                 c->package_type, what, c->architecture);
    (void)printf("%s.Description=%s\n", what, c->description);
}

static bool on_version(void *context, const struct cp_function_config *version)
{
    (void)printf("%s=%s\n", (const char *)context, version->version);
    return true;
}

static bool on_function(void *context, const struct cp_function_config *function)
{
    (void)printf("%s=%s\n", (const char *)context, function->name);
    return true;
}

static bool on_alias(void *context, const struct cp_alias_config *alias)
{
    (void)printf("%s=%s:%s\n", (const char *)context, alias->name, alias->version);
    return true;
}

static enum cp_code read_and_change(struct cp_lambda *l, const char *function,
                                    struct cp_function_config *config, struct cp_error *err)
{
    int reserved = 0;
    enum cp_code code = cp_lambda_get_function(l, function, NULL, config, &reserved, err);
    if (code)
        return code;
    say_config("before", config);
    (void)printf("reserved=%d\n", reserved);
    const struct cp_function_update update = {.memory_size_mb = NEW_MEMORY_MB};
    code = cp_lambda_update_function_configuration(l, function, &update, NULL, err);
    if (!code)
        code = cp_lambda_wait_updated(l, function, WAIT_MS, NULL, err);
    if (!code)
        code = cp_lambda_get_function_configuration(l, function, NULL, config, err);
    if (!code)
        say_config("after", config);
    return code;
}

static enum cp_code publish_and_name(struct cp_lambda *l, const char *function,
                                     struct cp_error *err)
{
    static struct cp_function_config version;
    struct cp_alias_config alias = {.name = "live", .description = "named"};
    const struct cp_version_publish publish = {.description = "published"};
    enum cp_code code = cp_lambda_publish_version(l, function, &publish, &version, err);
    if (code)
        return code;
    say_config("published", &version);
    (void)snprintf(alias.version, sizeof alias.version, "%s", version.version);
    code = cp_lambda_create_alias(l, function, &alias, err);
    if (!code)
        code = cp_lambda_get_alias(l, function, "live", &alias, err);
    if (!code)
        (void)printf("alias=%s:%s:%s\n", alias.name, alias.version, alias.description);
    return code;
}

static enum cp_code list_all(struct cp_lambda *l, const char *function, struct cp_error *err)
{
    char functions[] = "functions";
    char versions[] = "versions";
    char aliases[] = "aliases";
    enum cp_code code = cp_lambda_list_functions(l, on_function, functions, err);
    if (!code)
        code = cp_lambda_list_versions(l, function, on_version, versions, err);
    if (!code)
        code = cp_lambda_list_aliases(l, function, on_alias, aliases, err);
    return code;
}

static enum cp_code run(struct cp_lambda *l, const char *function, const char *arn,
                        struct cp_error *err)
{
    static struct cp_function_config config;
    char tag[CP_TAG_VALUE_MAX];
    enum cp_code code = read_and_change(l, function, &config, err);
    if (!code)
        code = publish_and_name(l, function, err);
    if (!code)
        code = list_all(l, function, err);
    if (!code)
        code = cp_lambda_get_tag(l, arn, "coldprof:run", tag, err);
    if (!code)
        (void)printf("tag=%s\n", tag);
    if (!code)
        code = cp_lambda_put_reserved(l, function, 3, err);
    if (!code)
        code = cp_lambda_delete_alias(l, function, "live", err);
    if (code)
        return code;
    code = cp_lambda_get_function(l, "not-there", NULL, NULL, NULL, err);
    (void)printf("absent=%s\n", code == CP_ENOTFOUND ? "not found" : err->text);
    return CP_OK;
}

int main(int argc, char **argv)
{
    struct cp_error err = {.code = CP_OK};
    struct cp_lambda *lambda = NULL;
    if (argc != 4) {
        (void)fputs("usage: lambda_client ENDPOINT FUNCTION ARN\n", stderr);
        return 2;
    }
    struct cp_client_options options = {.region = "us-east-1", .endpoint_url = argv[1]};
    enum cp_code code =
        cp_credentials_static(cp_view_of("AKIDPEERTESTEXAMPLE0"), cp_view_of("peer-secret"),
                              cp_view_of(""), &options.credentials, &err);
    if (!code)
        code = cp_lambda_new(&options, &lambda, &err);
    if (!code)
        code = run(lambda, argv[2], argv[3], &err);
    cp_lambda_free(lambda);
    cp_credentials_clear(&options.credentials);
    if (code)
        (void)fprintf(stderr, "lambda_client: %s\n", err.text);
    return code ? 1 : 0;
}
