#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes tests/data/logs: the same few events in each transport form, as the tool or service that
the form is of would write them, and events.jsonl, what a reader must find.

    tests/log/write_forms.py [FOLDER]
"""
import base64
import csv
import gzip
import io
import json
import os
import sys
from datetime import datetime, timezone

GROUP = "/aws/lambda/checkout"
STREAM = "2026/10/08/[$LATEST]56af4bde70a47ae7d0f1ebb30e45ed33"
OTHER = "2026/10/08/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0"
ID = "8286a188-ba32-4475-8077-530cd35c09a9"
ID2 = "0f1e2d3c-4b5a-4968-8796-a5b4c3d2e1f0"
T = 1791468191482  # 2026-10-08T14:03:11.482Z

EVENTS = [
    (T, STREAM, "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: "
     "arn:aws:lambda:eu-central-1::runtime:0a1b2c\n"),
    (T + 215, STREAM, f"START RequestId: {ID} Version: $LATEST\n"),
    (T + 216, STREAM, 'said "caf\u00e9 \U0001f600" \\ C:\\temp, {"a": [1, 2]} and \u2028 then /\n'),
    (T + 217, STREAM, "[ERROR] ValueError: no\nTraceback (most recent call last):\n  File \"f.py\", line 3\n"),
    (T + 230, STREAM, f"END RequestId: {ID}\n"),
    (T + 230, STREAM, f"REPORT RequestId: {ID}\tDuration: 14.97 ms\tBilled Duration: 229 ms\t"
     "Memory Size: 128 MB\tMax Memory Used: 67 MB\tInit Duration: 213.20 ms\t\n"),
    (T + 1000, OTHER, f"START RequestId: {ID2} Version: 7\n"),
    (T + 1003, OTHER, f"END RequestId: {ID2}\n"),
    (T + 1003, OTHER, f"REPORT RequestId: {ID2}\tDuration: 2.50 ms\tBilled Duration: 3 ms\t"
     "Memory Size: 1024 MB\tMax Memory Used: 90 MB\t\n"),
]


def iso(ms, form="%Y-%m-%dT%H:%M:%S.%f"):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime(form)


def event(i):
    at, stream, message = EVENTS[i]
    return {"logStreamName": stream, "timestamp": at, "message": message,
            "ingestionTime": at + 700, "eventId": "3957%052d" % i}


def page(events, token=None):
    out = {"events": events, "searchedLogStreams": [{"logStreamName": STREAM, "searchedCompletely": True}]}
    if token:
        out["nextToken"] = token
    return out


def of_stream(stream):
    return [{"id": e["eventId"], "timestamp": e["timestamp"], "message": e["message"]}
            for e in map(event, range(len(EVENTS))) if e["logStreamName"] == stream]


def data_message(stream):
    return {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": GROUP, "logStream": stream,
            "subscriptionFilters": ["all"], "logEvents": of_stream(stream)}


CONTROL = {"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
           "subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": T, "message":
           "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}


def packed(document):
    return base64.b64encode(gzip.compress(json.dumps(document).encode(), mtime=0)).decode()


def fields(e):
    return {"@timestamp": iso(e["timestamp"], "%Y-%m-%d %H:%M:%S.%f")[:-3], "@message": e["message"],
            "@logStream": e["logStreamName"], "@log": "123456789012:" + GROUP, "@ptr": "CmEKJg" + e["eventId"]}


def results(rows, **more):
    cells = [[{"field": k, "value": v} for k, v in row.items()] for row in rows]
    return {"results": cells, "statistics": {"recordsMatched": float(len(rows)), "recordsScanned": 9.0,
                                             "bytesScanned": 1234.0}, "status": "Complete", **more}


COMPUTED = [
    {"@timestamp": iso(T + 230, "%Y-%m-%d %H:%M:%S.%f")[:-3], "@logStream": STREAM, "@type": "REPORT",
     "@requestId": ID, "@duration": "14.97", "@billedDuration": "229.0", "@memorySize": "1.28E8",
     "@maxMemoryUsed": "6.7E7", "@initDuration": "213.2", "@ptr": "CmEKJg"},
    {"@timestamp": iso(T + 1003, "%Y-%m-%d %H:%M:%S.%f")[:-3], "@logStream": OTHER, "@type": "REPORT",
     "@requestId": ID2, "@duration": "2.5", "@billedDuration": "3.0", "@memorySize": "1.024E9",
     "@maxMemoryUsed": "9.0E7", "@ptr": "CmEKJg"},
]

PLATFORM = [
    {"time": iso(T)[:-3] + "Z", "type": "platform.start", "record": {"requestId": ID, "version": "7"}},
    {"time": iso(T + 1)[:-3] + "Z", "type": "function", "record": "hello {\n"},
    {"time": iso(T + 20)[:-3] + "Z", "type": "platform.report", "record": {
        "requestId": ID, "metrics": {"durationMs": 14.97, "billedDurationMs": 15, "memorySizeMB": 128,
                                     "maxMemoryUsedMB": 67},
        "spans": [{"name": "extensionOverhead", "start": iso(T)[:-3] + "Z", "durationMs": 1.2}],
        "status": "success"}},
]


def cli_text(identifier, objects):
    """awscli/text.py: the scalars of an object in the order of their keys, between tabs."""
    return "".join("\t".join([identifier] + [str(o[k]) for k in sorted(o)]) + "\n" for o in objects)


def tail_json():
    out = ""
    for at, stream, message in EVENTS + [(T + 1100, OTHER, json.dumps(PLATFORM[2]))]:
        time = datetime.fromtimestamp(at / 1000, timezone.utc).isoformat()
        try:
            message = "\n" + json.dumps(json.loads(message), indent=4)
        except ValueError:
            pass
        out += f"{time} {stream} {message}".rstrip() + "\n"
    return out


def rows_csv(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def without_group(e):
    return {k: e[k] for k in ("timestamp", "message", "ingestionTime")}


def lines(form):
    return "".join(form(at, stream, message).rstrip() + "\n" for at, stream, message in EVENTS)


def forms():
    all_events = [event(i) for i in range(len(EVENTS))]
    pages = [page(all_events[:4], "b/abc"), page([]), page(all_events[4:])]
    messages = [m for _, _, m in EVENTS]
    yield "plain.log", "".join(messages)
    yield "json-lines.log", "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in PLATFORM)
    yield "tail-detailed.log", lines(lambda a, s, m: f"{iso(a)}+00:00 {s} {m}")
    yield "tail-short.log", lines(lambda a, s, m: f"{iso(a, '%Y-%m-%dT%H:%M:%S')} {m}")
    yield "tail-json.log", tail_json()
    yield "sam.log", lines(lambda a, s, m: f"{s} {iso(a)} {m}")
    yield "awslogs.log", lines(lambda a, s, m: f"{GROUP} {s:52} {iso(a)[:-3]}Z {m}")
    yield "s3-export.log", "".join(f"{iso(a)[:-3]}Z {m}\n" for a, _, m in EVENTS)
    yield "epoch.log", "".join(f"{a}\t{m}\n" for a, _, m in EVENTS)
    yield "filter.json", "".join(json.dumps(p, indent=4) + "\n" for p in pages)
    yield "filter-compact.json", "".join(json.dumps(p, separators=(",", ":"), ensure_ascii=False) for p in pages)
    yield "get.json", json.dumps({"events": [without_group(e) for e in all_events],
                                  "nextForwardToken": "f/1", "nextBackwardToken": "b/1"}, indent=4)
    yield "query-events.json", json.dumps(all_events, indent=4)
    yield "event-lines.json", "".join(json.dumps(e) + "\n" for e in all_events)
    yield "query-messages.json", json.dumps(messages, indent=4)
    yield "filter.txt", cli_text("EVENTS", all_events) + f"SEARCHEDLOGSTREAMS\t{STREAM}\tTrue\n"
    yield "get.txt", "b/1\tf/1\n" + cli_text("EVENTS", map(without_group, all_events))
    yield "insights.json", json.dumps(results([fields(e) for e in all_events]), indent=4)
    yield "insights-sorted.json", json.dumps(results([fields(e) for e in all_events]), sort_keys=True)
    yield "insights-console.json", json.dumps([fields(e) for e in all_events])
    yield "insights-computed.json", json.dumps(results(COMPUTED), indent=4)
    yield "insights.csv", rows_csv([{k: fields(e)[k] for k in ("@timestamp", "@message", "@logStream", "@log")}
                                    for e in all_events])
    yield "insights-computed.csv", rows_csv([{k: c.get(k, "") for k in COMPUTED[0]} for c in COMPUTED])
    yield "console.csv", rows_csv([{"timestamp": a, "message": m} for a, _, m in EVENTS])
    yield "subscription.json", "".join(json.dumps({"awslogs": {"data": packed(data_message(s))}}) + "\n"
                                       for s in (STREAM, OTHER))
    yield "kinesis.json", json.dumps({"Records": [
        {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "p", "sequenceNumber": "49",
                     "data": packed(d), "approximateArrivalTimestamp": T / 1000},
         "eventSource": "aws:kinesis", "eventID": "shardId-0:49"}
        for d in (CONTROL, data_message(STREAM), data_message(OTHER))]}, indent=2)
    yield "firehose-records.json", json.dumps({"invocationId": "i", "deliveryStreamArn": "arn:aws:firehose", "records": [
        {"recordId": "49", "approximateArrivalTimestamp": T, "data": packed(data_message(s))} for s in (STREAM, OTHER)]})
    yield "firehose.json", "".join(json.dumps(d, separators=(",", ":"))
                                   for d in (CONTROL, data_message(STREAM), data_message(OTHER)))
    yield "firehose-lines.json", "".join(json.dumps(d) + "\n" for d in (data_message(STREAM), CONTROL, data_message(OTHER)))
    yield "telemetry.json", json.dumps(PLATFORM[:1]) + "\n" + json.dumps(PLATFORM[1:], indent=2) + "\n"


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "data", "logs")
    for name, text in forms():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as f:
            f.write(text)
    with open(os.path.join(folder, "events.jsonl"), "w", encoding="utf-8") as f:
        for at, stream, message in EVENTS:
            f.write(json.dumps({"group": GROUP, "stream": stream, "at": at, "message": message}) + "\n")


main()
