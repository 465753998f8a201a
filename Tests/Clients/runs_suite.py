#!/usr/bin/env python3
"""Resumable runs over real connections: cut at random places and taken up again, followed by several, cancelled.

RUNS_CUTS names how many connections are cut (100 unless told). Needs the scripted upstream, no client.
"""

import concurrent.futures
import json
import os
import random
import sys

sys.dont_write_bytecode = True

from harness import Checks, Wire, equal, eventually, expect, fetch, running, servers

ROUTE = "/api/orchestrator/chat"
CUTS = int(os.environ.get("RUNS_CUTS", 100))


class Events:
    """Reads run events off a connection. A part of one that the cut left behind is no event."""

    def __init__(self):
        self.rest, self.found = b"", []

    def feed(self, data):
        self.rest += data
        *frames, self.rest = self.rest.split(b"\n\n")
        for frame in frames:
            fields = dict(line.split(": ", 1) for line in frame.decode().split("\n") if line and line[0] != ":")
            if fields:
                run, _, sequence = fields["id"].rpartition(":")
                self.found.append((run, int(sequence), fields["event"], json.loads(fields["data"])))


def begin(model, identifier, **more):
    return {"message": "hello", "model": f"mock/{model}", "requestId": identifier, "resumable": True, **more}


def follow(port, run, after=None, header=False, cut=None):
    """The events of a run after a cursor; with `cut` at most so many bytes of them."""
    path = f"/api/orchestrator/runs/{run}/events"
    headers = {}
    if after is not None and header:
        headers["Last-Event-ID"] = f"{run}:{after}"
    elif after is not None:
        path += f"?after={after}"
    with Wire(port) as wire:
        wire.request("GET", path, headers=headers)
        return read(wire, cut)


def read(wire, cut=None):
    status, _ = wire.head()
    events = Events()
    if status == 204:
        return events.found
    equal(status, 200, "status")
    left = cut
    for chunk in wire.chunks():
        events.feed(chunk if left is None else chunk[:left])
        if left is not None:
            left -= len(chunk)
            if left <= 0:
                return events.found
    return events.found


def whole(events):
    """A run's events from the first to its end, without a gap."""
    equal([event[1] for event in events], list(range(len(events))), "sequences")
    equal(events[0][2], "START_EXECUTION", "the first event")
    return events


def cut(port, draw, number):
    """One run whose connections are cut at random places until it has been read to its end."""
    identifier = f"cut-{number}"
    # Half of them are still running whenever they are cut.
    model = draw.choice(["gpt-4o-mini", "slow"])
    with Wire(port) as wire:
        wire.request("POST", ROUTE, begin(model, identifier, stream=True))
        events = read(wire, draw.randrange(1, 3000))
    cuts = 1
    while not events or events[-1][2] not in ("COMPLETE", "ERROR", "CANCELLED"):
        # Before the first event the client knows only what it called the request.
        run, after = (events[-1][0], events[-1][1]) if events else (identifier, None)
        limit = draw.randrange(1, 1200) if cuts < 20 else None
        events += follow(port, run, after, header=events and draw.random() < 0.5, cut=limit)
        cuts += 1
    equal(events[-1][2], "COMPLETE", "the last event")
    whole(events)
    equal(follow(port, events[-1][0]), events, "the same from the beginning")
    equal(follow(port, events[-1][0], events[-1][1]), [], "after the last one")
    text = "".join(event[3]["token"] for event in events if event[2] == "TOKEN")
    equal(events[-1][3]["content"], text, "the answer and its tokens")
    return cuts


def cuts(port):
    draw, total, number = random.Random(7), 0, 0
    while total < CUTS:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(cut, port, random.Random(draw.random()), number + index) for index in range(8)]
            total += sum(job.result() for job in jobs)
        number += 8
    print(f"      {number} runs, {total} connections", flush=True)
    equal(running(port), 0, "running turns")


def several(port):
    """Many follow one run at once; each gets the same."""
    with Wire(port) as wire:
        wire.request("POST", ROUTE, begin("slow", "several", stream=True))
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            eventually(lambda: running(port) == 1, "it runs")
            jobs = [pool.submit(follow, port, "several") for _ in range(5)]
            first = whole(read(wire))
            for job in jobs:
                equal(job.result(), first, "another reader's events")


