# SPDX-License-Identifier: GPL-3.0-or-later
"""SnapStart in the embedded service: a sweep measures restores, and every document says so.

A word is whole when no letter stands around it: "is_init_throttled", the service's own setting, is
the one member that may name init in a report of restores.
"""
import glob
import json
import os
import re
import shutil
import statistics
import unittest

from program import Case

INIT = re.compile(r"(?<![A-Za-z])init(?![A-Za-z])", re.IGNORECASE)
INIT_MS = 60
HOOK_MS = 25

HANDLER = f"""
import time
end = time.monotonic() + {INIT_MS} / 1000
while time.monotonic() < end:
    pass
stamp = time.monotonic_ns()
used = 0
def main(event, context):
    global used
    used += 1
    return {{"stamp": stamp, "used": used}}
"""
HOOKS = f"""
import time
def get_before_snapshot():
    return []
def get_after_restore():
    return [(wait, (), {{}})]
def wait():
    end = time.monotonic() + {HOOK_MS} / 1000
    while time.monotonic() < end:
        pass
"""


class SnapStart(Case):
    def snappy(self, handler=HANDLER, hooks=None):
        folder = os.path.join(self.tmp, "snappy")
        os.mkdir(folder)
        files = {"handler.py": handler, "function.ini": "handler = handler.main\nruntime = python3\nmemory = 1024\n"
                                                        "timeout = 5\nsnap_start = published-versions\n"}
        if hooks:
            files["snapshot_restore_py.py"] = hooks
            files["handler.py"] = "import snapshot_restore_py\n" + handler
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        return folder

    def swept(self, folder, *more, **kw):
        return self.sweep(folder, "--memory", "512,1024", "--cold", "16", "--warm", "6", "--idle", "none", *more, **kw)

    def without_setting(self, text):
        # the command line and the target are the user's words
        return text.replace("is_init_throttled", "")

    def assert_says_restore(self, what, text):
        text = self.without_setting(text)
        self.assertIn("restore", text, what)
        found = INIT.search(text)
        self.assertIsNone(found, found and f"{what}: ...{text[max(found.start() - 60, 0):found.end() + 40]}...")

    def test_a_sweep_measures_restores_and_says_restore_everywhere(self):
        result = self.swept(self.snappy(), "--budget", "p50=500ms", "--traffic", "5/s")
        self.assert_says_restore("terminal", result.stdout)
        cold = self.samples("kind='cold' AND outcome='measured'")
        self.assertTrue(cold)
        restored = [s for s in cold if s["start"] == "snapstart"]
        self.assertGreater(len(restored), 0.9 * len(cold))
        for s in restored:
            self.assertIsNone(s["init_duration_ms"])
            self.assertGreater(s["restore_duration_ms"], 0)
        # init ran before, at publishing: a restore is a small part of it
        self.assertLess(statistics.median(s["restore_duration_ms"] for s in restored), INIT_MS / 2)
        out = os.path.join(self.tmp, "report")
        self.run_cli("report", "last", "--store", self.store, "-o", out)
        names = sorted(os.path.relpath(p, out) for p in glob.glob(out + "/**", recursive=True) if os.path.isfile(p))
        self.assertFalse([n for n in names if INIT.search(n)], names)
        for name in names:
            if name.endswith(".png"):
                continue
            with open(os.path.join(out, name), encoding="utf-8") as f:
                text = f.read()
            if os.path.basename(name).startswith(("restore", "ecdf")) or name in ("report.html", "report.json"):
                self.assert_says_restore(name, text)
            else:
                self.assertIsNone(INIT.search(self.without_setting(text)), name)
        if shutil.which("gnuplot"):
            self.assertIn("charts/restore.png", names)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as f:
            report = json.load(f)
        self.assertEqual(report["run"]["initialization"], "snap-start")
        self.assertTrue(all(c["mode"] != "provisioned" for c in report["decision"]["candidates"]))
        self.assertGreater(report["sizes"][0]["restore_p50"]["value_ms"], 0)

    def test_after_restore_hooks_are_in_the_restore_and_are_what_is_billed(self):
        self.swept(self.snappy(hooks=HOOKS))
        restored = self.samples("kind='cold' AND outcome='measured' AND start='snapstart'")
        self.assertTrue(restored)
        for s in restored:
            self.assertGreaterEqual(s["restore_duration_ms"], HOOK_MS)
            # Billed Duration = ceil(Duration) + billed restore, both whole; the hooks at least
            self.assertGreaterEqual(s["billed_duration_ms"], s["duration_ms"] + HOOK_MS - 1)

    def test_a_runtime_without_restore_hooks_is_restored_at_its_first_next(self):
        folder = self.function()
        with open(os.path.join(folder, "function.ini"), encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(folder, "function.ini"), "w", encoding="utf-8") as f:
            f.write("snap_start = published-versions\n" + text)
        self.sweep(folder, "--memory", "512", "--cold", "6", "--warm", "3", "--idle", "none")
        self.assertTrue(self.samples("start='snapstart' AND outcome='measured' AND restore_duration_ms > 0"))

    def test_an_init_that_fails_at_publishing_ends_the_sweep_with_the_reason(self):
        result = self.swept(self.snappy("raise ValueError('no')\n"), status=1)
        self.assertIn("state is Failed (FunctionError.RuntimeInitError)", result.stderr)


class Kinds(Case):
    def test_a_container_image_is_shown_as_one(self):
        folder = self.function()
        with open(os.path.join(folder, "function.ini"), encoding="utf-8") as f:
            lines = [line for line in f if not line.startswith(("runtime", "handler"))]
        with open(os.path.join(folder, "function.ini"), "w", encoding="utf-8") as f:
            f.writelines(["package_type = Image\n", *lines])
        result = self.sweep(folder, "--memory", "512", "--cold", "4", "--warm", "3", "--idle", "none")
        self.assertIn("container image", result.stdout)
        report = json.loads(self.run_cli("report", "last", "--store", self.store, "--format", "json").stdout)
        self.assertEqual((report["run"]["package_type"], report["run"]["runtime"]), ("Image", ""))
        # an image pays for init in every billing era
        for s in self.samples("start='cold' AND outcome='measured'"):
            self.assertGreaterEqual(s["billed_duration_ms"], s["init_duration_ms"])

    def test_an_image_needs_an_entry_point_and_has_no_runtime(self):
        folder = os.path.join(self.tmp, "image")
        os.mkdir(folder)
        with open(os.path.join(folder, "function.ini"), "w", encoding="utf-8") as f:
            f.write("package_type = Image\nruntime = python3\nhandler = a.b\n")
        self.assertIn("no runtime", self.sweep(folder, status=1).stderr)


if __name__ == "__main__":
    unittest.main()
