"""What the client suites share: servers that are started and ended, HTTP over bare sockets, and checks that count."""

import contextlib
import functools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import uuid

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("TUTTI_BINARY", str(HERE.parent.parent / ".build/release/tutti"))
PROVIDER_KEY = "canary-provider-key-8d1f"
CALLER_KEY = "canary-caller-key-52ab"
CONTENT_CANARY = "canary-content-77c3"
CHAT = "/v1/chat/completions"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Checks:
    """Runs named checks, one line each, and sums up."""

    def __init__(self):
        self.passed = self.failed = 0

    def run(self, name, check, *arguments):
        start = time.monotonic()
        try:
            check(*arguments)
        except Exception as error:
            self.failed += 1
            frames = traceback.extract_tb(error.__traceback__)
            # The line of the suite that asked, not the one of `expect`.
            where = next((frame for frame in reversed(frames) if str(HERE) in frame.filename
                          and not frame.filename.endswith("harness.py")), frames[-1])
            print(f"FAIL  {name}: {type(error).__name__}: {str(error)[:400]} ({pathlib.Path(where.filename).name}:"
                  f"{where.lineno})", flush=True)
        else:
            self.passed += 1
            print(f"ok    {name} ({(time.monotonic() - start) * 1000:.0f} ms)", flush=True)

    def end(self):
        """Prints the closing line; gives the exit code."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


def expect(condition, what):
    """An assertion that says what it saw."""
    if not condition:
        raise AssertionError(what)


def equal(found, wanted, what=""):
    expect(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


def eventually(condition, what, seconds=5):
    """Waits until the condition gives something true, and gives it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        expect(time.monotonic() < deadline, f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return found


def timeout_hangs_up(call, kind, control):
    """`call(seconds, text)` of a silent model ends with `kind`, a client's timeout, and with it the upstream's call;
    `control` tells what the mock saw."""
    for seconds in (0.5, 2, 8):
        tag = uuid.uuid4().hex
        try:
            call(seconds, f"tag-{tag}")
        except kind:
            # On a busy machine the time may be over before the upstream is asked.
            if tag in control()["sent"]:
                break
        else:
            raise AssertionError("no timeout")
    equal(eventually(lambda: control()["hangups"].get(tag), "the upstream sees the hang-up"), "waiting")


class Process:
    """A child process in a group of its own, its output in a file."""

    def __init__(self, command, log, env=None):
        self.log = pathlib.Path(log)
        with open(log, "wb") as output:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, env=env, start_new_session=True)

    def output(self):
        return self.log.read_text(errors="replace")

    def end(self, seconds=30):
        """SIGTERM, then, too late, SIGKILL. Gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


class Mock(Process):
    """`mock_upstream.py` on a port of its own."""

    def __init__(self, folder, name="mock"):
        super().__init__([sys.executable, HERE / "mock_upstream.py"], folder / f"{name}.log")
        found = eventually(lambda: re.search(r"listening (\d+)\n", self.output()) or self.process.poll(),
                           "the mock upstream starts", 10)
        expect(isinstance(found, re.Match), f"the mock upstream ended: {self.output()}")
        self.port = int(found[1])

    def control(self, query=""):
        return json.loads(fetch(self.port, "GET", f"/control{query}").body)


class Deaf:
    """A port at which a connection is never established: its queue is full, and nobody accepts."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.queue = []
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", self.port))
            self.queue.append(waiting)


@functools.cache
def deaf():
    return Deaf()


def configuration(mock_port, local=False, anthropic=False, more=""):
    """The suites' tutti.yaml: models by behaviour, chains that fail over, a provider that nobody answers for, and one
    to which no connection comes about; with `anthropic` also providers of that dialect, and chains across both; and
    `more` sections."""
    dead = free_port()

    def provider(name, dialect, url, more=""):
        return f"  {name}: {{ dialect: {dialect}, base_url: {url}, api_key: {PROVIDER_KEY}, allow: any{more} }}"

    lines = ["providers:"]
    lines += [provider(name, "openai", f"http://127.0.0.1:{port}/v1")
              for name, port in (("chats", mock_port), ("dead", dead), ("deaf", deaf().port))]
    lines.append(provider("mock", "openai", f"http://127.0.0.1:{mock_port}/v1", ", responses: native"))
    if anthropic:
        lines += [provider(name, "anthropic", f"http://127.0.0.1:{port}")
                  for name, port in (("claude", mock_port), ("dead-claude", dead))]
    if local:
        lines.append("  local: { dialect: local, model: smollm2 }")
    lines += [
        # The suites count requests and want failures at once; what resilience does has a suite of its own.
        "resilience:",
        "  { retry: { retries: 0 }, breaker: { mode: off }, limits: { per_provider: 100000, total: 100000 } }",
        "models:",
        "  plain: { chain: [mock/gpt-4o-mini] }",
        "  after-500: { chain: [mock/fail-500, mock/gpt-4o-mini] }",
        "  after-refused: { chain: [dead/gpt-4o, mock/gpt-4o-mini] }",
        "  all-fail: { chain: [dead/gpt-4o, mock/fail-500] }",
    ]
    if anthropic:
        lines += [
            "  claude: { chain: [claude/claude-sonnet-4-5] }",
            "  anthropic-first: { chain: [claude/fail-529, mock/gpt-4o-mini] }",
            "  openai-first: { chain: [mock/fail-500, claude/claude-sonnet-4-5] }",
        ]
    if local:
        lines.append("  smol: { chain: [local/smollm2] }")
    return "\n".join(lines) + "\n" + more


