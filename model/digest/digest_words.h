/* SPDX-License-Identifier: GPL-3.0-or-later
 * Words of a digest file, shared by its writer (digest_write.c, where the format is told) and its
 * reader.
 */
#ifndef COLDPROF_MODEL_DIGEST_WORDS_H
#define COLDPROF_MODEL_DIGEST_WORDS_H

#include "model/digest/digest_parts.h"

enum { CP_DIGEST_MINUTE_MEMBERS = 3 + CP_DIGEST_MARKS };

extern const char *const cp_digest_era_words[CP_ERA_COUNT];
extern const char *const cp_digest_note_words[CP_NOTE_KINDS];

#endif
