#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each file of tests/data/logs (the same events, write_forms.py) through the whole program: whatever
form a log comes in, the same two REPORTs are found."""
import gzip
import os
import subprocess
import unittest

import program

LOGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "logs")
OTHER_EVENTS = {"events.jsonl", "json-lines.log", "tail-json.log", "telemetry.json"}
# of the two REPORTs: cell, and the values in us and MB
TRUTH = sorted([
    ("cell 128 cold measured 1", "duration 14970", "billed 229000", "init 213200", "max_memory 67"),
    ("cell 1024 warm measured 1", "duration 2500", "billed 3000", "max_memory 90"),
])


def cells(digest):
    found = []
    for line in digest.decode().split("\n"):
        words = line.split(" ")
        if words[0] == "cell":
            found.append([line])
        elif found and words[0] in ("duration", "billed", "init", "max_memory"):
            found[-1].append(" ".join(words[:2]))
    return sorted(tuple(cell) for cell in found)


class Forms(program.Case):
    def digest(self, content):
        result = subprocess.run(self.command("digest", "-"), env=self.env, input=content, capture_output=True,
                                timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return cells(result.stdout)

    def test_every_form_has_the_same_reports(self):
        names = sorted(set(os.listdir(LOGS)) - OTHER_EVENTS)
        self.assertGreater(len(names), 25)
        for name in names:
            with open(os.path.join(LOGS, name), "rb") as f:
                content = f.read()
            with self.subTest(file=name):
                self.assertEqual(self.digest(content), TRUTH)
                self.assertEqual(self.digest(gzip.compress(content)), TRUTH)

    def test_a_byte_order_mark_and_windows_line_ends_change_nothing(self):
        for name in ("plain.log", "filter.json", "insights.csv", "tail-detailed.log", "filter.txt"):
            with open(os.path.join(LOGS, name), "rb") as f:
                content = b"\xef\xbb\xbf" + f.read().replace(b"\n", b"\r\n")
            with self.subTest(file=name):
                self.assertEqual(self.digest(content), TRUTH)


if __name__ == "__main__":
    unittest.main()
