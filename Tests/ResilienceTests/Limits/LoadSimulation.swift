import Base
import Foundation

@testable import Resilience

/// A provider, its limit and its callers in simulated time: a discrete-event model, decided by its seed alone.
struct LoadSimulation {
    /// What callers do from a time on, in seconds.
    struct Phase {
        var from: Double
        /// Calls a second.
        var rate: Double
        /// How many calls the provider works on at once; others wait there for their first token.
        var servers = Int.max
        /// The mean time to the first token, without waiting, and from there to the end.
        var first = 0.2
        var rest = 0.0
        /// How much these times vary: 0 not at all, 1 as an exponential distribution.
        var spread = 0.3
        var bulkShare = 0.0
    }

    struct Call {
        var priority: RunContext.Priority
        var arrived: Double
        var admitted: Double?
        var finished: Double?
        /// When it was refused, and whether it had waited.
        var refused: Double?
        var hint: Duration?
    }

    private enum Event {
        case arrival, sweep
        case firstToken(latency: Double)
        case end(Int, Bulkhead.Ticket)
    }

    private(set) var calls: [Call] = []
    private(set) var mostWaiting = 0
    private(set) var mostInFlight = 0
    /// The limit at each tenth of a second.
    private(set) var limits: [Int] = []
    private(set) var bulkhead: Bulkhead
    private var adaptive: AdaptiveLimit?
    private let phases: [Phase]
    private var generator: SeededGenerator
    private var queue = TimeQueue<Double, Event>()
    private var now = 0.0
    private var seats: [Bulkhead.Place: Int] = [:]
    /// When each of the provider's servers is free again.
    private var servers: [Double] = []

    init(_ bounds: Bulkhead.Bounds, adaptive: Bool = false, seed: UInt64, _ phases: [Phase]) {
        bulkhead = Bulkhead(bounds)
        self.adaptive = adaptive ? AdaptiveLimit(atMost: bounds.limit) : nil
        self.phases = phases
        generator = SeededGenerator(seed: seed)
    }

    static func instant(_ seconds: Double) -> Instant { Instant(nanoseconds: UInt64((seconds + 1) * 1e9)) }

    private var phase: Phase { phases.last { $0.from <= now } ?? phases[0] }

    private mutating func exponential(_ mean: Double) -> Double {
        // 1 - u is never 0.
        -mean * log(1 - Double.random(in: 0..<1, using: &generator))
    }

    private mutating func time(_ mean: Double) -> Double {
        let spread = phase.spread
        return mean * (1 - spread) + exponential(mean * spread)
    }

    mutating func run(until end: Double) {
        queue.add(.arrival, at: 0)
        queue.add(.sweep, at: 0.01)
        while let (time, event) = queue.next(), time <= end {
            now = time
            step(event)
            while let decision = bulkhead.next(now: Self.instant(now)) { carryOut(decision) }
            mostWaiting = max(mostWaiting, bulkhead.waiting)
            mostInFlight = max(mostInFlight, bulkhead.inFlight)
            while Double(limits.count) * 0.1 <= now { limits.append(bulkhead.limit) }
        }
    }

    private mutating func step(_ event: Event) {
        let instant = Self.instant(now)
        switch event {
        case .arrival:
            if phase.rate > 0 { arrive() }
            queue.add(.arrival, at: now + (phase.rate > 0 ? exponential(1 / phase.rate) : 0.01))
        case .sweep:
            if let wake = bulkhead.wake, wake <= instant {
                for shed in bulkhead.expire(now: instant) { carryOut(.shed(shed)) }
            }
            queue.add(.sweep, at: now + 0.01)
        case .firstToken(let latency):
            adaptive?.sample(.nanoseconds(Int64(latency * 1e9)), inFlight: bulkhead.inFlight, now: instant)
            if let adaptive { bulkhead.setLimit(adaptive.limit) }
        case .end(let call, let ticket):
            calls[call].finished = now
            bulkhead.leave(ticket, now: instant)
        }
    }

    private mutating func arrive() {
        let isBulk = phase.bulkShare > 0 && Double.random(in: 0..<1, using: &generator) < phase.bulkShare
        let call = calls.count
        calls.append(Call(priority: isBulk ? .bulk : .interactive, arrived: now))
        switch bulkhead.arrive(calls[call].priority, deadline: nil, now: Self.instant(now)) {
        case .admitted(let ticket): start(call, ticket)
        case .refused(let refusal): refuse(call, refusal)
        case .queued(let place, let displaced):
            if let displaced { carryOut(.shed(displaced)) }
            seats[place] = call
        }
    }

    private mutating func carryOut(_ decision: Bulkhead.Decision) {
        switch decision {
        case .admitted(let place, let ticket):
            if let call = seats.removeValue(forKey: place) { start(call, ticket) }
        case .shed(let shed):
            if let call = seats.removeValue(forKey: shed.place) { refuse(call, shed.refusal) }
        }
    }

    private mutating func refuse(_ call: Int, _ refusal: LimitRefusal) {
        calls[call].refused = now
        calls[call].hint = refusal.wait
    }

    private mutating func start(_ call: Int, _ ticket: Bulkhead.Ticket) {
        calls[call].admitted = now
        let work = time(phase.first)
        var begin = now
        if phase.servers < Int.max {
            // The first server that is free takes it; one that has been taken away finishes what it has.
            servers.removeAll { $0 <= now }
            servers.sort()
            if servers.count >= phase.servers { begin = servers[servers.count - phase.servers] }
            servers.append(begin + work)
        }
        let first = begin + work
        queue.add(.firstToken(latency: first - now), at: first)
        queue.add(.end(call, ticket), at: first + (phase.rest > 0 ? time(phase.rest) : 0))
    }
}
