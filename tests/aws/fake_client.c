/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/aws/fake_client.h"

#include "tests/test.h"

struct cp_lambda *client_with(struct cp_client_options options)
{
    struct cp_lambda *l = NULL;
    struct cp_error err;
    if (!options.region)
        options.region = "eu-central-1";
    if (!options.http)
        options.http = &fake_http_ops;
    if (!options.clock)
        options.clock = &fake_clock;
    if (!options.endpoint_url && !options.credential_source)
        options.credentials = (struct cp_credentials){.access_key_id = "AKIDEXAMPLE",
                                                      .secret_access_key = SECRET,
                                                      .session_token = "tokentokentoken"};
    if (cp_lambda_new(&options, &l, &err))
        fail_msg("%s", err.text);
    return l;
}

struct cp_lambda *client(const struct fake_answer *answers, size_t n)
{
    fake_http_script(answers, n);
    return client_with((struct cp_client_options){0});
}
