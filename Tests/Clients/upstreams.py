"""The upstreams that a suite asks through Tutti, and checks that are made once for each of them.

Environment: TUTTI_URL; TUTTI_MOCK_PORT of the scripted upstream; TUTTI_DIRECT, which says that TUTTI_URL is the
scripted upstream itself. Then suite and mock must agree without Tutti, and what only Tutti does is left out."""

import json
import os

from harness import Checks, fetch

URL = os.environ["TUTTI_URL"]
MOCK_PORT = int(os.environ.get("TUTTI_MOCK_PORT", 0))
DIRECT = bool(os.environ.get("TUTTI_DIRECT"))
CONTENT = "The mock answers: one two three."
THOUGHT = "Let me think."
suite = []


class Upstream:
    """A provider of the suites' tutti.yaml."""

    def __init__(self, dialect, provider, default):
        self.dialect, self.provider, self.default = dialect, provider, default

    def model(self, name=None):
        """A model's name for Tutti, by what the mock does; without a name a well-behaved one."""
        name = name or self.default
        # A name with a provider, or an alias, stands for itself.
        return name if DIRECT or "/" in name or name in ALIASES else f"{self.provider}/{name}"


ALIASES = ("plain", "claude", "after-500", "anthropic-first", "openai-first")
ANTHROPIC = Upstream("anthropic", "claude", "claude-sonnet-4-5")
OPENAI = Upstream("openai", "mock", "gpt-4o-mini")
# Without Responses.
CHATS = Upstream("chats", "chats", "gpt-4o-mini")
BOTH = (ANTHROPIC, OPENAI)


def check(name, *upstreams, direct=True):
    """Adds a check, run in the order of the files, with each of the upstreams; with the mock itself only the first.
    `direct=False`: it is about something that Tutti does."""
    def add(function):
        if DIRECT and not direct:
            return function
        for upstream in upstreams[:1] if DIRECT else upstreams:
            suite.append((f"{upstream.dialect}: {name}", function, upstream))
        return function
    return add


def run_suite():
    """Runs all; the exit code."""
    checks = Checks()
    for name, function, upstream in suite:
        checks.run(name, function, upstream)
    return checks.end()


def mock_control(query=""):
    return fetch(MOCK_PORT, "GET", f"/control{query}").json()


def texts(content):
    """The text of content, be it a string or a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content


def parsed(text):
    """What the model `echo` has said: {path, headers, body} of the upstream's request."""
    return json.loads(text)
