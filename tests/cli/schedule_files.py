# SPDX-License-Identifier: GPL-3.0-or-later
"""What `coldprof schedule print` prints, taken apart: for the tests of the ordinary suite and of peers."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY = os.environ["COLDPROF_BINARY"]
SKIPPED = 77  # CTest's SKIP_RETURN_CODE

# Each has a meaning in one of the languages that it goes through.
HOSTILE = [
    "two words", "it's", 'a "quote"', "100%", "%h %% %n", "$HOME ${HOME} $$", "`id`", "$(id)", "back\\slash\\", "; echo x",
    "# comment", "key: value", "- item", "${{ github.token }}", "a ${{b}} c", "grün → 夜", "*", "a && b | c > d", "tab\there",
    "!bang", "{a,b}", "~", "[[name]]", "x \u202e y",
]
# The same in few names, where each takes a while.
HOSTILE_TOGETHER = [" ".join(HOSTILE[i::5]) for i in range(5)]


class Case(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.mkdtemp(prefix="coldprof-schedule-")
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("COLDPROF_", "AWS_", "XDG_", "GITHUB_"))}
        self.env["HOME"] = os.path.join(self.tmp, "home")
        os.mkdir(self.env["HOME"])

    def folder(self, name="fn"):
        path = os.path.join(self.tmp, name)
        os.makedirs(path)
        return "./" + name

    def coldprof(self, *words, status=0, cwd=None):
        result = subprocess.run([BINARY, *words], env=self.env, cwd=cwd or self.tmp, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=60, check=False)
        if status is not None:
            self.assertEqual(result.returncode, status, f"{words}\n{result.stdout}\n{result.stderr}")
        return result

    def files(self, form, *words, cwd=None):
        """{suffix: text} of what is printed."""
        out = self.coldprof("schedule", "print", form, *words, cwd=cwd).stdout
        parts = re.split(r"(?m)^# ==== [a-z0-9-]+(\.[a-z.]+) ====\n", out)
        self.assertEqual(parts[0], "")
        texts = [text.removesuffix("\n") for text in parts[2:-1:2]] + parts[-1:] # a blank line stands between them
        return dict(zip(parts[1::2], texts))


def unit_command(dump):
    """The words of a service, from systemd's own dump of what it read."""
    line, = re.findall(r"(?m)^\s+Command Line: (.*)$", dump)
    line = re.sub(r"(\\\\)|\\(t)|\\([$`])", lambda m: m.group(1) or (m.group(2) and "\t") or m.group(3), line)
    return shlex.split(line)


def need_program(name):
    """Skips where a Debian package is not installed; with CI=true that is a failure."""
    if shutil.which(name):
        return
    why = f"{name} is not installed: run scripts/setup --dev and --peers"
    if os.environ.get("CI") == "true":
        raise AssertionError(why)
    raise unittest.SkipTest(why)


def use_python_with_yaml():
    """Debian's python3-yaml belongs to Debian's Python, which need not be the first on PATH."""
    try:
        import yaml  # noqa: F401
    except ImportError:
        debian = "/usr/bin/python3"
        if os.path.realpath(sys.executable) != os.path.realpath(debian) and not os.environ.get("COLDPROF_WITH_YAML"):
            os.environ["COLDPROF_WITH_YAML"] = "1"
            os.execv(debian, [debian, *sys.argv])
        print("PyYAML is not installed: run scripts/setup --dev")
        sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


def main():
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.skipped and len(result.skipped) >= max(result.testsRun, 1) else 0)
