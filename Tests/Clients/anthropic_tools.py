"""Tools through the Anthropic client: calls, results, whole loops, choices."""

import json

import anthropic

from anthropic_calls import (
    CITY, MAX_TOKENS, NOW, SUM, ask, body, client, final, ordered, refused, same, text_of, user)
from harness import equal, expect
from upstreams import ANTHROPIC, BOTH, OPENAI, check, mock_control, texts


def calls_of(message):
    return [block for block in message.content if block.type == "tool_use"]


@check("one call", *BOTH)
def _(on):
    message = ask(on, tools=[CITY])
    equal(message.stop_reason, "tool_use")
    [call] = calls_of(message)
    equal((call.name, call.input), ("City", {"city": "Ada"}))
    expect(call.id, "the call has no id")


@check("parallel calls, and one at a time", *BOTH)
def _(on):
    calls = calls_of(ask(on, tools=[CITY, SUM]))
    equal([(call.name, call.input) for call in calls], [("City", {"city": "Ada"}), ("Sum", {"left": 36, "right": 36})])
    equal(len({call.id for call in calls}), 2, "ids")
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    equal(len(calls_of(ask(on, tools=[CITY, SUM], tool_choice=choice))), 1, "calls")


@check("streamed, with the input in pieces; the final message is the whole one", *BOTH)
def _(on):
    events = list(ask(on, tools=[CITY, SUM], stream=True))
    equal(ordered(events), ["tool_use", "tool_use"])
    pieces = {}
    for event in events:
        if event.type == "content_block_start":
            equal(event.content_block.input, {}, "the input at a block's start")
        if event.type == "content_block_delta":
            pieces.setdefault(event.index, []).append(event.delta.partial_json)
    equal([json.loads("".join(parts)) for parts in pieces.values()], [{"city": "Ada"}, {"left": 36, "right": 36}])
    expect(sum(map(len, pieces.values())) > 6, "the input came whole")
    equal(events[-2].delta.stop_reason, "tool_use")
    same(ask(on, tools=[CITY, SUM]), final(on, tools=[CITY, SUM]))


@check("a call without input has an empty one, whole and streamed", *BOTH)
def _(on):
    for message in (ask(on, tools=[NOW]), final(on, tools=[NOW])):
        equal([(call.name, call.input) for call in calls_of(message)], [("Now", {})])


@check("a whole loop: calls, results in every form, the answer", *BOTH)
def _(on):
    for say in (ask, final):
        messages = user("How is the weather, and what is 36 + 36?")
        message = say(on, messages=messages, tools=[CITY, SUM], system="Use tools.")
        city, total = calls_of(message)
        messages += [
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": city.id, "content": [{"type": "text", "text": "sunny"}]},
                {"type": "tool_result", "tool_use_id": total.id, "is_error": True,
                 "content": str(sum(total.input.values()))}]}]
        message = say(on, messages=messages, tools=[CITY, SUM], system="Use tools.")
        # OpenAI's dialect has no sign for a failed call but the words.
        told = "72" if on is ANTHROPIC else "Error: 72"
        equal((text_of(message), message.stop_reason), (f"The tools say: sunny, {told}.", "end_turn"))


@check("the client's own tool runner", *BOTH)
def _(on):
    seen = []

    @anthropic.beta_tool
    def weather(city: str) -> str:
        """Where somebody wants the weather of."""
        seen.append(city)
        return f"sunny in {city}"

    runner = client.beta.messages.tool_runner(
        model=on.model(), max_tokens=MAX_TOKENS, messages=user("How is the weather?"), tools=[weather],
        # Else it leaves the conversation to the provider.
        thread=False)
    equal((text_of(runner.until_done()), seen), ("The tools say: sunny in Ada.", ["Ada"]))


