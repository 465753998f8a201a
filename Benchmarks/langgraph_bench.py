"""What LangGraph's engine costs at GraphBench's workloads: one JSON object, with GraphBench's keys where they mean the
same. Every figure is the median of several rounds but for the memory, which is one growth over many runs.

Fair to LangGraph, and in its favour where in doubt:
- Async no-op nodes over a TypedDict and the compiled graph's `ainvoke`, as its documentation has it. A narrower
  `input_schema` for each node, a list of sources for the join, and uvloop were tried: none makes a difference here.
- No tracing and no callbacks. The durability mode is the default ("async"), the saver is its own `InMemorySaver`.
- Python's garbage collector runs, for it is part of what a run costs, but what was built before a run is frozen: the
  collector walks only over what the run itself made.
- Building, compiling and one run to warm up are outside the clock (save where building is what is measured).
"""

import os

# Before the imports, which read it. A set key or flag of the caller's must not switch tracing on.
os.environ.update(LANGSMITH_TRACING="false", LANGCHAIN_TRACING_V2="false")

import asyncio
import gc
import importlib.metadata
import json
import platform
import statistics
import time
from typing import TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

NODES = 1000
PARKED_RUNS = 1000


class BenchState(TypedDict):
    counter: int
    total: int


INPUT: BenchState = {"counter": 0, "total": 0}


async def count(state: BenchState):
    return {"counter": state["counter"] + 1}


async def look(state: BenchState):
    state["counter"]


async def join(state: BenchState):
    return {"counter": state["total"]}


async def ask(state: BenchState):
    return {"total": interrupt(state["counter"])}


def sequence(nodes, saver=None):
    """Each node reads and writes one field."""
    builder = StateGraph(BenchState)
    for index in range(nodes):
        builder.add_node(f"n{index}", count)
        if index > 0:
            builder.add_edge(f"n{index - 1}", f"n{index}")
    builder.add_edge(START, "n0").add_edge(f"n{nodes - 1}", END)
    return builder.compile(checkpointer=saver)


def fan_out(width):
    """One node, `width` branches that read one field, one join."""
    builder = StateGraph(BenchState).add_node("split", count).add_node("join", join)
    for index in range(width):
        builder.add_node(f"b{index}", look).add_edge("split", f"b{index}").add_edge(f"b{index}", "join")
    return builder.add_edge(START, "split").add_edge("join", END).compile()


def median(rounds, body):
    """Seconds of `body`."""
    samples = []
    for _ in range(rounds):
        start = time.perf_counter()
        body()
        samples.append(time.perf_counter() - start)
    return statistics.median(samples)


async def median_run(graph, expected, rounds, runs=1):
    """Seconds a run. Every run must end with `expected` in its counter: what did not run is not measured."""
    # The default limit is below the longest graph's steps.
    config = {"recursion_limit": 2 * NODES}
    samples = []
    await graph.ainvoke(INPUT, config)
    freeze()
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(runs):
            result = await graph.ainvoke(INPUT, config)
            assert result["counter"] == expected, result
        samples.append((time.perf_counter() - start) / runs)
    return statistics.median(samples)


async def median_kept_run(nodes, rounds):
    """Seconds a run whose every step is kept in memory; each round starts with an empty saver."""
    saver = InMemorySaver()
    graph = sequence(nodes, saver)
    config = {"recursion_limit": 2 * NODES, "configurable": {"thread_id": "run_1"}}
    samples = []
    for _ in range(rounds):
        freeze()
        start = time.perf_counter()
        result = await graph.ainvoke(INPUT, config)
        samples.append(time.perf_counter() - start)
        assert result["counter"] == nodes, result
        saver.delete_thread("run_1")
    return statistics.median(samples)


async def parked_bytes():
    """What the process has grown by for each of many runs that wait for an answer. Garbage is collected first."""
    builder = StateGraph(BenchState).add_node("first", count).add_node("second", ask)
    builder.add_edge(START, "first").add_edge("first", "second").add_edge("second", END)
    graph = builder.compile(checkpointer=InMemorySaver())

    async def park(name):
        result = await graph.ainvoke(INPUT, {"configurable": {"thread_id": name}})
        assert result["__interrupt__"][0].value == 1, result

    for index in range(100):
        await park(f"warm_up_{index}")
    gc.collect()
    before = resident_bytes()
    for index in range(PARKED_RUNS):
        await park(f"run_{index}")
    gc.collect()
    return (resident_bytes() - before) // PARKED_RUNS


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def freeze():
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def measure():
    # The memory first: later, a run would grow into what other runs have given back.
    parked = await parked_bytes()
    build = median(3, lambda: sequence(NODES))
    chain = await median_run(sequence(NODES), NODES, rounds=3)
    branch100 = await median_run(fan_out(100), 0, rounds=9, runs=3)
    branch1000 = await median_run(fan_out(1000), 0, rounds=3)
    kept_run = await median_kept_run(NODES, rounds=3)
    kept100 = await median_kept_run(100, rounds=9)
    return {
        "sequence_ns_per_node": round(chain / NODES * 1e9, 3),
        "fanout100_us_per_branch": round(branch100 / 100 * 1e6, 3),
        "fanout1000_us_per_branch": round(branch1000 / 1000 * 1e6, 3),
        "build1000_ms": round(build * 1e3, 3),
        "kept_us_per_node": round(kept_run / NODES * 1e6, 3),
        "kept100_us_per_node": round(kept100 / 100 * 1e6, 3),
        "parked_bytes_per_run": parked,
        "version": importlib.metadata.version("langgraph"),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure())))
