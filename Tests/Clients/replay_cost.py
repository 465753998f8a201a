"""What a recorded answer must cost, in exact decimals, at prices that tell the kinds of tokens apart."""

from decimal import Decimal

# Dollars for a million tokens.
PRICES = {"input": "3.01", "cached": "0.307", "write": "3.77", "write_1h": "6.13", "output": "15.1",
          "reasoning": "17.9"}


def section(targets):
    """The configuration's rows that give every target these prices."""
    prices = ", ".join(f"{kind}: {price}" for kind, price in PRICES.items())
    rows = [f"  {target}: {{ prices: {{ {prices} }} }}" for target in targets]
    return ["catalogue:", *rows] if rows else []


def cost(usage):
    """Each kind at its own price. Where counts do not add up, the parts count, and no rest is negative."""
    if usage is None:
        return None
    cached, written, hour, thinking = (usage.get(kind) or 0 for kind in ("cached", "written", "hour", "thinking"))
    tokens = {"input": max(0, max(0, usage["prompt"] - cached) - written), "cached": cached, "write": written - hour,
              "write_1h": hour, "output": max(0, usage["answer"] - thinking), "reasoning": thinking}
    return sum(Decimal(PRICES[kind]) * count for kind, count in tokens.items()) / 1_000_000


# Answers whose price depends on more than tokens, by file and line: on a tier, a place, other models, tools there.
UNPRICED = {
    "openllmetry_openai": {44, 45, 94, 95}, "pydanticai_openai_responses": {8, 9, 10, 17, 20, 23},
    "pydanticai_openrouter": {2, 7, 8, 20, 22, 26},
    "pydanticai_groq": {7, 8}, "pydanticai_anthropic": {1, 28, 31, 32, 34}, "pydanticai_google": {48},
}


def header_differences(answer, usage, recording):
    """Between the header of a whole answer and what its usage costs."""
    return differences("x-tutti-cost", answer.headers.get("x-tutti-cost"), usage, recording)


def differences(what, found, usage, recording):
    wanted = None if recording.line in UNPRICED.get(recording.file, ()) else cost(usage)
    same = found is None if wanted is None else found is not None and Decimal(str(found)) == wanted
    return [] if same else [f"{what}: found {found}, wanted {wanted}"]
