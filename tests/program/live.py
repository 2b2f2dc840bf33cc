# SPDX-License-Identifier: GPL-3.0-or-later
"""The model against the embedded service: a sweep of knobs-c, the decision for generated traffic, and
that very traffic replayed, request by request, against real processes with and without the provisioned
concurrency that was decided. Predicted and observed cold share, p95 and GB-seconds side by side.

The client is open-loop: each request is sent at its time, whatever became of the others. Latency is that
of the REPORT line (init and handler), as in the model; what the client saw is kept beside it. Predictions
are for single replays of the same arrivals, with an interval that holds 95 % of them.
"""
import asyncio
import base64
import collections
import datetime
import json
import os
import re
import subprocess
import time

import aws_client
import fixtures
from program import SHARE, BINARY, LocalService, make_function

MODEL = os.environ.get("COLDPROF_LIVE_MODEL", "")

# Init sleeps, so that machine noise does not move the cliff between warm and cold.
KNOBS = {"INIT_SLEEP_MS": 300, "SLEEP_MS": 60, "CPU_MS": 10}
LIFETIME = "uniform:1s-3s"
BUDGET_Q, BUDGET_MS = 0.95, 200

Traffic = collections.namedtuple("Traffic", "name per_s burst gap_ms")
EVEN = Traffic("even", 2, 1, 0)
BURSTS = Traffic("bursts of 4", 2, 4, 100)

Sweep = collections.namedtuple("Sweep", "memory cold warm idle probes")
FULL = Sweep("512,1024,1769", 72, 200, "500ms,1s,1500ms,2s,2500ms,3s,3500ms", 24)
SHORT = Sweep("512", 16, 40, "1s,1500ms,2s,2500ms,3s", 8)

# What predicted and observed may differ by, beyond the interval of single replays: the machine's noise.
Tolerance = collections.namedtuple("Tolerance", "cold_share p95 gb_s")
TOLERANCE = Tolerance(cold_share=0.01, p95=0.15, gb_s=0.03)

Row = collections.namedtuple("Row", "traffic setting quantity unit predicted low high observed is_within")


def run_model(*words, samples=None):
    result = subprocess.run([MODEL, *map(str, words)], input=samples, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"live_model {words[0]}: {result.stderr}")
    return result.stdout


# --- the sweep, in the model's words ---


def sweep(env, folder, store, plan):
    words = ["sweep", folder, "--memory", plan.memory, "--cold", plan.cold, "--warm", plan.warm, "--precision", "0.1%", "--idle", plan.idle,
             "--idle-probes", plan.probes, "--idle-lifetime", LIFETIME, "--store", store, "--format", "jsonl", "--quiet", *SHARE]
    result = subprocess.run([BINARY, *map(str, words)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"the sweep failed: {result.stderr}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def samples_text(records):
    lines, probes = [], collections.Counter()
    for s in records:
        if s["outcome"] != "measured":
            continue
        if s["cell"] == "idle":
            probes[s["idle_interval_ms"], s["start"]] += 1
        elif s["cell"] == s["start"] == "cold":
            lines.append(f"cold {s['memory_size_mb']} {s['init_duration_ms']} {s['duration_ms']}")
        elif s["cell"] == s["start"] == "warm":
            lines.append(f"warm {s['memory_size_mb']} {s['duration_ms']}")
    for interval in sorted({interval for interval, _ in probes}):
        cold = probes[interval, "cold"]
        lines.append(f"idle {interval} {cold + probes[interval, 'warm']} {cold}")
    return "\n".join(lines) + "\n"


# --- the replay ---


def request_bytes(port, name, qualifier):
    path, query = f"/2015-03-31/functions/{name}/invocations", f"Qualifier={qualifier}"
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": f"127.0.0.1:{port}", "x-amz-date": date, "x-amz-log-type": "Tail",
               "x-amz-security-token": fixtures.SESSION_TOKEN}
    headers["authorization"] = aws_client.sign("POST", path, query, headers, b"{}", key_id=fixtures.ACCESS_KEY_ID,
                                               secret=fixtures.SECRET_ACCESS_KEY, region="us-east-1", service="lambda", date=date)
    head = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    return f"POST {path}?{query} HTTP/1.1\r\n{head}content-length: 2\r\nconnection: close\r\n\r\n{{}}".encode()


async def invoke(port, name, qualifier, at, answers, scheduled_s):
    await asyncio.sleep(max(0, at - time.monotonic()))
    begun = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_bytes(port, name, qualifier))
    answer = await reader.read()
    writer.close()
    answers.append({"scheduled_s": scheduled_s, "late_ms": 1000 * (begun - at), "client_ms": 1000 * (time.monotonic() - at),
                    "answer": answer.decode(errors="replace")})


async def replay_all(port, name, qualifier, times_s):
    answers, start = [], time.monotonic() + 0.5
    await asyncio.gather(*(invoke(port, name, qualifier, start + t, answers, t) for t in times_s))
    return sorted(answers, key=lambda a: a["scheduled_s"])


