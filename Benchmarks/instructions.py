#!/usr/bin/env python3
"""Instructions and allocations of the hot paths, counted by callgrind, against the thresholds in `thresholds.json`.

A count is the whole process's, libraries included, over the requests, or the frames, that it answered meanwhile; it
hardly depends on what else the machine does. JSON on standard output, a table on standard error. Exit code 0 when no
count is above its threshold, 1 when one is, 2 when nothing can be counted.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import processes
import report
from processes import HERE, ROOT, Refusal
from report import say

THRESHOLDS = HERE / "thresholds.json"
KINDS = ("instructions", "allocations")
# A threshold is the count with room for what differs between machines; a count this far under it asks for a lower one.
ROOM, SLACK = 0.05, 0.10
DELTAS = 64
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
# Name, path, model, whether it streams, requests that are counted, what one answer holds of what is counted.
PATHS = [
    ("healthz", "/healthz", None, False, 200, 1),
    ("chat", CHAT, "bench", False, 200, 1),
    ("chat stream of 64 deltas", CHAT, "bench", True, 50, 1),
    ("chat stream, a paced frame", CHAT, "paced", True, 8, DELTAS),
    ("messages, passed", MESSAGES, "claude", False, 200, 1),
    ("messages, translated", MESSAGES, "bench", False, 200, 1),
    ("messages stream, passed", MESSAGES, "claude", True, 50, 1),
    ("messages stream, translated", MESSAGES, "bench", True, 50, 1),
]


def body_for(model, stream):
    """The request of `native/chat.lua`."""
    system = "You are a helpful assistant who answers in one short sentence."
    question = ("What does a graph of nodes do with a chat turn, and why would an application want one place between "
                "itself and its models?")
    body = {"model": model} | ({"stream": True} if stream else {}) | {"messages": [
        {"role": "user", "content": f"{system} {question}"}], "temperature": 0.7, "max_tokens": 128}
    return json.dumps(body, separators=(",", ":"))


def ask(connection, path, model, stream, count):
    """Answers must be whole: a stream has all of its deltas and its end."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer caller-key"}
    body = body_for(model, stream) if model else None
    for _ in range(count):
        connection.request("POST" if model else "GET", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        whole = text.count(b" token ") == DELTAS and (b"[DONE]" in text or b"message_stop" in text) if stream else text
        if answer.status != 200 or not whole:
            raise Refusal(f"{path} with the model {model} answered {answer.status}: {text[-300:]!r}")


class Callgrind:
    """The server under callgrind, which counts from `start` on."""

    def __init__(self, folder, binary, upstreams, anthropic):
        self.prefix, self.dumps = f"--vgdb-prefix={folder}/vgdb", folder / "callgrind"
        # valgrind does not read all that Swift writes for debuggers, and gives up on it.
        stripped = folder / "stripped"
        strip = subprocess.run(["objcopy", "--strip-debug", binary, stripped], capture_output=True, text=True)
        if strip.returncode:
            raise Refusal(f"objcopy: {strip.stderr.strip()}")
        # Slowed by fifty, on a machine that may be busy.
        self.server = processes.start_tutti(
            folder, stripped, None, upstreams, anthropic=anthropic, patience=240,
            prefix=["valgrind", "--tool=callgrind", "--instr-atstart=no", "--demangle=no", self.prefix,
                    f"--callgrind-out-file={self.dumps}"])
        self.taken = 0

    def command(self, *words):
        command = ["vgdb", f"--pid={self.server.process.pid}", self.prefix, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Refusal(f"{' '.join(words)}: {(done.stderr or self.server.tail())[-600:].strip()}")

    def take(self):
        """The profile since the last one."""
        self.command("dump")
        self.taken += 1
        file = pathlib.Path(f"{self.dumps}.{self.taken}")
        deadline = time.monotonic() + 10
        while not (file.exists() and "totals:" in file.read_text(errors="replace")[-400:]):
            if time.monotonic() > deadline:
                raise Refusal(f"callgrind wrote no profile: {self.server.tail()}")
            time.sleep(0.02)
        return Profile(file)


class Profile:
    """Self cost by object and by function, and how often another object called an allocator."""

    def __init__(self, file):
        self.cost, self.functions, self.allocations = collections.Counter(), collections.Counter(), 0
        names = {"ob": {}, "fn": {}}
        here = function = callee = callee_object = None
        inclusive = False

        def name(table, text):
            """A name comes with its number the first time, and as its number then."""
            number, _, rest = text.partition(" ")
            return names[table].setdefault(number, rest)

        for line in file.read_text(errors="replace").splitlines():
            if line[:1].isdigit() or line[:1] in ("+", "-", "*"):
                fields = line.split()
                if not inclusive and len(fields) > 1:
                    self.cost[here] += int(fields[1])
                    self.functions[function] += int(fields[1])
                inclusive = False
                continue
            key, found, value = line.partition("=")
            if not found:
                continue
            if key == "ob":
                here = name("ob", value)
            elif key == "fn":
                # Recursion is told by a number behind the name.
                function = re.sub(r"'\d+$", "", name("fn", value))
            elif key == "cob":
                callee_object = name("ob", value)
            elif key == "cfn":
                callee = name("fn", value)
            elif key == "calls":
                if callee_object not in (None, here) and re.sub(r"'\d+$", "", callee) in ALLOCATORS:
                    self.allocations += int(value.split()[0])
                inclusive, callee_object = True, None

    def over(self, count):
        """Figures a request: the whole, allocations, and the instructions of each object."""
        objects = collections.Counter()
        for path, cost in self.cost.items():
            file = path.rpartition("/")[2]
            objects["tutti" if file == "stripped" else file.partition(".so")[0]] += cost
        return {"instructions": round(sum(self.cost.values()) / count),
                "allocations": round(self.allocations / count, 1),
                "by_object": {name: round(cost / count) for name, cost in objects.most_common(6) if cost > count}}


def profiles(binary):
    """What each path did, over how many requests or frames."""
    with tempfile.TemporaryDirectory(prefix="tutti-counts-") as name:
        folder, servers = pathlib.Path(name), []
        try:
            processes.compile_programs(folder, ["mock_upstream"])
            servers.append(at_once := processes.start_mock(folder, "mock", None, "--chunks", DELTAS))
            servers.append(paced := processes.start_mock(
                folder, "paced", None, "--chunks", DELTAS, "--interval-ms", 10))
            callgrind = Callgrind(
                folder, binary, {"bench": at_once.port, "paced": paced.port}, {"claude": at_once.port})
            servers.append(callgrind.server)
            connection = http.client.HTTPConnection("127.0.0.1", callgrind.server.port, timeout=240)
            # Pools fill and code is read before anything is counted.
            for _, path, model, stream, _, _ in PATHS:
                ask(connection, path, model, stream, 2 if model == "paced" else 30)
            callgrind.command("instrumentation", "on")
            found = {}
            for title, path, model, stream, requests, parts in PATHS:
                # What the path before left behind, the allocator's tidying above all, is not this one's.
                ask(connection, path, model, stream, 2 if model == "paced" else 20)
                callgrind.take()
                ask(connection, path, model, stream, requests)
                found[title] = callgrind.take(), requests * parts
            connection.close()
            return found
        finally:
            for server in reversed(servers):
                server.stop()


def count(binary):
    return {title: profile.over(number) for title, (profile, number) in profiles(binary).items()}


def judge(figures, thresholds):
    """The bars, and what should be lowered."""
    bars, hints = [], []
    for title, row in figures.items():
        for kind in KINDS:
            value, limit = row[kind], thresholds.get(title, {}).get(kind)
            bars.append({"bar": f"{title}: {kind}", "value": value,
                         "limit": "none is set" if limit is None else f"≤ {limit}",
                         "pass": limit is not None and value <= limit})
            if limit is not None and value < limit * (1 - SLACK):
                hints.append(f"{title}: {value} {kind} are more than {SLACK:.0%} under the threshold of {limit}: "
                             "lower it (--write)")
    return bars, hints


def thresholds_for(figures):
    return {title: {"instructions": round(row["instructions"] * (1 + ROOM)),
                    "allocations": round(row["allocations"] * (1 + ROOM), 1)} for title, row in figures.items()}


def show(figures, bars, hints):
    objects = list(dict.fromkeys(name for row in figures.values() for name in row["by_object"]))
    say(f"{'a request or frame':30}{'instructions':>14}{'allocations':>13}"
        + "".join(f"{name:>14}" for name in objects))
    for title, row in figures.items():
        say(f"{title:30}{row['instructions']:14,}{row['allocations']:13,.1f}"
            + "".join(f"{row['by_object'].get(name, 0):14,}" for name in objects))
    for bar in bars:
        say(f"{'pass' if bar['pass'] else 'FAIL'}  {bar['bar']}: {bar['value']} ({bar['limit']})")
    for hint in hints:
        say(hint)


def read_arguments():
    parser = argparse.ArgumentParser(prog="Benchmarks/instructions.py", description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=os.environ.get("TUTTI_BINARY", ROOT / ".build/release/tutti"),
                        help="the server (.build/release/tutti, or TUTTI_BINARY)")
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    parser.add_argument("--write", action="store_true", help=f"set the thresholds: what is counted, and {ROOM:.0%}%")
    arguments = parser.parse_args()
    arguments.binary = pathlib.Path(arguments.binary).absolute()
    return arguments


def main():
    arguments = read_arguments()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        processes.require(["cc", "objcopy", "valgrind", "vgdb"])
        if not pathlib.Path(arguments.binary).exists():
            raise Refusal(f"{arguments.binary} is not there: build it with ./test")
        figures = count(arguments.binary)
    except Refusal as refusal:
        say(f"instructions: {refusal}")
        return 2
    if arguments.write:
        THRESHOLDS.write_text(json.dumps(thresholds_for(figures), indent=2) + "\n")
    thresholds = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    bars, hints = judge(figures, thresholds)
    show(figures, bars, hints)
    result = {"counts": figures, "bars": bars, "hints": hints, "pass": all(bar["pass"] for bar in bars)}
    return report.deliver(result, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
