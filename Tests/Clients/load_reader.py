#!/usr/bin/env python3
"""Clients that never read a stream of 10 MB: what is held for each, that its upstream pauses, when it is closed.

What is held in the server's memory is the growth of its resident memory over all of them; what the kernel holds in the
four queues between upstream and client is counted apart, as the kernel tells it.
"""

import sys
import time

from load import Bars, Crowd, options, say, stage

MOST_HELD = 256 * 1024


def queues(server, upstream):
    """Bytes in the kernel: sent by the upstream and not read by the server, sent by the server and not read."""
    inward = outward = 0
    for fields in map(str.split, server.proc("net/tcp").read_text().splitlines()[1:]):
        local, remote = (int(address[-4:], 16) for address in fields[1:3])
        waiting = sum(int(part, 16) for part in fields[4].split(":"))
        if fields[3] != "0A" and upstream.port in (local, remote):
            inward += waiting
        elif fields[3] != "0A" and server.port in (local, remote):
            outward += waiting
    return inward, outward


def sent(upstream):
    return {tag: told["sent"] for tag, told in upstream.floods().items()}


def quiet(upstream, count, seconds=2, patience=30):
    """What each upstream has sent once none has sent anything for so long."""
    deadline, level, since = time.monotonic() + patience, sent(upstream), time.monotonic()
    while (time.monotonic() - since < seconds or len(level) < count) and time.monotonic() < deadline:
        time.sleep(0.1)
        if (now := sent(upstream)) != level:
            level, since = now, time.monotonic()
    return level, time.monotonic() - since >= seconds


def main():
    chosen = options(__doc__.split("\n")[0], readers=(32, "that never read"), megabytes=(10.0, "of each one's stream"),
                     write_timeout=(60, "server.timeouts.write, in seconds"))
    bars, figures = Bars(), {}
    with stage(flood_mb=chosen.megabytes) as (folder, upstream, start):
        server = start(f"server: {{ timeouts: {{ write: {chosen.write_timeout}s }} }}\n"
                       f"providers:\n{upstream.provider('only', 'flood')}\n{upstream.provider('good', 'mixed')}\n"
                       "resilience:\n  limits: { per_provider: 1000, total: 1000 }\n")
        server.warm("good/stream")
        before, begun = server.settled(), time.monotonic()
        crowd = Crowd(folder, server.port, "readers", chosen.readers, sip=0, again=0)
        level, paused = quiet(upstream, chosen.readers, 2 if chosen.write_timeout >= 10 else 0.7)
        during, (inward, outward) = server.census(), queues(server, upstream)
        figures |= {"before": before, "during": during, "paused": paused, "sent_to_each": sum(level.values()) //
                    max(1, len(level)), "kernel_before_server": inward // chosen.readers,
                    "kernel_behind_server": outward // chosen.readers}
        figures["between"] = figures["sent_to_each"] - figures["kernel_before_server"] - figures["kernel_behind_server"]
        last = begun + 2 * chosen.write_timeout + 15
        while time.monotonic() < last and server.connections()[1]:
            time.sleep(0.1)
        figures["closed_after_s"] = round(time.monotonic() - begun, 1)
        time.sleep(1)
        ends = [told["hung_up"] - begun for told in upstream.floods().values() if told["hung_up"]]
        figures["upstreams_ended"] = [len(ends), *(round(end(ends), 1) for end in (min, max) if ends)]
        figures["after"], figures["crowd"] = server.settled(), crowd.leave()
        code = server.end()
    for name, value in figures.items():
        say(f"{name}: {value}")
    held = round((during["rss_mib"] - before["rss_mib"]) * 2**20 / chosen.readers)
    figures["held_by_server"] = held
    bars.add("readers at once", during["turns_running"], f"= {chosen.readers}",
             during["turns_running"] == chosen.readers)
    bars.add("held in the server's memory for each (bytes)", held, f"≤ {MOST_HELD}", held <= MOST_HELD)
    bars.add("upstreams paused", paused and max(level.values(), default=0), f"< {chosen.megabytes * 1e6:.0f}",
             paused and 0 < max(level.values(), default=0) < chosen.megabytes * 1e6)
    low, high = 0.8 * chosen.write_timeout, 1.25 * chosen.write_timeout + 5
    bars.add("the first upstream that is ended (s)", figures["upstreams_ended"][1:2], f"≥ {low:g}",
             len(ends) == chosen.readers and min(ends) >= low)
    bars.add("the last connection that is closed (s)", figures["closed_after_s"], f"≤ {high:g}",
             figures["closed_after_s"] <= high)
    bars.left(before, figures["after"])
    bars.add("exit code", code, "= 0", code == 0)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
