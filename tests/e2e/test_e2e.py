# SPDX-License-Identifier: GPL-3.0-or-later
"""coldprof as its user runs it: real functions in the embedded service, real files.

Nothing here waits by sleeping: every wait is for an event (a line, an exit, a file) with a limit.
"""
import contextlib
import fcntl
import json
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import termios
import threading
import unittest

import fixtures
from program import BINARY, FUNCTIONS, HAS_CGROUP, SHARE, Case, descendants, read_rows


SMALL = ["--memory", "256,1024", "--cold", "4", "--warm", "6", "--idle", "none"]


class Sweep(Case):
    def test_measures_and_decides(self):
        result = self.sweep(os.path.join(FUNCTIONS, "hello-c"), "--memory", "128,512,1024", "--cold", "203", "--warm", "400", "--precision", "0.1%",
                            "--idle", "100ms,300ms", "--idle-probes", "4", "--idle-lifetime", "fixed:200ms",
                            "--budget", "p99=500ms", "--traffic", "5/s")
        self.assertIn("hello-c", result.stdout)
        for mb in ("128", "512", "1,024"):
            self.assertRegex(result.stdout, rf"(?m)^ *{mb} MB ")
        self.assertRegex(result.stdout, r"(KEEP|CHANGE)")
        self.assertRegex(result.stdout, r"next: +coldprof report \w+")
        self.assertNotIn("\x1b", result.stdout + result.stderr)
        self.assertNotIn("\r", result.stdout + result.stderr)
        self.assertTrue(all(len(line) <= 80 for line in result.stdout.split("\n")), result.stdout)
        warm = self.samples("kind='warm' AND outcome='measured'")
        self.assertTrue(all(s["init_duration_ms"] is None for s in warm if s["start"] == "warm"))
        # an environment waits 200 ms: now and then the machine holds up the next request for longer
        self.assertGreater(sum(s["start"] == "warm" for s in warm), 0.98 * len(warm))
        cold = self.samples("kind='cold' AND outcome='measured'")
        # of two sent at once, one may find the other's environment free again: it is warm, and stored as such
        self.assertTrue(all((s["init_duration_ms"] or 0) > 0 for s in cold if s["start"] == "cold"))
        self.assertGreater(sum(s["start"] == "cold" for s in cold), 0.9 * len(cold))
        # fixed lifetime of 200 ms: warm at 100 ms, cold at 300 ms; a request that the machine held up comes later
        for s in self.samples("kind='idle' AND outcome='measured'"):
            held_up_ms = s["client_ms"] - s["duration_ms"] - (s["init_duration_ms"] or 0)
            if s["idle_interval_ms"] > 200:
                self.assertEqual(s["start"], "cold", s)
            elif s["idle_interval_ms"] + held_up_ms < 150:
                self.assertEqual(s["start"], "warm", s)
        self.assert_nothing_left()

    def test_the_idle_lifetime_is_searched_and_bracketed(self):
        result = self.sweep(self.function(), "--memory", "256,512", "--cold", "2", "--warm", "2", "--idle-lifetime", "fixed:2250ms", "--json")
        report = json.loads(result.stdout)
        a = report["accounting"]
        self.assertEqual(a["planned"], a["measured"] + a["failed"] + a["throttled"] + a["unknown"] + a["not_sent"])
        run, = read_rows(self.store, "SELECT * FROM runs")
        found = re.match(r"bracket reached: 0 to 100 % cold between ([\d.]+)s and ([\d.]+)s$", run["idle_end"])
        self.assertTrue(found, run["idle_end"])
        low, high = (float(text) for text in found.groups())
        self.assertLess(low, 2.25)
        self.assertLessEqual(2.25, high)
        self.assertLessEqual(high - low, 0.53)
        idle = self.samples("kind='idle' AND outcome='measured'")
        for end in (low, high):
            self.assertGreaterEqual(sum(abs(s["idle_interval_ms"] - 1000 * end) < 1 for s in idle), 10)
        self.assertLessEqual({0, 1}, {s["batch"] // 64 for s in idle}) # two looks, more where the machine holds probes up
        self.assertEqual({s["memory_size_mb"] for s in idle}, {256, 512})
        self.assert_nothing_left()

    def test_sent_alone_every_cold_sample_starts_cold(self):
        self.sweep(os.path.join(FUNCTIONS, "hello-c"), "--memory", "128,1024", "--cold", "60", "--warm", "4", "--precision", "0.1%",
                   "--idle", "none", "--parallel", "1")
        cold = self.samples("kind='cold' AND outcome='measured'")
        self.assertEqual(len(cold), 120)
        self.assertEqual([s for s in cold if s["start"] != "cold" or not s["init_duration_ms"]], [])

    def test_accounting_holds_and_is_shown(self):
        result = self.sweep(self.function(), *SMALL, "--json")
        report = json.loads(result.stdout)
        self.assertEqual(report["schema_version"], 1)
        a = report["accounting"]
        self.assertEqual(a["planned"], a["measured"] + a["failed"] + a["throttled"] + a["unknown"] + a["not_sent"])
        self.assertEqual(a["planned"], len(self.samples()))

    def test_every_format_speaks_of_the_same_run(self):
        out = os.path.join(self.tmp, "x")
        os.makedirs(out)
        self.sweep(self.function(), *SMALL, "--export", f"md={out}/a.md", "--export", f"csv={out}/a.csv", "--export", f"json={out}/a.json")
        for name in ("a.md", "a.csv", "a.json"):
            self.assertGreater(os.path.getsize(os.path.join(out, name)), 100)

    def test_same_seed_same_plan(self):
        plans = []
        for seed in ("7", "7", "8"):
            self.store = os.path.join(self.tmp, f"{len(plans)}.db")
            self.sweep(self.function(), *SMALL, "--seed", seed)
            plans.append([(s["kind"], s["memory_size_mb"]) for s in self.samples()])
        self.assertEqual(plans[0], plans[1])
        self.assertNotEqual(plans[0], plans[2])

    def test_a_closed_pipe_is_quiet(self):
        words = " ".join(f"'{w}'" for w in self.command(*self.sweep_words(self.function(), *SMALL)))
        result = subprocess.run(["bash", "-c", f"set -o pipefail; {words} | true"], env=self.env, capture_output=True, text=True,
                                timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("error", result.stderr)

    def test_runtimes_of_ours(self):
        for name in ("hello-python", "hello-node"):
            if name == "hello-node" and not shutil.which("node"):
                continue
            with self.subTest(name):
                self.sweep(os.path.join(FUNCTIONS, name), "--memory", "512", "--cold", "3", "--warm", "3", "--idle", "none")
                self.assertGreaterEqual(len(self.samples("outcome='measured'")), 6)

    def test_two_sweeps_run_side_by_side(self):
        first = self.popen(*self.sweep_words(self.function(environment={"SLEEP_MS": 20}), *Interrupt.WORDS, "-v"),
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, drain = Interrupt.wait_for_invocations(first, 2)
        self.run_cli("sweep", self.function("second"), "--store", os.path.join(self.tmp, "second.db"), *SHARE, *SMALL)
        self.assertIsNone(first.poll())
        first.send_signal(signal.SIGINT)
        self.assertEqual(first.wait(30), 4)
        drain.join(10)

    def test_variables_of_the_service_do_not_reach_the_service_of_a_sweep(self):
        self.env.update(COLDPROF_PORT="1", COLDPROF_LISTEN="0.0.0.0")
        self.sweep(self.function(), *SMALL)

    def test_says_first_what_will_be_done(self):
        result = self.sweep(self.function(), *SMALL)
        self.assertRegex(result.stderr, r"^fn on the local server \(http://127\.0\.0\.1:\d+\), no cost\n"
                                        r"run \w+: 256, 1024 MB; at most 20 invocations; about \d+ s")
        self.assertEqual(self.sweep(self.function(), *SMALL, "-q").stderr, "")

    def test_verbose_shows_requests_and_no_secret(self):
        result = self.sweep(self.function(), *SMALL, "-v")
        self.assertRegex(result.stderr, r"PUT 127\.0\.0\.1:\d+/2015-03-31/functions/fn/configuration 200 [0-9a-f-]{36}")
        self.assertNotRegex(result.stderr, r"(?i)AKIA|secret|signature|authorization")

    def test_a_terminal_sees_a_row_per_cell_and_a_tidy_end(self):
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        self.env.update(TERM="xterm")
        process = self.popen(*self.sweep_words(self.function(environment={"SLEEP_MS": 10}), "--memory", "256,1024", "--cold", "10", "--warm",
                                               "20", "--idle", "none"), stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        seen = b""
        with contextlib.suppress(OSError): # EIO: the other side is gone
            while chunk := os.read(master, 65536):
                seen += chunk
        os.close(master)
        self.assertEqual(process.wait(60), 0)
        text = seen.decode()
        self.keeper.keep("terminal", text)
        self.assertRegex(text, r"  256 MB cold \[#*-*\] +\d+/10 ")
        self.assertRegex(text, r"cold and warm: \d+ of 60, ")
        lines = re.split(r"[\r\n]+|\x1b\[\d*[AJK]", text)
        self.assertLess(max(map(len, lines)), 60)
        self.assertTrue(text.endswith("\x1b[J"), text[-80:])

    def test_no_invocation_beyond_the_limit(self):
        self.sweep(self.function(), *SMALL, "--max-invocations", "7", status=None)
        sent = self.samples("outcome NOT IN ('not_sent')")
        self.assertLessEqual(len(sent), 7)


class Report(Case):
    def test_writes_page_json_markdown_and_charts(self):
        self.sweep(self.function(), "--memory", "256,512,1024", "--cold", "8", "--warm", "12", "--idle", "100ms", "--idle-probes", "2")
        out = os.path.join(self.tmp, "report")
        self.run_cli("report", "last", "--store", self.store, "-o", out)
        with open(os.path.join(out, "report.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn("Content-Security-Policy", page)
        self.assertIn("<svg", page)
        self.assertNotRegex(page, r"(?:src|href)=[\"']?http")
        self.assertLess(len(page), 400_000)
        ids = re.findall(r"\sid=[\"']([^\"']+)", page)
        self.assertEqual(len(ids), len(set(ids)))
        with open(os.path.join(out, "report.json"), encoding="utf-8") as f:
            json.load(f)
        self.assertLess(os.path.getsize(os.path.join(out, "report.md")), 10_000)
        charts = os.listdir(os.path.join(out, "charts"))
        for name in ("frontier", "init", "duration", "ecdf", "survival"):
            self.assertIn(f"{name}.csv", charts)
        for name in (c for c in charts if c.endswith(".png")):
            with open(os.path.join(out, "charts", name), "rb") as f:
                self.assertEqual(f.read(8), b"\x89PNG\r\n\x1a\n")
        self.assertIn("init.png", charts)
        # the same run gives the same bytes
        again = os.path.join(self.tmp, "again")
        self.run_cli("report", "last", "--store", self.store, "-o", again)
        with open(os.path.join(again, "report.html"), encoding="utf-8") as f:
            self.assertEqual(page, f.read())

    def test_without_gnuplot_the_tables_stay(self):
        self.sweep(self.function(), *SMALL)
        out = os.path.join(self.tmp, "report")
        self.env["PATH"] = "/nowhere"
        result = self.run_cli("report", "last", "--store", self.store, "-o", out)
        self.assertIn("gnuplot", result.stderr)
        with open(os.path.join(out, "report.html"), encoding="utf-8") as f:
            self.assertIn("<table", f.read())

    def test_runs_are_listed_and_found_by_prefix(self):
        self.sweep(self.function(), *SMALL)
        listed = json.loads(self.run_cli("runs", "--store", self.store, "--json").stdout)
        run_id = listed["runs"][0]["run_id"]
        self.assertIn(run_id, self.run_cli("report", run_id[:2], "--store", self.store).stdout)
        self.assertIn(run_id, self.run_cli("report", "zzzz", "--store", self.store, status=1).stderr)

    def test_a_run_without_budget_or_traffic_is_shown(self):
        self.sweep(self.function(), *SMALL)
        self.run_cli("report", "--store", self.store)


    def test_a_warning_is_explained(self):
        self.sweep(self.function(), *SMALL)
        result = self.run_cli("report", "--store", self.store, "--explain", "w010")
        self.assertRegex(result.stdout, r"(?s)^W010 in run \w+ of fn\n.*found: .*do: .*256 MB +4 +6")
        self.assertIn("W010", self.run_cli("report", "--store", self.store, "--explain", "W999", status=2).stderr)


class BadInput(Case):
    def test_what_can_be_known_before_is_refused_before_anything_runs(self):
        for words, status, said in ((["--payload", "{not json"], 2, "not JSON"), (["--region", "mars-1"], 1, "mars-1"),
                                    (["--export", "md=/nowhere/a.md"], 1, "/nowhere"), (["--traffic", "0/s"], 2, "--traffic")):
            result = self.sweep(self.function(), *words, status=status)
            self.assertIn(said, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
            self.assertFalse(os.path.exists(self.store))

    def test_budget_that_cannot_be_met_is_status_3_and_an_honest_answer(self):
        folder = self.function(environment={"SLEEP_MS": 30})
        words = ["--memory", "512,1024", "--cold", "8", "--warm", "320", "--idle", "none", "--budget", "p99=5ms", "--traffic", "2/s"]
        result = self.sweep(folder, *words, status=3)
        self.assertRegex(result.stdout, r"(?s)(INVESTIGATE|CHANGE|KEEP|NOT ENOUGH DATA):.*5 ms")
        self.run_cli("report", "--store", self.store, "--exit-zero", status=0)

    def test_bootstrap_that_is_not_executable(self):
        folder = self.function()
        os.chmod(os.path.join(folder, "bootstrap"), 0o644)
        os.remove(os.path.join(folder, "function.ini"))
        result = self.sweep(folder, *SMALL, status=None)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("chmod +x", result.stderr)

    def test_settings_with_a_typing_error_name_the_line(self):
        folder = self.function()
        with open(os.path.join(folder, "function.ini"), "w", encoding="utf-8") as f:
            f.write("timeout = 3\nmemroy = 128\n")
        result = self.sweep(folder, *SMALL, status=None)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("2", result.stderr)
        self.assertIn("memroy", result.stderr)

    @unittest.skipUnless(HAS_CGROUP, "needs root to give root up")
    def test_without_a_writable_cgroup_the_fix_is_named(self):
        folder = self.function()
        os.chmod(self.tmp, 0o777)
        self.store = os.path.join(self.tmp, "n.db")
        binary = shutil.copy(BINARY, self.tmp)  # the clone may be where only its owner gets in
        result = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", binary, *self.sweep_words(folder, *SMALL)],
                                env=self.env, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("--no-cpu-share", result.stderr)


class BadFunction(Case):
    """A function that fails is a result, not an abort."""

    def rows(self):
        return {s["outcome"] for s in self.samples("kind IN ('cold','warm') AND outcome <> 'not_sent'")}

    @unittest.skipUnless(HAS_CGROUP, "memory limits need a cgroup")
    def test_a_size_out_of_memory_is_a_row_and_the_others_go_on(self):
        folder = self.function(environment={"MEMORY_MB": 300})
        result = self.sweep(folder, "--memory", "128,1024", "--cold", "4", "--warm", "6", "--idle", "none")
        self.assertIn("out_of_memory", {s["outcome"] for s in self.samples("memory_size_mb=128")})
        self.assertEqual({s["outcome"] for s in self.samples("memory_size_mb=1024 AND outcome<>'not_sent'")}, {"measured"})
        self.assertRegex(result.stdout, r"128 .*(?i:out of memory|cannot run)")
        self.assert_nothing_left()

    def test_a_handler_that_hangs_times_out(self):
        folder = self.function(environment={"HANG": 1}, timeout=1)
        result = self.sweep(folder, "--memory", "256", "--cold", "2", "--warm", "2", "--idle", "none", status=None)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(self.rows(), {"timeout"})
        self.assert_nothing_left()

    def test_a_bootstrap_that_exits(self):
        folder = self.function()
        with open(os.path.join(folder, "bootstrap"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexit 7\n")
        result = self.sweep(folder, "--memory", "256", "--cold", "2", "--warm", "2", "--idle", "none", status=None)
        self.assertNotEqual(result.returncode, 0)
        self.assertTrue(self.rows() <= {"init_failed", "error"}, self.rows())
        self.assert_nothing_left()

    def test_a_handler_that_returns_errors(self):
        folder = self.function(environment={"ERROR": 1})
        self.sweep(folder, "--memory", "256", "--cold", "2", "--warm", "2", "--idle", "none", status=None)
        self.assertEqual(self.rows(), {"error"})


class Interrupt(Case):
    def start(self, folder, *more):
        return self.popen(*self.sweep_words(folder, *more, "-v"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    @staticmethod
    def wait_for_invocations(process, n):
        """Reads the -v lines until n invocations were answered; keeps draining afterwards."""
        seen = 0
        for line in process.stderr:
            seen += "invocations" in line
            if seen >= n:
                break
        rest = []
        drain = threading.Thread(target=lambda: rest.extend(process.stderr), daemon=True)
        drain.start()
        return rest, drain

    WORDS = ["--memory", "256,512", "--cold", "40", "--warm", "40", "--idle", "none", "--precision", "p50=0.1%,p95=0.1%"]

    def test_ctrl_c_saves_and_resume_repeats_nothing(self):
        folder = self.function(environment={"SLEEP_MS": 5})
        process = self.start(folder, *self.WORDS)
        rest, drain = self.wait_for_invocations(process, 15)
        process.send_signal(signal.SIGINT)
        process.wait(30)
        drain.join(10)
        self.assertEqual(process.returncode, 4)
        resume = re.search(r"^resume: coldprof sweep --resume (\w+) --store (\S+)$", "".join(rest), re.MULTILINE)
        self.assertTrue(resume, rest)
        self.assertEqual(resume.group(2), self.store)
        before = {s["plan_no"]: s["request_id"] for s in self.samples("outcome='measured'")}
        self.assertGreater(len(before), 5)
        self.assert_nothing_left()
        self.run_cli("sweep", "--resume", resume.group(1), "--store", self.store)
        after = {s["plan_no"]: s["request_id"] for s in self.samples("outcome='measured'")}
        self.assertGreater(len(after), len(before))
        for plan_no, request_id in before.items():
            self.assertEqual(after[plan_no], request_id)
        self.assertEqual(len(set(after.values())), len(after))

    def test_a_complete_run_and_a_changed_plan_are_not_resumed(self):
        self.sweep(self.function(), *SMALL)
        for words, said in (([], "complete"), (["--memory", "512"], "--memory")):
            result = self.run_cli("sweep", "--resume", "last", "--store", self.store, *words, status=2)
            self.assertIn(said, result.stderr)

    def test_ctrl_c_in_the_idle_phase(self):
        process = self.start(self.function(), "--memory", "256", "--cold", "2", "--warm", "2", "--idle", "100s", "--idle-probes", "1")
        rest, drain = self.wait_for_invocations(process, 5) # 2 cold, 2 warm, the prime
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)
        self.assertIn("resume: ", "".join(rest))
        self.assertEqual([s["outcome"] for s in self.samples("kind='idle'")], ["not_sent"])
        self.assert_nothing_left()

    def test_ctrl_c_in_the_search_for_the_idle_lifetime_and_resume(self):
        process = self.start(self.function(), "--memory", "256", "--cold", "2", "--warm", "2", "--idle-lifetime", "fixed:2250ms")
        rest, drain = self.wait_for_invocations(process, 40)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)
        self.assertIn("resume: ", "".join(rest))
        self.assert_nothing_left()
        self.assertEqual(read_rows(self.store, "SELECT idle_end FROM runs"), [{"idle_end": ""}])
        before = {s["plan_no"]: s["request_id"] for s in self.samples("outcome='measured'")}
        self.run_cli("sweep", "--resume", "last", "--store", self.store)
        after = {s["plan_no"]: s["request_id"] for s in self.samples("outcome='measured'")}
        self.assertLessEqual(before.items(), after.items())
        self.assertNotEqual(read_rows(self.store, "SELECT idle_end FROM runs"), [{"idle_end": ""}])

    def test_a_second_ctrl_c_does_not_wait_for_a_handler_that_hangs(self):
        process = self.start(self.function(environment={"HANG": 1}, timeout=60), *SMALL)
        stopping = [line for line in self.lines_until(process, "versions 201")]
        self.assertTrue(stopping)
        process.send_signal(signal.SIGINT)
        self.lines_until(process, "stopping: ")
        process.send_signal(signal.SIGINT)
        self.assertIn("resume: ", "".join(process.stderr))
        self.assertEqual(process.wait(30), 4)
        self.assertFalse(self.samples("outcome = 'sent'"))
        self.assert_nothing_left()

    @staticmethod
    def lines_until(process, text):
        lines = []
        for line in process.stderr:
            lines.append(line)
            if text in line:
                break
        return lines

    def test_a_service_that_is_killed_is_named_and_the_run_can_go_on(self):
        process = self.start(self.function(environment={"SLEEP_MS": 5}), *self.WORDS)
        rest, drain = self.wait_for_invocations(process, 10)
        for pid in self.children(process.pid):
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(process.wait(60), 1)
        drain.join(10)
        self.assertRegex("".join(rest), r"error: the local server has ended \(signal 9\)")
        resume = re.search(r"resume: coldprof (.*)", "".join(rest)).group(1).split()
        self.run_cli(*resume)
        self.assert_nothing_left()

    @staticmethod
    def children(pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
            return [int(word) for word in f.read().split()]

    def test_kill_9_leaves_no_process_and_the_samples(self):
        process = self.start(self.function(), *self.WORDS)
        _, drain = self.wait_for_invocations(process, 10)
        ours = self.descriptors_below(process.pid)
        self.assertGreaterEqual(len(ours), 2) # the service and at least one environment's keeper
        process.kill()
        process.wait(10)
        drain.join(10)
        for fd in ours.values(): # the service notices that its parent is gone and ends the rest
            self.assertTrue(select.select([fd], [], [], 20)[0], "a process of the service stayed")
            os.close(fd)
        self.assert_nothing_left()
        self.assertGreaterEqual(len(self.samples("outcome='measured'")), 5)
        self.sweep(self.function(), *SMALL) # the store is free again

    @staticmethod
    def descriptors_below(pid):
        """pid -> pidfd of every process below `pid`."""
        fds = {}
        for p in descendants(pid):
            try:
                fds[p] = os.pidfd_open(p)
            except ProcessLookupError:
                continue
        return fds


class Store(Case):
    def test_a_second_sweep_on_the_same_store_is_refused(self):
        process = self.popen(*self.sweep_words(self.function(environment={"SLEEP_MS": 50}), "--memory", "256", "--cold", "20",
                                               "--warm", "400", "--idle", "none", "-v"),
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, drain = Interrupt.wait_for_invocations(process, 2)
        result = self.sweep(self.function("other"), *SMALL, status=1)
        self.assertIn(str(process.pid), result.stderr)
        self.run_cli("runs", "--store", self.store)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)

    def test_a_store_of_a_newer_version_is_refused_and_unchanged(self):
        self.sweep(self.function(), *SMALL)
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            db.execute("PRAGMA user_version = 9999")
            db.commit()
        for words in (self.sweep_words(self.function(), *SMALL), ["report", "--store", self.store]):
            result = self.run_cli(*words, status=1)
            self.assertIn("9999", result.stderr)

    @unittest.skipUnless(HAS_CGROUP, "needs root to mount a small file system")
    def test_a_full_disk_is_said_and_loses_nothing(self):
        small = os.path.join(self.tmp, "small")
        os.makedirs(small)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], capture_output=True, check=False).returncode:
            self.skipTest("cannot mount a tmpfs here")
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=False)
        self.store = os.path.join(small, "history.db")
        result = self.sweep(self.function(), "--memory", "256,512,1024", "--cold", "300", "--warm", "2000", "--idle", "none",
                            "--precision", "p50=0.1%,p95=0.1%", status=1)
        self.assertRegex(result.stderr, r"(?i)disk|full|space")
        self.assert_nothing_left()

    def test_a_file_that_is_no_store(self):
        with open(self.store, "w", encoding="utf-8") as f:
            f.write("this is a text, not a database\n" * 100)
        result = self.run_cli("report", "--store", self.store, status=1)
        self.assertIn(self.store, result.stderr)


class Service(Case):
    def test_tells_a_human_where_it_listens_and_how_to_invoke(self):
        process = self.popen("local", "serve", self.function(), "--port", "0", *SHARE, stderr=subprocess.PIPE)
        said = "".join(Interrupt.lines_until(process, "sweep:"))
        self.assertRegex(said, r"listening on http://127\.0\.0\.1:\d+, Ctrl-C ends it; functions: fn\n")
        self.assertRegex(said, r"aws lambda invoke --endpoint-url http://127\.0\.0\.1:\d+ --region us-east-1")
        self.assertNotIn(fixtures.MARK, said)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)

    def test_an_interrupted_sweep_of_an_endpoint_is_resumed_there(self):
        service = self.popen("local", "serve", self.function(environment={"SLEEP_MS": 5}), "--port", "0", *SHARE, stderr=subprocess.PIPE)
        endpoint = re.search(r"http://\S+\d", "".join(Interrupt.lines_until(service, "sweep:"))).group(0)
        logs = threading.Thread(target=lambda: list(service.stderr), daemon=True)
        logs.start()
        process = self.popen("sweep", "fn", "--endpoint-url", endpoint, "--store", self.store, *Interrupt.WORDS, "-v",
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        rest, drain = Interrupt.wait_for_invocations(process, 15)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)
        words = re.search(r"resume: coldprof (.*)", "".join(rest)).group(1).split()
        self.assertIn("--endpoint-url", words)
        missing = self.run_cli(*words[:3], "--store", self.store, status=2)
        self.assertIn("--endpoint-url", missing.stderr)
        self.run_cli(*words)
        self.assertTrue(all(s["outcome"] == "measured" for s in self.samples()))
        service.send_signal(signal.SIGTERM)
        self.assertEqual(service.wait(20), 0)
        logs.join(10)

    def test_folders_of_one_name_are_told_apart_by_a_name_in_front(self):
        first, second = (self.function(os.path.join(side, "fn")) for side in ("old", "now"))
        result = self.run_cli("local", "serve", first, second, "--port", "0", *SHARE, status=1)
        self.assertIn(f"two functions are named 'fn': name one of them, NAME={second}", result.stderr)
        process = self.popen("local", "serve", first, f"fn-now={second}", "--port", "0", *SHARE, stderr=subprocess.PIPE)
        self.assertIn("functions: fn fn-now\n", "".join(Interrupt.lines_until(process, "sweep:")))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)

    def test_a_taken_port_is_named(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            result = self.run_cli("local", "serve", self.function(), "--port", str(port), *SHARE, status=1)
            self.assertIn(str(port), result.stderr)

    def test_serves_a_sweep_of_another_process_and_ends_on_sigterm(self):
        read_fd, write_fd = os.pipe()
        process = self.popen("local", "serve", self.function(), "--port", "0", "--ready-fd", str(write_fd), *SHARE,
                             pass_fds=[write_fd], stderr=subprocess.DEVNULL)
        os.close(write_fd)
        with os.fdopen(read_fd) as ready:
            facts = json.loads(ready.readline())
        result = self.run_cli("sweep", "fn", "--endpoint-url", facts["endpoint"], "--store", self.store, *SMALL)
        self.assertIn("fn", result.stdout)
        self.env["AWS_SECRET_ACCESS_KEY"] = fixtures.secret("wrong")
        refused = self.run_cli("sweep", "fn", "--endpoint-url", facts["endpoint"], "--store", self.store, *SMALL, status=1)
        self.assertRegex(refused.stderr, r"(?i)signature")
        self.env["AWS_SECRET_ACCESS_KEY"] = fixtures.SECRET_ACCESS_KEY
        unknown = self.run_cli("sweep", "fnn", "--endpoint-url", facts["endpoint"], "--store", self.store, *SMALL, status=1)
        self.assertIn("has no function 'fnn'; did you mean 'fn'?", unknown.stderr)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)
        self.assert_nothing_left()


class Slow(Case):
    def test_an_init_over_ten_seconds_is_a_result(self):
        folder = self.function(environment={"INIT_SLEEP_MS": 10500}, timeout=2)
        result = self.sweep(folder, "--memory", "256", "--cold", "1", "--warm", "1", "--idle", "none", status=None, timeout=300)
        self.assertNotEqual(result.returncode, 0)
        outcomes = {s["outcome"] for s in self.samples("outcome <> 'not_sent'")}
        self.assertTrue(outcomes & {"init_failed", "timeout"}, outcomes)

    def test_the_newcomers_command_ends_within_90_seconds(self):
        result = self.sweep(os.path.join(FUNCTIONS, "hello-python"), "--budget", "p99=200ms", "--traffic", "5/s", timeout=90)
        self.assertRegex(result.stdout, r"(KEEP|CHANGE)")


if __name__ == "__main__":
    unittest.main()
