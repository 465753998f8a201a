import Base
import Resilience
import TestKit
import Testing

@testable import Models

@Suite("A stream that is silent or breaks off on purpose", .timeLimit(.minutes(1)))
struct ChaosStreamTests {
    private let clock = TestClock()

    /// How a reader takes its events.
    enum Reading: CaseIterable {
        case next, readyFirst
    }

    private func stream(
        of model: ListedModel, _ plan: ChaosPlan, timeouts: Timeouts? = nil
    ) async throws -> ChaosStream {
        var call = ModelCall(request: ChatRequest(model: "x", messages: []), model: "m", streaming: true)
        call.timeouts = timeouts
        let watch = try ChaosWatch(call, deadline: nil, now: clock.now())
        let inner = try await model.start(call, context: testContext())
        return ChaosStream(inner, plan: plan, watch: watch, time: clock)
    }

    private static func stalled(after events: Int, _ duration: Duration = .seconds(30)) -> ChaosPlan {
        ChaosPlan(stall: .init(after: events, duration: duration))
    }

    private static func read(
        _ stream: any ModelStream, _ reading: Reading = .next
    ) async -> (shown: [ModelEvent], error: CodedError?) {
        var shown: [ModelEvent] = []
        do throws(CodedError) {
            while true {
                var supply = reading == .next ? ModelSupply.later : try stream.ready()
                if case .later = supply { supply = try await stream.next().map { .event($0) } ?? .end }
                guard case .event(let event) = supply else { return (shown, nil) }
                shown.append(event)
            }
        } catch {
            return (shown, error)
        }
    }

    private func sleeper() async { while clock.sleeperCount == 0 { await Task.yield() } }

    @Test("a cut comes after its events, at the latest in place of the finish", arguments: Reading.allCases)
    func cut(_ reading: Reading) async throws {
        for length in [0, 1, 5, 25] {
            for cut in 0...20 {
                let model = ListedModel.pieces(length)
                let stream = try await stream(of: model, ChaosPlan(cut: cut))
                let (shown, error) = await Self.read(stream, reading)
                #expect(shown.count == min(cut, length))
                #expect(error?.code == .providerStreamBroken && error?.detail == "chaos")
                #expect(model.cancelled == 1)
                #expect(await Self.read(stream, reading).error == error, "the end stays")
            }
        }
    }

    @Test("a cut stream without a finish does not end properly")
    func cutWithoutFinish() async throws {
        let model = ListedModel([ModelEvent(.text("x"))])
        let (shown, error) = await Self.read(try await stream(of: model, ChaosPlan(cut: 9)))
        #expect(shown.count == 1 && error?.code == .providerStreamBroken)
    }

    @Test("after a silence everything comes, in order", arguments: Reading.allCases, [0, 3, 20])
    func stall(_ reading: Reading, after events: Int) async throws {
        let model = ListedModel.pieces(5)
        let stream = try await stream(of: model, Self.stalled(after: events))
        let reader = Task { await Self.read(stream, reading) }
        await sleeper()
        clock.advance(by: .seconds(29))
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(1))
        let (shown, error) = await reader.value
        #expect(error == nil)
        #expect(shown.map(\.kind).prefix(6) == (0..<5).map { .text("\($0) ") } + [.finish(.stop)])
        #expect(shown.count == 7 && model.cancelled == 0)
    }

    @Test("a silent stream has nothing ready")
    func ready() async throws {
        let stream = try await stream(of: .pieces(5), Self.stalled(after: 1))
        guard case .event = try stream.ready() else {
            Issue.record("The first event is before the silence.")
            return
        }
        #expect(try stream.ready() == .later)
        #expect(try stream.ready() == .later)
    }

    @Test("a stream may be silent and then break off")
    func both() async throws {
        var plan = Self.stalled(after: 2)
        plan.cut = 2
        let stream = try await stream(of: .pieces(5), plan)
        let reader = Task { await Self.read(stream) }
        await sleeper()
        clock.advance(by: .seconds(30))
        let (shown, error) = await reader.value
        #expect(shown.count == 2 && error?.code == .providerStreamBroken)
    }

    @Test(
        "a silence beyond the call's limit ends with the limit",
        arguments: [(0, "limit first_byte", 7), (2, "limit between_tokens", 9)])
    func limit(after events: Int, detail: String, seconds: Int64) async throws {
        let model = ListedModel.pieces(5)
        let limits = Timeouts(firstByte: .seconds(7), firstToken: .seconds(8), betweenTokens: .seconds(9))
        let stream = try await stream(of: model, Self.stalled(after: events), timeouts: limits)
        let reader = Task { await Self.read(stream) }
        await sleeper()
        clock.advance(by: .seconds(seconds - 1))
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(1))
        let (shown, error) = await reader.value
        #expect(shown.count == events)
        #expect(error?.code == .providerTimeout && error?.detail == detail)
        #expect(model.cancelled == 1)
    }

    @Test("cancelling ends the silence at once, whoever does it", arguments: [true, false])
    func cancelled(byTask: Bool) async throws {
        let model = ListedModel.pieces(5)
        let stream = try await stream(of: model, Self.stalled(after: 2))
        let reader = Task { await Self.read(stream) }
        await sleeper()
        if byTask { reader.cancel() } else { stream.cancel() }
        let (shown, error) = await reader.value
        #expect(shown.count == 2 && error?.code == .cancelled)
        #expect(clock.sleeperCount == 0 && model.cancelled > 0)
        #expect(throws: CodedError.self) { try stream.ready() }
    }

    @Test("a cancelled stream says so and not what was drawn")
    func cancelledBefore() async throws {
        let stream = try await stream(of: .pieces(5), ChaosPlan(cut: 0))
        stream.cancel()
        #expect(await Self.read(stream).error?.code == .cancelled)
    }
}
