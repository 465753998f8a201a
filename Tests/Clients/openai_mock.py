"""Tutti before the scripted upstream of mock_upstream.py, through the OpenAI client."""

import asyncio
import json
import uuid

import openai

from harness import CALLER_KEY, PROVIDER_KEY, equal, eventually, expect, timeout_hangs_up
from openai_calls import (
    CONTENT, MOCK_PORT, City, Person, Sum, ask, check, client, echoed, failure, fifty, join, mock_control,
    stream_failure)


@check("chat: content, finish reason, usage with its details, ids")
def _():
    answer = ask()
    equal(answer.choices[0].message.content, CONTENT)
    equal(answer.choices[0].message.role, "assistant")
    equal(answer.choices[0].finish_reason, "stop")
    equal(answer.object, "chat.completion")
    equal((answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens), (42, 7, 49))
    equal(answer.usage.prompt_tokens_details.cached_tokens, 8)
    equal(answer.usage.completion_tokens_details.reasoning_tokens, 3)
    expect("gpt-4o-mini" in answer.model, f"model is {answer.model}")
    expect(answer._request_id.startswith("req_"), f"request id is {answer._request_id}")


@check("a caller's own x-request-id is kept")
def _():
    mine = f"mine-{uuid.uuid4().hex[:8]}"
    raw = client.chat.completions.with_raw_response.create(
        model="plain", messages=[{"role": "user", "content": "x"}], extra_headers={"x-request-id": mine})
    equal(raw.headers["x-request-id"], mine)
    expect("set-cookie" not in raw.headers, "an upstream's cookie came through")


