internal import Base
internal import Models
internal import Synchronization

/// How many calls went well of those of the last minute: between 55 s and all of it. Pure, O(1), without allocation once
/// it is made.
struct CallRates: Sendable {
    /// How many calls ended, and how many of them well.
    struct Sum: Sendable, Equatable {
        var calls: UInt64 = 0
        var successes: UInt64 = 0

        /// From 0 to 1; `nil` without a call.
        var successRate: Double? { calls == 0 ? nil : Double(successes) / Double(calls) }
    }

    private struct Slot: Sendable {
        /// The place of its time on the clock, counted in ``CallRates/step``.
        var tick: UInt64 = 0
        var sum = Sum()
    }

    /// What is looked back over.
    static let window = Duration.seconds(60)
    private static let count: UInt64 = 12
    private static let step: UInt64 = 5_000_000_000

    private var slots = Array(repeating: Slot(), count: Int(count))

    init() {}

    mutating func note(isSuccess: Bool, now: Instant) {
        let tick = now.nanoseconds / Self.step
        let place = Int(tick % Self.count)
        // A thread that was held up for a minute has nothing to add to a later time.
        guard slots[place].tick <= tick else { return }
        if slots[place].tick < tick { slots[place] = Slot(tick: tick) }
        slots[place].sum.calls &+= 1
        if isSuccess { slots[place].sum.successes &+= 1 }
    }

    func sum(now: Instant) -> Sum {
        let tick = now.nanoseconds / Self.step
        // Another thread's time may be a little ahead of this one's.
        return slots.reduce(into: Sum()) { sum, slot in
            guard slot.tick + Self.count > tick else { return }
            sum.calls &+= slot.sum.calls
            sum.successes &+= slot.sum.successes
        }
    }
}

/// The rates of one target, which any thread may add to.
final class RateMeter: Sendable {
    private let rates = Mutex(CallRates())

    func note(isSuccess: Bool, now: Instant) { rates.withLock { $0.note(isSuccess: isSuccess, now: now) } }
    func sum(now: Instant) -> CallRates.Sum { rates.withLock { $0.sum(now: now) } }
}

/// The rates of all targets: of the configured ones for each, of whatever else callers name together for each provider.
final class RateBoard: Sendable {
    /// What models that no configuration names are called together.
    static let otherModel = "other"

    private let known: [Target: RateMeter]
    /// By provider, so there are no more of them than the configuration names.
    private let others = Mutex<[String: RateMeter]>([:])

    /// - Parameter earlier: The board whose place this one takes, with what it has counted.
    init(knownTargets: Set<Target>, after earlier: RateBoard? = nil) {
        known = Dictionary(uniqueKeysWithValues: knownTargets.map { ($0, earlier?.known[$0] ?? RateMeter()) })
        let providers = Set(knownTargets.map(\.provider))
        others.withLock { $0 = earlier?.others.withLock { $0.filter { providers.contains($0.key) } } ?? [:] }
    }

    func meter(of target: Target) -> RateMeter {
        if let meter = known[target] { return meter }
        return others.withLock { others in
            if let meter = others[target.provider] { return meter }
            let meter = RateMeter()
            others[target.provider] = meter
            return meter
        }
    }

    /// Of every target that has had calls.
    func sums(now: Instant) -> [Target: CallRates.Sum] {
        var sums = known.mapValues { $0.sum(now: now) }
        for (provider, meter) in others.withLock({ $0 }) {
            let target = Target(provider: provider, model: Self.otherModel)
            let (sum, other) = (meter.sum(now: now), sums[target] ?? CallRates.Sum())
            sums[target] = CallRates.Sum(
                calls: sum.calls &+ other.calls, successes: sum.successes &+ other.successes)
        }
        return sums.filter { $0.value.calls > 0 }
    }
}