def read_report(record):
    """Adds what the REPORT line in the answer says; a cold start is a line with an Init Duration."""
    answer = record.pop("answer")
    tail = re.search(r"(?im)^x-amz-log-result: *(\S+)", answer)
    if " 200 " not in answer.split("\r\n", 1)[0] or not tail:
        raise RuntimeError(f"a request was not served: {answer[:300]}")
    report = base64.b64decode(tail.group(1)).decode().partition("REPORT ")[2]

    def field(name):
        found = re.search(rf"\t{name}: ([\d.]+) ms", report)
        return float(found.group(1)) if found else 0.0

    record.update(init_ms=field("Init Duration"), latency_ms=field("Init Duration") + field("Duration"), billed_ms=field("Billed Duration"))
    return record


def provision(client, name, qualifier, n):
    path = f"/2019-09-30/functions/{name}/provisioned-concurrency"
    client.call("PUT", path, {"ProvisionedConcurrentExecutions": n}, Qualifier=qualifier)
    while client.call("GET", path, Qualifier=qualifier)["Status"] == "IN_PROGRESS":
        pass
    status = client.call("GET", path, Qualifier=qualifier)
    if status["Status"] != "READY":
        raise RuntimeError(f"provisioned concurrency is not ready: {status}")


def replay(env, folder, memory_mb, n, times_s):
    """One replay in a service of its own, which has seen nothing before."""
    service = LocalService(env, [make_function(folder, "knobs-c", KNOBS, 10, memory_mb)], "--idle-lifetime", LIFETIME)
    name, qualifier = os.path.basename(folder), "live"
    try:
        version = service.client.publish(name, "live check")["Version"]
        service.client.create_alias(name, qualifier, version)
        if n:
            provision(service.client, name, qualifier, n)
        return [read_report(a) for a in asyncio.run(replay_all(service.port, name, qualifier, times_s))]
    finally:
        service.stop()


# --- both, side by side ---


def quantile(values, q):
    """As the model's histogram has it: the order statistic below."""
    return sorted(values)[int(q * (len(values) - 1))]


def observe(records, memory_mb, n, seconds):
    billed_s = sum(r["billed_ms"] for r in records) / 1000
    return {"cold_share": sum(r["init_ms"] > 0 for r in records) / len(records),
            "p95_ms": quantile([r["latency_ms"] for r in records], 0.95),
            "gb_s": memory_mb / 1024 * (billed_s + n * seconds)}


def compare(traffic, memory_mb, n, predicted, observed, tolerance):
    """Beyond the interval by the tolerance: absolute of the share, relative of the others."""
    setting = f"{memory_mb} MB, " + (f"{n} provisioned" if n else "on demand")
    for key, quantity, unit in (("cold_share", "cold share", "%"), ("p95_ms", "p95", "ms"), ("gb_s", "GB-seconds", "")):
        value, low, high = predicted[key]
        if key == "cold_share":
            floor, ceiling = low - tolerance.cold_share, high + tolerance.cold_share
        else:
            share = tolerance.p95 if key == "p95_ms" else tolerance.gb_s
            floor, ceiling = low * (1 - share), high * (1 + share)
        factor = 100 if unit == "%" else 1
        yield Row(traffic.name, setting, quantity, unit, factor * value, factor * low, factor * high, factor * observed[key],
                  floor <= observed[key] <= ceiling)


class Check:
    """A sweep once, then any traffic."""

    def __init__(self, env, root, plan):
        self.env, self.root, self.tolerance = env, root, TOLERANCE
        folder = make_function(os.path.join(root, "swept"), "knobs-c", KNOBS, 10)
        self.samples = samples_text(sweep(env, folder, os.path.join(root, "live.db"), plan))

    def decide(self, traffic):
        return json.loads(run_model("decide", *traffic[1:], BUDGET_Q, BUDGET_MS, samples=self.samples))

    def arrivals(self, traffic, seconds, seed):
        path = os.path.join(self.root, "arrivals")
        with open(path, "w", encoding="utf-8") as f:
            f.write(run_model("arrivals", *traffic[1:], seconds, seed))
        with open(path, encoding="utf-8") as f:
            return path, [float(line) / 1000 for line in f]

    def rows(self, traffic, memory_mb, numbers, seconds, seed):
        """The same arrivals once for each number of provisioned environments."""
        path, times_s = self.arrivals(traffic, seconds, seed)
        for n in numbers:
            predicted = json.loads(run_model("predict", memory_mb, n, seconds, path, samples=self.samples))
            folder = os.path.join(self.root, f"live{n}")
            observed = observe(replay(self.env, folder, memory_mb, n, times_s), memory_mb, n, seconds)
            yield from compare(traffic, memory_mb, n, predicted, observed, self.tolerance)
