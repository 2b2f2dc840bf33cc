/* SPDX-License-Identifier: GPL-3.0-or-later
 * A schedule of provisioned concurrency (a number for each hour of the week, UTC, Monday 00:00
 * first) as people write it: a number that holds otherwise, and pieces of the week where another
 * one does; and as the moments at which it changes. Both are exact: they give the same 168 numbers
 * back. Pure; results go to the caller's arrays.
 *
 * A piece is a span of hours that begins at the same hour on some days. For each number the spans
 * are taken as they are, over midnight, or cut there, whichever makes fewer pieces; `otherwise` is
 * the number that would take most pieces,
 * of equal ones the smallest. So a week whose days are alike, or whose weekdays and
 * weekends are, has one piece per span of its day.
 */
#ifndef COLDPROF_MODEL_SCHEDULE_WORDS_H
#define COLDPROF_MODEL_SCHEDULE_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "model/decide/arrivals.h"

#define CP_DAYS_ALL      0x7fu /* bit 0 is Monday */
#define CP_DAYS_WEEKDAYS 0x1fu
#define CP_DAYS_WEEKEND  0x60u

enum { CP_SCHEDULE_WORDS_MAX = 400, CP_DAYS_WORDS_MAX = 96, CP_SCHEDULE_PIECES_SHOWN = 3 };

struct cp_schedule_piece {
    unsigned days; /* on which it begins */
    int from_hour; /* 0..23 */
    int to_hour;   /* exclusive; above 24 it ends on a later day than it begins */
    int n;         /* provisioned environments */
};

/* Pieces in order of the week; returns how many. Hours of none have *otherwise. */
size_t cp_schedule_pieces(const uint16_t by_hour[CP_ARRIVALS_HOURS],
                          struct cp_schedule_piece pieces[CP_ARRIVALS_HOURS], int *otherwise);

/* At this hour of these days the number becomes n: one scheduled action each. */
struct cp_schedule_change {
    unsigned days;
    int hour; /* 0..23 */
    int n;
};
/* In order of the week, as few as there can be; 0 for a constant. */
size_t cp_schedule_changes(const uint16_t by_hour[CP_ARRIVALS_HOURS],
                           struct cp_schedule_change changes[CP_ARRIVALS_HOURS]);

/* "every day", "weekdays", "Monday to Thursday", "Mondays and Fridays" */
const char *cp_days_words(unsigned days, char out[CP_DAYS_WORDS_MAX]);
/* "on weekdays 07:00-19:00", "on Fridays 22:00 to 06:00 the next day", "from Monday 07:00 to Friday
 * 19:00"; UTC is not said */
const char *cp_schedule_piece_words(const struct cp_schedule_piece *piece,
                                    char out[CP_SCHEDULE_WORDS_MAX]);
/* "4 on weekdays 07:00-19:00, 1 otherwise (UTC)", "4 at all times"; of more than
 * CP_SCHEDULE_PIECES_SHOWN pieces those with most environment-hours off `otherwise`, and how many
 * are left. Cut short where `size` is below CP_SCHEDULE_WORDS_MAX. */
const char *cp_schedule_words(const uint16_t by_hour[CP_ARRIVALS_HOURS], char *out, size_t size);

#endif
