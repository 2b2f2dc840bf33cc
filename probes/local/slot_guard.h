/* SPDX-License-Identifier: GPL-3.0-or-later
 * The other side of a slot: guard and launcher processes, and the messages between them and the
 * service (one packet each on a SOCK_SEQPACKET pair).
 */
#ifndef COLDPROF_PROBES_LOCAL_SLOT_GUARD_H
#define COLDPROF_PROBES_LOCAL_SLOT_GUARD_H

#include "probes/local/slot.h"

enum cp_slot_message_kind {
    CP_SLOT_READY,       /* value: pid of the launcher; text: its control group */
    CP_SLOT_EXEC_FAILED, /* value: errno */
    CP_SLOT_EXITED,      /* value: wait status */
    CP_SLOT_BROKEN       /* text */
};

struct cp_slot_message {
    enum cp_slot_message_kind kind;
    int value;
    char text[256];
};

/* A launch as one packet: this head, then dir, argv and env as NUL-terminated strings. */
struct cp_launch_head {
    uint32_t n_args, n_env;
};
enum { CP_LAUNCH_MAX = 192 * 1024, CP_LAUNCH_STRINGS_MAX = 256 };

/* Never returns. Called in the forked child, with its ends of the socket and of the log pipe. */
_Noreturn void cp_slot_guard_main(const struct cp_slot_kit *kit, const char *slot, int socket_fd,
                                  int log_fd);

/* SIGKILL to the children of this process, by the kernel's own list. */
void cp_slot_kill_children(void);

#endif
