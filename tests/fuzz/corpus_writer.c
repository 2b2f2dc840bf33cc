/* SPDX-License-Identifier: GPL-3.0-or-later
 * Writes the sample records as seed files: corpus_writer DIRECTORY...
 */
#include <stdio.h>

#include "tests/record/sample_lines.h"

static int write_seed(const char *dir, const char *set, size_t i, struct cp_view raw)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s-%03zu", dir, set, i);
    FILE *file = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "wb") : NULL;
    if (!file) {
        (void)fprintf(stderr, "cannot write '%s'\n", path);
        return 1;
    }
    size_t written = raw.n ? fwrite(raw.p, 1, raw.n, file) : 0;
    return (fclose(file) != 0) | (written != raw.n);
}

static int write_all(const char *dir, const char *set, const char *source)
{
    int failed = 0;
    struct sample_lines lines = sample_lines_read(source);
    for (size_t i = 0; i < lines.n && !failed; i++)
        failed = write_seed(dir, set, i, lines.rows[i].raw);
    sample_lines_clear(&lines);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc && !failed; i++)
        failed = write_all(argv[i], "good", SAMPLE_LINES_GOOD) ||
                 write_all(argv[i], "malformed", SAMPLE_LINES_MALFORMED);
    return failed;
}
