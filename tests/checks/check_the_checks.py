# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check must find what it is for: a small tree with one fault of each kind."""
import pathlib
import subprocess
import sys
import tempfile

CHECK = sys.argv[1]
SPDX = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
GOOD = SPDX + '#include "model/base/view.h"\n\nint f(void)\n{\n    return 1;\n}\n'

# check, path, content, must be found
CASES = [
    ("includes", "model/bad.c", SPDX + '#include "probes/os/clock.h"\n', "may not include"),
    ("includes", "model/io.c", SPDX + "#include <fcntl.h>\n", "may not include <fcntl.h>"),
    ("includes", "probes/os/up.c", SPDX + '#include "reports/report.h"\n', "may not include"),
    ("includes", "reports/third.h", SPDX + "#include <cjson/cJSON.h>\n", "third-party"),
    ("banned", "reports/call.c", SPDX + "void f(char *a)\n{\n    strcpy(a, a);\n}\n", "strcpy"),
    ("banned", "model/clock.c", SPDX + "long f(void)\n{\n    return time(0);\n}\n", "reads no clock"),
    ("banned", "tests/nap.c", SPDX + "void f(void)\n{\n    usleep(1);\n}\n", "usleep"),
    ("length", "model/long.c", SPDX + "int f(int a)\n{\n" + "    a++;\n" * 120 + "}\n", "120 lines"),
    ("format", "model/ugly.c", SPDX + "int   f( void ) {return 1;}\n", "ugly.c"),
    ("licence", "model/none.c", "int f(void);\n", "no SPDX"),
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


failed = 0
for check, path, content, wanted in CASES:
    good = run(check, {"model/good.c": GOOD})
    bad = run(check, {"model/good.c": GOOD, path: content})
    ok = good.returncode == 0 and bad.returncode == 1 and wanted in bad.stdout
    failed += not ok
    print(("ok   " if ok else "FAIL ") + f"{check} finds {path}" + ("" if ok else f"\n{good.stdout}{bad.stdout}{bad.stderr}"))
sys.exit(1 if failed else 0)
