import Base
import Synchronization

@testable import Graph

/// What the nodes of a random graph find outside of their runs: where their work goes, how their attempts fare, and
/// the results that are kept for them. Forgets all of it between runs that are to go the same way.
final class Outside: NodeCache {
    /// How an activation's attempts went.
    struct Attempts: Equatable, Sendable {
        var made = 0
        var needed = 1
    }

    struct Tally: Sendable {
        var retries = 0
        var fallbacks = 0
        var cacheHits = 0
    }

    private struct State {
        var work: [String: Int] = [:]
        var attempts: [String: Attempts] = [:]
        var begun: [Int: Int] = [:]
        var results: [NodeCacheKey: [UInt8]] = [:]
        var tally = Tally()
    }

    private let state = Mutex(State())

    /// Work of a step that is done; attempts that fail before are none.
    func note(_ step: String) { state.withLock { $0.work[step, default: 0] += 1 } }

    /// How often the work of each step has been done.
    var work: [String: Int] { state.withLock(\.work) }

    /// What was needed to get here, since it was made.
    var tally: Tally { state.withLock(\.tally) }

    /// An attempt at a step; whether it is the one of `needed` that counts.
    func attempt(_ step: String, of needed: Int) -> Bool {
        state.withLock { state in
            var attempts = state.attempts[step] ?? Attempts()
            attempts.made += 1
            attempts.needed = needed
            state.attempts[step] = attempts
            let isLast = attempts.made % needed == 0
            if !isLast { state.tally.retries += 1 }
            return isLast
        }
    }

    /// Steps that were tried more or less often than they needed to be.
    var misjudged: [String: Attempts] { state.withLock { $0.attempts.filter { $0.value.made != $0.value.needed } } }

    func fallBack() { state.withLock { $0.tally.fallbacks += 1 } }

    /// An activation has begun. Of two processes, one that has been replaced may come back to an earlier one.
    func begin(_ node: Int, _ activation: Int) {
        state.withLock { $0.begun[node] = max($0.begun[node] ?? 0, activation) }
    }

    /// The node's last that has begun; the first for a node that never had to.
    func activation(of node: Int) -> Int { state.withLock { $0.begun[node] ?? 1 } }

    func forget() {
        state.withLock { state in
            let tally = state.tally
            state = State()
            state.tally = tally
        }
    }

    func lookUp(_ key: NodeCacheKey) async -> [UInt8]? {
        state.withLock { state in
            let result = state.results[key]
            if result != nil { state.tally.cacheHits += 1 }
            return result
        }
    }

    func fill(_ result: [UInt8], for key: NodeCacheKey) async { state.withLock { $0.results[key] = result } }
}

/// Time that passes only for those who wait: up to a minute is over at once, longer never.
final class LeapingTime: TimeSource {
    private let nanoseconds = Mutex<UInt64>(1000)

    func now() -> Instant { Instant(nanoseconds: nanoseconds.withLock { $0 }) }

    func wallTime() -> WallTime { WallTime(milliseconds: 0) }

    func sleep(until instant: Instant) async throws(CancellationError) {
        if instant.since(now()) > .seconds(60) {
            try? await Signal().wait()
            throw CancellationError()
        }
        await Task.yield()
        if Task.isCancelled { throw CancellationError() }
        nanoseconds.withLock { $0 = max($0, instant.nanoseconds) }
    }
}
