"""What Anthropic refuses of a request, in its words, so that nothing is sent to it that only a mock would take."""

FIELDS = {"model", "messages", "max_tokens", "system", "stream", "stop_sequences", "temperature", "top_p", "top_k",
          "tools", "tool_choice", "thinking", "metadata", "output_config", "output_format", "cache_control",
          "service_tier", "container", "mcp_servers"}
# The version of the API that has no sampling any more.
NEWER, SAMPLING = "2026-10-21", {"temperature", "top_p", "top_k"}
MEDIA = {"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf", "text/plain"}


def fault(request, needs_max_tokens=True):
    """(status, message) of what is wrong with a request; None where nothing is."""
    headers, body = request["headers"], request["body"]
    if not (headers.get("x-api-key") or headers.get("authorization")):
        return 401, "x-api-key header is required"
    if "anthropic-version" not in headers:
        return 400, "anthropic-version: header is required"
    if headers["anthropic-version"] >= NEWER and (gone := SAMPLING & set(body)):
        return 400, f"{min(gone)}: Extra inputs are not permitted"
    found = next(faults(body, needs_max_tokens, "anthropic-beta" in headers), None)
    return found and (400, found)


def faults(body, needs_max_tokens, is_beta):
    # What begins with x_ stands for fields that come to be; a beta has further ones.
    yield from (f"{key}: Extra inputs are not permitted" for key in body
                if key not in FIELDS and not key.startswith("x_") and not is_beta)
    most = body.get("max_tokens")
    # 0 fills the cache and gives no answer.
    if needs_max_tokens and not (isinstance(most, int) and most >= 0):
        yield "max_tokens: Field required" if most is None else "max_tokens: must be greater than or equal to 0"
    temperature = body.get("temperature")
    if temperature is not None and not 0 <= temperature <= 1:
        yield "temperature: range: 0..1"
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled":
        if thinking.get("budget_tokens", 0) < 1024:
            yield "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
        if needs_max_tokens and isinstance(most, int) and thinking.get("budget_tokens", 0) >= most:
            yield "`max_tokens` must be greater than `thinking.budget_tokens`"
    for index, tool in enumerate(body.get("tools") or []):
        if "type" not in tool and (tool.get("input_schema") or {}).get("type") != "object":
            yield f"tools.{index}.custom.input_schema.type: Field required"
    yield from conversation_faults(body.get("messages"))


def conversation_faults(messages):
    if not messages:
        yield "messages: at least one message is required"
        return
    if messages[0].get("role") != "user":
        yield "messages: first message must use the \"user\" role"
    open_calls = set()
    for index, message in enumerate(messages):
        place, role = f"messages.{index}", message.get("role")
        if role not in ("user", "assistant", "system"):
            yield f"{place}.role: Input should be 'user', 'assistant' or 'system'"
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not blocks:
            yield f"{place}: content must be non-empty"
            continue
        results = {block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"}
        if missing := open_calls - results:
            yield f"{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}"
        if strange := results - open_calls:
            yield f"{place}: unexpected `tool_use_id` found in `tool_result` blocks: {strange}"
        open_calls = {block["id"] for block in blocks if block.get("type") == "tool_use"}
        for number, block in enumerate(blocks):
            yield from block_faults(block, f"{place}.content.{number}")
    if open_calls:
        yield f"messages: `tool_use` ids were found without `tool_result` blocks: {open_calls}"


def block_faults(block, place):
    kind, source = block.get("type"), block.get("source") or {}
    if kind == "text" and not block.get("text", "").strip():
        yield f"{place}.text: text content blocks must be non-empty"
    if kind == "tool_use" and not isinstance(block.get("input"), dict):
        yield f"{place}.tool_use.input: Input should be a valid dictionary"
    if kind in ("image", "document"):
        if source.get("type") in ("base64", "text") and source.get("media_type") not in MEDIA:
            yield f"{place}.source.media_type: Input should be one of {sorted(MEDIA)}"
        if source.get("type") == "url" and not source.get("url", "").startswith("https://"):
            yield f"{place}.source.url: Only HTTPS URLs are supported."
        if source.get("type") not in ("base64", "url", "text", "content", "file"):
            yield f"{place}.source: Input tag '{source.get('type')}' found using 'type' does not match"
