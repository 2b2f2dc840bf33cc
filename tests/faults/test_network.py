# SPDX-License-Identifier: GPL-3.0-or-later
"""A faulty network between coldprof and the service, at random places by seed. Whatever happens, the
books balance: every execution that the service wrote down belongs to one sample, no sample is executed
twice silently, none is lost, and coldprof ends by itself with a documented status and one sentence.
"""
import collections
import datetime
import json
import os
import queue
import random
import re
import shutil
import socket
import ssl
import subprocess
import threading
import unittest
import uuid

import judge
import program
import proxy
from world import World

WORKERS = 4  # they mostly wait
LIMIT_S = 100
SWEEP = ["--cold", "3", "--warm", "4", "--yes", "--json"]
MODES = ([], ["--in-place"])
SIZES = [128, 256]
STATUSES = (0, 1, 3, 4)

REASONS = ("ConcurrentInvocationLimitExceeded", "FunctionInvocationRateLimitExceeded",
           "ReservedFunctionConcurrentInvocationLimitExceeded", "ReservedFunctionInvocationRateLimitExceeded",
           "CallerRateLimitExceeded", "ConcurrentSnapshotCreateLimitExceeded")


def throttle(reason):
    def fault(x):
        x.make_answer(429, "TooManyRequestsException", "Rate Exceeded.", ["Retry-After: 0"])
        x.body = json.dumps({"Reason": reason, "Type": "User", "message": "Rate Exceeded."}).encode()
        x.head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(x.body), x.head)
        x.answer()
    return fault


def http_date(offset_s):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset_s)
    return "Date: " + at.strftime("%a, %d %b %Y %H:%M:%S GMT")


def skewed(offset_s):
    """Refused because of the clock, with the time that the server thinks it is."""
    def fault(x):
        x.make_answer(403, "InvalidSignatureException", "Signature expired", [http_date(offset_s)])
        x.answer()
    return fault


def wrong_date(offset_s):
    return lambda x: proxy.with_header(http_date(offset_s), "Date")(x)


TLS_ALERT = bytes([21, 3, 3, 0, 2, 2, 40])


def catalogue(trap_port, rng):
    """name -> fault"""
    junk = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 600)))
    return {
        "reset before": proxy.reset(after=False),
        "reset after": proxy.reset(after=True),
        "silence before": proxy.stall(0.3, after=False),
        "silence after": proxy.stall(0.3, after=True),
        "cut body": proxy.cut,
        "cut head": proxy.cut_head,
        "garbage before": proxy.garbage(junk, after=False),
        "garbage after": proxy.garbage(junk, after=True),
        "garbage with a status": proxy.garbage(b"HTTP/1.1 200 OK\r\n" + junk + b"\r\n\r\n", after=True),
        "TLS alert": proxy.garbage(TLS_ALERT, after=False),
        **{f"429 {reason}": throttle(reason) for reason in REASONS},
        **{f"{status} before": proxy.error(status, "ServiceException") for status in (500, 502, 503, 504)},
        "500 after": proxy.error(500, "ServiceException", after=True),
        "503 after": proxy.error(503, "ServiceUnavailableException", after=True),
        **{f"{status} redirect": proxy.error(status, "", headers=[f"Location: http://127.0.0.1:{trap_port}/"])
           for status in (301, 302, 307, 308)},
        "redirect after": proxy.error(307, "", headers=[f"Location: http://127.0.0.1:{trap_port}/"], after=True),
        "clock 10 min off": skewed(600),
        "clock an hour off": skewed(-3600),
        "wrong Date": wrong_date(rng.choice((-86400, -3600, 3600, 86400 * 365))),
        "no request id": proxy.without("x-amzn-RequestId"),
        "two request ids": lambda x: proxy.with_header(f"x-amzn-RequestId: {uuid.uuid4()}")(x),
        "another request id": lambda x: proxy.with_header(f"x-amzn-RequestId: {uuid.uuid4()}", "x-amzn-RequestId")(x),
        "two lengths": proxy.with_header("Content-Length: 3"),
        "length too long": proxy.closing(proxy.with_header("Content-Length: 100000", "Content-Length")),
        "length not a number": proxy.with_header("Content-Length: many", "Content-Length"),
        "header of 70 kB": proxy.with_header("x-amz-much: " + "m" * 70000),
        "2,000 headers": proxy.edited(lambda lines: lines + [f"x-amz-{i}: {i}" for i in range(2000)]),
        "byte by byte": proxy.slowly,
    }


def label(name, fault):
    def labelled(x):
        fault(x)
    labelled.label = name
    return labelled


