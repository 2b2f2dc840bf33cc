/* SPDX-License-Identifier: GPL-3.0-or-later
 * credential_process: a program that prints keys; and the AWS CLI as one.
 */
#include <stdio.h>
#include <string.h>

#include "probes/aws/command_words.h"
#include "probes/aws/credential_json.h"
#include "probes/aws/provider.h"
#include "probes/os/process.h"

enum { PROCESS_TIMEOUT_MS = 60000 };

/* Our keys are no business of a helper's; it gets what else we have. */
static const char *const HIDDEN[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                     "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                     NULL};

/* Only how it ended and how much it said: what it printed may be a secret. */
static enum cp_code check_end(const struct cp_process_result *result, const char *program,
                              struct cp_error *err)
{
    if (result->signal_number)
        return cp_fail(err, CP_EREMOTE, "'%s' was ended by signal %d (%zu bytes on its stderr)",
                       program, result->signal_number, result->n_error_text);
    if (result->exit_status)
        return cp_fail(err, CP_EREMOTE,
                       "'%s' ended with status %d (%zu bytes on its stderr; run it by hand to see "
                       "them)",
                       program, result->exit_status, result->n_error_text);
    return CP_OK;
}

static enum cp_code run(const struct cp_provider_world *world, const char *const *argv,
                        struct cp_credentials *out, struct cp_error *err)
{
    const struct cp_process_options options = {
        .argv = argv,
        .hidden = HIDDEN,
        .timeout_ms = PROCESS_TIMEOUT_MS,
        .is_interrupted = world->is_interrupted,
        .interrupt_context = world->interrupt_context,
    };
    struct cp_process_result result;
    struct cp_buf text;
    cp_buf_init(&text, CP_CREDENTIAL_JSON_MAX);
    (void)cp_buf_reserve(&text, CP_CREDENTIAL_JSON_MAX); /* once: growing leaves copies behind */
    enum cp_code code = cp_process_run(&options, &text, &result, err);
    if (!code)
        code = check_end(&result, argv[0], err);
    if (!code) {
        code = cp_credential_json_read(CP_CREDENTIAL_PROCESS, cp_buf_view(&text), out, err);
        if (code)
            (void)cp_fail_context(err, "'%s'", argv[0]);
    }
    cp_shared_wipe(&text);
    return cp_provider_fault(code, err);
}

enum cp_code cp_profile_process(const struct cp_provider_world *world,
                                const struct cp_ini_section *profile, struct cp_credentials *out,
                                struct cp_error *err)
{
    const char *line = cp_ini_get(profile, "credential_process");
    struct cp_command_words words;
    *out = (struct cp_credentials){0};
    if (!line || !line[0])
        return cp_fail(err, CP_ENOTFOUND, "no credential_process");
    enum cp_code code = cp_command_words_split(line, &words, err);
    if (!code)
        code = run(world, words.argv, out, err);
    if (code)
        (void)cp_fail_context(err, "credential_process of profile '%s'", profile->name);
    explicit_bzero(words.text, sizeof words.text);
    return code;
}

static enum cp_code process_get(const struct cp_provider_world *world, struct cp_credentials *out,
                                struct cp_error *err)
{
    return cp_profile_process(world, cp_shared_profile(world->config), out, err);
}

static enum cp_code aws_cli_get(const struct cp_provider_world *world, struct cp_credentials *out,
                                struct cp_error *err)
{
    const char *const argv[] = {"aws",     "configure", "export-credentials",   "--format",
                                "process", "--profile", world->config->profile, NULL};
    *out = (struct cp_credentials){0};
    enum cp_code code = run(world, argv, out, err);
    return code ? cp_fail_context(err, "--credentials-from aws-cli needs the AWS CLI, version 2")
                : CP_OK;
}

const struct cp_provider cp_provider_process = {"credential_process", process_get};
const struct cp_provider cp_provider_aws_cli = {"aws-cli", aws_cli_get};
