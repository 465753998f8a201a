#!/usr/bin/env python3
"""Tokens a second of one conversation and of four at once, through the running server. Prints JSON; bar 1.6."""

import json
import statistics
import sys
import threading
import time

from harness import fetch, servers

PROMPT = "Write a long story about a lighthouse keeper and the sea."
TOKENS = 128


def generate(port, seed, counts):
    body = {"model": "local/smollm2", "max_tokens": TOKENS, "temperature": 1, "seed": seed,
            "messages": [{"role": "user", "content": PROMPT}]}
    answer = fetch(port, "POST", "/v1/chat/completions", body, timeout=300)
    if answer.status != 200:
        raise SystemExit(f"local model: {answer.body.decode()[:300]}")
    counts.append(answer.json()["usage"]["completion_tokens"])


def rate(port, conversations, seed):
    """Completion tokens a second of so many conversations at once."""
    counts = []
    threads = [threading.Thread(target=generate, args=(port, seed + i, counts)) for i in range(conversations)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < conversations:
        raise SystemExit("a conversation failed")
    return sum(counts) / (time.monotonic() - start)


def main():
    with servers(local=True) as (_, tutti, _):
        rate(tutti.port, 1, 0)
        rounds = [(rate(tutti.port, 1, seed), rate(tutti.port, 4, seed)) for seed in range(10, 60, 10)]
    one, four = (statistics.median(column) for column in zip(*rounds))
    ratio = statistics.median(many / single for single, many in rounds)
    print(json.dumps({"one_tokens_per_second": round(one, 1), "four_tokens_per_second": round(four, 1),
                      "ratio": round(ratio, 2), "limit": "≥ 1.6", "pass": ratio >= 1.6}, ensure_ascii=False))
    return 0 if ratio >= 1.6 else 1


if __name__ == "__main__":
    sys.exit(main())
