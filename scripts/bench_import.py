# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/bench import: what `coldprof digest` takes for a log, and what others take for the same bytes.

Logs come from tests/program/log_generator.py, lie in the page cache, and are read by every program in
turn, round by round, so that a slow minute of the machine hits all of them. A ratio is the median of
the ratios of each round. Programs that extract take the same six fields (request id, duration, billed
duration, memory size, max memory used, init duration) and give count and quantiles by memory size
and start; those with threads get one. The first line of their output is the number of records.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bench_figures import median_interval, show

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GENERATOR = os.path.join(ROOT, "tests", "program", "log_generator.py")
DUCKDB = os.path.join(ROOT, "build", "peers", "duckdb", "bin", "python")
sys.path.insert(0, os.path.dirname(GENERATOR))
sys.dont_write_bytecode = True
import digest_file  # noqa: E402  pylint: disable=wrong-import-position
import log_generator  # noqa: E402  pylint: disable=wrong-import-position
import peak  # noqa: E402  pylint: disable=wrong-import-position

WORK = os.path.join(ROOT, "build", "bench")
LIMIT_MB = 32
FROM = {"rg": "Debian's ripgrep", "igzip": "Debian's isal", DUCKDB: "scripts/peers duckdb"}

MAWK = r"""
BEGIN { FS = "\t" }
/^REPORT RequestId: / {
    id = substr($1, 19); duration = substr($2, 11) + 0; billed = substr($3, 18) + 0; memory = substr($4, 14) + 0
    used = substr($5, 18) + 0; init = substr($6, 1, 4) == "Init" ? substr($6, 16) + 0 : -1
    key = memory " " (init >= 0); n++; count[key]++; bin[key " " int(128 * log(duration))]++
    last = id; sum[key] += billed; if (used > most[key]) most[key] = used; if (init > longest[key]) longest[key] = init
}
END { print n; for (key in count) print key, count[key], sum[key], most[key], longest[key]; for (key in bin) cells++; print cells }
"""

PYTHON = r"""
import collections, re, statistics, sys
field = re.compile(rb"REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\t"
                   rb"Max Memory Used: (\d+) MB\t(?:Init Duration: ([\d.]+) ms)?").match
cells, n = collections.defaultdict(list), 0
with open(sys.argv[1], "rb") as f:
    for line in f:
        m = field(line)
        if m:
            request_id, duration, billed, memory, used, init = m.groups()
            n += 1
            cells[memory, init is not None].append((float(duration), int(billed), int(used), float(init or -1)))
print(n)
for key, rows in cells.items():
    print(key, len(rows), statistics.quantiles([row[0] for row in rows], n=100)[49::45])
"""

DUCK = r"""
import sys
import duckdb
db = duckdb.connect()
db.execute("SET threads = 1; SET enable_progress_bar = false")
report = r"REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB\t(?:Init Duration: ([\d.]+) ms)?"
sources = {
    "text": f'''SELECT f.id AS id, f.duration::DOUBLE AS duration, f.billed::BIGINT AS billed, f.memory::INT AS memory, f.used::INT AS used,
                try_cast(f.init AS DOUBLE) AS init FROM (SELECT regexp_extract(line, '{report}', ['id', 'duration', 'billed', 'memory', 'used', 'init']) AS f
                FROM read_csv(?, columns = {{line: 'VARCHAR'}}, delim = '\x01', header = false, quote = '', escape = '', auto_detect = false,
                strict_mode = false) WHERE starts_with(line, 'REPORT RequestId: '))''',
    "json": '''SELECT record.requestId AS id, m.durationMs AS duration, m.billedDurationMs AS billed, m.memorySizeMB AS memory, m.maxMemoryUsedMB AS used,
               m.initDurationMs AS init FROM (SELECT record, record.metrics AS m FROM read_json(?, format = 'newline_delimited', columns = {type: 'VARCHAR',
               record: 'STRUCT(requestId VARCHAR, metrics STRUCT(durationMs DOUBLE, billedDurationMs BIGINT, memorySizeMB INT, maxMemoryUsedMB INT,
               initDurationMs DOUBLE))'}) WHERE type = 'platform.report')'''}
rows = db.execute(f'''SELECT memory, init IS NOT NULL AS is_cold, count(*), sum(billed), max(used), max(init), max(id),
                      quantile_cont(duration, [0.5, 0.95]) FROM ({sources[sys.argv[2]]}) GROUP BY memory, is_cold''', [sys.argv[1]]).fetchall()
print(sum(row[2] for row in rows))
print(*rows, sep="\n")
"""

JQ = 'select(.type == "platform.report").record | [.requestId, .metrics.durationMs, .metrics.billedDurationMs, .metrics.memorySizeMB, ' \
     '.metrics.maxMemoryUsedMB, .metrics.initDurationMs]'


