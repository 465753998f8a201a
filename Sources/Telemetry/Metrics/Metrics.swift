internal import Synchronization

/// The metrics of a process. Instruments are made once, where the world is built, and handed to whoever counts.
public final class Metrics: Sendable {
    enum Family: Sendable {
        case counter(MetricFamily<Counter>)
        case gauge(MetricFamily<Gauge>)
        case histogram(MetricFamily<Histogram>)
    }

    private let families = Mutex<[Family]>([])

    public init() {}

    public func counter(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily<Counter> {
        let family = MetricFamily(name: name, help: help, labels: labels) { Counter() }
        families.withLock { $0.append(.counter(family)) }
        return family
    }

    public func gauge(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily<Gauge> {
        let family = MetricFamily(name: name, help: help, labels: labels) { Gauge() }
        families.withLock { $0.append(.gauge(family)) }
        return family
    }

    public func histogram(
        _ name: String,
        _ help: String,
        labels: [String] = [],
        bounds: [Double]
    ) -> MetricFamily<Histogram> {
        let family = MetricFamily(name: name, help: help, labels: labels) { Histogram(bounds: bounds) }
        families.withLock { $0.append(.histogram(family)) }
        return family
    }

    var all: [Family] { families.withLock { $0 } }
}
