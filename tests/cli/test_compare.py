# SPDX-License-Identifier: GPL-3.0-or-later
"""coldprof compare on imported logs: each verdict, what is refused and how that is allowed, and the exit statuses."""
import csv
import io
import json
import os
import random
import subprocess
import tempfile
import unittest

BINARY = os.environ["COLDPROF_BINARY"]


def log(factor=1.0, n=120, seed=1, mb=512, with_init=True, outlier_ms=0.0):
    """REPORT lines of n cold and n warm starts; init 200 ms, both 20 % wide."""
    rng = random.Random(seed)
    lines = []
    for i in range(2 * n):
        duration = 40 * rng.lognormvariate(0, 0.05)
        init = 200 * factor * rng.lognormvariate(0, 0.05) if i % 2 == 0 and with_init else None
        if outlier_ms and i % 50 == 0:
            duration = outlier_ms
        line = (f"REPORT RequestId: {rng.getrandbits(32):08x}-2d86-914f-753f-{i:012x}\tDuration: {duration:.2f} ms\t"
                f"Billed Duration: {int(duration + (init or 0)) + 1} ms\tMemory Size: {mb} MB\tMax Memory Used: 64 MB")
        lines.append(line + (f"\tInit Duration: {init:.2f} ms" if init else "") + "\t\n")
    return "".join(lines)


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.tmp = cls.folder.name
        cls.base = cls.import_log(log(seed=1))
        cls.same = cls.import_log(log(seed=2))
        cls.slower = cls.import_log(log(1.3, seed=3))
        cls.faster = cls.import_log(log(0.7, seed=4))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def run_coldprof(cls, *args, **env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("COLDPROF_", "AWS_", "XDG_", "GITHUB_", "CI"))}
        clean.update({"HOME": cls.tmp, "XDG_DATA_HOME": os.path.join(cls.tmp, "data"), **env})
        return subprocess.run([BINARY, *args], env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False)

    @classmethod
    def import_log(cls, text, *options, function="orders", architecture="arm64", region="eu-west-1"):
        path = os.path.join(cls.tmp, "app.log")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        done = cls.run_coldprof("import", path, "--json", "--function", function, "--architecture", architecture,
                                "--region", region, *options)
        if not done.stdout:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)["run_id"]

    def compare(self, base, new, *options, status=0):
        done = self.run_coldprof("compare", base, new, *options)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return done

    def judged(self, base, new, *options, status=0):
        result = json.loads(self.compare(base, new, "--json", *options, status=status).stdout)
        return result, {g["metric"]: g for g in result["gates"]}

    def refused(self, base, new, *options, status=2):
        done = self.compare(base, new, *options, status=status)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_each_verdict(self):
        result, gates = self.judged(self.base, self.same)
        self.assertEqual((result["verdict"], result["fails"]), ("no regression", False))
        self.assertEqual(gates["512MB/init-p50"]["verdict"], "equivalent")
        self.assertEqual(gates["512MB/init-p99"]["verdict"], "inconclusive")
        self.assertEqual(gates["512MB/init-p99"]["n_needed"], 368)
        result, gates = self.judged(self.base, self.slower, status=3)
        self.assertEqual(result["verdict"], "regression")
        self.assertTrue(gates["512MB/init-p95"]["fails"])
        self.assertLess(abs(gates["512MB/init-p50"]["ratio"]["value"] - 1.3), 0.05)
        self.assertEqual(gates["512MB/warm-p50"]["verdict"], "equivalent")
        result, gates = self.judged(self.base, self.faster)
        self.assertEqual((result["verdict"], gates["512MB/init-p95"]["verdict"]), ("improvement", "improvement"))

    def test_the_table_says_the_inequality(self):
        out = self.compare(self.base, self.slower, status=3).stdout
        self.assertRegex(out, r"512  init p95 .* \^ regression")
        self.assertRegex(" ".join(out.split()),
                         r"init p95 at 512 MB: 2\d\d ms \[\d+, \d+\] is 1\.\d+ \[1\.\d+, 1\.\d+\] times the base's "
                         r"2\d\d ms \[\d+, \d+\]; more than 1\.05 is a regression")
        self.assertTrue(all(len(line) < 80 for line in out.split("\n")))

    def test_exit_zero_effect_and_metrics(self):
        self.compare(self.base, self.slower, "--exit-zero")
        self.compare(self.base, self.slower, "--effect", "50%")
        self.compare(self.base, self.slower, "--effect", "1%,200ms")
        _, gates = self.judged(self.base, self.slower, "--metrics", "warm,cold-p99")
        self.assertEqual(sorted(gates), ["512MB/cold-p99", "512MB/warm-p50", "512MB/warm-p95", "512MB/warm-p99"])
        self.compare(self.base, self.slower, "--metrics", "512MB/init-p95", status=3)

    def test_the_last_run_is_new_where_none_is_given(self):
        done = self.run_coldprof("compare", self.base, "--json")
        self.assertEqual(done.returncode, json.loads(done.stdout)["fails"] * 3)
        self.assertEqual(done.stderr, "")

    def test_the_same_seed_gives_the_same_bytes(self):
        one, two = (self.compare(self.base, self.same, "--json").stdout for _ in range(2))
        self.assertEqual(one, two)
        other = self.compare(self.base, self.same, "--json", "--seed", "7").stdout
        self.assertNotEqual(one, other)

    def test_csv_and_exports(self):
        path = os.path.join(self.tmp, "gates.csv")
        out = self.compare(self.base, self.slower, "--format", "csv", "--export", f"csv={path}", status=3).stdout
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual({r["metric"]: r["verdict"] for r in rows}["512MB/init-p50"], "regression")
        with open(path, encoding="utf-8", newline="") as f:
            self.assertEqual(f.read().replace("\r\n", "\n"), out.replace("\r\n", "\n"))

    def test_unlike_runs_are_refused_and_allowed(self):
        arm = self.import_log(log(seed=5), architecture="x86_64")
        self.assertIn("unlike in architecture (arm64, x86_64)", self.refused(self.base, arm))
        done = self.compare(self.base, arm, "--allow", "architecture")
        self.assertIn("warning W041: compared although different: architecture", done.stdout)
        away = self.import_log(log(seed=6), region="us-east-1", function="orders-2")
        self.assertIn("add --allow function,region", self.refused(self.base, away))
        self.compare(self.base, away, "--allow", "all")

    def test_what_cannot_be_compared_says_why(self):
        self.assertIn("are the same run", self.refused(self.base, self.base))
        other = self.import_log(log(seed=9, mb=1024))
        self.assertIn(f"runs '{self.base}' (512 MB) and '{other}' (1,024 MB) have no memory size in common",
                      self.refused(self.base, other, status=1))
        self.assertIn("'nowhere'", self.refused(self.base, "nowhere", status=1))
        self.assertIn("none of the wanted metrics", self.refused(self.base, self.same, "--metrics", "restore", status=1))

    def test_a_log_without_cold_starts_compares_warm(self):
        warm = self.import_log(log(seed=10, with_init=False))
        result, gates = self.judged(self.base, warm)
        self.assertEqual(gates["512MB/init-p50"]["because"], "the new run has no sample of it")
        self.assertEqual(gates["512MB/warm-p50"]["verdict"], "equivalent")
        self.assertFalse(result["fails"])

    def test_few_samples_are_inconclusive(self):
        few = self.import_log(log(2, n=4, seed=11))
        result, gates = self.judged(self.base, few)
        self.assertEqual(result["verdict"], "inconclusive")
        self.assertIsNone(gates["512MB/init-p50"]["ratio"]["low"])
        self.assertEqual(gates["512MB/init-p50"]["n_needed"], 6)

    def test_what_nights_of_the_function_differ_by_is_in_the_intervals(self):
        """Ten nights, 8 % apart: +30 % of two single runs is then within what nights do."""
        one = self.import_log(log(seed=20), function="swaying")
        two = self.import_log(log(1.3, seed=21), function="swaying")
        self.compare(one, two, status=3)
        path = os.path.join(self.tmp, "nights.ndjson")
        rng = random.Random(22)
        with open(path, "w", encoding="utf-8") as f:
            for day in range(1, 21):
                ms = 200 * rng.lognormvariate(0, 0.15)
                night = {"schema": 1, "kind": "night", "function": "swaying", "place": "logs", "region": "eu-west-1",
                         "architecture": "arm64", "started_at": f"2026-10-{day:02d}T01:00:00.000Z", "run_id": f"{day:04x}",
                         "runtime": "", "runtime_version_arn": "", "code_sha256": "", "code_size_bytes": None, "layers": [],
                         "memory_size_mb": 512, "host": "", "coldprof_version": "0.1.0",
                         "metrics": [{"metric": "512MB/init-p50", "n": 100, "ms": ms, "low_ms": ms * 0.99, "high_ms": ms * 1.01}]}
                f.write(json.dumps(night, separators=(",", ":")) + "\n")
        done = self.run_coldprof("history", "import", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        result, gates = self.judged(one, two)
        self.assertTrue(0.08 < result["day_sd_log"] < 0.3, result["day_sd_log"])
        self.assertEqual(gates["512MB/init-p50"]["verdict"], "inconclusive")
        self.assertEqual([w["id"] for w in result["warnings"]], [])
        self.assertIn("nights of this function differ by", self.compare(one, two).stdout)

    def test_a_digest_compares_as_the_log_it_was_made_of(self):
        path = os.path.join(self.tmp, "slow.log")
        with open(path, "w", encoding="utf-8") as f:
            f.write(log(1.3, seed=3))
        digest = os.path.join(self.tmp, "slow.digest")
        self.assertEqual(self.run_coldprof("digest", path, "--function", "orders", "-o", digest).returncode, 0)
        done = self.run_coldprof("import", digest, "--json", "--function", "orders", "--architecture", "arm64", "--region", "eu-west-1")
        _, gates = self.judged(self.base, json.loads(done.stdout)["run_id"], status=3)
        _, exact = self.judged(self.base, self.slower, status=3)
        for name, gate in exact.items():
            self.assertEqual(gates[name]["verdict"], gate["verdict"], name)
            self.assertLess(abs(gates[name]["new_ms"]["value"] / gate["new_ms"]["value"] - 1), 0.02, name)

    def test_a_github_build_gets_its_annotation(self):
        done = self.run_coldprof("compare", self.base, self.slower, "--json", GITHUB_ACTIONS="true")
        self.assertEqual(done.returncode, 3)
        json.loads(done.stdout)
        self.assertIn("::error", done.stderr)


if __name__ == "__main__":
    unittest.main()
