import Base
import Resilience

/// The rules of a breaker in the plainest words, to compare the real one with: every result is kept, all figures are
/// worked out when they are asked for, and a change of state simply forgets the calls that are under way.
struct BreakerModel {
    enum Phase: Equatable {
        case closed, forcedOpen, forcedClosed
        case open(until: UInt64)
        case halfOpen(until: UInt64?)
    }

    enum Answer: Equatable {
        case passed(Int), probe(Int)
        case refused(CallRefusal.Reason, wait: UInt64?)
    }

    private struct Result {
        let time: UInt64
        let failed: Bool
        let slow: Bool
    }

    let policy: BreakerPolicy
    private(set) var phase = Phase.closed
    /// Calls under way whose results still count; the value says whether it is a probe's answer.
    private(set) var calls: [Int: Bool] = [:]
    private var results: [Result] = []
    private var now: UInt64 = 0
    private var lastCall = 0
    private var failedProbes = 0
    private var isOnTrial = false
    private var silentProbes = 0
    private var mode = BreakerMode.automatic

    init(_ policy: BreakerPolicy) { self.policy = policy }

    mutating func pass(_ time: UInt64) {
        now = max(now, time)
        if case .halfOpen(let end?) = phase, now >= end { reopen(from: end) }
    }

    mutating func admit(_ time: UInt64) -> Answer {
        pass(time)
        lastCall += 1
        switch phase {
        case .forcedOpen: return .refused(.forcedOpen, wait: nil)
        case .open(let until) where now < until: return .refused(.open, wait: until - now)
        case .halfOpen(let end?): return .refused(.probing, wait: min(end - now, 1_000_000_000))
        case .closed, .forcedClosed:
            calls[lastCall] = false
            return .passed(lastCall)
        case .open, .halfOpen(nil):
            become(.halfOpen(until: now + UInt64(policy.probeLease.saturatingNanoseconds)))
            calls[lastCall] = false
            return .probe(lastCall)
        }
    }

    mutating func begin(_ call: Int, after: Duration, _ time: UInt64) {
        pass(time)
        guard calls[call] != nil, case .halfOpen = phase else { return }
        if after > policy.slowAfter { return reopen(from: now) }
        become(.closed)
        isOnTrial = true
        calls[call] = true
    }

    mutating func end(_ call: Int, _ outcome: Breaker.Outcome, _ time: UInt64) {
        pass(time)
        guard let isTrial = calls.removeValue(forKey: call) else { return }
        var isSlow = false
        if case .success(let duration) = outcome { isSlow = duration > policy.slowAfter }
        switch (phase, outcome) {
        case (.halfOpen, .ignored):
            silentProbes += 1
            let isTooMuch = silentProbes == 3
            become(isTooMuch ? .open(until: now + length(0)) : .halfOpen(until: nil))
            if isTooMuch { silentProbes = 0 }
        case (.halfOpen, .success) where !isSlow:
            failedProbes = 0
            isOnTrial = false
            become(.closed)
        case (.halfOpen, _): reopen(from: now)
        case (.closed, .failure) where isTrial && isOnTrial: reopen(from: now)
        case (.closed, .failure), (.closed, .success):
            let hasFailed = if case .failure = outcome { true } else { false }
            if !hasFailed {
                failedProbes = 0
                isOnTrial = false
            }
            results.append(Result(time: now, failed: hasFailed, slow: isSlow))
            if isTripped { isOnTrial ? reopen(from: now) : become(.open(until: now + length(0))) }
        default: break
        }
    }

    mutating func force(_ mode: BreakerMode, _ time: UInt64) {
        pass(time)
        guard mode != self.mode else { return }
        self.mode = mode
        restart()
    }

    mutating func reset(_ time: UInt64) {
        pass(time)
        mode = policy.mode
        restart()
    }

    private mutating func restart() {
        failedProbes = 0
        isOnTrial = false
        silentProbes = 0
        become(mode == .automatic ? .closed : mode == .forcedOpen ? .forcedOpen : .forcedClosed)
    }

    private var isTripped: Bool {
        let row = results.reversed().prefix { $0.failed }.count
        if row >= policy.failures { return true }
        let tenth = UInt64(policy.window.saturatingNanoseconds / 10)
        let recent = results.filter { now / tenth - $0.time / tenth < 10 }
        if recent.count < policy.minimum { return false }
        // Rates of the histories are whole percents.
        func isReached(_ count: Int, _ rate: Double) -> Bool {
            count * 100 >= Int((rate * 100).rounded()) * recent.count
        }
        return isReached(recent.count { $0.failed }, policy.failureRate)
            || isReached(recent.count { $0.slow }, policy.slowRate)
    }

    private mutating func reopen(from start: UInt64) {
        failedProbes += 1
        silentProbes = 0
        become(.open(until: start + length(failedProbes)))
    }

    private func length(_ reopenings: Int) -> UInt64 {
        var length = UInt64(policy.reset.saturatingNanoseconds)
        let longest = UInt64(policy.maxReset.saturatingNanoseconds)
        for number in 0...reopenings where number > 2 { length = min(2 * length, longest) }
        return length
    }

    private mutating func become(_ next: Phase) {
        if next == .closed { silentProbes = 0 }
        phase = next
        calls = [:]
        results = []
    }
}

extension BreakerModel.Phase {
    /// The real breaker's state in the model's words.
    init(_ state: Breaker.State) {
        self =
            switch state {
            case .closed: .closed
            case .forcedOpen: .forcedOpen
            case .forcedClosed: .forcedClosed
            case .open(let until): .open(until: until.nanoseconds)
            case .halfOpen(let lease): .halfOpen(until: lease?.nanoseconds)
            }
    }
}
