# SPDX-License-Identifier: GPL-3.0-or-later
"""Nights that real runs made, on two runners without a common disk: what one exports the other imports
and goes on from.

Nothing here waits by sleeping: every wait is for an event (a line, an exit, a file) with a limit.
"""
import gzip
import json
import os
import shutil
import signal
import subprocess
import unittest

from program import FUNCTIONS, SHARE, Case, read_rows
from test_e2e import Interrupt

NIGHT = ["--memory", "256", "--cold", "6", "--warm", "8", "--idle", "none"]
HELLO = os.path.join(FUNCTIONS, "hello-c")


def lines_of(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def bytes_of(path):
    with open(path, "rb") as f:
        return f.read()


class TwoRunners(Case):
    def path(self, name):
        return os.path.join(self.tmp, name)

    def history(self, runner, *words, **more):
        return self.run_cli("history", *words, "--store", self.path(f"{runner}.db"), **more)

    def night(self, runner, folder=HELLO):
        """A run that is made a night by hand."""
        self.store = self.path(f"{runner}.db")
        self.sweep(folder, *NIGHT)
        self.history(runner, "add", "last")

    def nightly(self, runner):
        """A night as a schedule makes it; of the same sizes, so that it belongs to the others."""
        return self.run_cli("nightly", HELLO, *NIGHT, *SHARE, "--store", self.path(f"{runner}.db"), "--json")

    def export(self, runner, name):
        self.history(runner, "export", "-o", self.path(name))
        return self.path(name)

    def test_a_history_goes_from_runner_to_runner(self):
        self.night("a")
        self.night("a")
        first = self.export("a", "first.ndjson")
        nights = lines_of(first)
        self.assertEqual([n["kind"] for n in nights], ["night", "night"])
        self.assertLess(nights[0]["started_at"], nights[1]["started_at"])
        comparable = f"next: coldprof compare {nights[0]['run_id']} {nights[1]['run_id']}"
        self.assertIn(comparable, self.history("a", "show", "hello-c").stdout)

        # the other runner knows nothing but the file, packed on its way
        with gzip.open(self.path("first.ndjson.gz"), "wb") as f:
            f.write(bytes_of(first))
        result = self.history("b", "import", self.path("first.ndjson.gz"))
        self.assertIn("new nights: 2", result.stdout)
        self.assertEqual(bytes_of(self.export("b", "same.ndjson")), bytes_of(first))
        self.assertNotIn("coldprof compare", self.history("b", "show", "hello-c").stdout)  # their samples are elsewhere
        night = json.loads(self.nightly("b").stdout)
        self.assertEqual((night["n_nights"], night["verdict"]), (3, "learning"))
        self.history("b", "accept", "hello-c", "--note", "as it should be")
        second = self.export("b", "second.ndjson")
        self.assertEqual([n["kind"] for n in lines_of(second)], ["night"] * 3 + ["acceptance"])

        # meanwhile the first went on, too; both merge, in either order, to the same
        self.nightly("a")
        third = self.export("a", "third.ndjson")
        self.assertIn("new nights: 1, new acceptances: 1, known: 2", self.history("a", "import", second).stdout)
        self.assertIn("new nights: 1, new acceptances: 0, known: 2", self.history("b", "import", third).stdout)
        both = bytes_of(self.export("a", "both-a.ndjson"))
        self.assertEqual(both, bytes_of(self.export("b", "both-b.ndjson")))
        self.assertEqual(len(both.splitlines()), 5)
        listed = json.loads(self.history("b", "list", "--json").stdout)["histories"]
        self.assertEqual([(h["function"], h["nights"], h["place"]) for h in listed], [("hello-c", 4, "local server")])
        shown = self.history("b", "show", "hello-c")
        self.assertIn("256MB/init-p50", shown.stdout)
        self.assertTrue(all(len(line) <= 80 for line in shown.stdout.split("\n")), shown.stdout)

    def test_a_pipe_carries_it_as_well(self):
        self.night("a")
        out = self.history("a", "export")
        self.assertEqual(out.stderr, "")
        command = self.command("history", "import", "-", "--store", self.path("b.db"))
        result = subprocess.run(command, env=self.env, input=out.stdout, capture_output=True, text=True, timeout=60, check=True)
        self.assertIn("new nights: 1", result.stdout)
        self.assertEqual(self.history("b", "export").stdout, out.stdout)

    def test_a_night_says_what_may_explain_it(self):
        folder = self.path("fn")
        shutil.copytree(HELLO, folder)
        self.night("a", folder)
        run, = read_rows(self.store, "SELECT * FROM runs")
        night, = lines_of(self.export("a", "a.ndjson"))
        report = json.loads(self.run_cli("report", "--json", "--store", self.store).stdout)["run"]
        self.assertGreater(run["code_size_bytes"], 0)
        self.assertEqual(night["code_size_bytes"], run["code_size_bytes"])
        self.assertEqual(report["code_size_bytes"], run["code_size_bytes"])
        self.assertEqual((night["layers"], report["layers"]), ([], []))
        for name in ("code_sha256", "host", "runtime", "coldprof_version"):
            self.assertEqual(night[name], run[name])
        self.assertEqual(night["run_id"], run["id"])
        added = json.loads(self.history("a", "add", run["id"], "--json").stdout)
        self.assertEqual((added["command"], added["nights"][0]["run_id"]), ("history add", run["id"]))
        self.assertEqual(added["nights"][0]["n_metrics"], len(night["metrics"]))
        self.assertTrue(all(m["n"] > 0 for m in night["metrics"]))
        metrics = [m["metric"] for m in night["metrics"]]
        self.assertEqual(metrics, [f"256MB/{timing}-p{q}" for timing in ("init", "cold", "warm") for q in (50, 95, 99)])
        # larger code is another size
        with open(os.path.join(folder, "more"), "wb") as f:
            f.write(os.urandom(100000))
        self.night("a", folder)
        sizes = [n["code_size_bytes"] for n in lines_of(self.export("a", "b.ndjson"))]
        self.assertGreater(sizes[1], sizes[0] + 90000)


def night_line(day, ms):
    """Of a function that takes `ms` in each of its quantiles, 100 samples to 2 %."""
    metrics = [{"metric": f"256MB/{timing}-p50", "n": 100, "ms": ms, "low_ms": 0.98 * ms, "high_ms": 1.02 * ms}
               for timing in ("init", "cold")]
    return json.dumps({"schema": 1, "kind": "night", "function": "hello", "place": "local server", "region": "us-east-1",
                       "architecture": "x86_64", "started_at": f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}T01:00:00Z",
                       "run_id": f"{day:04x}", "memory_size_mb": 256, "metrics": metrics}) + "\n"


