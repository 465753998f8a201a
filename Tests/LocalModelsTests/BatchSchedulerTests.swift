import Base
import Testing

@testable import LocalModels

@Suite("Which tokens go into a pass") struct BatchSchedulerTests {
    private func scheduler(
        slots: Int = 2, window: Int = 100, batch: Int = 16, chunk: Int = 4, queue: Int = 2
    ) -> BatchScheduler {
        BatchScheduler(limits: .init(slots: slots, window: window, batch: batch, chunk: chunk, queue: queue))
    }

    private func prompt(_ count: Int) -> [Int32] { (0..<count).map { Int32($0) } }

    @Test("a prompt is read in chunks, in order, and only its last token asks for output")
    func chunks() {
        var scheduler = scheduler(batch: 4)
        let admission = scheduler.submit(ticket: 1, prompt: prompt(10))
        #expect(admission == .accepted)
        var positions: [Int] = []
        for expected in [4, 4, 2] {
            let batch = scheduler.nextBatch()
            #expect(batch.entries.count == expected)
            positions += batch.entries.map(\.position)
            #expect(batch.outputs.count == (expected == 2 ? 1 : 0))
        }
        #expect(positions == Array(0..<10))
        let pass = scheduler.nextBatch()
        #expect(pass.entries.isEmpty, "nothing to do until a token is sampled")
        let goesOn = scheduler.accept(77, for: 1)
        #expect(goesOn)
        let laterPass = scheduler.nextBatch()
        #expect(laterPass.entries == [.init(token: 77, position: 10, slot: 0, output: true)])
    }

    @Test("writers are in every pass, and a long prompt beside them has a bounded share")
    func fairness() {
        var scheduler = scheduler(batch: 16, chunk: 4)
        _ = scheduler.submit(ticket: 1, prompt: prompt(3))
        _ = scheduler.nextBatch()
        _ = scheduler.accept(5, for: 1)
        _ = scheduler.submit(ticket: 2, prompt: prompt(40))
        for pass in 0..<10 {
            let batch = scheduler.nextBatch()
            #expect(batch.entries.first?.position == 3 + pass)
            #expect(batch.outputs.first == .init(ticket: 1, index: 0))
            #expect(batch.entries.count == 5)
            let goesOn = scheduler.accept(5, for: 1)
            #expect(goesOn)
        }
    }

    @Test("a short prompt is not kept waiting behind a long one")
    func shortBesideLong() {
        var scheduler = scheduler(batch: 8, chunk: 8)
        _ = scheduler.submit(ticket: 1, prompt: prompt(60))
        _ = scheduler.submit(ticket: 2, prompt: prompt(3))
        let batch = scheduler.nextBatch()
        #expect(batch.outputs.map(\.ticket) == [2])
    }

    @Test("the queue is bounded, and a freed slot goes to who waits longest")
    func queueing() {
        var scheduler = scheduler(slots: 1, queue: 2)
        let first = scheduler.submit(ticket: 1, prompt: prompt(2))
        #expect(first == .accepted)
        let second = scheduler.submit(ticket: 2, prompt: prompt(2))
        #expect(second == .accepted)
        let third = scheduler.submit(ticket: 3, prompt: prompt(2))
        #expect(third == .accepted)
        let fourth = scheduler.submit(ticket: 4, prompt: prompt(2))
        #expect(fourth == .full)
        let pass = scheduler.nextBatch()
        #expect(pass.outputs.map(\.ticket) == [1])
        let freed = scheduler.remove(ticket: 1)
        #expect(freed == 0)
        let laterPass = scheduler.nextBatch()
        #expect(laterPass.outputs.map(\.ticket) == [2])
        let waited = scheduler.remove(ticket: 3)
        #expect(waited == nil, "one that waits has no slot")
        let freedLast = scheduler.remove(ticket: 2)
        #expect(freedLast == 0)
        #expect(scheduler.isEmpty)
    }

    @Test("a prompt that leaves no room for an answer is refused", arguments: [(0, false), (99, true), (100, false)])
    func window(length: Int, fits: Bool) {
        var scheduler = scheduler(window: 100)
        let admission = scheduler.submit(ticket: 1, prompt: prompt(length))
        #expect((admission == .accepted) == fits)
    }

    @Test("an answer ends where the window does")
    func windowEnd() {
        var scheduler = scheduler(window: 5)
        _ = scheduler.submit(ticket: 1, prompt: prompt(3))
        _ = scheduler.nextBatch()
        let goesOn = scheduler.accept(1, for: 1)
        #expect(goesOn)
        _ = scheduler.nextBatch()
        let goesOnAgain = scheduler.accept(1, for: 1)
        #expect(goesOnAgain)
        _ = scheduler.nextBatch()
        let goesOnAtTheEnd = scheduler.accept(1, for: 1)
        #expect(!goesOnAtTheEnd)
    }

    @Test("a paused conversation keeps its slot, stays out of the passes, and goes on where it was")
    func pause() {
        var scheduler = scheduler()
        _ = scheduler.submit(ticket: 1, prompt: prompt(2))
        _ = scheduler.nextBatch()
        _ = scheduler.accept(9, for: 1)
        scheduler.setPaused(true, ticket: 1)
        let pass = scheduler.nextBatch()
        #expect(pass.entries.isEmpty)
        #expect(scheduler.active == 1)
        scheduler.setPaused(false, ticket: 1)
        let laterPass = scheduler.nextBatch()
        #expect(laterPass.entries == [.init(token: 9, position: 2, slot: 0, output: true)])
    }

    @Test(
        "whatever happens, no pass is too large, positions follow each other, and everyone is served", arguments: 0..<40
    )
    func anyRun(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var scheduler = scheduler(slots: 3, window: 50, batch: 12, chunk: 3, queue: 5)
        var next: [Int: Int] = [:]  // by slot
        var lastTicket = 0
        var finished = 0
        var accepted = 0
        var passes = 0
        // New ones come for a while; then whoever is left is served within the passes that their lengths need.
        while passes < 400 || !scheduler.isEmpty {
            passes += 1
            try #require(passes < 2_000, "someone is never served")
            if passes < 400, Int.random(in: 0..<4, using: &random) == 0, lastTicket < 60 {
                lastTicket += 1
                let length = Int.random(in: 1..<50, using: &random)
                if scheduler.submit(ticket: lastTicket, prompt: prompt(length)) == .accepted { accepted += 1 }
            }
            let batch = scheduler.nextBatch()
            #expect(batch.entries.count <= 12)
            #expect(Set(batch.outputs.map(\.index)).count == batch.outputs.count)
            #expect(batch.outputs.count == batch.entries.count(where: \.output))
            for entry in batch.entries {
                #expect(entry.position == next[entry.slot, default: 0])
                next[entry.slot] = entry.position + 1
            }
            for output in batch.outputs {
                let goesOn = Int.random(in: 0..<10, using: &random) > 0 && scheduler.accept(1, for: output.ticket)
                if !goesOn {
                    finished += 1
                    if let slot = scheduler.remove(ticket: output.ticket) { next[slot] = 0 }
                }
            }
        }
        #expect(finished == accepted)
        #expect(finished > 0)
    }
}
