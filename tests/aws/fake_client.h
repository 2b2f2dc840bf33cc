/* SPDX-License-Identifier: GPL-3.0-or-later
 * A Lambda client over the scripted transport, and answers as AWS gives them.
 */
#ifndef COLDPROF_TESTS_AWS_FAKE_CLIENT_H
#define COLDPROF_TESTS_AWS_FAKE_CLIENT_H

#include "probes/aws/lambda.h"
#include "tests/aws/fake_http.h"

#define ARN        "arn:aws:lambda:eu-central-1:123456789012:function:f"
#define ORIGIN     "https://lambda.eu-central-1.amazonaws.com"
#define SECRET     "Zm9vYmFyc2VjcmV0"
#define REQUEST_ID "x-amzn-RequestId: 6bfb1e3c-0000-4000-8000-abcdefabcdef\n"
#define CONFIG                                                                                     \
    "{\"FunctionName\":\"f\",\"FunctionArn\":\"" ARN "\",\"Runtime\":\"python3.14\","              \
    "\"Handler\":\"app.handler\",\"CodeSize\":8201,\"Description\":\"d\",\"Timeout\":3,"           \
    "\"MemorySize\":128,\"LastModified\":\"2026-02-11T09:15:02.000+0000\","                        \
    "\"CodeSha256\":\"abc=\",\"Version\":\"$LATEST\",\"RevisionId\":\"r-1\","                      \
    "\"State\":\"Active\",\"LastUpdateStatus\":\"Successful\",\"PackageType\":\"Zip\","            \
    "\"Architectures\":[\"arm64\"],\"SnapStart\":{\"ApplyOn\":\"PublishedVersions\","              \
    "\"OptimizationStatus\":\"Off\"},\"RuntimeVersionConfig\":{\"RuntimeVersionArn\":\"rv\"},"     \
    "\"LoggingConfig\":{\"LogFormat\":\"JSON\",\"SystemLogLevel\":\"WARN\"}}"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Of eu-central-1, with keys unless an endpoint or a credential source is given. */
struct cp_lambda *client_with(struct cp_client_options options);
/* The same with a new script. */
struct cp_lambda *client(const struct fake_answer *answers, size_t n);

#endif
