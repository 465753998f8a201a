"""A client of OpenAI's Responses: how it reads an answer. As strict as those of `replay_clients.py`."""

import json

from harness import expect

# What a stream says of a part, and the part's field that holds the same when it is done.
TEXTS = {"response.output_text": "text", "response.reasoning_text": "text", "response.reasoning_summary_text": "text",
         "response.refusal": "refusal", "response.function_call_arguments": "arguments"}
SAID = ("response.output_text", "response.refusal")
REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}


def whole(root, model, told):
    expect(root["id"] and root["object"] == "response" and isinstance(root["created_at"], int), f"head: {root}")
    expect(root["model"] == model, f"model is {root['model']!r}")
    for item in root["output"]:
        if item["type"] == "message":
            expect(item["role"] == "assistant" and item["status"] in ("completed", "incomplete"), f"item: {item}")
            told.text += "".join(part.get("text") or part.get("refusal", "") for part in item["content"])
        elif item["type"] == "reasoning":
            parts = [*item["summary"], *(item.get("content") or [])]
            told.thinking += "".join(part["text"] for part in parts)
        else:
            expect(item["type"] == "function_call" and item["id"], f"item: {item}")
            told.calls.append((item["name"], json.loads(item["arguments"]), item["call_id"]))
    told.usage = root["usage"]
    if root["status"] == "incomplete":
        told.finish = REASONS[root["incomplete_details"]["reason"]]
    else:
        expect(root["status"] == "completed" and root["error"] is None, f"status {root['status']}: {root['error']}")
        told.finish = "tool_calls" if told.calls else "stop"


def stream(events, model, told):
    pieces, items, over = {}, {}, False
    for position, (name, event) in enumerate(events):
        expect(not over and name == event["type"], f"the event {name} holds {event}")
        expect(event["sequence_number"] == position, f"event {position} has the number {event['sequence_number']}")
        expect(position or name == "response.created", f"begins with {name}")
        subject, _, verb = name.rpartition(".")
        place = (event.get("output_index"), event.get("content_index", event.get("summary_index")))
        if name == "response.output_item.added":
            expect(event["output_index"] == len(items), f"an item out of order: {event}")
            items[event["output_index"]] = event["item"]["id"]
        elif subject in TEXTS:
            expect(items.get(event["output_index"]) == event["item_id"], f"of an item that did not begin: {event}")
            if verb == "delta":
                pieces[subject, place] = pieces.get((subject, place), "") + event["delta"]
            else:
                found = pieces.get((subject, place), "")
                expect(found == event[TEXTS[subject]], f"the pieces are {found!r}: {event}")
        elif name in ("error", "response.failed"):
            error = event["response"]["error"] if name == "response.failed" else event
            expect(error["message"] and error["code"], f"error: {event}")
            told.error, over = (None, None, error["message"]), True
        elif name in ("response.completed", "response.incomplete"):
            whole(event["response"], model, told)
            expect([item["id"] for item in event["response"]["output"]] == [*items.values()], "other items at the end")
            over = True
    expect(over, "the stream has no end")
    # What failed has no whole to read.
    if told.error:
        told.text = "".join(text for (subject, _), text in pieces.items() if subject in SAID)
        told.thinking = "".join(text for (subject, _), text in pieces.items() if "reasoning" in subject)
