"""What must stay byte for byte where client and upstream speak the same dialect: everything but the model."""

import json
import re

from replay_recordings import sse

DECODER = json.JSONDecoder()
BLANK = re.compile(r"[ \t\r\n]*")
ASKED = re.compile(rb'(,?)\s*"stream_options"\s*:\s*\{\s*"include_usage"\s*:\s*true\s*\}(,?)')


def with_member(text, path, value):
    """The JSON text with the value at the path replaced and everything else as it is; unchanged where there is none."""
    at = BLANK.match(text).end()
    if text[at:at + 1] != "{":
        return text
    at = BLANK.match(text, at + 1).end()
    while text[at] != "}":
        key, at = DECODER.raw_decode(text, at)
        start = BLANK.match(text, BLANK.match(text, at).end() + 1).end()
        _, end = DECODER.raw_decode(text, start)
        if key == path[0]:
            inner = with_member(text[start:end], path[1:], value) if path[1:] else json.dumps(value)
            return text[:start] + inner + text[end:]
        at = BLANK.match(text, end).end()
        if text[at] == ",":
            at = BLANK.match(text, at + 1).end()
    return text


def renamed(body, dialect, model, frame=False):
    """The body, or the data of one event, with the model's name replaced where the dialect has it."""
    path = ["model"]
    if frame and dialect in ("messages", "responses"):
        path = ["message" if dialect == "messages" else "response", "model"]
    return with_member(body.decode(), path, model).encode()


def request_differences(sent, got, model, asked):
    """Between what the client sent and what the upstream got. `asked`: the server had to ask for usage."""
    wanted = renamed(sent, "chat", model)
    if asked:
        found = ASKED.search(got)
        if not found:
            return [f"the upstream was not asked for usage: {got[-200:]!r}"]
        got = got[:found.start()] + (b"," if found[1] and found[2] else b"") + got[found.end():]
    return difference("the request", got, wanted)


def faulty_calls(answer):
    """The tool calls of a whole answer that a client could not read: without a type, or without arguments."""
    root = json.loads(answer.body) if hasattr(answer, "body") else answer
    calls = [call for choice in root["choices"] for call in choice["message"].get("tool_calls") or []]
    return [call for call in calls if "type" not in call or "arguments" not in call["function"]]


def whole_differences(answer, recording, model):
    if recording.dialect == "chat" and faulty_calls(recording):
        # Mended, so not byte for byte.
        wanted = json.loads(recording.body)
        for call in faulty_calls(wanted):
            call["type"] = "function"
            call["function"].setdefault("arguments", "{}")
        wanted["model"] = model
        return [] if json.loads(answer.body) == wanted else [f"the body: {answer.body!r:.600}, wanted {wanted!r:.600}"]
    return difference("the body", answer.body, renamed(recording.body, recording.dialect, model))


def named(name, data, dialect):
    """Servers of these dialects name their events; one that does not has its events named by Tutti."""
    if name or dialect not in ("messages", "responses") or data == b"[DONE]":
        return name
    return json.loads(data)["type"]


def frame_differences(answer, recording, model, drops_usage, may_add_usage):
    """Frame by frame. `drops_usage`: the client did not ask for the usage, so a chunk with nothing else must be gone;
    `may_add_usage`: it asked, and the provider told none, or none that a client knows: a chunk of ours may tell it."""
    wanted = [(named(name, data, recording.dialect),
               data if data == b"[DONE]" else renamed(data, recording.dialect, model, frame=True))
              for name, data in sse(recording.body)]
    # Some servers send it behind an end that says so itself.
    if recording.dialect == "responses":
        wanted = [event for event in wanted if event[1] != b"[DONE]"]
    if drops_usage:
        wanted = [event for event in wanted if not is_usage_alone(event[1])]
    found = sse(answer.body)
    error = next((position for position, (_, data) in enumerate(wanted) if is_error(data)), None)
    if error is not None:
        return broken_differences(found, wanted, error, usage=not drops_usage)
    if may_add_usage and len(found) == len(wanted) + 1 and is_usage_alone(found[-2][1]):
        del found[-2]
    for position, (event, other) in enumerate(zip(found, wanted)):
        if event != other:
            what = f"frame {position} of {len(wanted)}"
            if event[0] != other[0]:
                return [f"{what}: its event is {event[0]!r}, wanted {other[0]!r}"]
            return difference(what, event[1], other[1])
    if len(found) != len(wanted):
        more = (found if len(found) > len(wanted) else wanted)[min(len(found), len(wanted))]
        return [f"{len(found)} frames, wanted {len(wanted)}; the first more or missing: {more!r:.300}"]
    return []


def broken_differences(found, wanted, error, usage):
    """A stream with an error in it: its frames up to there, and then the error in our words, with the provider's. Where
    `usage` was asked for, the tokens that the frame tells of come in a chunk of their own before the error."""
    if found[:error] != wanted[:error]:
        return [f"the frames before the error differ: {found[:error]!r:.200}"]
    said, counted = json.loads(wanted[error][1]), None
    if usage and said.get("usage") and len(found) == error + 2:
        counted = json.loads(found.pop(error)[1])
    if len(found) != error + 1:
        return [f"{len(found)} frames where the error is the one at {error}: {found[error:]!r:.300}"]
    told = json.loads(found[error][1])
    problems = []
    message = told.get("error", {}).get("message", "")
    if said["error"]["message"] not in message:
        problems.append(f"error.message: found {message!r}, wanted with {said['error']['message']!r}")
    if usage and said.get("usage"):
        kinds = ["prompt_tokens", "completion_tokens", "total_tokens"]
        seen = counted and counted["choices"] == [] and [counted["usage"][kind] for kind in kinds]
        if seen != [said["usage"][kind] for kind in kinds]:
            problems.append(f"usage beside the error: found {counted}, wanted {said['usage']}")
    return problems


def is_usage_alone(data):
    if data == b"[DONE]":
        return False
    chunk = json.loads(data)
    return chunk.get("object") == "chat.completion.chunk" and bool(chunk.get("usage")) and not chunk.get("choices")


def is_error(data):
    return data != b"[DONE]" and bool(json.loads(data).get("error"))


def difference(what, found, wanted):
    if found == wanted:
        return []
    at = next((position for position, (one, other) in enumerate(zip(found, wanted)) if one != other),
              min(len(found), len(wanted)))
    start = max(0, at - 40)
    try:
        same = " (the same as JSON)" if json.loads(found) == json.loads(wanted) else ""
    except ValueError:
        same = ""
    return [f"{what} differs at byte {at}{same}: found {found[start:at + 80]!r}, wanted {wanted[start:at + 80]!r}"]
