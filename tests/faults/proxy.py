# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that breaks what it carries. It stands between coldprof and `coldprof local serve`, forwards
the bytes of a request as they came (so that signatures stay valid), and asks its script about each call:

    proxy.script = lambda call: fault or None

A fault is a function of the exchange; those below answer in the service's place, before or after the
request took effect, break the connection, change the answer, or do something else first.
"""
import json
import os
import select
import signal
import socket
import ssl
import struct
import threading

HEAD_MAX = 1 << 20
LIMIT_S = 60  # no step of an exchange takes longer


class Call:
    """What was asked, and what became of it."""

    def __init__(self, number, head, body):
        line = head.split(b"\r\n", 1)[0].decode("latin-1")
        self.method, self.target, _ = line.split(" ", 2)
        self.number, self.head, self.body = number, head, body
        self.path = self.target.partition("?")[0]
        self.is_invocation = self.method == "POST" and self.path.endswith("/invocations")
        self.is_change = self.method != "GET" and not self.is_invocation
        self.change_number = 0  # among the changing calls, from 1
        self.was_forwarded = False
        self.fault = ""
        self.status = 0  # of the service's own answer
        self.request_id = ""

    def __str__(self):
        return f"{self.method} {self.target} {self.status or '-'}{' (' + self.fault + ')' if self.fault else ''}"


class Broken(Exception):
    """The connection is not to be used any more."""


def read_message(connection, buffered, is_response_to=None):
    """(head, body, rest) of one HTTP message, as bytes; None when the peer closed before it."""
    data = buffered
    while b"\r\n\r\n" not in data:
        step = connection.recv(65536)
        if not step or len(data) > HEAD_MAX:
            if data:
                raise Broken("half a head")
            return None
        data += step
        if data.startswith(b"\x16"):
            raise Broken("a TLS hello")
    head, _, data = data.partition(b"\r\n\r\n")
    head += b"\r\n\r\n"
    names = {}
    for line in head.split(b"\r\n")[1:-2]:
        name, _, value = line.partition(b":")
        names[name.strip().lower()] = value.strip()
    if is_response_to is not None and head.split(b" ", 2)[1].startswith(b"1"):
        return read_message(connection, data, is_response_to)
    if b"100-continue" in names.get(b"expect", b"").lower():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if names.get(b"transfer-encoding", b"").lower() == b"chunked":
        return (head, *read_chunks(connection, data))
    has_no_body = is_response_to is not None and head.split(b" ", 2)[1][:3] in (b"204", b"304")
    length = 0 if has_no_body else int(names.get(b"content-length", b"0"))
    while len(data) < length:
        step = connection.recv(65536)
        if not step:
            raise Broken("half a body")
        data += step
    return head, data[:length], data[length:]


def read_chunks(connection, data):
    """The chunks as they are, sizes included: they are only carried."""
    at = 0
    while True:
        while b"\r\n" not in data[at:]:
            data += receive(connection)
        line_end = data.index(b"\r\n", at)
        size = int(data[at:line_end].split(b";")[0], 16)
        end = line_end + 2 + size + 2
        while len(data) < end:
            data += receive(connection)
        at = end
        if size == 0:
            return data[:end], data[end:]


def receive(connection):
    step = connection.recv(65536)
    if not step:
        raise Broken("the peer closed")
    return step


class Exchange:
    """One call with its two connections, for a fault to play with."""

    def __init__(self, proxy, call, client):
        self.proxy, self.call, self.client = proxy, call, client
        self.head = self.body = b""

    def forward(self):
        """The request takes effect; its answer is in head and body."""
        with socket.create_connection(("127.0.0.1", self.proxy.upstream_port), timeout=LIMIT_S) as service:
            service.sendall(self.call.head + self.call.body)
            self.call.was_forwarded = True
            answer = read_message(service, b"", is_response_to=self.call)
        if answer is None:
            raise Broken("the service closed")
        self.head, self.body, _ = answer
        self.call.status = int(self.head.split(b" ", 2)[1])
        self.call.request_id = self.header("x-amzn-RequestId")

    def header(self, name):
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.decode("latin-1").partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return ""

    def send(self, data):
        self.client.sendall(data)

    def answer(self):
        self.send(self.head + self.body)

    def make_answer(self, status, error_type="", message="", headers=()):
        body = json.dumps({"Type": "User", "message": message}).encode()
        lines = [f"HTTP/1.1 {status} Fault", "Content-Type: application/json", f"Content-Length: {len(body)}",
                 f"x-amzn-RequestId: fa017000-0000-4000-8000-{self.call.number:012d}"]
        if error_type:
            lines.append(f"x-amzn-ErrorType: {error_type}")
        self.head = "\r\n".join([*lines, *headers, "", ""]).encode()
        self.body = body

    def wait_for_client(self, seconds):
        """Until the client gives up, or the time is over."""
        select.select([self.client, self.proxy.closing], [], [], seconds)


# --- faults ---

def error(status, error_type, message="injected", headers=(), after=False):
    """An answer in the service's place: before the request takes effect, or after it did."""
    def fault(x):
        if after:
            x.forward()
        x.make_answer(status, error_type, message, headers)
        x.answer()
    return fault


