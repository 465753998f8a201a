import Base
import Synchronization
import TestKit
import Testing

@testable import Resilience

/// A permit for a list: permits cannot be copied.
private final class HeldPlace {
    private var permit: LimitPermit?

    init(_ permit: consuming LimitPermit?) { self.permit = permit }

    func succeed() { permit.take()?.end(.succeeded(after: .seconds(1))) }
}

@Suite("Limiters", .timeLimit(.minutes(1))) struct LimiterTests {
    private let clock = TestClock()

    private func limiter(_ limit: Int, queue: Int = 100, wait: Duration = .seconds(10)) -> Limiter {
        Limiter(
            provider: "openai", LimitsPolicy(perProvider: limit, queue: queue, queueWait: wait), within: nil,
            time: clock)
    }

    private func until(_ isSo: () -> Bool) async { while !isSo() { await Task.yield() } }

    /// Enters, waits for `gate`, and leaves; answers what came of it.
    private func call(
        _ limiter: Limiter, _ priority: RunContext.Priority = .interactive, deadline: Instant? = nil,
        _ body: @escaping @Sendable () async -> Void = {}
    ) -> Task<String, Never> {
        Task {
            do throws(CodedError) {
                let permit = try await limiter.enter(priority: priority, deadline: deadline)
                await body()
                permit.end(.neutral)
                return "done"
            } catch {
                return error.code.name
            }
        }
    }

    @Test("lets calls through up to the limit and the next one when one leaves, in order") func order() async throws {
        let limiter = limiter(2)
        let first = try await limiter.enter()
        let second = try await limiter.enter()
        let log = Mutex([Int]())
        var tasks: [Task<String, Never>] = []
        for number in 0..<3 {
            tasks.append(call(limiter) { log.withLock { $0.append(number) } })
            await until { limiter.snapshot.waitingInteractive == number + 1 }
        }
        #expect(limiter.snapshot.inFlight == 2 && limiter.snapshot.admitted == 2)
        first.end(.neutral)
        for task in tasks { #expect(await task.value == "done") }
        #expect(log.withLock { $0 } == [0, 1, 2])
        second.end(.neutral)
        #expect(limiter.snapshot.inFlight == 0 && limiter.snapshot.admitted == 5 && limiter.snapshot.refused == 0)
    }

    @Test("a permit that is dropped or whose holder throws gives its place back") func dropped() async throws {
        struct Failure: Error {}
        let limiter = limiter(1, queue: 0)
        for _ in 0..<10 {
            do {
                let permit = try await limiter.enter()
                _ = permit
                throw Failure()
            } catch is Failure {}
        }
        #expect(limiter.snapshot.inFlight == 0)
    }

    @Test("a full queue refuses at once, with the time to wait, and names the provider") func full() async throws {
        let limiter = limiter(1, queue: 0)
        let permit = try await limiter.enter()
        clock.advance(by: .seconds(4))
        let error = await #expect(throws: CodedError.self) { _ = try await limiter.enter() }
        #expect(error?.code == .overloaded && error?.retryAfter == .seconds(2))
        #expect(error?.message.contains("'openai'") == true)
        #expect(clock.sleeperCount == 0 && limiter.snapshot.refused == 1)
        permit.end(.neutral)
    }

    @Test("whoever waits for too long is refused by the clock, without anybody's leaving") func expires() async throws {
        let limiter = limiter(1, wait: .milliseconds(600))
        let permit = try await limiter.enter()
        let patient = call(limiter)
        let hasty = call(limiter, deadline: clock.now().advanced(by: .milliseconds(300)))
        await until { limiter.snapshot.waitingInteractive == 2 && clock.sleeperCount > 0 }
        var advanced = 0
        while advanced < 300 {
            // From the first sweep on, at 250 ms, it is known that the hasty one will not be served in time.
            if advanced < 250 { #expect(limiter.snapshot.waitingInteractive == 2) }
            await until { clock.sleeperCount > 0 }
            clock.advance(by: .milliseconds(50))
            advanced += 50
        }
        #expect(await hasty.value == "overloaded")
        await until { clock.sleeperCount > 0 }
        #expect(limiter.snapshot.waitingInteractive == 1)
        while limiter.snapshot.waitingInteractive == 1 {
            await until { clock.sleeperCount > 0 || limiter.snapshot.waitingInteractive == 0 }
            clock.advance(by: .milliseconds(50))
            advanced += 50
        }
        #expect(await patient.value == "overloaded")
        #expect(advanced <= 650)
        #expect(limiter.snapshot.inFlight == 1)
        // Nobody waits, so the timer ends.
        clock.advance(by: .seconds(1))
        await until { clock.sleeperCount == 0 }
        permit.end(.neutral)
    }

    @Test("an earlier deadline moves the timer") func earlier() async throws {
        let limiter = limiter(1)
        let permit = try await limiter.enter()
        let patient = call(limiter)
        await until { clock.sleeperCount == 1 }
        let hasty = call(limiter, deadline: clock.now().advanced(by: .milliseconds(20)))
        await until { clock.sleeperCount == 2 }
        clock.advance(by: .milliseconds(20))
        #expect(await hasty.value == "overloaded")
        #expect(limiter.snapshot.waitingInteractive == 1)
        // The first timer fires, finds another one in its place, and ends.
        await until { clock.sleeperCount == 2 }
        clock.advance(by: .milliseconds(230))
        for _ in 0..<1_000 { await Task.yield() }
        #expect(clock.sleeperCount == 1)
        permit.end(.neutral)
        #expect(await patient.value == "done")
    }

    @Test(
        "a token ends the wait in the queue, of the provider or of all, and keeps no place", arguments: [false, true])
    func token(ofAll: Bool) async throws {
        let all = Limiter(total: LimitsPolicy(total: ofAll ? 1 : 10, queue: 10), time: clock)
        let one = Limiter(
            provider: "openai", LimitsPolicy(perProvider: ofAll ? 10 : 1, queue: 10), within: all, time: clock)
        let permit = try await one.enter()
        let token = CancellationToken()
        let task = Task {
            do throws(CodedError) {
                _ = try await one.enter(token: token)
                return (nil as ErrorCode?, Task.isCancelled)
            } catch {
                return (error.code, Task.isCancelled)
            }
        }
        await until { one.snapshot.waitingInteractive + all.snapshot.waitingInteractive == 1 }
        token.cancel()
        let (code, isCancelled) = await task.value
        #expect(code == .cancelled && !isCancelled)
        #expect(one.snapshot.inFlight == 1 && all.snapshot.inFlight == 1)
        permit.end(.neutral)
        #expect(one.snapshot.inFlight == 0 && all.snapshot.inFlight == 0)
    }

    @Test("a deadline that is over is said so") func overdue() async {
        let limiter = limiter(1)
        #expect(await call(limiter, deadline: clock.now()).value == "deadline_exceeded")
    }

    @Test("a task that is cancelled while it waits leaves at once and frees nothing else") func cancelled() async throws
    {
        let limiter = limiter(1)
        let permit = try await limiter.enter()
        let first = call(limiter)
        await until { limiter.snapshot.waitingInteractive == 1 }
        let second = call(limiter)
        await until { limiter.snapshot.waitingInteractive == 2 }
        first.cancel()
        #expect(await first.value == "cancelled")
        #expect(limiter.snapshot.inFlight == 1 && limiter.snapshot.waitingInteractive == 1)
        permit.end(.neutral)
        #expect(await second.value == "done")
        #expect(limiter.snapshot.inFlight == 0)
        // One that is cancelled before it comes waits for nothing.
        let holder = try await limiter.enter()
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            await #expect(throws: CodedError(.cancelled, "The request was cancelled.")) {
                _ = try await limiter.enter()
            }
        }
        late.cancel()
        await late.value
        #expect(limiter.snapshot.inFlight == 1 && limiter.snapshot.waitingInteractive == 0)
        holder.end(.neutral)
    }

    @Test("a bulk call makes room for an interactive one") func displaced() async throws {
        let limiter = limiter(1, queue: 1)
        let permit = try await limiter.enter()
        let bulk = call(limiter, .bulk)
        await until { limiter.snapshot.waitingBulk == 1 }
        let interactive = call(limiter)
        #expect(await bulk.value == "overloaded")
        permit.end(.neutral)
        #expect(await interactive.value == "done")
    }

    @Test("calls to all providers share one limit, and a slow provider's queue takes nothing of it") func levels()
        async throws
    {
        let all = Limiter(total: LimitsPolicy(perProvider: 3, total: 3), time: clock)
        let slow = Limiter(provider: "slow", LimitsPolicy(perProvider: 1, total: 3), within: all, time: clock)
        let fast = Limiter(provider: "fast", LimitsPolicy(perProvider: 3, total: 3), within: all, time: clock)
        let held = try await slow.enter()
        let waiting = (0..<20).map { _ in call(slow) }
        await until { slow.snapshot.waitingInteractive == 20 }
        #expect(all.snapshot.inFlight == 1 && all.snapshot.waitingInteractive == 0)
        let one = try await fast.enter()
        let two = try await fast.enter()
        // The total is reached: the third waits for it, with its place at the provider.
        let three = call(fast)
        await until { all.snapshot.waitingInteractive == 1 }
        #expect(fast.snapshot.inFlight == 3 && all.snapshot.inFlight == 3)
        three.cancel()
        #expect(await three.value == "cancelled")
        #expect(fast.snapshot.inFlight == 2 && all.snapshot.inFlight == 3)
        held.end(.neutral)
        for task in waiting { #expect(await task.value == "done") }
        one.end(.neutral)
        two.end(.neutral)
        for limiter in [all, slow, fast] {
            #expect(limiter.snapshot.inFlight == 0 && limiter.snapshot.waitingInteractive == 0)
        }
    }

    @Test("the total refuses in its own name, and the provider's place is given back") func total() async throws {
        let all = Limiter(total: LimitsPolicy(total: 1, queue: 0), time: clock)
        let provider = Limiter(provider: "openai", within: all, time: clock)
        let permit = try await provider.enter()
        let error = await #expect(throws: CodedError.self) { _ = try await provider.enter() }
        #expect(error?.code == .overloaded && error?.message.contains("openai") == false)
        #expect(provider.snapshot.inFlight == 1 && all.snapshot.inFlight == 1)
        permit.end(.neutral)
        #expect(provider.snapshot.inFlight == 0 && all.snapshot.inFlight == 0)
    }

    @Test("the limit follows the time to the first token, and shrinks when the provider says so") func adapts()
        async throws
    {
        let limiter = limiter(100)
        for _ in 0..<16 {
            var permit = try await limiter.enter()
            clock.advance(by: .milliseconds(20))
            permit.begin(after: .milliseconds(20))
            permit.begin(after: .milliseconds(1))
            permit.end(.succeeded(after: .seconds(30)))
        }
        #expect(limiter.snapshot.baseline == .milliseconds(20), "only the first word of a call counts")
        for (end, limit) in [
            (CallEnd.failed(.providerOverloaded), 90), (.rateLimited(retryAfter: nil), 81),
            (.failed(.providerTimeout), 72), (.failed(.providerFailed), 72), (.forbidden(retryAfter: 1), 72),
            (.neutral, 72), (.rejectedKey, 72),
        ] {
            clock.advance(by: .milliseconds(1))
            let permit = try await limiter.enter()
            permit.end(end)
            #expect(limiter.snapshot.limit == limit, "\(end)")
        }
        limiter.reset(LimitsPolicy(perProvider: 7))
        #expect(limiter.snapshot.limit == 7 && limiter.snapshot.baseline == nil)
        // A whole answer's time is no latency.
        for _ in 0..<16 {
            let permit = try await limiter.enter()
            clock.advance(by: .milliseconds(30))
            permit.end(.succeeded(after: .milliseconds(30)))
        }
        #expect(limiter.snapshot.baseline == nil)
    }

    @Test("whole answers bring back what refusals took, and so does a minute without use") func restored()
        async throws
    {
        let limiter = limiter(64)
        func refuse(_ times: Int) async throws {
            for _ in 0..<times {
                clock.advance(by: .milliseconds(1))
                try await limiter.enter().end(.rateLimited(retryAfter: nil))
            }
        }
        try await refuse(27)
        #expect(limiter.snapshot.limit == 4)
        var rounds = 0
        while limiter.snapshot.limit < 64, rounds < 40 {
            var places: [HeldPlace] = []
            for _ in 0..<limiter.snapshot.limit { places.append(HeldPlace(try await limiter.enter())) }
            clock.advance(by: .seconds(1))
            for place in places { place.succeed() }
            rounds += 1
        }
        #expect(limiter.snapshot.limit == 64 && rounds > 20, "\(rounds) rounds")
        try await refuse(27)
        clock.advance(by: .seconds(59))
        try await limiter.enter().end(.neutral)
        #expect(limiter.snapshot.limit == 4)
        clock.advance(by: .seconds(1))
        try await limiter.enter().end(.neutral)
        #expect(limiter.snapshot.limit == 64)
    }

    @Test("a higher limit in a new policy lets those in who wait") func reset() async throws {
        let limiter = limiter(1)
        let permit = try await limiter.enter()
        let task = call(limiter)
        await until { limiter.snapshot.waitingInteractive == 1 }
        limiter.reset(LimitsPolicy(perProvider: 2))
        #expect(await task.value == "done")
        permit.end(.neutral)
    }
}
