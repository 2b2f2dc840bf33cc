# SPDX-License-Identifier: GPL-3.0-or-later
"""What `coldprof schedule print` prints, given to linters of its languages.

Shellcheck: the script of a crontab. Actionlint: workflow syntax, expressions, contexts. Schema: GitHub's workflow schema, as check-jsonschema has it.
Cloudformation: cfn-lint, which knows each resource's properties. Croniter: when a crontab's line comes.
"""
import datetime
import os
import re
import subprocess
import sys

import peer_service as peers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))

import schedule_files as schedule  # noqa: E402 (found there)

TOOLS = os.path.join("schedule", "bin")


class Case(schedule.Case):
    def written(self, form):
        """Folders with the files for a function, one in a Region, a folder, and each hostile folder."""
        function = [["checkout"], ["checkout:live", "--hour", "0", "--name", "live", "--", "--region", "eu-central-1"]]
        for i, name in enumerate(["fn", *schedule.HOSTILE_TOGETHER]):
            self.folder(name)
            function.append(["./" + name, "--name", f"folder-{i}"])
        paths = []
        for words in function:
            paths += self.coldprof("schedule", "print", form, *words[:1], "-o", form, *words[1:]).stdout.split()
        return paths

    def read_by(self, tool, *words, status=0):
        peers.need(tool)
        result = subprocess.run([os.path.join(peers.PEERS, tool), *words], cwd=self.tmp, capture_output=True, text=True,
                                timeout=200, check=False)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def broken(self, path, old, new):
        """The same file with a fault: what finds none must be able to find one."""
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))
        return path


class Shellcheck(Case):
    """Debian's package. SC1003, SC2016: single quotes keep a hostile name as it is, which it takes for a slip."""

    def checked(self, *paths):
        schedule.need_program("shellcheck")
        return subprocess.run(["shellcheck", "--exclude=SC1003,SC2016", *paths], capture_output=True, text=True, timeout=200, check=False)

    def test_finds_nothing(self):
        result = self.checked(*(p for p in self.written("cron") if p.endswith(".sh")))
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_finds_a_fault(self):
        path = self.broken(self.written("cron")[0], 'exec 9>"$lock"', "exec 9>$lock")
        self.assertIn("SC2086", self.checked(path).stdout)


class Actionlint(Case):
    """With shellcheck on the commands, where that is installed."""
    tool = os.path.join("actionlint", "actionlint")

    def test_finds_nothing(self):
        self.assertEqual(self.read_by(self.tool, "-no-color", "-ignore", "SC1003|SC2016", *self.written("github")), "")

    def test_finds_a_fault(self):
        path = self.broken(self.written("github")[0], "steps.all.outcome", "steps.other.outcome")
        self.assertIn("other", self.read_by(self.tool, "-no-color", path, status=1))


class Schema(Case):
    tool = os.path.join(TOOLS, "check-jsonschema")
    schema = ("--builtin-schema", "vendor.github-workflows")

    def test_workflows_fit(self):
        self.read_by(self.tool, *self.schema, *self.written("github"))

    def test_a_fault_does_not(self):
        path = self.broken(self.written("github")[0], "cancel-in-progress", "cancel-progress")
        self.read_by(self.tool, *self.schema, path, status=1)


class Cloudformation(Case):
    tool = os.path.join(TOOLS, "cfn-lint")

    def templates(self):
        return [p for p in self.written("codebuild") if p.endswith(".template.yml")][:4]

    def test_finds_nothing(self):
        self.assertEqual(self.read_by(self.tool, "--regions", "eu-central-1", "--", *self.templates()), "")

    def test_finds_a_fault(self):
        path = self.broken(self.templates()[0], "ConcurrentBuildLimit", "ConcurrentBuildsLimit")
        self.read_by(self.tool, "--regions", "eu-central-1", "--", path, status=2)


class Croniter(Case):
    def test_a_crontab_comes_once_a_night_at_minute_17(self):
        for hour in (0, 3, 23):
            crontab = self.files("cron", "checkout", "--hour", str(hour))[".cron"]
            line, = [line for line in crontab.split("\n") if re.match(r"\d", line)]
            when = " ".join(line.split(" ")[:5])
            script = ("import sys, datetime, croniter; it = croniter.croniter(sys.argv[1], datetime.datetime(2026, 2, 27, 23, 59));"
                      "print(*(it.get_next(datetime.datetime).isoformat() for _ in range(3)))")
            times = self.read_by(os.path.join(TOOLS, "python"), "-c", script, when).split()
            days = [datetime.date(2026, 2, 28), datetime.date(2026, 3, 1), datetime.date(2026, 3, 2)]
            self.assertEqual(times, [f"{day}T{hour:02d}:17:00" for day in days])


if __name__ == "__main__":
    peers.main()
