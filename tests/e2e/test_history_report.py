# SPDX-License-Identifier: GPL-3.0-or-later
"""A night measured here, with nights that were measured elsewhere: what the report and `history show`
say of them. The past is the exported night with other times, values and code, imported again.
"""
import csv
import json
import os
import re
import time
import unittest

from program import SHARE, Case

NIGHTS, STEP, GAP = 40, 25, (10, 11, 12)
DAY_S = 86400


class Shown(Case):
    def setUp(self):
        super().setUp()
        folder = self.function(environment={"INIT_SLEEP_MS": 60})
        self.run_cli("nightly", folder, "--cold", "12", "--warm", "0", "--store", self.store, *SHARE, "-q")
        night = json.loads(self.run_cli("history", "export", "--store", self.store).stdout)
        now = time.mktime(time.strptime(night["started_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        lines = []
        for i in (i for i in range(NIGHTS) if i not in GAP):
            factor = (0.7 if i < STEP else 1.0) * (1 + 0.004 * (i % 3))
            at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now - (NIGHTS - i) * DAY_S))
            metrics = [{**m, "ms": m["ms"] * factor, "low_ms": m["ms"] * factor * 0.97, "high_ms": m["ms"] * factor * 1.03,
                        "n": 100} for m in night["metrics"]]
            lines.append(json.dumps({**night, "started_at": at, "run_id": f"{0xa000 + i:x}", "metrics": metrics,
                                     "code_sha256": night["code_sha256"] if i >= STEP else "0" * 64}) + "\n")
        past = os.path.join(self.tmp, "past.ndjson")
        with open(past, "w", encoding="utf-8") as f:
            f.writelines(lines)
        self.run_cli("history", "import", past, "--store", self.store)

    def test_in_the_report_and_in_the_terminal(self):
        out = os.path.join(self.tmp, "report")
        self.run_cli("report", "last", "--store", self.store, "-o", out)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as f:
            history = json.load(f)["history"]
        n = NIGHTS + 1 - len(GAP)
        self.assertEqual(len(history["nights"]), n)
        self.assertEqual((history["n_missed"], history["n_gaps"]), (len(GAP), 1))
        self.assertEqual(history["metric"], "128MB/init-p95")
        change, = history["changes"]
        self.assertEqual((change["number"], change["run_id_after"]), (1, f"{0xa000 + STEP:x}"))
        self.assertAlmostEqual(change["ratio"]["value"], 1 / 0.7, delta=0.05)
        self.assertEqual([c["what"] for c in change["causes"]], ["code_sha256"])
        with open(os.path.join(out, "charts", "history.csv"), encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual([r["night"] for r in rows], [r["night"] for r in history["nights"]])
        self.assertEqual([r["change"] for r in rows if r["change"]], ["1"])
        with open(os.path.join(out, "charts", "history.png"), "rb") as f:
            self.assertEqual(f.read(8), b"\x89PNG\r\n\x1a\n")
        with open(os.path.join(out, "report.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn('<figure id="chart-history">', page)
        self.assertEqual(len(re.findall(r"<tr[ >]", re.search(r'<table id="table-history">.*?</table>', page, re.S).group(0))), n + 1)
        # the same in the terminal
        text = self.run_cli("history", "show", "fn", "--store", self.store).stdout
        self.assertTrue(all(len(line) < 80 for line in text.split("\n")), text)
        self.assertRegex(text, rf"(?m)^  \(1\) {change['night']}: ")
        self.assertNotIn("coldprof compare", text)  # these runs are on another machine
        shown = json.loads(self.run_cli("history", "show", "fn", "--store", self.store, "--json").stdout)
        self.assertEqual(shown["changes"], history["changes"])
        self.assertEqual(shown["nights"], history["nights"])


if __name__ == "__main__":
    unittest.main()
