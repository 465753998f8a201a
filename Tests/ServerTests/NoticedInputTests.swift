import Base
import JSON
import Orchestrator
import Telemetry
import TestKit
import Testing

@testable import Server

@Suite("What the input guard notices, in the log and the metrics")
struct NoticedInputTests {
    private let context = RunContext(
        requestID: "req_1", runID: "run_1", scope: .local, trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))

    @Test("is told by name, and counted for each reason; every series is there before anything was noticed")
    func told() throws {
        let (clock, log) = (TestClock(), MemoryLog())
        let metrics = ServerMetrics(knownTargets: [])
        let telemetry = ModelTelemetry(
            metrics: metrics, spans: MemorySpans(), logger: Logger(sink: log, level: .info, time: clock), time: clock,
            generator: SeededGenerator(seed: 1))
        func counts() -> [Substring: Substring] {
            let text = String(decoding: PrometheusText.render(metrics.registry), as: UTF8.self)
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("tutti_guard_noticed_total{") }
            return lines.reduce(into: [:]) { counts, line in
                let parts = line.split(separator: "\"")
                if parts.count == 3 { counts[parts[1]] = parts[2].dropFirst(2) }
            }
        }
        #expect(Set(counts().keys.map { String($0) }) == Set(InputFindings.names))
        #expect(Set(counts().values) == ["0"])
        var findings = InputFindings()
        (findings.score, findings.reasons, findings.controlCharacters) = (0.85, ["override", "role_play"], 3)
        telemetry.noticed(findings, context: context)
        #expect(counts().filter { $0.value != "0" } == ["override": "1", "role_play": "1", "control_characters": "1"])
        let line = try JSON(Array(log.text.utf8))
        #expect(line["request_id"]?.string == "req_1")
        #expect(line["score"]?.double == 0.85)
        #expect(line["reasons"]?.string == "override,role_play")
        #expect(line["control_characters"]?.int == 3)
    }
}
