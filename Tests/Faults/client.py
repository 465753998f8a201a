"""A caller of Tutti over bare sockets, who writes down what arrived and when."""

import asyncio
import dataclasses
import json
import time

import scripts


@dataclasses.dataclass
class Outcome:
    """What a caller has seen of one answer, whole or streamed."""

    streamed: bool
    status: int | None = None
    headers: dict = dataclasses.field(default_factory=dict)
    text: str = ""
    models: list = dataclasses.field(default_factory=list)
    """The names of who answered, in order, without repetitions."""
    finish: list = dataclasses.field(default_factory=list)
    usage: dict | None = None
    errors: list = dataclasses.field(default_factory=list)
    done: bool = False
    """`[DONE]` came."""
    after_done: int = 0
    complete: bool = False
    """The body had its proper end."""
    hung: bool = False
    """Nothing came to an end while we waited."""
    broken: str = ""
    """What was no HTTP, or no event."""
    began: float = 0.0
    seconds: float = 0.0
    first_token: float | None = None

    def read(self, frame):
        """One object of a stream, or the whole body."""
        if error := frame.get("error"):
            self.errors.append(error)
            return
        if (model := frame.get("model")) and self.models[-1:] != [model]:
            self.models.append(model)
        for choice in frame.get("choices") or []:
            said = (choice.get("delta") or choice.get("message") or {}).get("content") or ""
            if said and self.first_token is None:
                self.first_token = time.monotonic() - self.began
            self.text += said
            if choice.get("finish_reason"):
                self.finish.append(choice["finish_reason"])
        if frame.get("usage"):
            self.usage = frame["usage"]

    @property
    def code(self):
        return self.errors[0].get("code") if self.errors else None

    def summary(self):
        ending = "hung" if self.hung else self.code or ",".join(self.finish) or "no end"
        return f"{self.status} {ending}, {len(self.text.split())} words, {self.seconds:.2f} s"


async def ask(port, model, stream, patience=60.0):
    """One chat turn. Never raises for what the server does."""
    outcome = Outcome(stream, began=time.monotonic())
    writer = None
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = {"model": model, "messages": [{"role": "user", "content": scripts.QUESTION}]}
            if stream:
                body |= {"stream": True, "stream_options": {"include_usage": True}}
            data = json.dumps(body).encode()
            writer.write(f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
                         f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
            await receive(reader, outcome)
    except TimeoutError:
        outcome.hung = True
    except (OSError, ValueError, EOFError, asyncio.LimitOverrunError, AttributeError, TypeError) as error:
        outcome.broken = f"{type(error).__name__}: {error}"
    finally:
        if writer:
            writer.close()
    outcome.seconds = time.monotonic() - outcome.began
    return outcome


async def receive(reader, outcome):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    outcome.status = int(head[0].split(" ")[1])
    outcome.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    events = outcome.headers.get("content-type", "").startswith("text/event-stream")
    buffer = b""
    async for data in parts(reader, outcome):
        buffer += data
        while events and b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            read_line(line.strip(), outcome)
    if not events:
        outcome.read(json.loads(buffer))
    elif buffer.strip():
        outcome.broken = f"an unfinished line: {buffer[:80]!r}"


async def parts(reader, outcome):
    """The body's bytes as they come."""
    if "content-length" in outcome.headers:
        yield await reader.readexactly(int(outcome.headers["content-length"]))
        outcome.complete = True
        return
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    outcome.complete = True


def read_line(line, outcome):
    if not line or line.startswith((b":", b"event:", b"id:", b"retry:")):
        return
    if not line.startswith(b"data:"):
        raise ValueError(f"no line of a stream: {line[:80]!r}")
    data = line[5:].strip()
    outcome.after_done += outcome.done
    if data == b"[DONE]":
        outcome.done = True
    else:
        outcome.read(json.loads(data))


async def fetch(port, path, patience=10.0):
    """(status, text) of a plain GET."""
    async with asyncio.timeout(patience):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split(b" ")[1]), body.decode()
