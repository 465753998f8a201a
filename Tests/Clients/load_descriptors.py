#!/usr/bin/env python3
"""A server that may have 64 descriptors, and more clients than that: it does not spin, and it comes back.

Some clients are connected and known beforehand: they are answered throughout. Then so many connect that no descriptor
is left, and stay. When they have gone, a new caller is answered soon.
"""

import contextlib
import sys
import time

from load import Bars, Crowd, options, say, stage
from harness import CHAT, Wire, chat, eventually, fetch


def answered(port, seconds):
    """How long until a new caller's chat is answered; `None` when it is not within that time."""
    begun = time.monotonic()
    while time.monotonic() < begun + seconds:
        with contextlib.suppress(OSError, AssertionError):
            if fetch(port, "POST", CHAT, chat("good/chat"), timeout=2).status == 200:
                return round(time.monotonic() - begun, 2)
        time.sleep(0.05)
    return None


def kept(wire, body):
    """What a connection that was there before says: a status, or why there is none."""
    try:
        wire.request("POST" if body else "GET", CHAT if body else "/healthz", body)
        return wire.answer().status
    except (OSError, AssertionError) as error:
        return type(error).__name__


def main():
    chosen = options(__doc__.split("\n")[0], descriptors=(64, "of the server"), clients=(200, "beyond them"),
                     seconds=(5, "that they stay"))
    bars, figures = Bars(), {}
    with stage() as (folder, upstream, start):
        server = start(f"providers:\n{upstream.provider('good', 'mixed')}\n", descriptors=chosen.descriptors)
        server.warm("good/chat")
        before = server.settled()
        with Wire(server.port, 10) as wire:
            kept(wire, None)
            crowd = Crowd(folder, server.port, "open", chosen.clients, again=0)

            def in_use():
                return len(list(server.proc("fd").iterdir()))

            # If it never comes to that, a bar says so.
            with contextlib.suppress(AssertionError):
                eventually(lambda: in_use() >= chosen.descriptors - 4, "hardly a descriptor is left", 10)
            held, cpu, begun = in_use(), server.cpu_seconds(), time.monotonic()
            time.sleep(chosen.seconds)
            figures["cpu_s"] = round(server.cpu_seconds() - cpu, 2)
            # A machine that pauses makes it longer.
            stayed = time.monotonic() - begun
            figures["held"] = held
            figures["kept"] = [kept(wire, None), kept(wire, chat("good/chat")), kept(wire, None)]
            figures["crowd"] = crowd.leave()
            figures["recovered_after_s"] = answered(server.port, 20)
        figures["before"], figures["after"] = before, server.settled()
        alive = server.alive()
        code = server.end()
    for name, value in figures.items():
        say(f"{name}: {value}")
    bars.add("descriptors in use meanwhile", held, f"≥ {chosen.descriptors - 4}", held >= chosen.descriptors - 4)
    bars.add(f"CPU time over {stayed:.2f} s (s)", figures["cpu_s"], f"< {stayed / 10:.2f}",
             figures["cpu_s"] < stayed / 10)
    bars.add("statuses on a connection that was there before", figures["kept"], "200, 200 or 5xx, 200",
             figures["kept"][0] == figures["kept"][2] == 200 and figures["kept"][1] in (200, 500, 502, 503, 504))
    soon = figures["recovered_after_s"]
    bars.add("until a new caller is answered afterwards (s)", soon, "≤ 5", soon is not None and soon <= 5)
    bars.add("the server lives", alive, "= true", alive)
    bars.left(before, figures["after"])
    bars.add("exit code", code, "= 0", code == 0)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
