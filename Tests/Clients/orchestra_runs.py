"""A run of three experts that is cancelled, what runs say of their time, and the commands of the terminal."""

import json
import os
import re
import signal
import subprocess
import time

from harness import BINARY, Wire, equal, eventually, expect, fetch, running
from orchestra import NATIVE, ask, native, of, plan
from runs_suite import Events, follow, whole

PHASES = ("validation", "routing", "execution", "fusion", "outputGuard", "cache")


def configuration():
    return "".join([
        plan("endless", "vote", ("a", "endless", "part-a"), ("b", "endless", "part-b"), ("c", "silent", "part-c")),
        plan("silent", "vote", *((name, "silent", f"part-{name}") for name in "abc")),
        plan("timed", "{ kind: synthesise, model: chats/wait-50, instructions: 'say: Fused.' }",
             ("slow", "wait-300", "one", ", share: 0.3"), ("quick", "wait-50", "two", ", share: 0.9")),
        plan("unable", "vote", ("late", "wait-5000", None, ", timeout: 500ms, optional: true, share: 0.1"),
             ("bad", "fail-500", None, ", fallback: Nothing."), ("good", "repeat")),
    ])


def gauges(port):
    text = fetch(port, "GET", "/metrics").body.decode()
    return {name: sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))
            for name in ("tutti_turns_running", "tutti_calls_running", "tutti_calls_waiting")}


def under_way(port, mock, tag):
    """Three calls are running, and all have come to the upstream."""
    eventually(lambda: gauges(port)["tutti_calls_running"] == 3, "three calls are running")
    eventually(lambda: {f"{tag}-{part}" for part in "abc"} <= set(mock.control()["sent"]), "the upstream has them")


def hangups(mock, tag):
    seen = mock.control()["hangups"]
    return {part: seen.get(f"{tag}-{part}") for part in "abc"}


def cancelled(port, mock):
    """All three calls end, `CANCELLED` comes once and is the last event, and nothing is left."""
    for number, resumable in enumerate((False, True)):
        tag = f"cancel{number}"
        body = {"message": f"tag-{tag}", "plan": "endless", "stream": True, "requestId": tag, "resumable": resumable}
        with Wire(port) as wire:
            wire.request("POST", NATIVE, body)
            under_way(port, mock, tag)
            equal(wire.head()[0], 200, "status")
            events, chunks = Events(), wire.chunks()
            while not {"a", "b"} <= {event[3].get("expert") for event in events.found if event[2] == "TOKEN"}:
                events.feed(next(chunks))
            start = time.monotonic()
            equal(fetch(port, "POST", "/api/orchestrator/cancel", {"requestId": tag}).status, 200, "cancel")
            for chunk in chunks:
                events.feed(chunk)
            found = whole(events.found)
            took = time.monotonic() - start
            expect(resumable or wire.closed(), "the connection ends with it")
        equal([event[2] for event in found].count("CANCELLED"), 1, "how often it is told")
        equal((found[-1][2], found[-1][3]), ("CANCELLED", {"requestId": tag}), "the last event")
        expect(took < 5, f"{took:.2f} s")
        eventually(lambda: hangups(mock, tag) == {"a": "streaming", "b": "streaming", "c": "waiting"},
                   f"the calls end: {hangups(mock, tag)}", 2)
        eventually(lambda: not any(gauges(port).values()), "nothing runs or waits", 2)
        if resumable:
            equal(follow(port, found[0][0]), found, "what is kept of it")
        again = fetch(port, "POST", "/api/orchestrator/cancel", {"requestId": tag})
        equal(again.status, 404, "what is over")


