#!/usr/bin/env python3
"""A scripted model server in OpenAI's wire format. Standard library only.

The model's name chooses what happens; everything not in the list below answers like a well-behaved model.

  echo             the answer's content is the request as it arrived, as JSON: {path, headers, body}
  reasoning        deltas carry `reasoning_content`, a field that OpenAI does not know
  length, filter   finish_reason `length`, `content_filter`
  slow             eight chunks, 250 ms apart            endless   a chunk every 20 ms until the client goes
  flood            chunks of 8 kB as fast as they are taken
  silent           never answers                         late      answers after 300 ms
  fail-NNN         that status with an error object      html      502 with a page of HTML
  leak             401 whose message repeats the key that it got
  cut              a stream that breaks off; otherwise a body shorter than its Content-Length
  error-frame      a stream with an error object in it
  rubbish, bad-utf8, long-line, no-end, evil-tool, redirect   what the names say

GET /control tells what the mock saw: {"requests", "open", "hangups": {tag: phase}, "sent": {tag: bytes}}. A tag is
the text `tag-<word>` in the last user message.

Prints `listening PORT`.
"""

import argparse
import asyncio
import contextlib
import json
import re

CREATED = 1_700_000_000
SAMPLE = {"string": "Ada", "integer": 36, "number": 1.5, "boolean": True, "null": None}
USAGE = {
    "prompt_tokens": 42, "completion_tokens": 7, "total_tokens": 49,
    "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 0},
}
FINISH = {"length": "length", "filter": "content_filter"}


class State:
    """What GET /control tells."""

    def __init__(self):
        self.requests, self.open, self.hangups, self.sent = 0, 0, {}, {}


