extension TranslationRule {
    static let messages: [TranslationRule] = [
        .init(
            .message, "instructions at the start", openAI: "messages[].role system, developer",
            anthropic: "system", toAnthropic: .changed, toOpenAI: .changed,
            "One text, joined with an empty line; blocks if one of them has a cache mark. Back, a system message."),
        .init(
            .message, "instructions later", openAI: "messages[].role system, developer", toAnthropic: .refused,
            "After the first message of another role."),
        .init(
            .message, "instructions alone", openAI: "messages", toAnthropic: .refused,
            "Without any message that holds something."),
        .init(
            .message, "turns", openAI: "messages[].role user, assistant", anthropic: "messages[].role",
            toAnthropic: .kept, toOpenAI: .kept,
            "Neighbours of the same role become one message for Anthropic; what holds nothing is left out."),
        .init(
            .message, "beginning of the answer", openAI: "messages[].role assistant (the last)",
            anthropic: "messages[].role assistant (the last)", toAnthropic: .changed, toOpenAI: .kept,
            "White space at its end is left out for Anthropic, which refuses it. Refused for models without prefill by "
                + "the catalogue; those of OpenAI's dialect may be asked so by clients of the same alone, to whom it is "
                + "one message more."),
        .init(
            .message, "text", openAI: "content, content[].type text", anthropic: "content, content[].type text",
            toAnthropic: .kept, toOpenAI: .kept,
            "Texts that are empty or white space are never sent to Anthropic, which refuses them."),
        .init(
            .message, "name of a participant", openAI: "messages[].name", toAnthropic: .dropped),
        .init(
            .message, "image with its bytes", openAI: "content[].image_url.url (data:)",
            anthropic: "content[].source.type base64", toAnthropic: .changed, toOpenAI: .changed,
            "JPEG, PNG, GIF and WebP; any other, and what is not base64, is refused."),
        .init(
            .message, "image by its address", openAI: "content[].image_url.url",
            anthropic: "content[].source.type url", toAnthropic: .kept, toOpenAI: .kept,
            "Anthropic takes https alone; any other address is refused."),
        .init(
            .message, "detail of an image", openAI: "content[].image_url.detail", toAnthropic: .dropped),
        .init(
            .message, "sound", openAI: "content[].type input_audio", toAnthropic: .refused),
        .init(
            .message, "file with its bytes", openAI: "content[].file.file_data", anthropic: "content[].type document",
            toAnthropic: .changed, toOpenAI: .changed,
            "PDF for Anthropic; any other, and what is not base64, is refused."),
        .init(
            .message, "file by its address", openAI: "content[].file.file_data (https:)",
            anthropic: "content[].source.type url", toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .message, "file as plain text", anthropic: "content[].source.type text", toOpenAI: .changed,
            "A data: URL of text/plain."),
        .init(
            .message, "name of a file", openAI: "content[].file.filename", anthropic: "content[].title",
            toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .message, "what is said of a file", anthropic: "content[].context", toOpenAI: .changed,
            "Text before the file."),
        .init(
            .message, "sources asked for", anthropic: "content[].citations.enabled", toOpenAI: .dropped),
        .init(
            .message, "file by its id", openAI: "content[].file.file_id", anthropic: "content[].source.type file",
            toAnthropic: .refused, toOpenAI: .refused, "Only the provider that gave the id has the file."),
        .init(
            .message, "cache mark on content", openAI: "content[].cache_control",
            anthropic: "content[].cache_control", toAnthropic: .kept, toOpenAI: .dropped,
            "Gateways of OpenAI's dialect pass it on. In a tool's result it marks the whole result."),
        .init(
            .message, "other parts", openAI: "content[].type", anthropic: "content[].type", toAnthropic: .refused,
            toOpenAI: .refused, "Parts that only the client's own dialect has, such as search results."),
        .init(
            .message, "refusal", openAI: "messages[].refusal, content[].type refusal", toAnthropic: .changed,
            "Text of the assistant."),
        .init(
            .message, "thoughts", openAI: "messages[].reasoning_content", anthropic: "content[].type thinking",
            toAnthropic: .dropped, toOpenAI: .changed,
            "Anthropic takes back its own alone, known by the signature; others are left out even of its own clients' "
                + "requests. Back, the text is reasoning_content for DeepSeek, and left out for others."),
        .init(
            .message, "proof of thoughts", anthropic: "content[].signature", toOpenAI: .dropped),
        .init(
            .message, "sealed thoughts", anthropic: "content[].type redacted_thinking", toOpenAI: .dropped),
        .init(
            .message, "fields of one provider's answers, sent back",
            openAI: "messages[].annotations, reasoning_details, reasoning, prefix, audio",
            anthropic: "content[].citations, caller", toAnthropic: .dropped, toOpenAI: .dropped),
        .init(
            .message, "tool calls", openAI: "messages[].tool_calls[].function", anthropic: "content[].type tool_use",
            toAnthropic: .changed, toOpenAI: .changed,
            "Arguments are text with OpenAI and an object with Anthropic; no text is an empty object, and text that is "
                + "no JSON object is refused. Every call must have its result before the next text; else it is refused."
        ),
        .init(
            .message, "ids of tool calls", openAI: "messages[].tool_calls[].id", anthropic: "content[].id",
            toAnthropic: .kept, toOpenAI: .kept,
            "Ids that Anthropic does not accept, or that came before in the conversation, are written anew, the same "
                + "way every time, and their results with them. The same id twice in a turn is refused."),
        .init(
            .message, "calls of tools that are no functions", openAI: "messages[].tool_calls[].type custom",
            anthropic: "content[].type server_tool_use, mcp_tool_use", toAnthropic: .refused, toOpenAI: .refused,
            "By the tool that they call, or by their result."),
        .init(
            .message, "results of tools", openAI: "messages[].role tool", anthropic: "content[].type tool_result",
            toAnthropic: .changed, toOpenAI: .changed,
            "Blocks of a user's message with Anthropic, before all others. A result whose call is not in the "
                + "assistant's message before it is refused."),
        .init(
            .message, "failure of a tool", anthropic: "content[].is_error", toOpenAI: .changed,
            "The result's text begins with Error."),
        .init(
            .message, "images and documents in a tool's result", anthropic: "content[].content[]", toOpenAI: .changed,
            "Parts of a user's message after the results, with a text that names the call."),
        .init(
            .message, "results of old functions", openAI: "messages[].role function", toAnthropic: .refused),
    ]
}
