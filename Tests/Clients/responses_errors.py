"""Responses: what is refused, how failures look, hang-ups."""

import json
import uuid

import openai

from harness import PROVIDER_KEY, equal, eventually, expect, timeout_hangs_up
from openai_calls import client
from responses_answers import EITHER, respond
from upstreams import ANTHROPIC, CONTENT, DIRECT, OPENAI, check, mock_control


def failure(kind, status, code, on, model=None, **more):
    try:
        respond(on, model, **more)
    except kind as error:
        equal(error.status_code, status, "status")
        expect(DIRECT or error.code == code, f"code is {error.code}, wanted {code}")
        expect(error.request_id and error.message, "no request id or message in the error")
        expect(PROVIDER_KEY not in json.dumps(error.body), "the provider's key came through")
        return error
    raise AssertionError(f"no {kind.__name__}")


@check("previous_response_id is refused clearly: 400 with its param, and nothing is sent", *EITHER)
def _(on):
    before = mock_control()["requests"]
    for more in ({}, {"stream": True}):
        try:
            respond(on, previous_response_id="resp_x", **more)
        except openai.BadRequestError as error:
            equal(error.param, "previous_response_id")
            expect("previous" in error.message.lower(), error.message)
        else:
            raise AssertionError("it was taken")
    expect(DIRECT or mock_control()["requests"] == before, "it was sent all the same")
    # What is null is absent.
    equal(respond(on, previous_response_id=None).output_text, CONTENT)


@check("what needs a memory is refused too: conversation, background", *EITHER, direct=False)
def _(on):
    for param, value in (("conversation", "conv_x"), ("background", True)):
        try:
            respond(on, **{param: value})
        except openai.BadRequestError as error:
            equal(error.param, param)
        else:
            raise AssertionError(f"{param} was taken")


@check("bad requests: 400 with param, and nothing is sent; an unknown model: 404", OPENAI, direct=False)
def _(on):
    before = mock_control()["requests"]
    for param, body in (("input", {}), ("input", {"input": 5}), ("input[0]", {"input": [5]}),
                        ("instructions", {"input": "x", "instructions": 5}), ("tools", {"input": "x", "tools": {}}),
                        ("stream", {"input": "x", "stream": "yes"})):
        try:
            client.post("/responses", cast_to=object, body={"model": on.model("x"), **body})
        except openai.BadRequestError as error:
            equal(error.param, param, f"param ({error.message})")
        else:
            raise AssertionError(f"{param} was not refused")
    try:
        client.responses.create(model="plian", input="x")
    except openai.NotFoundError as error:
        equal((error.code, error.param), ("model_not_found", "model"))
        expect("plain" in error.message, error.message)
    else:
        raise AssertionError("an answer of an unknown model")
    equal(mock_control()["requests"], before, "requests: it was sent all the same")


@check("upstream failures by their codes, whole and before a stream begins", *EITHER)
def _(on):
    for more in ({}, {"stream": True}):
        error = failure(openai.BadRequestError, 400, "provider_refused", on, "fail-400", **more)
        expect("(mock)" in error.message, error.message)
        error = failure(openai.RateLimitError, 429, "provider_rate_limited", on, "fail-429", **more)
        expect(1 <= int(error.response.headers["retry-after"]) <= 7, error.response.headers.get("retry-after"))
        failure(openai.InternalServerError, 500 if DIRECT else 502, "provider_failed", on, "fail-500", **more)
        if not DIRECT:
            for model in ("fail-401", "leak"):
                failure(openai.InternalServerError, 502, "provider_rejected_key", on, model, **more)


@check("a stream that breaks says so, after the pieces that came", *EITHER, direct=False)
def _(on):
    for model, code in (("cut", "provider_stream_broken"), ("no-end", "provider_stream_broken"),
                        ("rubbish", "provider_invalid_answer"), ("error-frame", "provider_failed")):
        events = list(respond(on, model, stream=True))
        pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
        equal("".join(pieces), "The mock ", model)
        last = events[-1]
        # Either form tells that the answer is none.
        found = {"error": lambda: last.code, "response.failed": lambda: last.response.error.code}
        expect(last.type in found, f"{model} ends with {last.type}")
        if model == "error-frame" and on is ANTHROPIC:
            # It says why.
            code = "provider_overloaded"
        equal(found[last.type](), code, model)


@check("an upstream's error event comes through", OPENAI)
def _(on):
    last = list(respond(on, "error-frame", stream=True))[-1]
    message = last.message if last.type == "error" else last.response.error.message
    expect("the mock gives up" in message, message)


@check("closing a stream, and a client's timeout, end the upstream call", *EITHER)
def _(on):
    tag = uuid.uuid4().hex
    stream = respond(on, "endless", f"tag-{tag}", stream=True)
    for _, _ in zip(range(8), stream):
        pass
    stream.close()
    equal(eventually(lambda: mock_control()["hangups"].get(tag), "the upstream sees the hang-up"), "streaming")
    timeout_hangs_up(lambda seconds, text: respond(on, "silent", text, timeout=seconds), openai.APITimeoutError,
                     mock_control)
