"""What the scripted providers do, by scenario. Their answer is sixty numbered words, so that every doubled, missing
or foreign word shows: `p01 p02 … p60` from the primary, `f01 …` from the fallback, which goes on where a prefill ends.
"""

import json
import re

from fault_server import Cut, Reset

QUESTION = "Say the sixty words."
TOKENS = 60
PACE = 0.005
"""Seconds from token to token."""
SEEN = 0.25
"""Seconds before a stream breaks, so that what came before it can have been shown."""
SILENCE = 600
"""Longer than anybody waits."""
PROMPT_TOKENS = {"primary": 7, "fallback": 11}
OUTAGE = 60
FILTER_WORDS = "canary-filter-5e1d: the prompt was stopped by the content policy"
PREFILL_WORDS = "canary-prefill-93b0: the conversation must end with a user's message"


def word(role, number):
    return f"{role[0]}{number:02d}"


def token(role, number):
    return ("" if number == 1 else " ") + word(role, number)


def text(role, first=1, last=TOKENS):
    return "".join(token(role, number) for number in range(first, last + 1))


def start_of(attempt):
    """The number of the first word to say. A prefill must be the first words of an answer, exactly."""
    if attempt.prefill is None:
        return 1
    words = attempt.prefill.split(" ")
    if any(not re.fullmatch(r"[pf]%02d" % number, found) for number, found in enumerate(words, 1)):
        attempt.note = f"a prefill that is no beginning of an answer: {attempt.prefill!r}"
        return None
    return len(words) + 1


def usage(attempt):
    prompt = PROMPT_TOKENS[attempt.role]
    return {"prompt_tokens": prompt, "completion_tokens": attempt.sent, "total_tokens": prompt + attempt.sent}


def frame(attempt, delta=None, finish=None):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1_760_000_000,
            "model": attempt.model, "choices": choices}


def completion(attempt, content, finish="stop"):
    return {"id": "chatcmpl-scripted", "object": "chat.completion", "created": 1_760_000_000, "model": attempt.model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}],
            "usage": usage(attempt)}


async def say(call, first, last):
    """Tokens, each as an event."""
    for number in range(first, last + 1):
        await call.event(frame(call.attempt, {"content": token(call.attempt.role, number)}))
        call.attempt.sent += 1
        await call.pace(PACE)


async def open_stream(call):
    await call.begin()
    await call.event(frame(call.attempt, {"role": "assistant", "content": ""}))


async def close_stream(call, finish="stop", done=True, end=True):
    await call.event(frame(call.attempt, {}, finish))
    if (call.attempt.body.get("stream_options") or {}).get("include_usage"):
        await call.event(frame(call.attempt) | {"usage": usage(call.attempt)})
    if done:
        await call.event("[DONE]")
    if end:
        await call.end()


async def healthy(call, last=TOKENS, finish="stop", done=True, end=True):
    first = start_of(call.attempt)
    if first is None:
        await call.fail(400, call.attempt.note, kind="invalid_request_error")
    elif call.attempt.streams:
        await open_stream(call)
        await say(call, first, last)
        await close_stream(call, finish, done, end)
    else:
        call.attempt.sent = last - first + 1
        await call.send(200, completion(call.attempt, text(call.attempt.role, first, last), finish))


async def whole_in_parts(call, part, between):
    """A whole answer whose body comes up to `part` of it, then what `between` does, then the rest."""
    call.attempt.sent = TOKENS
    body = json.dumps(completion(call.attempt, text(call.attempt.role))).encode()
    cut = int(len(body) * part)
    await call.send(200, body[:cut], length=len(body))
    await between()
    await call.raw(body[cut:])


async def rate_limited_once(call):
    """429, and again whoever comes back before the time it asked for is over."""
    asked = 2 * call.server.scale
    first = call.server.of(call.attempt.model, call.attempt.role)[0]
    if call.attempt is not first and call.attempt.at - first.at >= 0.9 * asked:
        return await healthy(call)
    # Below a second only the header in milliseconds can say it.
    header = f"Retry-After: {asked:g}" if asked == int(asked) else f"Retry-After-Ms: {asked * 1000:g}"
    await call.fail(429, "Too many requests.", "rate_limit_exceeded", [header], "rate_limit_error")


