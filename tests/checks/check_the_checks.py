# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check must find what it is for: a small tree with one fault of each kind."""
import pathlib
import subprocess
import sys
import tempfile

CHECK, COLDPROF = sys.argv[1], sys.argv[2]
README = str(pathlib.Path(__file__).parent / "check_readme.py")
SPDX = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
GOOD = SPDX + '#include "model/base/view.h"\n\nint f(void)\n{\n    return 1;\n}\n'

# check, path, content, must be found
CASES = [
    ("includes", "model/bad.c", SPDX + '#include "probes/os/clock.h"\n', "may not include"),
    ("includes", "model/io.c", SPDX + "#include <fcntl.h>\n", "may not include <fcntl.h>"),
    ("includes", "probes/os/up.c", SPDX + '#include "reports/report.h"\n', "may not include"),
    ("includes", "reports/third.h", SPDX + "#include <cjson/cJSON.h>\n", "third-party"),
    ("includes", "reports/angle.c", SPDX + "#include <probes/os/clock.h>\n", "angle brackets"),
    ("includes", "model/source.c", SPDX + '#include "model/good.c"\n', "includes a source file"),
    ("banned", "reports/call.c", SPDX + "void f(char *a)\n{\n    strcpy(a, a);\n}\n", "strcpy"),
    ("banned", "model/clock.c", SPDX + "long f(void)\n{\n    return time(0);\n}\n", "reads no clock"),
    ("banned", "tests/nap.c", SPDX + "void f(void)\n{\n    usleep(1);\n}\n", "usleep"),
    ("banned", "reports/split.c", SPDX + "void f(char *a)\n{\n    strcpy\n        (a, a);\n}\n", "split.c:4: strcpy"),
    ("banned", "reports/pointer.c", SPDX + "void *f = (void *)strcpy;\n", "strcpy"),
    ("banned", "reports/macro.c", SPDX + "#define COPY(a, b) \\\n    strcpy(a, b)\n", "macro.c:3: strcpy"),
    ("banned", "reports/parentheses.c", SPDX + "int f(void)\n{\n    return (system)(0);\n}\n", "system"),
    ("length", "model/brace.c", SPDX + "int f(int a) {\n" + "    a++;\n" * 120 + "}\n", "f() has 120 lines"),
    ("length", "model/comment.c", SPDX + "int f(int a)\n{ /* why */\n" + "    a++;\n" * 120 + "}\n", "120 lines"),
    ("length", "model/split.c", SPDX + "int\nf(int a,\n  int b)\n{\n" + "    a++;\n" * 120 + "}\n", "f() has 120"),
    ("length", "model/attribute.c", SPDX + "__attribute__((cold)) int g(int a)\n{\n" + "    a++;\n" * 120 + "}\n", "g() has 120"),
    ("length", "model/long.c", SPDX + "int f(int a)\n{\n" + "    a++;\n" * 120 + "}\n", "120 lines"),
    ("format", "model/ugly.c", SPDX + "int   f( void ) {return 1;}\n", "ugly.c"),
    ("licence", "model/none.c", "int f(void);\n", "no SPDX"),
    ("licence", "scripts/none", "#!/bin/sh\ntrue\n", "scripts/none: no SPDX"),
    ("tree", "model/path.c", SPDX + "/* /ro" "ot/somebody/file */\n", "path of one machine"),
    ("tree", "model/later.c", SPDX + "/* TO" "DO */\n", "unfinished"),
    ("tree", "README.md", "no end", "no end of line"),
    ("tree", "probes/functions/x/bootstrap", "\x7fELF and so on\n", "was built"),
]

# What must not be taken for a fault: check, content of a source file.
INNOCENT = [
    ("banned", 'const char *f = "strcpy(a, b)"; /* strcpy(a, b) */ // system(0)\n'),
    ("banned", "struct s {\n    int system;\n};\n"),
    ("length", "static const int t[] = {\n" + "    1,\n" * 200 + "};\n"),
    ("length", "enum e {\n" + "".join(f"    E{i},\n" for i in range(200)) + "};\n"),
]

# A line of a document, what must be said against it.
DOCUMENT = [
    ("coldprof sweep probes/functions/hello-python --bugdet p99=200ms", "unknown option '--bugdet'"),
    ("coldprof swep probes/functions/hello-python", "unknown command 'swep'"),
    ("coldprof sweep probes/functions/none", "'probes/functions/none' does not exist"),
    ("coldprof sweep probes/functions/hello-c --memory 12", "128 to 10240"),
    ("coldprof local srve probes/functions/hello-c", "wants 'serve'"),
    ("scripts/nothing", "not an executable"),
    ("scripts/test --al", "no option '--al'"),
]


def run(check, files):
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["git", "init", "-q", root], check=True)
        for path, content in {**files, "model/base/view.h": SPDX}.items():
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        style = pathlib.Path(CHECK).parent.parent / ".clang-format"
        pathlib.Path(root, ".clang-format").write_text(style.read_text())
        return subprocess.run([CHECK, check, root], capture_output=True, text=True, check=False)


def say(is_found, what, output=""):
    print(("ok   " if is_found else "FAIL ") + what + ("" if is_found else "\n" + output))
    return 0 if is_found else 1


def document(text):
    root = str(pathlib.Path(CHECK).parent.parent)
    with tempfile.NamedTemporaryFile("w", suffix=".md", encoding="utf-8") as f:
        f.write(text)
        f.flush()
        return subprocess.run([sys.executable, README, COLDPROF, root, f.name], capture_output=True, text=True, check=False)


failed = 0
for check in sorted({case[0] for case in CASES}):
    good = run(check, {"model/good.c": GOOD})
    failed += say(good.returncode == 0, f"{check} passes a good tree", good.stdout + good.stderr)
for check, path, content, wanted in CASES:
    bad = run(check, {"model/good.c": GOOD, path: content})
    failed += say(bad.returncode == 1 and wanted in bad.stdout, f"{check} finds {path}", bad.stdout + bad.stderr)
for check, content in INNOCENT:
    good = run(check, {"model/innocent.c": SPDX + content})
    failed += say(good.returncode == 0, f"{check} passes {content[:40]!r}", good.stdout + good.stderr)
for line, wanted in DOCUMENT:
    bad = document(f"```\n$ {line}\n```\n")
    failed += say(bad.returncode == 1 and wanted in bad.stdout, f"readme finds {line}", bad.stdout + bad.stderr)
good = document("```\n$ coldprof sweep probes/functions/hello-c \\\n    --cold 3\n```\nor `scripts/test --all`\n")
failed += say(good.returncode == 0, "readme passes what is right", good.stdout + good.stderr)
sys.exit(1 if failed else 0)
