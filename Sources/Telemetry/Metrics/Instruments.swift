internal import Synchronization

/// A number that only grows. About 5 ns an addition.
public final class Counter: Sendable {
    private let value = Atomic<UInt64>(0)

    public func add(_ amount: UInt64 = 1) { value.wrappingAdd(amount, ordering: .relaxed) }
    public var current: UInt64 { value.load(ordering: .relaxed) }
}

/// A number that goes up and down.
public final class Gauge: Sendable {
    private let value = Atomic<Int64>(0)

    public func set(_ new: Int64) { value.store(new, ordering: .relaxed) }
    public func add(_ amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    public var current: Int64 { value.load(ordering: .relaxed) }
}

/// How values are spread over fixed buckets. About 30 ns a value.
public final class Histogram: Sendable {
    struct State {
        var counts: [UInt64]
        var sum = 0.0
    }

    /// Upper bounds, ascending; a last bucket for everything above is implied.
    let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    public func record(_ value: Double) {
        guard value.isFinite else { return }
        var bucket = 0
        while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
        state.withLock { state in
            state.counts[bucket] &+= 1
            state.sum += value
        }
    }

    var snapshot: State { state.withLock { $0 } }

    /// How many values there were.
    public var count: UInt64 { snapshot.counts.reduce(0, &+) }
}

/// The bucket bounds of OpenTelemetry's conventions for generative AI.
public enum Buckets {
    public static let modelSeconds = [
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
    ]
    public static let firstTokenSeconds = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]
    public static let tokens: [Double] = [
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
    ]
    public static let requestSeconds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
}
