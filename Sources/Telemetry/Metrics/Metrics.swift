internal import Synchronization

/// The metrics of a process. Instruments are made once, where the world is built, and handed to whoever counts.
public final class Metrics: Sendable {
    enum Family: Sendable {
        case counter(MetricFamily<Counter>)
        case gauge(MetricFamily<Gauge>)
        case histogram(MetricFamily<Histogram>)
    }

    private let families = Mutex<[Family]>([])
    /// By the metric that had no room. Bounded: the code makes the metrics.
    private let overflows = Mutex<MetricFamily<Counter>?>(nil)

    public init() {}

    /// Shows, for the metrics that are made from now on, how often each had no room for a series: what was counted as
    /// `other` or left out.
    public func showOverflows(_ name: String, _ help: String) {
        let family = MetricFamily(name: name, help: help, labels: ["metric"]) { Counter() }
        families.withLock { $0.append(.counter(family)) }
        overflows.withLock { $0 = family }
    }

    public func counter(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily<Counter> {
        let family = MetricFamily(name: name, help: help, labels: labels, overflows: shownOverflows) { Counter() }
        families.withLock { $0.append(.counter(family)) }
        return family
    }

    public func gauge(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily<Gauge> {
        let family = MetricFamily(name: name, help: help, labels: labels, overflows: shownOverflows) { Gauge() }
        families.withLock { $0.append(.gauge(family)) }
        return family
    }

    public func histogram(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        bounds: [Double]
    ) -> MetricFamily<Histogram> {
        let family = MetricFamily(name: name, help: help, labels: labels, overflows: shownOverflows) {
            Histogram(bounds: bounds)
        }
        families.withLock { $0.append(.histogram(family)) }
        return family
    }

    /// Drops series whose labels' values are gone from the configuration, of every metric that has all of these labels.
    /// O(series).
    /// - Parameter isKept: Called with the values of `labels`, in their order, under a lock.
    public func drop(_ labels: String..., unless isKept: ([String]) -> Bool) {
        for family in all {
            switch family {
            case .counter(let family): family.drop(labels, unless: isKept)
            case .gauge(let family): family.drop(labels, unless: isKept)
            case .histogram(let family): family.drop(labels, unless: isKept)
            }
        }
    }
    private var shownOverflows: MetricFamily<Counter>? { overflows.withLock { $0 } }

    var all: [Family] { families.withLock { $0 } }
}
