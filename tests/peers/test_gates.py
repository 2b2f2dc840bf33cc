# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of compare and nightly, given to what they are meant for.

JUnit: the schema of Jenkins' xUnit plugin, and junitparser. Metrics: Prometheus' own OpenMetrics parser, its
client's, the text parser of node_exporter's textfile collector, and promtool's linter. Otava: Apache Otava imports a
history and finds the change points that we find. Markdown: GitHub's own renderer. Of Bencher there is its published
JSON schema, and of github-action-benchmark and the runner's workflow commands there are their rules: no registry
has those programs.
"""
import csv
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timezone

import peer_service as peers

peers.use_peer_python("gates")

CLIENT = os.environ["COLDPROF_GATES_CLIENT"]
KINDS = ("compare", "pair", "night")
NAMES = [
    "orders-api:live", "a\r\n::error::owned\n##[error]x", "x%0A::error::%3A,y", "<script>alert(1)</script>", "a|b`c`*d*_e_",
    "\u202eevil\u2066\u200b", "]]> & \"quoted\" 'single'", "=1+1", "\x1b[2J\x07\x7f\x85", "\ufffe\uffff\ufeff", "\udcff\udced\udca0",
    "日本語-функция-😀", "a\\n\\", "#1 @team [x](y) ~~z~~ $a$ <!--", "m" * 150, "<" * 150,
]


def visible(name):
    """What is shown of a name: nothing that moves a cursor, reorders or is no text."""
    def shown(c):
        code = ord(c)
        if 0xdc80 <= code <= 0xdcff:  # a byte that is no UTF-8
            return f"\\x{code - 0xdc00:02x}"
        hidden = code < 0x20 or 0x7f <= code <= 0x9f or 0x200b <= code <= 0x200f or 0x2028 <= code <= 0x202e \
            or 0x2060 <= code <= 0x2069 or 0xfff9 <= code <= 0xfffb or code in (0x61c, 0xfeff, 0xfffe, 0xffff)
        return (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}") if hidden else c
    return "".join(map(shown, name))


def run(*words):
    result = subprocess.run([CLIENT, *map(os.fsencode, words)], capture_output=True, check=True)
    return result.stdout.decode()  # strictly: all that we print is UTF-8


class Gate:
    """The numbers behind a document."""

    def __init__(self, line):
        name, value, low, high, n, self.word, fails, judged, self.because = line.split("\t")
        self.name, self.n = name, int(n)
        self.value, self.low, self.high = float(value), float(low), float(high)
        self.fails, self.judged = fails == "1", judged == "1"
        self.memory, self.timing, percent = re.fullmatch(r"(\d+)MB/(\w+)-p([\d.]+)", name).groups()
        self.quantile = f"{float(percent) / 100:g}"


def gates_of(kind, hostile=""):
    return [Gate(line) for line in run("values", kind, "f", visible(hostile)).splitlines()]


def every_document(form):
    """(kind, name, text) with a name and sentences of that name; at least one is harmless."""
    for kind in KINDS:
        for name in NAMES:
            yield kind, name, run(form, kind, name, name)


class JUnit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        peers.need("gates/bin/python", "gates/junit-10.xsd")

    def test_the_schema_of_jenkins(self):
        from lxml import etree
        schema = etree.XMLSchema(etree.parse(os.path.join(peers.PEERS, "gates", "junit-10.xsd")))
        parser = etree.XMLParser(resolve_entities=False, recover=False)
        for kind, name, text in every_document("junit"):
            schema.assertValid(etree.fromstring(text.encode(), parser))
            self.assertNotIn("::error::owned\n", text, (kind, name))

    def test_the_schema_refuses_what_is_wrong(self):
        from lxml import etree
        schema = etree.XMLSchema(etree.parse(os.path.join(peers.PEERS, "gates", "junit-10.xsd")))
        text = run("junit", "compare", "f")
        for right, wrong in (('time="42.500"', 'time="42.5001"'), ("system-out>", "output>"), (' errors="0"', "")):
            self.assertIn(right, text)
            self.assertFalse(schema.validate(etree.fromstring(text.replace(right, wrong).encode())))

    def test_junitparser_reads_each_gate(self):
        import junitparser
        for kind, name, text in every_document("junit"):
            (suite,) = junitparser.JUnitXml.fromstring(text.encode())
            gates = gates_of(kind)
            self.assertEqual((suite.tests, suite.failures, suite.errors, suite.skipped, suite.time),
                             (len(gates), sum(g.fails for g in gates), 0, sum(not g.judged and not g.fails for g in gates), 42.5))
            self.assertEqual(suite.name, "coldprof " + visible(name))
            properties = {p.name: p.value for p in suite.properties()}
            self.assertEqual((properties["run"], properties["function"]), ("7f3a", visible(name)))
            self.assertEqual(properties.get("base_run"), None if kind == "night" else "1a2b")
            for case, gate in zip(suite, gates, strict=True):
                self.check_case(case, gate, name)

    def check_case(self, case, gate, name):
        import junitparser
        self.assertEqual((case.name, case.classname), (gate.name, visible(name) + "/arm64"))
        if math.isfinite(gate.value):
            self.assertAlmostEqual(case.time, gate.value / 1000, delta=0.000501)
        else:
            self.assertIsNone(case.time)
        because = gate.because + visible(name)
        kinds = {junitparser.Failure: gate.fails, junitparser.Skipped: not gate.fails and not gate.judged}
        self.assertEqual([type(r) for r in case.result], [k for k, is_one in kinds.items() if is_one])
        for result in case.result:
            self.assertEqual((result.type, result.message, result.text), (gate.word, because[:239], f"{gate.word}: {because[:239]}"))
        self.assertTrue(case.system_out.startswith(f"{gate.word}: {gate.because}"))


class Trackers(unittest.TestCase):
    # As published at bencher.dev/bmf.json.
    BMF = {
        "$schema": "http://json-schema.org/draft-07/schema", "type": "object",
        "patternProperties": {".+": {"type": "object", "patternProperties": {".+": {
            "type": "object", "required": ["value"],
            "properties": {key: {"type": "number"} for key in ("value", "lower_value", "upper_value")}}}}}}

    @classmethod
    def setUpClass(cls):
        peers.need("gates/bin/python")

    @staticmethod
    def loads(text):
        def refuse(word):
            raise AssertionError(f"{word} is no JSON")
        return json.loads(text, parse_constant=refuse)

    def test_bencher(self):
        import jsonschema
        jsonschema.Draft7Validator.check_schema(self.BMF)
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate({"f": {"latency": {"value": None}}}, self.BMF)
        for kind, name, text in every_document("bmf"):
            document = self.loads(text)
            jsonschema.validate(document, self.BMF)
            expected = {}
            for gate in gates_of(kind):
                ends = {"value": gate.value, "lower_value": gate.low, "upper_value": gate.high}
                if math.isfinite(gate.value):
                    expected[f"{visible(name)}/{gate.name}"] = {k: v * 1e6 for k, v in ends.items() if math.isfinite(v)}
            self.assertEqual({k: v["latency"] for k, v in document.items()}, expected)
            self.assertTrue(all(len(key) <= 1024 for key in document))  # of a benchmark's name

    def test_github_action_benchmark(self):
        """extractCustomBenchmarkResult takes name, value, unit, range and extra of each; the comparison divides by
        value, and a text range without a plus-minus sign is shown as it is (extractRangeInfo)."""
        for kind, name, text in every_document("gha-benchmark"):
            gates = [g for g in gates_of(kind) if math.isfinite(g.value)]
            benches = self.loads(text)
            self.assertEqual([b["name"] for b in benches], [f"{visible(name)}/{g.name}" for g in gates])
            for bench, gate in zip(benches, gates, strict=True):
                self.assertEqual((bench["value"], bench["unit"]), (gate.value, "ms"))
                self.assertLessEqual(set(bench), {"name", "value", "unit", "range", "extra"})
                self.assertTrue(all(isinstance(v, str) for k, v in bench.items() if k != "value"))
                self.assertIn(f"n={gate.n}\nrun=7f3a\n", bench["extra"])
                self.assertEqual("range" in bench, not math.isnan(gate.low))


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        peers.need("gates/bin/python", "metrics/read_metrics")

    @staticmethod
    def read(text):
        result = subprocess.run([os.path.join(peers.PEERS, "metrics", "read_metrics")], input=text.encode(), capture_output=True,
                                check=False)
        if result.returncode:
            raise AssertionError(result.stderr.decode() + text)
        return json.loads(result.stdout)

    def check_quantiles(self, samples, gates, name):
        """`samples`: (metric, labels, value)."""
        for suffix, end in (("", "value"), ("_low", "low"), ("_high", "high")):
            found = {(m, ls["memory_mb"], ls["quantile"]): v for m, ls, v in samples
                     if re.fullmatch(rf"coldprof_(init|restore|cold|warm){suffix}_seconds", m)}
            expected = {(f"coldprof_{g.timing}{suffix}_seconds", g.memory, g.quantile): getattr(g, end) / 1000 for g in gates
                        if not math.isnan(getattr(g, end))}
            self.assertEqual(found, expected)
        for _, labels, _ in samples:
            self.assertEqual((labels["function"], labels["architecture"], labels["place"]), (visible(name), "arm64", "local server"))
        verdicts = [(ls["timing"], ls["quantile"], ls["verdict"]) for m, ls, v in samples if m == "coldprof_gate_verdict" and v == 1]
        self.assertEqual(verdicts, [(g.timing, g.quantile, g.word) for g in gates])
        failed = [v for m, _, v in samples if m == "coldprof_gate_failed"]
        self.assertEqual(failed, [float(g.fails) for g in gates])

    def test_prometheus_and_the_textfile_collector(self):
        for kind, name, text in every_document("openmetrics"):
            read = self.read(text)
            samples = [(s["labels"].pop("__name__"), s["labels"], float(s["value"])) for s in read["series"]]
            self.check_quantiles(samples, gates_of(kind), name)
            self.assertFalse(any(s["timed"] for s in read["series"]))
            self.assertEqual({f["type"] for f in read["families"].values()}, {"GAUGE"})
            self.assertEqual(sum(f["samples"] for f in read["families"].values()), len(samples))
            # the one thing that promtool would change: of a summary the collector would make up a sum
            self.assertEqual({line.partition(": ")[2] for line in read["lint"]}, {'non-summary metrics should not have "quantile" label'})

    def test_the_python_client(self):
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        for kind, name, text in every_document("openmetrics"):
            families = list(text_string_to_metric_families(text))
            samples = [(s.name, s.labels, s.value) for f in families for s in f.samples]
            self.check_quantiles(samples, gates_of(kind), name)
            for family in families:
                self.assertEqual(family.type, "gauge")
                self.assertTrue(family.documentation)
                self.assertEqual(family.unit, next((u for u in ("seconds", "ratio") if family.name.endswith("_" + u)), ""))

    def test_a_cut_file_is_refused(self):
        with self.assertRaises(AssertionError):
            self.read(run("openmetrics", "compare", "f").replace("# EOF\n", ""))


def ours_in(path):
    """(metric, index, mean before, mean after, p) of each change point that we find in a file for Otava."""
    for line in run("changes", path).splitlines():
        metric, index, *numbers = line.split("\t")
        yield (metric, int(index), *map(float, numbers))


class Histories(unittest.TestCase):
    def setUp(self):
        peers.need("gates/bin/python")
        folder = tempfile.TemporaryDirectory(prefix="coldprof-gates-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, content):
        with open(os.path.join(self.folder, name), "w", newline="", encoding="utf-8") as f:
            f.write(content)
        return f.name

    def coldprof(self, *words):
        result = subprocess.run([peers.BINARY, *words, "--store", os.path.join(self.folder, "nights.db")], capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout.decode()

    def shown_by_history(self, function, rows):
        """What the program shows for Otava of a history; `rows` as csv.DictReader has them."""
        key = {"schema": 1, "function": function, "place": "local server", "region": "us-east-1", "architecture": "arm64"}
        nights = [{**key, "kind": "night", "started_at": row["time"], "run_id": f"{i:04x}", "code_sha256": row.get("commit", ""),
                   "metrics": [{"metric": m, "n": 100, "ms": float(row[m]), "low_ms": None, "high_ms": None}
                               for m in row if m not in ("time", "commit")]} for i, row in enumerate(rows)]
        self.coldprof("history", "import", self.write("nights.ndjson", "".join(json.dumps(night) + "\n" for night in nights)))
        return self.coldprof("history", "show", function, "--format", "otava-csv")

    @staticmethod
    def imported(path, columns):
        from otava.importer import CsvImporter, DataSelector
        from otava.test_config import CsvMetric, CsvTestConfig
        selector = DataSelector()
        selector.since_time = datetime(2000, 1, 1, tzinfo=timezone.utc)
        selector.last_n_points = 10000
        metrics = [CsvMetric(c, -1, 1, c) for c in columns]
        return CsvImporter().fetch_data(CsvTestConfig("f", path, metrics=metrics, attributes=["commit"]), selector)

    def check_changes(self, path, series, columns):
        """Returns how many there are."""
        from otava.series import AnalysisOptions
        found = series.analyze(AnalysisOptions()).change_points
        theirs = [(c, p) for c in columns for p in found.get(c, [])]
        ours = list(ours_in(path))
        self.assertEqual([(m, i) for m, i, *_ in ours], [(c, p.index) for c, p in theirs])
        for (_, _, before, after, p), (_, point) in zip(ours, theirs, strict=True):
            self.assertAlmostEqual(before, point.mean_before(), delta=1e-9 * before)
            self.assertAlmostEqual(after, point.mean_after(), delta=1e-9 * after)
            self.assertAlmostEqual(p, point.stats.pvalue, delta=1e-9)
        return len(ours)


class Otava(Histories):
    @staticmethod
    def values_of(nights):
        """Of each metric as Otava should read them: a timeout's lower end, and a gap as the night before."""
        columns = [[], []]
        for line in run("nights", str(nights)).splitlines():
            numbers = [float(word) for word in line.split("\t")]
            for values, (value, low) in zip(columns, [numbers[:2], numbers[2:] or (None, None)], strict=True):
                values.append(values[-1] if value is None else low if math.isinf(value) else value)
        return columns

    def test_otava_finds_our_change_points(self):
        columns = ["512MB/init-p50", "512MB/init-p95"]
        found = 0
        for nights in (12, 30, 90, 240, 600):
            text = run("history", str(nights))
            rows = list(csv.DictReader(text.splitlines()))
            path = self.write("nights.csv", text)
            series = self.imported(path, columns)
            self.assertEqual((len(rows), list(rows[0])), (nights, ["time", "commit", *columns]))
            self.assertEqual(series.attributes["commit"], [r["commit"] for r in rows])
            for column, values in zip(columns, self.values_of(nights), strict=True):
                self.assertEqual(series.data[column], values)
            found += self.check_changes(path, series, columns)
        self.assertGreaterEqual(found, 10)  # two steps in each of two metrics, where there are nights enough

    def test_otava_analyzes_what_history_shows(self):
        """Its own command, and the program's own file."""
        text = run("history", "240")
        rows = list(csv.DictReader(text.splitlines()))
        self.assertEqual(self.shown_by_history("orders", rows), text)
        path = self.write("nights.csv", text)
        config = self.write("otava.yaml", json.dumps({"tests": {"orders": {  # which YAML is, too
            "type": "csv", "file": path, "time_column": "time", "attributes": ["commit"],
            "metrics": {m: {"column": m, "direction": -1} for m in ("512MB/init-p50", "512MB/init-p95")},
            "csv_options": {"delimiter": ",", "quote_char": '"'}}}}))
        otava = os.path.join(peers.PEERS, "gates", "bin", "otava")
        result = subprocess.run([otava, "analyze", "orders", "--since", "2000-01-01", "--output", "json"], check=False,
                                capture_output=True, env={**os.environ, "OTAVA_CONFIG": config})
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        found = {(change["metric"], entry["time"]) for entry in json.loads(result.stdout)["orders"] for change in entry["changes"]}
        times = [int(datetime.fromisoformat(row["time"].replace("Z", "+00:00")).timestamp()) for row in rows]
        self.assertEqual(found, {(m, times[i]) for m, i, *_ in ours_in(path)})
        self.assertEqual({m for m, _ in found}, {"512MB/init-p50", "512MB/init-p95"})


