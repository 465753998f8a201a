"""Conversations over the wire: what the model is sent of them, whose they are, and in which order their turns come."""

import concurrent.futures
import time

from harness import Wire, equal, eventually, expect, fetch, running
from orchestra import NATIVE, ask, native, plan, request_sent

CANCEL = "/api/orchestrator/cancel"


def configuration():
    return plan("council", "{ kind: lead, expert: b }", ("a", "wait-0", "First thoughts."),
                ("b", "wait-0", "The council has spoken.", ", after: [a]"))


def turn(port, conversation, message, model="chats/repeat", headers=(), **more):
    return ask(port, None, message, headers, model=model, conversationId=conversation, **more)["content"]


def history(port, conversation, headers=()):
    """What the model is sent in the next turn, without that turn's own question."""
    sent = request_sent(turn(port, conversation, "now", "chats/echo", headers))
    equal(sent[-1], ("user", "now"), "the question")
    return sent[:-1]


def remembered(port):
    turn(port, "plain", "I am Ada.")
    equal(history(port, "plain"), [("user", "I am Ada."), ("assistant", "You said: I am Ada.")], "the turn before")
    equal(history(port, "another"), [], "another conversation")
    first = ask(port, None, "x", model="chats/repeat")
    expect(first["conversationId"].startswith("conv_"), first["conversationId"])
    equal(history(port, first["conversationId"])[0], ("user", "x"), "one that the server named")
    found = native(port, None, "streamed", model="chats/repeat", conversationId="streamed")
    equal(found[0][1]["conversationId"], "streamed", "START_EXECUTION")
    equal(history(port, "streamed"), [("user", "streamed"), ("assistant", "You said: streamed")], "of a stream")
    instructed = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "q"}]
    turn(port, "told", None, messages=instructed)
    equal(history(port, "told"), [("user", "q"), ("assistant", "You said: q")], "instructions are nobody's turn")


def of_plans(port):
    """A plan's answer is what is remembered of its turn, and its experts are told of the turns before."""
    ask(port, "council", "What now?", conversationId="council")
    equal(history(port, "council"), [("user", "What now?"), ("assistant", "The council has spoken.")], "a plan's turn")


def whole_turns(port):
    """The last ten messages, by whole turns."""
    for number in range(7):
        turn(port, "long", f"n{number}")
    sent = history(port, "long")
    equal([text for role, text in sent if role == "user"], [f"n{number}" for number in range(2, 7)], "questions")
    equal(len(sent), 10, "messages")
    for number in range(4):
        turn(port, "odd", f"n{number}")
    # A turn of three messages: with it, the last ten begin within a turn.
    turn(port, "odd", None, messages=[{"role": "user", "content": "n4"}, {"role": "user", "content": "and n4"}])
    for number in (5, 6):
        turn(port, "odd", f"n{number}")
    sent = history(port, "odd")
    equal([text for role, text in sent if role == "user"], ["n3", "n4", "and n4", "n5", "n6"], "questions")
    equal(len(sent), 9, "messages")


def in_turn(port, mock):
    """Two turns at once in one conversation: the second waits, and is answered in the light of the first."""
    def asked(*tags):
        eventually(lambda: set(tags) <= set(mock.control()["sent"]), f"the upstream has {', '.join(tags)}")

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        first = pool.submit(turn, port, "queue", "tag-queue", "chats/held")
        asked("queue")
        before = mock.control()["requests"]
        second = pool.submit(history, port, "queue")
        eventually(lambda: running(port) == 2, "the second one waits")
        # One that does not wait would have asked by now.
        time.sleep(0.2)
        equal(mock.control()["requests"], before, "the second asks beside the first")
        mock.control("?go=queue")
        equal(second.result(), [("user", "tag-queue"), ("assistant", first.result())], "what the second is sent")
        # None is answered before all three have asked.
        own = [f"own{number}" for number in range(3)]
        jobs = [pool.submit(turn, port, name, f"tag-{name}", "chats/held") for name in own]
        asked(*own)
        mock.control("?" + "&".join(f"go={name}" for name in own))
        for job in jobs:
            job.result()


