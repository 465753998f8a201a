"""The bars that a result must meet, and the tables that show it."""

import json
import pathlib
import sys

from measures import ADDED_EXPERTS

# Servers whose failed requests are the benchmark's own fault, or Tutti's; rivals may fail.
OURS = {"nginx", "floor", "tutti", "tutti-tls"}
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
GUARDS_BAR_MB_S = 20
# Of CPU, that one more expert may cost a turn besides its model.
EXPERT_BAR_US = 40


def say(text):
    print(text, file=sys.stderr, flush=True)


def deliver(result, file):
    """The result as JSON, also into a file where there is to be one; gives the exit code."""
    text = json.dumps(result, indent=2, ensure_ascii=False)
    if file:
        pathlib.Path(file).write_text(text + "\n")
    print(text)
    return 0 if result["pass"] else 1


def judge(result):
    """Every bar that this run can judge: name, value, limit, pass."""
    bars = []

    def bar(name, value, limit, passed):
        bars.append({"bar": name, "value": value, "limit": limit, "pass": bool(passed)})

    judge_load(result, bar)
    judge_serving(result, bar)
    judge_programs(result, bar)
    return bars


def judge_load(result, bar):
    rows = result.get("throughput", {})
    ours = rows.get("tutti", {})
    if "ratio_to_nginx" in ours:
        bar("throughput of nginx", ours["ratio_to_nginx"], "≥ 0.4", ours["ratio_to_nginx"] >= 0.4)
    if "cpu_above_floor_us" in ours:
        above = ours["cpu_above_floor_us"]
        bar("CPU a request above the floor (µs)", above, "≤ 25", above <= 25)
    if tls := rows.get("tutti-tls"):
        bar("throughput with TLS, of that without", tls["ratio_to_tutti"], "≥ 0.7", tls["ratio_to_tutti"] >= 0.7)
    for name, row in rows.items():
        if name not in OURS:
            continue
        bar(f"failed requests, {name}", row["failed"], "= 0", row["failed"] == 0)
    if gone := result.get("hangup"):
        whole = gone["never_closed"] == 0 and gone["ended_early"] == 0
        bar("hang-up to upstream closed, p99 (ms)", gone["p99_ms"], "< 10", whole and gone["p99_ms"] < 10)
    if local := result.get("local"):
        health = local["computing"]["healthz"]
        bar("/healthz while the local model computes, p99 (ms)", health["p99_ms"], "≤ 20", health["p99_ms"] <= 20)
        ratio = local["proxied_p99_ratio"]
        bar("proxied p99 while it computes, of idle", ratio, "≤ 3", ratio <= 3 and local["failed"] == 0)


def judge_serving(result, bar):
    def most(name, value, limit, strictly=False):
        bar(name, value, f"{'<' if strictly else '≤'} {limit}", value < limit or value == limit and not strictly)

    if latency := result.get("latency"):
        most("one connection, added p50 (µs)", latency["added_p50_us"], 80)
        most("one connection, added p99 (µs)", latency["added_p99_us"], 250)
        most("one connection, failed", latency["failed"], 0)
    if streams := result.get("streams"):
        many, few = streams["of_512"], streams["of_64"]
        most("512 streams, those that lost a frame", many["broken"], 0)
        most("512 streams, CPU a frame (µs)", many["cpu_us_per_frame"], 10)
        most("64 streams, those that lost a frame", few["broken"], 0)
        most("64 streams, time to first token, added p99 (µs)", few["added_first_p99_us"], 1000, strictly=True)
    for name, row in result.get("prompts", {}).items():
        most(f"prompts of 100 KB, failed, {name}", row["failed"], 0)
    if memory := result.get("memory"):
        most("idle memory (MiB)", memory["idle_rss_mib"], 20, strictly=True)
        most("memory a running stream (KiB)", memory["kib_per_stream"], 30, strictly=True)
        most("memory after the streams, of that before", memory["after_to_before"], 1.1)
        most("streams that lost a frame meanwhile", memory["broken"], 0)
    if start := result.get("start"):
        most("start to first answer (ms)", start["median_ms"], 100, strictly=True)
    if connections := result.get("connections"):
        most("CPU a request with 2,000 connections, of that with 10", connections["cpu_ratio"], 1.3)
        most("failed requests with 2,000 connections or 10", connections["failed"], 0)


