# SPDX-License-Identifier: GPL-3.0-or-later
"""`coldprof nightly NEW --against BASE`: two builds in turns on one embedded service, and the new one judged."""
import json
import os
import re
import signal
import shutil
import unittest

import gate
from program import BINARY, FUNCTIONS, SHARE, Case, read_rows

FEW = ["--cold", "6", "--warm", "6"]


class PairCase(Case):
    def build(self, side, **more):
        """Two builds of one function are called alike."""
        return self.function(os.path.join(side, "fn"), **more)

    def judge_words(self, new, base, *more):
        return ["nightly", new, "--against", base, "--store", self.store, *SHARE, *more]

    def judge(self, new, base, *more, status=0, **kw):
        return self.run_cli(*self.judge_words(new, base, *more), status=status, **kw)

    def runs(self):
        return read_rows(self.store, "SELECT * FROM runs ORDER BY rowid")


class Turns(PairCase):
    def test_steps_alternate_and_never_overlap(self):
        base, new = self.build("old"), self.build("now")
        self.judge(new, base, "--cold", "9", "--warm", "18", "--memory", "256,128")
        a, b = self.runs()
        self.assertEqual((a["target"], b["target"]), (base, new))
        self.assertEqual((a["function"], b["function"]), ("fn", "fn"))
        self.assertEqual({a["method"], b["method"]}, {"own function, in turns"})
        steps = {}
        for side, run in (("A", a), ("B", b)):
            for s in self.samples(f"run_id='{run['id']}'"):
                self.assertEqual(s["outcome"], "measured")
                steps.setdefault((side, s["version"]), []).append((s["sent_at_ms"], s["sent_at_ms"] + s["client_ms"], s["memory_size_mb"], s["kind"]))
        order = sorted(steps, key=lambda key: min(steps[key]))
        self.assertEqual("".join(side for side, _ in order), "ABBA" * 9)
        # what is sent later was sent when all before had answered; times are whole ms
        ends = [max(end for _, end, _, _ in steps[key]) for key in order]
        for end, key in zip(ends, order[1:]):
            self.assertGreaterEqual(min(steps[key])[0] + 1, end)
        plan = [[[(s["memory_size_mb"], s["kind"]) for s in self.samples(f"run_id='{run['id']}'")]] for run in (a, b)]
        self.assertEqual(plan[0], plan[1])
        self.assert_nothing_left()

    def test_both_are_ordinary_runs(self):
        self.judge(self.build("now"), self.build("old"), *FEW)
        ids = [run["id"] for run in self.runs()]
        for run in ids:
            self.assertIn("in turns", self.run_cli("report", run, "--store", self.store).stdout)
            self.run_cli("fit", run, "--store", self.store)
        compared = self.run_cli("compare", *ids, "--store", self.store)
        self.assertIn("measured in turns", compared.stdout)
        self.assertNotIn("did not take turns", compared.stdout + compared.stderr)
        self.sweep(os.path.join(self.tmp, "now", "fn"), "--memory", "128", "--cold", "6", "--warm", "6", "--idle", "none")
        alone = self.run_cli("compare", ids[1], "--store", self.store)
        self.assertIn("did not take turns", alone.stdout + alone.stderr)
        self.assertEqual(len(re.findall(r"(?m)^\w{4}\b", self.run_cli("runs", "--store", self.store).stdout)), 3)

    def test_no_history_is_written(self):
        self.judge(self.build("now"), self.build("old"), *FEW)
        self.assertEqual(read_rows(self.store, "SELECT * FROM nights"), [])

    def test_folders_of_different_names(self):
        self.judge(self.function("fn-new"), self.function("fn-old"), *FEW)
        self.assertEqual([run["function"] for run in self.runs()], ["fn-old", "fn-new"])

    def test_names_as_long_as_lambda_has_them(self):
        name = "x" * 64
        self.judge(self.function(os.path.join("now", name)), self.function(os.path.join("old", name)), *FEW)
        self.assertEqual([run["function"] for run in self.runs()], [name, name])

    def test_one_folder_twice_is_said(self):
        folder = self.build("now")
        result = self.judge(folder, folder + "/.", *FEW)
        self.assertIn("warning: both are one folder", result.stderr)

    def test_the_size_is_that_of_the_new_one(self):
        result = self.judge(self.build("now", memory=256), self.build("old"), *FEW)
        self.assertIn("old/fn: it has 128 MB and the new one 256 MB: both are measured at 256 MB", result.stderr)
        self.assertEqual({s["memory_size_mb"] for s in self.samples()}, {256})

    def test_the_effect_that_matters_is_the_users(self):
        base, new = self.build("old"), self.build("now", environment={"INIT_SLEEP_MS": 60})
        words = ["--cold", "12", "--warm", "0"]
        self.judge(new, base, *words, "--effect", "5%,5ms", status=3)
        self.judge(new, base, *words, "--effect", "5%,500ms")

    def test_every_format_says_the_same(self):
        files = {f: os.path.join(self.tmp, f) for f in ("json", "csv", "md", "junit", "gha-benchmark", "bmf", "openmetrics")}
        exports = [word for f, path in files.items() for word in ("--export", f"{f}={path}")]
        self.judge(self.build("now", environment={"INIT_SLEEP_MS": 60}), self.build("old"), "--cold", "20", "--warm", "6", *exports,
                   "--notify-command", f"cat > {self.tmp}/told", status=3)
        self.assertEqual(*(json.load(open(path, encoding="utf-8")) for path in (files["json"], os.path.join(self.tmp, "told"))))
        for path in files.values():
            self.assertGreater(os.path.getsize(path), 50)
        with open(files["json"], encoding="utf-8") as f:
            text = f.read()
        self.assertIn("regression", text)
        json.loads(text)

    def test_a_plan_and_rows_of_both_are_shown(self):
        result = self.judge(self.build("now"), self.build("old"), *FEW)
        a, b = (run["id"] for run in self.runs())
        self.assertRegex(result.stderr, rf"in turns on the local server\s+\(http://127\.0\.0\.1:\d+\), no cost\n"
                                        rf"runs {a} and {b}: 128 MB; at most 24 invocations; about")
        self.assertTrue(all(len(line) <= 80 for line in result.stdout.split("\n")), result.stdout)
        self.assertNotIn("\x1b", result.stdout + result.stderr)


