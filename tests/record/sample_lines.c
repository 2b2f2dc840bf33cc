/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/record/sample_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#include <cjson/cJSON.h>

/* cJSON ends a string at NUL, and one sample holds a NUL: it travels as 0x01, which none holds. */
static void hide_nul(char *line)
{
    for (char *at = strstr(line, "\\u0000"); at; at = strstr(at, "\\u0000"))
        at[5] = '1';
}

static void show_nul(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\x01')
            text[i] = '\0';
    }
}

static struct sample_line read_row(char *line)
{
    hide_nul(line);
    struct sample_line row = {.json = cJSON_Parse(line)};
    const cJSON *raw = cJSON_GetObjectItemCaseSensitive(row.json, "raw");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(row.json, "id");
    assert_true(cJSON_IsString(raw) && cJSON_IsString(id));
    row.id = id->valuestring;
    size_t n = strlen(raw->valuestring);
    row.line = malloc(n + 1); /* exact size: reads past the end are seen by ASan */
    assert_non_null(row.line);
    memcpy(row.line, raw->valuestring, n);
    show_nul(row.line, n);
    row.raw = (struct cp_view){row.line, n};
    return row;
}

struct sample_lines sample_lines_read(const char *path)
{
    struct sample_lines lines = {0};
    char *line = NULL;
    size_t cap = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot open '%s'", path);
    while (getline(&line, &cap, file) > 0) {
        struct sample_line *rows = realloc(lines.rows, (lines.n + 1) * sizeof(*rows));
        assert_non_null(rows);
        lines.rows = rows;
        lines.rows[lines.n++] = read_row(line);
    }
    free(line);
    (void)fclose(file);
    return lines;
}

void sample_lines_clear(struct sample_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++) {
        cJSON_Delete(lines->rows[i].json);
        free(lines->rows[i].line);
    }
    free(lines->rows);
    *lines = (struct sample_lines){0};
}

const struct sample_line *sample_lines_get(const struct sample_lines *lines, const char *id)
{
    size_t n = strlen(id);
    for (size_t i = 0; i < lines->n; i++) {
        const char *other = lines->rows[i].id;
        if (strncmp(other, id, n) == 0 && (other[n] == '\0' || other[n] == ' '))
            return &lines->rows[i];
    }
    fail_msg("no sample '%s'", id);
    return NULL;
}
