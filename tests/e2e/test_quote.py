# SPDX-License-Identifier: GPL-3.0-or-later
"""The quote before money is spent, the question, the hard stop, and what was spent: against the
embedded service under an account number that could be somebody's (--account-id), so that a sweep
treats it as AWS.

Expected costs are computed here from the samples in the store and the published prices.
"""
import contextlib
import fcntl
import json
import math
import os
import re
import select
import signal
import sqlite3
import subprocess
import termios
import threading
import unittest

from program import Case, read_rows

SMALL = ["--memory", "256,1024", "--cold", "4", "--warm", "6", "--idle", "none"]
REQUEST_USD, GB_S_USD = 0.0000002, 0.0000166667 # us-east-1, x86_64, first tier
ASK = b"type yes to go on: "


def usd(memory_mb, billed_ms):
    return REQUEST_USD + memory_mb / 1024 * billed_ms / 1000 * GB_S_USD


def shown(amount):
    """Four significant digits below a cent, a hundredth of a cent below a dollar."""
    return f"{amount:.4f}" if amount >= 0.01 else f"{amount:.{3 - math.floor(math.log10(amount))}f}"


class Billed(Case):
    """A service that looks like somebody's account."""
    TIMEOUT_S = 3

    def setUp(self):
        super().setUp()
        self.endpoint = self.start("111122223333", {"SLEEP_MS": 5})

    def start(self, account, environment=None):
        folder = self.function(environment=environment, timeout=self.TIMEOUT_S)
        self.service = self.serve(folder, "--account-id", account)
        return self.service.endpoint

    def words(self, *more):
        return ["sweep", "fn", "--endpoint-url", self.endpoint, "--store", self.store, *more]

    def runs(self):
        return read_rows(self.store, "SELECT * FROM runs") if os.path.exists(self.store) else []

    def spent(self):
        """(known, at the worst of those without a record)"""
        known = worst = 0
        for s in self.samples("outcome NOT IN ('not_sent', 'not sent', 'throttled')"):
            if s["billed_duration_ms"] is None:
                worst += usd(s["memory_size_mb"], self.TIMEOUT_S * 1000 + 10000)
            else:
                known += usd(s["memory_size_mb"], s["billed_duration_ms"])
        return known, worst

    def assert_untouched(self, stderr):
        self.assertEqual(self.runs(), [])
        self.assertNotRegex(stderr, r"(?m)^(PUT|POST|DELETE) ")


