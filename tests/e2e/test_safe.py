#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sweep does to a function that is somebody's: nothing with a shadow function, nothing that
stays in place. Judged by a client of its own (aws_client.py), never by coldprof's words.
"""
import base64
import io
import json
import os
import re
import signal
import stat
import subprocess
import threading
import unittest
import zipfile

import fixtures
from program import Case

SMALL = ["--memory", "256,512", "--cold", "3", "--warm", "4", "--idle", "none", "--precision", "p50=0.1%,p95=0.1%"]
LONG = ["--memory", "256,512", "--cold", "60", "--warm", "60", "--idle", "none", "--precision", "p50=0.1%,p95=0.1%"]

# (method, path of the API) -> IAM action, from the service's authorization reference
ACTIONS = [
    ("GET", r"/2015-03-31/functions", "ListFunctions"),
    ("POST", r"/2015-03-31/functions", "CreateFunction"),
    ("GET", r"/2015-03-31/functions/[^/]+", "GetFunction"),
    ("DELETE", r"/2015-03-31/functions/[^/]+", "DeleteFunction"),
    ("GET", r"/2015-03-31/functions/[^/]+/configuration", "GetFunctionConfiguration"),
    ("PUT", r"/2015-03-31/functions/[^/]+/configuration", "UpdateFunctionConfiguration"),
    ("GET", r"/2015-03-31/functions/[^/]+/versions", "ListVersionsByFunction"),
    ("POST", r"/2015-03-31/functions/[^/]+/versions", "PublishVersion"),
    ("POST", r"/2015-03-31/functions/[^/]+/invocations", "InvokeFunction"),
    ("GET", r"/2015-03-31/functions/[^/]+/aliases", "ListAliases"),
    ("POST", r"/2015-03-31/functions/[^/]+/aliases", "CreateAlias"),
    ("GET", r"/2015-03-31/functions/[^/]+/aliases/[^/]+", "GetAlias"),
    ("DELETE", r"/2015-03-31/functions/[^/]+/aliases/[^/]+", "DeleteAlias"),
    ("GET", r"/2015-03-31/functions/[^/]+/policy", "GetPolicy"),
    ("GET", r"/2021-10-31/functions/[^/]+/url", "GetFunctionUrlConfig"),
    ("GET", r"/2015-03-31/event-source-mappings/?", "ListEventSourceMappings"),
    ("GET", r"/2019-09-30/functions/[^/]+/provisioned-concurrency", "GetProvisionedConcurrencyConfig"),
    ("GET", r"/2016-08-19/account-settings/?", "GetAccountSettings"),
    ("GET", r"/2017-03-31/tags/[^/]+", "ListTags"),
]
# not calls of their own: CreateFunction takes them
WITH_CREATION = {"lambda:TagResource", "iam:PassRole"}


def action(method, path):
    for m, pattern, name in ACTIONS:
        if m == method and re.fullmatch(pattern, path):
            return f"lambda:{name}"
    raise AssertionError(f"unknown call {method} {path}")


class Safe(Case):
    def setUp(self):
        super().setUp()
        self.journals = os.path.join(self.env["XDG_STATE_HOME"], "coldprof")
        folder = self.function(environment={"SLEEP_MS": 5})
        self.service = self.serve(folder)
        self.client = self.service.client
        self.client.publish("fn", "a release")
        self.client.create_alias("fn", "live", "1")

    def account(self):
        """All that somebody could see of all functions."""
        names = [f["FunctionName"] for f in self.client.functions()]
        return {name: (self.client.configuration(name), self.client.versions(name), self.client.aliases(name)) for name in names}

    def settings(self, name="fn"):
        """The account without what changes with every update: times and RevisionIds."""
        text = json.dumps(self.account()[name])
        return re.sub(r'"(RevisionId|LastModified)": "[^"]*"', "", text)

    def words(self, *more, target="fn"):
        return ["sweep", target, "--endpoint-url", self.service.endpoint, "--store", self.store, *more]

    def calls(self, stderr):
        return re.findall(r"^(GET|PUT|POST|DELETE) [^/ ]+(/\S*) \d", stderr, re.MULTILINE)

    def open_journals(self):
        return os.listdir(self.journals) if os.path.isdir(self.journals) else []

    def start(self, *more, target="fn"):
        """A long sweep, some invocations in."""
        process = self.popen(*self.words(*LONG, "-v", *more, target=target), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seen = 0
        for line in process.stderr:
            seen += "/invocations" in line
            if seen >= 10:
                break
        self.assertGreaterEqual(seen, 10)
        rest = []
        drain = threading.Thread(target=lambda: rest.extend(process.stderr), daemon=True)
        drain.start()
        return process, rest, drain

    def end(self, process, drain):
        status = process.wait(60)
        drain.join(10)
        return status


    def change_latest(self):
        """$LATEST gets other code and another timeout than the release has."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as z:
            z.writestr(zipfile.ZipInfo("bootstrap"), "never run")
        self.client.update("fn", Timeout=9)
        self.client.update_code("fn", base64.b64encode(packed.getvalue()).decode())


