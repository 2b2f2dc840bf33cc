# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build is told: two logs are compared under the environments of several CIs, and every file is read."""
import json
import os
import random
import re
import unittest
import xml.etree.ElementTree as ElementTree

import program

EXPORTS = {"junit": "gates.xml", "gha-benchmark": "bench.json", "bmf": "bmf.json", "openmetrics": "gates.prom", "md": "gates.md",
           "json": "gates.json", "csv": "gates.csv"}


def write_log(path, init_ms, seed):
    """120 cold starts and as many warm ones."""
    draw = random.Random(seed)
    with open(path, "w", encoding="utf-8") as f:
        for i in range(240):
            init = f"Init Duration: {draw.lognormvariate(0, 0.05) * init_ms:.2f} ms\t" if i % 2 == 0 else ""
            ms = draw.lognormvariate(0, 0.05) * 12
            f.write(f"REPORT RequestId: 3d3f449c-2d86-914f-753f-{i + 1000 * seed:012x}\tDuration: {ms:.2f} ms\t"
                    f"Billed Duration: {int(ms) + 1} ms\tMemory Size: 512 MB\tMax Memory Used: 64 MB\t{init}\n")


class Ci(program.Case):
    def setUp(self):
        super().setUp()
        for seed, init_ms in ((1, 200), (2, 300)):
            log = os.path.join(self.tmp, f"{seed}.log")
            write_log(log, init_ms, seed)
            self.run_cli("import", log, "--function", "orders", "--region", "us-east-1", "--architecture", "arm64",
                         "--store", self.store)
        rows = program.read_rows(self.store, "SELECT id FROM runs ORDER BY rowid")
        self.runs = [row["id"] for row in rows]
        self.summary = os.path.join(self.tmp, "summary.md")
        with open(self.summary, "w", encoding="utf-8") as f:
            f.write("# of another step\n")

    def compare(self, *more, status=3, base=0, new=1, **environment):
        self.env.update(environment)
        return self.run_cli("compare", self.runs[base], self.runs[new], "--store", self.store, *more, status=status)

    def read(self, name):
        with open(os.path.join(self.tmp, name), encoding="utf-8") as f:
            return f.read()

    def test_github_is_told_and_json_stays_clean(self):
        exports = [word for form, name in EXPORTS.items() for word in ("--export", f"{form}={os.path.join(self.tmp, name)}")]
        result = self.compare("--json", *exports, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=self.summary)
        self.assertEqual(json.loads(result.stdout), json.loads(self.read("gates.json")))
        lines = result.stderr.splitlines()
        self.assertRegex(lines[0], r"^::error title=coldprof::REGRESSION")
        errors = [line for line in lines[1:] if line.startswith("::error ")]
        cases = list(ElementTree.fromstring(self.read("gates.xml")).iter("testcase"))
        failed = [case.get("name") for case in cases if case.find("failure") is not None]
        self.assertTrue({"512MB/init-p50", "512MB/init-p95"} <= set(failed) <= {case.get("name") for case in cases})
        self.assertEqual([re.search(r"orders/(\S+?)::", line).group(1) for line in errors], failed)
        self.assertEqual(self.read("summary.md"), "# of another step\n" + self.read("gates.md") + "\n")
        names = [f"orders/{case.get('name')}" for case in cases]
        self.assertEqual([bench["name"] for bench in json.loads(self.read("bench.json"))], names)
        self.assertEqual(list(json.loads(self.read("bmf.json"))), names)
        self.assertEqual(len(re.findall(r"^coldprof_gate_failed\{.*\} 1$", self.read("gates.prom"), re.M)), len(failed))
        self.assertFalse([name for name in os.listdir(self.tmp) if ".tmp." in name])

    def test_nobody_is_told_without_a_ci_or_when_not_wanted(self):
        for more, environment in (((), {}), (("--ci", "none"), {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": self.summary})):
            result = self.compare(*more, **environment)
            self.assertNotIn("::", result.stderr)
            self.assertIn("REGRESSION", result.stdout)
            self.assertNotIn("1969", result.stdout)  # these logs have no times
        self.assertEqual(self.read("summary.md"), "# of another step\n")

    def test_a_log_is_plain(self):
        for name in ("GITLAB_CI", "JENKINS_URL"):
            result = self.compare(**{name: "true", "CLICOLOR_FORCE": "1"})
            self.assertNotIn("\x1b", result.stdout + result.stderr)
            self.assertNotIn("\r", result.stdout + result.stderr)
            del self.env[name]

    def test_a_good_build_is_a_notice(self):
        result = self.compare(status=0, new=0, base=1, GITHUB_ACTIONS="true")
        self.assertRegex(result.stderr, r"(?m)^::notice title=coldprof::IMPROVEMENT")
        self.assertNotIn("::error", result.stderr)

    def test_a_summary_that_cannot_be_written_fails_nothing(self):
        result = self.compare(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=os.path.join(self.tmp, "nowhere", "x.md"))
        self.assertIn("::warning title=coldprof%3A no step summary::", result.stderr)


if __name__ == "__main__":
    unittest.main()
