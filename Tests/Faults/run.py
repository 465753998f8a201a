#!/usr/bin/env python3
"""Sixteen faults of a provider, streaming and not, in three modes: the caller gets the whole answer from somewhere, or
a clear typed error in bounded time, and the provider is not hammered.

  run.py [--scale 0.2] [--mode MODE]... [--only NAME]...

--scale shortens every duration of the providers, of Tutti's configuration and of the limits alike; 1.0 is real timing
and takes about two minutes. --only takes a scenario's name or number. The servers and their logs are gone afterwards,
unless --keep FOLDER names a place for them. TUTTI_BINARY names the server. Standard library only.

A line for each scenario, form and mode; a scoreboard; a closing line. Exit code: 0 when all passed; 2 when it cannot
run.
"""

import argparse
import asyncio
import os
import pathlib
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Clients"))

import client
import harness
import outage
import scenarios
import scripts
from fault_server import FaultServer
from judgement import BOUND, Seen
from world import MODES, Case, configuration

# Cases of one mode at once: a machine with two cores must still keep the times of the fast run.
AT_ONCE = 4
GROWTH = 64 * 1024
"""What a server may grow by, in KB."""
LATE = 0.2
"""Seconds: when we are later than this ourselves, the machine is too busy for short times."""
HEALTHY = [Case("healthy", True), Case("healthy", False)]


class Board:
    """Verdicts, by mode and number."""

    def __init__(self):
        self.passed = self.failed = 0
        self.rows = {}

    def add(self, mode, number, title, wrong, figures):
        """What stands behind a colon of the title tells the cases of a scenario apart."""
        self.passed, self.failed = self.passed + (not wrong), self.failed + bool(wrong)
        self.rows.setdefault(mode, {}).setdefault((number, title.partition(":")[0]), []).append(wrong)
        print(f"{'FAIL' if wrong else 'ok  '}  {mode:8}  {number:2} {title} ({figures}){': ' + wrong if wrong else ''}",
              flush=True)

    def scores(self):
        for mode, rows in self.rows.items():
            sixteen = sorted((key, row) for key, row in rows.items() if key[0])
            good = sum(not any(row) for _, row in sixteen)
            spoilt = [name for (number, name), row in rows.items() if not number and any(row)]
            print(f"\n{mode}: {good} of {len(sixteen)}" + (f", but not: {', '.join(spoilt)}" if spoilt else ""))
            for (number, name), row in sixteen:
                lost = sum(map(bool, row))
                print(f"  {number:2}  {'FAIL' if lost else 'pass'}  {name}" + (f" ({lost} of {len(row)})" * bool(lost)))


