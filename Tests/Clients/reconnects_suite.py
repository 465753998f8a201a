#!/usr/bin/env python3
"""Resumable runs whose clients lose their connections at random moments, most of them while the run goes on, and take
them up again, as server-sent events and over a WebSocket: no event is lost, doubled or out of order.

RECONNECTS names how many times connections are taken up again (200 unless told), RECONNECTS_AT_ONCE how many runs there
are at a time (50), RECONNECTS_SECONDS how long it may take (280). Needs the scripted upstream, no client. The last line
but one is the figures as JSON.
"""

import base64
import collections
import concurrent.futures
import itertools
import json
import os
import random
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True

from harness import Checks, Wire, equal, eventually, expect, running, servers
from runs_suite import ROUTE, Events

WANTED = int(os.environ.get("RECONNECTS", 200))
AT_ONCE = int(os.environ.get("RECONNECTS_AT_ONCE", 50))
SECONDS = float(os.environ.get("RECONNECTS_SECONDS", 280))
SOCKET = "/api/orchestrator/ws"
LAST = ("COMPLETE", "ERROR", "CANCELLED")
# So many words, one every so many milliseconds: a run cannot be over before all of them were sent.
WORDS, PACE = 80, 30
MODEL = f"mock/pace-{WORDS}-{PACE}"
TEXT = " ".join(f"w{number}" for number in range(WORDS))


class Frames:
    """Reads run events off a WebSocket's frames. A part of one that the cut left behind is no event."""

    def __init__(self):
        self.rest, self.found = b"", []

    def feed(self, data):
        self.rest += data
        while len(self.rest) >= 2:
            first, length, start = self.rest[0], self.rest[1] & 127, 2
            if length > 125:
                size = 2 if length == 126 else 8
                if len(self.rest) < 2 + size:
                    return
                length, start = int.from_bytes(self.rest[2:2 + size], "big"), 2 + size
            if len(self.rest) < start + length:
                return
            payload, self.rest = self.rest[start:start + length], self.rest[start + length:]
            if first & 15 == 1:
                self.take(json.loads(payload))

    def take(self, message):
        if "id" not in message:
            raise Refused(message["data"]["code"])
        run, _, sequence = message["id"].rpartition(":")
        self.found.append((run, int(sequence), message["event"], message["data"]))


class Refused(Exception):
    """The server has no such run (yet), or the request is running already."""


class Run:
    """One run, from its request to its last event, over as many connections as it takes."""

    def __init__(self, port, number, draw):
        self.port, self.draw, self.identifier = port, draw, f"again-{number}"
        self.events, self.count = [], collections.Counter()
        # The model is not asked before.
        self.asked = time.monotonic()
        self.is_known = False

    def go(self):
        self.request()
        if not self.events and self.draw.random() < 0.5:
            # A client that does not know that it was heard: what it began must not be lost by that.
            self.request()
        while not self.events or self.events[-1][2] not in LAST:
            expect(self.count["reconnects"] < 2000, f"{self.identifier} does not come to its end")
            try:
                self.take_up()
            except Refused as refusal:
                # Cut so early that the server has not heard of it: the client asks again.
                equal((str(refusal), self.events), ("run_not_found", []), self.identifier)
                expect(not self.is_known, f"{self.identifier}: the run is lost, although the server knows of it")
                self.request()
        self.check(self.events)
        return self

    def request(self):
        turn = {"message": "hello", "model": MODEL, "requestId": self.identifier}
        try:
            if self.draw.random() < 0.5:
                self.read_socket({"type": "chat", **turn})
            else:
                with Wire(self.port) as wire:
                    wire.request("POST", ROUTE, {**turn, "resumable": True, "stream": True})
                    self.read_stream(wire)
        except Refused as refusal:
            # The one before was heard after all.
            equal(str(refusal), "request_in_flight", self.identifier)
            self.is_known = True

    def take_up(self):
        time.sleep(self.draw.choice((0, 0, 0.002, 0.02)))
        run, after = (self.events[-1][0], self.events[-1][1]) if self.events else (self.identifier, None)
        way = self.draw.choice(("after", "last-event-id", "socket"))
        if way == "socket":
            self.read_socket({"type": "resume", "runId": run} | ({} if after is None else {"after": after}), way)
            return
        path, headers = f"/api/orchestrator/runs/{run}/events", {}
        if after is not None and way == "after":
            path += f"?after={after}"
        elif after is not None:
            headers["Last-Event-ID"] = f"{run}:{after}"
        with Wire(self.port) as wire:
            wire.request("GET", path, headers=headers)
            self.read_stream(wire, way)

    # Reading, and breaking off

    def taken_up(self, way):
        """The server has taken the connection up: whether the run went on then is known for sure."""
        if way:
            self.count["reconnects"] += 1
            self.count[way] += 1
            if time.monotonic() - self.asked < WORDS * PACE / 1000:
                self.count["while_running"] += 1

    def cut_time(self):
        """Mostly within some events; sometimes at once, sometimes not at all."""
        draw = self.draw.random()
        return 0 if draw < 0.05 else 60 if draw > 0.995 else self.draw.expovariate(1 / 0.05)

    def read_stream(self, wire, way=None):
        if way is None and self.draw.random() < 0.1:
            # Before anything has come.
            return self.hang_up(wire)
        status, _ = wire.head()
        if status in (404, 409):
            raise Refused("run_not_found" if status == 404 else "request_in_flight")
        equal(status, 200, f"{self.identifier}: status")
        self.taken_up(way)
        self.read(wire, Events(), Chunks(wire.buffer))

    def read_socket(self, message, way=None):
        with Wire(self.port) as wire:
            key = base64.b64encode(self.draw.randbytes(16)).decode()
            wire.request("GET", SOCKET, headers={
                "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": key})
            equal(wire.head()[0], 101, "the socket opens")
            payload = json.dumps(message).encode()
            length = bytes([0x80 | len(payload)]) if len(payload) < 126 else \
                bytes([0x80 | 126]) + struct.pack(">H", len(payload))
            wire.send(b"\x81" + length + b"\0\0\0\0" + payload)
            if way is None and self.draw.random() < 0.1:
                return self.hang_up(wire)
            frames = Frames()
            self.read(wire, frames, None, lambda: self.taken_up(way))

    def read(self, wire, events, chunks, begun=None):
        """Until the run's end or the moment of the cut."""
        end = time.monotonic() + self.cut_time()
        feed, data = (lambda data: events.feed(chunks.feed(data) if chunks else data)), wire.buffer
        if chunks:
            data = b""
            events.feed(chunks.feed(b""))
        try:
            while True:
                if data:
                    feed(data)
                if events.found and begun:
                    begun = begun()
                if events.found and events.found[-1][2] in LAST:
                    break
                if (left := end - time.monotonic()) <= 0:
                    break
                wire.socket.settimeout(left)
                try:
                    data = wire.socket.recv(self.draw.choice((1, 100, 65536)))
                except TimeoutError:
                    break
                expect(data, f"{self.identifier}: the server has broken the connection off")
        finally:
            self.events += events.found
        self.hang_up(wire)

    def hang_up(self, wire):
        if self.draw.random() < 0.5:
            # With a reset, as a client does that dies.
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.socket.close()

    # What it must have been

    def check(self, events):
        equal([event[1] for event in events], list(range(len(events))), f"{self.identifier}: sequences")
        equal({event[0] for event in events}, {events[0][0]}, f"{self.identifier}: one run")
        equal((events[0][2], events[-1][2]), ("START_EXECUTION", "COMPLETE"), f"{self.identifier}: first and last")
        text = "".join(event[3]["token"] for event in events if event[2] == "TOKEN")
        equal((text, events[-1][3]["content"]), (TEXT, TEXT), f"{self.identifier}: the text")