class Ends(PairCase):
    def test_ctrl_c_undoes_and_keeps_both(self):
        process = self.popen(*self.judge_words(self.build("now", environment={"SLEEP_MS": 5}), self.build("old"), "-v"), stderr=-1, stdout=-3)
        seen = 0
        for line in process.stderr:
            seen += "invocations" in line
            if seen == 20:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        self.assertEqual(process.wait(30), 4)
        runs = self.runs()
        self.assertEqual([run["is_interrupted"] for run in runs], [1, 1])
        self.assertIn(f"interrupted; everything measured is kept, as runs {runs[0]['id']} and {runs[1]['id']}\n", rest)
        self.assertEqual(self.samples("outcome='sent'"), [])
        for run in runs:
            self.assertGreater(len(self.samples(f"run_id='{run['id']}' AND outcome='measured'")), 5)
        self.assert_nothing_left()
        refused = self.run_cli("sweep", "--resume", runs[0]["id"], "--store", self.store, status=1)
        self.assertIn("took turns with another one and cannot go on alone", refused.stderr)

    def test_a_build_that_crashes_does_not_pass(self):
        for crashing, healthy, status in (("now", "old", 3), ("old", "now", 1)):
            with self.subTest(crashing=crashing):
                self.store = os.path.join(self.tmp, f"{crashing}.db")
                folders = {crashing: self.build(crashing, environment={"INIT_CRASH": "exit 3"}), healthy: self.build(healthy, environment={})}
                result = self.judge(folders["now"], folders["old"], *FEW, status=status)
                if crashing == "old":
                    self.assertRegex(result.stderr, r"error: the base \S+/old/fn cannot run at 128 MB \(.*\), so nothing is judged there; "
                                                    r"see\s+'coldprof report \w+'")
                else:
                    self.assertIn("it ran in the base and cannot run now", " ".join(result.stdout.split()))
                for run in self.runs():
                    measured = len(self.samples(f"run_id='{run['id']}' AND outcome='measured'"))
                    self.assertEqual(measured, 12 if f"/{healthy}/" in run["target"] else 0)
        self.assert_nothing_left()

    def test_failures_are_told(self):
        folder = self.build("now", environment={"CRASH": "exit 1"})
        result = self.judge(folder, self.build("old"), "--cold", "6", "--warm", "6", status=3)
        new = self.runs()[1]["id"]
        self.assertRegex(" ".join(result.stdout.split()), rf"warning W044: \d+ of 12 invocations of run '{new}' gave no measurement")

    def test_a_pair_that_is_cut_short_does_not_pass(self):
        result = self.judge(self.build("now"), self.build("old"), *FEW, "--max-invocations", "8", status=1)
        self.assertRegex(result.stderr, r"error: the new build does not pass: run '\w+' is kept, but its \w+ cell at 128 MB ended early "
                                        r"\(invocation limit\)")
        enough = [self.build("slow", environment={"INIT_SLEEP_MS": 500}), self.build("old"), "--cold", "20", "--warm", "0", "--max-invocations", "30"]
        self.judge(*enough, status=3)
        self.judge(*enough, "--exit-zero")

    def test_what_cannot_take_turns_is_refused(self):
        fn = self.build("now")
        rows = (
            ([fn, "checkout"], 2, "--against needs two folders"),
            (["checkout", fn], 2, "--against needs two folders"),
            ([fn, os.path.join(self.tmp, "nowhere")], 1, "no such function folder"),
            ([fn, fn, "--idle", "1s"], 2, "--idle"),
            ([fn, fn, "--in-place"], 2, "--in-place"),
            ([fn, fn, "--dry-run"], 2, "--dry-run"),
            ([fn, fn, "--export", f"otava-csv={self.tmp}/x.csv"], 2, "otava-csv"),
            ([fn, fn, "--cold", "0", "--warm", "0"], 2, "nothing to sample"),
            ([fn, fn, "--endpoint-url", "http://127.0.0.1:1"], 2, "--endpoint-url"),
        )
        for (new, base, *words), status, said in rows:
            with self.subTest(words=words, new=new, base=base):
                result = self.judge(new, base, *words, status=None)
                self.assertIn(said, result.stderr)
                self.assertEqual(result.returncode, status, result.stderr)
                self.assertEqual(result.stderr.count("error: "), 1)
        if os.path.exists(self.store):
            self.assertEqual(self.runs(), [])
        self.assert_nothing_left()


