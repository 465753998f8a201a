"""What the server costs besides throughput: latency, streams, memory, its start, many connections."""

import contextlib
import http.client
import json
import statistics
import subprocess
import time

import processes
from measures import one_round, percentile
from processes import Refusal, get, pinned, run_json

# Deltas of a stream and their pace, as in the gateways' own benchmarks.
DELTAS, PACE_MS = 64, 20
QUESTION = [{"role": "user", "content": "What does a graph of nodes do with a chat turn?"}]


def body_for(model, stream=False):
    return json.dumps({"model": model} | ({"stream": True} if stream else {}) | {"messages": QUESTION},
                      separators=(",", ":"))


def latency(server, mock, folder, core, rounds, say, count=3000):
    """One connection: what a whole chat takes through the server more than directly, in calls that take turns (µs)."""
    history, failed = [], 0
    for number in range(rounds + 1):
        figures = run_json([folder / "client", "compare", server.port, mock.port, count, body_for("bench")], core)
        failed += figures["failed"]
        if number == 0:
            # Pools fill, and the processor's clock rises.
            continue
        row = {"direct_p50_us": figures["p50_us"][1], "direct_p99_us": figures["p99_us"][1],
               "added_p50_us": figures["p50_us"][0] - figures["p50_us"][1],
               "added_p99_us": figures["p99_us"][0] - figures["p99_us"][1]}
        history.append(row)
        say(f"round {number}/{rounds}: added p50 {row['added_p50_us']:.1f} µs, p99 {row['added_p99_us']:.1f} µs")
    return {key: round(statistics.median(row[key] for row in history), 1) for key in history[0]} | {"failed": failed}


def run_streams(port, model, folder, core, concurrent, generations, deltas=DELTAS, pace_ms=PACE_MS):
    return run_json([folder / "streams", port, body_for(model, True), concurrent, generations, deltas, pace_ms], core)


def streams(server, mock, folder, core, rounds, say):
    """Frames of many streams, all of them looked for; and the time to the first, through the server and directly."""
    before, started = server.cpu_seconds(), time.monotonic()
    time.sleep(2)
    idle = (server.cpu_seconds() - before) / (time.monotonic() - started)
    many, few = [], []
    for number in range(rounds):
        before = server.cpu_seconds()
        run = run_streams(server.port, "paced", folder, core, 512, 2)
        used = server.cpu_seconds() - before - idle * run["seconds"]
        direct = run_streams(mock.port, "paced", folder, core, 512, 2)
        many.append({"whole": run["whole"], "broken": run["broken"], "direct_broken": direct["broken"],
                     "frames": run["frames"], "cpu_us_per_frame": used * 1e6 / max(1, run["frames"]),
                     "worst_gap_ms": run["worst_gap_ms"], "direct_worst_gap_ms": direct["worst_gap_ms"]})
        through = run_streams(server.port, "paced", folder, core, 64, 4)
        direct = run_streams(mock.port, "paced", folder, core, 64, 4)
        if not through["first_us"] or not direct["first_us"]:
            raise Refusal(f"no stream came whole: {server.tail()}")
        ours, theirs = ([percentile(run["first_us"], share) for share in (0.5, 0.99)] for run in (through, direct))
        few.append({"broken": through["broken"], "added_first_p50_us": ours[0] - theirs[0],
                    "added_first_p99_us": ours[1] - theirs[1], "direct_first_p99_us": theirs[1]})
        say(f"round {number + 1}/{rounds}: {many[-1]['cpu_us_per_frame']:.2f} µs a frame, {run['broken']} broken; "
            f"first token p99 {few[-1]['added_first_p99_us']:.0f} µs added")

    def median(rows, key):
        return round(statistics.median(row[key] for row in rows), 2)

    return {
        "idle_cpu_share": round(idle, 4),
        "of_512": {key: sum(row[key] for row in many) for key in ("whole", "broken", "direct_broken", "frames")} | {
            key: median(many, key) for key in ("cpu_us_per_frame", "worst_gap_ms", "direct_worst_gap_ms")},
        "of_64": {"broken": sum(row["broken"] for row in few)} | {
            key: median(few, key) for key in ("added_first_p50_us", "added_first_p99_us", "direct_first_p99_us")},
    }


