"""The sixteen scenarios, and what is right for each in each mode: `hold: all`, `midstream: error` (the default) and
`midstream: continue`."""

import dataclasses
import decimal
from collections.abc import Callable

import scripts
from judgement import Failed, continued, expect, settled, tokens_counted, typed_error, whole, whole_by_whoever
from world import LIMITS, PRICES, Case


@dataclasses.dataclass(frozen=True)
class Scenario:
    number: int
    name: str
    title: str
    judge: Callable
    variants: tuple = ()
    """Further scripts that belong to it."""
    streamed_alone: bool = False

    def cases(self):
        return [Case(script, streamed) for script in (self.name, *self.variants)
                for streamed in ((True,) if self.streamed_alone else (True, False))]


def rate_limited_once(seen):
    """After at least 1.8 s, or elsewhere."""
    whole_by_whoever(seen)
    first, *others = seen.primary
    for attempt in others:
        gap = attempt.at - first.at
        expect(gap >= 1.8 * seen.scale, f"asked again after {gap:.3f} s, {1.8 * seen.scale:.2f} s at least")
    seen.attempts(most_primary=2)


def served_by_the_fallback(seen):
    whole(seen, "fallback")
    seen.attempts(fallback=1)


def failed_once(seen):
    """By the same provider."""
    whole(seen, "primary")
    seen.attempts(primary=2, fallback=0)


def reset(seen):
    if seen.case.scenario == "reset":
        return served_by_the_fallback(seen)
    whole_by_whoever(seen)
    seen.attempts(most_primary=2)


def silent(seen):
    """After the first timeout; the silent route is left, and its connection is."""
    whole(seen, "fallback")
    seen.attempts(primary=1, fallback=1)
    seen.within(LIMITS["first_byte" if seen.case.streamed else "total"])
    expect(seen.primary[0].hung_up, "the connection to the silent provider was not ended")


def late(seen):
    whole(seen, "fallback")
    seen.attempts(primary=1, fallback=1)
    seen.within(15)


def visible_break(codes, most, continues):
    """A stream that breaks when so many words can have been seen. `continues` says what is right with `continue`."""
    def judge(seen):
        seen.attempts()
        if seen.mode == "all" or not seen.case.streamed:
            return served_by_the_fallback(seen)
        if seen.mode == "continue":
            return continues(seen, codes, most)
        typed_error(seen, codes, most)
        seen.attempts(primary=1, fallback=0)
    return judge


def goes_on(seen, codes, most):
    continued(seen, most)
    seen.attempts(primary=1, fallback=1)


def ends_or_goes_on(seen, codes, most):
    """Nobody knows what the spoilt event held: to end is right, and so is to go on from what was shown."""
    if seen.outcome.errors:
        return typed_error(seen, codes, most)
    goes_on(seen, codes, most)


def ends_without_the_refusal(seen, codes, most):
    """Whoever knows that the fallback takes no prefill does not try; otherwise its 400 stays unseen."""
    typed_error(seen, codes, most)
    expect("canary-prefill" not in str(seen.outcome.errors), f"the fallback's refusal: {seen.outcome.errors[0]}")
    seen.attempts(primary=1, fallback=0 if seen.case.scenario == "no-prefill-known" else None)
    expect(len(seen.fallback) <= 1, f"{len(seen.fallback)} attempts on a fallback that refuses")


def no_done(seen):
    whole(seen, "primary")
    seen.attempts(primary=1, fallback=0)
    seen.within(scripts.TOKENS * scripts.PACE)


def context_length(seen):
    """The fallback's window is larger."""
    whole(seen, "fallback")
    seen.attempts(primary=1, fallback=1)


def content_filter(seen):
    """The provider's own word, and no other provider is asked."""
    outcome = seen.outcome
    seen.attempts(primary=1, fallback=0)
    if seen.case.scenario == "content-filter":
        expect(outcome.status == 400 and outcome.errors, f"status {outcome.status}: {outcome.summary()}")
        expect(scripts.FILTER_WORDS in outcome.errors[0]["message"], f"the reason is not there: {outcome.errors[0]}")
        return
    expect(outcome.status == 200 and not outcome.errors, f"status {outcome.status}, {outcome.errors}")
    expect(outcome.finish == ["content_filter"], f"the reason is {outcome.finish}")
    expect(outcome.text == scripts.text("primary", 1, 12), f"not what came before the filter: {outcome.text!r}")


def accounting(seen):
    """The fallback's name, usage and price, and nothing for the attempts that failed."""
    served_by_the_fallback(seen)
    counted = tokens_counted(seen.metrics, seen.case.provider("fallback"))
    expect(counted == {"input": scripts.PROMPT_TOKENS["fallback"], "output": scripts.TOKENS},
           f"/metrics counts {counted} of the fallback")
    failed = tokens_counted(seen.metrics, seen.case.provider("primary"))
    expect(not any(failed.values()), f"/metrics counts {failed} of the primary, which answered nothing")
    if not seen.case.streamed:
        prices = (decimal.Decimal(price) / 1_000_000 for price in PRICES["fallback"])
        tokens = (scripts.PROMPT_TOKENS["fallback"], scripts.TOKENS)
        wanted = sum(price * count for price, count in zip(prices, tokens))
        found = seen.outcome.headers.get("x-tutti-cost")
        expect(found and decimal.Decimal(found) == wanted, f"the cost is {found}, not {wanted}")


SCENARIOS = [
    Scenario(1, "rate-limited-once", "429 with Retry-After 2, once", rate_limited_once),
    Scenario(2, "rate-limited", "429 for ever", served_by_the_fallback),
    Scenario(3, "failed-once", "500 once", failed_once),
    Scenario(4, "overloaded", "503 for ever", served_by_the_fallback),
    Scenario(5, "reset", "reset before headers", reset, ("reset-once",)),
    Scenario(6, "silent", "never an answer", silent),
    Scenario(7, "late", "first token after 20 s", late),
    Scenario(8, "cut", "cut after 40 of 60 tokens",
             visible_break(("provider_stream_broken",), 40, goes_on)),
    Scenario(9, "stall", "stall of 30 s after 20 tokens",
             visible_break(("provider_timeout", "provider_stream_broken"), 20, goes_on)),
    Scenario(10, "malformed", "invalid JSON as the tenth event",
             visible_break(("provider_invalid_answer", "provider_stream_broken"), 8, ends_or_goes_on)),
    Scenario(11, "no-done", "no [DONE]", no_done, ("no-done-open",), streamed_alone=True),
    Scenario(12, "context-length", "context length exceeded", context_length),
    Scenario(13, "content-filter", "content filter", content_filter, ("content-filter-midway",)),
    Scenario(14, "no-prefill", "fallback that rejects prefill",
             visible_break(("provider_stream_broken",), 40, ends_without_the_refusal), ("no-prefill-known",)),
    # A row of answers: see outage.py.
    Scenario(15, "outage", "primary down for 60 s, then healthy", None),
    Scenario(16, "accounting", "accounting", accounting),
]

# Without a fault, so that a failure of the suite is not taken for one of the server.
PLAIN = Scenario(0, "healthy", "no fault", lambda seen: whole(seen, "primary"))


def verdict(scenario, seen):
    """What is wrong, or nothing."""
    try:
        settled(seen)
        scenario.judge(seen)
    except Failed as failure:
        return str(failure)
    return ""
