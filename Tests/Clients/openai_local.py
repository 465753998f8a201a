"""Tutti's local model through the OpenAI client."""

import asyncio
import os
import time
import urllib.parse

import openai

from harness import CHAT, Wire, chat, equal, eventually, expect, running
from openai_calls import City, Person, ask, check, client, failure, fifty, join

model = "local/smollm2"
port = urllib.parse.urlsplit(os.environ["TUTTI_URL"]).port
question = "Write three sentences about the sea."

def say(**more):
    return ask(model, question, **({"max_tokens": 48, "temperature": 0, "seed": 1} | more))


@check("chat: content, usage, the model's name")
def _():
    answer = say()
    expect(answer.choices[0].message.content.strip(), "empty")
    expect(answer.choices[0].finish_reason in ("stop", "length"), answer.choices[0].finish_reason)
    expect("smollm2" in answer.model, answer.model)
    usage = answer.usage
    expect(usage.prompt_tokens > 5 and usage.completion_tokens > 5, usage)
    equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)


@check("an alias of it, and the model in the list")
def _():
    expect(ask("smol", question, max_tokens=4).choices[0].message.content, "empty")
    expect(any("smollm2" in found.id or found.id == "smol" for found in client.models.list()), "not in the list")


@check("max_tokens ends the answer with finish reason length")
def _():
    answer = say(max_tokens=5)
    equal((answer.choices[0].finish_reason, answer.usage.completion_tokens), ("length", 5))


@check("stream: the same text in pieces; usage on request")
def _():
    whole = say()
    chunks = list(say(stream=True, stream_options={"include_usage": True}))
    equal(join(chunks), whole.choices[0].message.content)
    expect(len(chunks) > 10, f"only {len(chunks)} chunks")
    equal(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)
    equal(chunks[-2].choices[0].finish_reason, whole.choices[0].finish_reason)


@check("stop strings, also across tokens, whole and streamed")
def _():
    text = say().choices[0].message.content
    for stop in (text[20:24], text[17:30]):
        wanted = text[:text.index(stop)]
        answer = say(stop=[stop]).choices[0]
        equal((answer.message.content, answer.finish_reason), (wanted, "stop"))
        equal(join(list(say(stop=stop, stream=True))), wanted)


@check("seed: the same gives the same, others differ")
def _():
    def drawn(seed):
        return say(temperature=1, seed=seed, max_tokens=24).choices[0].message.content
    equal(drawn(7), drawn(7))
    expect(len({drawn(seed) for seed in range(1, 5)}) > 1, "four seeds, one answer")


@check("logprobs: one for each token, with alternatives, whole and streamed")
def _():
    answer = say(logprobs=True, top_logprobs=3, max_tokens=12)
    tokens = answer.choices[0].logprobs.content
    equal(len(tokens), answer.usage.completion_tokens)
    equal("".join(token.token for token in tokens), answer.choices[0].message.content)
    expect(all(token.logprob <= 0 and len(token.top_logprobs) == 3 for token in tokens), "odd log probabilities")
    expect(all(bytes(token.bytes).decode(errors="replace") == token.token for token in tokens), "odd bytes")
    expect(all(abs(token.logprob - token.top_logprobs[0].logprob) < 1e-4 for token in tokens), "greedy is not top")
    chunks = list(say(logprobs=True, stream=True, max_tokens=12))
    equal(sum(len(choice.logprobs.content or []) for chunk in chunks for choice in chunk.choices
              if choice.logprobs), len(tokens))


@check("JSON schema: valid, whole and streamed")
def _():
    messages = [{"role": "user", "content": "Invent a person."}]
    for seed, temperature in ((0, 0), (1, 0.7), (2, 0.7)):
        answer = client.chat.completions.parse(model=model, messages=messages, response_format=Person,
                                               temperature=temperature, seed=seed, max_tokens=300)
        expect(isinstance(answer.choices[0].message.parsed, Person), "not parsed")
    with client.chat.completions.stream(model=model, messages=messages, response_format=Person, seed=1,
                                        max_tokens=200) as stream:
        expect(isinstance(stream.get_final_completion().choices[0].message.parsed, Person), "not parsed")


@check("tools and images are unsupported_by_model, with param")
def _():
    tool = openai.pydantic_function_tool(City)
    equal(failure(openai.BadRequestError, "unsupported_by_model", 400, model, tools=[tool]).param, "tools")
    image = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
    error = failure(openai.BadRequestError, "unsupported_by_model", 400, model, image)
    expect(error.param.startswith("messages"), error.param)


@check("max_tokens over the window and a prompt over it are 400")
def _():
    try:
        say(max_tokens=10_000_000)
    except openai.BadRequestError as error:
        equal(error.param, "max_tokens")
    else:
        raise AssertionError("accepted")
    try:
        ask(model, "word " * 50_000)
    except openai.BadRequestError as error:
        equal(error.code, "context_length_exceeded")
    else:
        raise AssertionError("accepted")


@check("closing a stream frees the model at once")
def _():
    stream = say(stream=True, max_tokens=1000, temperature=1)
    next(iter(stream))
    stream.close()
    start = time.monotonic()
    say(max_tokens=1)
    expect(time.monotonic() - start < 2, f"waited {time.monotonic() - start:.1f} s")


@check("hanging up while waiting for a place ends the turn, and leaves those that write")
def _():
    eventually(lambda: running(port) == 0, "the turns before are over")
    # Four write, the rest waits.
    streams = [say(stream=True, max_tokens=1500, temperature=1, seed=seed) for seed in range(4)]
    for stream in streams:
        next(iter(stream))
    body = chat(model, "Count.", stream=True, max_tokens=1500)
    wires = [Wire(port) for _ in range(3)]
    for wire in wires:
        wire.request("POST", CHAT, body)
    eventually(lambda: running(port) == 7, "all seven run")
    for wire in wires:
        wire.socket.close()
    eventually(lambda: running(port) == 4, "the three that waited are over", 2)
    for stream in streams:
        next(iter(stream))
        stream.close()


@check("50 at once, half of them streaming")
def _():
    asyncio.run(fifty(model, max_tokens=8))