def begin(port, conversation, identifier, model="chats/endless"):
    wire = Wire(port)
    wire.request("POST", NATIVE, {"message": identifier, "model": model, "conversationId": conversation,
                                  "requestId": identifier, "stream": True})
    return wire


def cancelled(port):
    """A turn that was cancelled or has failed is not remembered, whether it ran or waited."""
    turn(port, "cut", "before")
    with begin(port, "cut", "cut-1") as running_one:
        running_one.head()
        with begin(port, "cut", "cut-2") as waiting:
            eventually(lambda: running(port) == 2, "one runs, one waits")
            for identifier, wire in (("cut-2", waiting), ("cut-1", running_one)):
                equal(fetch(port, "POST", CANCEL, {"requestId": identifier}).status, 200, identifier)
                if wire is waiting:
                    # Its stream had not begun, unless it has waited for a heartbeat's time.
                    status, _ = wire.head()
                    expect(status == 499 or status == 200 and b"event: CANCELLED" in b"".join(wire.chunks()),
                           f"who waited: {status}")
            rest = b"".join(running_one.chunks())
            expect(b"event: CANCELLED" in rest, f"{rest[-300:]}")
    eventually(lambda: running(port) == 0, "nothing runs")
    failed = fetch(port, "POST", NATIVE, {"message": "fails", "model": "chats/fail-500", "conversationId": "cut"})
    equal(failed.status, 502, "a turn that fails")
    with begin(port, "cut", "cut-3") as wire:
        wire.head()
        next(wire.chunks())
    eventually(lambda: running(port) == 0, "hanging up ends it")
    equal([text for role, text in history(port, "cut") if role == "user"], ["before"], "what is remembered")


def queue_is_bounded(port):
    """Who waits for a conversation that nobody answers is told to come again, beyond sixteen."""
    wires = [begin(port, "crowd", f"crowd-{number}", "chats/silent") for number in range(17)]
    try:
        eventually(lambda: running(port) == 17, "one runs, sixteen wait")
        answer = fetch(port, "POST", NATIVE, {"message": "x", "model": "plain", "conversationId": "crowd"})
        equal((answer.status, answer.json()["code"], answer.json()["param"]),
              (503, "overloaded", "conversationId"), "one more")
    finally:
        for wire in wires:
            wire.socket.close()
    eventually(lambda: running(port) == 0, "all are gone")


def scopes(port, headers):
    """A conversation is its user's: another user or tenant that names it has one of its own."""
    turn(port, "mine", "I am Ann.", headers=headers["ann"])
    for name, wanted in (("ann", 2), ("ann-again", 2), ("bob", 0), ("other-ann", 0)):
        sent = history(port, "mine", headers[name])
        equal(len(sent), wanted if name != "ann-again" else 4, f"what {name} hears of")
        if wanted:
            equal(sent[0], ("user", "I am Ann."), name)
    with Wire(port) as wire:
        wire.request("POST", NATIVE, {"message": "x", "model": "chats/endless", "requestId": "theirs", "stream": True,
                                      "resumable": True}, headers["ann"])
        wire.head()
        for name in ("bob", "other-ann"):
            answer = fetch(port, "POST", CANCEL, {"requestId": "theirs"}, headers[name])
            unknown = fetch(port, "POST", CANCEL, {"requestId": "nobodys"}, headers[name])
            equal((answer.status, strip(answer)), (404, strip(unknown)), f"{name} cancels")
        equal(fetch(port, "POST", CANCEL, {"requestId": "theirs"}, headers["ann-again"]).status, 200, "her other key")
        expect(b"event: CANCELLED" in b"".join(wire.chunks()), "its end")


def strip(answer):
    body = answer.json()
    body.pop("requestId", None)
    return body
