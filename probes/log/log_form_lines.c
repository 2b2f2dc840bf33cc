/* SPDX-License-Identifier: GPL-3.0-or-later
 * The rows of the forms with one event a line. The first 64 KiB are looked at line by line: lines
 * with a platform record behind a form's prefix say most, lines with the prefix say something.
 */
#include <string.h>

#include "probes/log/log_form_rows.h"
#include "probes/log/log_form_tokens.h"

enum { TOKENS_MAX = 3 };

/* --- what stands in front of a message --- */

static bool is_word(struct cp_view v)
{
    return v.n > 0 && v.p[0] != '{' && v.p[0] != '"';
}

typedef bool token_fn(struct cp_view v);

struct shape {
    token_fn *tokens[TOKENS_MAX];
};

/* The message behind the form's tokens; false when the line has none of that shape. */
static bool take_shape(const struct shape *shape, struct cp_view line, struct cp_view *message)
{
    for (size_t i = 0; i < TOKENS_MAX && shape->tokens[i]; i++) {
        struct cp_view word = {0};
        if (!cp_view_split(&line, ' ', &word) || !shape->tokens[i](word))
            return false;
        /* awslogs pads streams to one width; a message may begin with blanks itself */
        while (i + 1 < TOKENS_MAX && shape->tokens[i + 1] && cp_view_skip(&line, " "))
            ;
    }
    *message = line;
    return true;
}

/* --- platform records --- */

static bool is_text_record(struct cp_view message)
{
    static const char *const words[] = {
        "REPORT RequestId: ", "START RequestId: ", "END RequestId: ", "INIT_START Runtime",
        "INIT_REPORT ",       "RESTORE_START ",    "RESTORE_REPORT ",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (cp_view_has_prefix(message, words[i]))
            return true;
    }
    return false;
}

static bool is_json_record(struct cp_view message)
{
    static const char *const types[] = {"\"type\":\"platform.", "\"type\": \"platform."};
    if (!cp_view_has_prefix(message, "{"))
        return false;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (memmem(message.p, message.n, types[i], strlen(types[i])))
            return true;
    }
    return false;
}

/* --- all lines of the head --- */

struct census {
    size_t lines, shaped, text_records, json_records;
};

typedef bool shape_fn(const struct shape *shape, struct cp_view line, struct cp_view *message);

static struct census count_lines(struct cp_view head, const struct shape *shape, shape_fn *take)
{
    struct census census = {0};
    struct cp_view line;
    while (cp_view_split(&head, '\n', &line)) {
        struct cp_view message = {0};
        if (cp_view_trim(line).n == 0)
            continue;
        census.lines++;
        if (!take(shape, line, &message))
            continue;
        census.shaped++;
        census.text_records += is_text_record(message);
        census.json_records += is_json_record(message);
    }
    return census;
}

static int judge(const struct census *census)
{
    enum { MOST = 30, SHARE = 10, LEAST_SHARE = 2 };
    size_t records = census->text_records + census->json_records;
    if (records)
        return CP_SURE_RECORDS + (int)(records < MOST ? records : MOST);
    size_t share = census->lines ? SHARE * census->shaped / census->lines : 0;
    return share >= LEAST_SHARE ? CP_SURE_SHAPE + (int)share : CP_SURE_NOT;
}

static int match_shape(struct cp_view head, const struct shape *shape)
{
    struct census census = count_lines(head, shape, take_shape);
    return judge(&census);
}

/* --- the forms --- */

/* Text is what is left when nothing else fits, so the shape says nothing. */
static int match_plain(struct cp_view head)
{
    static const struct shape shape = {{NULL}};
    struct census census = count_lines(head, &shape, take_shape);
    return census.text_records ? judge(&census) : CP_SURE_DEFAULT;
}

static int match_json_lines(struct cp_view head)
{
    static const struct shape shape = {{NULL}};
    struct census census = count_lines(head, &shape, take_shape);
    return census.json_records && !census.text_records ? CP_SURE_OPENING + 1 : CP_SURE_NOT;
}

static int match_detailed(struct cp_view head)
{
    static const struct shape shape = {{cp_log_is_time, cp_log_is_stream}};
    return match_shape(head, &shape);
}

static int match_short(struct cp_view head)
{
    static const struct shape shape = {{cp_log_is_time}};
    return match_shape(head, &shape);
}

static int match_sam(struct cp_view head)
{
    static const struct shape shape = {{cp_log_is_stream, cp_log_is_time}};
    return match_shape(head, &shape);
}

static int match_awslogs(struct cp_view head)
{
    static const struct shape shape = {{is_word, cp_log_is_stream, cp_log_is_time}};
    return match_shape(head, &shape);
}

static bool take_epoch(const struct shape *shape, struct cp_view line, struct cp_view *message)
{
    struct cp_view word = {0};
    (void)shape;
    *message = line;
    return cp_view_split(message, '\t', &word) && cp_log_is_epoch(word);
}

static int match_epoch(struct cp_view head)
{
    struct census census = count_lines(head, NULL, take_epoch);
    return judge(&census);
}

#define LINE_FORM(id, a_name, form, a_match, a_summary)                                            \
    const struct cp_log_form cp_log_form_##id = {                                                  \
        .name = (a_name),                                                                          \
        .summary = (a_summary),                                                                    \
        .is_lines = true,                                                                          \
        .lines = (form),                                                                           \
        .match = (a_match),                                                                        \
    }

LINE_FORM(plain, "plain text", CP_LINES_PLAIN, match_plain,
          "messages alone, one a line, as in the console or a log tail");
LINE_FORM(json_lines, "JSON lines", CP_LINES_PLAIN, match_json_lines,
          "messages of functions with JSON log format, one a line");
LINE_FORM(detailed, "aws logs tail", CP_LINES_DETAILED, match_detailed,
          "`aws logs tail`: time, stream, message");
LINE_FORM(short, "aws logs tail --format short", CP_LINES_SHORT, match_short,
          "`aws logs tail --format short`, and exports to S3: time, message; lines without a time "
          "continue the message");
LINE_FORM(sam, "sam logs", CP_LINES_SAM, match_sam, "`sam logs`: stream, time, message");
LINE_FORM(awslogs, "awslogs", CP_LINES_AWSLOGS, match_awslogs,
          "`awslogs get`: group, stream, time, message");
LINE_FORM(epoch, "epoch", CP_LINES_EPOCH, match_epoch,
          "unix milliseconds, tab, message (`--query 'events[].[timestamp,message]' --output "
          "text`)");
