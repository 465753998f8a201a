#!/usr/bin/env python3
"""The benchmark: Tutti beside nginx, a bare libcurl proxy and LangGraph, in one run, on pinned cores.

JSON on standard output, progress and a table on standard error. Exit code 0 when every bar is met, 1 when one is
not, 2 when the benchmark cannot run.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import signal
import sys
import tempfile

import environment
import measures
import processes
from processes import ROOT, Refusal

PARTS = ["throughput", "hangup", "graph", "dialects", "resilience", "local"]
# These run a program of their own.
SERVERLESS = {"graph", "dialects", "resilience"}
# Key, name, the figure that each must stay below.
GRAPH_BARS = [
    ("sequence_ns_per_node", "no-op node in sequence (ns)", 1000),
    ("fanout100_us_per_branch", "branch at fan-out 100 (µs)", 2),
    ("fanout1000_us_per_branch", "branch at fan-out 1,000 (µs)", 2),
    ("kept_us_per_node", "node with a checkpoint in memory (µs)", 5),
    ("build1000_ms", "building a graph of 1,000 nodes (ms)", 10),
    ("parked_bytes_per_run", "parked run (bytes)", 2048),
]
# Keys, what is translated, the figure that the worst of them must stay below.
DIALECT_BARS = [
    (["request_short", "request_chat"], "request (µs)", 10),
    (["frame_text", "frame_tools"], "frame (µs)", 2),
]
# The most that everything that mends failures may cost a request when nothing fails.
RESILIENCE_BAR_NS = 3000


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of load (5)")
    parser.add_argument("--seconds", type=int, default=5, help="of load a server and round (5)")
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    parser.add_argument("--local", action="store_true", help="also measure while the local model computes")
    parser.add_argument("--only", metavar="PART", choices=PARTS, help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--servers", default="nginx,floor,tutti", help="under load, in this order (nginx,floor,tutti)")
    parser.add_argument("--binary", default=os.environ.get("TUTTI_BINARY", ROOT / ".build/release/tutti"),
                        help="the server (.build/release/tutti, or TUTTI_BINARY)")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.seconds < 1:
        parser.error("--rounds and --seconds must be at least 1")
    arguments.servers = arguments.servers.split(",")
    if unknown := set(arguments.servers) - {"nginx", "floor", "tutti"}:
        parser.error(f"unknown server {', '.join(sorted(unknown))}")
    arguments.parts = [arguments.only] if arguments.only else [
        part for part in PARTS if part != "local" or arguments.local]
    return arguments


def place():
    """Cores: the server under test has one of its own; load and mock share the other on a machine of two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Refusal("the benchmark needs two cores: one for the server, one for the load")
    server, load, mock = cores[0], cores[1], cores[2] if len(cores) > 2 else cores[1]
    model = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    machine = {"cpu": model, "cores": len(cores), "server_core": server, "load_core": load, "mock_core": mock}
    notes = []
    if mock == load:
        notes.append("two cores: load and mock upstream share one, so read ratios, not absolute figures")
    machine["other_load"] = processes.other_load()
    if machine["other_load"] > 0.1:
        notes.append(f"other work takes {machine['other_load']:.0%} of the CPU, so no figure can be trusted")
    machine["notes"] = notes
    return machine


def measure(arguments, machine, folder):
    result = {"machine": machine}
    if "graph" in arguments.parts:
        # First, so that what is missing is told before the minutes of load.
        python = environment.python_with_langgraph(say)
    if SERVERLESS & set(arguments.parts):
        say("building GraphBench, DialectBench and ResilienceBench")
        programs = measures.build_programs(ROOT / "Benchmarks")
    if set(arguments.parts) - SERVERLESS:
        with contextlib.ExitStack() as stack:
            measure_servers(arguments, machine, folder, stack, result)
    if "graph" in arguments.parts:
        say("graph: GraphBench" + (" and LangGraph" if python else ""))
        result["graph"] = measures.graph(programs / "GraphBench", python, machine["server_core"], say)
    if "dialects" in arguments.parts:
        say("dialects: DialectBench")
        result["dialects"] = measures.dialects(programs / "DialectBench", machine["server_core"], say)
    if "resilience" in arguments.parts:
        say("resilience: ResilienceBench")
        result["resilience"] = measures.resilience(programs / "ResilienceBench", machine["server_core"], say)
    return result


