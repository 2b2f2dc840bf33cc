/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/stop.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

enum { STATUS_INTERRUPTED = 4 };

static volatile sig_atomic_t n_requests;

static void on_signal(int number)
{
    (void)number;
    if (++n_requests >= 3)
        _exit(STATUS_INTERRUPTED);
}

void cp_stop_watch(void)
{
    static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++)
        (void)sigaction(watched[i], &action, NULL);
}

int cp_stop_requests(void *context)
{
    (void)context;
    return n_requests;
}
