/* SPDX-License-Identifier: GPL-3.0-or-later
 * A price book as members of an open JSON object, and a bill as an object: null is a price that is
 * not known, and a line that it is not known for.
 */
#ifndef COLDPROF_REPORTS_PRICE_JSON_H
#define COLDPROF_REPORTS_PRICE_JSON_H

#include "model/decide/bill.h"
#include "model/decide/price_set.h"
#include "reports/json_writer.h"

void cp_price_json(struct cp_json *j, const struct cp_price_book *book);
/* NULL: no bill, the member is null. */
void cp_bill_json(struct cp_json *j, const char *key, const struct cp_bill *bill);

#endif
