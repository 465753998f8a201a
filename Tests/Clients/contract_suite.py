"""The contract: what `GET /openapi.json` promises is OpenAPI, and the server keeps it.

schemathesis makes requests from the document, valid ones and invalid ones, and looks at every answer: no 500, no status
and no content type that is not promised, bodies of the promised shape, nothing valid refused, nothing invalid accepted,
other methods answered 405 with `allow`. It goes through the bounds of every field, and then makes requests by chance.
Bounded: a fixed seed, so many requests by chance an operation (CONTRACT_EXAMPLES), so many seconds in all
(CONTRACT_SECONDS); `scripts/prove contract` makes many more of them than a test has time for.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from harness import Checks, Mock, Tutti, equal, expect, fetch

HERE = pathlib.Path(__file__).resolve().parent
# Tutti's own routes but the socket, which no HTTP client can open; the dialects are there to be as their providers want
# them.
PATHS = "^/(api/(?!orchestrator/ws)|openapi|healthz|readyz|health|metrics|docs)"
# A line of a bulk request that is wrong has its error in its answer, which is 200.
SETTINGS = """
[[operations]]
include-path = "/api/orchestrator/bulk"
checks.negative_data_rejection.enabled = false

# Whether a cursor is one of a run's events depends on the run: 400 where it is of another, 410 where it is too old.
[[operations]]
include-path = "/api/orchestrator/runs/{id}/events"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 410, 429, "5xx"]
"""
SECONDS = int(os.environ.get("CONTRACT_SECONDS", "50"))
EXAMPLES = os.environ.get("CONTRACT_EXAMPLES", "12")


def configuration(mock_port):
    """A model that no catalogue knows, so that no limit but the contract's own holds."""
    return "\n".join([
        "providers:",
        f"  mock: {{ dialect: openai, base_url: http://127.0.0.1:{mock_port}/v1, allow: any }}",
        "resilience: { limits: { per_provider: 1000, total: 1000 } }",
        "models:", "  auto: { chain: [mock/plain] }"]) + "\n"


class Contract:
    """The checks, over one running server."""

    def __init__(self, checks, tutti, folder):
        self.checks, self.tutti, self.folder = checks, tutti, folder
        self.answer = fetch(tutti.port, "GET", "/openapi.json")
        self.document = self.answer.json()

    def run(self):
        run = self.checks.run
        run("the contract is OpenAPI 3.1", self.valid)
        run("it is the same bytes each time", self.stable)
        run("its operations have names of their own", self.names)
        run("every reference leads somewhere, and every schema is used", self.references)
        run("/docs lists every operation and loads nothing from elsewhere", self.page)
        run("405 says what is allowed, HEAD with GET", self.allowed)
        run("bodies with fields that are not in the contract are refused with their names", self.closed)
        run("schemathesis finds nothing", self.schemathesis)

    def valid(self):
        import openapi_spec_validator
        equal(self.document["openapi"], "3.1.0")
        equal(self.answer.headers["content-type"], "application/json")
        openapi_spec_validator.validate(self.document)

    def stable(self):
        for _ in range(3):
            equal(fetch(self.tutti.port, "GET", "/openapi.json").body, self.answer.body, "the document")

    def operations(self):
        return [(method, path, operation) for path, methods in self.document["paths"].items()
                for method, operation in methods.items()]

    def names(self):
        names = [operation["operationId"] for _, _, operation in self.operations()]
        expect(len(names) >= 12, f"{len(names)} operations")
        equal(sorted(set(names)), sorted(names), "operationId")
        for _, path, operation in self.operations():
            expect(operation["summary"] and operation["tags"], f"{path} says nothing of itself")
            # A socket is what a connection becomes.
            expect({"101", "200"} & set(operation["responses"]), f"{path} never answers 200")

    def references(self):
        text = json.dumps(self.document)
        used = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
        equal(used, set(self.document["components"]["schemas"]), "schemas")

    def page(self):
        answer = fetch(self.tutti.port, "GET", "/docs")
        text = answer.body.decode()
        expect("default-src 'self'" in answer.headers["content-security-policy"], "no policy")
        for method, path, _ in self.operations():
            expect(f"<code>{method.upper()} {path}</code>" in text, f"{method} {path} is not on the page")
        expect(not re.search(r"<script|<style|style=|https?://|\son\w+=", text), "the page needs more than itself")

    def allowed(self):
        for path, methods in self.document["paths"].items():
            answer = fetch(self.tutti.port, "DELETE", path.replace("{model}", "auto"))
            equal(answer.status, 405, path)
            wanted = {method.upper() for method in methods} | ({"HEAD"} if "get" in methods else set())
            equal(set(answer.headers["allow"].split(", ")), wanted, f"allow of {path}")

    def closed(self):
        rows = [
            ("/api/orchestrator/chat", {"message": "x", "mesages": []}, "mesages", "messages"),
            ("/api/orchestrator/chat", {"message": "x", "options": {"temprature": 1}}, "options.temprature",
             "temperature"),
            ("/api/orchestrator/chat", {"message": "x", "a\n\u001b[31m" * 40: 1}, None, ""),
            ("/api/orchestrator/cancel", {"requestId": "x", "all": True}, "all", ""),
        ]
        for path, body, param, near in rows:
            answer = fetch(self.tutti.port, "POST", path, body)
            equal((answer.status, answer.headers["content-type"]), (400, "application/problem+json"), path)
            problem = answer.json()
            expect(param is None or problem["param"] == param, problem)
            expect(near in problem["detail"] and len(answer.body) < 2000, problem)

    def schemathesis(self):
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "contract_hooks", "PYTHONPATH": str(HERE)}
        (self.folder / "schemathesis.toml").write_text(SETTINGS)
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", f"{self.tutti.url()}/openapi.json", "--include-path-regex",
            PATHS, "--max-examples", EXAMPLES, "--seed", "1", "--max-time", str(SECONDS - 10), "--no-color", "--no-shrink",
            "--phases", "coverage,fuzzing", "--warnings", "off"]
        ended = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True,
                               timeout=SECONDS + 30)
        if ended.returncode:
            print(ended.stdout[-6000:], ended.stderr[-2000:], file=sys.stderr)
        expect(ended.returncode == 0, f"exit code {ended.returncode}")
        found = re.search(r"(\d+) generated", ended.stdout)
        expect(found and int(found[1]) > 200, "hardly anything was tried")
        print(f"      {found[1]} requests")


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="tutti-contract-") as name:
        folder = pathlib.Path(name)
        mock = Mock(folder)
        try:
            tutti = Tutti(folder, configuration(mock.port))
            try:
                Contract(checks, tutti, folder).run()
            finally:
                tutti.end()
        finally:
            mock.end()
    return checks.end()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    raise SystemExit(main())
