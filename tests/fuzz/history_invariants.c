/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/history_invariants.h"

#include <stdio.h>
#include <stdlib.h>

#include "profiler/history/night_line.h"

static void must_hold(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

static void write_line(const struct cp_night_line *line, struct cp_buf *out)
{
    cp_buf_init(out, (size_t)8 * CP_NIGHT_LINE_MAX);
    if (line->is_acceptance)
        cp_acceptance_line_write(&line->night.key, &line->acceptance, out);
    else
        cp_night_line_write(&line->night, out);
    must_hold(!out->failed, "what was read can be written");
}

static void must_be_a_night(const struct cp_night_line *line)
{
    const struct cp_night *night = &line->night;
    int64_t at_ms = line->is_acceptance ? line->acceptance.at_ms : night->started_at_ms;
    must_hold(night->key.function[0] != '\0', "it is of a function");
    must_hold(at_ms >= 0, "it has a time");
    must_hold(!line->is_acceptance || !night->metrics, "an acceptance has no metrics");
    for (size_t i = 0; i < night->n_metrics; i++) {
        const struct cp_night_metric *m = &night->metrics[i];
        must_hold(i == 0 || cp_metric_key_order(&m[-1].metric, &m->metric) < 0,
                  "metrics ascend and are distinct");
        must_hold(!(m->ms.low > m->ms.value) && !(m->ms.value > m->ms.high),
                  "an interval is around its value");
        must_hold(cp_night_find(night, &m->metric) == m, "each metric is found");
    }
}

static void must_write_the_same(const struct cp_night_line *line)
{
    struct cp_buf first;
    struct cp_buf second;
    struct cp_night_line again;
    struct cp_error err = {CP_OK, ""};
    write_line(line, &first);
    must_hold(!cp_night_line_read(cp_view_trim(cp_buf_view(&first)), &again, &err),
              "what was written can be read");
    write_line(&again, &second);
    must_hold(cp_view_equal(cp_buf_view(&first), cp_buf_view(&second)), "and is the same bytes");
    cp_night_clear(&again.night);
    cp_buf_clear(&first);
    cp_buf_clear(&second);
}

void night_line_invariants_hold(struct cp_view bytes)
{
    struct cp_night_line line;
    struct cp_error err = {CP_OK, ""};
    if (cp_night_line_read(bytes, &line, &err)) {
        must_hold(err.text[0] != '\0', "a refusal says why");
        must_hold(!line.night.metrics, "and leaves nothing behind");
        return;
    }
    must_be_a_night(&line);
    must_write_the_same(&line);
    cp_night_clear(&line.night);
}
