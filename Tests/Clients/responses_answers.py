"""Responses: text, the events of a stream, tools, instructions, what arrives at the upstream."""

import asyncio
import json

import openai

from harness import CALLER_KEY, equal, expect
from openai_calls import City, Person, Sum, client
from upstreams import ANTHROPIC, CHATS, CONTENT, DIRECT, OPENAI, THOUGHT, URL, check, parsed, texts

# The first has Responses of its own.
EITHER = (OPENAI, CHATS, ANTHROPIC)
TOOLS = [
    {"type": "function", "name": model.__name__, "description": model.__doc__, "parameters": model.model_json_schema(),
     "strict": False} for model in (City, Sum)]


def respond(on, model=None, text="Hello", **more):
    return client.responses.create(**{"model": on.model(model), "input": text} | more)


def final(on, model=None, text="Hello", **more):
    """The response that the client's helper puts together from a stream."""
    with client.responses.stream(**{"model": on.model(model), "input": text} | more) as events:
        return events.get_final_response()


def sent(on, text="Hello", **more):
    return parsed(respond(on, "echo", text, **more).output_text)["body"]


def calls_of(response):
    return [item for item in response.output if item.type == "function_call"]


@check("a response: text, status, usage, ids", *EITHER)
def _(on):
    response = respond(on)
    equal((response.output_text, response.status, response.object), (CONTENT, "completed", "response"))
    [message] = response.output
    equal((message.type, message.role, message.status), ("message", "assistant", "completed"))
    equal([part.type for part in message.content], ["output_text"])
    equal(response.model, on.model())
    expect(response.id and message.id and response.created_at, "no id or time")
    usage = response.usage
    equal((usage.input_tokens, usage.output_tokens, usage.total_tokens), (42, 7, 49))
    equal((usage.input_tokens_details.cached_tokens, usage.output_tokens_details.reasoning_tokens), (8, 3))
    equal((response.error, response.incomplete_details), (None, None))
    expect(DIRECT or response._request_id.startswith("req_"), "no request id")


@check("a stream: events in order, with numbers that go up", *EITHER)
def _(on):
    events = list(respond(on, stream=True))
    kinds = [event.type for event in events]
    equal(kinds[0], "response.created")
    equal(kinds[-1], "response.completed")
    equal([event.sequence_number for event in events], list(range(len(events))))
    found = [kind for kind in kinds if kind not in ("response.created", "response.in_progress")]
    text = "response.output_text"
    pieces = found.count(f"{text}.delta")
    expect(pieces > 3, f"only {pieces} pieces")
    equal(found, ["response.output_item.added", "response.content_part.added", *[f"{text}.delta"] * pieces,
                  f"{text}.done", "response.content_part.done", "response.output_item.done", "response.completed"])
    equal("".join(event.delta for event in events if event.type == f"{text}.delta"), CONTENT)
    last = events[-1].response
    equal((last.output_text, last.usage.total_tokens, last.model), (CONTENT, 49, on.model()))
    equal(len({event.response.id for event in events if hasattr(event, "response")}), 1, "ids")
    equal(len({event.item_id for event in events if hasattr(event, "item_id")}), 1, "ids of the item")


@check("the stream helper's final response is the whole one", *EITHER)
def _(on):
    whole, streamed = respond(on), final(on)
    equal((streamed.output_text, streamed.status, streamed.model), (whole.output_text, whole.status, whole.model))
    equal(streamed.usage, whole.usage)


@check("an answer that is too long, or filtered, is incomplete", *EITHER)
def _(on):
    for model, reason in (("length", "max_output_tokens"), ("filter", "content_filter")):
        response = respond(on, model)
        equal((response.status, response.incomplete_details.reason), ("incomplete", reason))
        last = list(respond(on, model, stream=True))[-1]
        equal((last.type, last.response.incomplete_details.reason), ("response.incomplete", reason))


@check("thoughts as a summary, whole and streamed", *EITHER)
def _(on):
    response = respond(on, reasoning={"effort": "low", "summary": "auto"})
    equal([item.type for item in response.output], ["reasoning", "message"])
    equal(response.output_text, CONTENT)
    # As a summary, or as they are.
    shown = [*(response.output[0].summary or []), *(response.output[0].content or [])]
    equal("".join(part.text for part in shown), THOUGHT)
    streamed = final(on, reasoning={"effort": "low", "summary": "auto"})
    equal([item.type for item in streamed.output], ["reasoning", "message"])


