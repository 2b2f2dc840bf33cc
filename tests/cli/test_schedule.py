# SPDX-License-Identifier: GPL-3.0-or-later
"""What `coldprof schedule print` prints, given to who reads it: systemd's own parser, /bin/sh, YAML.

Systemd, Cron, Files: what runs on this machine, and how files are written.
"""
import os
import re
import subprocess

import schedule_files as schedule


class Systemd(schedule.Case):
    def setUp(self):
        super().setUp()
        schedule.need_program("systemd-analyze")
        self.env["XDG_RUNTIME_DIR"] = self.tmp

    def analyze(self, *words, **environment):
        return subprocess.run(["systemd-analyze", *words], env={**self.env, **environment}, capture_output=True, text=True,
                              timeout=60, check=False)

    def units(self, target, *words):
        """Written, as --output does: paths of service and timer."""
        out = self.coldprof("schedule", "print", "systemd", target, "-o", "units", *words).stdout.split("\n")
        return [path for path in out if path]

    def parsed(self, service):
        """What systemd made of a service: its words, folder and environment."""
        dump = self.analyze("verify", "--man=no", service, SYSTEMD_LOG_LEVEL="debug").stdout
        folder, = re.findall(r"(?m)^\s+WorkingDirectory: (.*)$", dump)
        return schedule.unit_command(dump), folder, re.findall(r"(?m)^\s+Environment: (.*)$", dump)

    def test_systemd_finds_nothing_wrong(self):
        for target in (self.folder(), "checkout"):
            units = self.units(target)
            self.assertEqual([os.path.splitext(u)[1] for u in units], [".service", ".timer"])
            for manager in ([], ["--user"]):
                result = self.analyze(*manager, "verify", "--man=no", *units)
                self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_a_unit_for_failures_may_be_named(self):
        service, timer = self.units(self.folder())
        with open(service, encoding="utf-8") as f:
            text = f.read()
        self.assertIn("\n#OnFailure=coldprof-failed.service\n", text)
        with open(service, "w", encoding="utf-8") as f:
            f.write(text.replace("#OnFailure=", "OnFailure="))
        failed = os.path.join(self.tmp, "units", "coldprof-failed.service")
        with open(failed, "w", encoding="utf-8") as f:
            f.write("[Service]\nType=oneshot\nExecStart=/bin/true\n")
        result = self.analyze("verify", "--man=no", service, timer, failed)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_the_timer_comes_every_night_at_minute_17_utc(self):
        for hour in (0, 3, 23):
            timer = self.files("systemd", "checkout", "--hour", str(hour))[".timer"]
            calendar, = re.findall(r"(?m)^OnCalendar=(.*)$", timer)
            result = self.analyze("calendar", "--iterations=3", "--base-time=2026-02-27 23:59:00 UTC", calendar, TZ="UTC")
            self.assertEqual(result.returncode, 0, result.stderr)
            times = re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", result.stdout.split("Next elapse", 1)[1])
            self.assertEqual(times, [f"2026-{day} {hour:02d}:17:00" for day in ("02-28", "03-01", "03-02")])
            self.assertIn("\nPersistent=true\n", timer)

    def test_a_regression_is_a_failure_of_the_unit(self):
        service = self.files("systemd", "checkout")[".service"]
        self.assertEqual(re.findall(r"(?m)^(?:Success|RestartPrevent\w*|RestartForce\w*)ExitStatus=(.*)$", service), ["4"])
        self.assertRegex(service, r"(?m)^Type=oneshot$")
        self.assertRegex(service, r"(?m)^TimeoutStartSec=")

    def test_hostile_folders_arrive_as_they_are(self):
        self.env["PATH"] += ':/opt/50% $HOME/"bin" \\'
        for name in schedule.HOSTILE:
            with self.subTest(name):
                here = os.path.join(self.tmp, "here " + name)
                os.makedirs(os.path.join(here, "fn " + name))
                target = "./fn " + name
                service = self.files("systemd", target, "--", "--notify-command", name, cwd=here)[".service"]
                path = os.path.join(self.tmp, "x.service")
                with open(path, "w", encoding="utf-8") as f:
                    f.write(service)
                words, folder, environment = self.parsed(path)
                self.assertEqual(words, [os.path.realpath(schedule.BINARY), "nightly", target, "--notify-command", name,
                                         "--wait", "1h"])
                self.assertEqual(os.path.normpath(folder), here)
                self.assertIn("PATH=" + self.env["PATH"], environment)


