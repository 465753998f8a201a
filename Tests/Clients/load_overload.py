#!/usr/bin/env python3
"""More requests than the provider has room for: what is answered, how soon, and how soon the others are refused.

The upstream has a fixed number of slots and answers after a fixed time, give or take a fifth; what is too much for it
waits in its line. The server may use all its slots and no more. Requests come as they come by themselves (a Poisson
process), each from a caller who waits for nobody. All times are the callers': from the moment at which the request is
written until the whole answer has been read, on connections that are kept. Callers and upstream share the machine with
the server; what that adds to a time is seen in `healthz_p99_ms`, measured in the same way at the same time.
"""

import asyncio
import collections
import itertools
import math
import random
import sys
import time

from load import Bars, milliseconds, options, percentile, say, stage
from load_callers import CHAT, Callers, request


def configuration(upstream, limit):
    return (f"providers:\n{upstream.provider('only', 'slots')}\n"
            # Everything else as it comes: circuits, retries, and the limit that adapts itself up to this one.
            f"resilience:\n  limits: {{ per_provider: {limit}, total: {4 * limit}, queue: 256, queue_wait: 10s }}\n")


class Proof:
    def __init__(self, chosen, upstream, server):
        self.chosen, self.upstream, self.server = chosen, upstream, server
        self.capacity = chosen.slots * 1000 / chosen.service_ms
        self.random = random.Random(chosen.seed)
        self.number = itertools.count()
        self.rss, self.probes = [], []

    def data(self, _):
        return request(CHAT, "only/m", next(self.number))

    async def watch(self):
        """Memory and /healthz, ten times a second."""
        probes = Callers(self.server.port)
        get = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        while True:
            self.probes.append(probes.call(get))
            self.rss.append((time.monotonic(), self.server.rss_mib()))
            await asyncio.sleep(0.1)

    def summary(self, calls, seconds, begun):
        accepted = [call for call in calls if call.status == 200 and call.whole]
        refused = [call for call in calls if call.status not in (200, None) and call.whole]
        return {
            "offered_per_s": round(len(calls) / seconds, 1), "answered": len(accepted), "refused": len(refused),
            "lost": len(calls) - len(accepted) - len(refused),
            # What was answered within the time of the phase: work that is finished later was not its goodput.
            "goodput_per_s": round(sum(begun <= call.end < begun + seconds for call in accepted) / seconds, 1),
            "p50_ms": milliseconds(percentile([call.took for call in accepted], 0.5)),
            "p99_ms": milliseconds(percentile([call.took for call in accepted], 0.99)),
            "refused_p50_ms": milliseconds(percentile([call.took for call in refused], 0.5)),
            "refused_p99_ms": milliseconds(percentile([call.took for call in refused], 0.99)),
            "refused_max_ms": milliseconds(max((call.took for call in refused), default=math.nan)),
            "without_retry_after": sum(call.retry_after() is None for call in refused),
            "codes": dict(collections.Counter(f"{call.status} {call.code()}" for call in refused)),
            "lag_p99_ms": milliseconds(percentile([call.lag for call in calls], 0.99)),
        }

    async def phase(self, name, callers, share, seconds):
        begun = time.monotonic()
        calls = await callers.offer(share * self.capacity, seconds, self.data, self.random)
        figures = self.summary(calls, seconds, begun)
        figures["rss_mib"] = [round(value(rss for at, rss in self.rss if at >= begun), 1) for value in (min, max)]
        probes = [probe for probe in self.probes if begun <= (probe.sent or 0) < begun + seconds]
        whole = [probe.took for probe in probes if probe.whole and probe.status == 200]
        figures |= {"healthz": len(probes), "healthz_answered": len(whole),
                    "healthz_p99_ms": milliseconds(percentile(whole, 0.99))}
        say(f"{name}: {figures}")
        return calls, figures

    async def run(self):
        chosen, result = self.chosen, {"capacity_per_s": self.capacity}
        callers = Callers(self.server.port)
        await callers.open(2 * chosen.slots)
        watching = asyncio.create_task(self.watch())
        await self.phase("warm-up", callers, 0.5, 3)
        _, result["unloaded"] = await self.phase("unloaded", callers, 0.2, chosen.seconds)
        begun = time.monotonic()
        calls = await callers.keep(chosen.slots, chosen.seconds, self.data)
        result["peak"] = self.summary(calls, chosen.seconds, begun)
        say(f"peak: {result['peak']}")
        _, result["twice"] = await self.phase("twice", callers, 2, chosen.seconds)
        await asyncio.sleep(2)
        _, result["ten_times"] = await self.flood(callers)
        watching.cancel()
        result["after"] = self.after
        return result

    async def flood(self, callers):
        """Ten times the capacity, and in the very moment in which that ends four fifths of it."""
        seconds = self.chosen.seconds
        flood = asyncio.create_task(self.phase("ten times", callers, 10, seconds))
        await asyncio.sleep(seconds)
        begun = time.monotonic()
        calls = await callers.offer(0.8 * self.capacity, 10, self.data, self.random)
        result = await flood
        normal = [call for call in calls if call.sent >= begun + 5]
        self.after = self.summary(normal, 5, begun + 5)
        odd = [call.sent - begun for call in calls if call.status != 200]
        self.after["last_refusal_after_s"] = round(max(odd), 2) if odd else None
        say(f"5 s after it: {self.after}")
        return result


