# SPDX-License-Identifier: GPL-3.0-or-later
"""boto3 and the AWS CLI read the logs that the embedded service keeps. What is expected is what the
functions were made to print, what AWS documents, or what botocore's model says.
"""
import datetime
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import uuid

import peer_service as peers

peers.use_peer_python()

import test_api_clients as api  # noqa: E402  the same service, the same comparison with the model

STREAM = re.compile(r"^\d{4}/\d\d/\d\d/\[(\$LATEST|\d+)\][0-9a-f]{32}$")
DAY_MS = 86400000


def now_ms():
    return int(time.time() * 1000)


class Case(api.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.logs = cls.shapes.watch(cls.service.client("logs"))

    def tearDown(self):
        self.assertEqual(self.shapes.findings, [])

    def invoked(self, name, times=1, text=None, **more):
        """A function of that name that ran so often; its group."""
        self.create(name, Code={"ZipFile": api.make_zip(text)} if text else {"ZipFile": api.make_zip()}, **more)
        for _ in range(times):
            self.client.invoke(FunctionName=name)
        return f"/aws/lambda/{name}"

    def filled(self, events, stream="one", group=None):
        """A new group with these (time, message) in one stream."""
        group = group or f"/test/{uuid.uuid4().hex}"
        if not self.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            self.logs.create_log_group(logGroupName=group)
        self.logs.create_log_stream(logGroupName=group, logStreamName=stream)
        for at in range(0, len(events), 5000):
            answer = self.logs.put_log_events(
                logGroupName=group, logStreamName=stream,
                logEvents=[{"timestamp": t, "message": m} for t, m in events[at:at + 5000]])
            self.assertNotIn("rejectedLogEventsInfo", answer)
        return group

    def filtered(self, group, **more):
        pages = list(self.logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more))
        self.pages = [len(p["events"]) for p in pages]
        return [e for p in pages for e in p["events"]]


