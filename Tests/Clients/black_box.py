#!/usr/bin/env python3
"""The server as an ill-meaning or careless stranger sees it: bad input, bad upstreams, signals, hostile pages.

Starts its own mock upstream and servers. `--slow` adds what takes a minute: a client that never reads is closed.
Standard library only. TUTTI_BINARY names the server.
"""

import argparse
import json
import re
import threading
import time
import uuid

import reload
import startup
import termination
from harness import (
    CALLER_KEY, CHAT, CONTENT_CANARY, PROVIDER_KEY, Checks, Mock, Wire, chat, equal, events, eventually, expect, fetch,
    running, servers)

LOG_CANARIES = (PROVIDER_KEY, CALLER_KEY, CONTENT_CANARY)


class BlackBox:
    """The checks, over one running server and its mock."""

    def __init__(self, checks, mock, tutti):
        self.checks, self.mock, self.tutti, self.errors = checks, mock, tutti, []

    def check(self, name, function, *arguments):
        self.checks.run(name, function, *arguments)

    def requests(self):
        return self.mock.control()["requests"]

    def refused(self, status, code, param=None, body=None, headers=(), host=None, usable=True, method="POST",
                path=CHAT):
        """One bad request: its answer, that nothing was forwarded, and that the connection goes on where it may."""
        before = self.requests()
        with Wire(self.tutti.port) as wire:
            wire.request(method, path, body, headers, host)
            answer = wire.answer()
            self.errors.append(answer.body)
            equal(answer.status, status, f"status ({answer.body[:200]!r})")
            error = answer.error()
            expect(error["message"].strip(), "no sentence")
            if code:
                equal(error["code"], code, "code")
            if param:
                expect((error["param"] or "").startswith(param), f"param is {error['param']!r}, not {param!r}")
            expect("x-request-id" in answer.headers, "no x-request-id")
            equal(self.requests(), before, "requests that reached the upstream")
            if usable:
                wire.request("POST", CHAT, chat())
                equal(wire.answer().status, 200, "the next request on the connection")
        return answer

    # Rows of bad input.

    def bodies(self):
        good = json.dumps(chat()).encode()
        message = b'{"model":"plain","messages":[{"role":"user","content":%s}]%s}'
        rows = [
            ("no JSON", b"model=plain", 400, "invalid_json", None),
            ("JSON that breaks off", good[:-2], 400, "invalid_json", None),
            ("two values", good + b"{}", 400, "invalid_json", None),
            ("an empty body", b"", 400, "invalid_json", None),
            ("depth over 64", message % (b'"x"', b',"x":' + b"[" * 70 + b"]" * 70), 400, None, None),
            ("depth of 100,000", b"[" * 100_000 + b"]" * 100_000, 400, None, None),
            ("1e400", message % (b'"x"', b',"temperature":1e400'), 400, None, None),
            ("a lone surrogate", message % (rb'"\ud800"', b""), 400, None, None),
            ("a lone surrogate as a key", message % (b'"x"', rb',"\udc00":1'), 400, None, None),
            ("a raw NUL", message % (b'"a\0b"', b""), 400, "invalid_json", None),
            ("invalid UTF-8", message % (b'"\xff\xfe"', b""), 400, None, None),
            ("duplicate model", message % (b'"x"', b',"model":"plain"'), 400, None, "model"),
            ("an array", b"[]", 400, None, None),
        ]
        for name, body, status, code, param in rows:
            self.check(f"body: {name}", self.refused, status, code, param, body)

    def fields(self):
        tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
        rows = [
            ("messages missing", {"model": "plain"}, "missing_required_parameter", "messages"),
            ("messages empty", {"model": "plain", "messages": []}, None, "messages"),
            ("messages a string", {"model": "plain", "messages": "hi"}, "invalid_type", "messages"),
            ("a message a string", {"model": "plain", "messages": ["hi"]}, "invalid_type", "messages[0]"),
            ("content a number", chat(content=5), "invalid_type", "messages[0].content"),
            ("role a number", {"model": "plain", "messages": [{"role": 7, "content": "x"}]}, "invalid_type",
             "messages[0].role"),
            ("role unknown", {"model": "plain", "messages": [{"role": "king", "content": "x"}]}, "invalid_value",
             "messages[0].role"),
            ("model a number", chat(5), "invalid_type", "model"),
            ("stream a string", chat(stream="yes"), "invalid_type", "stream"),
            ("temperature a string", chat(temperature="hot"), "invalid_type", "temperature"),
            ("stop of numbers", chat(stop=[1]), "invalid_type", "stop"),
            ("tools an object", chat(tools={}), "invalid_type", "tools"),
            ("n a string", chat(n="2"), "invalid_type", "n"),
            ("n of 9", chat(n=9), "invalid_value", "n"),
            ("n of 0", chat(n=0), "invalid_value", "n"),
            ("n of -1e18", chat(n=-10**18), "invalid_value", "n"),
            ("max_tokens over the window", chat(max_tokens=100_000_000), None, "max_tokens"),
            ("max_tokens of -1", chat(max_tokens=-1), "invalid_value", "max_tokens"),
            ("129 tools", chat(tools=[tool] * 129), "invalid_value", "tools"),
            ("10,001 messages", {"model": "plain", "messages": [{"role": "user", "content": "x"}] * 10_001},
             "invalid_value", "messages"),
        ]
        for name, body, code, param in rows:
            self.check(f"field: {name}", self.refused, 400, code, param, json.dumps(body).encode())
        self.check("unknown model names near ones", self.unknown_model)

    def unknown_model(self):
        answer = self.refused(404, "model_not_found", "model", json.dumps(chat("plian")).encode())
        expect("plain" in answer.error()["message"], answer.error()["message"])
        name = "x\n\ndata: y\u001b[31m" * 500
        hostile = self.refused(404, "model_not_found", "model", json.dumps(chat(name)).encode())
        expect(len(hostile.body) < 2000, f"{len(hostile.body)} bytes of error for a hostile model name")

    def sizes(self):
        def announced():
            self.refused(413, "request_too_large", None, b"{}", {"Content-Length": str(10**12)}, usable=False)

        def chunked():
            with Wire(self.tutti.port, 30) as wire:
                wire.request("POST", CHAT, b"", {"Content-Length": None, "Transfer-Encoding": "chunked"})
                piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
                wire.socket.settimeout(2)
                for _ in range(300):
                    try:
                        wire.socket.sendall(piece)
                    except (TimeoutError, OSError):
                        break
                wire.socket.settimeout(10)
                equal(wire.answer().status, 413, "status")

        def not_sent():
            with Wire(self.tutti.port) as wire:
                wire.request("POST", CHAT, b"", {"Content-Length": str(10**9), "Expect": "100-continue"})
                equal(wire.answer().status, 413, "status")

        self.check("size: an announced terabyte is 413 at once", announced)
        self.check("size: chunks without end are 413", chunked)
        self.check("size: Expect: 100-continue is answered 413 before the body", not_sent)

    def framing(self):
        host = b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        get, raw = b"GET /healthz" + host, b"POST " + CHAT.encode() + host + b"Content-Type: application/json\r\n"
        rows = [
            ("both lengths", raw + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
            ("two different lengths", raw + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", {400}),
            ("a signed length", raw + b"Content-Length: +5\r\n\r\nhello", {400}),
            ("an overflowing length", raw + b"Content-Length: 99999999999999999999999\r\n\r\n", {400, 413}),
            ("an unknown coding", raw + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", {400, 501}),
            ("a chunk size of rubbish", raw + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", {400}),
            ("an overflowing chunk", raw + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", {400, 413}),
            ("a space before the colon", raw + b"Content-Length : 5\r\n\r\nhello", {400}),
            ("a folded line", raw + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}", {400}),
            ("a bare LF", b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n", {400}),
            ("a NUL in a header", raw + b"X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}", {400}),
            ("no Host", b"GET /healthz HTTP/1.1\r\n\r\n", {400, 403}),
            ("two Hosts", get + b"Host: evil.example\r\n\r\n", {400, 403}),
            ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
            ("HTTP/2.0", b"GET /healthz HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n", {400, 505}),
            ("a target of 100 kB", b"GET /" + b"a" * 100_000 + host + b"\r\n", {400, 414, 431}),
            ("headers of 1 MB", get + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n", {431}),
            ("10,000 headers", get + b"X-A: b\r\n" * 10_000 + b"\r\n", {431}),
        ]

        def one(data, statuses):
            before = self.requests()
            with Wire(self.tutti.port) as wire:
                wire.send(data)
                answer = wire.answer()
                expect(answer.status in statuses, f"status {answer.status}, not one of {statuses}")
                expect(wire.closed(), "the connection stayed open")
            equal(self.requests(), before, "requests that reached the upstream")

        for name, data, statuses in rows:
            self.check(f"framing: {name}", one, data, statuses)
        self.check("framing: pipelined requests are answered in order", self.pipelined)
        self.check("framing: a chunked request, byte by byte", self.trickle)

    def pipelined(self):
        with Wire(self.tutti.port) as wire:
            for number in range(5):
                wire.request("POST", CHAT, chat("mock/echo", f"number {number}"))
                wire.request("GET", "/healthz")
            for number in range(5):
                answer = wire.answer()
                expect(f"number {number}" in answer.json()["choices"][0]["message"]["content"], "answers out of order")
                equal(wire.answer().status, 200)

    def trickle(self):
        body = json.dumps(chat()).encode()
        with Wire(self.tutti.port) as wire:
            wire.request("POST", CHAT, b"", {"Content-Length": None, "Transfer-Encoding": "chunked"})
            for byte in body:
                wire.send(b"1;x=y\r\n%c\r\n" % byte)
            wire.send(b"0\r\nX-Trailer: a\r\n\r\n")
            equal(wire.answer().status, 200)

    def pages(self):
        """What a web page in the user's browser could try."""
        body = json.dumps(chat()).encode()
        for origin in ("https://evil.example", "null", "http://localhost.evil.example",
                       f"http://127.0.0.1.evil.example:{self.tutti.port}"):
            self.check(f"origin {origin} is 403", self.refused, 403, "forbidden_origin", None, body, {"Origin": origin})
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80"):
            self.check(f"host {host} is 403", self.refused, 403, "forbidden_host", None, body, (), host)
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None,
                     "application/jsonx"):
            self.check(f"content type {kind} is 415", self.refused, 415, "unsupported_media_type", None, body,
                       {"Content-Type": kind})

        def allowed():
            for headers, host in (((), f"localhost:{self.tutti.port}"), ((), "[::1]"), ((), "10.1.2.3"),
                                  ({"Content-Type": "application/json; charset=utf-8"}, None)):
                answer = fetch(self.tutti.port, "POST", CHAT, body, headers, host)
                equal(answer.status, 200, f"{headers} {host}")
                expect(not [name for name in answer.headers if name.startswith("access-control")], "CORS headers")

        def preflight():
            answer = fetch(self.tutti.port, "OPTIONS", CHAT, None, {
                "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
            expect(answer.status >= 400, f"status {answer.status}")
            expect("access-control-allow-origin" not in answer.headers, "the preflight was allowed")

        self.check("hosts localhost and IP literals, content type with charset pass, without CORS headers", allowed)
        self.check("a preflight is not allowed", preflight)
        self.check("unknown path is 404", lambda: equal(fetch(self.tutti.port, "GET", "/nothing").status, 404))
        self.check("wrong method is 405 with Allow", self.wrong_method)

    def wrong_method(self):
        answer = fetch(self.tutti.port, "GET", CHAT)
        equal(answer.status, 405)
        expect("POST" in answer.headers.get("allow", ""), f"allow: {answer.headers.get('allow')}")

    def request_ids(self):
        def taken(value, kept):
            answer = fetch(self.tutti.port, "POST", CHAT, chat(), {"x-request-id": value})
            given = answer.headers["x-request-id"]
            if kept:
                equal(given, value)
            else:
                expect(re.fullmatch(r"req_[A-Za-z0-9_-]+", given) or answer.status == 431, f"the id is {given[:80]!r}")

        self.check("x-request-id: a fit one is kept", taken, f"fit.{uuid.uuid4().hex}_-A", True)
        for name, value in {
            "ANSI": "\x1b[31mred", "10 KB": "a" * 10_000, "spaces": "a b", "65 letters": "a" * 65,
            "JSON": '"},{"level":"error', "empty": "", "Latin-1": "caf\xe9",
        }.items():
            self.check(f"x-request-id: {name} gets one of ours", taken, value, False)

    # Bad upstreams.

    def upstreams(self):
        for model in ("cut", "rubbish", "bad-utf8", "html", "error-frame"):
            self.check(f"upstream: {model}, whole, is a typed error", self.whole_failure, model)
        for model in ("cut", "no-end", "rubbish", "bad-utf8", "long-line", "error-frame"):
            self.check(f"upstream: {model}, streamed, is a typed error in the stream", self.stream_failure, model)
        self.check("upstream: a tool name with blank lines stays one JSON line", self.evil_tool)
        self.check("upstream: its cookies and its request id stay behind", self.allow_list)
        self.check("a client that hangs up while the upstream is silent cancels it", self.hang_up, "silent", "waiting")
        self.check("a client that hangs up in a stream cancels it", self.hang_up, "endless", "streaming")
        self.check("a client that hangs up while the upstream is being connected to ends its turn", self.hang_up_early)
        self.check("a client that never reads pauses the upstream", self.never_reads)

    def whole_failure(self, model):
        answer = fetch(self.tutti.port, "POST", CHAT, chat(f"mock/{model}"))
        self.errors.append(answer.body)
        equal(answer.status, 502, f"status ({answer.body[:200]!r})")
        expect(answer.error()["code"].startswith("provider_"), answer.error()["code"])

    def stream_failure(self, model):
        answer = fetch(self.tutti.port, "POST", CHAT, chat(f"mock/{model}", stream=True))
        self.errors.append(answer.body)
        if answer.status == 200:
            last = [event for event in events(answer.body) if event != "[DONE]"][-1]
            expect(answer.complete, "the connection broke")
        else:
            last = answer.json()
        expect("error" in last, f"the stream ends with {str(last)[:200]}")
        expect(last["error"]["code"].startswith("provider_"), last["error"]["code"])
        expect(len(answer.body) < 100_000, "ten megabytes of rubbish were handed on")

    def evil_tool(self):
        for stream in (False, True):
            answer = fetch(self.tutti.port, "POST", CHAT, chat("mock/evil-tool", stream=stream))
            if answer.status == 200 and stream:
                expect(not any("evil" in event for event in events(answer.body) if event != "[DONE]"), "injected")
            else:
                expect(answer.json(), "no JSON")

    def allow_list(self):
        answer = fetch(self.tutti.port, "POST", CHAT, chat())
        expect("set-cookie" not in answer.headers, "a cookie came through")
        expect(answer.headers["x-request-id"] != "upstream-id", "the upstream's id came through")

    def hang_up(self, model, phase):
        tag = uuid.uuid4().hex
        with Wire(self.tutti.port) as wire:
            wire.request("POST", CHAT, chat(f"mock/{model}", f"tag-{tag}", stream=True))
            if phase == "streaming":
                wire.head()
                wire.line()
            else:
                eventually(lambda: tag in self.mock.control()["sent"], "the call reaches the upstream")
        equal(eventually(lambda: self.mock.control()["hangups"].get(tag), "the upstream sees the hang-up"), phase)

    def hang_up_early(self):
        eventually(lambda: running(self.tutti.port) == 0, "the turns before are over")
        for stream in (False, True):
            with Wire(self.tutti.port) as wire:
                wire.request("POST", CHAT, chat("deaf/gpt-4o", stream=stream))
                eventually(lambda: running(self.tutti.port) == 1, "the turn runs")
                time.sleep(0.1)
                equal(running(self.tutti.port), 1, "turns that run")
            # Far sooner than the time allowed for a connection.
            eventually(lambda: running(self.tutti.port) == 0, "the turn is over", 2)

    def never_reads(self, slow=False):
        tag = uuid.uuid4().hex
        with Wire(self.tutti.port, receive_buffer=4096) as wire:
            start = time.monotonic()
            wire.request("POST", CHAT, chat("mock/flood", f"tag-{tag}", stream=True))

            def sent():
                return self.mock.control()["sent"].get(tag, 0)

            eventually(sent, "the flood begins")
            # Quiet for two seconds: what the buffers between the two hold has been filled.
            level, since = sent(), time.monotonic()
            while time.monotonic() - since < 2:
                time.sleep(0.1)
                if (now := sent()) != level:
                    level, since = now, time.monotonic()
                    expect(now < 32 << 20, f"{now >> 20} MB were taken for a client that does not read")
            if slow:
                eventually(lambda: tag in self.mock.control()["hangups"], "the connection is closed", 75)
                expect(time.monotonic() - start > 45, f"closed after {time.monotonic() - start:.0f} s already")
            print(f"      {level / 1e6:.1f} MB in buffers", flush=True)

    # Cancelling by id.

    def cancels(self):
        native, cancel = "/api/orchestrator/chat", "/api/orchestrator/cancel"

        def post(path, body):
            return fetch(self.tutti.port, "POST", path, body)

        def by_id():
            tag, turn = uuid.uuid4().hex, f"turn-{uuid.uuid4().hex[:12]}"
            body = chat("mock/endless", f"tag-{tag}", stream=True, requestId=turn)
            with Wire(self.tutti.port) as wire:
                wire.request("POST", native, body)
                status, _ = wire.head()
                equal(status, 200)
                wire.line()
                again = post(native, body)
                equal(again.status, 409, f"the same id again ({again.body[:200]!r})")
                answer = post(cancel, {"requestId": turn})
                equal((answer.status, answer.json()), (200, {"cancelled": True}))
                while wire.fill():
                    pass
            expect(b"event: CANCELLED" in wire.buffer, f"the stream ends with {wire.buffer[-300:]!r}")
            expect(b"event: COMPLETE" not in wire.buffer, "a cancelled turn is complete")
            equal(eventually(lambda: self.mock.control()["hangups"].get(tag), "the upstream hears it"), "streaming")
            equal(eventually(lambda: post(cancel, {"requestId": turn}), "the turn is over").status, 404)

        def whole():
            tag, turn, answers = uuid.uuid4().hex, f"turn-{uuid.uuid4().hex[:12]}", []
            body = chat("mock/silent", f"tag-{tag}", requestId=turn)
            waiting = threading.Thread(target=lambda: answers.append(post(native, body)))
            before = self.requests()
            waiting.start()
            # A turn that is cancelled before its call is sent never reaches the upstream, rightly.
            eventually(lambda: self.requests() > before, "the call reaches the upstream")
            equal(post(cancel, {"requestId": turn}).status, 200)
            waiting.join(10)
            equal(answers[0].status, 499, "the status of a cancelled turn")
            equal(eventually(lambda: self.mock.control()["hangups"].get(tag), "the upstream hears it"), "waiting")

        def kept_connection():
            """The cancelled one's connection closes; another's, used before for a turn of that id, goes on."""
            turn = f"turn-{uuid.uuid4().hex[:12]}"
            with Wire(self.tutti.port) as wire:
                for _ in range(3):
                    wire.request("POST", native, chat("plain", requestId=turn))
                    equal(wire.answer().status, 200)
                    equal(post(cancel, {"requestId": turn}).status, 404)

        def bad():
            for body, code in (({}, "missing_required_parameter"), ({"requestId": 5}, "invalid_type"),
                               ([], "invalid_type"), ({"requestId": "a", "more": 1}, "invalid_value")):
                answer = post(cancel, body)
                equal((answer.status, answer.json()["code"]), (400, code))

        self.check("a turn is cancelled by its id: event, upstream, second cancel, same id twice", by_id)
        self.check("a turn that does not stream is cancelled while its provider is silent", whole)
        self.check("an id that is over cancels nothing of the connection that it came on", kept_connection)
        self.check("a cancel without an id is refused", bad)

    # Secrets.

    def secrets(self):
        def leak():
            for stream in (False, True):
                answer = fetch(self.tutti.port, "POST", CHAT, chat("mock/leak", stream=stream))
                self.errors.append(answer.body)
                equal(answer.error()["code"], "provider_rejected_key")

        def native():
            for model in ("mock/leak", "mock/fail-500", "mock/rubbish", "dead/gpt-4o", "no/such", "all-fail"):
                for stream in (False, True):
                    answer = fetch(self.tutti.port, "POST", "/api/orchestrator/chat", chat(model, stream=stream))
                    expect(b"error" in answer.body or b"ERROR" in answer.body, f"no error: {answer.body[:200]!r}")
                    self.errors.append(answer.body)

        def log():
            text = self.tutti.output()
            expect("req_" in text, "the log has no request id: is it on?")
            for canary in LOG_CANARIES:
                expect(canary not in text, f"{canary} is in the log")
            expect("\x1b" not in text, "an escape character is in the log")
            for line in text.splitlines():
                if line.startswith("{"):
                    json.loads(line)

        def metrics():
            text = fetch(self.tutti.port, "GET", "/metrics").body.decode()
            expect("tutti_" in text, "no metrics")
            for canary in (*LOG_CANARIES, "plian", "evil.example"):
                expect(canary not in text, f"{canary} is in /metrics")

        def errors():
            for body in self.errors:
                expect(PROVIDER_KEY.encode() not in body, f"the provider's key is in {body[:200]!r}")
                expect(CALLER_KEY.encode() not in body, f"the caller's key is in {body[:200]!r}")
                expect(CONTENT_CANARY.encode() not in body, f"the message is in {body[:200]!r}")

        self.check("a provider that repeats its key in an error", leak)
        self.check("every failure of the native route is an error", native)
        self.check("no secret and no message in the log, whose lines are JSON", log)
        self.check("no secret and no caller's word in /metrics", metrics)
        self.check("no secret and no message in any error", errors)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--slow", action="store_true", help="also what takes a minute")
    parser.add_argument("--only", metavar="PART", help="one of bodies, fields, sizes, framing, pages, request_ids, "
                        "upstreams, cancels, secrets, signals, startup, slow_reader")
    arguments = parser.parse_args()
    checks = Checks()
    with servers() as (mock, tutti, folder):
        box = BlackBox(checks, mock, tutti)

        def part(name, run):
            if arguments.only in (None, name):
                run()

        # Half a minute of waiting that the other checks fill.
        outcome = {}

        def patiently():
            # A mock of its own: the other checks count the requests that theirs gets.
            own = Mock(folder, "patient")
            try:
                termination.endless(folder, own)
            except Exception as error:
                outcome["error"] = error
            finally:
                own.end()

        patient = threading.Thread(target=patiently)
        if arguments.only in (None, "signals"):
            patient.start()
        for name in ("bodies", "fields", "sizes", "framing", "pages", "request_ids", "upstreams", "cancels", "secrets"):
            part(name, getattr(box, name))
        part("startup", lambda: startup.check_all(checks, folder, mock))

        def signals():
            checks.run("SIGTERM: a running answer ends, /readyz is 503, exit code 0", termination.finite, folder, mock)
            checks.run("SIGTERM: idle connections do not hold it up", termination.idle, folder, mock)
            checks.run("SIGTERM twice exits at once", termination.twice, folder, mock)
            checks.run("SIGHUP: the file is read again, a running stream ends properly", reload.loads, folder, mock)
            checks.run("SIGHUP: a file with faults changes nothing and is told", reload.refuses, folder, mock)
            checks.run("SIGHUP 200 times beside requests: none fails", reload.storm, folder, mock)
            checks.run("SIGHUP while it stops changes nothing", reload.draining, folder, mock)

            def endless():
                patient.join()
                if "error" in outcome:
                    raise outcome["error"]
            checks.run("SIGTERM: an endless answer gets an error event, exit within 30 s", endless)

        part("signals", signals)
        if arguments.slow or arguments.only == "slow_reader":
            checks.run("a client that never reads is closed after 60 s", box.never_reads, True)
        checks.run("the server still runs and answers", lambda: equal(
            fetch(tutti.port, "POST", CHAT, chat()).status, 200))
        checks.run("it ends with exit code 0", lambda: equal(tutti.end(), 0))
    return checks.end()


if __name__ == "__main__":
    raise SystemExit(main())
