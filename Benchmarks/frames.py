#!/usr/bin/env python3
"""What a streamed turn holds while it waits: the frames of its asynchronous functions, against `frames.json`.

A task keeps the frames of the functions that it is in, and what it once needed at its deepest, for as long as it lives.
How large each is stands in the binary: an async function pointer holds an offset and a size. No run, no noise. The least
and the most of a function's specialisations are taken for what they are: the most. JSON on standard output, a table on
standard error. Exit code 0 when nothing is above its threshold, 1 when something is, 2 when nothing can be read.
"""

import argparse
import json
import os
import re
import struct
import subprocess
import sys

from processes import HERE, ROOT, Refusal
from report import say

THRESHOLDS = HERE / "frames.json"
# From the connection to the node that calls the model, in the order in which they call each other.
TURN = [
    "Connection.run()", "RequestPipeline.handle(_:_:)", "ChatRoute.handle(_:_:)", "ChatRoute.stream(",
    "EventStreamAnswer.answer(of:leaving:_:)", "Turns.answer(", "ChatOrchestrator.answer(", "ChatOrchestrator.run(",
    "Runner.run", "RunDrive.runInline(_:)", "closure #1 in ChatGraph.addAnswering(to:)", "ExecuteNode.run(",
    "ExecuteNode.ask(",
]
# The deepest: a model is asked.
ASKING = [
    "Gateway.answer(", "Gateway.firstToAnswer(", "Gateway.ask(", "Gateway.attempt(", "Gateway.begin(",
    "OpenAIProvider.start(", "Provider.begin(", "Provider.send(", "LoopClient.send(_:)",
]
# Afterwards in its place: the next event is waited for.
READING = [
    "AnswerReader.next()", "PieceStream.next()", "HeldStream.next()", "ObservedStream.next()", "ProviderStream.next()",
    "ProviderStream.readMore()", "LoopClient.next(",
]
PATHS = {"turn, asking": TURN + ASKING, "turn, reading": TURN + READING}


def sections(binary):
    """(address, offset, size) of each section that is loaded."""
    found = []
    listing = subprocess.run(["readelf", "-SW", binary], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+\S+\s+\S+\s+([0-9a-f]+)\s+([0-9a-f]+)\s+([0-9a-f]+)", line)
        if match and int(match[1], 16):
            found.append(tuple(int(part, 16) for part in match.groups()))
    return found


def frames(binary):
    """Bytes by the name of each asynchronous function."""
    loaded, symbols = sections(binary), []
    listing = subprocess.run(["nm", binary], capture_output=True, text=True, check=True).stdout
    with open(binary, "rb") as file:
        for line in listing.splitlines():
            fields = line.split()
            # "Tu" ends the name of an async function pointer.
            if len(fields) != 3 or not fields[2].endswith("Tu"):
                continue
            address = int(fields[0], 16)
            place = next((offset + address - start for start, offset, size in loaded if start <= address < start + size),
                         None)
            if place is not None:
                file.seek(place + 4)
                symbols.append((fields[2], struct.unpack("<I", file.read(4))[0]))
    if not symbols:
        raise Refusal(f"{binary} has no async function pointers; is it stripped?")
    names = subprocess.run(["swift", "demangle", "--compact", "--simplified"], text=True, check=True,
                           input="\n".join(name for name, _ in symbols), capture_output=True).stdout.splitlines()
    found = {}
    for (_, size), name in zip(symbols, names):
        name = name.removeprefix("async function pointer to ")
        found.setdefault(name, []).append(size)
    return found


def largest(sizes, function):
    """The largest form of a function: specialised ones, witnesses and those of other types are named beside it."""
    plain = re.compile(r"^(specialized )?(static )?" + re.escape(function))
    found = [size for name, forms in sizes.items() if plain.match(name) for size in forms]
    return max(found, default=0)


def main():
    parser = argparse.ArgumentParser(prog="Benchmarks/frames.py", description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=os.environ.get("TUTTI_BINARY", ROOT / ".build/release/tutti"))
    parser.add_argument("--most", type=int, default=0, help="also list so many of the largest frames")
    chosen = parser.parse_args()
    try:
        sizes = frames(chosen.binary)
    except (OSError, subprocess.CalledProcessError, Refusal) as error:
        print(error, file=sys.stderr)
        return 2
    thresholds, failed, result = json.loads(THRESHOLDS.read_text()), False, {}
    for name, functions in PATHS.items():
        parts = {function: largest(sizes, function) for function in functions}
        missing = [function for function, size in parts.items() if not size]
        if missing:
            print(f"not in the binary, look how they are called now: {', '.join(missing)}", file=sys.stderr)
            return 2
        for function, size in parts.items():
            say(f"{size:8,}  {function}")
        total, limit = sum(parts.values()), thresholds[name]
        failed = failed or total > limit
        say(f"{'pass' if total <= limit else 'FAIL'}  {name}: {total:,} bytes of frames (at most {limit:,})")
        result[name] = {"bytes": total, "limit": limit, "frames": parts}
    for size, name in sorted(((max(forms), name) for name, forms in sizes.items()), reverse=True)[:chosen.most]:
        say(f"{size:8,}  {name}")
    print(json.dumps(result))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
