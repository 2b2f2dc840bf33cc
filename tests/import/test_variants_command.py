# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs of one function as candidates of one decision: logs of x86_64 and of arm64."""
import json
import os
import unittest

from test_import_command import World

N_COLD, N_WARM = 150, 600
# so little that no environment is worth keeping ready
QUESTION = ("--budget", "p95=500ms", "--traffic", "0.2/s")


class Variants(World):
    """The same durations on both: arm64 costs a fifth less per GB-s in us-east-1."""

    def store_run(self, architecture, function="orders"):
        path = os.path.join(self.folder, f"{architecture}-{function}.log")
        with open(path, "w", encoding="utf-8") as f:
            for i in range(N_COLD + N_WARM):
                duration_ms = 20 + i % 7
                init = f"Init Duration: {100 + i % 9}.00 ms\t" if i < N_COLD else ""
                f.write(f"REPORT RequestId: 3d3f449c-2d86-914f-753f-{i:012x}\tDuration: {duration_ms}.00 ms\t"
                        f"Billed Duration: {duration_ms} ms\tMemory Size: 512 MB\tMax Memory Used: 64 MB\t{init}\n")
        return self.report(path, "--function", function, "--region", "us-east-1", "--architecture", architecture)["run_id"]

    def test_what_is_as_fast_and_cheaper_is_recommended(self):
        x86, arm = self.store_run("x86_64"), self.store_run("arm64")
        text = self.run_coldprof("recommend", x86, arm, *QUESTION).stdout.decode()
        self.assertIn("CHANGE", text)
        self.assertIn("arm64", text.split("\n\n")[1])
        self.assertIn(f"variants: x86_64 runs now (run {x86}), arm64 (run {arm})", " ".join(text.split()))
        said = json.loads(self.run_coldprof("recommend", x86, arm, *QUESTION, "--json").stdout)["decision"]
        chosen = said["candidates"][said["chosen"]]
        current = said["candidates"][said["current"]]
        self.assertEqual((chosen["architecture"], chosen["is_snapstart"]), ("arm64", False))
        self.assertEqual(current["architecture"], "x86_64")
        # the durations are the same, so requests aside the bill is that of the price lists
        gb_s = {c["architecture"]: c["bill_per_month"]["duration_usd"] for c in (chosen, current)}
        self.assertAlmostEqual(gb_s["arm64"] / gb_s["x86_64"], 0.0000133334 / 0.0000166667, places=9)

    def test_what_runs_now_is_kept_when_the_other_is_dearer(self):
        x86, arm = self.store_run("x86_64"), self.store_run("arm64")
        text = self.run_coldprof("recommend", arm, x86, *QUESTION).stdout.decode()
        self.assertIn("KEEP", text)

    def test_the_front_names_the_variant_of_each_setting(self):
        x86, arm = self.store_run("x86_64"), self.store_run("arm64")
        rows = self.run_coldprof("frontier", x86, arm, *QUESTION, "--all", "--format", "csv").stdout.decode().splitlines()
        at = rows[0].split(",").index("architecture")
        self.assertEqual({r.split(",")[at] for r in rows[1:]}, {"x86_64", "arm64"})

    def test_runs_that_do_not_compare_are_refused(self):
        x86, arm = self.store_run("x86_64"), self.store_run("arm64", "payments")
        done = self.run_coldprof("recommend", x86, arm, *QUESTION, status=2)
        self.assertIn(f"run '{arm}' is of function 'payments', run '{x86}' of 'orders'", done.stderr.decode())
        self.run_coldprof("recommend", x86, arm, *QUESTION, "--other-code")
        done = self.run_coldprof("recommend", x86, x86, *QUESTION, status=2)
        self.assertIn("both of x86_64", done.stderr.decode())
        done = self.run_coldprof("recommend", x86, arm, "--other-code", "--format", "html", status=2)
        self.assertIn("html and jsonl show one run", done.stderr.decode())

    def test_reserved_concurrency_keeps_to_a_throttle_target(self):
        """Erlang B: 5/s of about 0.125 s each are 0.63 in flight, of which 1 % is lost at 4."""
        x86 = self.store_run("x86_64")
        words = ("recommend", x86, "--budget", "p95=500ms", "--traffic", "5/s")
        said = json.loads(self.run_coldprof(*words, "--json").stdout)["decision"]
        self.assertNotIn("reserved", [c["mode"] for c in said["candidates"]])
        said = json.loads(self.run_coldprof(*words, "--throttle-target", "1%", "--json").stdout)["decision"]
        limit = [c for c in said["candidates"] if c["mode"] == "reserved"]
        self.assertEqual([c["concurrency"] for c in limit], [4])
        self.assertLessEqual(limit[0]["throttled_ratio"], 0.01)
        text = " ".join(self.run_coldprof(*words, "--throttle-target", "0.01").stdout.decode().split())
        self.assertIn("Reserved concurrency is not needed for latency; 4 would guard", text)
        self.assertIn("throttles at most 1 % of requests, the target", text)
        done = self.run_coldprof(*words, "--throttle-target", "200%", status=2)
        self.assertIn("--throttle-target: '200%' is not a share", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
