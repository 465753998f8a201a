internal import Synchronization

/// All series of one metric name. Label values must come from configuration, route table or code table; past a bound
/// of series, further ones are counted together under `other`, so that no client can grow the memory.
public final class MetricFamily<Instrument: Sendable>: Sendable {
    public let name: String
    let help: String
    let labels: [String]
    private let make: @Sendable () -> Instrument
    private let series = Mutex<[[String]: Instrument]>([:])
    private static var maxSeries: Int { 1000 }

    init(name: String, help: String, labels: [String], make: @escaping @Sendable () -> Instrument) {
        self.name = name
        self.help = help
        self.labels = labels
        self.make = make
        if labels.isEmpty { series.withLock { $0[[]] = make() } }
    }

    /// The series with these label values, one for each label, in the order of declaration. About 100 ns: keep the
    /// instrument where the values are known beforehand.
    public func with(_ values: String...) -> Instrument { with(values) }

    public func with(_ values: [String]) -> Instrument {
        precondition(values.count == labels.count, "\(name) has \(labels.count) labels")
        return series.withLock { series in
            if let instrument = series[values] { return instrument }
            let key =
                series.count < MetricFamily.maxSeries ? values : Array(repeating: "other", count: labels.count)
            if let instrument = series[key] { return instrument }
            let instrument = make()
            series[key] = instrument
            return instrument
        }
    }

    /// Every series, sorted by its label values.
    var sorted: [(labels: [String], instrument: Instrument)] {
        series.withLock { series in
            series.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
        }
    }
}
