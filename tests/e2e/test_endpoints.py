# SPDX-License-Identifier: GPL-3.0-or-later
"""Sweeps of endpoints that are neither AWS nor the embedded service: what they cannot show is not
measured, not made up, and said everywhere.
"""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import unittest

from program import Case, read_rows
from strange_endpoint import CONFIGURATION, INVOKE, Endpoint

SMALL = ["--warm", "30", "--idle", "none"]


class Strange(Case):
    def endpoint(self, kind, **more):
        endpoint = Endpoint(kind, **more)
        self.addCleanup(endpoint.close)
        return endpoint

    def sweep_at(self, endpoint, *more, function="fn", status=0):
        return self.run_cli("sweep", function, "--endpoint-url", endpoint.url, "--store", self.store, *more, status=status)

    def run_row(self):
        row, = read_rows(self.store, "SELECT * FROM runs")
        return row

    def report(self, form):
        out = os.path.join(self.tmp, "report")
        self.run_cli("report", "last", "--store", self.store, "-o", out)
        with open(os.path.join(out, f"report.{form}"), encoding="utf-8") as f:
            return f.read()

    def assert_accounted(self, endpoint):
        """Each invocation that the endpoint saw is one sample."""
        sent = self.samples("outcome <> 'not_sent'")
        self.assertEqual(endpoint.count("POST", INVOKE), len(sent))

    def assert_nothing_changed(self, endpoint):
        self.assertEqual([r for r in endpoint.requests if r[0] != "GET" and not INVOKE.fullmatch(r[1])], [])


class WallClock(Strange):
    def assert_wall_clock(self, endpoint, result, n=30):
        self.assertIn("mode: wall clock", " ".join(result.stderr.split("\nrun ")[0].split()))
        self.assertEqual((self.run_row()["mode"], self.run_row()["method"]), ("wall clock", "as it is"))
        warm = self.samples("kind='warm'")
        self.assertEqual(len(warm), n)
        for s in warm:
            self.assertEqual((s["outcome"], s["start"]), ("measured", "unknown"))
            self.assertIsNone(s["duration_ms"])
            self.assertIsNone(s["init_duration_ms"])
            self.assertIsNone(s["billed_duration_ms"])
            self.assertGreater(s["client_ms"], 0)
        self.assertEqual(self.samples("kind IN ('cold', 'idle')"), [])
        self.assert_accounted(endpoint)
        self.assert_nothing_changed(endpoint)

    def test_the_runtime_interface_emulator(self):
        endpoint = self.endpoint("invoke_only")
        result = self.sweep_at(endpoint, *SMALL, "--memory", "512", "--budget", "p99=200ms", "--exit-zero", function="function")
        self.assert_wall_clock(endpoint, result)
        self.assertIn("W019", result.stdout)
        self.assertRegex(result.stdout, r"NOT ENOUGH DATA: .*wall")
        report = json.loads(self.report("json"))
        self.assertEqual(report["run"]["mode"], "wall clock")
        self.assertIn("W019", [w["id"] for w in report["warnings"]])
        self.assertEqual(report["decision"]["verdict"], "NOT ENOUGH DATA")
        self.assertFalse(report["decision"]["is_budget_met"])
        size, = report["sizes"]
        self.assertEqual((size["n_cold"], size["n_warm"]), (0, 0))
        self.assertIsNone(size["init_p50"]["value_ms"])
        self.assertIsNone(size["warm_p50"]["value_ms"])
        clock, = report["wall_clock"]
        self.assertEqual((clock["memory_size_mb"], clock["client_p50"]["n"]), (512, 30))
        times = sorted(s["client_ms"] for s in self.samples("kind='warm'"))
        self.assertTrue(times[13] <= clock["client_p50"]["value_ms"] <= times[16], (times, clock))
        for form in ("md", "html"):
            page = self.report(form)
            self.assertIn("wall clock", page, form)
            self.assertIn("client p50", page, form)

    def test_what_it_does_not_tell_must_be_given(self):
        endpoint = self.endpoint("invoke_only")
        result = self.sweep_at(endpoint, *SMALL, function="function", status=2)
        self.assertIn("--memory", result.stderr)
        self.assertEqual(endpoint.count("POST", INVOKE), 0)

    def test_sam_local(self):
        endpoint = self.endpoint("sam")
        self.assert_wall_clock(endpoint, self.sweep_at(endpoint, *SMALL, "--memory", "256"))

    def test_an_endpoint_without_log_tail(self):
        endpoint = self.endpoint("no_tail")
        result = self.sweep_at(endpoint, *SMALL, "--memory", "128,256", "--cold", "10")
        self.assert_wall_clock(endpoint, result)
        self.assertIn("as it is, at 512 MB", result.stderr)
        self.assertIn("--cold is left out", result.stderr)

    def test_a_failing_function_is_no_measurement(self):
        endpoint = self.endpoint("invoke_only", payload=b'{"errorMessage":"boom","errorType":"KeyError"}')
        self.sweep_at(endpoint, *SMALL, "--memory", "512", function="function", status=None)
        self.assertEqual(self.samples("outcome='measured' AND kind <> 'prime'"), [])
        self.assertTrue(all(s["error_type"] == "KeyError" for s in self.samples("outcome='error'")))

    def test_an_interrupted_one_is_resumed_in_its_mode(self):
        endpoint = self.endpoint("no_tail")
        self.sweep_at(endpoint, *SMALL)
        with contextlib.closing(sqlite3.connect(self.store)) as db: # as a kill in the middle leaves it
            db.execute("UPDATE runs SET is_interrupted = 1, ended_at_ms = -1")
            db.execute("UPDATE samples SET outcome = 'not_sent', sent_at_ms = -1, client_ms = NULL WHERE plan_no BETWEEN 20 AND 25")
            db.commit()
        run_id = self.run_row()["id"]
        self.run_cli("sweep", "--resume", run_id, "--endpoint-url", endpoint.url, "--store", self.store)
        self.assertEqual(self.run_row()["mode"], "wall clock")
        self.assertEqual(len(self.samples("kind='warm' AND outcome='measured' AND start='unknown'")), 30)


