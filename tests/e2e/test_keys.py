# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that end while a sweep runs, from a helper that gives new ones (credential_process), against
the embedded service, which checks every signature."""
import os
import re
import signal
import subprocess
import sys
import time
import unittest

import fixtures
from program import Case, read_rows

LASTS_S = 6

# one line a run, with its time, then keys that end LASTS_S later
HELPER = """
import datetime, json, sys, time
with open({log!r}, "a") as f:
    f.write(f"{{time.time()}}\\n")
end = datetime.datetime.fromtimestamp(int(time.time()) + {lasts}, datetime.timezone.utc)
print("not for anybody: " + {secret!r}, file=sys.stderr)
print(json.dumps(dict(Version=1, AccessKeyId={key!r}, SecretAccessKey={secret!r}, SessionToken={token!r},
                      Expiration=end.isoformat())))
"""


class Keys(Case):
    def setUp(self):
        super().setUp()
        self.aws = os.path.join(self.tmp, ".aws") # the user's own: not looked through for secrets
        os.makedirs(self.aws)
        self.service = self.serve(self.function(environment={"SLEEP_MS": 50}),
                                  self.function("slow", environment={"HANG": 1}, timeout=60))
        self.endpoint = self.service.endpoint
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            del self.env[name]

    def write(self, name, text):
        path = os.path.join(self.aws, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def sweep_fn(self, *more, **options):
        return self.run_cli("sweep", "fn", "--endpoint-url", self.endpoint, "--store", self.store, "--memory", "512,1024",
                            "--idle", "none", "--yes", *more, **options)

    def assert_all_measured(self, result):
        self.assertTrue(self.samples())
        self.assertEqual({s["outcome"] for s in self.samples()} - {"not_sent"}, {"measured"}) # precision may come early
        self.assertNotIn(fixtures.MARK, result.stdout + result.stderr)

    def write_helper(self):
        """Profile 'short'; the path of the helper's log."""
        log = os.path.join(self.aws, "runs")
        helper = self.write("helper.py", HELPER.format(log=log, lasts=LASTS_S, key=fixtures.ACCESS_KEY_ID,
                                                       secret=fixtures.SECRET_ACCESS_KEY, token=fixtures.SESSION_TOKEN))
        self.write("config", f"[profile short]\nregion = us-east-1\ncredential_process = '{sys.executable}' '{helper}'\n")
        return log

    def test_of_a_helper_are_renewed_for_the_undo_after_ctrl_c(self):
        self.write_helper()
        process = self.popen("sweep", "slow", "--endpoint-url", self.endpoint, "--store", self.store, "--memory", "512", "--idle",
                             "none", "--cold", "1", "--warm", "0", "--yes", "--profile", "short", "-v",
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in process.stderr:
            if "/versions 201" in line:
                break
        deadline = time.monotonic() + 30
        while not self.samples("outcome = 'sent'"):
            self.assertLess(time.monotonic(), deadline)
        process.send_signal(signal.SIGINT) # the answer that hangs is awaited for longer than these keys last
        rest = "".join(process.stderr)
        self.assertEqual(process.wait(30), 4, rest)
        self.assertEqual([f["FunctionName"] for f in self.service.client.functions()], ["fn", "slow"])

    def test_of_a_helper_are_renewed_before_they_end(self):
        log = self.write_helper()
        result = self.sweep_fn("--profile", "short", "--cold", "4", "--warm", "100", timeout=400)
        self.assert_all_measured(result)
        with open(log, encoding="utf-8") as f:
            times = [float(line) for line in f]
        self.assertGreater(times[-1] - times[0], LASTS_S, "the sweep was over before the first keys ended")
        self.assertIn("the credentials of 'credential_process' end in 0 min", re.sub(r"\s+", " ", result.stderr))
        self.assertEqual(read_rows(self.store, "SELECT place FROM runs"), [{"place": "local server"}])

    def test_of_a_file_are_taken_by_profile(self):
        self.write("credentials", f"[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = {fixtures.secret('other')}\n"
                                  f"[mine]\naws_access_key_id = {fixtures.ACCESS_KEY_ID}\n"
                                  f"aws_secret_access_key = {fixtures.SECRET_ACCESS_KEY}\n"
                                  f"aws_session_token = {fixtures.SESSION_TOKEN}\n")
        small = ["--cold", "2", "--warm", "2"]
        refused = self.sweep_fn(*small, status=1)
        self.assertRegex(refused.stderr, "(?i)credentials|signature|token")
        self.assertNotIn(fixtures.MARK, refused.stderr)
        self.assert_all_measured(self.sweep_fn(*small, "--profile", "mine"))


if __name__ == "__main__":
    unittest.main()
