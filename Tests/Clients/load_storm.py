#!/usr/bin/env python3
"""A provider that fails everything: how many calls it gets for each request, and how its retries are spread."""

import asyncio
import collections
import sys

from load import Bars, milliseconds, options, percentile, say, stage
from load_callers import CHAT, Callers, request

# Circuits would hide a storm: five failures open them, and nothing is asked any more. Without them the budget of
# retries stands alone.
BARE = "resilience: { breaker: { mode: off } }"
# For failures that come together: room for all at once, and one retry for each request.
TOGETHER = """resilience:
  breaker: { mode: off }
  retry: { budget: 1 }
  limits: { per_provider: 4000, total: 4000, queue: 4000, queue_wait: 60s }"""


def configuration(upstream, path, resilience):
    return f"providers:\n{upstream.provider('only', path)}\n{resilience}\n"


def storm(upstream, server, rate, seconds):
    """The figures of so many requests a second, every other one streaming, all of which fail."""
    upstream.forget()
    calls = asyncio.run(Callers(server.port).offer(
        rate, seconds, lambda number: request(CHAT, "only/m", number, stream=number % 2 == 1)))
    tags = [tag for _, tag, *_ in upstream.seen()["calls"]]
    attempts = len(tags)
    answered = [call for call in calls if call.whole]
    codes = collections.Counter(f"{call.status} {call.code()}" for call in answered)
    return {"offered": len(calls), "attempts": attempts, "retries": attempts - len(set(tags)),
            "most_attempts": int(1.2 * len(calls) + 3 * seconds), "answered": len(answered), "codes": dict(codes),
            "p50_ms": milliseconds(percentile([call.took for call in answered], 0.5)),
            "p99_ms": milliseconds(percentile([call.took for call in answered], 0.99)),
            "lag_p99_ms": milliseconds(percentile([call.lag for call in calls], 0.99))}


def judge_storm(bars, name, figures):
    say(f"{name}: {figures}")
    bars.pace(name, figures)
    bars.add(f"{name}: calls that the provider gets", figures["attempts"], f"≤ {figures['most_attempts']}",
             figures["attempts"] <= figures["most_attempts"])
    if name == "storm":
        # Without retries there would be nothing to bound.
        bars.add(f"{name}: retries", figures["retries"], f"≥ {figures['offered'] // 10}",
                 figures["retries"] >= figures["offered"] // 10)
    typed = sum(count for code, count in figures["codes"].items() if code[0] == "5" and not code.endswith("None"))
    bars.add(f"{name}: requests that end in a typed error", typed, f"= {figures['offered']}",
             typed == figures["offered"])


def jitter(upstream, server, count):
    """The figures of so many requests whose first attempts fail in one moment."""
    upstream.forget()

    async def together():
        callers = Callers(server.port)
        await callers.open(count)
        calls = [callers.call(request(CHAT, "only/m", number)) for number in range(count)]
        await callers.answered(calls)
        return calls

    calls = asyncio.run(together())
    seen, known, times = upstream.seen()["calls"], set(), []
    failed = [end for *_, end, _ in seen if end][:count]
    for _, tag, came, *_ in seen:
        if tag in known:
            times.append(came)
        known.add(tag)
    times.sort()
    most, first = 0, 0
    for last, time in enumerate(times):
        while times[first] <= time - 0.1:
            first += 1
        most = max(most, last - first + 1)
    tenths = collections.Counter(int((time - times[0]) * 10) for time in times)
    return {"requests": count, "retries": len(times), "answered": sum(call.status == 200 for call in calls),
            "first_failures_within_ms": milliseconds(max(failed) - min(failed)) if failed else None,
            "most_within_100_ms": most, "share": round(most / len(times), 4) if times else 1.0,
            "spread_ms": milliseconds(times[-1] - times[0]) if times else 0.0,
            "tenths": [tenths[number] for number in range(max(tenths, default=0) + 1)]}


def judge_jitter(bars, name, figures):
    say(f"{name}: {figures}")
    bars.add(f"{name}: the most of the retries within 100 ms", figures["share"], "≤ 0.2", figures["share"] <= 0.2)
    # Few retries would prove nothing.
    bars.add(f"{name}: first failures that are retried", figures["retries"], f"≥ {int(0.95 * figures['requests'])}",
             figures["retries"] >= 0.95 * figures["requests"])


def main():
    chosen = options(
        __doc__, seconds=(60, "of each storm; under 10 what is saved for a start counts too much"),
        rate=(200, "requests a second"), together=(1000, "requests that fail together"))
    bars, figures = Bars(), {}
    with stage(gate=chosen.together) as (_, upstream, start):
        for name, path, resilience in (("storm", "fail", BARE), ("with circuits", "fail", "resilience: {}")):
            server = start(configuration(upstream, path, resilience), name.replace(" ", "-"))
            figures[name] = storm(upstream, server, chosen.rate, chosen.seconds)
            judge_storm(bars, name, figures[name])
            server.end()
        for name, path in (("jitter", "gate"), ("jitter after a Retry-After", "gate-later")):
            server = start(configuration(upstream, path, TOGETHER), path)
            figures[name] = jitter(upstream, server, chosen.together)
            judge_jitter(bars, name, figures[name])
            server.end()
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
