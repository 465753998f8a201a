"""Messages through the Anthropic client: whole and streamed, instructions, sampling, ends, counts, many at once."""

import asyncio
import json
import uuid

import anthropic

from anthropic_calls import (
    MAX_TOKENS, Person, ask, body, client, echoed, fifty, final, ordered, refused, same, stream, text_of, usage_of,
    user)
from harness import CALLER_KEY, PROVIDER_KEY, equal, expect
from upstreams import ANTHROPIC, BOTH, CONTENT, DIRECT, OPENAI, check, mock_control, parsed, texts

# Prompt tokens in this dialect leave out what the cache had or took.
USAGE = {"anthropic": {"input": 30, "written": 4, "read": 8, "output": 7},
         "openai": {"input": 34, "written": 0, "read": 8, "output": 7}}


@check("a message: text, stop reason, usage, ids", *BOTH)
def _(on):
    message = ask(on)
    equal(text_of(message), CONTENT)
    equal([block.type for block in message.content], ["text"])
    equal((message.type, message.role, message.model), ("message", "assistant", on.model()))
    equal((message.stop_reason, message.stop_sequence), ("end_turn", None))
    equal(usage_of(message.usage), USAGE[on.dialect])
    equal(message.usage.output_tokens_details.thinking_tokens, 3)
    expect(message.id.startswith("msg_"), f"id is {message.id}")
    expect(message._request_id.startswith("req_"), f"request id is {message._request_id}")


@check("usage of the dialect's own kinds goes through", ANTHROPIC)
def _(on):
    for message in (ask(on), final(on)):
        equal(message.usage.cache_creation.ephemeral_5m_input_tokens, 3)
        equal(message.usage.cache_creation.ephemeral_1h_input_tokens, 1)
        equal(message.usage.service_tier, "standard")


@check("headers: the request's id, a caller's own one, no cookie of the upstream", *BOTH, direct=False)
def _(on):
    mine = f"mine-{uuid.uuid4().hex[:8]}"
    for headers in ({}, {"x-request-id": mine}):
        raw = ask(on, create=client.messages.with_raw_response.create, extra_headers=headers)
        equal(raw.headers["request-id"], raw.headers["x-request-id"])
        expect(not headers or raw.headers["request-id"] == mine, "the caller's own id was not kept")
        expect("set-cookie" not in raw.headers, "an upstream's cookie came through")
        equal(text_of(raw.parse()), CONTENT)


@check("a stream: events in order, text in pieces, usage at the end", *BOTH)
def _(on):
    events = list(ask(on, stream=True))
    equal(ordered(events), ["text"])
    pieces = [event.delta.text for event in events if event.type == "content_block_delta"]
    equal("".join(pieces), CONTENT)
    expect(len(pieces) > 3, f"only {len(pieces)} pieces")
    start, end = events[0].message, events[-2]
    equal((start.role, start.model, start.content, start.stop_reason), ("assistant", on.model(), [], None))
    expect(start.id.startswith("msg_"), f"id is {start.id}")
    equal((end.delta.stop_reason, end.delta.stop_sequence), ("end_turn", None))
    equal((end.usage.output_tokens, end.usage.output_tokens_details.thinking_tokens), (7, 3))


@check("the stream helper's final message is the whole message", *BOTH)
def _(on):
    with stream(on) as events:
        equal("".join(events.text_stream), CONTENT)
        message = events.get_final_message()
        equal(events.get_final_text(), CONTENT)
        expect(events.request_id.startswith("req_"), f"request id is {events.request_id}")
    same(ask(on), message)


@check("the counts at a stream's end win over those at its start", ANTHROPIC)
def _(on):
    equal(usage_of(final(on, "late-usage").usage), {"input": 60, "written": 4, "read": 16, "output": 7})


@check("pieces arrive as the upstream sends them, not at the end", *BOTH)
def _(on):
    tag, pieces = uuid.uuid4().hex, []
    for event in ask(on, "step", f"tag-{tag}", stream=True):
        if event.type == "content_block_delta":
            pieces.append(event.delta.text)
            # Only now may the upstream send the next one.
            mock_control(f"?go={tag}")
    equal((len(pieces), "".join(pieces)), (6, CONTENT))


@check("an answer that takes a while", *BOTH)
def _(on):
    equal(text_of(ask(on, "late")), CONTENT)
    equal(text_of(final(on, "late")), CONTENT)


