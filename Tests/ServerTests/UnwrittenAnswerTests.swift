import Base
import Foundation
import HTTP
import HTTPClient
import HTTPServer
import JSON
import Orchestrator
import Synchronization
import TestKit
import Testing
import Transport

@testable import Server

/// `tutti bulk` and `tutti chat` before an output that takes no more: what is answered for nobody is paid for all the
/// same.
@Suite("Answers that cannot be written", .timeLimit(.minutes(2)))
struct UnwrittenAnswerTests {
    /// Takes so many pieces, and no more.
    private final class Output: Sendable {
        private let state: Mutex<(left: Int, text: String, refused: Int)>

        init(takes count: Int) { state = Mutex((count, "", 0)) }

        var text: String { state.withLock(\.text) }
        var refused: Int { state.withLock(\.refused) }

        func write(_ text: String) -> Bool {
            state.withLock { state in
                guard state.left > 0 else {
                    state.refused += 1
                    return false
                }
                state.left -= 1
                state.text += text
                return true
            }
        }
    }

    private static func file(_ lines: [String]) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "tutti-\(UUID().uuidString).jsonl")
        try Data(lines.map { #"{"model":"one","message":"\#($0)"}"# + "\n" }.joined().utf8).write(to: file)
        return file.path
    }

    @Test("end a bulk request: the lines that are left are not asked", arguments: [0, 2])
    func bulk(_ taken: Int) async throws {
        let gate = Gate()
        // The line after the one that cannot be written is asked beside it, and then none.
        let upstream = { @Sendable (request: Request) async -> Response in
            let body = String(decoding: (try? await request.body(limit: 1 << 20)) ?? [], as: UTF8.self)
            let isBehind = (taken + 1..<40).contains { body.contains("n\($0).") }
            if isBehind { await gate.pass() }
            return .saying("ok")
        }
        try await RunningApp.run({ RunningApp.plain($0) + "server: { drain: 0s }\n" }, upstream: upstream) { app in
            defer { gate.open() }
            let path = try Self.file((0..<40).map { "n\($0)." })
            defer { try? FileManager.default.removeItem(atPath: path) }
            let output = Output(takes: taken)
            var options = BulkOptions()
            (options.file, options.parallel) = (path, 1)
            let environment = ["TUTTI_URL": "http://127.0.0.1:\(app.port)", "NO_COLOR": "1"]
            let code = await BulkCommand.run(options, environment: environment) { output.write($0) }
            #expect(code == 1)
            #expect(output.refused == 1, "nothing is tried again")
            let rows = try output.text.split(separator: "\n").map { try JSON(Array($0.utf8)) }
            #expect(rows.compactMap { $0["index"]?.int } == (0..<taken).map { Int64($0 + 1) })
            // The request is ended at the server, and the line that was asked meanwhile with it.
            while app.app.lasting.registry.count > 0 { await Task.yield() }
            #expect(gate.arrivals <= 1)
        }
    }

    @Test("end a chat's turn, and fail", arguments: [false, true], [0, 1])
    func chat(json: Bool, taken: Int) async throws {
        try await RunningApp.run(RunningApp.plain, upstream: { _ in Self.words }) { app in
            let group = EventLoopGroup(count: 1)
            let client = HTTPClient(group: group)
            let environment = ["TUTTI_URL": "http://127.0.0.1:\(app.port)"]
            let output = Output(takes: taken)
            var options = ChatOptions()
            (options.model, options.json) = ("one", json)
            var conversation = ChatConversation(
                server: ServerConnection(environment, client: client), options: options, loop: group.loops[0]
            ) { output.write($0) }
            let outcome = await conversation.say("hello")
            #expect(outcome == .failed)
            #expect(output.refused == 1, "nothing is tried again")
            await client.shutdown()
            await group.shutdown()
            while app.app.lasting.registry.count > 0 { await Task.yield() }
        }
    }

    /// A stream of several tokens.
    private static let words = Response(
        status: 200, headers: ["content-type": "text/event-stream"],
        body: Array(
            (String(repeating: #"data: {"choices":[{"index":0,"delta":{"content":"w "}}]}"# + "\n\n", count: 9)
                + #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n").utf8))
}
