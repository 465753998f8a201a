import Base
import Models
import Synchronization

/// A model that has its whole answer at once, a token an event, so that what is measured is the orchestration alone. Each
/// of its names says something else, in part the same words.
final class TokenModel: ChatModel {
    static let tokens = 64
    static let names = (1...6).map { "m\($0)" }

    private struct Script {
        let pieces: [ModelEvent]
        let whole: [ModelEvent]
    }

    private let scripts: [String: Script]

    init() {
        scripts = Dictionary(
            uniqueKeysWithValues: Self.names.enumerated().map { ($1, Self.script(Self.words(from: $0))) })
    }

    /// Five letters a token are usual.
    private static func words(from place: Int) -> [String] {
        let words = [
            " The", " road", " from", " the", " north", " comes", " down", " to", " a", " ford", ",", " where", " both",
            " rivers", " meet", " and", " turn", " slow", ".", " Nobody", " knows", " who", " built", " there", ".",
        ]
        return (0..<tokens).map { words[($0 + 7 * place) % words.count] }
    }

    private static func script(_ words: [String]) -> Script {
        let usage = Usage(promptTokens: 40, completionTokens: tokens)
        let choice = ChatCompletion.Choice(index: 0, text: words.joined(), finishReason: .stop)
        return Script(
            pieces: words.map { ModelEvent(.text($0)) } + [ModelEvent(.finish(.stop)), ModelEvent(.usage(usage))],
            whole: [ModelEvent(.whole(ChatCompletion(choices: [choice], usage: usage)))])
    }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        guard let script = scripts[call.model] else { throw CodedError(.modelNotFound, "There is no such model.") }
        return TokenStream(call.streaming ? script.pieces : script.whole)
    }

    /// As providers do: nothing here waits, so there is nothing to end.
    func start(
        _ call: ModelCall, context: RunContext, token: CancellationToken
    ) async throws(CodedError) -> any ModelStream {
        try await start(call, context: context)
    }
}

final class TokenStream: ModelStream {
    private let events: [ModelEvent]
    private let place = Atomic(0)

    init(_ events: [ModelEvent]) { self.events = events }

    func ready() throws(CodedError) -> ModelSupply { pop().map { .event($0) } ?? .end }

    /// As providers do with what they have read.
    func ready(_ count: Int, into taken: inout [ModelEvent]) throws(CodedError) -> ModelRest {
        let now = place.load(ordering: .relaxed)
        let end = min(events.count, now + count)
        place.store(end, ordering: .relaxed)
        taken.append(contentsOf: events[now..<end])
        return end < events.count ? .more : .end
    }

    func next() async throws(CodedError) -> ModelEvent? { pop() }

    /// One reader at a time.
    private func pop() -> ModelEvent? {
        let now = place.load(ordering: .relaxed)
        guard now < events.count else { return nil }
        place.store(now + 1, ordering: .relaxed)
        return events[now]
    }

    func cancel() { place.store(events.count, ordering: .relaxed) }
}
