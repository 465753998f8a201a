"""Plans over the wire: experts at once and one after the other, what becomes of those that fail, where plans show."""

import concurrent.futures
import re
import time

from harness import configuration as common
from harness import CHAT, Wire, chat, equal, eventually, expect, fetch, running
from orchestra import NATIVE, ask, layered, native, of, places, plan, request_sent, tokens

LAYERS = ["research", "draft", "check", "citations"]
# The checks of the example, as what takes the time, in seconds: review, and validation with it.
LONGER, BOTH = 3.0, 5.0


def configuration():
    parts = [layered("layered", True), layered("sequential", False), layered("quick", True, 40, 20)]
    ready = ("first", "wait-0", "It is ready.")
    last = ("last", "echo", None, ", after: [first, broken]")
    parts += [
        plan("optional", "{ kind: lead, expert: last }", ready, ("broken", "fail-500", None, ", optional: true"), last),
        plan("fallback", "{ kind: lead, expert: last }", ready,
             ("broken", "fail-500", None, ', fallback: "It is not here."'), last),
        plan("required", "{ kind: lead, expert: last }", ready, ("broken", "fail-500"), last),
        plan("late", "{ kind: lead, expert: last }", ready,
             ("broken", "silent", None, ", timeout: 300ms, optional: true"), last),
        plan("too-late", "{ kind: lead, expert: last }", ready, ("broken", "silent", None, ", timeout: 300ms"), last),
        plan("out-of-time", "vote", ready, ("broken", "silent"), limits="{ wall_time: 300ms }"),
        plan("by-rule", None, ("only", "wait-0", "By rule."), when="{ model: [team/*] }"),
        plan("alone", None, ("only", "wait-0", "I am alone.")),
        plan("cached", "{ kind: lead, expert: last }", ("first", "wait-150", "found", ", cache: true"),
             ("broken", "wait-0", "x"), last),
    ]
    return "".join(parts)


def timed(port, name, text):
    start = time.monotonic()
    found = native(port, name, text)
    return time.monotonic() - start, found


