# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command lines of a .case file and checks what they print.

A case:
    ## what it shows
    run: sweep ./nowhere            arguments of coldprof; {tmp} is a fresh folder of the file
    env: NAME=value                 optional, repeatable
    file: NAME = one line           optional: a file made in {tmp} before
    status: 2
    stdout: text that must occur    repeatable; 'stdout!:' must not occur; 'stdout=:' is all of it
    stderr: ...                     the same three forms

Within a text, \\e is an escape byte and \\n a newline; in a file \\n and \\t.
"""
import os
import re
import subprocess
import sys
import tempfile


def parse(path):
    case = None
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith("## "):
            if case:
                yield case
            case = {"name": line[3:], "line": number, "rules": [], "env": {}, "files": [], "run": None}
        elif line.strip() and not line.startswith("#"):
            m = re.match(r"(run|env|file|status|std(?:out|err)[!=]?):\s?(.*)$", line)
            if not m or case is None:
                sys.exit(f"{path}:{number}: cannot read '{line}'")
            key, value = m.groups()
            if key == "run":
                case["run"] = value
            elif key == "env":
                name, _, text = value.partition("=")
                case["env"][name] = text
            elif key == "file":
                case["files"].append([part.strip() for part in value.split(" = ", 1)])
            else:
                case["rules"].append((key, value.replace("\\e", "\x1b").replace("\\n", "\n")))
    if case:
        yield case


def run(binary, case, tmp):
    for name, content in case["files"]:
        path = os.path.join(tmp, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content.replace("\\n", "\n").replace("\\t", "\t") + "\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("COLDPROF_", "AWS_", "XDG_", "COLUMNS", "GITHUB_", "GITLAB_", "JENKINS_"))}
    wanted = {name: text.replace("{tmp}", tmp) for name, text in case["env"].items()}
    env.update({"HOME": tmp, "XDG_DATA_HOME": os.path.join(tmp, "data"), **wanted})
    words = re.findall(r"'[^']*'|\S+", case["run"].replace("{tmp}", tmp))
    words = [w[1:-1] if w.startswith("'") else w for w in words]
    return subprocess.run([binary, *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=200, check=False)


def faults(case, result, tmp):
    out = {"stdout": result.stdout.decode(), "stderr": result.stderr.decode(), "status": str(result.returncode)}
    for key, text in case["rules"]:
        text = text.replace("{tmp}", tmp)
        got = out[key.rstrip("!=")]
        if key == "status" or key.endswith("="):
            good = got.strip() == text.strip()
        elif key.endswith("!"):
            good = text not in got
        else:
            good = text in got
        if not good:
            yield f"{key}: {text!r}\n    got: {got!r}"


def main():
    binary, path = sys.argv[1:]
    failed = n = 0
    with tempfile.TemporaryDirectory() as tmp:
        for case in parse(path):
            n += 1
            found = list(faults(case, run(binary, case, tmp), tmp))
            failed += bool(found)
            print(("FAIL " if found else "ok   ") + f"{os.path.basename(path)}:{case['line']} {case['name']}")
            for fault in found:
                print("  " + fault)
    if n == 0:
        sys.exit(f"{path}: no case")
    sys.exit(1 if failed else 0)


main()
