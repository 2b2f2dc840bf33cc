# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendors' runtime clients as functions of the embedded service, called with boto3.

One class per client; what all of them must do is in Common, what a stream must do in Streaming.
"""
import base64
import json
import os
import re
import shutil
import tempfile
import unittest

import peer_service as peers

peers.use_peer_python()

PAYLOAD_MAX = 6 * 1024 * 1024
RESPONSE_MAX = PAYLOAD_MAX + 100  # as AWS words it: 6291556


class Case(unittest.TestCase):
    function = None
    folders = ()

    @classmethod
    def setUpClass(cls):
        peers.need("python/bin/python", *(f"functions/{f}/function.ini" for f in cls.folders))
        cls.service = peers.Service(*(os.path.join(peers.PEERS, "functions", f) for f in cls.folders))
        cls.client = cls.service.client()

    @classmethod
    def tearDownClass(cls):
        status = cls.service.stop()
        if status != 0:
            raise AssertionError(f"the service ended with {status}")

    def invoke(self, event, **more):
        """(payload, FunctionError or None, tail)"""
        answer = self.client.invoke(FunctionName=self.function, LogType="Tail", Payload=json.dumps(event), **more)
        self.assertEqual(answer["StatusCode"], 200)
        self.assertEqual(answer["ExecutedVersion"], "$LATEST")
        tail = base64.b64decode(answer["LogResult"]).decode()
        self.assertRegex(tail, rf"(?m)^REPORT RequestId: {answer['ResponseMetadata']['RequestId']}\t")
        return json.loads(answer["Payload"].read()), answer.get("FunctionError"), tail

    def warm(self):
        self.invoke({"do": "echo"})

    def new_environment(self):
        """The next request is a cold start: a configuration change retires the environments."""
        memory = self.client.get_function_configuration(FunctionName=self.function)["MemorySize"]
        self.client.update_function_configuration(FunctionName=self.function, MemorySize=memory + 1)
        self.client.get_waiter("function_updated_v2").wait(FunctionName=self.function, WaiterConfig={"Delay": 0.05})


class Common:
    error_type = "PeerError"
    error_stack = "stackTrace"

    def test_is_cold_once_and_then_warm(self):
        self.new_environment()
        for is_cold in (True, False, False):
            event = {"do": "echo", "text": "grüße \u2028 \U0001f40d", "number": 12.5, "list": [1, None, True]}
            answer, error, tail = self.invoke(event)
            self.assertIsNone(error, answer)
            self.assertEqual(answer, event)
            self.assertEqual("Init Duration: " in tail, is_cold, tail)
            self.assertIn("peer handles echo", tail)
        init_ms = float(re.search(r"Init Duration: ([\d.]+) ms", self.service.said()).group(1))
        self.assertTrue(0 < init_ms < 10000, init_ms)

    def test_its_context_is_that_of_the_request(self):
        custom = {"key": "value with \u00fc"}
        client = {k: "x" for k in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")}
        context = base64.b64encode(json.dumps({"custom": custom, "client": client, "env": {}}).encode()).decode()
        answer, error, tail = self.invoke({"do": "tell"}, ClientContext=context)
        self.assertIsNone(error, answer)
        self.assertRegex(tail, rf"(?m)^REPORT RequestId: {answer['id']}\t")
        self.assertTrue(answer["arn"].endswith(f":function:{self.function}"), answer["arn"])
        self.assertEqual(answer["memory"], self.client.get_function_configuration(FunctionName=self.function)["MemorySize"])
        self.assertTrue(0 < answer["left_ms"] <= 20000, answer)  # function.ini: timeout = 20
        self.assertRegex(answer["trace"], r"^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]")
        self.assertEqual(answer["custom"], custom)

    def test_an_error_is_told_and_the_environment_stays(self):
        self.warm()
        answer, error, _ = self.invoke({"do": "fail"})
        self.assertEqual(error, "Unhandled")
        self.assertRegex(answer["errorType"], self.error_type)
        self.assertEqual(answer["errorMessage"], "asked to fail")
        if self.error_stack:
            self.assertIn(self.error_stack, answer)
        _, error, tail = self.invoke({"do": "echo"})
        self.assertIsNone(error)
        self.assertNotIn("Init Duration", tail)

    def test_an_exit_is_told_and_the_next_request_runs(self):
        self.warm()
        answer, error, tail = self.invoke({"do": "exit"})
        self.assertEqual(error, "Unhandled")
        self.assertEqual(answer["errorType"], "Runtime.ExitError")
        self.assertRegex(answer["errorMessage"], r"^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 7$")
        self.assertIn("Error Type: Runtime.ExitError", tail)
        answer, error, _ = self.invoke({"do": "echo", "after": "exit"})
        self.assertIsNone(error, answer)

    def test_six_megabytes_pass_both_ways_and_no_byte_more(self):
        for size in (PAYLOAD_MAX, RESPONSE_MAX):
            answer, error, _ = self.invoke({"do": "big", "size": size})
            self.assertIsNone(error)
            self.assertEqual(len(answer) + 2, size)
        answer, error, _ = self.invoke({"do": "big", "size": RESPONSE_MAX + 1})
        self.assertEqual(error, "Unhandled")
        self.assertEqual(answer["errorType"], "Function.ResponseSizeTooLarge")
        self.assertEqual(answer["errorMessage"], f"Response payload size ({RESPONSE_MAX + 1} bytes) exceeded maximum "
                                                 f"allowed payload size ({RESPONSE_MAX} bytes).")
        event = {"do": "echo", "pad": ""}
        event["pad"] = "x" * (PAYLOAD_MAX - len(json.dumps(event)))
        answer, error, _ = self.invoke(event)
        self.assertIsNone(error)
        self.assertEqual(answer, event)
        event["pad"] += "x"
        with self.assertRaises(self.client.exceptions.RequestTooLargeException) as caught:
            self.invoke(event)
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 413)

    def test_a_client_without_streaming_answers_a_stream_in_one(self):
        chunks, end = stream(self.client, self.function, {"do": "echo", "text": "whole"})
        self.assertEqual(json.loads(b"".join(chunks)), {"do": "echo", "text": "whole"})
        self.assertNotIn("ErrorCode", end)
        chunks, end = stream(self.client, self.function, {"do": "fail"})
        self.assertEqual(chunks, [])
        self.assertEqual(end["ErrorCode"], "Unhandled")
        self.assertEqual(json.loads(end["ErrorDetails"])["errorMessage"], "asked to fail")


def stream(client, function, event, on_chunk=None):
    """(chunks, InvokeComplete): boto3 checks the CRC of each message."""
    answer = client.invoke_with_response_stream(FunctionName=function, LogType="Tail", Payload=json.dumps(event))
    chunks, end = [], None
    for message in answer["EventStream"]:
        if "InvokeComplete" in message:
            end = message["InvokeComplete"]
        elif "PayloadChunk" in message:
            chunks.append(message["PayloadChunk"]["Payload"])
            if on_chunk:
                on_chunk(b"".join(chunks))
    return chunks, end


class MissingHandler:
    missing_type = "Runtime.ImportModuleError"
    fails_init = True

    def test_a_handler_that_cannot_be_loaded_is_told(self):
        with tempfile.TemporaryDirectory(prefix="coldprof-peers-") as tmp:
            folder = os.path.join(tmp, "broken")
            shutil.copytree(os.path.join(peers.PEERS, "functions", self.function), folder, symlinks=True)
            with open(os.path.join(folder, "function.ini"), "w", encoding="utf-8") as f:
                f.write("handler = absent.handler\ntimeout = 20\nmemory = 1769\n")
            service = peers.Service(folder)
            self.addCleanup(service.stop)
            answer = service.client().invoke(FunctionName="broken", LogType="Tail", Payload="{}")
            tail = base64.b64decode(answer["LogResult"]).decode()
            self.assertEqual(answer["FunctionError"], "Unhandled")
            self.assertRegex(json.loads(answer["Payload"].read())["errorType"], self.missing_type)
            self.assertEqual("\tInit Duration: " in tail, not self.fails_init, tail)
            report = re.search(r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error", service.said())
            self.assertEqual(bool(report), self.fails_init)


class Streaming:
    stream_function = None
    prelude = b""  # what the client itself puts in front
    makes_gate = staticmethod(os.mkfifo)

    def stream(self, event, on_chunk=None):
        chunks, end = stream(self.client, self.stream_function, event, on_chunk)
        whole = b"".join(chunks)
        self.assertRegex(base64.b64decode(end["LogResult"]).decode(), r"(?m)^REPORT RequestId: ")
        if not whole:
            return whole, end
        self.assertRegex(whole, rb"(?s)\A" + self.prelude)
        return re.sub(rb"(?s)\A" + self.prelude, b"", whole), end

    def open_gate(self, path):
        with open(path, "w", encoding="utf-8"):
            pass

    def test_parts_arrive_when_they_are_sent(self):
        with tempfile.TemporaryDirectory() as folder:
            gate = os.path.join(folder, "gate")
            self.makes_gate(gate)
            seen = []

            def on_chunk(so_far):
                if b"first" in so_far and not seen:
                    seen.append(so_far)
                    self.open_gate(gate)  # only now the function makes the second part

            whole, end = self.stream({"do": "stream", "chunks": ["first", "second", "third"], "gate": gate}, on_chunk)
        self.assertEqual(whole, b"firstsecondthird")
        self.assertNotIn("ErrorCode", end)
        self.assertNotIn(b"second", seen[0])

    def test_more_than_six_megabytes_stream(self):
        whole, end = self.stream({"do": "stream", "chunks": [1 << 20] * 9})
        self.assertNotIn("ErrorCode", end)
        self.assertEqual(len(whole), 9 << 20)
        self.assertEqual(whole.strip(b"x"), b"")

    def test_a_buffered_caller_gets_the_whole(self):
        answer = self.client.invoke(FunctionName=self.stream_function, Payload=json.dumps({"do": "s", "chunks": ["1", "2", "3"]}))
        self.assertRegex(answer["Payload"].read(), rb"(?s)\A" + self.prelude + rb"123\Z")

    def test_a_stream_that_ends_in_an_exit_says_so(self):
        whole, end = self.stream({"do": "exit late", "chunks": [1 << 20]})
        self.assertEqual(end["ErrorCode"], "Unhandled")
        self.assertEqual(json.loads(end["ErrorDetails"])["errorType"], "Runtime.ExitError")
        self.assertLessEqual(len(whole), 1 << 20)

    def test_a_caller_that_goes_away_leaves_the_function_usable(self):
        answer = self.client.invoke_with_response_stream(
            FunctionName=self.stream_function, Payload=json.dumps({"do": "stream", "chunks": [1 << 20] * 4}))
        for _ in answer["EventStream"]:
            break
        answer["EventStream"].close()
        whole, end = self.stream({"do": "stream", "chunks": ["still", "there"]})
        self.assertEqual(whole, b"stillthere")


class LateError:
    def test_an_error_after_parts_were_sent_is_told_at_the_end(self):
        whole, end = self.stream({"do": "fail late", "chunks": ["first"]})
        self.assertEqual(whole, b"first")
        self.assertEqual(end["ErrorCode"], "Unhandled")
        self.assertIn("asked to fail late", end["ErrorDetails"])
        whole, end = self.stream({"do": "stream", "chunks": ["fine"]})
        self.assertEqual(whole, b"fine")
        self.assertNotIn("ErrorCode", end)


class Python(Common, MissingHandler, Case):
    """awslambdaric: has no streaming."""
    function, folders = "python", ("python",)


class Node(Common, MissingHandler, Streaming, LateError, Case):
    """aws-lambda-ric: awslambda.streamifyResponse."""
    function, folders, stream_function = "node", ("node", "node-stream"), "node-stream"
    error_stack = "trace"
    makes_gate = staticmethod(lambda path: None)  # appears when it is opened


class Java(Common, MissingHandler, Case):
    """aws-lambda-java-runtime-interface-client: RequestStreamHandler streams into a buffer, so there is no streaming."""
    function, folders = "java", ("java",)
    error_type = r"peer\.Handler\$PeerError"
    missing_type, fails_init = r"^java\.lang\.ClassNotFoundException$", False  # its client tells it with the first event


class Go(Common, Streaming, LateError, Case):
    """aws-lambda-go: a handler that returns an io.Reader."""
    function, folders, stream_function = "go", ("go",), "go"
    error_stack = None  # of panics only


class Rust(Common, Streaming, Case):
    """lambda_runtime: a FunctionResponse that is a stream, after a prelude of its own for function URLs."""
    function, folders, stream_function = "rust", ("rust",), "rust"
    error_type, error_stack = r"PeerError|Error", None
    prelude = rb"\{[^\0]*\}\0{8}"

    def test_an_error_after_parts_were_sent_is_told_in_the_body(self):
        """This client sends its error trailers as bytes of the body, not as trailers."""
        whole, end = self.stream({"do": "fail late", "chunks": ["first"]})
        self.assertTrue(whole.startswith(b"firstLambda-Runtime-Function-Error-Type: Runtime.StreamError\r\n"), whole)


if __name__ == "__main__":
    peers.main()
