internal import Base

/// The calls of the last while: ten tenths in a ring, which forget themselves as time goes on. Fixed memory, O(1).
struct CallWindow: Sendable {
    private struct Counts: Sendable {
        var calls = 0
        var failures = 0
        var slow = 0
    }

    private static let size = 10

    /// Nanoseconds of a tenth.
    private let width: UInt64
    private var tenths = InlineArray<10, Counts>(repeating: Counts())
    /// The tenth that counts now, numbered since the clock's start.
    private var current: UInt64 = 0
    private var total = Counts()

    init(_ window: Duration) { width = UInt64(max(1, window.saturatingNanoseconds / Int64(Self.size))) }

    /// Times must not go back.
    mutating func add(failed: Bool, slow: Bool, now: Instant) {
        moveOn(to: now.nanoseconds / width)
        let index = Int(current % UInt64(Self.size))
        tenths[index].calls += 1
        total.calls += 1
        if failed {
            tenths[index].failures += 1
            total.failures += 1
        }
        if slow {
            tenths[index].slow += 1
            total.slow += 1
        }
    }

    mutating func clear() {
        tenths = InlineArray(repeating: Counts())
        total = Counts()
    }

    private mutating func moveOn(to tenth: UInt64) {
        guard tenth > current else { return }
        let steps = min(tenth - current, UInt64(Self.size))
        for step in 1...steps {
            let index = Int((current &+ step) % UInt64(Self.size))
            total.calls -= tenths[index].calls
            total.failures -= tenths[index].failures
            total.slow -= tenths[index].slow
            tenths[index] = Counts()
        }
        current = tenth
    }

    var calls: Int { total.calls }
    /// What part of the calls failed, as it was when the last one was added. A division, which is rounded as the
    /// decimal of a configuration is: 7 of 100 are 0.07, where 0.07 × 100 is more than 7.
    var failureRate: Double { total.calls == 0 ? 0 : Double(total.failures) / Double(total.calls) }
    var slowRate: Double { total.calls == 0 ? 0 : Double(total.slow) / Double(total.calls) }
}
