# SPDX-License-Identifier: GPL-3.0-or-later
"""coldprof import as its user runs it, on logs whose every record is known (log_generator.py)."""
import collections
import gzip
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

import log_generator

BINARY = os.environ["COLDPROF_BINARY"]
HOSTILE = os.path.join(os.environ.get("COLDPROF_REFERENCE", ""), "hostile")


def quantile(values, q):
    """Hyndman and Fan type 8, from its definition."""
    x = sorted(values)
    h = (len(x) + 1 / 3) * q + 1 / 3
    k = min(max(math.floor(h), 1), len(x))
    low, high = x[k - 1], x[min(k, len(x) - 1)]
    return low + (min(max(h, 1), len(x)) - k) * (high - low)


class World(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_coldprof(self, *words, status=0, stdin=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("COLDPROF_", "AWS_", "XDG_", "COLUMNS"))}
        env.update(HOME=self.folder)
        done = subprocess.run([BINARY, *words], env=env, cwd=self.folder, input=stdin, capture_output=True, timeout=200, check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done

    def report(self, *words, **options):
        return json.loads(self.run_coldprof("import", *words, "--json", **options).stdout)

    def write_log(self, form, n_requests, seed=1):
        path = os.path.join(self.folder, f"{form}.log")
        truth = []
        with open(path, "wb") as f:
            f.write(log_generator.generate(form, n_requests, seed, truth))
        return path, truth


def is_right(record):
    return record.outcome == "measured"


def handler_ms(record):
    """A timeout is right-censored: above every duration that was seen."""
    return math.inf if record.outcome == "timeout" else record.duration_us / 1000


def warm_and_cold(records):
    """Durations, and init + first handler run."""
    seen = [r for r in records if r.outcome in ("measured", "timeout")]
    warm = [handler_ms(r) for r in seen if r.init_us < 0 and r.restore_us < 0]
    return warm, [r.init_us / 1000 + handler_ms(r) for r in seen if r.init_us >= 0]


class Logs(World):
    """Small enough that records are kept."""

    @classmethod
    def setUpClass(cls):
        cls.n_requests = 6000

    def truth_of(self, truth, function):
        return [r for r in truth if r.function == function]

    def compare(self, report, records):
        self.assertEqual(report["accounting"]["planned"], len(records))
        sizes = {s["memory_size_mb"]: s for s in report["sizes"]}
        self.assertEqual(set(sizes), {r.memory for r in records})
        for memory, size in sizes.items():
            good = [r for r in records if r.memory == memory and is_right(r)]
            warm, cold = warm_and_cold(r for r in records if r.memory == memory)
            self.assertEqual(size["n_warm"], len(warm))
            self.assertEqual(size["n_cold"], len(cold))
            self.assertEqual(size["max_memory_used_mb"], max(r.max_memory for r in good))  # of those that worked
            for key, values in (("warm_p50", warm), ("cold_p50", cold)):
                if size[key]["status"] == "ok":
                    self.assertAlmostEqual(size[key]["value_ms"], quantile(values, 0.5), places=6)

    def test_figures_are_those_of_the_records(self):
        path, truth = self.write_log("awslogs", self.n_requests)
        report = self.report(path, "--function", "checkout")
        self.compare(report, self.truth_of(truth, "checkout"))
        self.assertEqual(report["run"]["method"], "import")
        self.assertFalse(report["log"]["is_from_histograms"])

    def test_every_function_has_a_run(self):
        path, truth = self.write_log("awslogs", self.n_requests)
        table = self.run_coldprof("import", path).stdout.decode()
        counts = {}
        for r in truth:
            counts[r.function] = counts.get(r.function, 0) + 1
        for name, n in counts.items():
            self.assertRegex(table, rf"(?m)^{name} +{n:,} ")
        runs = json.loads(self.run_coldprof("runs", "--json").stdout)["runs"]
        self.assertEqual({(r["function"], r["planned"]) for r in runs}, set(counts.items()))
        most = max(counts, key=counts.get)
        self.assertEqual(runs[0]["function"], most)
        self.assertLessEqual(max(map(len, table.split("\n"))), 80)

    def test_samples_as_lines_can_be_imported_again(self):
        path, _ = self.write_log("awslogs", self.n_requests)
        first = self.report(path, "--function", "auth", "--region", "eu-west-1")
        lines = os.path.join(self.folder, "auth.jsonl")
        self.run_coldprof("report", first["run_id"], "--export", f"jsonl={lines}")
        again = self.report(lines, "--region", "eu-west-1")
        self.assertEqual(again["sizes"], first["sizes"])
        self.assertEqual(again["accounting"], first["accounting"])
        self.assertEqual(again["log"]["billing_eras"], first["log"]["billing_eras"])
        for key in ("function", "started_at_ms", "ended_at_ms", "original_memory_size_mb"):
            self.assertEqual(again["run"][key], first["run"][key])

    def test_a_file_given_twice_counts_once(self):
        path, truth = self.write_log("awslogs", self.n_requests)
        copy = os.path.join(self.folder, "copy.log")
        with open(path, "rb") as f, open(copy, "wb") as g:
            g.write(f.read())
        once = self.report(path, "--function", "checkout")
        report = self.report(path, copy, "--function", "checkout")
        self.assertEqual(report["accounting"]["planned"], len(self.truth_of(truth, "checkout")))
        self.assertEqual(report["log"].pop("n_duplicates"), len(self.truth_of(truth, "checkout")))
        self.assertEqual(once["log"].pop("n_duplicates"), 0)
        self.assertEqual(report["log"], once["log"])  # traffic, concurrency, billing eras, retries
        for key in ("sizes", "decision", "idle_survival"):
            self.assertEqual(report[key], once[key])
        self.assertEqual(report["run"]["traffic_per_s"], once["run"]["traffic_per_s"])

    def test_one_version_has_the_traffic_of_its_own_records(self):
        """`short` tells a version in START only."""
        path, truth = self.write_log("short", 600)
        version = collections.Counter(r.version for r in truth).most_common(1)[0][0]
        records = [r for r in truth if r.version == version]
        report = self.report(path, "--function", f"orders:{version}")
        self.assertEqual(report["accounting"]["planned"], len(records))
        self.assertEqual(report["log"]["traffic"]["arrivals"], len(records))
        self.assertEqual(report["log"]["traffic"]["cold_arrivals"], sum(r.start != "warm" for r in records))

    def test_shards_digested_elsewhere_give_the_same_report(self):
        path, _ = self.write_log("awslogs", self.n_requests)
        digest = os.path.join(self.folder, "all.digest")
        with open(path, "rb") as f:
            done = self.run_coldprof("digest", "-", stdin=f.read())
        with open(digest, "wb") as f:
            f.write(done.stdout)
        direct = self.report(path, "--function", "checkout")
        merged = self.report(digest, "--function", "checkout")
        for key in ("sizes", "accounting", "log", "decision", "idle_survival"):
            self.assertEqual(merged[key], direct[key])

    def test_an_imported_run_has_every_format(self):
        path, _ = self.write_log("awslogs", self.n_requests)
        report = self.report(path, "--function", "checkout")
        run = report["run_id"]
        self.run_coldprof("report", run, "-o", "out")
        with open(os.path.join(self.folder, "out", "report.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn("no designed experiment", page)
        self.assertIn("Billing of init", page)
        self.assertIn("n cold ", self.run_coldprof("report", run, "--format", "md").stdout.decode())
        self.assertIn("memory_size_mb", self.run_coldprof("report", run, "--format", "csv").stdout.decode())
        self.assertIn("coldprof sweep checkout", self.run_coldprof("report", run, "--explain", "W023").stdout.decode())


@unittest.skipUnless(os.path.isdir(HOSTILE), "the reference folder is not here")
class Hostile(World):
    """Every hostile log: the samples that MANIFEST.jsonl asks for, and nothing of it in any output."""

    REJECTING = {"nul.log", "number-negative.log", "number-nan.log", "mem-contradiction.log", "json-deep.json", "json-types.json",
                 "truncated.gz"}
    UNTOLD = {"json-types.json": 2, "truncated.gz": 400}  # numbers as text are taken; what comes before the damage is kept; both repeat a record

    def ways(self, path):
        """The log as a file, gzipped, and from a pipe."""
        with open(path, "rb") as f:
            content = f.read()
        packed = os.path.join(self.folder, "packed.log")
        with open(packed, "wb") as f:
            f.write(content if path.endswith(".gz") else gzip.compress(content))
        return ("file", path, None), ("gzip", packed, None), ("pipe", "-", content)

    def check_harmless(self, content, name):
        text = content.decode("utf-8")  # strict
        for char in "\x00\x07\x08\x1b\x9b":
            self.assertNotIn(char, text, name)
        self.assertNotIn("<script>alert", text, name)

    def check_report(self, words, stdin, samples, status):
        out = os.path.join(self.folder, "report")
        formats = [f for kind in ("csv", "jsonl") for f in ("--export", f"{kind}={os.path.join(self.folder, 'x.' + kind)}")]
        done = self.run_coldprof("import", words, "-o", out, *formats, stdin=stdin, status=status)
        self.check_harmless(done.stdout, "stdout")
        self.check_harmless(done.stderr, "stderr")
        for folder in (out, self.folder):
            for name in os.listdir(folder):
                self.assertNotIn("PWNED", name)
                if name.endswith((".json", ".md", ".csv", ".jsonl", ".html")):
                    with open(os.path.join(folder, name), "rb") as f:
                        self.check_harmless(f.read(), name)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as f:
            report = json.load(f)
        self.assertEqual(report["accounting"]["planned"] + report["log"]["n_duplicates"], samples)
        self.assertEqual(self.run_coldprof("digest", words, "-q", stdin=stdin, status=status).stdout[:18], b"coldprof digest 1\n")

    def test_logs(self):
        with open(os.path.join(HOSTILE, "MANIFEST.jsonl"), encoding="utf-8") as f:
            rows = [row for row in map(json.loads, f) if (row.get("file") or "").startswith("logs/")]
        self.assertGreater(len(rows), 10)
        for row in rows:
            name = os.path.basename(row["file"])
            samples = row["samples"] if row.get("samples") is not None else self.UNTOLD[name]
            for way, words, stdin in self.ways(os.path.join(HOSTILE, row["file"])):
                with self.subTest(log=name, way=way):
                    self.check_report(words, stdin, samples, int(name in self.REJECTING))


class Large(World):
    """More records than are kept: histograms."""

    def test_counts_are_exact_and_values_close(self):
        path, truth = self.write_log("awslogs", 90000)
        self.assertGreater(len(truth), 65536)
        report = self.report(path, "--function", "checkout")
        self.assertTrue(report["log"]["is_from_histograms"])
        records = [r for r in truth if r.function == "checkout"]
        self.assertEqual(report["accounting"]["planned"], len(records))
        for size in report["sizes"]:
            warm, cold = warm_and_cold(r for r in records if r.memory == size["memory_size_mb"])
            self.assertEqual((size["n_warm"], size["n_cold"]), (len(warm), len(cold)))
            for key, values, q in (("warm_p50", warm, 0.5), ("warm_p95", warm, 0.95), ("cold_p50", cold, 0.5)):
                truth_ms = quantile(values, q)
                self.assertLessEqual(abs(size[key]["value_ms"] - truth_ms), 0.005 * truth_ms)
                self.assertLess(size[key]["low_ms"], truth_ms)
                self.assertGreater(size[key]["high_ms"], truth_ms)
        run = json.loads(self.run_coldprof("runs", "--json").stdout)["runs"][0]
        self.assertEqual(run["planned"], len(records))
        refused = self.run_coldprof("report", run["run_id"], "--format", "jsonl", status=1)
        self.assertIn("too large to keep", refused.stderr.decode())


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
