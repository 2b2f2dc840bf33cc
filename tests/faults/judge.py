# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there, read from the service by a client of its own, and whether it is what should be there:
what was before, and what somebody else did since. Everything more is left behind by coldprof.
"""
import collections
import copy

from aws_client import Refused
from program import read_rows

# Of a configuration: what every change gives a new value, whoever makes it
VOLATILE = ("RevisionId", "LastModified")


def _settled(configuration):
    return {k: v for k, v in configuration.items() if k not in VOLATILE}


def _optional(read):
    """What this service does not offer, or has not got."""
    try:
        return read()
    except Refused as refused:
        if refused.status not in (404, 405):
            raise
        return None


def snapshot(client):
    """{function: all that a caller can see of it}"""
    state = {}
    for function in client.functions():
        name, arn = function["FunctionName"], function["FunctionArn"]
        latest = client.configuration(name)
        while latest.get("LastUpdateStatus") == "InProgress":
            latest = client.configuration(name)
        state[name] = {
            "latest": _settled(latest),
            "versions": {v["Version"]: _settled(v) for v in client.versions(name) if v["Version"] != "$LATEST"},
            "aliases": {a["Name"]: _settled(a) for a in client.aliases(name)},
            "reserved": _optional(lambda n=name: client.call("GET", f"/2019-09-30/functions/{n}/concurrency")),
            "provisioned": _optional(lambda n=name: client.call("GET", f"/2019-09-30/functions/{n}/provisioned-concurrency", List="ALL")),
            "tags": _optional(lambda a=arn: client.call("GET", f"/2017-03-31/tags/{a}")),
        }
    return state


def differences(expected, found, path=""):
    """One line for each thing that is more, less or other than expected."""
    if isinstance(expected, dict) and isinstance(found, dict):
        lines = []
        for key in sorted(expected.keys() | found.keys()):
            where = f"{path}/{key}" if path else key
            if key not in found:
                lines.append(f"{where} is gone")
            elif key not in expected:
                lines.append(f"{where} is left behind")
            else:
                lines += differences(expected[key], found[key], where)
        return lines
    return [] if expected == found else [f"{path} is {found!r}, not {expected!r}"]


class Neighbour:
    """Somebody else who works on the same function; knows what must be there after each act."""

    def __init__(self, client, function, zips):
        self.client, self.function, self.zips = client, function, zips
        self.memory_mb = 3000
        self.acts = []
        self.published = []

    def deploy(self):
        """Other code than the last time."""
        self.zips.reverse()
        answer = self.client.update_code(self.function, self.zips[0])
        self.acts.append(lambda f: f["latest"].update(CodeSha256=answer["CodeSha256"], CodeSize=answer["CodeSize"]))

    def publish(self):
        """Without a change since the last version, publishing returns that one: then nothing is new, and
        the version may be one of coldprof's."""
        number = self.client.publish(self.function, "somebody else's")["Version"]
        versions = {v["Version"]: _settled(v) for v in self.client.versions(self.function)}
        if versions[number]["Description"] == "somebody else's":
            self.acts.append(lambda f: f["versions"].update({number: versions[number]}))
            self.published.append((number, versions[number]["MemorySize"]))

    def set_memory(self):
        self.memory_mb += 1
        memory_mb = self.memory_mb
        self.client.update(self.function, MemorySize=memory_mb)
        self.acts.append(lambda f: f["latest"].update(MemorySize=memory_mb))

    def expect(self, before):
        """What should be there now; forgets the acts."""
        state = copy.deepcopy(before)
        for act in self.acts:
            act(state[self.function])
        self.acts = []
        return state

    def unnamed(self, before, said):
        """Troubles: versions that were published with a memory size of the sweep keep it for ever, so they
        must be named. Forgets the versions."""
        original_mb = before[self.function]["latest"]["MemorySize"]
        said = " ".join(said.split())
        wrong = [number for number, memory_mb in self.published if memory_mb != original_mb and f"version {number} " not in said]
        self.published = []
        return [f"version {number}, published by somebody else at a size of the sweep, is not named" for number in wrong]


FAILED = ("error", "timeout", "out_of_memory", "init_failed")


def account(store, run_id, n_invocations_seen):
    """Troubles in the store's books of one run; [] when they are in order."""
    rows = read_rows(store, "SELECT outcome, request_id FROM samples WHERE run_id = ?", run_id)
    n = collections.Counter(r["outcome"] for r in rows)
    failed = sum(n[outcome] for outcome in FAILED)
    unknown = n["unknown"] + n["sent"]  # a row that stayed `sent` is that of a process that was killed
    troubles = []
    if len(rows) != n["measured"] + failed + n["throttled"] + unknown + n["not_sent"]:
        troubles.append(f"the books do not balance: {dict(n)}")
    if n_invocations_seen > len(rows) - n["not_sent"]:
        troubles.append(f"{n_invocations_seen} invocations were sent for {len(rows) - n['not_sent']} samples: {dict(n)}")
    ids = [r["request_id"] for r in rows if r["request_id"]]
    if len(ids) != len(set(ids)):
        troubles.append("two samples have the same request id")
    return troubles
