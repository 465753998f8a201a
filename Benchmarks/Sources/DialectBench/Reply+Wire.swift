import JSON
import Models

extension OpenAI {
    private static let usage: JSON = [
        "prompt_tokens": 1128, "completion_tokens": 500, "total_tokens": 1628,
        "prompt_tokens_details": ["cached_tokens": 0, "audio_tokens": 0],
        "completion_tokens_details": [
            "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        ],
    ]

    private static func head(_ object: String) -> JSON {
        [
            "id": "chatcmpl-DPTCXQDA1Su2Kbn749ZrLxrcjWieU", "object": .string(object), "created": 1_774_962_821,
            "model": "gpt-4o-2024-08-06", "service_tier": "default", "system_fingerprint": "fp_d0469e1700",
        ]
    }

    static func stream(of reply: Reply) -> [UInt8] {
        var stream: [UInt8] = []
        func append(_ delta: JSON, finish: JSON = nil) {
            var chunk = head("chat.completion.chunk")
            chunk["choices"] = [["index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish]]
            chunk["obfuscation"] = "qfQVOwfh62"
            Wire.append(chunk, to: &stream)
        }
        append(["role": "assistant", "content": "", "refusal": nil])
        var begun = 0
        for piece in reply.pieces {
            switch piece {
            case .text(let text): append(["content": .string(text)])
            case .arguments(let index, let text):
                if index == begun {
                    begun += 1
                    append(["tool_calls": [start(of: reply, index)]])
                }
                append(["tool_calls": [["index": .int(Int64(index)), "function": ["arguments": .string(text)]]]])
            }
        }
        append([:], finish: reply.calls.isEmpty ? "stop" : "tool_calls")
        var last = head("chat.completion.chunk")
        last["choices"] = []
        last["usage"] = usage
        Wire.append(last, to: &stream)
        return stream + Array("data: [DONE]\n\n".utf8)
    }

    private static func start(of reply: Reply, _ index: Int) -> JSON {
        [
            "index": .int(Int64(index)), "id": .string("call_ZR5UUuTt3pf61kjwAJIYdVM\(index)"), "type": "function",
            "function": ["name": .string(reply.calls[index]), "arguments": ""],
        ]
    }

    static func answer(of reply: Reply) -> JSON {
        var message: JSON = ["role": "assistant", "content": nil, "refusal": nil, "annotations": []]
        if reply.calls.isEmpty {
            message["content"] = .string(reply.content)
        } else {
            message["tool_calls"] = .array(
                reply.calls.indices.map { index in
                    var call = start(of: reply, index)
                    call["index"] = nil
                    call["function"]?["arguments"] = .string(reply.arguments(of: index))
                    return call
                })
        }
        var body = head("chat.completion")
        let finish: JSON = reply.calls.isEmpty ? "stop" : "tool_calls"
        body["choices"] = [["index": 0, "message": message, "logprobs": nil, "finish_reason": finish]]
        body["usage"] = usage
        return body
    }
}

extension Anthropic {
    private static func usage(_ output: Int64) -> JSON {
        [
            "input_tokens": 1128, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
            "cache_creation": ["ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0],
            "output_tokens": .int(output), "service_tier": "standard",
        ]
    }

    private static func message(_ content: [JSON], stop: JSON, output: Int64) -> JSON {
        [
            "model": "claude-sonnet-4-5-20250929", "id": "msg_01Xf6SmUVY1mDrSwFc5RsY3n", "type": "message",
            "role": "assistant", "content": .array(content), "stop_reason": stop, "stop_sequence": nil,
            "usage": usage(output),
        ]
    }

    static func stream(of reply: Reply) -> [UInt8] {
        var stream: [UInt8] = []
        func append(_ type: String, _ members: KeyValuePairs<String, JSON>) {
            let all = [JSON.Member("type", .string(type))] + members.map { JSON.Member($0, $1) }
            Wire.append(.object(all), named: type, to: &stream)
        }
        append("message_start", ["message": message([], stop: nil, output: 2)])
        var open: Int64 = -1
        for piece in reply.pieces {
            let (block, delta): (Int64, JSON)
            switch piece {
            case .text(let text): (block, delta) = (0, ["type": "text_delta", "text": .string(text)])
            case .arguments(let index, let text):
                (block, delta) = (Int64(index), ["type": "input_json_delta", "partial_json": .string(text)])
            }
            if block != open {
                if open >= 0 { append("content_block_stop", ["index": .int(open)]) }
                open = block
                append("content_block_start", ["index": .int(block), "content_block": start(of: reply, Int(block))])
                if block == 0 { append("ping", [:]) }
            }
            append("content_block_delta", ["index": .int(block), "delta": delta])
        }
        append("content_block_stop", ["index": .int(open)])
        let reason: JSON = reply.calls.isEmpty ? "end_turn" : "tool_use"
        append("message_delta", ["delta": ["stop_reason": reason, "stop_sequence": nil], "usage": usage(500)])
        append("message_stop", [:])
        return stream
    }

    private static func start(of reply: Reply, _ index: Int) -> JSON {
        if reply.calls.isEmpty { return ["type": "text", "text": ""] }
        return [
            "type": "tool_use", "id": .string("toolu_01A09q90qw90lq917835lq\(index)"),
            "name": .string(reply.calls[index]), "input": [:],
        ]
    }

    static func answer(of reply: Reply) -> JSON {
        if reply.calls.isEmpty {
            return message([["type": "text", "text": .string(reply.content)]], stop: "end_turn", output: 500)
        }
        let blocks = reply.calls.indices.map { index in
            var block = start(of: reply, index)
            // Nothing but valid JSON was cut into the pieces.
            block["input"] = try? JSON(Array(reply.arguments(of: index).utf8))
            return block
        }
        return message(blocks, stop: "tool_use", output: 500)
    }
}
