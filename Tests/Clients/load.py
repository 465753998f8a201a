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
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent / "Benchmarks"))

from processes import other_load
from harness import (BINARY, CHAT, HERE, PROVIDER_KEY, Process, chat, environment, equal, eventually, expect, fetch,
                     free_port)


def say(text):
    print(text, file=sys.stderr, flush=True)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def milliseconds(seconds):
    return round(seconds * 1000, 2)


class Upstream(Process):
    """`load_upstream.py`, and what it has seen."""

    def __init__(self, folder, log="upstream", **options):
        command = [sys.executable, "-B", HERE / "load_upstream.py"]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", value]
        super().__init__(command, folder / f"{log}.log")
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

    def floods(self):
        """Each `flood` by its tag: {"sent": bytes that the kernel took, "hung_up": when it was closed, "whole"}."""
        return json.loads(fetch(self.port, "GET", "/floods", timeout=60).body)

    def go(self):
        """The streams come to their ends, counted from now."""
        fetch(self.port, "POST", "/go", {}, timeout=60)


class Server(Process):
    """`tutti serve`, ready once the constructor returns."""

    def __init__(self, folder, config, name="tutti", descriptors=None):
        expect(os.access(BINARY, os.X_OK), f"{BINARY} is not there: build it with ./test, or set TUTTI_BINARY")
        self.port = free_port()
        path = folder / f"{name}.yaml"
        path.write_text(config)
        path.chmod(0o600)
        few = ["bash", "-c", f'ulimit -n {descriptors}; exec "$0" "$@"'] if descriptors else []
        super().__init__([*few, BINARY, "serve", "--config", path, "--listen", f"127.0.0.1:{self.port}",
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

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}")

    def cpu_seconds(self):
        """User and system time so far."""
        fields = self.proc("stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def connections(self):
        """(descriptors, those of them that are connections from clients, and to providers)."""
        links = []
        for descriptor in self.proc("fd").iterdir():
            with contextlib.suppress(OSError):
                links.append(os.readlink(descriptor))
        held = {link[8:-1] for link in links if link.startswith("socket:[")}
        ports = [int(fields[1][-4:], 16) for fields in map(str.split, self.proc("net/tcp").read_text().splitlines()[1:])
                 if fields[9] in held and fields[3] != "0A"]
        return len(links), ports.count(self.port), len(ports) - ports.count(self.port)

    def census(self):
        """What a server could leave behind: descriptors, threads, turns and calls that run or wait, memory."""
        text = fetch(self.port, "GET", "/metrics", timeout=60).body.decode()
        gauges = {}
        for name in ("tutti_turns_running", "tutti_calls_running", "tutti_calls_waiting"):
            gauges[name.removeprefix("tutti_")] = round(sum(
                float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M)))
        descriptors, clients, providers = self.connections()
        return {"descriptors": descriptors, "clients": clients, "providers": providers,
                "threads": len(list(self.proc("task").iterdir())), **gauges, "rss_mib": round(self.rss_mib(), 2)}

    def settled(self, clients=0, seconds=30):
        """The census once turns and calls are over, at most so many clients are connected and descriptors come and go
        no more; or the last one."""
        deadline, last = time.monotonic() + seconds, None
        while True:
            found = self.census()
            busy = found["turns_running"] + found["calls_running"] + found["calls_waiting"]
            quiet = last and last["descriptors"] == found["descriptors"]
            if not busy and found["clients"] <= clients and quiet or time.monotonic() > deadline:
                return found
            last = found
            time.sleep(0.2)

    def warm(self, model, count=64):
        """Whatever every loop makes when it is first needed is there afterwards."""
        for _ in range(count):
            equal(fetch(self.port, "POST", CHAT, chat(model), timeout=60).status, 200, "status of a first request")


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

        def start(config, name="tutti", **more):
            server = Server(folder, config, name, **more)
            stack.callback(lambda: server.end(15))
            return server

        yield folder, upstream, start


class Crowd(Process):
    """`load_crowd.py`: so many clients of one kind, all connected once the constructor returns."""

    def __init__(self, folder, port, kind, count, seconds=120, **options):
        command = [sys.executable, "-B", HERE / "load_crowd.py", kind, port, count]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", value]
        super().__init__(command, folder / f"crowd-{kind}.log")
        eventually(lambda: "ready\n" in self.output() or self.process.poll() is not None, f"{count} of {kind}", seconds)
        expect(self.process.poll() is None, f"the crowd ended: {self.output()[-800:]}")

    def leave(self):
        """Ends it; what it has seen."""
        self.end(30)
        return json.loads(self.output().strip().split("\n")[-1])


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

    def left(self, before, census):
        """Whether what has been served since has left nothing behind. Connections to providers may be kept."""
        self.add("connections of clients left behind", census["clients"], "= 0", census["clients"] == 0)
        busy = census["turns_running"] + census["calls_running"] + census["calls_waiting"]
        self.add("turns and calls left behind", busy, "= 0", busy == 0)
        was, now = (one["descriptors"] - one["clients"] - one["providers"] for one in (before, census))
        # A timer or two of the runtime's, made when they are first needed.
        self.add("descriptors beside connections", now, f"≤ {was + 2}", now <= was + 2)

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
