import Base
import HTTP
import JSON
import Models
import TestKit
import Testing

@testable import Orchestrator
@testable import Server
@testable import Telemetry

/// Words that end a frame, a line or a label where they are written as they are.
@Suite("Words that break out")
struct InjectionTests {
    private static let words = [
        "a\n\ndata: [DONE]\n\n", "a\r\n\r\nevent: COMPLETE\r\ndata: {}\r\n\r\n", "a\rdata: x\r\r",
        "a\u{2028}b\u{2029}c",
        "\u{1b}[2J\u{1b}[31m", "\" 1\nfake_total{x=\"", "\\", "\\\"", "}\n", "\u{85}\u{feff}", ":",
        "id: 7\nretry: 1",
    ]
    private static let target = Target(provider: "b", model: "m")

    private func events(_ bytes: [UInt8]) throws -> [SSEEvent] {
        var decoder = SSEDecoder()
        decoder.feed(bytes)
        var events: [SSEEvent] = []
        while let event = try decoder.next() { events.append(event) }
        return events
    }

    @Test("what a model says, and the tools that it names, stay within one JSON line of their event", arguments: words)
    func native(_ word: String) throws {
        let clock = TestClock()
        var format = NativeStreamFormat(
            report: TurnReport(
                requestID: "req_1", runID: "run_1", conversationID: "conv_1", personaID: word, started: clock.now()),
            time: clock)
        var bytes: [UInt8] = []
        let call = ToolCallDelta(index: 0, id: word, name: word, arguments: word)
        for kind in [ModelEvent.Kind.text(word), .toolCall(call)] {
            format.signal(.said(.model(ModelEvent(kind))), into: &bytes)
        }
        format.signal(.nodeStarted(word), into: &bytes)
        let completion = ChatCompletion(choices: [.init(text: word, finishReason: .other(word))])
        format.finish(
            ChatAnswer(
                target: Target(provider: "b", model: word), completion: completion, headers: HTTPHeaders(), attempts: 1),
            into: &bytes)
        format.fail(CodedError(.providerFailed, word, param: word), into: &bytes)
        let found = try events(bytes)
        #expect(
            found.map(\.event) == ["START_EXECUTION", "TOKEN", "TOOL", "NODE", "PIPELINE_METRICS", "COMPLETE", "ERROR"])
        let data = try found.map { try JSON($0.data) }
        #expect(data[1]["token"]?.string == word)
        #expect(data[2]["name"]?.string == word && data[2]["arguments"]?.string == word)
        #expect(data[3]["name"]?.string == word)
        #expect(data[5]["content"]?.string == word)
        #expect(data[6]["message"]?.string == word)
        // A control character written as it is would act on whoever reads the stream by lines.
        #expect(!bytes.contains { $0 < 0x20 && $0 != 0x0a } && !bytes.contains(0))
    }

    @Test("names and ids of events are refused where they hold a line end", arguments: ["a\nb", "a\rb", "a\r\nb"])
    func names(_ word: String) {
        var bytes: [UInt8] = []
        #expect(throws: (any Error).self) {
            try SSEEncoder.append(event: word, id: "1", data: [0x7b, 0x7d], to: &bytes)
        }
        #expect(throws: (any Error).self) {
            try SSEEncoder.append(event: "E", id: word, data: [0x7b, 0x7d], to: &bytes)
        }
        #expect(bytes.isEmpty)
    }

    @Test("an entry of the log is one line without control characters, and gives back what was said", arguments: words)
    func log(_ word: String) throws {
        let memory = MemoryLog()
        Logger(sink: memory, level: .info, time: TestClock()).log(.info, word, .string("value", word))
        let bytes = Array(memory.text.utf8)
        #expect(bytes.last == 0x0a)
        #expect(!bytes.dropLast().contains { $0 < 0x20 || $0 == 0x7f })
        let line = try JSON(bytes)
        #expect(line["message"]?.string == word && line["value"]?.string == word)
    }

    @Test("a NUL goes nowhere as it is, neither into an event nor into the log")
    func nul() {
        let memory = MemoryLog()
        Logger(sink: memory, level: .info, time: TestClock()).log(.info, "a\0b", .string("value", "a\0b"))
        #expect(!memory.text.utf8.contains(0) && memory.text.contains(#"a\u0000b"#))
        let clock = TestClock()
        var format = NativeStreamFormat(
            report: TurnReport(
                requestID: "req_1", runID: "run_1", conversationID: "conv_1", personaID: nil, started: clock.now()),
            time: clock)
        var bytes: [UInt8] = []
        format.signal(.said(.model(ModelEvent(.text("a\0b")))), into: &bytes)
        #expect(!bytes.contains(0) && String(decoding: bytes, as: UTF8.self).contains(#"a\u0000b"#))
    }

    @Test("a label's value ends no line and no label", arguments: words)
    func label(_ word: String) {
        let metrics = Metrics()
        metrics.counter("a_total", "As.", labels: ["x", "y"]).with(word, "z").add(3)
        let text = String(decoding: PrometheusText.render(metrics), as: UTF8.self)
        let lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[3].isEmpty)
        let line = String(lines[2]) ?? ""
        #expect(line.hasPrefix("a_total{x=\"") && line.hasSuffix("\",y=\"z\"} 3"))
        // Between them every quote and backslash is escaped.
        let value = line.dropFirst(11).dropLast(10)
        var isEscaped = false
        for scalar in value.unicodeScalars {
            if !isEscaped { #expect(scalar != "\"") }
            isEscaped = !isEscaped && scalar == "\\"
        }
        #expect(!isEscaped)
    }
}