class Contest:
    """Programs that read the same bytes, timed in turn."""

    def __init__(self, rounds):
        self.rounds, self.commands, self.sizes, self.seconds, self.counts = rounds, {}, {}, {}, {}

    def enter(self, name, command, path, environment=None, size=None):
        """`command` is not asked where its program is missing: then a reason is kept in its place."""
        self.commands[name] = (command, environment)
        self.sizes[name] = size or os.path.getsize(path)

    def missing(self, name):
        program = self.commands[name][0][0]
        return None if shutil.which(program) else f"skipped: needs {FROM.get(program, program)}, which is not installed"

    def run(self):
        ready = [name for name in self.commands if not self.missing(name)]
        self.seconds = {name: [] for name in ready}
        for turn in range(-1, self.rounds):  # the first one warms caches
            for name in ready:
                command, environment = self.commands[name]
                begin = time.perf_counter()
                result = subprocess.run(command, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, capture_output=True, check=False)
                elapsed = time.perf_counter() - begin
                if result.returncode:
                    sys.exit(f"bench: {' '.join(command[:3])} failed: {result.stderr.decode(errors='replace')[-500:]}")
                if turn < 0:
                    self.counts[name] = result.stdout
                else:
                    self.seconds[name].append(elapsed)

    def row(self, name):
        reason = self.missing(name)
        if reason:
            return name, reason, "", True
        seconds = self.seconds[name]
        return name, f"{show(seconds, 's')}, {self.sizes[name] / statistics.median(seconds) / 1e9:.3g} GB/s", "", True

    def ratio(self, what, own, peer, most, goal, *, is_speed=False):
        """Time of `own` over that of `peer` for equal bytes; is_speed: how many times as fast."""
        for name in (own, peer):
            if self.missing(name):
                return f"  {what}", self.missing(name), goal, True
        own_s, peer_s = ([s / self.sizes[name] for s in self.seconds[name]] for name in (own, peer))
        values = [b / a if is_speed else a / b for a, b in zip(own_s, peer_s)]
        m, low, high = median_interval(values)
        return f"  {what}", f"{m:.2f} [{low:.2f}, {high:.2f}]", goal, m >= most if is_speed else m <= most


def generate(folder, size, *forms):
    """Paths of logs of these forms, made at once, in the page cache."""
    paths = [os.path.join(folder, form + ".log") for form in forms]
    made = [subprocess.Popen([sys.executable, GENERATOR, form, "--size", str(size), "--repeatable", "-o", path]) for form, path in zip(forms, paths)]
    for form, path, process in zip(forms, paths, made):
        if process.wait():
            sys.exit(f"bench: the generator of {form} failed")
        log_generator.read_through(path)
    return paths


def head(path, size):
    """The first `size` bytes, to the end of a line, beside it."""
    short = path + ".head"
    with open(path, "rb") as f, open(short, "wb") as out:
        out.write(f.read(size) + f.readline())
    return short


def digest(binary, threads, path, output=os.path.join(WORK, "out.digest")):
    return [binary, "digest", "--quiet", "--exit-zero", "--threads", str(threads), "-o", output, path]


def text_rows(binary, path, rounds):
    c = Contest(rounds)
    c.enter("text: grep -c REPORT", ["grep", "-c", "REPORT", path], path, {"LC_ALL": "C"})
    c.enter("text: ripgrep -c REPORT", ["rg", "-c", "REPORT", path], path)
    c.enter("text: coldprof digest, 1 thread", digest(binary, 1, path), path)
    c.enter("text: coldprof digest, 2 threads", digest(binary, 2, path), path)
    c.enter("text: mawk, six fields", ["mawk", MAWK, path], path, {"LC_ALL": "C"})
    c.enter("text: Python re, six fields", [sys.executable, "-c", PYTHON, path], path)
    c.enter("text: DuckDB read_csv + regexp_extract, six fields", [DUCKDB, "-c", DUCK, path, "text"], path)
    c.run()
    yield from map(c.row, c.commands)
    grep, rg, one, two, mawk, python, duck = c.commands
    yield c.ratio("1 thread, time over grep's", one, grep, 1.0, "<= 1.0, aim 0.5")
    yield c.ratio("1 thread, time over ripgrep's", one, rg, 1e9, "aim 1.0")
    yield c.ratio("2 threads, times the speed of one", two, one, 1.7, ">= 1.7", is_speed=True)
    yield c.ratio("1 thread, times the speed of mawk", one, mawk, 2, ">= 2", is_speed=True)
    yield c.ratio("1 thread, times the speed of DuckDB", one, duck, 7, ">= 7", is_speed=True)
    yield c.ratio("1 thread, times the speed of Python re", one, python, 4, ">= 4", is_speed=True)
    yield agreement(binary, path, {name: int(c.counts[name].split()[0]) for name in (mawk, python, duck) if name in c.counts})


