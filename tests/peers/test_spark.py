# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/fleet_spark.py on real Spark, a master and two executors as processes of their own: the merged
digest of all partitions is bit for bit the digest of one pass. Nothing here uses AWS.
"""
import os
import subprocess
import sys
import tempfile
import unittest

import log_generator
import peer_service as peers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Spark(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        peers.need("spark/bin/spark-submit")
        cls.tmp = tempfile.TemporaryDirectory(prefix="coldprof-spark-")
        cls.addClassCleanup(cls.tmp.cleanup)
        python = os.path.join(peers.PEERS, "spark", "bin", "python")
        installed = subprocess.run([python, "-c", "import os, pyspark; print(os.path.dirname(pyspark.__file__))"],
                                   capture_output=True, text=True, check=True).stdout.strip()
        home = cls.path("spark")  # executors keep their files in its folder `work`
        os.makedirs(os.path.join(home, "work"))
        for name in os.listdir(installed):
            if name != "work":
                os.symlink(os.path.join(installed, name), os.path.join(home, name))
        cls.env = {**os.environ, "SPARK_HOME": home, "PYSPARK_PYTHON": python, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": cls.path("local")}

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.tmp.name, *names)

    def submit(self, *words):
        result = subprocess.run([os.path.join(self.env["SPARK_HOME"], "bin", "spark-submit"), "--master", "local-cluster[2,1,1024]",
                                 "--conf", "spark.ui.enabled=false", os.path.join(ROOT, "scripts", "fleet_spark.py"),
                                 "--coldprof", peers.BINARY, *words],
                                env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, check=False)
        self.assertEqual(result.returncode, 0, result.stderr[-3000:])

    def digest(self, name, *words):
        path = self.path(name)
        subprocess.run([peers.BINARY, "digest", "--quiet", "-o", path, *words], stdin=subprocess.DEVNULL, check=True)
        return self.read(path)

    @staticmethod
    def read(path):
        with open(path, "rb") as f:
            return f.read()

    def check(self, form, files, partitions, *options):
        """Logs of that form, and whether Spark's digest is the digest."""
        folder = self.path(form)
        os.makedirs(folder)
        for i in range(files):
            with open(os.path.join(folder, f"{i}.log"), "wb") as f:
                f.write(log_generator.generate(form, 60_000 // files, seed=i + 1))
        own = self.digest(form + ".one", *options, folder)
        self.assertGreater(len(own), 10_000)
        self.submit("--partitions", str(partitions), "--options=" + " ".join(options), folder, self.path(form + ".spark"))
        self.assertEqual(self.read(self.path(form + ".spark")), own)

    def test_text(self):
        self.check("text", 1, 7, "--function", "checkout")

    def test_detailed_of_several_files(self):
        self.check("detailed", 3, 5)

    def test_json(self):
        self.check("json", 1, 4)


if __name__ == "__main__":
    sys.exit(peers.main())
