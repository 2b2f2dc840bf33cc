# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/bench nightly: comparing many metrics, change points of years of nights, and a store of many histories.

Comparison: NumPy and SciPy do what takes the time of it, the shift function by resampling and Brunner
and Munzel's test. Change points: Otava's own functions, on the real nightly series of the reference
folder, else on made-up ones; the points found must be the same. The store is filled by the command
that users have. Programs run in turn on one thread each, round by round, as in scripts/bench model.
"""
import csv
import json
import math
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import bench_model
from bench_figures import show
from bench_model import NUMPY, ROOT, WORK, Contest, missing

OTAVA = os.path.join(ROOT, "build", "peers", "gates", "bin", "python")
bench_model.FROM[OTAVA] = "scripts/peers gates"
REFERENCE = os.environ.get("COLDPROF_REFERENCE", os.path.join(ROOT, "..", "shared", "reference"))
SERIES = ("java17_zip_x86_64_512", "nodejs20.x_zip_arm64_1024", "python3.12_zip_x86_64_128", "rust_prov.al2023_image_arm64_256")
METRICS, VALUES, MAX_ANSWERS = 100, 200, 40
FUNCTIONS, NIGHTS = 100, 365

COMPARE = r"""
import json
import sys
import time
import numpy as np
from scipy import stats
x = np.fromfile(sys.argv[2]).reshape(100, 2, -1)
n = x.shape[2]
q = np.arange(1, 10)[:, None] / 10
at = np.arange(n + 1) / n
weights = np.diff(stats.beta.cdf(at, (n + 1) * q, (n + 1) * (1 - q)), axis=1)

def deciles(sample, rng):
    return np.sort(sample[rng.integers(0, n, (2000, n))], axis=1) @ weights.T

def compare(pair, rng):
    estimate = weights @ np.sort(pair[1]) - weights @ np.sort(pair[0])
    low, high = np.quantile(deciles(pair[1], rng) - deciles(pair[0], rng), (0.025, 0.975), axis=0)
    return np.stack((estimate, low, high), axis=1).ravel().tolist() + [stats.brunnermunzel(pair[0], pair[1]).pvalue]

ms = []
for _ in range(int(sys.argv[1])):
    rng = np.random.default_rng(1)
    begin = time.perf_counter()
    answers = [compare(pair, rng) for pair in x]
    ms.append((time.perf_counter() - begin) * 1e3)
print(json.dumps({"ms": ms, "answer": answers[0]}))
"""

CHANGES = r"""
import json
import sys
import time
import numpy as np
from otava.analysis import compute_change_points
x = np.fromfile(sys.argv[2]).tolist()
ms = []
for _ in range(int(sys.argv[1])):
    begin = time.perf_counter()
    points, _ = compute_change_points(x, window_len=50, max_pvalue=0.001, min_magnitude=0.0)
    ms.append((time.perf_counter() - begin) * 1e3)
