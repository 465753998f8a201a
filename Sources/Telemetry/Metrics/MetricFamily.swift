internal import Synchronization

/// All series of one metric name. Label values must come from configuration, route table or code table; past a bound
/// of series, further ones are counted together under `other`, so that no client can grow the memory;
/// ``Metrics/showOverflows(_:_:)`` shows how often that was so.
public final class MetricFamily<Instrument: Sendable>: Sendable {
    public let name: String
    let help: String
    let labels: [String]
    private let make: @Sendable () -> Instrument
    private let series = Mutex<[[String]: Instrument]>([:])
    /// Counts, by the metric's name, what had no series of its own.
    private let overflows: MetricFamily<Counter>?
    static var maxSeries: Int { 1000 }

    init(
        name: String, help: String, labels: [String], overflows: MetricFamily<Counter>? = nil,
        make: @escaping @Sendable () -> Instrument
    ) {
        self.name = name
        self.help = help
        self.labels = labels
        self.make = make
        self.overflows = overflows
        if labels.isEmpty { series.withLock { $0[[]] = make() } }
    }

    /// The series with these label values, one for each label, in the order of declaration. About 100 ns: keep the
    /// instrument where the values are known beforehand.
    public func with(_ values: String...) -> Instrument { with(values) }

    public func with(_ values: [String]) -> Instrument {
        precondition(values.count == labels.count, "\(name) has \(labels.count) labels")
        return series.withLock { series in
            if let instrument = series[values] { return instrument }
            var key = values
            if series.count >= MetricFamily.maxSeries {
                overflows?.with(name).add()
                key = Array(repeating: "other", count: labels.count)
                if let instrument = series[key] { return instrument }
            }
            let instrument = make()
            series[key] = instrument
            return instrument
        }
    }

    /// Gives these series in place of all that there were, up to the bound; of too many some are left out.
    fileprivate func setAll(_ new: [[String]: Instrument]) {
        let kept = new.lazy.filter { $0.key.count == self.labels.count }.prefix(MetricFamily.maxSeries)
        let table = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
        if table.count < new.count { overflows?.with(name).add(UInt64(new.count - table.count)) }
        series.withLock { $0 = table }
    }

    /// Drops the series that are not wanted any more, by their values of these labels; a family without one of them
    /// keeps all. Instruments that ``with(_:)-(String...)`` gave before count on, unseen.
    func drop(_ names: [String], unless isKept: ([String]) -> Bool) {
        let places = names.compactMap { labels.firstIndex(of: $0) }
        guard places.count == names.count, !places.isEmpty else { return }
        series.withLock { series in
            series = series.filter { labels, _ in isKept(places.map { labels[$0] }) }
        }
    }

    /// Every series, sorted by its label values.
    var sorted: [(labels: [String], instrument: Instrument)] {
        series.withLock { series in
            series.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
        }
    }
}

extension MetricFamily where Instrument == Gauge {
    /// Shows these values and no others, by their labels' values: for what is looked up when somebody asks, and may be
    /// gone the next time. O(n). Gauges that ``with(_:)-(String...)`` gave before are shown no more.
    public func replace(_ values: [[String]: Int64]) {
        setAll(
            values.mapValues { value in
                let gauge = Gauge()
                gauge.set(value)
                return gauge
            })
    }
}
