/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *cp_code_text(enum cp_code code)
{
    static const char *const texts[] = {
#define CP_CODE_TEXT(code, text) [code] = (text),
        CP_CODE_LIST(CP_CODE_TEXT)
#undef CP_CODE_TEXT
    };
    size_t i = (size_t)code;
    return i < sizeof texts / sizeof texts[0] ? texts[i] : "unknown error";
}

enum cp_code cp_fail(struct cp_error *err, enum cp_code code, const char *fmt, ...)
{
    if (err) {
        /* formatted aside first: an argument may point into err->text itself */
        char text[CP_ERROR_TEXT_MAX];
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(text, sizeof text, fmt, args);
        va_end(args);
        err->code = code;
        memcpy(err->text, text, sizeof text);
    }
    return code;
}

enum cp_code cp_fail_context(struct cp_error *err, const char *fmt, ...)
{
    if (!err)
        return CP_EINVAL;
    char prefix[CP_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(prefix, sizeof prefix, fmt, args);
    va_end(args);
    return cp_fail(err, err->code, "%s: %s", prefix, err->text);
}
