"""An upstream that answers as was recorded. The model that it is asked for names the recording."""

import asyncio
import contextlib
import json
import random
import threading


class Request:
    """What the upstream was sent."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body


class Upstream:
    """Runs in a thread of its own for the time of a `with` block, on a port of its own."""

    def __init__(self, recordings):
        self.recordings = {recording.name: recording for recording in recordings}
        self.port = None
        self.seen = {}
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.started.wait(10)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.ending.set)
        self.thread.join(10)

    def take(self, name):
        """The requests for this recording since the last call."""
        return self.seen.pop(name, [])

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.serve())

    async def serve(self):
        self.ending = asyncio.Event()
        server = await asyncio.start_server(self.connection, "127.0.0.1", 0, limit=1 << 24)
        self.port = server.sockets[0].getsockname()[1]
        self.started.set()
        await self.ending.wait()
        server.close()
        # Connections that are kept open end with the loop.
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def connection(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while request := await self.read(reader, writer):
                await self.answer(request, writer)
        writer.close()

    async def read(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        if "expect" in headers:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(first.split(" ")[1], headers, body)

    async def answer(self, request, writer):
        try:
            name = json.loads(request.body)["model"]
        except (ValueError, KeyError, TypeError):
            name = None
        self.seen.setdefault(name, []).append(request)
        recording = self.recordings.get(name)
        if not recording:
            body = b'{"error":{"message":"there is no such recording","type":"replay"}}'
            writer.write(b"HTTP/1.1 418 Replay\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                         % (len(body), body))
            return
        lines = [f"HTTP/1.1 {recording.status} Replay", *(f"{name}: {value}" for name, value in recording.headers)]
        # Whole bodies come with their length or in chunks, turn and turn about.
        chunked = recording.kind == "stream" or recording.line % 2
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(recording.body)}")
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
        for piece in pieces(recording):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
            # Lets the piece go out before the next is written.
            await asyncio.sleep(0)
        if chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()


def pieces(recording):
    """The body, cut at odd places: within lines, within characters, between the two line ends of an event. The same
    way every time."""
    dice, body, start = random.Random(recording.name), recording.body, 0
    longest = max(97, len(body) // 150)
    while start < len(body):
        size = dice.choice((1, 2, 7, dice.randint(1, longest), longest))
        yield body[start:start + size]
        start += size