def agreement(binary, path, counts):
    """Whoever finds other records measures something else."""
    out = path + ".digest"
    subprocess.run(digest(binary, 2, path, out), check=True)
    with open(out, "rb") as f:
        counts["coldprof"] = digest_file.read(f.read()).n
    return "  records found by all of them", " ".join(f"{n:,}" for n in sorted(set(counts.values()))), "the same", len(set(counts.values())) == 1


def json_rows(binary, path, rounds, size):
    c = Contest(rounds)
    short = head(path, size // 10)
    c.enter("JSON lines: coldprof digest, 1 thread", digest(binary, 1, path), path)
    c.enter("JSON lines: coldprof digest, 2 threads", digest(binary, 2, path), path)
    c.enter("JSON lines: DuckDB read_json, six fields", [DUCKDB, "-c", DUCK, path, "json"], path)
    c.enter("JSON lines: jq, six fields (a tenth of the log)", ["jq", "-c", JQ, short], short)
    c.run()
    yield from map(c.row, c.commands)
    one, two, duck, jq = c.commands
    yield c.ratio("1 thread, times the speed of DuckDB", one, duck, 3, ">= 3", is_speed=True)
    yield c.ratio("1 thread, times the speed of jq", one, jq, 0, "", is_speed=True)
    yield c.ratio("2 threads, times the speed of one", two, one, 0, "", is_speed=True)
    speed = os.path.getsize(path) / statistics.median(c.seconds[one]) / 1e9
    yield "  1 thread, speed", f"{speed:.2f} GB/s", "aim 2 GB/s", True
    yield agreement(binary, path, {duck: int(c.counts[duck].split()[0])} if duck in c.counts else {})


def gzip_rows(binary, path, rounds):
    zipped = path + ".gz"
    with open(zipped, "wb") as out:
        subprocess.run(["gzip", "-c", path], stdout=out, check=True)
    size = os.path.getsize(path)
    c = Contest(rounds)
    c.enter("gzip: zcat", ["zcat", zipped], zipped, size=size)
    c.enter("gzip: igzip -dc", ["igzip", "-dc", zipped], zipped, size=size)
    c.enter("gzip: coldprof digest, 1 thread", digest(binary, 1, zipped), zipped, size=size)
    c.enter("gzip: coldprof digest, 2 threads", digest(binary, 2, zipped), zipped, size=size)
    c.commands = {name: (["sh", "-c", '"$@" >/dev/null', "sh", *words], env) if "coldprof" not in name and shutil.which(words[0]) else (words, env)
                  for name, (words, env) in c.commands.items()}  # a pipe to us would be part of the time
    c.run()
    yield from map(c.row, c.commands)
    zcat, igzip, one, two = c.commands
    yield c.ratio("1 thread, time over zcat's", one, zcat, 0.5, "<= 0.5")
    yield c.ratio("1 thread, time over igzip's", one, igzip, 1e9, "aim 1.2")
    yield c.ratio("2 threads, time over igzip's", two, igzip, 1e9, "aim 1.2")
    os.unlink(zipped)


def memory_row(binary, what, path, threads, pieces=None):
    words = digest(binary, threads, path)
    status, mb = peak.peak_mb(words, os.path.join(WORK, "answer"), pieces)
    if status:
        sys.exit(f"bench: {' '.join(words)} failed")
    return what, f"{mb:.1f} MB", f"<= {LIMIT_MB} MB", mb <= LIMIT_MB


def memory_rows(binary, path):
    blocks = log_generator.file_blocks(path)
    gb = os.path.getsize(path) / 1e9
    long = path + ".long"
    yield memory_row(binary, f"text: peak memory, {gb:.3g} GB, 1 thread", path, 1)
    yield memory_row(binary, f"text: peak memory, {gb:.3g} GB, 2 threads", path, 2)
    with open(long, "wb") as f:
        f.writelines(log_generator.repeated(blocks, 4))
    yield memory_row(binary, f"text: peak memory, {4 * gb:.3g} GB, 2 threads", long, 2)
    os.unlink(long)
    yield memory_row(binary, f"text: peak memory, {10 * gb:.3g} GB from a pipe, 2 threads", "-", 2, log_generator.repeated(blocks, 10))


def rows(binary, quick):
    size = 100_000_000 if quick else 1_000_000_000
    rounds = 7
    os.makedirs(WORK, exist_ok=True)
    if shutil.disk_usage(WORK).free < 8 * size:
        sys.exit(f"bench: {8 * size / 1e9:.0f} GB are needed in {WORK}: make room, or use --quick")
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        text, json = generate(folder, size, "text", "json")
        yield from text_rows(binary, text, rounds)
        yield from json_rows(binary, json, rounds, size)
        os.unlink(json)
        yield from gzip_rows(binary, text, rounds)
        yield from memory_rows(binary, text)
        os.unlink(text)
        path, = generate(folder, size, "awslogs")
        for threads in (1, 2):
            yield memory_row(binary, f"awslogs: peak memory, {os.path.getsize(path) / 1e9:.3g} GB of 20 functions in a week, {threads} thread{'s' * (threads > 1)}", path, threads)