class Accepted(Case):
    """What was accepted on one machine is accepted on the other."""

    def write(self, name, text):
        with open(os.path.join(self.tmp, name), "w", encoding="utf-8") as f:
            f.write(text)
        return os.path.join(self.tmp, name)

    def state(self, store):
        listed, = json.loads(self.run_cli("history", "--json", "--store", store).stdout)["histories"]
        return listed["nights"], listed["state"], listed["is_accepted"]

    def test_an_acceptance_travels(self):
        first, second = (os.path.join(self.tmp, f"{name}.db") for name in "ab")
        steady = "".join(night_line(day, 100 + day % 3) for day in range(30))
        slower = "".join(night_line(day, 150 + day % 3) for day in range(30, 40))
        lines = self.write("lines", steady)
        self.run_cli("history", "import", lines, "--store", first)
        self.assertEqual(self.state(first), (30, "steady", False))
        for store in (first, second):
            self.run_cli("history", "import", lines, self.write("slower", slower), "--store", store)
            self.assertEqual(self.state(store), (40, "regressed", False))
        self.run_cli("history", "accept", "hello", "--note", "a larger model", "--at", "2024-02-12T02:00:00Z", "--store", first)
        self.assertEqual(self.state(first), (40, "regressed", True))
        self.assertIn("regressed, accepted", self.run_cli("history", "--store", first).stdout)
        self.assertEqual(self.state(second), (40, "regressed", False))
        out = os.path.join(self.tmp, "out")
        self.run_cli("history", "export", "-o", out, "--store", first)
        self.assertIn("new nights: 0, new acceptances: 1, known: 40", self.run_cli("history", "import", out, "--store", second).stdout)
        self.assertEqual(self.state(second), self.state(first))
        # the nights after it are compared with the level that was accepted
        later = self.write("later", "".join(night_line(day, 150 + day % 3) for day in range(40, 52)))
        without = os.path.join(self.tmp, "c.db")
        self.run_cli("history", "import", later, "--store", second)
        self.run_cli("history", "import", lines, os.path.join(self.tmp, "slower"), later, "--store", without)
        self.assertEqual(self.state(second), (52, "steady", False))
        self.assertEqual(self.state(without), (52, "regressed", False))

    def test_a_note_is_a_line_that_every_machine_reads(self):
        lines = self.write("lines", night_line(1, 100))
        self.run_cli("history", "import", lines, "--store", self.store)
        for note in ("a\nb", "a\x1b[31mb", "a\x9bb", b"a\xffb"):
            result = self.run_cli("history", "accept", "hello", "--note", note, "--store", self.store, status=2)
            self.assertIn("--note: write one line of text", result.stderr)
        self.run_cli("history", "accept", "hello", "--note", "größer: größeres Modell", "--store", self.store)
        out = os.path.join(self.tmp, "out")
        self.run_cli("history", "export", "-o", out, "--store", self.store)
        self.assertIn("known: 2, rejected: 0", self.run_cli("history", "import", out, "--store", self.store).stdout)

    def test_a_year_of_two_functions(self):
        text = "".join(night_line(day, 100 + day % 7) for day in range(336))
        lines = self.write("lines", text + text.replace('"hello"', '"other"'))
        self.run_cli("history", "import", lines, "--store", self.store)
        listed = json.loads(self.run_cli("history", "--json", "--store", self.store).stdout)["histories"]
        self.assertEqual([(h["function"], h["nights"], h["state"]) for h in listed], [("hello", 336, "steady"), ("other", 336, "steady")])
        self.assertEqual(len(self.run_cli("history", "export", "other", "--store", self.store).stdout.splitlines()), 336)
        # sorted and each once, whatever is named
        named = self.run_cli("history", "export", "other", "hello", "other", "--store", self.store).stdout
        self.assertEqual(named, self.run_cli("history", "export", "--store", self.store).stdout)


