/* SPDX-License-Identifier: GPL-3.0-or-later
 * Price files: the prices of one Region as JSON of our own, kept by 'coldprof prices update' or
 * written by hand.
 *
 *     {"format": "coldprof prices", "version": 1, "region": "il-central-1", "date": "2026-10-01",
 *      "source": "pricing page", "books": [
 *        {"architecture": "x86_64", "request_usd": 2e-7,
 *         "duration": [{"from_gb_s": 0, "usd_per_gb_s": 1.66667e-5}],
 *         "provisioned_concurrency_usd_per_gb_s": 4.6e-6, ...}]}
 *
 * Keys of a book: those of cp_price_fields(). One that is left out, or null, is not known; one that
 * does not exist is an error, since a price would then be missing without a word.
 */
#ifndef COLDPROF_PROFILER_PRICES_PRICE_FILE_H
#define COLDPROF_PROFILER_PRICES_PRICE_FILE_H

#include "model/base/buf.h"
#include "model/decide/price_set.h"

/* CP_EFORMAT says what is wrong, and in which book. */
enum cp_code cp_price_file_read(struct cp_view json, enum cp_price_grade grade,
                                struct cp_price_set *set, struct cp_error *err);
/* Appends the text, which reads as the same set again. CP_ENOMEM. */
enum cp_code cp_price_file_write(const struct cp_price_set *set, struct cp_buf *out,
                                 struct cp_error *err);

/* The same with a file: CP_ENOTFOUND, CP_EIO, ... Messages name the path. Writing is atomic and
 * makes the folder. */
enum cp_code cp_price_file_load(const char *path, enum cp_price_grade grade,
                                struct cp_price_set *set, struct cp_error *err);
enum cp_code cp_price_file_save(const char *path, const struct cp_price_set *set,
                                struct cp_error *err);

#endif