def reset(after):
    def fault(x):
        if after:
            x.forward()
        x.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Broken
    return fault


def stall(seconds, after):
    """Silence, then the end of the connection."""
    def fault(x):
        if after:
            x.forward()
        x.wait_for_client(seconds)
        raise Broken
    return fault


def cut(x):
    x.forward()
    x.send(x.head + x.body[:len(x.body) // 2])
    raise Broken


def cut_head(x):
    x.forward()
    x.send(x.head[:len(x.head) // 2])
    raise Broken


def garbage(data, after):
    def fault(x):
        if after:
            x.forward()
        x.send(data)
        raise Broken
    return fault


def slowly(x):
    """The answer byte by byte, each in a packet of its own."""
    x.forward()
    x.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in x.head + x.body:
        x.send(bytes([byte]))
        x.wait_for_client(0.0005)


def edited(edit):
    """The service's answer with another head: edit(lines) -> lines."""
    def fault(x):
        x.forward()
        lines = edit(x.head.decode("latin-1").split("\r\n")[:-2])
        x.head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        x.answer()
    return fault


def without(name):
    return edited(lambda lines: [line for line in lines if not line.lower().startswith(name.lower() + ":")])


def with_header(line, name=None):
    """One more header; the one called `name` goes."""
    return edited(lambda lines: [old for old in lines if not name or not old.lower().startswith(name.lower() + ":")] + [line])


def closing(fault):
    """The same, and the end of the connection."""
    def both(x):
        fault(x)
        raise Broken
    return both


def kill(process, after):
    """kill -9 of coldprof while it waits for this answer."""
    def fault(x):
        if after:
            x.forward()
        victim = process()
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        raise Broken
    return fault


def carry(x):
    x.forward()
    x.answer()


def someone_else(act, then=carry):
    """A third party acts just before."""
    def fault(x):
        act()
        then(x)
    return fault


# --- the proxy ---

class Proxy:
    def __init__(self, upstream_port, tls=None):
        self.upstream_port = upstream_port
        self.script = lambda call: None
        self.calls = []
        self.troubles = []  # of the proxy itself: a test must find none
        self.lock = threading.Lock()
        self.closing, self._close = os.pipe()
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def start_over(self, script=None):
        with self.lock:
            self.calls = []
            self.script = script or (lambda call: None)

    def changes(self):
        with self.lock:
            return [c for c in self.calls if c.is_change]

    def invocations(self):
        with self.lock:
            return [c for c in self.calls if c.is_invocation]

    def close(self):
        os.write(self._close, b"x")
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.settimeout(LIMIT_S)
        try:
            if self.tls:
                client = self.tls.wrap_socket(client, server_side=True)
            rest = b""
            while True:
                message = read_message(client, rest)
                if message is None:
                    break
                head, body, rest = message
                self._exchange(client, head, body)
        except (Broken, OSError, ssl.SSLError):
            pass  # a connection that ended, on purpose or not: coldprof's business
        except Exception as trouble:  # pylint: disable=broad-exception-caught
            self.troubles.append(repr(trouble))
        finally:
            client.close()

    def _exchange(self, client, head, body):
        with self.lock:
            call = Call(len(self.calls) + 1, head, body)
            self.calls.append(call)
            call.change_number = sum(c.is_change for c in self.calls) if call.is_change else 0
            fault = self.script(call)
        x = Exchange(self, call, client)
        if fault:
            call.fault = getattr(fault, "label", "fault")
            fault(x)
        else:
            x.forward()
            x.answer()