class Locked(Case):
    def test_a_sweep_that_holds_the_store_is_named_and_readers_are_welcome(self):
        self.sweep(HELLO, *NIGHT)
        # all of the runs that are named, or none
        self.run_cli("history", "add", "last", "ffff", "--store", self.store, status=1)
        self.assertIn("no nights yet", self.run_cli("history", "--store", self.store).stdout)
        self.run_cli("history", "add", "last", "--store", self.store)
        lines = os.path.join(self.tmp, "lines")
        self.run_cli("history", "export", "-o", lines, "--store", self.store)
        process = self.popen(*self.sweep_words(self.function(environment={"SLEEP_MS": 50}), "--memory", "256", "--cold", "20",
                                               "--warm", "400", "--idle", "none", "-v"),
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, drain = Interrupt.wait_for_invocations(process, 2)
        for words in (("import", lines), ("accept", "hello-c"), ("add", "last")):
            result = self.run_cli("history", *words, "--store", self.store, status=1)
            self.assertIn(str(process.pid), result.stderr)
        self.assertIn("hello-c", self.run_cli("history", "--store", self.store).stdout)
        self.run_cli("history", "export", "--store", self.store)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)
        # part of a night would be judged as all of it
        self.assertIn("ended early", self.run_cli("history", "add", "last", "--store", self.store, status=1).stderr)


if __name__ == "__main__":
    unittest.main()
