#!/usr/bin/env python3
"""10,000 idle connections that are kept alive, each after one answered request: the server's memory."""

import sys

from load import Bars, Crowd, options, say, stage
from harness import CHAT, chat, equal, fetch

MOST_MIB = 300


def main():
    chosen = options(__doc__.split("\n")[0], connections=(10000, "idle ones"))
    bars = Bars()
    with stage() as (folder, upstream, start):
        server = start(f"server: {{ timeouts: {{ idle: 1h }} }}\nproviders:\n{upstream.provider('only', 'mixed')}\n"
                       "resilience:\n  limits: { per_provider: 1000, total: 1000 }\n")
        server.warm("only/chat")
        before = server.settled()
        crowd = Crowd(folder, server.port, "idle", chosen.connections, model="only/chat", at_once=16)
        during = server.settled(chosen.connections)
        equal(fetch(server.port, "POST", CHAT, chat("only/chat")).status, 200, "a new caller beside the idle ones")
        seen = crowd.leave()
        after = server.settled()
        code = server.end()
    grown = (during["rss_mib"] - before["rss_mib"]) * 2**20
    figures = {"before": before, "during": during, "after": after, "crowd": seen,
               "bytes_a_connection": round(grown / chosen.connections)}
    for name, value in figures.items():
        say(f"{name}: {value}")
    bars.add("connections open at once", seen["open_least"], f"= {chosen.connections}",
             seen["open_least"] == chosen.connections)
    # The memory that a server has without connections counts in full, however few there are.
    most = before["rss_mib"] + (MOST_MIB - before["rss_mib"]) * chosen.connections / 10000
    bars.add("memory (MiB)", during["rss_mib"], f"≤ {most:.0f}", during["rss_mib"] <= most)
    bars.left(before, after)
    bars.add("exit code", code, "= 0", code == 0)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
