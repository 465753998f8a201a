"""What a running server does on SIGHUP. Each check has a server of its own."""

import json
import signal
import time

from harness import (CHAT, PROVIDER_KEY, Tutti, Wire, answering, chat, configuration, equal, eventually, events, expect,
                     fetch)


def models(server):
    return [model["id"] for model in fetch(server.port, "GET", "/v1/models").json()["data"]]


def log(server, message):
    """The log's entries with this message."""
    lines = [line for line in server.output().splitlines() if line.startswith("{")]
    return [entry for entry in map(json.loads, lines) if entry.get("message") == message]


def loads(folder, mock):
    """The file is read again; a stream that runs goes on under what it began with, to its proper end."""
    with answering(folder, mock, "loads") as (server, wire):
        server.config.write_text(configuration(mock.port).replace("  plain:", "  simple:"))
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "simple" in models(server) and "plain" not in models(server), "the names are others")
        equal(fetch(server.port, "POST", CHAT, chat("plain")).status, 404, "the old name")
        equal(fetch(server.port, "POST", CHAT, chat("simple")).status, 200, "the new name")
        equal(events(b"".join(wire.chunks()))[-1], "[DONE]", "the running answer's last event")
        equal(len(log(server, "configuration loaded again")), 1, "lines of the log")
        equal(server.end(), 0, "exit code")


def refuses(folder, mock):
    """A file with faults, or none, changes nothing and is told in the log."""
    server = Tutti(folder, configuration(mock.port), "refuses")
    try:
        before = models(server)
        server.config.write_text(f"providers: {{ a: {{ dialect: opnai, api_kei: {PROVIDER_KEY} }} }}\nmodls: {{}}\n")
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(log(server, "configuration refused")) >= 2, "both faults are in the log")
        answer = fetch(server.port, "POST", "/api/admin/reload")
        equal((answer.status, answer.json()["code"]), (422, "invalid_configuration"), "the route's answer")
        faults = len(answer.json()["errors"])
        eventually(lambda: len(log(server, "configuration refused")) == 2 * faults, "every fault is in the log, twice")
        server.config.unlink()
        equal(fetch(server.port, "POST", "/api/admin/reload").status, 422, "without a file")
        equal(models(server), before, "models")
        equal(fetch(server.port, "POST", CHAT, chat()).status, 200, "a chat")
        expect(PROVIDER_KEY not in server.output() and PROVIDER_KEY.encode() not in answer.body, "a secret was told")
        alerts = [entry["alert"] for entry in log(server, "alert")]
        equal(alerts, ["configuration_refused"], "alerts, one a minute")
    finally:
        equal(server.end(), 0, "exit code")


def storm(folder, mock):
    """Many signals while requests run: none fails."""
    server = Tutti(folder, configuration(mock.port), "storm")
    try:
        with Wire(server.port) as wire:
            for round_ in range(200):
                server.process.send_signal(signal.SIGHUP)
                wire.request("POST", CHAT, chat())
                equal(wire.answer().status, 200, f"round {round_}")
        server.config.write_text(configuration(mock.port).replace("  plain:", "  last:"))
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "last" in models(server), "the last signal is not lost")
    finally:
        equal(server.end(), 0, "exit code")


def draining(folder, mock):
    """While the server stops, a signal changes nothing and does not hold the stop up."""
    with answering(folder, mock, "draining") as (server, wire):
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        server.process.send_signal(signal.SIGHUP)
        equal(events(b"".join(wire.chunks()))[-1], "[DONE]", "the running answer's last event")
        equal(server.process.wait(5), 0, "exit code")
        equal(log(server, "configuration loaded again"), [], "reloads while stopping")
        equal(len(log(server, "configuration not loaded again, the server is stopping")), 1, "lines of the log")
