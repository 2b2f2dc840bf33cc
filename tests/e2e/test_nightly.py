# SPDX-License-Identifier: GPL-3.0-or-later
"""Night after night: `coldprof nightly` on the embedded service, with real processes. Nights are
seconds apart here; what is judged is their order.

Nothing here waits by sleeping: every wait is for an event (a line, an exit, a file) with a limit.
"""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import threading
import unittest

import fixtures
from program import HAS_CGROUP, SHARE, Case, read_rows

LEARNING = 8   # CP_TREND_MIN_NIGHTS
K_OF_N = 3     # CP_TREND_K_OF_N
# init is waiting here, and long, beside what a busy machine adds to the slowest of a few samples
FAST, SLOW = {"INIT_SLEEP_MS": 250}, {"INIT_SLEEP_MS": 500}
FEW = ["--cold", "10", "--warm", "0", "--parallel", "5"]


class Night(Case):
    def words(self, folder, *more):
        return ["nightly", folder, "--store", self.store, *SHARE, *more]

    def night(self, folder, *more, status=0, few=FEW, **kw):
        return self.run_cli(*self.words(folder, *few, *more), status=status, **kw)

    def judged(self, folder, *more, status=0, **kw):
        """A night's JSON, and its gates by name."""
        result = self.night(folder, *more, "--json", status=status, **kw)
        document = json.loads(result.stdout)
        return document, {g["metric"]: g for g in document["gates"]}

    def nights(self):
        if not os.path.exists(self.store):
            return []
        return read_rows(self.store, "SELECT * FROM nights ORDER BY started_at_ms")

    def learn(self, folder):
        for _ in range(LEARNING):
            self.night(folder, "-q")


class Judged(Night):
    def test_a_lasting_regression_fails_on_its_third_night_and_not_before(self):
        folder = self.function(environment=FAST)
        for i in range(LEARNING):
            document, gates = self.judged(folder)
            self.assertEqual(gates["128MB/init-p50"]["state"], "learning")
            self.assertEqual(gates["128MB/init-p99"]["n_needed"], 368)
            self.assertIn(f"night {i + 1} of {LEARNING}", gates["128MB/init-p50"]["because"])
            self.assertFalse(document["fails"])
        self.judged(folder)
        self.function(environment=SLOW) # the new build
        for i in range(1, K_OF_N):
            _, gates = self.judged(folder)
            self.assertEqual(gates["128MB/init-p50"]["state"], "suspect")
            self.assertIn(f"{i} of the last 5 nights", gates["128MB/init-p50"]["because"])
        told = os.path.join(self.tmp, "told.json")
        _, gates = self.judged(folder, "--notify-command", f"cat > {told}", status=3)
        self.assertEqual(gates["128MB/init-p50"]["state"], "regressed")
        self.assertTrue(gates["128MB/init-p50"]["fails"])
        self.assertGreater(gates["128MB/init-p50"]["ratio"]["value"], 1.5)
        with open(told, encoding="utf-8") as f:
            self.assertEqual({g["metric"]: g for g in json.load(f)["gates"]}, gates)
        # it stands
        self.night(folder, "-q", status=3)
        self.night(folder, "-q", "--exit-zero")
        self.night(folder, "-q", "--effect", "50%,1s")
        # until it is accepted
        self.run_cli("history", "accept", "fn", "--store", self.store)
        document, gates = self.judged(folder)
        self.assertNotEqual(gates["128MB/init-p50"]["state"], "regressed")
        self.assertFalse(document["fails"])
        self.assertEqual(len(self.nights()), LEARNING + 1 + K_OF_N + 4)
        self.assert_nothing_left()

    def test_an_unchanged_function_passes_every_night(self):
        folder = self.function(environment=FAST)
        for _ in range(LEARNING + 3):
            self.assertNotIn("suspect", self.night(folder, "-q").stdout)

    @unittest.skipUnless(HAS_CGROUP, "memory limits need cgroups")
    def test_a_size_that_cannot_run_any_more_fails_at_once(self):
        folder = self.function(environment=FAST)
        self.judged(folder, "--memory", "128,256")
        self.function(environment={"INIT_MEMORY_MB": 200})
        document, gates = self.judged(folder, "--memory", "128,256", status=3)
        failed = {name for name, g in gates.items() if g["fails"]}
        self.assertTrue(failed)
        self.assertTrue(all(name.startswith("128MB/") for name in failed), failed)
        self.assertIn("cannot run now", gates["128MB/init-p50"]["because"])
        self.assertNotIn("W054", [w["id"] for w in document["warnings"]]) # no matter of the machine's speed


