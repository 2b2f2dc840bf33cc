/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading the settings that CreateFunction and UpdateFunctionConfiguration share into a copy of a
 * function's settings. One row per member; a member that is absent leaves its setting.
 */
#ifndef COLDPROF_PROBES_LOCAL_CONTROL_SETTINGS_H
#define COLDPROF_PROBES_LOCAL_CONTROL_SETTINGS_H

#include "probes/local/control_body.h"
#include "probes/local/env_name.h"

struct cp_settings_change {
    struct cp_body body;
    struct cp_settings settings;          /* a copy, being changed */
    struct cJSON *extras;                 /* a copy of its extras, being changed */
    bool is_create;                       /* what is required at creation must be there */
    bool has_new_program;                 /* Runtime or Handler was given */
    const char *revision_id;              /* NULL: no precondition */
    char refusal[CP_ENV_TOTAL_MAX + 512]; /* "", or an InvalidParameterValueException */
    bool is_out_of_memory;
};

/* Opens the body and copies `from`. Call cp_settings_change_end in any case; false: `response` is
 * filled. */
bool cp_settings_change_start(struct cp_settings_change *c, const struct cp_settings *from,
                              struct cp_view body, struct cp_api_response *response);
/* Reads every member. false: `response` is filled. */
bool cp_settings_change_read(struct cp_settings_change *c, struct cp_api_response *response);
/* Makes the change's folder its own, to be written to; NULL when out of memory. */
struct cp_function_folder *cp_settings_change_folder(struct cp_settings_change *c);
void cp_settings_change_end(struct cp_settings_change *c);

/* The archive of an object with the members of FunctionCode; `*zip_file` may be NULL when `b` has a
 * violation. false: `response` says why. */
bool cp_code_source(struct cp_body *b, const struct cJSON *code, const struct cJSON **zip_file,
                    struct cp_api_response *response);
/* Architectures: one, and the one of this machine; else a violation or `refusal`. */
void cp_check_architectures(struct cp_body *b, const struct cJSON *list, const char *here,
                            char *refusal, size_t size);

#endif
