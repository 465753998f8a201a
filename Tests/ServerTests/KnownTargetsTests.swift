import Base
import Models
import Telemetry
import TestKit
import Testing

@testable import Server

@Suite("Metrics that follow the configuration")
struct KnownTargetsTests {
    private let clock = TestClock()

    private func call(_ target: Target, _ metrics: ServerMetrics) {
        metrics.attemptEnded(
            Attempt(target: target, error: nil, duration: .zero), context: Self.context)
        metrics.happened(.retried(target, after: .providerFailed, delay: .zero), context: Self.context)
    }

    private static let context = RunContext(
        requestID: "r", runID: "r", scope: .local, trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))

    private func text(_ metrics: ServerMetrics) -> String {
        String(decoding: PrometheusText.render(metrics.registry), as: UTF8.self)
    }

    @Test("targets that are new have series, those that are gone have none, and those that stay keep their counts")
    func follow() {
        let (kept, gone, new) = (
            Target(provider: "a", model: "kept"), Target(provider: "b", model: "gone"),
            Target(provider: "c", model: "new")
        )
        let metrics = ServerMetrics(knownTargets: [kept, gone], time: clock)
        for target in [kept, gone, Target(provider: "a", model: "canary")] { call(target, metrics) }
        metrics.follow([kept, new])
        call(kept, metrics)
        let shown = text(metrics)
        #expect(shown.contains(#"tutti_gateway_attempts_total{provider="a",model="kept",code="ok"} 2"#))
        #expect(shown.contains(#"tutti_gateway_retries_total{provider="a",model="kept",code="provider_failed"} 2"#))
        #expect(shown.contains(#"tutti_gateway_attempts_total{provider="a",model="other",code="ok"} 1"#))
        #expect(shown.contains(#"{provider="c",model="new",code="ok"} 0"#))
        #expect(!shown.contains("gone") && !shown.contains("canary"))
        #expect(metrics.model(of: gone) == "other" && metrics.model(of: new) == "new")
    }

    @Test("no number of configurations fills the memory or the tables")
    func bound() {
        let metrics = ServerMetrics(knownTargets: [], time: clock)
        var lengths: [Int] = []
        for round in 0..<300 {
            let targets = (0..<10).map { Target(provider: "p\(round)", model: "m\($0)") }
            metrics.follow(Set(targets))
            for target in targets { call(target, metrics) }
            lengths.append(text(metrics).utf8.count)
        }
        let shown = text(metrics)
        #expect(shown.contains(#"tutti_gateway_attempts_total{provider="p299",model="m9",code="ok"} 1"#))
        #expect(!shown.contains("p298"))
        #expect((lengths.max() ?? 0) < (lengths.first ?? 0) + 20_000)
    }

    @Test("how the calls of the last minute went stays with the targets that stay")
    func rates() {
        let target = Target(provider: "a", model: "x")
        let metrics = ServerMetrics(knownTargets: [target], time: clock)
        var error = CodedError(.providerFailed, "")
        error.providerStatus = 500
        let failed = Attempt(target: target, error: error, duration: .zero)
        metrics.attemptEnded(failed, context: Self.context)
        metrics.follow([target, Target(provider: "b", model: "y")])
        metrics.attemptEnded(failed, context: Self.context)
        #expect(metrics.recentCalls[target]?.calls == 2)
        metrics.follow([])
        #expect(metrics.recentCalls.isEmpty)
    }
}
