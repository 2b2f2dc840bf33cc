# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader of digest files, written from the format's description (model/digest/digest_write.c) and from the
definition of the bins (model/digest/histogram.h).
"""
import re
import urllib.parse
import zlib

METRICS = ("duration", "billed", "init", "cold_total", "max_memory")


class Histogram:
    def __init__(self, fields):
        self.total, self.least, self.most = map(int, fields[:3])
        self.bins = [tuple(map(int, field.split(":"))) for field in fields[3:]]
        self.n = sum(count for _, count in self.bins)

    def rank(self, i):
        """The i-th smallest value, as the middle of its bin."""
        for number, count in self.bins:
            if i < count:
                break
            i -= count
        if number == 0:
            return 0
        octave, step = divmod(number - 1, 128)
        low, width = (1 << octave) * (128 + step) / 128, (1 << octave) / 128
        last = max(low, low + width - 1)
        return min(max((low + last) / 2, self.least), self.most)


class Cell:
    def __init__(self, n):
        self.n, self.metrics = n, {}


class Scope:
    def __init__(self, name):
        self.name = name  # (function, version, architecture)
        self.cells, self.minutes, self.streams, self.requests, self.eras = {}, {}, [], [], {}
        self.has_all_requests, self.n_raw = False, 0


class Digest:
    def __init__(self):
        self.counts, self.scopes = {}, []

    @property
    def cells(self):
        """{(function, version, memory, start, outcome): Cell}"""
        return {scope.name[:2] + key: cell for scope in self.scopes for key, cell in scope.cells.items()}

    @property
    def n_raw(self):
        return sum(scope.n_raw for scope in self.scopes)

    @property
    def n(self):
        return sum(cell.n for scope in self.scopes for cell in scope.cells.values())


def text_of(field):
    return "" if field == "-" else urllib.parse.unquote(field)


def read(data):
    """One digest; ValueError where it is not one."""
    match = re.fullmatch(rb"(coldprof digest 1\n.*)end ([0-9a-f]{8})\n", data, re.S)
    if not match or int(match[2], 16) != zlib.crc32(match[1]):
        raise ValueError("not one whole digest")
    digest = Digest()
    scope = cell = None
    for line in match[1].decode("ascii").splitlines()[1:]:
        word, *fields = line.split(" ")
        if word == "count":
            digest.counts[text_of(fields[0])] = int(fields[1])
        elif word == "scope":
            scope = Scope(tuple(map(text_of, fields)))
            digest.scopes.append(scope)
        elif word == "cell":
            cell = Cell(int(fields[3]))
            scope.cells[int(fields[0]), fields[1], fields[2]] = cell
        elif word in METRICS:
            cell.metrics[word] = Histogram(fields)
        elif word == "hour":
            for field in fields[1:]:
                minute, _, members = field.partition(":")
                scope.minutes[int(fields[0]) * 60 + int(minute)] = (*map(int, members.split(",")), *(0,) * 7)[:7]
        elif word == "stream":
            spans, at = [], 0
            for field in fields[3:]:
                start, length = map(int, field.split("+"))
                spans.append((at + start, at + start + length))
                at += start + length
            scope.streams.append((int(fields[1]), int(fields[2]), spans))
        elif word == "sampled":
            scope.has_all_requests = fields[0] == "all"
        elif word == "request":
            scope.requests.append((fields[0], fields[1], int(fields[2]), int(fields[3]), fields[4] == "failed"))
        elif word == "era":
            scope.eras[fields[0]] = (int(fields[1]), int(fields[2]))
        elif word == "record":
            scope.n_raw += 1
    return digest
