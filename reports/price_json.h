/* SPDX-License-Identifier: GPL-3.0-or-later
 * A price book as members of an open JSON object: null is a price that is not known.
 */
#ifndef COLDPROF_REPORTS_PRICE_JSON_H
#define COLDPROF_REPORTS_PRICE_JSON_H

#include "model/decide/price_set.h"
#include "reports/json_writer.h"

void cp_price_json(struct cp_json *j, const struct cp_price_book *book);

#endif
