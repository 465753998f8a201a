import Base
import Resilience
import Synchronization
import TestKit
import Testing

@Suite("Running behind a breaker") struct CircuitBreakerRunTests {
    private struct Failure: Error {}

    @Test("an open breaker runs nothing, and its fallback takes over at once") func fallback() async throws {
        let clock = TestClock()
        let circuit = CircuitBreaker(BreakerPolicy(failures: 2), time: clock)
        var (runs, reasons) = (0, [String]())
        for _ in 0..<4 {
            let answer = try await circuit.run {
                runs += 1
                throw Failure()
            } fallback: { reason -> String in
                reasons.append(reason is CallRefusal ? "refused" : "failed")
                return "second best"
            }
            #expect(answer == "second best")
        }
        #expect(runs == 2)
        #expect(reasons == ["failed", "failed", "refused", "refused"])
        await #expect(throws: CallRefusal.self) { try await circuit.run { runs += 1 } }
        #expect(try await circuit.run(orElse: 7) { 8 } == 7)
        clock.advance(by: .seconds(30))
        #expect(try await circuit.run(orElse: 7) { 8 } == 8)
        #expect(circuit.snapshot.state == .closed)
    }

    @Test("faults of the caller's and cancellations go past the fallback and do not count") func callers() async throws
    {
        let circuit = CircuitBreaker(BreakerPolicy(failures: 1), time: TestClock())
        for error in [CodedError(.invalidValue, "") as any Error, CancellationError()] {
            await #expect(throws: (any Error).self) {
                try await circuit.run(orElse: ()) { throw error }
            }
        }
        #expect(circuit.snapshot.state == .closed)
        // What counts is the user's to say.
        _ = try? await circuit.run(meaning: { _ in .neutral }) { throw Failure() }
        #expect(circuit.snapshot.state == .closed)
        _ = try? await circuit.run(meaning: { _ in .failed(.providerTimeout) }) { throw CodedError(.invalidValue, "") }
        #expect(circuit.snapshot.lastError == .providerTimeout && circuit.snapshot.state.name == "open")
    }

    @Test("a task that is cancelled as the probe leaves the probe to the next one") func cancelled() async throws {
        let clock = TestClock()
        let circuit = CircuitBreaker(BreakerPolicy(failures: 1), time: clock)
        try circuit.permit().end(.failed(.providerFailed))
        clock.advance(by: .seconds(30))
        let task = Task {
            try await circuit.run { try await clock.sleep(until: Instant(nanoseconds: .max)) }
        }
        while clock.sleeperCount == 0 { await Task.yield() }
        #expect(circuit.refusal?.reason == .probing)
        task.cancel()
        _ = await task.result
        #expect(circuit.refusal == nil)
        #expect(try await circuit.run { 1 } == 1)
        #expect(circuit.snapshot.state == .closed)
    }

    @Test("how long it took is what makes a success slow") func slow() async throws {
        let clock = TestClock()
        let circuit = CircuitBreaker(BreakerPolicy(slowRate: 1, minimum: 2), time: clock)
        for _ in 0..<2 { try await circuit.run { clock.advance(by: .milliseconds(20_001)) } }
        #expect(circuit.snapshot.state == .closed, "21 seconds apart they are not in one window")
        let first = try circuit.permit()
        try await circuit.run { clock.advance(by: .milliseconds(20_001)) }
        first.end(.succeeded(after: .milliseconds(20_001)))
        #expect(circuit.snapshot.history.last?.cause == .slowRate)
    }
}