def cancelled_elsewhere(port, mock):
    """The same for a client that hangs up, and for an answer that is not streamed."""
    with Wire(port) as wire:
        wire.request("POST", "/v1/chat/completions", {
            "model": "plan/endless", "stream": True, "messages": [{"role": "user", "content": "tag-hangs"}]})
        under_way(port, mock, "hangs")
    eventually(lambda: all(hangups(mock, "hangs").values()), "the calls end with the connection", 2)
    with Wire(port) as wire:
        wire.request("POST", NATIVE, {"message": "tag-whole", "plan": "silent", "requestId": "whole"})
        under_way(port, mock, "whole")
        equal(fetch(port, "POST", "/api/orchestrator/cancel", {"requestId": "whole"}).status, 200, "cancel")
        answer = wire.answer()
    equal((answer.status, answer.json()["code"]), (499, "cancelled"), "an answer that is not streamed")
    eventually(lambda: all(hangups(mock, "whole").values()), "the calls end", 2)
    eventually(lambda: running(port) == 0, "nothing runs", 2)


def metrics(port):
    """Phases, experts and bottlenecks, in the event and in the whole answer."""
    found = native(port, "timed")
    equal([event for event, _ in found].count("PIPELINE_METRICS"), 1, "how often")
    equal(found[-2][0], "PIPELINE_METRICS", "before the end")
    for times in (found[-2][1].get("metrics", found[-2][1]), ask(port, "timed")["metrics"]):
        expect({*PHASES, "total", "ttft", "experts", "outcomes", "bottlenecks"} == set(times), sorted(times))
        expect(300 <= times["execution"] <= times["total"], f"{times}")
        expect(50 <= times["fusion"] < times["total"] - 290, f"{times}")
        equal(set(times["experts"]), {"slow", "quick"}, "experts")
        equal(times["outcomes"], {name: {"phase": "finished"} for name in ("slow", "quick")}, "outcomes")
        expect(300 <= times["experts"]["slow"] <= times["execution"]
               and 50 <= times["experts"]["quick"] < times["experts"]["slow"], f"{times}")
        expect(sum(times[phase] for phase in PHASES) <= times["total"] + 0.5, f"{times}")
        equal(times["bottlenecks"], ["execution", "execution/slow"], "bottlenecks")
    first = found[-2][1].get("metrics", found[-2][1])["ttft"]
    expect(first >= 350, f"the first token of the answer came after {first} ms")


def unable(port):
    """Experts that could not answer are told with their time and how they ended."""
    found = native(port, "unable")
    for times in (found[-2][1].get("metrics", found[-2][1]), ask(port, "unable")["metrics"]):
        equal(times["outcomes"], {
            "late": {"phase": "left_out", "code": "node_timeout"}, "bad": {"phase": "fallback", "code": "provider_failed"},
            "good": {"phase": "finished"}}, "outcomes")
        # The limit is one on all that is done for the expert, which begins a moment before it does.
        expect(500 <= times["execution"] < 3000, f"{times}")
        expect(450 <= times["experts"]["late"] <= times["execution"] and 0 < times["experts"]["bad"]
               and "good" in times["experts"], f"{times}")
        expect("execution/late" in times["bottlenecks"], f"{times}")


def counted(port):
    """The same over all runs, in /metrics."""
    text = fetch(port, "GET", "/metrics").body.decode()
    for series in ('tutti_phase_duration_seconds_count{phase="fusion"}', "tutti_parallel_runs_total",
                   'tutti_experts_total{phase="finished"}', 'tutti_experts_total{phase="left_out"}',
                   'tutti_failed_runs_total{kind="cancelled"', 'tutti_turn_duration_seconds_count{outcome="cancelled"}'):
        count = re.search(rf"^{re.escape(series)}\S* (\S+)$", text, re.M)
        expect(count and float(count[1]) > 0, f"{series}: {count and count[0]}")


def command(port, *words, **more):
    environment = os.environ | {"TUTTI_URL": f"http://127.0.0.1:{port}"}
    return subprocess.run([BINARY, *words], env=environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60, **more)


def timing(port, *lines):
    said = command(port, "chat", "--timing", "--model", "plan/timed", "hello")
    equal((said.returncode, said.stdout), (0, "Fused.\n"), said.stderr)
    for line in lines:
        expect(re.search(rf"^ *{line}$", said.stderr, re.M), f"no line like {line}: {said.stderr}")


