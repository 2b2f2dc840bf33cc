# SPDX-License-Identifier: GPL-3.0-or-later
"""What `coldprof apply` prints, given to the programs that it is meant for.

Cli: the AWS CLI against the embedded service, and moto for Application Auto Scaling; state is read back through
the APIs, then the undo block is run and checked as well. Names: hostile names arrive as they are, in every
language. Templates: cfn-lint. Terraform: its own formatter, and the attributes that its provider has. Cdk: the
library's types and the template it makes, against the one for CloudFormation.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import peer_service as peers

peers.use_peer_python()

from test_api_clients import ROLE, make_zip  # noqa: E402 (needs that Python)

CLIENT = os.environ["COLDPROF_APPLY_CLIENT"]
FOLDER = os.path.join("probes", "functions", "hello-python")
NOW = {"Delay": 0.05}  # of waiters
WEEK_MIN = 7 * 24 * 60

# Provisioned concurrency by hour: a rise at midnight, one from 2 to 6,500, falls, and another weekend.
DAY = [3] + [0] * 6 + [2] + [6500] * 11 + [2] * 2 + [0] * 3
WEEKEND = 1
WEEK = DAY * 5 + [WEEKEND] * 48
SCHEDULE = {"mode": "scheduled", "hours": ",".join(str(n) for n in DAY), "weekend": WEEKEND}
TRACKING = {"mode": "tracking", "min": 2, "max": 40, "target": 0.7}

# Every mode, and what else changes a function.
CASES = {
    "memory": {"mode": "on-demand"},
    "memory-without-alias": {"mode": "on-demand", "function": "orders-api"},
    "reserved": {"mode": "reserved", "n": 7},
    "provisioned": {"mode": "provisioned", "n": 2},
    "new-alias": {"mode": "provisioned", "n": 2, "function": "orders-api", "alias": "blue-green_2"},
    "assumed-alias": {"mode": "provisioned", "n": 2, "function": "orders-api"},
    "scheduled": SCHEDULE,
    "tracking": TRACKING,
    "tracking-new-alias": {**TRACKING, "function": "orders-api", "alias": "blue-green_2"},
    "arm64": {"mode": "on-demand", "to": "arm64"},
    "snap-start-on": {"mode": "on-demand", "snap": "on"},
    "snap-start-off": {"mode": "on-demand", "snap": "off", "initialization": "snap-start"},
    "log": {"mode": "on-demand", "method": "import", "runtime": "", "architecture": "arm64"},
    "folder": {"mode": "provisioned", "n": 2, "local": 1, "runtime": "python3", "function": "orders-api"},
    "image": {"mode": "provisioned", "n": 2, "package": "Image", "runtime": ""},
}


def printed(**settings):
    """What is printed for a decision of these settings."""
    words = [f"{name}={value}" for name, value in settings.items()]
    return subprocess.run([CLIENT, *words], capture_output=True, text=True, check=True).stdout


def every_case(form):
    """(name, settings, text) of each case and of its way back."""
    for name, settings in CASES.items():
        yield name, settings, printed(format=form, **settings)
        yield name + "-undo", settings, printed(format=form, undo=1, **settings)


# --- schedules, read by rules of their own ---

def days_of(field):
    names = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
    for part in field.split(","):
        first, _, last = part.partition("-")
        yield from range(names.index(first), names.index(last or first) + 1)


def moments_of(cron):
    """Minutes of the week, Monday 00:00 first, at which cron(minute hour day month weekday year) comes."""
    minute, hour, day, month, weekday, year = re.fullmatch(r"cron\((.*)\)", cron).group(1).split(" ")
    assert (month, year) == ("*", "*") and "?" in (day, weekday) and day in "*?", cron
    for d in range(7) if day == "*" else days_of(weekday):
        yield (d * 24 + int(hour)) * 60 + int(minute)


def week_of(actions):
    """Provisioned concurrency in each minute of the week, of (cron, min, max)."""
    events = sorted((at, low) for cron, low, high in actions for at in moments_of(cron) if low == high)
    assert len({at for at, _ in events}) == len(events)
    week, now = [0] * WEEK_MIN, events[-1][1]
    for begin, end in zip([(0, now), *events], [*events, (WEEK_MIN, None)]):
        week[begin[0]:end[0]] = [begin[1]] * (end[0] - begin[0])
    return week


def faults_of_schedule(actions):
    """Every hour has its number for the whole hour but the minutes before a rise, and environments are asked for
    early enough: 2 minutes, and one for each 6,000."""
    week = week_of(actions)
    for hour, n in enumerate(WEEK):
        following = WEEK[(hour + 1) % len(WEEK)]
        early = 2 + -(-following // 6000) if following > n else 0
        for minute in range(60):
            wanted = following if minute >= 60 - early else n
            if week[hour * 60 + minute] != wanted:
                yield f"hour {hour} minute {minute}: {week[hour * 60 + minute]}, not {wanted}"


class Case(unittest.TestCase):
    def check_schedule(self, actions):
        self.assertEqual(list(faults_of_schedule(actions)), [])


# --- the AWS CLI ---

class Cli(Case):
    """Blocks for the AWS CLI, run by a shell as they are printed."""

    @classmethod
    def setUpClass(cls):
        peers.need("python/bin/python", "python/bin/aws", "python/bin/moto_server")
        cls.service = peers.Service(FOLDER, options=["--account-concurrency", "1000"])
        cls.moto = peers.MotoServer()
        cls.client = cls.service.client()
        cls.scaling = cls.moto.client("application-autoscaling")
        cls.folder = tempfile.TemporaryDirectory(prefix="coldprof-apply-")
        with open(os.path.join(cls.folder.name, "sleep"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n")  # the AWS CLI takes long enough
        os.chmod(f.name, 0o755)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        cls.moto.stop()
        status = cls.service.stop()
        if status != 0:
            raise AssertionError(f"the service ended with {status}")

    def create(self, name, **more):
        self.client.create_function(FunctionName=name, Runtime="python3", Role=ROLE, Handler="app.handler", MemorySize=512,
                                    Code={"ZipFile": make_zip()}, **more)
        self.client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=NOW)
        self.addCleanup(self.client.delete_function, FunctionName=name)

    def create_with_alias(self, name):
        self.create(name)
        version = self.client.publish_version(FunctionName=name)["Version"]
        self.client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)

    def run_block(self, status=0, **settings):
        return self.shell(printed(**{"region": "us-east-1", "was": 512, "memory": 1024, **settings}), status)

    def env(self):
        return {**os.environ, "AWS_ACCESS_KEY_ID": peers.KEY_ID, "AWS_SECRET_ACCESS_KEY": peers.SECRET, "AWS_PAGER": "",
               "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "1",
               "AWS_ENDPOINT_URL_LAMBDA": self.service.facts["endpoint"], "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": self.moto.endpoint,
               "PATH": os.pathsep.join([self.folder.name, os.path.join(peers.PEERS, "python", "bin"), os.environ["PATH"]])}

    def shell(self, script, status=0):
        result = subprocess.run(["sh", "-c", script], env=self.env(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=200, check=False)
        self.assertEqual(result.returncode == 0, status == 0, script + result.stderr)
        if status == 0:
            self.assertEqual(result.stderr, "")
        return result.stderr

    def there_and_back(self, **settings):
        """Yields in the state that was wanted, then takes it back."""
        self.run_block(**settings)
        yield
        self.run_block(**settings, undo=1)

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

    def version(self, name, alias="live"):
        return self.client.get_alias(FunctionName=name, Name=alias)["FunctionVersion"]

    def test_memory_and_provisioned_concurrency_on_an_alias_that_exists(self):
        self.create_with_alias("orders")
        for _ in self.there_and_back(function="orders:live", mode="provisioned", n=2):
            self.assertEqual((self.memory("orders"), self.memory("orders:live")), (1024, 1024))
            self.assertEqual((self.version("orders"), self.provisioned("orders")), ("2", 2))
        self.assertEqual((self.memory("orders"), self.memory("orders:live")), (512, 512))
        self.assertIsNone(self.provisioned("orders"))

    def test_an_alias_that_there_was_not_is_made(self):
        self.create("fresh")
        for _ in self.there_and_back(function="fresh", alias="blue", mode="provisioned", n=1):
            self.assertEqual((self.memory("fresh:blue"), self.provisioned("fresh", "blue")), (1024, 1))
        self.assertEqual((self.memory("fresh"), self.memory("fresh:blue")), (512, 512))
        self.assertIsNone(self.provisioned("fresh", "blue"))

    def test_memory_alone_without_an_alias_publishes_nothing(self):
        self.create("plain")
        for _ in self.there_and_back(function="plain", mode="on-demand"):
            self.assertEqual(self.memory("plain"), 1024)
        self.assertEqual(self.memory("plain"), 512)
        self.assertEqual([v["Version"] for v in self.client.list_versions_by_function(FunctionName="plain")["Versions"]], ["$LATEST"])

    def test_reserved_concurrency(self):
        self.create("capped")
        for _ in self.there_and_back(function="capped", mode="reserved", n=7, memory=512):
            self.assertEqual(self.client.get_function_concurrency(FunctionName="capped")["ReservedConcurrentExecutions"], 7)
        self.assertNotIn("ReservedConcurrentExecutions", self.client.get_function_concurrency(FunctionName="capped"))
        self.assertEqual(self.memory("capped"), 512)

    def test_provisioned_concurrency_that_was_there_comes_back(self):
        self.create_with_alias("kept")
        self.client.put_provisioned_concurrency_config(FunctionName="kept", Qualifier="live", ProvisionedConcurrentExecutions=1)
        before = "'live' has provisioned concurrency: 1 requested, 1 available, READY; requests beyond it spill over"
        for mode in ({"mode": "on-demand"}, {"mode": "provisioned", "n": 2}):
            for _ in self.there_and_back(function="kept:live", provisioned=before, memory=512, **mode):
                self.assertEqual(self.provisioned("kept"), mode.get("n"))
                self.assertEqual(self.version("kept"), "1")  # nothing new to publish
            self.assertEqual(self.provisioned("kept"), 1)

    def test_code_that_was_not_measured_is_not_released(self):
        self.create_with_alias("code")
        sha256 = self.client.get_function_configuration(FunctionName="code")["CodeSha256"]
        other = sha256[::-1].strip("=") + "="
        said = self.run_block(status=1, function="code:live", mode="on-demand", sha256=other)
        self.assertIn(other, said)
        self.assertEqual((self.version("code"), self.memory("code:live")), ("1", 512))
        self.run_block(function="code:live", mode="on-demand", sha256=sha256, memory=768)
        self.assertEqual(self.memory("code:live"), 768)

    def test_another_architecture_takes_code_that_was_built_for_it(self):
        self.create_with_alias("arch")
        self.assertIn("set it to the package for arm64", self.run_block(status=1, function="arch:live", mode="on-demand", to="arm64"))
        self.assertEqual((self.memory("arch"), self.version("arch")), (512, "1"))

    def test_the_run_of_a_sweep_comes_into_effect(self):
        """From a measurement of the service to its commands, as a user runs them."""
        self.create_with_alias("swept")
        with tempfile.TemporaryDirectory() as home:
            def coldprof(*words, status=0):
                result = subprocess.run([peers.BINARY, *words], env={**self.env(), "HOME": home}, stdin=subprocess.DEVNULL, capture_output=True,
                                        text=True, timeout=200, check=False)
                self.assertEqual(result.returncode, status, result.stderr)
                return result.stdout
            coldprof("sweep", "swept:live", "--endpoint-url", self.service.facts["endpoint"], "--region", "us-east-1", "--memory", "512,768",
                     "--cold", "6", "--warm", "30", "--idle", "none", "--budget", "p99=200ms", "--quiet", "--yes", status=3)
            said = coldprof("apply", "last", status=3)
            self.assertIn("nothing to apply", said)
            self.shell(coldprof("apply", "last", "--candidate", "768"))
            self.assertEqual((self.memory("swept:live"), self.version("swept")), (768, "2"))
            self.shell(coldprof("apply", "last", "--candidate", "768", "--undo"))
            self.assertEqual(self.memory("swept:live"), 512)

    def scaled(self, name):
        """What moto keeps of an alias: targets, actions, policies. It forgets no actions with their target, as AWS does."""
        lists = (self.scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"],
                 self.scaling.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"],
                 self.scaling.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"])
        return [[item for item in items if item["ResourceId"] == f"function:{name}:live"] for items in lists]

    def test_a_schedule(self):
        self.create_with_alias("clock")
        for _ in self.there_and_back(function="clock:live", **SCHEDULE):
            (target,), actions, policies = self.scaled("clock")
            self.assertEqual(target["ScalableDimension"], "lambda:function:ProvisionedConcurrency")
            self.assertEqual((target["MinCapacity"], target["MaxCapacity"]), (0, 6500))
            self.assertEqual(policies, [])
            self.assertEqual({a["Timezone"] for a in actions}, {"UTC"})
            self.check_schedule([(a["Schedule"], a["ScalableTargetAction"]["MinCapacity"], a["ScalableTargetAction"]["MaxCapacity"]) for a in actions])
            self.assertIsNone(self.provisioned("clock"))  # until the first action
        self.assertEqual(self.scaled("clock")[0], [])
        self.assertEqual(self.memory("clock:live"), 512)

    def test_target_tracking(self):
        self.create_with_alias("track")
        for _ in self.there_and_back(function="track:live", **TRACKING):
            (target,), actions, (policy,) = self.scaled("track")
            self.assertEqual((target["MinCapacity"], target["MaxCapacity"]), (2, 40))
            self.assertEqual(actions, [])
            self.assertEqual(policy["PolicyType"], "TargetTrackingScaling")
            self.assertEqual(policy["TargetTrackingScalingPolicyConfiguration"], {
                "TargetValue": 0.7, "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}})
            self.assertEqual(self.provisioned("track"), 2)
        self.assertEqual(self.scaled("track")[0], [])
        self.assertIsNone(self.provisioned("track"))


# --- names ---

def hostile_names():
    with open(os.path.join("tests", "data", "reports", "names.jsonl"), encoding="utf-8") as f:
        names = [json.loads(line)["name"] for line in f]
    names += ["two words", "it's \"quoted\"", "$(touch COLDPROF_PWNED)", "`touch COLDPROF_PWNED`", "${HOME}", "$${x}", "%{if true}x%{endif}", "%%{x}",
              "a\n- b\n# c", "a'\n#'", "back\\slash\\n", "tab\tbell\a", "\u202eevil\u2028x", "!Ref x", "*alias", "true", "0x1f", "12e3", "~", "{a}",
              "# no", "'; touch COLDPROF_PWNED; '", "*/ x", "\\${x}", "$", "äöü 日本"]
    return [n for n in names if ":" not in n]  # which parts name and alias


class Names(Case):
    """Names that are meant to break out arrive as they are, in every language. In its folder, COLDPROF_PWNED
    would be made by what did."""
    REGION = "r'$(touch COLDPROF_PWNED)\"\nx"

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="coldprof-names-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def tearDown(self):
        self.assertEqual(glob.glob(os.path.join(self.folder, "**", "*PWNED*"), recursive=True), [])

    def calls(self, name, **more):
        """The arguments of every `aws` of a block, run by a shell. A name with a newline is several lines in its comments."""
        log = os.path.join(self.folder, "log")
        with open(os.path.join(self.folder, "aws"), "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done >>{log}; printf '\\n\\0' >>{log}\n"
                    "case $2 in get-provisioned-concurrency-config) echo READY ;; publish-version) echo 7 ;; esac\n")
        os.chmod(f.name, 0o755)
        open(log, "w", encoding="utf-8").close()
        script = printed(function=f"{name}:{name}", region=self.REGION, **more)
        env = {"PATH": f"{self.folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        result = subprocess.run(["sh", "-c", script], env=env, cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""), script)
        with open(log, encoding="utf-8") as f:
            return [call.split("\0")[:-1] for call in f.read().split("\n\0") if call]

    def test_the_shell_gives_them_to_the_aws_cli(self):
        def value(call, option):
            return call[call.index(option) + 1]
        for name in hostile_names():
            for more in (TRACKING, {**TRACKING, "undo": 1}):
                calls = self.calls(name, **more)
                self.assertGreater(len(calls), 5)
                for call in calls:
                    self.assertEqual(value(call, "--region"), self.REGION)
                    if call[0] == "lambda":
                        self.assertEqual(value(call, "--function-name"), name)
                    else:
                        self.assertEqual(value(call, "--resource-id"), f"function:{name}:{name}")
                    for option in ("--name", "--qualifier"):
                        if option in call and call[1:3] != ["wait", "published-version-active"]:
                            self.assertEqual(value(call, option), name)

    def test_yaml_holds_them(self):
        peers.need("python/bin/cfn-lint")
        for name in hostile_names():
            for form, kind in (("cloudformation", "AWS::Lambda::Function"), ("sam", "AWS::Serverless::Function")):
                template = load_template(printed(format=form, function=f"{name}:{name}", runtime=name, **TRACKING))
                (function,) = resources_of(template, kind)
                self.assertEqual((function["FunctionName"], function["Runtime"]), (name, name[:63]))
                (target,) = resources_of(template, "AWS::ApplicationAutoScaling::ScalableTarget")
                self.assertEqual(target["ResourceId"]["Fn::Join"][1][2], name)
                if form == "cloudformation":
                    self.assertTrue(all(re.fullmatch("[A-Za-z0-9]+", n) for n in template["Resources"]))

    def test_terraform_holds_them(self):
        """Terraform itself says what a literal means."""
        program = shutil.which("terraform") or shutil.which("tofu")
        if not program:
            raise unittest.SkipTest("neither terraform nor tofu is installed")
        names, literals = hostile_names(), []
        for name in names:
            text = printed(format="terraform", function=f"{name}:live", mode="on-demand")
            literals.append(re.search(r'^  function_name = (".*")$', text, re.M).group(1))
            self.assertTrue(all(re.fullmatch("[a-z][a-z0-9_]*", n) for _, n, _ in Terraform.resources(text)))
        env = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
        result = subprocess.run([program, "console"], input=f"jsonencode([{', '.join(literals)}])\n", env=env, cwd=self.folder, capture_output=True,
                                text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(json.loads(result.stdout)), names)

    def test_typescript_holds_them(self):
        peers.need("cdk/node_modules/typescript/package.json")
        names = hostile_names()
        literals = [re.search(r'^    aliasName: (".*"),$', printed(format="cdk", function=f"fn:{name}", mode="provisioned", n=1), re.M).group(1)
                    for name in names]
        result = subprocess.run(["node", "-e", f"console.log(JSON.stringify([{', '.join(literals)}]))"], cwd=self.folder, capture_output=True,
                                text=True, check=True)
        self.assertEqual(json.loads(result.stdout), names)


# --- templates ---

def load_template(text):
    """Intrinsic functions as {"Ref": ...} and so on, as in JSON."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def construct(loader, tag, node):
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        else:
            value = loader.construct_sequence(node, deep=True)
        if tag == "GetAtt":
            value = value.split(".")
        return {tag if tag == "Ref" else f"Fn::{tag}": value}

    Loader.add_multi_constructor("!", construct)
    return yaml.load(text, Loader)