def measure_servers(arguments, machine, folder, stack, result):
    """Every part that needs the mock upstream; the stack ends the servers."""
    server_core, load, mock_core = machine["server_core"], machine["load_core"], machine["mock_core"]

    def keep(server):
        stack.callback(server.stop)
        return server

    needs_tutti = "tutti" in arguments.servers and set(arguments.parts) & {"throughput", "hangup"}
    if (needs_tutti or "local" in arguments.parts) and not pathlib.Path(arguments.binary).exists():
        raise Refusal(f"{arguments.binary} is not there: build it with ./test")
    processes.compile_programs(folder)
    mock = keep(processes.start_mock(folder, "mock", mock_core))
    endless = keep(processes.start_mock(folder, "endless", mock_core, "--endless", 1, "--interval-ms", 20))
    upstreams = {"bench": mock.port, "endless": endless.port}
    tutti = None
    if needs_tutti:
        tutti = keep(processes.start_tutti(folder, arguments.binary, server_core, upstreams))
        result["memory"] = {"idle_rss_mib": tutti.rss_mib()}
    if "throughput" in arguments.parts:
        start = {"nginx": lambda: processes.start_nginx(folder, mock, server_core),
                 "floor": lambda: processes.start_floor(folder, mock, server_core)}
        servers = [tutti if name == "tutti" else keep(start[name]()) for name in arguments.servers]
        result["throughput"] = measures.throughput(servers, arguments.rounds, arguments.seconds, load, say)
        if tutti:
            result["memory"]["loaded_rss_mib"] = tutti.rss_mib()
    if "hangup" in arguments.parts and tutti:
        say("hang-up: 200 streams")
        result["hangup"] = measures.hang_up(tutti, endless, folder, load)
    if "local" in arguments.parts:
        say("local: /healthz and a proxied call while the local model computes, on all cores")
        served = keep(processes.start_tutti(folder, arguments.binary, None, {"bench": mock.port}, True, "local"))
        result["local"] = measures.local(served, folder)


def judge(result):
    """Every bar that this run can judge: name, value, limit, pass."""
    bars = []

    def bar(name, value, limit, passed):
        bars.append({"bar": name, "value": value, "limit": limit, "pass": bool(passed)})

    rows = result.get("throughput", {})
    ours = rows.get("tutti", {})
    if "ratio_to_nginx" in ours:
        bar("throughput of nginx", ours["ratio_to_nginx"], "≥ 0.35", ours["ratio_to_nginx"] >= 0.35)
    if "cpu_above_floor_us" in ours:
        above = ours["cpu_above_floor_us"]
        bar("CPU a request above the floor (µs)", above, "≤ 25", above <= 25)
    for name, row in rows.items():
        bar(f"failed requests, {name}", row["failed"], "= 0", row["failed"] == 0)
    if gone := result.get("hangup"):
        whole = gone["never_closed"] == 0 and gone["ended_early"] == 0
        bar("hang-up to upstream closed, p99 (ms)", gone["p99_ms"], "< 10", whole and gone["p99_ms"] < 10)
    if graph := result.get("graph"):
        for key, name, limit in GRAPH_BARS:
            bar(name, graph["tutti"][key], f"< {limit}", graph["tutti"][key] < limit)
    if dialects := result.get("dialects"):
        for keys, name, limit in DIALECT_BARS:
            worst = max(figures["over"] for key in keys for figures in dialects[key].values())
            bar(f"translation over passage, {name}", worst, f"< {limit}", worst < limit)
    for kind, figures in result.get("resilience", {}).items():
        over = figures["all_over_ns"]
        bar(f"resilience a request when nothing fails, {kind} (ns)", over, f"≤ {RESILIENCE_BAR_NS}",
            over <= RESILIENCE_BAR_NS)
    if local := result.get("local"):
        health = local["computing"]["healthz"]
        bar("/healthz while the local model computes, p99 (ms)", health["p99_ms"], "≤ 20", health["p99_ms"] <= 20)
        ratio = local["proxied_p99_ratio"]
        bar("proxied p99 while it computes, of idle", ratio, "≤ 3", ratio <= 3 and local["failed"] == 0)
    return bars