def expert_timing(port):
    timing(port, r"execution/slow: [\d.]+ ms  <- bottleneck", r"execution/quick: [\d.]+ ms")


def commands(port):
    """`tutti chat` on a plan: its text, its times, its events; `tutti stats` afterwards."""
    timing(port, r"execution: [\d.]+ ms  <- bottleneck", r"fusion: [\d.]+ ms", r"total: [\d.]+ ms")
    told = command(port, "chat", "--json", "--model", "plan/timed", "hello")
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    equal((told.returncode, rows[0]["event"], rows[-1]["event"]), (0, "START_EXECUTION", "COMPLETE"), told.stderr)
    equal([int(row["id"].rpartition(":")[2]) for row in rows], list(range(len(rows))), "ids")
    equal(rows[-1]["data"]["content"], "Fused.", "the answer")
    wrong = command(port, "chat", "--model", "plan/timde", "hello")
    expect(wrong.returncode == 1 and "plan/timed" in wrong.stderr, f"{wrong.returncode} {wrong.stderr}")
    stats = command(port, "stats")
    equal(stats.returncode, 0, stats.stderr)
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in stats.stdout.splitlines())
    expect(int(rows["parallel executions"]) > 3 and int(rows["requests"]) > 10, f"{rows}")
    for name in ("success rate", "latency", "cache hit rate", "timeouts", "retries"):
        expect(rows[name] not in ("", "–"), f"{name}: {rows[name]}")
    before = json.loads(command(port, "stats", "--json").stdout)
    expect(before["parallelExecutions"] >= int(rows["parallel executions"]), f"{before}")
    # The status of a stream is sent before anybody knows how it ends.
    broken = fetch(port, "POST", NATIVE, {"message": "hello", "model": "mock/error-frame", "stream": True})
    expect(broken.status == 200 and b"event: ERROR" in broken.body, f"{broken.status} {broken.body[-300:]}")
    after = json.loads(command(port, "stats", "--json").stdout)
    equal([after[name] - before[name] for name in ("requests", "succeeded")], [1, 0], "a stream that broke")


def interrupted(port):
    """Ctrl-C ends the answer, and what works for it."""
    environment = os.environ | {"TUTTI_URL": f"http://127.0.0.1:{port}"}
    process = subprocess.Popen([BINARY, "chat", "--model", "plan/endless", "tag-ctrl"], env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        eventually(lambda: gauges(port)["tutti_calls_running"] == 3, "three calls are running")
        process.send_signal(signal.SIGINT)
        equal(process.wait(5), 130, "exit code")
    finally:
        process.kill()
        process.stderr.close()
    eventually(lambda: running(port) == 0, "nothing runs", 2)


def unwritten(port):
    """An answer that cannot be written is ended."""
    environment = os.environ | {"TUTTI_URL": f"http://127.0.0.1:{port}"}
    with open("/dev/full", "wb") as full:
        said = subprocess.run([BINARY, "chat", "--model", "mock/endless", "hello"], env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=60)
    equal((said.returncode, said.stderr), (1, "error: the answer cannot be written any more.\n"), "a full disk")
    eventually(lambda: running(port) == 0, "nothing runs", 2)


def events_of(port):
    """Only what is documented, in an order that makes sense."""
    found = native(port, "timed")
    equal([event for event, _ in found][:1], ["START_EXECUTION"], "the first")
    nodes = [(step["name"], step["phase"]) for step in of(found, "NODE")]
    for name in ("validate", "plan", "execute", "fuse", "guard", "remember"):
        expect(nodes.index((name, "started")) < nodes.index((name, "finished")), name)
    inner = [name for name, _ in nodes[nodes.index(("execute", "started")):nodes.index(("execute", "finished"))]]
    equal(sorted(set(inner)), ["execute", "execute/quick", "execute/slow"], "experts are within execute")