@check("calls and results as they arrive", *BOTH)
def _(on):
    calls = [{"type": "tool_use", "id": "toolu_a", "name": "City", "input": {"city": "Ada"}},
             {"type": "tool_use", "id": "toolu_b", "name": "Now", "input": {}}]
    results = [{"type": "tool_result", "tool_use_id": "toolu_a", "content": "sunny"},
               {"type": "tool_result", "tool_use_id": "toolu_b", "content": [{"type": "text", "text": "noon"}]}]
    messages = [*user("Hello"), {"role": "assistant", "content": [{"type": "text", "text": "Let me see."}, *calls]},
                {"role": "user", "content": [*results, {"type": "text", "text": "And?"}]}]
    sent = body(on, messages=messages, tools=[CITY, NOW])["messages"]
    if on is ANTHROPIC:
        equal(sent, messages)
        return
    equal([message["role"] for message in sent], ["user", "assistant", "tool", "tool", "user"])
    equal(texts(sent[1]["content"]), "Let me see.")
    equal([(call["id"], call["type"], call["function"]["name"], json.loads(call["function"]["arguments"]))
           for call in sent[1]["tool_calls"]],
          [("toolu_a", "function", "City", {"city": "Ada"}), ("toolu_b", "function", "Now", {})])
    equal([(message["tool_call_id"], texts(message["content"])) for message in sent[2:4]],
          [("toolu_a", "sunny"), ("toolu_b", "noon")])
    equal(texts(sent[4]["content"]), "And?")


@check("definitions as they arrive", *BOTH)
def _(on):
    marked = {**CITY, "strict": True, "cache_control": {"type": "ephemeral"}}
    sent = body(on, tools=[marked, NOW])["tools"]
    if on is ANTHROPIC:
        equal(sent, [marked, NOW])
        return
    equal([tool["type"] for tool in sent], ["function", "function"])
    wanted = {"name": "City", "description": CITY["description"], "parameters": CITY["input_schema"], "strict": True}
    equal(sent[0]["function"], wanted)
    expect("cache_control" not in str(sent), "a mark went to a provider that does not know it")


@check("the choice of tools", *BOTH)
def _(on):
    chosen = {"type": "function", "function": {"name": "Sum"}}
    choices = [({"type": "auto"}, "auto", 2), ({"type": "any"}, "required", 2), ({"type": "none"}, "none", 0),
               ({"type": "tool", "name": "Sum"}, chosen, 1)]
    for choice, other, count in choices:
        sent = body(on, tools=[CITY, SUM], tool_choice=choice)["tool_choice"]
        equal(sent, choice if on is ANTHROPIC else other)
        equal(len(calls_of(ask(on, tools=[CITY, SUM], tool_choice=choice))), count, f"calls with {choice}")
    one = {"type": "any", "disable_parallel_tool_use": True}
    sent = body(on, tools=[CITY], tool_choice=one)
    equal(sent["tool_choice"], one if on is ANTHROPIC else "required")
    expect(on is ANTHROPIC or sent["parallel_tool_calls"] is False, "parallel_tool_calls is missing")


@check("a result without its call is refused before anything is sent", *BOTH)
def _(on):
    before = mock_control()["requests"]
    stray = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_x", "content": "3"}]}
    error = refused(400, "invalid_request_error", ask, on, messages=[*user("Hello"), {
        "role": "assistant", "content": "Hi"}, stray])
    expect("tool_use_id" in error.api_message, error.api_message)
    expect(mock_control()["requests"] - before == 0 or on.model("x") == "x", "it was sent all the same")


@check("tools that a provider runs itself pass to it, and to no other", *BOTH, direct=False)
def _(on):
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    if on is ANTHROPIC:
        equal(body(on, tools=[search, CITY])["tools"], [search, CITY])
        return
    error = refused(400, "invalid_request_error", ask, on, tools=[search])
    expect("tools" in error.api_message, error.api_message)


@check("a tool whose name is an attack stays within its field", OPENAI, direct=False)
def _(on):
    for message in (ask(on, "evil-tool"), final(on, "evil-tool")):
        equal([call.name for call in calls_of(message)], ["x\n\ndata: {\"evil\":1}\n\n"])
