/* SPDX-License-Identifier: GPL-3.0-or-later
 * The sample records of tests/data/record, with the raw bytes decoded.
 */
#ifndef COLDPROF_TESTS_RECORD_SAMPLE_LINES_H
#define COLDPROF_TESTS_RECORD_SAMPLE_LINES_H

#include "model/base/view.h"

struct cJSON;

struct sample_line {
    char *line; /* owned: the decoded raw text */
    struct cp_view raw;
    struct cJSON *json; /* owned: the whole row */
    const char *id;
};

struct sample_lines {
    struct sample_line *rows;
    size_t n;
};

#define SAMPLE_LINES_GOOD      "tests/data/record/report-lines.jsonl"
#define SAMPLE_LINES_MALFORMED "tests/data/record/report-lines-malformed.jsonl"

/* Fails the test when the file cannot be read. */
struct sample_lines sample_lines_read(const char *path);
void sample_lines_clear(struct sample_lines *lines);
/* The row whose id begins with the word `id`; fails the test when there is none. */
const struct sample_line *sample_lines_get(const struct sample_lines *lines, const char *id);

#endif