class Cron(schedule.Case):
    def command(self, crontab):
        """What cron gives to sh: after five fields, up to a % that has no backslash (crontab(5))."""
        line, = [line for line in crontab.split("\n") if re.match(r"[\d*]", line)]
        *when, command = line.split(" ", 5)
        command = re.split(r"(?<!\\)%", command)[0].replace("\\%", "%")
        return when, command

    def written(self, target, *words, stand_in=None, output="out"):
        """The command of the crontab; `stand_in` is a script that takes the place of coldprof."""
        out = self.coldprof("schedule", "print", "cron", target, "-o", output, *words).stdout.split("\n")
        script, crontab = out[:2]
        if stand_in is not None:
            program = os.path.join(self.tmp, "stand-in")
            with open(program, "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\n" + stand_in)
            os.chmod(program, 0o755)
            with open(script, encoding="utf-8") as f:
                text = f.read()
            self.assertIn(os.path.realpath(schedule.BINARY), text)
            with open(script, "w", encoding="utf-8") as f:
                f.write(text.replace(os.path.realpath(schedule.BINARY), program))
        with open(crontab, encoding="utf-8") as f:
            return self.command(f.read())

    def cron(self, command, **more):
        """As cron runs it: by sh, in $HOME, with hardly any environment."""
        environment = {"HOME": self.env["HOME"], "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "nobody"}
        return subprocess.run(["/bin/sh", "-c", command], env=environment, cwd=self.env["HOME"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False, **more)

    def test_comes_every_night_at_minute_17(self):
        for hour in (0, 3, 23):
            when, _ = self.command(self.files("cron", "checkout", "--hour", str(hour))[".cron"])
            self.assertEqual(when, ["17", str(hour), "*", "*", "*"])

    def test_statuses_are_told_apart_and_a_good_night_is_silent(self):
        self.folder()
        for status, says in ((0, ""), (3, "REGRESSION"), (1, "could not be measured"), (2, "could not be measured"),
                             (4, "interrupted")):
            _, command = self.written("./fn", stand_in=f"echo measured \"$@\"; exit {status}\n", output=f"out{status}")
            result = self.cron(command)
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertIn(says, result.stdout)
            self.assertEqual("measured nightly ./fn" in result.stdout, status != 0)
            self.assertEqual(result.stderr, "")

    def test_what_a_night_leaves_running_does_not_hold_the_lock(self):
        self.folder()
        _, command = self.written("./fn", stand_in="if (: >&9) 2>&-; then echo inherited; else echo free; fi; exit 3\n")
        self.assertIn("\nfree\n", self.cron(command).stdout)

    def test_an_overlapping_night_is_left_out_and_says_so(self):
        fifo = os.path.join(self.tmp, "fifo")
        os.mkfifo(fifo)
        self.folder()
        _, command = self.written("./fn", stand_in=f"echo started; read -r word < '{fifo}'; exit 0\n")
        log = os.path.join(self.tmp, "started")
        os.mkfifo(log)
        environment = {"HOME": self.env["HOME"], "PATH": "/usr/bin:/bin"}
        script = os.path.join(self.tmp, "stand-in")
        with open(script, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\necho started > '{log}'; read -r word < '{fifo}'; exit 0\n")
        with subprocess.Popen(["/bin/sh", "-c", command], env=environment, stdin=subprocess.DEVNULL) as first:
            with open(log, encoding="utf-8") as f:
                self.assertEqual(f.read(), "started\n")  # the first holds the lock
            second = self.cron(command)
            with open(fifo, "w", encoding="utf-8") as f:
                f.write("go on\n")
            self.assertEqual(first.wait(30), 0)
        self.assertEqual(second.returncode, 75)
        self.assertIn("still running", second.stderr)
        self.assertIn("left out", second.stderr)

    def test_hostile_folders_arrive_as_they_are(self):
        for i, name in enumerate(schedule.HOSTILE):
            with self.subTest(name):
                self.folder(name)
                _, command = self.written("./" + name, "--notify-command", name, output=f"out {i} {name}",
                                          stand_in="pwd; printf '<%s>' \"$@\"; exit 3\n")
                result = self.cron(command)
                self.assertEqual(result.stderr, "")
                self.assertIn(f"{self.tmp}\n<nightly><./{name}><--notify-command><{name}><--wait><1h>", result.stdout)


class Files(schedule.Case):
    def test_written_are_those_that_are_printed(self):
        for form in ("systemd", "cron", "github", "codebuild"):
            out = self.coldprof("schedule", "print", form, "checkout", "-o", form).stdout.split()
            printed = self.files(form, "checkout")
            self.assertEqual(len(out), len(printed))
            for path, (suffix, text) in zip(out, printed.items()):
                self.assertTrue(path.endswith("/coldprof-nightly-checkout" + suffix), path)
                with open(path, encoding="utf-8") as f:
                    there = f.read()
                if suffix == ".cron": # where the script is
                    there = there.replace(f"{self.tmp}/cron/", '"$HOME/.config/coldprof/').replace(".sh\n", '.sh"\n')
                self.assertEqual(there, text)

    def test_a_file_that_differs_is_left_alone_and_so_are_the_others(self):
        self.coldprof("schedule", "print", "systemd", "checkout", "-o", "units")
        again = self.coldprof("schedule", "print", "systemd", "checkout", "-o", "units")
        self.assertEqual(len(again.stdout.split()), 2)
        timer = os.path.join(self.tmp, "units", "coldprof-nightly-checkout.timer")
        service = timer.replace(".timer", ".service")
        with open(timer, "a", encoding="utf-8") as f:
            f.write("# mine\n")
        os.unlink(service)
        refused = self.coldprof("schedule", "print", "systemd", "checkout", "-o", "units", status=1)
        self.assertIn("is different", refused.stderr)
        self.assertFalse(os.path.exists(service))
        with open(timer, encoding="utf-8") as f:
            self.assertTrue(f.read().endswith("# mine\n"))

    def test_names(self):
        for target, name in (("checkout", "checkout"), ("checkout:live", "checkout-live"),
                             ("arn:aws:lambda:eu-central-1:123456789012:function:Orders_API:3", "orders-api-3")):
            out = self.coldprof("schedule", "print", "github", target).stdout
            self.assertTrue(out.startswith(f"# ==== coldprof-nightly-{name}.yml ===="), out[:90])
        self.folder("a/B c")
        self.assertIn("coldprof-nightly-b-c.yml", self.coldprof("schedule", "print", "github", "./a/B c/").stdout)
        self.assertIn("# ==== mine.yml ====", self.coldprof("schedule", "print", "github", "x", "--name", "mine").stdout)

    def test_options_and_variables_of_nightly_are_carried(self):
        self.env.update(COLDPROF_MEMORY="512,1024", COLDPROF_COLOR="never")
        for form, file in (("systemd", ".service"), ("cron", ".sh"), ("github", ".yml"), ("codebuild", ".buildspec.yml")):
            text = self.files(form, "checkout", "--hour", "5", "--store", "h.db", "--", "--cold", "40", "--exit-zero")[file]
            self.assertRegex(text, r" --memory 512,1024 --store h\.db --cold 40 --exit-zero --yes --max-cost-usd 1\s")
            self.assertNotIn("--color", text)
            text = self.files(form, "checkout", "--max-cost-usd", "0.5", "--yes")[file]
            self.assertIn(" --max-cost-usd 0.5 --yes", text)
            self.assertEqual(text.count("--yes") + text.count("--max-cost-usd"), 2)
        self.folder()
        self.assertNotIn("--yes", self.files("cron", "./fn")[".sh"])

    def test_nights_of_several_functions_follow_each_other(self):
        for form, file in (("systemd", ".service"), ("cron", ".sh"), ("github", ".yml"), ("codebuild", ".buildspec.yml")):
            is_here = form in ("systemd", "cron")  # where they start at one minute, into one store
            self.assertEqual(" --wait 1h" in self.files(form, "checkout")[file], is_here)
            text = self.files(form, "checkout", "--wait", "5m")[file]
            self.assertEqual(re.findall(r"--wait (\S+)", text), ["5m"])

    def test_exports_of_one_s_own_take_the_place_of_ours(self):
        for form, file in (("github", ".yml"), ("codebuild", ".buildspec.yml")):
            self.assertIn("--export junit=coldprof-junit.xml --export md=coldprof-summary.md", self.files(form, "checkout")[file])
            text = self.files(form, "checkout", "--export", "bmf=mine.json")[file]
            self.assertEqual(re.findall(r"--export (\S+)", text), ["bmf=mine.json"])

    def test_the_place_is_carried_and_no_key(self):
        self.env.update(AWS_PROFILE="staging", XDG_DATA_HOME="/srv/data", AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
                        AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI", AWS_SESSION_TOKEN="token-of-a-session")
        for form in ("systemd", "cron", "github", "codebuild"):
            text = "".join(self.files(form, "checkout").values())
            for secret in ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI", "token-of-a-session"):
                self.assertNotIn(secret, text)
            is_here = form in ("systemd", "cron")
            self.assertEqual("AWS_PROFILE=staging" in text and "XDG_DATA_HOME=/srv/data" in text, is_here)

    def test_what_cannot_be_scheduled_is_refused_now(self):
        self.folder("line\nbreak")
        for words, says in (
                (["systemd", "./nowhere"], "no folder ./nowhere"),
                (["launchd", "checkout"], "not one of systemd, cron, github, codebuild"),
                (["cron", "./line\nbreak"], "line break"),
                (["github", self.tmp], "from the top of the repository"),
                (["cron", "checkout", "--name", "../x"], "--name"),
                (["cron", "checkout", "--hour", "24"], "0 to 23"),
                (["cron", "checkout", "again"], "one argument too many"),
                (["cron", "checkout", "--memory", "7"], "--memory"),
                (["cron", "checkout", "--", "--memory", "7"], "of nightly: --memory"),
                (["cron", "checkout", "--against", "./other"], "for a pull request; leave it out"),
                (["cron", "checkout", "--", "--dry-run"], "--dry-run measures nothing"),
                (["cron", "checkout", "--", "--help"], "--help and --version measure nothing"),
                (["cron", "checkout", "--", "--nonsense"], "of nightly: unknown option '--nonsense'")):
            result = self.coldprof("schedule", "print", *words, status=None)
            self.assertIn(result.returncode, (1, 2), words)
            self.assertIn(says, result.stderr)
            self.assertEqual(result.stdout, "")
        self.assertIn("install the files yourself", self.coldprof("schedule", "install", "cron", "x", status=2).stderr)


if __name__ == "__main__":
    schedule.main()
