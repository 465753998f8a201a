"""OpenAI's client on an upstream of Anthropic's dialect: what is refused, and how failures look."""

import uuid

import openai

from harness import PROVIDER_KEY, equal, eventually, expect, timeout_hangs_up
from openai_calls import ask, client, failure, stream_failure
from upstreams import ANTHROPIC, DIRECT, check, mock_control

USER = {"role": "user", "content": "Hello"}


def refused(param, messages=None, **more):
    """The request must be refused with that param, and nothing may be sent."""
    before = mock_control()["requests"]
    for streaming in ({}, {"stream": True}):
        try:
            client.chat.completions.create(model=ANTHROPIC.model(), messages=messages or [USER], **more, **streaming)
        except openai.BadRequestError as error:
            equal(error.param, param, f"param ({error.message})")
            expect(error.code and error.message and error.request_id, "an error without code, message or request id")
        else:
            raise AssertionError(f"{param} was not refused")
    equal(mock_control()["requests"], before, "requests: it was sent all the same")


@check("refused with param: n, logprobs, temperature over 1", ANTHROPIC, direct=False)
def _(on):
    refused("n", n=2)
    refused("logprobs", logprobs=True)
    refused("temperature", temperature=1.5)


@check("refused with param: parts and turns that Anthropic has no place for", ANTHROPIC, direct=False)
def _(on):
    def part(**part):
        return [{"role": "user", "content": [{"type": "text", "text": "x"}, part]}]

    place = "messages[0].content[1]"
    refused(place, part(type="input_audio", input_audio={"data": "AAAA", "format": "wav"}))
    refused(f"{place}.image_url.url", part(type="image_url", image_url={"url": "data:image/png;base64,not base64!"}))
    refused(place, part(type="image_url", image_url={"url": "http://mock.test/a.png"}))
    refused(place, part(type="file", file={"file_id": "file-1"}))
    refused("messages[1].role", [USER, {"role": "system", "content": "Be brief."}])
    refused("messages[1].tool_call_id", [USER, {"role": "tool", "tool_call_id": "call_x", "content": "3"}])


@check("refused with param: tools that are no functions, arguments that are no object", ANTHROPIC, direct=False)
def _(on):
    refused("tools", tools=[{"type": "custom", "custom": {"name": "x"}}])
    call = {"id": "call_1", "type": "function", "function": {"name": "Sum", "arguments": "[1]"}}
    refused("messages[1].tool_calls[0].function.arguments", [
        USER, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_1", "content": "3"}])


@check("a schema that leads back to itself, or out of itself, is refused with its place", ANTHROPIC, direct=False)
def _(on):
    for inner, place in (({"$ref": "#/properties/x"}, ""), ({"$ref": "https://example.org/x.json"}, ".$ref")):
        schema = {"type": "object", "properties": {"x": inner}}
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}}
        refused(f"response_format.json_schema.schema.properties.x{place}", response_format=form)


@check("upstream failures by their codes, whole and before a stream begins", ANTHROPIC, direct=False)
def _(on):
    for model, kind, code, status in (
            ("fail-400", openai.BadRequestError, "provider_refused", 400),
            ("fail-401", openai.InternalServerError, "provider_rejected_key", 502),
            ("fail-403", openai.InternalServerError, "provider_rejected_key", 502),
            ("fail-404", openai.InternalServerError, "model_unavailable", 503),
            ("fail-413", openai.BadRequestError, "provider_refused", 400),
            ("fail-429", openai.RateLimitError, "provider_rate_limited", 429),
            ("fail-500", openai.InternalServerError, "provider_failed", 502),
            ("fail-529", openai.InternalServerError, "provider_overloaded", 503),
            ("fail-504", openai.InternalServerError, "provider_timeout", 504),
            ("leak", openai.InternalServerError, "provider_rejected_key", 502),
            ("html", openai.InternalServerError, "provider_failed", 502),
            ("cut", openai.InternalServerError, "provider_stream_broken", 502),
            ("rubbish", openai.InternalServerError, "provider_invalid_answer", 502)):
        error = failure(kind, code, status, on.model(model))
        expect(PROVIDER_KEY not in str(error.body), "the provider's key came through")
        if model.startswith("fail-") or model in ("leak", "html"):
            failure(kind, code, status, on.model(model), stream=True)
    error = failure(openai.RateLimitError, "provider_rate_limited", 429, on.model("fail-429"))
    expect(1 <= int(error.response.headers["retry-after"]) <= 7, error.response.headers.get("retry-after"))
    error = failure(openai.BadRequestError, "provider_refused", 400, on.model("fail-400"))
    expect("(mock)" in error.message, error.message)
    failure(openai.InternalServerError, "provider_unreachable", 502, "dead-claude/claude-sonnet-4-5")


@check("a stream that breaks is an APIError in the stream, after the pieces that came", ANTHROPIC, direct=False)
def _(on):
    for model, code in (("cut", "provider_stream_broken"), ("no-end", "provider_stream_broken"),
                        ("rubbish", "provider_invalid_answer"), ("error-frame", "provider_overloaded")):
        equal(stream_failure(on.model(model), code), ["The ", "mock "], model)


@check("embeddings of a provider that has none are refused", ANTHROPIC, direct=False)
def _(on):
    try:
        client.embeddings.create(model=on.model(), input="Hello")
    except openai.BadRequestError as error:
        equal((error.code, error.param), ("unsupported_by_model", "model"))
    else:
        raise AssertionError("vectors from nobody")


@check("closing a stream, and a client's timeout, end the upstream call", ANTHROPIC)
def _(on):
    tag = uuid.uuid4().hex
    stream = ask(on.model("endless"), f"tag-{tag}", stream=True)
    for _, _ in zip(range(5), stream):
        pass
    stream.close()
    equal(eventually(lambda: mock_control()["hangups"].get(tag), "the upstream sees the hang-up"), "streaming")
    timeout_hangs_up(lambda seconds, text: ask(on.model("silent"), text, timeout=seconds), openai.APITimeoutError,
                     mock_control)


@check("n = 2 from an upstream that has it", ANTHROPIC)
def _(on):
    if DIRECT:
        equal(len(ask(on.model(), n=2).choices), 2, "answers")
    else:
        equal(len(ask("plain", n=2).choices), 2, "answers")
