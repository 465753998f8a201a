#!/usr/bin/env python3
"""An hour of mixed load: chats, streams, cancels and hang-ups, faults of the provider, reloads. Memory stays flat.

All four routes, on kept and on new connections. A request is answered when its answer is whole and good, or says by a
code or a typed event why not; one that its caller has given up asks for nothing more. Memory is the resident memory,
ten times a minute or more; its growth is the slope of the line through what was measured after the warm-up, over the
requests that had been sent by then. SIGHUP is sent when the server listens for it.
"""

import asyncio
import collections
import itertools
import json
import random
import signal
import sys
import time

from load import Bars, milliseconds, options, percentile, say, stage
from load_callers import CHAT, MESSAGES, NATIVE, RESPONSES, Callers, request
from load_drain import ending

ROUTES = (CHAT, MESSAGES, RESPONSES, NATIVE)
# What a caller does, and how often.
MIX = {"chat": 45, "stream": 30, "fail": 4, "limit": 3, "cut": 4, "reset": 3, "rubbish": 3, "silent": 1, "hang-up": 5,
       "cancel": 2}
# A machine that is too slow for the rate has a lower one.
MOST_AT_ONCE = 200
CANCEL = "/api/orchestrator/cancel"


def configuration(upstream):
    return (f"providers:\n{upstream.provider('good', 'mixed')}\n"
            "resilience:\n"
            "  timeouts: { first_byte: 1s, first_token: 1s, total: 20s }\n"
            "  retry: { retries: 1, initial_delay: 5ms, max_delay: 20ms }\n  breaker: { mode: off }\n"
            "  limits: { per_provider: 1000, total: 1000 }\n")


def post(path, body):
    data = json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n").encode() + data


def slope(samples):
    """Of the line through (x, y) by least squares; `None` when there is no line."""
    count = len(samples)
    middle_x, middle_y = (sum(part) / max(1, count) for part in (zip(*samples) if samples else ((), ())))
    spread = sum((x - middle_x) ** 2 for x, _ in samples)
    return sum((x - middle_x) * (y - middle_y) for x, y in samples) / spread if spread else None