@check("instructions, turns, limits as they arrive", *EITHER)
def _(on):
    turns = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"},
             {"role": "user", "content": [{"type": "input_text", "text": "Three"}]}]
    body = sent(on, turns, instructions="Be brief.", max_output_tokens=2048, user="ada")
    if on is OPENAI and "input" in body:
        equal((body["input"], body["instructions"], body["max_output_tokens"]), (turns, "Be brief.", 2048))
        return
    messages = body["messages"]
    instructions = body["system"] if "system" in body else messages.pop(0)["content"]
    equal(texts(instructions), "Be brief.")
    equal([(message["role"], texts(message["content"])) for message in messages],
          [("user", "One"), ("assistant", "Two"), ("user", "Three")])
    equal(body.get("max_tokens") or body.get("max_completion_tokens"), 2048, "the answer's limit")


@check("images as they arrive", *EITHER)
def _(on):
    url = "data:image/png;base64,iVBORw0KGgo="
    body = sent(on, [{"role": "user", "content": [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": url, "detail": "auto"}]}])
    expect(url.rpartition(",")[2] in json.dumps(body), "the image is missing")


@check("tools: calls, in parallel and one at a time", *EITHER)
def _(on):
    for ask in (respond, final):
        calls = calls_of(ask(on, tools=TOOLS))
        equal([(call.name, json.loads(call.arguments)) for call in calls],
              [("City", {"city": "Ada"}), ("Sum", {"left": 36, "right": 36})])
        equal(len({call.call_id for call in calls}), 2, "ids")
    equal(len(calls_of(respond(on, tools=TOOLS, parallel_tool_calls=False))), 1, "calls")
    chosen = calls_of(respond(on, tools=TOOLS, tool_choice={"type": "function", "name": "Sum"}))
    equal([call.name for call in chosen], ["Sum"])
    equal(calls_of(respond(on, tools=TOOLS, tool_choice="none")), [])


@check("tools: streamed arguments", *EITHER)
def _(on):
    events, kind = list(respond(on, tools=TOOLS, stream=True)), "response.function_call_arguments"
    pieces = {}
    for event in events:
        if event.type == f"{kind}.delta":
            pieces.setdefault(event.output_index, []).append(event.delta)
    done = {event.output_index: event.arguments for event in events if event.type == f"{kind}.done"}
    equal({index: "".join(parts) for index, parts in pieces.items()}, done)
    equal([json.loads(text) for text in done.values()], [{"city": "Ada"}, {"left": 36, "right": 36}])
    expect(sum(map(len, pieces.values())) > 4, "the arguments came whole")
    added = [event.item.name for event in events if event.type == "response.output_item.added"]
    equal(added, ["City", "Sum"])


@check("tools: a whole loop, with the answer's own items sent back", *EITHER)
def _(on):
    for ask in (respond, final):
        turns = [{"role": "user", "content": "How is the weather, and what is 36 + 36?"}]
        response = ask(on, text=turns, tools=TOOLS, instructions="Use tools.")
        turns += [{"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
                  for call in calls_of(response)]
        turns += [{"type": "function_call_output", "call_id": call.call_id, "output": result}
                  for call, result in zip(calls_of(response), ("sunny", "72"))]
        response = ask(on, text=turns, tools=TOOLS, instructions="Use tools.")
        equal((response.output_text, response.status), ("The tools say: sunny, 72.", "completed"))


@check("JSON schema: parsed into a pydantic model, whole and streamed", *EITHER)
def _(on):
    response = client.responses.parse(model=on.model(), input="Who?", text_format=Person)
    equal(response.output_parsed, Person(name="Ada", age=36))
    with client.responses.stream(model=on.model(), input="Who?", text_format=Person) as events:
        equal(events.get_final_response().output_parsed, Person(name="Ada", age=36))


@check("50 at once, half of them streamed: each gets its own answer", *EITHER)
def _(on):
    async def fifty():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=CALLER_KEY, max_retries=0, timeout=300) as many:
            async def one(number):
                request = {"model": on.model("repeat"), "input": f"Number {number}"}
                if number % 2:
                    return (await many.responses.create(**request)).output_text
                stream = await many.responses.create(**request, stream=True)
                return "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])
            return await asyncio.gather(*(one(number) for number in range(50)))
    equal(asyncio.run(fifty()), [f"You said: Number {number}" for number in range(50)])
