/// Writes metrics in Prometheus' text format, version 0.0.4.
public enum PrometheusText {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// O(series). Families in the order of their making, series sorted by label values.
    public static func render(_ metrics: Metrics) -> [UInt8] {
        var text = ""
        for family in metrics.all {
            switch family {
            case .counter(let family):
                head(family.name, family.help, "counter", &text)
                for (values, counter) in family.sorted {
                    line(family.name, family.labels, values, "\(counter.current)", &text)
                }
            case .gauge(let family):
                head(family.name, family.help, "gauge", &text)
                for (values, gauge) in family.sorted {
                    line(family.name, family.labels, values, "\(gauge.current)", &text)
                }
            case .histogram(let family):
                head(family.name, family.help, "histogram", &text)
                for (values, histogram) in family.sorted { buckets(family, values, histogram, &text) }
            }
        }
        return Array(text.utf8)
    }

    private static func head(_ name: String, _ help: String, _ type: String, _ text: inout String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private static func buckets(
        _ family: MetricFamily<Histogram>,
        _ values: [String],
        _ histogram: Histogram,
        _ text: inout String
    ) {
        let state = histogram.snapshot
        var total: UInt64 = 0
        for (index, count) in state.counts.enumerated() {
            total &+= count
            let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
            line("\(family.name)_bucket", family.labels + ["le"], values + [bound], "\(total)", &text)
        }
        line("\(family.name)_sum", family.labels, values, number(state.sum), &text)
        line("\(family.name)_count", family.labels, values, "\(total)", &text)
    }

    private static func line(
        _ name: String,
        _ labels: [String],
        _ values: [String],
        _ value: String,
        _ text: inout String
    ) {
        text += name
        if !labels.isEmpty {
            text += "{"
            text += zip(labels, values).map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
            text += "}"
        }
        text += " \(value)\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