class Shadow(Safe):
    def test_of_an_alias_it_is_the_version_that_is_copied(self):
        released = self.client.configuration("fn:live")
        self.change_latest()
        before = self.account()
        self.assertNotEqual(before["fn"][0]["CodeSha256"], released["CodeSha256"])
        process, _, drain = self.start(target="fn:live")
        shadow = next(name for name in self.account() if name != "fn")
        copied = self.client.configuration(shadow)
        for member in ("CodeSha256", "Timeout", "Runtime", "Environment"):
            self.assertEqual(copied[member], released[member], member)
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.end(process, drain), 4)
        self.assertEqual(self.account(), before)
        self.assertTrue(self.samples("outcome = 'measured'"))  # the release runs; what $LATEST is cannot

    def test_the_function_itself_is_only_read(self):
        before = self.account()
        result = self.run_cli(*self.words(*SMALL, "-v"))
        self.assertEqual(self.account(), before)  # RevisionIds and times among it
        for method, path in self.calls(result.stderr):
            if method != "GET" and not re.fullmatch("/2015-03-31/functions", path):
                self.assertIn("fn-coldprof-", path)
        self.assertEqual(self.open_journals(), [])
        self.assertTrue(all(s["outcome"] == "measured" for s in self.samples()))
        self.assertRegex(result.stderr, r"(?m)^fn on the local server \(\S+\), shadow function, no cost$")
        self.assertRegex(result.stdout, r"^fn .*\bshadow function\b")

    def test_provisioned_concurrency_of_an_alias_is_awaited_and_told(self):
        self.client.call("PUT", "/2019-09-30/functions/fn/provisioned-concurrency", {"ProvisionedConcurrentExecutions": 1}, Qualifier="live")
        result = self.run_cli(*self.words(*SMALL, target="fn:live"))
        self.assertIn("'live' has provisioned concurrency: 1 requested, 1 available, READY; ", result.stderr)
        self.assertTrue(all(s["outcome"] == "measured" for s in self.samples()))
        words = "'live' has provisioned concurrency: 1 requested, 1 available, READY"
        self.assertIn(f"W020: {words}", " ".join(result.stdout.split()))
        reports = os.path.join(self.tmp, "reports")
        self.run_cli("report", "last", "--store", self.store, "-o", reports)
        with open(os.path.join(reports, "report.json"), encoding="utf-8") as f:
            self.assertIn(words, json.load(f)["run"]["provisioned"])
        for name in ("report.html", "report.md"):
            with open(os.path.join(reports, name), encoding="utf-8") as f:
                self.assertIn("provisioned concurrency: 1 requested, 1 available, READY", f.read())

    def test_killed_at_any_time_recover_removes_the_shadow_and_resume_goes_on(self):
        before = self.account()
        process, _, drain = self.start()
        process.kill()
        self.end(process, drain)
        self.assertEqual(len(self.account()), 2)
        run = self.open_journals()[0].split("-")[0]
        with self.subTest("every command says so, a sweep does not start"):
            self.assertIn(f"coldprof recover {run}", self.run_cli("runs", "--store", self.store).stderr)
            refused = self.run_cli(*self.words(*SMALL), status=1)
            self.assertIn(f"coldprof recover {run}", refused.stderr)
        self.assertIn(run, self.run_cli("recover", "--list").stdout)
        self.assertEqual(len(self.account()), 2)
        self.assertRegex(self.run_cli("recover").stdout, r"shadow function 'fn-coldprof-\w+' deleted")
        self.assertEqual(self.account(), before)
        self.assertIn("nothing to recover", self.run_cli("recover").stdout)
        self.run_cli("sweep", "--resume", run, "--endpoint-url", self.service.endpoint, "--store", self.store)
        self.assertEqual(self.account(), before)
        ids = [s["request_id"] for s in self.samples("outcome = 'measured'")]
        self.assertEqual(len(ids), len(set(ids)))

    def test_without_the_journal_the_tags_tell_and_only_prune_deletes(self):
        before = self.account()
        process, _, drain = self.start()
        with self.subTest("a sweep that is alive is left alone"):
            self.assertIn("alive", self.run_cli("recover", "--prune", "--endpoint-url", self.service.endpoint).stdout)
            self.assertEqual(len(self.account()), 2)
        process.kill()
        self.end(process, drain)
        for name in self.open_journals():
            os.remove(os.path.join(self.journals, name))
        shown = self.run_cli("recover", "--function", "fn", "--endpoint-url", self.service.endpoint)
        self.assertIn("--prune", shown.stdout)
        self.assertEqual(len(self.account()), 2)
        self.run_cli("recover", "--function", "fn", "--prune", "--endpoint-url", self.service.endpoint)
        self.assertEqual(self.account(), before)

    def test_a_function_that_only_looks_like_a_shadow_is_left(self):
        folder = self.function("fn-coldprof-7f3a")
        service = self.serve(folder)
        result = self.run_cli("recover", "--prune", "--endpoint-url", service.endpoint)
        self.assertIn("nothing to recover", result.stdout)
        self.assertEqual([f["FunctionName"] for f in service.client.functions()], ["fn-coldprof-7f3a"])

    def test_a_second_ctrl_c_leaves_and_names_the_command(self):
        self.service = self.serve(self.function("slow", environment={"HANG": 1}, timeout=60))
        process = self.popen("sweep", "slow", "--endpoint-url", self.service.endpoint, "--store", self.store, *SMALL, "-v",
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in process.stderr:
            if "/versions 201" in line:
                break
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            if line.startswith("stopping"):
                break
        process.send_signal(signal.SIGINT)
        rest = "".join(process.stderr)
        self.assertEqual(process.wait(30), 1)
        run = re.search(r"coldprof recover (\w+)", rest).group(1)
        self.assertIn(run, self.open_journals()[0])
        self.assertIn("deleted", self.run_cli("recover").stdout)
        self.assertEqual([f["FunctionName"] for f in self.service.client.functions()], ["slow"])

    def test_ctrl_c_undoes(self):
        before = self.account()
        process, rest, drain = self.start()
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.end(process, drain), 4)
        self.assertIn("resume: ", "".join(rest))
        self.assertEqual(self.account(), before)
        self.assertEqual(self.open_journals(), [])

    def test_the_journal_is_private_and_holds_no_value_of_the_environment(self):
        process, _, drain = self.start()
        process.kill()
        self.end(process, drain)
        path = os.path.join(self.journals, self.open_journals()[0])
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.journals).st_mode), 0o700)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for secret in (fixtures.ENVIRONMENT_VALUE, fixtures.SECRET_ACCESS_KEY, fixtures.SESSION_TOKEN):
            self.assertNotIn(secret, text)
        self.run_cli("recover")

    def test_a_journal_that_cannot_be_written_changes_nothing(self):
        before = self.account()
        with open(self.env["XDG_STATE_HOME"], "w", encoding="utf-8"):
            pass  # a file where the folder should be
        result = self.run_cli(*self.words(*SMALL, "-v"), status=1)
        self.assertIn("nothing is changed", result.stderr)
        self.assertEqual(self.account(), before)
        self.assertFalse([c for c in self.calls(result.stderr) if c[0] != "GET"])


