# SPDX-License-Identifier: GPL-3.0-or-later
"""boto3 and the AWS CLI as clients of the embedded service, with the same keys: a function's whole life,
errors, throttles, waiters. Every answer that boto3 gets is compared with botocore's model of the API:
required members are there, no member is unknown, each has its type and, where the model names the
values, one of them.
"""
import base64
import glob
import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
import zipfile

import peer_service as peers

peers.use_peer_python()

ROLE = "arn:aws:iam::000000000000:role/peer"
FOLDER = os.path.join("probes", "functions", "hello-python")
NOW = {"Delay": 0.05}  # of waiters

# Values that the model does not name: what really runs here is said, whatever its version; and AWS itself
# says Creating while a function is updated (recorded 2023 and 2024).
OWN_VALUES = {"Runtime", "LastUpdateStatusReasonCode"}


def make_zip(text="def handler(event, context):\n    print('seen')\n    return {'got': event}\n"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", text)
    return out.getvalue()


class Shapes:
    """Compares raw answers with the model, before botocore parses them."""

    def __init__(self):
        self.findings, self.operations = [], set()

    def watch(self, client):
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-parse.{service}", self.on_answer)
        return client

    def on_answer(self, operation_model, response_dict, **_):
        self.operations.add(operation_model.name)
        shape, body = operation_model.output_shape, response_dict.get("body")
        if response_dict["status_code"] >= 300 or shape is None or "payload" in shape.serialization:
            return
        raw = json.loads(body) if body else {}
        in_body = {n: s for n, s in shape.members.items() if not s.serialization.get("location")}
        self.compare(operation_model.name, raw, shape, in_body)

    def note(self, where, what):
        self.findings.append(f"{where}: {what}")

    def compare(self, where, value, shape, members=None):
        kinds = {"string": str, "integer": int, "long": int, "boolean": bool, "double": (int, float), "timestamp": (int, float, str),
                 "structure": dict, "map": dict, "list": list}
        if not isinstance(value, kinds.get(shape.type_name, object)):
            self.note(where, f"{value!r} is no {shape.type_name}")
        elif shape.type_name == "structure":
            members = shape.members if members is None else members
            for name in shape.required_members:
                if name in members and name not in value:
                    self.note(where, f"has no {name}")
            for name, inner in value.items():
                if name not in members:
                    self.note(where, f"{name} is not in the model")
                else:
                    self.compare(f"{where}.{name}", inner, members[name])
        elif shape.type_name == "list":
            for inner in value:
                self.compare(where + "[]", inner, shape.member)
        elif shape.type_name == "map":
            for inner in value.values():
                self.compare(where + "{}", inner, shape.value)
        elif shape.type_name == "string" and shape.enum and value not in shape.enum and where.rsplit(".", 1)[-1] not in OWN_VALUES:
            self.note(where, f"{value!r} is no value of {shape.name}")


class Case(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        peers.need("python/bin/python", "python/bin/aws")
        cls.service = peers.Service(FOLDER, options=cls.options)
        cls.shapes = Shapes()
        cls.client = cls.shapes.watch(cls.service.client())

    @classmethod
    def tearDownClass(cls):
        status = cls.service.stop()
        if status != 0:
            raise AssertionError(f"the service ended with {status}")

    def create(self, name, **more):
        settings = {"Runtime": "python3", "Role": ROLE, "Handler": "app.handler", "Code": {"ZipFile": make_zip()}, **more}
        answer = self.client.create_function(FunctionName=name, **settings)
        self.client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=NOW)
        self.addCleanup(self.forget, name)
        return answer

    def forget(self, name):
        try:
            self.client.delete_function(FunctionName=name)
        except self.client.exceptions.ResourceNotFoundException:
            pass

    def refused(self, code, status, call, **parameters):
        """The refusal as boto3 has it: code and status are AWS's, the message is not empty."""
        from botocore.exceptions import ClientError
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        error = caught.exception.response
        self.assertEqual(error["Error"]["Code"], code, error)
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], status)
        self.assertTrue(error["Error"]["Message"])
        self.assertTrue(error["ResponseMetadata"]["RequestId"])
        return error


