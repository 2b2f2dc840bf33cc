# SPDX-License-Identifier: GPL-3.0-or-later
# Runtime client for python3: one keep-alive connection to the Runtime API, few imports, so that
# the INIT phase is that of the interpreter and of the handler's module.
import os
import sys
import time

import _socket
import json

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime/"
ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"


class Connection:
    def __init__(self):
        host, port = API.rsplit(":", 1)
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self.pending = b""

    def request(self, method, path, body=b"", headers=()):
        lines = [f"{method} {BASE}{path} HTTP/1.1", f"Host: {API}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.socket.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        return self.answer()

    def more(self):
        part = self.socket.recv(65536)
        if not part:
            os._exit(1)  # the service is gone
        return part

    def answer(self):
        data = self.pending
        while b"\r\n\r\n" not in data:
            data += self.more()
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        size = int(headers.get("content-length", 0))
        parts = [rest]
        have = len(rest)
        while have < size:
            parts.append(self.more())
            have += len(parts[-1])
        body = b"".join(parts)
        self.pending = body[size:]
        return int(first.split(" ")[1]), headers, body[:size]


class Context:
    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn", "")
        self.function_name = env.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.function_version = env.get("AWS_LAMBDA_FUNCTION_VERSION", "")
        self.memory_limit_in_mb = env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
        self.log_group_name = env.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
        self.log_stream_name = env.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        client = headers.get("lambda-runtime-client-context")
        self.client_context = json.loads(client) if client else None
        self.identity = None
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)


def describe(error):
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    shown = [frame for frame in frames if frame.filename != __file__]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_list(shown),
    }


def report(connection, path, error_type, detail):
    # One event in the log: lines joined by carriage returns, as AWS does.
    text = f"[ERROR] {detail['errorType']}: {detail['errorMessage']}\nTraceback (most recent call last):\n"
    print((text + "".join(detail["stackTrace"])).replace("\n", "\r"), flush=True)
    connection.request("POST", path, json.dumps(detail).encode(), ((ERROR_TYPE, error_type),))


def load_handler():
    sys.dont_write_bytecode = True  # the function's folder is not ours to write to
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    name = os.environ["_HANDLER"]
    module_name, _, function_name = name.rpartition(".")
    if not module_name:
        raise ValueError(f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    import importlib

    module = importlib.import_module(module_name.replace("/", "."))
    return getattr(module, function_name)


def init_error_type(error):
    if isinstance(error, SyntaxError):
        return "Runtime.UserCodeSyntaxError"
    if isinstance(error, ImportError):
        return "Runtime.ImportModuleError"
    if isinstance(error, AttributeError):
        return "Runtime.HandlerNotFound"
    if isinstance(error, ValueError) and str(error).startswith("Bad handler"):
        return "Runtime.MalformedHandlerName"
    return "Runtime.Unknown"


def wait_for_restore(connection):
    """The snapshot is this process, parked here. Hooks of snapshot_restore_py run around it."""
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    hooks = sys.modules.get("snapshot_restore_py")
    for hook, arguments, named in reversed(getattr(hooks, "get_before_snapshot", list)()):
        hook(*arguments, **named)
    status, _, _ = connection.request("GET", "restore/next")
    if status != 200:
        sys.exit(1)
    try:
        for hook, arguments, named in getattr(hooks, "get_after_restore", list)():
            hook(*arguments, **named)
    except Exception as error:
        report(connection, "restore/error", "Runtime.AfterRestoreError", describe(error))
        sys.exit(1)


def serve(connection, handler):
    while True:
        status, headers, body = connection.request("GET", "invocation/next")
        if status != 200:
            sys.exit(1)
        trace_id = headers.get("lambda-runtime-trace-id")
        if trace_id:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        path = "invocation/" + headers["lambda-runtime-aws-request-id"]
        try:
            result = json.dumps(handler(json.loads(body), Context(headers))).encode()
        except Exception as error:
            detail = describe(error)
            report(connection, path + "/error", detail["errorType"], detail)
            continue
        sys.stdout.flush()
        connection.request("POST", path + "/response", result)


def main():
    sys.stdout.reconfigure(line_buffering=True)
    connection = Connection()
    try:
        handler = load_handler()
    except Exception as error:
        detail = describe(error)
        detail["errorType"] = init_error_type(error)
        report(connection, "init/error", detail["errorType"], detail)
        sys.exit(1)
    wait_for_restore(connection)
    serve(connection, handler)


main()
