#!/usr/bin/env python3
"""Whether Tutti sees exactly the requests that were sent: hundreds of forms that two servers in a row might cut in two
different places, to Tutti itself and through nginx and haproxy.

  smuggling.py [--lanes a,b] [--every N] [--need-proxies]

Directly, each form must get the answers that its table says, and the connection must end, or not, as it says. Behind
a proxy, Tutti's log must have no request that the proxy does not say it sent on, and every one that it does; and an
honest request after each form, on the same upstream connection where there still is one, must get its own answer.
`--every N` takes each N-th form for the proxies. A proxy that is not installed is left out aloud; with `--need-proxies`,
which the proof asks for, it is a failure. A line for each lane, then a JSON line with the figures. Exit code 1
when something does not hold."""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import re
import socket
import sys
import tempfile
import time

import harness
import smuggling_forms
from smuggling_lanes import Lane, lanes

CONFIG = """
providers:
  canary: {{ dialect: openai, base_url: http://127.0.0.1:{port}/v1, api_key: x, allow: any }}
models:
  plain: {{ chain: [canary/gpt-4o-mini] }}
"""
MOST_FAILURES_TOLD = 40


class Exchange:
    """What came back on one connection: (status, error code, id) of each answer, and whether the peer ended it."""

    def __init__(self, data):
        self.data, self.answers = data, []
        rest = data
        while found := re.match(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n(.*?)\r\n\r\n", rest, re.S):
            fields = dict(re.findall(rb"(?m)^([^:\r\n]+):[ \t]*([^\r\n]*)", found[2].lower()))
            body = rest[found.end():]
            if int(found[1]) >= 200:
                length = int(fields.get(b"content-length", len(body)))
                code = re.search(rb'"code": ?"([a-z_]+)"', body[:length])
                marker = fields.get(b"x-request-id", b"").decode()
                self.answers.append((int(found[1]), code and code[1].decode(), marker))
                body = body[length:]
            rest = body


def speak(port, data, answers, patience, settle=0.03):
    """Sends bytes and reads until the other side ends, or has said as much as was to come and then, for `settle`
    seconds, nothing more."""
    received, ended = b"", False
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.sendall(data)
        except OSError:
            pass
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            is_all = len(Exchange(received).answers) >= answers
            if is_all and not settle:
                break
            connection.settimeout(min(left, settle) if is_all else left)
            try:
                part = connection.recv(65536)
            except TimeoutError:
                break
            except OSError:
                part = b""
            if not part:
                ended = True
                break
            received += part
    return Exchange(received), ended


class Run:
    """One lane's forms."""

    def __init__(self, name, folder, forms, config):
        self.name, self.forms, self.failures = name, forms, []
        self.figures = collections.Counter(forms=len(forms))
        self.sent = collections.Counter()
        self.lane = Lane(name, folder, config)

    def fail(self, form, sentence):
        self.failures.append(f"{self.name} {form.name if form else ''}: {sentence}")

    def run(self):
        start = time.monotonic()
        try:
            for form in self.forms:
                self.figures["upstream_kept"] += self.one(form)
        finally:
            self.lane.end(self.forms[-1].id(self.name) + "-next")
        if self.lane.code != 0:
            self.fail(None, f"tutti ended with {self.lane.code}: {self.lane.tutti.output()[-400:]}")
        self.compare()
        self.figures["seconds"] = round(time.monotonic() - start, 1)
        return self

    def one(self, form):
        data = form.bytes(self.name)
        is_direct = self.name == "direct"
        exchange, ended = speak(self.lane.port, data, len(form.answers) if is_direct else 1, 3 if is_direct else 0.25)
        if is_direct:
            self.check(form, exchange, ended)
        before = self.connection_of(form.id(self.name) + "-a") if not is_direct else None
        wanted = form.id(self.name) + "-next"
        honest = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: {wanted}\r\n\r\n".encode()
        own, _ = speak(self.lane.port, honest, 1, 6, 0)
        if own.answers != [(200, None, wanted)]:
            self.fail(form, f"the honest request after it got {own.answers or own.data[:200]!r}")
        return int(before is not None and before == self.connection_of(wanted))

    def connection_of(self, marker):
        """Which of the last upstream connections carried a marker."""
        for number, seen in list(enumerate(self.lane.tap.connections))[-4:]:
            if marker.encode() + b"\r\n" in seen:
                return number

    def check(self, form, exchange, ended):
        """Directly: the answers, their order, and the end."""
        found = [(status, code) for status, code, _ in exchange.answers]
        if found != form.answers:
            self.fail(form, f"{form.data[:160]!r} … got {found or exchange.data[:200]!r}, wanted {form.answers}")
        if ended == form.stays_open:
            self.fail(form, f"{form.data[:160]!r} … the connection {'ended' if ended else 'stayed open'}")
        ids = [name for status, _, name in exchange.answers if status == 200]
        wanted = [f"{form.id(self.name)}-{part}" for part in ("a", "b")][:len(ids)]
        if form.answers[0][0] == 200 and ids != wanted and ids:
            self.fail(form, f"the answers belong to {ids}")

    def compare(self):
        """Tutti's log beside what was sent, or beside what the proxy says it sent on."""
        ids, refused = self.lane.served()
        served = collections.Counter(ids)
        self.figures.update(served=len(ids), refused=refused)
        for name, count in served.items():
            if count > 1:
                self.fail(None, f"{name} was served {count} times")
        if self.name == "direct":
            for name in served:
                if name.endswith("-evil"):
                    self.fail(None, f"{name} was served")
            return
        attempted, answered = collections.Counter(), 0
        for name, was_answered in self.lane.forwarded():
            attempted[name] += 1
            answered += was_answered
        marked = {name for name in attempted if name.startswith(self.name + "-")}
        self.figures.update(forwarded=sum(attempted.values()), answered=answered,
                            upstream_connections=len(self.lane.tap.connections))
        for name, count in served.items():
            if name.startswith(self.name + "-") and count > attempted[name]:
                self.fail(None, f"Tutti served {name}, of which the proxy knows nothing")
        unmarked = sum(count for name, count in served.items() if not name.startswith(self.name + "-"))
        known = sum(count for name, count in attempted.items() if name not in marked)
        if not self.figures["upstream_kept"]:
            self.fail(None, "no honest request came on the connection of a form: nothing is shown")
        if unmarked > known:
            self.fail(None, f"Tutti served {unmarked} requests without a mark, and the proxy sent on {known}")
        if len(ids) + refused > sum(attempted.values()):
            self.fail(None,
                      f"Tutti saw {len(ids)} + {refused} requests, and the proxy sent on {sum(attempted.values())}")
        if len(ids) + refused < answered:
            self.fail(None, f"Tutti saw {len(ids)} + {refused} requests, and answered {answered} of the proxy's")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lanes", help="only these, comma-separated")
    parser.add_argument("--every", type=int, default=1, help="behind a proxy only each N-th form")
    parser.add_argument("--need-proxies", action="store_true", help="fail where nginx or haproxy is not installed")
    arguments = parser.parse_args()
    names = arguments.lanes.split(",") if arguments.lanes else lanes()
    missing = [] if arguments.lanes else [program for program in ("nginx", "haproxy") if program not in names]
    for program in missing:
        print(f"SKIPPED: there is no {program}, so nothing is sent through it.", flush=True)
    forms = smuggling_forms.all_forms()
    # What would be an upstream call.
    canary = socket.create_server(("127.0.0.1", 0))
    canary.setblocking(False)
    config = CONFIG.format(port=canary.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="tutti-smuggling-") as folder:
        runs = [Run(name, pathlib.Path(folder), forms if name == "direct" else forms[::arguments.every], config)
                for name in names]
        with concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
            done = list(pool.map(Run.run, runs))
    failures = [line for run in done for line in run.failures]
    if arguments.need_proxies:
        failures += [f"there is no {program}: install it, or name the lanes with --lanes" for program in missing]
    try:
        canary.accept()
        failures.append("a model was called")
    except BlockingIOError:
        pass
    for line in failures[:MOST_FAILURES_TOLD]:
        print("FAIL", line, flush=True)
    for run in done:
        print(f"{run.name}: {len(run.failures)} failed, {dict(run.figures)}", flush=True)
    print(json.dumps({"pass": not failures, "failures": len(failures), "forms": len(forms),
                      "lanes": {run.name: dict(run.figures) for run in done}}), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    if not pathlib.Path(harness.BINARY).exists():
        sys.exit(f"{harness.BINARY} is not there: build it with ./test, or set TUTTI_BINARY")
    raise SystemExit(main())