class Told(Night):
    def test_what_is_absent_tonight_is_told(self):
        folder = self.function(environment=FAST)
        self.night(folder, "--memory", "128,256")
        result = self.night(folder, "--memory", "128")
        self.assertIn("W050", result.stdout)
        self.assertRegex(result.stdout, r"256\s?MB")

    def test_nights_of_a_wrong_clock_do_not_count(self):
        folder = self.function(environment=FAST)
        for _ in range(2):
            self.night(folder)
        with contextlib.closing(sqlite3.connect(self.store)) as db, db:
            db.execute("UPDATE nights SET started_at_ms = started_at_ms + 864000000 WHERE rowid = (SELECT MAX(rowid) FROM nights)")
        result = self.night(folder)
        self.assertIn("later than this one (1)", result.stderr)
        self.assertIn(f"night 2 of {LEARNING}", result.stdout)
        self.assertEqual(len(self.nights()), 3)

    def test_the_terminal_has_80_columns_and_pipes_no_colour(self):
        folder = self.function("a-function-whose-name-is-rather-long-as-some-are", environment=FAST)
        result = self.night(folder)
        self.assertTrue(all(len(line) <= 80 for line in result.stdout.split("\n")), result.stdout)
        self.assertNotIn("\x1b", result.stdout + result.stderr)
        self.assertNotIn("\r", result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"(?i)learning")

    def test_the_own_memory_size_and_the_counts_are_the_plan(self):
        self.night(self.function(memory=256), few=["--cold", "90", "--warm", "20"])
        cold = self.samples("kind='cold'")
        self.assertEqual({s["memory_size_mb"] for s in cold}, {256})
        self.assertEqual(sum(s["outcome"] != "not_sent" for s in cold), 90) # however precise
        self.assertEqual(len(self.samples("kind='warm'")), 20)
        self.assertEqual(len(self.samples("kind='idle'")), 0)

    def test_quiet_and_piped(self):
        folder = self.function()
        self.assertEqual(self.night(folder, "-q").stderr, "")
        words = " ".join(f"'{w}'" for w in self.command(*self.words(folder, *FEW)))
        result = subprocess.run(["bash", "-c", f"set -o pipefail; {words} | true"], env=self.env, capture_output=True, text=True,
                                timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("error", result.stderr)


class Billed(Night):
    """In an account all safety is that of a sweep."""

    def setUp(self):
        super().setUp()
        self.service = self.serve(self.function(environment=FAST), "--account-id", "111122223333")
        self.few = [*FEW, "--endpoint-url", self.service.endpoint]

    def words(self, folder, *more):
        return ["nightly", folder, "--store", self.store, *more]

    def account(self):
        client = self.service.client
        return {f["FunctionName"]: (f, client.versions(f["FunctionName"])) for f in client.functions()}

    def test_nobody_to_ask_is_a_refusal_before_anything_is_changed(self):
        before = self.account()
        result = self.night("fn", few=self.few, status=2)
        self.assertIn("--yes", result.stderr)
        self.assertIn("USD", result.stderr)
        self.assertEqual(self.account(), before)
        self.assertEqual(self.nights(), [])

    def test_yes_measures_a_shadow_and_undoes_it(self):
        before = self.account()
        self.night("fn", "--yes", few=self.few)
        self.assertEqual(self.account(), before)
        self.assertEqual(len(self.nights()), 1)
        run, = read_rows(self.store, "SELECT * FROM runs")
        self.assertEqual(run["method"], "shadow function")
        self.assertGreater(run["quoted_usd"], 0)

    def test_a_night_that_the_limit_ended_is_no_night(self):
        result = self.night("fn", "--yes", "--max-cost-usd", "0.000001", few=self.few, status=None)
        self.assertIn(result.returncode, (1, 2), result.stderr)
        self.assertEqual(self.nights(), [])


class Unhappy(Night):
    def start(self, folder):
        """Under way: some invocations were answered."""
        process = self.popen(*self.words(folder, "-v"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seen = 0
        for line in process.stderr:
            seen += "invocations" in line
            if seen >= 5:
                break
        rest = []
        drain = threading.Thread(target=lambda: rest.extend(process.stderr), daemon=True)
        drain.start()
        return process, rest, drain

    def test_an_interrupted_night_is_kept_as_a_run_but_is_no_night(self):
        folder = self.function(environment=FAST)
        process, rest, drain = self.start(folder)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)
        self.assertIn("this night is not in the history", "".join(rest))
        self.assertRegex("".join(rest), r"(?m)^resume: coldprof sweep --resume \w+ --store ")
        self.assertEqual(self.nights(), [])
        self.assertEqual(len(read_rows(self.store, "SELECT * FROM runs")), 1)
        self.assert_nothing_left()

    def test_a_night_that_is_cut_short_is_no_night(self):
        result = self.night(self.function(), "--max-invocations", "5", status=1)
        self.assertRegex(result.stderr, r"error: this night is not in the history: run '\w+' is kept, but its cold cell at "
                                        r"128 MB ended early \(invocation limit\)")
        self.assertEqual(result.stdout, "")
        self.assertEqual(self.nights(), [])

    def test_while_another_one_measures_a_night_is_left_out(self):
        folder = self.function(environment=FAST)
        process, _, drain = self.start(folder)
        result = self.night(folder, status=1)
        self.assertRegex(result.stderr, rf"error: this night is left out, unless --wait .*\(process {process.pid}\)")
        self.assertEqual(result.stdout, "")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)

    def test_a_night_waits_for_its_turn_when_told_to(self):
        folder = self.function(environment=FAST)
        process, rest, drain = self.start(folder)
        result = self.night(folder, "--wait", "200ms", status=1)
        self.assertRegex(result.stderr, rf"waiting for another one to end: .*\(process {process.pid}\)")
        self.assertIn("error: this night is left out", result.stderr)
        threading.Timer(1, process.send_signal, [signal.SIGINT]).start()
        result = self.night(folder, "--wait", "2m")
        self.assertIn("LEARNING", result.stdout)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)
        self.assertEqual(len(self.nights()), 1)

    def test_a_function_that_never_ran_gives_no_verdict(self):
        result = self.night(self.function(environment={"INIT_CRASH": "exit 1"}), status=1)
        self.assertIn("ran at none of its 1 memory sizes", result.stderr)

    def test_wrong_words_are_refused_before_anything_is_measured(self):
        folder = self.function()
        for words, said in ((["--export", "junit=/no-such-folder/x"], "no-such-folder"),
                            (["--precision", "5%"], "precision"),
                            (["--idle-max", "1m"], "idle"),
                            (["--cold", "0", "--warm", "0", "--idle", "auto"], "--cold and --warm"),
                            (["--format", "html"], "html")):
            result = self.run_cli(*self.words(folder, *words), status=None)
            self.assertIn(result.returncode, (1, 2), words)
            self.assertIn(said, result.stderr)
            self.assertFalse(os.path.exists(self.store) and read_rows(self.store, "SELECT * FROM runs"))
        self.run_cli("nightly", status=2)
        self.run_cli("nightly", os.path.join(self.tmp, "nothing"), status=None)

    def test_a_dry_run_measures_and_keeps_nothing(self):
        result = self.night(self.function(), "--dry-run")
        self.assertIn("nothing is changed", result.stdout)
        self.assertFalse(os.path.exists(self.store))


