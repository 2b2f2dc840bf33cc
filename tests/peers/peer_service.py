# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded service with functions in it, and boto3 as its client. Nothing waits by sleeping."""
import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import fixtures

BINARY = os.environ["COLDPROF_BINARY"]
PEERS = os.environ["COLDPROF_PEERS"]
SKIPPED = 77  # CTest's SKIP_RETURN_CODE
KEY_ID, SECRET = fixtures.ACCESS_KEY_ID, fixtures.secret("peer")


def use_peer_python(name="python"):
    """Goes on in the Python of that peer (the one with boto3), if it is installed and this is not it."""
    python = os.path.join(PEERS, name, "bin", "python")
    if os.path.exists(python) and os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(PEERS, name)):
        os.execv(python, [python, *sys.argv])


def need(*paths):
    """Skips where a peer is not installed; with CI=true that is a failure."""
    for path in paths:
        if os.path.exists(os.path.join(PEERS, path)):
            continue
        why = f"{path} is not installed in {PEERS}: run scripts/setup --peers"
        if os.environ.get("CI") == "true":
            raise AssertionError(why)
        raise unittest.SkipTest(why)


def main():
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.skipped and len(result.skipped) >= max(result.testsRun, 1) else 0)


class Service:
    """`coldprof local serve` of function folders on a free port."""

    def __init__(self, *folders, options=()):
        read_fd, write_fd = os.pipe()
        share = [] if os.geteuid() == 0 else ["--no-cpu-share"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        environment.update(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)
        self.log = tempfile.NamedTemporaryFile("w+", prefix="coldprof-peers-", suffix=".log")
        self.process = subprocess.Popen(
            [BINARY, "local", "serve", *folders, "--port", "0", "--ready-fd", str(write_fd), *share, *options],
            env=environment, pass_fds=[write_fd], stdin=subprocess.DEVNULL, stderr=self.log)
        os.close(write_fd)
        with os.fdopen(read_fd) as ready:
            line = ready.readline()
        self.facts = json.loads(line) if line else {}
        if "endpoint" not in self.facts:
            self.stop()
            raise AssertionError(f"the service did not start: {line}")

    def client(self, service="lambda", **more):
        import boto3
        from botocore.config import Config
        return boto3.client(service, endpoint_url=self.facts["endpoint"], region_name=self.facts["region"],
                            aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
                            config=Config(retries={"total_max_attempts": 1}, read_timeout=60, **more))

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "killed"
        self.keep_log()
        self.log.close()
        return status

    def keep_log(self):
        """For the test that looks for secrets after all others."""
        kept = os.environ.get("COLDPROF_KEPT")
        if kept:
            os.makedirs(kept, exist_ok=True)
            shutil.copyfile(self.log.name, os.path.join(kept, f"service-{self.process.pid}.log"))


class MotoServer:
    """moto's server on a free port: other services of AWS, with state."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(PEERS, "python", "bin", "moto_server"), "-H", "127.0.0.1", "-p", "0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self.endpoint = self.find_endpoint()

    def find_endpoint(self):
        """The line in which it says where it listens, within a minute."""
        said = b""
        while select.select([self.process.stderr], [], [], 60)[0]:
            more = os.read(self.process.stderr.fileno(), 65536)
            said += more
            found = re.search(rb"(http://127\.0\.0\.1:\d+)\D", said)
            if found:
                return found.group(1).decode()
            if not more:
                break
        raise AssertionError(f"moto's server did not start: {said}")

    def client(self, service):
        import boto3
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="AKIDPEERTESTEXAMPLE0",
                            aws_secret_access_key="peer-secret")

    def stop(self):
        self.process.terminate()  # it writes little: its pipe is never full
        self.process.wait(20)
        self.process.stderr.close()
