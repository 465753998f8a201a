import Telemetry
import Testing

@Suite("What histograms tell")
struct DistributionTests {
    private let bounds = [1.0, 2, 4, 8]

    private func family(_ values: [String: [Double]]) -> MetricFamily<Histogram> {
        let family = Metrics().histogram("a", "b", labels: ["route"], bounds: bounds)
        for (route, values) in values { for value in values { family.with(route).record(value) } }
        return family
    }

    @Test("nothing, without values")
    func empty() {
        let distribution = family(["x": []]).with("x").distribution
        #expect(distribution.count == 0)
        #expect(distribution.average == nil)
        #expect(distribution.quantile(0.5) == nil)
        #expect(family([:]).distribution() == nil)
    }

    @Test("averages are exact, quantiles lie within their bucket")
    func quantiles() throws {
        let distribution = try #require(family(["x": [0.5, 1.5, 1.5, 3, 3, 3, 3, 7, 7, 7]]).distribution())
        #expect(distribution.average == 3.65)
        #expect(distribution.quantile(0) == 0)
        #expect(distribution.quantile(0.1) == 1)
        #expect(distribution.quantile(0.2) == 1.5)
        #expect(distribution.quantile(0.3) == 2)
        #expect(distribution.quantile(0.5) == 3)
        #expect(distribution.quantile(1) == 8)
        // Shares that are none are taken for the nearest.
        #expect(distribution.quantile(-1) == 0)
        #expect(distribution.quantile(7) == 8)
    }

    @Test("what is above all bounds counts as the last of them")
    func above() throws {
        let distribution = try #require(family(["x": [0.5, 100, 100]]).distribution())
        #expect(distribution.quantile(0.99) == 8)
        #expect(distribution.sum == 200.5)
    }

    @Test("several series together, or some of them")
    func several() {
        let family = family(["x": [0.5, 3], "y": [7], "z": [1.5]])
        #expect(family.distribution()?.count == 4)
        #expect(family.distribution { $0 != ["y"] }?.sum == 5)
    }

    @Test("totals of counters")
    func totals() {
        let family = Metrics().counter("a", "b", labels: ["route", "status"])
        family.with("x", "200").add(3)
        family.with("x", "500").add()
        family.with("y", "200").add(7)
        #expect(family.total() == 11)
        #expect(family.total { $0[0] == "x" } == 4)
        #expect(family.total { $0[1].hasPrefix("2") } == 10)
    }
}