def random_script(rng, trap_port):
    """One kind of fault at random places: (name, script)."""
    faults = catalogue(trap_port, rng)
    name = rng.choice(sorted(faults))
    fault = label(name, faults[name])
    kind = rng.choice(("invocations", "control", "all"))
    first, length, share = rng.randrange(1, 12), rng.choice((1, 1, 2, 5, 1000)), rng.choice((0.2, 0.5, 1))
    if kind != "invocations":
        length = min(length, 10)  # undoing goes on for a quarter of an hour, a test must not
    seen = {"n": 0}

    def script(call):
        if kind != "all" and call.is_invocation != (kind == "invocations"):
            return None
        seen["n"] += 1
        return fault if first <= seen["n"] < first + length and rng.random() < share else None
    return f"{name}, {kind} from {first}, {length} long, {share}", script


class Trap:
    """Where a redirect points to: nobody may come."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def was_visited(self):
        self.listener.settimeout(0)
        try:
            self.listener.accept()
            return True
        except BlockingIOError:
            return False

    def close(self):
        self.listener.close()


def executions(log_file):
    """{request id: duration in ms} of all that the service ran."""
    with open(log_file, encoding="utf-8", errors="replace") as f:
        text = f.read()
    reports = dict(re.findall(r"REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms", text))
    return {request_id: float(reports.get(request_id, "nan")) for request_id in re.findall(r"START RequestId: (\S+)", text)}


def account(world, n_arrived):
    """Troubles between the store's samples and what the service wrote down."""
    run_id = world.last_run()
    ran = executions(world.log_file) if os.path.exists(world.log_file) else {}
    if run_id is None:
        return ["executions without a run"] if ran else []
    troubles = judge.account(world.store, run_id, 0)
    rows = program.read_rows(world.store, "SELECT * FROM samples WHERE run_id = ?", run_id)
    n = collections.Counter(r["outcome"] for r in rows)
    for row in rows:
        of_measured = row["outcome"] == "measured"
        if of_measured and row["request_id"] not in ran:
            troubles.append(f"sample {row['plan_no']} is measured, but {row['request_id']} never ran")
        if of_measured and row["duration_ms"] != ran.get(row["request_id"]):
            troubles.append(f"sample {row['plan_no']} took {row['duration_ms']} ms, its record says {ran.get(row['request_id'])}")
        if row["outcome"] in ("throttled", "not_sent") and row["request_id"] in ran:
            troubles.append(f"sample {row['plan_no']} ran and is {row['outcome']}")
    claimed = {r["request_id"] for r in rows}
    n_unclaimed = len([i for i in ran if i not in claimed])
    n_unknown = len([r for r in rows if r["outcome"] == "unknown" and r["request_id"] not in ran])
    if n_unclaimed > n_unknown:
        troubles.append(f"{n_unclaimed} executions belong to no sample, and {n_unknown} samples are unknown")
    if n["sent"]:
        troubles.append(f"{n['sent']} samples stayed 'sent'")
    if n_arrived < n["measured"] + n["unknown"] - n_unknown:
        troubles.append(f"{n_arrived} invocations arrived for {dict(n)}")
    status, out, _ = world.run("report", run_id, "--store", world.store, "--json", "--exit-zero")
    shown = json.loads(out)["accounting"] if status in (0, 1) and out else {}
    failed = sum(n[outcome] for outcome in judge.FAILED)
    stored = {"planned": len(rows), "measured": n["measured"], "failed": failed, "throttled": n["throttled"],
              "unknown": n["unknown"], "not_sent": n["not_sent"]}
    if {k: shown.get(k) for k in stored} != stored:
        troubles.append(f"the report shows {shown}, the store holds {stored}")
    return troubles


def check_end(status, out, err):
    """Troubles with how it ended."""
    troubles = []
    if status not in STATUSES:
        troubles.append(f"ended with {status}: {err[-2000:]}")
    if status == 1:
        sentences = re.findall(r"^error: .+", err, re.MULTILINE)
        if len(sentences) != 1:
            troubles.append(f"{len(sentences)} sentences of failure: {err[-2000:]}")
    if status == 0 and "accounting" not in out:
        troubles.append("no result was printed")
    return troubles


