/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/log/log_json_app.h"

#include <stdint.h>
#include <string.h>

#include "probes/log/log_digits.h"
#include "probes/record/record.h"

/* Two copies of one text: of 16 bytes for what every machine has, and of 32 where AVX2 is. */
#define LANES 16
#define NAME  is_plainly_app_16
#define TARGET
#include "probes/log/log_json_scan.h"
#if defined(__x86_64__)
#define LANES  32
#define NAME   is_plainly_app_32
#define TARGET __attribute__((target("avx2")))
#include "probes/log/log_json_scan.h"

static bool is_plainly_app(struct cp_view m)
{
    return __builtin_cpu_supports("avx2") ? is_plainly_app_32(m) : is_plainly_app_16(m);
}
#else
static bool is_plainly_app(struct cp_view m)
{
    return is_plainly_app_16(m);
}
#endif

static const char *find(struct cp_view in, const char *what)
{
    return memmem(in.p, in.n, what, strlen(what));
}

/* \u0020 .. \u007f: a key or a type that is written so is read all the same. */
static bool has_ascii_escape(struct cp_view m)
{
    for (const char *at = find(m, "\\u00"); at;) {
        size_t n = m.n - (size_t)(at - m.p);
        if (n > 4 && at[4] >= '2' && at[4] <= '7')
            return true;
        m = (struct cp_view){at + 4, n - 4};
        at = find(m, "\\u00");
    }
    return false;
}

/* What the parser looks for in JSON, whole or broken. */
static bool is_app(struct cp_view m)
{
    static const char *const hints[] = {"\"platform.", "\"initializationType\"", "\"durationMs\"",
                                        "\"@message\"", "\"logStreamName\""};
    size_t n_open = 0;
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (find(m, hints[i]))
            return false;
    }
    for (size_t i = 0; i < m.n; i++)
        n_open += m.p[i] == '{' || m.p[i] == '[';
    return n_open <= CP_RECORD_JSON_DEPTH_MAX && !has_ascii_escape(m) &&
           !(find(m, "\"record\"") && find(m, "\"type\""));
}

/* {"time":"2026-10-08T14:03:11.482Z","type":"platform.report", ... as the platform writes it. */
static enum cp_log_class platform_class(struct cp_view m)
{
    enum { AT = sizeof("{\"time\":\"2026-10-08T14:03:11.482Z\",") - 1 };
    const char *p = m.p + AT;
    const char *end = m.p + m.n;
    if (m.n <= AT || !CP_LOG_SKIP(&p, end, "\"type\":\"platform."))
        return CP_CLASS_APP;
    if (CP_LOG_SKIP(&p, end, "report\""))
        return CP_CLASS_JSON_REPORT;
    return CP_LOG_SKIP(&p, end, "start\"") ? CP_CLASS_JSON_START : CP_CLASS_OTHER;
}

enum cp_log_class cp_log_json_class(struct cp_view m)
{
    enum cp_log_class is = platform_class(m);
    if (is != CP_CLASS_APP)
        return is;
    if (m.n > CP_RECORD_LINE_MAX)
        return CP_CLASS_OTHER;
    return is_plainly_app(m) || is_app(m) ? CP_CLASS_APP : CP_CLASS_OTHER;
}
