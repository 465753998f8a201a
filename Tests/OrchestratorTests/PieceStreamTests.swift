import Base
import Models
import Synchronization
import Testing

@testable import Orchestrator

/// Pieces of a text that are there at once, and what must not be joined with them.
@Suite("Pieces that are there at once come as one") struct PieceStreamTests {
    /// Each of `bursts` is there at once; then there is nothing until somebody waits.
    private final class Bursts: ModelStream {
        private let rest: Mutex<[[ModelEvent]]>
        private let failure: CodedError?

        init(_ bursts: [[ModelEvent]], failure: CodedError? = nil) {
            rest = Mutex(bursts)
            self.failure = failure
        }

        func ready() throws(CodedError) -> ModelSupply {
            let (event, isOver) = rest.withLock { rest in
                (rest.first?.isEmpty == false ? rest[0].removeFirst() : nil, rest.count <= 1)
            }
            if let event { return .event(event) }
            if isOver, let failure { throw failure }
            return isOver ? .end : .later
        }

        func next() async throws(CodedError) -> ModelEvent? {
            rest.withLock { if $0.first?.isEmpty == true { $0.removeFirst() } }
            if case .event(let event) = try ready() { return event }
            return nil
        }

        func cancel() {}
    }

    private func text(_ text: String, choice: Int = 0, frame: String? = nil) -> ModelEvent {
        ModelEvent(
            .text(text), choice: choice,
            source: frame.map { .frame(Frame(dialect: .openai, bytes: Array($0.utf8))) } ?? .built)
    }

    private func read(_ bursts: [[ModelEvent]], failure: CodedError? = nil) async -> (events: [ModelEvent], ErrorCode?)
    {
        var stream = PieceStream(Bursts(bursts, failure: failure), joins: true)
        var events: [ModelEvent] = []
        do throws(CodedError) {
            while true {
                var supply = try stream.ready()
                if case .later = supply { supply = try await stream.next() }
                guard case .event(let event) = supply else { return (events, nil) }
                events.append(event)
            }
        } catch {
            return (events, error.code)
        }
    }

    @Test("what waits for another burst comes by itself, and a piece alone keeps its frame")
    func bursts() async {
        let (events, _) = await read([
            [text("a"), text("b"), text("c")], [text("d", frame: "{}")], [text("e"), text("f")],
        ])
        #expect(events == [text("abc"), text("d", frame: "{}"), text("ef")])
    }

    @Test("other choices, other kinds and tokens with their chances stay apart, in their order")
    func apart() async {
        let likely = ModelEvent(.text("x"), logprobs: [TokenLogprob(.init(token: "x", logprob: -1))])
        let events = [
            text("a"), text("b"), text("c", choice: 1), text("d"), ModelEvent(.reasoning("r")), text("e"), likely,
            text("f"),
            text("g"), ModelEvent(.finish(.stop)),
        ]
        let joined = [
            text("ab"), text("c", choice: 1), text("d"), ModelEvent(.reasoning("r")), text("e"), likely, text("fg"),
            ModelEvent(.finish(.stop)),
        ]
        #expect(await read([events]).events == joined)
    }

    @Test("what shares the frame of a joined piece is no part of a frame any more")
    func sharedFrame() async {
        let finish = ModelEvent(.finish(.stop), source: .sameFrame)
        let usage = ModelEvent(.usage(Usage(promptTokens: 1, completionTokens: 2)), source: .sameFrame)
        let (joined, _) = await read([[text("a", frame: "1"), text("b", frame: "2"), finish, usage]])
        #expect(joined.map(\.source) == [.built, .built, .built])
        let (alone, _) = await read([[text("a", frame: "1")], [text("b", frame: "2"), finish, usage]])
        #expect(
            alone.map(\.source) == [text("", frame: "1").source, text("", frame: "2").source, .sameFrame, .sameFrame])
    }

    @Test(
        "what was said before a failure is said, and no more than so many pieces at once",
        arguments: [1, 31, 32, 33, 100])
    func failure(count: Int) async {
        let pieces = (0..<count).map { text("\($0) ") }
        let (events, code) = await read([pieces], failure: CodedError(.providerStreamBroken, "Gone."))
        #expect(events.count == (count + PieceStream.most - 1) / PieceStream.most && code == .providerStreamBroken)
        var whole = ""
        for case .text(let text) in events.map(\.kind) { whole += text }
        #expect(whole == (0..<count).map { "\($0) " }.joined())
    }
}
