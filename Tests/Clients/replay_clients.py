"""Clients of each dialect: what they ask, and how they read an answer. Readers are strict: an answer that was made for
another dialect must be a perfect one of its own."""

import json

import replay_responses
from harness import expect
from replay_recordings import sse
from replay_truth import Told

ROUTES = {"chat": "/v1/chat/completions", "embeddings": "/v1/embeddings", "messages": "/v1/messages",
          "count_tokens": "/v1/messages/count_tokens", "responses": "/v1/responses",
          "native": "/api/orchestrator/chat"}
ERROR_TYPES = {
    "chat": {"invalid_request_error", "rate_limit_error", "server_error"},
    "messages": {"invalid_request_error", "rate_limit_error", "api_error", "overloaded_error",
                 "timeout_error"},
}
STOP_REASONS = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls", "refusal": "content_filter"}
DELTAS = {"text": {"text_delta"}, "thinking": {"thinking_delta", "signature_delta"}, "tool_use": {"input_json_delta"},
          "redacted_thinking": set()}


def question(client, model, stream):
    """The plainest request that a client of the dialect can make, and one that asks for usage."""
    said = [{"role": "user", "content": "hi"}]
    if client == "native":
        return {"model": model, "message": "hi", "options": {"maxTokens": 100}, "stream": stream}
    if client == "responses":
        return {"model": model, "input": "hi", "max_output_tokens": 100, "stream": stream}
    body = {"model": model, "max_tokens": 100, "messages": said, "stream": stream}
    if client == "chat" and stream:
        body["stream_options"] = {"include_usage": True}
    return body


def read(client, answer, stream, model):
    """What the client was told. An error is (status, type, message), the status None within a stream."""
    told = Told()
    kind = answer.headers.get("content-type", "")
    expect(answer.complete, "the body is cut short")
    if answer.status != 200:
        expect(kind.startswith(("application/json", "application/problem+json")), f"content-type {kind}")
        told.error = (answer.status, *error(client, json.loads(answer.body)))
    elif stream:
        expect(kind.startswith("text/event-stream"), f"content-type {kind}")
        STREAMS[client]([(name, data if data == b"[DONE]" else json.loads(data)) for name, data in sse(answer.body)],
                        model, told)
    else:
        expect(kind.startswith("application/json"), f"content-type {kind}")
        WHOLES[client](json.loads(answer.body), model, told)
    return told


def error(client, root):
    """(type or None, message) of an error in the client's envelope."""
    if client == "native":
        expect(isinstance(root["code"], str) and "requestId" in root, f"an error without code or id: {root}")
        return None, root.get("detail") or root["message"]
    if client == "messages":
        expect(root["type"] == "error" and "request_id" in root, f"an error without type or request_id: {root}")
    inner = root["error"]
    expect(client == "messages" or {"message", "type", "param", "code"} == set(inner), f"an error of {sorted(inner)}")
    expect(inner["type"] in ERROR_TYPES.get(client, ERROR_TYPES["chat"]), f"error.type is {inner['type']!r}")
    expect(inner["message"], "an error without a message")
    return inner["type"], inner["message"]


def call(name, text, identifier):
    return (name, json.loads(text), identifier)


# OpenAI's chat

def chat_whole(root, model, told):
    expect(root["id"] and root["object"] == "chat.completion" and isinstance(root["created"], int), f"head: {root}")
    expect(root["model"] == model, f"model is {root['model']!r}")
    expect([choice["index"] for choice in root["choices"]] == [0], "not one choice")
    choice = root["choices"][0]
    message = choice["message"]
    expect(message["role"] == "assistant" and "content" in message, f"message: {message}")
    told.text, told.thinking = message["content"] or "", message.get("reasoning_content") or ""
    told.calls = [call(made["function"]["name"], made["function"]["arguments"], made["id"])
                  for made in message.get("tool_calls", [])]
    expect(all(made["type"] == "function" for made in message.get("tool_calls", [])), "a call without its type")
    told.finish, told.usage = choice["finish_reason"], root.get("usage")


def chat_stream(events, model, told):
    calls, begun, over = [], False, False
    expect(all(name is None for name, _ in events), "an event with a name")
    for position, (_, chunk) in enumerate(events):
        expect(not over, f"after the end: {chunk}")
        if chunk == b"[DONE]" or "error" in chunk:
            over = True
            if chunk != b"[DONE]":
                told.error = (None, *error("chat", chunk))
            continue
        expect(chunk["id"] and chunk["object"] == "chat.completion.chunk" and isinstance(chunk["created"], int),
               f"chunk {position}: {chunk}")
        expect(chunk["model"] == model, f"model is {chunk['model']!r}")
        if chunk.get("usage"):
            expect(not chunk["choices"] and not told.usage, "usage twice, or not in a chunk of its own")
            told.usage = chunk["usage"]
            continue
        (choice,) = chunk["choices"]
        expect(told.finish is None, f"a choice after its end: {choice}")
        delta = choice["delta"]
        expect(begun or delta.get("role") == "assistant", "the first chunk has no role")
        begun = True
        told.text += delta.get("content") or ""
        told.thinking += delta.get("reasoning_content") or ""
        for piece in delta.get("tool_calls", []):
            if piece["index"] == len(calls):
                expect(piece["id"] and piece["type"] == "function", f"a call begins with {piece}")
                calls.append([piece["function"]["name"], "", piece["id"]])
            expect(piece["index"] < len(calls), f"a call out of order: {piece}")
            calls[piece["index"]][1] += piece["function"]["arguments"]
        told.finish = choice["finish_reason"]
    expect(over, "the stream has no end")
    told.calls = [call(*made) for made in calls]


