"""What the dialects of the scripted upstream have in common: what a model says, before any wire format."""

import json
import re

CONTENT = "The mock answers: one two three."
THOUGHT = "Let me think."
SAMPLE = {"string": "Ada", "integer": 36, "number": 1.5, "boolean": True, "null": None}


def sample(schema, root=None):
    """A value that fits a JSON schema, as far as the tests use schemas."""
    root = root or schema
    if "$ref" in schema:
        return sample(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    for key in ("enum", "anyOf"):
        if key in schema:
            return schema[key][0] if key == "enum" else sample(schema[key][0], root)
    if schema.get("type") == "object" or "properties" in schema:
        return {name: sample(inner, root) for name, inner in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [sample(schema["items"], root)]
    return SAMPLE[schema.get("type", "string")]


def words(text):
    return re.findall(r"\S+\s*|\s+", text)


def pace(model):
    """(how many words, milliseconds between them) of the model `pace-WORDS-MILLISECONDS`; else None."""
    found = re.fullmatch(r"pace-(\d+)-(\d+)", model)
    return found and (int(found[1]), int(found[2]))


def letters(text, count=2):
    return [text[start:start + count] for start in range(0, len(text), count)]


def text_of(content):
    """The text of a message's content, in whichever form."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""


def event(data):
    """A server-sent event that is named after its type."""
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


class Script:
    """The answer to one request. A dialect reads the request (`asked`) and gives the answer its form.

    `content`, `calls` ([(name, arguments)]), `thoughts` and `finish` (stop, length, filter, tools, sequence or a word
    of the dialect's own) are what the model says."""

    # Where a stream is spoilt, so many frames have gone out before.
    intact = 3
    # What follows a stream's last frame.
    ending = b""
    # Headers of every answer.
    headers = ()

    def __init__(self, request):
        self.request, self.body, self.model = request, request["body"], request["body"]["model"]
        self.content, self.calls, self.thoughts = CONTENT, [], None
        self.finish = {"length": "length", "filter": "filter"}.get(self.model, "stop")
        self.stopped_by = None
        self.say(**self.asked())

    def asked(self):
        """What the request asks for: `schema`; `tools` [(name, schema)] that may be called, without those that the
        choice leaves out; `results`, the texts of tool results that end the conversation; `said`, the user's last
        words; `stops`; `thinks`; `told`, the first instructions."""
        raise NotImplementedError

    def say(self, schema=None, tools=(), results=(), said="", stops=(), thinks=False, told=""):
        if thinks or self.model == "reasoning":
            self.thoughts = THOUGHT
        if self.model == "echo":
            self.content = json.dumps({key: self.request[key] for key in ("path", "headers", "body")})
        elif paced := pace(self.model):
            self.content = " ".join(f"w{number}" for number in range(paced[0]))
        elif self.model == "repeat":
            self.content = f"You said: {said}"
        elif (line := re.search(r"^say: (.*)", told, re.M)) and re.fullmatch(r"wait-\d+|letters", self.model):
            self.content = line[1]
        elif results:
            self.content = f"The tools say: {', '.join(results)}."
        elif schema:
            self.content = json.dumps(sample(schema))
        elif tools:
            self.calls = [(name, sample(inner or {"type": "object"})) for name, inner in tools]
            self.content, self.finish = None, "tools"
        if self.model == "evil-tool":
            self.calls = [("x\n\ndata: {\"evil\":1}\n\n", {})]
            self.content, self.finish = None, "tools"
        for stop in stops:
            if self.content and self.model != "echo" and stop in self.content:
                self.content, self.stopped_by = self.content[:self.content.index(stop)], stop

    def refusal(self):
        """(status, body) for a request that the provider would refuse; else None."""
        return None

    @staticmethod
    def failure(status, model):
        """The body of an answer with that status."""
        raise NotImplementedError

    def leak(self):
        """The body of a 401 that repeats the key."""
        raise NotImplementedError

    def whole(self):
        raise NotImplementedError

    def broken(self):
        """A whole answer that isn't one: an error although the status is 200."""
        return self.failure(500, self.model)

    def frames(self):
        """The stream's frames as bytes."""
        raise NotImplementedError

    def endless(self, text):
        """(the frames that begin a stream, the one that comes again and again)"""
        raise NotImplementedError

    def spoiler(self):
        """The frame of the model `rubbish`, `bad-utf8`, `long-line` or `error-frame`."""
        raise NotImplementedError