class Mode:
    """One server with one configuration, and everything that is asked of it."""

    def __init__(self, name, chosen, upstream, scale, folder, board):
        self.name, self.chosen, self.upstream, self.scale, self.board = name, chosen, upstream, scale, board
        cases = HEALTHY + [case for scenario in chosen for case in scenario.cases()]
        self.tutti = harness.Tutti(folder, configuration(cases, name, upstream.port, scale), name)
        self.port, self.turns = self.tutti.port, asyncio.Semaphore(AT_ONCE)

    def memory(self):
        """Resident, in KB."""
        status = pathlib.Path(f"/proc/{self.tutti.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.split("\n") if line.startswith("VmRSS"))

    async def run(self):
        for case in HEALTHY:
            await self.one(scenarios.PLAIN, case)
        before = self.memory()
        jobs = [self.row(scenario, case) if scenario.judge is None else self.turn(scenario, case)
                for scenario in self.chosen for case in scenario.cases()]
        await asyncio.gather(*jobs)
        await self.afterwards(before)

    async def turn(self, scenario, case):
        async with self.turns:
            await self.one(scenario, case)

    async def one(self, scenario, case):
        outcome = await client.ask(self.port, case.alias, case.streamed, 3 * BOUND * self.scale + 10)
        attempts = {role: self.upstream.of(case.model(role, self.name)) for role in scripts.SCRIPTS}
        left = await self.running([attempt for found in attempts.values() for attempt in found])
        metrics = (await client.fetch(self.port, "/metrics"))[1] if scenario.name == "accounting" else ""
        seen = Seen(case, self.name, self.scale, outcome, attempts["primary"], attempts["fallback"], metrics)
        wrong = scenarios.verdict(scenario, seen) or left
        figures = f"{len(seen.primary)} + {len(seen.fallback)} attempts, {outcome.seconds:.2f} s"
        self.board.add(self.name, scenario.number, title(scenario, case), wrong, figures)

    async def row(self, scenario, case):
        row = await outage.run(case, self.port, self.scale)
        wrong, figures = outage.verdict(case, self.name, self.upstream, row, self.scale)
        self.board.add(self.name, scenario.number, title(scenario, case), wrong, figures)

    async def running(self, attempts):
        """What still runs upstream a second after the answer; nothing may."""
        deadline = time.monotonic() + 1
        while any(attempt.is_open for attempt in attempts) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        left = [attempt for attempt in attempts if attempt.is_open]
        return f"{len(left)} calls still run upstream" if left else ""

    async def afterwards(self, before):
        """The process is as healthy as before."""
        wrong, figures = [], []
        try:
            status, _ = await client.fetch(self.port, "/readyz")
            metrics = (await client.fetch(self.port, "/metrics"))[1]
        except (OSError, TimeoutError, ValueError) as error:
            wrong.append(f"the server does not answer: {error}")
        else:
            turns = [line for line in metrics.split("\n") if line.startswith("tutti_turns_running ")]
            if status != 200:
                wrong.append(f"/readyz says {status}")
            if [float(line.split()[1]) for line in turns] != [0.0]:
                wrong.append(f"turns still run: {turns}")
            grown = self.memory() - before
            figures.append(f"{before / 1024:.0f} MB resident before, {grown / 1024:+.0f} MB since")
            if grown > GROWTH:
                wrong.append(f"the server has grown by {grown / 1024:.0f} MB")
        left = [attempt.model for attempt in self.upstream.open() if f".{self.name}." in attempt.model]
        if left:
            wrong.append(f"calls still run upstream: {left[:3]}")
        self.board.add(self.name, 0, "healthy afterwards", "; ".join(wrong), ", ".join(figures))

    def end(self):
        return self.tutti.end()


def title(scenario, case):
    variant = f" ({case.scenario})" if case.scenario != scenario.name else ""
    return f"{scenario.title}: {case.form}{variant}"


async def measure_lateness(found):
    """Writes down how much longer than asked for we have slept at most."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.02)
        found["most"] = max(found["most"], time.monotonic() - before - 0.02)


async def judge(arguments, scale, folder, board):
    """Gives by how much the suite itself was late at most."""
    upstream = FaultServer(scripts.SCRIPTS, scale)
    await upstream.start()
    chosen = [scenario for scenario in scenarios.SCENARIOS
              if not arguments.only or {scenario.name, str(scenario.number)} & set(arguments.only)]
    modes, late = [], {"most": 0.0}
    measuring = asyncio.create_task(measure_lateness(late))
    try:
        for name in arguments.mode or MODES:
            modes.append(await asyncio.to_thread(Mode, name, chosen, upstream, scale, folder, board))
        await asyncio.gather(*(mode.run() for mode in modes))
    finally:
        measuring.cancel()
        await upstream.close()
        for mode in modes:
            code = await asyncio.to_thread(mode.end)
            if code:
                board.add(mode.name, 0, "ends well", f"exit code {code}: {mode.tutti.output()[-500:]}", "")
    return late["most"]


def run(arguments, folder):
    """Once; where something failed and the machine was measured to be too busy for short times, again with longer."""
    for scale in (arguments.scale, min(1.0, 2.5 * arguments.scale)):
        board, place = Board(), folder / f"{scale:g}"
        place.mkdir(parents=True, exist_ok=True)
        late = asyncio.run(judge(arguments, scale, place, board))
        if late <= LATE or not board.failed or scale == 1.0:
            return board
        print(f"note: the suite itself was late by up to {late:.2f} s; the machine is busy", flush=True)
    return board


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--only", action="append")
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    known = {word for scenario in scenarios.SCENARIOS for word in (scenario.name, str(scenario.number))}
    if unknown := set(arguments.only or ()) - known:
        parser.error(f"no scenario is called {', '.join(unknown)}, but {', '.join(sorted(known, key=str.isdigit))}")
    if not 0.02 <= arguments.scale <= 1:
        parser.error("--scale is from 0.02 to 1")
    if not os.access(harness.BINARY, os.X_OK):
        print(f"{harness.BINARY} is not there: build it with ./test, or set TUTTI_BINARY", file=sys.stderr)
        return 2
    # Ended by a signal, the servers still end.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="tutti-faults-") as name:
        board = run(arguments, arguments.keep or pathlib.Path(name))
    board.scores()
    print(f"\nfaults: {board.passed} passed, {board.failed} failed", flush=True)
    return 1 if board.failed or not board.passed else 0


if __name__ == "__main__":
    raise SystemExit(main())
