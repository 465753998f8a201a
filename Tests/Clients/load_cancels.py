#!/usr/bin/env python3
"""Runs of three experts that are cancelled at a random moment: their calls end at once, and nothing is left.

The plans differ: answers that are joined as they come, answers that a model makes one of, and a lead that waits for two
others; three in four are streamed. The moment is drawn from the time that such a run takes, so some have ended before,
and more are begun until enough were cancelled. How long an upstream goes on is its own clock's word: from the moment at
which the cancel was written to the last byte that it sent, or to the end of its connection where it was cut off. A call
that begins only then counts with its end as well.
"""

import asyncio
import collections
import json
import random
import re
import sys
import time

from load import Bars, milliseconds, options, percentile, say, stage
from load_callers import NATIVE, Callers, request

CANCEL = "/api/orchestrator/cancel"
PLANS = ("joined", "written", "led")
# A run of the slowest plan takes about so long, in seconds.
LONGEST = 0.3


def configuration(upstream):
    three = "".join(f"      {name}: {{ model: up/{name} }}\n" for name in "abc")
    return (f"providers:\n{upstream.provider('up', 'expert')}\n"
            "resilience:\n  breaker: { mode: off }\n  limits: { per_provider: 1000, total: 2000 }\n"
            f"plans:\n  joined:\n    experts:\n{three}    fusion: concatenate\n"
            f"  written:\n    experts:\n{three}    fusion: {{ kind: synthesise, model: up/w }}\n"
            f"  led:\n    experts:\n{three.replace('up/c }', 'up/c, after: [a, b] }')}"
            "    fusion: { kind: lead, expert: c }\n")


def events(body):
    return re.findall(r"^event: (\S+)$", body.decode(errors="replace"), re.M)


class Run:
    """One run, its cancel, and what came of both."""

    def __init__(self, number, chance):
        self.number, self.plan, self.stream = number, chance.choice(PLANS), chance.random() < 0.75
        self.moment = chance.uniform(0, LONGEST)
        self.call = self.cancel = None
        self.lag = 0.0

    async def play(self, callers):
        # The connection of a stream that was cancelled ends with it: nobody is to use it again.
        more = f"x-request-id: run-{self.number}\r\nConnection: close\r\n"
        self.call = callers.call(request(NATIVE, f"plan/{self.plan}", self.number, self.stream, more=more))
        due = time.monotonic() + self.moment
        await asyncio.sleep(self.moment)
        self.lag = time.monotonic() - due
        body = json.dumps({"requestId": f"run-{self.number}"}).encode()
        self.cancel = callers.call(
            f"POST {CANCEL} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await asyncio.wait([self.call.done, self.cancel.done], timeout=20)

    @property
    def was_cancelled(self):
        return self.cancel.status == 200

    def ending(self):
        """`cancelled`, or what is wrong with how the run's answer ended."""
        if self.call.end is None:
            return "never ended"
        if not self.call.whole:
            return "cut"
        if self.call.status == 499:
            return "cancelled" if self.call.code() == "cancelled" else f"499 {self.call.code()}"
        if self.call.status != 200:
            return f"status {self.call.status}"
        if not self.stream:
            return "answered all the same"
        found = events(self.call.body)
        if found.count("CANCELLED") == 1:
            return "cancelled" if found[-1] == "CANCELLED" else f"{found[-1]} after CANCELLED"
        # Its last step was over when the cancel came.
        return "answered all the same" if found[-1:] == ["COMPLETE"] else f"ended with {found[-1:]}"


async def play(server, chosen):
    """Runs until enough were cancelled, some at once."""
    callers, chance, runs = Callers(server.port), random.Random(chosen.seed), []

    begun = 0

    async def one():
        nonlocal begun
        while sum(run.was_cancelled for run in runs) < chosen.runs and len(runs) < 3 * chosen.runs:
            run = Run(begun := begun + 1, chance)
            await run.play(callers)
            runs.append(run)

    await asyncio.gather(*(one() for _ in range(chosen.parallel)))
    callers.close()
    await asyncio.sleep(0.1)
    return runs


def measure(runs, rows):
    cancelled = [run for run in runs if run.was_cancelled]
    calls = collections.defaultdict(list)
    for _, tag, came, first, end, whole in rows:
        calls[tag].append((came, end, whole))
    went_on, cut, late, endless = [], 0, 0, 0
    for run in cancelled:
        sent, last = run.cancel.sent, 0.0
        for came, end, whole in calls[run.number]:
            if end is None:
                endless += 1
                continue
            last = max(last, end - sent)
            cut += not whole
            late += came > sent
        went_on.append(last)
    told = [run.call.end - run.cancel.sent for run in cancelled if run.call.end]
    return {"runs": len(runs), "cancelled": len(cancelled), "over_before": len(runs) - len(cancelled),
            "endings": dict(collections.Counter(run.ending() for run in cancelled)),
            "others": dict(collections.Counter(f"{run.cancel.status} {run.ending()}" for run in runs
                                               if not run.was_cancelled)),
            "calls": len(rows), "calls_cut": cut, "calls_begun_after": late, "calls_without_end": endless,
            "went_on_p50_ms": milliseconds(percentile(went_on, 0.5)),
            "went_on_p99_ms": milliseconds(percentile(went_on, 0.99)),
            "went_on_max_ms": milliseconds(max(went_on)),
            "told_p50_ms": milliseconds(percentile(told, 0.5)), "told_p99_ms": milliseconds(percentile(told, 0.99)),
            "lag_p99_ms": milliseconds(percentile([run.lag for run in runs], 0.99))}


def main():
    chosen = options(__doc__.split("\n")[0], runs=(1000, "cancelled runs"), parallel=(2, "runs at once"),
                     seed=(1, "of all that is random"))
    bars = Bars()
    with stage(seed=chosen.seed) as (_, upstream, start):
        server = start(configuration(upstream))
        for name in PLANS:
            server.warm(f"plan/{name}", 8)
        before = server.settled()
        upstream.forget()
        runs = asyncio.run(play(server, chosen))
        figures = measure(runs, upstream.seen()["calls"])
        figures["before"], figures["after"] = before, server.settled()
        # A run that is over is nobody's to cancel, and the server answers as before.
        server.warm("plan/written", 1)
        code = server.end()
    for name, value in figures.items():
        say(f"{name}: {value}")
    bars.pace("cancels", figures)
    bars.add("cancelled runs", figures["cancelled"], f"≥ {chosen.runs}", figures["cancelled"] >= chosen.runs)
    bars.add("calls that were cut off", figures["calls_cut"], f"≥ {chosen.runs}", figures["calls_cut"] >= chosen.runs)
    endings = set(figures["endings"]) - {"cancelled", "answered all the same"}
    bars.add("other ends of cancelled runs", sorted(endings), "none", not endings)
    rest = set(figures["others"]) - {"404 answered all the same"}
    bars.add("other ends of runs that were over or not there yet", sorted(rest), "none", not rest)
    bars.add("p99 of how long upstreams go on after the cancel (ms)", figures["went_on_p99_ms"], "≤ 20",
             figures["went_on_p99_ms"] <= 20)
    bars.add("calls that never end", figures["calls_without_end"], "= 0", figures["calls_without_end"] == 0)
    bars.left(before, figures["after"])
    bars.add("threads", figures["after"]["threads"], f"≤ {before['threads'] + 2}",
             figures["after"]["threads"] <= before["threads"] + 2)
    bars.add("exit code", code, "= 0", code == 0)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