class Gate(PairCase):
    """A short form of the proof."""
    n = 1
    words = ["--cold", "80", "--warm", "20"]
    least = {"unchanged": 0, "sleep": 1}
    most = {"unchanged": 0}

    def test_a_regression_is_caught_and_nothing_else(self):
        base, builds = gate.make_builds(self.tmp)
        trials = [gate.judge(self.env, self.store, base, builds[change], change, *self.words) for _ in range(self.n) for change in self.least]
        print("\n" + gate.report(self.env, self.store, trials), flush=True)
        for change in self.least:
            of = [t for t in trials if t.change == change]
            self.assertEqual([t.said for t in of if t.status not in (0, 3)], [])
            failed = sum(t.status == 3 for t in of)
            self.assertGreaterEqual(failed, self.least[change], [t.said for t in of])
            self.assertLessEqual(failed, self.most.get(change, self.n), [t.said for t in of if t.status == 3])
        self.assertEqual([t.seconds for t in trials if t.seconds >= gate.LIMIT_S], [])
        self.assert_nothing_left()


class GateSlow(Gate):
    n = 20
    words = [] # as a user has it
    least = {"unchanged": 0, "sleep": 19, "cpu": 19, "cpu-share": 19}


if __name__ == "__main__":
    unittest.main(verbosity=2)
