"""What is not text, through the Anthropic client: images, documents, thoughts, marks for the cache."""

from anthropic_calls import ask, body, final, ordered, refused, same, text_of, user
from harness import equal, expect
from upstreams import ANTHROPIC, BOTH, CONTENT, DIRECT, MOCK_PORT, OPENAI, THOUGHT, check, mock_control, texts

PNG, PDF = "iVBORw0KGgo=", "JVBERi0xLjQK"
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
FAR_IMAGE = {"type": "image", "source": {"type": "url", "url": f"https://127.0.0.1:{MOCK_PORT}/control?image"}}
DOCUMENT = {"type": "document", "title": "a.pdf",
            "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}
FAR_DOCUMENT = {"type": "document", "source": {"type": "url", "url": f"https://127.0.0.1:{MOCK_PORT}/control?file"}}
PLAIN = {"type": "document", "title": "notes",
         "source": {"type": "text", "media_type": "text/plain", "data": "Plain words."}}
QUESTION = {"type": "text", "text": "What is this?"}


def sent_parts(on, *blocks):
    """The parts of the user's message as they arrive, without those of text."""
    before = mock_control()["requests"]
    content = body(on, [QUESTION, *blocks])["messages"][-1]["content"]
    equal(mock_control()["requests"], before + 1, "requests: something was fetched")
    expect(QUESTION in content, f"the question is missing in {content}")
    return [part for part in content if part["type"] != "text"]


@check("images by their bytes and by address; nothing is fetched", *BOTH)
def _(on):
    found = sent_parts(on, IMAGE, FAR_IMAGE)
    if on is ANTHROPIC:
        equal(found, [IMAGE, FAR_IMAGE])
        return
    equal([part["type"] for part in found], ["image_url", "image_url"])
    equal([part["image_url"]["url"] for part in found],
          [f"data:image/png;base64,{PNG}", FAR_IMAGE["source"]["url"]])


@check("documents by their bytes, by address and as text", *BOTH)
def _(on):
    found = sent_parts(on, DOCUMENT, FAR_DOCUMENT, PLAIN)
    if on is ANTHROPIC:
        equal(found, [DOCUMENT, FAR_DOCUMENT, PLAIN])
        return
    equal([part["type"] for part in found], ["file"] * 3)
    equal([part["file"]["file_data"] for part in found[:2]],
          [f"data:application/pdf;base64,{PDF}", FAR_DOCUMENT["source"]["url"]])
    equal(found[0]["file"]["filename"], "a.pdf")
    expect(found[2]["file"]["file_data"].startswith("data:text/plain"), found[2])


@check("bytes that are not base64 are refused, and the place is named", *BOTH, direct=False)
def _(on):
    before = mock_control()["requests"]
    for block in (IMAGE, DOCUMENT):
        bad = {**block, "source": {**block["source"], "data": "not base64!"}}
        error = refused(400, "invalid_request_error", ask, on, content=[QUESTION, bad])
        expect("messages[0].content[1]" in error.api_message, error.api_message)
    equal(mock_control()["requests"], before, "requests: it was sent all the same")


@check("blocks that only Anthropic has are refused for another dialect, and the place is named", OPENAI, direct=False)
def _(on):
    found = {"type": "search_result", "source": "https://mock.test/", "title": "x", "content": [QUESTION]}
    error = refused(400, "invalid_request_error", ask, on, content=[QUESTION, found])
    expect("messages[0].content[1]" in error.api_message, error.api_message)


@check("thoughts and their signature, whole and streamed", *BOTH)
def _(on):
    message = ask(on, "reasoning")
    equal([block.type for block in message.content], ["thinking", "text"])
    equal((message.content[0].thinking, text_of(message)), (THOUGHT, CONTENT))
    if on is ANTHROPIC:
        expect(message.content[0].signature, "the signature is missing")
    same(message, final(on, "reasoning"))
    events = list(ask(on, "reasoning", stream=True))
    equal(ordered(events), ["thinking", "text"])
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    equal("".join(delta.thinking for delta in deltas if delta.type == "thinking_delta"), THOUGHT)
    if on is ANTHROPIC:
        equal(sum(delta.type == "signature_delta" for delta in deltas), 1, "signatures")


@check("sealed thoughts, whole and streamed", ANTHROPIC)
def _(on):
    message = ask(on, "redacted")
    equal([block.type for block in message.content], ["redacted_thinking", "text"])
    expect(message.content[0].data, "nothing is sealed")
    same(message, final(on, "redacted"))


@check("thinking that is asked for", *BOTH)
def _(on):
    wanted = {"type": "enabled", "budget_tokens": 2048}
    message = ask(on, thinking=wanted, max_tokens=8192)
    equal([block.type for block in message.content], ["thinking", "text"])
    for thinking, effort in ((wanted, "low"), ({**wanted, "budget_tokens": 5000}, "medium"),
                             ({**wanted, "budget_tokens": 20_000}, "high"), ({"type": "disabled"}, None)):
        sent = body(on, thinking=thinking, max_tokens=32_000)
        if on is ANTHROPIC:
            equal(sent["thinking"], thinking)
        else:
            equal(sent.get("reasoning_effort", "none"), effort or "none", f"{thinking}")
            expect("thinking" not in sent, "a field of the other dialect")


@check("thoughts that a client sends back", *BOTH)
def _(on):
    content = [{"type": "thinking", "thinking": THOUGHT, "signature": "c2ln"},
               {"type": "redacted_thinking", "data": "c2VhbA=="}, {"type": "text", "text": "Two"}]
    messages = [*user("One"), {"role": "assistant", "content": content}, *user("Three")]
    sent = body(on, messages=messages)["messages"]
    if on is ANTHROPIC:
        equal(sent, messages)
        return
    equal([message["role"] for message in sent], ["user", "assistant", "user"])
    # Most providers refuse a field for thoughts; those of DeepSeek's kind are known by the catalogue.
    equal((texts(sent[1]["content"]), sent[1].get("reasoning_content")), ("Two", None))
    expect("c2ln" not in str(sent) and "c2VhbA" not in str(sent), "a signature or a seal went to another provider")


@check("marks for the cache", *BOTH)
def _(on):
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    system, content = [{"type": "text", "text": "Be brief.", **mark}], [{**QUESTION, **mark}, {**IMAGE, **mark}]
    sent = body(on, content, system=system)
    if on is ANTHROPIC:
        equal((sent["system"], sent["messages"]), (system, user(content)))
    else:
        expect("cache_control" not in str(sent), "a mark went to a provider that does not know it")
        equal(texts(sent["messages"][0]["content"]), "Be brief.")


@check("what the provider's own tools did, and sources, whole and streamed", ANTHROPIC)
def _(on):
    kinds = ["server_tool_use", "web_search_tool_result", "text"]
    message = ask(on, "server-tool")
    equal([block.type for block in message.content], kinds)
    equal((message.stop_reason, message.content[0].input), ("end_turn", {"query": "mock"}))
    equal(message.content[2].citations[0].cited_text, "one")
    equal(ordered(list(ask(on, "server-tool", stream=True))), kinds)
    same(message, final(on, "server-tool"))
    if not DIRECT:
        equal(message.model, on.model("server-tool"))
