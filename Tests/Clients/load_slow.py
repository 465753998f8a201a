#!/usr/bin/env python3
"""Slow headers, slow bodies and slow readers, 1,000 of each at once, beside honest callers at a steady rate.

The honest ones ask for answers, streams and /healthz in turns, half of them on kept connections and half on new ones;
who has no whole answer within five seconds counts as not answered. The slow ones send or read a little every second;
whose connection the server ends comes again at once. The provider has room for all: what is measured is the server's
door, not how it shares a provider out among callers who hold on to it.
"""

import asyncio
import contextlib
import pathlib
import sys
import time

from load import Bars, Crowd, Upstream, milliseconds, options, percentile, say, stage
from load_callers import CHAT, Callers, request

KINDS = ("headers", "bodies", "readers")
PATIENCE = 5


def configuration(flooding, upstream, each):
    room = 2 * each + 1000
    return (f"providers:\n{flooding.provider('only', 'flood')}\n{upstream.provider('good', 'mixed')}\n"
            f"resilience:\n  limits: {{ per_provider: {room}, total: {2 * room} }}\n")


def honest(number):
    close = "Connection: close\r\n" if number % 2 else ""
    turn = number // 2 % 3
    if turn == 2:
        return f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n{close}\r\n".encode()
    return request(CHAT, "good/stream" if turn else "good/chat", number, turn == 1, more=close)


def times(calls, good):
    took = [call.took for call in calls if call in good]
    return {"calls": len(calls), "answered": len(took), "p50_ms": milliseconds(percentile(took, 0.5)),
            "p99_ms": milliseconds(percentile(took, 0.99))}


async def offer(port, rate, seconds):
    """The figures of honest callers."""
    kept, fresh = Callers(port), Callers(port)
    await kept.open(4)
    calls, begun = [], time.monotonic()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        await asyncio.sleep(max(0, due - time.monotonic()))
        calls.append((fresh if number % 2 else kept).call(honest(number)))
        calls[-1].lag = time.monotonic() - due
    await kept.answered(calls, PATIENCE)
    good = {call for call in calls if call.status == 200 and call.whole and call.took <= PATIENCE}
    half = len(calls) // 2
    kept.close()
    fresh.close()
    await asyncio.sleep(0.1)
    return {**times(calls, good), "share": round(len(good) / len(calls), 4),
            **{name: times(calls[turn * 2::6] + calls[turn * 2 + 1::6], good) for turn, name in
               enumerate(("chats", "streams", "healthz"))},
            "first_half": times(calls[:half], good), "second_half": times(calls[half:], good),
            "others": sorted({f"{call.status} {call.code()}" for call in calls if call not in good}),
            "lag_p99_ms": milliseconds(percentile([call.lag for call in calls], 0.99))}


def cpu(process):
    """(seconds on the processor, seconds in which it was ready and had none) so far, over all threads."""
    ran = waited = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        fields = (task / "schedstat").read_text().split()
        ran, waited = ran + int(fields[0]) / 1e9, waited + int(fields[1]) / 1e9
    return ran, waited


def main():
    chosen = options(__doc__.split("\n")[0], each=(1000, "slow clients of each kind"),
                     rate=(100, "honest requests a second"), seconds=(60, "of them"),
                     flood_mb=(1.0, "megabytes that a slow reader is sent"),
                     every=(1.0, "seconds between two bytes of a slow one"))
    bars, figures = Bars(), {}
    with stage() as (folder, upstream, start), contextlib.ExitStack() as ends:
        flooding = Upstream(folder, "flooding", flood_mb=chosen.flood_mb)
        ends.callback(flooding.end)
        server = start(configuration(flooding, upstream, chosen.each))
        server.warm("good/chat")
        figures["alone"] = asyncio.run(offer(server.port, chosen.rate, min(10, chosen.seconds)))
        say(f"alone: {figures['alone']}")
        before = server.settled()
        crowds = {kind: Crowd(folder, server.port, kind, chosen.each, every=chosen.every, net=number)
                  for number, kind in enumerate(KINDS)}
        working = {"server": server, "flooding": flooding, "upstream": upstream, **crowds}
        was, begun = {name: cpu(one.process) for name, one in working.items()}, time.monotonic()
        figures["beside"] = asyncio.run(offer(server.port, chosen.rate, chosen.seconds))
        took = time.monotonic() - begun
        figures["ran_and_waited_for_cpu"] = {
            name: [round((now - before) / took, 3) for now, before in zip(cpu(one.process), was[name])]
            for name, one in working.items()}
        say(f"beside: {figures['beside']}")
        figures["during"], figures["before"] = server.census(), before
        figures["crowds"] = {kind: crowd.leave() for kind, crowd in crowds.items()}
        figures["after"] = server.settled()
        for name in ("crowds", "before", "during", "after", "ran_and_waited_for_cpu"):
            say(f"{name}: {figures[name]}")
        code = server.end()
    for kind, seen in figures["crowds"].items():
        # Those that are ended all at one time come again one after the other.
        bars.add(f"{kind}: connected at once, on the average", seen["open_mean"], f"≥ {0.9 * chosen.each:g}",
                 seen["open_mean"] >= 0.9 * chosen.each)
    share = figures["beside"]["share"]
    bars.add("honest requests answered", share, "≥ 0.99", share >= 0.99)
    bars.pace("honest", figures["beside"], 100)
    bars.left(before, figures["after"])
    bars.add("exit code", code, "= 0", code == 0)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
