# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/bench model: what the estimators take, and what NumPy, SciPy and R's quantreg take for the same work.

Every program times its own calls, so that no start-up is counted, and gets the same numbers from the
same file. Programs run in turn, round by round, on one thread each; a round's time is the median of
its calls, a ratio the median of the rounds' ratios. What they found is compared as well.
"""
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from bench_figures import median_interval, show

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build", "bench")
OWN = os.path.join(WORK, "bench_model")
NUMPY = os.path.join(ROOT, "build", "peers", "numpy", "bin", "python")
R = "Rscript"
FROM = {NUMPY: "scripts/peers numpy", R: "R with quantreg: scripts/setup --r"}
SAME_LOSS = 1e-6  # relative: the same optimum

PYTHON = r"""
import json
import sys
import time
import numpy as np
x = np.fromfile(sys.argv[3])
rng = np.random.default_rng(1)

def p99(values, axis):
    return np.quantile(values, 0.99, axis=axis, method="median_unbiased")

def bootstrap_numpy():
    draws = p99(x[rng.integers(0, len(x), (2000, len(x)))], 1)
    return np.quantile(draws, (0.025, 0.975)).tolist()

def bootstrap_scipy():
    interval = stats.bootstrap((x,), p99, n_resamples=2000, method="percentile", rng=rng).confidence_interval
    return [float(interval.low), float(interval.high)]

def quantiles():
    return np.quantile(x, (0.5, 0.95, 0.99)).tolist()

