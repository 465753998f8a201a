#!/usr/bin/env python3
"""Many live streams when the server is asked to stop: each ends whole or in a typed error event, none is cut.

The streams are of all four routes, in turns. A third would end within the time that running answers have, a third soon
after it, and the others after minutes; a quarter of those has not begun to speak. The time that they have is
`server.drain` less the six seconds in which error events are written.
"""

import asyncio
import collections
import json
import re
import signal
import sys
import time

from load import Bars, milliseconds, options, say, stage
from load_callers import CHAT, MESSAGES, NATIVE, RESPONSES, Callers, request
from load_upstream import END

ROUTES = [CHAT, MESSAGES, RESPONSES, NATIVE]


def configuration(upstream, streams, drain):
    return (f"server: {{ drain: {drain}s }}\nproviders:\n{upstream.provider('only', 'stream')}\n"
            "resilience:\n  timeouts: { first_byte: 300s, between_tokens: 300s }\n"
            f"  limits: {{ per_provider: {2 * streams}, total: {2 * streams} }}\n")


def events(body):
    """(name, data) of each event; data is `None` where it is no JSON."""
    for block in body.decode(errors="replace").replace("\r\n", "\n").split("\n\n"):
        name = re.search(r"^event: ?(.*)$", block, re.M)
        for text in re.findall(r"^data: ?(.*)$", block, re.M):
            try:
                yield name[1] if name else None, json.loads(text)
            except ValueError:
                yield name[1] if name else None, text


def code_of(data):
    """The error's code, wherever the form of the route has it."""
    if not isinstance(data, dict):
        return None
    for holder in (data.get("error"), (data.get("response") or {}).get("error"), data):
        if isinstance(holder, dict) and (holder.get("code") or holder.get("type")):
            return holder.get("code") or holder.get("type")
    return None


def ending(route, call):
    """`whole`, `error <code>`, or what is wrong."""
    if call.end is None:
        return "never ended"
    if call.status is None:
        return "no answer"
    if not call.whole:
        return "cut"
    if call.status != 200:
        return f"error {call.code()}" if call.code() else f"status {call.status} without a code"
    found = list(events(call.body))
    if not found:
        return "empty"
    for name, data in reversed(found):
        kind = name or (data.get("type") if isinstance(data, dict) else None)
        if kind in ("error", "ERROR", "response.failed") or isinstance(data, dict) and data.get("error"):
            return f"error {code_of(data)}" if code_of(data) else "error without a code"
    name, last = found[-1]
    closed = {CHAT: last == "[DONE]", MESSAGES: name == "message_stop", RESPONSES: name == "response.completed",
              NATIVE: name == "COMPLETE"}[route]
    if not closed:
        return "ended without a word"
    return "whole" if END.encode() in call.body else "truncated"


def lengths(streams, grace):
    """How long after the stop each stream goes on (ms), for the routes in turns; and whether it must be whole."""
    for number in range(streams):
        kind, step = number // len(ROUTES) % 6, number / streams
        if kind in (0, 1):
            yield 1000 * (0.5 + max(0, grace - 3.5) * step), True
        elif kind in (2, 3):
            yield 1000 * (grace + 3 + 10 * step), False
        else:
            yield (0 if number // len(ROUTES) % 12 == 5 else 300_000), False


async def run(chosen, upstream, server):
    callers, calls = Callers(server.port), []
    plan = list(lengths(chosen.streams, max(2, chosen.drain - 6)))
    for number, (length, _) in enumerate(plan):
        calls.append(callers.call(request(ROUTES[number % 4], "only/m", number, True, f"take-{int(length)}")))
        await asyncio.sleep(0.004)
    speaking = [call for call, (length, _) in zip(calls, plan) if length]
    deadline = time.monotonic() + 60
    while any(call.first is None and call.end is None for call in speaking) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    live = sum(call.end is None for call in calls)
    say(f"{live} streams live, {sum(call.first is not None for call in calls)} speaking, "
        f"{server.rss_mib():.0f} MiB")
    upstream.go()
    stop = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    exits = asyncio.create_task(asyncio.to_thread(server.process.wait))
    done, _ = await asyncio.wait([exits], timeout=chosen.drain + 15)
    gone = time.monotonic() - stop if done else None
    if not done:
        server.process.kill()
    code = await exits
    # What the kernel still holds for the callers is read.
    await callers.answered(calls, 2)
    endings = [ending(ROUTES[number % 4], call) for number, call in enumerate(calls)]
    table = collections.Counter((ROUTES[number % 4], found) for number, found in enumerate(endings))
    for (route, found), count in sorted(table.items()):
        say(f"{route:24}{found:40}{count:5}")
    right = sum(found == "whole" or found.startswith("error ") and found != "error without a code"
                 for found in endings)
    ends = [call.end - stop for call in calls if call.end]
    return {"streams": len(calls), "live_at_stop": live, "endings": dict(collections.Counter(endings)),
            "as_they_should": right,
            "in_time_but_not_whole": sum(must and found != "whole" for (_, must), found in zip(plan, endings)),
            "last_end_s": round(max(ends), 2), "error_events_within_ms": milliseconds(spread(calls, endings)),
            "exit_code": code, "exit_after_s": round(gone, 2) if gone else None}


def spread(calls, endings):
    """From the first error event to the last one."""
    times = [call.end for call, found in zip(calls, endings) if found.startswith("error ")]
    return max(times) - min(times) if times else 0.0


def main():
    chosen = options(__doc__.split("\n")[0], streams=(500, "live streams"), drain=(30, "server.drain, in seconds"))
    bars = Bars()
    with stage() as (_, upstream, start):
        server = start(configuration(upstream, chosen.streams, chosen.drain))
        figures = asyncio.run(run(chosen, upstream, server))
    bars.add("streams live at the stop", figures["live_at_stop"], f"= {chosen.streams}",
             figures["live_at_stop"] == chosen.streams)
    bars.add("streams that end whole or in a typed error", figures["as_they_should"], f"= {chosen.streams}",
             figures["as_they_should"] == chosen.streams)
    bars.add("streams that had the time and are not whole", figures["in_time_but_not_whole"], "= 0",
             figures["in_time_but_not_whole"] == 0)
    bars.add("the last stream's end (s)", figures["last_end_s"], f"≤ {chosen.drain}",
             figures["last_end_s"] <= chosen.drain)
    bars.add("exit code", figures["exit_code"], "= 0", figures["exit_code"] == 0)
    bars.add("until the process is gone (s)", figures["exit_after_s"], f"≤ {chosen.drain}",
             figures["exit_after_s"] is not None and figures["exit_after_s"] <= chosen.drain)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
