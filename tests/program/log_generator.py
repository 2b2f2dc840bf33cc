#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Production-like logs of Lambda functions whose every record is known: for tests, which compare
coldprof's figures with the truth, and for scripts/bench import. Written from AWS's description of the
log lines, with nothing of coldprof in it.

    log_generator.py FORM --size 100M [--seed 1] [-o FILE]   (s3: -o FOLDER)

Twenty functions over a week, with rates by hour of week, versions that change and memory sizes that
change with them. Requests meet execution environments as on Lambda: the one used last serves, one
that idled too long is gone, a new one starts cold. Failed asynchronous requests are tried again under
the same id. Equal seeds give equal logs.
"""
import argparse
import bisect
import collections
import datetime
import gzip
import heapq
import io
import itertools
import json
import math
import os
import random
import sys

MONDAY_MS = 1791158400000  # 2026-10-05T00:00:00Z
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
HOURS = 7 * 24
FIXED_PREFIX = "5eed0000"  # of request ids in a log that is going to be repeated

NAMES = ("checkout", "resize-image", "orders-stream", "auth", "nightly_report", "webhook", "search", "thumbnails",
         "invoice-pdf", "geo", "notify", "cart", "audit", "sync-crm", "mailer", "pricing", "login", "export", "fraud", "echo")
SNAP_START = {"invoice-pdf", "fraud"}
WORDS = ("user order item total cached retry queue found region latency bucket key=value status=200 upstream "
         "request payload REPORT Duration: START table index shard token customer 128 MB ms 3.14 ok naïve").split()

# A REPORT with its exact values; microseconds, MB, unix ms. -1: the record does not have it.
Record = collections.namedtuple("Record", "function version memory start outcome duration_us billed_us init_us restore_us "
                                          "max_memory end_at_ms stream request_id")
Event = collections.namedtuple("Event", "at_ms environment messages")  # messages that follow each other directly


class Environment:
    """One execution environment, which is one log stream."""
    __slots__ = ("function", "version", "memory", "stream", "idle_limit_ms", "uses_left", "used_mb")


class Function:
    def __init__(self, name, rng, share):
        self.name, self.share = name, share
        self.group = "/aws/lambda/" + name
        self.is_snap_start = name in SNAP_START
        self.median_ms = rng.choice((4, 12, 35, 80, 150, 400))
        self.sigma = rng.uniform(0.3, 0.9)
        self.timeout_ms = 3000 if self.median_ms < 100 else 15000
        self.init_ms = rng.uniform(90, 900)
        self.n_lines = rng.choice((0, 1, 2, 3, 4, 8))
        self.is_async = rng.random() < 0.5
        self.error_rate = rng.choice((0, 0.001, 0.004))
        self.night = rng.uniform(0.05, 0.9)  # rate at night over the rate at noon
        sizes = rng.sample((128, 256, 512, 1024, 1769, 3008), 3)
        is_published = rng.random() < 0.6
        starts = sorted([0, *(rng.uniform(0, HOURS * HOUR_MS) for _ in range(rng.randrange(3)))])
        first = rng.randrange(1, 60)
        self.deployments = [(MONDAY_MS + int(at), str(first + i) if is_published else "$LATEST", size)
                            for i, (at, size) in enumerate(zip(starts, sizes))]
        self.idle = []      # (free since, environment), the one used last at the end
        self.busy = []      # heap of (free at, serial, environment)
        self.arrivals = []  # heap of (at, request id, attempt)

    def rate(self, hour):
        """Of an hour of the week, as a factor."""
        day = 0.6 + 0.4 * math.cos((hour % 24 - 14) / 24 * 2 * math.pi)
        return (self.night + (1 - self.night) * day) * (0.4 if hour >= 120 else 1)

    def deployment(self, at_ms):
        return self.deployments[bisect.bisect_right(self.deployments, (at_ms, "~", 0)) - 1]


def centis(value):
    """Hundredths of a millisecond as the log prints them."""
    return f"{value // 100}.{value % 100:02d}"


class Fleet:
    """Makes events hour by hour; `truth` gets every REPORT."""

    def __init__(self, requests, seed=1, is_json=False, id_prefix="", truth=None):
        self.rng = rng = random.Random(seed)
        self.truth = [] if truth is None else truth
        self.invocation = self.json_invocation if is_json else self.text_invocation
        self.id_prefix, self.serial = id_prefix, itertools.count()
        names = [Function(name, rng, 1 / (i + 1)) for i, name in enumerate(NAMES)]
        shares = sum(f.share * f.rate(h) for f in names for h in range(HOURS))
        for f in names:
            f.share *= requests / shares
        self.functions = names
        self.texts = [" ".join(rng.choices(WORDS, k=int(rng.lognormvariate(2.9, 1)) + 1)) for _ in range(500)]
        self.seconds = {}

    def events(self):
        """In the order of their times."""
        for hour in range(HOURS):
            out = []
            for f in self.functions:
                self.hour(f, hour, out)
            out.sort()
            yield from (Event(at, environment, messages) for at, _, environment, messages in out)

    def hour(self, f, hour, out):
        begin = MONDAY_MS + hour * HOUR_MS
        wanted = f.share * f.rate(hour)
        r = self.rng.random
        n = int(wanted) + (r() < wanted % 1)
        i = 0
        while i < n:
            at = begin + int(r() * HOUR_MS)
            many = min(n - i, self.rng.randrange(2, 40)) if r() < 0.0015 else 1  # a batch that arrives at once
            f.arrivals += [(at + int(r() * 30) if many > 1 else at, self.uuid(), 1) for _ in range(many)]
            i += many
        heapq.heapify(f.arrivals)
        while f.arrivals and f.arrivals[0][0] < begin + HOUR_MS:
            self.invocation(f, *heapq.heappop(f.arrivals), out)

    def uuid(self):
        h = "%032x" % self.rng.getrandbits(128)
        return f"{self.id_prefix or h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def find_environment(self, f, at):
        """The environment that serves a request, and whether it is new."""
        _, version, memory = f.deployment(at)
        while f.busy and f.busy[0][0] <= at:
            free_at, _, e = heapq.heappop(f.busy)
            f.idle.append((free_at, e))
        while f.idle:
            free_at, e = f.idle.pop()
            if at - free_at > e.idle_limit_ms:
                f.idle.clear()  # the others have idled for longer
            elif e.version == version and e.memory == memory:
                return e, False
        e = Environment()
        e.function, e.version, e.memory = f, version, memory
        day = datetime.datetime.fromtimestamp(at // 1000, datetime.timezone.utc)
        e.stream = f"{day:%Y/%m/%d}/[{version}]{self.rng.getrandbits(128):032x}"
        e.idle_limit_ms = int(self.rng.uniform(300_000, 1_200_000))
        e.uses_left = 1 + int(self.rng.expovariate(1 / 60))
        e.used_mb = int(memory * self.rng.uniform(0.25, 0.9))
        return e, True

    def play(self, f, at, request_id, attempt):
        """One invocation: the record, its environment, status, and the times of start and end."""
        rng = self.rng
        e, is_new = self.find_environment(f, at)
        startup = int(f.init_ms * 100 * rng.lognormvariate(0, 0.2)) if is_new else -1
        duration = int(f.median_ms * 100 * rng.lognormvariate(0, f.sigma)) + 80
        used, outcome, status, error_type = e.used_mb + rng.randrange(3), "measured", "", ""
        luck = rng.random()
        if duration >= f.timeout_ms * 100 or luck > 0.9995:
            duration, outcome, status = f.timeout_ms * 100, "timeout", "timeout"
        elif luck < f.error_rate:
            outcome, status, error_type = "error", "error", "Runtime.ExitError"
            if rng.random() < 0.2:
                used, outcome, error_type = e.memory, "out_of_memory", "Runtime.OutOfMemory"
        init, restore, billed_restore = startup, -1, -1
        billed = -((-duration - max(init, 0)) // 100)  # one ceiling over the sum
        if f.is_snap_start and is_new:
            init, restore, billed_restore = -1, startup, startup // 300
            billed = -(-duration // 100) + billed_restore
        start_at = at + (-(-startup // 100) if is_new else 0)
        end_at = start_at + -(-duration // 100)
        start = "warm" if not is_new else "snapstart" if f.is_snap_start else "cold"
        record = Record(f.name, e.version, e.memory, start, outcome, duration * 10, billed * 1000, init * 10 if init >= 0 else -1,
                        restore * 10 if restore >= 0 else -1, used, end_at, e.stream, request_id)
        self.truth.append(record)
        e.uses_left -= 1
        if status:
            if f.is_async and attempt < 3:
                heapq.heappush(f.arrivals, (end_at + 60_000 * attempt, request_id, attempt + 1))
        elif e.uses_left > 0:
            heapq.heappush(f.busy, (end_at, next(self.serial), e))
        return record, e, is_new, (start_at, end_at), (duration, billed, startup, billed_restore), (status, error_type)

    def iso(self, at_ms):
        second = at_ms // 1000
        text = self.seconds.get(second)
        if text is None:
            if len(self.seconds) > 50_000:
                self.seconds.clear()
            text = f"{datetime.datetime.fromtimestamp(second, datetime.timezone.utc):%Y-%m-%dT%H:%M:%S}"
            self.seconds[second] = text
        return f"{text}.{at_ms % 1000:03d}Z"

    def text_invocation(self, f, at, request_id, attempt, out):
        record, e, is_new, (start_at, end_at), (duration, billed, startup, billed_restore), (status, error_type) = \
            self.play(f, at, request_id, attempt)
        rng, serial = self.rng, self.serial
        if is_new:
            runtime, arn = "java:21.v40" if f.is_snap_start else "nodejs:22.v51", "arn:aws:lambda:eu-west-1::runtime:" + "7b" * 32
            word = "RESTORE_START" if f.is_snap_start else "INIT_START"
            out.append((at, next(serial), e, (f"{word} Runtime Version: {runtime}\tRuntime Version ARN: {arn}\n",)))
            if f.is_snap_start:
                out.append((start_at, next(serial), e, (f"RESTORE_REPORT Restore Duration: {centis(startup)} ms\n",)))
        out.append((start_at, next(serial), e, (f"START RequestId: {request_id} Version: {e.version}\n",)))
        if f.n_lines:
            middle = (start_at + end_at) // 2
            out.append((middle, next(serial), e, self.application(f, middle, request_id)))
        tail = ""
        if is_new:
            tail = f"Init Duration: {centis(startup)} ms\t"
            if f.is_snap_start:
                tail = f"Restore Duration: {centis(startup)} ms\tBilled Restore Duration: {billed_restore} ms\t"
        if status:
            tail += f"Status: {status}" + (f"\tError Type: {error_type}" if error_type else "") + "\t"
        if rng.random() < 0.05:
            h = "%048x" % rng.getrandbits(192)
            tail += f"\nXRAY TraceId: 1-{h[:8]}-{h[8:32]}\tSegmentId: {h[32:]}\tSampled: true\t"
        out.append((end_at, next(serial), e,
                    (f"END RequestId: {request_id}\n",
                     f"REPORT RequestId: {request_id}\tDuration: {centis(duration)} ms\tBilled Duration: {billed} ms\t"
                     f"Memory Size: {e.memory} MB\tMax Memory Used: {record.max_memory} MB\t{tail}\n")))

    def application(self, f, at, request_id):
        """What the function prints: Node's format, plain prints, objects, stack traces, and lines that look like records."""
        rng, texts, lines = self.rng, self.texts, []
        stamp = self.iso(at)
        for _ in range(f.n_lines):
            text = texts[int(rng.random() * 500)]
            kind = rng.random()
            if kind < 0.7:
                lines.append(f"{stamp}\t{request_id}\tINFO\t{text}\n")
            elif kind < 0.9:
                lines.append(text + "\n")
            elif kind < 0.97:
                lines.append(f'{{"level":"info","message":"{text}","ms":{kind:.4f}}}\n')
            elif kind < 0.998:
                lines.append(f"{stamp}\t{request_id}\tERROR\tError: {text}\n    at handler (/var/task/index.js:12:9)\n    at process (node:1)\n")
            else:
                lines.append(f"REPORT of the day: {text}\n")
        return tuple(lines)

    def json_invocation(self, f, at, request_id, attempt, out):
        record, e, is_new, (start_at, end_at), (duration, billed, startup, billed_restore), (status, error_type) = \
            self.play(f, at, request_id, attempt)
        serial, iso = self.serial, self.iso
        if is_new:
            kind = "platform.restoreStart" if f.is_snap_start else "platform.initStart"
            out.append((at, next(serial), e, (
                f'{{"time":"{iso(at)}","type":"{kind}","record":{{"initializationType":"{"snap-start" if f.is_snap_start else "on-demand"}",'
                f'"phase":"init","runtimeVersion":"nodejs:22.v51","functionName":"{f.name}","functionVersion":"{e.version}"}}}}\n',)))
        out.append((start_at, next(serial), e, (
            f'{{"time":"{iso(start_at)}","type":"platform.start","record":{{"requestId":"{request_id}","version":"{e.version}"}}}}\n',)))
        if f.n_lines:
            middle = (start_at + end_at) // 2
            stamp = iso(middle)
            out.append((middle, next(serial), e, tuple(
                f'{{"timestamp":"{stamp}","level":"INFO","requestId":"{request_id}","message":"{self.texts[int(self.rng.random() * 500)]}"}}\n'
                for _ in range(f.n_lines))))
        more = ""
        if is_new:
            more = f',"initDurationMs":{centis(startup)}'
            if f.is_snap_start:
                more = f',"restoreDurationMs":{centis(startup)},"billedRestoreDurationMs":{billed_restore}'
        failed = f',"errorType":"{error_type}"' if error_type else ""
        out.append((end_at, next(serial), e, (
            f'{{"time":"{iso(end_at)}","type":"platform.report","record":{{"requestId":"{request_id}","metrics":{{"durationMs":{centis(duration)},'
            f'"billedDurationMs":{billed},"memorySizeMB":{e.memory},"maxMemoryUsedMB":{record.max_memory}{more}}},'
            f'"status":"{status or "success"}"{failed}}}}}\n',)))


