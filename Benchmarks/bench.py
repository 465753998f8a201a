#!/usr/bin/env python3
"""The benchmark: Tutti beside nginx, a bare libcurl proxy and LangGraph, in one run, on pinned cores.

JSON on standard output, progress and a table on standard error. Exit code 0 when every bar is met, 1 when one is
not, 2 when the benchmark cannot run.
"""

import argparse
import contextlib
import os
import pathlib
import platform
import signal
import sys
import tempfile

import environment
import measures
import processes
import report
import rivals
import serving
from processes import ROOT, Refusal
from report import say

PARTS = ["throughput", "prompts", "latency", "streams", "memory", "start", "connections", "hangup", "graph", "dialects",
         "resilience", "guards", "orchestration", "local"]
# These run a program of their own.
SERVERLESS = {"graph", "dialects", "resilience", "guards", "orchestration"}
# These load every server of --servers.
LOADED = {"throughput", "prompts"}
PROMPT_BYTES = 100 * 1024


def read_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of load (5)")
    parser.add_argument("--seconds", type=int, default=5, help="of load a server and round (5)")
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    parser.add_argument("--local", action="store_true", help="also measure while the local model computes")
    parser.add_argument("--tls", action="store_true", help="also load Tutti over HTTPS")
    parser.add_argument("--rivals", action="store_true", help="also load rolter and ferrogw, from PyPI")
    parser.add_argument("--only", metavar="PART", choices=PARTS, help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--servers", default="nginx,floor,tutti", help="under load, in this order (nginx,floor,tutti)")
    parser.add_argument("--binary", default=os.environ.get("TUTTI_BINARY", ROOT / ".build/release/tutti"),
                        help="the server (.build/release/tutti, or TUTTI_BINARY)")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.seconds < 1:
        parser.error("--rounds and --seconds must be at least 1")
    arguments.binary = pathlib.Path(arguments.binary).absolute()
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
        say("building GraphBench, DialectBench, ResilienceBench, GuardBench and OrchestrationBench")
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
    if "guards" in arguments.parts:
        say("guards: GuardBench")
        result["guards"] = measures.guards(programs / "GuardBench", machine["server_core"], say)
    if "orchestration" in arguments.parts:
        say("orchestration: OrchestrationBench")
        result["orchestration"] = measures.orchestration(programs / "OrchestrationBench", machine["server_core"], say)
    return result


def measure_servers(arguments, machine, folder, stack, result):
    """Every part that needs the mock upstream; the stack ends the servers."""
    parts, load, mock_core = set(arguments.parts), machine["load_core"], machine["mock_core"]

    def keep(server):
        stack.callback(server.stop)
        return server

    if (parts - LOADED or "tutti" in arguments.servers or arguments.tls) and not arguments.binary.exists():
        raise Refusal(f"{arguments.binary} is not there: build it with ./test")
    processes.compile_programs(folder)
    mocks = {name: keep(processes.start_mock(folder, name, mock_core, *options)) for name, *options in (
        ("bench", "--chunks", serving.DELTAS),
        ("paced", "--chunks", serving.DELTAS, "--interval-ms", serving.PACE_MS),
        ("slow", "--chunks", 60, "--interval-ms", 100),
        ("endless", "--endless", 1, "--interval-ms", 20))}
    upstreams = {name: mock.port for name, mock in mocks.items()}
    tutti = None
    if parts - LOADED - SERVERLESS - {"start", "local"} or parts & LOADED and "tutti" in arguments.servers:
        tutti = keep(processes.start_tutti(folder, arguments.binary, machine["server_core"], upstreams))
    if "memory" in parts:
        # Before anything else has made it grow.
        say("memory: 1,000 streams")
        result["memory"] = serving.memory(tutti, mocks["slow"], folder, load)
    if parts & LOADED:
        measure_load(arguments, machine, folder, keep, mocks["bench"], upstreams, tutti, result)
    measure_calls(arguments, machine, folder, mocks, tutti, result)
    if "local" in parts:
        say("local: /healthz and a proxied call while the local model computes, on all cores")
        served = keep(processes.start_tutti(folder, arguments.binary, None, {"bench": upstreams["bench"]}, "local",
                                            local=True))
        result["local"] = measures.local(served, folder)


def measure_load(arguments, machine, folder, keep, mock, upstreams, tutti, result):
    """The parts that load all servers by turns."""
    core = machine["server_core"]
    start = {"nginx": lambda: processes.start_nginx(folder, mock, core),
             "floor": lambda: processes.start_floor(folder, mock, core)}
    servers = [tutti if name == "tutti" else keep(start[name]()) for name in arguments.servers]
    if arguments.tls:
        certificate = processes.make_certificate(folder)
        servers.append(keep(processes.start_tutti(
            folder, arguments.binary, core, upstreams, "tutti-tls", tls=certificate)))
    if arguments.rivals:
        servers += [keep(server) for server in rivals.start(folder, mock, core, say)]
    for part, prompt_bytes in (("throughput", 0), ("prompts", PROMPT_BYTES)):
        if part in arguments.parts:
            say(f"{part}: {', '.join(server.name for server in servers)}")
            result[part] = measures.throughput(
                servers, arguments.rounds, arguments.seconds, machine["load_core"], say, prompt_bytes)


def measure_calls(arguments, machine, folder, mocks, tutti, result):
    """The parts that ask Tutti alone, in the order of their names in `PARTS`."""
    load, rounds = machine["load_core"], arguments.rounds
    ways = {
        "latency": lambda: serving.latency(tutti, mocks["bench"], folder, load, rounds, say),
        "streams": lambda: serving.streams(tutti, mocks["paced"], folder, load, rounds, say),
        "start": lambda: serving.first_answer(
            arguments.binary, {"bench": mocks["bench"].port}, folder, machine["server_core"]),
        "connections": lambda: serving.connections(tutti, rounds, arguments.seconds, load, say),
        "hangup": lambda: measures.hang_up(tutti, mocks["endless"], folder, load),
    }
    for part, measure_part in ways.items():
        if part in arguments.parts:
            say(f"{part}:")
            result[part] = measure_part()


def tools(arguments):
    """What the chosen parts start; those that run a program of their own need no server."""
    needed = {"taskset"}
    if set(arguments.parts) - SERVERLESS:
        needed.add("cc")
    if (LOADED | {"connections"}) & set(arguments.parts):
        needed.add("wrk")
    if LOADED & set(arguments.parts):
        needed |= {"nginx"} & set(arguments.servers) | ({"openssl"} if arguments.tls else set())
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
    bars = result["bars"] = report.judge(result)
    result["pass"] = all(bar["pass"] for bar in bars)
    report.show(result, bars)
    return report.deliver(result, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