print(json.dumps({"ms": ms, "answer": sorted(int(p.index) for p in points)}))
"""


def write_doubles(folder, name, values):
    path = os.path.join(folder, name)
    subprocess.run([NUMPY, "-c", "import json, sys, numpy; numpy.array(json.load(sys.stdin)).tofile(sys.argv[1])", path],
                   input=json.dumps(values), text=True, check=True)
    return path


def comparison_rows(folder, rounds):
    rng = random.Random(7)
    values = [120 + rng.lognormvariate(3.2 + side * 0.02, 0.45) for _ in range(METRICS) for side in (0, 1) for _ in range(VALUES)]
    c = Contest(write_doubles(folder, "metrics", values), rounds)
    c.own("own", f"{METRICS} metrics compared, n {VALUES} and {VALUES}, B 2,000", "comparison", 1)
    c.enter("numpy", "  NumPy and SciPy: shift functions and Brunner-Munzel alone", [NUMPY, "-c", COMPARE, "1", c.path])
    c.run()
    yield c.row("own", "< 5,000 ms", 5000)
    yield c.row("numpy")
    yield c.ratio("  time over NumPy's", "own", "numpy", "< 1", 1)
    shifts = [k for k in range(0, 27, 3)] + [27]
    off = max(abs(c.answers["own"][k] - c.answers["numpy"][k]) / abs(c.answers["numpy"][k]) for k in shifts)
    yield "  shifts and p, off theirs", f"{off:.2g}", "<= 1e-09", off <= 1e-9
    wide = [abs(math.log((c.answers["own"][k + 2] - c.answers["own"][k + 1]) / (c.answers["numpy"][k + 2] - c.answers["numpy"][k + 1])))
            for k in range(0, 27, 3)]
    yield "  widths of the intervals, off theirs", f"{max(wide):.2g}", "<= 0.1", max(wide) <= 0.1


def nights_of(name):
    path = os.path.join(REFERENCE, "changepoint", f"nightly_{name}.csv")
    if os.path.exists(path):
        with open(path, encoding="utf-8", newline="") as f:
            return [float(row["median_init_ms"]) for row in csv.DictReader(f)]
    return None


def made_up_nights(seed, n=900):
    rng, level, values = random.Random(seed), 200.0, []
    for i in range(n):
        level *= rng.choice((0.85, 1.2)) if i and i % 130 == 0 else 1
        values.append(round(level * rng.lognormvariate(0, 0.04), 3))
    return values


def change_rows(folder, rounds):
    ratios = []
    for k, name in enumerate(SERIES):
        nights = nights_of(name)
        label = name if nights else f"made-up series {k + 1} (the reference folder is not there)"
        nights = nights or made_up_nights(k)
        c = Contest(write_doubles(folder, "nights", nights), rounds)
        c.own("own", f"change points of {len(nights)} nights, {label}", "changes", 20)
        c.enter("otava", "  Otava", [OTAVA, "-c", CHANGES, "1", c.path])
        c.run()
        yield c.row("own")
        yield c.row("otava")
        yield c.ratio("  time over Otava's", "own", "otava", "<= 0.05", 0.05)
        if c.missing("otava"):
            continue
        found = [int(v) for v in c.answers["own"] if not math.isnan(v)]
        theirs = [int(v) for v in c.answers["otava"]][:MAX_ANSWERS]
        ratios.append(statistics.median(a / b for a, b in zip(c.ms["own"], c.ms["otava"])))
        yield "  points found, and by Otava", f"{len(found)}, {len(theirs)}", "the same", found == theirs
    if ratios:
        worst = max(ratios)
        yield "change points: time over Otava's, worst series", f"{worst:.3g}", "<= 0.05", worst <= 0.05


def metrics_of(rng, level):
    for timing, base in (("cold", 230.0), ("init", 180.0), ("warm", 12.0)):
        for q, ratio in ((50, 1.0), (95, 1.18), (99, 1.3)):
            ms = base * ratio * level * rng.lognormvariate(0, 0.02)
            yield {"metric": f"1024MB/{timing}-p{q}", "n": 100, "ms": round(ms, 3), "low_ms": round(ms * 0.97, 3), "high_ms": round(ms * 1.04, 3)}


def write_history(path):
    """A year of 100 functions: each with two lasting steps, as the lines of `history export`."""
    rng = random.Random(20261126)
    begin = 1760151420
    with open(path, "w", encoding="utf-8") as f:
        for k in range(FUNCTIONS):
            steps = {rng.randrange(60, NIGHTS): rng.choice((0.8, 1.25)) for _ in range(2)}
            level, code = 1.0, 0
            for i in range(NIGHTS):
                level *= steps.get(i, 1.0)
                code += i in steps
                at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(begin + 86400 * i + rng.randrange(600)))
                night = {"schema": 1, "kind": "night", "function": f"function-{k:03d}", "place": "AWS account ...4321",
                         "region": "eu-west-1", "architecture": "arm64", "started_at": at, "run_id": f"{k:03x}{i:03x}",
                         "runtime": "python3.12", "runtime_version_arn": f"arn:aws:lambda:eu-west-1::runtime:{k:064x}",
                         "code_sha256": f"{k * 1000 + code:064x}", "code_size_bytes": 4200000 + code, "layers": [],
                         "memory_size_mb": 1024, "host": "", "coldprof_version": "0.6.0",
                         "metrics": list(metrics_of(rng, level * rng.lognormvariate(0, 0.015)))}
                f.write(json.dumps(night, separators=(",", ":")) + "\n")


def cpu_ms():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e3


def timed(*words):
    begin = time.perf_counter()
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"bench: {' '.join(map(str, words))} failed: {result.stderr[-400:]}")
    return (time.perf_counter() - begin) * 1e3, result.stdout


def judged(output):
    states = [row["state"] for row in json.loads(output)["histories"]]
    return ", ".join(f"{states.count(s)} {s}" for s in sorted(set(states))), len(states)


def store_rows(binary, folder, rounds):
    lines, store = os.path.join(folder, "history.ndjson"), os.path.join(folder, "nights.db")
    write_history(lines)
    ms, _ = timed(binary, "history", "import", lines, "--store", store, "--quiet")
    yield f"{FUNCTIONS} functions x {NIGHTS} nights x 9 metrics imported", f"{ms:,.0f} ms", "", True
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder) if f.startswith("nights.db"))
    yield "  the store, and the lines", f"{size / 1e6:.1f} MB, {os.path.getsize(lines) / 1e6:.1f} MB", "", True
    before = cpu_ms()
    runs = [timed(binary, "history", "list", "--store", store, "--json") for _ in range(rounds)]
    busy = (cpu_ms() - before) / rounds
    states, n = judged(runs[0][1])
    listed = [ms for ms, _ in runs]
    yield f"  opened, and each metric of each night judged ({states})", show(listed), "< 2,000 ms", n == FUNCTIONS and statistics.median(listed) < 2000
    yield "  CPU time of it, on average", f"{busy:,.0f} ms", "", True
    shown = [timed(binary, "history", "show", "function-042", "--store", store, "--json")[0] for _ in range(rounds)]
    yield "  one function shown, with its changes", show(shown), "", True


def rows(binary, quick):
    if missing(NUMPY):
        sys.exit(f"bench: NumPy and SciPy are not installed: run {bench_model.FROM[NUMPY]}")
    rounds = 3 if quick else 9
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        yield from comparison_rows(folder, rounds)
        yield from change_rows(folder, rounds)
        yield from store_rows(binary, folder, rounds)
