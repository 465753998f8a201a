import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("A cancelled plan", .timeLimit(.minutes(3)))
struct ExpertCancelTests {
    @Test("leaves no model at work, no timer and no event behind, wherever the cancel finds it")
    func anyMoment() throws {
        var (cancelled, answered, kept) = (0, 0, 0)
        for seed in 0..<1000 as Range<UInt64> {
            var random = RandomPlan(seed: seed)
            // What takes no time cannot be cancelled in the middle.
            for name in random.scripts.keys { random.scripts[name]?.between = .milliseconds(3) }
            var cache: MemoryExpertCache?
            let world = try ExpertWorld(
                try random.plan(parallel: seed % 4 != 0), random.scripts,
                cache: { clock in
                    cache = MemoryExpertCache(time: clock)
                    return cache
                })
            let sink = RecordingSink(hesitating: seed)
            let turn = try world.turn(
                streaming: seed % 3 != 0, seed: seed, sink: sink, cancelAt: .microseconds(Int64(seed * 7919 % 90_000)))
            switch turn.result {
            case .success:
                answered += 1
                if cache?.count != 0 { kept += 1 }
            case .failure(let error) where error.code == .cancelled: cancelled += 1
            case .failure: break
            }
            #expect(world.models.open == 0, "seed \(seed)")
            #expect(world.clock.sleeperCount == 0, "seed \(seed)")
            #expect(turn.late == 0, "seed \(seed)")
            if turn.error != nil {
                #expect(world.recorder.records.isEmpty, "seed \(seed)")
                #expect(cache?.count == 0, "seed \(seed)")
            }
        }
        #expect(cancelled > 400)
        #expect(answered > 100)
        #expect(kept > 50)
    }

    @Test("a caller who takes nothing more ends all experts")
    func gone() throws {
        let plan = try Plan(
            model: "plan/x", experts: [Plan.Expert("a"), Plan.Expert("b"), Plan.Expert("c")], fusion: .vote)
        for limit in 1..<40 {
            let world = try ExpertWorld(plan, ["a": .init("a", "b", between: .seconds(1)), "b": .init(end: .silence)])
            let sink = RecordingSink(closingAfter: limit)
            let turn = try world.turn(seed: UInt64(limit), sink: sink, cancelAt: .seconds(5))
            #expect(turn.error?.code == .cancelled)
            #expect(world.models.open == 0)
            #expect(sink.count <= limit && turn.late == 0)
        }
    }
}
