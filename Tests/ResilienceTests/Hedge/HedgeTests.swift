import Base
import Resilience
import Synchronization
import TestKit
import Testing

@Suite("Hedged calls") struct HedgeTests {
    /// An upstream whose targets answer after a time of the clock, or fail.
    private final class Upstream: Sendable {
        struct Plan: Sendable {
            var after: Duration
            var error: CodedError?
            var ignoresCancellation = false
        }

        let clock = TestClock()
        let events = Events()
        private let plans: [String: Plan]
        let log = Mutex<[String]>([])

        init(_ plans: [String: Plan]) { self.plans = plans }

        func call(_ target: String, _ token: CancellationToken?) async throws(CodedError) -> String {
            guard let token else { return try await call(target) }
            return try await token.cancelling { () async throws(CodedError) in try await self.call(target) }
        }

        private func call(_ target: String) async throws(CodedError) -> String {
            log.withLock { $0.append("ask \(target)") }
            guard let plan = plans[target] else { throw CodedError(.modelNotFound, "There is no \(target).") }
            do {
                try await clock.sleep(until: clock.now().advanced(by: plan.after))
            } catch {
                log.withLock { $0.append("stop \(target)") }
                if !plan.ignoresCancellation { throw CodedError(.cancelled, "It was cancelled.") }
            }
            if let error = plan.error { throw error }
            return "token of \(target)"
        }

        /// At 110 ms, because the histogram says a little more than 100.
        func untilHedged() async { await run(11, sleepers: 2) }

        /// Moves the clock on by 10 ms, each time when `sleepers` wait for it.
        func run(_ steps: Int, sleepers: Int) async {
            for _ in 0..<steps {
                while clock.sleeperCount < sleepers { await Task.yield() }
                clock.advance(by: .milliseconds(10))
            }
        }

        /// Until it is told that nobody else is asked: a clock that is moved on before would end the race first.
        func untilSkipped() async {
            while !events.told.contains(where: { $0.hasPrefix("skipped") }) { await Task.yield() }
        }
    }

    private final class Events: Sendable {
        private let all = Mutex<[String]>([])

        var told: [String] { all.withLock(\.self) }

        func add(_ target: String, _ event: HedgeEvent) {
            let text =
                switch event {
                case .hedged(let after): "hedged to \(target) after \(Int(after.milliseconds))"
                case .skipped(let reason): "skipped \(reason.rawValue)"
                case .won(_, let after): "won by \(target) after \(Int(after.milliseconds))"
                case .lost(let loss):
                    "lost by \(target): ran \(Int(loss.ran.milliseconds)), stopped \(Int(loss.stoppedAfter.milliseconds))"
                }
            all.withLock { $0.append(text) }
        }
    }

    /// Has seen 40 first tokens at 100 ms, and has the budget for one extra call from them.
    private func hedge(_ clock: TestClock, enabled: Bool = true) async throws -> Hedge {
        let hedge = Hedge(HedgePolicy(isEnabled: enabled), time: clock)
        for _ in 0..<20 { hedge.note(.milliseconds(100)) }
        for _ in 0..<20 { _ = try await hedge.race(from: 0, to: { nil }) { (_: Int, _) throws(CodedError) in 0 } }
        for _ in 0..<400 { hedge.note(.milliseconds(100)) }
        return hedge
    }

    private func race(
        _ plans: [String: Upstream.Plan], effects: Bool = false, enabled: Bool = true, second: String? = "b",
        _ drive: @escaping @Sendable (Upstream, Task<String, any Error>) async -> Void
    ) async throws -> (result: Result<String, any Error>, log: [String], events: [String], discarded: [String]) {
        let upstream = Upstream(plans)
        let hedge = try await hedge(upstream.clock, enabled: enabled)
        let discarded = Mutex<[String]>([])
        let task = Task<String, any Error> {
            try await hedge.race(
                from: "a", to: { second }, hasEffects: effects,
                discard: { value in discarded.withLock { $0.append(value) } }, onEvent: { upstream.events.add($0, $1) },
                call: { (target, token) throws(CodedError) in try await upstream.call(target, token) })
        }
        await drive(upstream, task)
        let result = await task.result
        #expect(upstream.clock.sleeperCount == 0, "Somebody still waits.")
        return (result, upstream.log.withLock { $0 }, upstream.events.told, discarded.withLock { $0 })
    }

