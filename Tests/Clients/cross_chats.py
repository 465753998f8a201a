"""OpenAI's client on an upstream of Anthropic's dialect: what becomes of requests and answers."""

import asyncio
import json
import uuid

import openai

from harness import PROVIDER_KEY, equal, expect
from openai_calls import City, Person, Sum, ask, client, join
from upstreams import ANTHROPIC, CONTENT, DIRECT, THOUGHT, check, mock_control, parsed, texts

TOOLS = [openai.pydantic_function_tool(City), openai.pydantic_function_tool(Sum)]
IMAGE, PDF = "data:image/png;base64,iVBORw0KGgo=", "data:application/pdf;base64,JVBERi0xLjQK"


def say(model=None, text="Hello", **more):
    return ask(ANTHROPIC.model(model), text, **more)


def talk(messages, model=None, **more):
    return client.chat.completions.create(model=ANTHROPIC.model(model), messages=messages, **more)


def sent(messages=None, **more):
    """The body that arrives at the upstream."""
    answer = talk(messages or [{"role": "user", "content": "Hello"}], "echo", **more)
    return parsed(answer.choices[0].message.content)["body"]


@check("chat: content, finish reason, usage with its details, ids", ANTHROPIC)
def _(on):
    answer = say()
    equal(answer.choices[0].message.content, CONTENT)
    equal((answer.choices[0].finish_reason, answer.choices[0].index), ("stop", 0))
    equal((answer.object, answer.choices[0].message.role), ("chat.completion", "assistant"))
    expect(DIRECT or answer.model == on.model(), f"model is {answer.model}")
    expect(answer.id and answer.created, "no id or time")
    usage = answer.usage
    equal((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (42, 7, 49))
    equal(usage.prompt_tokens_details.cached_tokens, 8)
    equal(usage.completion_tokens_details.reasoning_tokens, 3)


@check("stream: role first, pieces, finish reason once, no usage that nobody asked for", ANTHROPIC)
def _(on):
    chunks = list(say(stream=True))
    equal(join(chunks), CONTENT)
    equal(chunks[0].choices[0].delta.role, "assistant")
    equal([choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason], ["stop"])
    expect(all(chunk.usage is None and chunk.choices for chunk in chunks), "a usage chunk that nobody asked for")
    equal(len({chunk.id for chunk in chunks}), 1, "ids")
    expect(DIRECT or all(chunk.model == on.model() for chunk in chunks), "a chunk without the model's name")


@check("stream with include_usage: the last chunk has usage and no choice", ANTHROPIC)
def _(on):
    for model, tokens in ((None, 42), *(() if DIRECT else (("late-usage", 80),))):
        chunks = list(say(model, stream=True, stream_options={"include_usage": True}))
        equal((join(chunks), chunks[-1].choices), (CONTENT, []))
        usage = chunks[-1].usage
        equal((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (tokens, 7, tokens + 7))
        equal(usage.completion_tokens_details.reasoning_tokens, 3)
        expect(all(chunk.usage is None for chunk in chunks[:-1]), "usage in an early chunk")


@check("stream: pieces arrive as the upstream sends them, not at the end", ANTHROPIC)
def _(on):
    tag, pieces = uuid.uuid4().hex, []
    for chunk in say("step", f"tag-{tag}", stream=True):
        if chunk.choices[0].delta.content:
            pieces.append(chunk.choices[0].delta.content)
            # Only now may the upstream send the next one.
            mock_control(f"?go={tag}")
    equal((len(pieces), "".join(pieces)), (6, CONTENT))


@check("finish reasons, whole and streamed", ANTHROPIC)
def _(on):
    reasons = {"length": "length", "filter": "content_filter"}
    if not DIRECT:
        reasons |= {"window": "length"}
    for model, reason in reasons.items():
        equal(say(model).choices[0].finish_reason, reason, model)
        equal(list(say(model, stream=True))[-1].choices[0].finish_reason, reason, model)


@check("stop, as text and as list", ANTHROPIC)
def _(on):
    for stop in (" two", ["nothing", " two"]):
        choice = say(stop=stop).choices[0]
        equal((choice.message.content, choice.finish_reason), ("The mock answers: one", "stop"))


@check("thoughts, whole and streamed", ANTHROPIC)
def _(on):
    for more in ({"model": "reasoning"}, {"reasoning_effort": "low"}):
        message = say(**more).choices[0].message
        equal((message.model_extra.get("reasoning_content"), message.content), (THOUGHT, CONTENT))
        deltas = [choice.delta for chunk in say(**more, stream=True) for choice in chunk.choices]
        equal("".join((delta.model_extra or {}).get("reasoning_content") or "" for delta in deltas), THOUGHT)


@check("tools: calls, in parallel and one at a time", ANTHROPIC)
def _(on):
    choice = say(tools=TOOLS).choices[0]
    equal(choice.finish_reason, "tool_calls")
    calls = choice.message.tool_calls
    equal([(call.type, call.function.name, json.loads(call.function.arguments)) for call in calls],
          [("function", "City", {"city": "Ada"}), ("function", "Sum", {"left": 36, "right": 36})])
    equal(len({call.id for call in calls}), 2, "ids")
    equal(len(say(tools=TOOLS, parallel_tool_calls=False).choices[0].message.tool_calls), 1, "calls")
    parse = client.chat.completions.parse(
        model=on.model(), messages=[{"role": "user", "content": "x"}], tools=TOOLS[:1])
    equal(parse.choices[0].message.tool_calls[0].function.parsed_arguments, City(city="Ada"))


@check("tools: streamed, with argument deltas of two parallel calls", ANTHROPIC)
def _(on):
    names, ids, arguments, deltas = {}, {}, {}, 0
    chunks = list(say(tools=TOOLS, stream=True))
    for call in (call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []):
        deltas += 1
        if call.function.name:
            names[call.index], ids[call.index] = call.function.name, call.id
        arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    equal(names, {0: "City", 1: "Sum"})
    equal(len(set(ids.values()) - {None, ""}), 2, "ids")
    equal([json.loads(text) for text in arguments.values()], [{"city": "Ada"}, {"left": 36, "right": 36}])
    expect(deltas > 6, f"only {deltas} deltas")
    equal(chunks[-1].choices[0].finish_reason, "tool_calls")


@check("tools: a call without arguments has those of an empty object", ANTHROPIC)
def _(on):
    now = [{"type": "function", "function": {"name": "Now"}}]
    equal(say(tools=now).choices[0].message.tool_calls[0].function.arguments, "{}")
    text = "".join(call.function.arguments or "" for chunk in say(tools=now, stream=True)
                   for call in chunk.choices[0].delta.tool_calls or [])
    equal(text, "{}")


@check("tools: a whole loop", ANTHROPIC)
def _(on):
    messages = [{"role": "system", "content": "Use tools."}, {"role": "user", "content": "How is the weather?"}]
    message = talk(messages, tools=TOOLS).choices[0].message
    messages.append(message.model_dump(exclude_none=True))
    for call, result in zip(message.tool_calls, ("sunny", "72")):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    choice = talk(messages, tools=TOOLS).choices[0]
    equal((choice.message.content, choice.finish_reason), ("The tools say: sunny, 72.", "stop"))
    equal(join(list(talk(messages, tools=TOOLS, stream=True))), "The tools say: sunny, 72.")


@check("tools: the choice", ANTHROPIC, direct=False)
def _(on):
    chosen = {"type": "function", "function": {"name": "Sum"}}
    for choice, other in (("auto", {"type": "auto"}), ("required", {"type": "any"}), ("none", {"type": "none"}),
                          (chosen, {"type": "tool", "name": "Sum"})):
        equal(sent(tools=TOOLS, tool_choice=choice)["tool_choice"], other)
    equal(sent(tools=TOOLS, parallel_tool_calls=False)["tool_choice"],
          {"type": "auto", "disable_parallel_tool_use": True})
    [city, _] = sent(tools=TOOLS)["tools"]
    function = TOOLS[0]["function"]
    equal((city["name"], city["description"], city["input_schema"]),
          ("City", function["description"], function["parameters"]))


@check("JSON schema: parsed into a pydantic model, whole and streamed", ANTHROPIC)
def _(on):
    messages = [{"role": "user", "content": "Who?"}]
    answer = client.chat.completions.parse(model=on.model(), messages=messages, response_format=Person)
    equal(answer.choices[0].message.parsed, Person(name="Ada", age=36))
    with client.chat.completions.stream(model=on.model(), messages=messages, response_format=Person) as stream:
        equal(stream.get_final_completion().choices[0].message.parsed, Person(name="Ada", age=36))


@check("requests: instructions, turns, results, limits", ANTHROPIC, direct=False)
def _(on):
    body = sent([
        {"role": "system", "content": "Be brief."}, {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "Add.", "name": "ada"},
        {"role": "user", "content": [{"type": "text", "text": "Do."}]},
        {"role": "assistant", "content": "Let me see.", "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "Sum", "arguments": "{\"left\":1}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "3"}, {"role": "user", "content": "And?"}],
        max_tokens=64, temperature=0.25, top_p=0.9, stop="never", user="ada", seed=7, tools=TOOLS)
    expect("Be brief." in texts(body["system"]) and "Be kind." in texts(body["system"]), body["system"])
    roles = [message["role"] for message in body["messages"]]
    equal(roles, ["user", "assistant", "user"])
    question, said, results = (message["content"] for message in body["messages"])
    equal(texts(question), "Add.Do.")
    equal([block["type"] for block in said], ["text", "tool_use"])
    equal((said[1]["id"], said[1]["name"], said[1]["input"]), ("call_1", "Sum", {"left": 1}))
    equal([block["type"] for block in results], ["tool_result", "text"])
    equal((results[0]["tool_use_id"], texts(results[0]["content"])), ("call_1", "3"))
    equal((body["max_tokens"], body["temperature"], body["top_p"]), (64, 0.25, 0.9))
    equal((body["stop_sequences"], body["metadata"]), (["never"], {"user_id": "ada"}))
    strange = {"seed", "user", "stop", "n", "stream_options"} & set(body)
    expect(not strange, f"fields of the other dialect: {strange}")
    expect(sent()["max_tokens"] >= 4096, "without a limit of the client's the answer gets little room")


@check("requests: images and files", ANTHROPIC, direct=False)
def _(on):
    parts = [{"type": "text", "text": "What is this?"},
             {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
             {"type": "image_url", "image_url": {"url": "https://mock.test/a.png"}},
             {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}]
    found = sent([{"role": "user", "content": parts}])["messages"][0]["content"]
    equal([block["type"] for block in found], ["text", "image", "image", "document"])
    equal([block["source"] for block in found[1:]], [
        {"type": "base64", "media_type": "image/png", "data": IMAGE.rpartition(",")[2]},
        {"type": "url", "url": "https://mock.test/a.png"},
        {"type": "base64", "media_type": "application/pdf", "data": PDF.rpartition(",")[2]}])


@check("requests: thinking by effort, and its headers", ANTHROPIC, direct=False)
def _(on):
    for effort, budget in (("low", 1024), ("medium", 4096), ("high", 16_384)):
        body = sent(reasoning_effort=effort, max_completion_tokens=20_000)
        equal(body["thinking"], {"type": "enabled", "budget_tokens": budget})
        expect(body["max_tokens"] > budget, "no room for the answer")
    expect("thinking" not in sent(reasoning_effort="none"), "thinking that nobody asked for")
    headers = parsed(say("echo").choices[0].message.content)["headers"]
    equal(headers.get("x-api-key"), PROVIDER_KEY)
    expect("authorization" not in headers and headers.get("anthropic-version"), f"headers {list(headers)}")


@check("50 at once, half of them streamed: each gets its own answer", ANTHROPIC)
def _(on):
    async def fifty():
        async with openai.AsyncOpenAI(base_url=client.base_url, api_key="x", max_retries=0, timeout=300) as many:
            async def one(number):
                request = {"model": on.model("repeat"), "messages": [{"role": "user", "content": f"Number {number}"}]}
                if number % 2:
                    return (await many.chat.completions.create(**request)).choices[0].message.content
                stream = await many.chat.completions.create(**request, stream=True)
                return "".join([choice.delta.content or "" async for chunk in stream for choice in chunk.choices])
            return await asyncio.gather(*(one(number) for number in range(50)))
    equal(asyncio.run(fifty()), [f"You said: Number {number}" for number in range(50)])
