import Base
import Foundation
import JSON
import Testing

@testable import Models

/// From OpenAI's dialect to Anthropic's and back: whatever the table of rules says is kept, is kept.
@Suite("Conversations there and back") struct TranslationRoundTripTests {
    /// More of them with `TRANSLATION_CASES`.
    static let cases = ProcessInfo.processInfo.environment["TRANSLATION_CASES"].flatMap { UInt64($0) } ?? 10_000

    @Test("of ten thousand and more, with tools, images and documents, each comes back as it went")
    func random() throws {
        var (calls, pictures) = (0, 0)
        for seed in 0..<Self.cases {
            var conversation = Conversation(seed: seed)
            let body = conversation.request()
            let first = try OpenAI.decodeRequest(body.bytes)
            let there = try Anthropic.encodeRequest(
                ModelCall(request: first, model: "claude-sonnet-4-5", streaming: false), asksForUsage: true)
            let second = try Anthropic.decodeRequest(there)
            let back = try OpenAI.encodeRequest(
                ModelCall(request: second, model: "m", streaming: false), asksForUsage: true)
            let third = try OpenAI.decodeRequest(back)
            try #require(
                Gist(first) == Gist(third),
                "seed \(seed): \(text(body.bytes)) became \(text(there)), then \(text(back))")
            // Providers of OpenAI's dialect cache unasked, so marks go one way only.
            try #require(Gist.marks(of: first) == Gist.marks(of: second), "seed \(seed)")
            calls += first.messages.reduce(0) { $0 + $1.toolCalls.count }
            pictures += text(there).components(separatedBy: #""type":"image""#).count - 1
        }
        #expect(calls > Int(Self.cases) / 2 && pictures > Int(Self.cases) / 10)
    }
}

/// What is kept of a request.
private struct Gist: Equatable {
    var messages: [[String]] = []
    var rest: [String] = []

    init(_ request: ChatRequest) {
        messages = request.messages.map { message in
            let parts: [String] =
                switch message.content {
                case .none: []
                case .text(let text): text.isEmpty ? [] : ["text \(text)"]
                case .parts(let parts): Self.shown(parts)
                }
            let calls = message.toolCalls.map { "\($0.id) \($0.name) \(Self.sorted($0.arguments))" }
            return [message.role.rawValue, message.toolCallID ?? "-"] + parts + calls
        }
        rest = request.tools.map { tool in
            "\(tool.name) \(tool.description ?? "-") \(tool.parameters.map { text(JSON($0).bytes) } ?? "-")"
        }
        rest += request.stop + ["\(request.temperature ?? -1) \(request.topP ?? -1) \(request.maxTokens ?? -1)"]
        rest.append(request.user ?? "-")
        // Of calls that may not be made, nobody says how many at once.
        if case ToolChoice.none? = request.toolChoice {} else { rest.append("\(request.parallelToolCalls ?? true)") }
        rest.append(Self.shown(request.toolChoice))
    }

    private static func shown(_ choice: ToolChoice?) -> String {
        switch choice {
        case nil, .auto?: "auto"
        case ToolChoice.none?: "none"
        case .required?: "required"
        case .function(let name)?: "function \(name)"
        case .other?: "other"
        }
    }

    static func marks(of request: ChatRequest) -> [CacheMark] {
        request.messages.flatMap { message -> [CacheMark] in
            guard case .parts(let parts) = message.content else { return [] }
            return parts.compactMap { if case .cacheMark(let mark) = $0 { mark } else { nil } }
        }
    }

    /// Neighbouring texts are one.
    private static func shown(_ parts: [ContentPart]) -> [String] {
        var all: [String] = []
        for part in parts {
            guard let piece = shown(part) else { continue }
            if case .text(let text) = part, all.last?.hasPrefix("text ") == true {
                all[all.count - 1] += text
            } else {
                all.append(piece)
            }
        }
        return all
    }

