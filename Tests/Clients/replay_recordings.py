"""Recorded exchanges with providers: which there are, of which dialect, and which are left out of a comparison."""

import dataclasses
import json
import os
import pathlib
import re
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
ROUTES = {"/chat/completions": "chat", "/embeddings": "embeddings", "/responses": "responses",
          "/v1/messages": "messages", "/v1/messages/count_tokens": "count_tokens"}
# What is of the recorder's connection, not of the answer.
HOP_HEADERS = {"content-encoding", "transfer-encoding", "content-length", "connection"}


@dataclasses.dataclass(frozen=True)
class Recording:
    file: str
    line: int
    dialect: str
    query: str
    request: dict
    status: int
    headers: tuple
    body: bytes

    @property
    def kind(self):
        if self.status != 200:
            return "error"
        return "stream" if self.request.get("stream") else "whole"

    @property
    def name(self):
        """What the upstream that replays it calls its model."""
        return f"rec-{self.file}-{self.line}"

    @property
    def place(self):
        return f"{self.file} L{self.line}"


def folder():
    """Where the recordings lie: in the folder `data/fixtures` of TUTTI_SHARED, or of `shared` beside the project."""
    shared = os.environ.get("TUTTI_SHARED") or HERE.parent.parent.parent / "shared"
    return pathlib.Path(shared) / "data/fixtures"


def load(path):
    """Every recording of the dialects that Tutti speaks, in the order of files and lines."""
    found = []
    for file in sorted(path.glob("*.jsonl")):
        with open(file, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if recording := read(file.stem, number, json.loads(line)):
                    found.append(recording)
    return found


def read(file, number, row):
    url = urllib.parse.urlsplit(row["url"])
    dialect = next((name for route, name in ROUTES.items() if url.path.endswith(route)), None)
    if not dialect or row["method"] != "POST":
        return None
    headers = []
    for name, values in (row["headers"] or {}).items():
        if name.lower() not in HOP_HEADERS:
            headers += [(name, value) for value in (values if isinstance(values, list) else [values])]
    # An Azure deployment stands in the address, and its body may name no model.
    request = {"model": "", **row["request_body"]}
    return Recording(file, number, dialect, url.query, request, row["status"], tuple(headers), row["body"].encode())


def sse(body):
    """The events of a stream as (name or None, data as bytes). Comments are passed over, anything else is a fault."""
    events, name, data = [], None, []
    for line in re.split(rb"\r\n|\n|\r", body):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif line.startswith(b"event:"):
            name = line[6:].strip().decode()
        elif not line:
            if data:
                events.append((name, b"\n".join(data)))
            name, data = None, []
        elif not line.startswith((b":", b"id:", b"retry:")):
            raise ValueError(f"no line of an event stream: {line[:80]!r}")
    if name or data:
        raise ValueError(f"the stream ends within an event: {(name, data)!r:.120}")
    return events


def left_out(recording, client):
    """Why a client of this dialect cannot be given the recording, or None where it can."""
    if recording.dialect == client == "responses":
        return stateful(recording.request)
    if recording.dialect == client:
        return None
    return {
        "embeddings": "no equivalent: only OpenAI's dialect has embeddings",
        "count_tokens": "no equivalent: only Anthropic's dialect counts tokens",
        "responses": "never meets it: an upstream's Responses are asked for by clients of Responses alone",
    }.get(recording.dialect)


def stateful(request):
    """What of a Responses request only the server that keeps the conversation could answer."""
    if request.get("previous_response_id"):
        return "needs the server's state: previous_response_id"
    if request.get("conversation"):
        return "needs the server's state: conversation"
    if request.get("background"):
        return "needs the server's state: background"
    return None
