import HTTP
import HTTPClient
import HTTPServer
import JSON
import Synchronization
import TestKit
import Testing
import Transport

@testable import Server

@Suite("A conversation on the command line", .timeLimit(.minutes(1)))
struct ChatConversationTests {
    /// What the model was told, a list of texts a call, and what stands on the screen.
    private final class Heard: Sendable {
        let calls = Mutex<[[String]]>([])
        let screen = Mutex("")
    }

    private static func stream(_ text: String) -> Response {
        let body =
            #"data: {"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"# + "\n\n"
            + #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"
        return Response(status: 200, headers: ["content-type": "text/event-stream"], body: Array(body.utf8))
    }

    @Test("each question goes with all that was answered before it, once; one that failed goes with none")
    func history() async throws {
        let heard = Heard()
        try await RunningApp.run(
            { RunningApp.plain($0).replacing("failures: 1 ", with: "failures: 100 ") },
            upstream: { request in
                let asked = try? JSON(try await request.body(limit: 10_000))
                let texts = asked?["messages"]?.array?.compactMap { $0["content"]?.string } ?? []
                let count = heard.calls.withLock { calls in
                    calls.append(texts)
                    return calls.count
                }
                return texts.last == "bad" ? .failing(500) : Self.stream("answer \(count)")
            }
        ) { app in
            let group = EventLoopGroup(count: 1)
            let client = HTTPClient(group: group)
            let server = ServerConnection(["TUTTI_URL": "http://127.0.0.1:\(app.port)"], client: client)
            var options = ChatOptions()
            options.model = "one"
            var conversation = ChatConversation(server: server, options: options, loop: group.loops[0]) { text in
                heard.screen.withLock { $0 += text }
                return true
            }
            var outcomes: [ChatConversation.Outcome] = []
            for text in ["first", "second", "bad", "third"] { outcomes.append(await conversation.say(text)) }
            #expect(outcomes == [.answered, .answered, .failed, .answered])
            await client.shutdown()
            await group.shutdown()
        }
        #expect(
            heard.calls.withLock { $0 } == [
                ["first"], ["first", "answer 1", "second"], ["first", "answer 1", "second", "answer 2", "bad"],
                ["first", "answer 1", "second", "answer 2", "third"],
            ])
        #expect(heard.screen.withLock { $0 } == "answer 1\nanswer 2\nanswer 4\n")
    }
}
