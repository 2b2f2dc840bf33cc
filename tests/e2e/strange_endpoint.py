# SPDX-License-Identifier: GPL-3.0-or-later
"""Lambda-compatible endpoints that can do less than AWS, each a strict subset of the API: what is not
listed is answered as the real one answers it. Functions answer at once.

    invoke_only   the runtime interface emulator: one route, no request id, no log tail
    sam           invoke only, with SAM's own errors; a request id, no log tail
    no_tail       configuration and versions, but Invoke gives no log tail (moto without Docker logs)
    tail_only     configuration and a log tail with an emulator's REPORT; no versions
    full_no_init  a front of the embedded service that cuts Init Duration from every REPORT
    broken        configuration, but every Invoke is a 500
"""
import base64
import http.client
import http.server
import json
import re
import threading
import uuid

INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
CONFIGURATION = re.compile(r"/2015-03-31/functions/([^/]+)/configuration")
VERSIONS = re.compile(r"/2015-03-31/functions/([^/]+)/versions")


def emulator_report(request_id, is_first):
    """The form of aws/aws-lambda-runtime-interface-emulator: init first (once), memory used is memory size."""
    return (f"START RequestId: {request_id} Version: $LATEST\nEND RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\t{'Init Duration: 0.09 ms' + chr(9) if is_first else ''}Duration: 21.40 ms\tBilled Duration: 22 ms\t"
            "Memory Size: 512 MB\tMax Memory Used: 512 MB\t\n")


def configuration(name, arn_account):
    return {"FunctionName": name, "FunctionArn": f"arn:aws:lambda:us-east-1:{arn_account}:function:{name}", "Runtime": "python3.12",
            "Handler": "a.b", "MemorySize": 512, "Timeout": 5, "Version": "$LATEST", "CodeSha256": "x", "RevisionId": "r",
            "State": "Active", "LastUpdateStatus": "Successful", "PackageType": "Zip", "Architectures": ["x86_64"]}


class Endpoint:
    def __init__(self, kind, behind=None, payload=b'{"ok":true}', account="000000000000"):
        self.kind, self.behind, self.payload, self.account = kind, behind, payload, account
        self.requests = []
        self.is_invoked, self.is_closed = threading.Event(), threading.Event()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                endpoint.requests.append((self.command, path))
                getattr(endpoint, endpoint.kind)(self, path, body)

            do_GET = do_POST = do_PUT = do_DELETE = any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.is_closed.set()
        self.server.shutdown()
        self.server.server_close()

    def count(self, method, pattern):
        return sum(m == method and bool(pattern.fullmatch(p)) for m, p in self.requests)

    def invoke_only(self, h, path, _):
        if h.command == "POST" and path == "/2015-03-31/functions/function/invocations":
            return h.answer(200, self.payload)
        return h.answer(404, b"404 page not found\n", Content_Type="text/plain")

    def sam(self, h, path, _):
        if h.command == "POST" and INVOKE.fullmatch(path):
            return h.answer(200, self.payload, x_amzn_RequestId=str(uuid.uuid4()))
        return h.answer(404, json.dumps({"Type": "LocalService", "Message": "PathNotFoundException"}).encode(),
                        x_amzn_errortype="PathNotFoundLocally")

    def control(self, h, path, has_versions):
        if h.command == "GET" and (m := CONFIGURATION.fullmatch(path)):
            if m.group(1) != "fn":
                return h.answer(404, b'{"Type":"User","Message":"Function not found"}', x_amzn_errortype="ResourceNotFoundException",
                                x_amzn_RequestId=str(uuid.uuid4()))
            return h.answer(200, json.dumps(configuration("fn", self.account)).encode(), x_amzn_RequestId=str(uuid.uuid4()))
        if h.command == "GET" and VERSIONS.fullmatch(path) and has_versions:
            return h.answer(200, json.dumps({"Versions": [configuration("fn", self.account)]}).encode(), x_amzn_RequestId=str(uuid.uuid4()))
        return h.answer(404, b"not here", Content_Type="text/plain")

    def no_tail(self, h, path, _):
        if h.command == "POST" and INVOKE.fullmatch(path):
            return h.answer(200, self.payload, x_amzn_RequestId=str(uuid.uuid4()))
        return self.control(h, path, True)

    def tail_only(self, h, path, _):
        if h.command == "POST" and INVOKE.fullmatch(path):
            request_id = str(uuid.uuid4())
            return h.answer(200, self.payload, x_amzn_RequestId=request_id,
                            X_Amz_Log_Result=base64.b64encode(emulator_report(request_id, self.count("POST", INVOKE) == 1).encode()).decode())
        return self.control(h, path, False)

    def broken(self, h, path, _):
        if h.command == "POST" and INVOKE.fullmatch(path):
            return h.answer(500, b'{"message":"no container"}', x_amzn_RequestId=str(uuid.uuid4()))
        return self.control(h, path, True)

    def silent(self, h, path, _):
        """Takes an invocation and never answers it."""
        if h.command == "POST" and INVOKE.fullmatch(path):
            self.is_invoked.set()
            self.is_closed.wait()
            h.close_connection = True
            return None
        return self.control(h, path, True)

    def full_no_init(self, h, _, body):
        """Forwards byte by byte; the host stays as it was signed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.behind)
        connection.putrequest(h.command, h.path, skip_host=True, skip_accept_encoding=True)
        for name, value in h.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        headers = {n.replace("-", "_"): v for n, v in answer.getheaders() if n.lower() not in ("content-length", "connection", "server", "date")}
        tail = next((n for n in headers if n.lower() == "x_amz_log_result"), None)
        if tail:
            text = base64.b64decode(headers[tail]).decode()
            headers[tail] = base64.b64encode(re.sub(r"\tInit Duration: [0-9.]+ ms", "", text).encode()).decode()
        h.answer(answer.status, answer.read(), **headers)
        connection.close()
