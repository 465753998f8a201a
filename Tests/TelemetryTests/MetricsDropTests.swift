import Testing

@testable import Telemetry

@Suite("Series that are gone from the configuration")
struct MetricsDropTests {
    @Test("are dropped where all the labels are there and their values are not wanted; everything else stays")
    func drop() {
        let metrics = Metrics()
        let calls = metrics.counter("calls_total", "", labels: ["code", "model", "provider"])
        let seconds = metrics.histogram("seconds", "", labels: ["provider", "model"], bounds: [1])
        let providers = metrics.gauge("providers", "", labels: ["provider"])
        let plain = metrics.counter("plain_total", "")
        let gone = calls.with("ok", "x", "a")
        for (provider, model) in [("a", "x"), ("a", "y"), ("b", "x")] {
            calls.with("ok", model, provider).add()
            seconds.with(provider, model).record(0.5)
        }
        providers.with("b").set(1)
        plain.with().add()
        metrics.drop("provider", "model") { $0 == ["a", "y"] }
        #expect(calls.sorted.map(\.labels) == [["ok", "y", "a"]])
        #expect(seconds.sorted.map(\.labels) == [["a", "y"]])
        #expect(providers.sorted.map(\.labels) == [["b"]] && plain.sorted.count == 1)
        // Whoever holds an instrument may go on; a new one begins anew.
        gone.add()
        #expect(calls.with("ok", "x", "a").current == 0)
    }

    @Test("make room for others below the bound")
    func bound() {
        let metrics = Metrics()
        let family = metrics.counter("calls_total", "", labels: ["provider", "model"])
        for round in 0..<20 {
            metrics.drop("provider", "model") { _ in false }
            for number in 0..<900 { family.with("a", "\(round)-\(number)").add() }
            #expect(family.sorted.count == 900 && family.sorted.allSatisfy { $0.labels[1] != "other" })
        }
    }
}
