# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: every kind of fault at every changing call of a sweep, in both modes; then
`coldprof recover`, and `recover` again; once more with the local journal lost. Judged from outside:
nothing of ours may be left behind, and what somebody else did must stand. Prints its table.
"""
import base64
import collections
import contextlib
import io
import itertools
import os
import queue
import threading
import unittest
import zipfile

import judge
import program
import proxy
from world import FUNCTION, World

WORKERS = 2
SIZES = {1: [128], 3: [128, 256, 512], 20: list(range(128, 148))}
MODES = {"shadow": ["--yes"], "in place": ["--yes", "--in-place"]}
OPTIONS = ["--cold", "1", "--warm", "0"]


def zips():
    """Two code packages, for deploys in turn."""
    with open(os.path.join(program.FUNCTIONS, "hello-c", "bootstrap"), "rb") as f:
        bootstrap = f.read()
    texts = []
    for name in ("one", "two"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
            entry = zipfile.ZipInfo("bootstrap", (2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100755 << 16
            z.writestr(entry, bootstrap)
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), name)
        texts.append(base64.b64encode(packed.getvalue()).decode())
    return texts


def at(number, fault):
    """A script: `fault` at one changing call."""
    return lambda call: fault if call.change_number == number else None


def from_then_on(number, fault):
    """A script: `fault` at one changing call and at all calls after it."""
    state = {"is_on": False}

    def script(call):
        state["is_on"] = state["is_on"] or call.change_number == number
        return fault if state["is_on"] else None
    return script


# name -> script of (world, neighbour, number of the changing call)
FAULTS = {
    "error": lambda w, n, k: at(k, proxy.error(403, "AccessDeniedException")),
    "500": lambda w, n, k: at(k, proxy.error(500, "ServiceException")),
    "500 after effect": lambda w, n, k: at(k, proxy.error(500, "ServiceException", after=True)),
    "kill -9 before": lambda w, n, k: at(k, proxy.kill(lambda: w.victim, after=False)),
    "kill -9 after": lambda w, n, k: at(k, proxy.kill(lambda: w.victim, after=True)),
    "expired credentials": lambda w, n, k: from_then_on(k, proxy.error(403, "ExpiredTokenException")),
    "foreign deploy": lambda w, n, k: at(k, proxy.someone_else(n.deploy)),
    "foreign publish": lambda w, n, k: at(k, proxy.someone_else(n.publish)),
    "foreign memory change": lambda w, n, k: at(k, proxy.someone_else(n.set_memory)),
    "foreign deploy, kill -9": lambda w, n, k: at(k, proxy.someone_else(n.deploy, proxy.kill(lambda: w.victim, after=True))),
    "foreign publish, kill -9": lambda w, n, k: at(k, proxy.someone_else(n.publish, proxy.kill(lambda: w.victim, after=True))),
    "foreign memory, kill -9": lambda w, n, k: at(k, proxy.someone_else(n.set_memory, proxy.kill(lambda: w.victim, after=True))),
}


class Result:
    """Of one sweep with one fault and what came after."""

    def __init__(self, job):
        self.mode, self.n_sizes, self.fault, self.number, self.is_journal_lost = job
        self.left = {}  # moment -> differences
        self.troubles = []
        self.calls = []
        self.said = ""

    def __str__(self):
        lost = ", journal lost" if self.is_journal_lost else ""
        return f"{self.fault} at change {self.number}, {self.mode}, {self.n_sizes} sizes{lost}"

    def complaints(self):
        lines = list(self.troubles)
        for moment in ("recover", "second recover"):
            lines += [f"after {moment}: {line}" for line in self.left.get(moment, [])]
        return lines


class Worker:
    """A world in which jobs are done, one after another."""

    def __init__(self, name):
        self.world = World(program.Keeper(name))
        self.neighbour = judge.Neighbour(self.world.client, FUNCTION, zips())

    def sweep(self, mode, n_sizes):
        return self.world.sweep(SIZES[n_sizes], *OPTIONS, *MODES[mode])

    def count_changes(self, mode, n_sizes):
        """Of a sweep that nothing happens to; it must leave nothing, too."""
        before = self.world.snapshot()
        self.world.proxy.start_over()
        status, _, err = self.sweep(mode, n_sizes)
        left = judge.differences(before, self.world.snapshot())
        if status != 0 or left or self.world.journals():
            raise AssertionError(f"an undisturbed sweep ({mode}, {n_sizes} sizes): status {status}, left {left}\n{err}")
        return len(self.world.proxy.changes())

    def do(self, job):
        result = Result(job)
        world = self.world
        last_run = world.last_run()
        before = world.snapshot()
        world.proxy.start_over(FAULTS[result.fault](world, self.neighbour, result.number))
        status, out, err = self.sweep(result.mode, result.n_sizes)
        result.said = f"{out}{err}"
        result.calls = [str(c) for c in world.proxy.calls]
        n_invocations = len(world.proxy.invocations())
        world.proxy.start_over()
        expected = self.neighbour.expect(before)
        result.left["sweep"] = judge.differences(expected, world.snapshot())
        self.check_end(result, status)
        if world.last_run() not in (None, last_run):
            result.troubles += judge.account(world.store, world.last_run(), n_invocations)
        world.keep_journals()
        if result.is_journal_lost:
            world.lose_journals()
        self.recover(result, expected)
        result.troubles += self.neighbour.unnamed(before, result.said)
        world.tidy(expected)
        result.troubles += [f"proxy: {t}" for t in world.proxy.troubles]
        world.proxy.troubles.clear()
        return result

    @staticmethod
    def check_end(result, status):
        allowed = (-9,) if "kill -9" in result.fault else (0, 1, 3, 4)
        if status not in allowed:
            result.troubles.append(f"the sweep ended with {status}")
        if status == 1 and result.said.count("error: ") != 1:
            result.troubles.append("the sweep failed without one sentence about it")

    def recover(self, result, expected):
        """Twice; the second time there is nothing to do, and nothing is done."""
        world = self.world
        for moment in ("recover", "second recover"):
            world.proxy.start_over()
            words = ["recover"]
            if result.is_journal_lost:
                words += ["--function", FUNCTION, "--prune", "--endpoint-url", world.proxy.url]
            status, out, err = world.run(*words)
            result.said += f"--- {moment}: {status}\n{out}{err}"
            result.calls += [f"--- {moment}", *map(str, world.proxy.calls)]
            result.left[moment] = judge.differences(expected, world.snapshot())
            if status != 0:
                result.troubles.append(f"{moment} ended with {status}")
        if world.proxy.changes():
            result.troubles.append("the second recover changed something")
        if world.journals():
            result.troubles.append("a journal stays open after recover")

    def break_recover(self, job):
        """The sweep is killed after a change; `recover` meets the fault at one of its changes, at each in
        turn; the next `recover` must finish the work. Returns the troubles."""
        mode, n_sizes, fault, number = job
        world = self.world
        troubles = []
        for change in itertools.count(1):
            before = world.snapshot()
            world.proxy.start_over(FAULTS["kill -9 after"](world, self.neighbour, number))
            self.sweep(mode, n_sizes)
            world.proxy.start_over(FAULTS[fault](world, self.neighbour, change))
            world.run("recover")
            is_over = not any(c.fault for c in world.proxy.calls)
            world.proxy.start_over()
            status, out, err = world.run("recover")
            left = judge.differences(before, world.snapshot())
            left += [f"recover ended with {status}: {out}{err}"] if status else []
            left += ["a journal stays open"] if world.journals() else []
            troubles += [f"{fault} at change {change} of recover, {mode}, killed after change {number}: {line}" for line in left]
            world.tidy(before)
            if is_over:
                return troubles
        return troubles

    def close(self):
        self.world.close()


def run_all(name, jobs_of, do=Worker.do):
    """Results of all jobs; a job that left something behind is done once more with its journal lost."""
    jobs, results, troubles = queue.SimpleQueue(), [], []
    first = Worker(f"{name}-0")
    for job in jobs_of(first):
        jobs.put(job)

    def work(worker):
        try:
            with contextlib.closing(worker):
                while True:
                    result = do(worker, jobs.get_nowait())
                    results.append(result)
                    if isinstance(result, Result) and result.left["sweep"] and not result.is_journal_lost:
                        jobs.put((result.mode, result.n_sizes, result.fault, result.number, True))
        except queue.Empty:
            pass
        except Exception as trouble:  # pylint: disable=broad-exception-caught
            troubles.append(trouble)

    workers = [first, *(Worker(f"{name}-{i}") for i in range(1, WORKERS))]
    threads = [threading.Thread(target=work, args=(w,)) for w in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]
    return results


def print_table(results):
    groups = collections.defaultdict(list)
    for r in results:
        groups[(r.n_sizes, list(MODES).index(r.mode), r.is_journal_lost, list(FAULTS).index(r.fault))].append(r)
    print(f"\n{'fault':24s} {'mode':9s} {'sizes':>5s} {'journal':8s} {'runs':>5s}   left behind after: sweep  recover  again")
    for key in sorted(groups):
        rs = groups[key]
        left = [sum(bool(r.left[m]) for r in rs) for m in ("sweep", "recover", "second recover")]
        print(f"{rs[0].fault:24s} {rs[0].mode:9s} {rs[0].n_sizes:5d} {'lost' if rs[0].is_journal_lost else 'kept':8s} {len(rs):5d}   "
              f"{'':18s} {left[0]:5d}  {left[1]:7d}  {left[2]:5d}")
    total = [sum(bool(r.left[m]) for r in results) for m in ("sweep", "recover", "second recover")]
    print(f"{'all':49s} {len(results):5d}   {'':18s} {total[0]:5d}  {total[1]:7d}  {total[2]:5d}")


class Matrix(unittest.TestCase):
    N_SIZES = (1, 3)

    def test_every_fault_at_every_changing_call(self):
        def jobs_of(worker):
            for mode, n_sizes in itertools.product(MODES, self.N_SIZES):
                n_changes = worker.count_changes(mode, n_sizes)
                for fault, number in itertools.product(FAULTS, range(1, n_changes + 1)):
                    yield mode, n_sizes, fault, number, False

        results = run_all(self.id(), jobs_of)
        print_table(results)
        bad = [r for r in results if r.complaints()]
        for r in bad[:20]:
            print(f"\n{r}", *r.complaints(), sep="\n  ")
        if bad:
            print("\n".join(bad[0].calls), bad[0].said, sep="\n")
        self.assertEqual(len(bad), 0, f"{len(bad)} of {len(results)} runs")


class MatrixOfTwenty(Matrix):
    N_SIZES = (20,)


class FaultyRecover(unittest.TestCase):
    FAULTS = ("error", "500 after effect", "kill -9 before", "kill -9 after")

    def test_recover_meets_faults_too(self):
        def jobs_of(worker):
            for mode in MODES:
                n_changes = worker.count_changes(mode, 3)
                for fault, number in itertools.product(self.FAULTS, range(1, n_changes + 1)):
                    yield mode, 3, fault, number

        results = run_all(self.id(), jobs_of, Worker.break_recover)
        print(f"\n{len(results)} interrupted sweeps, each fault at each change of their recovery")
        self.assertEqual([line for troubles in results for line in troubles], [])


if __name__ == "__main__":
    unittest.main()