def sample(schema, root=None):
    """A value that fits a JSON schema, as far as the tests use schemas."""
    root = root or schema
    if "$ref" in schema:
        return sample(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    for key in ("enum", "anyOf"):
        if key in schema:
            return schema[key][0] if key == "enum" else sample(schema[key][0], root)
    if schema.get("type") == "object" or "properties" in schema:
        return {name: sample(inner, root) for name, inner in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [sample(schema["items"], root)]
    return SAMPLE[schema.get("type", "string")]


def words(text):
    return re.findall(r"\S+\s*|\s+", text)


def logprobs_of(pieces):
    def one(text):
        return {"token": text, "logprob": -0.25, "bytes": list(text.encode())}
    return {"content": [{**one(piece), "top_logprobs": [one(piece)]} for piece in pieces], "refusal": None}


class Answer:
    """What a well-behaved model says to one request, whole or in pieces."""

    def __init__(self, request, raw):
        body = request["body"]
        self.body, self.model = body, body["model"]
        self.calls, self.content = [], "The mock answers: one two three."
        self.finish = FINISH.get(self.model, "stop")
        schema = (body.get("response_format") or {}).get("json_schema")
        if self.model == "echo":
            self.content = json.dumps(raw)
        elif schema:
            self.content = json.dumps(sample(schema["schema"]))
        elif body.get("tools") and body.get("tool_choice") != "none":
            tools = body["tools"] if body.get("parallel_tool_calls", True) else body["tools"][:1]
            self.calls = [
                {"id": f"call_{i}", "type": "function", "function": {
                    "name": tool["function"]["name"],
                    "arguments": json.dumps(sample(tool["function"].get("parameters", {"type": "object"})))}}
                for i, tool in enumerate(tools)]
            self.content, self.finish = None, "tool_calls"
        if self.model == "evil-tool":
            self.calls = [{"id": "call_0", "type": "function", "function": {
                "name": "x\n\ndata: {\"evil\":1}\n\n", "arguments": "{}"}}]
            self.content, self.finish = None, "tool_calls"
        stops = body.get("stop") or []
        for stop in [stops] if isinstance(stops, str) else stops:
            if self.content and stop in self.content:
                self.content = self.content[:self.content.index(stop)]

    def envelope(self, kind, choices, **more):
        return {"id": "chatcmpl-mock", "object": kind, "created": CREATED, "model": self.model, "choices": choices,
                "system_fingerprint": "fp_mock", **more}

    def whole(self):
        message = {"role": "assistant", "content": self.content, "refusal": None}
        if self.calls:
            message["tool_calls"] = self.calls
        logprobs = logprobs_of(words(self.content)) if self.body.get("logprobs") else None
        choices = [{"index": i, "message": message, "logprobs": logprobs, "finish_reason": self.finish}
                   for i in range(self.body.get("n") or 1)]
        return self.envelope("chat.completion", choices, usage=USAGE)

    def deltas(self):
        yield {"role": "assistant", "content": None if self.calls else "", "refusal": None}
        if self.model == "reasoning":
            yield {"reasoning_content": "Let me think."}
        for index, call in enumerate(self.calls):
            name, arguments = call["function"]["name"], call["function"]["arguments"]
            yield {"tool_calls": [{"index": index, "id": call["id"], "type": "function",
                                   "function": {"name": name, "arguments": ""}}]}
            for start in range(0, len(arguments), 5):
                yield {"tool_calls": [{"index": index, "function": {"arguments": arguments[start:start + 5]}}]}
        for piece in words(self.content or ""):
            yield {"content": piece}

    def chunks(self):
        usage = (self.body.get("stream_options") or {}).get("include_usage")
        none = {"usage": None} if usage else {}
        for index in range(self.body.get("n") or 1):
            for delta in self.deltas():
                choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}
                if self.body.get("logprobs") and delta.get("content"):
                    choice["logprobs"] = logprobs_of([delta["content"]])
                yield self.envelope("chat.completion.chunk", [choice], **none)
            choice = {"index": index, "delta": {}, "logprobs": None, "finish_reason": self.finish}
            yield self.envelope("chat.completion.chunk", [choice], **none)
        if usage:
            yield self.envelope("chat.completion.chunk", [], usage=USAGE)


def error_object(status, model):
    if status == 400:
        return {"message": "temperature must be at most 2 (mock)", "type": "invalid_request_error",
                "param": "temperature", "code": "invalid_value"}
    return {"message": f"the mock fails with {status}", "type": "mock_error", "param": None, "code": f"mock_{model}"}


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
                    self.send(200, vars(self.state))
                    continue
                self.state.requests += 1
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
        users = [m for m in (request["body"] or {}).get("messages", []) if m.get("role") == "user"]
        found = re.search(r"tag-(\w+)", json.dumps(users[-1])) if users else None
        self.tag, self.phase = found and found[1], "waiting"
        return request

    def send(self, status, body, headers=(), kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} Mock", f"Content-Type: {kind}", f"Content-Length: {len(body)}",
                 "X-Request-Id: upstream-id", "Set-Cookie: upstream=1", *headers]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def start_stream(self):
        self.phase = "streaming"
        self.writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

    async def chunk(self, data):
        data = data if isinstance(data, bytes) else b"data: " + json.dumps(data).encode() + b"\n\n"
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()
        if self.tag:
            self.state.sent[self.tag] = self.state.sent.get(self.tag, 0) + len(data)

    async def end_stream(self, done=True):
        if done:
            await self.chunk(b"data: [DONE]\n\n")
        self.writer.write(b"0\r\n\r\n")

    async def answer(self, request):
        """Plays the script. False: the connection ends with it."""
        model, stream = request["body"]["model"], request["body"].get("stream")
        if model == "silent":
            await asyncio.sleep(3600)
        if model == "late":
            await asyncio.sleep(0.3)
        if model.startswith("fail-"):
            status = int(model[5:])
            extra = ["Retry-After: 7"] if status in (429, 503) else []
            return self.send(status, {"error": error_object(status, model)}, extra)
        if model == "leak":
            key = request["headers"].get("authorization", "")
            return self.send(401, {"error": {"message": f"Incorrect API key provided: {key}", "param": None,
                                             "type": "invalid_request_error", "code": "invalid_api_key"}})
        if model == "html":
            return self.send(502, b"<html><h1>Bad gateway</h1></html>", kind="text/html")
        if model == "redirect":
            return self.send(302, b"", ["Location: /v1/elsewhere"])
        answer = Answer(request, {key: request[key] for key in ("path", "headers", "body")})
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
            return self.send(200, {"error": error_object(500, model)})
        return self.send(200, answer.whole())

    async def answer_stream(self, model, answer):
        self.start_stream()
        chunks = list(answer.chunks())
        if model in ("cut", "no-end", "rubbish", "bad-utf8", "long-line", "error-frame"):
            for chunk in chunks[:3]:
                await self.chunk(chunk)
            return await self.spoil(model)
        if model in ("endless", "flood"):
            text = "token " if model == "endless" else "x" * 8192
            choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
            while True:
                await self.chunk(answer.envelope("chat.completion.chunk", [choice]))
                await asyncio.sleep(0.02 if model == "endless" else 0)
        for chunk in chunks:
            await self.chunk(chunk)
            await asyncio.sleep(0.25 if model == "slow" else 0)
        await self.end_stream()

    async def spoil(self, model):
        if model == "cut":
            self.writer.transport.abort()
            return False
        if model == "no-end":
            # A clean end of the body without finish_reason and [DONE] is a cut stream all the same.
            return await self.end_stream(done=False)
        await self.chunk({
            "rubbish": b"data: {\"choices\": oops\n\n",
            "bad-utf8": b'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{'
                        b'"index":0,"delta":{"content":"\xff\xfe"},"finish_reason":null}]}\n\n',
            "long-line": b"data: " + b"x" * (10 << 20) + b"\n\n",
            "error-frame": {"error": error_object(500, model)},
        }[model])
        return await self.end_stream()


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
