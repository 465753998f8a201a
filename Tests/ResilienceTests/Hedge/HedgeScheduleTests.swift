import Base
import Synchronization
import TestKit
import Testing

@testable import Resilience

/// A hedged call under every order in which its two sides, the passing of its delay and its caller's cancellation may
/// come: each seed is one.
@Suite("Orders of hedged calls", .timeLimit(.minutes(2))) struct HedgeScheduleTests {
    /// How a side ends when nobody stops it.
    private enum End: CaseIterable {
        case token, failure, refusal

        func result(_ name: String) -> Result<String, CodedError> {
            switch self {
            case .token: .success(name)
            case .failure: .failure(CodedError(name == "a" ? .providerFailed : .providerRateLimited, "It failed."))
            case .refusal: .failure(CodedError(.providerRefused, "It refuses."))
            }
        }
    }

    /// What a side waits for: its end, or that it is stopped. A deaf one does not hear of that.
    private final class Wait: Sendable {
        private enum State {
            case awake
            case asleep(CheckedContinuation<Result<String, CodedError>, Never>)
            case over(Result<String, CodedError>)
        }

        private let state = Mutex(State.awake)
        private let isDeaf: Bool

        init(isDeaf: Bool) { self.isDeaf = isDeaf }

        func end(_ result: Result<String, CodedError>) {
            let sleeper = state.withLock { state -> CheckedContinuation<Result<String, CodedError>, Never>? in
                if case .over = state { return nil }
                defer { state = .over(result) }
                if case .asleep(let sleeper) = state { return sleeper }
                return nil
            }
            sleeper?.resume(returning: result)
        }

        private func stop() {
            if !isDeaf { end(.failure(CodedError(.cancelled, "It was cancelled."))) }
        }

        func value(_ token: CancellationToken?) async throws(CodedError) -> String {
            token?.onCancel { self.stop() }
            return try await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let known = state.withLock { state -> Result<String, CodedError>? in
                        if case .over(let result) = state { return result }
                        state = .asleep(continuation)
                        return nil
                    }
                    if let known { continuation.resume(returning: known) }
                }
            } onCancel: {
                stop()
            }.get()
        }
    }

    /// One order, and what has been seen of it.
    private final class World: Sendable {
        struct Seen {
            var running = 0
            var asked: [String] = []
            var tasks: [Int] = []
            var returned: [String] = []
            var failed: [CodedError] = []
            var discarded: [String] = []
            var hedged = 0
            var won: [HedgeRace.Side] = []
            var lost: [HedgeRace.Side] = []
        }

        let clock: TestClock
        let hedge: Hedge
        let ends: [String: End]
        let waits: [String: Wait]
        let isCancelled: Bool
        let seen = Mutex(Seen())

        init(_ random: inout SeededGenerator, _ executor: SeededExecutor) async throws {
            clock = TestClock(executor: executor)
            hedge = Hedge(HedgePolicy(isEnabled: true, budget: 1, minimum: 1), time: clock)
            hedge.note(.milliseconds(100))
            ends = [
                "a": End.allCases.randomElement(using: &random) ?? .token,
                "b": End.allCases.randomElement(using: &random) ?? .token,
            ]
            waits = [
                "a": Wait(isDeaf: Int.random(in: 0..<4, using: &random) == 0),
                "b": Wait(isDeaf: Int.random(in: 0..<4, using: &random) == 0),
            ]
            isCancelled = Int.random(in: 0..<4, using: &random) == 0
        }

        func call(_ name: String, _ token: CancellationToken?) async throws(CodedError) -> String {
            seen.withLock { seen in
                seen.running += 1
                seen.asked.append(name)
                seen.tasks.append(currentTaskIdentity())
            }
            await Task.yield()
            do throws(CodedError) {
                let value = try await waits[name]?.value(token) ?? ""
                seen.withLock { seen in
                    seen.running -= 1
                    seen.returned.append(value)
                }
                return value
            } catch {
                seen.withLock { seen in
                    seen.running -= 1
                    seen.failed.append(error)
                }
                throw error
            }
        }

        func note(_ event: HedgeEvent) {
            seen.withLock { seen in
                switch event {
                case .hedged: seen.hedged += 1
                case .won(let side, _): seen.won.append(side)
                case .lost(let loss): seen.lost.append(loss.side)
                case .skipped: break
                }
            }
        }

        /// The race in a task that can be cancelled; afterwards what still runs, and whether the caller's task ran it.
        func race(_ executor: SeededExecutor) -> Task<(Result<String, CodedError>, running: Int, isInline: Bool), Never>
        {
            Task(executorPreference: executor) {
                let caller = currentTaskIdentity()
                let result: Result<String, CodedError>
                do throws(CodedError) {
                    result = .success(
                        try await self.hedge.race(
                            from: "a", to: { "b" },
                            discard: { value in self.seen.withLock { $0.discarded.append(value) } },
                            onEvent: { self.note($1) },
                            call: { (name, token) throws(CodedError) in try await self.call(name, token) }))
                } catch {
                    result = .failure(error)
                }
                let seen = self.seen.withLock { $0 }
                return (result, seen.running, seen.asked.first == "a" && seen.tasks.first == caller)
            }
        }
    }

    /// Lets the others go on for a while.
    private static func dawdle(_ random: SeededGenerator) async {
        var random = random
        for _ in 0..<Int.random(in: 0...12, using: &random) { await Task.yield() }
    }

    private static func play(
        _ seed: UInt64
    ) throws -> (result: Result<String, CodedError>, running: Int, isInline: Bool, seen: World.Seen, world: World) {
        let executor = SeededExecutor(seed: seed)
        return try executor.run {
            var random = SeededGenerator(seed: seed &* 31)
            let world = try await World(&random, executor)
            let race = world.race(executor)
            let steps = (0..<4).map { _ in random.split() }
            await withTaskGroup { group in
                group.addTask {
                    await dawdle(steps[0])
                    world.clock.advance(by: .seconds(1))
                }
                for (name, step) in [("a", steps[1]), ("b", steps[2])] {
                    group.addTask {
                        await dawdle(step)
                        if let end = world.ends[name] { world.waits[name]?.end(end.result(name)) }
                    }
                }
                guard world.isCancelled else { return }
                group.addTask {
                    await dawdle(steps[3])
                    race.cancel()
                }
            }
            let end = await race.value
            return (end.0, end.running, end.isInline, world.seen.withLock { $0 }, world)
        }
    }

    @Test("one winner or the error of one side, each call at its end, nothing left running, no value lost")
    func orders() throws {
        var kinds: [String: Int] = [:]
        for seed in UInt64(1)...4000 {
            let (result, running, isInline, seen, world) = try Self.play(seed)
            let about = Comment("seed \(seed): \(result), \(seen)")
            #expect(running == 0 && world.clock.sleeperCount == 0, about)
            #expect(isInline, about)
            #expect(seen.asked == ["a"] || seen.asked == ["a", "b"], about)
            #expect(seen.hedged == seen.asked.count - 1, about)
            #expect(seen.returned.count + seen.failed.count == seen.asked.count, about)
            #expect(Set(seen.lost).count == seen.lost.count && seen.won.count <= 1, about)
            switch result {
            case .success(let value):
                #expect((seen.discarded + [value]).sorted() == seen.returned.sorted(), about)
                #expect(seen.won.count == seen.hedged, about)
                #expect(seen.won.isEmpty || seen.won == [value == "a" ? .primary : .hedge], about)
                #expect(!seen.lost.contains(value == "a" ? .primary : .hedge), about)
                kinds[seen.hedged == 0 ? "alone" : value, default: 0] += 1
            case .failure(let error):
                #expect(seen.discarded.sorted() == seen.returned.sorted() && seen.won.isEmpty, about)
                if error.code == .cancelled {
                    #expect(world.isCancelled, about)
                } else {
                    #expect(seen.failed.map(\.code).contains(error.code), about)
                    // A token counts for more than any failure but a refusal of the first.
                    #expect(seen.returned.isEmpty || error.code == .providerRefused, about)
                    #expect(seen.hedged == 0 || error.code != .providerFailed || world.ends["b"] != .token, about)
                }
                kinds["\(error.code)\(seen.hedged)", default: 0] += 1
            }
            if !seen.discarded.isEmpty { kinds["discarded", default: 0] += 1 }
        }
        for kind in ["alone", "a", "b", "cancelled0", "cancelled1", "discarded"] {
            #expect(kinds[kind, default: 0] > 20, "\(kinds)")
        }
    }

    @Test("a target in time is asked in its caller's own task; the clock makes none, and keeps no timer")
    func inTime() async throws {
        let clock = TestClock()
        let hedge = Hedge(HedgePolicy(isEnabled: true, budget: 1, minimum: 1), time: clock)
        hedge.note(.milliseconds(100))
        let caller = currentTaskIdentity()
        let second = Mutex(0)
        let timers = try await hedge.race(
            from: "a",
            to: {
                second.withLock { $0 += 1 }
                return "b"
            },
            call: { (_, token) throws(CodedError) in
                #expect(currentTaskIdentity() == caller && token != nil)
                return clock.sleeperCount
            })
        #expect(timers == 1 && clock.sleeperCount == 0)
        clock.advance(by: .seconds(10))
        await Task.yield()
        #expect(second.withLock { $0 } == 0)
    }
}
