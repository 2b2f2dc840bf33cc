/* SPDX-License-Identifier: GPL-3.0-or-later
 * Why a platform record was warned about, rejected or skipped: one row each.
 */
#ifndef COLDPROF_PROBES_RECORD_RECORD_REASON_H
#define COLDPROF_PROBES_RECORD_RECORD_REASON_H

/* name, text for people */
#define CP_RECORD_REASON_LIST(X)                                                                   \
    X(NONE, "")                                                                                    \
    /* the bytes */                                                                                \
    X(CUT, "the record is cut off")                                                                \
    X(TOO_LONG, "the line is too long for a platform record")                                      \
    X(FIELD_TOO_LONG, "a value is too long")                                                       \
    X(CONTROL_BYTE, "a control byte (NUL or other) inside the record")                             \
    X(NO_BREAK_SPACE, "no-break spaces: the text was copied from a web page")                      \
    X(NOT_UTF8, "the record is not valid UTF-8")                                                   \
    /* one field */                                                                                \
    X(NO_REQUEST_ID, "no request id")                                                              \
    X(REQUEST_ID_NOT_UUID, "the request id is not a UUID")                                         \
    X(NOT_A_NUMBER, "a value is not a number")                                                     \
    X(DECIMAL_COMMA, "a number has a decimal comma")                                               \
    X(NEGATIVE, "a value is negative")                                                             \
    X(OUT_OF_RANGE, "a value is out of range")                                                     \
    X(FRACTION, "a value that should be whole has a fraction")                                     \
    X(UNIT_MISSING, "a value has no unit")                                                         \
    X(UNIT_UNKNOWN, "a value has another unit than expected")                                      \
    X(UNIT_UNSPACED, "no blank between value and unit")                                            \
    X(EMPTY_VALUE, "a field is empty")                                                             \
    X(MISSING_FIELD, "a field is missing")                                                         \
    X(FIELD_CONFLICT, "a field occurs twice with different values")                                \
    X(UNKNOWN_STATUS, "an unknown status word")                                                    \
    X(UNKNOWN_PHASE, "an unknown phase")                                                           \
    X(BAD_FLAG, "a value is neither true nor false")                                               \
    X(ERROR_TYPE_LONG, "an unusually long error type")                                             \
    X(BAD_TIME, "the event time cannot be read")                                                   \
    /* fields against each other */                                                                \
    X(MEMORY_ZERO, "memory size is 0")                                                             \
    X(MEMORY_SMALL, "memory size below the service minimum of 128 MB")                             \
    X(MEMORY_LARGE, "memory size above 10,240 MB: only Managed Instances have that")               \
    X(MEMORY_OVER_SIZE, "max memory used is above memory size")                                    \
    X(MEMORY_CONTRADICTION, "max memory used is more than twice the memory size")                  \
    X(BILLED_BELOW_DURATION, "billed duration below duration: only timeouts before 2020 did that") \
    X(INIT_AND_RESTORE, "init and restore duration together")                                      \
    X(EMULATOR, "a runtime interface emulator record: used memory and billed time are not real")   \
    /* the record among others */                                                                  \
    X(XRAY_ALONE, "an X-Ray line without its REPORT")                                              \
    X(DUPLICATE, "the same record again")                                                          \
    /* JSON */                                                                                     \
    X(JSON_MALFORMED, "the JSON does not parse")                                                   \
    X(JSON_DEEP, "the JSON is nested too deeply")                                                  \
    X(JSON_WRONG_TYPE, "a JSON value has the wrong type")                                          \
    X(NUMBER_AS_TEXT, "a JSON number is written as a string")                                      \
    X(UNKNOWN_TYPE, "an unknown platform event")

enum cp_record_reason {
#define CP_RECORD_REASON_ENUM(name, text) CP_REASON_##name,
    CP_RECORD_REASON_LIST(CP_RECORD_REASON_ENUM)
#undef CP_RECORD_REASON_ENUM
        CP_REASON_COUNT
};

/* "the record is cut off"; "" for NONE; never NULL. */
const char *cp_record_reason_text(enum cp_record_reason reason);
/* "CUT": stable, for machine-readable output; never NULL. */
const char *cp_record_reason_name(enum cp_record_reason reason);

#endif
