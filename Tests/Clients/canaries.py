#!/usr/bin/env python3
"""What goes in as a secret comes out nowhere.

Starts the server with secrets of its own and sends it requests that hold one in every place where something can stand:
successes and each way to fail. Then the log, the metrics, health, readiness, the contract, `tutti config show`, `tutti
doctor` and its bundle are searched, and so are the answers to another caller. A caller's own answer may repeat what the
caller sent where the dialect asks for it (the name of a model or field that is not there, an id), and what the model
answered; never a key, a header or a query. Standard library only. TUTTI_BINARY names the server.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import canary_upstream
from harness import BINARY, CHAT, Checks, Process, Wire, environment, equal, eventually, expect, fetch, free_port

# Keys of ours: nobody at all may see them.
CONFIG_KEY, ENV_KEY, SECOND_KEY = "canary-config-key-5ab1", "canary-env-key-8e20", "canary-second-key-77d4"
# The caller's, by where it stands.
AUTH, API_KEY, COOKIE, ODD, QUERY, TRACE = (
    "canary-auth-20c7", "canary-xapi-b9e3", "canary-cookie-4d4d", "canary-odd-1f00", "canary-query-e6a8",
    "canary-trace-0bb1")
CONTENT, TOOL, USER, FIELD, MODEL, BROKEN, PERSONA, PATH, METHOD, SCHEMA = (
    "canary-content-f3c1", "canary-tool-77ea", "canary-user-9a9c", "canary-field-2d56", "canary-model-6c60",
    "canary-broken-ee01", "canary-persona-b7b2", "canary-path-35cd", "CANARYMETHOD", "canary-schema-8f8f")
OURS = (CONFIG_KEY, ENV_KEY, SECOND_KEY)
NEVER_ECHOED = (*OURS, AUTH, API_KEY, COOKIE, ODD, QUERY, TRACE, canary_upstream.HEADER)
FAILURES = ("400", "401", "403", "404", "408", "413", "422", "429", "500", "503", "529", "html", "rubbish", "hang-up",
            "cut", "error-frame", "bad-frame")
ANYWHERE = re.compile(r"canary[-a-z]*-[0-9a-f]{4}|CANARYMETHOD", re.I)


def configuration(port):
    return f"""
