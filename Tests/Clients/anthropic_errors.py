"""Errors and hang-ups through the Anthropic client. What a provider's failures become is in docs/errors.md."""

import asyncio
import uuid

import anthropic

from anthropic_calls import MAX_TOKENS, ask, broken, client, refused, user
from harness import CALLER_KEY, PROVIDER_KEY, equal, eventually, expect, timeout_hangs_up
from upstreams import ANTHROPIC, BOTH, DIRECT, URL, check, mock_control

# By the mock's model: status and type from the provider itself, and from Tutti.
FAILURES = {
    "fail-400": ((400, "invalid_request_error"), (400, "invalid_request_error")),
    "fail-401": ((401, "authentication_error"), (502, "api_error")),
    "fail-403": ((403, "permission_error"), (502, "api_error")),
    "fail-413": ((413, "request_too_large"), (400, "invalid_request_error")),
    "fail-429": ((429, "rate_limit_error"), (429, "rate_limit_error")),
    "fail-500": ((500, "api_error"), (502, "api_error")),
    "fail-503": ((503, "api_error"), (503, "overloaded_error")),
    "fail-504": ((504, "timeout_error"), (504, "timeout_error")),
    "fail-529": ((529, "overloaded_error"), (503, "overloaded_error")),
}


@check("an upstream's failures, whole and before a stream begins", *BOTH)
def _(on):
    for model, (own, ours) in FAILURES.items():
        for more in ({}, {"stream": True}):
            error = refused(*(own if DIRECT else ours), ask, on, model, **more)
            expect(PROVIDER_KEY not in str(error.body), "the provider's key came through")
            expect(DIRECT or error.request_id.startswith("req_"), f"request id is {error.request_id}")


@check("each failure is of the client's class for it", *BOTH)
def _(on):
    classes = {"fail-400": anthropic.BadRequestError, "fail-429": anthropic.RateLimitError,
               "fail-500": anthropic.InternalServerError, "fail-504": anthropic.GatewayTimeoutError}
    if DIRECT:
        classes |= {"fail-401": anthropic.AuthenticationError, "fail-404": anthropic.NotFoundError,
                    "fail-413": anthropic.RequestTooLargeError, "fail-529": anthropic.OverloadedError}
    for model, kind in classes.items():
        try:
            ask(on, model)
        except kind:
            continue
        raise AssertionError(f"{model} is no {kind.__name__}")


@check("upstream 400 and 500: the provider's words reach the caller", *BOTH)
def _(on):
    error = refused(400, "invalid_request_error", ask, on, "fail-400")
    expect("(mock)" in error.api_message and "temperature" in error.api_message, error.api_message)
    error = refused(500 if DIRECT else 502, "api_error", ask, on, "fail-500")
    expect("the mock fails with 500" in error.api_message, error.api_message)


@check("upstream 429: retry-after reaches the caller", *BOTH)
def _(on):
    error = refused(429, "rate_limit_error", ask, on, "fail-429")
    expect(1 <= int(error.response.headers["retry-after"]) <= 7, error.response.headers.get("retry-after"))


@check("upstream 401 leaks no key", *BOTH, direct=False)
def _(on):
    error = refused(502, "api_error", ask, on, "leak")
    expect(PROVIDER_KEY not in str(error.body), "the provider's key came through")


@check("upstream 404: the model is there by name and cannot be used", *BOTH, direct=False)
def _(on):
    error = refused(503, "overloaded_error", ask, on, "fail-404")
    expect("does not know" in error.api_message, error.api_message)


@check("a page of HTML, a redirect, a body that breaks off, rubbish, an error with status 200", *BOTH, direct=False)
def _(on):
    for model in ("html", "redirect", "cut", "rubbish", "error-frame"):
        before = mock_control()["requests"]
        says = model == "error-frame" and on is ANTHROPIC
        refused(*((503, "overloaded_error") if says else (502, "api_error")), ask, on, model)
        equal(mock_control()["requests"], before + 1, f"requests of {model}")


@check("upstream refuses the connection", ANTHROPIC, direct=False)
def _(on):
    for name in ("dead/gpt-4o", "dead-claude/claude-sonnet-4-5"):
        refused(502, "api_error", ask, on, name)
        refused(502, "api_error", ask, on, name, stream=True)


@check("unknown model: 404 with near names", ANTHROPIC, direct=False)
def _(on):
    for name, near in (("clade", "claude"), ("claud/claude-sonnet-4-5", "claude")):
        for more in ({}, {"stream": True}):
            error = refused(404, "not_found_error", client.messages.create, model=name, max_tokens=MAX_TOKENS,
                            messages=user("x"), **more)
            expect(near in error.api_message, error.api_message)