class Boto3(Case):
    def updated(self, name):
        self.client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=NOW)

    def provision(self, name, qualifier):
        self.client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=1)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            config = self.client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
            if config["Status"] == "READY":
                return config
        raise AssertionError(config)

    def test_code_goes_in_and_comes_back(self):
        code = make_zip()
        made = self.create("code", Code={"ZipFile": code}, Tags={"coldprof:run": "r"}, Publish=True)
        self.assertEqual(made["Version"], "1")
        self.assertEqual(made["State"], "Pending")
        self.assertEqual(made["CodeSha256"], base64.b64encode(hashlib.sha256(code).digest()).decode())
        self.assertEqual(made["CodeSize"], len(code))
        self.client.get_waiter("function_exists").wait(FunctionName="code", WaiterConfig=NOW)
        self.client.get_waiter("function_active").wait(FunctionName="code", WaiterConfig=NOW)
        self.client.get_waiter("published_version_active").wait(FunctionName="code", Qualifier="1", WaiterConfig=NOW)
        got = self.client.get_function(FunctionName="code")
        self.assertEqual(got["Tags"], {"coldprof:run": "r"})
        self.assertEqual(got["Code"]["RepositoryType"], "S3")
        with urllib.request.urlopen(got["Code"]["Location"], timeout=10) as answer:
            self.assertEqual(answer.headers["Content-Type"], "application/zip")
            self.assertEqual(answer.read(), code)
        wrong = got["Code"]["Location"][:-1] + ("0" if got["Code"]["Location"][-1] != "0" else "1")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong, timeout=10)
        self.assertEqual(caught.exception.code, 403)

    def test_a_folder_is_copied_with_its_hash(self):
        got = self.client.get_function(FunctionName="hello-python")
        with urllib.request.urlopen(got["Code"]["Location"], timeout=10) as answer:
            code = answer.read()
        config = got["Configuration"]
        self.assertEqual(base64.b64encode(hashlib.sha256(code).digest()).decode(), config["CodeSha256"])
        self.assertIn("handler.py", zipfile.ZipFile(io.BytesIO(code)).namelist())
        made = self.create("copy", Code={"ZipFile": code}, Runtime=config["Runtime"], Role=config["Role"], Handler=config["Handler"])
        self.assertEqual(made["CodeSha256"], config["CodeSha256"])
        answers = [self.client.invoke(FunctionName=f)["Payload"].read() for f in ("hello-python", "copy")]
        self.assertEqual(answers[0], answers[1])

    def test_a_function_lives(self):
        c = self.client
        self.create("life")
        answer = c.invoke(FunctionName="life", LogType="Tail", Payload=b'{"n": 1}')
        self.assertEqual(json.loads(answer["Payload"].read()), {"got": {"n": 1}})
        tail = base64.b64decode(answer["LogResult"]).decode()
        self.assertRegex(tail, rf"REPORT RequestId: {answer['ResponseMetadata']['RequestId']}\t.*Init Duration: ")
        self.assertIn("seen", tail)
        c.update_function_configuration(FunctionName="life", MemorySize=256, Timeout=9, Environment={"Variables": {"COLOUR": "red"}},
                                        TracingConfig={"Mode": "Active"}, EphemeralStorage={"Size": 1024})
        self.updated("life")
        c.get_waiter("function_updated").wait(FunctionName="life", WaiterConfig=NOW)
        config = c.get_function_configuration(FunctionName="life")
        self.assertEqual((config["MemorySize"], config["Timeout"], config["EphemeralStorage"]["Size"]), (256, 9, 1024))
        first = c.publish_version(FunctionName="life", CodeSha256=config["CodeSha256"], RevisionId=config["RevisionId"])
        self.assertEqual(first["Version"], "1")
        self.assertEqual(c.publish_version(FunctionName="life")["Version"], "1")  # nothing was changed
        c.update_function_code(FunctionName="life", ZipFile=make_zip("def handler(event, context):\n    return 2\n"), DryRun=True)
        c.update_function_code(FunctionName="life", ZipFile=make_zip("def handler(event, context):\n    return 2\n"))
        self.updated("life")
        self.assertEqual(c.invoke(FunctionName="life")["Payload"].read(), b"2")
        self.assertEqual(c.invoke(FunctionName="life", Qualifier="1")["ExecutedVersion"], "1")
        second = c.publish_version(FunctionName="life", Description="two")
        c.get_waiter("published_version_active").wait(FunctionName="life", Qualifier="2", WaiterConfig=NOW)
        self.assertEqual([v["Version"] for v in c.list_versions_by_function(FunctionName="life")["Versions"]], ["$LATEST", "1", "2"])
        c.create_alias(FunctionName="life", Name="live", FunctionVersion="1")
        c.update_alias(FunctionName="life", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
        c.update_alias(FunctionName="life", Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}})
        self.assertEqual(c.get_alias(FunctionName="life", Name="live")["FunctionVersion"], "2")
        self.assertEqual(len(c.list_aliases(FunctionName="life")["Aliases"]), 1)
        self.assertEqual(c.invoke(FunctionName="life", Qualifier="live")["ExecutedVersion"], second["Version"])
        self.refused("ResourceConflictException", 409, c.delete_function, FunctionName="life", Qualifier="2")
        self.assertEqual(self.provision("life", "live")["AvailableProvisionedConcurrentExecutions"], 1)
        self.assertEqual(len(c.list_provisioned_concurrency_configs(FunctionName="life")["ProvisionedConcurrencyConfigs"]), 1)
        c.delete_provisioned_concurrency_config(FunctionName="life", Qualifier="live")
        c.delete_alias(FunctionName="life", Name="live")
        c.delete_function(FunctionName="life", Qualifier="2")
        self.assertEqual(c.invoke(FunctionName="life", InvocationType="DryRun")["StatusCode"], 204)
        self.assertEqual(c.invoke(FunctionName="life", InvocationType="Event")["StatusCode"], 202)
        self.assertIn("life", [f["FunctionName"] for page in c.get_paginator("list_functions").paginate() for f in page["Functions"]])
        c.delete_function(FunctionName="life")
        self.refused("ResourceNotFoundException", 404, c.get_function, FunctionName="life")

    def test_everything_that_hangs_on_a_function(self):
        c = self.client
        arn = self.create("hung")["FunctionArn"]
        c.tag_resource(Resource=arn, Tags={"a b/c": "d", "e": "f"})
        c.untag_resource(Resource=arn, TagKeys=["e"])
        self.assertEqual(c.list_tags(Resource=arn)["Tags"], {"a b/c": "d"})
        c.add_permission(FunctionName="hung", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
                         SourceArn="arn:aws:s3:::b")
        policy = json.loads(c.get_policy(FunctionName="hung")["Policy"])
        self.assertEqual([s["Sid"] for s in policy["Statement"]], ["s"])
        c.remove_permission(FunctionName="hung", StatementId="s")
        self.refused("ResourceNotFoundException", 404, c.get_policy, FunctionName="hung")
        c.create_function_url_config(FunctionName="hung", AuthType="NONE", Cors={"AllowOrigins": ["*"]})
        c.update_function_url_config(FunctionName="hung", AuthType="AWS_IAM")
        self.assertEqual(c.get_function_url_config(FunctionName="hung")["AuthType"], "AWS_IAM")
        self.assertEqual(len(c.list_function_url_configs(FunctionName="hung")["FunctionUrlConfigs"]), 1)
        c.delete_function_url_config(FunctionName="hung")
        c.put_function_event_invoke_config(FunctionName="hung", MaximumRetryAttempts=0)
        c.update_function_event_invoke_config(FunctionName="hung", MaximumEventAgeInSeconds=60)
        self.assertEqual(c.get_function_event_invoke_config(FunctionName="hung")["MaximumRetryAttempts"], 0)
        self.assertEqual(len(c.list_function_event_invoke_configs(FunctionName="hung")["FunctionEventInvokeConfigs"]), 1)
        c.delete_function_event_invoke_config(FunctionName="hung")
        made = c.create_event_source_mapping(FunctionName="hung", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:q", BatchSize=5)
        c.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
        self.assertEqual(c.get_event_source_mapping(UUID=made["UUID"])["State"], "Disabled")
        self.assertEqual(len(c.list_event_source_mappings(FunctionName="hung")["EventSourceMappings"]), 1)
        c.delete_event_source_mapping(UUID=made["UUID"])
        c.put_function_concurrency(FunctionName="hung", ReservedConcurrentExecutions=0)
        self.assertEqual(c.get_function_concurrency(FunctionName="hung")["ReservedConcurrentExecutions"], 0)
        self.assertEqual(c.get_function(FunctionName="hung")["Concurrency"]["ReservedConcurrentExecutions"], 0)
        error = self.refused("TooManyRequestsException", 429, c.invoke, FunctionName="hung")
        self.assertEqual(error["Reason"], "ReservedFunctionConcurrentInvocationLimitExceeded")
        c.delete_function_concurrency(FunctionName="hung")
        self.assertEqual(c.get_account_settings()["AccountLimit"]["CodeSizeZipped"], 52428800)

    def test_errors_have_their_code_and_status(self):
        c, code = self.client, {"ZipFile": make_zip()}
        self.create("errors")
        new = {"Runtime": "python3", "Role": ROLE, "Handler": "app.handler", "Code": code}
        self.refused("ResourceConflictException", 409, c.create_function, FunctionName="errors", **new)
        self.refused("InvalidParameterValueException", 400, c.create_function, FunctionName="x", **{**new, "Code": {"ZipFile": b"text"}})
        self.refused("InvalidParameterValueException", 400, c.create_function, FunctionName="x", **{**new, "Runtime": "cobol"})
        self.refused("InvalidParameterValueException", 400, c.create_function, FunctionName="x",
                     **{**new, "Code": {"S3Bucket": "bucket", "S3Key": "k"}})
        self.refused("ValidationException", 400, c.create_function, FunctionName="x", **{**new, "Role": "nobody"})
        self.refused("RequestEntityTooLargeException", 413, c.create_function, FunctionName="x",
                     **{**new, "Code": {"ZipFile": b"\0" * (54 << 20)}})
        self.refused("PreconditionFailedException", 412, c.update_function_configuration, FunctionName="errors", RevisionId="0", Timeout=4)
        self.refused("InvalidParameterValueException", 400, c.publish_version, FunctionName="errors", CodeSha256="0")
        self.refused("ResourceNotFoundException", 404, c.invoke, FunctionName="none")
        self.refused("ResourceNotFoundException", 404, c.get_alias, FunctionName="errors", Name="none")
        c.publish_version(FunctionName="errors")
        self.refused("ProvisionedConcurrencyConfigNotFoundException", 404, c.get_provisioned_concurrency_config,
                     FunctionName="errors", Qualifier="1")
        self.refused("InvalidParameterValueException", 400, c.delete_function, FunctionName="errors", Qualifier="$LATEST")
        self.refused("InvalidParameterValueException", 400, c.put_function_concurrency, FunctionName="errors",
                     ReservedConcurrentExecutions=100000)
        self.refused("InvalidRequestContentException", 400, c.invoke, FunctionName="errors", Payload=b"{")

    def test_a_function_that_fails_is_not_an_error_of_the_call(self):
        self.create("fails", Code={"ZipFile": make_zip("def handler(event, context):\n    raise ValueError('no')\n")})
        answer = self.client.invoke(FunctionName="fails")
        self.assertEqual((answer["StatusCode"], answer["FunctionError"]), (200, "Unhandled"))
        self.assertEqual(json.loads(answer["Payload"].read())["errorMessage"], "no")

    def test_code_stays_until_the_last_request_is_done(self):
        slow = "import time\ndef handler(event, context):\n    time.sleep(1)\n    import late\n    return late.WORD\n"
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("app.py", slow)
            archive.writestr("late.py", "WORD = 'late'\n")
        self.create("slow", Code={"ZipFile": out.getvalue()}, Timeout=20)
        scratch = glob.glob(os.path.join(tempfile.gettempdir(), f"coldprof-{self.service.process.pid}-*"))
        self.assertEqual(len(scratch), 1)
        packages = os.path.join(scratch[0], "code-*")
        self.assertEqual(os.stat(scratch[0]).st_mode & 0o777, 0o700)
        before = len(glob.glob(packages))
        n_starts, answers = self.service.said().count("INIT_START"), []
        caller = threading.Thread(target=lambda: answers.append(self.service.client().invoke(FunctionName="slow")["Payload"].read()))
        caller.start()
        deadline = time.monotonic() + 10
        while self.service.said().count("INIT_START") == n_starts and time.monotonic() < deadline:
            pass
        self.client.delete_function(FunctionName="slow")
        self.assertEqual(len(glob.glob(packages)), before)
        caller.join(20)
        self.assertEqual(answers, [b'"late"'])
        self.assertEqual(len(glob.glob(packages)), before - 1)

    def test_a_stranger_sends_no_code(self):
        """The refusal comes before the 60 MB that were announced."""
        host, port = self.service.facts["endpoint"].removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as s:
            s.sendall(f"POST /2015-03-31/functions HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 60000000\r\n\r\n{{".encode())
            answer = s.recv(65536)
        self.assertTrue(answer.startswith(b"HTTP/1.1 403 "), answer)
        self.assertIn(b"MissingAuthenticationToken", answer)

    def test_who_am_i(self):
        import boto3
        keys = {"aws_access_key_id": peers.KEY_ID, "aws_secret_access_key": peers.SECRET}
        endpoint = {"endpoint_url": self.service.facts["endpoint"], "region_name": "us-east-1"}
        who = boto3.client("sts", **keys, **endpoint).get_caller_identity()
        self.assertEqual(who["Account"], self.service.facts["account_id"])
        stranger = {**keys, "aws_secret_access_key": "another"}
        self.refused("InvalidSignatureException", 403, boto3.client("sts", **stranger, **endpoint).get_caller_identity)
        self.refused("InvalidSignatureException", 403, boto3.client("lambda", **stranger, **endpoint).list_functions)

    def test_zz_every_answer_was_as_the_model_has_it(self):
        """Runs last: what the tests before it have seen."""
        self.assertEqual(self.shapes.findings, [])
        self.assertGreaterEqual(len(self.shapes.operations), 41, sorted(self.shapes.operations))


class Throttles(Case):
    options = ("--control-rate", "15")

    def test_too_many_calls_are_refused_and_boto3_waits(self):
        from botocore.exceptions import ClientError
        codes = []
        for _ in range(60):
            try:
                self.client.list_functions()
                codes.append("")
            except ClientError as error:
                self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 429)
                self.assertEqual(error.response["Reason"], "CallerRateLimitExceeded")
                codes.append(error.response["Error"]["Code"])
        self.assertEqual(set(codes), {"", "TooManyRequestsException"})
        self.assertGreaterEqual(codes.count(""), 15)
        import boto3
        from botocore.config import Config
        patient = boto3.client("lambda", endpoint_url=self.service.facts["endpoint"], region_name="us-east-1",
                               aws_access_key_id=peers.KEY_ID, aws_secret_access_key=peers.SECRET,
                               config=Config(retries={"mode": "standard", "total_max_attempts": 8}))
        for _ in range(5):
            self.assertEqual(len(patient.list_functions()["Functions"]), 1)


