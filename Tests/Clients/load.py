"""What the proofs of load share: the upstream and the server as processes, and bars. Times are of the machine's
monotonic clock, in seconds, where no name says otherwise."""

import argparse
import contextlib
import gc
import json
import math
import os
import pathlib
import re
import resource
import signal
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent / "Benchmarks"))

from processes import other_load
from harness import BINARY, HERE, PROVIDER_KEY, Process, environment, eventually, expect, fetch, free_port


def say(text):
    print(text, file=sys.stderr, flush=True)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def milliseconds(seconds):
    return round(seconds * 1000, 2)


class Upstream(Process):
    """`load_upstream.py`, and what it has seen."""

    def __init__(self, folder, **options):
        command = [sys.executable, "-B", HERE / "load_upstream.py"]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", value]
        super().__init__(command, folder / "upstream.log")
        found = eventually(lambda: re.search(r"listening (\d+)\n", self.output()) or self.process.poll(),
                           "the upstream starts", 10)
        expect(isinstance(found, re.Match), f"the upstream ended: {self.output()}")
        self.port = int(found[1])

    def provider(self, name, path):
        return (f"  {name}: {{ dialect: openai, base_url: http://127.0.0.1:{self.port}/{path}/v1, "
                f"api_key: {PROVIDER_KEY}, allow: any }}")

    def seen(self):
        """{"calls": [[path, tag, came, first token, end, whole]], "most": at once in the slots}."""
        return json.loads(fetch(self.port, "GET", "/log", timeout=60).body)

    def forget(self):
        fetch(self.port, "POST", "/forget", {}, timeout=60)

    def go(self):
        """The streams come to their ends, counted from now."""
        fetch(self.port, "POST", "/go", {}, timeout=60)


class Server(Process):
    """`tutti serve`, ready once the constructor returns."""

    def __init__(self, folder, config, name="tutti"):
        expect(os.access(BINARY, os.X_OK), f"{BINARY} is not there: build it with ./test, or set TUTTI_BINARY")
        self.port = free_port()
        path = folder / f"{name}.yaml"
        path.write_text(config)
        path.chmod(0o600)
        super().__init__([BINARY, "serve", "--config", path, "--listen", f"127.0.0.1:{self.port}",
                          "--data", folder / f"{name}-data", "--log-level", "warning"], folder / f"{name}.log",
                         environment())
        eventually(self.answers, f"{name} becomes ready", 60)

    def answers(self):
        expect(self.process.poll() is None, f"tutti ended with {self.process.poll()}: {self.output()[-800:]}")
        with contextlib.suppress(OSError):
            return fetch(self.port, "GET", "/readyz").status == 200

    def alive(self):
        return self.process.poll() is None

    def rss_mib(self):
        """NaN once the process is gone."""
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            if found := re.search(r"VmRSS:\s+(\d+)", status):
                return int(found[1]) / 1024
        return float("nan")


@contextlib.contextmanager
def stage(**options):
    """(folder, upstream, start) for the time of the block; `start(config, name)` starts a server. Ends them all."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # A collection would stop all callers at once.
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="tutti-load-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        upstream = Upstream(folder, **options)
        stack.callback(upstream.end)

        def start(config, name="tutti"):
            server = Server(folder, config, name)
            stack.callback(lambda: server.end(15))
            return server

        yield folder, upstream, start


def plain(value):
    """The same without what JSON has no word for."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Bars:
    """What must hold, each with its figure. A figure that is missing holds nothing."""

    def __init__(self):
        self.rows, self.other_load = [], other_load()
        if self.other_load > 0.1:
            say(f"other work takes {self.other_load:.0%} of the CPU, so no time can be trusted")

    def add(self, name, value, limit, passed):
        value = round(value, 4) if isinstance(value, float) else value
        self.rows.append({"bar": name, "value": value, "limit": limit, "pass": bool(passed)})
        say(f"{'pass' if passed else 'FAIL'}  {name}: {value} ({limit})")

    def pace(self, name, figures, most=50):
        """Whether the callers themselves were fast enough for what has been measured to mean something."""
        lag = figures["lag_p99_ms"]
        self.add(f"{name}: p99 of how late the callers are themselves (ms)", lag, f"≤ {most}", lag <= most)

    def end(self, figures):
        """Prints the one line of JSON; gives the exit code."""
        figures = {"other_load": self.other_load, **figures}
        passed = bool(self.rows) and all(row["pass"] for row in self.rows)
        print(json.dumps(plain({**figures, "bars": self.rows, "pass": passed}), ensure_ascii=False), flush=True)
        return 0 if passed else 1


def options(description, **numbers):
    """The proof's options: each a number with its default."""
    parser = argparse.ArgumentParser(description=description)
    for name, (default, text) in numbers.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default,
                            help=f"{text} ({default})")
    return parser.parse_args()