class Seeds(unittest.TestCase):
    """After each run the network is whole again: `recover` leaves nothing of it."""

    FIRST, N = 1, 60

    def one(self, seed, trap):
        rng = random.Random(seed)
        world = World(program.Keeper(f"{self.id()}-{seed}"), timeout=1, log_file=True)
        try:
            before = world.snapshot()
            what, script = random_script(rng, trap.port)
            world.proxy.start_over(script)
            status, out, err = world.finish(world.start(*self.words(world), *MODES[seed % 2]), LIMIT_S)
            n_arrived = len(world.proxy.invocations())
            n_faults = sum(bool(c.fault) for c in world.proxy.calls)
            troubles = check_end(status, out, err) + account(world, n_arrived) + world.proxy.troubles
            calls = [str(c) for c in world.proxy.calls]
            world.proxy.start_over()
            recovered, _, said = world.run("recover")
            troubles += [f"recover ended with {recovered}: {said}"] if recovered else []
            troubles += judge.differences(before, world.snapshot())
            if troubles:
                troubles += [*calls, err]
            return what, n_faults, status, troubles
        finally:
            world.close()

    @staticmethod
    def words(world):
        return ["sweep", "fn", "--endpoint-url", world.proxy.url, "--store", world.store, "--memory", ",".join(map(str, SIZES)),
                "--idle", "none", *SWEEP]

    def test_books_balance_whatever_the_network_does(self):
        seeds, results, trap = queue.SimpleQueue(), {}, Trap()
        self.addCleanup(trap.close)
        for seed in range(self.FIRST, self.FIRST + self.N):
            seeds.put(seed)

        def work():
            while True:
                try:
                    seed = seeds.get_nowait()
                except queue.Empty:
                    return
                try:
                    results[seed] = self.one(seed, trap)
                except Exception as trouble:  # pylint: disable=broad-exception-caught
                    results[seed] = ("", 0, None, [repr(trouble)])

        threads = [threading.Thread(target=work) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), self.N)
        ends = collections.Counter(status for _, _, status, _ in results.values())
        bad = {seed: r for seed, r in sorted(results.items()) if r[3]}
        print(f"\n{self.N} seeds, {sum(r[1] for r in results.values())} faults, ends by status: {dict(ends)}, {len(bad)} with troubles")
        for seed, (what, _, status, troubles) in list(bad.items())[:5]:
            print(f"\nseed {seed}: {what}: status {status}", *troubles, sep="\n  ")
        self.assertEqual(list(bad), [], "seeds whose books do not balance")
        self.assertFalse(trap.was_visited(), "a redirect was followed")


class Tls(unittest.TestCase):
    """An endpoint that is not what it should be is told apart before anything is sent to it."""

    @classmethod
    def setUpClass(cls):
        cls.world = World(program.Keeper(cls.__name__), log_file=True)
        cls.addClassCleanup(cls.world.close)

    def refused(self, url, said):
        status, out, err = self.world.run("sweep", "fn", "--endpoint-url", url, "--store", self.world.store, "--memory", "128",
                                          "--idle", "none", *SWEEP)
        self.assertEqual(check_end(status, out, err), [])
        self.assertEqual(status, 1, err)
        self.assertRegex(err, said)
        self.assertEqual(executions(self.world.log_file), {})

    @unittest.skipUnless(shutil.which("openssl"), "no openssl program to make a certificate with")
    def test_a_certificate_that_nobody_vouches_for(self):
        key, certificate = (os.path.join(self.world.tmp, name) for name in ("key.pem", "certificate.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                       capture_output=True, check=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        tls = proxy.Proxy(self.world.service.port, tls=context)
        self.addCleanup(tls.close)
        self.refused(tls.url, "(?i)certificate")
        self.assertEqual(tls.calls, [], "something was sent to a server that nobody vouches for")

    def test_no_tls_where_https_was_said(self):
        self.refused(self.world.proxy.url.replace("http:", "https:"), "(?i)tls|ssl")

    def test_tls_where_http_was_said(self):
        self.world.proxy.start_over(lambda call: proxy.garbage(TLS_ALERT, after=False))
        self.refused(self.world.proxy.url, "HTTP")


class Stalls(unittest.TestCase):
    """Silence that does not end: coldprof's own time limits do. All at once, because they only wait."""

    def test_silence_ends_by_itself(self):
        faults = {(kind, first, after): proxy.stall(600, after) for kind in ("invocations", "control")
                  for first in (1, 4) for after in (False, True)}
        results = {}

        def one(key):
            kind, first, _ = key
            world = World(program.Keeper(f"{self.id()}-{'-'.join(map(str, key))}"), timeout=1, log_file=True)
            seen = {"n": 0}

            def script(call):
                seen["n"] += call.is_invocation == (kind == "invocations")
                is_it = call.is_invocation == (kind == "invocations") and seen["n"] == first
                return faults[key] if is_it else None
            try:
                world.proxy.start_over(script)
                status, out, err = world.finish(world.start(*Seeds.words(world)), 300)
                results[key] = check_end(status, out, err) + account(world, len(world.proxy.invocations())) + world.proxy.troubles
            except Exception as trouble:  # pylint: disable=broad-exception-caught
                results[key] = [repr(trouble)]
            finally:
                world.close()

        threads = [threading.Thread(target=one, args=(key,)) for key in faults]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({k: r for k, r in results.items() if r}, {})
        self.assertEqual(len(results), len(faults))


class ManySeeds(Seeds):
    FIRST, N = 1001, 600


if __name__ == "__main__":
    unittest.main()
