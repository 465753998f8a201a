"""Callers of a server over bare connections, as many as are asked for; none waits for another one's answer. Times are
of the machine's monotonic clock, in seconds."""

import asyncio
import contextlib
import json
import re
import time

from harness import CALLER_KEY

# The word that every answer of the upstream begins with.
TOKEN = "lorem"
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
RESPONSES, NATIVE = "/v1/responses", "/api/orchestrator/chat"


def request(path, model, number, stream=False, words="", more=""):
    """A whole HTTP request, as bytes; `more` lines of its head."""
    text = f"tag-{number} {words}"
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}
    if path == MESSAGES:
        body["max_tokens"] = 1000
    if path == RESPONSES:
        body = {"model": model, "stream": stream, "input": text}
    if path == NATIVE:
        body = {"model": model, "stream": stream, "message": text}
    data = json.dumps(body, separators=(",", ":")).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"{more}Authorization: Bearer {CALLER_KEY}\r\nContent-Length: {len(data)}\r\n\r\n").encode() + data


class Call:
    """One request of a caller. `first` is when the first piece came that holds a token; `end` when the answer was
    whole, or its connection broke off."""
    __slots__ = ("sent", "lag", "status", "headers", "first", "end", "body", "whole", "done")

    def __init__(self):
        self.sent = self.status = self.first = self.end = None
        self.lag, self.headers, self.body, self.whole = 0.0, b"", b"", False
        self.done = asyncio.get_running_loop().create_future()

    @property
    def took(self):
        return self.end - self.sent

    def code(self):
        """The error's code in the envelopes of OpenAI, Anthropic and RFC 9457; `None` where there is none."""
        with contextlib.suppress(ValueError, AttributeError, TypeError):
            body = json.loads(self.body)
            error = body.get("error")
            return error.get("code") or error.get("type") if isinstance(error, dict) else body.get("code")
        return None

    def retry_after(self):
        found = re.search(rb"\r\nretry-after: *(\d+)\r\n", self.headers + b"\r\n", re.I)
        return int(found[1]) if found else None


class Line(asyncio.Protocol):
    """One kept connection of the callers."""

    def __init__(self, callers):
        self.callers, self.call, self.transport = callers, None, None

    def connection_made(self, transport):
        self.transport = transport
        self.callers.lines.add(self)

    def start(self, data, call):
        self.call, self.buffer, self.left, self.chunked = call, b"", None, False
        call.sent = time.monotonic()
        self.transport.write(data)

    def connection_lost(self, error):
        self.callers.lines.discard(self)
        if self in self.callers.idle:
            self.callers.idle.remove(self)
        if self.call:
            self.end(False)

    def end(self, whole):
        call, self.call = self.call, None
        call.end, call.whole = time.monotonic(), whole
        if not call.done.done():
            call.done.set_result(None)
        if whole and not re.search(rb"\r\nconnection: *close", call.headers, re.I):
            self.callers.idle.append(self)
        else:
            self.transport.close()

    def data_received(self, data):
        call = self.call
        if call is None:
            return
        self.buffer += data
        if call.status is None:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            call.status, call.headers, self.buffer = int(head[9:12]), head, rest
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
            self.chunked, self.left = length is None, int(length[1]) if length else None
        if not self.chunked:
            if len(self.buffer) >= self.left:
                call.body = self.buffer[:self.left]
                self.end(True)
            return
        self.chunks(call)

    def chunks(self, call):
        while True:
            size, found, rest = self.buffer.partition(b"\r\n")
            if not found:
                return
            count = int(size.split(b";")[0], 16)
            if len(rest) < count + 2:
                return
            call.body += rest[:count]
            self.buffer = rest[count + 2:]
            if call.first is None and TOKEN.encode() in call.body:
                call.first = time.monotonic()
            if count == 0:
                return self.end(True)


class Callers:
    """Any number of callers of one server; none waits for another one's answer."""

    def __init__(self, port):
        self.port, self.idle, self.tasks, self.lines = port, [], set(), set()

    async def line(self):
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: Line(self), "127.0.0.1", self.port))[1]

    async def open(self, count):
        """Connects that many callers beforehand."""
        self.idle += [await self.line() for _ in range(count - len(self.idle))]

    def call(self, data):
        call = Call()
        if self.idle:
            self.idle.pop().start(data, call)
            return call
        task = asyncio.get_running_loop().create_task(self.dial(data, call))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return call

    async def dial(self, data, call):
        call.sent = time.monotonic()
        try:
            (await self.line()).start(data, call)
        except OSError:
            call.end = time.monotonic()
            call.done.set_result(None)

    async def offer(self, rate, seconds, data, chance=None, patience=60):
        """Begins so many calls a second, evenly or, with `chance`, as they come by themselves; `data(number)` is a
        request. Returns all calls when each is answered, or `patience` is over."""
        start = due = time.monotonic()
        calls = []
        while due < start + seconds:
            wait = due - time.monotonic()
            await asyncio.sleep(max(0, wait))
            calls.append(self.call(data(len(calls))))
            calls[-1].lag = time.monotonic() - due
            due += chance.expovariate(rate) if chance else 1 / rate
        await self.answered(calls, patience)
        return calls

    def close(self):
        """Ends all connections, and with them what still waits for an answer."""
        for line in list(self.lines):
            line.transport.abort()

    async def answered(self, calls, patience=60):
        await asyncio.wait([call.done for call in calls], timeout=patience)

    async def keep(self, count, seconds, data):
        """So many callers that each call again as soon as they are answered; returns all calls."""
        end, calls = time.monotonic() + seconds, []

        async def one():
            while time.monotonic() < end:
                call = self.call(data(len(calls)))
                calls.append(call)
                await call.done

        await asyncio.gather(*(one() for _ in range(count)))
        return calls