async def rate_limited(call):
    await call.fail(429, "Too many requests.", "rate_limit_exceeded", kind="rate_limit_error")


async def failed_once(call):
    if call.attempt.number > 1:
        return await healthy(call)
    await call.fail(500, "Something broke.")


async def overloaded(call):
    await call.fail(503, "Too much to do.")


async def reset(call):
    raise Reset


async def reset_once(call):
    if call.attempt.number > 1:
        return await healthy(call)
    raise Reset


async def silent(call):
    await call.sleep(SILENCE)


async def late(call):
    """The head and signs of life at once, the first token after 20 s. A whole answer comes after them altogether."""
    if not call.attempt.streams:
        await call.sleep(20)
        return await healthy(call)
    await open_stream(call)
    for _ in range(20):
        await call.chunk(b": working\n\n")
        await call.sleep(1)
    await say(call, 1, TOKENS)
    await close_stream(call)


async def cut(call):
    """Without a proper end after 40 of 60 tokens, or of the body."""
    async def end():
        raise Cut
    if not call.attempt.streams:
        return await whole_in_parts(call, 2 / 3, end)
    await open_stream(call)
    await say(call, 1, 40)
    await call.sleep(SEEN)
    await end()


async def stall(call):
    """Nothing for 30 s after 20 tokens, or a third of the body; then the rest."""
    async def wait():
        await call.sleep(30)
    if not call.attempt.streams:
        return await whole_in_parts(call, 1 / 3, wait)
    await open_stream(call)
    await say(call, 1, 20)
    await wait()
    await say(call, 21, TOKENS)
    await close_stream(call)


async def malformed(call):
    """The tenth event is no JSON, all others are as they should be. A whole answer is no JSON in its middle."""
    if not call.attempt.streams:
        body = text("primary")
        return await call.send(200, b'{"id":"x","choices":[{"message":{"content":"' + body.encode() + b'"}]')
    await open_stream(call)
    await say(call, 1, 8)
    await call.sleep(SEEN)
    await call.event('{"id":"chatcmpl-scripted","choices":[{"index":0,"delta":{"content":" p0')
    await say(call, 10, TOKENS)
    await close_stream(call)


async def no_done(call):
    await healthy(call, done=False)


async def no_done_open(call):
    """Nor does the connection end."""
    await healthy(call, done=False, end=False)
    await call.sleep(SILENCE)


async def context_length(call):
    await call.fail(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded",
                    kind="invalid_request_error")


async def content_filter(call):
    await call.fail(400, FILTER_WORDS, "content_filter", kind="invalid_request_error")


async def content_filter_midway(call):
    """What OpenAI's models do to an answer: it stops, and the reason says why."""
    await healthy(call, last=12, finish="content_filter")


async def rejects_prefill(call):
    if call.attempt.prefill is None:
        return await healthy(call)
    call.attempt.note = "a prefill"
    await call.fail(400, PREFILL_WORDS, kind="invalid_request_error")


async def outage(call):
    """Down for 60 s from the first attempt on: by turns 503 and a reset."""
    began = call.server.outages.setdefault(call.attempt.model, call.attempt.at)
    if call.attempt.at - began >= OUTAGE * call.server.scale:
        return await healthy(call)
    if call.attempt.number % 2:
        return await overloaded(call)
    raise Reset


PRIMARY = {
    "healthy": healthy, "rate-limited-once": rate_limited_once, "rate-limited": rate_limited,
    "failed-once": failed_once, "overloaded": overloaded, "reset": reset, "reset-once": reset_once, "silent": silent,
    "late": late, "cut": cut, "stall": stall, "malformed": malformed, "no-done": no_done, "no-done-open": no_done_open,
    "context-length": context_length, "content-filter": content_filter,
    "content-filter-midway": content_filter_midway, "no-prefill": cut, "no-prefill-known": cut, "outage": outage,
    "accounting": overloaded,
}
FALLBACK = {name: healthy for name in PRIMARY} | {"no-prefill": rejects_prefill, "no-prefill-known": rejects_prefill}
SCRIPTS = {"primary": PRIMARY, "fallback": FALLBACK}
