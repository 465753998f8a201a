"""What the parts of the orchestra's suite share: plans by what they do, and turns by every route on which they can be
asked for."""

import json
import pathlib

from harness import CHAT, Wire, equal, events, expect, fetch
from runs_suite import read

NATIVE, MESSAGES, RESPONSES = "/api/orchestrator/chat", "/v1/messages", "/v1/responses"
EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "Examples/layered-plan.yaml"


def secrets():
    """(secret, mark): what a guard must find, put together here so that it stands in no file."""
    jwt = "ey" + "JhbGciOiJIUzI1NiJ9" + "." + "ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0" + "." + "c2lnbmF0dXJlLW9mLXRoaXMx"
    return [
        ("ada.lovelace" + "@" + "example.org", "[EMAIL]"),
        ("+44 20 " + "7946 0958", "[PHONE]"),
        ("4111 1111 " + "1111 1111", "[CARD]"),
        ("DE89 3704 0044 " + "0532 0130 00", "[IBAN]"),
        ("s" + "k-" + "Tq8vLw2Zr5Yx9Bn4Mc7Kd1Hf3Gj6Ps0A", "[KEY]"),
        ("AK" + "IA" + "Z7QWERTY2LKJHGF4", "[KEY]"),
        (jwt, "[KEY]"),
        ("ACME-" + "204817", "[PATTERN_TICKET]"),
    ]


def expert(model, say=None, more=""):
    said = f", instructions: 'say: {say}'" if say else ""
    return f"{{ model: chats/{model}{said}{more} }}"


def plan(name, fusion, *experts, **settings):
    """A plan's YAML; an expert is (name, model, what it says, more settings)."""
    lines = [f"  {name}:", "    experts:"]
    lines += [f"      {one[0]}: {expert(*one[1:])}" for one in experts]
    lines += [f"    fusion: {fusion}"] if fusion else []
    return "\n".join(lines + [f"    {key}: {value}" for key, value in settings.items()]) + "\n"


def layered(name, parallel, review=3000, validate=2000):
    """The example's plan, on upstreams of which two take their time."""
    text = EXAMPLE.read_text().partition("plans:\n")[2].replace("  layered:\n", f"  {name}:\n", 1)
    head, found, experts = text.partition("    experts:\n")
    expect(found, "the example has no experts")
    for step, wait in (("review", review), ("validate", validate)):
        before, found, after = experts.partition(f"      {step}:\n        model: auto\n")
        expect(found, f"the example has no expert {step}")
        experts = before + found.replace("auto", f"chats/wait-{wait}") + after
    return head + ("" if parallel else "    use_parallel: false\n") + "    experts:\n" + \
        experts.replace("model: auto", "model: plain")


def native(port, name, message="hello", headers=(), **more):
    """The run events of a turn: [(name, data)]."""
    with Wire(port, 30) as wire:
        wire.request("POST", NATIVE, {"message": message, "plan": name, "stream": True, **more}, headers)
        found = read(wire)
    equal([event[1] for event in found], list(range(len(found))), "sequences")
    return [event[2:] for event in found]


def ask(port, name, message="hello", headers=(), **more):
    """The native answer, whole."""
    answer = fetch(port, "POST", NATIVE, {"message": message, "plan": name, **more}, headers, timeout=30)
    equal(answer.status, 200, f"{name}: {answer.body[:300]}")
    return answer.json()


def of(found, *names):
    """The data of the events of these names."""
    return [data for event, data in found if event in names]


def tokens(found, expert=None):
    """What one expert said provisionally; without a name, the answer itself."""
    return "".join(data["token"] for data in of(found, "TOKEN") if data.get("expert") == expert)


def places(found, name):
    return [place for place, (event, _) in enumerate(found) if event == name]


def v1_turn(port, path, model, text, stream, headers=()):
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}
    if path == MESSAGES:
        body["max_tokens"] = 1000
    if path == RESPONSES:
        body = {"model": model, "stream": stream, "input": text}
    answer = fetch(port, "POST", path, body, headers, timeout=30)
    expect(answer.status == 200 and answer.complete, f"{path} {model}: {answer.status} {answer.body[:300]}")
    return answer


def streamed(port, path, model, text="hello"):
    """The concatenated deltas of a stream in one of the dialects."""
    pieces = []
    for data in events(v1_turn(port, path, model, text, True).body):
        if data == "[DONE]":
            continue
        expect("error" not in data or data["error"] is None, f"{path}: {data}")
        if path == CHAT:
            pieces += [choice["delta"].get("content") or "" for choice in data["choices"]]
        elif path == MESSAGES:
            pieces.append(data.get("delta", {}).get("text", "") if data["type"] == "content_block_delta" else "")
        else:
            pieces.append(data["delta"] if data["type"] == "response.output_text.delta" else "")
    return "".join(pieces)


def answered(port, path, model, text="hello"):
    """The text of a whole answer in one of the dialects."""
    body = v1_turn(port, path, model, text, False).json()
    if path == CHAT:
        return body["choices"][0]["message"]["content"]
    if path == MESSAGES:
        return "".join(block.get("text", "") for block in body["content"])
    return "".join(part.get("text", "") for item in body["output"] for part in item.get("content") or [])


def everywhere(port, model, text="hello"):
    """{where: text} of a turn on every route, whole and as a stream; each must be the same answer."""
    found = {f"{path} {how.__name__}": how(port, path, model, text)
             for path in (CHAT, MESSAGES, RESPONSES) for how in (streamed, answered)}
    found["native"] = ask(port, None, text, model=model)["content"]
    run = native(port, None, text, model=model)
    equal(run[-1][0], "COMPLETE", f"{model}: the last event")
    found["native tokens"], found["COMPLETE"] = tokens(run), run[-1][1]["content"]
    return found, run


def same_everywhere(port, model, text="hello"):
    """(the answer, the run events), the answer being the same on every route."""
    found, run = everywhere(port, model, text)
    for where, said in found.items():
        equal(said, found["COMPLETE"], f"{model}: {where} and COMPLETE.content")
    return found["COMPLETE"], run


def status(found):
    return " | ".join(data["message"] for data in of(found, "STATUS"))


def request_sent(content):
    """The messages that an `echo` was sent: [(role, text)]."""
    return [(message["role"], message.get("content")) for message in json.loads(content)["body"]["messages"]]
