"""What a running server does on SIGTERM. Each check has a server of its own."""

import contextlib
import signal
import subprocess
import time

from harness import Tutti, Wire, answering, configuration, equal, events, eventually, expect, fetch


def finite(folder, mock):
    """A running answer ends properly; /readyz says 503 meanwhile; exit code 0."""
    with answering(folder, mock, "finite", "mock/step") as (server, wire):
        server.process.send_signal(signal.SIGTERM)

        def unready():
            with contextlib.suppress(OSError, AssertionError):
                return fetch(server.port, "GET", "/readyz").status == 503

        eventually(unready, "/readyz is 503", 10)
        # The answer's pieces, which have waited for this.
        for _ in range(5):
            mock.control("?go=finite")
        equal(events(b"".join(wire.chunks()))[-1], "[DONE]", "the running answer's last event")
        equal(server.process.wait(5), 0, "exit code")


def endless(folder, mock):
    """An answer that does not end gets an error event, and the server exits within 30 s."""
    with answering(folder, mock, "endless", "mock/endless", 40) as (server, wire):
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        last = [event for event in events(b"".join(wire.chunks())) if event != "[DONE]"][-1]
        equal(last.get("error", {}).get("code"), "shutting_down", "the last event's code")
        equal(server.process.wait(max(0.1, 30 - (time.monotonic() - start))), 0, "exit code")


def twice(folder, mock):
    with answering(folder, mock, "twice", "mock/endless") as (server, _):
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        expect(server.process.poll() is None, "the first signal cut the running answer")
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(10)
        except subprocess.TimeoutExpired:
            raise AssertionError("the second signal did not end the server within ten seconds") from None


def idle(folder, mock):
    """Idle keep-alive connections do not hold an exit up."""
    server = Tutti(folder, configuration(mock.port), "idle")
    try:
        with Wire(server.port) as wire:
            wire.request("GET", "/healthz")
            wire.answer()
            server.process.send_signal(signal.SIGTERM)
            equal(server.process.wait(5), 0, "exit code")
    finally:
        server.end(0.1)
