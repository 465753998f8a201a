"""What is asked of an answer, and of the attempts behind it. Every function raises `Failed` with what it saw."""

import dataclasses
import re

import client
import scripts
from world import RETRIES, Case

# For what the machine does beside: added to each limit that a scenario sets.
GRACE = 1.0
BOUND = 15


class Failed(Exception):
    """Something is not as it should be."""


def expect(condition, what):
    if not condition:
        raise Failed(what)


@dataclasses.dataclass
class Seen:
    """One answer, and the attempts that the providers saw for it."""

    case: Case
    mode: str
    scale: float
    outcome: client.Outcome
    primary: list
    fallback: list
    metrics: str = ""

    def target(self, role):
        return self.case.target(role, self.mode)

    def within(self, seconds):
        limit = seconds * self.scale + GRACE
        expect(self.outcome.seconds <= limit, f"it took {self.outcome.seconds:.2f} s, at most {limit:.2f} s are given")

    def attempts(self, primary=None, fallback=None, most_primary=1 + RETRIES):
        """Exactly so many where they are named; never more than the retries allow."""
        for role, found, wanted in (("primary", self.primary, primary), ("fallback", self.fallback, fallback)):
            expect(wanted is None or len(found) == wanted, f"{len(found)} attempts on the {role}, not {wanted}")
        for role, found, most in (("primary", self.primary, most_primary), ("fallback", self.fallback, 1 + RETRIES)):
            expect(len(found) <= most, f"{len(found)} attempts on the {role}, at most {most} are right")


def settled(seen):
    """What holds of every answer: it ended in bounded time, as HTTP and events, and the providers were asked what the
    caller had asked; a prefill is for `continue` alone."""
    outcome = seen.outcome
    expect(not outcome.hung, f"no end within {outcome.seconds:.0f} s; until then {outcome.summary()}")
    expect(not outcome.broken, f"no proper answer: {outcome.broken}")
    expect(outcome.complete, "the body has no proper end")
    expect(len(outcome.errors) <= 1, f"{len(outcome.errors)} errors in one answer")
    expect(not outcome.after_done, "something came after [DONE]")
    expect(not (outcome.errors and outcome.finish), f"an error and the reason {outcome.finish} in one answer")
    for attempt in seen.primary + seen.fallback:
        first = (attempt.body.get("messages") or [{}])[0]
        expect(scripts.QUESTION == first.get("content"), f"the {attempt.role} was asked {attempt.body.get('messages')}")
        expect(seen.mode == "continue" or attempt.prefill is None, f"a prefill with {seen.mode}: {attempt.prefill!r}")
        expect(attempt.streams or attempt.prefill is None, "a prefill for a whole answer")
    seen.within(BOUND)


def success(seen):
    """A whole answer's frame, whoever gave it."""
    outcome = seen.outcome
    expect(outcome.status == 200, f"status {outcome.status}, {outcome.errors}")
    expect(not outcome.errors, f"an error: {outcome.errors}; before it {len(outcome.text.split())} words")
    expect(outcome.finish == ["stop"], f"the answer ends with {outcome.finish} after {len(outcome.text.split())} words")
    expect(outcome.done or not outcome.streamed, "no [DONE] at the end")
    expect(outcome.usage, "no usage")


def whole(seen, by):
    """The answer of one provider, to the last word, under its name, with its usage."""
    success(seen)
    outcome = seen.outcome
    expect(outcome.text == scripts.text(by), f"not the {by}'s sixty words: {shown(outcome.text)}")
    expect(outcome.models == [seen.target(by)], f"the model is {outcome.models}, not {seen.target(by)}")
    prompt = scripts.PROMPT_TOKENS[by]
    counted = {"prompt_tokens": prompt, "completion_tokens": scripts.TOKENS, "total_tokens": prompt + scripts.TOKENS}
    found = {name: outcome.usage.get(name) for name in counted}
    expect(found == counted, f"the usage is {found}, not the {by}'s {counted}")


def whole_by_whoever(seen):
    whole(seen, "primary" if seen.outcome.text.startswith("p") else "fallback")


def continued(seen, most):
    """Words of the primary, at most so many, and from there on those of the fallback: none twice, none left out."""
    success(seen)
    words = seen.outcome.text.split(" ")
    shown_first = sum(found.startswith("p") for found in words)
    expect(1 <= shown_first <= most, f"{shown_first} words of the primary, 1 to {most} are possible")
    wanted = scripts.text("primary", 1, shown_first) + scripts.text("fallback", shown_first + 1)
    expect(seen.outcome.text == wanted, f"no seamless text: {shown(seen.outcome.text)}")
    both = {seen.target(role) for role in scripts.SCRIPTS}
    expect(set(seen.outcome.models) <= both, f"the model is {seen.outcome.models}, not of {both}")
    asked = [attempt for attempt in seen.fallback if attempt.prefill is not None]
    expect(len(asked) == 1 and scripts.start_of(asked[0]) == shown_first + 1, "not one continuation of what was shown")
    # Of the primary's part nobody has told the usage: it may be estimated, but nothing may count twice.
    said = scripts.TOKENS - shown_first
    count = seen.outcome.usage.get("completion_tokens") or 0
    expect(said <= count <= scripts.TOKENS,
           f"the usage says {count} tokens of an answer, {said} to {scripts.TOKENS} are right")


def typed_error(seen, codes, most):
    """Words of the primary, at most so many, and then one error of these codes: no reason to finish, no [DONE]."""
    outcome = seen.outcome
    expect(outcome.status == 200 and outcome.streamed, f"status {outcome.status}: {outcome.summary()}")
    expect(outcome.errors, f"no error, but {outcome.summary()}: {shown(outcome.text)}")
    expect(outcome.code in codes, f"the error is {outcome.errors[0]}, not one of {', '.join(codes)}")
    for member in ("message", "type"):
        expect(isinstance(outcome.errors[0].get(member), str), f"the error has no {member}: {outcome.errors[0]}")
    expect(not outcome.finish and not outcome.done, "a success's end beside the error")
    count = len(outcome.text.split())
    expect(1 <= count <= most, f"{count} words before the error, 1 to {most} are possible")
    expect(outcome.text == scripts.text("primary", 1, count), f"not the primary's words: {shown(outcome.text)}")


def shown(text):
    """Enough of a text to see what is wrong."""
    return repr(text if len(text) <= 200 else f"{text[:95]} … {text[-95:]}")


def tokens_counted(metrics, provider):
    """The sums of the providers' tokens in /metrics, by kind."""
    found = {}
    for line in metrics.split("\n"):
        if line.startswith("gen_ai_client_token_usage_sum{") and f'gen_ai_provider_name="{provider}"' in line:
            kind = re.search(r'gen_ai_token_type="(\w+)"', line)
            found[kind[1] if kind else ""] = float(line.rsplit(" ", 1)[1])
    return found
