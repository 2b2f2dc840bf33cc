/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which requests of a log are open: tells the platform's REPORT from text that a function printed.
 *
 * Text logs: START opens a request and END closes it; the platform's REPORT comes after END. So a
 * REPORT of an open request is forged, and so is one of a request that neither started nor ended
 * here while another is open (in the same log stream, where streams are known).
 *
 * Filtered text logs: where END lines are left out (START and REPORT only) REPORT closes its
 * request, as in JSON: the first after START is taken, further ones are forged until the next
 * START, and those of unknown requests are taken. Who reads the input says so beforehand, from its
 * head; the END of an open request disproves it. Up to there an invented REPORT is believed.
 *
 * JSON logs: nothing marks the end of a request at the usual log level, so platform.report closes
 * it: the first after platform.start (or after platform.runtimeDone, where the log has it) is taken
 * and further ones are forged until the request starts again, as it does when Lambda retries it. A
 * function that prints an invented platform.report before its end is therefore believed; records
 * that were made in the other format than the request's START are not. A request whose start is
 * not known, since an export begins in its middle, is forged only where its log stream is known to
 * serve another one, or, where streams are not known, while a request of a text log is open.
 *
 * Logs without START lines, and logs in descending order of time (a query's results) have no open
 * requests. Memory is constant; what has not been seen for thousands of requests is forgotten.
 */
#ifndef COLDPROF_PROBES_LOG_LOG_REQUESTS_H
#define COLDPROF_PROBES_LOG_LOG_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

struct cp_log_requests;

struct cp_log_request {
    uint8_t id[16];
    uint64_t stream; /* hash of the log stream's name; 0: the log does not say */
    bool is_json;    /* the record that tells of it is JSON */
};

struct cp_log_requests *cp_log_requests_new(void); /* NULL: out of memory */
void cp_log_requests_free(struct cp_log_requests *t);
void cp_log_requests_forget(struct cp_log_requests *t); /* all */
/* After forgetting: the text log has START and REPORT lines without END. */
void cp_log_requests_lack_ends(struct cp_log_requests *t);

void cp_log_requests_start(struct cp_log_requests *t, const struct cp_log_request *request);
void cp_log_requests_end(struct cp_log_requests *t, const struct cp_log_request *request);
/* A REPORT: true when it is the platform's. */
bool cp_log_requests_report(struct cp_log_requests *t, const struct cp_log_request *request);

#endif