class Load:
    def __init__(self, server, chosen):
        self.server, self.chosen, self.chance = server, chosen, random.Random(chosen.seed)
        self.kept, self.fresh = Callers(server.port), Callers(server.port)
        self.ends, self.wrong, self.took = collections.Counter(), [], collections.deque(maxlen=20000)
        self.sent = self.reloads = 0
        self.lags, self.tasks, self.samples = collections.deque(maxlen=20000), set(), []

    async def one(self, number, kind, path, streaming, new):
        if kind in ("hang-up", "cancel"):
            return await getattr(self, kind.replace("-", "_"))(number)
        more = "Connection: close\r\n" if new else ""
        call = (self.fresh if new else self.kept).call(request(path, f"good/{kind}", number, streaming, more=more))
        await asyncio.wait([call.done], timeout=40)
        found = self.judge(path, call, streaming)
        self.ends[f"{kind}: {found}"] += 1
        if call.end:
            self.took.append(call.took)
        if found in ("cut", "error without a code", "no answer") and len(self.wrong) < 20:
            self.wrong.append([kind, path, streaming, found, call.status, call.body[-200:].decode(errors="replace")])

    def judge(self, path, call, streaming):
        if not call.end or call.status is None:
            return "no answer"
        if call.status != 200:
            return f"{call.status} {call.code()}" if call.whole and call.code() else "error without a code"
        return ending(path, call) if streaming else "whole" if call.whole else "cut"

    async def until_token(self, data):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(data)
        await asyncio.wait_for(reader.readuntil(b"lorem"), 20)
        return reader, writer

    async def hang_up(self, number):
        """A stream whose caller goes at its first token."""
        try:
            _, writer = await self.until_token(request(ROUTES[number % 4], "good/long", number, True))
            writer.transport.abort() if number % 2 else writer.close()
            self.ends["hang-up: done"] += 1
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.ends[f"hang-up: {type(error).__name__}"] += 1
            self.wrong.append(["hang-up", repr(error)[:200]])

    async def cancel(self, number):
        """A stream that its caller cancels by its id: it must say so and end."""
        turn = f"turn-{number}-{self.chosen.seed}"
        try:
            reader, writer = await self.until_token(post(NATIVE, {
                "model": "good/long", "message": "tag-1", "stream": True, "requestId": turn}))
            call = self.kept.call(post(CANCEL, {"requestId": turn}))
            rest = await asyncio.wait_for(reader.readuntil(b"\r\n0\r\n\r\n"), 20)
            await call.done
            good = call.status == 200 and b"event: CANCELLED" in rest
            writer.close()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            good, rest = False, repr(error).encode()
        self.ends["cancel: done" if good else "cancel: not as it should"] += 1
        if not good:
            self.wrong.append(["cancel", rest[-200:].decode(errors="replace")])

    async def watch(self):
        every = min(5, max(0.25, self.chosen.seconds / 100))
        listens = "".join(line for line in self.server.proc("status").read_text().splitlines() if "SigCgt" in line)
        can_reload = int(listens.split()[1], 16) & 1
        for number in itertools.count(1):
            await asyncio.sleep(every)
            self.samples.append((self.sent, self.server.rss_mib(), len(list(self.server.proc("fd").iterdir()))))
            if can_reload and number % 4 == 0:
                self.server.process.send_signal(signal.SIGHUP)
                self.reloads += 1
            if number % 12 == 0:
                say(f"{self.sent} requests, {self.samples[-1][1]:.1f} MiB, {self.samples[-1][2]} descriptors, "
                    f"{self.reloads} reloads, {len(self.wrong)} wrong")

    async def run(self):
        watching = asyncio.create_task(self.watch())
        kinds, weights = list(MIX), list(MIX.values())
        begun = time.monotonic()
        for number in range(int(self.chosen.rate * self.chosen.seconds)):
            due = begun + number / self.chosen.rate
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            if len(self.tasks) >= MOST_AT_ONCE:
                await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
            kind = self.chance.choices(kinds, weights)[0]
            streaming = kind in ("stream", "cut", "reset") or kind not in ("chat", "rubbish") and bool(number & 4)
            self.sent += 1
            self.lags.append(max(0, time.monotonic() - due))
            task = asyncio.create_task(self.one(number, kind, ROUTES[number % 4], streaming, number % 7 == 0))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=60)
        watching.cancel()
        self.kept.close()
        self.fresh.close()
        await asyncio.sleep(0.1)
        return {"requests": self.sent, "seconds": round(time.monotonic() - begun, 1), "reloads": self.reloads,
                "ends": dict(sorted(self.ends.items())), "wrong": self.wrong[:20], "lost": len(self.tasks),
                "p50_ms": milliseconds(percentile(self.took, 0.5)), "p99_ms": milliseconds(percentile(self.took, 0.99)),
                "lag_p99_ms": milliseconds(percentile(self.lags, 0.99))}


def main():
    chosen = options(__doc__.split("\n")[0], seconds=(3600, "of load"), rate=(150, "requests a second"),
                     warm_up=(0.25, "of the time, left out"), seed=(1, "of all that is random"),
                     most_mib=(1.0, "growth of memory a 100,000 requests, in MiB"))
    bars = Bars()
    with stage() as (_, upstream, start):
        server = start(configuration(upstream))
        server.warm("good/chat")
        before = server.settled()
        load = Load(server, chosen)
        figures = asyncio.run(load.run())
        after = server.settled(seconds=10)
        alive = server.alive()
        code = server.end()
    kept = load.samples[int(len(load.samples) * chosen.warm_up):]
    growth = slope([(sent / 1e5, rss) for sent, rss, _ in kept])
    figures |= {"before": before, "after": after, "rss_mib": [round(kept[0][1], 2), round(kept[-1][1], 2)],
                "samples": [list(sample) for sample in load.samples[::max(1, len(load.samples) // 200)]]}
    for name, value in figures.items():
        say(f"{name}: {value}") if name != "samples" else None
    bars.add("the server lives", alive, "= true", alive)
    bad = len(load.wrong) + figures["lost"]
    bars.add("requests without an answer or a typed error", bad, "= 0", bad == 0)
    bars.add("growth of memory a 100,000 requests (MiB)", growth, f"< {chosen.most_mib:g}",
             growth is not None and growth < chosen.most_mib)
    half = len(kept) // 2
    early, late = (percentile([held for *_, held in part], 0.9) for part in (kept[:half], kept[half:]))
    bars.add("descriptors in the second half", late, f"≤ {1.1 * early + 8:.0f}", late <= 1.1 * early + 8)
    bars.left(before, after)
    bars.pace("callers", figures, 250)
    bars.add("exit code", code, "= 0", code == 0)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