class Chunks:
    """The bytes of a chunked body, as they come."""

    def __init__(self, rest):
        self.rest, self.left = rest, None

    def feed(self, data):
        self.rest += data
        out = b""
        while self.rest:
            if self.left is None:
                line, found, rest = self.rest.partition(b"\r\n")
                if not found:
                    break
                self.left, self.rest = int(line, 16) + 2, rest
            taken, self.rest = self.rest[:self.left], self.rest[self.left:]
            # The line's end behind a chunk is none of it.
            out += taken[:max(0, self.left - 2)]
            self.left -= len(taken)
            if self.left == 0:
                self.left = None
        return out


def reconnects(port, seed, total):
    draw, numbers, lock, start = random.Random(seed), itertools.count(), threading.Lock(), time.monotonic()

    def work(own):
        while not total["failed"]:
            with lock:
                if total["reconnects"] >= WANTED or time.monotonic() - start > SECONDS:
                    return
                number = next(numbers)
            try:
                run = Run(port, number, random.Random(own.random())).go()
            except Exception:
                with lock:
                    total["failed"] += 1
                raise
            with lock:
                total.update(run.count)
                total["runs"] += 1
                total["events"] += len(run.events)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(work, random.Random(draw.random())) for _ in range(AT_ONCE)]
    for job in jobs:
        job.result()
    expect(total["reconnects"] >= WANTED, f"only {total['reconnects']} of {WANTED} within {SECONDS} s")
    expect(total["while_running"] * 2 > total["reconnects"], f"too few while the run went on: {dict(total)}")
    expect(total["after"] and total["last-event-id"] and total["socket"], f"not every way: {dict(total)}")
    eventually(lambda: running(port) == 0, "nothing runs")


def main():
    checks, total, start = Checks(), collections.Counter(), time.monotonic()
    seed = int(os.environ.get("RECONNECTS_SEED", 7))
    with servers() as (_, tutti, _folder):
        checks.run(f"{WANTED} connections are taken up again where they broke", reconnects, tutti.port, seed, total)
        checks.run("Tutti ends well", lambda: equal(tutti.end(), 0, "exit code"))
    figures = {name: total[name] for name in ("reconnects", "while_running", "after", "last-event-id", "socket", "runs",
                                              "events", "failed")}
    print(json.dumps({**figures, "seed": seed, "seconds": round(time.monotonic() - start, 1),
                      "pass": checks.failed == 0}), flush=True)
    return checks.end()


if __name__ == "__main__":
    raise SystemExit(main())
