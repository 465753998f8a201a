"""What a recorded answer says, read from the recording alone, and how each client's dialect must show it."""

import dataclasses
import json

from replay_recordings import sse


@dataclasses.dataclass
class Told:
    """An answer, whichever dialect told it. `calls` are (name, arguments, id); `usage` has the prompt with all that
    the cache had and took; `finish` has OpenAI's words; `error` is (status or None, message). A client's error is
    (status or None, type, message), and it alone is told the `cost`."""
    text: str = ""
    thinking: str = ""
    calls: list = dataclasses.field(default_factory=list)
    finish: str | None = None
    usage: dict | None = None
    error: tuple | None = None
    cost: float | None = None


STOP_REASONS = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls",
                "model_context_window_exceeded": "length", "refusal": "content_filter"}
# docs/errors.md: what a provider's status becomes, and the type in OpenAI's and in Anthropic's envelope.
ERRORS = {
    400: (400, "invalid_request_error", "invalid_request_error"), 401: (502, "server_error", "api_error"),
    404: (503, "server_error", "overloaded_error"), 429: (429, "rate_limit_error", "rate_limit_error"),
}


def truth(recording):
    if recording.kind == "error":
        error = json.loads(recording.body)["error"]
        return Told(error=(recording.status, error["message"]))
    return READERS[recording.dialect, recording.kind](recording.body)


def arguments(text):
    """No text at all means no arguments."""
    return json.loads(text) if text else {}


def chat_parts(message, told):
    """A message's or a delta's text and thoughts. The same thought can stand in two fields."""
    content = message.get("content")
    for part in content if isinstance(content, list) else [{"type": "text", "text": content or ""}]:
        if part["type"] == "thinking":
            told.thinking += "".join(inner["text"] for inner in part["thinking"])
        else:
            told.text += part["text"]
    details = "".join(detail.get("text") or detail.get("summary") or "" for detail in message.get("reasoning_details")
                      or [])
    told.thinking += message.get("reasoning_content") or message.get("reasoning") or details
    told.text += message.get("refusal") or ""


def chat_usage(usage, model=""):
    if not usage:
        return None
    prompt, answer = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    answered, thinking = usage["completion_tokens"], answer.get("reasoning_tokens")
    hidden = usage["total_tokens"] - usage["prompt_tokens"] - answered
    # Gemini counts its thoughts in the total alone.
    if "gemini" in model and hidden > 0:
        answered, thinking = answered + hidden, (thinking or 0) + hidden
    return {"prompt": usage["prompt_tokens"], "answer": answered, "total": usage["total_tokens"],
            "cached": prompt.get("cached_tokens", usage.get("prompt_cache_hit_tokens")),
            "written": prompt.get("cache_write_tokens"), "thinking": thinking}


def chat_whole(body):
    root, told = json.loads(body), Told()
    choice = root["choices"][0]
    chat_parts(choice["message"], told)
    told.calls = [(call["function"]["name"], arguments(call["function"].get("arguments")), call["id"])
                  for call in choice["message"].get("tool_calls") or []]
    told.finish, told.usage = choice["finish_reason"], chat_usage(root.get("usage"), root.get("model", ""))
    return told


def chat_stream(body):
    told, calls = Told(), {}
    for _, data in sse(body):
        if data == b"[DONE]":
            break
        chunk = json.loads(data)
        for choice in chunk.get("choices", []):
            chat_parts(choice["delta"], told)
            for call in choice["delta"].get("tool_calls") or []:
                known = calls.setdefault(call["index"], {"id": "", "name": "", "arguments": ""})
                known["id"] += call.get("id") or ""
                for field in ("name", "arguments"):
                    known[field] += call["function"].get(field) or ""
            # It may come again in later chunks.
            told.finish = told.finish or choice.get("finish_reason")
        told.usage = chat_usage(
            chunk.get("usage") or chunk.get("x_groq", {}).get("usage"), chunk.get("model") or "") or told.usage
        if error := chunk.get("error"):
            told.error = (None, error["message"])
            break
    told.calls = [(call["name"], arguments(call["arguments"]), call["id"]) for _, call in sorted(calls.items())]
    return told


