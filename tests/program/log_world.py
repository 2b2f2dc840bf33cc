# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs put into a service that speaks the API of CloudWatch Logs, and what coldprof should read there:
the truth of log_generator.py in the words of tests/import/cloud_client.c.
"""
import collections
import datetime
import http.client
import json
import math
import time

import aws_client
import log_generator
from fixtures import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN

MINUTE_MS = 60_000


class Logs:
    """CloudWatch Logs, spoken as AWS describes it."""

    def __init__(self, endpoint, region="us-east-1"):
        self.host, self.region = endpoint.partition("//")[2], region

    def call(self, operation, **body):
        payload = json.dumps(body).encode()
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.host, "x-amz-date": date, "x-amz-security-token": SESSION_TOKEN,
                   "content-type": "application/x-amz-json-1.1", "x-amz-target": f"Logs_20140328.{operation}"}
        headers["authorization"] = aws_client.sign("POST", "/", "", headers, payload, key_id=ACCESS_KEY_ID, secret=SECRET_ACCESS_KEY,
                                                   region=self.region, service="logs", date=date)
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request("POST", "/", payload, headers)
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        finally:
            connection.close()
        if response.status >= 300:
            raise aws_client.Refused(response.status, answer.get("__type"), answer.get("message"))
        return answer

    def put(self, group, streams):
        """`streams`: lists of (at_ms, message) by name, in the order of their times."""
        self.call("CreateLogGroup", logGroupName=group)
        for stream, events in streams.items():
            self.call("CreateLogStream", logGroupName=group, logStreamName=stream)
            for batch in batches(events):
                answer = self.call("PutLogEvents", logGroupName=group, logStreamName=stream,
                                   logEvents=[{"timestamp": at, "message": m} for at, m in batch])
                assert not answer.get("rejectedLogEventsInfo"), answer


def batches(events):
    """Within the limits of PutLogEvents: 10,000 events, 1 MB, a day."""
    batch, size = [], 0
    for at, message in events:
        n = len(message.encode()) + 26
        if batch and (len(batch) == 5000 or size + n > 900_000 or at - batch[0][0] > 80_000_000):
            yield batch
            batch, size = [], 0
        batch.append((at, message))
        size += n
    if batch:
        yield batch


class Week:
    """A week of some functions, moved to the last days before now: log groups, streams and truth."""

    def __init__(self, requests, names, is_json=False, seed=1):
        records = []
        fleet = log_generator.Fleet(requests, seed, is_json=is_json, truth=records)
        now_ms = int(time.time() * 1000)
        self.shift_ms = (now_ms - log_generator.MONDAY_MS) // MINUTE_MS * MINUTE_MS - 8 * 24 * 60 * MINUTE_MS
        self.from_ms = log_generator.MONDAY_MS + self.shift_ms - 60 * MINUTE_MS
        self.to_ms = self.from_ms + 8 * 24 * 60 * MINUTE_MS
        self.groups = {f"/aws/lambda/{n}": collections.defaultdict(list) for n in names}
        for event in fleet.events():
            e = event.environment
            if e.function.name in names:
                streams = self.groups[e.function.group]
                streams[e.stream] += [(event.at_ms + self.shift_ms, m) for m in event.messages]
        for streams in self.groups.values():
            for events in streams.values():
                events.sort(key=lambda e: e[0])
        self.records = [r._replace(end_at_ms=r.end_at_ms + self.shift_ms) for r in records if r.function in names]

    def put(self, endpoint):
        logs = Logs(endpoint)
        for group, streams in self.groups.items():
            logs.put(group, streams)
        return logs

    def cells(self):
        """"cell ..." lines without the last number of each metric, which depends on the bins."""
        cells = collections.defaultdict(lambda: collections.defaultdict(list))
        for r in self.records:
            cell = cells[r.function, r.version, r.memory, r.start, r.outcome]
            startup = r.init_us if r.init_us >= 0 else r.restore_us
            cell["duration"].append(r.duration_us)
            cell["billed"].append(r.billed_us)
            cell["memory"].append(r.max_memory)
            if startup >= 0:
                cell["init"].append(startup)
                cell["total"].append(startup + r.duration_us)
        lines = set()
        for (function, version, memory, start, outcome), cell in cells.items():
            values = " ".join(f"{m}={len(v)},{sum(v)},{min(v, default=0)},{max(v, default=0)}"
                              for m in ("duration", "billed", "init", "total", "memory") for v in [cell[m]])
            lines.add(f"cell {function} {version} {memory} {start} {outcome.replace(chr(32), chr(95))} {len(cell['duration'])} {values}")
        return lines

    def minutes(self):
        minutes = collections.defaultdict(lambda: [0, 0, 0, [0, 0, 0, 0]])
        for r in self.records:
            startup = max(r.init_us, r.restore_us, 0)
            begin = r.end_at_ms - math.floor((r.duration_us + startup) / 1000 + 0.5)
            first = minutes[r.function, r.version, begin // MINUTE_MS]
            first[0] += 1
            first[1] += r.start != "warm"
            for minute in range(begin // MINUTE_MS, max(begin, r.end_at_ms - 1) // MINUTE_MS + 1):
                m = minutes[r.function, r.version, minute]
                m[2] += min(r.end_at_ms, (minute + 1) * MINUTE_MS) - max(begin, minute * MINUTE_MS)
                for i in range(4):
                    m[3][i] += begin <= minute * MINUTE_MS + i * 15_000 < r.end_at_ms
        return {f"minute {f} {v} {minute} {m[0]} {m[1]} {m[2]} {','.join(map(str, m[3]))}" for (f, v, minute), m in minutes.items()}
