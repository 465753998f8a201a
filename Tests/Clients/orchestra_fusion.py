"""Every fusion over the wire: one answer on every route, what is provisional, what is taken back, and what a fusion
that fails leaves."""

import json

from harness import CHAT, Wire, chat, equal, events, expect, fetch
from orchestra import NATIVE, ask, native, of, places, plan, same_everywhere, status, tokens

EXPERTS = (("a", "wait-20", "The sea is blue, says a."), ("b", "wait-0", "The sea is green, it seems."),
           ("c", "wait-40", "The sea is blue, says c."))
SAID = [one[2] for one in EXPERTS]
VOTES = (("a", "wait-0", "Paris"), ("b", "wait-20", "Lyon it is, surely"), ("c", "wait-40", "paris."))
JUDGED = "{ kind: best, judge: { model: chats/wait-10, instructions: 'say: {\"scores\": [2, 9, 4]}' } }"
WRITTEN = "All of them say that the sea has a colour."
WRITER = f"{{ kind: synthesise, model: chats/wait-30, instructions: 'say: {WRITTEN}' }}"
GONE = ("gone", "fail-500", None, ", optional: true")


def configuration():
    slow = tuple((name, "wait-700", said) for name, _, said in VOTES)
    return "".join([
        plan("lead", "{ kind: lead, expert: c }", *EXPERTS[:2],
             ("c", "wait-40", SAID[2], ", after: [a, b]")),
        plan("joined", "concatenate", *EXPERTS),
        plan("titled", "{ kind: concatenate, titled: true, separator: ' / ' }", *EXPERTS, GONE),
        plan("judged", JUDGED, *EXPERTS),
        plan("agreed", "best", *EXPERTS),
        plan("voted", "vote", *VOTES, GONE),
        plan("written", WRITER, *EXPERTS),
        plan("single", "best", GONE, EXPERTS[1]),
        plan("slow", "vote", *slow),
        plan("no-judge", "{ kind: best, judge: chats/fail-500 }", *EXPERTS),
        plan("odd-judge", "{ kind: best, judge: chats/wait-0 }", *EXPERTS),
        plan("no-writer", "{ kind: synthesise, model: chats/fail-500 }", *EXPERTS),
        plan("cut-writer", "{ kind: synthesise, model: chats/cut }", *EXPERTS),
        plan("nobody", "vote", GONE, ("gone-too", "fail-500", None, ", optional: true")),
    ])


def followed(found):
    """What a native client shows in the end that believes each event: text, and what was taken back of it."""
    shown, speakers = b"", set()
    for name, data in found:
        if name == "REPLACE":
            shown = shown[:data["from"]]
            equal(data["from"] == 0 or len(speakers) == 1, True, "the offset is of one expert's text")
            # The answer follows, whole.
            shown, speakers = b"", set()
        elif name == "TOKEN" and data.get("expert"):
            speakers.add(data["expert"])
            shown += data["token"].encode()
        elif name == "TOKEN":
            shown = shown if not speakers else b""
            speakers = set()
            shown += data["token"].encode()
    return shown.decode()


def one_answer(port, name, wanted, replaced):
    content, found = same_everywhere(port, f"plan/{name}")
    if wanted is not None:
        equal(content, wanted, name)
    equal(len(places(found, "REPLACE")), 1 if replaced else 0, f"{name}: REPLACE")
    firsts = [place for place, (event, data) in enumerate(found) if event == "TOKEN" and not data.get("expert")]
    if replaced:
        expect(places(found, "REPLACE")[0] < firsts[0] < places(found, "COMPLETE")[0], f"{name}: the order")
        provisional = [place for place, (event, data) in enumerate(found) if event == "TOKEN" and data.get("expert")]
        expect(provisional and provisional[-1] < places(found, "REPLACE")[0], f"{name}: provisional text comes first")
        equal(followed(found), content, f"{name}: what is shown in the end")
    for data in of(found, "TOKEN"):
        expect(data.get("expert") in (None, "a", "b", "c", "gone"), f"{name}: {data}")
    equal(of(found, "PROGRESS")[-1]["percent"], 100, f"{name}: progress")
    return found