def messages_usage(usage):
    read, written = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
    prompt = usage["input_tokens"] + (read or 0) + (written or 0)
    return {"prompt": prompt, "answer": usage["output_tokens"], "total": prompt + usage["output_tokens"],
            "cached": read, "written": written,
            "hour": (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens"),
            "thinking": (usage.get("output_tokens_details") or {}).get("thinking_tokens")}


def messages_whole(body):
    root, told = json.loads(body), Told()
    for block in root["content"]:
        if block["type"] == "text":
            told.text += block["text"]
        elif block["type"] == "thinking":
            told.thinking += block["thinking"]
        elif block["type"] == "tool_use":
            told.calls.append((block["name"], block["input"], block["id"]))
    told.finish, told.usage = STOP_REASONS[root["stop_reason"]], messages_usage(root["usage"])
    return told


def messages_stream(body):
    told, usage, inputs = Told(), {}, {}
    for _, data in sse(body):
        event = json.loads(data)
        block, delta = event.get("content_block", {}), event.get("delta", {})
        if event["type"] == "message_start":
            usage.update(event["message"]["usage"])
        elif event["type"] == "message_delta":
            # Counted anew, field by field: what comes last is right.
            usage.update(event["usage"])
            told.finish = STOP_REASONS[delta["stop_reason"]]
        elif block.get("type") == "tool_use":
            inputs[event["index"]] = [block["name"], block["id"], ""]
        elif "partial_json" in delta and event["index"] in inputs:
            inputs[event["index"]][2] += delta["partial_json"]
        told.text += block.get("text", "") if block.get("type") == "text" else ""
        told.text += delta.get("text", "")
        told.thinking += block.get("thinking", "") + delta.get("thinking", "")
    told.calls = [(name, arguments(text), identifier) for name, identifier, text in inputs.values()]
    told.usage = messages_usage(usage)
    return told


def responses_whole(body):
    """Of an answer that only clients of the same dialect are shown: what it is priced by."""
    usage = json.loads(body).get("usage")
    read, made = (usage or {}).get("input_tokens_details") or {}, (usage or {}).get("output_tokens_details") or {}
    return Told(usage=usage and {
        "prompt": usage["input_tokens"], "answer": usage["output_tokens"], "total": usage["total_tokens"],
        "cached": read.get("cached_tokens"), "written": read.get("cache_write_tokens"),
        "thinking": made.get("reasoning_tokens")})


READERS = {("responses", "whole"): responses_whole, ("chat", "whole"): chat_whole, ("chat", "stream"): chat_stream,
           ("messages", "whole"): messages_whole, ("messages", "stream"): messages_stream}


# How it must be shown.

def shown_usage(usage, client):
    """The fields that a client of the dialect must find, by path. `None` where it must find no usage."""
    if client == "messages":
        usage = usage or {"prompt": 0, "answer": 0}
        read, written = usage.get("cached") or 0, usage.get("written") or 0
        # Counts that do not add up never make one that is negative.
        fields = {"input_tokens": max(0, max(0, usage["prompt"] - read) - written), "cache_read_input_tokens": read,
                  "cache_creation_input_tokens": written, "output_tokens": usage["answer"]}
        details = {"output_tokens_details.thinking_tokens": usage.get("thinking")}
    elif usage is None:
        return None
    elif client == "native":
        fields = {"promptTokens": usage["prompt"], "completionTokens": usage["answer"], "totalTokens": usage["total"]}
        details = {"cachedTokens": usage["cached"], "reasoningTokens": usage["thinking"]}
    else:
        prompt, answer = ("input", "output") if client == "responses" else ("prompt", "completion")
        fields = {f"{prompt}_tokens": usage["prompt"], f"{answer}_tokens": usage["answer"],
                  "total_tokens": usage["total"]}
        details = {f"{prompt}_tokens_details.cached_tokens": usage["cached"],
                   f"{answer}_tokens_details.reasoning_tokens": usage["thinking"]}
    return fields | {path: count for path, count in details.items() if count}
