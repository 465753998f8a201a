"""The Anthropic client against the running Tutti, and what its suite asks it for."""

import asyncio

import anthropic
import pydantic

from harness import CALLER_KEY, equal, expect
from upstreams import DIRECT, URL, parsed

client = anthropic.Anthropic(base_url=URL, api_key=CALLER_KEY, max_retries=0, timeout=60)
MAX_TOKENS = 256
CITY = {"name": "City", "description": "Where somebody wants the weather of.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
SUM = {"name": "Sum", "description": "Adds two integers.", "input_schema": {
    "type": "object", "properties": {"left": {"type": "integer"}, "right": {"type": "integer"}},
    "required": ["left", "right"]}}
NOW = {"name": "Now", "description": "The time.", "input_schema": {"type": "object", "properties": {}}}


class Person(pydantic.BaseModel):
    name: str
    age: int


def user(content):
    return [{"role": "user", "content": content}]


def ask(on, model=None, content="Hello", create=client.messages.create, **more):
    """`content`: the user's, unless `messages` are given."""
    return create(**{"model": on.model(model), "max_tokens": MAX_TOKENS, "messages": user(content)} | more)


def stream(on, model=None, content="Hello", **more):
    """The client's helper that puts a streamed message together."""
    return ask(on, model, content, create=client.messages.stream, **more)


def final(on, model=None, content="Hello", **more):
    with stream(on, model, content, **more) as events:
        return events.get_final_message()


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def echoed(on, content="Hello", **more):
    """The upstream's request, of which the model tells."""
    return parsed(text_of(ask(on, "echo", content, **more)))


def body(on, content="Hello", **more):
    return echoed(on, content, **more)["body"]


def usage_of(found):
    return {"input": found.input_tokens, "written": found.cache_creation_input_tokens or 0,
            "read": found.cache_read_input_tokens or 0, "output": found.output_tokens}


def ordered(events):
    """Sees that the events of a stream come in the order that the dialect promises, and gives the blocks' types."""
    kinds = [event.type for event in events if event.type != "ping"]
    equal(kinds[0], "message_start")
    equal(kinds[-2:], ["message_delta", "message_stop"])
    blocks, opened = [], False
    for event in events[1:-2]:
        if event.type == "content_block_start":
            expect(not opened, "a block begins within another")
            equal(event.index, len(blocks), "number of a block")
            blocks.append(event.content_block.type)
            opened = True
        elif event.type in ("content_block_delta", "content_block_stop"):
            expect(opened, f"{event.type} outside of a block")
            equal(event.index, len(blocks) - 1, f"number of a {event.type}")
            opened = event.type != "content_block_stop"
        else:
            equal(event.type, "ping")
    expect(not opened, "the last block does not end")
    return blocks


def same(whole, streamed):
    """A streamed message says the same as a whole one, but for what is named anew each time."""
    def shown(message):
        # What is null in the one may be absent in the other.
        fields = {**message.to_dict(), "id": None, "usage": usage_of(message.usage)}
        return {key: value for key, value in fields.items() if value is not None}
    equal(shown(streamed), shown(whole), "the streamed message")


def refused(status, kind, call, *arguments, **more):
    """The error that a call must end with; `kind` is the type in its body."""
    try:
        call(*arguments, **more)
    except anthropic.APIStatusError as error:
        equal((error.status_code, error.type), (status, kind), f"status and type ({str(error)[:200]})")
        equal(error.body["type"], "error")
        expect(error.api_message, "no message")
        expect(error.request_id, "no request id in the headers")
        equal(error.body.get("request_id"), error.request_id, "the request id in the body")
        return error
    raise AssertionError(f"no error with status {status}")


def broken(on, model, kind):
    """Reads a stream that must break with an error event; the pieces of text that had come before it, the error."""
    pieces = []
    try:
        with stream(on, model) as events:
            for text in events.text_stream:
                pieces.append(text)
    except anthropic.APIStatusError as error:
        equal(error.body["type"], "error")
        equal(error.type, kind, f"type ({error})")
        expect(error.api_message, "no message")
        expect(DIRECT or error.body.get("request_id"), "no request id in the error")
        return pieces, error
    raise AssertionError(f"the stream ended in silence after {pieces}")


async def fifty(on, *models):
    """The answers to fifty questions at once, half of them streamed."""
    async with anthropic.AsyncAnthropic(base_url=URL, api_key=CALLER_KEY, max_retries=0, timeout=300) as many:
        async def one(number):
            request = {"model": on.model(models[number % len(models)]), "max_tokens": MAX_TOKENS,
                       "messages": user(f"Number {number}")}
            if number % 4 < 2:
                return text_of(await many.messages.create(**request))
            async with many.messages.stream(**request) as events:
                return "".join([text async for text in events.text_stream])
        return await asyncio.gather(*(one(number) for number in range(50)))
