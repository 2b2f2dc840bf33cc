# SPDX-License-Identifier: GPL-3.0-or-later
"""coldprof as its user runs it, for tests of the whole program: real processes, files and sockets, in
a world of their own (home, state, keys). What a test produced is kept below COLDPROF_KEPT, where
check_secrets.py looks for fixture secrets after all tests.

Nothing here waits by sleeping: every wait is for an event (a line, an exit, a file) with a limit.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

import aws_client
import fixtures

BINARY = os.environ["COLDPROF_BINARY"]
FUNCTIONS = os.environ["COLDPROF_FUNCTIONS"]
KEPT = os.environ.get("COLDPROF_KEPT")
HAS_CGROUP = os.geteuid() == 0
SHARE = [] if HAS_CGROUP else ["--no-cpu-share"]
if not HAS_CGROUP:
    print("not root: memory limits and CPU shares are not tested here (--no-cpu-share)")


class Keeper:
    """Keeps what was produced under one name: outputs as they come, files when the test ends."""

    def __init__(self, name):
        self.folder = KEPT and os.path.join(KEPT, re.sub(r"[^\w.-]", "_", name))
        self.n = 0
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.makedirs(self.folder)

    def path(self, what):
        self.n += 1
        return os.path.join(self.folder, f"{self.n:04d}-{what}")

    def keep(self, what, text):
        if self.folder and text:
            with open(self.path(what), "wb") as f:
                f.write(text if isinstance(text, bytes) else text.encode(errors="surrogateescape"))

    def keep_files(self, root):
        """All but what the test itself put there: function folders, and the user's own AWS files."""
        if not self.folder:
            return
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if f != ".aws"]
            if "function.ini" in names or "bootstrap" in names:
                continue
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with contextlib.suppress(OSError):
                        shutil.copyfile(path, self.path(name))

    def tee(self, pipe):
        """The same stream, written down on its way."""
        if not self.folder or pipe is None:
            return pipe, None
        tee = subprocess.Popen(["tee", self.path("stream")], stdin=pipe, stdout=subprocess.PIPE, text=True)
        pipe.close()
        return tee.stdout, tee


class Case(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="coldprof-test-")
        self.keeper = Keeper(self.id())
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        self.addCleanup(self.keeper.keep_files, self.tmp)
        self.store = os.path.join(self.tmp, "history.db")
        self.env = environment(self.tmp)

    def function(self, name="fn", source="knobs-c", environment=None, timeout=3, memory=128):
        return make_function(os.path.join(self.tmp, name), source, environment, timeout, memory)

    def command(self, *words):
        return [BINARY, *words]

    def sweep_words(self, folder, *more):
        return ["sweep", folder, "--store", self.store, *SHARE, *more]

    def popen(self, *words, **more):
        """A process that is gone, with its pipes closed, when the test ends."""
        process = subprocess.Popen(self.command(*words), env=self.env, stdin=subprocess.DEVNULL, text=True, **more)
        tees = []
        for name in ("stdout", "stderr"):
            stream, tee = self.keeper.tee(getattr(process, name))
            setattr(process, name, stream)
            tees += filter(None, [tee])
        self.addCleanup(self.reap, process, tees)
        return process

    @staticmethod
    def reap(process, tees):
        process.kill()
        process.wait()
        for pipe in filter(None, (process.stdout, process.stderr)):
            pipe.close()
        for tee in tees:
            tee.wait(10)

    def run_cli(self, *words, status=0, timeout=120, **more):
        result = subprocess.run(self.command(*words), env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, timeout=timeout, check=False, **more)
        self.keeper.keep("stdout", result.stdout)
        self.keeper.keep("stderr", result.stderr)
        if status is not None:
            self.assertEqual(result.returncode, status, f"{words}\n{result.stdout}\n{result.stderr}")
        return result

    def sweep(self, folder, *more, status=0, **kw):
        return self.run_cli(*self.sweep_words(folder, *more), status=status, **kw)

    def samples(self, where="1"):
        return read_rows(self.store, f"SELECT * FROM samples WHERE {where} ORDER BY plan_no")

    def serve(self, *folders, **more):
        service = LocalService(self.env, folders, **more)
        self.addCleanup(service.stop)
        return service

    def assert_nothing_left(self):
        """No process whose folder is ours, no cgroup of a service that is gone."""
        left = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().decode(errors="replace")
                if self.tmp in os.readlink(f"/proc/{pid}/cwd") or self.tmp in words:
                    left.append((pid, words))
            except OSError:
                continue
        self.assertEqual(left, [])


def environment(home):
    """Of a user with keys of his own, who has set nothing else."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "COLDPROF_", "COLUMNS", "XDG_", "GITHUB_", "GITLAB_", "JENKINS_"))}
    env.update(HOME=home, XDG_DATA_HOME=os.path.join(home, "data"), XDG_STATE_HOME=os.path.join(home, "state"),
               AWS_ACCESS_KEY_ID=fixtures.ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY=fixtures.SECRET_ACCESS_KEY,
               AWS_SESSION_TOKEN=fixtures.SESSION_TOKEN, AWS_EC2_METADATA_DISABLED="true")
    return env


def make_function(folder, source="knobs-c", environment=None, timeout=3, memory=128):
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(FUNCTIONS, source, "bootstrap"), folder)
    variables = {"DATABASE_PASSWORD": fixtures.ENVIRONMENT_VALUE, **(environment or {})}
    lines = [f"timeout = {timeout}", f"memory = {memory}", "[environment]", *(f"{k} = {v}" for k, v in variables.items())]
    with open(os.path.join(folder, "function.ini"), "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    return folder


def descendants(pid):
    """Every process below `pid`."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                parents[int(entry)] = int(f.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, size = {pid}, 0
    while size != len(found):
        size = len(found)
        found |= {p for p, parent in parents.items() if parent in found}
    return sorted(found - {pid})


def read_rows(store, sql, *values):
    with contextlib.closing(sqlite3.connect(store)) as db:
        db.row_factory = sqlite3.Row
        return [dict(r) for r in db.execute(sql, values)]


class LocalService:
    """A running `coldprof local serve`; `client` speaks to it past any proxy."""

    def __init__(self, env, folders, *options, log_file=None):
        read_fd, write_fd = os.pipe()
        words = ["local", "serve", *folders, "--port", "0", "--ready-fd", str(write_fd), "--update-delay-ms", "0", *SHARE, *options]
        if log_file:
            words += ["--log-file", log_file]
        self.process = subprocess.Popen([BINARY, *words], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, pass_fds=[write_fd])
        os.close(write_fd)
        with os.fdopen(read_fd) as ready:
            line = ready.readline()
        facts = json.loads(line or "{}")
        if "endpoint" not in facts:
            self.stop()
            raise RuntimeError(f"the service did not start: {line}")
        self.endpoint = facts["endpoint"]
        self.port = int(self.endpoint.rpartition(":")[2])
        self.client = aws_client.Lambda(self.port)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()