class Kept(Case):
    def test_a_functions_log_is_there_as_lambda_writes_it(self):
        before = now_ms()
        group = self.invoked("kept", 3)
        events = self.filtered(group)
        after = now_ms()
        messages = [e["message"] for e in events]
        self.assertEqual(len({e["logStreamName"] for e in events}), 1)
        self.assertRegex(events[0]["logStreamName"], STREAM)
        self.assertRegex(messages[0], r"^INIT_START Runtime Version: [^\t\n]+\n$")
        for i in range(3):
            start, seen, end, report = messages[1 + 4 * i:5 + 4 * i]
            found = re.match(r"^START RequestId: ([0-9a-f-]{36}) Version: \$LATEST\n$", start)
            self.assertTrue(found, start)
            self.assertEqual((seen, end), ("seen\n", f"END RequestId: {found[1]}\n"))
            self.assertRegex(report, rf"^REPORT RequestId: {found[1]}\tDuration: [0-9.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t.*\n$")
            self.assertEqual("Init Duration: " in report, i == 0)
        self.assertEqual(len(messages), 13)
        times = [e["timestamp"] for e in events]
        self.assertEqual(times, sorted(times))
        self.assertTrue(before <= times[0] and times[-1] <= after)
        self.assertEqual(len({e["eventId"] for e in events}), len(events))
        self.assertTrue(all(re.fullmatch(r"\d{56}", e["eventId"]) for e in events))
        self.assertEqual([e["eventId"] for e in events], sorted(e["eventId"] for e in events))
        only = self.filtered(group, filterPattern='"REPORT RequestId"')
        self.assertEqual([e["message"] for e in only], [m for m in messages if m.startswith("REPORT ")])

    def test_json_format_and_a_group_of_its_own(self):
        self.create("json", LoggingConfig={"LogFormat": "JSON", "LogGroup": "/shared/json"})
        self.client.invoke(FunctionName="json")
        events = self.filtered("/shared/json", filterPattern='{ $.type = "platform.report" }')
        self.assertEqual(len(events), 1)
        record = json.loads(events[0]["message"])
        self.assertGreater(record["record"]["metrics"]["initDurationMs"], 0)
        self.assertEqual(record["record"]["metrics"]["memorySizeMB"], 128)
        self.assertRegex(events[0]["logStreamName"], r"^\d{4}/\d\d/\d\d/json\[\$LATEST\][0-9a-f]{32}$")

    def test_the_group_outlives_its_function(self):
        group = self.invoked("gone")
        self.client.delete_function(FunctionName="gone")
        self.assertEqual(len(self.filtered(group, filterPattern="REPORT")), 1)
        self.logs.delete_log_group(logGroupName=group)
        self.refused("ResourceNotFoundException", 400, self.logs.filter_log_events, logGroupName=group)

    def test_groups_and_streams_are_described(self):
        names = [f"/describe/{i:03}" for i in range(60)]
        for name in names:
            self.logs.create_log_group(logGroupName=name)
        pages = list(self.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/describe/"))
        self.assertEqual([len(p["logGroups"]) for p in pages], [50, 10])
        self.assertEqual([g["logGroupName"] for p in pages for g in p["logGroups"]], names)
        self.assertEqual([g["logGroupName"] for g in self.logs.describe_log_groups(logGroupNamePattern="ibe/00")["logGroups"]], names[:10])
        group = self.logs.describe_log_groups(logGroupNamePrefix=names[0])["logGroups"][0]
        self.assertEqual(group["arn"], f"arn:aws:logs:us-east-1:000000000000:log-group:{names[0]}:*")
        t = now_ms() - 10000
        for i, name in enumerate(("c", "a", "b")):
            self.filled([(t + i, "x"), (t + i + 10, "yz")], name, names[0])
        self.assertEqual(self.logs.describe_log_groups(logGroupNamePrefix=names[0])["logGroups"][0]["storedBytes"], 3 * (3 + 2 * 26))
        by_name = self.logs.describe_log_streams(logGroupName=names[0])["logStreams"]
        self.assertEqual([s["logStreamName"] for s in by_name], ["a", "b", "c"])
        self.assertEqual((by_name[0]["firstEventTimestamp"], by_name[0]["lastEventTimestamp"]), (t + 1, t + 11))
        newest = self.logs.get_paginator("describe_log_streams").paginate(
            logGroupName=names[0], orderBy="LastEventTime", descending=True, PaginationConfig={"PageSize": 2})
        self.assertEqual([s["logStreamName"] for p in newest for s in p["logStreams"]], ["b", "a", "c"])
        self.assertEqual([s["logStreamName"] for s in self.logs.describe_log_streams(
            logGroupIdentifier=group["logGroupArn"], logStreamNamePrefix="b")["logStreams"]], ["b"])
        self.refused("InvalidParameterException", 400, self.logs.describe_log_streams, logGroupName=names[0], orderBy="LastEventTime",
                     logStreamNamePrefix="b")


class Filtered(Case):
    def test_pages_come_in_order_and_some_are_empty(self):
        t = now_ms() - 100000
        group = self.filled([(t + i, f"event {i}") for i in range(0, 25000, 2)], "even")
        self.filled([(t + i, f"event {i}") for i in range(1, 25000, 2)], "odd", group)
        events = self.filtered(group)
        self.assertEqual([e["message"] for e in events], [f"event {i}" for i in range(25000)])
        self.assertEqual(self.pages, [10000, 0, 10000, 5000])
        sparse = self.filtered(group, filterPattern='"event 24999"')
        self.assertEqual([e["timestamp"] for e in sparse], [t + 24999])
        self.assertEqual(self.pages, [0, 0, 0, 1])
        some = self.filtered(group, startTime=t + 10, endTime=t + 20, logStreamNamePrefix="e", PaginationConfig={"PageSize": 4})
        self.assertEqual([e["timestamp"] - t for e in some], [10, 12, 14, 16, 18, 20])  # both ends are inside
        self.assertEqual(self.pages, [4, 0, 2])
        named = self.filtered(group, logStreamNames=["odd"], startTime=t + 24990)
        self.assertEqual([e["timestamp"] - t for e in named], [24991, 24993, 24995, 24997, 24999])
        token = self.logs.filter_log_events(logGroupName=group, limit=1)["nextToken"]
        self.refused("InvalidParameterException", 400, self.logs.filter_log_events, logGroupName=group, limit=1, nextToken=token, startTime=5)
        self.refused("InvalidParameterException", 400, self.logs.filter_log_events, logGroupName=group, nextToken="x")

    def test_a_page_has_one_megabyte(self):
        t = now_ms() - 1000
        group = self.filled([(t, "x" * 200000)] * 5)
        self.logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[{"timestamp": t + 1, "message": "y" * 200000}] * 3)
        self.assertEqual(len(self.filtered(group)), 8)
        self.assertEqual(self.pages, [5, 0, 3])

    def test_patterns(self):
        t = now_ms() - 1000
        texts = ["ERROR disk full", "WARN disk slow", "INFO fine", "error in case", "[ERROR] Exit: 3",
                 '{"level":"ERROR","n":3,"a":{"b":[1,{"c":"xyz"}]},"ok":true,"none":null}', '{"level":"INFO","n":5}']
        group = self.filled([(t + i, m) for i, m in enumerate(texts)])
        for pattern, expected in (
                ("", [0, 1, 2, 3, 4, 5, 6]), ("ERROR", [0, 4, 5]), ("ERROR disk", [0]), ("disk -ERROR", [1]),
                ("?ERROR ?WARN", [0, 1, 4, 5]), ('"disk slow"', [1]), ('-"disk"', [2, 3, 4, 5, 6]), ('"[ERROR]"', [4]),
                ('{ $.level = "ERROR" }', [5]), ("{ $.n > 3 }", [6]), ("{ $.n >= 3 }", [5, 6]), ('{ $.level = "*R*" && $.n = 3 }', [5]),
                ('{ ($.n = 5) || ($.a.b[1].c = "x*") }', [5, 6]), ('{ $.n != 3 }', [6]), ("{ $.ok IS TRUE }", [5]), ("{ $.none IS NULL }", [5]),
                ("{ $.ok NOT EXISTS }", [6]), ("{ $.n = 3.0 }", [5])):
            with self.subTest(pattern):
                self.assertEqual([e["timestamp"] - t for e in self.filtered(group, filterPattern=pattern)], expected)
        for pattern in ('"open', "{ $.n = }", "{ $.n 3 }", "{ n = 3 }", "{ $.n = 3", "[a, b]", "{ ($.n = 3 }", "%re%"):
            with self.subTest(pattern):
                self.refused("InvalidParameterException", 400, self.logs.filter_log_events, logGroupName=group, filterPattern=pattern)


