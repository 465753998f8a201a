import Base
import Foundation
import HTTP
import JSON
import Models
import Testing

/// A recorded exchange with Anthropic's API: what was asked, and what came.
private struct Exchange: Sendable, CustomTestStringConvertible {
    let name: String
    let path: String
    let request: JSON
    let body: [UInt8]

    var testDescription: String { name }

    static let files = ["openllmetry_anthropic", "pydanticai_anthropic", "pydanticai_google"]

    static let all: [Exchange] = files.flatMap { file -> [Exchange] in
        let path = Recording.folder.appendingPathComponent("\(file).jsonl")
        guard let lines = try? String(contentsOf: path, encoding: .utf8) else { return [] }
        return lines.split(separator: "\n").enumerated().compactMap { number, line in
            guard let value = try? JSON(Array(line.utf8)), let url = value["url"]?.string,
                let path = URL(string: url)?.path, path.hasPrefix("/v1/messages"), let request = value["request_body"],
                let body = value["body"]?.string
            else { return nil }
            return Exchange(name: "\(file):\(number + 1)", path: path, request: request, body: Array(body.utf8))
        }
    }

    static var isThere: Bool { !all.isEmpty }
    static let messages = all.filter { $0.path == "/v1/messages" }
    static let streams = messages.filter { text($0.body).hasPrefix("event:") }

    /// The tokens that the provider counted.
    var counted: Int? {
        let answer: JSON?
        if text(body).hasPrefix("event:") {
            answer =
                text(body).split(separator: "\n").first { $0.hasPrefix("data:") }
                .flatMap { try? JSON(Array($0.utf8.dropFirst(5))) }?["message"]
        } else {
            answer = try? JSON(body)
        }
        guard let usage = answer?["usage"] ?? answer, let input = usage["input_tokens"]?.int else { return nil }
        return Int(
            input + (usage["cache_read_input_tokens"]?.int ?? 0) + (usage["cache_creation_input_tokens"]?.int ?? 0))
    }
}

@Suite("Recorded exchanges in Anthropic's dialect", .enabled(if: Exchange.isThere, Recording.skipped))
struct AnthropicRecordingsTests {
    @Test("there are as many as we count on")
    func count() {
        #expect(Exchange.messages.count >= 58)
        #expect(Exchange.streams.count >= 15)
        #expect(Exchange.all.count > Exchange.messages.count)
    }

    @Test("every request is read, its tools and turns are all there", arguments: Exchange.all)
    fileprivate func request(_ exchange: Exchange) throws {
        let isCount = exchange.path.hasSuffix("count_tokens")
        let bytes = exchange.request.bytes
        let request = isCount ? try Anthropic.decodeTokenCountRequest(bytes) : try Anthropic.decodeRequest(bytes)
        let own = exchange.request
        #expect(request.stream == (own["stream"]?.bool ?? false))
        #expect(request.maxTokens == own["max_tokens"]?.int.map { Int($0) })
        let tools = own["tools"]?.array ?? []
        #expect(request.tools.count == tools.filter { $0["type"] == nil || $0["type"] == "custom" }.count)
        #expect(request.hasForeignTools == (request.tools.count < tools.count))
        #expect((request.foreignField == "mcp_servers") == (own["mcp_servers"] != nil))
        let results = (own["messages"]?.array ?? []).flatMap { $0["content"]?.array ?? [] }
            .filter { $0["type"] == "tool_result" }
        #expect(request.messages.filter { $0.role == .tool }.count == results.count)
        #expect((request.messages.first?.role == .system) == (own["system"] != nil))
        #expect(request.original?.bytes == bytes)
    }

    @Test("estimates are within half and double of what was counted, where the provider adds nothing of its own")
    func estimates() throws {
        for exchange in Exchange.all {
            let request = try Anthropic.decodeTokenCountRequest(exchange.request.bytes)
            guard !request.hasForeignTools, request.foreignField == nil, let counted = exchange.counted else {
                continue
            }
            let estimate = Anthropic.estimateInputTokens(of: request)
            #expect(estimate * 2 >= counted && estimate <= counted * 2, "\(exchange.name): \(estimate) for \(counted)")
        }
    }

    @Test("every frame of a stream goes through byte for byte but for the model", arguments: Exchange.streams)
    fileprivate func frames(_ exchange: Exchange) throws {
        var decoder = SSEDecoder()
        decoder.feed(exchange.body)
        var events: [ModelEvent] = []
        while let event = try decoder.next() {
            events.append(ModelEvent(.other, source: .frame(Frame(dialect: .anthropic, bytes: event.data))))
        }
        let written = text(AnthropicResponseEncoderTests.write(events))
        let model = try #require(
            text(exchange.body).firstMatch(of: try Regex(#"\"message\":\{[^{}]*?\"model\":\"([^\"]*)\""#))?.output[1]
                .substring)
        #expect(
            written
                == text(exchange.body).replacing(
                    "\"model\":\"\(model)\"", with: "\"model\":\"groq/x\"", maxReplacements: 1))
    }

    @Test(
        "every recorded stream of OpenAI's dialect becomes a message of the same text, calls, reason and usage",
        arguments: Recording.all.filter(\.isStream))
    func built(_ recording: Recording) throws {
        let (events, error) = StreamTests.decode(recording.body, cutEvery: 4096)
        guard error == nil else { return }
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        let message = try MessageGrammar(AnthropicResponseEncoderTests.write(events))
        let choice = try #require(assembler.completion.choices.first)
        #expect(message.texts("text", "text") == (choice.text ?? "") + (choice.refusal ?? ""))
        #expect(message.texts("thinking", "thinking") == choice.reasoning ?? "")
        let body = try JSON(
            Anthropic.encodeCompletion(assembler.completion, as: AnthropicResponseEncoderTests.identity))
        #expect(message.calls == body["content"]?.array?.filter { $0["type"] == "tool_use" })
        #expect(message.stopReason == body["stop_reason"]?.string)
        #expect(message.usage == body["usage"])
        let usage = assembler.completion.usage
        let input = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
            .compactMap { message.usage[$0]?.int }.reduce(0, +)
        #expect(input >= Int64(usage?.promptTokens ?? 0))
        #expect(message.usage["output_tokens"]?.int == Int64(usage?.completionTokens ?? 0))
    }
}
