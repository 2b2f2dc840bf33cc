/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/price_json.h"

#include <math.h>

void cp_price_json(struct cp_json *j, const struct cp_price_book *book)
{
    cp_json_add_text(j, "region", book->region);
    cp_json_add_text(j, "architecture", book->architecture);
    cp_json_add_text(j, "date", book->date);
    cp_json_add_text(j, "source", book->source);
    cp_json_add_text(j, "grade", cp_price_grade_name(book->grade));
    cp_json_open(j, "duration_tiers", '[');
    for (size_t i = 0; i < cp_price_n_tiers(book); i++) {
        cp_json_open(j, NULL, '{');
        cp_json_add_number(j, "from_gb_s", book->duration[i].from_gb_s);
        cp_json_add_number(j, "usd_per_gb_s", book->duration[i].usd_per_gb_s);
        cp_json_add_number(j, "break_even_utilization_ratio", cp_price_break_even_in_tier(book, i));
        cp_json_close(j, '}');
    }
    cp_json_close(j, ']');
    for (const struct cp_price_field *f = cp_price_fields(); f->key; f++)
        cp_json_add_number(j, f->key, cp_price_field_usd(book, f));
}

void cp_bill_json(struct cp_json *j, const char *key, const struct cp_bill *bill)
{
    if (!bill) {
        cp_json_add_number(j, key, (double)NAN);
        return;
    }
    cp_json_open(j, key, '{');
    for (int line = 0; line < CP_BILL_LINES; line++)
        cp_json_add_number(j, cp_bill_line_key((enum cp_bill_line)line), bill->usd[line]);
    cp_json_close(j, '}');
}
