# SPDX-License-Identifier: GPL-3.0-or-later
"""moto's server as a second Lambda API for our client: what our client reads is what boto3 reads there.

moto keeps no RevisionId, publishes without a change, and has no provisioned concurrency, log tail or
real invocation; so this is about the shapes of answers, never about safety.
"""
import io
import json
import os
import re
import select
import subprocess
import sys
import unittest
import zipfile

import peer_service as peers

peers.use_peer_python()

CLIENT = os.environ.get("COLDPROF_LAMBDA_CLIENT", "")


class Moto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        peers.need("python/bin/moto_server")
        cls.server = subprocess.Popen(
            [sys.executable, os.path.join(peers.PEERS, "python", "bin", "moto_server"), "-H", "127.0.0.1", "-p", "0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"})
        cls.endpoint = cls.find_endpoint()

    @classmethod
    def find_endpoint(cls):
        """The line in which it says where it listens, within a minute."""
        said = b""
        while select.select([cls.server.stderr], [], [], 60)[0]:
            more = os.read(cls.server.stderr.fileno(), 65536)
            said += more
            found = re.search(rb"(http://127\.0\.0\.1:\d+)\D", said)
            if found:
                return found.group(1).decode()
            if not more:
                break
        raise AssertionError(f"moto's server did not start: {said}")

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()  # it writes little: its pipe is never full
        cls.server.wait(20)
        cls.server.stderr.close()

    def boto3(self, service):
        import boto3
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="AKIDPEERTESTEXAMPLE0",
                            aws_secret_access_key="peer-secret")

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


if __name__ == "__main__":
    peers.main()
