import Base
import Foundation
import HTTP
import JSON
import Models
import Testing

/// A recorded exchange: what was asked, and what came.
struct RecordedExchange: Sendable, CustomTestStringConvertible {
    let name: String
    let url: String
    let status: Int
    let request: [UInt8]
    let body: [UInt8]

    var testDescription: String { name }
    var isStream: Bool { text(body).hasPrefix("event:") }

    /// The messages API itself, and Bedrock where its answers are messages.
    static let anthropic = load(["openllmetry_anthropic", "pydanticai_anthropic", "pydanticai_google"]) { url in
        url.contains("/v1/messages") && !url.contains("count_tokens") || url.hasSuffix("/invoke")
    }

    /// OpenAI's chat, of whichever provider.
    static let chat = load(Recording.files) { $0.contains("chat/completions") }

    static func load(_ files: [String], where isWanted: (String) -> Bool) -> [RecordedExchange] {
        files.flatMap { file -> [RecordedExchange] in
            let path = Recording.folder.appendingPathComponent("\(file).jsonl")
            guard let lines = try? String(contentsOf: path, encoding: .utf8) else { return [] }
            return lines.split(separator: "\n").enumerated().compactMap { number, line in
                guard let value = try? JSON(Array(line.utf8)), let url = value["url"]?.string, isWanted(url),
                    let request = value["request_body"], let body = value["body"]?.string
                else { return nil }
                return RecordedExchange(
                    name: "\(file):\(number + 1)", url: url, status: Int(value["status"]?.int ?? 0),
                    request: request.bytes, body: Array(body.utf8))
            }
        }
    }

    /// The data of each event, read plainly.
    var frames: [String] {
        text(body).components(separatedBy: "\n\n").compactMap { block in
            block.components(separatedBy: "\n").first { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
        }
    }
}

/// What an answer holds, taken from its JSON without the decoder.
struct ExpectedAnswer {
    var text = ""
    var thoughts = ""
    var signatures: [String] = []
    var seals: [String] = []
    var calls: [(id: String, name: String, input: JSON)] = []
    var reason: String?
    /// By the provider's names; nested ones by their path.
    var usage: [String: Int64] = [:]

    mutating func add(usage: JSON?) {
        for member in usage?.object ?? [] {
            if let count = member.value.int { self.usage[member.key] = count }
            for inner in member.value.object ?? [] {
                if let count = inner.value.int { self.usage["\(member.key).\(inner.key)"] = count }
            }
        }
    }

    init(whole: JSON) {
        for block in whole["content"]?.array ?? [] {
            switch block["type"]?.string {
            case "text": text += block["text"]?.string ?? ""
            case "thinking": thoughts += block["thinking"]?.string ?? ""
            case "tool_use":
                calls.append((block["id"]?.string ?? "", block["name"]?.string ?? "", block["input"] ?? .null))
            default: break
            }
        }
        reason = whole["stop_reason"]?.string
        add(usage: whole["usage"])
    }

    init(frames: [JSON]) throws {
        var inputs: [Int64: String] = [:]
        var order: [Int64] = []
        for frame in frames {
            let index = frame["index"]?.int ?? -1
            switch frame["type"]?.string {
            case "message_start": add(usage: frame["message"]?["usage"])
            case "content_block_start":
                let block = frame["content_block"]
                if let data = block?["data"]?.string { seals.append(data) }
                guard block?["type"] == "tool_use" else { break }
                inputs[index] = ""
                order.append(index)
                calls.append((block?["id"]?.string ?? "", block?["name"]?.string ?? "", .null))
            case "content_block_delta":
                let delta = frame["delta"]
                text += delta?["text"]?.string ?? ""
                thoughts += delta?["thinking"]?.string ?? ""
                if let signature = delta?["signature"]?.string { signatures.append(signature) }
                if let piece = delta?["partial_json"]?.string, inputs[index] != nil { inputs[index]? += piece }
            case "message_delta":
                reason = frame["delta"]?["stop_reason"]?.string
                add(usage: frame["usage"])
            default: break
            }
        }
        for (position, index) in order.enumerated() {
            let written = inputs[index] ?? ""
            calls[position].input = try JSON(Array((written.isEmpty ? "{}" : written).utf8))
        }
    }

    func check(_ completion: ChatCompletion) throws {
        let choice = try #require(completion.choices.first)
        #expect(completion.choices.count == 1)
        #expect(choice.text ?? "" == text)
        #expect(choice.reasoning ?? "" == thoughts)
        #expect(choice.toolCalls.map(\.id) == calls.map(\.id))
        #expect(choice.toolCalls.map(\.name) == calls.map(\.name))
        #expect(try choice.toolCalls.map { try JSON(Array($0.arguments.utf8)) } == calls.map(\.input))
        let reasons = ["end_turn": "stop", "tool_use": "tool_calls"]
        #expect(choice.finishReason?.name == reasons[try #require(reason)])
        let found = try #require(completion.usage)
        func sum(_ names: String...) -> Int { names.reduce(0) { $0 + Int(usage[$1] ?? 0) } }
        func count(_ name: String) -> Int? { usage[name].map { Int($0) } }
        let prompt = sum("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        #expect(found.promptTokens == prompt)
        #expect(found.completionTokens == count("output_tokens"))
        #expect(found.totalTokens == prompt + sum("output_tokens"))
        #expect(found.cachedTokens == count("cache_read_input_tokens"))
        #expect(found.cacheWriteTokens == count("cache_creation_input_tokens"))
        #expect(found.cacheWriteHourTokens == count("cache_creation.ephemeral_1h_input_tokens"))
        #expect(found.reasoningTokens == count("output_tokens_details.thinking_tokens"))
    }
}
