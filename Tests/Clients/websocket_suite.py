"""The socket, `GET /api/orchestrator/ws`, as a client of somebody else's making sees it, and bad frames by hand."""

import asyncio
import base64
import hashlib
import json
import os
import struct
import sys

import websockets
from harness import Checks, Wire, equal, expect, fetch, servers
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PATH = "/api/orchestrator/ws"
LAST = ("COMPLETE", "ERROR", "CANCELLED")
SECONDS = 20


def chat(request_id, model="plain", message="hello", **more):
    return json.dumps({"type": "chat", "requestId": request_id, "model": model, "message": message, **more})


class Client:
    """Sorts what comes by the request that it belongs to."""

    def __init__(self, socket):
        self.socket, self.events = socket, {}

    async def next(self, request_id):
        while not (waiting := self.events.setdefault(request_id, [])):
            event = json.loads(await asyncio.wait_for(self.socket.recv(), SECONDS))
            self.events.setdefault(event.get("requestId"), []).append(event)
        return waiting.pop(0)

    async def run(self, request_id):
        events = []
        while not events or events[-1]["event"] not in LAST:
            events.append(await self.next(request_id))
        return events

    async def say(self, **message):
        await self.socket.send(json.dumps(message))


def in_order(events):
    run = events[0]["id"].split(":")[0]
    equal([event["id"] for event in events], [f"{run}:{number}" for number in range(len(events))], "ids")


def frame(opcode, payload=b"", final=True, reserved=0, masked=True, length=None):
    """A frame, well formed or not."""
    count = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if count < 126:
        head += bytes([bit | count])
    else:
        head += bytes([bit | 126]) + struct.pack(">H", count) if count < 65536 else \
            bytes([bit | 127]) + struct.pack(">Q", count)
    return head + (b"\0\0\0\0" if masked else b"") + payload