def environment():
    """Ours without the keys of a developer, whose providers must not be called by a test."""
    return {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}


class Tutti(Process):
    """`tutti serve`, ready once the constructor returns. Its data folder lies beside its log."""

    def __init__(self, folder, config, name="tutti", mode=0o600):
        self.port = free_port()
        self.config = folder / f"{name}.yaml"
        self.config.write_text(config)
        self.config.chmod(mode)
        command = [BINARY, "serve", "--config", self.config, "--listen", f"127.0.0.1:{self.port}",
                   "--data", folder / f"{name}-data", "--log-level", "trace"]
        super().__init__(command, folder / f"{name}.log", environment())
        eventually(self.answers, f"{name} becomes ready", 60)

    def answers(self):
        expect(self.process.poll() is None, f"tutti ended with {self.process.poll()}: {self.output()[-800:]}")
        with contextlib.suppress(OSError):
            return fetch(self.port, "GET", "/readyz").status == 200

    def url(self):
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def servers(**parts):
    """(mock, tutti, folder) for the time of the block; `parts` of the configuration."""
    if not os.access(BINARY, os.X_OK):
        print(f"{BINARY} is not there: build it with ./test, or set TUTTI_BINARY", file=sys.stderr)
        sys.exit(2)
    # Ended by a signal, the suite still ends what it started.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="tutti-clients-") as name:
        folder = pathlib.Path(name)
        mock = Mock(folder)
        try:
            tutti = Tutti(folder, configuration(mock.port, **parts))
            try:
                yield mock, tutti, folder
            finally:
                tutti.end()
        finally:
            mock.end()


class Answer:
    """A whole answer: status, headers (lower case; the last of a name wins), body."""

    def __init__(self, status, headers, body, complete):
        self.status, self.headers, self.body, self.complete = status, headers, body, complete

    def json(self):
        return json.loads(self.body)

    def error(self):
        """The OpenAI envelope's error object."""
        return self.json()["error"]


class Wire:
    """One connection, spoken by hand."""

    def __init__(self, port, timeout=15, receive_buffer=None):
        self.port = port
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        # A server may answer and close before it has read everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def request(self, method, path, body=None, headers=(), host=None):
        """Sends a request; `headers` replace those of the same name, one whose value is None goes missing."""
        fields = {"Host": host or f"127.0.0.1:{self.port}"}
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            fields |= {"Content-Type": "application/json", "Content-Length": str(len(body)),
                       "Authorization": f"Bearer {CALLER_KEY}"}
        fields |= dict(headers)
        lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()
                                                if value is not None]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def take(self, count):
        while len(self.buffer) < count and self.fill():
            pass
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def line(self):
        while b"\r\n" not in self.buffer and self.fill():
            pass
        line, found, self.buffer = self.buffer.partition(b"\r\n")
        expect(found, f"the connection ended within a line: {line[:80]!r}")
        return line.decode("latin-1")

    def head(self):
        """(status, headers) of the next answer."""
        first = self.line().split(" ", 2)
        expect(first[0].startswith("HTTP/1."), f"no answer but {first!r}")
        headers = {}
        while line := self.line():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return int(first[1]), headers

    def chunks(self):
        """The chunks of a chunked body; ends after the last one, or raises where the connection ends before it."""
        while size := int(self.line().split(";")[0], 16):
            data = self.take(size)
            expect(len(data) == size, "the connection ended within a chunk")
            expect(self.take(2) == b"\r\n", "a chunk is longer than it says")
            yield data
        while self.line():
            pass

    def answer(self, method="GET"):
        status, headers = self.head()
        if status == 100:
            return self.answer(method)
        body, complete = b"", True
        if headers.get("transfer-encoding") == "chunked":
            try:
                for chunk in self.chunks():
                    body += chunk
            except (AssertionError, ValueError):
                complete = False
        elif "content-length" in headers:
            wanted = 0 if method == "HEAD" else int(headers["content-length"])
            body = self.take(wanted)
            complete = len(body) == wanted
        elif status not in (204, 304):
            while self.fill():
                pass
            body, self.buffer = self.buffer, b""
        return Answer(status, headers, body, complete)

    def closed(self):
        """True once the other side has ended the connection."""
        return not self.buffer and not self.fill()


def fetch(port, method, path, body=None, headers=(), host=None, timeout=15):
    with Wire(port, timeout) as wire:
        wire.request(method, path, body, headers, host)
        return wire.answer(method)


def running(port):
    """How many turns Tutti says are running."""
    text = fetch(port, "GET", "/metrics").body.decode()
    return int(float(re.search(r"^tutti_turns_running (\S+)$", text, re.M)[1]))


def chat(model="plain", content=CONTENT_CANARY, **more):
    """A request's body."""
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


@contextlib.contextmanager
def answering(folder, mock, name, model="mock/slow", seconds=15):
    """(server, wire) for the time of the block: a server of its own within a stream whose head has come. The stream's
    tag is `name`."""
    server = Tutti(folder, configuration(mock.port), name)
    try:
        with Wire(server.port, seconds) as wire:
            wire.request("POST", CHAT, chat(model, f"tag-{name}", stream=True))
            wire.head()
            yield server, wire
    finally:
        server.end(0.1)


def events(body):
    """The `data:` lines of an event stream, in order. Every one but [DONE] must be one JSON object."""
    found = []
    for line in body.decode().split("\n"):
        expect(not line or line.startswith((":", "data:", "event:", "id:", "retry:")), f"no line of SSE: {line[:80]!r}")
        if line.startswith("data:"):
            text = line[5:].strip()
            found.append(text if text == "[DONE]" else json.loads(text))
    return found
