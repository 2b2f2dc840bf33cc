/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/progress.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const struct {
    struct cp_sweep_row row;
    int width;
    const char *text;
} rows[] = {
    {{CP_CELL_COLD, 512, NAN, 30, 120, 61.44},
     80,
     "  512 MB cold [#####---------------]    30/120   p95    61.4 ms"},
    {{CP_CELL_WARM, 10240, NAN, 456, 456, 0.7},
     80,
     "10240 MB warm [####################]   456/456   p95     0.7 ms"},
    {{CP_CELL_IDLE, 0, NAN, 6, 12, NAN}, 80, "  idle search [##########----------]     6/12   "},
    {{CP_CELL_IDLE, 0, 1000, 0, 12, NAN}, 80, "      idle 1s [--------------------]     0/12   "},
    /* a bar is never full before the end, and the narrow ones go first */
    {{CP_CELL_COLD, 512, NAN, 134, 135, 61.44},
     50,
     "  512 MB cold [#####-]   134/135   p95    61.4 ms"},
    {{CP_CELL_COLD, 512, NAN, 134, 135, 61.44}, 44, "  512 MB cold   134/135   p95    61.4 ms"},
    /* of two functions it says which, and stays within the width */
    {{CP_CELL_COLD, 512, NAN, 30, 120, 61.44, "base"},
     80,
     "base   512 MB cold [#####---------------]    30/120   p95    61.4 ms"},
    {{CP_CELL_WARM, 128, NAN, 30, 120, 61.44, "new"},
     54,
     " new   128 MB warm [#----]    30/120   p95    61.4 ms"},
    {{CP_CELL_WARM, 128, NAN, 30, 120, 61.44, "new"},
     50,
     " new   128 MB warm    30/120   p95    61.4 ms"},
    /* timeouts reach into the p95: no number */
    {{CP_CELL_COLD, 128, NAN, 2, 4, INFINITY}, 44, "  128 MB cold     2/4    "},
};

static void a_row_has_name_bar_count_and_p95(void **state)
{
    (void)state;
    struct cp_buf text;
    cp_buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cp_buf_reset(&text);
        cp_progress_row_text(&rows[i].row, rows[i].width, &text);
        assert_string_equal(cp_buf_str(&text), rows[i].text);
    }
    cp_buf_clear(&text);
}

static const struct {
    struct cp_sweep_progress state;
    const char *text;
} states[] = {
    {{.phase = "cold and warm", .done = 3, .total = 40, .elapsed_ms = 900, .left_ms = NAN},
     "cold and warm: 3 of 40, 0 s"},
    {{.phase = "idle", .done = 820, .total = 3027, .elapsed_ms = 10999, .left_ms = 51200},
     "idle: 820 of 3027, 10 s, 52 s left"},
    {{.phase = "idle", .done = 1, .total = 2, .elapsed_ms = 60000, .left_ms = 150000},
     "idle: 1 of 2, 60 s, 3 min left"},
};

static void the_last_line_says_what_is_left_once_known(void **state)
{
    (void)state;
    struct cp_buf text;
    cp_buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        cp_buf_reset(&text);
        cp_progress_state_text(&states[i].state, &text);
        assert_string_equal(cp_buf_str(&text), states[i].text);
    }
    cp_buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_has_name_bar_count_and_p95),
        cmocka_unit_test(the_last_line_says_what_is_left_once_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