providers:
  up: {{ dialect: openai, base_url: http://127.0.0.1:{port}/v1, api_keys: [{CONFIG_KEY}, {SECOND_KEY}], allow: any }}
  env: {{ dialect: openai, base_url: http://127.0.0.1:{port}/v1, api_key: "${{CANARY_API_KEY}}", allow: any }}
  claude: {{ dialect: anthropic, base_url: http://127.0.0.1:{port}, api_key: {CONFIG_KEY}, allow: any }}
  dead: {{ dialect: openai, base_url: http://127.0.0.1:{free_port()}/v1, api_key: {CONFIG_KEY}, allow: any }}
resilience: {{ retry: {{ retries: 0 }}, breaker: {{ mode: off }} }}
models:
  auto: {{ chain: [up/plain] }}
  second: {{ chain: [env/500, up/plain] }}
"""


class Canaries:
    """The checks, over one running server; what was answered to whom."""

    def __init__(self, checks, folder):
        self.checks, self.folder, self.answers = checks, folder, []
        self.port, self.environment = free_port(), {**environment(), "CANARY_API_KEY": ENV_KEY}
        self.config = folder / "tutti.yaml"
        self.config.write_text(configuration(canary_upstream.start()))
        self.config.chmod(0o600)
        self.flags = ["--config", self.config, "--listen", f"127.0.0.1:{self.port}", "--data", folder / "data"]

    def command(self, *words):
        return subprocess.run([BINARY, *map(str, words)], env=self.environment, capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)

    def start(self):
        self.tutti = Process([BINARY, "serve", *self.flags, "--log-level", "trace"], self.folder / "tutti.log",
                             self.environment)
        eventually(lambda: self.alive(), "the server is ready", 60)

    def alive(self):
        expect(self.tutti.process.poll() is None, self.tutti.output()[-500:])
        try:
            return fetch(self.port, "GET", "/readyz").status == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, headers=()):
        """One request with a secret in every header; the answer must not show one of them."""
        fields = {
            "Authorization": f"Bearer {AUTH}", "x-api-key": API_KEY, "Cookie": f"session={COOKIE}", "x-odd": ODD,
            "traceparent": f"00-{TRACE}-00", "x-request-id": f"{ODD} !", "anthropic-version": "2023-06-01",
            **dict(headers)}
        with Wire(self.port) as wire:
            wire.request(method, f"{path}?key={QUERY}", body, fields)
            answer = wire.answer(method)
        text = answer.body.decode(errors="replace") + json.dumps(answer.headers)
        for secret in NEVER_ECHOED:
            expect(secret not in text, f"{method} {path} answers {answer.status} with {secret}: {text[:600]}")
        self.answers.append(answer)
        return answer

    # What is sent.

    def turn(self, model, stream):
        tool = {"type": "function", "function": {"name": "look", "description": TOOL, "parameters": {
            "type": "object", "description": SCHEMA}}}
        call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": f'{{"a":"{TOOL}"}}'}}
        chat = {"model": model, "stream": stream, "user": USER, "metadata": {"who": USER}, FIELD: FIELD,
                "messages": [
                    {"role": "system", "content": CONTENT}, {"role": "user", "content": CONTENT},
                    {"role": "assistant", "content": None, "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "call_1", "content": CONTENT}], "tools": [tool]}
        message = {"model": model, "stream": stream, "max_tokens": 9, "metadata": {"user_id": USER},
                   "system": CONTENT, "messages": [{"role": "user", "content": CONTENT}]}
        response = {"model": model, "stream": stream, "input": CONTENT, "instructions": CONTENT, "user": USER}
        native = {"model": model, "stream": stream, "message": CONTENT, "metadata": {"who": USER}}
        return [(CHAT, chat), ("/v1/messages", message), ("/v1/responses", response),
                ("/api/orchestrator/chat", native)]

    def successes(self):
        for model in ("auto", "second"):
            for stream in (False, True):
                for path, body in self.turn(model, stream):
                    equal(self.ask("POST", path, body).status, 200, f"{path} {model}")

    def failing_providers(self):
        for model in [*(f"up/{name}" for name in FAILURES), "env/401", "env/500", "claude/401", "claude/500", "dead/x"]:
            for stream in (False, True):
                for path, body in self.turn(model, stream):
                    self.ask("POST", path, body)
            self.ask("POST", "/v1/embeddings", {"model": model, "input": CONTENT})
            self.ask("POST", "/v1/messages/count_tokens", self.turn(model, False)[1][1])

    def bad_requests(self):
        for path, _ in self.turn("auto", False):
            for body in (f'{{"model": "{BROKEN}', f"{BROKEN}", f'{{"{BROKEN}": 1e999}}', f'["{BROKEN}"]', ""):
                expect(self.ask("POST", path, body.encode()).status == 400, f"{path} takes {body!r}")
            for body in (self.turn(MODEL, False) + self.turn(f"up\n{MODEL}", True)):
                self.ask("POST", *body)
            self.ask("POST", path, {"model": 5, "messages": CONTENT, "stream": CONTENT, "message": [CONTENT]})
            self.ask("POST", path, {"message": CONTENT, FIELD: FIELD})
            self.ask("POST", path, {"message": CONTENT, "personaId": PERSONA, "model": "auto"})
            self.ask("POST", path, CONTENT.encode(), {"Content-Type": f"text/{ODD}"})
            self.ask("PUT", path, CONTENT.encode())
        self.ask("POST", "/api/orchestrator/cancel", {"requestId": f"{CONTENT}"})
        self.ask("GET", f"/v1/models/{MODEL}")
        self.ask("GET", f"/v1/{PATH}/{PATH}")
        self.ask(METHOD, "/healthz")
        self.ask("GET", "/healthz", headers={"Host": f"{ODD}.example"})
        self.ask("GET", "/healthz", headers={"Origin": f"https://{ODD}.example"})
        self.ask("GET", "/healthz", headers={f"{ODD} bad": ODD})
        self.ask("GET", "/healthz", headers={"x-long": ODD * 4000})

    # Where it must not be.

    def nothing(self, place, text, but=()):
        found = sorted({match[0] for match in ANYWHERE.finditer(text)} - set(but))
        expect(not found, f"{place} shows {found}: " + " | ".join(
            text[max(0, text.find(name) - 80):text.find(name) + 80] for name in found[:3]))
        expect(text.strip(), f"{place} is empty")

    def places(self):
        run = self.checks.run
        for path in ("/metrics", "/health", "/readyz", "/healthz", "/openapi.json", "/docs", "/v1/models"):
            run(f"{path} shows none", lambda path=path: self.nothing(
                path, fetch(self.port, "GET", path).body.decode()))
        run("another caller's errors show none", self.other_caller)
        for words in (["config", "show"], ["config", "show", "--json"], ["config", "check"], ["models"]):
            run(f"tutti {' '.join(words)} shows none", lambda words=words: self.printed(words))
        run("tutti doctor and its bundle show none", self.doctor)

    def printed(self, words):
        ended = self.command(*words, *self.flags)
        equal(ended.returncode, 0, ended.stderr)
        self.nothing(" ".join(words), ended.stdout + ended.stderr + ".")

    def other_caller(self):
        for path, body in self.turn("up/500", False) + self.turn("nothing/there", False):
            text = json.dumps(body)
            for name in set(ANYWHERE.findall(text)):
                text = text.replace(name, "plain")
            answer = fetch(self.port, "POST", path, json.loads(text), {"Authorization": None})
            # What the provider says now is this caller's to know.
            self.nothing(f"{path} {answer.status}", answer.body.decode() + json.dumps(answer.headers),
                         (canary_upstream.ERROR, canary_upstream.PARAM, canary_upstream.TYPE))

    def doctor(self):
        bundle = self.folder / "bundle.json"
        ended = self.command("doctor", *self.flags, "--bundle", bundle, "--json")
        expect(ended.returncode in (0, 1), ended.stderr)
        report = json.loads(ended.stdout)
        equal(report["ok"], ended.returncode == 0, "ok")
        states = {check["name"]: check["state"] for check in report["checks"]}
        equal((states["provider/up"], states["provider/dead"], states["listen"]), ("ok", "fail", "ok"), "states")
        self.nothing("doctor", ended.stdout + ended.stderr)
        text = bundle.read_text()
        self.nothing("the bundle", text)
        parts = json.loads(text)
        expect(parts["metrics"] and parts["configuration"]["settings"] and parts["checks"], "the bundle lacks parts")
        equal(parts["environment"]["CANARY_API_KEY"], "set", "environment")
        equal(bundle.stat().st_mode & 0o777, 0o600, "the bundle's mode")

    def log(self):
        text = self.tutti.output()
        self.nothing("the log", text)
        lines = [line for line in text.splitlines() if line.startswith("{")]
        expect(len(lines) >= len(self.answers), f"{len(lines)} lines for {len(self.answers)} requests")
        for line in lines:
            json.loads(line)
        expect(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), "the log has control characters")

    def series(self):
        """How many series there are, after everything above and after a flood of made-up words."""
        def count():
            text = fetch(self.port, "GET", "/metrics").body.decode()
            return len([line for line in text.splitlines() if not line.startswith("#")])

        with Wire(self.port) as wire:
            for number in range(300):
                word = f"W{number}"
                wire.request(word, f"/{word}", headers={"x-request-id": word, "user-agent": word})
                wire.answer()
                wire.request("POST", CHAT, {"model": f"up/400-{word}", "messages": [{"role": "user", "content": "x"}]})
                wire.answer()
                wire.request("GET", f"/v1/models/{word}", headers={"traceparent": word})
                wire.answer()
        first = count()
        with Wire(self.port) as wire:
            for number in range(300):
                wire.request(f"V{number}", f"/v{number}")
                wire.answer()
                wire.request("POST", CHAT, {"model": f"up/v{number}", "messages": [{"role": "user", "content": "x"}]})
                wire.answer()
        equal(count(), first, "series")


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="tutti-canaries-") as name:
        canaries = Canaries(checks, pathlib.Path(name))
        canaries.start()
        try:
            checks.run("successes", canaries.successes)
            checks.run("providers that fail, and say secrets", canaries.failing_providers)
            checks.run("bad requests", canaries.bad_requests)
            canaries.places()
            checks.run("made-up words make no series", canaries.series)
        finally:
            ended = canaries.tutti.end()
        checks.run("the log shows none, and is whole lines of JSON", canaries.log)
        checks.run("the server ends well", lambda: equal(ended, 0, "exit code"))
    return checks.end()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    raise SystemExit(main())
