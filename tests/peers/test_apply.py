# SPDX-License-Identifier: GPL-3.0-or-later
"""What `coldprof apply` prints, given to the programs that it is meant for: the AWS CLI against the embedded
service, whose state is then read back; and the way back from there."""
import os
import subprocess
import tempfile
import unittest

import peer_service as peers

peers.use_peer_python()

from test_api_clients import make_zip  # noqa: E402 (needs that Python)

CLIENT = os.environ["COLDPROF_APPLY_CLIENT"]
FOLDER = os.path.join("probes", "functions", "hello-python")
ROLE = "arn:aws:iam::000000000000:role/peer"
NOW = {"Delay": 0.05}  # of waiters
DAY = [0] * 7 + [2] + [5] * 11 + [2] * 2 + [0] * 3  # provisioned concurrency by hour
HOURS = ",".join(str(n) for n in DAY)


def printed(**settings):
    """What is printed for a decision of these settings."""
    words = [f"{name}={value}" for name, value in settings.items()]
    return subprocess.run([CLIENT, *words], capture_output=True, text=True, check=True).stdout


class Cli(unittest.TestCase):
    """Blocks for the AWS CLI, run by a shell as they are printed."""

    @classmethod
    def setUpClass(cls):
        peers.need("python/bin/python", "python/bin/aws")
        cls.service = peers.Service(FOLDER, options=["--account-concurrency", "1000"])
        cls.client = cls.service.client()
        cls.folder = tempfile.TemporaryDirectory(prefix="coldprof-apply-")
        with open(os.path.join(cls.folder.name, "sleep"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n")  # the AWS CLI takes long enough
        os.chmod(f.name, 0o755)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        status = cls.service.stop()
        if status != 0:
            raise AssertionError(f"the service ended with {status}")

    def create(self, name, memory=512):
        self.client.create_function(FunctionName=name, Runtime="python3", Role=ROLE, Handler="app.handler", MemorySize=memory,
                                    Code={"ZipFile": make_zip()})
        self.client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=NOW)
        self.addCleanup(self.client.delete_function, FunctionName=name)

    def run_block(self, **settings):
        script = printed(region="us-east-1", **settings)
        env = {**os.environ, "AWS_ACCESS_KEY_ID": peers.KEY_ID, "AWS_SECRET_ACCESS_KEY": peers.SECRET,
               "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "1",
               "AWS_ENDPOINT_URL_LAMBDA": self.service.facts["endpoint"], "AWS_PAGER": "",
               "PATH": os.pathsep.join([self.folder.name, os.path.join(peers.PEERS, "python", "bin"), os.environ["PATH"]])}
        result = subprocess.run(["sh", "-c", script], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=120, check=False)
        self.assertEqual(result.returncode, 0, script + result.stderr)
        self.assertEqual(result.stderr, "")

    def memory(self, name):
        return self.client.get_function_configuration(FunctionName=name)["MemorySize"]

    def provisioned(self, name, qualifier="live"):
        """How many are ready; None without."""
        try:
            got = self.client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
        except self.client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
            return None
        self.assertEqual(got["Status"], "READY")
        return got["AvailableProvisionedConcurrentExecutions"]

    def test_memory_and_provisioned_concurrency_on_an_alias_that_exists(self):
        self.create("orders")
        self.client.create_alias(FunctionName="orders", Name="live", FunctionVersion=self.client.publish_version(FunctionName="orders")["Version"])
        decision = {"function": "orders:live", "was": 512, "memory": 1024, "mode": "provisioned", "n": 2}
        self.run_block(**decision)
        self.assertEqual(self.memory("orders"), 1024)
        self.assertEqual(self.memory("orders:live"), 1024)
        self.assertEqual(self.client.get_alias(FunctionName="orders", Name="live")["FunctionVersion"], "2")
        self.assertEqual(self.provisioned("orders"), 2)
        self.run_block(**decision, undo=1)
        self.assertEqual(self.memory("orders"), 512)
        self.assertEqual(self.memory("orders:live"), 512)
        self.assertIsNone(self.provisioned("orders"))


if __name__ == "__main__":
    peers.main()
