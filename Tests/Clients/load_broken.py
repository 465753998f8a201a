#!/usr/bin/env python3
"""10,000 connections broken at random bytes of their request or their answer: what they leave behind in the server.

Half of them end, half are reset. Requests are whole answers and streams on all four routes, and some are no requests at
all. A first pass of the same size is left out: it makes what the server keeps for the most that ever ran at once. Then
descriptors, threads, turns, calls and memory must be where they were; a task that is left behind is seen in the memory,
since even an empty one holds a kilobyte.
"""

import asyncio
import collections
import random
import socket
import struct
import sys

from load import Bars, options, say, stage
from load_callers import CHAT, MESSAGES, NATIVE, RESPONSES, request

ROUTES = (CHAT, MESSAGES, RESPONSES, NATIVE)
# Of a stream's answer about as much comes in all.
MOST_OF_AN_ANSWER = 1500


class Broken:
    """One pass; all chance is drawn from its seed before anything is sent."""

    def __init__(self, port, count, at_once, seed):
        self.port, self.at_once, self.seen = port, at_once, collections.Counter()
        chance = random.Random(seed)
        self.plan = [self.draw(chance, number) for number in range(count)]

    def draw(self, chance, number):
        model = chance.choice(["good/chat", "good/stream", "good/long", "good/cut", "good/fail"])
        stream = model != "good/chat" and chance.random() < 0.8
        data = request(ROUTES[number % 4], model, number, stream)
        # One in twenty says something else.
        if chance.random() < 0.05:
            data = bytearray(data)
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.5:
            return bytes(data[:chance.randrange(len(data))]), None, chance.random() < 0.5
        return bytes(data), chance.randrange(MOST_OF_AN_ANSWER), chance.random() < 0.5

    async def one(self, number):
        data, wanted, reset = self.plan[number]
        loop = asyncio.get_running_loop()
        wire = socket.socket()
        wire.setblocking(False)
        wire.bind((f"127.{10 + number // 10000 % 100}.{number // 50 % 200}.{1 + number % 250}", 0))
        try:
            await loop.sock_connect(wire, ("127.0.0.1", self.port))
            await loop.sock_sendall(wire, data)
            kind, got = "request", 0
            if wanted is not None:
                kind = "answer"
                while got < wanted:
                    piece = await asyncio.wait_for(loop.sock_recv(wire, min(wanted - got, 65536)), 1)
                    if not piece:
                        kind = "answer, closed by the server"
                        break
                    got += len(piece)
            self.seen[f"{kind}, {'reset' if reset else 'ended'}"] += 1
        except TimeoutError:
            # A whole answer that is shorter: the connection is broken while it is kept.
            self.seen["idle"] += 1
        except OSError as error:
            self.seen[type(error).__name__] += 1
        if reset:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()

    async def run(self):
        numbers = iter(range(len(self.plan)))

        async def worker():
            for number in numbers:
                await self.one(number)

        await asyncio.gather(*(worker() for _ in range(self.at_once)))
        return dict(self.seen)


def main():
    chosen = options(__doc__.split("\n")[0], connections=(10000, "of each pass"), at_once=(200, "at a time"),
                     passes=(2, "that are measured"), seed=(1, "of all that is random"),
                     most_mib=(2.0, "growth of memory, in MiB"))
    bars, figures = Bars(), {"passes": []}
    with stage() as (folder, upstream, start):
        server = start(f"providers:\n{upstream.provider('good', 'mixed')}\n"
                       "resilience:\n  retry: { retries: 0 }\n  breaker: { mode: off }\n"
                       "  limits: { per_provider: 1000, total: 1000 }\n")
        server.warm("good/chat")
        for number in range(1 + chosen.passes):
            seen = asyncio.run(Broken(server.port, chosen.connections, chosen.at_once, chosen.seed + number).run())
            census = server.settled()
            figures["passes"].append({"seen": seen, **census})
            say(f"pass {number}: {figures['passes'][-1]}")
        code = server.end()
    before, after = figures["passes"][0], figures["passes"][-1]
    bars.left(before, after)
    bars.add("connections to providers", after["providers"], f"≤ {before['providers'] + 32}",
             after["providers"] <= before["providers"] + 32)
    bars.add("threads", after["threads"], f"≤ {before['threads']}", after["threads"] <= before["threads"])
    grown = after["rss_mib"] - before["rss_mib"]
    bars.add("growth of memory (MiB)", grown, f"≤ {chosen.most_mib:g}", grown <= chosen.most_mib)
    bars.add("exit code", code, "= 0", code == 0)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
