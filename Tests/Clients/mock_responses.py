"""OpenAI's Responses, as the scripted upstream speaks them. It remembers nothing."""

import itertools
import json

from mock_openai import CREATED, error_object, leaked_key
from mock_script import Script, event, text_of, words

USAGE = {"input_tokens": 42, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 7,
         "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 49}


class Responses(Script):
    # created, in_progress, the item, its part, and two words.
    intact = 6

    def items(self):
        given = self.body.get("input") or []
        return [{"role": "user", "content": given}] if isinstance(given, str) else given

    def asked(self):
        items, choice = self.items(), self.body.get("tool_choice")
        tools = [tool for tool in self.body.get("tools") or [] if tool.get("type") == "function"]
        if choice == "none":
            tools = []
        if isinstance(choice, dict):
            tools = [tool for tool in tools if tool["name"] == choice.get("name")]
        if self.body.get("parallel_tool_calls") is False:
            tools = tools[:1]
        results = [text_of(item.get("output")) for item in items if item.get("type") == "function_call_output"]
        form = (self.body.get("text") or {}).get("format") or {}
        users = [item for item in items if item.get("role") == "user"]
        return {
            "schema": form.get("schema"), "tools": [(tool["name"], tool.get("parameters")) for tool in tools],
            "results": results, "said": text_of(users[-1]["content"]) if users else "",
            "thinks": ((self.body.get("reasoning") or {}).get("effort") or "none") != "none",
        }

    @staticmethod
    def failure(status, model):
        return {"error": error_object(status, model)}

    def leak(self):
        return leaked_key(self.request)

    def refusal(self):
        if self.body.get("previous_response_id"):
            name = self.body["previous_response_id"]
            return 400, {"error": {"message": f"Previous response with id '{name}' not found.", "code":
                                   "previous_response_not_found", "type": "invalid_request_error",
                                   "param": "previous_response_id"}}

    def output(self):
        if self.thoughts:
            yield {"type": "reasoning", "id": "rs_mock", "summary": [{"type": "summary_text", "text": self.thoughts}]}
        if self.content is not None:
            part = {"type": "output_text", "text": self.content, "annotations": [], "logprobs": []}
            yield {"type": "message", "id": "msg_mock", "role": "assistant", "status": "completed", "content": [part]}
        for index, (name, arguments) in enumerate(self.calls):
            yield {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": name,
                   "arguments": json.dumps(arguments), "status": "completed"}

    def response(self, status, output=(), usage=None, **more):
        body = self.body
        return {
            "id": "resp_mock", "object": "response", "created_at": CREATED, "status": status, "model": self.model,
            "output": list(output), "usage": usage, "error": None, "incomplete_details": None,
            "instructions": body.get("instructions"), "metadata": body.get("metadata") or {},
            "parallel_tool_calls": body.get("parallel_tool_calls", True), "previous_response_id": None,
            "temperature": body.get("temperature", 1.0), "top_p": body.get("top_p", 1.0), "store": False,
            "text": body.get("text") or {"format": {"type": "text"}}, "tools": body.get("tools") or [],
            "tool_choice": body.get("tool_choice", "auto"), "truncation": "disabled",
            "max_output_tokens": body.get("max_output_tokens"), **more}

    def whole(self):
        if self.finish in ("length", "filter"):
            reason = {"length": "max_output_tokens", "filter": "content_filter"}[self.finish]
            return self.response("incomplete", self.output(), USAGE, incomplete_details={"reason": reason})
        return self.response("completed", self.output(), USAGE)

    def parts(self):
        """The events without their numbers."""
        yield {"type": "response.created", "response": self.response("in_progress")}
        yield {"type": "response.in_progress", "response": self.response("in_progress")}
        for index, item in enumerate(self.output()):
            place = {"output_index": index, "item_id": item["id"]}
            make = {"reasoning": self.thinking, "message": self.message, "function_call": self.call}[item["type"]]
            bare, inner = make(item, place)
            yield {"type": "response.output_item.added", "output_index": index, "item": bare}
            yield from inner
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        last = self.whole()
        yield {"type": f"response.{last['status']}", "response": last}

    def thinking(self, item, place):
        place = {**place, "summary_index": 0}
        part, kind = item["summary"][0], "response.reasoning_summary"
        return {**item, "summary": []}, [
            {"type": f"{kind}_part.added", **place, "part": {**part, "text": ""}},
            *({"type": f"{kind}_text.delta", **place, "delta": piece} for piece in words(part["text"])),
            {"type": f"{kind}_text.done", **place, "text": part["text"]},
            {"type": f"{kind}_part.done", **place, "part": part}]

    def message(self, item, place):
        place = {**place, "content_index": 0}
        part, kind = item["content"][0], "response.output_text"
        return {**item, "status": "in_progress", "content": []}, [
            {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
            *({"type": f"{kind}.delta", **place, "delta": piece, "logprobs": []} for piece in words(part["text"])),
            {"type": f"{kind}.done", **place, "text": part["text"], "logprobs": []},
            {"type": "response.content_part.done", **place, "part": part}]

    def call(self, item, place):
        text, kind = item["arguments"], "response.function_call_arguments"
        return {**item, "status": "in_progress", "arguments": ""}, [
            *({"type": f"{kind}.delta", **place, "delta": text[start:start + 5]} for start in range(0, len(text), 5)),
            {"type": f"{kind}.done", **place, "name": item["name"], "arguments": text}]

    def frames(self):
        for number, part in enumerate(self.parts()):
            yield event({**part, "sequence_number": number})

    def endless(self, text):
        return list(itertools.islice(self.frames(), 4)), event(
            {"type": "response.output_text.delta", "output_index": 0, "item_id": "msg_mock", "content_index": 0,
             "delta": text, "logprobs": [], "sequence_number": 4})

    def spoiler(self):
        kind = b"event: response.output_text.delta\ndata: "
        return {
            "rubbish": kind + b"{\"type\": oops\n\n",
            "bad-utf8": kind + b'{"type":"response.output_text.delta","output_index":0,"item_id":"msg_mock",'
                               b'"content_index":0,"delta":"\xff\xfe","sequence_number":6}\n\n',
            "long-line": kind + b"x" * (10 << 20) + b"\n\n",
            "error-frame": event({"type": "error", "code": "server_error", "message": "the mock gives up",
                                  "param": None, "sequence_number": 6}),
        }[self.model]
