import JSON
import Models

extension OpenAI {
    static func body(of chat: Chat) -> JSON {
        var messages: [JSON] = []
        if let system = chat.system { messages.append(["role": "system", "content": .string(system)]) }
        messages += chat.turns.map(message)
        var body: JSON = ["model": "bench", "messages": .array(messages), "temperature": 0.7, "max_tokens": 1024]
        if !chat.tools.isEmpty {
            body["tools"] = .array(
                chat.tools.map {
                    let function: JSON = [
                        "name": .string($0.name), "description": .string($0.description), "parameters": $0.schema,
                    ]
                    return ["type": "function", "function": function]
                })
            body["tool_choice"] = "auto"
        }
        if chat.streams { body["stream"] = true }
        return body
    }

    private static func message(_ turn: Chat.Turn) -> JSON {
        switch turn {
        case .user(let text): return ["role": "user", "content": .string(text)]
        case .image(let text, let data):
            let url: JSON = .string("data:image/png;base64,\(data)")
            return [
                "role": "user",
                "content": [
                    ["type": "text", "text": .string(text)], ["type": "image_url", "image_url": ["url": url]],
                ],
            ]
        case .assistant(let text): return ["role": "assistant", "content": .string(text)]
        case .call(let id, let name, let arguments):
            let text = String(decoding: arguments.bytes, as: UTF8.self)
            let function: JSON = ["name": .string(name), "arguments": .string(text)]
            let call: JSON = ["id": .string(id), "type": "function", "function": function]
            return ["role": "assistant", "content": nil, "tool_calls": [call]]
        case .result(let id, let text):
            return ["role": "tool", "tool_call_id": .string(id), "content": .string(text)]
        }
    }
}

extension Anthropic {
    static func body(of chat: Chat) -> JSON {
        var body: JSON = ["model": "bench", "max_tokens": 1024]
        if let system = chat.system { body["system"] = .string(system) }
        body["messages"] = .array(chat.turns.map(message))
        body["temperature"] = 0.7
        if !chat.tools.isEmpty {
            body["tools"] = .array(
                chat.tools.map {
                    ["name": .string($0.name), "description": .string($0.description), "input_schema": $0.schema]
                })
            body["tool_choice"] = ["type": "auto"]
        }
        if chat.streams { body["stream"] = true }
        return body
    }

    private static func message(_ turn: Chat.Turn) -> JSON {
        switch turn {
        case .user(let text): return ["role": "user", "content": .string(text)]
        case .image(let text, let data):
            let source: JSON = ["type": "base64", "media_type": "image/png", "data": .string(data)]
            return [
                "role": "user",
                "content": [["type": "text", "text": .string(text)], ["type": "image", "source": source]],
            ]
        case .assistant(let text):
            return ["role": "assistant", "content": [["type": "text", "text": .string(text)]]]
        case .call(let id, let name, let arguments):
            let call: JSON = ["type": "tool_use", "id": .string(id), "name": .string(name), "input": arguments]
            return ["role": "assistant", "content": [call]]
        case .result(let id, let text):
            let result: JSON = ["type": "tool_result", "tool_use_id": .string(id), "content": .string(text)]
            return ["role": "user", "content": [result]]
        }
    }
}