def memory(server, slow, folder, core, count=1000, deltas=60, pace_ms=100):
    """Resident memory before, with so many streams running, and after them. `server` has just started."""
    time.sleep(1)
    idle, idle_anonymous = server.rss_mib(), server.rss_mib("RssAnon")
    # Before the streams, all code that they run has been run: its pages stay.
    run_streams(server.port, "bench", folder, core, 32, 30)
    time.sleep(1)
    before = server.rss_mib()
    life = deltas * pace_ms / 1000
    command = [folder / "streams", server.port, body_for("slow", True), count, 2, deltas, pace_ms]
    clients = subprocess.Popen(pinned(core, [str(part) for part in command]), stdout=subprocess.PIPE, text=True)
    try:
        # They begin over the time that one takes, and all run for as long again.
        time.sleep(life)
        samples = []
        for _ in range(4):
            time.sleep(life / 6)
            samples.append((server.rss_mib(), json.loads(get(slow.port, "/stats")[1])["streams"]))
        run = json.loads(clients.communicate(timeout=120)[0])
    finally:
        if clients.poll() is None:
            clients.kill()
            clients.wait()
    running = min(at_once for _, at_once in samples)
    most = max(rss for rss, _ in samples)
    ended, after = time.monotonic(), server.rss_mib()
    while after > before * 1.1 and time.monotonic() - ended < 20:
        time.sleep(0.5)
        after = server.rss_mib()
    return {"idle_rss_mib": idle, "idle_without_files_mib": idle_anonymous, "before_rss_mib": before,
            "streams": running, "broken": run["broken"],
            "running_rss_mib": most, "kib_per_stream": round((most - before) * 1024 / max(1, running), 1),
            "after_rss_mib": after, "after_to_before": round(after / before, 3),
            "back_after_s": round(time.monotonic() - ended, 1)}


def first_answer(binary, upstreams, folder, core, runs=9):
    """From the process's start to its first answered chat (ms)."""
    took, body, home = [], body_for("bench"), folder / "start"
    home.mkdir()
    config = processes.write_config(home, upstreams)
    for _ in range(runs):
        port = processes.free_port()
        command, env = processes.serving(binary, config, port)
        with open(folder / "start.log", "wb") as log:
            began = time.monotonic()
            process = subprocess.Popen(pinned(core, [str(part) for part in command]), env=env, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
        try:
            status = None
            while status is None and time.monotonic() - began < 30 and process.poll() is None:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                with contextlib.suppress(OSError):
                    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
                    status = connection.getresponse().status
                    took.append((time.monotonic() - began) * 1000)
                connection.close()
                time.sleep(0.0005)
            if status != 200:
                raise Refusal(f"the first chat was not answered: {(folder / 'start.log').read_text()[-600:]}")
        finally:
            process.terminate()
            process.wait()
    return {"runs": runs, "median_ms": round(statistics.median(took), 1), "max_ms": round(max(took), 1)}


def connections(server, rounds, seconds, core, say, few=10, many=2000):
    """CPU a request with few and with many connections, all of them busy."""
    one_round(server, 1, core, few)
    history = []
    for number in range(rounds):
        figures = {count: one_round(server, seconds, core, count) for count in (few, many)}
        history.append(figures)
        say(f"round {number + 1}/{rounds}: " + ", ".join(
            f"{count} connections {figure['cpu_us_per_request']:.1f} µs" for count, figure in figures.items()))
    result = {f"of_{count}": {
        key: round(statistics.median(figures[count][key] for figures in history), 2)
        for key in ("throughput", "cpu_us_per_request", "p99_ms")} for count in (few, many)}
    return result | {
        "failed": sum(figures[count]["failed"] for figures in history for count in (few, many)),
        "cpu_ratio": round(statistics.median(figures[many]["cpu_us_per_request"] / figures[few]["cpu_us_per_request"]
                                             for figures in history), 3)}
