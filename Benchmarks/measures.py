"""What the benchmark measures, each as a function from running servers to a dictionary of figures."""

import json
import shutil
import statistics
import subprocess
import time

from processes import HERE, Refusal, get, run_json

CONNECTIONS = 32
# What an expert more costs, from one to three and from three to six.
ADDED_EXPERTS = ("added_1_to_3_us", "added_3_to_6_us")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def one_round(server, seconds, core, connections=CONNECTIONS, prompt_bytes=0):
    """One run of wrk against one server: requests a second, latency, CPU a request."""
    before, logged = server.cpu_seconds(), server.log.stat().st_size
    address = f"http{'s' if server.tls else ''}://127.0.0.1:{server.port}/v1/chat/completions"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", HERE / "native/chat.lua",
               address, prompt_bytes, server.model]
    result = run_json(command, core, timeout=seconds + 60)
    used = server.cpu_seconds() - before
    if not result["requests"]:
        raise Refusal(f"{server.name} answered nothing: {server.tail()}")
    return {
        "throughput": result["requests"] / result["seconds"],
        "cpu_us_per_request": used * 1e6 / result["requests"],
        "busy": used / result["seconds"],
        "log_bytes_per_request": (server.log.stat().st_size - logged) / result["requests"],
        "p50_ms": result["p50_ms"], "p99_ms": result["p99_ms"],
        "failed": result["not_2xx"] + result["broken"],
    }


def throughput(servers, rounds, seconds, core, say, prompt_bytes=0):
    """Interleaved rounds; every figure is the median over them, ratios are taken within a round."""
    for server in servers:
        one_round(server, 1, core, prompt_bytes=prompt_bytes)
    history = []
    for number in range(rounds):
        figures = {server.name: one_round(server, seconds, core, prompt_bytes=prompt_bytes) for server in servers}
        history.append(figures)
        say(f"round {number + 1}/{rounds}: " + ", ".join(
            f"{name} {figure['throughput']:.0f}/s {figure['cpu_us_per_request']:.1f} µs"
            for name, figure in figures.items()))

    def median(name, key):
        return statistics.median(figures[name][key] for figures in history)

    result = {}
    for name in history[0]:
        row = {key: round(median(name, key), 3) for key in
               ("throughput", "cpu_us_per_request", "busy", "log_bytes_per_request", "p50_ms", "p99_ms")}
        row["failed"] = sum(figures[name]["failed"] for figures in history)
        for other, key in (("nginx", "ratio_to_nginx"), ("tutti", "ratio_to_tutti")):
            if other in history[0]:
                row[key] = round(statistics.median(
                    figures[name]["throughput"] / figures[other]["throughput"] for figures in history), 3)
        if "floor" in history[0]:
            row["cpu_above_floor_us"] = round(statistics.median(
                figures[name]["cpu_us_per_request"] - figures["floor"]["cpu_us_per_request"]
                for figures in history), 2)
        result[name] = row
    return result


def hang_up(server, mock, folder, core, streams=200, seconds=4, runs=3):
    """From the client's close to the upstream connection's, with all streams running (ms)."""
    took, ends, never, early, read = [], [], 0, 0, 0
    for run in range(runs):
        client = run_json([folder / "client", "hangup", server.port, "endless", streams, seconds, run * streams], core)
        ours, deadline, seen = client["closed"], time.monotonic() + 5, {}
        while not ours.keys() <= seen.keys() and time.monotonic() < deadline:
            time.sleep(0.1)
            seen = json.loads(get(mock.port, "/stats")[1])["closed"]
        delays = {int(tag): (seen[tag] - at) / 1e6 for tag, at in ours.items() if tag in seen}
        took += delays.values()
        ends += [delay for tag, delay in delays.items() if tag % 2 == 0]
        never += len(ours) - len(delays)
        early += client["ended_early"]
        read += client["bytes"]
    if not took:
        raise Refusal(f"no stream reached the upstream: {server.tail()}")
    return {
        "streams": streams, "runs": runs, "measured": len(took), "never_closed": never, "ended_early": early,
        "bytes_read": read, "p50_ms": round(percentile(took, 0.5), 3), "p99_ms": round(percentile(took, 0.99), 3),
        "max_ms": round(max(took), 3), "p99_ms_plain_close": round(percentile(ends, 0.99), 3),
    }


