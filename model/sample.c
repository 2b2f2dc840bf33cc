/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/sample.h"

#include <math.h>

static const char *const start_names[] = {
    [CP_START_UNKNOWN] = "unknown",
    [CP_START_COLD] = "cold",
    [CP_START_WARM] = "warm",
    [CP_START_SNAPSTART] = "snapstart",
};

static const char *const cell_names[] = {
    [CP_CELL_COLD] = "cold",
    [CP_CELL_WARM] = "warm",
    [CP_CELL_IDLE] = "idle",
    [CP_CELL_PRIME] = "prime",
};

static const char *const outcome_names[] = {
    [CP_OUTCOME_NOT_SENT] = "not_sent",       [CP_OUTCOME_SENT] = "sent",
    [CP_OUTCOME_MEASURED] = "measured",       [CP_OUTCOME_ERROR] = "error",
    [CP_OUTCOME_TIMEOUT] = "timeout",         [CP_OUTCOME_OUT_OF_MEMORY] = "out_of_memory",
    [CP_OUTCOME_INIT_FAILED] = "init_failed", [CP_OUTCOME_THROTTLED] = "throttled",
    [CP_OUTCOME_UNKNOWN] = "unknown",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *name_at(const char *const *names, size_t n, size_t i)
{
    return i < n ? names[i] : "?";
}

static bool index_of(const char *const *names, size_t n, struct cp_view name, size_t *i)
{
    for (*i = 0; *i < n; (*i)++) {
        if (cp_view_is(name, names[*i]))
            return true;
    }
    return false;
}

const char *cp_start_kind_name(enum cp_start_kind kind)
{
    return name_at(start_names, COUNT(start_names), (size_t)kind);
}

const char *cp_cell_kind_name(enum cp_cell_kind kind)
{
    return name_at(cell_names, COUNT(cell_names), (size_t)kind);
}

const char *cp_outcome_name(enum cp_outcome outcome)
{
    return name_at(outcome_names, COUNT(outcome_names), (size_t)outcome);
}

bool cp_outcome_by_name(struct cp_view name, enum cp_outcome *outcome)
{
    size_t i = 0;
    if (!index_of(outcome_names, COUNT(outcome_names), name, &i))
        return false;
    *outcome = (enum cp_outcome)i;
    return true;
}

bool cp_start_kind_by_name(struct cp_view name, enum cp_start_kind *kind)
{
    size_t i = 0;
    if (!index_of(start_names, COUNT(start_names), name, &i))
        return false;
    *kind = (enum cp_start_kind)i;
    return true;
}

bool cp_cell_kind_by_name(struct cp_view name, enum cp_cell_kind *kind)
{
    size_t i = 0;
    if (!index_of(cell_names, COUNT(cell_names), name, &i))
        return false;
    *kind = (enum cp_cell_kind)i;
    return true;
}

struct cp_sample cp_sample_planned(enum cp_cell_kind kind, int memory_size_mb)
{
    return (struct cp_sample){
        .kind = kind,
        .memory_size_mb = memory_size_mb,
        .idle_interval_ms = NAN,
        .idle_actual_ms = NAN,
        .batch = -1,
        .scheduled_at_ms = -1,
        .sent_at_ms = -1,
        .client_ms = NAN,
        .duration_ms = NAN,
        .billed_duration_ms = NAN,
        .init_duration_ms = NAN,
        .restore_duration_ms = NAN,
        .max_memory_used_mb = -1,
        .http_status = -1,
    };
}

struct cp_accounting cp_accounting_of(const struct cp_sample *samples, size_t n)
{
    struct cp_accounting a = {.planned = n};
    size_t *const counter[] = {
        [CP_OUTCOME_NOT_SENT] = &a.not_sent,  [CP_OUTCOME_SENT] = &a.unknown,
        [CP_OUTCOME_MEASURED] = &a.measured,  [CP_OUTCOME_ERROR] = &a.failed,
        [CP_OUTCOME_TIMEOUT] = &a.failed,     [CP_OUTCOME_OUT_OF_MEMORY] = &a.failed,
        [CP_OUTCOME_INIT_FAILED] = &a.failed, [CP_OUTCOME_THROTTLED] = &a.throttled,
        [CP_OUTCOME_UNKNOWN] = &a.unknown,
    };
    for (size_t i = 0; i < n; i++) {
        if ((size_t)samples[i].outcome < COUNT(counter))
            (*counter[samples[i].outcome])++;
    }
    return a;
}

bool cp_accounting_holds(const struct cp_accounting *a)
{
    return a->planned == a->measured + a->failed + a->throttled + a->unknown + a->not_sent;
}

const char *cp_startup_word(enum cp_start_kind fresh_start)
{
    return fresh_start == CP_START_SNAPSTART ? "restore" : "init";
}

double cp_sample_startup_ms(const struct cp_sample *s)
{
    switch (s->start) {
    case CP_START_COLD:
        return s->init_duration_ms;
    case CP_START_SNAPSTART:
        return s->restore_duration_ms;
    case CP_START_WARM:
    case CP_START_UNKNOWN:
        break;
    }
    return NAN;
}

double cp_sample_cold_total_ms(const struct cp_sample *s)
{
    if (s->outcome != CP_OUTCOME_MEASURED)
        return NAN;
    return cp_sample_startup_ms(s) + s->duration_ms;
}

/* The start that a cell asks for; an idle cell takes either (that is its question). A cold start
 * whose init cannot be told from its Duration (suppressed init) is no measurement of a cold cell.
 */
static bool start_fits(const struct cp_sample *s)
{
    switch (s->kind) {
    case CP_CELL_COLD:
        return !isnan(cp_sample_startup_ms(s));
    case CP_CELL_WARM:
        return s->start == CP_START_WARM;
    case CP_CELL_IDLE:
        return s->start != CP_START_UNKNOWN;
    case CP_CELL_PRIME:
        break;
    }
    return false;
}

bool cp_sample_is_usable(const struct cp_sample *s)
{
    return s->outcome == CP_OUTCOME_MEASURED && start_fits(s);
}

bool cp_sample_is_mismatched(const struct cp_sample *s)
{
    return s->outcome == CP_OUTCOME_MEASURED && s->kind != CP_CELL_PRIME && !start_fits(s);
}

bool cp_sample_is_censored(const struct cp_sample *s)
{
    return s->outcome == CP_OUTCOME_TIMEOUT && start_fits(s);
}