class Suite:
    def __init__(self, checks, mock, tutti):
        self.checks, self.mock, self.port = checks, mock, tutti.port
        self.url = f"ws://127.0.0.1:{tutti.port}{PATH}"

    def run(self):
        for name in ("several", "cancel", "resume", "mistakes", "origins", "subprotocol", "most", "large", "binary",
                     "pings"):
            self.checks.run(f"websockets: {name}", lambda name=name: asyncio.run(getattr(self, name)()))
        self.checks.run("the handshake by hand", self.handshake)
        self.checks.run("bad frames end with the protocol's codes", self.frames)
        self.checks.run("a message in many fragments, a byte at a time", self.fragments)
        self.checks.run("nothing is left behind", self.nothing_left)

    async def several(self):
        async with connect(self.url, compression="deflate") as socket:
            expect(not socket.protocol.extensions, "an extension was agreed on")
            client = Client(socket)
            for number in range(10):
                await socket.send(chat(f"s{number}", "mock/slow" if number == 0 else "plain"))
            for number in (*range(9, 0, -1), 0):
                events = await client.run(f"s{number}")
                in_order(events)
                equal(events[0]["event"], "START_EXECUTION")
                equal(events[-1]["event"], "COMPLETE")
                text = "".join(event["data"]["token"] for event in events if event["event"] == "TOKEN")
                equal(text, events[-1]["data"]["content"], "the tokens")

    async def cancel(self):
        async with connect(self.url) as socket:
            client = Client(socket)
            await socket.send(chat("endless", "mock/endless"))
            await socket.send(chat("other", "mock/slow"))
            while (await client.next("endless"))["event"] != "TOKEN":
                pass
            await client.say(type="cancel", requestId="endless")
            equal((await client.run("endless"))[-1]["event"], "CANCELLED")
            equal((await client.run("other"))[-1]["event"], "COMPLETE")
            await client.say(type="cancel", requestId="endless")
            equal((await client.next("endless"))["data"]["code"], "not_found")

    async def resume(self):
        seen = []
        for _ in range(4):
            async with connect(self.url) as socket:
                client = Client(socket)
                if seen:
                    run, last = seen[-1]["id"].split(":")
                    await client.say(type="resume", runId=run, after=int(last))
                else:
                    await socket.send(chat("cut", "mock/slow"))
                for _ in range(3):
                    seen.append(await client.next("cut"))
                    if seen[-1]["event"] in LAST:
                        break
                socket.transport.abort()
            if seen[-1]["event"] in LAST:
                break
        async with connect(self.url) as socket:
            client = Client(socket)
            run, last = seen[-1]["id"].split(":")
            if seen[-1]["event"] not in LAST:
                await client.say(type="resume", runId=run, after=int(last))
                seen += await client.run("cut")
            in_order(seen)
            equal(seen[-1]["event"], "COMPLETE")
            await client.say(type="resume", runId=run)
            equal(await client.run("cut"), seen, "all of it once more")

    async def mistakes(self):
        async with connect(self.url) as socket:
            client = Client(socket)
            for text, code in (("{", "invalid_json"), ("[]", "invalid_type"), ("{}", "missing_required_parameter"),
                               ('{"type":"talk"}', "invalid_value"), ('{"type":"resume","runId":"x"}', "run_not_found")):
                await socket.send(text)
                equal((await client.next(None))["data"]["code"], code, text)
            await socket.send(chat("m", message=5))
            equal((await client.next("m"))["data"]["param"], "message")
            await client.say(type="ping")
            equal(await client.next(None), {"event": "PONG"})

    async def origins(self):
        for origin, status in (("https://elsewhere.example", 403), ("null", 403), (f"http://127.0.0.1:{self.port}", 101)):
            try:
                async with connect(self.url, origin=origin):
                    found = 101
            except InvalidStatus as error:
                found = error.response.status_code
            equal(found, status, origin)

    async def subprotocol(self):
        async with connect(self.url, subprotocols=["other", "tutti", "bearer.a-key-that-must-not-come-back"]) as socket:
            equal(socket.subprotocol, "tutti")

    async def most(self):
        async with connect(self.url) as socket:
            client = Client(socket)
            for number in range(33):
                await socket.send(chat(f"n{number}", "mock/silent"))
            refused = await client.next("n32")
            equal((refused["event"], refused["data"]["code"]), ("ERROR", "overloaded"))
            for number in range(32):
                await client.say(type="cancel", requestId=f"n{number}")
            for number in range(32):
                equal((await client.run(f"n{number}"))[-1]["event"], "CANCELLED")

    async def large(self):
        async with connect(self.url, max_size=None) as socket:
            client = Client(socket)
            whole = chat("big", "mock/repeat", "x" * 900_000)
            await socket.send(whole)
            equal((await client.run("big"))[-1]["event"], "COMPLETE")
            try:
                await socket.send("x" * (1 << 20))
                equal((await client.next(None))["data"]["code"], "invalid_json", "exactly 1 MB")
                await socket.send("x" * ((1 << 20) + 1))
                await client.next(None)
            except ConnectionClosed as closed:
                equal(closed.rcvd.code, 1009)
            else:
                expect(False, "over 1 MB was taken")

    async def binary(self):
        async with connect(self.url) as socket:
            await socket.send(b"{}")
            try:
                await socket.recv()
            except ConnectionClosed as closed:
                return equal(closed.rcvd.code, 1003)
            expect(False, "binary was taken")

    async def pings(self):
        async with connect(self.url) as socket:
            for _ in range(100):
                await asyncio.wait_for(await socket.ping(os.urandom(20)), SECONDS)

    # By hand.

    def opened(self):
        wire = Wire(self.port)
        wire.request("GET", PATH, headers=self.fields())
        status, headers = wire.head()
        equal(status, 101)
        return wire, headers

    def fields(self, **more):
        return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAECAwQFBgcICQoLDA0ODw==", **more}

    def handshake(self):
        wire, headers = self.opened()
        wire.socket.close()
        accept = hashlib.sha1(b"AAECAwQFBgcICQoLDA0ODw==258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        equal(headers["sec-websocket-accept"], base64.b64encode(accept).decode())
        for fields, status in (({"Sec-WebSocket-Version": "8"}, 426), ({"Upgrade": None}, 426),
                               ({"Connection": "close"}, 426), ({"Sec-WebSocket-Key": "short"}, 400)):
            with Wire(self.port) as wire:
                wire.request("GET", PATH, headers=self.fields(**fields))
                found, headers = wire.head()
                equal(found, status, str(fields))
                if status == 426:
                    equal(headers["sec-websocket-version"], "13")
        equal(fetch(self.port, "GET", PATH).status, 426)

    def ending(self, data):
        """The code with which the server closes after these bytes; it ends the connection then."""
        wire, _ = self.opened()
        with wire:
            wire.send(data)
            while True:
                head = wire.take(2)
                expect(len(head) == 2, "no close frame")
                count = head[1] & 127
                expect(not head[1] & 128, "a frame of the server is masked")
                if count == 126:
                    count = struct.unpack(">H", wire.take(2))[0]
                payload = wire.take(count)
                if head[0] == 0x88:
                    wire.send(frame(8, payload[:2]))
                    equal(wire.take(1), b"", "after the close")
                    return struct.unpack(">H", payload[:2])[0] if payload else 1005

    def frames(self):
        text = b'{"type":"ping"}'
        rows = [
            ("unmasked", frame(1, text, masked=False), 1002), ("a reserved bit", frame(1, text, reserved=4), 1002),
            ("a reserved opcode", frame(3), 1002), ("a reserved control", frame(11), 1002),
            ("a long ping", frame(9, b"x" * 126), 1002), ("a ping in fragments", frame(9, final=False), 1002),
            ("nothing to continue", frame(0, text), 1002), ("a message within one", frame(1, text, final=False) * 2, 1002),
            ("a length not in its shortest form", b"\x81\xfe\x00\x05\0\0\0\0hello", 1002),
            ("invalid text", frame(1, b"\xff"), 1007), ("half a surrogate", frame(1, b"\xed\xa0\x80"), 1007),
            ("text that ends too early", frame(1, b"\xe2\x82"), 1007),
            ("over 1 MB, announced", frame(1, b"", length=(1 << 20) + 1), 1009),
            ("the largest length", frame(1, b"", length=(1 << 63) - 1), 1009),
            ("over 1 MB in fragments", frame(1, b"x" * 60_000, final=False) + frame(0, b"x" * 60_000, final=False) * 17, 1009),
            ("binary", frame(2, text), 1003), ("a close", frame(8, b"\x03\xe8bye"), 1000), ("an empty close", frame(8), 1005),
            ("half a code", frame(8, b"\x03"), 1002), ("a code that is none", frame(8, struct.pack(">H", 1005)), 1002),
            ("a reason that is no text", frame(8, b"\x03\xe8\xff"), 1007),
        ]
        for name, data, code in rows:
            equal(self.ending(data), code, name)

    def fragments(self):
        wire, _ = self.opened()
        with wire:
            text = '{"type":"ping"} ' + " " * 20
            data = b"".join(frame(1 if index == 0 else 0, letter.encode(), final=index == len(text) - 1)
                            for index, letter in enumerate(text))
            for byte in data:
                wire.send(bytes([byte]))
            equal(wire.take(18), b"\x81\x10" + b'{"event":"PONG"}')

    def nothing_left(self):
        with Wire(self.port) as wire:
            wire.request("GET", "/metrics")
            status, headers = wire.head()
            equal(status, 200)
            text = wire.take(int(headers["content-length"])).decode()
        expect("\ntutti_sockets_open 0\n" in text, "sockets are open")
        # What was cut off is kept for its grace, then cancelled.
        expect("\ntutti_turns_running 0\n" in text, "turns are running")


def main():
    checks = Checks()
    print(f"      websockets {websockets.__version__}")
    with servers() as (mock, tutti, _):
        Suite(checks, mock, tutti).run()
    return checks.end()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    raise SystemExit(main())
