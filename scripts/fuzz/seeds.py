#!/usr/bin/env python3
"""Writes the fuzzers' first inputs, one file each:  seeds.py FOLDER

They come from the strings of the tests, from what the documentation shows, and from recorded exchanges where those are
there (TUTTI_SHARED names the folder, else ../shared beside the project). FOLDER gets a folder for each target."""

import hashlib
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MAX_SEED = 4096
HEAD = b"POST /p HTTP/1.1\r\nHost: h\r\n"
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", '"': '"', "'": "'", "\\": "\\"}


def unescaped(literal):
    def one(match):
        if match[1]:
            return chr(int(match[1], 16))
        return ESCAPES.get(match[2], match[2])
    return re.sub(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))", one, literal)


def literals(tests):
    """The strings of a folder of tests, those without interpolation."""
    for path in sorted((ROOT / "Tests" / tests).glob("*.swift")):
        text = path.read_text()
        for match in re.finditer(r'"""\n(.*?)\n *"""', text, re.S):
            lines = match[1].split("\n")
            indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
            yield "\n".join(line[indent:] for line in lines)
        text = re.sub(r'""".*?"""', "", text, flags=re.S)
        for match in re.finditer(r'#"((?:[^"\n]|"(?!#))*)"#', text):
            yield match[1]
        text = re.sub(r'#".*?"#', "", text)
        for match in re.finditer(r'"((?:[^"\\\n]|\\.)*)"', text):
            if r"\(" not in match[1]:
                yield unescaped(match[1])


def recorded():
    """(content type, body) of every recorded answer, and the bodies of requests."""
    shared = pathlib.Path(os.environ.get("TUTTI_SHARED") or ROOT.parent / "shared") / "data/fixtures"
    for path in sorted(shared.glob("*.jsonl")):
        for line in path.read_text().split("\n"):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            headers = {key.lower(): value for key, value in (record.get("headers") or {}).items()}
            if isinstance(record.get("body"), str):
                yield headers.get("content-type", ""), record["body"]


def requests():
    for text in literals("HTTPTests"):
        data = text.encode("utf-8", "surrogatepass")
        if " HTTP/1." in text:
            yield data
        elif re.match(r"^[A-Za-z-]+:", text) and "\n" not in text:
            yield HEAD + data + b"\r\n\r\n"
        elif "\r\n" in text:
            yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + data
        else:
            yield HEAD + b"Content-Length: " + data + b"\r\n\r\n"
            yield HEAD + b"Transfer-Encoding: " + data + b"\r\n\r\n"
            yield b"GET / HTTP/1.1\r\nHost: " + data + b"\r\n\r\n"
            yield b"GET /" + data + b" HTTP/1.1\r\nHost: h\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 3
    yield b"GET http://h/a?b HTTP/1.1\r\nHost: h\r\nConnection: a, close\r\n\r\n"
    yield b"OPTIONS * HTTP/1.0\r\n\r\n"
    yield HEAD + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: h\r\n\r\n"


def frame(opcode, payload=b"", final=True, reserved=0, masked=True, key=b"\x12\x34\x56\x78"):
    """A frame as clients send it."""
    length = len(payload)
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    head += bytes([bit | length]) if length < 126 else bytes([bit | 126]) + length.to_bytes(2, "big")
    if not masked:
        return head + payload
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def conversations():
    """What clients of a socket send, in order and not; the first byte chooses the limit of a message."""
    texts = ["", "a", "Hello", "κόσμε", "日本語", "🎼" * 3, "x" * 125, "y" * 126, "é" * 60]
    bad = [b"\x80", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf5", b"ok\xff", b"\xe1\xbd"]
    payloads = [text.encode() for text in texts] + bad
    for payload in payloads:
        for opcode in (1, 2, 9, 10):
            yield frame(opcode, payload) + frame(9, b"p")
        half = len(payload) // 2
        yield frame(1, payload[:half], final=False) + frame(9, b"1") + frame(0, payload[half:]) + frame(1, b"next")
    for code in (0, 999, 1000, 1001, 1004, 1005, 1006, 1011, 1014, 1015, 2999, 3000, 4999, 5000, 65535):
        yield frame(1, b"a") + frame(8, code.to_bytes(2, "big") + "é".encode())
    for opcode in range(16):
        yield frame(opcode, b"abc") + frame(1, b"d")
        yield frame(opcode, b"abc", final=False) + frame(0, b"d")
        yield frame(opcode, b"\x03\xe8", reserved=1 + opcode % 7)
    yield from (frame(8), frame(8, b"\x03"), frame(8, b"\x03\xe8\xff"), frame(1, b"a", masked=False), frame(9, b"z" * 126))
    for length in (b"\x00\x01", b"\x00\x7d", b"\xff\xff"):
        yield b"\x82\xfe" + length + b"\x01\x02\x03\x04abc"
    for length in (126, 65535, 65536, 1 << 20, (1 << 20) + 1, (1 << 63) - 1, 1 << 63):
        yield b"\x82\xff" + length.to_bytes(8, "big") + b"\x01\x02\x03\x04abc"


def seeds():
    for number, data in enumerate(conversations()):
        yield "web-socket", bytes([number & 1]) + data
    for data in requests():
        yield "request-parser", data
    for text in literals("JSONTests"):
        yield "json", text.encode("utf-8", "surrogatepass")
        yield "json", json.dumps({"key": [text, len(text), 1.5e-3]}).encode()
    for text in literals("HTTPTests"):
        if re.search(r"(^|\n|\r)(data|event|id|retry)", text):
            yield "event-stream", text.encode("utf-8", "surrogatepass")
    for kind, body in recorded():
        is_stream = kind.startswith("text/event-stream")
        if is_stream or kind.startswith("application/json"):
            yield "event-stream" if is_stream else "json", body.encode()
    for text in literals("ConfigurationTests"):
        if ":" in text and ("\n" in text or "{" in text):
            yield "configuration", text.encode("utf-8", "surrogatepass")
    for path in ("docs/configuration.md", "docs/catalogue.md", "docs/plans.md", "README.md"):
        for match in re.finditer(r"```yaml\n(.*?)```", (ROOT / path).read_text(), re.S):
            yield "configuration", match[1].encode()
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 9)}]\n" for level in range(8))
    for text in (bomb, "[" * 5000, "{a: " * 1000, "<<: {a: 1}\n", "a: !!binary x\n", "- " * 3000, "? " * 500):
        yield "configuration", text.encode()


def main():
    folder = pathlib.Path(sys.argv[1])
    counts = {}
    for target, data in seeds():
        limit = 16384 if target == "configuration" else MAX_SEED
        place = folder / target
        place.mkdir(parents=True, exist_ok=True)
        (place / hashlib.sha1(data[:limit]).hexdigest()).write_bytes(data[:limit])
    for place in sorted(folder.iterdir()):
        counts[place.name] = len(list(place.iterdir()))
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
