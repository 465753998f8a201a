"""OpenAI's chat completions, as the scripted upstream speaks them."""

import json

from mock_script import Script, letters, text_of, words

CREATED = 1_700_000_000
USAGE = {
    "prompt_tokens": 42, "completion_tokens": 7, "total_tokens": 49,
    "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 0},
}
FINISH = {"filter": "content_filter", "tools": "tool_calls"}


def logprobs_of(pieces):
    def one(text):
        return {"token": text, "logprob": -0.25, "bytes": list(text.encode())}
    return {"content": [{**one(piece), "top_logprobs": [one(piece)]} for piece in pieces], "refusal": None}


def frame(data):
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def error_object(status, model):
    if status == 400:
        return {"message": "temperature must be at most 2 (mock)", "type": "invalid_request_error",
                "param": "temperature", "code": "invalid_value"}
    return {"message": f"the mock fails with {status}", "type": "mock_error", "param": None, "code": f"mock_{model}"}


def leaked_key(request):
    key = request["headers"].get("authorization", "")
    return {"error": {"message": f"Incorrect API key provided: {key}", "param": None,
                      "type": "invalid_request_error", "code": "invalid_api_key"}}


class Chat(Script):
    ending = b"data: [DONE]\n\n"

    def asked(self):
        messages, tools = self.body.get("messages", []), self.body.get("tools") or []
        choice = self.body.get("tool_choice")
        if choice == "none":
            tools = []
        if isinstance(choice, dict):
            tools = [tool for tool in tools if tool["function"]["name"] == choice["function"]["name"]]
        if not self.body.get("parallel_tool_calls", True):
            tools = tools[:1]
        results = []
        for message in reversed(messages):
            if message.get("role") != "tool":
                break
            results.insert(0, text_of(message.get("content")))
        users = [message for message in messages if message.get("role") == "user"]
        stops = self.body.get("stop") or []
        return {
            "schema": ((self.body.get("response_format") or {}).get("json_schema") or {}).get("schema"),
            "tools": [(tool["function"]["name"], tool["function"].get("parameters")) for tool in tools],
            "results": results,
            "said": text_of(users[-1].get("content")) if users else "",
            "told": text_of(messages[0].get("content")) if messages and messages[0].get("role") == "system" else "",
            "stops": [stops] if isinstance(stops, str) else stops,
            "thinks": (self.body.get("reasoning_effort") or "none") != "none",
        }

    @property
    def reason(self):
        return FINISH.get(self.finish, self.finish)

    @staticmethod
    def failure(status, model):
        return {"error": error_object(status, model)}

    def leak(self):
        return leaked_key(self.request)

    def envelope(self, kind, choices, **more):
        return {"id": "chatcmpl-mock", "object": kind, "created": CREATED, "model": self.model, "choices": choices,
                "system_fingerprint": "fp_mock", **more}

    def whole(self):
        message = {"role": "assistant", "content": self.content, "refusal": None}
        if self.thoughts:
            message["reasoning_content"] = self.thoughts
        if self.calls:
            message["tool_calls"] = [
                {"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
                for i, (name, arguments) in enumerate(self.calls)]
        logprobs = logprobs_of(words(self.content)) if self.body.get("logprobs") else None
        choices = [{"index": i, "message": message, "logprobs": logprobs, "finish_reason": self.reason}
                   for i in range(self.body.get("n") or 1)]
        return self.envelope("chat.completion", choices, usage=USAGE)

    def deltas(self):
        yield {"role": "assistant", "content": None if self.calls else "", "refusal": None}
        if self.thoughts:
            yield {"reasoning_content": self.thoughts}
        for index, (name, arguments) in enumerate(self.calls):
            arguments = json.dumps(arguments)
            yield {"tool_calls": [{"index": index, "id": f"call_{index}", "type": "function",
                                   "function": {"name": name, "arguments": ""}}]}
            for start in range(0, len(arguments), 5):
                yield {"tool_calls": [{"index": index, "function": {"arguments": arguments[start:start + 5]}}]}
        for piece in (letters if self.model == "letters" else words)(self.content or ""):
            yield {"content": piece}

    def chunk(self, choices, **more):
        return frame(self.envelope("chat.completion.chunk", choices, **more))

    def frames(self):
        usage = (self.body.get("stream_options") or {}).get("include_usage")
        none = {"usage": None} if usage else {}
        for index in range(self.body.get("n") or 1):
            for delta in self.deltas():
                choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}
                if self.body.get("logprobs") and delta.get("content"):
                    choice["logprobs"] = logprobs_of([delta["content"]])
                yield self.chunk([choice], **none)
            yield self.chunk([{"index": index, "delta": {}, "logprobs": None, "finish_reason": self.reason}], **none)
        if usage:
            yield self.chunk([], usage=USAGE)

    def endless(self, text):
        choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
        return [], self.chunk([choice])

    def spoiler(self):
        return {
            "rubbish": b"data: {\"choices\": oops\n\n",
            "bad-utf8": b'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{'
                        b'"index":0,"delta":{"content":"\xff\xfe"},"finish_reason":null}]}\n\n',
            "long-line": b"data: " + b"x" * (10 << 20) + b"\n\n",
            "error-frame": frame(self.broken()),
        }[self.model]
