import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("What turns have to do with their conversations")
struct ConversationMemoryTests {
    private let clock = TestClock()
    private let store: MemoryConversations
    private let memory: ConversationMemory

    init() {
        store = MemoryConversations(time: clock)
        memory = ConversationMemory(store, time: clock)
    }

    private func context(_ run: String = "run_0") -> RunContext {
        RunContext(
            requestID: "req_1", runID: run, scope: Scope(tenant: "a", user: "anna", key: "k", role: .member),
            trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))
    }

    private func request(_ messages: ChatMessage...) -> ChatRequest { ChatRequest(model: "m", messages: messages) }

    private func composed(_ request: ChatRequest, limit: Int = 10) async throws -> [String] {
        try await memory.compose(Shared(request), "c", messages: limit, context: context()).value.messages
            .map { "\($0.role) \($0.text)" }
    }

    private func keep(_ request: ChatRequest, _ answer: String?, run: String) async {
        await memory.keep(
            request, ChatCompletion(choices: answer.map { [.init(text: $0, finishReason: .stop)] } ?? []), "c",
            context: context(run))
    }

    @Test("the past stands behind the instructions, which are kept by nobody")
    func order() async throws {
        await keep(request(ChatMessage(.system, "Be short."), ChatMessage(.user, "one")), "first", run: "run_1")
        await keep(request(ChatMessage(.user, "two"), ChatMessage(.user, "and")), "second", run: "run_2")
        let next = request(
            ChatMessage(.system, "Be long."), ChatMessage(.developer, "Be kind."), ChatMessage(.user, "three"))
        #expect(
            try await composed(next) == [
                "system Be long.", "developer Be kind.", "user one", "assistant first", "user two", "user and",
                "assistant second", "user three",
            ])
    }

    @Test("the past goes by whole turns, the last in any case; none where none is wanted")
    func limits() async throws {
        await keep(request(ChatMessage(.user, "one")), "first", run: "run_1")
        await keep(request(ChatMessage(.user, "two"), ChatMessage(.user, "and")), "second", run: "run_2")
        let next = request(ChatMessage(.user, "three"))
        let last = ["user two", "user and", "assistant second", "user three"]
        #expect(try await composed(next, limit: 4) == last)
        #expect(try await composed(next, limit: 1) == last)
        #expect(try await composed(next, limit: 5).count == 6)
        #expect(try await composed(next, limit: 0) == ["user three"])
    }

    @Test("what has no answer, or asks nothing, is not kept; a run is kept once")
    func nothing() async throws {
        await keep(request(ChatMessage(.user, "one")), nil, run: "run_1")
        await keep(request(ChatMessage(.system, "alone")), "first", run: "run_2")
        #expect(try await composed(request(ChatMessage(.user, "two"))) == ["user two"])
        for _ in 0..<2 { await keep(request(ChatMessage(.user, "one")), "first", run: "run_3") }
        #expect(try await composed(request(ChatMessage(.user, "two"))) == ["user one", "assistant first", "user two"])
    }

    @Test("a request that is composed does not carry the client's own bytes, another one is left alone")
    func bytes() async throws {
        var asked = request(ChatMessage(.user, "two"))
        asked.original = ChatRequest.Original(dialect: .openai, bytes: [0x7B, 0x7D])
        #expect(try await memory.compose(Shared(asked), "c", messages: 10, context: context()).value.original != nil)
        await keep(request(ChatMessage(.user, "one")), "first", run: "run_1")
        #expect(try await memory.compose(Shared(asked), "c", messages: 10, context: context()).value.original == nil)
    }
}
