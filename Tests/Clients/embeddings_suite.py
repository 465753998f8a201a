#!/usr/bin/env python3
"""Embeddings through the official OpenAI client, unmodified. The environment is that of upstreams.py."""

import asyncio
import base64
import struct

import openai

from harness import CALLER_KEY, PROVIDER_KEY, equal, expect, timeout_hangs_up
from mock_embeddings import DIMENSIONS, vector
from openai_calls import client
from upstreams import DIRECT, OPENAI, URL, check, mock_control, run_suite

TEXTS = ["one", "two three", "Zoë 👩‍👩‍👧"]


def embed(given, model="text-embedding-3-small", **more):
    return client.embeddings.create(model=OPENAI.model(model), input=given, **more)


def failure(kind, status, code, given="x", model="text-embedding-3-small", **more):
    try:
        embed(given, model, **more)
    except kind as error:
        equal(error.status_code, status, "status")
        expect(DIRECT or error.code == code, f"code is {error.code}, wanted {code}")
        expect(error.request_id, "no request id in the error")
        expect(PROVIDER_KEY not in str(error.body), "the provider's key came through")
        return error
    raise AssertionError(f"no {kind.__name__}")


@check("one text, as the client asks by itself: base64, decoded to numbers", OPENAI)
def _(on):
    answer = embed("one")
    equal([(item.index, item.object, item.embedding) for item in answer.data], [(0, "embedding", vector("one"))])
    equal((answer.object, answer.usage.prompt_tokens, answer.usage.total_tokens), ("list", 1, 1))
    equal(answer.model, on.model("text-embedding-3-small"))
    expect(DIRECT or answer._request_id.startswith("req_"), "no request id")


@check("numbers, and base64 as it came", OPENAI)
def _(on):
    equal(embed("one", encoding_format="float").data[0].embedding, vector("one"))
    text = embed("one", encoding_format="base64").data[0].embedding
    equal(list(struct.unpack(f"<{DIMENSIONS}f", base64.b64decode(text))), vector("one"))


@check("a list of texts keeps its order", OPENAI)
def _(on):
    for given in (TEXTS, [f"text {number}" for number in range(500)]):
        for more in ({}, {"encoding_format": "float"}):
            answer = embed(given, **more)
            equal([item.index for item in answer.data], list(range(len(given))))
            equal([item.embedding for item in answer.data], [vector(text) for text in given])
    equal(embed(TEXTS).usage.prompt_tokens, 5)


@check("dimensions", OPENAI)
def _(on):
    equal(embed("one", dimensions=3).data[0].embedding, vector("one", 3))
    equal(len(embed("one", dimensions=3072, encoding_format="float").data[0].embedding), 3072)


@check("lists of tokens", OPENAI)
def _(on):
    equal([item.embedding for item in embed([1, 2, 3]).data], [vector([1, 2, 3])])
    equal([item.embedding for item in embed([[1, 2], [3]]).data], [vector([1, 2]), vector([3])])


@check("a field that nobody knows, and the user, disturb nothing", OPENAI)
def _(on):
    equal(embed("one", user="ada", extra_body={"x_new": [1]}).data[0].embedding, vector("one"))


@check("upstream errors: 400 with the provider's words and param, 401, 429 with retry-after, 500", OPENAI)
def _(on):
    error = failure(openai.BadRequestError, 400, "provider_refused", model="fail-400")
    expect("at most 2 (mock)" in error.message, error.message)
    equal(error.param, "temperature")
    error = failure(openai.RateLimitError, 429, "provider_rate_limited", model="fail-429")
    expect(1 <= int(error.response.headers["retry-after"]) <= 7, error.response.headers.get("retry-after"))
    failure(openai.InternalServerError, 500 if DIRECT else 502, "provider_failed", model="fail-500")
    if not DIRECT:
        for model in ("fail-401", "leak"):
            failure(openai.InternalServerError, 502, "provider_rejected_key", model=model)


@check("upstream faults: HTML, rubbish, a cut body, too few vectors, nobody there", OPENAI, direct=False)
def _(on):
    for model, code in (("html", "provider_failed"), ("rubbish", "provider_invalid_answer"),
                        ("cut", "provider_stream_broken"), ("dead/text-embedding-3-small", "provider_unreachable")):
        failure(openai.InternalServerError, 502, code, model=model)
    failure(openai.InternalServerError, 502, "provider_invalid_answer", given=TEXTS, model="short")
    failure(openai.InternalServerError, 502, "provider_failed", model="error-frame")


@check("bad requests: 400 with param, and nothing is sent; an unknown model: 404", OPENAI, direct=False)
def _(on):
    before = mock_control()["requests"]
    for param, given, more in (
            ("input", {}, {}), ("input", [], {}), ("input", 5, {}), ("input[1]", ["x", 5], {}),
            ("input[1]", [1, "x"], {}), ("dimensions", "x", {"dimensions": "many"}),
            ("encoding_format", "x", {"encoding_format": "hex"})):
        try:
            client.post("/embeddings", cast_to=object, body={"model": on.model("x"), "input": given, **more})
        except openai.BadRequestError as error:
            equal(error.param, param, f"param for {given!r} {more} ({error.message})")
        else:
            raise AssertionError(f"{param} was not refused: {given!r} {more}")
    try:
        client.embeddings.create(model="plian", input="x")
    except openai.NotFoundError as error:
        equal((error.code, error.param), ("model_not_found", "model"))
    else:
        raise AssertionError("vectors of an unknown model")
    equal(mock_control()["requests"], before, "requests: it was sent all the same")


@check("a model named by an alias", OPENAI, direct=False)
def _(on):
    answer = client.embeddings.create(model="plain", input="one")
    equal((answer.data[0].embedding, answer.model), (vector("one"), on.model()))


@check("a client's timeout ends the upstream call", OPENAI)
def _(on):
    timeout_hangs_up(lambda seconds, text: embed(text, "silent", timeout=seconds), openai.APITimeoutError, mock_control)


@check("50 at once: each gets its own vectors", OPENAI)
def _(on):
    async def fifty():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=CALLER_KEY, max_retries=0) as many:
            model = on.model("text-embedding-3-small")
            return await asyncio.gather(*(
                many.embeddings.create(model=model, input=f"Number {number}") for number in range(50)))
    equal([answer.data[0].embedding for answer in asyncio.run(fifty())],
          [vector(f"Number {number}") for number in range(50)])


if __name__ == "__main__":
    raise SystemExit(run_suite())
