#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of logs whose every record is known (tests/program/log_generator.py)."""
import collections
import json
import re
import unittest

import log_generator

REPORT = re.compile(r"^REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB\t"
                    r"(?:Init Duration: ([\d.]+) ms\t)?(?:Restore Duration: ([\d.]+) ms\tBilled Restore Duration: \d+ ms\t)?(?:Status: (\w+)\t?)?", re.M)


def micros(text):
    return round(float(text) * 1000) if text else -1


class Generator(unittest.TestCase):
    """The judge judged: its truth against what its logs say."""

    def test_text(self):
        truth = []
        log = log_generator.generate("text", 8000, 3, truth).decode()
        found = [(m[1], micros(m[2]), int(m[3]) * 1000, int(m[4]), int(m[5]), micros(m[6]), micros(m[7])) for m in REPORT.finditer(log)]
        known = [(r.request_id, r.duration_us, r.billed_us, r.memory, r.max_memory, r.init_us, r.restore_us) for r in truth]
        self.assertEqual(sorted(found), sorted(known))
        self.assertEqual(log.count("Status: timeout"), sum(r.outcome == "timeout" for r in truth))

    def test_json(self):
        truth = []
        log = log_generator.generate("json", 8000, 3, truth).decode()
        found = []
        for line in log.splitlines():
            event = json.loads(line)
            if event.get("type") == "platform.report":
                r = event["record"]
                m = r["metrics"]
                found.append((r["requestId"], micros(m["durationMs"]), m["billedDurationMs"] * 1000, m["memorySizeMB"], m["maxMemoryUsedMB"],
                              micros(m.get("initDurationMs")), micros(m.get("restoreDurationMs"))))
        known = [(r.request_id, r.duration_us, r.billed_us, r.memory, r.max_memory, r.init_us, r.restore_us) for r in truth]
        self.assertEqual(sorted(found), sorted(known))

    def test_is_like_production(self):
        """What the other tests rely on is in it; equal seeds give equal logs, others give others."""
        truth = []
        log = log_generator.generate("detailed", 30_000, 1, truth)
        self.assertEqual(len({r.function for r in truth}), 20)
        self.assertGreater(len({(r.function, r.version, r.memory) for r in truth}), 25)
        self.assertEqual({r.start for r in truth}, {"cold", "warm", "snapstart"})
        self.assertEqual({r.outcome for r in truth}, {"measured", "timeout", "error", "out of memory"})
        attempts = collections.Counter(r.request_id for r in truth)
        self.assertGreater(max(attempts.values()), 1)
        self.assertIn(b"\nXRAY TraceId: ", log)
        self.assertIn(b" REPORT of the day", log)
        self.assertEqual(log, log_generator.generate("detailed", 30_000, 1))
        self.assertNotEqual(log, log_generator.generate("detailed", 30_000, 2))

    def test_one_environment_serves_one_request_at_a_time(self):
        truth = []
        log_generator.generate("text", 30_000, 1, truth)
        streams = collections.defaultdict(list)
        for r in truth:
            streams[r.stream].append(r)
        self.assertGreater(max(map(len, streams.values())), 20)
        for records in streams.values():
            records.sort(key=lambda r: r.end_at_ms)
            self.assertEqual([r.start == "warm" for r in records], [False] + [True] * (len(records) - 1))
            for before, after in zip(records, records[1:]):
                self.assertGreaterEqual(after.end_at_ms - after.duration_us / 1000, before.end_at_ms - 1)


if __name__ == "__main__":
    unittest.main()