@check("instructions, as text and as blocks", *BOTH)
def _(on):
    blocks = [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}]
    for system, wanted in (("Be brief.", "Be brief."), (blocks, ("Be brief.", "Be kind."))):
        sent = body(on, system=system)
        if on is ANTHROPIC:
            equal(sent["system"], system)
            continue
        expect("system" not in sent, "a field of the other dialect")
        equal([message["role"] for message in sent["messages"]], ["system", "user"])
        found = texts(sent["messages"][0]["content"])
        expect(all(part in found for part in (wanted if isinstance(wanted, tuple) else [wanted])), found)


@check("a conversation of several turns arrives in its order", *BOTH)
def _(on):
    messages = [
        {"role": "user", "content": "One"}, {"role": "assistant", "content": [{"type": "text", "text": "Two"}]},
        {"role": "user", "content": [{"type": "text", "text": "Three"}, {"type": "text", "text": "Four"}]}]
    sent = body(on, messages=messages)["messages"]
    if on is ANTHROPIC:
        equal(sent, messages)
    equal([(message["role"], texts(message["content"])) for message in sent],
          [("user", "One"), ("assistant", "Two"), ("user", "ThreeFour")])


@check("sampling, limits and the user arrive", *BOTH)
def _(on):
    # As clients of the API's older version do it; the newer one has no sampling.
    more = {"extra_body": {"temperature": 0.25, "top_p": 0.9, "top_k": 40},
            "extra_headers": {"anthropic-version": "2023-06-01"}}
    sent = body(on, max_tokens=77, stop_sequences=["never"], metadata={"user_id": "ada"}, **more)
    equal((sent["temperature"], sent["top_p"]), (0.25, 0.9))
    if on is ANTHROPIC:
        equal((sent["top_k"], sent["max_tokens"], sent["stop_sequences"]), (40, 77, ["never"]))
        equal(sent["metadata"], {"user_id": "ada"})
        return
    equal(sent.get("max_tokens") or sent.get("max_completion_tokens"), 77, "the answer's limit")
    expect(sent["stop"] in ("never", ["never"]), sent["stop"])
    equal(sent["user"], "ada")
    expect(not {"top_k", "metadata", "stop_sequences"} & set(sent), f"fields of the other dialect in {list(sent)}")


@check("max_tokens of 0, which only fills the provider's cache, is no error", ANTHROPIC)
def _(on):
    equal(body(on, max_tokens=0)["max_tokens"], 0)


@check("fields that are not known arrive unchanged, in whatever order and spelling", ANTHROPIC)
def _(on):
    odd = {"x_new": {"deep": [1, 2.50, "ü", None, {"z": True}]}, "x_big": 12345678901234567890}
    sent = body(on, service_tier="auto", cache_control={"type": "ephemeral"}, extra_body=odd)
    wanted = odd | {"service_tier": "auto", "cache_control": {"type": "ephemeral"}, "max_tokens": MAX_TOKENS}
    for key, value in wanted.items():
        equal(sent.get(key), value, key)
    equal(sent["model"], "echo")


@check("stop sequences", *BOTH)
def _(on):
    for message in (ask(on, stop_sequences=[" two"]), final(on, stop_sequences=["nothing", " two"])):
        equal(text_of(message), "The mock answers: one")
        # Only this dialect's upstream says which it was.
        wanted = ("stop_sequence", " two") if on is ANTHROPIC else ("end_turn", None)
        equal((message.stop_reason, message.stop_sequence), wanted)


@check("stop reasons, whole and streamed", *BOTH)
def _(on):
    reasons = {"length": "max_tokens", "filter": "refusal"}
    if on is ANTHROPIC:
        reasons |= {"pause": "pause_turn", "window": "model_context_window_exceeded"}
    for model, reason in reasons.items():
        equal(ask(on, model).stop_reason, reason, model)
        equal(final(on, model).stop_reason, reason, model)


@check("JSON schema: parsed into a pydantic model, whole and streamed", *BOTH)
def _(on):
    message = client.messages.parse(model=on.model(), max_tokens=MAX_TOKENS, messages=user("Who?"),
                                    output_format=Person)
    equal(message.parsed_output, Person(name="Ada", age=36))
    with stream(on, output_format=Person) as events:
        equal(events.get_final_message().parsed_output, Person(name="Ada", age=36))