def sort():
    return [float(np.sort(x)[len(x) // 2])]

if sys.argv[1] == "bootstrap_scipy":
    from scipy import stats
work, ms = globals()[sys.argv[1]], []
for _ in range(int(sys.argv[2])):
    begin = time.perf_counter()
    answer = work()
    ms.append((time.perf_counter() - begin) * 1e3)
print(json.dumps({"ms": ms, "answer": answer}))
"""

# br, fn, pfn: quantreg's solvers, called as rq() calls them, without its formula and summary
RQ = r"""
suppressMessages(library(quantreg))
words <- commandArgs(trailingOnly = TRUE)
values <- readBin(words[3], "double", file.size(words[3]) / 8)
n <- length(values) / 2
x <- cbind(1, values[1:n])
y <- values[n + 1:n]
frame <- data.frame(x = values[1:n], y = y)
q <- as.numeric(words[4])
solve <- list(br = function() rq.fit.br(x, y, q)$coefficients, pfn = function() rq.fit.pfn(x, y, q)$coefficients,
              rq = function() coef(rq(y ~ x, q, frame)))[[words[1]]]
loops <- as.integer(words[5])
ms <- numeric(0)
for (i in 1:as.integer(words[2])) {
    begin <- proc.time()[["elapsed"]]
    for (j in 1:loops) b <- solve()
    ms <- c(ms, (proc.time()[["elapsed"]] - begin) * 1e3 / loops)
}
u <- y - x %*% b
cat(sprintf('{"ms": [%s], "answer": [%.17g, %.17g, %.17g]}', paste(sprintf("%.6f", ms), collapse = ", "), sum(u * (q - (u < 0))), b[1], b[2]))
"""

ENGEL = 'suppressMessages(library(quantreg)); data(engel); writeBin(c(engel$income, engel$foodexp), commandArgs(TRUE)[1])'

NUMBERS = r"""
import sys
import numpy as np
kind, n, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rng = np.random.default_rng(7)
latency = lambda n: 120 + rng.lognormal(3.2, 0.45, n)
if kind == "line":
    x = rng.uniform(0, 10, n)
    values = np.concatenate((x, 3 + 2 * x + (1 + 0.3 * x) * rng.standard_t(4, n)))
elif kind == "memory":
    values = np.concatenate([20 + 60 * 1769 / min(m, 1769) * rng.lognormal(0, 0.3, n) for m in (128, 256, 512, 1024, 1769, 2048, 3008)])
else:
    values = latency(n)
values.tofile(path)
"""


class Contest:
    """Programs that do the same work on one file of numbers, in turn; each has a key and a label."""

    def __init__(self, path, rounds):
        self.path, self.rounds, self.labels, self.commands, self.ms, self.answers = path, rounds, {}, {}, {}, {}

    def enter(self, key, label, command):
        self.labels[key], self.commands[key] = label, command

    def own(self, key, label, work, calls, q=0.5):
        self.enter(key, label, [OWN, work, str(calls), str(q)])

    def python(self, key, label, work, calls):
        self.enter(key, label, [NUMPY, "-c", PYTHON, work, str(calls), self.path])

    def quantreg(self, key, label, solver, q, calls, loops=1):
        self.enter(key, label, [R, "-e", RQ, solver, str(calls), self.path, str(q), str(loops)])

    def missing(self, key):
        return missing(self.commands[key][0])

    def run(self):
        ready = [key for key in self.commands if not self.missing(key)]
        self.ms = {key: [] for key in ready}
        for turn in range(-1, self.rounds):  # the first one warms caches
            for key in ready:
                result = run_json(self.commands[key], self.path)
                self.answers[key] = [math.nan if v is None else v for v in result["answer"]]
                if turn >= 0:
                    self.ms[key].append(statistics.median(result["ms"]))

    def row(self, key, goal="", most=math.inf):
        reason = self.missing(key)
        if reason:
            return self.labels[key], reason, goal, True
        return self.labels[key], show(self.ms[key]), goal, statistics.median(self.ms[key]) <= most

    def ratio(self, what, own, peer, goal, most=math.inf):
        if self.missing(peer):
            return what, self.missing(peer), goal, True
        m, low, high = median_interval([a / b for a, b in zip(self.ms[own], self.ms[peer])])
        return what, f"{m:.3g} [{low:.3g}, {high:.3g}]", goal, m <= most

    def difference(self, what, own, peer, most, n=1):
        """Of the first n numbers found: the largest relative difference, above 0 where ours is larger."""
        goal = f"<= {most:g}"
        if self.missing(peer):
            return what, self.missing(peer), goal, True
        off = max(((a - b) / abs(b) for a, b in zip(self.answers[own][:n], self.answers[peer][:n])), key=abs)
        return what, f"{off:.2g}", goal, off <= most if n == 1 else abs(off) <= most


def missing(program):
    return None if shutil.which(program) else f"skipped: needs {FROM[program]}"


def run_json(command, path):
    with open(path, "rb") as numbers:
        result = subprocess.run(command, stdin=numbers, capture_output=True, text=True, check=False,
                                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    if result.returncode:
        sys.exit(f"bench: {command[0]} failed: {result.stderr[-800:]}")
    return json.loads(result.stdout)


def numbers_of(folder, kind, n):
    path = os.path.join(folder, kind)
    subprocess.run([NUMPY, "-c", NUMBERS, kind, str(n), path], check=True)
    return path


def bootstrap_rows(folder, rounds):
    c = Contest(numbers_of(folder, "latency", 1000), rounds)
    c.own("ranks", "bootstrap of p99, B 2,000, n 1,000: by ranks", "bootstrap", 20)
    c.own("counts", "  by counts, as any other statistic", "bootstrap-counts", 5)
    c.python("numpy", "  NumPy, resampled", "bootstrap_numpy", 3)
    c.python("scipy", "  scipy.stats.bootstrap", "bootstrap_scipy", 3)
    c.run()
    yield c.row("ranks", "< 60 ms", 60)
    yield c.row("counts", "< 60 ms", 60)
    yield c.row("numpy")
    yield c.row("scipy")
    yield c.ratio("  by ranks, time over NumPy's", "ranks", "numpy", "< 1", 1)
    yield c.ratio("  by ranks, time over SciPy's", "ranks", "scipy", "<= 0.005", 0.005)
    yield c.ratio("  by counts, time over NumPy's", "counts", "numpy", "< 1", 1)
    yield c.ratio("  by counts, time over SciPy's", "counts", "scipy", "< 1", 1)
    yield c.difference("  ends of the interval by ranks, off NumPy's", "ranks", "numpy", 0.02, n=2)


def memory_rows(folder, rounds):
    c = Contest(numbers_of(folder, "memory", 250), rounds)
    c.own("fit", "memory fit, 7 sizes x 250, 3 quantiles, 500 refits", "memory", 3)
    c.run()
    yield c.row("fit", "< 1,000 ms", 1000)


def regression_rows(folder, rounds, n):
    q = 0.5
    path = os.path.join(folder, "engel")
    if missing(R):
        yield "quantile regression", missing(R), "", True
        return
    subprocess.run([R, "-e", ENGEL, path], check=True)
    c = Contest(path, rounds)
    c.own("own", "Engel quantile regression, one call", "regression", 200, q)
    c.quantreg("br", "  R, rq.fit.br", "br", q, 3, 200)
    c.quantreg("rq", "  R, rq", "rq", q, 3, 50)
    c.run()
    yield from map(c.row, c.commands)
    yield c.ratio("  time over rq.fit.br's", "own", "br", "< 1", 1)
    yield c.ratio("  time over rq's", "own", "rq", "< 1", 1)
    yield c.difference("  check loss, off R's", "own", "br", SAME_LOSS)
    c = Contest(numbers_of(folder, "line", n), rounds)
    for q in (0.5, 0.99):
        c.own(f"own {q}", f"quantile regression of {n:,} rows, p{100 * q:g}", "regression", 3, q)
        c.quantreg(f"pfn {q}", "  R, rq.fit.pfn", "pfn", q, 3)
    c.run()
    for q in (0.5, 0.99):
        yield c.row(f"own {q}")
        yield c.row(f"pfn {q}")
        yield c.ratio("  time over rq.fit.pfn's", f"own {q}", f"pfn {q}", "<= 0.5", 0.5)
        yield c.difference("  check loss, off R's", f"own {q}", f"pfn {q}", SAME_LOSS)


def quantile_rows(folder, rounds, n):
    c = Contest(numbers_of(folder, "latency", n), rounds)
    for work, label in (("quantiles", f"p50, p95 and p99 of {n:,} doubles"), ("sort", "sorting a copy of them")):
        c.own(work, label, work, 3)
        c.python(f"numpy {work}", "  NumPy", work, 3)
    c.run()
    for work, most in (("quantiles", 1), ("sort", 0.5)):
        yield c.row(work)
        yield c.row(f"numpy {work}")
        yield c.ratio("  time over NumPy's", work, f"numpy {work}", f"<= {most}", most)
    yield c.difference("  quantiles, off NumPy's", "quantiles", "numpy quantiles", 1e-12, n=3)


def rows(quick):
    if missing(NUMPY):
        sys.exit(f"bench: NumPy and SciPy are not installed: run {FROM[NUMPY]}")
    rounds = 5 if quick else 11
    n_rows, n_values = (100_000, 1_000_000) if quick else (1_000_000, 10_000_000)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        yield from bootstrap_rows(folder, rounds)
        yield from memory_rows(folder, rounds)
        yield from regression_rows(folder, rounds, n_rows)
        yield from quantile_rows(folder, rounds, n_values)
