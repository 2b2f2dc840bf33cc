/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/local/idle_law.h"

#include <math.h>
#include <string.h>

#include "model/base/units.h"
#include "model/base/view.h"

struct law_row {
    const char *name;
    enum cp_idle_law_kind kind;
    char separator; /* between two parameters; '\0': one duration */
    const char *example;
};

static const struct law_row laws[] = {
    {"fixed", CP_IDLE_FIXED, '\0', "fixed:6s"},
    {"uniform", CP_IDLE_UNIFORM, '-', "uniform:4s-8s"},
    {"exponential", CP_IDLE_EXPONENTIAL, '\0', "exponential:6s"},
    {"weibull", CP_IDLE_WEIBULL, ':', "weibull:2:6s"},
};

static enum cp_code fail_law(const char *text, struct cp_error *err)
{
    return cp_fail(err, CP_EINVAL,
                   "idle lifetime '%s' is not understood: give fixed:6s, uniform:4s-8s, "
                   "exponential:6s, weibull:2:6s or never",
                   text);
}

static bool parse_parameters(const struct law_row *row, struct cp_view text,
                             struct cp_idle_law *out)
{
    struct cp_view first = text;
    if (row->separator && (!cp_view_split(&text, row->separator, &first) || !text.n))
        return false;
    switch (row->kind) {
    case CP_IDLE_WEIBULL:
        return cp_view_to_double(first, &out->a) && out->a > 0 &&
               !cp_units_parse_duration_ms(text, &out->b, NULL) && out->b > 0;
    case CP_IDLE_UNIFORM:
        return !cp_units_parse_duration_ms(first, &out->a, NULL) &&
               !cp_units_parse_duration_ms(text, &out->b, NULL) && out->b >= out->a && out->b > 0;
    default:
        return !cp_units_parse_duration_ms(first, &out->a, NULL) && out->a > 0;
    }
}

enum cp_code cp_idle_law_parse(const char *text, struct cp_idle_law *out, struct cp_error *err)
{
    struct cp_view rest = cp_view_of(text), name;
    *out = (struct cp_idle_law){.kind = CP_IDLE_NEVER};
    if (cp_view_is(rest, "never"))
        return CP_OK;
    if (!cp_view_split(&rest, ':', &name))
        return fail_law(text, err);
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
        if (!cp_view_is(name, laws[i].name))
            continue;
        out->kind = laws[i].kind;
        if (parse_parameters(&laws[i], rest, out))
            return CP_OK;
        return cp_fail(err, CP_EINVAL, "idle lifetime '%s' is not understood: for example %s", text,
                       laws[i].example);
    }
    return fail_law(text, err);
}

double cp_idle_law_draw_ms(const struct cp_idle_law *law, struct cp_rng *rng)
{
    switch (law->kind) {
    case CP_IDLE_FIXED:
        return law->a;
    case CP_IDLE_UNIFORM:
        return law->a + (law->b - law->a) * cp_rng_uniform(rng);
    case CP_IDLE_EXPONENTIAL:
        return cp_rng_exponential(rng, law->a);
    case CP_IDLE_WEIBULL: /* inverse transform: scale * (-ln U)^(1/shape) */
        return law->b * pow(-log(cp_rng_uniform(rng)), 1.0 / law->a);
    case CP_IDLE_NEVER:
        break;
    }
    return INFINITY;
}
