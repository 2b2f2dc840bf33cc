# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/bench simulate: requests simulated per second, against SimFaaS on its own published example.

Exponential service (1.991 s warm, 2.244 s cold), idle lifetime 600 s, one thread; ours with a histogram
of latencies and the cost. Rates are per second of CPU; programs run in turn, round by round.
"""
import json
import os
import statistics
import subprocess
import sys

from bench_figures import digits, show

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OWN = os.path.join(ROOT, "build", "bench", "bench_simulate")
SIMFAAS = os.path.join(ROOT, "build", "peers", "simfaas", "bin", "python")
PEER = r"""
import json, sys, time
from simfaas.ServerlessSimulator import ServerlessSimulator
begin = time.process_time()
sim = ServerlessSimulator(arrival_rate=float(sys.argv[1]), warm_service_rate=1 / 1.991, cold_service_rate=1 / 2.244,
                          expiration_threshold=600, max_time=float(sys.argv[2]))
sim.generate_trace(debug_print=False, progress=False)
print(json.dumps({"arrivals": sim.total_req_count, "s": time.process_time() - begin, "cold_share": sim.total_cold_count / sim.total_req_count}))
"""


def run(*words):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, words))[:80]} failed: {result.stderr}")
    return json.loads(result.stdout)


def rates(runs):
    return [r["arrivals"] / r["s"] / 1e6 for r in runs]


def rows(quick):
    rounds = 7 if quick else 11
    arrivals = 2e6 if quick else 10e6
    has_peer = os.path.exists(SIMFAAS)
    cases = {"simfaas": ("pool", 0.9), "many": ("pool", 500), "curve": ("curve", 500)}
    seen = {name: [] for name in (*cases, "peer")}
    for _ in range(rounds):
        for name, (mode, rate) in cases.items():
            seen[name].append(run(OWN, mode, rate, arrivals / rate))
        if has_peer:
            seen["peer"].append(run(SIMFAAS, "-c", PEER, 0.9, 2e4))
    m = statistics.median(rates(seen["simfaas"]))
    yield "SimFaaS's example, million requests/s", show(rates(seen["simfaas"]), ""), ">= 4, aim 10", m >= 4
    if has_peer:
        ratios = [a / b for a, b in zip(rates(seen["simfaas"]), rates(seen["peer"]))]
        yield "  times SimFaaS's own", show(ratios, ""), ">= 200", statistics.median(ratios) >= 200
        a, b = seen["simfaas"][0]["cold_share"], statistics.fmean(r["cold_share"] for r in seen["peer"])
        yield "  cold share, and SimFaaS's", f"{a:.5f}, {b:.5f}", "", True
    else:
        yield "  times SimFaaS's own", "not run: scripts/peers simfaas", "", True
    m = statistics.median(rates(seen["many"]))
    yield "1,086 environments, million requests/s", show(rates(seen["many"]), ""), ">= 3", m >= 3
    ratios = [a["s"] / b["s"] for a, b in zip(seen["curve"], seen["many"])]
    yield "  every n from 0 to 1,000, over one simulation", show(ratios, ""), "<= 1.5", statistics.median(ratios) <= 1.5
    if not quick:
        month = run(OWN, "pool", 100, 30 * 86400)
        yield f"a month at 100/s ({digits(month['arrivals'] / 1e6)} million), s of one core", f"{month['s']:.1f}", "< 90", month["s"] < 90
        yield "  its memory", f"{month['rss_mb']:.1f} MB", "< 50 MB", month["rss_mb"] < 50
    most = max(r["rss_mb"] for name in cases for r in seen[name])
    yield "memory of the others, most", f"{most:.1f} MB", "< 50 MB", most < 50
