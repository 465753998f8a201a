#!/usr/bin/env python3
"""A model server for the proofs of load, in OpenAI's chat completions. Standard library only.

The path's first part chooses what happens; `tag-<number>` in the request says which request it is.

  fail          500 after 5 ms
  gate          the first attempt of each of `--gate` requests waits for all others, then all get a 503; what comes
                after that is answered
  gate-later    the same, and the 503 says `Retry-After: 1`
  slots         at most `--slots` at once, each `--service-ms` long, give or take `--spread` of it; others wait in line
  one, two      a stream; its first token takes 40 to 60 ms, ten times as long for `--slow` of the requests
  stream        a stream of a token every 500 ms; it ends `take-<milliseconds>` after POST /go. 0 is silence
  expert        a stream of 10 to 30 tokens, one every 5 ms, after 5 to 25 ms; whole where no stream is asked for
  flood         a stream of `--flood-mb` in frames of 8 KB, as fast as it is taken; GET /floods tells how far it came
  mixed         what the model's name says: `chat` and `stream` answer well, `long` for 5 s, `fail`, `limit`, `cut`,
                `reset`, `rubbish` and `silent` do not; none of these is in the log

GET /log tells what came, POST /forget begins anew, POST /go lets the streams come to their ends. Times are of the
machine's monotonic clock, in seconds.
Prints `listening PORT`.
"""

import argparse
import asyncio
import json
import random
import re
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True

from load_callers import TOKEN

HEADS = {
    "json": "HTTP/1.1 {} X\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n",
    "stream": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
}
END = "the-last-one"


class Log:
    """What has come since it was last forgotten."""

    def __init__(self):
        # Each call: path, tag, when it came, its first token, its end or the moment at which it was seen closed, whole.
        self.calls, self.most, self.now = [], 0, 0
        self.waiting, self.opened = {}, asyncio.Event()
        # When the streams were told to come to their ends.
        self.go = float("inf")
        self.floods = {}