class Quote(Billed):
    def test_is_said_before_anything_is_changed_and_yes_goes_on(self):
        result = self.run_cli(*self.words(*SMALL, "--yes", "-v"))
        text = re.sub(r"\n  ", " ", result.stderr)
        quote = text.index("AWS account ...3333, us-east-1, x86_64")
        self.assertLess(quote, re.search(r"(?m)^(PUT|POST) ", text).start())
        self.assertIn("at most 20 invocations at 256, 1024 MB, about", text)
        # 4 cold of 1,200 ms and 6 warm of 100 ms at 1/4 and 1 GB; 10 of 13 s at each
        expected = sum(4 * usd(mb, 1200) + 6 * usd(mb, 100) for mb in (256, 1024))
        most = sum(10 * usd(mb, 13000) for mb in (256, 1024))
        self.assertIn(f"USD {shown(expected)} or less is expected (assumed, not measured: init 1000 ms", text)
        self.assertIn(f"USD {shown(most)} at most", text)
        self.assertIn("INIT billed, no free tier", text)
        run, = self.runs()
        self.assertAlmostEqual(run["quoted_usd"], expected, 12)
        self.assertAlmostEqual(run["quoted_max_usd"], most, 12)

    def test_says_how_long_the_search_for_the_idle_lifetime_waits(self):
        words = self.words("--memory", "256", "--cold", "4", "--warm", "6", "--idle-max", "30s")
        result = self.run_cli(*words, status=2)
        text = re.sub(r"\n  ", " ", result.stderr)
        self.assertIn("about 45s is waiting for idle environments, 1.5m at most", text)
        self.assertIn("searched from 1s to 30s", text)
        self.assert_untouched(result.stderr)

    def test_a_second_sweep_quotes_what_the_first_measured(self):
        self.run_cli(*self.words(*SMALL, "--yes"))
        first, = self.runs()
        result = self.run_cli(*self.words(*SMALL, "--yes"))
        self.assertIn(f"times as in run {first['id']}", re.sub(r"\n  ", " ", result.stderr))
        second = max(self.runs(), key=lambda r: r["started_at_ms"])
        cold = {mb: self.samples(f"run_id='{first['id']}' AND kind='cold' AND start='cold' AND memory_size_mb={mb}") for mb in (256, 1024)}
        warm = {mb: self.samples(f"run_id='{first['id']}' AND kind='warm' AND start='warm' AND memory_size_mb={mb}") for mb in (256, 1024)}

        def mean(samples, member):
            return sum(s[member] for s in samples) / len(samples)
        expected = sum(4 * usd(mb, math.ceil(mean(cold[mb], "init_duration_ms") + mean(cold[mb], "duration_ms")))
                       + 6 * usd(mb, math.ceil(mean(warm[mb], "duration_ms"))) for mb in (256, 1024))
        self.assertAlmostEqual(second["quoted_usd"], expected, 12)

    def test_without_a_terminal_it_is_a_wrong_command_line_and_never_a_wait(self):
        for stdin in (subprocess.DEVNULL, subprocess.PIPE):
            with self.subTest(stdin):
                process = subprocess.Popen(self.command(*self.words(*SMALL, "-v")), env=self.env, stdin=stdin,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.addCleanup(self.reap, process, [])
                # the pipe stays open and silent: a read would wait for ever
                stderr = process.stderr.read()
                self.assertEqual(process.wait(30), 2, stderr)
                if process.stdin:
                    process.stdin.close()
                self.assertIn("give --yes", stderr)
                self.assert_untouched(stderr)

    def test_what_nobody_is_billed_for_is_not_asked_about(self):
        self.endpoint = self.start("000000000000")
        result = self.run_cli(*self.words(*SMALL, "--json"))
        self.assertNotIn("USD", result.stderr)
        self.assertIsNone(self.runs()[0]["quoted_usd"])
        self.store = os.path.join(self.tmp, "folder.db")
        self.assertNotIn("USD", self.sweep(self.function("other"), *SMALL).stderr)

    def test_an_unpriced_region_is_refused_before_anything(self):
        result = self.run_cli(*self.words(*SMALL, "--yes", "--region", "mars-1"), status=1)
        self.assertIn("mars-1", result.stderr)
        self.assert_untouched(result.stderr)

    def test_a_price_file_is_what_is_quoted_limited_and_reported_with(self):
        dear = os.path.join(self.tmp, "prices.json")
        with open(dear, "w", encoding="utf-8") as f:
            json.dump({"format": "coldprof prices", "version": 1, "region": "us-east-1", "date": "2026-10-01",
                       "source": "paper", "books": [{"architecture": "x86_64", "request_usd": 1,
                                                     "duration": [{"from_gb_s": 0, "usd_per_gb_s": 1e-9}]}]}, f)
        words = self.words(*SMALL, "--yes", "--prices", dear)
        result = self.run_cli(*words, "--max-cost-usd", "0.5", status=2)
        self.assert_untouched(result.stderr)
        result = self.run_cli(*words)
        self.assertIn("list prices of 2026-10-01", re.sub(r"\n  ", " ", result.stderr))
        self.assertIn("prices of us-east-1, x86_64: 2026-10-01", result.stdout)
        run, = self.runs()
        self.assertAlmostEqual(run["quoted_usd"], 20, 3)


class Question(Billed):
    """On a terminal of its own, typed at by a person."""

    def type_at(self, answer, *more):
        """(status, everything the terminal showed)"""
        master, slave = os.openpty()

        def own_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        process = subprocess.Popen(self.command(*self.words(*SMALL, "-v", *more)), env=self.env, stdin=slave, stderr=slave,
                                   stdout=subprocess.DEVNULL, start_new_session=True, preexec_fn=own_terminal)
        os.close(slave)
        self.addCleanup(self.reap, process, [])
        seen = b""
        is_answered = False
        with contextlib.suppress(OSError): # EIO: the other side is gone
            while select.select([master], [], [], 60)[0]:
                chunk = os.read(master, 65536)
                if not chunk:
                    break
                seen += chunk
                if ASK in seen and not is_answered:
                    is_answered = True
                    os.write(master, answer)
        os.close(master)
        self.assertTrue(is_answered, seen)
        return process.wait(60), seen.decode().replace("\r\n", "\n")

    def test_yes_goes_on(self):
        status, seen = self.type_at(b"yes\n")
        self.assertEqual(status, 0, seen)
        self.assertIn("USD", seen[:seen.index("type yes")])
        self.assertEqual(len(self.runs()), 1)

    def test_everything_else_is_a_no(self):
        for answer in (b"y\n", b"\n", b"YES\n", b"yes please\n", b" yes\n", b"no\n", b"\x04", b"yesyesyesyesyesyesyes\n"):
            with self.subTest(answer):
                status, seen = self.type_at(answer)
                self.assertEqual(status, 1, seen)
                self.assertIn("not confirmed", seen)
                self.assert_untouched(seen)

    def test_ctrl_c_changes_nothing(self):
        status, seen = self.type_at(b"\x03")
        self.assertEqual(status, 4, seen)
        self.assertIn("nothing was changed", seen)
        self.assertNotIn("resume:", seen)
        self.assert_untouched(seen)

    def test_quiet_still_asks(self):
        status, seen = self.type_at(b"n\n", "-q")
        self.assertEqual(status, 1)
        self.assertIn("USD", seen)


class Spent(Billed):
    def test_is_shown_in_every_format_and_is_what_the_records_say(self):
        self.run_cli(*self.words(*SMALL, "--yes", "--max-cost-usd", "0.5"))
        known, _ = self.spent()
        out = os.path.join(self.tmp, "report")
        self.run_cli("report", "last", "--store", self.store, "-o", out)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as f:
            spend = json.load(f)["spend"]
        self.assertAlmostEqual(spend["billed_usd"], known, 15)
        self.assertEqual((spend["n_billed"], spend["n_unknown"], spend["max_cost_usd"]), (20, 0, 0.5))
        said = f"spent USD {shown(known)} of {shown(spend['quoted_usd'])} quoted; limit 0.5000"
        text = self.run_cli("report", "last", "--store", self.store).stdout
        self.assertIn(said, re.sub(r"\n +", " ", text))
        for name in ("report.md", "report.html"):
            with open(os.path.join(out, name), encoding="utf-8") as f:
                self.assertIn(said, f.read(), name)

    def test_what_cost_nothing_says_nothing(self):
        self.sweep(self.function("other"), *SMALL)
        out = os.path.join(self.tmp, "report")
        self.run_cli("report", "last", "--store", self.store, "-o", out)
        for name in ("report.json", "report.md", "report.html"):
            with open(os.path.join(out, name), encoding="utf-8") as f:
                self.assertNotIn("spent USD", f.read(), name)

    def test_a_region_without_provisioned_prices_says_what_is_left_out(self):
        self.run_cli(*self.words(*SMALL, "--yes"))
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            db.execute("UPDATE runs SET region = 'eu-west-1', architecture = 'arm64'")
            db.commit()
        report = self.run_cli("report", "last", "--store", self.store, "--json").stdout
        self.assertNotIn("nan", report)
        self.assertIn("its price for arm64 in eu-west-1 is not known", report)
        self.assertIsNone(json.loads(report)["price"]["provisioned_duration_usd_per_gb_s"])


class Limit(Billed):
    LARGE = ["--memory", "128,1024", "--cold", "40", "--warm", "60", "--idle", "100ms", "--idle-probes", "6", "--precision", "p50=0.1%,p95=0.1%"]

    def test_holds_to_the_cent_and_the_decision_is_made_from_what_is_there(self):
        one = usd(1024, self.TIMEOUT_S * 1000 + 10000)
        for limit in (one * 1.01, one * 1.1, one * 1.2): # the plan costs some 0.3 times the worst of one
            with self.subTest(limit):
                self.store = os.path.join(self.tmp, f"{limit}.db")
                result = self.run_cli(*self.words(*self.LARGE, "--yes", "--max-cost-usd", f"{limit:.8f}", "--budget", "p99=500ms", "--exit-zero"))
                known, worst = self.spent()
                self.assertEqual(worst, 0)
                self.assertLessEqual(known, limit)
                self.assertIn("--max-cost-usd", result.stderr)
                self.assertRegex(result.stdout, r"KEEP|CHANGE|NOT ENOUGH DATA|INVESTIGATE")
                # the next one might have exceeded it: nothing was held back without need
                self.assertGreater(known + one, limit)
                self.assertIn("cost limit", [r["stop"] for r in read_rows(self.store, "SELECT stop FROM cells")])

    def test_a_limit_that_allows_nothing_is_refused_before_anything(self):
        result = self.run_cli(*self.words(*SMALL, "--yes", "-v", "--max-cost-usd", "0.00001"), status=2)
        self.assertIn("does not allow one invocation", result.stderr)
        self.assert_untouched(result.stderr)

    def test_a_limit_beyond_the_plan_changes_nothing(self):
        self.run_cli(*self.words(*SMALL, "--yes", "--max-cost-usd", "5"))
        self.assertEqual(len(self.samples("outcome='measured'")), 20)

    def test_a_lost_answer_counts_as_much_as_it_can_cost(self):
        self.env["COLDPROF_YES"] = "1"
        self.endpoint = self.start("111122223333", {"SLEEP_MS": 1200})
        words = ["--memory", "128", "--cold", "4", "--warm", "12", "--idle", "none"]
        process = self.popen(*self.words(*words, "-v", "--max-cost-usd", "0.00008"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        next(line for line in process.stderr if "/invocations" in line)
        drain = threading.Thread(target=lambda: list(process.stderr), daemon=True)
        drain.start()
        while process.poll() is None and not self.samples("outcome='sent' AND plan_no >= 4"):
            pass
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 4)
        drain.join(10)
        with contextlib.closing(sqlite3.connect(self.store)) as db: # as a kill leaves what was in the air
            db.execute("UPDATE samples SET outcome = 'sent', billed_duration_ms = NULL, duration_ms = NULL, start = 'unknown' WHERE plan_no = 3")
            db.commit()
        run, = self.runs()
        resumed = self.run_cli("sweep", "--resume", run["id"], "--endpoint-url", self.endpoint, "--store", self.store)
        self.assertIn("was spent before", resumed.stderr)
        known, worst = self.spent()
        self.assertAlmostEqual(worst, usd(128, 13000), 12)
        self.assertLessEqual(known + worst, 0.00008)
        self.assertIn("ended at --max-cost-usd", resumed.stderr)


CACHE_USD, RESTORE_USD, STORAGE_USD = 0.0000015046, 0.0001397998, 0.0000000309 # us-east-1
HANDLER = """
def main(event, context):
    return {}
"""


def version_usd(memory_mb):
    """Its snapshot for 3 hours, and the longest init that publishing allows."""
    return memory_mb / 1024 * (3 * 3600 * CACHE_USD + 130 * GB_S_USD)


class Snapshots(Billed):
    """Charges of SnapStart: cache and init of every published version, restores."""
    WORDS = ["--memory", "1024", "--cold", "40", "--warm", "0", "--idle", "none", "--parallel", "4", "--precision", "p50=0.1%,p95=0.1%"]

    def start(self, account, environment=None, options=()):
        folder = os.path.join(self.tmp, "fn")
        os.makedirs(folder, exist_ok=True)
        for name, text in (("handler.py", HANDLER),
                           ("function.ini", "handler = handler.main\nruntime = python3\nmemory = 1024\ntimeout = 3\nsnap_start = published-versions\n")):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        return self.serve(folder, "--account-id", account, *options).endpoint

    def worst(self):
        return usd(1024, self.TIMEOUT_S * 1000 + 10000) + RESTORE_USD

    def test_the_limit_is_reached_by_the_cache_of_versions(self):
        limit = 2 * version_usd(1024) + 5 * self.worst()
        result = self.run_cli(*self.words(*self.WORDS, "--yes", "-v", "--max-cost-usd", f"{limit:.8f}", "--exit-zero"))
        published = re.findall(r"(?m)^POST \S+/functions/\S+/versions 201 ", result.stderr)
        self.assertEqual(len(published), 2, result.stderr)
        sent = self.samples("outcome NOT IN ('not_sent', 'not sent')")
        self.assertEqual((len(sent), {s["outcome"] for s in sent}), (8, {"measured"}))
        known = sum(usd(1024, s["billed_duration_ms"]) + RESTORE_USD * (s["start"] != "warm") for s in sent)
        run, = self.runs()
        self.assertAlmostEqual(run["snapshots_usd"], 2 * version_usd(1024), 10)
        self.assertLessEqual(known + run["snapshots_usd"], limit)
        self.assertGreater(known + 3 * version_usd(1024) + self.worst(), limit)
        self.assertIn("ended at --max-cost-usd", result.stderr)
        self.assertEqual({r["stop"] for r in read_rows(self.store, "SELECT stop FROM cells WHERE kind = 'cold'")}, {"cost limit"})
        spend = json.loads(self.run_cli("report", "last", "--store", self.store, "--json").stdout)["spend"]
        self.assertAlmostEqual(spend["billed_usd"], known, 12)
        self.assertAlmostEqual(spend["snapshots_usd"], 2 * version_usd(1024), 10)
        text = self.run_cli("report", "last", "--store", self.store).stdout
        self.assertIn(f"and up to {shown(2 * version_usd(1024))} more for SnapStart's versions", re.sub(r"\n +", " ", text))

    def test_the_quote_has_every_version(self):
        result = self.run_cli(*self.words(*self.WORDS, "--yes", "--max-invocations", "8"))
        text = re.sub(r"\n  ", " ", result.stderr)
        most = 10 * version_usd(1024)
        # the init is assumed to take 1 s
        expected = 10 * (3 * 3600 * CACHE_USD + GB_S_USD)
        self.assertIn(f"of these USD {shown(expected)}, at most {shown(most)}, for at most 10 published versions", text)
        run, = self.runs()
        self.assertAlmostEqual(run["quoted_max_usd"], most + 8 * self.worst(), 10)

    def test_a_limit_below_one_version_is_refused_before_anything(self):
        limit = version_usd(1024)
        result = self.run_cli(*self.words(*self.WORDS, "--yes", "-v", "--max-cost-usd", f"{limit:.8f}"), status=2)
        self.assertIn("does not allow one invocation", result.stderr)
        self.assertIn("the snapshots before it", result.stderr)
        self.assert_untouched(result.stderr)

    def test_where_it_has_no_price_the_rest_is_quoted_and_no_limit_is_taken(self):
        where = ["--region", "eu-west-1"]
        self.endpoint = self.start("111122223333", options=where)
        result = self.run_cli(*self.words(*self.WORDS, *where, "--yes", "-v", "--max-cost-usd", "5"), status=2)
        self.assertIn("--max-cost-usd cannot be kept", result.stderr)
        self.assertIn("SnapStart's cache and restores", result.stderr)
        self.assert_untouched(result.stderr)
        result = self.run_cli(*self.words(*self.WORDS, *where, "--yes", "--max-invocations", "8"))
        self.assertIn("without SnapStart's cache and restores, whose price in eu-west-1 is not known", re.sub(r"\n  ", " ", result.stderr))
        self.assertIn("USD", result.stderr)
        text = self.run_cli("report", "last", "--store", self.store).stdout
        self.assertIn("without SnapStart's cache and restores", re.sub(r"\n +", " ", text))

    def test_a_resumed_sweep_goes_on_from_what_its_versions_cost(self):
        limit = 2 * version_usd(1024) + 5 * self.worst()
        words = [*self.WORDS, "--yes", "--max-cost-usd", f"{limit:.8f}", "--exit-zero"]
        self.run_cli(*self.words(*words))
        run, = self.runs()
        with contextlib.closing(sqlite3.connect(self.store)) as db: # as a kill before the end leaves it
            db.execute("UPDATE runs SET ended_at_ms = -1, is_interrupted = 1")
            db.commit()
        resumed = ["sweep", "--resume", run["id"], "--endpoint-url", self.endpoint, "--store", self.store, "--yes"]
        refused = self.run_cli(*resumed, "-v", status=2)
        self.assertIn("does not allow one invocation", refused.stderr)
        self.assertNotRegex(refused.stderr, r"(?m)^(PUT|POST|DELETE) ")
        limit = 3 * version_usd(1024) + 9 * self.worst()
        self.run_cli(*resumed, "--max-cost-usd", f"{limit:.8f}", "--exit-zero")
        run, = self.runs()
        self.assertAlmostEqual(run["snapshots_usd"], 3 * version_usd(1024), 10)
        self.assertEqual(len({(s["version"], s["plan_no"] // 4) for s in self.samples("outcome='measured'")}), 3)

    def test_published_ahead_within_the_limit_all_are_counted(self):
        words = ["--memory", "1024", "--cold", "4", "--warm", "3", "--idle", "none", "--parallel", "4", "--in-place"]
        result = self.run_cli(*self.words(*words, "--yes", "-v", "--max-cost-usd", "1"))
        published = re.findall(r"(?m)^POST \S+/functions/\S+/versions 201 ", result.stderr)
        run, = self.runs()
        self.assertTrue(published)
        self.assertEqual(len(self.samples("outcome='measured'")), 7)
        # a spacer between versions of one size may be smaller
        self.assertLessEqual(run["snapshots_usd"], len(published) * version_usd(1024) + 1e-12)
        self.assertGreaterEqual(run["snapshots_usd"], version_usd(1024) - 1e-12)
        self.assertGreater(run["quoted_max_usd"], run["snapshots_usd"])

    def test_published_ahead_all_of_them_must_fit(self):
        limit = 5 * version_usd(1024)
        result = self.run_cli(*self.words(*self.WORDS, "--in-place", "--yes", "-v", "--max-cost-usd", f"{limit:.8f}"), status=2)
        self.assertIn("does not allow one invocation", result.stderr)
        self.assert_untouched(result.stderr)


class Storage(Billed):
    """10 GB of ephemeral storage, 9.5 of them billed."""

    def setUp(self):
        super().setUp()
        self.service.client.update("fn", EphemeralStorage={"Size": 10240})

    @staticmethod
    def usd(memory_mb, billed_ms):
        return usd(memory_mb, billed_ms) + 9.5 * billed_ms / 1000 * STORAGE_USD

    def test_is_quoted_spent_and_kept_within_the_limit(self):
        self.run_cli(*self.words(*SMALL, "--yes", "--max-cost-usd", "0.5"))
        run, = self.runs()
        self.assertEqual(run["ephemeral_storage_mb"], 10240)
        self.assertAlmostEqual(run["quoted_max_usd"], sum(10 * self.usd(mb, 13000) for mb in (256, 1024)), 12)
        self.assertAlmostEqual(run["quoted_usd"], sum(4 * self.usd(mb, 1200) + 6 * self.usd(mb, 100) for mb in (256, 1024)), 12)
        known = sum(self.usd(s["memory_size_mb"], s["billed_duration_ms"]) for s in self.samples("outcome='measured'"))
        spend = json.loads(self.run_cli("report", "last", "--store", self.store, "--json").stdout)["spend"]
        self.assertAlmostEqual(spend["billed_usd"], known, 15)


class Primes(Billed):
    def test_those_of_idle_chains_are_within_at_most(self):
        self.run_cli(*self.words("--memory", "256", "--cold", "4", "--warm", "6", "--idle", "100ms", "--idle-probes", "2", "--yes"))
        run, = self.runs()
        # 4 cold, 6 warm, 2 probes, and 3 primes before each of these
        self.assertAlmostEqual(run["quoted_max_usd"], 18 * usd(256, 13000), 12)


if __name__ == "__main__":
    unittest.main()