class Cli(Case):
    def aws(self, *words, ok=True, service="lambda"):
        env = {**os.environ, "AWS_ACCESS_KEY_ID": peers.KEY_ID, "AWS_SECRET_ACCESS_KEY": peers.SECRET,
               "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
               "AWS_MAX_ATTEMPTS": "1"}
        result = subprocess.run(
            [sys.executable, os.path.join(peers.PEERS, "python", "bin", "aws"), service, *words,
             "--endpoint-url", self.service.facts["endpoint"], "--output", "json"],
            env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        if ok:
            self.assertEqual(result.returncode, 0, result.stderr)
            return json.loads(result.stdout) if result.stdout.strip() else {}
        self.assertNotEqual(result.returncode, 0)
        return result.stderr

    def test_the_same_life_by_the_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            archive, answer = (os.path.join(folder, n) for n in ("code.zip", "answer.json"))
            with open(archive, "wb") as f:
                f.write(make_zip())
            made = self.aws("create-function", "--function-name", "cli", "--runtime", "python3", "--role", ROLE, "--handler",
                            "app.handler", "--zip-file", f"fileb://{archive}", "--tags", "coldprof:run=r")
            self.addCleanup(self.forget, "cli")
            self.assertEqual(made["State"], "Pending")
            self.aws("wait", "function-active-v2", "--function-name", "cli")
            self.aws("update-function-configuration", "--function-name", "cli", "--memory-size", "512")
            self.aws("wait", "function-updated-v2", "--function-name", "cli")
            self.assertEqual(self.aws("publish-version", "--function-name", "cli")["Version"], "1")
            self.aws("wait", "published-version-active", "--function-name", "cli", "--qualifier", "1")
            self.aws("create-alias", "--function-name", "cli", "--name", "live", "--function-version", "1")
            said = self.aws("invoke", "--function-name", "cli:live", "--log-type", "Tail", "--payload", '{"n": 1}', answer)
            self.assertIn("Init Duration", base64.b64decode(said["LogResult"]).decode())
            with open(answer, encoding="utf-8") as f:
                self.assertEqual(json.load(f), {"got": {"n": 1}})
            self.aws("put-provisioned-concurrency-config", "--function-name", "cli", "--qualifier", "live",
                     "--provisioned-concurrent-executions", "1")
            self.aws("delete-provisioned-concurrency-config", "--function-name", "cli", "--qualifier", "live")
            self.aws("put-function-concurrency", "--function-name", "cli", "--reserved-concurrent-executions", "0")
            self.assertIn("(TooManyRequestsException)", self.aws("invoke", "--function-name", "cli", answer, ok=False))
            got = self.aws("get-function", "--function-name", "cli")
            self.assertEqual(got["Configuration"]["MemorySize"], 512)
            self.assertEqual(got["Tags"], {"coldprof:run": "r"})
            self.assertIn("(ResourceConflictException)", self.aws("delete-function", "--function-name", "cli", "--qualifier", "1", ok=False))
            self.aws("delete-function", "--function-name", "cli")
            self.assertIn("(ResourceNotFoundException)", self.aws("get-function", "--function-name", "cli", ok=False))
        self.assertEqual(self.aws("get-caller-identity", service="sts")["Account"], "000000000000")


if __name__ == "__main__":
    peers.main()
