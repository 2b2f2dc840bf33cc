# SPDX-License-Identifier: GPL-3.0-or-later
"""Runners that begin every night with nothing, small: they read a workflow or a buildspec and run its commands
with a shell of their own, in a fresh home and workspace. What is kept from night to night is kept as there: a cache
whose entries never change and are found by the beginning of a key; an object store that answers 404.
"""
import os
import re
import shutil
import subprocess
import tempfile

import yaml

RUN_ID = re.compile(r"\$\{\{ github\.run_id \}\}")


class Night:
    """What one night left."""

    def __init__(self):
        self.is_red = False
        self.outcomes, self.outputs, self.text = {}, {}, ""


class Runner:
    """`stand_ins`: folder of programs that come first on PATH; `sources`: what a checkout puts into the workspace."""

    def __init__(self, root, stand_ins, sources=None):
        self.root, self.stand_ins, self.sources, self.n = root, stand_ins, sources, 0

    def begin(self):
        self.n += 1
        self.place = tempfile.mkdtemp(prefix=f"night{self.n}-", dir=self.root)
        self.workspace = os.path.join(self.place, "workspace")
        home = os.path.join(self.place, "home")
        os.makedirs(home)
        if self.sources:
            shutil.copytree(self.sources, self.workspace)
        else:
            os.makedirs(self.workspace)
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("COLDPROF_", "AWS_", "XDG_", "GITHUB_", "CI", "CODEBUILD_"))}
        return {**kept, "HOME": home, "CI": "true", "PATH": f"{self.stand_ins}:{os.environ['PATH']}"}

    def shell(self, script, environment, night):
        result = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], env=environment,
                                cwd=self.workspace, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=180, check=False)
        night.text += result.stdout
        return result.returncode


class Workflow(Runner):
    """GitHub: the job `night` of a workflow."""

    def __init__(self, text, root, stand_ins, sources=None):
        super().__init__(root, stand_ins, sources)
        self.steps = yaml.safe_load(text)["jobs"]["night"]["steps"]
        self.cache = []  # (key, bytes), oldest first
        self.artifacts = []

    def value(self, text):
        text = RUN_ID.sub(str(9000 + self.n), str(text)).replace("${{ github.run_attempt }}", "1")
        if "${{" in text:
            raise AssertionError(f"an expression that this runner does not know: {text}")
        return text

    def path(self, name):
        return os.path.join(self.workspace, name)

    def restore(self, given):
        key, prefixes = self.value(given["key"]), self.value(given["restore-keys"]).split()
        fits = [c for c in self.cache if c[0] == key] or [c for c in self.cache if c[0].startswith(tuple(prefixes))]
        if fits:
            with open(self.path(given["path"]), "wb") as f:
                f.write(fits[-1][1])

    def save(self, given):
        key = self.value(given["key"])
        if any(c[0] == key for c in self.cache):
            raise AssertionError(f"a cache entry never changes: {key}")
        with open(self.path(given["path"]), "rb") as f:
            self.cache.append((key, f.read()))

    def upload(self, given):
        found = {name: self.path(name) for name in given["path"].split() if os.path.exists(self.path(name))}
        self.artifacts.append((self.value(given["name"]), {}))
        for name, path in found.items():
            with open(path, "rb") as f:
                self.artifacts[-1][1][name] = f.read()

    def is_due(self, step, night):
        condition = step.get("if")
        if condition is None:
            return not night.is_red
        wanted = re.fullmatch(r"always\(\) && steps\.(\w+)\.outcome == 'success'", condition)
        if not wanted:
            raise AssertionError(f"a condition that this runner does not know: {condition}")
        return night.outcomes.get(wanted.group(1)) == "success"

    def use(self, step):
        action, version = step["uses"].split("@")
        if not re.fullmatch(r"v\d+|[0-9a-f]{40}", version):
            raise AssertionError(f"not pinned: {step['uses']}")
        {"actions/checkout": lambda given: None, "aws-actions/configure-aws-credentials": lambda given: None,
         "actions/cache/restore": self.restore, "actions/cache/save": self.save,
         "actions/upload-artifact": self.upload}[action](step["with"])

    def night(self):
        night, environment = Night(), self.begin()
        output = os.path.join(self.place, "output")
        environment.update(GITHUB_ACTIONS="true", GITHUB_OUTPUT=output, RUNNER_TEMP=self.place,
                           GITHUB_STEP_SUMMARY=os.path.join(self.place, "summary"))
        for step in self.steps:
            if step.get("name") == "build coldprof":  # it is on PATH
                continue
            outcome = "skipped"
            if self.is_due(step, night):
                status = 0
                if "uses" in step:
                    self.use(step)
                else:
                    status = self.shell(self.value(step["run"]), environment, night)
                outcome = "failure" if status else "success"
            night.is_red = night.is_red or outcome == "failure"
            night.outcomes[step.get("id", step["name"])] = outcome
        if os.path.exists(output):
            with open(output, encoding="utf-8") as f:
                night.outputs = dict(line.strip().split("=", 1) for line in f)
        return night


AWS = """#!/bin/sh
# a stand-in for the AWS CLI: objects are files
[ "$1 $2" = "s3 cp" ] && [ $# = 4 ] || { echo "aws: not known here: $*" >&2; exit 252; }
from=$3 to=$4
case $from in s3://*) from=$OBJECTS/${from#s3://} ;; esac
case $to in s3://*) to=$OBJECTS/${to#s3://} ;; esac
if [ -n "$S3_ANSWER" ]; then
    echo "fatal error: An error occurred ($S3_ANSWER) when calling the HeadObject operation: no" >&2
    exit 1
elif [ "$from" != "$3" ] && [ ! -e "$from" ]; then
    echo "fatal error: An error occurred (404) when calling the HeadObject operation: Key does not exist" >&2
    exit 1
fi
mkdir -p "$(dirname "$to")" && cp "$from" "$to"
"""


class Buildspec(Runner):
    """CodeBuild: build is not run when pre_build failed; post_build is run whatever build's outcome."""

    def __init__(self, text, root, stand_ins, sources=None):
        super().__init__(root, stand_ins, sources)
        self.phases = yaml.safe_load(text)["phases"]
        self.objects = os.path.join(root, "objects")
        path = os.path.join(stand_ins, "aws")
        with open(path, "w", encoding="utf-8") as f:
            f.write(AWS)
        os.chmod(path, 0o755)

    def night(self, answer=""):
        night, environment = Night(), self.begin()
        environment.update(OBJECTS=self.objects, S3_ANSWER=answer, COLDPROF_HISTORY="s3://bucket/nights.ndjson",
                           CODEBUILD_BUILD_ID="nightly:1")
        for name in ("pre_build", "build", "post_build"):
            status = 0
            for command in self.phases[name]["commands"]:
                status = self.shell(command, environment, night)
                if status:
                    break
            night.outcomes[name] = "failure" if status else "success"
            night.is_red = night.is_red or bool(status)
            if status and name == "pre_build":
                break
        return night

    def kept(self):
        path = os.path.join(self.objects, "bucket", "nights.ndjson")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as f:
            return f.read()
