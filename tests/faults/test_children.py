# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets stay in one process: no child of coldprof has them in its arguments or its environment. The
keys of the embedded service are made for it, and a function's variables belong to the function.
"""
import json
import os
import re
import signal
import stat
import unittest

import fixtures
from program import FUNCTIONS, SHARE, Case, descendants

MARK = fixtures.MARK.encode()
OWN = b"DATABASE_PASSWORD="  # what program.make_function gives each function
MADE = b"COLDPROF_LOCAL_SECRET_ACCESS_KEY="  # what a sweep makes for its service


def words_of(pid, what):
    """The words of /proc/PID/`what`; [] when the process is gone, or is not ours to look into."""
    try:
        with open(f"/proc/{pid}/{what}", "rb") as f:
            return f.read().split(b"\0")
    except OSError:
        return []


def leaks(pids):
    """(pid, what) of each word that holds a secret of the user's."""
    found = []
    for pid in pids:
        for what in ("cmdline", "environ"):
            for word in words_of(pid, what):
                if (MARK in word and not word.startswith(OWN)) or (word.startswith(MADE) and word != MADE):
                    found.append((pid, what, word.split(b"=")[0].decode(errors="replace")))
    return found


class Children(Case):
    WORDS = ["--memory", "256", "--cold", "40", "--warm", "200", "--idle", "none", "--precision", "p50=0.1%,p95=0.1%", "-v"]

    def invoked(self, process, root):
        """The descendants of `root` while the sweep invokes a function, which is among them."""
        for line in process.stderr:
            pids = descendants(root) if "invocations" in line else []
            if any(word.startswith(OWN) for pid in pids for word in words_of(pid, "environ")):
                return pids
        return self.fail("no function was looked into")

    def test_of_a_sweep_of_a_folder(self):
        process = self.popen(*self.sweep_words(self.function(environment={"SLEEP_MS": 20}), *self.WORDS), stdout=-3, stderr=-1)
        pids = self.invoked(process, process.pid)
        self.assertGreaterEqual(len(pids), 2, "the service and an environment")
        self.assertEqual(leaks(pids), [])
        with open(f"/proc/{process.pid}/limits", encoding="utf-8") as f:
            self.assertRegex(f.read(), r"Max core file size +0 +0 ", "a core dump would hold the secrets")
        process.send_signal(signal.SIGINT)
        self.assertEqual(len(process.stderr.read().split(fixtures.MARK)), 1)
        self.assertEqual(process.wait(30), 4)

    def test_of_a_service(self):
        service = self.serve(self.function(environment={"SLEEP_MS": 20}), log_file=os.path.join(self.tmp, "service.log"))
        process = self.popen("sweep", "fn", "--endpoint-url", service.endpoint, "--store", self.store, *self.WORDS, stdout=-3, stderr=-1)
        pids = self.invoked(process, service.process.pid)
        self.assertEqual(leaks([service.process.pid, *pids]), [])
        self.assertEqual(descendants(process.pid), [])
        self.assertEqual(leaks([process.pid]), [(process.pid, "environ", name) for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")],
                         "its own, by its user's will")
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        self.assertEqual(process.wait(30), 4)

    def test_of_a_report(self):
        """A program in gnuplot's place writes down what it got."""
        self.sweep(self.function(), "--memory", "128,256", "--cold", "8", "--warm", "12", "--idle", "none")
        seen = os.path.join(self.tmp, "seen")
        programs = os.path.join(self.tmp, "programs")
        os.makedirs(programs)
        spy = os.path.join(programs, "gnuplot")
        with open(spy, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{{ tr '\\0' '\\n' </proc/$$/environ; tr '\\0' '\\n' </proc/$$/cmdline; }} >>'{seen}'\ncat >/dev/null\n")
        os.chmod(spy, os.stat(spy).st_mode | stat.S_IXUSR)
        self.env["PATH"] = programs + ":" + self.env["PATH"]
        self.run_cli("report", "last", "--store", self.store, "-o", os.path.join(self.tmp, "report"))
        with open(seen, encoding="utf-8", errors="replace") as f:
            text = f.read()
        self.assertIn("gnuplot", text)
        self.assertNotIn(fixtures.MARK, text)

    def test_of_a_credential_process(self):
        """It is handed no keys, and the keys that it prints are in nothing that is kept."""
        service = self.serve(self.function())
        folder = os.path.join(self.tmp, ".aws")
        os.makedirs(folder)
        seen, helper = os.path.join(self.tmp, "seen"), os.path.join(folder, "helper")
        keys = json.dumps({"Version": 1, "AccessKeyId": fixtures.ACCESS_KEY_ID, "SecretAccessKey": fixtures.SECRET_ACCESS_KEY,
                           "SessionToken": fixtures.SESSION_TOKEN})
        with open(helper, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{{ tr '\\0' '\\n' </proc/$$/environ; tr '\\0' '\\n' </proc/$$/cmdline; }} >>'{seen}'\necho '{keys}'\n")
        os.chmod(helper, 0o700)
        with open(os.path.join(folder, "config"), "w", encoding="utf-8") as f:
            f.write(f"[profile p]\nregion = us-east-1\ncredential_process = {helper}\n")
        self.run_cli("sweep", "fn", "--profile", "p", "--endpoint-url", service.endpoint, "--store", self.store, "--memory", "128", "--cold", "1",
                     "--warm", "1", "--idle", "none", "--yes", "-v")
        with open(seen, encoding="utf-8", errors="replace") as f:
            text = f.read()
        self.assertIn("helper", text)
        self.assertNotIn(fixtures.MARK, text)

    def test_of_a_service_that_asks_for_versions(self):
        """Runtimes are programs of the PATH, which get no more than they need."""
        folder = os.path.join(self.tmp, "python")
        os.makedirs(folder)
        for name in ("function.ini", "handler.py"):
            with open(os.path.join(FUNCTIONS, "hello-python", name), encoding="utf-8") as f:
                text = f.read()
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        seen = os.path.join(self.tmp, "seen")
        programs = os.path.join(self.tmp, "programs")
        os.makedirs(programs)
        real = next(os.path.join(p, "python3") for p in self.env["PATH"].split(":") if os.path.exists(os.path.join(p, "python3")))
        spy = os.path.join(programs, "python3")
        with open(spy, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{{ tr '\\0' '\\n' </proc/$$/environ; tr '\\0' '\\n' </proc/$$/cmdline; }} >>'{seen}'\nexec '{real}' \"$@\"\n")
        os.chmod(spy, 0o755)
        self.env["PATH"] = programs + ":" + self.env["PATH"]
        process = self.popen("local", "serve", folder, "--port", "0", *SHARE, stderr=-1)
        for line in process.stderr:
            if "sweep:" in line:
                break
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)
        if os.path.exists(seen):
            with open(seen, encoding="utf-8", errors="replace") as f:
                self.assertFalse(re.search(fixtures.MARK, f.read()))


if __name__ == "__main__":
    unittest.main()
