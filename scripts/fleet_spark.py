#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs that outgrow a machine: Spark runs `coldprof digest` on each partition and merges the results.

    spark-submit [--files build/coldprof] scripts/fleet_spark.py [--coldprof ./coldprof] INPUT ... OUTPUT.digest

INPUT is whatever Spark reads as lines: s3a://bucket/logs/*.gz, hdfs:///logs, a folder, a pattern. OUTPUT
is written on the driver and is bit for bit what one `coldprof digest` of all lines gives; go on with
`coldprof import OUTPUT.digest`. coldprof must be on the executors' PATH, or come with --files. Forms
with one event a line work, and documents where each stands on a line of its own.
"""
import argparse
import shlex
import subprocess

from pyspark import SparkContext


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", nargs="+")
    parser.add_argument("output")
    parser.add_argument("--coldprof", default="coldprof", help="the program's path on the executors")
    parser.add_argument("--partitions", type=int, help="at least that many (default: Spark's choice)")
    parser.add_argument("--options", default="", help="of coldprof digest, such as '--function checkout --arch arm64'")
    args = parser.parse_args()
    merge = [args.coldprof, "digest", "--quiet", "--exit-zero", "--threads", "1", "-o", "-", "-"]
    digest = merge[:-1] + shlex.split(args.options) + merge[-1:]

    def merged(a, b):
        return subprocess.run(merge, input=a + b, stdout=subprocess.PIPE, text=True, check=True).stdout

    spark = SparkContext.getOrCreate()
    spark._jsc.hadoopConfiguration().set("textinputformat.record.delimiter", "\n")  # else a carriage return ends a line too
    lines = spark.textFile(",".join(args.input), args.partitions)
    parts = lines.pipe(shlex.join(digest), checkCode=True).glom().map(lambda part: "".join(line + "\n" for line in part))
    with open(args.output, "w", encoding="ascii") as out:
        out.write(parts.treeReduce(merged))
    spark.stop()


if __name__ == "__main__":
    main()
