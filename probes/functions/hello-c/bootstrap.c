/* SPDX-License-Identifier: GPL-3.0-or-later
 * The smallest function: says hello. What its init and duration show is the cost of the platform.
 */
#include "probes/functions/runtime_c/runtime.h"

static void hello(void *context, const struct rt_invocation *invocation, struct rt_answer *answer)
{
    static const char body[] = "{\"message\":\"hello from C\"}";
    (void)context;
    (void)invocation;
    answer->body = body;
    answer->n = sizeof(body) - 1;
}

int main(void)
{
    return rt_run(hello, NULL);
}
