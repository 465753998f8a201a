// What the mock upstream answers, in either dialect: about as long as what providers send.
#pragma once

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n"

static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char FAILURE[] =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 69\r\n\r\n"
    "{\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":null}}\n";

/// A stream is `begin`, then each delta between `delta` and `delta_end` with its number, then `end`.
struct dialect {
    const char *whole, *begin, *delta, *delta_end, *end;
};

static const struct dialect OPENAI = {
    .whole =
        "{\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion\",\"created\":1700000000,"
        "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
        "\"A graph of nodes answers a turn: from a cache, from one model or from several at once, streaming from the "
        "first token.\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":42,\"completion_tokens\":27,\"total_tokens\":69,"
        "\"prompt_tokens_details\":{\"cached_tokens\":0}},"
        "\"system_fingerprint\":\"fp_0123456789\"}",
    .begin = "",
    .delta =
        "data: {\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token ",
    .delta_end = "\"},\"finish_reason\":null}]}\n\n",
    .end =
        "data: {\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
        "data: [DONE]\n\n",
};

static const struct dialect ANTHROPIC = {
    .whole =
        "{\"id\":\"msg_0123456789abcdefghijkl\",\"type\":\"message\",\"role\":\"assistant\","
        "\"model\":\"claude-haiku-4-5\",\"content\":[{\"type\":\"text\",\"text\":"
        "\"A graph of nodes answers a turn: from a cache, from one model or from several at once, streaming from the "
        "first token.\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":42,"
        "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":27}}",
    .begin =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_0123456789abcdefghijkl\","
        "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-haiku-4-5\",\"content\":[],"
        "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":42,\"output_tokens\":1}}}\n\n"
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
        "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    .delta =
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
        "\"delta\":{\"type\":\"text_delta\",\"text\":\" token ",
    .delta_end = "\"}}\n\n",
    .end =
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
        "\"stop_sequence\":null},\"usage\":{\"output_tokens\":27}}\n\n"
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
};
