/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes seed files below a directory, one folder for each fuzz target: the sample records, and
 * for the readers of the service the texts below.
 */
#include <stdio.h>

#include "tests/record/sample_lines.h"

#define HOST      "Host: 127.0.0.1:9001\r\n"
#define FUNCTIONS "/2015-03-31/functions/"
#define SIGNED                                                                                     \
    "X-Amz-Date: 19700101T000001Z\r\n"                                                             \
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/19700101/us-east-1/lambda/"            \
    "aws4_request, SignedHeaders=host;x-amz-date, Signature="                                      \
    "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\r\n"

static const char *const record_targets[] = {"record", "log_tail", "log_sink"};

static const struct {
    const char *target, *text;
} seeds[] = {
    {"journal", "1 begin format=1 run=7f3a token=7f3a-00000001 method=in-place function=arn:x "
                "region=us-east-1 endpoint= shadow= memory=256 highest=12 sizes=128,512\n"
                "2 intent change=set-memory memory=512\n3 result change=set-memory outcome=ok\n"},
    {"journal", "coldprof 7f3a-00000001 memory=256 highest=12 sizes=128,512"},
    {"request", "POST " FUNCTIONS "hello/invocations HTTP/1.1\r\n" HOST SIGNED
                "X-Amz-Log-Type: Tail\r\nContent-Length: 2\r\n\r\n{}"},
    {"request", "GET " FUNCTIONS "hello?Qualifier=%24LATEST HTTP/1.1\r\n" HOST "\r\n"},
    {"request", "GET " FUNCTIONS "?MaxItems=1&FunctionVersion=ALL HTTP/1.1\r\n" HOST "\r\n"},
    {"request", "PUT " FUNCTIONS "hello/configuration HTTP/1.1\r\n" HOST "\r\n"
                "{\"MemorySize\":256,\"Environment\":{\"Variables\":{\"A\":\"b\"}}}"},
    {"request", "POST " FUNCTIONS "hello/versions HTTP/1.1\r\n" HOST "\r\n{}"},
    {"request", "POST " FUNCTIONS "hello/aliases HTTP/1.1\r\n" HOST "\r\n"
                "{\"Name\":\"live\",\"FunctionVersion\":\"1\"}"},
    {"request", "PUT /2017-10-31/functions/hello/concurrency HTTP/1.1\r\n" HOST "\r\n"
                "{\"ReservedConcurrentExecutions\":5}"},
    {"request",
     "PUT /2019-09-30/functions/hello/provisioned-concurrency?Qualifier=1 HTTP/1.1\r\n" HOST
     "\r\n{\"ProvisionedConcurrentExecutions\":1}"},
    {"request", "POST " FUNCTIONS " HTTP/1.1\r\n" HOST "\r\n"
                "{\"FunctionName\":\"made\",\"Role\":\"arn:aws:iam::123456789012:role/r\","
                "\"Runtime\":\"provided\",\"Handler\":\"h\",\"Code\":{\"ZipFile\":\"QUJD\"},"
                "\"Publish\":true,\"Tags\":{\"a\":\"b\"},\"Layers\":[\"l\"]}"},
    {"request", "PUT " FUNCTIONS "hello/code HTTP/1.1\r\n" HOST "\r\n{\"ZipFile\":\"QUJD\"}"},
    {"request", "POST " FUNCTIONS "hello/policy HTTP/1.1\r\n" HOST "\r\n"
                "{\"StatementId\":\"s\",\"Action\":\"lambda:*\",\"Principal\":\"*\"}"},
    {"request", "POST /2021-10-31/functions/hello/url HTTP/1.1\r\n" HOST "\r\n"
                "{\"AuthType\":\"NONE\",\"Cors\":{}}"},
    {"request", "PUT /2019-09-25/functions/hello/event-invoke-config HTTP/1.1\r\n" HOST "\r\n"
                "{\"MaximumRetryAttempts\":1}"},
    {"request", "POST /2015-03-31/event-source-mappings HTTP/1.1\r\n" HOST "\r\n"
                "{\"FunctionName\":\"hello\",\"EventSourceArn\":\"arn:q\"}"},
    {"request", "DELETE /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3A"
                "function%3Ahello?tagKeys=a HTTP/1.1\r\n" HOST "\r\n"},
    {"function_ini", "handler = handler.handler\nruntime = python3\ntimeout = 3\nmemory = 128\n"
                     "[environment]\nTABLE = orders\n"},
    {"aws_ini", "[default]\nregion = x # c\ns3 =\n  a = b\n[profile a]\nrole_arn = arn:x\n"
                "source_profile = b\n[profile b]\naws_access_key_id=A\naws_secret_access_key=S\n"},
    {"credential_json", "{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\","
                        "\"Expiration\":\"2026-10-08T14:03:11Z\"}"},
    {"credential_json", "{\"accessToken\":\"T\",\"expiresAt\":\"2026-10-08T14:03:11UTC\"}"},
    {"sts_xml", "<?xml version=\"1.0\"?><R><Credentials><AccessKeyId>A&amp;B</AccessKeyId>"
                "<Expiration/></Credentials></R>"},
    {"aws_name", "arn:aws:lambda:eu-west-1:123456789012:function:name:live"},
    {"aws_name", "helper --flag 'a b' \"c\\\"d\""},
    {"digest", "raw no\ncounts 3\ncount a 1 an%20example\nscope f 7 -\n"
               "span 1700000000000 1700000000001\ncell 128 warm measured 2\n"
               "duration 2010 1000 1010 1275:1 1277:1\nhour 472222 0:1 59:0,0,0,4\n"
               "streams some\nstream 00000000000000ff 4 1 1700000000000+5 70000+1\n"
               "sampled all\nrequest 0000000000000001 0000000000000002 -1 3 failed\n"
               "era init-paid 2 1\nnoted start 4\ntally x 0\ntext a 4\n"},
    {"digest", "raw yes\ncounts 0\nscope f - -\ncell 128 warm error 1\nnoted exit 1\n"
               "record -1 00000000000000000000000000000001 5 6 -1 -1 -1 128 64 warm error - X\n"
               "note -1 00000000000000000000000000000001 exit -1 killed\n"},
    {"log_decoder", "\x0b{\"events\":[{\"timestamp\":1,\"message\":\"a\\u00e9\",\"id\":\"1\"}]}"},
    {"log_decoder",
     "\x0b[[{\"field\":\"@message\",\"value\":\"m\"}],{\"@duration\":1}]x\n{\"a\":1}"},
    {"log_decoder", "\x0f{\"awslogs\":{\"data\":\"eyJhIjoxfQ==\"}}"},
    {"traffic",
     "[week]\ndefault = 1/s\nmon-fri 08:00-18:00 = 20/s\nutc_offset = +02:00\nburst = 4\n"},
    {"traffic", "time,count\n2026-10-05T08:00:00Z,3\n2026-10-05T08:02:00Z,4\n"},
    {"traffic", "{\"MetricDataResults\":[{\"Label\":\"Invocations\",\"Timestamps\":["
                "\"2026-10-05T08:00:00Z\"],\"Values\":[3]}]}"},
    {"traffic", "{\"Datapoints\":[{\"Timestamp\":\"2026-10-05T08:00:00Z\",\"Sum\":3}]}"},
    {"traffic", "0.5\n1.5\n9\n"},
    {"night_line",
     "{\"schema\":1,\"kind\":\"night\",\"function\":\"f\",\"place\":\"p\",\"region\":\"r\","
     "\"architecture\":\"a\",\"started_at\":\"2026-10-08T01:00:00.000Z\",\"run_id\":\"7f3a\","
     "\"runtime\":\"python3.12\",\"runtime_version_arn\":\"\",\"code_sha256\":\"q=\","
     "\"code_size_bytes\":24,\"layers\":[\"arn:a:1\",\"arn:b:2\"],\"memory_size_mb\":1024,"
     "\"payload_sha256\":\"44\",\"method\":\"in "
     "place\",\"host\":null,\"coldprof_version\":\"0.6.0\",\"metrics\":[{\"metric\":"
     "\"1024MB/init-p99\",\"n\":100,\"ms\":250.1,\"low_ms\":240,\"high_ms\":null,"
     "\"at_timeout\":[\"high_ms\"]},{\"metric\":\"128MB/warm-p50\",\"n\":7,\"ms\":2}]}"},
    {"night_line",
     "{\"schema\":1,\"kind\":\"acceptance\",\"function\":\"f\",\"place\":\"p\",\"region\":\"r\","
     "\"architecture\":\"a\",\"at\":\"2026-10-09T08:00:00Z\",\"note\":\"new SDK\"}"},
    {"price_file",
     "{\"format\":\"coldprof prices\",\"version\":1,\"region\":\"r\",\"date\":\"2026-10-01\","
     "\"source\":\"s\",\"books\":[{\"architecture\":\"x86_64\",\"request_usd\":2e-7,"
     "\"duration\":[{\"from_gb_s\":0,\"usd_per_gb_s\":1e-5},"
     "{\"from_gb_s\":9,\"usd_per_gb_s\":1e-6}],\"storage_usd_per_gb_s\":null}]}"},
    {"price_list",
     "{\"offerCode\":\"AWSLambda\",\"publicationDate\":\"2026-09-19T00:00:00Z\",\"products\":{"
     "\"A\":{\"attributes\":{\"group\":\"AWS-Lambda-Requests\",\"regionCode\":\"us-east-1\"}},"
     "\"B\":{\"attributes\":{\"group\":\"AWS-Lambda-Duration\",\"regionCode\":\"us-east-1\"}}},"
     "\"terms\":{\"OnDemand\":{\"A\":{\"A.J\":{\"effectiveDate\":\"1\",\"priceDimensions\":{\"a\":{"
     "\"beginRange\":\"0\",\"pricePerUnit\":{\"USD\":\"2\"}}}}},\"B\":{\"B.J\":{\"effectiveDate\":"
     "\"1\",\"priceDimensions\":{\"a\":{\"beginRange\":\"0\",\"pricePerUnit\":{\"USD\":\"3\"}},"
     "\"b\":{\"beginRange\":\"5\",\"pricePerUnit\":{\"USD\":\"1\"}}}}}}}}"},
    {"json_text", "{\"a\":[1,-2.5e+3,true,false,null,\"\\u00e4\\ud83d\\ude00\"],\"b\":{}}"},
};