# Anthropic's messages

def messages_head(message, model):
    expect(message["id"] and message["type"] == "message" and message["role"] == "assistant", f"head: {message}")
    expect(message["model"] == model, f"model is {message['model']!r}")
    expect({"stop_reason", "stop_sequence", "usage"} <= set(message), f"fields: {sorted(message)}")


def messages_whole(root, model, told):
    messages_head(root, model)
    for block in root["content"]:
        if block["type"] == "text":
            expect(block["text"], "an empty text block")
            told.text += block["text"]
        elif block["type"] == "thinking":
            expect("signature" in block, "a thinking block without signature")
            told.thinking += block["thinking"]
        else:
            expect(block["type"] == "tool_use" and isinstance(block["input"], dict), f"block: {block}")
            told.calls.append((block["name"], block["input"], block["id"]))
    told.finish, told.usage = STOP_REASONS[root["stop_reason"]], root["usage"]


def messages_stream(events, model, told):
    kind, index, inputs, state = None, -1, [], "before"
    for name, event in events:
        expect(name == event["type"], f"the event {name} holds a {event['type']}")
        expect(state != "over", f"after the end: {event}")
        if name == "ping":
            continue
        if name == "error":
            told.error = (None, *error("messages", event))
            state = "over"
        elif name == "message_start":
            expect(state == "before" and event["message"]["content"] == [], f"a start at the wrong place: {event}")
            messages_head(event["message"], model)
            expect(event["message"]["stop_reason"] is None, "the reason is known at the start")
            told.usage, state = event["message"]["usage"], "open"
        elif name == "content_block_start":
            index += 1
            block = event["content_block"]
            expect(state == "open" and kind is None and event["index"] == index, f"block out of order: {event}")
            kind = block["type"]
            expect(kind in DELTAS, f"a block of type {kind}")
            expect(not block.get("text") and not block.get("thinking"), f"the block begins with its text: {block}")
            if kind == "tool_use":
                expect(block["input"] == {} and block["name"] and block["id"], f"block: {block}")
                inputs.append([block["name"], "", block["id"]])
        elif name == "content_block_delta":
            delta = event["delta"]
            expect(kind and event["index"] == index and delta["type"] in DELTAS[kind], f"in a {kind} block: {event}")
            told.text += delta.get("text", "")
            told.thinking += delta.get("thinking", "")
            if kind == "tool_use":
                inputs[-1][1] += delta["partial_json"]
        elif name == "content_block_stop":
            expect(kind and event["index"] == index, f"a stop out of order: {event}")
            kind = None
        elif name == "message_delta":
            expect(state == "open" and kind is None, f"a block is open: {event}")
            reason, state = event["delta"]["stop_reason"], "told"
            expect("stop_sequence" in event["delta"] and "output_tokens" in event["usage"], f"end: {event}")
            told.finish = STOP_REASONS[reason]
            told.usage = told.usage | event["usage"]
        else:
            expect(name == "message_stop" and state == "told", f"an event out of order: {event}")
            state = "over"
    expect(state == "over", "the stream has no end")
    told.calls = [call(made, text or "{}", identifier) for made, text, identifier in inputs]


# Tutti's own

def native_result(root, model, told):
    expect(root["model"] == model, f"model is {root['model']!r}")
    expect(root["cached"] is False and "cost" in root, f"result: {root}")
    told.text, told.finish, told.usage, told.cost = root["content"], root["finishReason"], root["usage"], root["cost"]


def native_stream(events, model, told):
    text, calls = "", {}
    expect(events[0][0] == "START_EXECUTION", f"begins with {events[0]}")
    for name, event in events:
        if name == "TOKEN":
            text += event["token"]
        elif name == "TOOL":
            made = calls.setdefault(event["index"], ["", "", ""])
            made[0] += event.get("name", "")
            made[1] += event["arguments"]
            made[2] += event.get("id", "")
    name, last = events[-1]
    if name == "ERROR":
        told.text, told.error = text, (None, *error("native", last))
        return
    expect(name == "COMPLETE", f"ends with {name}")
    native_result(last, model, told)
    expect(text == told.text, f"the tokens are {text[:80]!r}, the answer {told.text[:80]!r}")
    told.calls = [call(*made) for _, made in sorted(calls.items())]


WHOLES = {"chat": chat_whole, "messages": messages_whole, "native": native_result, "responses": replay_responses.whole}
STREAMS = {"chat": chat_stream, "messages": messages_stream, "native": native_stream,
           "responses": replay_responses.stream}
