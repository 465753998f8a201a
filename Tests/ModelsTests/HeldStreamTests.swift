import Base
import HTTP
import Testing

@testable import Models

@Suite("A stream whose beginning is held back", .timeLimit(.minutes(1)))
struct HeldStreamTests {
    private static let role = ModelEvent(.other)
    private static let usage = ModelEvent(.usage(Usage(promptTokens: 1, completionTokens: 1)))
    private static let stop = ModelEvent(.finish(.stop))

    private static func texts(_ count: Int) -> [ModelEvent] { (0..<count).map { ModelEvent(.text("\($0) ")) } }

    @Test(
        "it is shown from its first visible event on, and no event before is read twice",
        arguments: [
            .text("a"), .reasoning("a"), .signature("a"), .sealedReasoning("a"), .refusal("a"),
            .toolCall(ToolCallDelta(index: 0)), .finish(.stop), .whole(ChatCompletion(choices: [])),
        ] as [ModelEvent.Kind])
    func first(kind: ModelEvent.Kind) async throws {
        let events = [Self.role, Self.usage, ModelEvent(kind), ModelEvent(.text("b"))]
        let inner = ScriptedEvents(events)
        let held = try await HeldStream.held(inner, .tokens(0))
        #expect(inner.taken == 3)
        #expect(await drained(held).events == events)
    }

    @Test("as many further pieces as are asked for are read before, or all that there are", arguments: 0..<8)
    func pieces(hold: Int) async throws {
        let events = [Self.role] + Self.texts(5) + [Self.usage]
        let inner = ScriptedEvents(events)
        let held = try await HeldStream.held(inner, .tokens(hold))
        // The role, and a piece more than are held.
        #expect(inner.taken == (hold < 5 ? hold + 2 : events.count))
        #expect(await drained(held).events == events)
    }

    @Test("a whole answer is read to its end first")
    func all() async throws {
        let events = [Self.role] + Self.texts(50) + [Self.stop, Self.usage]
        let inner = ScriptedEvents(events, waits: [0, 7, 50])
        let held = try await HeldStream.held(inner, .all)
        #expect(inner.taken == events.count)
        #expect(try await allEvents(of: held) == events)
    }

    @Test(
        "what breaks before is thrown as it is, what breaks after is in the stream",
        arguments: [(Hold.tokens(0), 1), (.tokens(2), 3), (.all, .max)])
    func failures(hold: Hold, shownFrom: Int) async throws {
        for count in 0..<6 {
            let inner = ScriptedEvents(Self.texts(count), then: .failing(ScriptedEvents.broken))
            do throws(CodedError) {
                let (events, error) = await drained(try await HeldStream.held(inner, hold))
                #expect(count >= shownFrom && events == Self.texts(count) && error == ScriptedEvents.broken)
            } catch {
                #expect(count < shownFrom && error == ScriptedEvents.broken)
            }
        }
    }

    @Test("a stream that ends and holds no answer is an invalid one", arguments: [Hold.tokens(0), .tokens(5), .all])
    func empty(hold: Hold) async throws {
        for events in [[], [Self.role], [Self.role, Self.usage]] {
            let error = await #expect(throws: CodedError.self) {
                try await HeldStream.held(ScriptedEvents(events), hold)
            }
            #expect(error?.code == .providerInvalidAnswer)
        }
        // An answer that says nothing but its end is one.
        #expect(await drained(try await HeldStream.held(ScriptedEvents([Self.stop]), hold)).events == [Self.stop])
    }

    @Test("more than may be kept is shown at once, and refused where it may not be shown", arguments: [true, false])
    func bounds(byBytes: Bool) async throws {
        let limits = HoldGate.Limits(events: byBytes ? .max : 4, bytes: byBytes ? 40 : .max)
        let frame = ModelEvent.Source.frame(Frame(dialect: .openai, bytes: Array(repeating: 0x20, count: 9)))
        let events = (0..<9).map { _ in ModelEvent(.text("x"), source: frame) }
        let inner = ScriptedEvents(events)
        let held = try await HeldStream.held(inner, .tokens(7), limits: limits)
        #expect(inner.taken == 4)
        #expect(await drained(held).events == events)
        let whole = ScriptedEvents(events)
        let error = await #expect(throws: CodedError.self) { try await HeldStream.held(whole, .all, limits: limits) }
        #expect(error?.code == .providerInvalidAnswer && whole.isCancelled && whole.taken == 4)
    }

    @Test("once cancelled it gives nothing more, not even what it holds", arguments: [Hold.tokens(3), .all])
    func cancelling(hold: Hold) async throws {
        let inner = ScriptedEvents(Self.texts(9))
        let held = try await HeldStream.held(inner, hold)
        #expect(try await held.next() == Self.texts(1)[0])
        held.cancel()
        let (events, error) = await drained(held)
        #expect(events.isEmpty && error?.code == .cancelled && inner.isCancelled)
        #expect(await #expect(throws: CodedError.self) { try await held.next() }?.code == .cancelled)
    }

    @Test("what else the stream says goes through")
    func passes() async throws {
        var marks = AnswerMarks()
        marks.isChaotic = true
        let inner = ScriptedEvents(
            Self.texts(2), headers: ["x-ratelimit-limit": "3"], rateCount: RateCount(remaining: 1, reset: 2),
            marks: marks)
        let held = try await HeldStream.held(inner, .tokens(0))
        #expect(held.forwardedHeaders == inner.forwardedHeaders)
        #expect(held.rateCount == inner.rateCount && held.marks == marks)
    }

    @Test("whatever the hold and however the events come, they come once and in order", arguments: 0..<40)
    func order(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let kinds: [ModelEvent.Kind] = [.other, Self.usage.kind, .text("t"), .reasoning("r"), .finish(.stop)]
        for _ in 0..<25 {
            let count = Int.random(in: 1...30, using: &random)
            let events = (0..<count).map { ModelEvent(.text("\($0)")) }.map { event in
                var event = event
                if Bool.random(using: &random) { event.kind = kinds.randomElement(using: &random) ?? .other }
                return event
            }
            guard events.contains(where: { $0.isVisible }) else { continue }
            let hold = Bool.random(using: &random) ? Hold.all : .tokens(Int.random(in: 0...40, using: &random))
            let waits = Set((0..<5).map { _ in Int.random(in: 0...count, using: &random) })
            let held = try await HeldStream.held(ScriptedEvents(events, waits: waits), hold)
            let (seen, error) = await drained(held)
            #expect(seen == events && error == nil)
        }
    }
}
