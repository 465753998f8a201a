import Base
import Resilience
import Synchronization
import TestKit
import Testing

@Suite("Circuit breakers") struct CircuitBreakerTests {
    private struct Failure: Error {}

    /// What a circuit has told.
    final class Ear: Sendable {
        private let heard = Mutex<[CircuitEvent]>([])
        func hear(_ event: CircuitEvent) { heard.withLock { $0.append(event) } }
        var events: [CircuitEvent] { heard.withLock(\.self) }
        var states: [String] {
            events.compactMap { if case .transition(let transition) = $0 { transition.to.name } else { nil } }
        }
    }

    private func fail(_ circuit: CircuitBreaker, times: Int = 5) throws {
        for _ in 0..<times { try circuit.permit().end(.failed(.providerFailed)) }
    }

    @Test("of 1,000 tasks at half-open one is the probe, and 1,000 pass when it has succeeded") func tasks()
        async throws
    {
        let clock = TestClock()
        let circuit = CircuitBreaker(time: clock)
        for round in 1...5 {
            try fail(circuit)
            clock.advance(by: .seconds(30))
            let held = Kept<[Held]>([])
            let refusals = await withTaskGroup(of: CallRefusal?.self) { group in
                for _ in 0..<1_000 {
                    group.addTask { @concurrent in
                        do throws(CallRefusal) {
                            let permit = Held(try circuit.permit())
                            held.value.withLock { $0.append(permit) }
                            return nil
                        } catch { return error }
                    }
                }
                return await group.reduce(into: [CallRefusal]()) { if let refusal = $1 { $0.append(refusal) } }
            }
            #expect(refusals.count == 999 && refusals.allSatisfy { $0.reason == .probing })
            let probe = try #require(held.value.withLock { $0.popLast() })
            probe.end(.succeeded(after: .seconds(1)))
            let passed = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<1_000 {
                    group.addTask { @concurrent in
                        guard let permit = try? circuit.permit() else { return false }
                        permit.end(.succeeded(after: .zero))
                        return true
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(passed == 1_000, "round \(round)")
        }
    }

    /// What several tasks write to.
    private final class Kept<Value: Sendable>: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
    }

    /// A permit among values that can be copied.
    private final class Held: Sendable {
        private let permit: Mutex<CallPermit?>
        init(_ permit: consuming CallPermit) { self.permit = Mutex(permit) }
        func end(_ end: CallEnd) {
            permit.withLock { held in
                if let permit = held.take() { permit.end(end) }
            }
        }
    }

    @Test("a permit that is dropped gives its probe back at once") func droppedProbe() throws {
        let clock = TestClock()
        let circuit = CircuitBreaker(time: clock)
        try fail(circuit)
        clock.advance(by: .seconds(30))
        func crash() throws {
            let permit = try circuit.permit()
            let isProbe = permit.isProbe
            #expect(isProbe)
            #expect(throws: CallRefusal.self) { try circuit.permit().end(.neutral) }
            throw Failure()
        }
        #expect(throws: Failure.self) { try crash() }
        #expect(throws: Failure.self) { try crash() }
        try circuit.permit().end(.succeeded(after: .zero))
        #expect(circuit.snapshot.state == .closed)
    }

    @Test("tasks that succeed, fail and vanish at random leave it neither stuck nor with two probes")
    func storm() async throws {
        let clock = TestClock()
        let ear = Ear()
        let policy = BreakerPolicy(
            failures: 3, reset: .seconds(1), maxReset: .seconds(4), probeLease: .seconds(86_400))
        let circuit = CircuitBreaker(policy, time: clock, onEvent: { ear.hear($0) })
        let probes = Kept((now: 0, most: 0))
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask { @concurrent in
                    var generator = SeededGenerator(seed: UInt64(worker))
                    for _ in 0..<2_000 {
                        let fate = generator.next() % 8
                        if fate == 7 { clock.advance(by: .milliseconds(Int64(generator.next() % 400))) }
                        guard let permit = try? circuit.permit() else { continue }
                        let isProbe = permit.isProbe
                        // Counted up before and down before its end: two at a time would be seen.
                        if isProbe { probes.value.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
                        if generator.next() % 4 == 0 { await Task.yield() }
                        if isProbe { probes.value.withLock { $0.now -= 1 } }
                        switch fate {
                        case 0...3: permit.end(.failed(.providerTimeout))
                        case 4: permit.end(.succeeded(after: .zero))
                        case 5: permit.end(.neutral)
                        default: break
                        }
                    }
                }
            }
        }
        #expect(probes.value.withLock(\.most) == 1)
        let numbers = ear.events.compactMap { event -> Int? in
            if case .transition(let transition) = event { transition.number } else { nil }
        }
        #expect(numbers.sorted() == Array(1...circuit.snapshot.transitionCount), "each transition is told once")
        clock.advance(by: .seconds(100))
        try circuit.permit().end(.succeeded(after: .zero))
        #expect(circuit.snapshot.state == .closed)
    }

