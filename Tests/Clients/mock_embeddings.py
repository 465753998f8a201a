"""OpenAI's embeddings, as the scripted upstream makes them. `short` forgets the last vector."""

import base64
import struct

from mock_openai import error_object, leaked_key
from mock_script import Script

DIMENSIONS = 8


def vector(text, dimensions=DIMENSIONS):
    """Numbers that a float of 32 bits holds exactly, other ones for other texts or tokens."""
    seed = sum((place + 1) * number for place, number in enumerate(text.encode() if isinstance(text, str) else text))
    return [(seed * (place + 3) % 257 - 128) / 64 for place in range(dimensions)]


class Embeddings(Script):
    def asked(self):
        return {}

    @staticmethod
    def failure(status, model):
        return {"error": error_object(status, model)}

    def leak(self):
        return leaked_key(self.request)

    def refusal(self):
        if "input" not in self.body:
            return 400, {"error": {"message": "'input' is a required property", "type": "invalid_request_error",
                                   "param": "input", "code": None}}

    def inputs(self):
        given = self.body["input"]
        return given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]

    def whole(self):
        inputs = self.inputs()[:-1] if self.model == "short" else self.inputs()
        data = []
        for index, text in enumerate(inputs):
            numbers = vector(text, self.body.get("dimensions") or DIMENSIONS)
            if self.body.get("encoding_format") == "base64":
                numbers = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
            data.append({"object": "embedding", "index": index, "embedding": numbers})
        tokens = sum(len(text.split()) if isinstance(text, str) else len(text) for text in inputs)
        return {"object": "list", "data": data, "model": self.model,
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
