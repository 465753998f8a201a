"""What schemathesis must not send: JSON that the server's reader refuses, which the documentation says, and that a
schema can only forbid where it names the value. Numbers beyond 64 bits, floating-point numbers below the normal ones, and,
deep within values that may be anything, texts and members' names with a NUL."""

import json
import math
import sys

import schemathesis


def fits(value):
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        return -2**63 <= value < 2**64
    if isinstance(value, float):
        return math.isfinite(value) and (value == 0 or abs(value) >= sys.float_info.min)
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, list):
        return all(map(fits, value))
    return not isinstance(value, dict) or all(map(fits, [*value, *value.values()]))


@schemathesis.hook
def filter_body(context, body):
    return fits(body)


@schemathesis.serializer("application/jsonl")
def as_line(context, value):
    """What the contract describes of JSON Lines is a line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@schemathesis.deserializer("application/jsonl")
def last_line(context, response):
    """Blank lines say that work goes on. Where all lines had their answers before (`after`), none is given."""
    lines = [line for line in response.content.splitlines() if line.strip()]
    if not lines and "after=" in response.request.url:
        return {"index": 1, "requestId": "none"}
    return json.loads(lines[-1])
