# SPDX-License-Identifier: GPL-3.0-or-later
"""coldprof prices update against a loopback server that publishes a price list: what it asks for, what it keeps, and
that what it kept is then used."""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "aws"))
import price_list_fixture

BINARY = os.environ["COLDPROF_BINARY"]
FIXTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "aws", "price-list-us-east-1.json")
REPORT = ("REPORT RequestId: 3d3f449c-2d86-914f-753f-bbcbe9156ca4\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
          "Memory Size: 512 MB\tMax Memory Used: 64 MB\n")


class Lists(http.server.BaseHTTPRequestHandler):
    answers = {}  # path: body
    asked = []

    def do_GET(self):
        Lists.asked.append((self.path, self.headers.get("Authorization")))
        body = Lists.answers.get(self.path)
        self.send_response(200 if body is not None else 403)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


class Update(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lists)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.tmp = tempfile.TemporaryDirectory()
        Lists.answers, Lists.asked = {}, []

    def tearDown(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.tmp.cleanup()

    def publish(self, region, **options):
        path = f"/offers/v1.0/aws/AWSLambda/current/{region}/index.json"
        Lists.answers[path] = price_list_fixture.text(region=region, **options).encode()

    def run_it(self, *words):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("COLDPROF_", "AWS_", "XDG_"))}
        env["HOME"] = self.tmp.name
        return subprocess.run([BINARY, *words], env=env, capture_output=True, text=True, timeout=60, check=False)

    def kept(self, region):
        return os.path.join(self.tmp.name, ".cache", "coldprof", f"prices-{region}.json")

    def test_fixture_is_what_its_generator_writes(self):
        with open(FIXTURE, encoding="utf-8") as f:
            self.assertEqual(f.read(), price_list_fixture.text())

    def test_prices_are_fetched_kept_and_used(self):
        self.publish("il-central-1", prefix="ILC1-", published="2026-11-20T10:00:00Z")
        r = self.run_it("prices", "update", "--region", "il-central-1", "--endpoint-url", self.url)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(Lists.asked, [("/offers/v1.0/aws/AWSLambda/current/il-central-1/index.json", None)])
        self.assertIn("prices of il-central-1: 2026-11-20", r.stdout)
        self.assertIn(self.kept("il-central-1"), r.stderr)
        with open(self.kept("il-central-1"), encoding="utf-8") as f:
            kept = json.load(f)
        self.assertEqual(kept["date"], "2026-11-20")
        self.assertEqual(kept["source"], f"AWS price list AWSLambda, il-central-1, published 2026-11-20, from {self.url}")
        self.assertEqual([b["architecture"] for b in kept["books"]], ["x86_64", "arm64"])
        self.assertEqual(kept["books"][1]["duration"][1], {"from_gb_s": 7500000000, "usd_per_gb_s": 0.0000120001})
        r = self.run_it("prices", "show", "--region", "il-central-1", "--json")
        books = json.loads(r.stdout)["books"]
        self.assertEqual(books[0]["provisioned_concurrency_usd_per_gb_s"], 0.0000041667)
        log = os.path.join(self.tmp.name, "one.log")
        with open(log, "w", encoding="utf-8") as f:
            f.write(REPORT)
        r = self.run_it("import", log, "--function", "orders", "--region", "il-central-1")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("prices of il-central-1, x86_64: 2026-11-20", r.stdout)
        r = self.run_it("report", "last")
        self.assertIn("prices of il-central-1, x86_64: 2026-11-20", r.stdout)

    def test_region_comes_from_the_environment(self):
        self.publish("us-east-1")
        r = self.run_it("prices", "update", "--endpoint-url", self.url, "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(json.loads(r.stdout)["books"][0]["region"], "us-east-1")

    def test_what_is_kept_stays_when_a_fetch_fails(self):
        self.publish("eu-west-1")
        self.assertEqual(self.run_it("prices", "update", "--region", "eu-west-1", "--endpoint-url", self.url).returncode, 0)
        with open(self.kept("eu-west-1"), "rb") as f:
            before = f.read()
        for body, words in ((b"{", "not a JSON object"), (None, "no price list of region 'eu-west-1'"),
                            (price_list_fixture.text(region="eu-west-1", currency="CNY").encode(), "in CNY")):
            path = "/offers/v1.0/aws/AWSLambda/current/eu-west-1/index.json"
            Lists.answers[path] = body
            r = self.run_it("prices", "update", "--region", "eu-west-1", "--endpoint-url", self.url)
            self.assertEqual(r.returncode, 1)
            self.assertEqual(r.stdout, "")
            self.assertIn(words, r.stderr)
            with open(self.kept("eu-west-1"), "rb") as f:
                self.assertEqual(f.read(), before)

    def test_no_server_is_said(self):
        r = self.run_it("prices", "update", "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9")
        self.assertEqual(r.returncode, 1)
        self.assertIn("cannot fetch http://127.0.0.1:9/", r.stderr)


if __name__ == "__main__":
    unittest.main()
