# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's server as a second Lambda API for our client: what our client reads is what boto3 reads there.

moto keeps no RevisionId, publishes without a change, and has no provisioned concurrency, log tail or
real invocation; so this is about the shapes of answers, never about safety.
"""
import datetime
import io
import json
import os
import re
import subprocess
import tempfile
import unittest
import zipfile

import peer_service as peers

peers.use_peer_python()

CLIENT = os.environ.get("COLDPROF_LAMBDA_CLIENT", "")
CLOUD_CLIENT = os.environ.get("COLDPROF_CLOUD_CLIENT", "")


class Moto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        peers.need("python/bin/moto_server")
        cls.server = peers.MotoServer()
        cls.endpoint = cls.server.endpoint

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def boto3(self, service):
        return self.server.client(service)

    def create(self):
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                                                         "Action": "sts:AssumeRole"}]}
        role = self.boto3("iam").create_role(RoleName="peer", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
        return self.boto3("lambda").create_function(
            FunctionName="peer", Runtime="python3.12", Role=role, Handler="app.handler", Code={"ZipFile": code.getvalue()},
            Description="first", MemorySize=256, Timeout=7, Tags={"coldprof:run": "r1"})

    def test_our_client_reads_what_boto3_reads(self):
        lam, made = self.boto3("lambda"), self.create()
        result = subprocess.run([CLIENT, self.endpoint, "peer", made["FunctionArn"]], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=90, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        read = [line.split("=", 1) for line in result.stdout.splitlines()]
        ours = dict(read)
        self.assertEqual(ours["before.MemorySize"], "256")
        for name in ("FunctionName", "Runtime", "Handler", "Timeout", "CodeSha256", "Version", "PackageType", "Description"):
            self.assertEqual(ours[f"before.{name}"], str(made[name]), name)
        self.assertEqual(ours["before.Architecture"], made["Architectures"][0])
        after = lam.get_function_configuration(FunctionName="peer")
        self.assertEqual((ours["after.MemorySize"], after["MemorySize"]), ("512", 512))
        versions = [v["Version"] for v in lam.list_versions_by_function(FunctionName="peer")["Versions"]]
        self.assertEqual([v for n, v in read if n == "versions"], versions)
        self.assertEqual(ours["published.Version"], versions[-1])
        self.assertEqual(ours["alias"], f"live:{versions[-1]}:named")
        self.assertEqual(ours["aliases"], f"live:{versions[-1]}")
        self.assertEqual([v for n, v in read if n == "functions"], ["peer"])
        self.assertEqual(ours["tag"], "r1")
        self.assertEqual(ours["reserved"], "-1")
        self.assertEqual(lam.get_function_concurrency(FunctionName="peer")["ReservedConcurrentExecutions"], 3)
        self.assertEqual(lam.list_aliases(FunctionName="peer")["Aliases"], [])
        self.assertEqual(ours["absent"], "not found")

    def test_log_groups_and_metrics_are_read_as_moto_keeps_them(self):
        """moto ignores patterns of alternatives, so that every line comes: the records are the same."""
        import log_world
        week = log_world.Week(1500, ("checkout", "invoice-pdf"))
        logs = self.boto3("logs")
        for group, streams in week.groups.items():
            logs.create_log_group(logGroupName=group)
            for stream, events in streams.items():
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
                for batch in log_world.batches(events):
                    logs.put_log_events(logGroupName=group, logStreamName=stream,
                                        logEvents=[{"timestamp": at, "message": m} for at, m in batch])
        env = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDPEERTESTEXAMPLE0", "AWS_SECRET_ACCESS_KEY": "peer-secret"}
        result = subprocess.run([CLOUD_CLIENT, self.endpoint, "filter", str(week.from_ms), str(week.to_ms), "checkout", "invoice-pdf"],
                                env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertEqual({re.sub(r"=(\d+,\d+,\d+,\d+),[0-9a-f]{16}", r"=\1", l) for l in lines if l.startswith("cell")}, week.cells())
        self.assertEqual({l for l in lines if l.startswith("minute")}, week.minutes())
        n = sum(r.function == "checkout" for r in week.records)
        metrics = self.boto3("cloudwatch")
        at = datetime.datetime.fromtimestamp(week.records[0].end_at_ms / 1000, datetime.timezone.utc)
        for name, value in (("Invocations", n + 5), ("Throttles", 3), ("ConcurrentExecutions", 17)):
            metrics.put_metric_data(Namespace="AWS/Lambda", MetricData=[{
                "MetricName": name, "Timestamp": at, "Value": value, "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}]}])
        with tempfile.TemporaryDirectory() as home:
            result = subprocess.run([os.environ["COLDPROF_BINARY"], "import", "--log-group", "checkout", "--since", "9d", "--metrics",
                                     "--endpoint-url", self.endpoint, "--region", "us-east-1", "--store", os.path.join(home, "db")],
                                    env={**env, "HOME": home, "XDG_STATE_HOME": home}, stdin=subprocess.DEVNULL, capture_output=True,
                                    text=True, timeout=90, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, f"metrics of checkout: {n + 5:,} invocations, the log has {n:,}: 5 missing; 3 throttled; at most 17 at once")


if __name__ == "__main__":
    peers.main()
