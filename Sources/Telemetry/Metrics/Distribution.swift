/// How values were spread over buckets: what one histogram holds, or several with the same bounds. A value, taken at one
/// moment.
public struct Distribution: Sendable, Equatable {
    /// Upper bounds, ascending; a last bucket for everything above is implied.
    public let bounds: [Double]
    /// Values by bucket, one more than there are bounds.
    public private(set) var counts: [UInt64]
    public private(set) var sum: Double

    init(bounds: [Double], counts: [UInt64], sum: Double) {
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }

    public var count: UInt64 { counts.reduce(0, &+) }

    /// `nil` without values.
    public var average: Double? { count == 0 ? nil : sum / Double(count) }

    /// The value that this share of all values (0 to 1) does not exceed, as if those of a bucket lay evenly in it. What
    /// lies above the last bound is given as that bound. `nil` without values.
    public func quantile(_ share: Double) -> Double? {
        let all = count
        guard all > 0, let last = bounds.last else { return nil }
        let rank = min(max(share, 0), 1) * Double(all)
        var before = 0.0
        for (index, inside) in counts.enumerated() where inside > 0 {
            let reached = before + Double(inside)
            if reached >= rank {
                guard index < bounds.count else { return last }
                let lower = index == 0 ? 0 : bounds[index - 1]
                return lower + (bounds[index] - lower) * max(0, rank - before) / Double(inside)
            }
            before = reached
        }
        return last
    }

    /// Adds the values of another one with the same bounds; one with others is left out.
    mutating func add(_ other: Distribution) {
        guard other.bounds == bounds else { return }
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sum += other.sum
    }
}

extension Histogram {
    /// What it holds now.
    public var distribution: Distribution {
        let state = snapshot
        return Distribution(bounds: bounds, counts: state.counts, sum: state.sum)
    }
}

extension MetricFamily where Instrument == Histogram {
    /// What the series with such label values hold together. O(series).
    public func distribution(where isMeant: ([String]) -> Bool = { _ in true }) -> Distribution? {
        var sum: Distribution?
        for (labels, histogram) in sorted where isMeant(labels) {
            if sum == nil { sum = histogram.distribution } else { sum?.add(histogram.distribution) }
        }
        return sum
    }
}

extension MetricFamily where Instrument == Counter {
    /// What the series with such label values counted together. O(series).
    public func total(where isMeant: ([String]) -> Bool = { _ in true }) -> UInt64 {
        sorted.reduce(0) { isMeant($1.labels) ? $0 &+ $1.instrument.current : $0 }
    }
}
