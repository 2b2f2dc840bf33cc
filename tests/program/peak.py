# SPDX-License-Identifier: GPL-3.0-or-later
"""Peak resident memory of a command.

The kernel counts what a process held before exec too, so a large parent would be counted as its
child: the command is started by a small interpreter, whose own size is the least that is told.
"""
import json
import subprocess
import sys

STARTER = ("import os, sys\n"
           "pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)\n"
           "_, status, usage = os.wait4(pid, 0)\n"
           "with open(sys.argv[1], 'w') as f:\n"
           "    f.write('[%d, %d]' % (os.waitstatus_to_exitcode(status), usage.ru_maxrss))\n")


def peak_mb(command, answer_path, pieces=None, **more):
    """(exit status, peak in MB); `pieces`, an iterable of bytes, goes through a pipe to its stdin."""
    words = [sys.executable, "-S", "-E", "-c", STARTER, answer_path, *command]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL if pieces is None else subprocess.PIPE, **more) as process:
        for piece in pieces or ():
            process.stdin.write(piece)
    with open(answer_path, encoding="utf-8") as f:
        status, kilobytes = json.load(f)
    return status, kilobytes / 1024
