import Base
import Models
import Telemetry
import TestKit
import Testing

@testable import Orchestrator

@Suite("How long experts took", .timeLimit(.minutes(1)))
struct ExpertTimesTests {
    @Test("those that could not answer have their time, why, and a span, as those have that did")
    func unable() throws {
        let plan = try Plan(
            model: "plan/x",
            experts: [
                Plan.Expert("late") {
                    $0.timeout = .seconds(2)
                    $0.isOptional = true
                }, Plan.Expert("bad") { $0.fallback = "Nothing." }, Plan.Expert("good"),
            ], fusion: .vote)
        let failure = CodedError(.providerFailed, "Failed.")
        let world = try ExpertWorld(
            plan,
            [
                "late": .init("never", first: .seconds(60)), "bad": .init(end: .refusal(failure)),
                "good": .init("yes", first: .seconds(1)),
            ])
        let answer = try #require(try world.turn().answer)
        #expect(answer.experts.map(\.phase.isFinished) == [false, false, true])
        #expect(answer.experts.map(\.failure) == [.nodeTimeout, .providerFailed, nil])
        #expect(answer.experts[0].duration == .seconds(2) && answer.experts[2].duration == .seconds(1))
        func span(_ name: String) -> Span? { world.spans.all.first { $0.subject == "execute/\(name)" } }
        #expect(span("late")?.duration == .seconds(2) && span("late")?.errorType == "node_timeout")
        #expect(span("bad")?.errorType == "provider_failed")
        #expect(span("good")?.duration == .seconds(1) && span("good")?.errorType == nil)
    }

    @Test("the cache's look-ups of all experts together, also where nothing is found")
    func lookups() throws {
        let plan = try Plan(
            model: "plan/x",
            experts: [
                Plan.Expert("a") { $0.isCached = true }, Plan.Expert("b") { $0.isCached = true }, Plan.Expert("c"),
            ], fusion: .vote)
        let world = try ExpertWorld(plan, cache: { SlowCache(clock: $0) })
        let answer = try #require(try world.turn().answer)
        #expect(answer.times.cache == .seconds(6))
        #expect(world.recorder.records.map(\.times.cache) == [.seconds(6)])
        #expect(try world.turn(streaming: false, sink: nil).answer?.times.cache == .seconds(6))
    }

    /// Finds nothing, and takes its time for it.
    private struct SlowCache: ExpertCache {
        let clock: TestClock

        func answer(for key: ExpertCacheKey, scope: Scope) async -> KeptAnswer? {
            try? await clock.sleep(until: clock.now().advanced(by: .seconds(3)))
            return nil
        }

        func keep(_ answer: KeptAnswer, for key: ExpertCacheKey, scope: Scope) async {}
    }
}

extension ExpertPhase {
    fileprivate var isFinished: Bool { if case .finished = self { true } else { false } }
}
