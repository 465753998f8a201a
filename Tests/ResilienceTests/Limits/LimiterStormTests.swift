import Base
import Resilience
import Synchronization
import TestKit
import Testing

@Suite("Limiters under concurrency", .timeLimit(.minutes(1))) struct LimiterStormTests {
    private struct Count: Sendable {
        var now = 0
        var most = 0
        var ends: [String: Int] = [:]

        mutating func enter() {
            now += 1
            most = max(most, now)
        }
    }

    @Test("thousands of tasks that come, wait, are cancelled and leave never exceed a limit, and leave nothing behind")
    func storm() async {
        let clock = SystemClock()
        let policy = LimitsPolicy(perProvider: 4, total: 6, queue: 50, queueWait: .milliseconds(30))
        let all = Limiter(total: policy, time: clock)
        let providers = (0..<3).map { Limiter(provider: "p\($0)", policy, within: all, time: clock) }
        let counts = (0..<3).map { _ in Shared(Counter()) }
        let total = Shared(Counter())
        for seed in 0..<20 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var tasks: [Task<Void, Never>] = []
            for _ in 0..<200 {
                let place = Int.random(in: 0..<3, using: &generator)
                let priority: RunContext.Priority = Bool.random(using: &generator) ? .bulk : .interactive
                let time = Int.random(in: 0..<40, using: &generator)
                let yields = Int.random(in: 0..<20, using: &generator)
                let (limiter, count) = (providers[place], counts[place])
                let task = Task {
                    do throws(CodedError) {
                        let deadline = clock.now().advanced(by: .milliseconds(time))
                        let permit = try await limiter.enter(priority: priority, deadline: deadline)
                        total.value.enter()
                        count.value.enter()
                        for _ in 0..<yields { await Task.yield() }
                        count.value.leave("done")
                        total.value.leave("done")
                        permit.end(.neutral)
                    } catch {
                        total.value.end(error.code.name)
                    }
                }
                tasks.append(task)
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    tasks[Int.random(in: 0..<tasks.count, using: &generator)].cancel()
                }
                if yields == 0 { await Task.yield() }
            }
            for task in tasks { await task.value }
        }
        let ends = total.value.ends
        #expect(ends.values.reduce(0, +) == 4_000)
        #expect(ends["done"] ?? 0 > 0)
        #expect(Set(ends.keys).isSubset(of: ["done", "overloaded", "cancelled", "deadline_exceeded"]))
        #expect(total.value.most <= 6 && counts.allSatisfy { $0.value.most <= 4 })
        #expect(total.value.most >= 4)
        for limiter in providers + [all] {
            let snapshot = limiter.snapshot
            #expect(snapshot.inFlight == 0 && snapshot.waitingBulk + snapshot.waitingInteractive == 0)
        }
    }

    /// How many are inside, and how it went for the others.
    private final class Counter: Sendable {
        private let count = Mutex(Count())

        var most: Int { count.withLock(\.most) }
        var ends: [String: Int] { count.withLock(\.ends) }

        func enter() { count.withLock { $0.enter() } }
        func leave(_ end: String) {
            count.withLock {
                $0.now -= 1
                $0.ends[end, default: 0] += 1
            }
        }
        func end(_ end: String) { count.withLock { $0.ends[end, default: 0] += 1 } }
    }
}
