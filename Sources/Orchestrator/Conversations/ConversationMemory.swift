public import Base
internal import Models

/// What turns have to do with their conversations: where they are kept, how much of one goes with the next turn, and
/// that its turns come one after the other. One for a process: turns of one conversation meet in it, whichever
/// configuration they began in.
public final class ConversationMemory: Sendable {
    private let store: any ConversationStore
    private let time: any TimeSource
    let line = ConversationLine()

    public init(_ store: any ConversationStore, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// The request with what was said before, by whole turns of at most `limit` messages. The past stands behind what
    /// the request begins with to instruct the model, which is nobody's turn: it holds for this request alone.
    func compose(
        _ request: Shared<ChatRequest>, _ conversation: String, messages limit: Int, context: RunContext
    ) async throws(CodedError) -> Shared<ChatRequest> {
        guard limit > 0 else { return request }
        let turns = try await store.turns(of: conversation, scope: context.scope, messages: limit)
        guard !turns.isEmpty else { return request }
        var composed = request.value
        let (instructions, asked) = Self.parts(of: composed)
        composed.messages = Array(instructions)
        for turn in turns { composed.messages += turn.messages + [turn.answer] }
        composed.messages += asked
        // The client's own bytes say less.
        composed.original = nil
        return Shared(composed)
    }

    /// What a request begins with to instruct the model, and the turn.
    private static func parts(of request: ChatRequest) -> (ArraySlice<ChatMessage>, ArraySlice<ChatMessage>) {
        let messages = request.messages
        let first = messages.firstIndex { $0.role != .system && $0.role != .developer } ?? messages.endIndex
        return (messages[..<first], messages[first...])
    }

    /// Keeps a turn that was answered. One that cannot be kept is lost for later turns: an answer that stands is not taken
    /// back for it.
    func keep(
        _ request: ChatRequest, _ completion: ChatCompletion, _ conversation: String, context: RunContext
    ) async {
        let asked = Array(Self.parts(of: request).1)
        guard let choice = completion.choices.first, !asked.isEmpty else { return }
        let answer = ChatMessage(
            role: .assistant, content: choice.text.map { .text($0) } ?? .none, toolCalls: choice.toolCalls,
            refusal: choice.refusal)
        let turn = ConversationTurn(runID: context.runID, messages: asked, answer: answer, ended: time.wallTime())
        try? await store.append(turn, to: conversation, scope: context.scope)
    }
}

/// How turns of a graph remember.
public struct ConversationSettings: Sendable {
    public var memory: ConversationMemory
    /// Messages of the past that go with a turn, by whole turns.
    public var messages: Int

    public init(_ memory: ConversationMemory, messages: Int = 10) {
        self.memory = memory
        self.messages = messages
    }
}
