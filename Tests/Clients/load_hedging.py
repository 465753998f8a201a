#!/usr/bin/env python3
"""A provider with some answers ten times as slow to their first token: what hedging gains, and what it costs.

The same requests at the same moments, once without hedging and once with it; the upstream draws each answer's time by
its number, so that both see the same slow ones. The second target is another provider, whose times are its own.
Times to the first token are the caller's, from the request's writing; when a loser is stopped is the upstream's, from
the winner's first token to the loser's closed connection.
"""

import asyncio
import random
import sys

from load import Bars, milliseconds, options, percentile, say, stage
from load_callers import CHAT, Callers, request


def configuration(upstream, hedged):
    return (f"providers:\n{upstream.provider('one', 'one')}\n{upstream.provider('two', 'two')}\n"
            # Limits out of the way: a call that has to wait for a place would be slow for another reason.
            f"resilience:\n  hedge: {{ enabled: {str(hedged).lower()} }}\n"
            "  limits: { per_provider: 1000, total: 2000 }\n"
            "models:\n  quick: { chain: [one/m, two/m] }\n")


def measure(server, upstream, chosen):
    """The figures of one server under the load."""
    upstream.forget()
    calls = asyncio.run(Callers(server.port).offer(
        chosen.rate, chosen.seconds, lambda number: request(CHAT, "quick", number, stream=True),
        random.Random(chosen.seed)))
    whole = [call for call in calls if call.status == 200 and call.whole and b"[DONE]" in call.body and call.first]
    first = [call.first - call.sent for call in whole]
    rows = upstream.seen()["calls"]
    return {"requests": len(calls), "whole": len(whole), "calls_seen": len(rows), "extra": len(rows) - len(calls),
            "extra_share": round((len(rows) - len(calls)) / len(calls), 4),
            "first_p50_ms": milliseconds(percentile(first, 0.5)), "first_p95_ms": milliseconds(percentile(first, 0.95)),
            "first_p99_ms": milliseconds(percentile(first, 0.99)), "first_max_ms": milliseconds(max(first)),
            "lag_p99_ms": milliseconds(percentile([call.lag for call in calls], 0.99)), **losers(rows)}


def losers(rows):
    """Of every request that both were asked for: how long the loser went on after the winner's first token."""
    sides, stopped, went_on, won = {}, [], 0, 0
    for name, tag, came, first, end, whole in rows:
        sides.setdefault(tag, []).append((first or float("inf"), end, whole, name))
    for both in sides.values():
        if len(both) != 2:
            continue
        # Whose answer was cut off has lost, whoever's first token was earlier by a hair.
        winner, loser = sorted(both, key=lambda side: (not side[2], side[0]))
        won += winner[3] == "two"
        if loser[2] or loser[1] is None:
            went_on += 1
        else:
            stopped.append(loser[1] - winner[0])
    return {"raced": len(stopped) + went_on, "won_by_second": won, "losers_not_stopped": went_on,
            "stopped_p50_ms": milliseconds(percentile(stopped, 0.5)),
            "stopped_p99_ms": milliseconds(percentile(stopped, 0.99)),
            "stopped_max_ms": milliseconds(max(stopped, default=float("nan")))}


def judge(bars, off, on):
    for name, figures in (("off", off), ("on", on)):
        bars.pace(f"hedging {name}", figures)
        bars.add(f"{name}: answers that are whole", figures["whole"], f"= {figures['requests']}",
                 figures["whole"] == figures["requests"])
    bars.add("off: extra calls", off["extra"], "= 0", off["extra"] == 0)
    ratio = on["first_p99_ms"] / off["first_p99_ms"]
    bars.add("p99 of the first token with hedging, of that without", ratio, "≤ 0.5", ratio <= 0.5)
    bars.add("extra calls, of all", on["extra_share"], "≤ 0.05", on["extra_share"] <= 0.05)
    # The upstream's own clock counts a loser's end; without any nothing is proven.
    bars.add("losers that are stopped", on["raced"] - on["losers_not_stopped"], "all, more than 0",
             on["raced"] > 0 and on["losers_not_stopped"] == 0)
    bars.add("until the slowest loser is stopped (ms)", on["stopped_max_ms"], "≤ 50", on["stopped_max_ms"] <= 50)


def main():
    chosen = options(
        __doc__.split("\n")[0], seconds=(60, "seconds of each load"), rate=(100, "requests a second"),
        slow=(0.05, "the part of the answers that is slow"), seed=(1, "of all that is random"))
    bars, figures = Bars(), {}
    with stage(slow=chosen.slow, seed=chosen.seed) as (_, upstream, start):
        for name, hedged in (("off", False), ("on", True)):
            server = start(configuration(upstream, hedged), name)
            figures[name] = measure(server, upstream, chosen)
            say(f"hedging {name}: {figures[name]}")
            server.end()
        judge(bars, figures["off"], figures["on"])
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
