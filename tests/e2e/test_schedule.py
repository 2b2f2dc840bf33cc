# SPDX-License-Identifier: GPL-3.0-or-later
"""Schedules as they run: the files of `coldprof schedule print` with the real program and a real function.

Stateless: a GitHub job and a CodeBuild build, two nights each on runners that begin with nothing. Here: the
service's command line, as systemd itself splits it, and the crontab's through sh. Topic: every command of
`coldprof help nightly`, in its order.
"""
import json
import os
import re
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))

import schedule_files as schedule  # noqa: E402 (found there)

schedule.use_python_with_yaml()

import stateless_runner as runners  # noqa: E402
from program import BINARY, SHARE, Case, make_function  # noqa: E402

FEW = ["--cold", "6", "--warm", "6", *SHARE]
HOSTILE = "it's 50% \"$HOME\" `id` \\ ${{ github.token }}; # x"


class Scheduled(Case):
    def setUp(self):
        super().setUp()
        self.sources = os.path.join(self.tmp, "sources")
        ini = os.path.join(make_function(os.path.join(self.sources, "functions", HOSTILE), "hello-c"), "function.ini")
        text = read(ini)
        with open(ini, "w", encoding="utf-8") as f:
            f.write("name = hello\n" + text) # that of the folder is none
        self.target = "./functions/" + HOSTILE

    def written(self, form, *more):
        """Paths of the files, by suffix."""
        out = self.run_cli("schedule", "print", form, self.target, "--name", "night", "-o", os.path.join(self.tmp, form), "--",
                           *FEW, *more, cwd=self.sources).stdout
        return {os.path.basename(path).removeprefix("night"): path for path in out.split("\n") if path}

    def nights(self, *words):
        return json.loads(self.run_cli("history", "list", "--json", *words).stdout)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Stateless(Scheduled):
    def count(self, kept):
        """Nights that an empty machine knows after reading what was kept."""
        path = os.path.join(self.tmp, "kept.ndjson")
        with open(path, "wb") as f:
            f.write(kept)
        store = ["--store", os.path.join(self.tmp, f"empty{len(os.listdir(self.tmp))}.db")]
        self.run_cli("history", "import", path, *store)
        histories = self.nights(*store)["histories"]
        self.assertEqual(len(histories), 1)
        return histories[0]["nights"]

    def test_github_carries_nights_from_runner_to_runner(self):
        runner = runners.Workflow(read(self.written("github")[".yml"]), self.tmp, BINARY, self.sources)
        for n in (1, 2):
            night = runner.night(accept="agreed" if n == 2 else "")
            self.keeper.keep("runner", night.text)
            self.assertFalse(night.is_red, night.text)
            self.assertEqual(night.outputs["status"], "0")
            self.assertEqual(self.count(runner.cache[-1][1]), n)
            self.assertEqual(b"agreed" in runner.cache[-1][1], n == 2)
            name, kept = runner.artifacts[-1]
            self.assertEqual(name, "night-1")
            self.assertEqual(set(kept), {"coldprof-history.ndjson", "coldprof-junit.xml", "coldprof-summary.md"})
            self.assertIn(b"<testsuite", kept["coldprof-junit.xml"])

    def test_codebuild_carries_nights_from_build_to_build(self):
        runner = runners.Buildspec(read(self.written("codebuild")[".buildspec.yml"]), self.tmp, BINARY, self.sources)
        for n in (1, 2):
            night = runner.night(accept="agreed" if n == 2 else "")
            self.keeper.keep("runner", night.text)
            self.assertFalse(night.is_red, night.text)
            self.assertEqual(self.count(runner.kept().encode()), n)
            self.assertEqual("agreed" in runner.kept(), n == 2)

    def test_a_store_of_one_s_own_is_carried_too(self):
        spec = read(self.written("codebuild", "--store", "of its own/h.db")[".buildspec.yml"])
        runner = runners.Buildspec(spec, self.tmp, BINARY, self.sources)
        os.makedirs(os.path.join(self.sources, "of its own"))
        for n in (1, 2):
            night = runner.night()
            self.assertFalse(night.is_red, night.text)
            self.assertEqual(self.count(runner.kept().encode()), n)


class Here(Scheduled):
    def test_the_service_measures_a_night_of_a_hostile_folder(self):
        schedule.need_program("systemd-analyze")
        units = self.written("systemd", "--notify-command", HOSTILE)
        dump = subprocess.run(["systemd-analyze", "verify", "--man=no", units[".service"]], capture_output=True, text=True,
                              env={**self.env, "SYSTEMD_LOG_LEVEL": "debug"}, check=True).stdout
        folder, = re.findall(r"(?m)^\s+WorkingDirectory: (.*)$", dump)
        words = schedule.unit_command(dump)
        self.assertEqual(words[-4:], ["--notify-command", HOSTILE, "--wait", "1h"])
        result = subprocess.run(words, cwd=folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual([h["nights"] for h in self.nights()["histories"]], [1])

    def test_the_crontab_measures_a_night_and_is_silent(self):
        crontab = read(self.written("cron")[".cron"])
        line, = [line for line in crontab.split("\n") if re.match(r"\d", line)]
        command = line.split(" ", 5)[5]
        for n in (1, 2):
            result = subprocess.run(["/bin/sh", "-c", command], cwd=self.env["HOME"], stdin=subprocess.DEVNULL,
                                    env={"HOME": self.env["HOME"], "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
                                    timeout=120, check=False)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
            self.assertEqual([h["nights"] for h in self.nights()["histories"]], [n])


class Topic(Case):
    def test_every_command_of_the_topic_runs(self):
        make_function(os.path.join(self.tmp, "my-function"), "hello-c")
        make_function(os.path.join(self.tmp, "old-build"), "hello-c")
        self.env.update(COLDPROF_COLD="80", COLDPROF_WARM="80")  # few, and enough for an interval
        if SHARE:
            self.env["COLDPROF_NO_CPU_SHARE"] = "1"
        text = self.run_cli("help", "nightly").stdout
        commands = re.findall(r"(?m)^  coldprof (.*)$", text[text.index("\nnightly: "):])
        self.assertEqual(len(commands), 9)
        for command in commands:
            with self.subTest(command):
                self.run_cli(*shlex.split(command), cwd=self.tmp)
        for path in ("night.xml", "night.md", "history.ndjson", "units/coldprof-nightly-my-function.timer"):
            self.assertGreater(os.path.getsize(os.path.join(self.tmp, path)), 0)
        self.assertFalse(os.path.exists(os.path.join(self.tmp, "regression.json")))


if __name__ == "__main__":
    schedule.main()