    @Test("tells its transitions in order, and can be asked from within") func events() throws {
        let clock = TestClock()
        let ear = Ear()
        let circuit = Kept<CircuitBreaker?>(nil)
        let made = CircuitBreaker(
            time: clock,
            onEvent: { event in
                ear.hear(event)
                // Under the lock this would never return.
                _ = circuit.value.withLock(\.self)?.snapshot
            })
        circuit.value.withLock { $0 = made }
        try fail(made)
        clock.advance(by: .seconds(30))
        var permit = try made.permit()
        permit.begin(after: .seconds(1))
        #expect(made.snapshot.state == .closed, "the first token lets the others through")
        permit.end(.failed(.providerStreamBroken))
        made.force(.forcedClosed)
        made.reset()
        #expect(ear.states == ["open", "half_open", "closed", "open", "forced_closed", "forced_closed"])
        #expect(made.snapshot.history.map(\.to.name) == ear.states)
        #expect(made.snapshot.lastError == nil)
    }

    @Test("a hung probe's lease ends by itself, and is told") func hungProbe() throws {
        let clock = TestClock()
        let ear = Ear()
        let circuit = CircuitBreaker(time: clock, onEvent: { ear.hear($0) })
        try fail(circuit)
        clock.advance(by: .seconds(30))
        let hung = try circuit.permit()
        clock.advance(by: .seconds(90))
        // Two transitions at once: the lease is over, and so is the reset after it.
        let probe = try circuit.permit()
        hung.end(.succeeded(after: .zero))
        #expect(circuit.snapshot.state.name == "half_open")
        probe.end(.succeeded(after: .zero))
        #expect(ear.states == ["open", "half_open", "open", "half_open", "closed"])
    }

    @Test("rate limits, a rejected key and its return are told once") func cooling() throws {
        let clock = TestClock()
        let (ear, key) = (Ear(), ProviderKey())
        let first = CircuitBreaker(key: key, time: clock, onEvent: { ear.hear($0) })
        let second = CircuitBreaker(key: key, time: clock)
        let permits = try (0..<4).map { _ in Held(try first.permit()) }
        permits[0].end(.rateLimited(retryAfter: 2))
        permits[1].end(.rateLimited(retryAfter: 2))
        #expect(first.refusal == CallRefusal(reason: .rateLimited, wait: .seconds(2)))
        #expect(second.refusal == nil, "another model has limits of its own")
        permits[2].end(.rejectedKey)
        permits[3].end(.rejectedKey)
        #expect(second.refusal?.reason == .rejectedKey && second.refusal?.wait == .seconds(300))
        #expect(first.snapshot.isKeyRejected && second.snapshot.isKeyRejected)
        clock.advance(by: .seconds(300))
        let probe = try second.permit()
        #expect(throws: CallRefusal.self) { try first.permit().end(.neutral) }
        probe.end(.failed(.providerFailed))
        #expect(key.isRejected)
        clock.advance(by: .seconds(300))
        try first.permit().end(.succeeded(after: .zero))
        #expect(!key.isRejected && second.refusal == nil)
        #expect(ear.events == [.cooling(.rateLimited, for: .seconds(2)), .keyRejected, .keyAccepted])
        first.note(remaining: 0, reset: 9)
        #expect(first.refusal == CallRefusal(reason: .spent, wait: .seconds(9)))
    }
}
