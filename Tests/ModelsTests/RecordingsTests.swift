import Base
import Foundation
import HTTP
import JSON
import Models
import Testing

/// Recorded exchanges with real servers, where they are at hand.
struct Recording: Sendable, CustomTestStringConvertible {
    let name: String
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    var testDescription: String { name }
    var isStream: Bool { text(body).hasPrefix("data:") || text(body).contains("\ndata:") }

    static let files = [
        "openllmetry_openai", "openllmetry_groq", "openllmetry_mistral", "pydanticai_openai", "pydanticai_groq",
        "pydanticai_deepseek", "pydanticai_mistral", "pydanticai_openrouter",
    ]

    static let folder: URL = {
        let root = ProcessInfo.processInfo.environment["TUTTI_SHARED"].map { URL(fileURLWithPath: $0) }
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (root ?? package.deletingLastPathComponent().appendingPathComponent("shared"))
            .appendingPathComponent("data/fixtures")
    }()

    static let all: [Recording] = files.flatMap { file -> [Recording] in
        guard let lines = try? String(contentsOf: folder.appendingPathComponent("\(file).jsonl"), encoding: .utf8)
        else { return [] }
        return lines.split(separator: "\n").enumerated().compactMap { number, line in
            guard let value = try? JSON(Array(line.utf8)), value["url"]?.string?.contains("chat/completions") == true,
                let body = value["body"]?.string
            else { return nil }
            let headers = value["headers"]?.object?.map { ($0.key, $0.value.string ?? "") } ?? []
            return Recording(
                name: "\(file):\(number + 1)", status: Int(value["status"]?.int ?? 0), headers: HTTPHeaders(headers),
                body: Array(body.utf8))
        }
    }

    static var isThere: Bool { !all.isEmpty }
    static let skipped: Comment =
        "the recordings are not at hand (set TUTTI_SHARED to the folder that holds data/fixtures)"

    /// The data of each event, read plainly.
    var frames: [String] {
        text(body).replacing("\r\n", with: "\n").components(separatedBy: "\n\n").compactMap { block in
            let lines = block.components(separatedBy: "\n").filter { $0.hasPrefix("data:") }
            return lines.isEmpty
                ? nil : lines.map { String($0.dropFirst($0.hasPrefix("data: ") ? 6 : 5)) }.joined(separator: "\n")
        }
    }
}

@Suite("Recorded answers of real providers", .enabled(if: Recording.isThere, Recording.skipped))
struct RecordingsTests {
    @Test("there are as many as we count on")
    func count() {
        #expect(Recording.all.count > 90)
        #expect(Recording.all.filter(\.isStream).count > 20)
    }

