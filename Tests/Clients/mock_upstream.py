#!/usr/bin/env python3
"""A scripted model server in the wire formats of OpenAI and Anthropic. Standard library only.

The path's end chooses the dialect: /messages (and /messages/count_tokens), /embeddings, /responses, else a chat. The
model's name chooses what happens; everything not in the list below answers like a well-behaved model.

  echo             the answer's content is the request as it arrived, as JSON: {path, headers, body}
  repeat           the answer's content is what the user said last
  reasoning        thinks before it answers; in chats by `reasoning_content`, a field that OpenAI does not know
  length, filter   finish_reason `length`, `content_filter`; `max_tokens`, `refusal`; `incomplete`
  pace-N-MS        says N words, a frame every MS ms
  slow             every frame 250 ms after the last      endless   a frame every 20 ms until the client goes
  flood            frames of 8 kB as fast as they are taken
  silent           never answers                         late      answers after 300 ms
  wait-NNN         answers after so many milliseconds    letters   a frame for every two characters
                   what the line `say: …` of a chat's first system message says, where there is one
  held             answers once GET /control?go=TAG has come
  step             streams; each piece of the text waits until that has come for every piece before it
  fail-NNN         that status with an error object      html      502 with a page of HTML
  leak             401 whose message repeats the key that it got
  cut              a stream that breaks off; otherwise a body shorter than its Content-Length
  error-frame      a stream with an error object in it
  rubbish, bad-utf8, long-line, no-end, evil-tool, redirect   what the names say
  redacted, server-tool, late-usage, pause, window            what only Anthropic's models say
  short            one vector too few

GET /control tells what the mock saw: {"requests", "open", "hangups": {tag: phase}, "sent": {tag: bytes}, "goes": {tag:
count}}; `sent` has a tag from its request on. A tag is the text `tag-<word>` in the last user message; where the
request has the text `part-<word>` as well, `-<word>` follows.

Prints `listening PORT`.
"""

import argparse
import asyncio
import collections
import contextlib
import itertools
import json
import re
import sys

# Whoever starts this expects nothing to appear beside it.
sys.dont_write_bytecode = True

import mock_anthropic
import mock_embeddings
import mock_openai
import mock_responses
import mock_script

# By the end of the path; anything else is a chat.
DIALECTS = {
    "/messages": mock_anthropic.Messages, "/messages/count_tokens": mock_anthropic.TokenCount,
    "/embeddings": mock_embeddings.Embeddings, "/responses": mock_responses.Responses,
}
SPOILT = ("cut", "no-end", "rubbish", "bad-utf8", "long-line", "error-frame")
# A frame with a piece of the text, in whichever dialect.
PIECE = re.compile(rb'"delta": {"content"|text_delta|output_text\.delta')


class State:
    """What GET /control tells."""

    def __init__(self):
        self.requests, self.open, self.hangups, self.sent, self.goes = 0, 0, {}, {}, collections.Counter()


def script(request):
    path = request["path"].partition("?")[0]
    return next((kind for ending, kind in DIALECTS.items() if path.endswith(ending)), mock_openai.Chat)(request)


def last_words(body):
    """The last message of a user, or whatever a request has in its place, as text."""
    if not isinstance(body, dict):
        return ""
    items = body.get("messages") or body.get("input") or []
    users = [item for item in items if isinstance(item, dict) and item.get("role") == "user"] \
        if isinstance(items, list) else []
    return json.dumps(users[-1] if users else items)