def judge_programs(result, bar):
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
    if guards := result.get("guards"):
        # Answers come in pieces of all sizes; the bar is on those of a few tokens.
        for policy in ("flag", "redact"):
            speed = guards[f"prose_{policy}_64_mb_s"]
            bar(f"output guard over prose, {policy} (MB/s)", speed, f"> {GUARDS_BAR_MB_S}", speed > GUARDS_BAR_MB_S)
    for way, fusions in result.get("orchestration", {}).items():
        added = {(fusion, key): figures[key] for fusion, figures in fusions.items() for key in ADDED_EXPERTS
                 if key in figures}
        fusion, key = max(added, key=added.get)
        bar(f"an expert more, {way}, at worst {fusion} (µs)", added[fusion, key], f"≤ {EXPERT_BAR_US}",
            added[fusion, key] <= EXPERT_BAR_US)


def show(result, bars):
    say(f"\n{result['machine']['cpu']}, {result['machine']['cores']} cores")
    for note in result["machine"]["notes"]:
        say(note)
    for part, title in (("throughput", "short prompts"), ("prompts", "100 KB prompts")):
        if rows := result.get(part):
            show_load(title, rows)
    for part in ("latency", "streams", "memory", "start", "connections"):
        if figures := result.get(part):
            show_figures(part, figures)
    if graph := result.get("graph"):
        show_graph(graph)
    if dialects := result.get("dialects"):
        show_dialects(dialects)
    if resilience := result.get("resilience"):
        show_resilience(resilience)
    if guards := result.get("guards"):
        show_figures("guards", guards)
    if orchestration := result.get("orchestration"):
        show_orchestration(orchestration)
    for bar in bars:
        say(f"{'pass' if bar['pass'] else 'FAIL'}  {bar['bar']}: {bar['value']} ({bar['limit']})")


def show_load(title, rows):
    say(f"{title:16}{'requests/s':>12}{'of nginx':>10}{'CPU µs':>9}{'over floor':>12}{'busy':>7}{'p50 ms':>9}"
        f"{'p99 ms':>9}")
    for name, row in rows.items():
        ratio, above = row.get("ratio_to_nginx", float("nan")), row.get("cpu_above_floor_us", float("nan"))
        say(f"{name:16}{row['throughput']:12.0f}{ratio:10.2f}{row['cpu_us_per_request']:9.1f}{above:12.1f}"
            f"{row['busy']:7.2f}{row['p50_ms']:9.2f}{row['p99_ms']:9.2f}")


def show_figures(part, figures):
    """A part's figures as they are; groups of them a line each."""
    groups = {part: {key: value for key, value in figures.items() if not isinstance(value, dict)}} | {
        f"{part}, {key}": value for key, value in figures.items() if isinstance(value, dict)}
    for title, group in groups.items():
        if group:
            say(f"{title}: " + ", ".join(f"{key} {value}" for key, value in group.items()))


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


def show_orchestration(orchestration):
    say(f"{'CPU µs a turn, by experts':28}" + "".join(f"{size:>9}" for size in ("1", "2", "3", "6"))
        + f"{'an expert more':>20}")
    for way, fusions in orchestration.items():
        for fusion, figures in fusions.items():
            sizes = [figures.get(f"{size}_us") for size in (1, 2, 3, 6)]
            added = [figures[key] for key in ADDED_EXPERTS if key in figures]
            say(f"{way + ', ' + fusion:28}"
                + "".join(f"{size:9,.1f}" if size is not None else f"{'':9}" for size in sizes)
                + (f"{' to '.join(f'{value:.1f}' for value in sorted(added)):>20}" if added else ""))
