# SPDX-License-Identifier: GPL-3.0-or-later
"""Target tracking of provisioned environments, minute by minute, from the rules alone.

Writes decide_tracking.csv, which test_pool_tracking compares with the pool simulation:

    python3 tests/data/model/decide_tracking.py > tests/data/model/decide_tracking.csv

Times are whole ms, and every request takes the same time, so both must agree to the last digit. The
minutes' use is summed from the requests, not by following events, and alarms look at a list of points.
"""
import math
import sys

HORIZON = 6 * 3600 * 1000
HALF_HOUR = 1800 * 1000
# mean ms from one request to the next in each half hour: day, a rush, an idle while, again
GAPS = [400, 200, 80, 40, 40, 300, 400000, 500000, 150, 60, 500, 250]
# seed, service, target, min, max, start, ready, cooldown out, cooldown in, points in
ROWS = [
    (1, 700, 0.7, 1, 100, 3, 120000, 0, 0, 15),
    (2, 700, 0.5, 1, 100, 1, 180000, 0, 0, 15),
    (3, 1500, 0.7, 2, 30, 5, 90000, 0, 0, 15),
    (4, 700, 0.7, 1, 100, 3, 120000, 300000, 600000, 15),
    (5, 300, 0.9, 1, 50, 10, 60000, 0, 0, 3),
    (6, 2500, 0.6, 5, 25, 0, 30500, 0, 900000, 5),
    (7, 700, 0.7, 0, 100, 0, 120000, 0, 0, 15),
    (8, 40, 0.1, 1, 100, 1, 240000, 60000, 0, 15),
]


def trace(seed):
    state, t, times = seed, 0, []
    while True:
        state = (state * 1103515245 + 12345) % 2**31
        t += 1 + (state // 256) % (2 * GAPS[t // HALF_HOUR])
        if t >= HORIZON:
            return times
        times.append(t)


def run(seed, service, target, low, high, start, ready_ms, out_cooldown, in_cooldown, in_points):
    n = min(max(start, low), high)
    steps = [(0, n)]  # ready environments from a time on
    coming = None     # (when, how many in all)
    finishes, use = [], [0] * (HORIZON // 60000 + 1)
    points, may_grow, may_shrink = [], 0, 0
    served = spilled = changes = allocated = 0
    times = iter(trace(seed) + [None])
    t = next(times)
    for minute in range(HORIZON // 60000):
        end = (minute + 1) * 60000
        while t is not None and t < end:
            if coming and coming[0] <= t:
                n, coming = coming[1], None
                steps.append((coming_at, n))
            finishes = [f for f in finishes if f > t]
            if len(finishes) < n:
                served += 1
                finishes.append(t + service)
                for m in range(minute, min((t + service) // 60000, len(use) - 1) + 1):
                    use[m] += max(0, min(t + service, (m + 1) * 60000) - max(t, m * 60000))
            else:
                spilled += n > 0
            t = next(times)
        if coming and coming[0] <= end:
            n, coming = coming[1], None
            steps.append((coming_at, n))
        lasted = sum(k * max(0, min(until, end) - max(since, end - 60000))
                     for (since, k), until in zip(steps, [s for s, _ in steps[1:]] + [math.inf]))
        points.append(use[minute] / lasted if use[minute] > 0 and lasted > 0 else None)
        if coming:
            continue
        wanted = max(low, min(high, math.ceil(use[minute] / 60000 / target - 1e-9)))
        out = points[-3:]
        shrink = points[-in_points:]
        if len(out) == 3 and all(p is not None and p > target for p in out) and wanted > n and end >= may_grow:
            coming = (coming_at := end + ready_ms, wanted)
            may_grow = end + ready_ms + out_cooldown
            changes, allocated = changes + 1, allocated + wanted - n
        elif (len(shrink) == in_points and all(p is not None and p < 0.9 * target for p in shrink)
              and wanted < n and end >= may_shrink):
            n = wanted
            steps.append((end, n))
            may_shrink = end + in_cooldown
            changes += 1
    ready = sum(k * (until - since)
                for (since, k), until in zip(steps, [s for s, _ in steps[1:]] + [HORIZON]))
    return len(trace(seed)), served, spilled, sum(use[:HORIZON // 60000]), ready, changes, allocated


def main():
    print("seed,service_ms,target,min,max,start,ready_ms,out_cooldown_ms,in_cooldown_ms,in_points,"
          "arrivals,served,spilled,busy_ms,kept_ms,changes,allocated")
    for row in ROWS:
        print(",".join(str(v) for v in (*row, *run(*row))))


sys.exit(main())