    private static func shown(_ part: ContentPart) -> String? {
        switch part {
        case .text(let text): "text \(text)"
        case .image(let url, _): "image \(url)"
        case .document(let document): "document \(document)"
        case .cacheMark: nil
        case .refusal(let text): "refusal \(text)"
        case .audio, .other: "lost"
        }
    }

    private static func sorted(_ arguments: String) -> String {
        (try? JSON(Array(arguments.utf8))).map { text($0.bytes) } ?? "no JSON: \(arguments)"
    }
}

/// A request by chance, of what both dialects can say.
private struct Conversation {
    private var generator: SeededGenerator
    private var callCount = 0

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
    private mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &generator)] }
    private mutating func words() -> JSON {
        .string(
            pick(["hi", "Grüße 👋🏽", "a\nb", "\"quoted\" \\ text", "  led by blanks", String(repeating: "x", count: 300)])
        )
    }

    private mutating func part() -> JSON {
        switch pick([0, 0, 1, 2, 3, 4]) {
        case 0: ["type": "text", "text": words()]
        case 1: ["type": "image_url", "image_url": ["url": "data:image/png;base64,iVBORw0KGgo="]]
        case 2: ["type": "image_url", "image_url": ["url": "https://example.com/a.png"]]
        case 3:
            [
                "type": "file",
                "file": ["filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQ="],
            ]
        default: ["type": "text", "text": words(), "cache_control": ["type": "ephemeral", "ttl": "5m"]]
        }
    }

    private mutating func content() -> JSON {
        if chance(50) { return words() }
        var parts: [JSON] = []
        for _ in 0..<pick([1, 2, 3]) { parts.append(part()) }
        return .array(parts)
    }

    private mutating func turn(hasTools: Bool) -> [JSON] {
        var messages: [JSON] = [["role": "user", "content": content()]]
        guard hasTools, chance(60) else { return messages + [["role": "assistant", "content": words()]] }
        var calls: [JSON] = []
        for _ in 0..<pick([1, 1, 2, 3]) {
            callCount += 1
            let arguments = pick(["{}", #"{"city":"Köln","n":1.5,"deep":[{"a":null}]}"#, #"{"b":true}"#])
            calls.append([
                "id": .string("call_\(callCount)"), "type": "function",
                "function": ["name": "weather", "arguments": .string(arguments)],
            ])
        }
        messages.append(["role": "assistant", "content": chance(50) ? .null : words(), "tool_calls": .array(calls)])
        for call in calls {
            messages.append(["role": "tool", "tool_call_id": call["id"] ?? .null, "content": words()])
        }
        if chance(80) { messages.append(["role": "assistant", "content": words()]) }
        return messages
    }

    mutating func request() -> JSON {
        let hasTools = chance(70)
        var messages: [JSON] = chance(50) ? [["role": "system", "content": words()]] : []
        for _ in 0..<pick([1, 2, 4]) { messages += turn(hasTools: hasTools) }
        messages.append(["role": "user", "content": content()])
        var body: JSON = ["model": "m", "messages": .array(messages), "max_tokens": .int(pick([1, 100, 4096]))]
        if hasTools {
            body["tools"] = [
                [
                    "type": "function",
                    "function": [
                        "name": "weather", "description": words(),
                        "parameters": ["type": "object", "properties": ["city": ["type": "string"]]],
                    ],
                ]
            ]
            if chance(40) { body["tool_choice"] = pick(["auto", "none", "required"]) }
            if chance(20) { body["tool_choice"] = ["type": "function", "function": ["name": "weather"]] }
            if chance(20) { body["parallel_tool_calls"] = false }
        }
        if chance(30) { body["temperature"] = .double(pick([0.5, 0.25, 1])) }
        if chance(30) { body["top_p"] = .double(0.75) }
        if chance(30) { body["stop"] = ["END", "\nUser:"] }
        if chance(30) { body["user"] = "somebody" }
        return body
    }
}