class Put(Case):
    def test_limits_are_those_of_aws(self):
        group = self.filled([])
        put = {"logGroupName": group, "logStreamName": "one"}
        t = now_ms()

        def refused(events, code="InvalidParameterException", **more):
            self.refused(code, 400, self.logs.put_log_events, **{**put, **more}, logEvents=events)
        at = lambda *times: [{"timestamp": t + x, "message": "m"} for x in times]  # noqa: E731
        refused(at(5, 4))
        refused(at(-DAY_MS - 1, 0))
        self.logs.put_log_events(**put, logEvents=[{"timestamp": t, "message": "x" * 131046}] * 8)  # 8 * (131,046 + 26): 1 MB
        self.logs.delete_log_stream(**put)
        self.logs.create_log_stream(**put)
        refused([{"timestamp": t, "message": "x" * 131046}] * 7 + [{"timestamp": t, "message": "x" * 131047}])
        refused(at(0), "ResourceNotFoundException", logStreamName="none")
        refused(at(0), "ResourceNotFoundException", logGroupName="none")
        answer = self.logs.put_log_events(**put, logEvents=at(-14 * DAY_MS - 60000, -14 * DAY_MS + 60000))
        self.assertEqual(answer["rejectedLogEventsInfo"], {"tooOldLogEventEndIndex": 1})
        answer = self.logs.put_log_events(**put, logEvents=at(0, 7100000, 7300000))
        self.assertEqual(answer["rejectedLogEventsInfo"], {"tooNewLogEventStartIndex": 2})
        self.assertEqual([e["timestamp"] - t for e in self.filtered(group)], [-14 * DAY_MS + 60000, 0, 7100000])
        self.refused("ResourceAlreadyExistsException", 400, self.logs.create_log_group, logGroupName=group)
        self.refused("ResourceAlreadyExistsException", 400, self.logs.create_log_stream, **put)
        self.refused("InvalidParameterException", 400, self.logs.create_log_group, logGroupName="no blanks")
        self.logs.delete_log_stream(**put)
        refused(at(0), "ResourceNotFoundException")

    def test_one_stream_is_read_from_both_ends(self):
        t = now_ms() - 5000
        group = self.filled([(t + i, str(i)) for i in range(10)])
        get = lambda **more: self.logs.get_log_events(logGroupName=group, logStreamName="one", **more)  # noqa: E731
        said = lambda page: "".join(e["message"] for e in page["events"])  # noqa: E731
        first = get(limit=4, startFromHead=True)
        second = get(limit=4, nextToken=first["nextForwardToken"])
        third = get(limit=4, nextToken=second["nextForwardToken"])
        end = get(limit=4, nextToken=third["nextForwardToken"])
        self.assertEqual([said(p) for p in (first, second, third, end)], ["0123", "4567", "89", ""])
        self.assertEqual(end["nextForwardToken"], third["nextForwardToken"])
        last = get(limit=4)
        self.assertEqual([said(last), said(get(limit=4, nextToken=last["nextBackwardToken"]))], ["6789", "2345"])
        self.assertEqual(said(get(startTime=t + 2, endTime=t + 5, startFromHead=True)), "234")  # endTime is outside here
        self.refused("InvalidParameterException", 400, get, nextToken="f/1/s")

    def test_who_asks_is_checked(self):
        import boto3
        from botocore.config import Config

        def with_keys(**more):
            return boto3.client("logs", **{"endpoint_url": self.service.facts["endpoint"], "region_name": "us-east-1",
                                           "aws_access_key_id": peers.KEY_ID, "aws_secret_access_key": peers.SECRET,
                                           "config": Config(retries={"total_max_attempts": 1}), **more})
        wrong = peers.fixtures.secret("wrong")
        for code, more in (("UnrecognizedClientException", {"aws_access_key_id": "AKIAFIXTUREEXAMPLE99"}),
                           ("InvalidSignatureException", {"aws_secret_access_key": wrong}),
                           ("UnrecognizedClientException", {"aws_session_token": peers.fixtures.secret("token")}),
                           ("InvalidSignatureException", {"region_name": "eu-west-1"})):
            with self.subTest(code):
                self.refused(code, 400, with_keys(**more).describe_log_groups)
        self.refused("UnknownOperationException", 400, self.logs.describe_destinations)