def lead(port):
    found = one_answer(port, "lead", SAID[2], False)
    equal((tokens(found, "a"), tokens(found, "b"), tokens(found, "c")), (SAID[0], SAID[1], ""), "provisional")


def concatenate(port):
    one_answer(port, "joined", "\n\n".join(SAID), False)
    found = one_answer(port, "titled", None, False)
    content = found[-1][1]["content"]
    expect(all(said in content for said in SAID) and "gone" not in content, content)
    expect([content.index(said) for said in SAID] == sorted(content.index(said) for said in SAID), content)


def best(port):
    found = one_answer(port, "judged", SAID[1], True)
    expect("b 0.90" in status(found) and "a 0.20" in status(found), status(found))
    found = one_answer(port, "agreed", SAID[0], True)
    expect("agreement" in status(found), status(found))
    # The one that is heard is the one that answers: nothing is taken back.
    one_answer(port, "single", SAID[1], False)


def vote(port):
    found = one_answer(port, "voted", "Paris", True)
    expect("2 of 3" in status(found), status(found))


def synthesise(port):
    found = one_answer(port, "written", WRITTEN, True)
    equal(tokens(found, "b"), SAID[1], "what an expert said")
    expect(len(of(found, "TOKEN")) > 6, "it streams")


def heartbeats(port):
    """A plan whose fusion may change the text says on /v1 that it lives, until it is fused."""
    with Wire(port) as wire:
        wire.request("POST", CHAT, chat("plan/slow", stream=True))
        equal(wire.head()[0], 200, "status")
        body = b"".join(wire.chunks())
    before = body[:body.index(b"data:")]
    expect(before.count(b"\n\n") >= 2 and before.startswith(b":"), f"before the first delta: {before!r}")
    said = "".join(choice["delta"].get("content") or "" for data in events(body) if data != "[DONE]"
                   for choice in data["choices"])
    equal(said, "Paris", "the answer")
    with Wire(port) as wire:
        wire.request("POST", NATIVE, {"message": "x", "plan": "slow", "stream": True})
        wire.head()
        expect(any(chunk.startswith(b":") for chunk in wire.chunks()), "natively as well")


def failed(port):
    """A fusion that fails gives the best single answer, and says so."""
    for name, code in (("no-judge", "provider_failed"), ("odd-judge", "provider_invalid_answer"),
                       ("no-writer", "provider_failed")):
        found = one_answer(port, name, SAID[0], True)
        expect("could not be fused" in status(found) and code in status(found), f"{name}: {status(found)}")
        expect("'a'" in status(found), status(found))
    found = native(port, "cut-writer")
    equal((found[-1][0], found[-1][1].get("content")), ("COMPLETE", SAID[0]), "after it was shown")
    expect("could not be fused" in status(found) and "'a'" in status(found), status(found))
    last = places(found, "REPLACE")[-1]
    expect(tokens(found[:last]), "a part was shown")
    equal((tokens(found[last:]), followed(found)), (SAID[0], SAID[0]), "what is shown in the end")
    equal(ask(port, "cut-writer")["content"], SAID[0], "where nothing was shown")
    said = fetch(port, "POST", CHAT, chat("plan/cut-writer", stream=True)).body
    expect(b"fusion_broken" in said and b"[DONE]" not in said, f"on /v1 nothing is taken back: {said!r}")
    found = native(port, "nobody")
    equal((found[-1][0], found[-1][1]["code"]), ("ERROR", "no_expert_answered"), "nobody has answered")


def spoken(port):
    """What an answer of several took is the sum of all."""
    whole = ask(port, "written")
    equal(whole["usage"]["totalTokens"], 4 * 49, "tokens of four calls")
    equal(whole["model"], "chats/wait-30", "who wrote it")
    equal(ask(port, "voted")["usage"]["totalTokens"], 3 * 49, "tokens of three calls")
    body = fetch(port, "POST", CHAT, chat("plan/joined")).json()
    equal((body["model"], body["usage"]["total_tokens"]), ("plan/joined", 3 * 49), "several authors")
    expect(json.dumps(body["choices"]).count("blue") == 2, "the answer")