/* Of Python's zipfile: a file "a/b" and a link "l" to it. */
static const unsigned char zip_seed[] = {
    0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00, 0x83, 0x16,
    0xdc, 0x8c, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x61, 0x2f,
    0x62, 0x78, 0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x00,
    0x1c, 0x40, 0xf4, 0x07, 0x03, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
    0x6c, 0x61, 0x2f, 0x62, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x21, 0x00, 0x83, 0x16, 0xdc, 0x8c, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
    0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00,
    0x00, 0x00, 0x61, 0x2f, 0x62, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x21, 0x00, 0x1c, 0x40, 0xf4, 0x07, 0x03, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00,
    0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xa1, 0x22,
    0x00, 0x00, 0x00, 0x6c, 0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x02, 0x00,
    0x60, 0x00, 0x00, 0x00, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static int write_seed(const char *root, const char *target, const char *set, size_t i,
                      struct cp_view raw)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s/%s-%03zu", root, target, set, i);
    FILE *file = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "wb") : NULL;
    if (!file) {
        (void)fprintf(stderr, "cannot write '%s'\n", path);
        return 1;
    }
    size_t written = raw.n ? fwrite(raw.p, 1, raw.n, file) : 0;
    return (fclose(file) != 0) | (written != raw.n);
}

static int write_records(const char *root, const char *target, const char *set, const char *source)
{
    int failed = 0;
    struct sample_lines lines = sample_lines_read(source);
    for (size_t i = 0; i < lines.n && !failed; i++)
        failed = write_seed(root, target, set, i, lines.rows[i].raw);
    sample_lines_clear(&lines);
    return failed;
}

static int write_texts(const char *root)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds) && !failed; i++)
        failed = write_seed(root, seeds[i].target, "text", i, cp_view_of(seeds[i].text));
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: corpus_writer DIRECTORY\n");
        return 2;
    }
    const struct cp_view zip = {(const char *)zip_seed, sizeof zip_seed};
    int failed = write_texts(argv[1]) || write_seed(argv[1], "code_zip", "zip", 0, zip);
    for (size_t i = 0; i < 2 && !failed; i++)
        failed = write_records(argv[1], record_targets[i], "good", SAMPLE_LINES_GOOD) ||
                 write_records(argv[1], record_targets[i], "malformed", SAMPLE_LINES_MALFORMED);
    return failed;
}
