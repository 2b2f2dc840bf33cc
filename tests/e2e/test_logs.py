#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of logs whose every record is known (tests/program/log_generator.py)."""
import collections
import gzip
import json
import os
import random
import re
import unittest

import digest_file
import log_generator
import peak
import program

REPORT = re.compile(r"^REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB\t"
                    r"(?:Init Duration: ([\d.]+) ms\t)?(?:Restore Duration: ([\d.]+) ms\tBilled Restore Duration: \d+ ms\t)?(?:Status: (\w+)\t?)?", re.M)


def micros(text):
    return round(float(text) * 1000) if text else -1


class Generator(unittest.TestCase):
    """The judge judged: its truth against what its logs say."""

    def test_text(self):
        truth = []
        log = log_generator.generate("text", 8000, 3, truth).decode()
        found = [(m[1], micros(m[2]), int(m[3]) * 1000, int(m[4]), int(m[5]), micros(m[6]), micros(m[7])) for m in REPORT.finditer(log)]
        known = [(r.request_id, r.duration_us, r.billed_us, r.memory, r.max_memory, r.init_us, r.restore_us) for r in truth]
        self.assertEqual(sorted(found), sorted(known))
        self.assertEqual(log.count("Status: timeout"), sum(r.outcome == "timeout" for r in truth))

    def test_json(self):
        truth = []
        log = log_generator.generate("json", 8000, 3, truth).decode()
        found = []
        for line in log.splitlines():
            event = json.loads(line)
            if event.get("type") == "platform.report":
                r = event["record"]
                m = r["metrics"]
                found.append((r["requestId"], micros(m["durationMs"]), m["billedDurationMs"] * 1000, m["memorySizeMB"], m["maxMemoryUsedMB"],
                              micros(m.get("initDurationMs")), micros(m.get("restoreDurationMs"))))
        known = [(r.request_id, r.duration_us, r.billed_us, r.memory, r.max_memory, r.init_us, r.restore_us) for r in truth]
        self.assertEqual(sorted(found), sorted(known))

    def test_is_like_production(self):
        """What the other tests rely on is in it; equal seeds give equal logs, others give others."""
        truth = []
        log = log_generator.generate("detailed", 30_000, 1, truth)
        self.assertEqual(len({r.function for r in truth}), 20)
        self.assertGreater(len({(r.function, r.version, r.memory) for r in truth}), 25)
        self.assertEqual({r.start for r in truth}, {"cold", "warm", "snapstart"})
        self.assertEqual({r.outcome for r in truth}, {"measured", "timeout", "error", "out_of_memory"})
        attempts = collections.Counter(r.request_id for r in truth)
        self.assertGreater(max(attempts.values()), 1)
        self.assertIn(b"\nXRAY TraceId: ", log)
        self.assertIn(b" REPORT of the day", log)
        self.assertEqual(log, log_generator.generate("detailed", 30_000, 1))
        self.assertNotEqual(log, log_generator.generate("detailed", 30_000, 2))

    def test_one_environment_serves_one_request_at_a_time(self):
        truth = []
        log_generator.generate("text", 30_000, 1, truth)
        streams = collections.defaultdict(list)
        for r in truth:
            streams[r.stream].append(r)
        self.assertGreater(max(map(len, streams.values())), 20)
        for records in streams.values():
            records.sort(key=lambda r: r.end_at_ms)
            self.assertEqual([r.start == "warm" for r in records], [False] + [True] * (len(records) - 1))
            for before, after in zip(records, records[1:]):
                self.assertGreaterEqual(after.end_at_ms - after.duration_us / 1000, before.end_at_ms - 1)



METRICS = {"duration": lambda r: r.duration_us, "billed": lambda r: r.billed_us, "init": lambda r: max(r.init_us, r.restore_us),
           "cold_total": lambda r: r.duration_us + max(r.init_us, r.restore_us) if r.start != "warm" else -1,
           "max_memory": lambda r: r.max_memory}


