/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading a query: tokens, expressions (query_read.c) and commands (query_command.c).
 */
#ifndef COLDPROF_PROBES_LOCAL_QUERY_READER_H
#define COLDPROF_PROBES_LOCAL_QUERY_READER_H

#include "probes/local/query_tree.h"

struct cp_ql_reader {
    struct cp_ql_query *query;
    struct cp_view rest;
    int depth;
    bool is_in_stats; /* aggregates may be used */
    struct cp_error *err;
};

/* Blanks, line ends and comments. */
void cp_ql_skip_space(struct cp_ql_reader *r);
/* A symbol, or a word in any case, after space; false: something else is there. */
bool cp_ql_take_symbol(struct cp_ql_reader *r, const char *symbol);
bool cp_ql_take_word(struct cp_ql_reader *r, const char *word);
/* The start of what is left, for messages. */
enum cp_code cp_ql_fail_at(struct cp_ql_reader *r, const char *wanted);
/* A name: @message, record.type, `a-b`. */
enum cp_code cp_ql_take_name(struct cp_ql_reader *r, struct cp_view *name);
/* 'text' or "text", with its escapes resolved in place. */
enum cp_code cp_ql_take_quoted(struct cp_ql_reader *r, struct cp_view *text);
enum cp_code cp_ql_take_pattern(struct cp_ql_reader *r, struct cp_ql_pattern **pattern);
bool cp_ql_is_next(struct cp_ql_reader *r, char c);
enum cp_code cp_ql_take_expression(struct cp_ql_reader *r, size_t *at);
enum cp_code cp_ql_slot_of(struct cp_ql_reader *r, struct cp_view name, size_t *slot);
enum cp_code cp_ql_read_commands(struct cp_ql_reader *r);

#endif
