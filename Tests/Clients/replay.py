#!/usr/bin/env python3
"""Replays recorded exchanges with providers through the whole server and compares what comes out with what is recorded.

Each recording becomes an upstream's answer. A client of the same dialect sends the recorded request and must get the
recorded answer byte for byte, but for the model; so must the upstream get the request. A client of another dialect asks
plainly and must be told the same: text, thoughts, tool calls, usage, reason of the end, error.

  replay.py [--dialects chat,embeddings,…] [--only pydanticai_openrouter:3] [--cost] [--verbose]

TUTTI_BINARY names the server, TUTTI_SHARED the folder whose `data/fixtures` holds the recordings. Exit code: 0 when all
comparisons passed, 1 when one failed, 2 when it cannot run.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

import harness
import replay_bytes
import replay_clients
import replay_cost
import replay_recordings
import replay_truth
from replay_table import Table
from replay_upstream import Upstream

PROVIDERS = {"chat": "openai", "embeddings": "openai", "responses": "responses", "messages": "anthropic",
             "count_tokens": "anthropic"}
# By the providers' names: dialect, path, other settings.
SETTINGS = {"openai": ("openai", "/v1", ""), "anthropic": ("anthropic", "", ""),
            "responses": ("openai", "/v1", ", responses: native")}
UPSTREAM_PATHS = {"chat": "/v1/chat/completions", "embeddings": "/v1/embeddings", "responses": "/v1/responses",
                  "messages": "/v1/messages", "count_tokens": "/v1/messages/count_tokens"}
DIALECTS = ["chat", "embeddings", "messages", "count_tokens", "responses", "native"]
# Who asks for a recording of each dialect besides clients of the same. A pair that cannot be has its reason told.
OTHERS = {"chat": ["messages", "responses", "native"], "messages": ["chat", "responses", "native"],
          "embeddings": ["messages"], "count_tokens": ["chat"], "responses": ["chat"]}


class Replay:
    """The comparisons, each of which gives a list of differences."""

    def __init__(self, tutti, upstream, priced):
        self.tutti, self.upstream, self.priced = tutti, upstream, priced

    def ask(self, recording, client, body, query=""):
        """Sends a request; gives the answer and the one request that reached the upstream."""
        self.upstream.take(recording.name)
        headers = {}
        if client in ("messages", "count_tokens"):
            headers = {"Authorization": None, "x-api-key": harness.CALLER_KEY, "anthropic-version": "2023-06-01"}
        path = replay_clients.ROUTES[client] + (f"?{query}" if query else "")
        answer = harness.fetch(self.tutti.port, "POST", path, body, headers)
        requests = self.upstream.take(recording.name)
        harness.expect(len(requests) == 1, f"{len(requests)} requests reached the upstream; the answer: "
                       f"{answer.status} {answer.body[:300]!r}")
        return answer, requests[0]

    def same(self, recording, turns_usage=False):
        """The recorded request; with `turns_usage`, a stream that asks for usage where the recorded one did not, and
        the other way round."""
        request = {**recording.request, "model": target(recording)}
        recorded_ask = bool((request.get("stream_options") or {}).get("include_usage"))
        asks = recorded_ask != turns_usage
        if turns_usage:
            request.pop("stream_options", None)
            if asks:
                request["stream_options"] = {"include_usage": True}
        sent = json.dumps(request, ensure_ascii=False).encode()
        answer, got = self.ask(recording, recording.dialect, sent, recording.query)
        streams = recording.dialect == "chat" and bool(request.get("stream"))
        problems = self.upstream_problems(got, recording.dialect)
        problems += replay_bytes.request_differences(sent, got.body, recording.name, streams and not asks)
        problems += secret_problems(answer, recording)
        if recording.kind == "error":
            told = replay_clients.read(recording.dialect, answer, False, target(recording))
            return problems + error_differences(told, replay_truth.truth(recording), recording.dialect)
        if answer.status != 200:
            return problems + [f"status {answer.status}: {answer.body[:300]!r}"]
        if recording.kind == "whole":
            if self.priced and recording.dialect in ("chat", "messages", "responses"):
                problems += replay_cost.header_differences(answer, replay_truth.truth(recording).usage, recording)
            return problems + replay_bytes.whole_differences(answer, recording, target(recording))
        return problems + replay_bytes.frame_differences(
            answer, recording, target(recording), drops_usage=streams and not asks, may_add_usage=turns_usage and asks
        ) + (self.usage_differences(answer, recording) if streams and asks else [])

    def usage_differences(self, answer, recording):
        """A client that asked for usage finds it once, in whichever chunk."""
        wanted, found = replay_truth.truth(recording), []
        for _, data in replay_recordings.sse(answer.body):
            if data != b"[DONE]" and (usage := json.loads(data).get("usage")):
                found.append(usage)
        if wanted.error:
            # What stands beside an error is compared with the frames.
            return [] if len(found) < 2 else [f"usage is told {len(found)} times: {found}"]
        if wanted.usage is None:
            return [] if not found else [f"usage that nobody told: {found}"]
        if len(found) != 1:
            return [f"usage is told {len(found)} times"]
        return field_differences(found[0], replay_truth.shown_usage(wanted.usage, "chat"))

    def across(self, recording, client):
        stream = bool(recording.request.get("stream"))
        answer, got = self.ask(recording, client, replay_clients.question(client, target(recording), stream))
        problems = self.upstream_problems(got, recording.dialect)
        problems += question_differences(json.loads(got.body), recording.dialect, stream)
        problems += secret_problems(answer, recording)
        told = replay_clients.read(client, answer, stream, target(recording))
        wanted = replay_truth.truth(recording)
        problems += text_differences("text", told.text, wanted.text)
        # Its clients are not shown thoughts, and calls only as they come.
        if client != "native":
            problems += text_differences("thinking", told.thinking, wanted.thinking)
        if client != "native" or stream:
            calls = [[*call] for call in told.calls]
            if calls != [[*call] for call in wanted.calls]:
                problems.append(f"tool calls: found {told.calls}, wanted {wanted.calls}")
        problems += error_differences(told, wanted, client)
        # An error is the end of a stream, in each dialect.
        if wanted.error:
            return problems
        if told.finish != wanted.finish:
            problems.append(f"reason of the end: found {told.finish!r}, wanted {wanted.finish!r}")
        if self.priced and client == "native":
            problems += replay_cost.differences("cost", told.cost, wanted.usage, recording)
        elif self.priced and not stream:
            problems += replay_cost.header_differences(answer, wanted.usage, recording)
        return problems + field_differences(told.usage, replay_truth.shown_usage(wanted.usage, client))

    def upstream_problems(self, got, dialect):
        """The address and headers of a request that reached the upstream."""
        problems = []
        if got.path.split("?")[0] != UPSTREAM_PATHS[dialect]:
            problems.append(f"the upstream was asked at {got.path}")
        if harness.CALLER_KEY in str(got.headers):
            problems.append("the caller's key reached the upstream")
        wanted = {"content-type": "application/json"}
        if PROVIDERS[dialect] == "anthropic":
            wanted |= {"x-api-key": harness.PROVIDER_KEY, "anthropic-version": "2023-06-01"}
        else:
            wanted |= {"authorization": f"Bearer {harness.PROVIDER_KEY}"}
        return problems + [f"the upstream's header {name} is {got.headers.get(name)!r}"
                           for name, value in wanted.items() if got.headers.get(name) != value]


def target(recording):
    return f"{PROVIDERS[recording.dialect]}/{recording.name}"


def question_differences(body, dialect, stream):
    """What the upstream must have been asked in its own dialect."""
    problems = []
    said = [(message["role"], message["content"] if isinstance(message["content"], str) else
             "".join(part["text"] for part in message["content"])) for message in body["messages"]]
    if said != [("user", "hi")]:
        problems.append(f"the upstream's messages are {body['messages']}")
    if bool(body.get("stream")) != stream:
        problems.append(f"the upstream's stream is {body.get('stream')}")
    limits = [body[name] for name in ("max_tokens", "max_completion_tokens") if name in body]
    if limits != [100]:
        problems.append(f"the upstream's largest answer is {limits}")
    if dialect == "chat" and stream and (body.get("stream_options") or {}).get("include_usage") is not True:
        problems.append("the upstream was not asked for usage")
    return problems


def error_differences(told, wanted, client):
    if not told.error or not wanted.error:
        return [] if told.error == wanted.error else [f"error: found {told.error}, wanted {wanted.error}"]
    (status, kind, message), (recorded, words) = told.error, wanted.error
    # Within a stream there is no status, and any failure is the provider's.
    expected, *types = replay_truth.ERRORS[recorded] if recorded else (None, "server_error", "api_error")
    problems = []
    if kind not in (None, types[client == "messages"]):
        problems.append(f"error type: found {kind!r}, wanted {types[client == 'messages']!r}")
    if status != expected:
        problems.append(f"status: found {status}, wanted {expected} for the provider's {recorded}")
    # The provider's own words on keys and models are ours to mend, not the caller's.
    if expected in (None, 400, 429) and words not in message:
        problems.append(f"error message: found {message!r}, wanted with {words!r}")
    return problems


def secret_problems(answer, recording):
    seen = answer.body.decode(errors="replace") + str(answer.headers)
    secrets = [harness.PROVIDER_KEY, harness.CALLER_KEY]
    if recording.kind == "error":
        secrets.append(json.loads(recording.body).get("user_id") or harness.PROVIDER_KEY)
    return [f"{secret} is in the answer" for secret in secrets if secret in seen]


def text_differences(what, found, wanted):
    if found == wanted:
        return []
    at = next((at for at, (one, other) in enumerate(zip(found, wanted)) if one != other), min(len(found), len(wanted)))
    return [f"{what} differs at {at}: found {found[at:at + 80]!r} ({len(found)} characters), "
            f"wanted {wanted[at:at + 80]!r} ({len(wanted)})"]


def field_differences(found, wanted):
    if wanted is None or found is None:
        return [] if wanted == found else [f"usage: found {found}, wanted {wanted}"]
    problems = []
    for path, count in wanted.items():
        value = found
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value != count:
            problems.append(f"usage.{path}: found {value}, wanted {count}")
    return problems


def comparisons(replay, recording, dialects):
    """(way, client, comparison) for everything that is to be compared for a recording."""
    yield "same", recording.dialect, lambda: replay.same(recording)
    if recording.dialect == "chat" and recording.kind == "stream":
        yield "same, usage ±", recording.dialect, lambda: replay.same(recording, turns_usage=True)
    for client in OTHERS[recording.dialect]:
        if client in dialects or replay_recordings.left_out(recording, client):
            yield client, client, lambda client=client: replay.across(recording, client)


def run(replay, recordings, dialects, verbose):
    table, failed, passed = Table(), 0, 0
    for recording in recordings:
        for way, client, compare in comparisons(replay, recording, dialects):
            if reason := replay_recordings.left_out(recording, client):
                table.left_out[f"{recording.dialect} {'in the same dialect' if way == 'same' else 'across'}: {reason}"
                               ].append(recording.place)
                continue
            try:
                problems = compare()
            except (AssertionError, ValueError, LookupError, TypeError, AttributeError, OSError) as error:
                problems = [f"{type(error).__name__}: {error}"]
            table.add(recording, way, not problems)
            failed, passed = failed + bool(problems), passed + (not problems)
            if problems or verbose:
                print(f"{'FAIL' if problems else 'ok  '}  {recording.place}, {recording.dialect} {recording.kind}, "
                      f"client: {way}", flush=True)
            for problem in problems:
                print(f"      {problem[:700]}", flush=True)
    table.print()
    print(f"\n{len(recordings)} recordings, {passed + failed} comparisons: {passed} passed, {failed} failed",
          flush=True)
    return 1 if failed or not passed else 0


def configuration(port, dialects, priced):
    lines = ["providers:"]
    for name in sorted({PROVIDERS[dialect] for dialect in dialects if dialect in PROVIDERS}):
        dialect, path, more = SETTINGS[name]
        lines.append(f"  {name}: {{ dialect: {dialect}, base_url: http://127.0.0.1:{port}{path}, "
                     f"api_key: {harness.PROVIDER_KEY}, allow: any{more} }}")
    # A recorded error is asked for once.
    lines.append("resilience: { retry: { retries: 0 }, breaker: { mode: off } }")
    return "\n".join([*lines, "models: {}", *replay_cost.section(target(recording) for recording in priced)]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dialects", default=",".join(DIALECTS),
                        help=f"of recordings and clients: {', '.join(DIALECTS)}")
    parser.add_argument("--only", metavar="FILE[:LINE]", help="the recordings of one file, or one of them")
    parser.add_argument("--cost", action="store_true", help="give the models prices, and compare what answers cost")
    parser.add_argument("--verbose", action="store_true", help="a line for what passes, too")
    arguments = parser.parse_args()
    dialects = arguments.dialects.split(",")
    if unknown := set(dialects) - set(DIALECTS):
        parser.error(f"no dialect: {', '.join(sorted(unknown))}")
    path = replay_recordings.folder()
    file, _, line = (arguments.only or "").partition(":")
    recordings = [recording for recording in replay_recordings.load(path) if recording.dialect in dialects
                  and file in ("", recording.file) and line in ("", str(recording.line))]
    if not recordings or not os.access(harness.BINARY, os.X_OK):
        print(f"replay: no recordings in {path}" if not recordings else f"replay: {harness.BINARY} is not there",
              file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="tutti-replay-") as name, Upstream(recordings) as upstream:
        priced = recordings if arguments.cost else []
        tutti = harness.Tutti(pathlib.Path(name), configuration(upstream.port, dialects, priced))
        try:
            code = run(Replay(tutti, upstream, bool(priced)), recordings, dialects, arguments.verbose)
        finally:
            ended = tutti.end()
        if ended:
            print(f"tutti ended with exit code {ended}: {tutti.output()[-500:]}", file=sys.stderr)
    return code or (1 if ended else 0)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    raise SystemExit(main())