def show(result, bars):
    say(f"\n{result['machine']['cpu']}, {result['machine']['cores']} cores")
    for note in result["machine"]["notes"]:
        say(note)
    if rows := result.get("throughput"):
        say(f"{'':8}{'requests/s':>12}{'of nginx':>10}{'CPU µs':>9}{'over floor':>12}{'busy':>7}{'p50 ms':>9}"
            f"{'p99 ms':>9}")
        for name, row in rows.items():
            ratio, above = row.get("ratio_to_nginx", float("nan")), row.get("cpu_above_floor_us", float("nan"))
            say(f"{name:8}{row['throughput']:12.0f}{ratio:10.2f}{row['cpu_us_per_request']:9.1f}{above:12.1f}"
                f"{row['busy']:7.2f}{row['p50_ms']:9.2f}{row['p99_ms']:9.2f}")
    if graph := result.get("graph"):
        show_graph(graph)
    if dialects := result.get("dialects"):
        show_dialects(dialects)
    if resilience := result.get("resilience"):
        show_resilience(resilience)
    for bar in bars:
        say(f"{'pass' if bar['pass'] else 'FAIL'}  {bar['bar']}: {bar['value']} ({bar['limit']})")


def show_graph(graph):
    others, ratios = graph["langgraph"] or {}, graph["ratio"] or {}
    say(f"{'':28}{'Tutti':>12}" + (f"{'LangGraph ' + others['version']:>20}{'ratio':>9}" if others else ""))
    for key, value in graph["tutti"].items():
        other = f"{others[key]:20,.2f}" if key in others else ""
        ratio = f"{ratios[key]:9,.1f}" if key in ratios else ""
        say(f"{key:28}{value:12,.2f}{other}{ratio}")


def show_dialects(dialects):
    say(f"{'CPU µs':28}{'passed':>12}{'translated':>12}{'over':>9}")
    for key, clients in dialects.items():
        for client, figures in clients.items():
            say(f"{key + ', ' + client:28}{figures['same']:12,.2f}{figures['translated']:12,.2f}"
                f"{figures['over']:9,.2f}")


def show_resilience(resilience):
    say(f"{'a request':28}{'ns':>12}{'over':>9}{'allocations':>14}{'over':>9}")
    for kind, figures in resilience.items():
        for way in ("none", "unhedged", "all"):
            over, more = figures.get(f"{way}_over_ns", 0), figures.get(f"{way}_over_allocations", 0)
            say(f"{kind + ', ' + way:28}{figures[f'{way}_ns']:12,.0f}{over:9,.0f}"
                f"{figures[f'{way}_allocations']:14,.1f}{more:9,.1f}")


def tools(arguments):
    """What the chosen parts start; those that run a program of their own need no server."""
    needed = {"taskset"}
    if set(arguments.parts) - SERVERLESS:
        needed.add("cc")
    if "throughput" in arguments.parts:
        needed.add("wrk")
        if "nginx" in arguments.servers:
            needed.add("nginx")
    return needed


def main():
    arguments = read_arguments()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with contextlib.ExitStack() as stack:
        try:
            processes.require(tools(arguments))
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tutti-bench-")))
            result = measure(arguments, place(), folder)
        except Refusal as refusal:
            say(f"bench: {refusal}")
            return 2
        except KeyboardInterrupt:
            say("bench: interrupted")
            return 130
    bars = result["bars"] = judge(result)
    result["pass"] = all(bar["pass"] for bar in bars)
    show(result, bars)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(text + "\n")
    print(text)
    return 0 if result["pass"] else 1


if __name__ == "__main__":
    sys.exit(main())
