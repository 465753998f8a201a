#!/usr/bin/env python3
"""Writes the order in which the linker lays out the functions of the binary: those that requests run through side by side.

A chat runs through two thousand functions of twelve megabytes of code. Side by side they share pages and the lines of
caches; in the order of their files each is among others that nobody calls. Which they are is counted by callgrind, as
in `instructions.py`; the linker passes over names that are no more, so that the file grows stale without breaking
anything. `--check` says how many of its names the binary still has. Exit code 0, 1 when less than two thirds are there, 2 when
nothing can be counted.
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys

import instructions
import processes
from processes import ROOT, Refusal
from report import say

ORDER = ROOT / "Sources/tutti/order.txt"
FRESH = 2 / 3
# The standard library's own objects are one section each: naming a function of them would move all the others, too.
WHOLE = re.compile(r"\$s[sS]")
OURS = re.compile("|".join(
    f"{len(room.name)}{room.name}" for room in (ROOT / "Sources").iterdir() if room.is_dir()))


def is_placed(name):
    """Whether the linker can place a function of this name by itself."""
    if not re.match(r"[$_A-Za-z]", name):
        return False
    return not WHOLE.match(name) or bool(OURS.search(name))


def functions_of(binary):
    listing = subprocess.run(["nm", "--format=posix", binary], capture_output=True, text=True)
    if listing.returncode:
        raise Refusal(f"nm: {listing.stderr.strip()}")
    rows = (line.split() for line in listing.stdout.splitlines())
    return {row[0] for row in rows if len(row) > 2 and row[1] in "tTwWvV"}


def order(binary):
    """What most paths run through first, then by what it costs: the neighbours of a function are called with it."""
    known, paths, cost = functions_of(binary), {}, {}
    for profile, number in instructions.profiles(binary).values():
        for name, spent in profile.functions.items():
            if name in known and is_placed(name):
                paths[name] = paths.get(name, 0) + 1
                cost[name] = cost.get(name, 0) + spent / number
    return sorted(paths, key=lambda name: (-paths[name], -cost[name], name))


def main():
    parser = argparse.ArgumentParser(prog="Benchmarks/function_order.py", description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=os.environ.get("TUTTI_BINARY", ROOT / ".build/release/tutti"),
                        help="the server (.build/release/tutti, or TUTTI_BINARY)")
    parser.add_argument("--check", action="store_true", help="only say how many of the names are still there")
    arguments = parser.parse_args()
    binary = pathlib.Path(arguments.binary).absolute()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        processes.require(["nm"] if arguments.check else ["cc", "nm", "objcopy", "valgrind", "vgdb"])
        if not binary.exists():
            raise Refusal(f"{binary} is not there: build it with ./test")
        if arguments.check:
            names = ORDER.read_text().split()
            found = len(functions_of(binary).intersection(names))
            say(f"function order: {found} of {len(names)} names are in the binary")
            return 0 if found >= FRESH * len(names) else 1
        names = order(binary)
    except Refusal as refusal:
        say(f"function order: {refusal}")
        return 2
    ORDER.write_text("\n".join(names) + "\n")
    say(f"function order: {len(names)} functions; remove {binary.name} and build it again, to link it anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