    @Test("a slow target is overtaken, stopped at once and booked") func overtaken() async throws {
        let plans = ["a": Upstream.Plan(after: .seconds(10)), "b": Upstream.Plan(after: .milliseconds(30))]
        let end = try await race(plans) { upstream, _ in
            await upstream.untilHedged()
            await upstream.run(3, sleepers: 2)
        }
        #expect(try end.result.get() == "token of b")
        #expect(end.log == ["ask a", "ask b", "stop a"])
        #expect(end.discarded.isEmpty)
        #expect(
            end.events == [
                "hedged to b after 110", "won by b after 140", "lost by a: ran 140, stopped 0",
            ])
    }

    @Test("a target in time is asked alone") func inTime() async throws {
        let end = try await race(["a": Upstream.Plan(after: .milliseconds(50))]) { upstream, _ in
            await upstream.run(5, sleepers: 2)
        }
        #expect(try end.result.get() == "token of a")
        #expect(end.log == ["ask a"] && end.events.isEmpty)
    }

    @Test("the first one wins when it is still faster than the second") func firstWins() async throws {
        let plans = ["a": Upstream.Plan(after: .milliseconds(150)), "b": Upstream.Plan(after: .seconds(10))]
        let end = try await race(plans) { upstream, _ in
            await upstream.untilHedged()
            await upstream.run(4, sleepers: 2)
        }
        #expect(try end.result.get() == "token of a")
        #expect(end.log == ["ask a", "ask b", "stop b"] && end.events.last?.hasPrefix("lost by b") == true)
    }

    @Test(
        "a call with effects, one without a second target and one of a policy that is off are made once",
        arguments: 0..<3)
    func once(_ row: Int) async throws {
        let plan = ["a": Upstream.Plan(after: .seconds(1)), "b": Upstream.Plan(after: .milliseconds(1))]
        let end = try await race(plan, effects: row == 0, enabled: row != 1, second: row == 2 ? nil : "b") {
            upstream, _ in
            if row == 2 {
                await upstream.untilHedged()
                await upstream.untilSkipped()
            }
            await upstream.run(row == 2 ? 89 : 100, sleepers: 1)
        }
        #expect(try end.result.get() == "token of a" && end.log == ["ask a"])
        #expect(end.events == (row == 2 ? ["skipped no_target"] : []))
    }

    @Test("the budget is for one call here, and the next slow one is made once") func budget() async throws {
        let upstream = Upstream(["a": .init(after: .seconds(1)), "b": .init(after: .milliseconds(1))])
        let hedge = try await hedge(upstream.clock)
        for isPaid in [true, false] {
            let task = Task {
                try await hedge.race(
                    from: "a", to: { "b" }, onEvent: { upstream.events.add($0, $1) },
                    call: { (target, token) throws(CodedError) in try await upstream.call(target, token) })
            }
            await upstream.untilHedged()
            // Without budget it is asked for once more, 50 ms later.
            await upstream.run(isPaid ? 1 : 6, sleepers: 2)
            if !isPaid {
                await upstream.untilSkipped()
                await upstream.run(83, sleepers: 1)
            }
            _ = try await task.value
        }
        let all = upstream.events.told
        #expect(all.map { $0.prefix(7) } == ["hedged ", "won by ", "lost by", "skipped"])
        #expect(all.last == "skipped budget")
    }

    @Test("an error in the place of a token does not win") func errorLoses() async throws {
        let plans = [
            "a": Upstream.Plan(after: .milliseconds(200)),
            "b": Upstream.Plan(after: .milliseconds(10), error: CodedError(.providerInvalidAnswer, "An error frame.")),
        ]
        let end = try await race(plans) { upstream, _ in
            await upstream.untilHedged()
            await upstream.run(1, sleepers: 2)
            await upstream.run(8, sleepers: 1)
        }
        #expect(try end.result.get() == "token of a" && end.log == ["ask a", "ask b"])
    }

    @Test("when both fail, the more telling error is thrown") func bothFail() async throws {
        let limited = CodedError(.providerRateLimited, "It is limited.")
        let plans = [
            "a": Upstream.Plan(after: .milliseconds(200), error: CodedError(.providerFailed, "It failed.")),
            "b": Upstream.Plan(after: .milliseconds(10), error: limited),
        ]
        let end = try await race(plans) { upstream, _ in
            await upstream.untilHedged()
            await upstream.run(1, sleepers: 2)
            await upstream.run(8, sleepers: 1)
        }
        #expect(throws: limited) { try end.result.get() }
    }

    @Test("a refusal of the first target is passed on, and the second one is stopped") func refusal() async throws {
        let refused = CodedError(.providerRefused, "It refuses.")
        let plans = [
            "a": Upstream.Plan(after: .milliseconds(150), error: refused), "b": Upstream.Plan(after: .seconds(10)),
        ]
        let end = try await race(plans) { upstream, _ in
            await upstream.untilHedged()
            await upstream.run(4, sleepers: 2)
        }
        #expect(throws: refused) { try end.result.get() }
        #expect(end.log.last == "stop b" && end.events.last?.hasPrefix("lost by b") == true)
    }

    @Test("a cancellation stops both, and is told as one") func cancellation() async throws {
        let plans = ["a": Upstream.Plan(after: .seconds(10)), "b": Upstream.Plan(after: .seconds(10))]
        let end = try await race(plans) { upstream, task in
            await upstream.untilHedged()
            while upstream.clock.sleeperCount < 2 { await Task.yield() }
            task.cancel()
        }
        #expect { try end.result.get() } throws: { ($0 as? CodedError)?.code == .cancelled }
        #expect(Set(end.log) == ["ask a", "ask b", "stop a", "stop b"])
        #expect(Set(end.events.map { $0.prefix(9) }) == ["hedged to", "lost by a", "lost by b"])
    }

    @Test("the value of a loser that answers all the same is discarded") func discarded() async throws {
        let plans = [
            "a": Upstream.Plan(after: .seconds(10), ignoresCancellation: true),
            "b": Upstream.Plan(after: .milliseconds(10)),
        ]
        let end = try await race(plans) { upstream, _ in
            await upstream.untilHedged()
            await upstream.run(1, sleepers: 2)
        }
        #expect(try end.result.get() == "token of b" && end.discarded == ["token of a"])
        #expect(end.events.last?.hasPrefix("lost by a") == true)
    }
}
