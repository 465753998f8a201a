public import Base
internal import Synchronization

/// The load of one target, which all pools that have it share. From any thread; a short lock each, no allocation.
public final class TargetMeter: Sendable {
    private let core: Mutex<TargetLoad>
    private let time: any TimeSource

    public init(halfLife: Duration = BalancePolicy().halfLife, time: any TimeSource) {
        core = Mutex(TargetLoad(halfLife: halfLife))
        self.time = time
    }

    /// The load at this moment.
    public var load: TargetLoad { core.withLock { $0 } }

    /// A call goes to the target.
    public func begin() -> MeteredCall {
        count()
        return MeteredCall(self, place: 0)
    }

    /// Whoever counts a call makes a ``MeteredCall`` of it.
    func count() { core.withLock { $0.begin() } }

    func note(_ firstToken: Duration) {
        let now = time.now()
        core.withLock { $0.note(firstToken: firstToken, now: now) }
    }

    func note(whole time: Duration) {
        let now = self.time.now()
        core.withLock { $0.note(whole: time, now: now) }
    }

    func end(failed: Bool) {
        let now = time.now()
        core.withLock { $0.end(failed: failed, now: now) }
    }
}

/// A call that is under way at a target. One that goes without an end has ended without a failure: a caller that is
/// cancelled or crashes leaves no place taken.
public struct MeteredCall: ~Copyable, Sendable {
    /// The target's place in its pool.
    public let place: Int
    private let meter: TargetMeter
    private var hasEnded = false

    init(_ meter: TargetMeter, place: Int) {
        self.meter = meter
        self.place = place
    }

    /// The first token is here, after so long.
    public func begin(after time: Duration) { meter.note(time) }

    /// A whole answer is here, after so long.
    public func end(after time: Duration) { meter.note(whole: time) }

    /// The call is over. What counts as a failure is what counts for a breaker.
    public consuming func end(failed: Bool) {
        hasEnded = true
        meter.end(failed: failed)
    }

    deinit { if !hasEnded { meter.end(failed: false) } }
}