@check("count_tokens: the upstream's own count, or an estimate that says so", *BOTH)
def _(on):
    raw = client.messages.with_raw_response.count_tokens(model=on.model(), messages=user("Hello"), system="Be brief.")
    count, estimate = raw.parse().input_tokens, raw.headers.get("x-tutti-estimate")
    if on is ANTHROPIC:
        equal((count, estimate), (4321, None))
    else:
        equal(estimate, "true")
        longer = client.messages.count_tokens(model=on.model(), messages=user("Hello " * 1000)).input_tokens
        expect(0 < count < 100 and 500 < longer < 3000, f"estimates {count} and {longer}")


@check("the beta resource, whose path has a query", *BOTH)
def _(on):
    request = {"model": on.model(), "max_tokens": MAX_TOKENS, "messages": user("Hello")}
    equal(text_of(client.beta.messages.create(**request, betas=["x-2025-01-01"])), CONTENT)
    with client.beta.messages.stream(**request) as events:
        equal("".join(events.text_stream), CONTENT)


@check("betas reach their provider, with their fields", ANTHROPIC)
def _(on):
    message = client.beta.messages.create(
        model=on.model("echo"), max_tokens=MAX_TOKENS, messages=user("Hello"), betas=["x-2025-01-01", "x-2025-02-02"],
        extra_body={"x_new": 1})
    found = parsed(text_of(message))
    equal((found["headers"].get("anthropic-beta"), found["body"]["x_new"]), ("x-2025-01-01,x-2025-02-02", 1))


@check("a conversation that the provider is to hold is refused for one that does not", OPENAI, direct=False)
def _(on):
    # Without the messages before, the answer would be to another conversation.
    thread = {"thread": {"type": "continue", "previous_message_id": "msg_x"}}
    error = refused(400, "invalid_request_error", ask, on, extra_body=thread)
    expect("thread" in error.api_message, error.api_message)


@check("text of every kind arrives whole: emoji, controls, 200 kB", *BOTH)
def _(on):
    odd = "Zoë 👩‍👩‍👧 \t\n \u2028 \"\\ </script> data: x\n\ndata: y"
    text = odd + "ab€ " * 50_000
    equal(texts(body(on, text)["messages"][0]["content"]), text)
    equal(text_of(ask(on, "repeat", text)), f"You said: {text}")
    # In one piece; the client is slow with many.
    for text in (odd, odd + "ab€" * 50_000):
        equal(text_of(final(on, "repeat", text)), f"You said: {text}")


@check("the caller's key never reaches an upstream, the provider's does", *BOTH, direct=False)
def _(on):
    for mine in ({}, {"Authorization": f"Bearer {CALLER_KEY}", "Cookie": "a=b"}):
        headers = echoed(on, extra_headers=mine)["headers"]
        if on is ANTHROPIC:
            equal(headers["x-api-key"], PROVIDER_KEY)
            expect("anthropic-version" in headers, "no version")
        else:
            equal(headers["authorization"], f"Bearer {PROVIDER_KEY}")
        expect(CALLER_KEY not in json.dumps(headers), "the caller's key went upstream")
        expect("cookie" not in headers, "the caller's cookie went upstream")


@check("aliases, and fail-over to an upstream of the other dialect", ANTHROPIC, OPENAI, direct=False)
def _(on):
    alias, answering = ("openai-first", ANTHROPIC) if on is ANTHROPIC else ("anthropic-first", OPENAI)
    for message in (ask(on, alias), final(on, alias)):
        equal((text_of(message), message.model), (CONTENT, answering.model()))
    equal(ask(on, "claude" if on is ANTHROPIC else "plain").model, on.model())


@check("the asynchronous client, whole and streamed", *BOTH)
def _(on):
    async def both():
        async with anthropic.AsyncAnthropic(base_url=client.base_url, api_key=CALLER_KEY, max_retries=0) as other:
            whole = await ask(on, create=other.messages.create)
            async with ask(on, create=other.messages.stream) as events:
                pieces = [text async for text in events.text_stream]
                return whole, pieces, await events.get_final_message()
    whole, pieces, message = asyncio.run(both())
    equal((text_of(whole), "".join(pieces)), (CONTENT, CONTENT))
    same(whole, message)


@check("50 at once, half of them streamed: each gets its own answer", *BOTH)
def _(on):
    answers = asyncio.run(fifty(on, "repeat"))
    equal(answers, [f"You said: Number {number}" for number in range(50)])
    expect(DIRECT or all(asyncio.run(fifty(on, "late", "repeat"))), "an empty answer")
