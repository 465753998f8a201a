"""The OpenAI client against the running Tutti, and what the mock and the local suite ask it for."""

import asyncio
import json
import os

import openai
import pydantic

from harness import CALLER_KEY, Checks, equal, expect, fetch

URL = os.environ["TUTTI_URL"]
MOCK_PORT = int(os.environ.get("TUTTI_MOCK_PORT", 0))
client = openai.OpenAI(base_url=f"{URL}/v1", api_key=CALLER_KEY, max_retries=0, timeout=60)
suite = []
CONTENT = "The mock answers: one two three."


class Person(pydantic.BaseModel):
    name: str
    age: int


class City(pydantic.BaseModel):
    """Where somebody wants the weather of."""

    city: str


class Sum(pydantic.BaseModel):
    """Adds two integers."""

    left: int
    right: int


def check(name):
    """A check of the suite, run in the order of the file."""
    def add(function):
        suite.append((name, function))
        return function
    return add


def run_suite():
    """Runs all; the exit code."""
    checks = Checks()
    for name, function in suite:
        checks.run(name, function)
    return checks.end()


def ask(model="plain", text="Hello", **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)


def failure(kind, code, status, *arguments, **more):
    """The error that a call must end with."""
    try:
        ask(*arguments, **more)
    except kind as error:
        equal(error.status_code, status, "status")
        equal(error.code, code, "code")
        expect(error.request_id, "no request id in the error")
        return error
    raise AssertionError(f"no {kind.__name__}")


def stream_failure(model, code):
    """Reads a stream that must break with an error object, after what had arrived before it."""
    pieces = []
    try:
        for chunk in ask(model, stream=True):
            pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    except openai.APIError as error:
        expect(not isinstance(error, openai.APIConnectionError), f"the connection broke: {error}")
        equal(error.code, code, "code")
        return pieces
    raise AssertionError(f"the stream ended in silence after {pieces}")


def mock_control(query=""):
    return fetch(MOCK_PORT, "GET", f"/control{query}").json()


def echoed(**more):
    return json.loads(ask("mock/echo", **more).choices[0].message.content)


def join(chunks, index=0):
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices if choice.index == index)


async def fifty(*models, **more):
    async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=CALLER_KEY, max_retries=0, timeout=300) as many:
        async def one(number):
            request = {"model": models[number % len(models)],
                       "messages": [{"role": "user", "content": f"Number {number}"}], **more}
            if number % 4 < 2:
                return (await many.chat.completions.create(**request)).choices[0].message.content
            stream = await many.chat.completions.create(**request, stream=True)
            return "".join([choice.delta.content or "" async for chunk in stream for choice in chunk.choices])
        answers = await asyncio.gather(*(one(number) for number in range(50)))
    expect(all(answers), f"{sum(not answer for answer in answers)} empty answers")
