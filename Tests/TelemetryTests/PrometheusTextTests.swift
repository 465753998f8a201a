import Telemetry
import Testing

struct PrometheusTextTests {
    @Test func `counters, gauges and histograms are written with help, type and escaped labels`() {
        let metrics = Metrics()
        metrics.counter("a_total", "As.", labels: ["x"]).with("q\"\\\n").add(3)
        metrics.gauge("b", "Bs.").with().set(-2)
        let histogram = metrics.histogram("c_seconds", "Cs.", bounds: [0.5, 1]).with()
        for value in [0.25, 0.5, 0.75, 8] { histogram.record(value) }
        let text = String(decoding: PrometheusText.render(metrics), as: UTF8.self)
        #expect(
            text == """
                # HELP a_total As.
                # TYPE a_total counter
                a_total{x="q\\"\\\\\\n"} 3
                # HELP b Bs.
                # TYPE b gauge
                b -2
                # HELP c_seconds Cs.
                # TYPE c_seconds histogram
                c_seconds_bucket{le="0.5"} 2
                c_seconds_bucket{le="1"} 3
                c_seconds_bucket{le="+Inf"} 4
                c_seconds_sum 9.5
                c_seconds_count 4

                """)
    }

    @Test func `a family's series are bounded`() {
        let metrics = Metrics()
        let family = metrics.counter("a_total", "As.", labels: ["x"])
        for index in 0..<5000 { family.with("\(index)").add() }
        let lines = String(decoding: PrometheusText.render(metrics), as: UTF8.self).split(separator: "\n")
        #expect(lines.count <= 1004)
        #expect(lines.contains { $0.hasPrefix("a_total{x=\"other\"}") })
    }

    @Test func `values that are no numbers are not recorded`() {
        let histogram = Metrics().histogram("c", "Cs.", bounds: [1]).with()
        histogram.record(.nan)
        histogram.record(.infinity)
        #expect(histogram.count == 0)
    }

    @Test func `gauges that are replaced show what is given, within the bound, and nothing of what was`() {
        let metrics = Metrics()
        let family = metrics.gauge("a", "As.", labels: ["x"])
        func lines() -> [Substring] {
            String(decoding: PrometheusText.render(metrics), as: UTF8.self).split(separator: "\n").dropFirst(2) + []
        }
        family.with("old").set(3)
        family.replace([["b"]: -2, ["a"]: 1, ["too", "many"]: 4])
        #expect(lines() == ["a{x=\"a\"} 1", "a{x=\"b\"} -2"])
        family.replace(Dictionary(uniqueKeysWithValues: (0..<5000).map { (["\($0)"], 7) }))
        #expect(lines().count == 1000)
        family.replace([:])
        #expect(lines() == [])
    }
}
