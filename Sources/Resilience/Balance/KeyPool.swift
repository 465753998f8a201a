public import Base
internal import Synchronization

/// How one of several keys of a provider is chosen.
public enum KeyStrategy: String, CaseIterable, Sendable {
    case roundRobin = "round_robin"
    /// In turn among those that have not been limited lately; else the one whose limit is longest ago.
    case leastLimited = "least_limited"
}

/// Takes turns among the keys of one provider. Whether a key may be used is its breaker's to say; this spreads calls over
/// those that may. Pure, O(keys), without allocation; at most ``TargetSet/limit`` keys.
public struct KeyTurns: Sendable {
    /// A rate limit is forgotten after this.
    public static let memory = Duration.seconds(300)

    private let strategy: KeyStrategy
    private var limits: [Instant?]
    private var last = -1

    public init(count: Int, _ strategy: KeyStrategy = .leastLimited) {
        self.strategy = strategy
        limits = Array(repeating: nil, count: count.clamped(to: 0...TargetSet.limit))
    }

    public var count: Int { limits.count }

    /// The place of the key that a call should use; `nil` when none is available.
    public mutating func next(from available: TargetSet, now: Instant) -> Int? {
        let candidates = available.intersection(TargetSet(first: limits.count))
        let place =
            switch strategy {
            case .roundRobin: turn(among: candidates)
            case .leastLimited: turn(among: leastLimited(of: candidates, now))
            }
        if let place { last = place }
        return place
    }

    /// A call with this key has met a rate limit.
    public mutating func limit(_ place: Int, now: Instant) {
        guard limits.indices.contains(place) else { return }
        limits[place] = max(limits[place] ?? now, now)
    }

    /// The next one after the last that was used.
    private func turn(among candidates: TargetSet) -> Int? {
        candidates.subtracting(TargetSet(first: last + 1)).first ?? candidates.first
    }

    private func leastLimited(of candidates: TargetSet, _ now: Instant) -> TargetSet {
        var best = TargetSet()
        var earliest = Instant(nanoseconds: .max)
        for place in candidates {
            var limit = limits[place] ?? Instant(nanoseconds: 0)
            if now.since(limit) >= Self.memory { limit = Instant(nanoseconds: 0) }
            if limit < earliest {
                earliest = limit
                best = TargetSet()
            }
            if limit == earliest { best.insert(place) }
        }
        return best
    }
}

/// The keys of one provider, for any number of callers on any threads. A short lock each.
public final class KeyPool: Sendable {
    private let core: Mutex<KeyTurns>
    private let time: any TimeSource

    public init(count: Int, _ strategy: KeyStrategy = .leastLimited, time: any TimeSource) {
        core = Mutex(KeyTurns(count: count, strategy))
        self.time = time
    }

    /// See ``KeyTurns/next(from:now:)``.
    public func next(from available: TargetSet) -> Int? {
        let now = time.now()
        return core.withLock { $0.next(from: available, now: now) }
    }

    /// See ``KeyTurns/limit(_:now:)``.
    public func limit(_ place: Int) {
        let now = time.now()
        core.withLock { $0.limit(place, now: now) }
    }
}