class RealNights(Histories):
    def test_otava_finds_our_change_points(self):
        """Nightly medians of four functions in AWS, from November 2023 on, as histories of the program."""
        folder = os.path.join(os.environ.get("COLDPROF_REFERENCE", ""), "changepoint")
        files = sorted(f for f in os.listdir(folder) if f.startswith("nightly_")) if os.path.isdir(folder) else []
        if not files:
            self.skipTest(f"no reference data in {folder}")
        nights = found = 0
        for name in files:
            with open(os.path.join(folder, name), newline="", encoding="utf-8") as f:
                rows = [{"time": row["date"] + "T01:17:00Z", "512MB/init-p50": row["median_init_ms"]} for row in csv.DictReader(f)]
            path = self.write("nights.csv", self.shown_by_history(name, rows))
            series = self.imported(path, ["512MB/init-p50"])
            self.assertEqual(series.data["512MB/init-p50"], [float(r["512MB/init-p50"]) for r in rows])
            found += self.check_changes(path, series, ["512MB/init-p50"])
            nights += len(rows)
        print(f"{nights} nights of {len(files)} functions: {found} change points, each as Otava finds it", file=sys.stderr)
        self.assertGreater(found, 0)


class Markdown(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        peers.need("gates/bin/python")

    def test_github_renders_a_table_and_nothing_else(self):
        import cmarkgfm
        from lxml import html
        for kind, name, text in every_document("md"):
            self.assertLess(len(text.encode()), 10 * 1024)
            page = html.fromstring("<div>" + cmarkgfm.github_flavored_markdown_to_html(text) + "</div>")
            self.assertLessEqual({e.tag for e in page.iter()},
                                 {"div", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"})
            (title,) = page.iter("h3")
            self.assertEqual(" ".join(title.text_content().split()), " ".join(("coldprof: " + visible(name)).split()))
            (table,) = page.iter("table")
            rows = [[cell.text_content() for cell in row] for row in table.iter("tr")]
            gates = {g.name: g for g in gates_of(kind)}
            self.assertEqual({len(row) for row in rows}, {6})
            self.assertEqual({row[1] for row in rows[1:]}, set(gates))
            self.assertTrue(all(row[0] == gates[row[1]].word for row in rows[1:]))
            bold = [row[1].text_content() for row in table.iter("tr") if row[0].find("strong") is not None]
            self.assertEqual(set(bold), {g.name for g in gates.values() if g.fails})
            self.assertEqual([row[1] for row in rows[1:len(bold) + 1]], bold)  # the worst first

    def test_annotations_are_commands_of_one_line(self):
        """By ActionCommand.cs of the runner: '::name key=value,...::message' and its escapes."""
        for kind, name, text in every_document("annotations"):
            lines = text.split("\n")
            self.assertEqual(lines.pop(), "")
            for line in lines:
                command = re.fullmatch(r"::(error|warning|notice) title=([^:,]*)::(.*)", line)
                self.assertTrue(command, line)
                for escape in re.findall(r"%(.{0,2})", line):
                    self.assertIn(escape, ("25", "0D", "0A", "3A", "2C"))
            failed = [g for g in gates_of(kind) if g.fails]
            titles = [m.group(1).replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
                      for m in re.finditer(r"^::error title=(coldprof%3A [^:]*)::", text, re.M)]
            self.assertEqual(titles, [f"coldprof: {g.word} of {visible(name)}/{g.name}" for g in failed])


if __name__ == "__main__":
    peers.main()