@check("a model named provider/model, and roles system, developer, assistant, tool")
def _():
    messages = [
        {"role": "system", "content": "Be brief."}, {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "Add.", "name": "ada"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "Sum", "arguments": "{\"left\":1}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "3"}]
    answer = client.chat.completions.create(model="mock/echo", messages=messages)
    equal(json.loads(answer.choices[0].message.content)["body"]["messages"], messages)


@check("stream without usage: role first, content, finish reason, no usage chunk")
def _():
    chunks = list(ask(stream=True))
    equal(join(chunks), CONTENT)
    equal(chunks[0].choices[0].delta.role, "assistant")
    equal(chunks[-1].choices[0].finish_reason, "stop")
    expect(all(chunk.choices and chunk.usage is None for chunk in chunks), "a usage chunk that nobody asked for")
    expect(all("gpt-4o-mini" in chunk.model for chunk in chunks), "a chunk without the model's name")
    equal(len({chunk.id for chunk in chunks}), 1, "ids")


@check("stream with include_usage: the last chunk has usage and no choice")
def _():
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    equal(join(chunks), CONTENT)
    equal(chunks[-1].choices, [])
    equal(chunks[-1].usage.total_tokens, 49)
    equal(chunks[-1].usage.prompt_tokens_details.cached_tokens, 8)
    expect(all(chunk.usage is None for chunk in chunks[:-1]), "usage in an early chunk")


@check("stream: pieces arrive as the upstream sends them, not at the end")
def _():
    # What comes before the first text waits for it: until then another model may still answer.
    tag, pieces = uuid.uuid4().hex, []
    for chunk in ask("mock/step", f"tag-{tag}", stream=True):
        if chunk.choices and chunk.choices[0].delta.content:
            pieces.append(chunk.choices[0].delta.content)
            # Only now may the upstream send the next one.
            mock_control(f"?go={tag}")
    equal((len(pieces), "".join(pieces)), (6, CONTENT))


@check("stream: a field that OpenAI does not know goes through")
def _():
    found = [choice.delta.model_extra.get("reasoning_content") for chunk in ask("mock/reasoning", stream=True)
             for choice in chunk.choices if choice.delta.model_extra]
    expect("Let me think." in found, f"found {found}")


@check("finish reasons length and content_filter, streaming and not")
def _():
    for model, reason in (("mock/length", "length"), ("mock/filter", "content_filter")):
        equal(ask(model).choices[0].finish_reason, reason)
        equal(list(ask(model, stream=True))[-1].choices[0].finish_reason, reason)


tools = [openai.pydantic_function_tool(City), openai.pydantic_function_tool(Sum)]


@check("tools: one call")
def _():
    answer = ask(tools=tools[:1], tool_choice="auto").choices[0]
    equal(answer.finish_reason, "tool_calls")
    equal(answer.message.tool_calls[0].function.name, "City")
    equal(json.loads(answer.message.tool_calls[0].function.arguments), {"city": "Ada"})


@check("tools: parallel calls, and parallel_tool_calls: false reaches the upstream")
def _():
    calls = ask(tools=tools).choices[0].message.tool_calls
    equal([call.function.name for call in calls], ["City", "Sum"])
    equal([call.id for call in calls], ["call_0", "call_1"])
    equal(len(ask(tools=tools, parallel_tool_calls=False).choices[0].message.tool_calls), 1)


@check("tools: streamed, with argument deltas of two parallel calls")
def _():
    names, arguments, deltas = {}, {}, 0
    chunks = list(ask(tools=tools, stream=True))
    for call in (call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []):
        deltas += 1
        if call.function.name:
            names[call.index] = call.function.name
        arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    equal(names, {0: "City", 1: "Sum"})
    equal([json.loads(text) for text in arguments.values()], [{"city": "Ada"}, {"left": 36, "right": 36}])
    expect(deltas > 6, f"only {deltas} deltas")
    equal(chunks[-1].choices[0].finish_reason, "tool_calls")


@check("tools: the client's parse helper gives typed arguments")
def _():
    answer = client.chat.completions.parse(
        model="plain", messages=[{"role": "user", "content": "x"}], tools=tools[:1])
    equal(answer.choices[0].message.tool_calls[0].function.parsed_arguments, City(city="Ada"))


@check("JSON schema: parsed into a pydantic model, whole and streamed")
def _():
    messages = [{"role": "user", "content": "Who?"}]
    answer = client.chat.completions.parse(model="plain", messages=messages, response_format=Person)
    equal(answer.choices[0].message.parsed, Person(name="Ada", age=36))
    with client.chat.completions.stream(model="plain", messages=messages, response_format=Person) as stream:
        kinds = [event.type for event in stream]
        equal(stream.get_final_completion().choices[0].message.parsed, Person(name="Ada", age=36))
    expect("content.delta" in kinds and "content.done" in kinds, f"events {set(kinds)}")


@check("vision: image parts arrive as they were sent, by data and by URL, and nothing is fetched")
def _():
    parts = [{"type": "text", "text": "What is this?"},
             {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},
             {"type": "image_url", "image_url": {"url": f"http://127.0.0.1:{MOCK_PORT}/control?fetched"}}]
    before = mock_control()["requests"]
    answer = client.chat.completions.create(model="mock/echo", messages=[{"role": "user", "content": parts}])
    equal(json.loads(answer.choices[0].message.content)["body"]["messages"][0]["content"], parts)
    equal(mock_control()["requests"], before + 1)


@check("logprobs, whole and streamed")
def _():
    content = ask(logprobs=True, top_logprobs=1).choices[0].logprobs.content
    equal("".join(token.token for token in content), CONTENT)
    equal(content[0].top_logprobs[0].logprob, -0.25)
    chunks = list(ask(stream=True, logprobs=True))
    equal("".join(token.token for chunk in chunks for choice in chunk.choices if choice.logprobs
                  for token in choice.logprobs.content), CONTENT)


@check("n = 2, whole and streamed")
def _():
    equal([choice.index for choice in ask(n=2).choices], [0, 1])
    chunks = list(ask(n=2, stream=True))
    equal([join(chunks, 0), join(chunks, 1)], [CONTENT, CONTENT])


@check("stop, as text and as list")
def _():
    equal(ask(stop=" two").choices[0].message.content, "The mock answers: one")
    equal(ask(stop=["nothing", " one"]).choices[0].message.content, "The mock answers:")


@check("known and unknown fields arrive upstream unchanged")
def _():
    sent = {"seed": 4294967295, "temperature": 0.25, "top_p": 0.9, "max_tokens": 64, "presence_penalty": -1.5,
            "frequency_penalty": 0.5, "logit_bias": {"50256": -100}, "user": "ada", "metadata": {"a": "b"}}
    odd = {"top_k": 40, "x_new": {"deep": [1, 2.50, "ü", None, {"z": True}]}, "big": 12345678901234567890}
    body = echoed(**sent, extra_body=odd)["body"]
    for key, value in (sent | odd).items():
        equal(body.get(key), value, key)
    equal(body["model"], "echo")


@check("the caller's key never reaches an upstream, the provider's does")
def _():
    headers = echoed(extra_headers={"Cookie": "a=b", "X-Api-Key": CALLER_KEY, "OpenAI-Organization": "org-x"})
    equal(headers["headers"]["authorization"], f"Bearer {PROVIDER_KEY}")
    expect(CALLER_KEY not in json.dumps(headers["headers"]), "the caller's key went upstream")
    expect("cookie" not in headers["headers"], "the caller's cookie went upstream")


@check("a base_url in the body goes nowhere")
def _():
    ask(extra_body={"base_url": "http://127.0.0.1:9/v1", "api_base": "http://127.0.0.1:9/v1"})


@check("text of every kind arrives whole: emoji, controls, 200 kB")
def _():
    text = "Zoë 👩‍👩‍👧 \t\n \u2028 \"\\ </script> data: x\n\ndata: y" + "ab€ " * 50_000
    equal(echoed(text=text)["body"]["messages"][0]["content"], text)


@check("models: list is stable and names the aliases; retrieve gives one")
def _():
    names = [model.id for model in client.models.list()]
    equal([model.id for model in client.models.list()], names)
    expect({"plain", "after-500", "after-refused"} <= set(names), f"names {names}")
    # Names with slashes too, which this client sends as %2F.
    expect("mock/gpt-4o-mini" in names, f"names {names}")
    for name in names:
        equal(client.models.retrieve(name).id, name)


@check("unknown model: 404 with near names")
def _():
    error = failure(openai.NotFoundError, "model_not_found", 404, "plian")
    expect("plain" in error.message, error.message)
    equal(error.param, "model")


@check("upstream 400: the provider's words and param reach the caller")
def _():
    error = failure(openai.BadRequestError, "provider_refused", 400, "mock/fail-400")
    expect("at most 2 (mock)" in error.message, error.message)
    equal(error.param, "temperature")


@check("upstream 401 is the provider's fault, not the caller's, and leaks no key")
def _():
    for model in ("mock/fail-401", "mock/leak"):
        error = failure(openai.InternalServerError, "provider_rejected_key", 502, model)
        expect(PROVIDER_KEY not in str(error.body), "the provider's key came through")


@check("upstream 429: retry-after reaches the caller")
def _():
    error = failure(openai.RateLimitError, "provider_rate_limited", 429, "mock/fail-429")
    expect(1 <= int(error.response.headers["retry-after"]) <= 7, error.response.headers.get("retry-after"))


@check("upstream 500, 503, a page of HTML, a redirect")
def _():
    for model in ("mock/fail-500", "mock/html"):
        failure(openai.InternalServerError, "provider_failed", 502, model)
    failure(openai.InternalServerError, "provider_overloaded", 503, "mock/fail-503")
    before = mock_control()["requests"]
    try:
        ask("mock/redirect")
    except openai.InternalServerError as error:
        equal(error.status_code, 502)
    else:
        raise AssertionError("a redirect was taken for an answer")
    expect(mock_control()["requests"] - before < 5, "the redirect was followed")


@check("upstream refuses the connection")
def _():
    failure(openai.InternalServerError, "provider_unreachable", 502, "dead/gpt-4o")


@check("a cut stream is an APIError in the stream, after the pieces that came")
def _():
    equal(stream_failure("mock/cut", "provider_stream_broken"), ["The ", "mock "])
    stream_failure("mock/no-end", "provider_stream_broken")


@check("an upstream's error frame is an APIError in the stream")
def _():
    stream_failure("mock/error-frame", "provider_failed")


@check("rubbish in a stream is an APIError in the stream")
def _():
    stream_failure("mock/rubbish", "provider_invalid_answer")


@check("streaming request, error before the first byte: a plain HTTP error")
def _():
    failure(openai.InternalServerError, "provider_failed", 502, "mock/fail-500", stream=True)


@check("fail-over: a 500 and a refused connection, whole and streamed; the answer names who answered")
def _():
    for model in ("after-500", "after-refused"):
        answer = ask(model)
        expect("gpt-4o-mini" in answer.model, f"model is {answer.model}")
        equal(answer.choices[0].message.content, CONTENT)
        chunks = list(ask(model, stream=True))
        equal(join(chunks), CONTENT)
        expect("gpt-4o-mini" in chunks[0].model, f"model is {chunks[0].model}")


@check("fail-over: nobody left is an error")
def _():
    try:
        ask("all-fail")
    except openai.InternalServerError as error:
        expect(error.status_code == 502 and error.code.startswith("provider_"), f"{error.status_code} {error.code}")
    else:
        raise AssertionError("an answer from nobody")


@check("a client's timeout ends the upstream call")
def _():
    timeout_hangs_up(lambda seconds, text: ask("mock/silent", text, timeout=seconds), openai.APITimeoutError,
                     mock_control)


@check("closing a stream ends the upstream call")
def _():
    tag = uuid.uuid4().hex
    stream = ask("mock/endless", f"tag-{tag}", stream=True)
    for _, _ in zip(range(5), stream):
        pass
    stream.close()
    equal(eventually(lambda: mock_control()["hangups"].get(tag), "the upstream sees the hang-up"), "streaming")


@check("50 at once, half of them streaming")
def _():
    asyncio.run(fifty("plain", "mock/late"))