class Logs(program.Case):
    """Logs as files, and their digests."""

    def write(self, name, data):
        path = os.path.join(self.tmp, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def log(self, form, requests=20_000, seed=1):
        truth = []
        return self.write(form + ".log", log_generator.generate(form, requests, seed, truth)), truth

    def digest(self, *words, name="out.digest"):
        path = os.path.join(self.tmp, name)
        self.run_cli("digest", "--quiet", "-o", path, *words)
        with open(path, "rb") as f:
            return f.read()


def minutes_of(uses):
    """{minute: (arrivals, cold arrivals, busy ms, in flight at :00, :15, :30, :45)}"""
    minutes = collections.defaultdict(lambda: [0] * 7)
    for start, end, is_cold, _ in uses:
        minutes[start // 60_000][0] += 1
        minutes[start // 60_000][1] += is_cold
        for minute in range(start // 60_000, -(-end // 60_000)):
            minutes[minute][2] += min(end, (minute + 1) * 60_000) - max(start, minute * 60_000)
        for mark in range(-(-start // 15_000), -(-end // 15_000)):
            minutes[mark // 4][3 + mark % 4] += 1
    return {minute: tuple(members) for minute, members in minutes.items()}


def streams_of(uses):
    """[(invocations, cold ones, times in use)]; pauses of a minute or less, or more in long lives, are none."""
    streams = collections.defaultdict(list)
    for use in uses:
        streams[use[3]].append(use)
    rows = []
    for used in streams.values():
        spans, pause = [], 60_000
        while max(use[1] for use in used) - min(use[0] for use in used) > 256 * pause:
            pause *= 2
        for start, end, _, _ in sorted(used):
            if spans and start <= spans[-1][1] + pause:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        rows.append((len(used), sum(use[2] for use in used), spans))
    return rows


class Truth(Logs):
    """Every form of a log against what is known about it, as far as the form can say it."""

    def check(self, digest, truth, *names):
        """Cells by what the form tells (`names` of Record's fields): counts, sums and ends exact, quantiles within 0.5 %."""
        known = collections.defaultdict(list)
        for r in truth:
            known[tuple(getattr(r, n) if n in names else "" for n in ("function", "version")) + (r.memory, r.start, r.outcome)].append(r)
        found = digest_file.read(digest)
        self.assertEqual({key: cell.n for key, cell in found.cells.items()}, {key: len(records) for key, records in known.items()})
        for key, records in known.items():
            for name, value in METRICS.items():
                values = sorted(v for v in map(value, records) if v >= 0)
                h = found.cells[key].metrics.get(name)
                if not values:
                    self.assertIsNone(h, (key, name))
                    continue
                self.assertEqual((h.n, h.total, h.least, h.most), (len(values), sum(values), values[0], values[-1]), (key, name))
                for q in (0.01, 0.5, 0.9, 0.99, 1):
                    i = int(q * (len(values) - 1))
                    self.assertAlmostEqual(h.rank(i), values[i], delta=values[i] * 0.005, msg=f"{key} {name} {q}")
        return found

    def check_times(self, found, truth, *names):
        """Arrivals, cold arrivals, busy time and requests in flight by minute; streams with their pauses; eras."""
        known = collections.defaultdict(list)
        for r in truth:
            known[tuple(getattr(r, n) if n in names else "" for n in ("function", "version"))].append(r)
        self.assertEqual({scope.name[:2] for scope in found.scopes}, set(known))
        for scope in found.scopes:
            records = known[scope.name[:2]]
            uses = [(r.end_at_ms - (r.duration_us + max(r.init_us, r.restore_us, 0) + 500) // 1000, r.end_at_ms, r.start != "warm", r.stream) for r in records]
            self.assertEqual(scope.minutes, minutes_of(uses))
            streams = streams_of(uses)
            self.assertEqual(len(scope.streams), min(len(streams), 256))
            self.assertEqual([row for row in scope.streams if row not in streams], [])
            billed = sum(-(-(r.duration_us + r.init_us) // 1000) > -(-r.duration_us // 1000) for r in records if r.init_us >= 0)
            self.assertEqual(scope.eras, {"init-paid": (billed, billed)} if billed else {})
            attempts = collections.Counter(r.request_id for r in records)
            if scope.has_all_requests:
                self.assertEqual(sorted(collections.Counter(row[0] for row in scope.requests).values()), sorted(attempts.values()))
            self.assertGreaterEqual(len({row[0] for row in scope.requests}), min(len(attempts), 1024))

    def test_text(self):
        path, truth = self.log("text")
        self.check(self.digest(path), truth)

    def test_detailed(self):
        path, truth = self.log("detailed")
        self.check_times(self.check(self.digest(path), truth, "version"), truth, "version")

    def test_short(self):
        path, truth = self.log("short")
        self.check(self.digest(path), truth)

    def test_export_and_epoch(self):
        for form in ("export", "epoch"):
            path, truth = self.log(form)
            self.check(self.digest(path), truth)

    def test_sam(self):
        path, truth = self.log("sam")
        self.check_times(self.check(self.digest(path), truth, "version"), truth, "version")

    def test_awslogs(self):
        path, truth = self.log("awslogs")
        self.check_times(self.check(self.digest(path), truth, "function", "version"), truth, "function", "version")

    def test_filter_log_events(self):
        path, truth = self.log("filter-log-events")
        self.check_times(self.check(self.digest(path), truth, "version"), truth, "version")

    def test_firehose(self):
        path, truth = self.log("firehose")
        self.check_times(self.check(self.digest(path), truth, "function", "version"), truth, "function", "version")

    def test_json(self):
        path, truth = self.log("json")
        self.check(self.digest(path), truth)

    def test_s3_export(self):
        truth = []
        log_generator.write_s3(log_generator.Fleet(20_000, 1, truth=truth), self.tmp, "checkout")
        truth = [r for r in truth if r.function == "checkout"]
        found = self.check(self.digest("--function", "checkout", os.path.join(self.tmp, "exportedlogs")), truth, "function", "version")
        self.check_times(found, truth, "function", "version")


class Shards(Logs):
    """A log in parts, wherever they were cut and in whatever order they come back, gives the bytes of one pass."""

    def check(self, form, requests, seed):
        rng = random.Random(seed)
        path, _ = self.log(form, requests, seed)
        with open(path, "rb") as f:
            data = f.read()
        whole = self.digest(path)
        ends = [m.end() for m in re.finditer(rb"\n", data)]
        for n in (2, 3, 9):
            cuts = [0, *sorted(rng.sample(ends[:-1], n - 1)), len(data)]
            if n == 3 and form != "json":  # right between END and REPORT
                cuts[1] = data.index(b"\n", data.index(b"END RequestId", len(data) // 4)) + 1
                cuts.sort()
            names = []
            for i, (begin, end) in enumerate(zip(cuts, cuts[1:])):
                part = self.write(f"part{i}", data[begin:end])
                self.digest(part, name=f"part{i}.digest")
                names.append(os.path.join(self.tmp, f"part{i}.digest"))
            rng.shuffle(names)
            self.assertEqual(self.digest(*names), whole, cuts)
            first, rest = names[:n // 2], names[n // 2:]  # digests of digests, and concatenated ones
            self.digest(*first, name="first.digest")
            joined = b"".join(open_read(p) for p in rest)
            self.assertEqual(self.digest(self.write("rest.digest", joined), os.path.join(self.tmp, "first.digest")), whole, cuts)
        return whole

    def test_text(self):
        self.check("text", 5_000, 1)

    def test_detailed(self):
        self.check("detailed", 5_000, 2)

    def test_json(self):
        self.check("json", 5_000, 3)

    def test_times_alone(self):
        self.check("short", 5_000, 5)
        self.check("export", 5_000, 6)
        self.check("epoch", 5_000, 7)

    def test_awslogs_with_more_records_than_are_kept(self):
        """Over 65,536 records no raw ones are kept, also where each part has fewer."""
        whole = self.check("awslogs", 75_000, 4)
        self.assertEqual(digest_file.read(whole).n_raw, 0)

    def test_threads_and_gzip(self):
        path, _ = self.log("detailed", 40_000, 5)
        data = open_read(path)
        whole = self.digest("--threads", "1", path)
        middle = data.index(b"\n", len(data) // 2) + 1
        members = gzip.compress(data[:middle], 1) + gzip.compress(data[middle:], 9)  # as pigz or a rotated log
        for words in (["--threads", "2", path], ["--threads", "5", path], [self.write("log.gz", gzip.compress(data, 6))], [self.write("log2.gz", members)]):
            self.assertEqual(self.digest(*words), whole, words)


class Memory(Logs):
    """Resident memory does not follow the size of a log, and is small."""
    MOST_MB = 32

    def setUp(self):
        super().setUp()
        self.has_sanitizer = b"__asan_init" in open_read(program.BINARY)  # which needs memory of its own
        self.env["ASAN_OPTIONS"] = "quarantine_size_mb=1:thread_local_quarantine_size_kb=16:malloc_context_size=0"

    def peak(self, words, pieces=None, most_mb=MOST_MB):
        status, mb = peak.peak_mb([program.BINARY, "digest", "--quiet", "--threads", "2", "-o", os.path.join(self.tmp, "out.digest"), *words],
                                  os.path.join(self.tmp, "answer"), pieces, env=self.env)
        self.assertEqual(status, 0)
        if not self.has_sanitizer:
            self.assertLessEqual(mb, most_mb)
        return mb

    def check(self, form, times):
        path = os.path.join(self.tmp, "once.log")
        log_generator.write_file(form, 30_000_000, path, 1, log_generator.FIXED_PREFIX)
        once = self.peak([path])
        n = digest_file.read(open_read(os.path.join(self.tmp, "out.digest"))).n
        often = self.peak(["-"], log_generator.repeated(log_generator.file_blocks(path), times))
        self.assertEqual(digest_file.read(open_read(os.path.join(self.tmp, "out.digest"))).n, times * n)
        self.assertLess(often, once + 6)

    def test_300_mb_from_a_pipe(self):
        self.check("text", 10)
        self.check("detailed", 10)


class LongMemory(Memory):
    """The same with 3 GB, and a week of twenty functions."""

    def test_300_mb_from_a_pipe(self):
        self.check("text", 100)

    def test_many_functions(self):
        path = os.path.join(self.tmp, "week.log")
        log_generator.write_file("awslogs", 500_000_000, path)
        self.peak([path], most_mb=40)  # every thread has a digest of its own, with every minute of every function


def open_read(path):
    with open(path, "rb") as f:
        return f.read()


if __name__ == "__main__":
    unittest.main()
