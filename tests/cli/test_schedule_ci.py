# SPDX-License-Identifier: GPL-3.0-or-later
"""What `coldprof schedule print github` and `codebuild` print, run by small runners that begin with nothing.

Github, Codebuild: with a stand-in for coldprof, which shows what reached it. scripts/setup --peers adds the
linters of both (tests/peers/test_schedule.py).
"""
import json
import os
import re

import schedule_files as schedule

schedule.use_python_with_yaml()

import stateless_runner as runners  # noqa: E402 (needs that Python)
import yaml  # noqa: E402

# Its nights are lines of a file; `nightly` ends with $STATUS of the file `status`.
COLDPROF = """nights=$HOME/nights
touch "$nights"
case "$1 $2" in
"history import") cat "$3" >> "$nights" ;;
"history list") printf 'function,place\\ncheckout,AWS\\n' ;;
"history accept") printf '<%s>' "$@"; echo ;;
"history export") cp "$nights" "$4" ;;
nightly*) printf '<%s>' "$@"; echo; echo "night" >> "$nights"; exit "$(cat 'STATUS')" ;;
*) exit 2 ;;
esac
"""


# expressions that GitHub may evaluate
OURS = {" inputs.accept ", " github.run_id ", " github.run_attempt ", " vars.COLDPROF_REPOSITORY ", " vars.COLDPROF_REF "}


class Case(schedule.Case):
    def setUp(self):
        super().setUp()
        self.sources = os.path.join(self.tmp, "sources")
        os.makedirs(self.sources)
        self.status = os.path.join(self.tmp, "status")
        self.set_status(0)
        self.coldprof_path = os.path.join(self.tmp, "coldprof")
        runners.write_program(self.coldprof_path, COLDPROF.replace("STATUS", self.status))

    def set_status(self, status):
        with open(self.status, "w", encoding="utf-8") as f:
            f.write(str(status))

    def runner(self, kind, text):
        root = os.path.join(self.tmp, f"runner{len(os.listdir(self.tmp))}")
        os.makedirs(root)
        return kind(text, root, self.coldprof_path, self.sources)


