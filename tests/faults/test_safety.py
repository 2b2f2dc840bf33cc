# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sweep must not do: run beside another one on the same function, or change anything that its
journal does not hold.
"""
import os
import signal
import subprocess
import threading
import unittest

import judge
import program
from proxy import Broken, error
from test_network import check_end
from world import FUNCTION, World

SIZES = [128, 256]
OPTIONS = ["--cold", "1", "--warm", "0"]
MODES = {"shadow": ["--yes"], "in place": ["--yes", "--in-place"]}


class Safety(unittest.TestCase):
    def setUp(self):
        self.world = World(program.Keeper(self.id()))
        self.addCleanup(self.world.close)
        self.before = self.world.snapshot()

    def assert_as_before(self):
        self.assertEqual(judge.differences(self.before, self.world.snapshot()), [])
        self.assertEqual(self.world.proxy.troubles, [])

    def words(self, mode, store, sizes):
        return ["sweep", FUNCTION, "--endpoint-url", self.world.proxy.url, "--store", store, "--memory", ",".join(map(str, sizes)),
                "--idle", "none", *OPTIONS, *MODES[mode]]

    def sweep(self, mode, sizes=None, store=None):
        return self.world.run(*self.words(mode, store or self.world.store, sizes or SIZES))

    def refused(self, result):
        status, out, err = result
        self.assertEqual(check_end(status, out, err), [])
        self.assertEqual(status, 1, err)
        return err


class TwoSweeps(Safety):
    """The first waits in its first invocation until the second has ended."""

    def two(self, first, second, has_other_home):
        reached, go = threading.Event(), threading.Event()

        def hold(x):
            reached.set()
            go.wait(60)
            x.forward()
            x.answer()
        state = {"is_held": False}

        def script(call):
            is_it = call.is_invocation and not state["is_held"]
            state["is_held"] = state["is_held"] or is_it
            return hold if is_it else None
        self.world.proxy.start_over(script)
        process = self.world.start(*self.words(first, self.world.store, SIZES))
        try:
            self.assertTrue(reached.wait(60), "the first sweep did not get as far as an invocation")
            env = dict(self.world.env)
            if has_other_home:
                env.update(XDG_STATE_HOME=os.path.join(self.world.tmp, "elsewhere"))
            other = self.world.start(*self.words(second, os.path.join(self.world.tmp, "second.db"), SIZES), env=env)
            result = self.world.finish(other)
        finally:
            go.set()
            status, _, err = self.world.finish(process)
        self.assertEqual(status, 0, err)
        return result

    def test_in_place_beside_in_place_is_refused(self):
        self.refused(self.two("in place", "in place", False))
        self.assert_as_before()

    def test_in_place_from_another_machine_is_refused_by_the_lock(self):
        said = self.refused(self.two("in place", "in place", True))
        self.assertRegex(said, r"is being swept by run \w+")
        self.assert_as_before()

    def test_shadows_from_two_machines_do_not_meet(self):
        status, _, err = self.two("shadow", "shadow", True)
        self.assertEqual(status, 0, err)
        self.assert_as_before()


class RefusedShadow(Safety):
    """What AWS says when it does not make the copy, and what the user may do then."""
    REFUSALS = [(403, "AccessDeniedException", "coldprof iam-policy"), (400, "CodeStorageExceededException", "delete old versions"),
                (409, "ResourceConflictException", "recover --function NAME --prune"), (400, "InvalidParameterValueException", "--in-place")]

    def test_says_what_to_do_next(self):
        for status, error_type, advice in self.REFUSALS:
            with self.subTest(error_type):
                refusal = error(status, error_type)
                self.world.proxy.start_over(lambda call, fault=refusal: fault if call.change_number == 1 else None)
                said = self.refused(self.sweep("shadow"))
                self.assertIn(error_type, said)
                self.assertIn(advice, said)
                self.assertEqual(self.world.journals(), [])
                self.assert_as_before()


class LateEffect(Safety):
    """A change is under way when coldprof is killed, and comes through after recover has begun: what it
    would create when recover has looked for it once, anything else when recover is through.
    """

    def late(self, mode, k):
        """Whether there was a k-th change."""
        go, came = threading.Event(), threading.Event()

        def hold(x):
            self.world.victim.kill()
            self.world.victim.wait()
            go.wait(60)
            x.forward()
            came.set()
            raise Broken
        self.world.proxy.start_over(lambda call: hold if call.change_number == k else None)
        status, _, err = self.sweep(mode)
        if status != -signal.SIGKILL:
            self.assertEqual(status, 0, err)
            return False
        self.release_after_a_look(go)
        status, out, err = self.world.run("recover")
        go.set()
        self.assertTrue(came.wait(60))
        self.assertEqual(status, 0, out + err)
        self.assertEqual(self.world.journals(), [])
        return True

    def release_after_a_look(self, go):
        def look(x):
            x.forward()
            x.answer()
            if x.call.status == 404:
                go.set()
        self.world.proxy.start_over(lambda call: look if call.method == "GET" else None)

    def each_change(self, mode):
        k = 1
        while self.late(mode, k):
            self.assert_as_before()
            k += 1
        self.assertGreater(k, 8)

    def test_of_a_shadow_sweep(self):
        self.each_change("shadow")

    def test_of_a_sweep_in_place(self):
        self.each_change("in place")


@unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small file system")
class FullDisk(Safety):
    def small_disk(self, path, free_bytes):
        """A file system of 64 kB with so much room left."""
        os.makedirs(path, exist_ok=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path], capture_output=True, check=False).returncode:
            self.skipTest("cannot mount a tmpfs here")
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=False)
        with open(os.path.join(path, "ballast"), "wb") as f:
            f.write(b"\0" * (65536 - free_bytes))
            f.flush()

    def each_mode(self, act):
        for mode in MODES:
            with self.subTest(mode):
                self.world.proxy.start_over()
                act(mode)

    def test_without_room_for_a_journal_nothing_is_changed(self):
        self.small_disk(self.world.env["XDG_STATE_HOME"], 0)

        def act(mode):
            self.refused(self.sweep(mode))
            self.assertEqual(self.world.proxy.changes(), [])
        self.each_mode(act)
        self.assert_as_before()

    def test_on_a_read_only_disk_nothing_is_changed(self):
        state = self.world.env["XDG_STATE_HOME"]
        self.small_disk(state, 4096)
        subprocess.run(["mount", "-o", "remount,ro", state], check=True)

        def act(mode):
            self.refused(self.sweep(mode))
            self.assertEqual(self.world.proxy.changes(), [])
        self.each_mode(act)
        self.assert_as_before()

    def test_a_journal_that_fills_up_ends_the_sweep_and_all_is_undone(self):
        """The journal of 20 sizes needs more than a page."""
        self.small_disk(self.world.env["XDG_STATE_HOME"], 4096)

        def act(mode):
            self.refused(self.sweep(mode, list(range(128, 148))))
            self.assertGreater(len(self.world.proxy.changes()), 2)
            self.assert_as_before()
        self.each_mode(act)

    def test_a_store_that_fills_up_ends_the_sweep_and_all_is_undone(self):
        disk = os.path.join(self.world.tmp, "disk")
        self.small_disk(disk, 0)

        def act(mode):
            self.refused(self.sweep(mode, store=os.path.join(disk, "history.db")))
            self.assert_as_before()
        self.each_mode(act)


del Safety  # what the others have in common is no test


if __name__ == "__main__":
    unittest.main()
