# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate of a pull request against known truth: builds of knobs-c that differ by nothing, by a sleep in the
init phase, or by CPU time in it, each judged again and again by `coldprof nightly NEW --against BASE`. And
what simpler rules would have said of the very same invocations.
"""
import collections
import os
import statistics
import subprocess
import time

from program import BINARY, SHARE, make_function, read_rows

# What was injected into the new build, and how it was measured: 15 ms of wall time; the same as CPU time, which
# takes longer where others want the cores; and that at the share of 128 MB, 7 % of a core, where it is some 200 ms.
Change = collections.namedtuple("Change", "knobs words")
CHANGES = {"unchanged": Change({}, []), "sleep": Change({"INIT_SLEEP_MS": 15}, []), "cpu": Change({"INIT_CPU_MS": 15}, []),
           "cpu-share": Change({"INIT_CPU_MS": 15}, ["--throttle-init"])}
LIMIT_S = 60

Trial = collections.namedtuple("Trial", "change status seconds load runs said")


def make_builds(root):
    """The base and one new build per change, all of them called 'fn'."""
    env = dict(DATABASE_PASSWORD="")
    folders = {name: make_function(os.path.join(root, name, "fn"), environment={**env, **change.knobs}, timeout=10)
               for name, change in CHANGES.items()}
    return make_function(os.path.join(root, "base", "fn"), environment=env, timeout=10), folders


def judge(env, store, base, new, change, *words):
    known = {r["id"] for r in read_rows(store, "SELECT id FROM runs")} if os.path.exists(store) else set()
    begun = time.monotonic()
    result = subprocess.run([BINARY, "nightly", new, "--against", base, "--store", store, "--quiet", *SHARE,
                             *CHANGES[change].words, *words],
                            env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    new_runs = [r["id"] for r in read_rows(store, "SELECT id FROM runs ORDER BY rowid") if r["id"] not in known]
    return Trial(change, result.returncode, seconds, os.getloadavg()[0], new_runs, result.stdout + result.stderr)


# --- simpler rules, on the same invocations ---


def times(store, run, kind, field):
    return [r["ms"] for r in read_rows(store, f"SELECT {field} AS ms FROM samples WHERE run_id = ? AND kind = ? AND start = ?"
                                              " AND outcome = 'measured' ORDER BY sent_at_ms", run, kind, kind)]


SERIES = {"init": ("cold", "init_duration_ms"), "cold": ("cold", "init_duration_ms + duration_ms"), "warm": ("warm", "duration_ms")}


def mean_worse(share):
    return lambda base, new: statistics.mean(new) > (1 + share) * statistics.mean(base)


def mann_whitney(base, new):
    """Two-sided p < .01 (normal approximation, ties by their mean rank) and the new one slower."""
    ranked = sorted([(x, 0) for x in base] + [(x, 1) for x in new])
    rank_sum, ties, i = 0.0, 0.0, 0
    while i < len(ranked):
        j = i
        while j < len(ranked) and ranked[j][0] == ranked[i][0]:
            j += 1
        rank_sum += sum(which for _, which in ranked[i:j]) * (i + j + 1) / 2
        ties += (j - i) ** 3 - (j - i)
        i = j
    n, m, total = len(base), len(new), len(ranked)
    sd = (n * m / 12 * (total + 1 - ties / (total * (total - 1)))) ** 0.5
    return (rank_sum - m * (m + 1) / 2 - n * m / 2) / sd > 2.576


RULES = {"mean +10 %": mean_worse(0.10), "mean +5 %": mean_worse(0.05), "Mann-Whitney p < .01": mann_whitney}
ORDERS = ("in turns", "in blocks")


def run_pairs(trials, order):
    """(base, new) as the trials had them; or as two jobs one after the other would: the base of a trial and the
    new build of the trial after it. Of trials of one change, in their order."""
    if order == "in turns":
        return [tuple(t.runs) for t in trials]
    return [(before.runs[0], after.runs[1]) for before, after in zip(trials, trials[1:])]


def count_rivals(store, trials):
    """{(rule, order): in how many of the pairs it fires on any series}."""
    counts = collections.Counter({(rule, order): 0 for rule in RULES for order in ORDERS})
    for order in ORDERS:
        for runs in run_pairs(trials, order):
            series = [[times(store, run, kind, field) for run in runs] for kind, field in SERIES.values()]
            for name, rule in RULES.items():
                counts[name, order] += any(min(map(len, two)) > 1 and rule(*two) for two in series)
    return counts


def compare_blocks(env, store, trials):
    """How often `coldprof compare` fails of pairs in blocks: the gate's own rule, in the order that it does not use."""
    failed = 0
    for base, new in run_pairs(trials, "in blocks"):
        result = subprocess.run([BINARY, "compare", base, new, "--store", store, "--quiet"], env=env, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, check=False)
        if result.returncode not in (0, 3):
            raise RuntimeError(result.stderr)
        failed += result.returncode == 3
    return failed


def report(env, store, trials):
    """A Markdown table of what the gate and the others said, by change; in blocks of one pair less."""
    lines = ["| change | runs | gate failed | seconds, median (most) | load | "
             + " | ".join(f"{rule}, {order}" for rule in RULES for order in ORDERS) + " | compare, in blocks |",
             "|---" * (6 + len(RULES) * len(ORDERS)) + "|"]
    for change in dict.fromkeys(t.change for t in trials):
        of = [t for t in trials if t.change == change]
        rivals = count_rivals(store, of)
        seconds = [t.seconds for t in of]
        lines.append(f"| {change} | {len(of)} | {sum(t.status == 3 for t in of)} | {statistics.median(seconds):.1f} ({max(seconds):.1f}) | "
                     f"{min(t.load for t in of):.1f} to {max(t.load for t in of):.1f} | "
                     + " | ".join(str(rivals[rule, order]) for rule in RULES for order in ORDERS)
                     + f" | {compare_blocks(env, store, of)} |")
    return "\n".join(lines)
