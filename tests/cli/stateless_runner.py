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

# of GitHub's, those that it knows
EXPRESSIONS = {"github.run_attempt": "1", "vars.COLDPROF_REPOSITORY": "somebody/coldprof", "vars.COLDPROF_REF": "main",
               "vars.COLDPROF_ROLE_ARN": "arn:aws:iam::123456789012:role/nights", "vars.AWS_REGION": "eu-central-1"}


class Night:
    """What one night left."""

    def __init__(self):
        self.is_red = False
        self.outcomes, self.outputs, self.text = {}, {}, ""


def write_program(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)


class Runner:
    """`coldprof`: what building its source gives; `sources`: what a checkout puts into the workspace. Neither is on
    PATH before the commands put it there."""

    def __init__(self, root, coldprof, sources=None):
        self.root, self.sources, self.n = root, sources, 0
        self.stand_ins = os.path.join(root, "stand-ins")
        self.coldprof_source = os.path.join(root, "coldprof-source")
        write_program(os.path.join(self.coldprof_source, "scripts", "coldprof"), "echo coldprof, built\n")
        os.makedirs(os.path.join(self.coldprof_source, "build"))
        os.symlink(coldprof, os.path.join(self.coldprof_source, "build", "coldprof"))

    def begin(self):
        self.n += 1
        self.place = tempfile.mkdtemp(prefix=f"night{self.n}-", dir=self.root)
        self.workspace = os.path.join(self.place, "workspace")
        home = os.path.join(self.place, "home")
        os.makedirs(home)
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

    def checkout(self, source, path="."):
        shutil.copytree(source, os.path.join(self.workspace, path), symlinks=True, dirs_exist_ok=True)


class Workflow(Runner):
    """GitHub: the job `night` of a workflow."""

    def __init__(self, text, root, coldprof, sources=None):
        super().__init__(root, coldprof, sources)
        write_program(os.path.join(self.stand_ins, "sudo"), '[ "$1" = -E ] || exit 2; shift; echo "as root" >&2; exec "$@"\n')
        self.steps = yaml.safe_load(text)["jobs"]["night"]["steps"]
        self.cache = []  # (key, bytes), oldest first
        self.artifacts, self.roles = [], []

    def value(self, text):
        known = {**EXPRESSIONS, "github.run_id": str(9000 + self.n), "inputs.accept": self.accept}
        return re.sub(r"\$\{\{ ?(.*?) ?\}\}", lambda m: known[m.group(1)], str(text))

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

    def check_out(self, given):
        if "repository" in given:
            self.value(given["repository"])
            self.checkout(self.coldprof_source, given["path"])
        elif self.sources:
            self.checkout(self.sources)

    def take_on_role(self, given):
        self.roles.append((self.value(given["role-to-assume"]), self.value(given["aws-region"])))

    def is_due(self, step, night):
        condition = step.get("if")
        if condition is None:
            return not night.is_red
        if condition == "inputs.accept != ''":
            return not night.is_red and self.accept != ""
        wanted = re.fullmatch(r"always\(\) && steps\.(\w+)\.outcome == 'success'", condition)
        if not wanted:
            raise AssertionError(f"a condition that this runner does not know: {condition}")
        return night.outcomes.get(wanted.group(1)) == "success"

    def use(self, step):
        action, version = step["uses"].split("@")
        if not re.fullmatch(r"v\d+|[0-9a-f]{40}", version):
            raise AssertionError(f"not pinned: {step['uses']}")
        {"actions/checkout": self.check_out, "aws-actions/configure-aws-credentials": self.take_on_role,
         "actions/cache/restore": self.restore, "actions/cache/save": self.save,
         "actions/upload-artifact": self.upload}[action](step["with"])

    def night(self, accept=""):
        self.accept = accept
        night, environment = Night(), self.begin()
        output, paths = os.path.join(self.place, "output"), os.path.join(self.place, "paths")
        environment.update(GITHUB_ACTIONS="true", GITHUB_OUTPUT=output, GITHUB_PATH=paths, RUNNER_TEMP=self.place,
                           GITHUB_STEP_SUMMARY=os.path.join(self.place, "summary"))
        path = environment["PATH"]
        for step in self.steps:
            if os.path.exists(paths):
                with open(paths, encoding="utf-8") as f:
                    environment["PATH"] = ":".join([*reversed(f.read().split("\n")[:-1]), path])
            outcome = "skipped"
            if self.is_due(step, night):
                status = 0
                if "uses" in step:
                    self.use(step)
                else:
                    more = {k: self.value(v) for k, v in step.get("env", {}).items()}
                    status = self.shell(self.value(step["run"]), {**environment, **more}, night)
                outcome = "failure" if status else "success"
            night.is_red = night.is_red or outcome == "failure"
            night.outcomes[step.get("id", step["name"])] = outcome
        if os.path.exists(output):
            with open(output, encoding="utf-8") as f:
                night.outputs = dict(line.strip().split("=", 1) for line in f)
        return night


AWS = """# a stand-in for the AWS CLI: objects are files
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
    """CodeBuild: one shell for all commands; a phase that fails ends the build, but build, which post_build follows."""

    def __init__(self, text, root, coldprof, sources=None):
        super().__init__(root, coldprof, sources)
        self.phases = yaml.safe_load(text)["phases"]
        self.objects = os.path.join(root, "objects")
        write_program(os.path.join(self.stand_ins, "aws"), AWS)
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", self.coldprof_source]
        for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "coldprof"]):
            subprocess.run([*git, *words], check=True)
        self.commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()

    def script(self):
        """Each command is read by the one shell; what a phase came to is a line of its own."""
        lines = []
        for name in ("install", "pre_build", "build", "post_build"):
            commands = []
            for i, command in enumerate(self.phases[name]["commands"]):
                path = os.path.join(self.place, f"{name}-{i}")
                with open(path, "w", encoding="utf-8") as f:
                    f.write(command)
                commands.append(f". '{path}'")
            lines += [" && ".join(commands), f"came_to=$?; echo {name} $came_to >> '{self.place}/phases'"]
            if name != "build":
                lines.append("[ $came_to = 0 ] || exit 1")
        return "\n".join(lines)

    def night(self, answer="", accept=""):
        night, environment = Night(), self.begin()
        environment.update({"COLDPROF_ACCEPT": accept} if accept else {})
        environment.update(OBJECTS=self.objects, S3_ANSWER=answer, COLDPROF_HISTORY="s3://bucket/nights.ndjson",
                           COLDPROF_REPOSITORY=self.coldprof_source, COLDPROF_REF=self.commit, CODEBUILD_BUILD_ID="nightly:1")
        if self.sources:
            self.checkout(self.sources)
        result = subprocess.run(["bash", "-c", self.script()], env=environment, cwd=self.workspace, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180, check=False)
        night.text = result.stdout
        with open(os.path.join(self.place, "phases"), encoding="utf-8") as f:
            for name, status in (line.split() for line in f):
                night.outcomes[name] = "success" if status == "0" else "failure"
        night.is_red = "failure" in night.outcomes.values()
        return night

    def kept(self):
        path = os.path.join(self.objects, "bucket", "nights.ndjson")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as f:
            return f.read()
