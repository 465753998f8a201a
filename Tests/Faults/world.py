"""The configuration of Tutti that the scenarios run under, and what they are given to work with."""

import dataclasses

import scripts

MODES = {
    "all": "hold: all, midstream: error", "error": "hold: 0, midstream: error",
    "continue": "hold: 0, midstream: continue",
}
RETRIES = 3
FAILURES = 5
RESET = 30
# Seconds; short enough for the scenarios' figures (a first token after 20 s, a whole answer within 15 s).
LIMITS = {"connect": 2, "first_byte": 4, "first_token": 6, "between_tokens": 4, "total": 12}
# A run may take longer than one call of it: there must be time left to ask somebody else.
RUN = 60
# Dollars for a million tokens.
PRICES = {"primary": (1, 2), "fallback": (2, 8)}
WINDOWS = {"primary": 8192, "fallback": 131072}
PROVIDER_KEY = "canary-provider-key-41cc"


@dataclasses.dataclass(frozen=True)
class Case:
    """One scenario as it is asked for."""

    scenario: str
    """The name of its script; several may belong to one of the sixteen."""
    streamed: bool

    @property
    def alias(self):
        return f"{self.scenario}-{'stream' if self.streamed else 'whole'}"

    @property
    def form(self):
        return "streaming" if self.streamed else "whole"

    def provider(self, role):
        return f"{role}-{self.alias}"

    def model(self, role, mode):
        """Ends with its role, so that the names differ."""
        return f"{self.scenario}.{'stream' if self.streamed else 'whole'}.{mode}.{role}"

    def target(self, role, mode):
        """As an answer names it."""
        return f"{self.provider(role)}/{self.model(role, mode)}"


def duration(seconds, scale):
    return f"{max(1, round(seconds * scale * 1000))}ms"


def takes_prefill(case, role):
    """What the catalogue says; of the fallback of `no-prefill` it says what is not so."""
    return not (role == "fallback" and case.scenario == "no-prefill-known")


def configuration(cases, mode, upstream, scale):
    """The tutti.yaml of one mode. Each case has providers of its own, whose budgets and circuits nobody else moves."""
    def time(seconds):
        return duration(seconds, scale)

    limits = ", ".join(f"{name}: {time(seconds)}" for name, seconds in (LIMITS | {"total": RUN}).items())
    lines = ["providers:"]
    call = f"timeouts: {{ total: {time(LIMITS['total'])} }}"
    for case in cases:
        lines += [f"  {case.provider(role)}: {{ dialect: openai, base_url: http://127.0.0.1:{upstream}/{role}/v1, "
                  f"api_key: {PROVIDER_KEY}, allow: any, {call} }}" for role in scripts.SCRIPTS]
    lines.append("catalogue:")
    for case in cases:
        for role in scripts.SCRIPTS:
            capabilities = "tools, prefill" if takes_prefill(case, role) else "tools"
            lines.append(f"  {case.target(role, mode)}: {{ kind: chat, context: {WINDOWS[role]}, capabilities: "
                         f"[{capabilities}], prices: {{ input: {PRICES[role][0]}, output: {PRICES[role][1]} }} }}")
    lines += [
        "resilience:",
        f"  timeouts: {{ {limits} }}",
        f"  retry: {{ retries: {RETRIES}, initial_delay: {time(1)}, max_delay: {time(20)} }}",
        f"  breaker: {{ failures: {FAILURES}, slow_after: {time(20)}, window: {time(10)}, reset: {time(RESET)}, "
        f"max_reset: {time(300)} }}",
        *(f"  {setting}" for setting in MODES[mode].split(", ")),
        "models:",
    ]
    lines += [f"  {case.alias}: {{ chain: [{case.target('primary', mode)}, {case.target('fallback', mode)}] }}"
              for case in cases]
    return "\n".join(lines) + "\n"