class Tail(Strange):
    def test_an_emulators_records_give_durations_and_no_cold_start(self):
        endpoint = self.endpoint("tail_only")
        result = self.sweep_at(endpoint, *SMALL)
        self.assertIn("mode: tail without init", " ".join(result.stderr.split()))
        self.assertIn("an emulator's", " ".join(result.stderr.split()))
        self.assertEqual((self.run_row()["mode"], self.run_row()["method"]), ("tail without init", "as it is"))
        warm = self.samples("kind='warm'")
        self.assertTrue(all(s["duration_ms"] == 21.4 and s["max_memory_used_mb"] == -1 for s in warm), warm[0])
        self.assertEqual(self.samples("kind IN ('cold', 'idle')"), [])
        self.assertIn("W018", result.stdout)
        self.assertRegex(result.stdout, r"NOT ENOUGH DATA: .*[Cc]old starts")
        self.assert_accounted(endpoint)
        self.assert_nothing_changed(endpoint)

    def test_fresh_environments_that_show_no_init_end_the_cold_cells(self):
        service = self.serve(self.function())
        endpoint = self.endpoint("full_no_init", behind=service.port)
        result = self.sweep_at(endpoint, "--memory", "256,512", "--cold", "20", "--warm", "20", "--idle", "100ms", "--idle-probes", "2")
        self.assertIn("tail without init", " ".join(result.stderr.split()))
        self.assertEqual(self.run_row()["mode"], "tail without init")
        cold = self.samples("kind='cold' AND outcome <> 'not_sent'")
        self.assertLess(len(cold), 20)
        report = json.loads(self.report("json"))
        self.assertTrue(all(s["n_cold"] == 0 and s["init_p50"]["value_ms"] is None for s in report["sizes"]))
        self.assertTrue(all(s["n_warm"] > 0 for s in report["sizes"]))
        self.assertIn("W018", [w["id"] for w in report["warnings"]])
        self.assert_accounted(endpoint)


class Full(Strange):
    def test_the_embedded_service_is_not_probed_and_full(self):
        service = self.serve(self.function(memory=256))
        self.run_cli("sweep", "fn", "--endpoint-url", service.endpoint, "--store", self.store, "--memory", "256", "--cold", "4", *SMALL)
        self.assertEqual(self.run_row()["mode"], "full")
        self.assertEqual([s for s in self.samples() if "probe" in s["note"]], [])

    def test_an_unknown_function_is_said_to_be_one(self):
        endpoint = self.endpoint("no_tail")
        result = self.sweep_at(endpoint, *SMALL, function="nobody", status=1)
        self.assertIn("nobody", result.stderr)
        self.assertEqual(endpoint.count("POST", INVOKE), 0)

    def test_an_endpoint_that_cannot_invoke_is_refused(self):
        endpoint = self.endpoint("broken")
        result = self.sweep_at(endpoint, *SMALL, status=1)
        self.assertRegex(result.stderr, r"cannot invoke 'fn' at this endpoint: 500 .*no container")
        self.assertEqual(result.stderr.count("error:"), 1)
        self.assertFalse(os.path.exists(self.store) and read_rows(self.store, "SELECT * FROM runs"))

    def test_ctrl_c_does_not_wait_for_a_probe_that_hangs(self):
        endpoint = self.endpoint("silent")
        process = self.popen("sweep", "fn", "--endpoint-url", endpoint.url, "--store", self.store, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        self.assertTrue(endpoint.is_invoked.wait(30))
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        self.assertEqual(process.wait(10), 4, said)
        self.assertIn("interrupted while the endpoint was probed", said)
        self.assert_nothing_changed(endpoint)

    def test_somebodys_account_behind_an_endpoint_is_asked_about_first(self):
        endpoint = self.endpoint("no_tail", account="111122223333")
        result = self.sweep_at(endpoint, *SMALL, "--memory", "512", status=2)
        self.assertIn("--yes", result.stderr)
        self.assertEqual(endpoint.count("POST", INVOKE), 0)
        self.assertGreater(endpoint.count("GET", CONFIGURATION), 0)


if __name__ == "__main__":
    unittest.main()