# --- forms in which a log reaches its reader: each takes the fleet and a text file ---

def write_text(fleet, out):
    for event in fleet.events():
        out.write("".join(event.messages))


def aws_iso(at_ms):
    """As Python's isoformat prints it, which `aws logs tail` uses."""
    return datetime.datetime.fromtimestamp(at_ms // 1000, datetime.timezone.utc).replace(microsecond=at_ms % 1000 * 1000).isoformat()


def line_writer(prefix):
    def write(fleet, out):
        for event in fleet.events():
            front = prefix(fleet, event)
            out.write("".join([front + message for message in event.messages]))
    return write


write_detailed = line_writer(lambda fleet, e: f"{fleet.iso(e.at_ms)[:-1]}000+00:00 {e.environment.stream} " if e.at_ms % 1000
                             else f"{aws_iso(e.at_ms)} {e.environment.stream} ")
write_short = line_writer(lambda fleet, e: fleet.iso(e.at_ms)[:-5] + " ")
write_export = line_writer(lambda fleet, e: fleet.iso(e.at_ms) + " ")  # lines of an S3 export, of all streams in one file
write_epoch = line_writer(lambda fleet, e: f"{e.at_ms}\t")
write_sam = line_writer(lambda fleet, e: f"{e.environment.stream} {fleet.iso(e.at_ms)[:-1]}000 ")
write_awslogs = line_writer(lambda fleet, e: f"{e.environment.function.group} {e.environment.stream} {fleet.iso(e.at_ms)} ")


def write_filter_log_events(fleet, out):
    out.write('{"events":[')
    comma = ""
    for event in fleet.events():
        for message in event.messages:
            out.write(comma + json.dumps({"logStreamName": event.environment.stream, "timestamp": event.at_ms, "message": message,
                                          "ingestionTime": event.at_ms + 900, "eventId": str(next(fleet.serial))}))
            comma = ",\n"
    out.write('],"searchedLogStreams":[]}\n')


def write_firehose(fleet, out):
    """Documents of a subscription, one after the other with nothing between them."""
    def flush(e, batch):
        out.write(json.dumps({"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": e.function.group, "logStream": e.stream,
                              "subscriptionFilters": ["all"], "logEvents": batch}))
    batches = {}
    for event in fleet.events():
        e = event.environment
        batch = batches.setdefault(e.stream, (e, []))[1]
        batch += [{"id": str(next(fleet.serial)), "timestamp": event.at_ms, "message": m} for m in event.messages]
        if len(batch) > 50:
            flush(*batches.pop(e.stream))
    for e, batch in batches.values():
        flush(e, batch)


def write_s3(fleet, folder, name=None):
    """A CreateExportTask folder; `name`: of one function alone, as an export is of one log group."""
    streams = {}
    for event in fleet.events():
        if name in (None, event.environment.function.name):
            stamp = fleet.iso(event.at_ms)
            streams.setdefault(event.environment.stream, []).extend(f"{stamp} {m}\n" for m in event.messages)
    for stream, texts in streams.items():
        path = os.path.join(folder, "exportedlogs", "2f5c6a1e-8d1b-4f6e-9a53-0a1b2c3d4e5f", stream.replace("/", "-"))
        os.makedirs(path)
        with gzip.open(os.path.join(path, "000000.gz"), "wb", compresslevel=1) as f:
            f.write("".join(texts).encode())


FORMS = {"text": write_text, "detailed": write_detailed, "short": write_short, "export": write_export, "epoch": write_epoch, "sam": write_sam,
         "awslogs": write_awslogs, "filter-log-events": write_filter_log_events, "firehose": write_firehose, "json": write_text}


def generate(form, requests, seed=1, truth=None):
    """A log of about that many requests as bytes; `truth`, a list, gets its records."""
    out = io.StringIO()
    FORMS[form](Fleet(requests, seed, form == "json", truth=truth), out)
    return out.getvalue().encode()


def requests_of(form, size, seed):
    sample = generate(form, 30_000, seed)
    return max(1, int(size * 30_000 / len(sample)))


class Nowhere:
    """A truth that nobody wants."""
    def append(self, record):
        pass


def write_file(form, size, path, seed=1, id_prefix=""):
    requests = requests_of(form, size, seed)
    with open(path, "w", encoding="utf-8", buffering=1 << 20) as out:
        FORMS[form](Fleet(requests, seed, form == "json", id_prefix, Nowhere()), out)


def repeated(blocks, n):
    """The log n times, each time with its own request ids: `blocks` gives its bytes in pieces of whole lines."""
    for i in range(n):
        for block in blocks():
            yield block.replace(FIXED_PREFIX.encode(), b"%08x" % (0x5eed0000 + i)) if i else block


def file_blocks(path, size=16 << 20):
    def blocks():
        with open(path, "rb") as f:
            while piece := f.read(size):
                yield piece + f.readline()
    return blocks


def read_through(path):
    """Into the page cache."""
    with open(path, "rb", buffering=0) as f:
        while f.read(16 << 20):
            pass


def bytes_of(text):
    return int(float(text.rstrip("KMG")) * {"K": 1e3, "M": 1e6, "G": 1e9}.get(text[-1], 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("form", choices=[*FORMS, "s3"])
    parser.add_argument("--size", type=bytes_of, default=10_000_000, help="about that many bytes: 500K, 100M, 1G")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeatable", action="store_true", help="request ids with a common start, which a repeated copy changes")
    parser.add_argument("-o", "--output", default="/dev/stdout")
    args = parser.parse_args()
    if args.form == "s3":
        write_s3(Fleet(requests_of("text", args.size, args.seed), args.seed), args.output)
    else:
        write_file(args.form, args.size, args.output, args.seed, FIXED_PREFIX if args.repeatable else "")


if __name__ == "__main__":
    sys.exit(main())
