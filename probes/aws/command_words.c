/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/command_words.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies one word, unquoted, to `*to`; returns where the line goes on, NULL: an open quote or a
 * backslash at the end. The copy is never longer than what it is made of. */
static const char *take_word(const char *at, char **to)
{
    char quote = '\0';
    for (; *at && (quote || !is_blank(*at)); at++) {
        bool is_escape = *at == '\\' && quote != '\'';
        if (is_escape && quote == '"' && at[1] != '"' && at[1] != '\\')
            is_escape = false;
        if (is_escape && !at[1])
            return NULL;
        if (is_escape)
            *(*to)++ = *++at;
        else if (quote ? *at == quote : *at == '"' || *at == '\'')
            quote = quote ? '\0' : *at;
        else
            *(*to)++ = *at;
    }
    *(*to)++ = '\0';
    return quote ? NULL : at;
}

enum cp_code cp_command_words_split(const char *line, struct cp_command_words *out,
                                    struct cp_error *err)
{
    char *to = out->text;
    out->n = 0;
    if (strlen(line) >= sizeof out->text)
        return cp_fail(err, CP_ELIMIT, "the command is longer than %zu characters",
                       sizeof out->text - 1);
    for (;;) {
        while (is_blank(*line))
            line++;
        if (!*line)
            break;
        if (out->n == CP_COMMAND_WORDS_MAX)
            return cp_fail(err, CP_ELIMIT, "the command has more than %d words",
                           CP_COMMAND_WORDS_MAX);
        out->argv[out->n++] = to;
        line = take_word(line, &to);
        if (!line)
            return cp_fail(err, CP_EFORMAT, "the command ends inside a quote or after a backslash");
    }
    out->argv[out->n] = NULL;
    return out->n ? CP_OK : cp_fail(err, CP_EFORMAT, "the command is empty");
}