@check("a bad request of the caller's: 400, and the message names the place", ANTHROPIC, direct=False)
def _(on):
    for place, more in (
            ("max_tokens", {"max_tokens": -1}), ("max_tokens", {"max_tokens": "many"}), ("messages", {"messages": []}),
            ("messages[0].role", {"messages": [{"role": "robot", "content": "x"}]}),
            ("messages[0].content", {"messages": [{"role": "user", "content": 5}]}),
            ("tools[0].input_schema", {"tools": [{"name": "x"}]}), ("temperature", {"extra_body": {"temperature": 2}}),
            ("tool_choice", {"tool_choice": {"type": "tool"}}), ("system", {"system": 5}),
            ("stop_sequences[0]", {"stop_sequences": [1]}), ("thinking", {"thinking": {"type": "enabled"}})):
        before = mock_control()["requests"]
        for streaming in ({}, {"stream": True}):
            error = refused(400, "invalid_request_error", ask, on, **more, **streaming)
            expect(place in error.api_message, f"{place!r} is not in {error.api_message!r}")
        equal(mock_control()["requests"], before, "requests: it was sent all the same")


@check("max_tokens that is missing or negative: 400", ANTHROPIC)
def _(on):
    refused(400, "invalid_request_error", ask, on, max_tokens=None)
    error = refused(400, "invalid_request_error", ask, on, max_tokens=-1)
    expect("max_tokens" in error.api_message, error.api_message)


@check("a body over the limit: 413", ANTHROPIC, direct=False)
def _(on):
    error = refused(413, "request_too_large", ask, on, content="x" * (11 << 20))
    expect(isinstance(error, anthropic.RequestTooLargeError), type(error).__name__)


@check("paths and methods that are not there speak the dialect too", ANTHROPIC, direct=False)
def _(on):
    refused(404, "not_found_error", client.messages.batches.retrieve, "msgbatch_x")
    refused(405, "invalid_request_error", client.get, "/v1/messages", cast_to=object)


@check("count_tokens: a bad request, an unknown model", ANTHROPIC, direct=False)
def _(on):
    count = client.messages.count_tokens
    error = refused(400, "invalid_request_error", count, model=on.model(), messages=[])
    expect("messages" in error.api_message, error.api_message)
    refused(404, "not_found_error", count, model="plian", messages=user("x"))


@check("a stream that breaks ends in an error event, after the pieces that came", *BOTH, direct=False)
def _(on):
    for model in ("cut", "no-end", "rubbish"):
        pieces, _ = broken(on, model, "api_error")
        equal("".join(pieces), "The mock ", model)


@check("an upstream's error event is an error event, with its words", *BOTH)
def _(on):
    # The other dialect's upstream says only that it fails.
    pieces, error = broken(on, "error-frame", "overloaded_error" if on is ANTHROPIC else "api_error")
    equal("".join(pieces), "The mock ")
    words = "Overloaded (mock)" if on is ANTHROPIC else "the mock fails with 500"
    expect(words in error.api_message, error.api_message)


@check("closing a stream ends the upstream call", *BOTH)
def _(on):
    tag = uuid.uuid4().hex
    events = ask(on, "endless", f"tag-{tag}", stream=True)
    for _, _ in zip(range(8), events):
        pass
    events.close()
    equal(eventually(lambda: mock_control()["hangups"].get(tag), "the upstream sees the hang-up"), "streaming")


@check("a client's timeout ends the upstream call", *BOTH)
def _(on):
    timeout_hangs_up(lambda seconds, text: ask(on, "silent", text, timeout=seconds), anthropic.APITimeoutError,
                     mock_control)


@check("a cancelled task of the asynchronous client ends the upstream call", *BOTH)
def _(on):
    tag = uuid.uuid4().hex

    async def cancel():
        async with anthropic.AsyncAnthropic(base_url=URL, api_key=CALLER_KEY, max_retries=0) as other:
            events = await other.messages.create(
                model=on.model("endless"), max_tokens=MAX_TOKENS, messages=user(f"tag-{tag}"), stream=True)

            async def read():
                async for _ in events:
                    pass

            task = asyncio.ensure_future(read())
            await asyncio.sleep(0.3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await events.close()

    asyncio.run(cancel())
    equal(eventually(lambda: mock_control()["hangups"].get(tag), "the upstream sees the hang-up"), "streaming")
