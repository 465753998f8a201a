#!/usr/bin/env python3
"""A model server in OpenAI's wire format that fails as it is told, and keeps exact records. Standard library only.

The path says who is asked: /primary/v1/chat/completions or /fallback/v1/…. The model's name says what happens: what
stands before its first full stop is the scenario (see `PRIMARY` and `FALLBACK` in scripts.py), the rest makes it one of
its own: each name has its own count of attempts. By hand:

  fault_server.py [--port PORT] [--scale 1.0]     prints `listening PORT`; GET /records tells what was seen
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True

LONGEST_BODY = 1_000_000
# Each sleep is a wait for the processor too, and on a busy machine a long one.
SHORTEST_SLEEP = 0.02


class Cut(Exception):
    """The connection ends here, as if the provider's process had died: nothing more, no proper end."""


class Reset(Exception):
    """The connection is reset here."""


@dataclasses.dataclass
class Attempt:
    """One request that arrived. Times are of the monotonic clock."""

    role: str
    model: str
    number: int
    """From 1, of its model's."""
    body: dict
    at: float
    ended: float | None = None
    hung_up: float | None = None
    """When the caller ended the connection before the answer was over."""
    status: int | None = None
    sent: int = 0
    """Tokens."""
    note: str = ""

    @property
    def is_open(self):
        return self.ended is None

    @property
    def streams(self):
        return bool(self.body.get("stream"))

    @property
    def prefill(self):
        """The beginning of the answer, where the conversation ends with one."""
        last = (self.body.get("messages") or [{}])[-1]
        return words_of(last.get("content")) if last.get("role") == "assistant" else None


def words_of(content):
    """A message's text, which may come in parts."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


class FaultServer:
    """Answers until it is closed; `attempts` are its records, in order of arrival."""

    def __init__(self, scripts, scale=1.0):
        self.scripts, self.scale = scripts, scale
        self.attempts = []
        self.outages = {}
        """By model: when it began to be down."""
        self.port, self.server, self.tasks = None, None, set()

    async def start(self, port=0):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", port, backlog=512)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def of(self, model, role=None):
        return [attempt for attempt in self.attempts
                if attempt.model == model and (role is None or attempt.role == role)]

    def open(self):
        return [attempt for attempt in self.attempts if attempt.is_open]

    async def accept(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            await Connection(self, reader, writer).run()
        except asyncio.CancelledError:
            pass
        finally:
            self.tasks.discard(task)


class Connection:
    """One connection of a caller; one request after the other."""

    def __init__(self, server, reader, writer):
        self.server, self.reader, self.writer = server, reader, writer
        self.early = b""

    async def run(self):
        try:
            while (request := await self.read()) is not None:
                if not await self.serve(*request):
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.writer.close()

    async def read(self):
        try:
            head = self.early + await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        self.early = b""
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await self.reader.readexactly(min(int(headers.get("content-length", 0)), LONGEST_BODY))
        return first.split(" ")[1], body

    async def serve(self, path, body):
        """Whether the connection goes on."""
        if path == "/records":
            self.send(200, [dataclasses.asdict(attempt) for attempt in self.server.attempts])
            return True
        body, role = json.loads(body or b"{}"), path.split("/")[1]
        model = str(body.get("model"))
        attempt = Attempt(role, model, len(self.server.of(model)) + 1, body, time.monotonic())
        self.server.attempts.append(attempt)
        script = self.server.scripts.get(role, {}).get(model.partition(".")[0])
        if script is None:
            attempt.ended = time.monotonic()
            self.send(404, {"error": {"message": f"There is no model {model}.", "code": "model_not_found"}})
            return True
        return await self.perform(script, attempt)

    async def perform(self, script, attempt):
        """Whatever is scripted ends when the caller hangs up, at whichever point that is."""
        work = asyncio.ensure_future(Call(self, attempt).act(script))
        watcher = asyncio.ensure_future(self.reader.read(1))
        try:
            await asyncio.wait({work, watcher}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return await self.settle(work, attempt, watcher)
            attempt.hung_up = time.monotonic()
            return False
        finally:
            attempt.ended = time.monotonic()
            for task in (work, watcher):
                task.cancel()
            await asyncio.gather(work, watcher, return_exceptions=True)

    async def settle(self, work, attempt, watcher):
        try:
            work.result()
        except Cut:
            return False
        except Reset:
            self.reset()
            return False
        except OSError:
            attempt.hung_up = time.monotonic()
            return False
        # One byte may have been taken of a next request.
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            self.early = await watcher
        return not self.reader.at_eof()

    def reset(self):
        """Closing with nothing to linger for sends a reset instead of an end."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def send(self, status, body, headers=(), length=None):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Scripted", "Content-Type: application/json",
                 f"Content-Length: {len(body) if length is None else length}", *headers]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


class Call:
    """What a script has in hand: the attempt, and ways to answer it."""

    def __init__(self, connection, attempt):
        self.connection, self.attempt, self.server = connection, attempt, connection.server
        self.owed, self.unsent = 0.0, b""

    async def act(self, script):
        try:
            await script(self)
        finally:
            self.flush()

    def flush(self):
        data, self.unsent = self.unsent, b""
        if data:
            self.connection.writer.write(data)

    async def sleep(self, seconds):
        """Of the scenario's time, which may run faster."""
        self.flush()
        await asyncio.sleep(seconds * self.server.scale)

    async def pace(self, seconds):
        """Sleeps too short for a timer are slept together, and what is said between them is sent together."""
        self.owed += seconds * self.server.scale
        if self.owed >= SHORTEST_SLEEP:
            owed, self.owed = self.owed, 0.0
            self.flush()
            await asyncio.sleep(owed)

    async def send(self, status, body, headers=(), length=None):
        self.attempt.status = status
        self.connection.send(status, body, headers, length)

    async def raw(self, data):
        """Nobody is sent so much that it would have to be waited for."""
        self.unsent += data

    async def fail(self, status, message, code=None, headers=(), kind="server_error"):
        body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
        await self.send(status, body, headers)

    async def begin(self):
        self.attempt.status = 200
        await self.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

    async def event(self, data):
        text = data if isinstance(data, str) else json.dumps(data)
        await self.chunk(f"data: {text}\n\n".encode())

    async def chunk(self, data):
        await self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self):
        await self.raw(b"0\r\n\r\n")


async def main():
    import scripts
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0)
    arguments = parser.parse_args()
    server = FaultServer(scripts.SCRIPTS, arguments.scale)
    await server.start(arguments.port)
    print(f"listening {server.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
