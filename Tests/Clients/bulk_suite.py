#!/usr/bin/env python3
"""Bulk requests over bare sockets, and `tutti bulk`: order, bounds, errors in their line, going on, hanging up."""

import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from harness import BINARY, Checks, Wire, equal, eventually, expect, fetch, running, servers

BULK = "/api/orchestrator/bulk"
LINES = {"Content-Type": "application/jsonl"}


def ask(text, model="mock/repeat", **more):
    return {"message": text, "model": model, **more}


def body_of(items):
    return b"".join((item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in items)


def answers(body):
    return [json.loads(line) for line in body.decode().split("\n") if line.strip()]


def bulk(port, items, query="", timeout=30, **headers):
    answer = fetch(port, "POST", BULK + query, body_of(items), LINES | headers, timeout=timeout)
    expect(answer.status == 200 and answer.complete, f"{answer.status}, complete {answer.complete}: {answer.body[:300]}")
    return answers(answer.body)


def order(port):
    """Late answers hold back quick ones, and nothing is lost."""
    found = bulk(port, [ask(f"n{index}", "mock/late" if index % 3 == 0 else "mock/repeat") for index in range(20)])
    equal([row["index"] for row in found], list(range(1, 21)), "indices")
    for index, row in enumerate(found):
        if index % 3:
            equal(row["answer"]["content"], f"You said: n{index}", "content")
    equal(len({row["requestId"] for row in found}), 20, "request ids")


def together(port):
    start = time.monotonic()
    bulk(port, [ask(f"n{index}", "mock/late") for index in range(12)], "?parallel=12")
    at_once = time.monotonic() - start
    start = time.monotonic()
    bulk(port, [ask(f"n{index}", "mock/late") for index in range(12)], "?parallel=1")
    alone = time.monotonic() - start
    expect(alone > 3 * at_once, f"{alone:.1f} s one after the other, {at_once:.1f} s at once")


def errors(port):
    found = bulk(port, [
        ask("one"), b"{not json", ask("x", "nothing"), b'{"message":"' + b"y" * (1 << 20) + b'"}', b"", b"   ",
        ask("x", stream=True), {"message": 1}, ask("x", "mock/fail-500"), ask("two")])
    equal([row["index"] for row in found], list(range(1, 9)), "indices; blank lines are none")
    codes = [row.get("error", {}).get("code") for row in found]
    equal(codes, [None, "invalid_json", "model_not_found", "request_too_large", "invalid_value", "invalid_type",
                  "provider_failed", None], "codes")
    equal(found[-1]["answer"]["content"], "You said: two", "the last one")


def after(port):
    items = [ask(f"n{index}") for index in range(9)]
    found = bulk(port, items, "?after=6")
    equal([row["index"] for row in found], [7, 8, 9], "indices")
    equal(found[0]["answer"]["content"], "You said: n6", "content")
    for many in (9, 10, 2**63 - 1):
        equal(bulk(port, items, f"?after={many}"), [], f"nothing is left after {many}")
    equal(fetch(port, "GET", "/healthz").status, 200, "the server lives")


def refusals(port):
    for status, query, headers in (
            (415, "", {"Content-Type": "application/json"}), (400, "?after=x", {}), (400, "?parallel=0", {}),
            (400, "?x=1", {}), (415, "", {"Content-Encoding": "gzip"}), (400, "", {"x-tutti-priority": "high"})):
        answer = fetch(port, "POST", BULK + query, body_of([ask("a")]), LINES | headers)
        if status == 415 and "Content-Encoding" in headers:
            # Found out when the body is read: by then the answer has begun.
            expect(not answer.complete or answer.status == 415, f"{answer.status}")
            continue
        equal(answer.status, status, f"{query} {headers}")


def interleaved(port):
    """The first answer comes before the second question is sent."""
    with Wire(port) as wire:
        wire.request("POST", BULK, None, LINES | {"Transfer-Encoding": "chunked", "Authorization": "Bearer x"})

        def send(data):
            wire.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

        head, rows, chunks = None, [], None
        for index in range(3):
            line = body_of([ask(f"n{index}")])
            # Also where a line comes in two pieces.
            send(line[:10])
            send(line[10:])
            if head is None:
                head = wire.head()
                equal(head[0], 200, "status")
                chunks = wire.chunks()
            while len(rows) <= index:
                rows += answers(next(chunks))
            equal(rows[-1]["answer"]["content"], f"You said: n{index}", "content")
        wire.send(b"0\r\n\r\n")
        equal(list(chunks), [], "nothing more comes")


def hang_up(port, mock):
    with Wire(port) as wire:
        items = [ask(f"tag-bulk{index}", "mock/silent") for index in range(50)]
        wire.request("POST", BULK + "?parallel=4", body_of(items), LINES)
        wire.head()
        eventually(lambda: running(port) == 4, "four turns are running")
        time.sleep(0.2)
        equal(running(port), 4, "and no more than four")
    eventually(lambda: running(port) == 0, "no turn is left")
    eventually(lambda: sum(tag.startswith("bulk") for tag in mock.control()["hangups"]) == 4,
               "their calls end with the connection")


def cancel(port):
    with Wire(port) as wire:
        items = [ask("a"), ask("b", "mock/silent", requestId="bulk-b"), ask("c")]
        wire.request("POST", BULK, body_of(items), LINES)
        wire.head()
        eventually(lambda: fetch(port, "POST", "/api/orchestrator/cancel", {"requestId": "bulk-b"}).status == 200,
                   "it is there to be cancelled")
        rows = [row for chunk in wire.chunks() for row in answers(chunk)]
    equal([row.get("error", {}).get("code") for row in rows], [None, "cancelled", None], "codes")
    equal(rows[1]["requestId"], "bulk-b", "its id")


def cancelled_whole(port, folder):
    """The request itself is cancelled: nothing more is begun, and `tutti bulk` says what is missing."""
    items = [ask("a"), ask("b", "mock/silent")] + [ask(f"n{index}", "mock/silent") for index in range(20)]
    with Wire(port) as wire:
        wire.request("POST", BULK + "?parallel=2", body_of(items), LINES | {"x-request-id": "whole-bulk"})
        equal(wire.head()[1]["x-request-id"], "whole-bulk", "its id")
        chunks = wire.chunks()
        rows = []
        while not rows:
            rows += answers(next(chunks))
        eventually(lambda: running(port) == 2, "two turns are running")
        equal(fetch(port, "POST", "/api/orchestrator/cancel", {"requestId": "whole-bulk"}).status, 200, "cancel")
        rows += [row for chunk in chunks for row in answers(chunk)]
    equal([row.get("error", {}).get("code") for row in rows], [None, "cancelled", "cancelled"], "codes")
    eventually(lambda: running(port) == 0, "nothing runs")
    file = folder / "silent.jsonl"
    file.write_bytes(body_of(items))
    process = subprocess.Popen([BINARY, "bulk", file, "--parallel", "2"], stdin=subprocess.DEVNULL, text=True,
                               env=os.environ | {"TUTTI_URL": f"http://127.0.0.1:{port}"},
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        # Before the first is answered, it is one of two that run.
        first = process.stdout.readline()
        eventually(lambda: running(port) == 2, "two turns are running")
        equal(fetch(port, "POST", "/api/orchestrator/cancel-all", {}).json(), {"cancelled": 3}, "cancel-all")
        rest, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    equal([row["index"] for row in answers((first + rest).encode())], [1, 2, 3], "indices")
    equal(process.returncode, 1, "exit code")
    expect("3 of 22 lines are answered; go on with --after 3." in errors, errors)


def conversation(port):
    """Lines of one conversation are answered in their order, also where there are more than may wait for each other."""
    found = bulk(port, [ask(f"n{index}", conversationId="one") for index in range(40)] + [ask("alone")], "?parallel=64")
    equal([row.get("error") for row in found], [None] * 41, "errors")
    equal({row["answer"]["conversationId"] for row in found}, {"one", None}, "conversations")
    heard = json.loads(fetch(port, "POST", "/api/orchestrator/chat",
                             ask("last", "mock/echo", conversationId="one")).json()["content"])["body"]["messages"]
    said = [message["content"] for message in heard if message["role"] == "user"]
    equal(said[-5:], ["n36", "n37", "n38", "n39", "last"], "what was said, in its order")


def command(port, folder):
    """`tutti bulk`: lines on standard output, a bar only where somebody looks."""
    file = folder / "questions.jsonl"
    file.write_bytes(body_of([ask(f"n{index}") for index in range(7)] + [ask("x", "nothing")]))
    environment = os.environ | {"TUTTI_URL": f"http://127.0.0.1:{port}"}
    before = fetch(port, "GET", "/api/orchestrator/metrics").json()
    done = subprocess.run([BINARY, "bulk", file, "--parallel", "3"], env=environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    equal([row["index"] for row in answers(done.stdout.encode())], list(range(1, 9)), "indices")
    equal(done.returncode, 1, "exit code with a failed line")
    equal(done.stderr, "8 of 8 lines answered, 1 with an error.\n", "what it says")
    now = fetch(port, "GET", "/api/orchestrator/metrics").json()
    equal([now[name] - before[name] for name in ("requests", "succeeded")], [8, 7], "what the server counts")
    done = subprocess.run([BINARY, "bulk", "-", "--after", "7"], env=environment, input=file.read_bytes(),
                          capture_output=True, timeout=60)
    equal([row["index"] for row in answers(done.stdout)], [8], "after seven")
    leader, follower = pty.openpty()
    done = subprocess.run([BINARY, "bulk", file, "--parallel", "1"], env=environment, stdout=subprocess.DEVNULL,
                          stderr=follower, stdin=subprocess.DEVNULL, timeout=60)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    expect("█" in shown and "7/8" in shown and "8 of 8 lines answered" in shown, f"on a terminal: {shown!r}")
    done = subprocess.run([BINARY, "bulk", folder / "nothing"], env=environment, capture_output=True, text=True)
    equal(done.returncode, 2, "exit code without a file")
    stats = subprocess.run([BINARY, "stats"], env=environment, capture_output=True, text=True, timeout=60)
    expect(stats.returncode == 0 and "success rate" in stats.stdout, f"tutti stats: {stats.stdout} {stats.stderr}")


def unwritten(port, folder):
    """An output that takes no more ends the request: what is left is not asked, and how to go on is said."""
    file = folder / "late.jsonl"
    file.write_bytes(body_of([ask(f"n{index}", "mock/late") for index in range(40)]))
    command = [BINARY, "bulk", file, "--parallel", "1"]
    more = {"env": os.environ | {"TUTTI_URL": f"http://127.0.0.1:{port}"}, "stdin": subprocess.DEVNULL,
            "stderr": subprocess.PIPE, "text": True}
    before = fetch(port, "GET", "/api/orchestrator/metrics").json()["requests"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, timeout=60, **more)
    equal((done.returncode, done.stderr), (1, "error: the answers cannot be written any more.\n"), "a full disk")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, **more)
    try:
        equal(json.loads(process.stdout.readline())["index"], 1, "the first answer")
        process.stdout.close()
        equal(process.wait(20), 1, "exit code when nobody reads any more")
        said = process.stderr.read()
    finally:
        process.kill()
        process.stderr.close()
    found = re.search(r"^(\d+) of 40 lines are answered; go on with --after (\d+)\.$", said, re.M)
    expect(found and found[1] == found[2] and 1 <= int(found[1]) < 40, said)
    eventually(lambda: running(port) == 0, "nothing runs")
    asked = fetch(port, "GET", "/api/orchestrator/metrics").json()["requests"] - before
    expect(asked < 40, f"{asked} lines were asked")


def main():
    checks = Checks()
    with servers() as (mock, tutti, folder):
        checks.run("answers come in the order of the questions", order, tutti.port)
        checks.run("several at once are faster than one after the other", together, tutti.port)
        checks.run("an error stands in its line, and the others are answered", errors, tutti.port)
        checks.run("`after` leaves out what has been answered", after, tutti.port)
        checks.run("what is wrong with the request has a status of its own", refusals, tutti.port)
        checks.run("answers come while questions are still sent", interleaved, tutti.port)
        checks.run("hanging up ends every line's work", hang_up, tutti.port, mock)
        checks.run("one line can be cancelled by its request id", cancel, tutti.port)
        checks.run("lines of one conversation keep their order", conversation, tutti.port)
        with tempfile.TemporaryDirectory(prefix="tutti-bulk-") as name:
            checks.run("tutti bulk and tutti stats", command, tutti.port, type(folder)(name))
            checks.run("an output that takes no more ends it", unwritten, tutti.port, type(folder)(name))
            checks.run("all of it can be cancelled", cancelled_whole, tutti.port, type(folder)(name))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