def resources_of(template, kind):
    return [r["Properties"] for r in template["Resources"].values() if r["Type"] == kind]


def actions_of(target):
    return [(a["Schedule"], a["ScalableTargetAction"]["MinCapacity"], a["ScalableTargetAction"]["MaxCapacity"]) for a in target["ScheduledActions"]]


class Templates(Case):
    """CloudFormation and SAM."""

    @classmethod
    def setUpClass(cls):
        peers.need("python/bin/cfn-lint")
        import samtranslator  # noqa: F401 (SAM itself, from the same requirements)
        os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"

    def test_cfn_lint_finds_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            for form in ("cloudformation", "sam"):
                for name, _, text in every_case(form):
                    with open(os.path.join(folder, f"{form}-{name}.yaml"), "w", encoding="utf-8") as f:
                        f.write(text)
            files = sorted(glob.glob(os.path.join(folder, "*.yaml")))
            self.assertEqual(len(files), 4 * len(CASES))
            result = self.lint(*files)
            self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)
            with open(os.path.join(folder, "broken.yaml"), "w", encoding="utf-8") as f:
                f.write(printed(format="cloudformation").replace("MemorySize: 1024", "MemorySize: 64"))
            self.assertIn("64 is less than the minimum of 128", self.lint(f.name).stdout)

    @staticmethod
    def lint(*files):
        return subprocess.run([sys.executable, os.path.join(peers.PEERS, "python", "bin", "cfn-lint"), "--regions", "eu-west-1",
                               "--include-checks", "I", "--", *files], capture_output=True, text=True, check=False)

    def test_the_function_gets_what_was_decided(self):
        wanted = {
            "memory": {"MemorySize": 1024, "Architectures": ["x86_64"]},
            "reserved": {"ReservedConcurrentExecutions": 7},
            "arm64": {"Architectures": ["arm64"]},
            "snap-start-on": {"SnapStart": {"ApplyOn": "PublishedVersions"}},
            "snap-start-off": {"SnapStart": {"ApplyOn": "None"}},
            "memory-undo": {"MemorySize": 512},
            "arm64-undo": {"Architectures": ["x86_64"]},
            "snap-start-on-undo": {"SnapStart": {"ApplyOn": "None"}},
            "image": {"PackageType": "Image"},
            "folder": {"Runtime": {"Ref": "Runtime"}},
            "log": {"Runtime": {"Ref": "Runtime"}},
        }
        for form, kind in (("cloudformation", "AWS::Lambda::Function"), ("sam", "AWS::Serverless::Function")):
            for name, _, text in every_case(form):
                (function,) = resources_of(load_template(text), kind)
                self.assertEqual(function["FunctionName"], "orders-api")
                for key, value in wanted.get(name, {}).items():
                    self.assertEqual(function[key], value, f"{form} {name}")
                if name == "reserved-undo":
                    self.assertNotIn("ReservedConcurrentExecutions", function)
                if name == "log":
                    self.assertNotIn("Architectures", function)  # which a log does not tell

    def test_the_alias_is_moved_and_provisioned(self):
        for name, n in (("provisioned", 2), ("provisioned-undo", None), ("tracking", 2), ("memory", None)):
            texts = {case: text for case, _, text in every_case("cloudformation")}
            template = load_template(texts[name])
            (alias,) = resources_of(template, "AWS::Lambda::Alias")
            self.assertEqual(alias["Name"], "live")
            version = alias["FunctionVersion"]["Fn::GetAtt"][0]
            self.assertEqual(template["Resources"][version]["Type"], "AWS::Lambda::Version")
            self.assertEqual(alias.get("ProvisionedConcurrencyConfig"), n and {"ProvisionedConcurrentExecutions": n})
        self.assertEqual(resources_of(load_template(texts["memory-without-alias"]), "AWS::Lambda::Alias"), [])

    def test_sam_makes_the_same_of_it(self):
        """SAM's own translation of each case has the resources of the CloudFormation one, but for code and role."""
        for name, settings in CASES.items():
            made = self.translate(printed(format="sam", **settings))
            ours = load_template(printed(format="cloudformation", **settings))
            self.assertEqual(self.essence(made), self.essence(ours), name)
            for _, target in [r for r in made["Resources"].items() if r[1]["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"]:
                self.assertEqual(made["Resources"][target["DependsOn"]]["Type"], "AWS::Lambda::Alias")

    def test_sam_publishes_a_version_when_only_the_memory_changes(self):
        versions = {tuple(n for n, r in self.translate(printed(format="sam", memory=mb))["Resources"].items() if r["Type"] == "AWS::Lambda::Version")
                    for mb in (768, 1024)}
        self.assertEqual(len(versions), 2)

    @staticmethod
    def translate(text):
        from samtranslator.public.translator import ManagedPolicyLoader
        from samtranslator.translator.transform import transform

        class NoPolicies(ManagedPolicyLoader):
            def __init__(self):  # pylint: disable=super-init-not-called
                pass

            def load(self):
                return {}

        template = json.loads(json.dumps(load_template(text)))
        return transform(template, {p: "x" for p in template["Parameters"]}, NoPolicies())

    @staticmethod
    def essence(template):
        keys = {"AWS::Lambda::Function": ("FunctionName", "MemorySize", "Architectures", "SnapStart", "ReservedConcurrentExecutions", "PackageType"),
                "AWS::Lambda::Alias": ("Name", "ProvisionedConcurrencyConfig"),
                "AWS::ApplicationAutoScaling::ScalableTarget": ("ServiceNamespace", "ScalableDimension", "MinCapacity", "MaxCapacity", "ScheduledActions"),
                "AWS::ApplicationAutoScaling::ScalingPolicy": ("PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration"),
                "AWS::Lambda::Version": ()}
        found = [(kind, {k: p[k] for k in wanted if k in p}) for kind, wanted in keys.items() for p in resources_of(template, kind)]
        return [(k, {n: v for n, v in p.items() if (n, v) != ("Architectures", ["x86_64"])}) for k, p in found]

    def test_schedule_and_tracking(self):
        for form in ("cloudformation", "sam"):
            template = load_template(printed(format=form, **SCHEDULE))
            (target,) = resources_of(template, "AWS::ApplicationAutoScaling::ScalableTarget")
            self.assertEqual(target["ResourceId"], {"Fn::Join": [":", ["function", {"Ref": "OrdersApi"}, "live"]]})
            self.check_schedule(actions_of(target))
            template = load_template(printed(format=form, **TRACKING))
            (policy,) = resources_of(template, "AWS::ApplicationAutoScaling::ScalingPolicy")
            self.assertEqual(policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"], 0.7)
            self.assertEqual(template["Resources"][policy["ScalingTargetId"]["Ref"]]["Type"], "AWS::ApplicationAutoScaling::ScalableTarget")


# --- Terraform ---

class Terraform(Case):
    @classmethod
    def setUpClass(cls):
        cls.program = shutil.which("terraform") or shutil.which("tofu")
        if not cls.program:
            raise unittest.SkipTest("neither terraform nor tofu is installed")
        cls.env = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
        cls.env["CHECKPOINT_DISABLE"] = "1"

    def test_fmt_changes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, _, text in every_case("terraform"):
                with open(os.path.join(folder, f"{name}.tf"), "w", encoding="utf-8") as f:
                    f.write(text)
            result = subprocess.run([self.program, "fmt", "-check", "-diff", "-no-color", folder], env=self.env, capture_output=True,
                                    text=True, check=False)
            self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)

    def test_the_provider_has_these_attributes(self):
        peers.need("terraform_aws/lambda-function/index.js")
        for name, _, text in every_case("terraform"):
            for kind, _, body in self.resources(text):
                known = self.attributes(kind)
                used = set(re.findall(r"^  (\w+) (?:=|\{)", body, re.M))
                self.assertLessEqual(used - {"lifecycle", "depends_on"}, known, f"{name} {kind}")

    @staticmethod
    def resources(text):
        return re.findall(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', text, re.M | re.S)

    @staticmethod
    def attributes(kind):
        """What the provider's bindings write for the resource."""
        with open(os.path.join(peers.PEERS, "terraform_aws", kind.removeprefix("aws_").replace("_", "-"), "index.js"), encoding="utf-8") as f:
            source = f.read()
        body = source[source.rindex("synthesizeHclAttributes()"):]
        return set(re.findall(r"^            (\w+): \{$", body, re.M))

    def test_every_reference_is_to_something_there(self):
        for name, _, text in every_case("terraform"):
            made = {f"{kind}.{which}" for kind, which, _ in self.resources(text)}
            self.assertLessEqual(set(re.findall(r"\b(aws_\w+\.\w+)\.\w+", text)), made, name)
            variables = set(re.findall(r'^variable "(\w+)"', text, re.M))
            self.assertEqual(set(re.findall(r"\bvar\.(\w+)", text)), variables, name)

    def test_settings(self):
        for name, pattern in (("memory", r"memory_size\s+= 1024 # was 512"), ("memory-undo", r"memory_size\s+= 512 # was 1024"),
                              ("reserved", r"reserved_concurrent_executions = 7"), ("reserved-undo", r"reserved_concurrent_executions = -1"),
                              ("provisioned", r"provisioned_concurrent_executions = 2"), ("arm64", r'architectures = \["arm64"\]'),
                              ("snap-start-on", r'apply_on = "PublishedVersions"'), ("snap-start-on-undo", r'apply_on = "None"')):
            texts = {case: text for case, _, text in every_case("terraform")}
            self.assertRegex(texts[name], pattern)

    def test_the_schedule(self):
        bodies = [body for kind, _, body in self.resources(printed(format="terraform", **SCHEDULE)) if kind == "aws_appautoscaling_scheduled_action"]
        self.check_schedule([(re.search(r'schedule\s+= "(.*)"', b).group(1), int(re.search(r"min_capacity = (\d+)", b).group(1)),
                              int(re.search(r"max_capacity = (\d+)", b).group(1))) for b in bodies])


# --- the CDK ---

class Cdk(Case):
    """The fragments compiled and synthesised by aws-cdk-lib, against the templates for CloudFormation."""

    @classmethod
    def setUpClass(cls):
        peers.need("cdk/node_modules/aws-cdk-lib/package.json")
        cls.folder = tempfile.TemporaryDirectory(prefix="apply-", dir=os.path.join(peers.PEERS, "cdk"))
        cls.cases = [(name, settings, text) for name, settings, text in every_case("cdk") if not name.startswith("image")]
        cls.made = cls.synthesise()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def synthesise(cls):
        """All cases in one program: {name: template}."""
        lines = ["import { App, Stack } from 'aws-cdk-lib';", "import { Template } from 'aws-cdk-lib/assertions';",
                 "import * as lambda from 'aws-cdk-lib/aws-lambda';"]
        bodies = ["const made: Record<string, object> = {};"]
        for i, (name, _, text) in enumerate(cls.cases):
            with open(os.path.join(cls.folder.name, f"case{i}.ts"), "w", encoding="utf-8") as f:
                f.write(text)
            lines.append(f"import * as case{i} from './case{i}';")
            calls = re.findall(r"^export function (\w+)\(", text, re.M)
            props = re.findall(r"^export const (\w+) = \{", text, re.M)
            bodies.append(f"{{ const stack = new Stack(new App(), 'Stack{i}');\n"
                          f"  const fn = new lambda.Function(stack, 'Fn', {{ runtime: lambda.Runtime.PYTHON_3_12, handler: 'app.handler',\n"
                          f"    code: lambda.Code.fromInline('pass'), ...case{i}.{props[0]} }});\n  void fn;\n"
                          + "".join(f"  case{i}.{call}(fn);\n" for call in calls) +
                          f"  made[{json.dumps(name)}] = Template.fromStack(stack).toJSON(); }}")
        with open(os.path.join(cls.folder.name, "all.ts"), "w", encoding="utf-8") as f:
            f.write("\n".join([*lines, *bodies, "console.log(JSON.stringify(made));"]))
        tsc = os.path.join(peers.PEERS, "cdk", "node_modules", "typescript", "bin", "tsc")
        result = subprocess.run(["node", tsc, "--strict", "--noUnusedLocals", "--target", "es2022", "--module", "commonjs",
                                 "--moduleResolution", "bundler", "--skipLibCheck", "--types", "", "--lib", "es2022,dom", f.name],
                                capture_output=True, text=True, check=False)
        if result.returncode:
            raise AssertionError(result.stdout + result.stderr)
        result = subprocess.run(["node", f.name.replace(".ts", ".js")], capture_output=True, text=True, check=False)
        if result.returncode:
            raise AssertionError(result.stderr)
        return json.loads(result.stdout)

    def test_the_template_is_that_for_cloudformation(self):
        for name, settings, _ in self.cases:
            undo = {"undo": 1} if name.endswith("-undo") else {}
            ours = Templates.essence(load_template(printed(format="cloudformation", **undo, **settings)))
            self.assertEqual(self.essence(self.made[name]), [self.without(o) for o in ours], name)

    def essence(self, template):
        return [self.without(r) for r in Templates.essence(template)]

    @staticmethod
    def without(resource):
        """But for the function's name, for SnapStart, which is left out when off, and the order of actions."""
        kind, properties = resource
        properties = {k: v for k, v in properties.items() if k != "FunctionName" and (k, v) != ("SnapStart", {"ApplyOn": "None"})}
        actions = properties.get("ScheduledActions", [])
        for action in actions:
            action.setdefault("Timezone", "UTC")
        return kind, {**properties, **({"ScheduledActions": sorted(actions, key=lambda a: a["ScheduledActionName"])} if actions else {})}

    def test_the_schedule(self):
        (target,) = resources_of(self.made["scheduled"], "AWS::ApplicationAutoScaling::ScalableTarget")
        self.check_schedule(actions_of(target))


if __name__ == "__main__":
    peers.main()
