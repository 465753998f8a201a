"""Anthropic's messages, as the scripted upstream speaks them."""

import json

from mock_anthropic_rules import fault
from mock_script import Script, event, text_of, words

SIGNATURE = "c2lnbmVkIGJ5IHRoZSBtb2Nr"
SEALED = "c2VhbGVkIGJ5IHRoZSBtb2Nr"
TOKENS = 4321
# 42 tokens of prompt and 7 of answer, as the OpenAI-compatible part counts them.
AT_START = {"input_tokens": 30, "cache_creation_input_tokens": 4, "cache_read_input_tokens": 8,
            "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 1},
            "output_tokens": 1, "service_tier": "standard"}
AT_END = {"output_tokens": 7, "output_tokens_details": {"thinking_tokens": 3}}
REASONS = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal", "tools": "tool_use"}
OWN_REASONS = {"pause": "pause_turn", "window": "model_context_window_exceeded"}
ERRORS = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
          404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 504: "timeout_error",
          529: "overloaded_error"}
SEARCH = [
    {"type": "server_tool_use", "id": "srvtoolu_0", "name": "web_search", "input": {"query": "mock"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_0", "content": [
        {"type": "web_search_result", "url": "https://mock.test/", "title": "Mock", "page_age": None,
         "encrypted_content": "eA=="}]},
]
CITATION = {"type": "web_search_result_location", "url": "https://mock.test/", "title": "Mock", "cited_text": "one",
            "encrypted_index": "eA=="}


def error(kind, message):
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_upstream"}


class Messages(Script):
    # The start of the message and of its block, the ping, and two words.
    intact = 5
    headers = ("Request-Id: req_upstream",)
    needs_max_tokens = True

    def asked(self):
        messages, choice = self.body.get("messages", []), self.body.get("tool_choice") or {}
        tools = [tool for tool in self.body.get("tools") or [] if "input_schema" in tool]
        if choice.get("type") == "none":
            tools = []
        if choice.get("type") == "tool":
            tools = [tool for tool in tools if tool["name"] == choice["name"]]
        if choice.get("disable_parallel_tool_use"):
            tools = tools[:1]
        last = messages[-1].get("content") if messages else []
        results = [text_of(block.get("content")) for block in last if block.get("type") == "tool_result"] \
            if isinstance(last, list) else []
        users = [message for message in messages if message.get("role") == "user"]
        form = (self.body.get("output_config") or {}).get("format") or self.body.get("output_format") or {}
        return {
            "schema": form.get("schema"), "tools": [(tool["name"], tool["input_schema"]) for tool in tools],
            "results": results, "said": text_of(users[-1].get("content")) if users else "",
            "stops": self.body.get("stop_sequences") or [],
            "thinks": (self.body.get("thinking") or {}).get("type", "disabled") != "disabled",
        }

    @property
    def reason(self):
        return "stop_sequence" if self.stopped_by else OWN_REASONS.get(self.model, REASONS[self.finish])

    def refusal(self):
        found = fault(self.request, self.needs_max_tokens)
        return found and (found[0], error(ERRORS[found[0]], found[1]))

    @staticmethod
    def failure(status, model):
        if status == 400:
            return error("invalid_request_error", "temperature: must be at most 1 (mock)")
        return error(ERRORS.get(status, "api_error"), f"the mock fails with {status}")

    def leak(self):
        return error("authentication_error", f"invalid x-api-key: {self.request['headers'].get('x-api-key', '')}")

    def broken(self):
        return error("overloaded_error", "Overloaded (mock)")

    def blocks(self):
        """The whole content."""
        if self.thoughts:
            yield {"type": "thinking", "thinking": self.thoughts, "signature": SIGNATURE}
        if self.model == "redacted":
            yield {"type": "redacted_thinking", "data": SEALED}
        if self.model == "server-tool":
            yield from SEARCH
        if self.content:
            cited = {"citations": [CITATION]} if self.model == "server-tool" else {}
            yield {"type": "text", "text": self.content, **cited}
        for index, (name, arguments) in enumerate(self.calls):
            yield {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": arguments}

    def message(self, **more):
        return {"id": "msg_mock", "type": "message", "role": "assistant", "model": self.model, "content": [],
                "stop_reason": None, "stop_sequence": None, **more}

    def whole(self):
        return self.message(content=list(self.blocks()), stop_reason=self.reason, stop_sequence=self.stopped_by,
                            usage={**AT_START, **self.at_end()})

    def at_end(self):
        # Some models count the prompt anew at the end of a stream; what is told last is right.
        return {**AT_END, **({"input_tokens": 60, "cache_read_input_tokens": 16} if self.model == "late-usage" else {})}

    @staticmethod
    def pieces(block):
        """(the block as a stream begins it, its deltas)"""
        kind = block["type"]
        if kind == "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in words(block["text"])]
            deltas += [{"type": "citations_delta", "citation": one} for one in block.get("citations", [])]
            return {"type": "text", "text": ""}, deltas
        if kind == "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in words(block["thinking"])]
            return {**block, "thinking": "", "signature": ""}, deltas + [
                {"type": "signature_delta", "signature": block["signature"]}]
        if kind in ("tool_use", "server_tool_use"):
            # The first piece is empty; of a call without arguments it is the only one.
            text = json.dumps(block["input"]) if block["input"] else ""
            cuts = [""] + [text[start:start + 5] for start in range(0, len(text), 5)]
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": cut} for cut in cuts]
        return block, []

    def frames(self):
        yield event({"type": "message_start", "message": self.message(usage=AT_START)})
        for index, block in enumerate(self.blocks()):
            start, deltas = self.pieces(block)
            yield event({"type": "content_block_start", "index": index, "content_block": start})
            if index == 0:
                yield event({"type": "ping"})
            for number, delta in enumerate(deltas):
                yield event({"type": "content_block_delta", "index": index, "delta": delta})
                if number == 3:
                    yield event({"type": "ping"})
            yield event({"type": "content_block_stop", "index": index})
        yield event({"type": "message_delta", "usage": self.at_end(),
                     "delta": {"stop_reason": self.reason, "stop_sequence": self.stopped_by}})
        yield event({"type": "message_stop"})

    def endless(self, text):
        return list(self.frames())[:3], event(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})

    def spoiler(self):
        return {
            "rubbish": b"event: content_block_delta\ndata: {\"type\": oops\n\n",
            "bad-utf8": b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{'
                        b'"type":"text_delta","text":"\xff\xfe"}}\n\n',
            "long-line": b"event: content_block_delta\ndata: " + b"x" * (10 << 20) + b"\n\n",
            "error-frame": event(self.broken()),
        }[self.model]


class TokenCount(Messages):
    """`/messages/count_tokens`."""

    needs_max_tokens = False

    def whole(self):
        return {"input_tokens": TOKENS + 100 * len(self.body.get("tools") or [])}
