/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probes/aws/http.h"

/* What every implementation shares; the libcurl transport is in http_curl.c. */
struct cp_view cp_http_header(const struct cp_http_response *response, const char *name)
{
    for (size_t i = 0; i < response->n_headers; i++)
        if (cp_view_is_nocase(response->headers[i].name, name))
            return response->headers[i].value;
    return (struct cp_view){"", 0};
}