def judge(bars, result, server):
    unloaded, peak, twice, ten, after = (
        result[name] for name in ("unloaded", "peak", "twice", "ten_times", "after"))
    bars.add("unloaded and peak: all answered", unloaded["refused"] + unloaded["lost"] + peak["lost"], "= 0",
             unloaded["refused"] + unloaded["lost"] + peak["lost"] == 0)
    for name in ("unloaded", "twice", "ten_times"):
        bars.pace(name.replace("_", " "), result[name])
    best = max(peak["goodput_per_s"], 1)
    share = twice["goodput_per_s"] / best
    bars.add("twice: goodput, of the peak", share, "≥ 0.9", share >= 0.9)
    ratio = twice["p99_ms"] / unloaded["p99_ms"]
    bars.add("twice: p99 of the accepted, of the unloaded", ratio, "≤ 2", ratio <= 2)
    bars.add("twice: p99 until a refusal (ms)", twice["refused_p99_ms"], "≤ 10", twice["refused_p99_ms"] <= 10)
    untyped = [code for one in (twice, ten) for code in one["codes"] if code.endswith("None") or code[0] not in "45"]
    bars.add("refusals without a code", len(untyped), "= 0", not untyped)
    silent = twice["without_retry_after"] + ten["without_retry_after"]
    bars.add("refusals without Retry-After", silent, "= 0", silent == 0)
    bars.add("ten times: the server lives", server.alive(), "= true", server.alive())
    bars.add("ten times: requests without an answer", ten["lost"], "= 0", ten["lost"] == 0)
    low, high = ten["rss_mib"]
    bars.add("ten times: growth of memory (MiB)", high - low, "≤ 64", high - low <= 64)
    bars.add("ten times: /healthz that was answered", ten["healthz_answered"], f"= {ten['healthz']}",
             ten["healthz_answered"] == ten["healthz"] > 0)
    bars.add("5 s after: answered at four fifths of the capacity", after["answered"] /
             max(1, after["answered"] + after["refused"] + after["lost"]), "≥ 0.99",
             after["answered"] >= 0.99 * (after["answered"] + after["refused"] + after["lost"]) > 0)
    ratio = after["p99_ms"] / unloaded["p99_ms"]
    bars.add("5 s after: p99, of the unloaded", ratio, "≤ 2", ratio <= 2)


def main():
    chosen = options(
        __doc__.split("\n")[0], seconds=(30, "seconds of each phase"), slots=(50, "calls at once of the upstream"),
        service_ms=(200, "of one call of it"), spread=(0.2, "of that, more or less"),
        limit=(0, "per_provider; 0 for slots"),
        seed=(1, "of all that is random"))
    bars = Bars()
    with stage(slots=chosen.slots, service_ms=chosen.service_ms, spread=chosen.spread, seed=chosen.seed) as (
            _, upstream, start):
        server = start(configuration(upstream, chosen.limit or chosen.slots))
        result = asyncio.run(Proof(chosen, upstream, server).run())
        result["most_at_upstream"] = upstream.seen()["most"]
        judge(bars, result, server)
        code = server.end()
        bars.add("exit code", code, "= 0", code == 0)
    return bars.end(result)


if __name__ == "__main__":
    sys.exit(main())