class Call:
    """One request, and how it goes."""

    def __init__(self, connection, name, tag, body):
        self.connection, self.name, self.tag, self.body = connection, name, tag, body
        self.came, self.first, self.end, self.whole = time.monotonic(), None, None, False
        self.begun = False

    def row(self):
        return [self.name, self.tag, self.came, self.first, self.end, self.whole]

    def finish(self):
        self.end, self.whole = time.monotonic(), True

    def answer(self, status, body, more=""):
        text = json.dumps(body).encode()
        self.finish()
        self.connection.send(HEADS["json"].format(status, more, len(text)).encode() + text)

    def refuse(self, more=""):
        self.answer(503, {"error": {"message": "Too much to do.", "type": "server_error", "code": None}}, more)

    def say(self):
        """A whole answer, whichever way it was asked for."""
        if b'"stream":true' in self.body.replace(b" ", b""):
            self.token(TOKEN)
            return self.last()
        self.answer(200, {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{
                "index": 0, "message": {"role": "assistant", "content": f"{TOKEN} {END}"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}})

    def begin(self):
        if not self.begun:
            self.connection.send(HEADS["stream"])
        self.begun = True

    def piece(self, delta, finish=None, more=b""):
        frame = json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
        data = f"data: {frame}\n\n".encode() + more
        piece = b"%x\r\n%s\r\n" % (len(data), data)
        self.connection.send(piece)
        return len(piece)

    def token(self, text):
        self.begin()
        self.first = self.first or time.monotonic()
        self.piece({"content": text + " "})

    def last(self):
        self.token(END)
        self.piece({}, "stop", b"data: [DONE]\n\n")
        self.finish()
        self.connection.send(b"0\r\n\r\n")


class Upstream:
    def __init__(self, options):
        self.options, self.log = options, Log()
        self.slots = asyncio.Semaphore(options.slots)

    async def fail(self, call):
        # Not 503: a provider that says it is overloaded is asked less, and retries would not stand alone.
        await asyncio.sleep(0.005)
        call.answer(500, {"error": {"message": "Something broke.", "type": "server_error", "code": None}})

    async def gate(self, call):
        log, times = self.log, self.log.waiting.get(call.tag, 0)
        log.waiting[call.tag] = times + 1
        if times:
            return call.say()
        if len(log.waiting) == self.options.gate:
            log.opened.set()
        await asyncio.wait_for(log.opened.wait(), 20)
        call.refuse("Retry-After: 1\r\n" if call.name == "gate-later" else "")

    async def slot(self, call):
        chance, spread = random.Random(f"{self.options.seed}/{call.tag}"), self.options.spread
        async with self.slots:
            log = self.log
            log.now += 1
            log.most = max(log.most, log.now)
            try:
                await asyncio.sleep(self.options.service_ms / 1000 * (1 + chance.uniform(-spread, spread)))
                call.say()
            finally:
                log.now -= 1

    async def race(self, call):
        chance = random.Random(f"{self.options.seed}/{call.name}/{call.tag}")
        wait = chance.uniform(0.04, 0.06) * (10 if chance.random() < self.options.slow else 1)
        if chance.random() < 0.5:
            call.begin()
        await asyncio.sleep(wait)
        for _ in range(20):
            call.token(TOKEN)
            await asyncio.sleep(0.01)
        call.last()

    async def expert(self, call):
        model = re.search(rb'"model": *"(\w+)', call.body)[1].decode()
        chance = random.Random(f"{self.options.seed}/{model}/{call.tag}")
        await asyncio.sleep(chance.uniform(0.005, 0.025))
        count = chance.randrange(10, 31)
        if b'"stream":true' not in call.body.replace(b" ", b""):
            await asyncio.sleep(0.005 * count)
            return call.say()
        for _ in range(count):
            call.token(TOKEN)
            await asyncio.sleep(0.005)
        call.last()

    async def stream(self, call):
        length = int(re.search(rb"take-(\d+)", call.body)[1]) / 1000
        if not length:
            await asyncio.sleep(3600)
        while time.monotonic() < self.log.go + length:
            call.token(TOKEN)
            await asyncio.sleep(min(0.5, max(0, self.log.go + length - time.monotonic())))
        call.last()

    async def flood(self, call):
        connection, told = call.connection, {"sent": 0, "hung_up": None, "whole": False}
        self.log.floods[call.tag] = told
        connection.flood, written = told, 0
        # What is not in the kernel's hands is not sent, and the kernel may not take it all by itself.
        connection.transport.set_write_buffer_limits(high=0)
        wire = connection.transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        call.begin()
        while written < self.options.flood_mb * 1e6:
            written += call.piece({"content": TOKEN + "x" * 8000})
            told["sent"] = written - connection.transport.get_write_buffer_size()
            await connection.writable.wait()
        call.last()
        told |= {"sent": written, "whole": True}

    async def mixed(self, call):
        """No call is kept: there are a million of them."""
        name = re.search(rb'"model": *"(\w+)', call.body)[1].decode()
        streaming = b'"stream":true' in call.body.replace(b" ", b"")
        await asyncio.sleep(0.002)
        if name == "fail":
            return call.refuse()
        if name == "limit":
            return call.answer(429, {"error": {"message": "Slower.", "type": "rate_limit", "code": None}},
                               "Retry-After: 1\r\n")
        if name == "silent":
            await asyncio.sleep(60)
        if name == "rubbish":
            text = b"<html>{\"choices\": [" * 20
            return call.connection.send(HEADS["json"].format(200, "", len(text)).encode() + text)
        for number in range({"long": 250}.get(name, 5 if streaming else 0)):
            call.token(TOKEN)
            await asyncio.sleep(0.02 if name == "long" else 0.005)
            if name in ("cut", "reset") and number == 2:
                break
        if name == "reset":
            wire = call.connection.transport.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if name in ("cut", "reset"):
            return call.connection.transport.abort()
        call.last() if call.begun else call.say()

    def work(self, call):
        return {"flood": self.flood, "mixed": self.mixed, "expert": self.expert,
                "fail": self.fail, "gate": self.gate, "gate-later": self.gate, "slots": self.slot, "one": self.race,
                "two": self.race, "stream": self.stream}[call.name](call)

    def told(self):
        return {"calls": [call.row() for call in self.log.calls], "most": self.log.most}


class Connection(asyncio.Protocol):
    def __init__(self, upstream):
        self.upstream, self.buffer, self.call, self.task = upstream, b"", None, None
        self.writable, self.flood = asyncio.Event(), None
        self.writable.set()

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        if self.call and not self.call.whole:
            self.call.end = time.monotonic()
        if self.flood:
            self.flood["hung_up"] = time.monotonic()
        if self.task:
            self.task.cancel()

    def pause_writing(self):
        self.writable.clear()

    def resume_writing(self):
        self.writable.set()

    def send(self, data):
        self.transport.write(data)

    def data_received(self, data):
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
        length = int(length[1]) if length else 0
        if not found or len(rest) < length:
            return
        body, self.buffer = rest[:length], rest[length:]
        path = head.split(b" ", 2)[1].decode()
        if path in ("/log", "/floods"):
            text = json.dumps(self.upstream.told() if path == "/log" else self.upstream.log.floods).encode()
            return self.send(HEADS["json"].format(200, "", len(text)).encode() + text)
        if path in ("/forget", "/go"):
            if path == "/forget":
                self.upstream.log = Log()
            self.upstream.log.go = time.monotonic() if path == "/go" else self.upstream.log.go
            return self.send(HEADS["json"].format(200, "", 2).encode() + b"{}")
        tag = re.search(rb"tag-(\d+)", body)
        self.call = Call(self, path.split("/")[1], int(tag[1]) if tag else -1, body)
        if self.call.name != "mixed":
            self.upstream.log.calls.append(self.call)
        self.task = asyncio.get_running_loop().create_task(self.upstream.work(self.call))


async def serve(options):
    upstream = Upstream(options)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(upstream), "127.0.0.1", 0, backlog=4096)
    print(f"listening {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gate", type=int, default=1000)
    parser.add_argument("--slots", type=int, default=50)
    parser.add_argument("--service-ms", type=float, default=200)
    parser.add_argument("--spread", type=float, default=0)
    parser.add_argument("--slow", type=float, default=0.05)
    parser.add_argument("--flood-mb", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
