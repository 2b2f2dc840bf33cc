# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports from the embedded service's CloudWatch Logs, by FilterLogEvents and by counting in "AWS", against
the truth about every record.
"""
import json
import os
import re
import subprocess
import unittest

import log_world
import program

CLIENT = os.environ.get("COLDPROF_CLOUD_CLIENT", "")
NAMES = ("checkout", "invoice-pdf")  # one is restored from snapshots


def without_bins(line):
    return re.sub(r"=(\d+,\d+,\d+,\d+),[0-9a-f]{16}", r"=\1", line)


class Cloud(program.Case):
    def setUp(self):
        super().setUp()
        self.service = self.serve(self.function())

    def read(self, how, week, *groups):
        result = subprocess.run([CLIENT, self.service.endpoint, how, str(week.from_ms), str(week.to_ms), *groups],
                                env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.splitlines(), {k: int(n) for k, n in re.findall(r"(\w+) (\d+)", result.stderr)}

    def compare(self, is_json):
        week = log_world.Week(6000, NAMES, is_json)
        week.put(self.service.endpoint)
        filtered, asked = self.read("filter", week, *NAMES)
        self.assertGreater(asked["empty"], 0)
        self.assertEqual({without_bins(l) for l in filtered if l.startswith("cell")}, week.cells())
        self.assertEqual({l for l in filtered if l.startswith("minute")}, week.minutes())
        counted, asked = self.read("insights", week, *NAMES)
        self.assertGreater(asked["queries"], 20)
        self.assertEqual(counted, filtered)

    def test_text_records(self):
        self.compare(False)

    def test_json_records(self):
        self.compare(True)

    def test_the_command_gives_the_same_report_from_the_log_group_as_from_a_file(self):
        week = log_world.Week(1500, NAMES)
        week.put(self.service.endpoint)
        path = os.path.join(self.tmp, "checkout.json")
        events = [{"logStreamName": stream, "timestamp": at, "message": m, "eventId": "1"}
                  for stream, events in week.groups["/aws/lambda/checkout"].items() for at, m in events]
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"events": events, "searchedLogStreams": []}, f)
        words = ["--region", "us-east-1", "--architecture", "arm64", "--function", "checkout", "--format", "csv", "--store", self.store]
        cloud = self.run_cli("import", "--log-group", "checkout", "--since", "9d", "--endpoint-url", self.service.endpoint, *words)
        file = self.run_cli("import", path, *words)
        self.assertIn("FilterLogEvents: ", cloud.stderr)
        self.assertGreater(len(file.stdout.splitlines()), 1)
        self.assertEqual(cloud.stdout, file.stdout)
        imports = os.path.join(self.tmp, "state", "coldprof", "imports")
        self.assertEqual(os.listdir(imports), [])  # done: nothing to go on with
        self.assertEqual(os.stat(imports).st_mode & 0o777, 0o700)

    def test_a_log_group_that_is_not_there_is_named(self):
        result = self.run_cli("import", "--log-group", "chekout", "--endpoint-url", self.service.endpoint, "--store", self.store, status=1)
        self.assertIn("there is no log group '/aws/lambda/chekout', and none 'chekout'", result.stderr)


if __name__ == "__main__":
    unittest.main()
