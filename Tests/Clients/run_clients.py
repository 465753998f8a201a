#!/usr/bin/env python3
"""Starts the scripted upstream and Tutti, runs a client suite against them, and sees that Tutti ends well.

  run_clients.py [SUITE] [--direct]      default: mock

  mock         OpenAI's client, chats               local       the same with the local model
  anthropic    Anthropic's client, on upstreams of both dialects
  cross        OpenAI's client on an upstream of Anthropic's
  embeddings   OpenAI's client                      responses   OpenAI's client, on upstreams of both dialects
  contract     schemathesis, on what /openapi.json promises
  websocket    a client of WebSockets, and bad frames over bare sockets
  canaries     no client: no secret that goes in comes out
  bulk         no client; bulk requests and `tutti bulk`
  runs         no client: resumable runs, cut and taken up again
  reconnects   no client: resumable runs, cut at random moments many times over
  orchestra    no client: plans, fusions, guards, conversations, cancelling, times, commands
  black-box    no client                            abuse       no client; the proofs of load in small

--direct runs anthropic, cross, embeddings or responses against the scripted upstream alone, without what only Tutti
does: it must pass, or the suite and the upstream do not agree.

TUTTI_BINARY names the server. The clients come from the Python that TUTTI_TEST_PYTHON names, from this one, or from
the one that `./test` has set up. Exit code: the suite's; 2 when it cannot run.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import harness

CACHE = pathlib.Path(os.environ.get("TUTTI_CACHE_DIR") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tutti")
# The script, and the parts of the configuration that it needs.
SUITES = {
    "mock": ("openai_suite.py", {}), "local": ("openai_suite.py", {"local": True}),
    "anthropic": ("anthropic_suite.py", {"anthropic": True}), "cross": ("cross_suite.py", {"anthropic": True}),
    "embeddings": ("embeddings_suite.py", {}), "responses": ("responses_suite.py", {"anthropic": True}),
}
# Scripts that start their own servers, and the packages that they need.
ALONE = {
    "black-box": ("black_box.py", ()), "abuse": ("abuse_suite.py", ()), "canaries": ("canaries.py", ()),
    "bulk": ("bulk_suite.py", ()), "runs": ("runs_suite.py", ()),
    "reconnects": ("reconnects_suite.py", ()),
    "orchestra": ("orchestra_suite.py", ()),
    "contract": ("contract_suite.py", ("schemathesis", "openapi_spec_validator")),
    "websocket": ("websocket_suite.py", ("websockets",)),
}
DIRECT = ("anthropic", "cross", "embeddings", "responses")


def python_with(*packages):
    """The first Python that has these packages, or None."""
    for python in (os.environ.get("TUTTI_TEST_PYTHON"), sys.executable, str(CACHE / "python/bin/python")):
        if python and os.access(python, os.X_OK) and not subprocess.run(
                [python, "-I", "-c", f"import {', '.join(('sys', *packages))}"], capture_output=True).returncode:
            return python


def run_direct(python, script, environment):
    with tempfile.TemporaryDirectory(prefix="tutti-clients-") as folder:
        mock = harness.Mock(pathlib.Path(folder))
        try:
            environment |= {"TUTTI_URL": f"http://127.0.0.1:{mock.port}", "TUTTI_MOCK_PORT": str(mock.port),
                            "TUTTI_DIRECT": "1"}
            return subprocess.run([python, harness.HERE / script], env=environment).returncode
        finally:
            mock.end()


def run(python, suite, script, parts, environment):
    with harness.servers(**parts) as (mock, tutti, _):
        environment |= {"TUTTI_URL": tutti.url(), "TUTTI_SUITE": suite, "TUTTI_MOCK_PORT": str(mock.port)}
        code = subprocess.run([python, harness.HERE / script], env=environment).returncode
        ended = tutti.end()
        if ended != 0:
            print(f"tutti ended with exit code {ended} after SIGTERM: {tutti.output()[-500:]}", file=sys.stderr)
        if code:
            print(f"The end of tutti's log:\n{tutti.output()[-2000:]}", file=sys.stderr)
    return code or (1 if ended else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("suite", nargs="?", default="mock", choices=[*SUITES, *ALONE])
    parser.add_argument("--direct", action="store_true", help="without Tutti")
    arguments = parser.parse_args()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("TUTTI_DIRECT", None)
    if arguments.direct and arguments.suite not in DIRECT:
        parser.error(f"--direct is for {', '.join(DIRECT)}")
    script, packages = ALONE.get(arguments.suite, (None, ("anthropic", "openai")))
    python = python_with(*packages)
    if not python:
        print(f"run_clients: no Python has the packages {' and '.join(packages)}; ./test sets one up.",
              file=sys.stderr)
        return 2
    if script:
        return subprocess.run([python, harness.HERE / script], env=environment).returncode
    script, parts = SUITES[arguments.suite]
    if arguments.direct:
        return run_direct(python, script, environment)
    return run(python, arguments.suite, script, parts, environment)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    raise SystemExit(main())