    @Test(
        "every frame of a stream goes through byte for byte but for the model",
        arguments: Recording.all.filter(\.isStream))
    func frames(recording: Recording) throws {
        let frames = recording.frames
        let failing = frames.contains { $0.contains(#""error":{"#) }
        let (events, error) = StreamTests.decode(recording.body, cutEvery: 61)
        #expect((error?.code == .providerFailed) == failing)
        #expect(failing || error == nil)
        let seen = events.compactMap { event -> String? in
            if case .frame(let frame) = event.source { text(frame.bytes) } else { nil }
        }
        let expected = frames.filter { $0 != "[DONE]" }.prefix { !$0.contains(#""error":{"#) }
        #expect(seen == Array(expected))

        let written = EncodingTests.write(events, includeUsage: true)
        var shown = written.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { String($0.dropFirst(6)) }
        #expect(shown.popLast() == "[DONE]")
        // Usage that stands where clients do not look for it, or beside an error, is told in a chunk of its own.
        let tells = try frames.contains { frame in
            if frame == "[DONE]" { return false }
            let value = try JSON(Array(frame.utf8))
            return value["usage"]?.object != nil && value["error"]?.object == nil
        }
        let isTold = events.contains { if case .usage = $0.kind { true } else { false } }
        // An end that the provider did not say, because it failed.
        let isUnsaid = !expected.contains { $0.contains(#""finish_reason":""#) }
        #expect(shown.count == expected.count + (isTold && !tells ? 1 : 0) + (isUnsaid ? 1 : 0))
        #expect(!isUnsaid || failing)
        for (before, after) in zip(expected, shown) {
            // The model is the only member that differs; put back, the bytes are the same.
            let model = try JSON(Array(before.utf8))["model"]
            let restored =
                model.map { JSONMembers.replacing("model", with: $0.bytes, in: Array(after.utf8)) } ?? Array(after.utf8)
            #expect(text(restored) == before)
            if model != nil { #expect(try JSON(Array(after.utf8))["model"] == "local/x") }
        }
    }

    @Test("what is put together is what the frames say", arguments: Recording.all.filter(\.isStream))
    func assembled(recording: Recording) throws {
        var expectedText = ""
        var expectedArguments = ""
        var expectedNames: [String] = []
        var expectedUsage: JSON?
        var expectedFinish: String?
        for frame in recording.frames where frame != "[DONE]" {
            let value = try JSON(Array(frame.utf8))
            if let usage = value["usage"] ?? value["x_groq"]?["usage"], usage != .null { expectedUsage = usage }
            if value["error"]?.object != nil { break }
            for choice in value["choices"]?.array ?? [] where choice["index"] == 0 {
                expectedFinish = choice["finish_reason"]?.string ?? expectedFinish
                expectedText += choice["delta"]?["content"]?.string ?? ""
                for piece in choice["delta"]?["content"]?.array ?? [] { expectedText += piece["text"]?.string ?? "" }
                for call in choice["delta"]?["tool_calls"]?.array ?? [] {
                    expectedArguments += call["function"]?["arguments"]?.string ?? ""
                    expectedNames += (call["function"]?["name"]?.string).map { [$0] } ?? []
                }
            }
        }
        var assembler = Assembler()
        for event in StreamTests.decode(recording.body, cutEvery: 1000).events { assembler.add(event) }
        let completion = assembler.completion
        #expect(completion.text == expectedText)
        #expect(completion.choices.first?.finishReason?.name == expectedFinish)
        #expect((completion.choices.first?.toolCalls ?? []).map(\.arguments).joined() == expectedArguments)
        #expect((completion.choices.first?.toolCalls ?? []).map(\.name) == expectedNames)
        #expect(completion.usage.map { Int64($0.totalTokens) } == expectedUsage?["total_tokens"]?.int)
        #expect(completion.usage.map { Int64($0.completionTokens) } == expectedUsage?["completion_tokens"]?.int)
    }

    /// The two whose calls lack what clients read, and their calls as they are shown.
    static let mended: [String: (Repairs.Kind, String)] = [
        "pydanticai_mistral:1": (
            .toolCallType,
            #"{"type":"function","function":{"arguments":"{}","name":"get_image"},"id":"FI5qQGzDE","index":0}"#
        ),
        "pydanticai_openrouter:18": (
            .toolArguments,
            #"{"function":{"name":"find_education_content","arguments":"{}"},"id":"toolu_vrtx_015QAXScZzRDPttiPoc34AdD","index":0,"type":"function"}"#
        ),
    ]

    @Test("whole answers are read and go through", arguments: Recording.all.filter { !$0.isStream && $0.status == 200 })
    func whole(recording: Recording) throws {
        let value = try JSON(recording.body)
        let message = value["choices"]?[0]?["message"]
        if value["error"]?.object != nil || value["choices"]?.array == nil {
            #expect(throws: CodedError.self) { try OpenAI.decodeCompletion(recording.body) }
            return
        }
        let completion = try OpenAI.decodeCompletion(recording.body)
        if let content = message?["content"]?.string { #expect(completion.text == content) }
        #expect(completion.choices.count == value["choices"]?.array?.count)
        #expect(completion.choices.first?.toolCalls.count == message?["tool_calls"]?.array?.count ?? 0)
        #expect(completion.choices.first?.finishReason?.name == value["choices"]?[0]?["finish_reason"]?.string)
        #expect(completion.usage.map { Int64($0.promptTokens) } == value["usage"]?["prompt_tokens"]?.int)
        var repairs = Repairs()
        let shown = OpenAI.encodeCompletion(completion, as: EncodingTests.identity, repairs: &repairs)
        let model = try #require(value["model"])
        let range = try #require(JSONMembers.find("model", in: recording.body)?.value)
        let restored = JSONMembers.replacing("model", with: Array(recording.body[range]), in: shown)
        #expect(model.string != nil)
        if let (kind, mended) = Self.mended[recording.name] {
            #expect(repairs[kind] == 1)
            let call = try JSON(restored)["choices"]?[0]?["message"]?["tool_calls"]?[0]
            #expect(call == (try JSON(Array(mended.utf8))))
        } else {
            #expect(repairs.isEmpty)
            #expect(text(restored) == text(recording.body))
        }
    }

    @Test("recorded errors have their meaning", arguments: Recording.all.filter { $0.status >= 400 })
    func errors(recording: Recording) {
        let error = OpenAI.decodeError(
            status: recording.status, headers: recording.headers, body: recording.body, wall: ErrorsTests.wall)
        let expected: ErrorCode =
            switch recording.status {
            case 400: .providerRefused
            case 401: .providerRejectedKey
            case 404: .modelUnavailable
            case 429: .providerRateLimited
            default: .providerFailed
            }
        #expect(error.code == expected)
        if recording.status == 400 { #expect(error.message.contains("Tool choice is required")) }
    }
}
