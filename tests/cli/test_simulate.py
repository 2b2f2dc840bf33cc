# SPDX-License-Identifier: GPL-3.0-or-later
"""What SimFaaS published of its own examples, from the command line of `coldprof simulate`.

The published digits are of one run each; how far such a run scatters follows from the interval that
coldprof gives for as many requests.
"""
import csv
import json
import os
import subprocess
import sys

REFERENCE = os.path.join(os.environ.get("COLDPROF_REFERENCE", ""), "des", "simfaas_published.csv")
REQUESTS = 4e6
SKIPPED = 77


def simulate(row):
    words = ["simulate", "--traffic", f"{row['arrival_rate']}/s", "--law", "exp", "--requests", str(REQUESTS), "--seed", "1", "--json", "-q",
             "--warm", f"{1000 * float(row['mean_warm_s']):g}ms", "--cold", f"{1000 * float(row['mean_cold_s']):g}ms",
             "--idle-lifetime", f"{row['expiration_s']}s", "--reserved", row["max_concurrency"]]
    result = subprocess.run([os.environ["COLDPROF_BINARY"], *words], capture_output=True, text=True, timeout=200, check=True)
    return json.loads(result.stdout)


def agrees(name, ours, published, requests, rounding):
    se = (ours["high"] - ours["low"]) / 2 / 1.96 * (1 + REQUESTS / requests) ** 0.5
    is_near = abs(ours["value"] - published) <= 4 * se + rounding
    print(f"{'ok  ' if is_near else 'FAIL'} {name}: {ours['value']:.6g}, published {published:g}, 4 se {4 * se:.2g}")
    return is_near


def main():
    if not os.path.exists(REFERENCE):
        print(f"skipped: no {REFERENCE}")
        return SKIPPED
    results = []
    with open(REFERENCE, encoding="utf-8") as f:
        for row in csv.DictReader(f):
            ours = simulate(row)
            requests = float(row["arrival_rate"]) * float(row["horizon_s"])
            rounding = 0.5 * 10 ** -len(row["p_cold"].split(".")[1])
            results += [agrees(f"{row['source']} cold share", ours["cold_share_ratio"], float(row["p_cold"]), requests, rounding),
                        agrees(f"{row['source']} environments", ours["mean_environments"], float(row["avg_servers"]), requests, 5e-5),
                        agrees(f"{row['source']} running", ours["mean_concurrency"], float(row["avg_running"]), requests, 5e-5)]
    return 0 if len(results) == 12 and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
