#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`coldprof digest` as its user runs it: files, pipes, damage, merging, exit status."""
import gzip
import os
import pty
import resource
import signal
import subprocess
import threading
import unittest

import log_generator
import program

ID = "0000000{}-6bed-4f1f-a5b6-0123456789ab"
REPORT = "REPORT RequestId: {}\tDuration: {} ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"
REFERENCE = os.path.join(os.environ.get("COLDPROF_REFERENCE", ""), "hostile", "logs")


def report(i, duration="1.50"):
    request = ID.format(i)
    return f"START RequestId: {request} Version: 7\nEND RequestId: {request}\n" + REPORT.format(request, duration)


class Case(program.Case):
    def file(self, name, content):
        path = os.path.join(self.tmp, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return path

    @staticmethod
    def read(path):
        with open(path, "rb") as f:
            return f.read()

    def digest(self, *words, status=0, stdin=b""):
        result = subprocess.run(self.command("digest", *words), env=self.env, input=stdin, capture_output=True, timeout=120, check=False)
        self.assertEqual(result.returncode, status, f"{words}\n{result.stderr.decode(errors='replace')}")
        return result.stdout, result.stderr.decode()


class Command(Case):
    def test_file_pipe_and_gzip_give_the_same_bytes(self):
        log = log_generator.generate("detailed", 3000)
        by_file, told = self.digest(self.file("x.log", log))
        self.assertTrue(by_file.startswith(b"coldprof digest 1\n"))
        self.assertIn("read      1 file, ", told)
        self.assertIn(f": {log.count(bytes([10])):,} lines", told)
        for words, stdin in (([], log), (["-"], log), ([self.file("x.gz", gzip.compress(log))], b""), (["-"], gzip.compress(log))):
            self.assertEqual(self.digest(*words, stdin=stdin)[0], by_file)

    def test_named_pipe(self):
        log = report(1).encode()
        path = os.path.join(self.tmp, "pipe")
        os.mkfifo(path)

        def write():
            with open(path, "wb") as f:
                f.write(log)
        writer = threading.Thread(target=write)
        writer.start()
        self.assertEqual(self.digest(path)[0], self.digest(self.file("x.log", log))[0])
        writer.join()

    def test_every_form_of_the_generator_and_any_number_of_threads(self):
        for form in log_generator.FORMS:
            path = self.file(form, log_generator.generate(form, 1000))
            one = self.digest(path, "--threads", "1")[0]
            self.assertEqual(self.digest(path, "--threads", "3")[0], one, form)

    def test_digests_of_parts_merge(self):
        parts = [report(i) for i in range(1, 6)]
        whole = self.digest(self.file("whole", "".join(parts)))[0]
        names = []
        for i, part in enumerate(parts):
            names.append(os.path.join(self.tmp, f"{i}.digest"))
            self.digest(self.file(f"{i}.log", part), "-o", names[-1])
        self.assertEqual(self.digest(*names)[0], whole)
        self.assertEqual(self.digest(*reversed(names), os.devnull)[0], whole)
        self.assertEqual(self.digest(os.path.join(self.tmp, "*.digest"))[0], whole)
        together = b"".join(map(self.read, names))
        self.assertEqual(self.digest(stdin=together)[0], whole)
        mixed = self.digest(names[0], *(os.path.join(self.tmp, f"{i}.log") for i in range(1, 5)))[0]
        self.assertEqual(mixed, whole)

    def test_more_files_than_any_fixed_number(self):
        names = [self.file(f"{i}.log", report(i % 10)) for i in range(200)]
        self.assertIn("read      200 files, ", self.digest(*names)[1])

    def test_output_is_whole_or_not_there(self):
        path = os.path.join(self.tmp, "out.digest")
        out, _ = self.digest(self.file("x.log", report(1)), "-o", path)
        self.assertEqual(out, b"")
        self.assertTrue(self.read(path).startswith(b"coldprof digest 1\n"))
        _, told = self.digest(self.file("x.log", report(1)), "-o", os.path.join(self.tmp, "no", "where"), status=1)
        self.assertIn("cannot write", told)
        self.assertNotIn("where", os.listdir(self.tmp))

    def test_quiet_says_nothing(self):
        _, told = self.digest(self.file("x.log", report(1)), "-q")
        self.assertEqual(told, "")

    def test_a_terminal_gets_no_digest(self):
        main, other = pty.openpty()
        result = subprocess.run(self.command("digest", self.file("x.log", report(1))), env=self.env, stdin=subprocess.DEVNULL,
                                stdout=other, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(other)
        os.close(main)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"give -o FILE", result.stderr)

    def test_progress_is_redrawn_on_a_terminal_only(self):
        path = self.file("x.log", report(1) * 1000)
        main, other = pty.openpty()
        subprocess.run(self.command("digest", path), env={**self.env, "TERM": "xterm"}, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=other, timeout=60, check=True)
        os.close(other)
        drawn = os.read(main, 100000)
        os.close(main)
        self.assertIn(b"\r\x1b[K", drawn)
        self.assertIn(b"3000 records", drawn)
        self.assertNotIn("\x1b", self.digest(path)[1])

    def test_name_and_architecture_are_in_it(self):
        out, told = self.digest(self.file("x.log", report(1)), "--function", "orders", "--architecture", "arm64")
        self.assertIn(b"orders", out)
        self.assertIn(b"arm64", out)
        self.assertIn("functions 1: orders\n", told)


class Trouble(Case):
    def test_rejected_records_are_told_and_the_rest_is_used(self):
        path = self.file("x.log", report(1) + report(2, "-1.00") + report(3, "nan"))
        out, told = self.digest(path, status=1)
        self.assertIn("rejected NEGATIVE: a value is negative; e.g. Duration: REPORT RequestId: " + ID.format(2), told)
        self.assertIn("rejected NOT_A_NUMBER", told)
        self.assertIn(f"in        {path}: 2 records rejected", told)
        self.assertIn(", 1 REPORT", told)
        self.assertIn("warning: a part of the input was rejected", told)
        self.assertEqual(self.digest(path, "--exit-zero")[0], out)

    def test_damaged_gzip(self):
        packed = gzip.compress((report(1) * 2000).encode())
        path = self.file("x.gz", packed[:-20])
        out, told = self.digest(path, status=1)
        self.assertIn("damaged file; e.g. gzip data end too early, at byte", told)
        self.assertIn(f"in        {path}: gzip data end too early", told)
        self.assertTrue(out)

    def test_what_cannot_be_read(self):
        for name, content, text in (("x.zst", b"\x28\xb5\x2f\xfd----------", "zstdcat"), ("x.zip", b"PK\x03\x04----------", "unzip -p")):
            out, told = self.digest(self.file("good.log", report(1)), self.file(name, content), status=1)
            self.assertIn(text, told)
            self.assertEqual(out, b"")
        self.assertIn("nowhere.log': No such file", self.digest("nowhere.log", status=1)[1])
        self.assertIn("no file matches 'no*.gz'", self.digest("no*.gz", status=1)[1])
        self.assertIn("named twice", self.digest("-", "-", status=2)[1])

    def test_a_damaged_digest_is_named(self):
        good = os.path.join(self.tmp, "good")
        self.digest(self.file("x.log", report(1)), "-o", good)
        bad = self.read(good).replace(b"128", b"129", 1)
        out, told = self.digest(self.file("bad.digest", bad), status=1)
        self.assertIn("bad.digest", told)
        self.assertEqual(out, b"")

    def test_an_export_of_s3(self):
        stream = "2026-10-08-[7]" + "ab" * 16
        message = report(1).replace("\n", "\n\n").splitlines()
        lines = "".join(f"2026-10-08T14:03:11.48{i}Z {line}\n" if line else "\n" for i, line in enumerate(message))
        self.file(f"exported/task/{stream}/000000.gz", gzip.compress(lines.encode()))
        self.file("exported/aws-logs-write-test", "Permission Check Successful")
        out, told = self.digest(os.path.join(self.tmp, "exported"))
        self.assertIn("left out  1 'aws-logs-write-test'", told)
        self.assertIn("read      1 file (1 gzip)", told)
        self.assertIn(" 1 REPORT from 2026-10-08T14:03:11Z", told)

    def test_interrupt_keeps_what_was_read(self):
        read_fd, write_fd = os.pipe()
        out = os.path.join(self.tmp, "out")
        for threads in ("1", "2"):
            process = subprocess.Popen(self.command("digest", "-o", out, "--threads", threads), env=self.env, stdin=read_fd,
                                       stderr=subprocess.PIPE, text=True)
            os.write(write_fd, report(1).encode() * 200)  # more than a pipe holds would block
            self.wait_for_empty(read_fd)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 4, told)
            self.assertIn("interrupted: only a part", told)
            self.assertTrue(os.path.exists(out))
        os.close(read_fd)
        os.close(write_fd)

    def wait_for_empty(self, fd):
        """Until the process has taken what was written: FIONREAD says 0."""
        import array
        import fcntl
        import termios
        left = array.array("i", [1])
        while left[0]:
            fcntl.ioctl(fd, termios.FIONREAD, left)

    def test_a_long_line_takes_no_memory(self):
        """The peak of a child is that of the largest so far, so the small one comes first."""
        def peak(size):
            process = subprocess.Popen(self.command("digest", "-q"), env=self.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            for _ in range(size // 2**20):
                process.stdin.write(b"x" * 2**20)
            process.stdin.write(b"\n" + report(1).encode())
            process.stdin.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            return usage.ru_maxrss
        few, many = peak(10 * 2**20), peak(200 * 2**20)
        self.assertLess(many - few, 4096, "kB")
        self.assertGreater(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 0)


@unittest.skipUnless(os.path.isdir(REFERENCE), "the reference folder is not here")
class Hostile(Case):
    """Number of REPORTs and status for each file of the MANIFEST."""
    CASES = {"forged-report.log": (1, 0), "ansi.log": (2, 0), "script.log": (1, 0), "invalid-utf8.log": (2, 0), "crlf.log": (2, 0),
             "no-final-newline.log": (2, 0), "long-line.log": (2, 0), "number-negative.log": (1, 1), "number-nan.log": (1, 1),
             "mem-contradiction.log": (1, 1), "orphan-start.log": (1, 0)}

    def test_logs(self):
        for name, (reports, status) in self.CASES.items():
            with self.subTest(name):
                out, told = self.digest(os.path.join(REFERENCE, name), status=status)
                self.assertIn(f", {reports} REPORT", told)
                self.assertTrue(out.isascii())
                for byte in "\x1b\x9b\x07\x08":
                    self.assertNotIn(byte, told)
        self.assertIn("1 unfinished: a request started", self.digest(os.path.join(REFERENCE, "orphan-start.log"))[1])
        self.assertIn("2 forged", self.digest(os.path.join(REFERENCE, "forged-report.log"))[1])

    def test_truncated_gzip(self):
        out, told = self.digest(os.path.join(REFERENCE, "truncated.gz"), status=1)
        self.assertIn("truncated.gz: gzip data end too early", told)
        self.assertTrue(out)


if __name__ == "__main__":
    unittest.main()