def local(server, folder, seconds=10):
    """/healthz and a proxied call, every 10 ms on one connection, idle and while the local model computes."""
    client, count = folder / "client", seconds * 100
    proxied = json.dumps({"model": "bench", "messages": [{"role": "user", "content": "hello"}]}, separators=(",", ":"))
    story = json.dumps({"model": "smol", "stream": True, "max_tokens": 400, "temperature": 1,
                        "messages": [{"role": "user", "content": "Tell me a long story about the sea."}]})

    def probe():
        return {
            "healthz": run_json([client, "pace", server.port, "/healthz", count, 10]),
            "proxied": run_json([client, "pace", server.port, "/v1/chat/completions", count, 10, proxied]),
        }

    # The model is loaded on first use, which is not what is measured.
    warm_up = run_json([client, "stream", server.port, story, 1])
    if warm_up["failed"]:
        raise Refusal(f"the local model does not answer: {server.tail()}")
    time.sleep(0.5)
    idle = probe()
    computing = subprocess.Popen([client, "stream", str(server.port), story, str(2 * seconds + 2)],
                                 stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(1)
        busy = probe()
        computed = json.loads(computing.communicate(timeout=120)[0])
    finally:
        if computing.poll() is None:
            computing.kill()
            computing.wait()
    return {"idle": idle, "computing": busy, "answers_meanwhile": computed["answers"], "failed": computed["failed"],
            "proxied_p99_ratio": round(busy["proxied"]["p99_ms"] / idle["proxied"]["p99_ms"], 2)}


def build_programs(package):
    """The folder of GraphBench and its like, built where something has changed; else this takes seconds."""
    if not shutil.which("swift"):
        raise Refusal("swift is not on the PATH: install it from https://swift.org/install")
    command = ["swift", "build", "-c", "release", "--package-path", package]
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode:
        raise Refusal(f"the benchmark's programs do not build: {(built.stderr or built.stdout)[-600:].strip()}")
    return package / ".build/release"


def dialects(program, core, say, rounds=3):
    """DialectBench: of each kind of work and each client's dialect, the medians over the rounds."""
    history = []
    for number in range(rounds):
        history.append(run_json([program], core))
        say(f"round {number + 1}/{rounds}: " + ", ".join(
            f"{key} {max(figures['over'] for figures in history[-1][key].values()):.1f} µs over"
            for key in ("request_chat", "frame_text")))
    return {key: {client: {figure: round(statistics.median(one[key][client][figure] for one in history), 3)
                           for figure in figures} for client, figures in clients.items()}
            for key, clients in history[0].items()}


def resilience(program, core, say, rounds=3):
    """ResilienceBench: of each kind of answer, the least over the rounds of what a request costs; what it costs more
    than without resilience is taken within a round, where it is the median."""
    history = []
    for number in range(rounds):
        history.append(run_json([program], core))
        say(f"round {number + 1}/{rounds}: " + ", ".join(
            f"{kind} {figures['all_over_ns']:.0f} ns over" for kind, figures in history[-1].items()))
    return {kind: {figure: round((statistics.median if "over" in figure else min)(
        one[kind][figure] for one in history), 2) for figure in figures} for kind, figures in history[0].items()}


def guards(program, core, say, rounds=3):
    """GuardBench: of each text, policy and size of the pieces, the most over the rounds."""
    history = []
    for number in range(rounds):
        history.append(run_json([program], core))
        say(f"round {number + 1}/{rounds}: {history[-1]['prose_redact_64_mb_s']:.0f} MB/s of prose in pieces of 64 bytes")
    return {key: max(one[key] for one in history) for key in history[0]}


def orchestration(program, core, say, rounds=3):
    """OrchestrationBench: of each way of answering, guard and fusion, the least over the rounds of what a turn costs;
    what an expert more costs is taken within a round, where it is the median."""
    history = []
    for number in range(rounds):
        history.append(run_json([program], core))
        worst = max(figures[key] for fusions in history[-1].values() for figures in fusions.values()
                    for key in figures if key in ADDED_EXPERTS)
        say(f"round {number + 1}/{rounds}: an expert more costs {worst:.1f} µs at most")
    return {way: {fusion: {key: round((statistics.median if "added" in key else min)(
        one[way][fusion][key] for one in history), 2) for key in figures} for fusion, figures in fusions.items()}
        for way, fusions in history[0].items()}


def graph(program, python, core, say, rounds=3):
    """GraphBench and, where there is a Python that has it, LangGraph: interleaved on one core, medians over the rounds.

    `ratio` is LangGraph's figure over Tutti's within a round, for every key that both have.
    """
    commands = {"tutti": [program]}
    if python:
        # Isolated: neither this folder nor the caller's PYTHON variables.
        commands["langgraph"] = [python, "-I", "-B", HERE / "langgraph_bench.py"]
    history = []
    for number in range(rounds):
        history.append({name: run_json(command, core) for name, command in commands.items()})
        say(f"round {number + 1}/{rounds}: " + ", ".join(
            f"{name} {figures['sequence_ns_per_node']:.0f} ns a node" for name, figures in history[-1].items()))

    def median(name):
        first = history[0][name]
        return {key: value if isinstance(value, str) else
                round(statistics.median(figures[name][key] for figures in history), 3) for key, value in first.items()}

    result = {"tutti": median("tutti"), "langgraph": None, "ratio": None}
    if python:
        result["langgraph"] = median("langgraph")
        # A process may not have grown at all, so no figure is sure to be above zero.
        result["ratio"] = {
            key: round(statistics.median(figures["langgraph"][key] / figures["tutti"][key] for figures in history), 1)
            for key in result["tutti"] if key in result["langgraph"]
            and all(figures["tutti"][key] > 0 for figures in history)}
    return result
