# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports from the embedded service's CloudWatch Logs, by FilterLogEvents and by counting in "AWS", against
the truth about every record.
"""
import http.server
import json
import os
import re
import signal
import subprocess
import threading
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


class Pages(http.server.BaseHTTPRequestHandler):
    """FilterLogEvents over server.events, 50 a page; calls server.on_request with the number of each request."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.n += 1
        server.on_request(server.n)
        answer = {"logGroups": [{"logGroupName": "/aws/lambda/checkout"}]}
        if self.headers["X-Amz-Target"].endswith(".FilterLogEvents"):
            first = int(request.get("nextToken", "0"))
            found = [e for e in server.events if request["startTime"] <= e["timestamp"] <= request["endTime"]]
            answer = {"events": found[first:first + 50], "searchedLogStreams": []}
            if first + 50 < len(found):
                answer["nextToken"] = str(first + 50)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Interrupted(program.Case):
    def setUp(self):
        super().setUp()
        week = log_world.Week(3000, ("checkout",))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.server.events = sorted(({"logStreamName": stream, "timestamp": at, "message": m, "eventId": "1"}
                                     for stream, events in week.groups["/aws/lambda/checkout"].items() for at, m in events),
                                    key=lambda e: e["timestamp"])
        self.server.n, self.server.on_request = 0, lambda n: None
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def words(self, *more):
        return ["import", "--log-group", "checkout", "--since", "9d", "--endpoint-url", f"http://127.0.0.1:{self.server.server_port}",
                "--region", "us-east-1", "--architecture", "arm64", "--format", "csv", "--store", self.store, *more]

    def interrupt(self, at):
        """The command, with Ctrl-C while request number `at` is being answered."""
        process = self.popen(*self.words(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.server.n, self.server.on_request = 0, lambda n: process.send_signal(signal.SIGINT) if n == at else None
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 4, said)
        self.server.on_request = lambda n: None
        return said

    def test_the_same_command_goes_on_where_it_was_interrupted(self):
        whole = self.run_cli(*self.words()).stdout
        self.assertGreater(len(whole.splitlines()), 1)
        asked = self.server.n
        said = self.interrupt(asked - 3)
        self.assertRegex(said, r"\d+ % of the logs are kept: the same command goes on from there, --fresh begins anew")
        self.server.n = 0
        again = self.run_cli(*self.words())
        self.assertLess(self.server.n, asked - 3)
        self.assertIn("continued", again.stderr)
        self.assertEqual(again.stdout, whole)
        self.interrupt(asked - 3)
        self.server.n = 0
        fresh = self.run_cli(*self.words("--fresh"))
        self.assertGreaterEqual(self.server.n, asked)
        self.assertNotIn("continued", fresh.stderr)
        self.assertEqual(fresh.stdout, whole)

    def test_nothing_is_kept_of_a_first_slice(self):
        said = self.interrupt(2)
        self.assertNotIn("are kept", said)


if __name__ == "__main__":
    unittest.main()
