#!/usr/bin/env python3
"""Ten documents through the layered pipeline, on an upstream that takes its time: in bulk, and one after the other.

The pipeline is the one of Examples/layered-plan.yaml as it stands. Each time a server of its own gets the same
documents, so that none finds what the other has researched; the upstream draws each call's time by the document's
number, so that both wait for the same.
"""

import json
import sys
import time

from harness import HERE, equal, expect, fetch
from load import Bars, options, say, stage
from load_callers import NATIVE

BULK = "/api/orchestrator/bulk"
EXAMPLE = HERE.parent.parent / "Examples/layered-plan.yaml"
PLAN = "plan/layered"
EXPERTS = 5


def configuration(upstream):
    return (f"providers:\n{upstream.provider('up', 'slots')}\n"
            "resilience:\n  limits: { per_provider: 1000, total: 2000 }\n"
            f"models:\n  auto: {{ chain: [up/m] }}\n{EXAMPLE.read_text()}")


def documents(chosen):
    paragraph = "What is said here was written for this measurement, and says nothing that anybody would miss. "
    return [f"tag-{number} Sum this up, with sources.\n\n{paragraph * chosen.paragraphs}"
            for number in range(chosen.documents)]


def one_by_one(server, texts):
    found = []
    for text in texts:
        answer = fetch(server.port, "POST", NATIVE, {"message": text, "model": PLAN}, timeout=120)
        equal(answer.status, 200, f"status: {answer.body[:300]}")
        found.append(answer.json())
    return found


def in_bulk(server, texts):
    body = b"".join(json.dumps({"message": text, "model": PLAN}).encode() + b"\n" for text in texts)
    answer = fetch(server.port, "POST", f"{BULK}?parallel={len(texts)}", body,
                   {"Content-Type": "application/jsonl"}, timeout=120)
    expect(answer.status == 200 and answer.complete, f"{answer.status} {answer.body[:300]}")
    rows = [json.loads(line) for line in answer.body.decode().split("\n") if line.strip()]
    equal([row["index"] for row in rows], list(range(1, len(texts) + 1)), "indices")
    equal([row["error"] for row in rows if "error" in row], [], "errors")
    return [row["answer"] for row in rows]


def measure(server, upstream, how, texts):
    server.warm("up/m", 4)
    upstream.forget()
    begun = time.monotonic()
    answers = how(server, texts)
    took = time.monotonic() - begun
    seen = upstream.seen()
    return answers, {"seconds": round(took, 3), "calls": len(seen["calls"]), "most_at_once": seen["most"]}


def main():
    chosen = options(
        __doc__.split("\n")[0], documents=(10, "at once in bulk"), service_ms=(400.0, "of a call, in the middle"),
        spread=(0.5, "how much of it more or less"), paragraphs=(20, "of each document"), seed=(1, "of the times"))
    bars, figures, texts = Bars(), {}, documents(chosen)
    times = {"service_ms": chosen.service_ms, "spread": chosen.spread, "seed": chosen.seed}
    with stage(slots=1000, **times) as (_, upstream, start):
        answers = {}
        for name, how in (("one_by_one", one_by_one), ("bulk", in_bulk)):
            server = start(configuration(upstream), name)
            answers[name], figures[name] = measure(server, upstream, how, texts)
            say(f"{name}: {figures[name]}")
            server.end()
    alone, bulk = figures["one_by_one"], figures["bulk"]
    ratio = figures["times_as_fast"] = round(alone["seconds"] / bulk["seconds"], 2)
    for name, found in figures.items():
        if name in answers:
            bars.add(f"{name}: calls", found["calls"], f"= {EXPERTS * chosen.documents}",
                     found["calls"] == EXPERTS * chosen.documents)
    same = [one["content"] for one in answers["one_by_one"]] == [one["content"] for one in answers["bulk"]]
    bars.add("the same answers", same, "= true", same)
    bars.add("one after the other, of bulk", ratio, "≥ 3", ratio >= 3)
    return bars.end(figures)


if __name__ == "__main__":
    sys.exit(main())
