# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/bench simulate: requests simulated per second, against SimFaaS on its own published example.

Exponential service (1.991 s warm, 2.244 s cold), idle lifetime 600 s; ours with a histogram of latencies
and the cost. Rates are per second of CPU, of all threads together; programs run in turn, round by round.
"""
import json
import os
import statistics
import subprocess
import sys

from bench_figures import digits, show

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OWN = os.path.join(ROOT, "build", "bench", "bench_simulate")
RECOMMEND = os.path.join(ROOT, "build", "bench", "bench_recommend")
SIMFAAS = os.path.join(ROOT, "build", "peers", "simfaas", "bin", "python")
WARM_S = 1.991
PEER = r"""
import json, sys, time
from simfaas.ServerlessSimulator import ServerlessSimulator
begin = time.process_time()
sim = ServerlessSimulator(arrival_rate=float(sys.argv[1]), warm_service_rate=1 / 1.991, cold_service_rate=1 / 2.244,
                          expiration_threshold=600, max_time=float(sys.argv[2]))
sim.generate_trace(debug_print=False, progress=False)
print(json.dumps({"arrivals": sim.total_req_count, "s": time.process_time() - begin, "cold_share": sim.total_cold_count / sim.total_req_count}))
"""

# name -> mode, requests in flight, provisioned, threads
CASES = {
    "simfaas": ("pool", 0.9 * WARM_S, 0, 1),
    "two": ("pool", 0.9 * WARM_S, 0, 2),
    "load 1": ("pool", 1, 0, 1),
    "load 10": ("pool", 10, 12, 1),
    "load 1000": ("pool", 1000, 0, 1),
    "curve": ("curve", 1000, 0, 1),
    "two curve": ("curve", 1000, 0, 2),
}


def run(*words):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, words))[:80]} failed: {result.stderr}")
    return json.loads(result.stdout)


def own(case, arrivals):
    mode, load, provisioned, threads = CASES[case]
    rate = load / WARM_S
    return run(OWN, mode, rate, arrivals / rate, provisioned, threads)


def rates(runs):
    return [r["arrivals"] / r["s"] / 1e6 for r in runs]


def ratios(above, below):
    """Times per request, round by round."""
    return [(a["s"] / a["arrivals"]) / (b["s"] / b["arrivals"]) for a, b in zip(above, below)]


def at_least(what, values, limit, aim=""):
    return what, show(values, ""), f">= {limit}{aim}", statistics.median(values) >= limit


def at_most(what, values, limit):
    return what, show(values, ""), f"<= {limit}", statistics.median(values) <= limit


def peer_rows(seen):
    if not seen["peer"]:
        yield "  times SimFaaS's own", "not run: scripts/peers simfaas", "", True
        return
    yield at_least("  times SimFaaS's own", [a / b for a, b in zip(rates(seen["simfaas"]), rates(seen["peer"]))], 200)
    a, b = seen["simfaas"][0]["cold_share"], statistics.fmean(r["cold_share"] for r in seen["peer"])
    yield "  cold share; SimFaaS's, 20,000 s from empty", f"{a:.5f}, {b:.5f}", "", True


def horizon_rows(quick):
    short, long = own("simfaas", 1e5), own("simfaas", 5e7 if quick else 2e8)
    both = f"{short['rss_mb']:.1f}, {long['rss_mb']:.1f} MB"
    yield f"memory of {digits(short['arrivals'] / 1e6)} and {digits(long['arrivals'] / 1e6)} million requests", both, "< 50 MB", long["rss_mb"] < 50
    if not quick:
        month = run(OWN, "pool", 100, 30 * 86400, 0, 1)
        yield f"a month at 100/s ({digits(month['arrivals'] / 1e6)} million), s of one core", f"{month['s']:.1f}", "< 90", month["s"] < 90
        yield "  its memory", f"{month['rss_mb']:.1f} MB", "< 50 MB", month["rss_mb"] < 50


def recommend_rows(rounds):
    seen = [run(RECOMMEND, 1e6, 2) for _ in range(rounds)]
    yield "a recommendation (7 sizes, 2 architectures, a week, 1e6 requests a simulation), s of the clock", show([r["wall_s"] for r in seen], ""), "< 5", statistics.median(r["wall_s"] for r in seen) < 5
    yield "  CPU of both threads", show([r["s"] for r in seen], ""), "", True
    yield "  settings weighed", str(seen[0]["candidates"]), "", True


def rows(quick):
    rounds = 7 if quick else 11
    arrivals = 2e6 if quick else 10e6
    seen = {name: [] for name in (*CASES, "peer")}
    for _ in range(rounds):
        for name in CASES:
            seen[name].append(own(name, arrivals))
        if os.path.exists(SIMFAAS):
            seen["peer"].append(run(SIMFAAS, "-c", PEER, 0.9, 2e4))
    yield at_least("SimFaaS's example, million requests/s", rates(seen["simfaas"]), 4, ", aim 10")
    yield from peer_rows(seen)
    yield at_least("  two threads share the replications", rates(seen["two"]), 4, ", aim 10")
    same = all(a["cold_share"] == b["cold_share"] for a, b in zip(seen["simfaas"], seen["two"]))
    yield "  the same result to the last digit", "yes" if same else "no", "yes", same
    yield at_least("load 10, 12 provisioned, million requests/s", rates(seen["load 10"]), 15)
    yield at_least("load 1,000, million requests/s", rates(seen["load 1000"]), 3)
    yield at_most("  a request over one at load 1", ratios(seen["load 1000"], seen["load 1"]), 4)
    yield at_most("  every n from 0 to 1,000, over one simulation", ratios(seen["curve"], seen["load 1000"]), 1.5)
    yield at_most("  ... by two threads", ratios(seen["two curve"], seen["load 1000"]), 1.5)
    yield from horizon_rows(quick)
    yield from recommend_rows(3 if quick else rounds)
    most = max(r["rss_mb"] for name in CASES for r in seen[name])
    yield "memory of the others, most", f"{most:.1f} MB", "< 50 MB", most < 50