def without_stream(port):
    """An answer that is not streamed is not lost with its connection."""
    with Wire(port) as wire:
        wire.request("POST", ROUTE, begin("late", "whole"))
        eventually(lambda: running(port) == 1, "it runs")
    events = whole(follow(port, "whole"))
    expect(events[-1][2] == "COMPLETE" and events[-1][3]["content"], f"{events[-1]}")


def cancelled(port):
    """It ends at once, `CANCELLED` is the last event, and the id is free."""
    with Wire(port) as wire:
        wire.request("POST", ROUTE, begin("endless", "ended", stream=True))
        events = read(wire, 2000)
    again = fetch(port, "POST", ROUTE, begin("gpt-4o-mini", "ended"))
    equal((again.status, again.json()["code"]), (409, "request_in_flight"), "while it runs")
    equal(fetch(port, "POST", "/api/orchestrator/cancel", {"requestId": "ended"}).status, 200, "cancel")
    rest = follow(port, events[-1][0], events[-1][1])
    whole(events + rest)
    equal(rest[-1][2], "CANCELLED", "the last event")
    eventually(lambda: running(port) == 0, "nothing runs")
    equal(fetch(port, "POST", ROUTE, begin("gpt-4o-mini", "ended")).status, 200, "the same id again")
    equal(fetch(port, "POST", "/api/orchestrator/cancel", {"requestId": "ended"}).status, 404, "what is over")


def cancel_all(port):
    wires = [Wire(port) for _ in range(4)]
    for number, wire in enumerate(wires):
        wire.request("POST", ROUTE, begin("endless", f"all-{number}", stream=True))
    eventually(lambda: running(port) == 4, "four run")
    for wire in wires:
        wire.socket.close()
    answer = fetch(port, "POST", "/api/orchestrator/cancel-all", {})
    equal((answer.status, answer.json()), (200, {"cancelled": 4}), "cancel-all")
    for number in range(4):
        equal(whole(follow(port, f"all-{number}"))[-1][2], "CANCELLED", "the last event")
    eventually(lambda: running(port) == 0, "nothing runs")
    equal(fetch(port, "POST", "/api/orchestrator/cancel-all", {}).json(), {"cancelled": 0}, "nothing to cancel")


def unknown(port):
    for path in ("none", "run_0", "%00", "a" * 500):
        answer = fetch(port, "GET", f"/api/orchestrator/runs/{path}/events")
        equal((answer.status, answer.json()["code"]), (404, "run_not_found"), path)
    with Wire(port) as wire:
        wire.request("POST", ROUTE, begin("gpt-4o-mini", "known", stream=True))
        run = read(wire)[0][0]
    eventually(lambda: running(port) == 0, "the run is over")
    for query in ("?after=-1", "?after=x", "?after=99999", f"?after={2**63 - 1}", f"?after={2**63}"):
        answer = fetch(port, "GET", f"/api/orchestrator/runs/{run}/events{query}")
        equal((answer.status, answer.json()["param"]), (400, "after"), query)
    answer = fetch(port, "GET", f"/api/orchestrator/runs/{run}/events", headers={"Last-Event-ID": "run_other:1"})
    equal((answer.status, answer.json()["param"]), (400, "last-event-id"), "another run's cursor")


def refused(port):
    """What is wrong with a turn has a status of its own, and leaves no run."""
    answer = fetch(port, "POST", ROUTE, begin("gpt-4o-mini", "refused", stream=True) | {"model": "nothing"})
    equal((answer.status, answer.json()["code"]), (404, "model_not_found"), "an unknown model")
    equal(fetch(port, "GET", "/api/orchestrator/runs/refused/events").status, 404, "its run")


def main():
    checks = Checks()
    with servers() as (_, tutti, _folder):
        for check in (cuts, several, without_stream, cancelled, cancel_all, unknown, refused):
            checks.run(check.__name__.replace("_", " "), check, tutti.port)
        checks.run("Tutti ends well", lambda: equal(tutti.end(), 0, "exit code"))
    return checks.end()


if __name__ == "__main__":
    raise SystemExit(main())
