#!/usr/bin/env python3
"""What llhttp, as httptools has it and as strict as it comes, makes of requests.

Reads a line of hexadecimal digits for each on standard input. Writes a line for each: `whole` and, in hexadecimal
digits, method, target, fields and body; `open` where it wants more; else `refused` and why. The first line is the
version of httptools."""

import sys

import httptools


class Message:
    def __init__(self):
        self.target, self.fields, self.body = b"", [], b""
        self.has_head = self.is_whole = False

    def on_url(self, part):
        self.target += part

    def on_header(self, name, value):
        # Trailers come by the same way.
        if not self.has_head:
            self.fields.append(name + b":" + value.strip(b" \t"))

    def on_headers_complete(self):
        self.has_head = True

    def on_body(self, part):
        self.body += part

    def on_message_complete(self):
        self.is_whole = True


def read(data):
    message = Message()
    parser = httptools.HttpRequestParser(message)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        # It stops where another protocol would begin; what was asked for is whole.
        pass
    except httptools.HttpParserError as error:
        if not message.is_whole:
            return f"refused {type(error).__name__}: {error}".replace("\n", " ")
    if not message.is_whole:
        return "open"
    parts = [parser.get_method() + b" " + message.target, *message.fields, b"", message.body]
    return "whole " + b"\n".join(parts).hex()


def main():
    print(httptools.__version__, flush=True)
    for line in sys.stdin:
        print(read(bytes.fromhex(line)))


if __name__ == "__main__":
    main()
