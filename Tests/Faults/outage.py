"""A primary that is down for 60 s: the fallback serves, few probes go out, and within 30 s of its recovery the primary
answers again."""

import asyncio
import dataclasses
import time

import client
import scripts
from judgement import GRACE, Failed, Seen, expect, settled, whole_by_whoever
from world import FAILURES, RESET

# Seconds between two questions.
PACE = 1
# So many answers in a row from the primary, and it is back for good.
BACK = 10
# While the circuit is open nobody waits for the primary: an answer takes no longer than the fallback's own time.
OPEN_ANSWER = 1


@dataclasses.dataclass
class Row:
    """The answers of one outage, in order of the questions."""

    began: float
    length: float
    asked: list = dataclasses.field(default_factory=list)
    """(when, outcome)"""

    @property
    def recovered(self):
        return self.began + self.length


async def run(case, port, scale):
    """Asks at a steady pace until the primary is back for good, or should have been."""
    row = Row(time.monotonic(), scripts.OUTAGE * scale)
    running = set()
    # The server's own count of the outage begins with the first attempt, a moment after ours.
    until = row.recovered + (RESET + 5) * scale + GRACE + BACK * PACE * scale
    while time.monotonic() < until:
        task = asyncio.create_task(ask(case, port, row))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.sleep(PACE * scale)
        ended = [outcome for when, outcome in row.asked if when >= row.recovered]
        if len(ended) >= BACK and all(said_by(outcome) == "primary" for outcome in ended[-BACK:]):
            break
    await asyncio.gather(*running)
    row.asked.sort(key=lambda pair: pair[0])
    return row


async def ask(case, port, row):
    when = time.monotonic()
    row.asked.append((when, await client.ask(port, case.alias, case.streamed)))


def said_by(outcome):
    return "primary" if outcome.text.startswith("p") else "fallback"


def verdict(case, mode, server, row, scale):
    """(what is wrong or nothing, figures)"""
    primary = server.of(case.model("primary", mode))
    began = server.outages.get(case.model("primary", mode), row.began)
    recovered = began + scripts.OUTAGE * scale
    figures = f"{len(row.asked)} questions"
    try:
        for number, (_, outcome) in enumerate(row.asked, 1):
            judge_one(case, mode, outcome, number, scale)
        down = [attempt for attempt in primary if attempt.at < recovered]
        back = [when for when, outcome in row.asked if when >= recovered and said_by(outcome) == "primary"]
        figures += f", {len(down)} attempts while it was down"
        judge_attempts(down, scale)
        judge_waits(row, down, recovered, scale)
        expect(back, f"not back {(row.asked[-1][0] - recovered):.1f} s after its recovery")
        figures += f", back after {back[0] - recovered:.1f} s"
        limit = RESET * scale + GRACE
        expect(back[0] - recovered <= limit, f"{limit:.2f} s are given")
        after = [said_by(outcome) for when, outcome in row.asked if when > back[0]]
        expect(len(after) >= BACK - 1 and set(after[1:]) == {"primary"},
               f"not back for good: {after.count('fallback')} of {len(after)} answers after it are the fallback's")
    except Failed as failure:
        return str(failure), figures
    return "", figures


def judge_one(case, mode, outcome, number, scale):
    try:
        seen = Seen(case, mode, scale, outcome, [], [])
        settled(seen)
        whole_by_whoever(seen)
    except Failed as failure:
        raise Failed(f"answer {number}: {failure}") from None


def judge_attempts(down, scale):
    """So many until the circuit opens, with those that were under way then; after that one probe a reset."""
    expect(len(down) >= FAILURES, f"only {len(down)} attempts on the primary while it was down")
    opened = down[FAILURES - 1].at + PACE * scale
    probes = [attempt for attempt in down if attempt.at > opened]
    most = scripts.OUTAGE // RESET + 1
    expect(len(probes) <= most, f"{len(probes)} attempts on the primary with its circuit open, at most {most} probes")
    for earlier, later in zip(probes, probes[1:]):
        gap = later.at - earlier.at
        expect(gap >= 0.9 * RESET * scale, f"two probes within {gap:.2f} s")


def judge_waits(row, down, recovered, scale):
    """Of the answers that were asked for with the circuit open."""
    opened = down[FAILURES - 1].at
    waits = [outcome.seconds for when, outcome in row.asked if opened + PACE * scale < when < recovered]
    limit = OPEN_ANSWER * scale + GRACE
    expect(waits and max(waits) <= limit, f"an answer took {max(waits, default=0):.2f} s with the circuit open")