class Notified(Night):
    """A size that cannot run any more is a status of 3 after one night."""

    def setUp(self):
        super().setUp()
        self.folder = self.function(environment=FAST)
        self.night(self.folder, "-q")
        self.function(environment={"INIT_CRASH": "exit 1"})

    def script(self, text):
        path = os.path.join(self.tmp, "tell")
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        return path

    def test_a_script_gets_the_result_and_no_keys(self):
        env = os.path.join(self.tmp, "environment")
        body = os.path.join(self.tmp, "body")
        result = self.night(self.folder, "--notify-command", self.script(f"env > {env}\ncat > {body}\necho told"), status=3)
        with open(body, encoding="utf-8") as f:
            document = json.load(f)
        self.assertTrue(any(g["fails"] for g in document["gates"]))
        with open(env, encoding="utf-8") as f:
            text = f.read()
        self.assertNotIn(fixtures.MARK, text)
        self.assertNotIn(fixtures.ACCESS_KEY_ID, text)
        self.assertIn("told", result.stderr)
        self.assertNotIn("told", result.stdout)

    def test_its_failure_is_a_warning(self):
        for command in ("exit 9", "exec <&-; kill -9 $$", "no-such-command-anywhere"):
            result = self.night(self.folder, "--notify-command", command, "--json", status=3)
            self.assertIn("warning: --notify-command: ", result.stderr)
            json.loads(result.stdout)

    def test_it_is_not_run_when_nothing_got_worse(self):
        told = os.path.join(self.tmp, "told")
        self.function("other", environment=FAST)
        self.night(os.path.join(self.tmp, "other"), "--notify-command", f"touch {told}")
        self.assertFalse(os.path.exists(told))


if __name__ == "__main__":
    unittest.main()
