#!/usr/bin/env python3
"""Starts the scripted upstream and Tutti, runs a client suite against them, and sees that Tutti ends well.

  run_clients.py [mock|local|black-box]      default: mock

TUTTI_BINARY names the server. The OpenAI client comes from the Python that TUTTI_TEST_PYTHON names, from this one, or
from the one that `./test` has set up. Exit code: the suite's; 2 when it cannot run.
"""

import argparse
import os
import pathlib
import subprocess
import sys

import harness

CACHE = pathlib.Path(os.environ.get("TUTTI_CACHE_DIR") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tutti")


def python_with_client():
    """The first Python that has the client, or None."""
    for python in (os.environ.get("TUTTI_TEST_PYTHON"), sys.executable, str(CACHE / "python/bin/python")):
        if python and os.access(python, os.X_OK) and not subprocess.run(
                [python, "-c", "import openai"], capture_output=True).returncode:
            return python


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("suite", nargs="?", default="mock", choices=["mock", "local", "black-box"])
    suite = parser.parse_args().suite
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if suite == "black-box":
        return subprocess.run([sys.executable, harness.HERE / "black_box.py"], env=environment).returncode
    python = python_with_client()
    if not python:
        print("run_clients: no Python has the openai package; ./test sets one up.", file=sys.stderr)
        return 2
    with harness.servers(local=suite == "local") as (mock, tutti, _):
        environment |= {"TUTTI_URL": tutti.url(), "TUTTI_SUITE": suite, "TUTTI_MOCK_PORT": str(mock.port)}
        code = subprocess.run([python, harness.HERE / "openai_suite.py"], env=environment).returncode
        ended = tutti.end()
        if ended != 0:
            print(f"tutti ended with exit code {ended} after SIGTERM: {tutti.output()[-500:]}", file=sys.stderr)
        if code:
            print(f"The end of tutti's log:\n{tutti.output()[-2000:]}", file=sys.stderr)
    return code or (1 if ended else 0)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    raise SystemExit(main())
