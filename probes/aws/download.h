/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fetching what AWS gave a signed link to. No credentials are sent: the link holds its own.
 */
#ifndef COLDPROF_PROBES_AWS_DOWNLOAD_H
#define COLDPROF_PROBES_AWS_DOWNLOAD_H

#include "probes/aws/call.h"

/* GET, at most three times. https below amazonaws.com or amazonaws.com.cn; when the caller's own
 * endpoint is loopback, loopback is allowed too. CP_EUNSUPPORTED: another place, or more than `max`
 * bytes. The address never gets into a message: only its host does. */
enum cp_code cp_download(struct cp_caller *caller, const char *url, size_t max, struct cp_buf *out,
                         struct cp_error *err);

/* The rule for addresses alone. */
enum cp_code cp_download_check(const char *url, bool may_be_loopback, struct cp_error *err);

#endif
