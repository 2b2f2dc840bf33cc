# SPDX-License-Identifier: GPL-3.0-or-later
"""A little world to break: a service with a function that has users (a version, an alias, reserved
concurrency), a proxy in front of it, and coldprof's own home.
"""
import glob
import os
import shutil
import subprocess
import tempfile

import judge
import program
from proxy import Proxy

PROCESS_LIMIT_S = 120
FUNCTION = "fn"


class World:
    def __init__(self, keeper, *, source="hello-c", timeout=3, environment=None, log_file=False, serve_options=()):
        self.keeper = keeper
        self.tmp = tempfile.mkdtemp(prefix="coldprof-world-")
        self.env = program.environment(self.tmp)
        self.store = os.path.join(self.tmp, "history.db")
        self.log_file = os.path.join(self.tmp, "service.log") if log_file else None
        folder = program.make_function(os.path.join(self.tmp, FUNCTION), source, environment, timeout, memory=300)
        self.service = program.LocalService(self.env, [folder], *serve_options, log_file=self.log_file)
        self.client = self.service.client
        self.proxy = Proxy(self.service.port)
        self.victim = None  # the process that a fault may kill
        version = self.client.publish(FUNCTION, "of its owner")["Version"]
        self.client.create_alias(FUNCTION, "live", version)
        self.client.reserve(FUNCTION, 50)

    def close(self):
        self.proxy.close()
        self.service.stop()
        self.keeper.keep_files(self.tmp)
        shutil.rmtree(self.tmp, ignore_errors=True)

    def start(self, *words, env=None):
        self.victim = subprocess.Popen([program.BINARY, *words], env=env or self.env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return self.victim

    def finish(self, process, limit_s=PROCESS_LIMIT_S):
        """(status, stdout, stderr); a process that does not end by itself has status None."""
        try:
            out, err = process.communicate(timeout=limit_s)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            status = None
        self.keeper.keep("stdout", out)
        self.keeper.keep("stderr", err)
        return status, out, err

    def run(self, *words, limit_s=PROCESS_LIMIT_S):
        return self.finish(self.start(*words), limit_s)

    def sweep(self, sizes, *options, function=FUNCTION):
        words = ["sweep", function, "--endpoint-url", self.proxy.url, "--store", self.store, "--memory", ",".join(map(str, sizes)),
                 "--idle", "none", *options]
        return self.run(*words)

    def last_run(self):
        if not os.path.exists(self.store):
            return None
        rows = program.read_rows(self.store, "SELECT id FROM runs ORDER BY started_at_ms DESC, rowid DESC LIMIT 1")
        return rows[0]["id"] if rows else None

    def journals(self):
        return [f for f in glob.glob(os.path.join(self.env["XDG_STATE_HOME"], "coldprof", "**"), recursive=True) if os.path.isfile(f)]

    def keep_journals(self):
        for path in self.journals():
            with open(path, "rb") as f:
                self.keeper.keep("journal", f.read())

    def lose_journals(self):
        shutil.rmtree(self.env["XDG_STATE_HOME"], ignore_errors=True)

    def snapshot(self):
        return judge.snapshot(self.client)

    def tidy(self, state):
        """Back to `state` as far as it matters for the next run: by hand, because coldprof did not."""
        for function in self.client.functions():
            name = function["FunctionName"]
            if name not in state:
                self.client.call("DELETE", f"/2015-03-31/functions/{name}")
                continue
            for alias in self.client.aliases(name):
                if alias["Name"] not in state[name]["aliases"]:
                    self.client.call("DELETE", f"/2015-03-31/functions/{name}/aliases/{alias['Name']}")
            for version in self.client.versions(name):
                if version["Version"] not in {*state[name]["versions"], "$LATEST"}:
                    self.client.call("DELETE", f"/2015-03-31/functions/{name}", Qualifier=version["Version"])
            latest = state[name]["latest"]
            if self.client.configuration(name)["MemorySize"] != latest["MemorySize"]:
                self.client.update(name, MemorySize=latest["MemorySize"], Description=latest["Description"])
        self.lose_journals()
