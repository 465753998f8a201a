import Base
import Synchronization
import TestKit
import Testing

@testable import Resilience

@Suite("The pipeline", .timeLimit(.minutes(1))) struct PipelineTests {
    private let clock = TestClock()
    private let circuit: CircuitBreaker
    private let limiter: Limiter
    private let meter: TargetMeter
    private let pipeline: Pipeline

    init() {
        circuit = CircuitBreaker(time: clock)
        limiter = Limiter(
            provider: "openai", LimitsPolicy(perProvider: 1, queue: 10, queueWait: .seconds(120)), within: nil,
            time: clock)
        meter = TargetMeter(time: clock)
        pipeline = Pipeline(minimum: .seconds(2), circuit: circuit, limiter: limiter, meter: meter)
    }

    private func until(_ isSo: () -> Bool) async { while !isSo() { await Task.yield() } }

    private func enter(before deadline: Duration? = nil) async throws(Pipeline.Refusal) -> CallRights {
        let now = clock.now()
        return try await pipeline.enter(deadline: deadline.map { now.advanced(by: $0) }, now: now)
    }

    private func open(times: Int = 5) throws {
        for _ in 0..<times { try circuit.permit().end(.failed(.providerFailed)) }
    }

    /// Nobody has anything that belongs to the target.
    private var isAtRest: Bool {
        limiter.snapshot.inFlight == 0 && limiter.snapshot.waitingInteractive == 0 && meter.load.inFlight == 0
    }

    /// Why a call does not begin; `nil` for one that does, and goes without an end.
    private func refusal(before deadline: Duration? = nil) async -> Pipeline.Refusal? {
        do throws(Pipeline.Refusal) {
            _ = try await enter(before: deadline)
            return nil
        } catch { return error }
    }

    @Test("what a call was given comes back when it ends, and when it is dropped") func back() async throws {
        for isDropped in [false, true] {
            var rights: CallRights? = try await enter()
            #expect(limiter.snapshot.inFlight == 1 && meter.load.inFlight == 1)
            if let rights = rights.take(), !isDropped { rights.end(.succeeded(after: .seconds(1)), isWhole: false) }
            #expect(isAtRest)
        }
    }

    @Test("too little time is found before anything is taken") func late() async {
        guard case .late = await refusal(before: .seconds(1)) else { return _ = Issue.record("It ended otherwise.") }
        #expect(isAtRest && limiter.snapshot.admitted == 0)
        #expect(await refusal(before: .milliseconds(2_001)) == nil)
    }

    @Test("nobody waits for a place until too little time is left") func lateInTheQueue() async throws {
        let holder = try await enter()
        let waiting = Task { await self.refusal(before: .seconds(10)) }
        await until { limiter.snapshot.waitingInteractive == 1 }
        clock.advance(by: .milliseconds(8_001))
        guard case .limits(let error) = await waiting.value else { return _ = Issue.record("It ended otherwise.") }
        #expect(error.code == .overloaded && limiter.snapshot.waitingInteractive == 0)
        holder.end(.neutral, isWhole: false)
        #expect(isAtRest)
    }

    @Test("an open circuit refuses at once, in front of a full queue too") func opened() async throws {
        let holder = try await enter()
        try open()
        guard case .circuit(let refusal) = await refusal() else { return _ = Issue.record("It ended otherwise.") }
        #expect(refusal.reason == .open && limiter.snapshot.waitingInteractive == 0)
        holder.end(.neutral, isWhole: false)
        #expect(isAtRest && limiter.snapshot.admitted == 1)
    }

    @Test("who waits for a place does not hold the probe, and gives the place back if another one has it")
    func probing() async throws {
        let holder = try await enter()
        let waiting = Task { await self.refusal() }
        await until { limiter.snapshot.waitingInteractive == 1 }
        try open()
        clock.advance(by: .seconds(31))
        // The circuit is half-open, and the probe is free for whoever comes by another way.
        let probe = try circuit.permit()
        let isProbe = probe.isProbe
        #expect(isProbe)
        holder.end(.neutral, isWhole: false)
        guard case .circuit(let refusal) = await waiting.value else { return _ = Issue.record("It ended otherwise.") }
        #expect(refusal.reason == .probing && isAtRest)
        probe.end(.succeeded(after: .seconds(1)))
        #expect(await self.refusal() == nil)
    }

    @Test("a full limit is told as ours, and counts for no circuit") func full() async throws {
        let limiter = Limiter(
            provider: "openai", LimitsPolicy(perProvider: 1, queue: 0), within: nil, time: clock)
        let pipeline = Pipeline(minimum: .zero, circuit: circuit, limiter: limiter, meter: meter)
        let holder = try await pipeline.enter(now: clock.now())
        do throws(Pipeline.Refusal) {
            _ = try await pipeline.enter(now: clock.now())
            Issue.record("It was let in.")
        } catch {
            guard case .limits(let error) = error else { return _ = Issue.record("It ended otherwise.") }
            #expect(error.code == .overloaded)
        }
        holder.end(.neutral, isWhole: false)
        #expect(circuit.refusal == nil && meter.load.inFlight == 0)
    }

    @Test("a call that a strategy has chosen counts once") func chosen() async throws {
        let rights = try await pipeline.enter(now: clock.now(), chosen: meter.begin())
        #expect(meter.load.inFlight == 1)
        rights.end(.succeeded(after: .seconds(1)), isWhole: true)
        #expect(isAtRest)
        // And is given back where the call is refused.
        try open()
        do throws(Pipeline.Refusal) {
            _ = try await pipeline.enter(now: clock.now(), chosen: meter.begin())
            Issue.record("It was let in.")
        } catch {}
        #expect(isAtRest)
    }

    @Test("the circuit hears how calls end") func heard() async throws {
        for _ in 0..<5 { try await enter().end(.failed(.providerFailed), isWhole: true) }
        guard case .circuit = await refusal() else { return _ = Issue.record("It ended otherwise.") }
    }

    @Test("nothing on: a call goes through") func off() async throws {
        let pipeline = Pipeline(minimum: .zero, circuit: nil, limiter: nil, meter: meter)
        let rights = try await pipeline.enter(deadline: clock.now(), now: clock.now())
        #expect(meter.load.inFlight == 1)
        rights.end(.neutral, isWhole: false)
        #expect(meter.load.inFlight == 0)
    }
}