class Github(Case):
    def workflow(self, *words):
        return self.files("github", *words, cwd=self.sources)[".yml"]

    def test_asks_for_no_more_than_it_needs(self):
        os.makedirs(os.path.join(self.sources, "fn"))
        function, folder = (yaml.safe_load(self.workflow(t)) for t in ("checkout", "./fn"))
        self.assertEqual(function["permissions"], {"contents": "read", "id-token": "write"})
        self.assertEqual(folder["permissions"], {"contents": "read"})
        for workflow in (function, folder):
            self.assertFalse(workflow["concurrency"]["cancel-in-progress"])
            self.assertLessEqual(workflow["jobs"]["night"]["timeout-minutes"], 90)
            for step in workflow["jobs"]["night"]["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    self.assertIs(step["with"]["persist-credentials"], False)
        self.assertFalse(any("aws-actions" in step.get("uses", "") for step in folder["jobs"]["night"]["steps"]))

    def test_comes_every_night_at_minute_17(self):
        on = yaml.safe_load(self.workflow("checkout", "--hour", "22"))[True]  # YAML 1.1 reads "on" as true
        self.assertEqual(on["schedule"], [{"cron": "17 22 * * *"}])
        self.assertIn("workflow_dispatch", on)

    def test_nights_are_carried_from_runner_to_runner_also_red_ones(self):
        runner = self.runner(runners.Workflow, self.workflow("checkout"))
        for n, (status, is_red) in enumerate(((0, False), (3, True), (1, True), (4, True), (0, False)), 1):
            self.set_status(status)
            night = runner.night()
            self.assertEqual(night.is_red, is_red, night.text)
            self.assertEqual(night.outputs["status"], str(status))
            self.assertEqual(runner.cache[-1][1], b"night\n" * n)
            self.assertEqual(runner.artifacts[-1][1]["coldprof-history.ndjson"], b"night\n" * n)
            self.assertNotIn("as root", night.text)
        self.assertEqual(len(runner.cache), 5)
        self.assertEqual(runner.roles[-1], ("arn:aws:iam::123456789012:role/nights", "eu-central-1"))

    def test_statuses_are_told_apart(self):
        runner = self.runner(runners.Workflow, self.workflow("checkout"))
        for status, says in ((3, "coldprof: REGRESSION (status 3)"),
                             (4, "::warning title=coldprof::the night was interrupted (status 4)"),
                             (1, "::error title=coldprof::the night could not be measured (status 1)")):
            self.set_status(status)
            self.assertIn(says, runner.night().text)

    def test_a_level_is_accepted_for_a_reason_that_is_no_code(self):
        runner = self.runner(runners.Workflow, self.workflow("checkout"))
        self.assertNotIn("<accept>", runner.night().text)
        night = runner.night(accept='new "SDK"; $(id) `id`')
        self.assertIn('<history><accept><checkout><--note><new "SDK"; $(id) `id`>', night.text)
        self.assertLess(night.text.index("<accept>"), night.text.index("<nightly>"))

    def test_nights_that_cannot_be_read_are_not_written_over(self):
        runner = self.runner(runners.Workflow, self.workflow("checkout"))
        runner.night()
        broken = COLDPROF.replace('cat "$3" >> "$nights" ;;', "exit 1 ;;").replace("STATUS", self.status)
        runners.write_program(self.coldprof_path, broken)
        night = runner.night()
        self.assertTrue(night.is_red)
        self.assertEqual(night.outcomes["night"], "skipped")
        self.assertEqual(len(runner.cache), 1)

    def test_another_schedule_s_nights_are_not_taken(self):
        first = self.runner(runners.Workflow, self.workflow("checkout"))
        other = self.runner(runners.Workflow, self.workflow("checkout-live"))
        other.cache = first.cache
        other.night()
        night = first.night()
        self.assertIn("::warning title=coldprof::no nights before this one", night.text)

    def test_hostile_folders_arrive_as_they_are(self):
        for name in schedule.HOSTILE_TOGETHER:
            with self.subTest(name):
                os.makedirs(os.path.join(self.sources, name))
                text = self.workflow("./" + name, "--notify-command", name)
                code = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
                self.assertLessEqual(set(re.findall(r"\$\{\{(.*?)\}\}", code)), OURS)
                night = self.runner(runners.Workflow, text).night()
                self.assertFalse(night.is_red, night.text)
                self.assertIn(f"<nightly><./{name}><--export>", night.text)
                self.assertIn(f"<--notify-command><{name}>", night.text)
                self.assertIn("as root", night.text) # its cgroups are


class Codebuild(Case):
    def buildspec(self, *words):
        return self.files("codebuild", *words, cwd=self.sources)[".buildspec.yml"]

    def test_has_keys_that_codebuild_knows(self):
        spec = yaml.safe_load(self.buildspec("checkout"))
        self.assertLessEqual(set(spec), {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"})
        self.assertEqual(spec["version"], 0.2)
        self.assertLessEqual(set(spec["phases"]), {"install", "pre_build", "build", "post_build"})
        for phase in spec["phases"].values():
            self.assertLessEqual(set(phase), {"run-as", "on-failure", "runtime-versions", "commands", "finally"})
            self.assertTrue(all(isinstance(c, str) for c in phase["commands"]))
        for report in spec["reports"].values():
            self.assertLessEqual(set(report), {"files", "base-directory", "discard-paths", "file-format"})
            self.assertIn(report["file-format"], ("JUNITXML",))

    def test_nights_are_carried_from_build_to_build_also_red_ones(self):
        runner = self.runner(runners.Buildspec, self.buildspec("checkout"))
        for n, (status, says) in enumerate(((0, "it is the first"), (3, "REGRESSION"), (4, "interrupted"),
                                            (1, "could not be measured"), (0, "<nightly>")), 1):
            self.set_status(status)
            night = runner.night()
            self.assertIn(says, night.text)
            self.assertEqual(night.is_red, status != 0)
            self.assertEqual(runner.kept(), "night\n" * n)

    def test_a_level_is_accepted_for_a_reason(self):
        runner = self.runner(runners.Buildspec, self.buildspec("checkout"))
        self.assertNotIn("<accept>", runner.night().text)
        self.assertIn("<history><accept><checkout><--note><new 'SDK'>", runner.night(accept="new 'SDK'").text)

    def test_nights_that_cannot_be_fetched_are_not_written_over(self):
        runner = self.runner(runners.Buildspec, self.buildspec("checkout"))
        runner.night()
        night = runner.night(answer="403")
        self.assertTrue(night.is_red)
        self.assertIn("(403)", night.text)
        self.assertNotIn("build", night.outcomes)
        self.assertEqual(runner.kept(), "night\n")

    def test_hostile_folders_arrive_as_they_are(self):
        for name in schedule.HOSTILE_TOGETHER:
            with self.subTest(name):
                os.makedirs(os.path.join(self.sources, name))
                night = self.runner(runners.Buildspec, self.buildspec("./" + name, "--notify-command", name)).night()
                self.assertFalse(night.is_red, night.text)
                self.assertIn(f"<nightly><./{name}><--export>", night.text)
                self.assertIn(f"<--notify-command><{name}>", night.text)

    def test_the_role_may_do_what_iam_policy_prints_and_no_more(self):
        class Loader(yaml.SafeLoader):
            """Tags of CloudFormation as their text."""
        Loader.add_multi_constructor("!", lambda loader, tag, node: f"!{tag} {node.value}")
        for target, words in (("checkout", []), ("checkout:live", ["--region", "eu-central-1"]),
                              ("arn:aws:lambda:eu-central-1:123456789012:function:checkout", [])):
            text = self.files("codebuild", target, "--", *words)[".template.yml"]
            resources = yaml.load(text, Loader)["Resources"]  # a SafeLoader
            policies = {p["PolicyName"]: p["PolicyDocument"] for p in resources["BuildRole"]["Properties"]["Policies"]}
            place = ["--region", "eu-central-1"] if words or ":function:" in target else []
            account = ["--account", "123456789012"] if ":function:" in target else []
            least = self.coldprof("iam-policy", "--function", "checkout", *place, *account).stdout
            self.assertEqual(policies.pop("coldprof"), json.loads(least))
            self.assertEqual(set(policies), {"history", "build"})
            told, = re.findall(r"(?m)^# +coldprof (iam-policy .*)$", self.files("github", target, "--", *words)[".yml"])
            self.assertEqual(self.coldprof(*told.split()).stdout, least)
            self.assertEqual(resources["Project"]["Properties"]["ConcurrentBuildLimit"], 1)
            self.assertEqual(resources["Night"]["Properties"]["ScheduleExpression"], "cron(17 3 * * ? *)")
        os.makedirs(os.path.join(self.sources, "fn"))
        text = self.files("codebuild", "./fn", cwd=self.sources)[".template.yml"]
        role = yaml.load(text, Loader)["Resources"]["BuildRole"]["Properties"]
        self.assertEqual([p["PolicyName"] for p in role["Policies"]], ["history", "build"])


if __name__ == "__main__":
    schedule.main()