class Query(Case):
    def asked(self, text, *groups, start=0, end=None, **more):
        """Statuses while it ran, and the rows as dicts."""
        began = self.logs.start_query(logGroupNames=list(groups), startTime=start, endTime=end or now_ms() // 1000 + 60, queryString=text, **more)
        statuses = []
        for _ in range(100):
            answer = self.logs.get_query_results(queryId=began["queryId"])
            statuses.append(answer["status"])
            if answer["status"] not in ("Scheduled", "Running"):
                break
        self.statistics = answer["statistics"]
        return statuses, [{c["field"]: c["value"] for c in row} for row in answer["results"]]

    def test_a_functions_reports_are_counted(self):
        group = self.invoked("query", 5)
        reports = [e["message"] for e in self.filtered(group, filterPattern="REPORT")]
        durations = [float(re.search(r"\tDuration: ([0-9.]+) ms", m)[1]) for m in reports]
        statuses, rows = self.asked(
            'filter @type = "REPORT" | stats count(*) as n, sum(@duration) as total, max(@duration) as most, '
            "sum(strcontains(@message, 'Init Duration')) as cold by @memorySize / 1000000 as mb", group)
        self.assertEqual(statuses, ["Running", "Complete"])
        self.assertEqual(len(rows), 1)
        row = {k: float(v) for k, v in rows[0].items()}
        self.assertEqual((row["mb"], row["n"], row["cold"], row["most"]), (128, 5, 1, max(durations)))
        self.assertAlmostEqual(row["total"], sum(durations), places=3)
        self.assertEqual(self.statistics["recordsMatched"], 5)
        self.assertEqual(self.statistics["recordsScanned"], 21)
        _, rows = self.asked("fields @timestamp, @requestId, @duration | filter ispresent(@duration) | sort @timestamp | limit 20", group)
        self.assertEqual([float(r["@duration"]) for r in rows], durations)
        self.assertTrue(all(r["@ptr"] and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", r["@timestamp"]) for r in rows))
        _, rows = self.asked("fields @message | filter @type = 'REPORT' | sort @timestamp asc", group)
        self.assertEqual([r["@message"] for r in rows], reports)

    def test_many_events_take_several_questions(self):
        t = now_ms() // 1000 * 1000 - 200000
        group = self.filled([(t + i, f"value {i % 97} of {i % 3}") for i in range(150000)])
        statuses, rows = self.asked("parse @message 'value * of *' as v, kind | stats count(*) as n, sum(v) as total by kind | sort kind", group)
        self.assertEqual(statuses, ["Running", "Running", "Complete"])
        expected = [{"kind": str(k), "n": "50000", "total": str(sum(i % 97 for i in range(k, 150000, 3)))} for k in range(3)]
        self.assertEqual(rows, expected)
        second = t // 1000
        _, rows = self.asked("stats count(*) as n", group, start=second + 10, end=second + 20)
        self.assertEqual(rows, [{"n": "10001"}])  # whole seconds, both included
        _, rows = self.asked("fields toMillis(@timestamp) as t | display t", group)
        self.assertEqual(len(rows), 10000)
        self.assertEqual([int(rows[0]["t"]), int(rows[-1]["t"])], [t + 149999, t + 140000])
        _, rows = self.asked("fields @timestamp", group, limit=7)
        self.assertEqual(len(rows), 7)
        other = self.filled([(t, "other")])
        _, rows = self.asked("filter @message like /other|value 0 of 0/ | stats count(*) as n by @log | sort n", group, other)
        self.assertEqual(rows, [{"@log": f"000000000000:{other}", "n": "1"},
                                {"@log": f"000000000000:{group}", "n": str(sum(i % 97 == 0 and i % 3 == 0 for i in range(150000)))}])

    def test_refusals(self):
        group = self.filled([(now_ms(), "x")])
        good = {"logGroupName": group, "startTime": 0, "endTime": 1, "queryString": "fields @message"}
        error = self.refused("MalformedQueryException", 400, self.logs.start_query, **{**good, "queryString": "dedup @message"})
        self.assertIn("dedup", error["Error"]["Message"])
        self.refused("ResourceNotFoundException", 400, self.logs.start_query, **{**good, "logGroupName": "/none"})
        self.refused("InvalidParameterException", 400, self.logs.start_query, **{**good, "endTime": 0, "startTime": 9})
        self.refused("InvalidParameterException", 400, self.logs.start_query, **{**good, "limit": 10001})
        self.refused("InvalidParameterException", 400, self.logs.start_query, **good, logGroupNames=[group])
        self.refused("ResourceNotFoundException", 400, self.logs.get_query_results, queryId="none")
        begun = self.logs.start_query(**good)["queryId"]
        self.assertTrue(self.logs.stop_query(queryId=begun)["success"])
        self.assertEqual(self.logs.get_query_results(queryId=begun)["status"], "Cancelled")
        self.refused("InvalidParameterException", 400, self.logs.stop_query, queryId=begun)


class Metrics(Case):
    """What CloudWatch says about invocations that were made here, compared with the function's own log."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.metrics = cls.shapes.watch(cls.service.client("cloudwatch"))

    def asked(self, *queries, **more):
        """{id: {time: value}} of (id, metric, stat, period, dimensions)."""
        wanted = [{"Id": i, "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": m,
                                                      "Dimensions": [{"Name": n, "Value": v} for n, v in d.items()]},
                                           "Period": p, "Stat": s}} for i, m, s, p, d in queries]
        now = datetime.datetime.now(datetime.timezone.utc)
        times = {"StartTime": now - datetime.timedelta(hours=1), "EndTime": now + datetime.timedelta(minutes=1), **more}
        found = {}
        self.pages = 0
        for page in self.metrics.get_paginator("get_metric_data").paginate(MetricDataQueries=wanted, **times):
            self.pages += 1
            for r in page["MetricDataResults"]:
                found.setdefault(r["Id"], {}).update(zip(r["Timestamps"], r["Values"]))
        return found

    def test_what_was_invoked_is_counted(self):
        group = self.invoked("counted", 4, "def handler(event, context):\n    if event.get('fail'):\n        raise ValueError('x')\n    return 1\n")
        self.client.invoke(FunctionName="counted", Payload=b'{"fail": true}')
        self.client.publish_version(FunctionName="counted")
        self.client.create_alias(FunctionName="counted", Name="live", FunctionVersion="1")
        self.client.invoke(FunctionName="counted", Qualifier="live")
        self.client.put_function_concurrency(FunctionName="counted", ReservedConcurrentExecutions=0)
        for _ in range(3):
            self.refused("TooManyRequestsException", 429, self.client.invoke, FunctionName="counted")
        reports = self.filtered(group, filterPattern="REPORT")
        durations = [float(re.search(r"\tDuration: ([0-9.]+) ms", e["message"])[1]) for e in reports]
        self.assertEqual(len(durations), 6)
        fn = {"FunctionName": "counted"}
        hour = 3600
        got = self.asked(("n", "Invocations", "Sum", hour, fn), ("e", "Errors", "Sum", hour, fn), ("t", "Throttles", "Sum", hour, fn),
                         ("total", "Duration", "Sum", hour, fn), ("most", "Duration", "Maximum", hour, fn),
                         ("c", "ConcurrentExecutions", "Maximum", hour, fn), ("a", "Invocations", "Sum", hour, {**fn, "Resource": "counted:live"}),
                         ("v", "Invocations", "Sum", hour, {**fn, "ExecutedVersion": "1"}), ("none", "Duration", "Sum", hour, {"FunctionName": "no"}),
                         ("minutes", "Invocations", "Sum", 60, fn))
        total = {k: sum(v.values()) for k, v in got.items()}  # the hour may have changed meanwhile
        self.assertEqual((total["n"], total["e"], total["t"], total["a"], total["v"], total["none"], total["minutes"]), (6, 1, 3, 1, 1, 0, 6))
        self.assertAlmostEqual(total["total"], sum(durations), delta=0.01 * len(durations))  # a REPORT has two decimals
        self.assertAlmostEqual(max(got["most"].values()), max(durations), delta=0.01)
        self.assertEqual(max(got["c"].values()), 1)
        self.assertTrue(all(t.second == 0 for t in got["minutes"]))
        self.assertNotIn("Init", str(got))

    def test_pages_and_refusals(self):
        self.invoked("paged", 2)
        fn = {"FunctionName": "paged"}
        queries = [(f"q{i}", "Invocations", "Sum", 3600 if i % 2 else 86400, fn) for i in range(5)]
        whole = self.asked(*queries)
        self.assertEqual(self.pages, 1)
        self.assertEqual(self.asked(*queries, MaxDatapoints=2), whole)
        self.assertGreaterEqual(self.pages, 3)
        now = datetime.datetime.now(datetime.timezone.utc)
        good = {"Id": "a", "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}}
        for change in ({"Id": "A"}, {"MetricStat": {**good["MetricStat"], "Period": 61}}, {"MetricStat": {**good["MetricStat"], "Stat": "tm90"}}):
            with self.subTest(str(change)):
                self.refused("ValidationError", 400, self.metrics.get_metric_data, MetricDataQueries=[{**good, **change}],
                             StartTime=now - datetime.timedelta(hours=1), EndTime=now)
        self.refused("ValidationError", 400, self.metrics.get_metric_data, MetricDataQueries=[good], StartTime=now, EndTime=now)
        self.refused("InvalidNextToken", 400, self.metrics.get_metric_data, MetricDataQueries=[good],
                     StartTime=now - datetime.timedelta(hours=1), EndTime=now, NextToken="x")


class Moto(Case):
    """The same events in moto's CloudWatch Logs: what boto3 reads there is what it reads here."""

    @classmethod
    def setUpClass(cls):
        peers.need("python/bin/moto_server")
        super().setUpClass()
        cls.server = peers.MotoServer()
        cls.other = cls.server.client("logs")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        super().tearDownClass()

    @staticmethod
    def fill(logs, t):
        logs.create_log_group(logGroupName="/both")
        for stream, step in (("a", 2), ("b", 3)):
            logs.create_log_stream(logGroupName="/both", logStreamName=stream)
            logs.put_log_events(logGroupName="/both", logStreamName=stream, logEvents=[
                {"timestamp": t + i * step, "message": f"{'ERROR' if i % 5 == 0 else 'INFO'} event {i} of {stream}"} for i in range(60)])

    def test_events_are_the_same(self):
        t = now_ms() - 10000
        for logs in (self.logs, self.other):
            self.fill(logs, t)

        def events(logs, **more):
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/both", **more)
            return sorted((e["timestamp"], e["logStreamName"], e["message"]) for p in pages for e in p["events"])
        for more in ({}, {"filterPattern": "ERROR"}, {"filterPattern": '"event 7 of b"'}, {"logStreamNames": ["b"]},  # moto knows no prefix
                     {"startTime": t + 10, "endTime": t + 20}):
            with self.subTest(str(more)):
                here = events(self.logs, **more)
                self.assertTrue(here)
                self.assertEqual(here, events(self.other, **more))

        def stream(logs, **more):
            got = logs.get_log_events(logGroupName="/both", logStreamName="a", **more)["events"]
            return [(e["timestamp"], e["message"]) for e in got]
        for more in ({"startFromHead": True, "limit": 7}, {"limit": 7}, {"startFromHead": True, "startTime": t + 4, "endTime": t + 13}):
            with self.subTest(str(more)):
                self.assertEqual(stream(self.logs, **more), stream(self.other, **more))
        streams = [[(s["logStreamName"], s["firstEventTimestamp"], s["lastEventTimestamp"]) for s in logs.describe_log_streams(
            logGroupName="/both")["logStreams"]] for logs in (self.logs, self.other)]
        self.assertEqual(*streams)


class Tail(Case):
    """`aws logs tail` in its formats: the forms that `coldprof import` reads. Only version 2 of the AWS CLI
    has it, which is a Debian package."""

    @classmethod
    def setUpClass(cls):
        found = (shutil.which("aws", path=folder) for folder in os.environ.get("PATH", "").split(os.pathsep))
        program = next((p for p in found if p and subprocess.run(
            [p, "--version"], capture_output=True, text=True, check=False).stdout.startswith("aws-cli/2")), None)
        if not program:
            why = "version 2 of the AWS CLI is not installed: run scripts/setup --peers"
            if os.environ.get("CI") == "true":
                raise AssertionError(why)
            raise unittest.SkipTest(why)
        cls.program = program
        super().setUpClass()

    def tail(self, group, form, *more):
        env = {**os.environ, "AWS_ACCESS_KEY_ID": peers.KEY_ID, "AWS_SECRET_ACCESS_KEY": peers.SECRET, "AWS_DEFAULT_REGION": "us-east-1",
               "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "1", "TZ": "UTC"}
        result = subprocess.run(
            [self.program, "logs", "tail", group, "--format", form, "--color", "off", "--endpoint-url", self.service.facts["endpoint"], *more],
            env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_the_three_formats(self):
        group = self.invoked("tail", 2)
        events = self.filtered(group)
        stamp = [datetime.datetime.fromtimestamp(e["timestamp"] / 1000, datetime.timezone.utc).replace(tzinfo=None) for e in events]
        detailed = [f"{t.isoformat()}+00:00 {e['logStreamName']} {e['message'].rstrip()}" for t, e in zip(stamp, events)]
        short = [f"{t.isoformat(timespec='seconds')} {e['message'].rstrip()}" for t, e in zip(stamp, events)]
        for form, expected in (("detailed", detailed), ("short", short)):
            lines = [line.rstrip() for line in self.tail(group, form).splitlines() if line.strip()]
            self.assertEqual(lines, expected)
            self.assertEqual(self.imported(self.tail(group, form)), self.reported(events))
        self.assertEqual(len(self.reported(events)), 2)
        self.create("tailjson", LoggingConfig={"LogFormat": "JSON"})
        self.client.invoke(FunctionName="tailjson")
        text = self.tail("/aws/lambda/tailjson", "json")
        self.assertIn('"type": "platform.report"', text)
        self.assertEqual(len(self.imported(text)), 1)

    @staticmethod
    def reported(events):
        found = (re.match(r"^REPORT .*\tDuration: ([0-9.]+) ms", e["message"]) for e in events)
        return sorted(float(m[1]) for m in found if m)

    def imported(self, text):
        """Durations that `coldprof import` finds in what the AWS CLI wrote."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tail.log")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            result = subprocess.run(
                [peers.BINARY, "import", path, "--function", "tail", "--store", os.path.join(folder, "store.db"), "--format", "jsonl", "-o", "-"],
                env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")}, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return sorted(json.loads(line)["duration_ms"] for line in result.stdout.splitlines() if "duration_ms" in line)


if __name__ == "__main__":
    peers.main()