def in_parallel(port):
    """The example's review and validation: together as long as the longer, in sequence as long as both."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(timed, port, name, name) for name in ("layered", "sequential")]
        (together, first), (alone, second) = (job.result() for job in jobs)
    print(f"      together {together:.3f} s, in sequence {alone:.3f} s", flush=True)
    # A machine that is busy adds to a time and never takes from it.
    expect(LONGER <= together < BOTH <= alone, f"together {together:.3f} s, in sequence {alone:.3f} s")
    equal(first[-1][1]["content"], second[-1][1]["content"], "the answers")
    at_once, in_turn = ["started", "started", "finished", "finished"], ["started", "finished"] * 2
    for found, order in ((first, at_once), (second, in_turn)):
        layers(found)
        steps = [step for step in of(found, "NODE") if step["name"] in ("execute/review", "execute/validate")]
        equal([step["phase"] for step in steps], order, "review and validation")


def layers(found):
    """Progress of the example, and each expert begun and ended."""
    equal((found[0][0], found[-1][0]), ("START_EXECUTION", "COMPLETE"), "first and last")
    progress = of(found, "PROGRESS")
    percents = [step["percent"] for step in progress]
    equal(percents, sorted(percents), "percentages")
    equal(percents[-1], 100, "the last one")
    equal([step["layer"] for step in progress], LAYERS, "layers")
    for name in ("research", "draft", "review", "validate", "citations"):
        equal([step["phase"] for step in of(found, "NODE") if step["name"] == f"execute/{name}"],
              ["started", "finished"], name)


def example(port):
    found = native(port, "quick", "What is the capital of France?")
    layers(found)
    equal(tokens(found), found[-1][1]["content"], "the last layer's text streams live")
    expect(tokens(found, "draft") and tokens(found, "review"), "the others are heard provisionally")
    equal(places(found, "REPLACE"), [], "nothing is taken back")
    expect(places(found, "PROGRESS")[-1] < places(found, "COMPLETE")[0], "100 before COMPLETE")


def phases(found, name):
    return [step["phase"] for step in of(found, "NODE") if step["name"] == f"execute/{name}"]


def last_asked(found):
    """What the last expert was told by those before it."""
    return request_sent(found[-1][1]["content"])[-1][1]


def failures(port):
    """An expert that fails is left out, or replaced by its text, or fails the turn: as the plan says."""
    found = native(port, "optional")
    equal(phases(found, "broken"), ["started", "failed", "left_out"], "optional")
    expect("It is ready." in last_asked(found) and "## broken" not in last_asked(found), last_asked(found))
    found = native(port, "fallback")
    equal(phases(found, "broken"), ["started", "failed", "fallback"], "fallback")
    expect("## broken\n\nIt is not here." in last_asked(found), last_asked(found))
    found = native(port, "required")
    equal((found[-1][0], found[-1][1]["code"]), ("ERROR", "provider_failed"), "neither")
    equal(phases(found, "last"), [], "what comes after it")
    answer = fetch(port, "POST", CHAT, chat("plan/required"))
    equal((answer.status, answer.error()["code"]), (502, "provider_failed"), "on /v1")


def timeouts(port):
    took, found = timed(port, "late", "x")
    equal(phases(found, "broken"), ["started", "failed", "left_out"], "an optional expert's time is over")
    failed = [step["code"] for step in of(found, "NODE") if step["phase"] == "failed"]
    equal((failed, found[-1][0]), (["node_timeout"], "COMPLETE"), "the end")
    expect(0.3 <= took < 2, f"{took:.2f} s")
    took, found = timed(port, "too-late", "x")
    equal((found[-1][0], found[-1][1]["code"]), ("ERROR", "node_timeout"), "one that must answer")
    expect("'broken'" in found[-1][1]["message"], found[-1][1]["message"])
    expect(0.3 <= took < 2, f"{took:.2f} s")
    took, found = timed(port, "out-of-time", "x")
    equal((found[-1][0], found[-1][1]["code"]), ("ERROR", "deadline_exceeded"), "the plan's wall time")
    expect(0.3 <= took < 2, f"{took:.2f} s")
    eventually(lambda: running(port) == 0, "nothing runs")


def kept(port):
    """An expert with a cache is asked once for the same; for something else again."""
    first, again, other = (native(port, "cached", text) for text in ("one", "one", "two"))
    equal(phases(first, "first"), ["started", "finished"], "the first time")
    equal(phases(again, "first"), ["started", "cached"], "the second time")
    equal(phases(other, "first"), ["started", "finished"], "something else")
    equal(last_asked(again), last_asked(first), "what the next one gets")


def dependents(port):
    """An expert gets the conversation, then what it comes after, in that order and under their names."""
    sent = request_sent(native(port, "fallback", "My question")[-1][1]["content"])
    equal(sent[0], ("user", "My question"), "the conversation")
    equal(sent[-1][0], "user", "the others' answers")
    expect(sent[-1][1].index("## first") < sent[-1][1].index("## broken"), sent[-1][1])


def names(port):
    """`plan` and `plan/NAME`, by rule; unknown ones with near names; the list of models; the identity."""
    equal(ask(port, "alone")["content"], "I am alone.", "by its name")
    equal(ask(port, None, model="plan/alone")["content"], "I am alone.", "as a model")
    equal(ask(port, None, model="team/any")["content"], "By rule.", "by a rule")
    both = fetch(port, "POST", NATIVE, {"message": "x", "plan": "alone", "model": "plain"})
    equal((both.status, both.json()["param"]), (400, "plan"), "plan and model")
    unknown = fetch(port, "POST", CHAT, chat("plan/alnoe"))
    equal((unknown.status, unknown.error()["code"], unknown.error()["param"]), (404, "model_not_found", "model"),
          "unknown")
    expect("plan/alone" in unknown.error()["message"], unknown.error()["message"])
    unknown = fetch(port, "POST", NATIVE, {"message": "x", "plan": "layerd"})
    equal((unknown.status, unknown.json()["code"]), (404, "model_not_found"), "unknown, natively")
    expect("layered" in unknown.json()["detail"], unknown.json()["detail"])
    listed = {row["id"] for row in fetch(port, "GET", "/v1/models").json()["data"]}
    expect({"plan/layered", "plan/alone", "plain"} <= listed, sorted(listed))
    equal(fetch(port, "GET", "/v1/models/plan/alone").json()["id"], "plan/alone", "one of the list")
    identities = {}
    for name in ("quick", "alone", "optional", "fallback"):
        identities[name] = native(port, name)[0][1]["planId"]
        expect(len(identities[name]) == 64 and int(identities[name], 16) >= 0, identities[name])
        equal(native(port, name)[0][1]["planId"], identities[name], "the same plan again")
    equal(len(set(identities.values())), len(identities), "plans that differ")


def beyond_plans(port):
    """What only one model's answer can satisfy is refused by a plan that fuses, with the field."""
    for field, value in (("n", 2), ("logprobs", True)):
        answer = fetch(port, "POST", CHAT, chat("plan/out-of-time", **{field: value}))
        equal((answer.status, answer.error()["param"]), (400, field), field)


def broken_configuration(mock, folder, check):
    """`tutti config check` says where a plan or a pattern is wrong: with the line, and in words."""
    lines = common(mock.port).count("\n")
    one, two = "      a: { model: plain, after: [b] }\n", "      b: { model: plain, after: [a] }\n"
    head = "plans:\n  p:\n    experts:\n"
    for what, text, line, words in (
            ("an unknown expert", head + one, 4, "no expert"), ("a circle", head + one + two, 0, "wait"),
            ("an unknown model", head + "      a: { model: nothing }\n", 4, "names no model"),
            ("too many experts", head + "      a: { model: plain }\n" + two + "    limits: { experts: 1 }\n", 0, "1"),
            ("no fusion for two", head + "      a: { model: plain }\n      b: { model: plain }\n", 0, "fusion"),
            ("a broken pattern", "guards:\n  patterns:\n    - { name: x, pattern: '(' }\n", 3, "pattern")):
        code, said = check(folder, mock.port, text)
        expect(code != 0 and words in said, f"{what}: {code} {said}")
        place = re.search(r"broken\.yaml:(\d+):(\d+)", said)
        expect(place and int(place[1]) > lines, f"{what} has no place: {said}")
        expect(not line or int(place[1]) == lines + line, f"{what} is elsewhere: {said}")


def hung_up(port):
    """A client that goes takes all experts with it."""
    with Wire(port) as wire:
        wire.request("POST", NATIVE, {"message": "tag-gone", "plan": "out-of-time", "stream": True})
        wire.head()
        next(wire.chunks())
    eventually(lambda: running(port) == 0, "nothing runs")