class Exchange:
    """One connection of a client."""

    def __init__(self, state, reader, writer):
        self.state, self.reader, self.writer = state, reader, writer
        self.tag, self.phase = None, "waiting"

    async def run(self):
        self.state.open += 1
        watcher = None
        try:
            while (request := await self.read_request()) is not None:
                if request["path"].startswith("/control"):
                    self.state.goes.update(re.findall(r"go=(\w+)", request["path"]))
                    self.send(200, vars(self.state))
                    continue
                self.state.requests += 1
                if self.tag:
                    self.state.sent.setdefault(self.tag, 0)
                # Whatever is scripted ends when the client hangs up, at whichever point that is.
                work = asyncio.ensure_future(self.answer(request))
                watcher = asyncio.ensure_future(self.reader.read(1))
                done, _ = await asyncio.wait({work, watcher}, return_when=asyncio.FIRST_COMPLETED)
                if watcher in done and not work.done():
                    work.cancel()
                    with contextlib.suppress(asyncio.CancelledError, OSError):
                        await work
                    if self.tag:
                        self.state.hangups[self.tag] = self.phase
                    return
                if work.result() is False:
                    return
                # One byte may have been taken of a next request; what reads on gets it back.
                watcher.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    if early := await watcher:
                        self.early = early
        except (OSError, asyncio.IncompleteReadError):
            if self.tag:
                self.state.hangups[self.tag] = self.phase
        finally:
            self.state.open -= 1
            self.writer.close()

    early = b""

    async def read_request(self):
        try:
            head = self.early + await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        self.early = b""
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        request = {"path": first.split(" ")[1], "headers": headers, "body": json.loads(body) if body else None}
        found = re.search(r"tag-(\w+)", last_words(request["body"]))
        part = found and re.search(rb"part-(\w+)", body)
        self.tag, self.phase = found and found[1] + (f"-{part[1].decode()}" if part else ""), "waiting"
        return request

    def send(self, status, body, headers=(), kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Mock", f"Content-Type: {kind}", f"Content-Length: {len(body)}",
                 "X-Request-Id: upstream-id", "Set-Cookie: upstream=1", *headers]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def start_stream(self, headers=()):
        self.phase = "streaming"
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", *headers]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def chunk(self, data):
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()
        if self.tag:
            self.state.sent[self.tag] = self.state.sent.get(self.tag, 0) + len(data)

    async def end_stream(self, ending=b""):
        if ending:
            await self.chunk(ending)
        self.writer.write(b"0\r\n\r\n")

    async def told(self, goes):
        """Waits until it has been told so often to go on. Where that does not come, the connection breaks, before a
        heartbeat of Tutti's could push on what it held back."""
        for _ in range(1000):
            if self.state.goes[self.tag] >= goes:
                return
            await asyncio.sleep(0.01)
        raise ConnectionAbortedError

    async def answer(self, request):
        """Plays the script. False: the connection ends with it."""
        model, stream = request["body"]["model"], request["body"].get("stream")
        if model == "silent":
            await asyncio.sleep(3600)
        if model == "held":
            await self.told(1)
        if model == "late":
            await asyncio.sleep(0.3)
        if waiting := re.fullmatch(r"wait-(\d+)", model):
            await asyncio.sleep(int(waiting[1]) / 1000)
        answer = script(request)
        if model.startswith("fail-"):
            status = int(model[5:])
            extra = ["Retry-After: 7"] if status in (429, 503, 529) else []
            return self.send(status, answer.failure(status, model), [*answer.headers, *extra])
        if model == "leak":
            return self.send(401, answer.leak(), answer.headers)
        if model == "html":
            return self.send(502, b"<html><h1>Bad gateway</h1></html>", kind="text/html")
        if model == "redirect":
            return self.send(302, b"", ["Location: /v1/elsewhere"])
        if refusal := answer.refusal():
            return self.send(*refusal, answer.headers)
        if not stream:
            return self.answer_whole(model, answer)
        return await self.answer_stream(model, answer)

    def answer_whole(self, model, answer):
        if model in ("cut", "no-end"):
            body = json.dumps(answer.whole()).encode()
            self.writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                              % (len(body) + 100, body))
            return False
        if model == "rubbish":
            return self.send(200, b"{\"choices\": oops")
        if model == "bad-utf8":
            return self.send(200, json.dumps(answer.whole()).encode().replace(b"mock answers", b"mock \xff\xfe"))
        if model == "error-frame":
            return self.send(200, answer.broken())
        return self.send(200, answer.whole(), answer.headers)

    async def answer_stream(self, model, answer):
        self.start_stream(answer.headers)
        if model in SPOILT:
            for frame in itertools.islice(answer.frames(), answer.intact):
                await self.chunk(frame)
            return await self.spoil(model, answer)
        if model in ("endless", "flood"):
            opening, again = answer.endless("token " if model == "endless" else "x" * 8192)
            for frame in opening:
                await self.chunk(frame)
            while True:
                await self.chunk(again)
                await asyncio.sleep(0.02 if model == "endless" else 0)
        paced = mock_script.pace(model)
        pause = paced[1] / 1000 if paced else 0.25 if model == "slow" else 0
        pieces = 0
        for frame in answer.frames():
            if model == "step" and PIECE.search(frame):
                await self.told(pieces)
                pieces += 1
            await self.chunk(frame)
            await asyncio.sleep(pause)
        await self.end_stream(answer.ending)

    async def spoil(self, model, answer):
        if model == "cut":
            self.writer.transport.abort()
            return False
        if model == "no-end":
            # A clean end of the body before the answer's end is a cut stream all the same.
            return await self.end_stream()
        await self.chunk(answer.spoiler())
        return await self.end_stream(answer.ending)


async def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--port", type=int, default=0)
    state = State()

    async def serve(reader, writer):
        # Little is buffered here, so that `sent` tells what the other side took.
        writer.transport.set_write_buffer_limits(high=65536)
        with contextlib.suppress(asyncio.CancelledError):
            await Exchange(state, reader, writer).run()

    server = await asyncio.start_server(serve, "127.0.0.1", arguments.parse_args().port, limit=1 << 26, backlog=1024)
    print(f"listening {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