class InPlace(Safe):
    def test_what_is_left_is_what_was_there(self):
        before = self.settings()
        result = self.run_cli(*self.words(*SMALL, "--in-place", "-v"))
        self.assertEqual(self.settings(), before)
        calls = self.calls(result.stderr)
        first = next(i for i, c in enumerate(calls) if "/invocations" in c[1])
        # $LATEST has its memory back before the first invocation
        self.assertFalse([c for c in calls[first:] if c[0] == "PUT"])
        self.assertEqual(self.open_journals(), [])

    def test_an_alias_of_what_latest_is(self):
        before = self.settings()
        result = self.run_cli(*self.words(*SMALL, "--in-place", target="fn:live"))
        self.assertRegex(result.stdout, r"^fn:live .*\bin place\b")
        self.assertEqual(self.settings(), before)
        self.assertTrue(all(s["outcome"] == "measured" for s in self.samples()))

    def test_an_alias_of_something_else_is_refused_with_the_first_difference(self):
        for change, member in (({"Timeout": 9}, "Timeout"), ({"Timeout": 3, "Environment": {"Variables": {}}}, "Environment")):
            self.client.update("fn", **change)
            before = self.account()
            for target in ("fn:live", "fn:1"):
                refused = self.run_cli(*self.words(*SMALL, "--in-place", "-v", target=target), status=1)
                self.assertIn(f"cannot sweep '{target}' in place: its {member} is not that of $LATEST", refused.stderr)
                self.assertFalse([c for c in self.calls(refused.stderr) if c[0] != "GET"])
            self.assertEqual(self.account(), before)

    def test_killed_at_any_time_the_lock_is_enough(self):
        before = self.settings()
        process, _, drain = self.start("--in-place")
        process.kill()
        self.end(process, drain)
        for name in self.open_journals():
            os.remove(os.path.join(self.journals, name))
        locked = self.run_cli(*self.words(*SMALL, "--in-place"), status=1)
        self.assertIn("coldprof recover --function fn", locked.stderr)
        self.run_cli("recover", "--function", "fn", "--endpoint-url", self.service.endpoint)
        self.assertEqual(self.settings(), before)

    def test_recover_names_a_deployment_that_happened_after_the_kill(self):
        for timeout, word in ((None, 0), (9, 1)):
            process, _, drain = self.start("--in-place")
            process.kill()
            self.end(process, drain)
            if timeout:
                self.client.update("fn", Timeout=timeout)
            text = self.run_cli("recover").stderr
            self.assertEqual(text.count("differs from what it was before the sweep"), word, text)
        latest = self.client.configuration("fn")
        self.assertEqual((latest["Timeout"], latest["MemorySize"]), (9, 128))

    def test_a_caller_of_latest_is_a_reason_to_refuse(self):
        self.client.create_alias("fn", "edge", "$LATEST")
        before = self.account()
        result = self.run_cli(*self.words(*SMALL, "--in-place"), status=1)
        self.assertRegex(result.stderr, "alias.*--yes-production")
        self.assertEqual(self.account(), before)
        self.run_cli(*self.words(*SMALL, "--in-place", "--yes-production"))

    def test_somebody_elses_change_ends_the_sweep_and_stays(self):
        process = self.popen(*self.words(*LONG, "--in-place", "-v"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in process.stderr:
            if "/versions 201" in line:
                break
        self.client.update("fn", Timeout=9)
        text = "".join(process.stderr)
        self.assertEqual(process.wait(60), 1, text)
        self.assertIn("changed by somebody else", text)
        latest = self.client.configuration("fn")
        self.assertEqual((latest["Timeout"], latest["MemorySize"]), (9, 128))
        self.assertEqual([v["Version"] for v in self.client.versions("fn")], ["$LATEST", "1"])
        self.assertEqual([a["Name"] for a in self.client.aliases("fn")], ["live"])


class DryRun(Safe):
    """The list, the policy and the sweep itself say the same."""

    def compare(self, *method, target="fn"):
        before = self.account()
        dry = self.run_cli(*self.words(*SMALL, *method, "--dry-run", "-v", target=target))
        self.assertEqual(self.account(), before)
        self.assertFalse([c for c in self.calls(dry.stderr) if c[0] != "GET"])
        self.assertFalse(os.path.exists(self.store))
        self.assertNotIn(fixtures.ENVIRONMENT_VALUE, dry.stdout)
        real = self.run_cli(*self.words(*SMALL, *method, "-v", target=target))
        listed = []
        for verb, path, times in re.findall(r"^(PUT|POST|DELETE) +(/[^\s?]*)\S*(?:.*\((\d+) times\))?", dry.stdout, re.MULTILINE):
            listed += [(verb, path.replace("-coldprof-0000", "-coldprof-RUN"))] * int(times or 1)
        done = [(verb, re.sub("-coldprof-[0-9a-f]+", "-coldprof-RUN", path)) for verb, path in self.calls(real.stderr) if verb != "GET"]
        plain = [(verb, re.sub(r"/arn%3A\w+%3A.*?function%3A", "/", path)) for verb, path in done]
        self.assertEqual(sorted(listed), sorted(plain))
        used = {action(*c) for c in self.calls(real.stderr)}
        policy = json.loads(self.run_cli("iam-policy", *method, "--function", "fn").stdout)
        allowed = set()
        for statement in policy["Statement"]:
            actions = statement["Action"]
            allowed |= {actions} if isinstance(actions, str) else set(actions)
        # while an update is in progress; here it may be through at once. Of an alias or version only
        sometimes = {"lambda:GetFunction", "lambda:GetProvisionedConcurrencyConfig"}
        self.assertLessEqual(sometimes, allowed)
        self.assertEqual(used | sometimes, allowed - WITH_CREATION)
        permissions = set(re.findall(r"^  ((?:lambda|iam):\w+)$", dry.stdout, re.MULTILINE))
        self.assertEqual(permissions, allowed)

    def test_shadow(self):
        self.compare()

    def test_in_place(self):
        self.compare("--in-place")

    def test_of_an_alias(self):
        self.compare(target="fn:live")
        os.remove(self.store)
        self.compare("--in-place", target="fn:live")

    def test_whoever_may_sweep_a_copy_may_not_touch_the_function(self):
        policy = json.loads(self.run_cli("iam-policy", "--function", "fn", "--region", "eu-central-1", "--account", "123456789012").stdout)
        for statement in policy["Statement"]:
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            for resource in resources:
                if resource.endswith((":function:fn", ":function:fn:*")):
                    self.assertTrue(all(a.startswith("lambda:Get") for a in statement["Action"]), statement)
        in_place = json.loads(self.run_cli("iam-policy", "--in-place", "--function", "fn").stdout)
        for statement in in_place["Statement"]:
            if "lambda:DeleteFunction" in statement["Action"]:  # versions, never the function as a whole
                self.assertTrue(all(r.endswith(":function:fn:*") for r in statement["Resource"]))


if __name__ == "__main__":
    unittest.main()
